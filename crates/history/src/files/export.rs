//! Readings out of the log and the archive, sorted by machine and time, into one file.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use foretell_model::{DAY_MS, Event, Log, MachineId, Partition, Reading, Timestamp};

use super::archive::Archive;
use super::column_map::ColumnMap;
use super::error::FileError;
use super::packed::{Distinct, pack, unpack};
use super::readings::{Progress, ReadOptions, ReadingFiles};
use super::sorter::{Merge, Sorter};
use super::sound::sound;
use super::sums;
use super::writers::Writer;
use crate::{SqliteLog, Stretch};

/// Which readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One machine; all when none.
    pub machine: Option<MachineId>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to before this instant.
    pub to: Option<Timestamp>,
}

/// What an export wrote.
#[derive(Debug)]
pub struct Exported {
    /// Readings in the file.
    pub readings: u64,
    /// Readings that the file's form cannot hold: line protocol knows no year before 1678 or after 2261.
    pub left_out: u64,
    /// Files of the archive that are damaged or missing and whose days the log no longer has: their readings are lacking.
    pub damaged: Vec<FileError>,
    /// Entries of a damaged log that are lacking; see [`rescue`](super::rescue).
    pub lost: Vec<Stretch>,
    /// Entries of a damaged log of which there is no trace: they have left it for the archive, or are lost as well.
    pub untraced: u64,
}

/// Writes the selected readings of the log and the archive to `path`, as its ending says: `.csv`, `.parquet`, or `.lp` for
/// InfluxDB's line protocol. Sorted by machine and time; what stands in both is written once. A damaged or missing file of the
/// archive costs its own day only.
///
/// The file takes its name when it is whole; a Parquet file has its checksum beside it, by which whoever reads it here knows
/// whether it still is. `options` bounds the memory and says where the rest is sorted.
///
/// # Errors
/// When the log, the archive or the file refuses, or `progress` breaks.
pub fn export(
    log: &SqliteLog,
    archive: &Archive,
    selection: &Selection,
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Exported, FileError> {
    // Before anything is read, so that a wrong ending costs no time.
    let writer = Writer::create(path)?;
    let ((from, to), read) = (selection.span(), selection.of(options));
    let needed = archive.needed(log, from, to)?;
    let (archived, unusable) = sound(needed.clone());
    let mut damaged = archive.missing(log, from, to)?;
    damaged.extend(unusable.into_iter().map(|(_, error)| error));
    let archived = ReadingFiles::read(&archived, &ColumnMap::default(), &read, progress)?;
    let machines = log.machines()?.into_iter().chain(archived.machines().to_vec());
    let mut gathered = Gathering::new(machines, selection, options, progress);
    gathered.take_all(archived)?;
    match &selection.machine {
        Some(machine) => log.readings(machine, from, to, |reading| gathered.take(reading))?,
        // Day by day, because the log's write-ahead file grows for as long as one query looks at it.
        None => {
            let head = log.head(Partition(0))?;
            for day in log.days()? {
                log.span(day.max(from), (day + DAY_MS).min(to), head, |reading| gathered.take(reading))?;
            }
        }
    }
    gathered.check()?;
    // Days that left the log while it was read are in their files.
    let mut left = archive.needed(log, from, to)?;
    left.retain(|path| !needed.contains(path));
    let (left, unusable) = sound(left);
    damaged.extend(unusable.into_iter().map(|(_, error)| error));
    let left = ReadingFiles::read(&left, &ColumnMap::default(), &read, gathered.progress)?;
    gathered.take_all(left)?;
    let (readings, left_out) = gathered.write(writer, path, &mut |_| {})?;
    Ok(Exported { readings, left_out, damaged, lost: Vec::new(), untraced: 0 })
}

impl Selection {
    /// From when on and up to before when.
    pub(super) fn span(&self) -> (Timestamp, Timestamp) {
        (self.from.unwrap_or(Timestamp::MIN), self.to.unwrap_or(Timestamp::MAX + 1))
    }

    /// How files are read for it.
    pub(super) fn of(&self, options: &ReadOptions) -> ReadOptions {
        let (from, to) = self.span();
        ReadOptions { from: Some(from), to: Some(to), machine: self.machine.clone(), ..options.clone() }
    }
}

/// Readings on their way into a file.
pub(super) struct Gathering<'a> {
    sorted: ByMachine,
    selection: &'a Selection,
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    collected: u64,
    failed: Option<FileError>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(
        machines: impl Iterator<Item = MachineId>,
        selection: &'a Selection,
        options: &ReadOptions,
        progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Self {
        Self { sorted: ByMachine::new(machines, options), selection, progress, collected: 0, failed: None }
    }

    pub(super) fn take_all(&mut self, files: ReadingFiles) -> Result<(), FileError> {
        files.into_iter().try_for_each(|event| self.sorted.take_selected(event?, self.selection))
    }

    /// Takes one; what kept it from being taken is told by [`Gathering::check`].
    pub(super) fn take(&mut self, reading: Reading) -> ControlFlow<()> {
        self.collected += 1;
        let now = Progress { bytes: 0, bytes_total: 0, rows: self.collected };
        let taken = self.sorted.take_selected(Event::Reading(reading), self.selection);
        let stopped = self.collected.is_multiple_of(ROWS_BETWEEN) && (self.progress)(now).is_break();
        match taken {
            Ok(()) if !stopped => ControlFlow::Continue(()),
            stopped_or_failed => {
                self.failed = Some(stopped_or_failed.err().unwrap_or(FileError::Stopped));
                ControlFlow::Break(())
            }
        }
    }

    pub(super) fn check(&mut self) -> Result<(), FileError> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Writes them in order, each shown to `seen`; returns how many are in the file and how many it cannot hold.
    pub(super) fn write(
        self,
        mut writer: Writer,
        path: &Path,
        seen: &mut dyn FnMut(&Reading),
    ) -> Result<(u64, u64), FileError> {
        let (mut readings, mut written, mut left_out) = (self.sorted.finish()?, 0, 0);
        while let Some(reading) = readings.next()? {
            seen(&reading);
            let is_written = writer.write(reading)?;
            written += u64::from(is_written);
            left_out += u64::from(!is_written);
            let now = Progress { bytes: 0, bytes_total: 0, rows: written };
            if written % ROWS_BETWEEN == 0 && (self.progress)(now).is_break() {
                return Err(FileError::Stopped);
            }
        }
        finish(writer, path)?;
        Ok((written, left_out))
    }
}

/// Gives the file its name, and a Parquet file its checksum.
fn finish(writer: Writer, path: &Path) -> Result<(), FileError> {
    if !writer.is_parquet() {
        return writer.finish(|_| Ok(()));
    }
    let mut sum = None;
    let finished = writer.finish(|aside| {
        sum = Some(sums::announce(path, aside)?);
        Ok(())
    });
    match (finished, sum) {
        (Ok(()), Some(sum)) => sums::write(path, &[sum]),
        (finished, _) => {
            if !path.exists() {
                // Best effort: a checksum of nothing says nothing wrong.
                drop(std::fs::remove_file(sums::beside(path)));
            }
            finished
        }
    }
}

/// Rows between two looks at whether to stop.
const ROWS_BETWEEN: u64 = 50_000;

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events that are new on the log.
    pub kept: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Whether `progress` ended it before the stream did; what was appended stays.
    pub stopped: bool,
}

