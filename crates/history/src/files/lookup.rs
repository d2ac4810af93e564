//! One machine's readings of a span, wherever they are: on the log, or in files of days that were dropped from it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::path::PathBuf;

use foretell_model::{Event, MachineId, Reading, Timestamp};

use super::archive::Archive;
use super::column_map::ColumnMap;
use super::error::FileError;
use super::naming::day_of;
use super::packed::pack;
use super::readings::{ReadOptions, ReadingFiles};
use super::sound::sound;
use crate::SqliteLog;

/// Memory for a machine's days that are read from files, bytes.
const MEMORY_BYTES: usize = 32 << 20;

impl Archive {
    /// A machine's readings with `from <= ts < to`, in order of time, at most `max` of them, the newest when there are more.
    /// A damaged file costs its own day only; it is said in the log.
    ///
    /// # Errors
    /// When the log or the archive cannot be read.
    pub fn readings(
        &self,
        log: &SqliteLog,
        machine: &MachineId,
        (from, to): (Timestamp, Timestamp),
        max: usize,
    ) -> Result<Vec<Reading>, FileError> {
        let mut newest = VecDeque::with_capacity(max.min(1_024));
        log.readings(machine, from, to, |reading| {
            if newest.len() == max {
                newest.pop_front();
            }
            newest.push_back(reading);
            ControlFlow::Continue(())
        })?;
        let options = ReadOptions {
            from: Some(from),
            to: Some(to),
            machine: Some(machine.clone()),
            memory_bytes: MEMORY_BYTES,
            threads: 1,
            ..ReadOptions::default()
        };
        let archived = sound(self.needed(log, from, to)?).0;
        if archived.is_empty() {
            return Ok(newest.into());
        }
        let files = ReadingFiles::read(&archived, &ColumnMap::default(), &options, &mut |_| ControlFlow::Continue(()))?;
        // A redelivered reading may stand in both; its content decides, not its arrival.
        let mut all = BTreeMap::new();
        for event in files.chain(newest.into_iter().map(|reading| Ok(Event::Reading(reading)))) {
            if let Event::Reading(reading) = event?
                && reading.machine == *machine
            {
                all.entry((reading.ts, content(&reading))).or_insert(reading);
            }
        }
        let skipped = all.len().saturating_sub(max);
        Ok(all.into_values().skip(skipped).collect())
    }

    /// Whether any file of which the log does not have the whole day tells of a machine: ask the log first. A damaged file knows
    /// nobody.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn knows(&self, log: &SqliteLog, machine: &MachineId, options: &ReadOptions) -> Result<bool, FileError> {
        let options = ReadOptions { machine: Some(machine.clone()), ..options.clone() };
        for path in sound(self.needed(log, Timestamp::MIN, Timestamp::MAX)?).0 {
            let go_on = &mut |_| ControlFlow::Continue(());
            let files = ReadingFiles::read(&[path], &ColumnMap::default(), &options, go_on)?;
            if files.machines().contains(machine) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Files of days for which the log no longer answers alone.
    pub(crate) fn needed(&self, log: &SqliteLog, from: Timestamp, to: Timestamp) -> Result<Vec<PathBuf>, FileError> {
        let noted = log.noted_days()?;
        let is_whole = |path: &PathBuf| {
            let day = day_of(path);
            noted.iter().any(|noted| Some(noted.day) == day && noted.is_whole_on_log())
        };
        let mut files = self.files(from, to)?;
        files.retain(|path| !is_whole(path));
        Ok(files)
    }
}

/// What makes two readings of one instant the same.
fn content(reading: &Reading) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(&Event::Reading(Reading { arrived: reading.ts, ..reading.clone() }), &mut bytes);
    bytes
}
