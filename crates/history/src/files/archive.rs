//! Closed days as Parquet files that any tool can read: `YYYY-MM-DD.parquet`, sorted by machine and time, with a checksum
//! beside each.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_model::{DAY_MS, Event, HOUR_MS, Log, Offset, Partition, Reading, Timestamp};

use super::column_map::ColumnMap;
use super::error::FileError;
use super::export::ByMachine;
use super::packed::pack;
use super::readings::{ReadOptions, ReadingFiles};
use super::sums;
use super::writers::Writer;
use crate::codec;
use crate::{AcceptedLoss, SqliteLog};

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
    /// Place on the log up to which it holds the day's readings; what stands beyond must not be dropped yet.
    pub through: Offset,
}

/// How far the work on a day has come. Whatever ends the process between two steps, the next pass goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The day's readings are being collected; told about once an hour of readings.
    Collected,
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

/// Tells of a step.
pub(crate) fn step(steps: Steps<'_>, step: Step) -> Result<(), FileError> {
    if steps(step).is_break() { Err(FileError::Stopped) } else { Ok(()) }
}

impl Archive {
    /// The archive in `archive/` of a data directory.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("archive") }
    }

    /// Files of the days that overlap `from <= ts < to`, oldest first; none when nothing was archived yet.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn files(&self, from: Timestamp, to: Timestamp) -> Result<Vec<PathBuf>, FileError> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.and_then(Iterator::collect::<std::io::Result<Vec<_>>>),
        };
        let entries = entries.map_err(FileError::io("list", &self.dir))?;
        let mut files: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
        files.retain(|path| day_of(path).is_some_and(|day| day < to && day + DAY_MS > from));
        files.sort();
        Ok(files)
    }

    /// Files that should be there and are not: of days that have left the log, or are leaving it, and overlap `from <= ts < to`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn missing(&self, log: &SqliteLog, from: Timestamp, to: Timestamp) -> Result<Vec<FileError>, FileError> {
        let overlaps = |day: Timestamp| day < to && day + DAY_MS > from;
        let gone = log.noted_days()?.into_iter().filter(|noted| noted.dropping > Offset(0) && overlaps(noted.day));
        let paths = gone.map(|noted| self.path(noted.day)).filter(|path| !path.exists());
        Ok(paths.map(|path| FileError::Missing { path }).collect())
    }

    /// Files that cannot be used, or should be there and are not, each with what to do. Every file is read through.
    ///
    /// # Errors
    /// When the folder or the log cannot be read.
    pub fn check(&self, log: &SqliteLog, options: &ReadOptions) -> Result<Vec<FileError>, FileError> {
        let mut faults = sound(self.files(Timestamp::MIN, Timestamp::MAX)?, options).1;
        faults.extend(self.missing(log, Timestamp::MIN, Timestamp::MAX)?);
        Ok(faults)
    }

    /// Goes on without an archived day whose file is lost; the decision is kept on the log for good. May be done beside the
    /// service, which takes it up with its next pass.
    ///
    /// # Errors
    /// When the day's readings are not lost, or the log cannot be written.
    pub fn accept_loss(&self, log: &SqliteLog, loss: &AcceptedLoss) -> Result<(), FileError> {
        let path = self.path(loss.day);
        if path.exists() {
            return Err(FileError::form(
                &path,
                "is there, so nothing is lost; move it away first if it cannot be used",
            ));
        }
        if !log.noted_days()?.iter().any(|noted| noted.day == loss.day && noted.dropping > Offset(0)) {
            return Err(FileError::form(&path, "is not missed: none of that day's readings have left the log"));
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
        std::fs::create_dir_all(&self.dir).map_err(FileError::io("create", &self.dir))?;
        let from = Timestamp::from_millis(day.day() * DAY_MS);
        let through = log.head(Partition(0))?;
        let (mut readings, path) = (self.collect(log, from, through, options, steps)?.finish()?, self.path(from));
        let (mut writer, mut written) = (Writer::create(&path)?, Tally::default());
        while let Some(reading) = readings.next()? {
            written.count(&reading);
            writer.write(reading)?;
        }
        let mut sum = String::new();
        writer.finish(|aside| {
            step(steps, Step::Written)?;
            verify(aside, (&path, from), written, options)?;
            step(steps, Step::Verified)?;
            sum = sums::sum_of(aside).map_err(FileError::io("read", aside))?;
            let mut good = sums::of_what_stands(&path)?;
            good.push(sum.clone());
            sums::write(&path, &good)?;
            step(steps, Step::Summed)
        })?;
        step(steps, Step::Named)?;
        sums::write(&path, &[sum])?;
        step(steps, Step::Settled)?;
        Ok(ArchivedDay { path, rows: written.rows, through })
    }

    /// What the archive and the log hold of a day.
    fn collect(
        &self,
        log: &SqliteLog,
        from: Timestamp,
        through: Offset,
        options: &ReadOptions,
        steps: Steps<'_>,
    ) -> Result<ByMachine, FileError> {
        let path = self.path(from);
        let before = path.exists().then(|| read_day(&path, from, options)).transpose()?;
        let known = before.iter().flat_map(|before| before.machines().to_vec());
        let mut sorted = ByMachine::new(log.machines()?.into_iter().chain(known), options);
        for event in before.into_iter().flatten() {
            sorted.take(&event?)?;
        }
        // Hour by hour, because the log's write-ahead file grows for as long as one query looks at it.
        for hour in 0..DAY_MS / HOUR_MS {
            let mut failed = None;
            let hour = from + hour * HOUR_MS;
            log.span(hour, hour + HOUR_MS, through, |reading| match sorted.take(&Event::Reading(reading)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            step(steps, Step::Collected)?;
        }
        Ok(sorted)
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

/// Files that can be used, and why the others cannot.
pub(crate) fn sound(files: Vec<PathBuf>, options: &ReadOptions) -> (Vec<PathBuf>, Vec<FileError>) {
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for path in files {
        match usable(&path, options) {
            Ok(()) => sound.push(path),
            Err(error) => damaged.push(complained(error)),
        }
    }
    (sound, damaged)
}

/// Says in the log, and counts, that a file cannot be used.
pub(crate) fn complained(error: FileError) -> FileError {
    metrics::counter!("foretell_archive_damaged_files_total").increment(1);
    tracing::error!(error = &error as &dyn std::error::Error, "A file of the archive cannot be used.");
    error
}

/// A file is what its checksum says; one without is read through.
fn usable(path: &Path, options: &ReadOptions) -> Result<(), FileError> {
    if sums::check(path)? == sums::Checked::Whole {
        return Ok(());
    }
    let day = day_of(path).ok_or_else(|| FileError::form(path, "is named after no day"))?;
    read_day(path, day, options)?;
    sums::trust(path);
    Ok(())
}

/// The day whose file this is.
pub(crate) fn day_of(path: &Path) -> Option<Timestamp> {
    let day = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
    Timestamp::parse(&format!("{day}T00:00:00Z")).ok()
}

/// A day's file, every row of which can be read and is of that day.
pub(crate) fn read_day(path: &Path, day: Timestamp, options: &ReadOptions) -> Result<ReadingFiles, FileError> {
    let whole_day =
        ReadOptions { from: Some(day), to: Some(day + DAY_MS), not_after: None, machine: None, ..options.clone() };
    let paths = [path.to_owned()];
    let read = ReadingFiles::read(&paths, &ColumnMap::default(), &whole_day, &mut |_| ControlFlow::Continue(()))?;
    let of_others = read.report().left_out;
    let unreadable: u64 = read.report().refused.values().sum();
    if of_others + unreadable == 0 {
        return Ok(read);
    }
    let problem = format!(
        "is damaged, or another file: {unreadable} rows cannot be read and {of_others} are of other days. Restore it from a \
         backup, or move it away to go on without its readings"
    );
    Err(FileError::form(path, problem))
}

fn verify(
    aside: &Path,
    (path, day): (&Path, Timestamp),
    written: Tally,
    options: &ReadOptions,
) -> Result<(), FileError> {
    let mut found = Tally::default();
    for event in read_day(aside, day, options)? {
        if let Event::Reading(reading) = event? {
            found.count(&reading);
        }
    }
    if found == written {
        return Ok(());
    }
    let problem = format!("{} readings were written and {} read back, or they differ", written.rows, found.rows);
    Err(FileError::form(path, problem))
}

/// Readings counted and summed up, in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    rows: u64,
    sum: u64,
}

impl Tally {
    fn count(&mut self, reading: &Reading) {
        let mut bytes = reading.machine.as_str().as_bytes().to_vec();
        bytes.extend_from_slice(&reading.ts.millis().to_le_bytes());
        pack(&Event::Reading(reading.clone()), &mut bytes);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u64::from(codec::digest(0, &bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}
