//! The archive's regular work: closed days become files, old ones go from the log, and the room they leave goes back.

use std::path::PathBuf;

use foretell_model::{DAY_MS, Offset, Timestamp};

use super::archive::{Archive, Step, Steps, step};
use super::error::FileError;
use super::readings::ReadOptions;
use super::sums;
use crate::SqliteLog;
use crate::sqlite_log::LoggedDay;

/// What one pass is to do.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The present by the wall clock.
    pub now: Timestamp,
    /// How long after its end a day counts as closed, milliseconds: most of a backlog has arrived by then.
    pub closed_after_ms: i64,
    /// How long after its end a day's readings stay on the log, milliseconds; `None` keeps them.
    pub keep_ms: Option<i64>,
    /// No reading beyond this place is dropped: what every reader of the log has seen.
    pub consumed: Offset,
    /// Memory and temporary folder for sorting.
    pub options: ReadOptions,
}

/// What one pass did.
#[derive(Debug, Default)]
pub struct Kept {
    /// Files written, with the readings in them.
    pub written: Vec<(PathBuf, u64)>,
    /// Readings dropped from the log.
    pub dropped: u64,
    /// Pages of the log's file that were given back.
    pub pages_freed: u64,
    /// What could not be done; those days are tried again by the next pass, and nothing of them is dropped.
    pub failures: Vec<FileError>,
}

impl Archive {
    /// Archives what is closed, drops what is old and safe in the archive. May run beside appends, one at a time.
    ///
    /// # Errors
    /// When the log refuses or `steps` breaks; what was done stays done. A day that fails is among the failures.
    pub fn keep(&self, log: &SqliteLog, work: &Keeping, steps: Steps<'_>) -> Result<Kept, FileError> {
        log.note_days()?;
        let mut kept = Kept::default();
        for day in log.noted_days()? {
            if day.day + (DAY_MS + work.closed_after_ms) > work.now {
                continue;
            }
            match self.keep_day(log, day, work, steps, &mut kept) {
                Err(stop @ (FileError::Stopped | FileError::Log(_))) => return Err(stop),
                Err(failure) => kept.failures.push(failure),
                Ok(()) => {}
            }
        }
        if kept.dropped > 0 {
            kept.pages_freed = log.shrink(|| steps(Step::Dropped).is_continue())?;
        }
        Ok(kept)
    }

    fn keep_day(
        &self,
        log: &SqliteLog,
        mut day: LoggedDay,
        work: &Keeping,
        steps: Steps<'_>,
        kept: &mut Kept,
    ) -> Result<(), FileError> {
        let path = self.path(day.day);
        // A file that was taken away is made again as long as the log has everything.
        let is_lost = day.dropping == Offset(0) && !path.exists();
        if day.newest > day.archived || is_lost {
            let archived = self.write_day(log, day.day, &work.options, steps)?;
            log.note_archived(day.day, archived.through)?;
            day.archived = archived.through;
            kept.written.push((archived.path, archived.rows));
            step(steps, Step::Noted)?;
        }
        let through = day.archived.min(work.consumed);
        let is_old = work.keep_ms.is_some_and(|keep_ms| day.day + (DAY_MS + keep_ms) <= work.now);
        if !is_old || day.dropped >= day.newest.min(through) {
            return Ok(());
        }
        // The only copy from now on, so it is looked at once more.
        if !path.exists() {
            return Err(FileError::form(&path, "is missing, so its day stays on the log; restore it from a backup"));
        }
        sums::check(&path)?;
        log.note_dropping(day.day, through)?;
        step(steps, Step::Dropping)?;
        kept.dropped += log.drop_day(day.day, through)? as u64;
        log.note_dropped(day.day, through)?;
        step(steps, Step::Dropped)
    }
}
