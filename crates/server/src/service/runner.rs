//! Drives the engine along the log on a thread of its own, and hands what it concludes to outreach.
//!
//! Outreach knows each finding by its place on the log, so whatever is replayed after a crash is applied once.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{Snapshots, SqliteLog};
use foretell_model::{
    Clock, Event, Finding, FindingKind, Log, LogError, Logged, MachineId, Offset, Partition, Timestamp,
};
use foretell_outreach::{Concluded, Outreach, Stage};
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::context;
use super::engine_room::{EngineRoom, Placed};
use super::heart::Beat;
use super::influx::Influx;
use super::rehearsal;
use crate::config::EngineSection;
use crate::failure::{Failure, Kind};

/// Name of the engine's snapshot in the data directory.
pub(super) const SNAPSHOT: &str = "engine";

/// Entries taken at once. Small enough that a page never waits long for the engine.
const ENTRIES_MAX: usize = 2_000;

/// Longest wait for news; another process may append without waking us.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// Pause after a store failed.
const RETRY: Duration = Duration::from_secs(1);

/// The log of this product has one partition per file.
const PARTITION: Partition = Partition(0);

/// Everything that the runner works with.
pub(super) struct Runner {
    pub(super) log: Arc<SqliteLog>,
    pub(super) room: Arc<EngineRoom>,
    pub(super) outreach: Arc<Outreach>,
    /// Whether this process also does what falls due by the clock.
    pub(super) delivers: bool,
    pub(super) snapshots: Snapshots,
    pub(super) clocks: Arc<Clocks>,
    pub(super) settings: EngineSection,
    /// Counts every turn, for the watchdog.
    pub(super) beat: Arc<Beat>,
    pub(super) stop: CancellationToken,
    /// Where conclusions go beside outreach, if the plant has a history store.
    pub(super) influx: Option<Influx>,
}

/// What became of one look at the log.
enum Step {
    /// There was nothing new.
    Level,
    /// Something was taken.
    Taken,
    /// Told to stop while outreach could not keep a finding.
    Abandoned,
}

/// When the engine was last kept.
struct Kept {
    at: Instant,
    offset: Offset,
}

impl Runner {
    /// Takes up the last snapshot, if there is a good one, and starts the thread.
    pub(super) fn start(self) -> Result<JoinHandle<()>, Failure> {
        self.take_up();
        if let Some(influx) = &self.influx {
            influx.tell_history(&self.room);
            self.room.keep_closed();
        }
        let thread = std::thread::Builder::new().name("foretell-engine".to_owned());
        thread
            .spawn(move || self.run())
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the engine's thread", error))
    }

