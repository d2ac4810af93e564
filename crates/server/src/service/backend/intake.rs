//! What comes in: sources, refusals, the quarantine, clocks, and whether readings can be taken at all.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Instant;

use foretell_console::BackendError;
use foretell_console::view::{IngestStatus, MachineClock, QuarantineQuery, RefusalCount, SourceStatus, WebhookStatus};
use foretell_history::{QuarantineFilter, failed_backup, lying_aside};
use foretell_ingest::broker::RefusedPublish;
use foretell_ingest::decode::RefusalReason;
use foretell_ingest::validity::{Certificates, Complaint, certificates};
use foretell_ingest::{ClockSkew, OwnClock, Trouble, TroubleKind};
use foretell_model::{Log, LogError, Partition, Quarantined};
use metrics::gauge;

use super::errors::{failed, of_outreach};
use super::{ServiceBackend, history_store};
use crate::service::supervisor;
use crate::service::troubles::{STOP_FIRST, chain, of_log};

/// Quarantine entries shown beside the sources.
const QUARANTINE_SHOWN: usize = 20;

/// Raw bytes of each that the overview shows at most.
const RAW_BYTES: usize = 2_000;

/// A clock is worth a metric of its own when it is further off than this, milliseconds.
const OFF_MS: i64 = 60_000;

/// Machines with such a metric; their names are labels.
const OFF_MAX: usize = 100;

impl ServiceBackend {
    pub(super) fn ingest_view(&self) -> Result<IngestStatus, BackendError> {
        let sources = self.ingest.as_ref().map(|ingest| ingest.status().sources).unwrap_or_default();
        let mut refusals: Vec<RefusalCount> = Vec::new();
        for (reason, count) in sources.iter().flat_map(|source| &source.refused) {
            match refusals.iter_mut().find(|known| known.reason == *reason) {
                Some(known) => known.count += count,
                None => refusals.push(RefusalCount { reason: (*reason).to_owned(), count: *count }),
            }
        }
        let head = self.log.head(Partition(0)).map_err(|error| failed("find the log's end", error))?;
        let held = self.quarantine.counts().map_err(|error| failed("count the quarantine", error))?;
        let newest = QuarantineQuery { max: QUARANTINE_SHOWN, raw_bytes_max: RAW_BYTES, ..QuarantineQuery::default() };
        Ok(IngestStatus {
            now: self.clocks.wall().now(),
            sources: sources.into_iter().map(|source| self.source_status(source)).collect(),
            refusals,
            log_entries: head.0,
            engine_behind: self.room.behind(),
            webhooks: self.webhooks_view()?,
            history_store: self.influx.as_ref().map(|watch| history_store(watch.status())),
            held: held.into_iter().map(|held| RefusalCount { reason: held.reason, count: held.items }).collect(),
            quarantine: self.quarantine_view(&newest)?,
            clocks: self.clocks_view(),
            faults: [
                self.intake_faults(),
                self.room.troubles().sentences(false),
                self.rivals(),
                self.twins(),
                self.refused_publishes(),
                self.certificates(|_| true),
                self.worth_a_look(),
            ]
            .concat(),
        })
    }

    fn webhooks_view(&self) -> Result<Vec<WebhookStatus>, BackendError> {
        let status = |status: foretell_outreach::HookStatus| WebhookStatus {
            name: status.name,
            host: status.host,
            waiting: status.waiting,
            delivered: status.delivered,
            refused: status.refused,
            failures: status.failures,
            last_delivered: status.last_delivered,
            last_failure: status.last_failure,
            why: status.why,
            next: status.next,
        };
        Ok(self.outreach.hook_statuses().map_err(of_outreach)?.into_iter().map(status).collect())
    }

    pub(super) fn quarantine_view(&self, query: &QuarantineQuery) -> Result<Vec<Quarantined>, BackendError> {
        let QuarantineQuery { reason, machine, from, to, before, max, raw_bytes_max } = query.clone();
        let filter = QuarantineFilter { reason, machine, from, to, before };
        self.quarantine.list(&filter, raw_bytes_max, max).map_err(|error| failed("read the quarantine", error))
    }

    /// Nothing in a rehearsal: there every machine is as late as its history is old.
    pub(super) fn clocks_view(&self) -> Vec<MachineClock> {
        if self.clocks.is_rehearsal() {
            return Vec::new();
        }
        let skews = self.ingest.as_ref().map(|ingest| ingest.clock_skews()).unwrap_or_default();
        skews.into_iter().map(machine_clock).collect()
    }

