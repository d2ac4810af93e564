//! Drives the engine along the log on a thread of its own, and hands what it concludes to the queue of conclusions.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{FileError, Snapshots, SqliteLog};
use foretell_model::{Clock, Event, Log, LogError, Logged, Offset, Partition, Timestamp};
use foretell_outreach::Outreach;
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::conclusions::{Concluder, Conclusions, Item};
use super::engine_room::EngineRoom;
use super::heart::Beat;
use super::influx::{Influx, closed_day};
use super::progress::ProgressFile;
use super::rebuild::{self, Rebuilt};
use super::rehearsal;
use super::replaced::Followers;
use super::troubles::{Part, of_log};
use crate::config::EngineSection;
use crate::failure::{Failure, Kind};

/// Name of the engine's snapshot in the data directory.
pub(super) const SNAPSHOT: &str = "engine";

/// Entries taken at once. Small enough that a page never waits long for the engine.
const ENTRIES_MAX: usize = 2_000;

/// How long the engine goes on before it hands over what it has concluded; the days of a fleet may all close at one instant.
const STRETCH: Duration = Duration::from_millis(2);

/// Longest wait for news; another process may append without waking us.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// How often a long rebuild says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

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
    pub(super) data_dir: PathBuf,
    pub(super) clocks: Arc<Clocks>,
    pub(super) settings: EngineSection,
    /// Where processes without the engine's role see how far it is.
    pub(super) progress: Arc<ProgressFile>,
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
    /// Outreach could not keep what was concluded, and it was given up.
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
        let queue = Arc::<Conclusions>::default();
        let concluder = Concluder {
            queue: Arc::clone(&queue),
            outreach: Arc::clone(&self.outreach),
            room: Arc::clone(&self.room),
            clocks: Arc::clone(&self.clocks),
            progress: Arc::clone(&self.progress),
            beat: Arc::clone(&self.beat),
            stop: self.stop.clone(),
            influx: self.influx.clone(),
        };
        let concluder = concluder.start()?;
        let thread = std::thread::Builder::new().name("foretell-engine".to_owned());
        thread
            .spawn(move || {
                self.run(&queue);
                queue.close();
                if concluder.join().is_err() {
                    tracing::error!("The thread of conclusions had panicked; they are replayed at the next start.");
                }
            })
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the engine's thread", error))
    }

    fn take_up(&self) {
        let followers = Followers {
            data_dir: &self.data_dir,
            snapshots: &self.snapshots,
            outreach: &self.outreach,
            influx: self.influx.as_ref(),
        };
        followers.take_up(&self.log);
        match self.snapshots.load(SNAPSHOT) {
            Ok(Some((offset, _))) if followers.log_ends_before(&self.log, offset) => {}
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

    fn run(self, queue: &Conclusions) {
        let Some(rebuilt) = self.rebuild() else { return };
        let mut kept = Kept { at: Instant::now(), offset: self.room.offset() };
        while !self.stop.is_cancelled() {
            self.beat.turn();
            let step = self.step(queue, rebuilt.as_ref());
            self.tell(step.as_ref().err());
            match step {
                Ok(Step::Level) => {
                    // Also when no more comes: what the snapshot has not, the log may not drop.
                    self.room.heard(false);
                    self.keep_when_due(&mut kept, queue, rebuilt.as_ref());
                    self.wait();
                }
                Ok(Step::Taken) => self.keep_when_due(&mut kept, queue, rebuilt.as_ref()),
                Ok(Step::Abandoned) => return,
                Err(_) => {
                    counter!("foretell_engine_log_errors_total").increment(1);
                    self.keep_when_due(&mut kept, queue, rebuilt.as_ref());
                    std::thread::sleep(RETRY);
                }
            }
        }
        self.keep(&mut kept, queue, rebuilt.as_ref());
    }

    /// Tells this process and those beside it how far the engine is, and why it does not go on.
    fn tell(&self, refused: Option<&LogError>) {
        let troubles = self.room.troubles();
        match refused {
            None => troubles.over(Part::Engine),
            Some(error) => {
                let after = self.room.offset();
                troubles.note(Part::Engine, format!("at entry {} of the log: {}", after.0, of_log(error)));
                // The end of the log may be known though what lies before it cannot be read.
                match self.log.head(PARTITION) {
                    Ok(head) => self.note_lag(after, head, None),
                    Err(_) => self.lag_unknown(),
                }
            }
        }
        self.progress.tell(&self.room);
    }

    /// Brings an engine without a snapshot up to where the log begins. `None` when told to stop before that was done; then
    /// nothing of it may be kept.
    fn rebuild(&self) -> Option<Option<Rebuilt>> {
        if self.room.offset() > Offset(0) {
            return Some(None);
        }
        if let Ok(head) = self.log.head(PARTITION) {
            self.room.set_behind(Some(head.0));
        }
        let mut said = Instant::now();
        let rebuilt = rebuild::rebuild(&self.log, &self.data_dir, &self.room, &mut |done, of| {
            self.beat.turn();
            self.progress.tell(&self.room);
            gauge!("foretell_engine_rebuild_days_left").set((of - done) as f64);
            if said.elapsed() >= PROGRESS_EVERY {
                said = Instant::now();
                tracing::info!(days = done, of, "The engine is rebuilt from archived days.");
            }
            if self.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.clocks.readings().advance(self.room.newest());
        match rebuilt {
            Ok(rebuilt) => {
                match rebuilt.as_ref().map(|rebuilt| rebuilt.days_lost) {
                    None => {}
                    Some(0) => tracing::info!("The engine knows what only the archive held; the log follows."),
                    Some(days) => tracing::error!(
                        days,
                        "The engine lacks archived days, whose files are damaged or missing. Restore them from a backup, remove \
                         `engine.snapshot` and start again; meanwhile it goes on with the log."
                    ),
                }
                Some(rebuilt)
            }
            Err(FileError::Stopped) => None,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "The archive could not be read, so the engine learns from the log alone. Mend it, remove `engine.snapshot` \
                     and start again."
                );
                Some(None)
            }
        }
    }

    /// Takes the next entries.
    fn step(&self, queue: &Conclusions, rebuilt: Option<&Rebuilt>) -> Result<Step, LogError> {
        let after = self.room.offset();
        let entries = self.log.read(PARTITION, after, ENTRIES_MAX)?;
        let head = self.log.head(PARTITION)?;
        let Some(last) = entries.last() else {
            self.note_lag(after, head, None);
            return Ok(Step::Level);
        };
        let (last, started) = (last.offset, Instant::now());
        let mut taken = true;
        rebuild::past(&entries, rebuilt, &self.room, |stretch| taken = taken && self.follow(stretch, queue));
        if !taken {
            return Ok(Step::Abandoned);
        }
        histogram!("foretell_engine_batch_seconds").record(started.elapsed().as_secs_f64());
        counter!("foretell_engine_entries_total").increment(entries.len() as u64);
        let newest = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Reading(reading) => Some(reading),
            _ => None,
        });
        if let Some(newest) = newest {
            let age_ms = self.clocks.wall().now() - newest.ts;
            gauge!("foretell_engine_event_age_seconds").set(age_ms as f64 / 1000.0);
        }
        self.note_lag(last, head, newest.map(|newest| newest.arrived));
        self.room.heard(true);
        Ok(Step::Taken)
    }

    /// Takes a stretch of the log, in a rehearsal hour by hour. False when what was concluded was given up.
    fn follow(&self, entries: &[Logged], queue: &Conclusions) -> bool {
        if !self.clocks.is_rehearsal() {
            return self.take(entries, queue);
        }
        for stretch in rehearsal::by_the_hour(entries, self.room.newest()) {
            let before = self.clocks.readings().now();
            // Outreach must not see a later hour than that of the finding.
            if !self.take(stretch, queue) || !queue.wait_level() {
                return false;
            }
            if self.delivers {
                rehearsal::pass(&self.outreach, &self.room, before, self.clocks.readings().now());
            }
        }
        true
    }

    /// Shows the engine a stretch of the log and queues what came of it; `false` when that was given up.
    fn take(&self, mut entries: &[Logged], queue: &Conclusions) -> bool {
        let works = entries.iter().filter_map(|entry| match &entry.event {
            Event::Maintenance { machine, ts, work } => Some(Item::Work(machine.clone(), *ts, work.clone())),
            Event::ControllerAlarm { machine, ts, code } => {
                Some(Item::Alarm(machine.clone(), *ts, code.as_str().to_owned()))
            }
            Event::Status { online, .. } => {
                let said = if *online { "online" } else { "offline" };
                counter!("foretell_machine_statuses_total", "said" => said).increment(1);
                None
            }
            _ => None,
        });
        if !queue.put(works) {
            return false;
        }
        while !entries.is_empty() {
            let mut found = Vec::new();
            let taken = self.room.advance_for(STRETCH, entries, &mut found);
            entries = &entries[taken..];
            self.clocks.readings().advance(self.room.newest());
            let found = found.into_iter().map(|placed| Item::Found(Box::new(placed)));
            let days = self.room.take_closed();
            let days = days.iter().filter_map(closed_day).map(|day| Item::Day(Box::new(day)));
            if !queue.put(found.chain(days)) {
                return false;
            }
        }
        true
    }

    /// Notes what waits behind the entry that was taken last, and how long ago that one arrived.
    fn note_lag(&self, offset: Offset, head: Offset, arrived: Option<Timestamp>) {
        let behind = head.0.saturating_sub(offset.0);
        self.room.set_behind(Some(behind));
        gauge!("foretell_engine_lag_entries").set(behind as f64);
        // What waits is younger than the last that was taken, so this is the most that it can have waited.
        let waited_ms = arrived.filter(|_| behind > 0).map_or(0, |arrived| self.clocks.wall().now() - arrived);
        gauge!("foretell_engine_lag_seconds").set(waited_ms.max(0) as f64 / 1000.0);
    }

    /// Nobody knows how much waits: a figure of before would look like a present one.
    fn lag_unknown(&self) {
        self.room.set_behind(None);
        gauge!("foretell_engine_lag_entries").set(f64::NAN);
        gauge!("foretell_engine_lag_seconds").set(f64::NAN);
    }

    fn keep_when_due(&self, kept: &mut Kept, queue: &Conclusions, rebuilt: Option<&Rebuilt>) {
        let entries = self.room.offset().0.saturating_sub(kept.offset.0);
        let due =
            entries >= self.settings.snapshot_every_entries || kept.at.elapsed() >= self.settings.snapshot_interval;
        if entries > 0 && due {
            self.keep(kept, queue, rebuilt);
        }
    }

    /// Keeps the engine as it is once all that it concluded is kept: what outreach does not have must be replayed.
    fn keep(&self, kept: &mut Kept, queue: &Conclusions, rebuilt: Option<&Rebuilt>) {
        let is_whole = rebuilt.is_none_or(|rebuilt| self.room.offset() >= rebuilt.whole_from());
        if !is_whole || !queue.wait_level() {
            return;
        }
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
}
