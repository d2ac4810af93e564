//! Readings out of the log and the archive, sorted by machine and time, into one file.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use foretell_model::{DAY_MS, Event, Log, MachineId, Partition, Reading, Timestamp};

use super::archive::{Archive, sound};
use super::column_map::ColumnMap;
use super::error::FileError;
use super::packed::{Distinct, pack, unpack};
use super::readings::{Progress, ReadOptions, ReadingFiles};
use super::sorter::{Merge, Sorter};
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
    /// Files of the archive that are damaged or missing; their days' readings are lacking unless the log has them still.
    pub damaged: Vec<FileError>,
}

/// Writes the selected readings of the log and the archive to `path`, as its ending says: `.csv`, `.parquet`, or `.lp` for
/// InfluxDB's line protocol. Sorted by machine and time; what stands in both is written once. A damaged or missing file of the
/// archive costs its own day only.
///
/// The file takes its name when it is whole. `options` bounds the memory and says where the rest is sorted.
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
    let (archived, mut damaged) = sound(archive.files(from, to)?, options);
    damaged.extend(archive.missing(log, from, to)?);
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
    let readings = write(sorted.finish()?, &mut writer, progress)?;
    writer.finish(|_| Ok(()))?;
    Ok(Exported { readings, damaged })
}

/// Rows between two looks at whether to stop.
const ROWS_BETWEEN: u64 = 50_000;

fn write(
    mut readings: Sorted,
    writer: &mut Writer,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<u64, FileError> {
    let mut written = 0;
    while let Some(reading) = readings.next()? {
        writer.write(reading)?;
        written += 1;
        let now = Progress { bytes: 0, bytes_total: 0, rows: written };
        if written % ROWS_BETWEEN == 0 && progress(now).is_break() {
            return Err(FileError::Stopped);
        }
    }
    Ok(written)
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