/// Copies a stream of events, of files for instance, to the log; what it holds already is counted, not kept again.
/// `progress` hears after each batch how many events were dealt with, and may end the work there.
///
/// # Errors
/// When the stream or the log refuses; what was appended before stays.
pub fn import(
    log: &dyn Log,
    events: impl Iterator<Item = Result<Event, FileError>>,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Imported, FileError> {
    const BATCH: usize = 5_000;
    let (mut imported, mut batch) = (Imported::default(), Vec::with_capacity(BATCH));
    let mut append = |batch: &mut Vec<Event>, imported: &mut Imported| -> Result<bool, FileError> {
        let appended = log.append(batch)?;
        imported.kept += appended.kept as u64;
        imported.duplicates += appended.duplicates as u64;
        batch.clear();
        imported.stopped = progress(imported.kept + imported.duplicates).is_break();
        Ok(imported.stopped)
    };
    for event in events {
        batch.push(event?);
        if batch.len() == BATCH && append(&mut batch, &mut imported)? {
            return Ok(imported);
        }
    }
    append(&mut batch, &mut imported)?;
    imported.stopped = false;
    Ok(imported)
}

/// Sorts readings by machine (by name) and time.
pub(crate) struct ByMachine {
    machines: Vec<MachineId>,
    ranks: HashMap<MachineId, i64>,
    sorter: Sorter,
}

impl ByMachine {
    /// For readings of these machines only.
    pub(crate) fn new(machines: impl Iterator<Item = MachineId>, options: &ReadOptions) -> Self {
        let mut machines: Vec<_> = machines.collect();
        machines.sort();
        machines.dedup();
        let ranks = machines.iter().enumerate().map(|(rank, machine)| (machine.clone(), rank as i64)).collect();
        Self { machines, ranks, sorter: Sorter::new(options.memory_bytes, options.temp_dir.clone()) }
    }

    fn take_selected(&mut self, event: Event, selection: &Selection) -> Result<(), FileError> {
        if selection.machine.as_ref().is_some_and(|machine| machine != event.machine()) {
            return Ok(());
        }
        self.take(&event)
    }

    pub(crate) fn take(&mut self, event: &Event) -> Result<(), FileError> {
        let Some(rank) = self.ranks.get(event.machine()) else { return Ok(()) };
        let here = Path::new("the temporary file");
        self.sorter.push((*rank, event.ts().millis()), |out| pack(event, out)).map_err(FileError::io("sort in", here))
    }

    pub(crate) fn finish(self) -> Result<Sorted, FileError> {
        let here = Path::new("the temporary file");
        let merge = self.sorter.finish().map_err(FileError::io("merge in", here))?;
        Ok(Sorted { machines: self.machines, merge, record: Vec::new(), distinct: Distinct::default() })
    }
}

/// Readings by machine and time, each once.
pub(crate) struct Sorted {
    machines: Vec<MachineId>,
    merge: Merge,
    record: Vec<u8>,
    distinct: Distinct,
}

impl Sorted {
    pub(crate) fn next(&mut self) -> Result<Option<Reading>, FileError> {
        let here = || FileError::io("merge in", Path::new("the temporary file"));
        while let Some(key) = self.merge.next(&mut self.record).map_err(here())? {
            if self.distinct.is_new(key, &self.record) {
                let machine = self.machines[key.0 as usize].clone();
                let event = unpack(machine, Timestamp::from_millis(key.1), &self.record).map_err(here())?;
                if let Event::Reading(reading) = event {
                    return Ok(Some(reading));
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
