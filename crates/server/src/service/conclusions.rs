//! What the engine concludes, on its way to outreach: a queue, and a thread that empties it.
//!
//! The engine goes on while outreach keeps what it was told, and whatever queues up meanwhile is kept in one transaction, so
//! the first of many conclusions is out long before the engine has reached the last. Outreach knows each finding by its
//! place on the log, so whatever is replayed after a crash is applied once; and the engine's snapshot waits until the queue
//! is empty, so nothing is passed over either.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use foretell_model::{Clock, Finding, FindingKind, LogError, MachineId, Timestamp, Work, wire};
use foretell_outreach::{AlarmHeard, Concluded, Outreach, OutreachError};
use metrics::{counter, histogram};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::heart::Beat;
use super::influx::Influx;
use super::placed::{News, Placed};
use super::progress::ProgressFile;
use super::troubles::{Part, chain, of_outreach};
use crate::failure::{Failure, Kind};

mod queue;

pub(super) use queue::{Conclusions, Item};

/// Pause after a store failed.
const RETRY: Duration = Duration::from_secs(1);

/// Readings that took longer than this to arrive are of a backlog or of a replay and say nothing of our own delays.
const OLD_MS: i64 = 60_000;

/// Empties the queue.
pub(super) struct Concluder {
    pub(super) queue: Arc<Conclusions>,
    pub(super) outreach: Arc<Outreach>,
    pub(super) room: Arc<EngineRoom>,
    pub(super) clocks: Arc<Clocks>,
    /// Where processes without the engine's role see what holds it up.
    pub(super) progress: Arc<ProgressFile>,
    /// Waiting for a disk counts as a turn of the engine.
    pub(super) beat: Arc<Beat>,
    pub(super) stop: CancellationToken,
    /// Where conclusions go beside outreach, if the plant has a history store.
    pub(super) influx: Option<Influx>,
}

/// Abandons the queue when the thread ends in any other way than by its close: the engine must not wait for it.
struct Last<'a>(&'a Conclusions);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

impl Concluder {
    /// Starts the thread; it ends after [`Conclusions::close`].
    pub(super) fn start(self) -> Result<JoinHandle<()>, Failure> {
        let thread = std::thread::Builder::new().name("foretell-conclude".to_owned());
        thread
            .spawn(move || self.run())
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the thread of conclusions", error))
    }

    fn run(self) {
        let _last = Last(&self.queue);
        while let Some(items) = self.queue.take() {
            let (mut found, mut days) = (Vec::new(), Vec::new());
            for item in items {
                match item {
                    Item::Found(placed) => found.push(*placed),
                    Item::Day(day) => days.push(*day),
                    Item::Alarm(machine, ts, code) => {
                        if !self.hear_alarm(&machine, &code, ts) {
                            return self.queue.abandon();
                        }
                    }
                    Item::Work(machine, ts, work) => {
                        // What was concluded before the work comes before it here, too.
                        if !self.conclude(&std::mem::take(&mut found)) {
                            return self.queue.abandon();
                        }
                        if !self.hear_work(&machine, &work, ts) {
                            return self.queue.abandon();
                        }
                    }
                }
            }
            if !self.conclude(&found) {
                return self.queue.abandon();
            }
            if !self.copy(|influx| influx.keep_days(&days)) {
                return self.queue.abandon();
            }
        }
    }

    /// Copies conclusions for the plant's history store, if there is one. False when told to stop before they were kept.
    fn copy(&self, keep: impl Fn(&Influx) -> Result<(), LogError>) -> bool {
        let Some(influx) = &self.influx else { return true };
        self.persist_saying("what goes to InfluxDB", || keep(influx), |error| chain(error)).is_some()
    }

    /// Keeps findings, publishes what became of them, then copies them. False when told to stop before they were kept.
    fn conclude(&self, found: &[Placed]) -> bool {
        if found.is_empty() {
            return true;
        }
        let ours: Vec<&Placed> = found.iter().filter(|placed| !self.is_registered_service(&placed.finding)).collect();
        if !ours.is_empty() && !self.apply(&ours) {
            return false;
        }
        self.publish(&ours);
        self.copy(|influx| influx.keep_findings(found))
    }

    /// Whether a finding speaks of service by hours that people have registered. Outreach then counts for itself, from when
    /// the work was last done; both would fight over one case.
    fn is_registered_service(&self, finding: &Finding) -> bool {
        finding.kind == FindingKind::MaintenanceDue
            && self.outreach.machine(&finding.machine).is_ok_and(|own| own.is_some_and(|own| !own.service.is_empty()))
    }

