//! The archive's regular work: closed days become files, old ones go from the log, and the room they leave goes back.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_model::{DAY_MS, HOUR_MS, LogError, Offset, Timestamp};

use super::archive::{Archive, Step, Steps, step, underway};
use super::day_file::each_reading;
use super::error::FileError;
use super::readings::ReadOptions;
use super::sound::{counted, put_aside, told_aside, usable};
use super::tally::Tally;
use crate::SqliteLog;
use crate::atomic_file;
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
    /// Most days whose files are written anew in one pass for readings that came late: each costs as much as the whole day, and
    /// one reading of each day would do. Those that have waited longest come first; the others wait on the log.
    pub rewrites_max: usize,
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
    /// Files of days that have left the log that are not there.
    pub missing: Vec<FileError>,
    /// Days with late readings that wait for a later pass.
    pub put_off: usize,
    /// Damaged files of days that the log still had: where they were put aside, and what was wrong with them. Those days are among
    /// the written ones.
    pub put_aside: Vec<(PathBuf, FileError)>,
    /// What could not be done; those days are tried again by the next pass, and nothing of them is dropped.
    pub failures: Vec<FileError>,
}

/// Whether readings came after the day's file was written.
fn is_late(day: &LoggedDay) -> bool {
    day.archived > Offset(0) && day.newest > day.archived
}

impl Archive {
    /// Archives what is closed, drops what is old and safe in the archive. May run beside appends, one at a time.
    ///
    /// # Errors
    /// When the log refuses or `steps` breaks; what was done stays done. A day that fails is among the failures.
    pub fn keep(&self, log: &SqliteLog, work: &Keeping, steps: Steps<'_>) -> Result<Kept, FileError> {
        self.sweep()?;
        log.note_days()?;
        let mut kept = Kept { missing: self.missing(log, Timestamp::MIN, Timestamp::MAX)?, ..Kept::default() };
        let mut days = log.noted_days()?;
        days.retain(|day| day.day + (DAY_MS + work.closed_after_ms) <= work.now);
        // Who waited longest with late readings comes first, after all others.
        days.sort_by_key(|day| is_late(day).then_some((day.archived, day.day)));
        let mut rewritten = 0;
        for day in days {
            if is_late(&day) && rewritten == work.rewrites_max {
                kept.put_off += 1;
                continue;
            }
            match self.keep_day(log, day, work, steps, &mut kept) {
                // A damaged page of the log costs its own day, not those that can be read.
                Err(damage @ FileError::Log(LogError::Damaged { .. })) => kept.failures.push(damage),
                Err(stop @ (FileError::Stopped | FileError::Log(_))) => return Err(stop),
                Err(failure) => kept.failures.push(if failure.is_damage() { counted(failure) } else { failure }),
                Ok(()) => rewritten += usize::from(is_late(&day)),
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
        if is_late(&day) && day.is_whole_on_log() && path.exists() {
            usable(&path).or_else(|damage| set_aside(&path, damage, kept))?;
        }
        // A file that was taken away is made again as long as the log has everything.
        let is_lost = day.dropping == Offset(0) && !path.exists();
        if day.dropping > Offset(0) && day.newest > day.archived && !path.exists() {
            // What came late must not make a file that looks like the whole day.
            return Err(FileError::Missing { path });
        }
        if day.newest > day.archived || is_lost {
            self.write_noted(log, &mut day, work, steps, kept)?;
        }
        let through = day.archived.min(work.consumed);
        let is_old = work.keep_ms.is_some_and(|keep_ms| day.day + (DAY_MS + keep_ms) <= work.now);
        if !is_old || day.dropped >= day.newest.min(through) {
            return Ok(());
        }
        // The only copy from now on, so it is looked at once more.
        match self.check_holds(log, &day, through, steps) {
            Err(damage) if day.is_whole_on_log() => {
                set_aside(&path, damage, kept)?;
                // Dropped by the next pass, if that finds it whole.
                return self.write_noted(log, &mut day, work, steps, kept);
            }
            held => held?,
        }
        log.note_dropping(day.day, through)?;
        step(steps, Step::Dropping)?;
        kept.dropped += log.drop_day(day.day, through)? as u64;
        log.note_dropped(day.day, through)?;
        step(steps, Step::Dropped)
    }

    /// Writes a day's file and notes it on the log.
    fn write_noted(
        &self,
        log: &SqliteLog,
        day: &mut LoggedDay,
        work: &Keeping,
        steps: Steps<'_>,
        kept: &mut Kept,
    ) -> Result<(), FileError> {
        let archived = self.write_day(log, day.day, &work.options, steps)?;
        if archived.rows > archived.logged && day.dropping == Offset(0) {
            // The file that stood there was of another log, in whose place this one was put: only the archive has all of the day.
            log.note_dropping(day.day, archived.through)?;
            day.dropping = archived.through;
        }
        log.note_archived(day.day, archived.through)?;
        day.archived = archived.through;
        kept.written.push((archived.path, archived.rows));
        step(steps, Step::Noted)
    }

    /// A day's file can be read to its end and has what the log has up to a place; all of that, bit by bit, while nothing of the
    /// day has left the log, and as many readings afterwards.
    fn check_holds(
        &self,
        log: &SqliteLog,
        day: &LoggedDay,
        through: Offset,
        steps: Steps<'_>,
    ) -> Result<(), FileError> {
        let path = self.path(day.day);
        if !path.exists() {
            return Err(FileError::Missing { path });
        }
        let through = if day.is_whole_on_log() { day.archived } else { through };
        let (mut archived, mut logged) = (Tally::default(), Tally::default());
        each_reading(&path, day.day, |reading| {
            archived.count(reading);
            underway(steps, archived.rows)
        })?;
        for hour in (0..DAY_MS / HOUR_MS).map(|hour| day.day + hour * HOUR_MS) {
            log.span(hour, hour + HOUR_MS, through, |reading| {
                logged.count(&reading);
                ControlFlow::Continue(())
            })?;
        }
        if logged.rows < archived.rows || logged == archived || !day.is_whole_on_log() && logged.rows == archived.rows {
            return Ok(());
        }
        let (of_file, of_log) = (archived.rows, logged.rows);
        let what = if of_file == of_log {
            format!("holds {of_file} readings that are not those of the log")
        } else {
            format!("holds {of_file} readings where the log has {of_log}")
        };
        Err(FileError::Other { path, what })
    }

    /// Removes what a pass that was killed left unfinished.
    fn sweep(&self) -> Result<(), FileError> {
        let entries = match std::fs::read_dir(self.dir()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(FileError::io("list", self.dir()))?,
        };
        for entry in entries.filter_map(Result::ok).filter(|entry| atomic_file::is_aside(&entry.path())) {
            std::fs::remove_file(entry.path()).map_err(FileError::io("remove", &entry.path()))?;
        }
        Ok(())
    }
}

/// Puts a damaged file aside whose day the log has; whatever else is wrong with it remains a failure.
fn set_aside(path: &Path, damage: FileError, kept: &mut Kept) -> Result<(), FileError> {
    if !damage.is_damage() {
        return Err(damage);
    }
    let to = put_aside(path)?;
    let damage = told_aside(damage, &to);
    kept.put_aside.push((to, damage));
    Ok(())
}
