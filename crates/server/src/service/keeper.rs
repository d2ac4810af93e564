//! Keeps the log's house on a thread of its own: closed days into the archive, old ones off the log, their room back to the
//! disk. It delays nobody: it works beside appends, a little at a time.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{AcceptedLoss, Archive, FileError, Keeping, Kept, ReadOptions, RollUps, Snapshots, SqliteLog};
use foretell_model::{Clock, LogError, Offset, Partition, Timestamp};
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;

use super::gentle::Gentle;
use super::runner::SNAPSHOT;
use super::stores::Stores;
use super::troubles::{Part, Troubles, chain};
use crate::clock::WallClock;
use crate::config::DataSection;
use crate::failure::{Failure, Kind};

/// Memory for sorting a day, bytes; the rest goes to a temporary file in the data directory. Writing takes about as much again.
const MEMORY_BYTES: usize = 32 << 20;

/// Days of which one pass writes the file anew for late readings: three weeks' backlog of a site goes in one, and whoever sends a
/// reading of each day of a year costs no more than that.
const REWRITES_MAX: usize = 32;

/// Longest time between the start and the first pass, which catches up on what fell due meanwhile.
const FIRST_AFTER_MAX: Duration = Duration::from_secs(30);

/// How often a sleeping keeper looks whether it should end.
const STOP_EVERY: Duration = Duration::from_millis(100);

struct Keeper {
    log: Arc<SqliteLog>,
    rollups: Arc<RollUps>,
    snapshots: Snapshots,
    archive: Archive,
    data: DataSection,
    troubles: Arc<Troubles>,
    stop: CancellationToken,
}

/// Starts the thread; it ends soon after `stop`.
pub(super) fn start(
    data: &DataSection,
    stores: &Stores,
    troubles: Arc<Troubles>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Failure> {
    let keeper = Keeper {
        log: Arc::clone(&stores.log),
        rollups: Arc::clone(&stores.rollups),
        snapshots: Snapshots::new(&data.dir),
        archive: Archive::new(&data.dir),
        data: data.clone(),
        troubles,
        stop,
    };
    let thread = std::thread::Builder::new().name("foretell-archive".to_owned());
    thread
        .spawn(move || keeper.run())
        .map_err(|error| Failure::because(Kind::Unavailable, "could not start the archive's thread", error))
}

impl Keeper {
    fn run(self) {
        let mut losses_told = self.losses().len();
        match self.archive.missing(&self.log, Timestamp::MIN, Timestamp::MAX) {
            Ok(missing) => tell_missing(&missing),
            Err(error) => tracing::error!(error = &error as &dyn Error, "The archive could not be looked through."),
        }
        let (mut after, mut looked_at) = (self.data.archive_every.min(FIRST_AFTER_MAX), None);
        while self.sleep(after) {
            after = self.data.archive_every;
            let begun = Instant::now();
            match self.pass() {
                Ok(kept) => {
                    tell(&kept);
                    self.note(kept.failures.first());
                }
                Err(FileError::Stopped) => {}
                Err(error) => {
                    counter!("foretell_archive_failures_total").increment(1);
                    self.note(Some(&error));
                }
            }
            looked_at = self.look(looked_at);
            let losses = self.losses();
            losses.iter().skip(losses_told).for_each(tell_loss);
            losses_told = losses.len();
            histogram!("foretell_archive_pass_seconds").record(begun.elapsed().as_secs_f64());
        }
    }

    /// Takes note of why days, or the first of them, stay on the log; of nothing when all went well.
    fn note(&self, failure: Option<&FileError>) {
        match failure {
            Some(error) => self.troubles.note(Part::Archive, chain(error)),
            None => self.troubles.over(Part::Archive),
        }
    }

    /// Looks at one more file of the archive, so that damage is found while a backup or the log still has its day. What is wrong
    /// with it is said where it is found.
    fn look(&self, looked_at: Option<PathBuf>) -> Option<PathBuf> {
        match self.archive.look_at_next(&self.log, looked_at.as_deref()) {
            Ok(looked) => looked.map(|(path, _)| path),
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "A file of the archive could not be looked at.");
                None
            }
        }
    }

    /// What somebody has decided to go on without; nothing while the log cannot be read, which is said elsewhere.
    fn losses(&self) -> Vec<AcceptedLoss> {
        self.log.accepted_losses().unwrap_or_default()
    }

    /// False when told to stop meanwhile.
    fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.stop.is_cancelled() {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return true;
            }
            std::thread::sleep(rest.min(STOP_EVERY));
        }
        false
    }

    fn pass(&self) -> Result<Kept, FileError> {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        let options = ReadOptions {
            memory_bytes: MEMORY_BYTES,
            temp_dir: self.data.dir.clone(),
            threads: 1,
            ..ReadOptions::default()
        };
        let work = Keeping {
            now: WallClock.now(),
            closed_after_ms: millis(self.data.archive_after),
            keep_ms: self.data.keep_readings.map(millis),
            consumed: self.consumed()?,
            rewrites_max: REWRITES_MAX,
            options,
        };
        let mut gentle = Gentle::begin();
        let mut go_on = |_| {
            if gentle.is_due() {
                if let Some(rest) = gentle.rest() {
                    self.sleep(rest);
                }
                gentle.go_on();
            }
            if self.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.archive.keep(&self.log, &work, &mut go_on)
    }

    /// The place up to which every reader of the log has come, as far as it would come after a crash.
    fn consumed(&self) -> Result<Offset, LogError> {
        let engine = self.snapshots.offset(SNAPSHOT).unwrap_or_default();
        let rollups = self.rollups.cursor(Partition(0))?;
        let others = self.log.consumed()?.unwrap_or(engine);
        Ok(engine.min(rollups).min(others))
    }
}

fn tell_missing(missing: &[FileError]) {
    for error in missing {
        tracing::error!(error = error as &dyn Error, "Readings are lacking until a file of the archive is restored.");
    }
    gauge!("foretell_archive_days_missing").set(missing.len() as f64);
}

fn tell_loss(loss: &AcceptedLoss) {
    let AcceptedLoss { at, day, who, why } = loss;
    tracing::warn!(%day, who, why, decided = %at, "An archived day whose file is lost is gone on without.");
}

fn tell(kept: &Kept) {
    gauge!("foretell_archive_days_put_off").set(kept.put_off as f64);
    tell_missing(&kept.missing);
    for (path, readings) in &kept.written {
        counter!("foretell_archive_files_written_total").increment(1);
        tracing::info!(file = %path.display(), readings, "A closed day is archived.");
    }
    if kept.dropped > 0 {
        counter!("foretell_log_rows_dropped_total").increment(kept.dropped);
        tracing::info!(readings = kept.dropped, pages_freed = kept.pages_freed, "Archived days have left the log.");
    }
    for failure in &kept.failures {
        counter!("foretell_archive_failures_total").increment(1);
        tracing::error!(error = failure as &dyn Error, "A day could not be archived; it stays on the log.");
    }
    gauge!("foretell_archive_days_failing").set(kept.failures.len() as f64);
}