    /// Hands findings to outreach, again and again until they are kept: a finding that was passed over would be lost for good.
    /// `false` when told to stop before that.
    fn apply<'a>(&self, found: &[&'a Placed]) -> bool {
        let concluded = |placed: &'a Placed| {
            note_wait("concluded", placed.concluded.zip(placed.arrived));
            let (kind, grade) = (placed.finding.kind.name(), placed.finding.grade.name());
            counter!("foretell_findings_total", "event" => kind, "grade" => grade).increment(1);
            Concluded {
                offset: placed.offset,
                ordinal: placed.ordinal,
                finding: &placed.finding,
                context: placed.context.clone(),
            }
        };
        let concluded: Vec<_> = found.iter().copied().map(concluded).collect();
        if self.persist("findings", || self.outreach.apply_all(&concluded, self.clocks.now())).is_none() {
            return false;
        }
        let now = self.clocks.wall().now();
        found.iter().for_each(|placed| note_wait("kept", Some(now).zip(placed.arrived)));
        true
    }

    /// A trip opens the machine's service case. False when told to stop before that was kept.
    fn hear_alarm(&self, machine: &MachineId, code: &str, ts: Timestamp) -> bool {
        // In a rehearsal the alarm itself may be the newest that is known of the time.
        let now = self.clocks.now().max(ts);
        let heard = self.persist("an alarm", || self.outreach.hear_alarm(machine, code, ts, now));
        match &heard {
            Some(AlarmHeard::Case(case)) => {
                tracing::warn!(%machine, code, case = case.id, "A machine has stopped; its service case is open.");
                self.room.changed();
            }
            Some(AlarmHeard::TooOld) => tracing::info!(%machine, code, at = %ts, "An old trip opens no case."),
            Some(AlarmHeard::Before | AlarmHeard::NotATrip) | None => {}
        }
        heard.is_some()
    }

    /// Work was reported: the visit whose work it can be ends. False when told to stop before that was kept.
    fn hear_work(&self, machine: &MachineId, work: &Work, ts: Timestamp) -> bool {
        let heard = self.persist("the end of a visit", || match self.outreach.hear_work(machine, work, ts) {
            Err(refused @ OutreachError::Store { .. }) => Err(refused),
            heard => Ok(heard),
        });
        if let Some(Err(error)) = &heard {
            tracing::warn!(error = error as &dyn std::error::Error, %machine, "A visit could not be closed.");
        }
        heard.is_some()
    }

    /// Does something again and again until outreach has kept it: what was passed over would be lost for good. `None` when told
    /// to stop before that.
    fn persist<T>(&self, what: &str, step: impl Fn() -> foretell_outreach::Result<T>) -> Option<T> {
        self.persist_saying(what, step, of_outreach)
    }

    fn persist_saying<T, E>(
        &self,
        what: &str,
        step: impl Fn() -> Result<T, E>,
        words: impl Fn(&E) -> String,
    ) -> Option<T> {
        loop {
            match step() {
                Ok(kept) => {
                    self.room.troubles().over(Part::Conclusions);
                    return Some(kept);
                }
                Err(error) => {
                    let why = format!("{what} could not be kept: {}", words(&error));
                    self.room.troubles().note(Part::Conclusions, why);
                }
            }
            self.progress.tell(&self.room);
            std::thread::sleep(RETRY);
            // Waiting for a disk is not standing still, and no restart would mend it.
            self.beat.turn();
            if self.stop.is_cancelled() {
                return None;
            }
        }
    }

    /// Hands the current advisories of the machines concerned to whoever publishes them.
    fn publish(&self, found: &[&Placed]) {
        let mut machines: BTreeMap<&MachineId, Option<Timestamp>> = BTreeMap::new();
        for placed in found {
            machines.entry(&placed.finding.machine).or_insert(placed.arrived);
        }
        for (machine, arrived) in machines {
            match self.outreach.advisory_of(machine) {
                Ok(advisory) => {
                    let payload = advisory.as_ref().map(wire::to_json);
                    self.room.note_news(machine.clone(), News { payload, arrived });
                }
                // The regular comparison publishes it.
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, %machine, "An advisory could not be read.");
                }
            }
        }
    }
}

/// Records how long a conclusion took from the arrival of its deciding reading, given `(then, arrived)`.
pub(super) fn note_wait(until: &'static str, reached: Option<(Timestamp, Timestamp)>) {
    let Some(waited_ms) = reached.map(|(then, arrived)| then - arrived) else { return };
    if (0..OLD_MS).contains(&waited_ms) {
        histogram!("foretell_conclusion_seconds", "until" => until).record(waited_ms as f64 / 1000.0);
    }
}
