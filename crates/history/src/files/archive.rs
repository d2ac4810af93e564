//! Closed days as Parquet files that any tool can read: `YYYY-MM-DD.parquet`, sorted by machine and time, with a checksum
//! beside each.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_model::{DAY_MS, Event, HOUR_MS, Log, Offset, Partition, Timestamp};

use super::column_map::ColumnMap;
use super::day_file::{each_reading, whole};
use super::error::FileError;
use super::export::ByMachine;
use super::naming::{FOLDER, day_of};
use super::readings::{ReadOptions, ReadingFiles};
use super::sound::{put_aside, usable};
use super::sums;
use super::tally::Tally;
use super::writers::Writer;
use crate::{AcceptedLoss, LoggedDay, SqliteLog};

/// The archive of a data directory.
pub struct Archive {
    dir: PathBuf,
}

/// A day that was archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedDay {
    /// Its file.
    pub path: PathBuf,
    /// Readings in the file.
    pub rows: u64,
    /// Those of them that the log has too; fewer where some have left it, or where it was put in the place of another.
    pub logged: u64,
    /// Place on the log up to which it holds the day's readings; what stands beyond must not be dropped yet.
    pub through: Offset,
}

/// How far the work on a day has come. Whatever ends the process between two steps, the next pass goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The day's readings are being collected; told about once an hour of readings.
    Collected,
    /// A file is being written, or looked at; told about every some ten thousand readings.
    Underway,
    /// They stand in a file aside.
    Written,
    /// That file was read back and is right.
    Verified,
    /// Its checksum stands beside the one of the file that it will replace.
    Summed,
    /// It has its name.
    Named,
    /// Its checksum stands alone.
    Settled,
    /// The log knows that the day is archived.
    Noted,
    /// The log knows that the day is being dropped.
    Dropping,
    /// The day's readings went from the log.
    Dropped,
}

/// Told of each step; breaking gives the work up there.
pub type Steps<'a> = &'a mut dyn FnMut(Step) -> ControlFlow<()>;

/// Readings between two words of [`Step::Underway`].
const STRIDE: u64 = 50_000;

/// Tells now and then that readings are being dealt with, of which there were so many.
pub(crate) fn underway(steps: Steps<'_>, rows: u64) -> ControlFlow<()> {
    if rows.is_multiple_of(STRIDE) { steps(Step::Underway) } else { ControlFlow::Continue(()) }
}

/// Tells of a step.
pub(crate) fn step(steps: Steps<'_>, step: Step) -> Result<(), FileError> {
    if steps(step).is_break() { Err(FileError::Stopped) } else { Ok(()) }
}