    /// Why no reading is taken just now, each in a sentence; nothing when all is well or this process takes none in.
    pub(super) fn intake_faults(&self) -> Vec<String> {
        let (Some(ingest), mut faults) = (&self.ingest, Vec::new()) else { return Vec::new() };
        let (commit, dir) = (ingest.status().commit, self.config.data.dir.display());
        if let Some(shortage) = self.disk.shortage() {
            faults.push(format!("readings are not acknowledged: on the disk that holds {dir} {shortage}"));
        } else if commit.waiting_for_room {
            let why = "it has refused a write for want of room; is there a quota?";
            faults.push(format!("readings are not acknowledged: the disk that holds {dir} is full: {why}"));
        }
        if let Some(fault) = self.damage() {
            faults.push(fault);
        } else if commit.failing {
            // With no message under way no commit would show that the stores work again, so it is tried here.
            match self.log.probe().and_then(|()| self.quarantine.probe()) {
                Ok(()) => ingest.recovered(),
                Err(LogError::Full { .. }) => {}
                Err(error) => {
                    let why = chain(&error);
                    faults.push(format!("the log refuses readings ({why}); check the disk under {dir}"));
                }
            }
        }
        faults.extend(ingest.own_clock(self.clocks.wall().now()).map(own_clock));
        faults
    }

    /// What is wrong with the files that readings go to. A write elsewhere in a file says nothing of a page that refused.
    fn damage(&self) -> Option<String> {
        match self.log.look() {
            Err(error @ LogError::Damaged { .. }) => Some(format!("readings are not acknowledged: {}", of_log(&error))),
            Err(error) => Some(chain(&error)),
            Ok(()) => {
                let damage = self.log.damage().or_else(|| self.quarantine.damage())?;
                Some(format!("readings are not acknowledged: {damage} {STOP_FIRST}"))
            }
        }
    }

    /// Which of our messages brokers refuse, a sentence for each of them. Readings are taken all the same.
    fn refused_publishes(&self) -> Vec<String> {
        let refused = self.ingest.as_ref().map(|ingest| ingest.refused_publishes()).unwrap_or_default();
        told_of(&refused)
    }

    /// How it stands, in a sentence for the service manager.
    pub(in crate::service) fn standing_of_intake(&self) -> String {
        supervisor::standing(self.ingest.is_some(), self.intake_faults().first().map(String::as_str))
    }

    /// Which sources no reading comes from, because there is no session with them.
    pub(in crate::service) fn sources_away(&self) -> Vec<String> {
        let Some(ingest) = &self.ingest else { return Vec::new() };
        let listens = ingest.listen_addr().is_some();
        let stands = |name: &str, connected| connected > 0 || (listens && name == "listener");
        let status = ingest.status();
        let sources = status.sources.iter().map(|source| (&*source.name, stands(&source.name, source.connected)));
        self.sessions.look(sources, Instant::now())
    }

    /// What `/readyz` says of the intake.
    pub(in crate::service) fn faults_of_intake(&self) -> Vec<String> {
        let void = self.certificates(|complaint| complaint.is_void);
        [self.intake_faults(), self.sources_away(), self.rivals(), void].concat()
    }

    /// What somebody should look at though readings are taken, beside certificates.
    pub(in crate::service) fn worth_a_look(&self) -> Vec<String> {
        let backup = failed_backup(&self.config.data.dir).map(|why| {
            format!("the last backup could not be made, {why}; the next one that is made takes this word away")
        });
        [self.put_aside(), backup.into_iter().collect(), self.clock_ahead().into_iter().collect()].concat()
    }

    /// In a rehearsal every machine is as late as its history is old.
    fn clock_ahead(&self) -> Option<String> {
        let ingest = self.ingest.as_ref().filter(|_| !self.clocks.is_rehearsal())?;
        let OwnClock { behind_ms, against, heard } = ingest.own_clock_ahead(self.clocks.wall().now())?;
        Some(format!(
            "this computer's clock seems to be {} s ahead: {against} of {heard} machines are behind it by the same time, and what they \
             measure now is taken for old; set the clock (NTP)",
            -behind_ms / 1000
        ))
    }

