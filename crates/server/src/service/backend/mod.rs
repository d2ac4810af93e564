//! What the pages ask, answered from log, engine, outreach and ingest.

mod advisory;
mod booking;
mod broken;
mod calendar;
mod counter;
pub mod curve;
mod customers;
mod desk;
mod errors;
mod field;
mod fleet;
mod guest;
mod health;
mod intake;
mod lookout;
mod machine;
mod photos;
mod planning;
mod record;
mod registry;
mod replies;
mod revision;
mod search;
mod shelves;
mod standing;
mod templates;
mod unread;
mod unsent;
mod visits;

pub use lookout::DAYS_NEEDED;
pub(super) use lookout::Lookout;
pub(in crate::service) use registry::lang;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foretell_console::view::{
    AdvisorAct, AdvisoryCard, BookingAct, BookingPage, CaseAct, CaseDesk, CasePage, CustomerAct, CustomerPage,
    Customers, FaultPrecision, Fleet, Found, HealthReport, HistoryStore, Hits, IngestStatus, MachineClock,
    MachineDetail, MachineName, Planning, QuarantineQuery, Queue, Record, RecordQuery, Reply, ReplyTaken, Signed,
    StockCount, StoreState, TemplateLine, TemplatePage, TemplatePreview, VisitCalendar,
};
use foretell_console::{Backend, BackendError, FindingsQuery, Lang, Span};
use foretell_history::{
    Archive, DiskRoom, InfluxState, InfluxStatus, InfluxWatch, RollUps, SqliteLog, SqliteQuarantine,
};
use foretell_ingest::Ingest;
use foretell_model::{Catalogue, Clock, Finding, MachineId, Quarantined, Reading, Timestamp};
use foretell_outreach::Outreach;
use metrics::gauge;
use tokio::sync::watch;

use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::heart::{CommitterLook, Heart};
use super::photos::Photos;
use super::rate::Rates;
use super::sessions::Sessions;
use super::troubles::{Part, of_outreach};
use crate::config::Config;
use crate::telemetry::Telemetry;
use errors::{failed, not_found};

/// The parts of the running service that pages look into.
pub(super) struct ServiceBackend {
    pub(super) log: Arc<SqliteLog>,
    pub(super) quarantine: Arc<SqliteQuarantine>,
    pub(super) rollups: Arc<RollUps>,
    pub(super) room: Arc<EngineRoom>,
    pub(super) outreach: Arc<Outreach>,
    pub(super) ingest: Option<Arc<Ingest>>,
    pub(super) influx: Option<InfluxWatch>,
    pub(super) clocks: Arc<Clocks>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) config: Arc<Config>,
    pub(super) telemetry: Telemetry,
    pub(super) rates: Rates,
    /// The view of the fleet.
    pub(super) lookout: Lookout,
    pub(super) heart: Arc<Heart>,
    pub(super) sessions: Sessions,
    pub(super) archive: Archive,
    pub(super) photos: Photos,
    pub(super) disk: DiskRoom,
    /// Machines whose clocks have a metric of their own.
    pub(super) clocks_told: Mutex<BTreeSet<MachineId>>,
}

impl ServiceBackend {
    /// Whether anything was ever heard of a machine.
    fn known(&self, id: &MachineId) -> Result<(), BackendError> {
        if self.room.machine(id).is_some() {
            return Ok(());
        }
        let heard = self.rollups.latest(id).map_err(|error| failed("look a machine up", error))?;
        heard.map(|_| ()).ok_or_else(|| not_found("machine", id))
    }
}

impl Backend for ServiceBackend {
    fn now(&self) -> Timestamp {
        self.clocks.now()
    }

    fn revision(&self) -> watch::Receiver<u64> {
        self.room.revision()
    }

    fn fleet(&self) -> Result<Fleet, BackendError> {
        self.fleet_view()
    }

    fn machine(&self, id: &MachineId) -> Result<MachineDetail, BackendError> {
        self.machine_detail(id)
    }

    fn health_report(
        &self,
        id: &MachineId,
        span: (Option<Timestamp>, Option<Timestamp>),
        lang: Lang,
    ) -> Result<HealthReport, BackendError> {
        self.health_of(id, span, lang)
    }

    fn readings(&self, id: &MachineId, span: Span, max: usize) -> Result<Vec<Reading>, BackendError> {
        self.known(id)?;
        let readings = self.archive.readings(&self.log, id, (span.from, span.to), max);
        readings.map_err(|error| failed("read readings", error))
    }

    fn findings(&self, query: &FindingsQuery) -> Result<Vec<Finding>, BackendError> {
        Ok(self.room.findings(query.machine.as_ref(), query.since, query.max))
    }