    fn take_up(&self) {
        match self.snapshots.load(SNAPSHOT) {
            Ok(Some((offset, _))) if self.log_ends_before(offset) => {}
            Ok(Some((offset, bytes))) if self.room.thaw(offset, &bytes) => {
                tracing::info!(offset = offset.0, "The engine goes on from its snapshot.");
            }
            Ok(Some(_)) => tracing::warn!("The engine's snapshot is of another release; it replays the log instead."),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "The engine's snapshot cannot be used; it replays the log instead."),
        }
        self.clocks.readings().advance(self.room.newest());
        // In a rehearsal the log that is replayed tells the time, and would tell it anew from the beginning.
        if let Ok(Some(latest)) = self.outreach.latest_time()
            && self.clocks.is_rehearsal()
        {
            self.clocks.readings().advance(latest);
        }
    }

    /// Whether the log was replaced or cut behind our back. Going on from the snapshot would leave the engine deaf until the log
    /// has grown past it, so the log decides: it is replayed, and outreach takes what comes after its end as new.
    fn log_ends_before(&self, snapshot: Offset) -> bool {
        let Ok(head) = self.log.head(PARTITION) else { return false };
        if head >= snapshot {
            return false;
        }
        tracing::warn!(
            snapshot = snapshot.0,
            head = head.0,
            "The log ends before the engine's snapshot: it was replaced or cut. The engine replays what there is; restore the \
             log from a backup if it should hold more."
        );
        if let Err(error) = self.outreach.rewind(head) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "Outreach could not be told that the log was cut."
            );
        }
        true
    }

    fn run(self) {
        let mut kept = Kept { at: Instant::now(), offset: self.room.offset() };
        while !self.stop.is_cancelled() {
            self.beat.turn();
            match self.step() {
                Ok(Step::Level) => {
                    // Also when no more comes: what the snapshot has not, the log may not drop.
                    self.keep_when_due(&mut kept);
                    self.wait();
                }
                Ok(Step::Taken) => self.keep_when_due(&mut kept),
                // What outreach does not have yet must be replayed, so this state must not be kept.
                Ok(Step::Abandoned) => return,
                Err(error) => {
                    counter!("foretell_engine_log_errors_total").increment(1);
                    tracing::error!(error = &error as &dyn std::error::Error, "The engine could not read the log.");
                    self.pause();
                }
            }
        }
        self.keep(&mut kept);
    }

    /// Takes the next entries.
    fn step(&self) -> Result<Step, LogError> {
        let after = self.room.offset();
        let entries = self.log.read(PARTITION, after, ENTRIES_MAX)?;
        let head = self.log.head(PARTITION)?;
        let Some(last) = entries.last() else {
            self.note_lag(after, head);
            return Ok(Step::Level);
        };
        let (last, started) = (last.offset, Instant::now());
        if self.clocks.is_rehearsal() && self.delivers {
            for stretch in rehearsal::by_the_hour(&entries, self.room.newest()) {
                let before = self.clocks.readings().now();
                if !self.take(stretch) {
                    return Ok(Step::Abandoned);
                }
                rehearsal::pass(&self.outreach, &self.room, before, self.clocks.readings().now());
            }
        } else if !self.take(&entries) {
            return Ok(Step::Abandoned);
        }
        histogram!("foretell_engine_batch_seconds").record(started.elapsed().as_secs_f64());
        counter!("foretell_engine_entries_total").increment(entries.len() as u64);
        if let Some(newest) = entries.iter().rev().find(|entry| matches!(entry.event, Event::Reading(_))) {
            let age_ms = self.clocks.wall().now() - newest.event.ts();
            gauge!("foretell_engine_event_age_seconds").set(age_ms as f64 / 1000.0);
        }
        self.note_lag(last, head);
        self.room.changed();
        Ok(Step::Taken)
    }

    /// Shows the engine a stretch of the log and outreach what came of it; `false` when told to stop before outreach had it.
    fn take(&self, entries: &[Logged]) -> bool {
        self.note_work(entries);
        let mut found = Vec::new();
        self.room.advance(entries, &mut found);
        if let Some(influx) = &self.influx {
            influx.keep(&found, &self.room.take_closed());
        }
        self.clocks.readings().advance(self.room.newest());
        found.retain(|placed| !self.is_registered_service(&placed.finding));
        found.is_empty() || self.apply(&found)
    }

    /// Work that was reported ends the visit that was booked for it, before the engine withdraws the forecast: else the
    /// visit would look superfluous.
    fn note_work(&self, entries: &[Logged]) {
        for entry in entries {
            let Event::Maintenance { machine, ts, .. } = &entry.event else { continue };
            if let Err(error) = self.end_visit(machine, *ts) {
                tracing::warn!(error = &error as &dyn std::error::Error, %machine, "A visit could not be closed.");
            }
        }
    }

    fn end_visit(&self, machine: &MachineId, ts: Timestamp) -> foretell_outreach::Result<()> {
        for (finding, stage) in self.outreach.cases_of(machine)? {
            if stage != Stage::Booked {
                continue;
            }
            if let Some(booking) = self.outreach.card(&finding.id, ts)?.booking {
                // The log knows of the work already: that is how we came to know of it.
                let _work = self.outreach.complete(booking.id, None, "technician", ts)?;
            }
        }
        Ok(())
    }

    /// Whether a finding speaks of service by hours that people have registered. Outreach then counts for itself, from when
    /// the work was last done; both would fight over one case.
    fn is_registered_service(&self, finding: &Finding) -> bool {
        finding.kind == FindingKind::MaintenanceDue
            && self.outreach.machine(&finding.machine).is_ok_and(|own| own.is_some_and(|own| !own.service.is_empty()))
    }

    fn note_lag(&self, offset: Offset, head: Offset) {
        let behind = head.0.saturating_sub(offset.0);
        self.room.set_behind(behind);
        gauge!("foretell_engine_lag_entries").set(behind as f64);
    }

    /// Hands findings to outreach, again and again until they are kept: a finding that was passed over would be lost for good.
    /// `false` when told to stop before that.
    fn apply<'a>(&self, found: &'a [Placed]) -> bool {
        let concluded = |placed: &'a Placed| {
            let (kind, grade) = (placed.finding.kind.name(), placed.finding.grade.name());
            counter!("foretell_findings_total", "event" => kind, "grade" => grade).increment(1);
            Concluded {
                offset: placed.offset,
                ordinal: placed.ordinal,
                finding: &placed.finding,
                context: placed.machine.as_ref().map(context::of).unwrap_or_default(),
            }
        };
        let concluded: Vec<_> = found.iter().map(concluded).collect();
        while let Err(error) = self.outreach.apply_all(&concluded, self.clocks.now()) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                findings = found.len(),
                "Outreach could not keep findings; trying again. Check the disk under the data directory."
            );
            self.pause();
            // Waiting for a disk is not standing still, and no restart would mend it.
            self.beat.turn();
            if self.stop.is_cancelled() {
                return false;
            }
        }
        self.room.note_conclusions(found.iter().map(|placed| &placed.finding.machine));
        true
    }

    fn keep_when_due(&self, kept: &mut Kept) {
        let entries = self.room.offset().0.saturating_sub(kept.offset.0);
        let due =
            entries >= self.settings.snapshot_every_entries || kept.at.elapsed() >= self.settings.snapshot_interval;
        if entries > 0 && due {
            self.keep(kept);
        }
    }

    fn keep(&self, kept: &mut Kept) {
        let (offset, bytes) = self.room.freeze();
        if offset == kept.offset {
            return;
        }
        gauge!("foretell_engine_snapshot_bytes").set(bytes.len() as f64);
        match self.snapshots.store(SNAPSHOT, offset, &bytes) {
            Ok(()) => *kept = Kept { at: Instant::now(), offset },
            Err(error) => {
                // Nothing is lost: the log still holds what the snapshot would have spared.
                tracing::error!(error = &error as &dyn std::error::Error, "Could not keep the engine's snapshot.");
                kept.at = Instant::now();
            }
        }
    }

    fn wait(&self) {
        let _head = self.log.wait_beyond(self.room.offset(), WAIT_MAX);
    }

    fn pause(&self) {
        std::thread::sleep(RETRY);
    }
}