    /// Which databases were damaged and begun anew, as long as what was put aside lies there.
    fn put_aside(&self) -> Vec<String> {
        let told = |aside: PathBuf| {
            let (file, aside) = (aside.with_extension(""), aside.display().to_string());
            let what = match file.file_name().map(|name| name.to_string_lossy()).as_deref() {
                Some("quarantine.db") => "what was refused before stands in there only",
                _ => "the hourly curves were made anew from the archive and the log",
            };
            let file = file.display();
            format!(
                "{file} was damaged, and begun anew after it was put aside as {aside}: {what}; check the disk, then remove that file"
            )
        };
        lying_aside(&self.config.data.dir).into_iter().map(told).collect()
    }

    /// Which certificates run out before long.
    pub(in crate::service) fn certificates_to_renew(&self) -> Vec<String> {
        self.certificates(|complaint| !complaint.is_void)
    }

    /// What is wrong with certificates that connections are begun with, a sentence for each.
    fn certificates(&self, wanted: impl Fn(&Complaint) -> bool) -> Vec<String> {
        let (held, now) = (self.held(), self.clocks.wall().now());
        let complaints = held.iter().filter_map(|(source, held)| held.complaint(source, now));
        complaints.filter(wanted).map(|complaint| complaint.words).collect()
    }

    /// What runs out one day: certificates of the intake, and the authority by which InfluxDB is known.
    fn held(&self) -> Vec<(String, Certificates)> {
        let mut held = self.ingest.as_ref().map(|ingest| ingest.certificates()).unwrap_or_default();
        let authority = self.config.influxdb.as_ref().filter(|_| self.influx.is_some());
        let authority = authority.and_then(|section| section.ca_file.as_deref());
        held.extend(certificates(None, authority).into_iter().map(|authority| ("influxdb".to_owned(), authority)));
        held
    }

    /// Which brokers share what they have for us between us and another program of our name.
    fn rivals(&self) -> Vec<String> {
        self.troubles(|kind| kind != TroubleKind::Twins)
    }

    /// Which clients of the listener throw each other out. The others' readings come in as ever, so `/readyz` is silent of it.
    fn twins(&self) -> Vec<String> {
        self.troubles(|kind| kind == TroubleKind::Twins)
    }

    fn troubles(&self, wanted: impl Fn(TroubleKind) -> bool) -> Vec<String> {
        let sources = self.ingest.as_ref().map(|ingest| ingest.status().sources).unwrap_or_default();
        let of = |source: &foretell_ingest::SourceStatus| {
            let wanted = source.troubles.iter().filter(|trouble| wanted(trouble.kind));
            wanted.map(|known| trouble(&source.name, known)).collect::<Vec<_>>()
        };
        sources.iter().flat_map(of).collect()
    }

    /// Figures of the intake that nobody pushes.
    pub(in crate::service) fn publish_intake(&self) {
        if let Ok(free_bytes) = self.disk.free_bytes() {
            gauge!("foretell_disk_free_bytes").set(free_bytes as f64);
        }
        let now = self.clocks.wall().now();
        for (source, Certificates { whose, until, .. }) in self.held() {
            let left_s = (until - now) as f64 / 1000.0;
            gauge!("foretell_certificate_expires_seconds", "source" => source, "whose" => whose.name()).set(left_s);
        }
        let Some(ingest) = &self.ingest else { return };
        let skews = ingest.clock_skews();
        let off = |ahead: bool| {
            let is_off = move |skew: &&ClockSkew| skew.behind_ms.abs() >= OFF_MS && (skew.behind_ms < 0) == ahead;
            skews.iter().filter(is_off).count() as f64
        };
        gauge!("foretell_clocks_off", "direction" => "ahead").set(off(true));
        gauge!("foretell_clocks_off", "direction" => "behind").set(off(false));
        let mut told = self.clocks_told.lock().unwrap_or_else(PoisonError::into_inner);
        for skew in &skews {
            let is_off = skew.behind_ms.abs() >= OFF_MS && told.len() < OFF_MAX;
            // One that was off once is told on, so that its metric goes back when the clock does.
            if told.contains(&skew.machine) || is_off && told.insert(skew.machine.clone()) {
                let machine = skew.machine.as_str().to_owned();
                gauge!("foretell_clock_behind_seconds", "machine" => machine).set(skew.behind_ms as f64 / 1000.0);
            }
        }
        let Ok(held) = self.quarantine.counts() else { return };
        let known = RefusalReason::ALL.map(RefusalReason::code);
        for reason in known {
            let items = held.iter().find(|held| held.reason == reason).map_or(0, |held| held.items);
            gauge!("foretell_quarantine_items", "reason" => reason).set(items as f64);
        }
        // What another release refused for reasons of its own.
        let others: u64 =
            held.iter().filter(|held| !known.contains(&held.reason.as_str())).map(|held| held.items).sum();
        gauge!("foretell_quarantine_items", "reason" => "other").set(others as f64);
    }