    fn queue(&self, from: usize, max: usize) -> Result<Queue, BackendError> {
        self.queue_view(from, max)
    }

    fn note_reply(&self, id: i64, by: &str) -> Result<(), BackendError> {
        self.outreach.note_loose_reply(id, by, self.clocks.now()).map_err(errors::of_outreach)?;
        self.room.changed();
        Ok(())
    }

    fn advisory(&self, id: &str) -> Result<AdvisoryCard, BackendError> {
        self.card_view(id)
    }

    fn act(&self, id: &str, revision: u64, act: AdvisorAct, by: &str) -> Result<(), BackendError> {
        self.advisor_acts(id, revision, act, by)?;
        self.room.changed();
        Ok(())
    }

    fn give_verdict(
        &self,
        id: &str,
        verdict: (Found, Option<String>),
        note: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        self.judges(id, verdict, note, by)?;
        self.room.changed();
        Ok(())
    }

    fn precision(&self) -> Result<Vec<FaultPrecision>, BackendError> {
        self.precision_view()
    }

    fn cases(&self, lang: Lang) -> Result<CaseDesk, BackendError> {
        self.case_desk(lang)
    }

    fn case(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError> {
        self.case_page(id, lang)
    }

    fn machines_called(&self, typed: &str, max: usize) -> Result<Vec<MachineName>, BackendError> {
        self.names_called(typed, max)
    }

    fn open_case(&self, machine: &MachineId, what: &str, by: &str) -> Result<i64, BackendError> {
        let id = self.opens_case(machine, what, by)?;
        self.room.changed();
        Ok(id)
    }

    fn act_on_case(&self, id: i64, seen: Option<u64>, act: CaseAct, by: &str) -> Result<(), BackendError> {
        self.acts_on_case(id, seen, act, by)?;
        self.room.changed();
        Ok(())
    }

    fn visit_calendar(&self, day: Option<i64>, lang: Lang) -> Result<VisitCalendar, BackendError> {
        self.calendar_view(day, lang)
    }

    fn customers(&self, lang: Lang) -> Result<Customers, BackendError> {
        self.customers_view(lang)
    }

    fn customer(&self, id: &str, lang: Lang) -> Result<CustomerPage, BackendError> {
        self.customer_page(id, lang)
    }

    fn act_on_customer(&self, id: &str, act: CustomerAct, by: &str) -> Result<(), BackendError> {
        self.acts_on_customer(id, act, by)?;
        self.room.changed();
        Ok(())
    }

    fn planning(&self, lang: Lang) -> Result<Planning, BackendError> {
        self.planning_view(lang)
    }

    fn count_stock(&self, count: &StockCount, by: &str) -> Result<(), BackendError> {
        let counted = self.outreach.count_stock(&count.depot, &count.part, count.n, by, self.clocks.now());
        counted.map_err(errors::of_outreach)?;
        self.room.changed();
        Ok(())
    }

    fn search(&self, needle: &str, max: usize, lang: Lang) -> Result<Hits, BackendError> {
        self.hits(needle, max, lang)
    }

    fn is_link(&self, token: &str) -> bool {
        self.outreach.is_link(token)
    }

    fn booking(&self, token: &str) -> Result<BookingPage, BackendError> {
        self.booking_view(token)
    }

    fn book(&self, token: &str, act: BookingAct) -> Result<(), BackendError> {
        self.customer_acts(token, act)?;
        self.room.changed();
        Ok(())
    }

    fn calendar(&self, token: &str) -> Result<String, BackendError> {
        self.outreach.calendar_file(token, self.now()).map_err(errors::of_outreach)
    }

    fn zone(&self) -> chrono_tz::Tz {
        self.outreach.zone()
    }

    fn record(&self, query: &RecordQuery, lang: Lang) -> Result<Record, BackendError> {
        self.record_view(query, lang)
    }

    fn templates(&self) -> Result<Vec<TemplateLine>, BackendError> {
        self.template_lines()
    }

    fn template(&self, name: &str) -> Result<TemplatePage, BackendError> {
        self.template_page(name)
    }

    fn preview_template(&self, name: &str, source: &str, of: &str) -> Result<TemplatePreview, BackendError> {
        self.template_preview(name, source, of)
    }

    fn save_template(
        &self,
        template: (&str, i64),
        source: Option<String>,
        why: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        self.saves_template(template, source, why, by)?;
        self.room.changed();
        Ok(())
    }

    fn take_reply(&self, signed: &Signed, reply: Result<Reply, String>) -> Result<ReplyTaken, BackendError> {
        let taken = self.takes_reply(signed, reply)?;
        self.room.changed();
        Ok(taken)
    }

    fn ingest(&self) -> Result<IngestStatus, BackendError> {
        self.ingest_view()
    }

    fn quarantine(&self, query: &QuarantineQuery) -> Result<Vec<Quarantined>, BackendError> {
        self.quarantine_view(query)
    }

    fn clocks(&self) -> Result<Vec<MachineClock>, BackendError> {
        Ok(self.clocks_view())
    }

    fn alive(&self) -> Result<(), Vec<String>> {
        let faults = self.heart.look(self.committer(), Instant::now());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn ready(&self) -> Result<(), Vec<String>> {
        let mut faults = self.alive().err().unwrap_or_default();
        faults.extend(self.faults_of_intake());
        faults.extend(self.room.troubles().sentences(true));
        let (behind, behind_max) = (self.room.behind(), self.config.engine.behind_entries_max);
        if let Some(behind) = behind.filter(|behind| *behind > behind_max) {
            faults.push(format!("the engine is {behind} entries behind; {behind_max} are allowed"));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn degraded(&self) -> Vec<String> {
        [self.certificates_to_renew(), self.worth_a_look()].concat()
    }

    fn metrics(&self) -> String {
        self.publish_ingest();
        self.telemetry.render()
    }
}

/// InfluxDB as a page shows it.
fn history_store(status: InfluxStatus) -> HistoryStore {
    let (state, detail) = match status.state {
        InfluxState::Writing => (StoreState::Writing, String::new()),
        InfluxState::Waiting { why } => (StoreState::Waiting, why),
        InfluxState::Stopped { why, remedy } => (StoreState::Stopped, format!("{why}; {remedy}")),
    };
    HistoryStore {
        state,
        detail,
        behind_entries: status.behind_entries,
        points_written: status.points_written,
        points_refused: status.points_refused,
        last_written: status.last_written,
    }
}

impl ServiceBackend {
    /// Takes the intake's counters as they stand `elapsed` after the last time.
    pub(super) fn observe_rates(&self, elapsed: Duration) {
        if let Some(ingest) = &self.ingest {
            self.rates.observe(&ingest.status().sources, elapsed);
        }
    }

    /// How the committer is doing, for the watchdog; `None` in a process that takes nothing in.
    pub(super) fn committer(&self) -> Option<CommitterLook> {
        let commit = self.ingest.as_ref()?.status().commit;
        // Waiting for room on the disk is told by /readyz and ends by itself; no restart would mend it.
        let waiting = commit.queued_bytes > 0 && !commit.waiting_for_room;
        Some(CommitterLook { tried: commit.tried, waiting, ended: commit.ended })
    }

    /// What the intake holds now, as gauges.
    fn publish_ingest(&self) {
        let Some(status) = self.ingest.as_ref().map(|ingest| ingest.status()) else { return };
        gauge!("foretell_ingest_queue_bytes").set(status.commit.queued_bytes as f64);
        gauge!("foretell_ingest_queue_max_bytes").set(status.commit.queue_bytes_max as f64);
        for source in status.sources {
            let seconds = |at: Timestamp| at.millis() as f64 / 1000.0;
            if let Some(arrived) = source.last_arrival {
                gauge!("foretell_ingest_last_message_timestamp_seconds", "source" => source.name.clone())
                    .set(seconds(arrived));
            }
            if let Some(admitted) = source.last_admitted {
                gauge!("foretell_ingest_last_reading_timestamp_seconds", "source" => source.name)
                    .set(seconds(admitted));
            }
        }
    }

    /// Counts of service state as gauges.
    pub(super) fn publish_figures(&self) {
        gauge!("foretell_engine_machines").set(self.room.machine_count() as f64);
        gauge!("foretell_machines_offline_said").set(self.room.said_offline() as f64);
        let figures = match self.outreach.figures() {
            Ok(figures) => figures,
            Err(error) => return self.room.troubles().note(Part::ServiceState, of_outreach(&error)),
        };
        self.room.troubles().over(Part::ServiceState);
        for (stage, count) in figures.cases {
            gauge!("foretell_outreach_cases", "stage" => stage.name()).set(count as f64);
        }
        for (state, count) in figures.messages {
            gauge!("foretell_outreach_messages", "state" => state.name()).set(count as f64);
        }
        gauge!("foretell_outreach_visits_booked").set(figures.bookings as f64);
        for hook in self.outreach.hook_statuses().unwrap_or_default() {
            gauge!("foretell_webhook_failures", "webhook" => hook.name.clone()).set(f64::from(hook.failures));
            gauge!("foretell_webhook_waiting_entries", "webhook" => hook.name).set(f64::from(hook.waiting));
        }
    }
}
