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
use crate::SqliteLog;

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
    let mut writer = Writer::create(path)?;
    let from = selection.from.unwrap_or(Timestamp::MIN);
    let to = selection.to.unwrap_or(Timestamp::MAX + 1);
    let needed = archive.needed(log, from, to)?;
    let (archived, unusable) = sound(needed.clone());
    let mut damaged = archive.missing(log, from, to)?;
    damaged.extend(unusable.into_iter().map(|(_, error)| error));
    let machine = selection.machine.clone();
    let read = ReadOptions { from: Some(from), to: Some(to), machine, ..options.clone() };
    let archived = ReadingFiles::read(&archived, &ColumnMap::default(), &read, progress)?;
    let mut sorted = ByMachine::new(log.machines()?.into_iter().chain(archived.machines().to_vec()), options);
    for event in archived {
        sorted.take_selected(event?, selection)?;
    }
    let (mut failed, mut collected) = (None, 0);
    let mut take = |reading: Reading| {
        collected += 1;
        let now = Progress { bytes: 0, bytes_total: 0, rows: collected };
        let taken = sorted.take_selected(Event::Reading(reading), selection);
        let stopped = collected % ROWS_BETWEEN == 0 && progress(now).is_break();
        match taken {
            Ok(()) if !stopped => ControlFlow::Continue(()),
            stopped_or_failed => {
                failed = Some(stopped_or_failed.err().unwrap_or(FileError::Stopped));
                ControlFlow::Break(())
            }
        }
    };
    match &selection.machine {
        Some(machine) => log.readings(machine, from, to, &mut take)?,
        // Day by day, because the log's write-ahead file grows for as long as one query looks at it.
        None => {
            let head = log.head(Partition(0))?;
            for day in log.days()? {
                log.span(day.max(from), (day + DAY_MS).min(to), head, &mut take)?;
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    // Days that left the log while it was read are in their files.
    let mut left = archive.needed(log, from, to)?;
    left.retain(|path| !needed.contains(path));
    let (left, unusable) = sound(left);
    damaged.extend(unusable.into_iter().map(|(_, error)| error));
    for event in ReadingFiles::read(&left, &ColumnMap::default(), &read, progress)? {
        sorted.take_selected(event?, selection)?;
    }
    let (readings, left_out) = write(sorted.finish()?, &mut writer, progress)?;
    finish(writer, path)?;
    Ok(Exported { readings, left_out, damaged })
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

fn write(
    mut readings: Sorted,
    writer: &mut Writer,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(u64, u64), FileError> {
    let (mut written, mut left_out) = (0, 0);
    while let Some(reading) = readings.next()? {
        let is_written = writer.write(reading)?;
        written += u64::from(is_written);
        left_out += u64::from(!is_written);
        let now = Progress { bytes: 0, bytes_total: 0, rows: written };
        if written % ROWS_BETWEEN == 0 && progress(now).is_break() {
            return Err(FileError::Stopped);
        }
    }
    Ok((written, left_out))
}

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
