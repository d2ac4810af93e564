//! Keeps the hourly roll-ups level with the log, on a thread of their own: they serve pages and must delay nobody. Where they are to
//! be made anew, what only the archive holds comes first, in one process alone.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{Archive, DirLock, FileError, ReadOptions, RollUps, SqliteLog};
use foretell_model::{Log as _, LogError, Partition};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use super::gentle::Gentle;
use super::troubles::{Part, Troubles, chain, of_log};
use crate::failure::{Failure, Kind};

/// Entries merged at once.
const ENTRIES_MAX: usize = 5_000;

/// Longest wait for news.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Pause between two merges, so that live traffic is merged in batches and not reading by reading.
const BREATH: Duration = Duration::from_millis(200);

/// Pause after a store failed, or while another process makes them anew.
const RETRY: Duration = Duration::from_secs(1);

/// Memory for sorting an archived day, bytes; the rest goes to a temporary file in the data directory.
const MEMORY_BYTES: usize = 32 << 20;

/// How often it is said how far they are made anew.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Everything that it works with.
pub(super) struct Projection {
    pub(super) log: Arc<SqliteLog>,
    pub(super) rollups: Arc<RollUps>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) data_dir: PathBuf,
    pub(super) stop: CancellationToken,
}

/// What is wrong with the work.
enum Refused {
    /// The log, or the roll-ups.
    Store(LogError),
    /// Something about the archive.
    Archive(FileError),
}

impl Projection {
    /// Starts the thread; it ends soon after `stop`. The roll-ups remember how far they came.
    pub(super) fn start(self) -> Result<JoinHandle<()>, Failure> {
        let thread = std::thread::Builder::new().name("foretell-rollups".to_owned());
        thread
            .spawn(move || self.run())
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the roll-ups' thread", error))
    }

    fn run(self) {
        let mut follows = false;
        while !self.stop.is_cancelled() {
            self.note_lag();
            if self.rollups.are_doubtful() {
                follows &= !self.is_begun_anew();
            }
            let turned = if follows { self.catch_up() } else { self.follow().map(|done| follows = done) };
            match turned {
                Ok(()) => self.troubles.over(Part::Curves),
                Err(Refused::Archive(FileError::Stopped)) => {}
                Err(Refused::Store(error) | Refused::Archive(FileError::Log(error))) => {
                    if self.renewed(&error) {
                        follows = false;
                        continue;
                    }
                    self.troubles.note(Part::Curves, of_log(&error));
                    std::thread::sleep(RETRY);
                }
                Err(Refused::Archive(error)) => {
                    self.troubles.note(Part::Curves, chain(&error));
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    /// Notes how many entries of the log they lack; no number where nobody can say.
    fn note_lag(&self) {
        let partition = Partition(0);
        let ends = self.log.head(partition).and_then(|head| Ok((head, self.rollups.cursor(partition)?)));
        let behind = ends.map_or(f64::NAN, |(head, cursor)| head.0.saturating_sub(cursor.0) as f64);
        gauge!("foretell_curves_lag_entries").set(behind);
    }

    /// Whether they were damaged and have been begun anew.
    fn renewed(&self, error: &LogError) -> bool {
        self.rollups.are_damaged(error) && self.is_begun_anew()
    }

    /// Begins them anew, and says whether it could.
    fn is_begun_anew(&self) -> bool {
        let begun = self.rollups.renew();
        if let Err(error) = &begun {
            tracing::error!(error = error as &dyn std::error::Error, "The hourly curves could not be begun anew.");
        }
        begun.is_ok()
    }

    fn catch_up(&self) -> Result<(), Refused> {
        if self.rollups.catch_up(&*self.log, ENTRIES_MAX).map_err(Refused::Store)? < ENTRIES_MAX {
            std::thread::sleep(BREATH);
            let seen = self.rollups.cursor(Partition(0)).unwrap_or_default();
            let _head = self.log.wait_beyond(seen, WAIT_MAX);
        }
        Ok(())
    }

    /// Takes up which log they are made of, and what of the archive comes before it. False when another process does that just now.
    fn follow(&self) -> Result<bool, Refused> {
        if !self.rollups.follow(&self.log).map_err(Refused::Store)? {
            return Ok(true);
        }
        let Ok(_alone) = DirLock::take(&self.data_dir, "curves") else {
            std::thread::sleep(RETRY);
            return Ok(false);
        };
        let options = ReadOptions {
            memory_bytes: MEMORY_BYTES,
            temp_dir: self.data_dir.clone(),
            threads: 1,
            ..ReadOptions::default()
        };
        let (mut gentle, mut told) = (Gentle::begin(), Instant::now());
        let mut progress = |done, of| {
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                self.note_lag();
                tracing::info!(days = done, of, "The hourly curves are made anew from archived days.");
            }
            if gentle.is_due() {
                if let Some(rest) = gentle.rest() {
                    std::thread::sleep(rest);
                }
                gentle.go_on();
            }
            if self.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let archive = Archive::new(&self.data_dir);
        let lacking =
            self.rollups.take_archive(&archive, &self.log, &options, &mut progress).map_err(Refused::Archive)?;
        if lacking > 0 {
            tracing::error!(days = lacking, "The hourly curves lack archived days whose files are damaged or missing.");
        }
        Ok(true)
    }
}