    fn source_status(&self, source: foretell_ingest::SourceStatus) -> SourceStatus {
        let listens =
            self.ingest.as_ref().and_then(|ingest| ingest.listen_addr()).filter(|_| source.name == "listener");
        SourceStatus {
            address: source.url.unwrap_or_else(|| listens.unwrap_or(self.config.mqtt.listen).to_string()),
            connected: listens.is_some() || source.connected > 0,
            clients: listens.is_some().then_some(source.connected as u64),
            readings: source.admitted,
            readings_per_second: self.rates.per_second(&source.name),
            refused: source.refused.iter().map(|(_, count)| count).sum(),
            last_reading: source.last_admitted,
            name: source.name,
        }
    }
}

fn machine_clock(skew: ClockSkew) -> MachineClock {
    let ClockSkew { machine, behind_ms, heard, refused_ahead } = skew;
    MachineClock { machine, behind_ms, heard, refused_ahead }
}

/// What is wrong with who connects, with what to do.
fn trouble(source: &str, trouble: &Trouble) -> String {
    let Trouble { kind, client_id, times } = trouble;
    match kind {
        TroubleKind::TakenOver => format!(
            "another program uses the client_id `{client_id}` at `{source}` too; it has taken our session over ({times}×), and \
             each of the two gets a part of the readings: give each installation a client_id of its own"
        ),
        TroubleKind::ShortSessions => format!(
            "`{source}` ends our session within seconds, again and again ({times}×); most likely another program uses the \
             client_id `{client_id}` there too: give each installation one of its own; if none does, the broker's log says why"
        ),
        TroubleKind::Nonsense => format!(
            "what `{source}` sends breaks the rules of MQTT and ends our session within seconds ({times}×); the log says what it \
             was: mend that at the broker"
        ),
        TroubleKind::Twins => format!(
            "two clients use the client_id `{client_id}` and throw each other out ({times}×); give each its own (the log has \
             their addresses)"
        ),
    }
}

fn own_clock(seen: OwnClock) -> String {
    let OwnClock { behind_ms, against, heard } = seen;
    let (ours, theirs, reason) = match behind_ms {
        0.. => ("behind", "ahead of", RefusalReason::FromFuture.code()),
        _ => ("ahead", "behind", RefusalReason::TooOld.code()),
    };
    format!(
        "this computer's clock seems to be {} s {ours}: {against} of {heard} machines are {theirs} it, and their readings wait in \
         the quarantine; set the clock (NTP), then run `foretell quarantine replay --reason {reason}`",
        behind_ms.abs() / 1000
    )
}

/// A sentence for each broker that refuses messages of ours: one topic for example, and how many others.
fn told_of(refused: &[RefusedPublish]) -> Vec<String> {
    let of_one = |refused: &[RefusedPublish]| {
        let (first, others) = refused.split_first()?;
        let RefusedPublish { source, topic, why, .. } = first;
        let others = match others.len() {
            0 => String::new(),
            count => format!(" and {count} more of our messages"),
        };
        Some(format!(
            "the broker `{source}` refuses `{topic}`{others}: {why}; nobody there gets them, and letters go another way"
        ))
    };
    refused.chunk_by(|a, b| a.source == b.source).filter_map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broker_that_refuses_has_its_sentence() {
        let refused = |source: &str, topic: &str| RefusedPublish {
            source: source.into(),
            topic: topic.into(),
            why: "no",
            times: 1,
        };
        let all = [refused("hall", "a"), refused("hall", "b"), refused("north", "c")];
        let expected = [
            "the broker `hall` refuses `a` and 1 more of our messages: no; nobody there gets them, and letters go another way",
            "the broker `north` refuses `c`: no; nobody there gets them, and letters go another way",
        ];
        assert_eq!(told_of(&all), expected);
    }
}