impl Archive {
    /// The archive in `archive/` of a data directory.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { dir: data_dir.join(FOLDER) }
    }

    /// Files of the days that overlap `from <= ts < to`, oldest first; none when nothing was archived yet.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn files(&self, from: Timestamp, to: Timestamp) -> Result<Vec<PathBuf>, FileError> {
        let mut files = self.listed()?;
        files.retain(|path| day_of(path).is_some_and(|day| day < to && day + DAY_MS > from));
        files.sort();
        Ok(files)
    }

    /// Whatever is in the folder, in no order; nothing when nothing was archived yet.
    pub(crate) fn listed(&self) -> Result<Vec<PathBuf>, FileError> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.and_then(Iterator::collect::<std::io::Result<Vec<_>>>),
        };
        let entries = entries.map_err(FileError::io("list", &self.dir))?;
        Ok(entries.iter().map(std::fs::DirEntry::path).collect())
    }

    /// Files that should be there and are not: of days that have left the log, or are leaving it, and overlap `from <= ts < to`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn missing(&self, log: &SqliteLog, from: Timestamp, to: Timestamp) -> Result<Vec<FileError>, FileError> {
        let overlaps = |day: Timestamp| day < to && day + DAY_MS > from;
        let gone = |noted: &LoggedDay| noted.dropping > Offset(0) && overlaps(noted.day);
        self.not_there(log, gone, |path| FileError::Missing { path })
    }

    /// Files that were written and are not there any more, of days that the log still has.
    pub(super) fn absent(&self, log: &SqliteLog) -> Result<Vec<FileError>, FileError> {
        self.not_there(log, LoggedDay::is_whole_on_log, |path| FileError::Absent { path })
    }

    /// What is to be said of the days of a kind whose files are not there.
    fn not_there(
        &self,
        log: &SqliteLog,
        kind: impl Fn(&LoggedDay) -> bool,
        said: impl Fn(PathBuf) -> FileError,
    ) -> Result<Vec<FileError>, FileError> {
        let paths = log.noted_days()?.into_iter().filter(kind).map(|noted| self.path(noted.day));
        Ok(paths.filter(|path| !path.exists()).map(said).collect())
    }

    /// Goes on without an archived day whose file is lost, or damaged, in which case it is put aside, also one of a day of which this
    /// log knows nothing; the decision is kept on the log for good. May be done beside the service, which takes it up with its next
    /// pass.
    ///
    /// # Errors
    /// When the day's readings are not lost, or the log cannot be written.
    pub fn accept_loss(&self, log: &SqliteLog, loss: &AcceptedLoss) -> Result<(), FileError> {
        let path = self.path(loss.day);
        let damage = path.exists().then(|| usable(&path));
        if matches!(damage, Some(Ok(()))) {
            return Err(FileError::form(&path, "is there, so nothing is lost"));
        }
        let noted = log.noted_days()?.into_iter().find(|noted| noted.day == loss.day);
        let is_missed = noted.map_or(damage.is_some(), |noted| noted.dropping > Offset(0));
        if !is_missed {
            return Err(FileError::form(&path, "is not missed: none of that day's readings have left the log"));
        }
        match damage {
            Some(Err(error)) if !error.is_damage() => return Err(error),
            Some(_) => drop(put_aside(&path)?),
            None => {}
        }
        log.note_loss(loss)?;
        Ok(())
    }

    /// Writes the readings that the log holds of a day (UTC) to its file, together with those that stand there already, so
    /// that a backlog that arrives after the day was closed joins it. The file is read back and compared before it takes its
    /// name.
    ///
    /// # Errors
    /// When the log or the file system refuses, what stood there is damaged, or what was read back differs; the file that
    /// stood there stays.
    pub fn write_day(
        &self,
        log: &SqliteLog,
        day: Timestamp,
        options: &ReadOptions,
        steps: Steps<'_>,
    ) -> Result<ArchivedDay, FileError> {
        self.make_folder().map_err(FileError::io("create", &self.dir))?;
        let from = Timestamp::from_millis(day.day() * DAY_MS);
        let through = log.head(Partition(0))?;
        let ((sorted, logged), path) = (self.collect(log, from, through, options, steps)?, self.path(from));
        let (mut readings, mut writer, mut written) = (sorted.finish()?, Writer::create(&path)?, Tally::default());
        while let Some(reading) = readings.next()? {
            written.count(&reading);
            writer.write(reading)?;
            if underway(steps, written.rows).is_break() {
                return Err(FileError::Stopped);
            }
        }
        // What was sorted in memory is not needed for the look at the file.
        drop(readings);
        let mut sum = String::new();
        writer.finish(|aside| {
            step(steps, Step::Written)?;
            verify(aside, (&path, from), written, steps)?;
            step(steps, Step::Verified)?;
            sum = sums::announce(&path, aside)?;
            step(steps, Step::Summed)
        })?;
        step(steps, Step::Named)?;
        sums::write(&path, &[sum])?;
        step(steps, Step::Settled)?;
        Ok(ArchivedDay { path, rows: written.rows, logged, through })
    }

    /// What the archive and the log hold of a day, and how many readings that are of the log.
    fn collect(
        &self,
        log: &SqliteLog,
        from: Timestamp,
        through: Offset,
        options: &ReadOptions,
        steps: Steps<'_>,
    ) -> Result<(ByMachine, u64), FileError> {
        let path = self.path(from);
        let before = path.exists().then(|| read_day(&path, from, options)).transpose()?;
        let known = before.iter().flat_map(|before| before.machines().to_vec());
        let (mut sorted, mut logged) = (ByMachine::new(log.machines()?.into_iter().chain(known), options), 0);
        for event in before.into_iter().flatten() {
            sorted.take(&event?)?;
        }
        // Hour by hour, because the log's write-ahead file grows for as long as one query looks at it.
        for hour in 0..DAY_MS / HOUR_MS {
            let mut failed = None;
            let hour = from + hour * HOUR_MS;
            log.span(hour, hour + HOUR_MS, through, |reading| {
                logged += 1;
                failed = sorted.take(&Event::Reading(reading)).err();
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            step(steps, Step::Collected)?;
        }
        Ok((sorted, logged))
    }

    /// Its own folder alone: a data directory that was moved away must not begin to exist again where it was, or whoever puts it
    /// back puts it into that one.
    fn make_folder(&self) -> std::io::Result<()> {
        match std::fs::create_dir(&self.dir) {
            Err(_) if self.dir.is_dir() => Ok(()),
            made => made,
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of a day, there or not.
    pub(crate) fn path(&self, day: Timestamp) -> PathBuf {
        let (year, month, day) = day.civil();
        self.dir.join(format!("{year:04}-{month:02}-{day:02}.parquet"))
    }
}

/// A day's file, every row of which can be read and is of that day.
pub(crate) fn read_day(path: &Path, day: Timestamp, options: &ReadOptions) -> Result<ReadingFiles, FileError> {
    let whole_day = ReadOptions {
        from: Some(day),
        to: Some(day + DAY_MS),
        not_after: None,
        now: None,
        machine: None,
        ..options.clone()
    };
    let paths = [path.to_owned()];
    let read = ReadingFiles::read(&paths, &ColumnMap::default(), &whole_day, &mut |_| ControlFlow::Continue(()))?;
    whole(path, read.report().refused.values().sum(), read.report().left_out)?;
    Ok(read)
}

fn verify(aside: &Path, (path, day): (&Path, Timestamp), written: Tally, steps: Steps<'_>) -> Result<(), FileError> {
    let mut found = Tally::default();
    each_reading(aside, day, |reading| {
        found.count(reading);
        underway(steps, found.rows)
    })?;
    if found == written {
        return Ok(());
    }
    let problem = format!("{} readings were written and {} read back, or they differ", written.rows, found.rows);
    Err(FileError::form(path, problem))
}
