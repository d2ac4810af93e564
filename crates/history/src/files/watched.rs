//! Watched columns as rows: what the engine's signals have no place for, in order of time, beside the events.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use foretell_model::{MachineId, Timestamp};

use super::cells::Cells;
use super::error::FileError;
use super::sorter::{Merge, Sorter};
use super::span::Span;
use super::units::Linear;

/// Which columns are kept as rows beside the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// None: `[watch]` of a map counts for nothing, and costs nothing.
    Nothing,
    /// Those of the map's `[watch]` that are scored.
    Free,
    /// Those, and every column that a signal of the contract comes from, under the signal's name. Their values are as
    /// the file has them after the map's conversion, possible or not.
    Everything,
    /// Everything, and what only relations read.
    Related,
}

/// A column of one file.
struct WatchedColumn {
    name: String,
    place: usize,
    linear: Linear,
    /// Nobody named it: it is watched only if it holds numbers.
    undecided: bool,
}

/// The watched columns of one file, in the file's order.
#[derive(Default)]
pub(crate) struct WatchedColumns {
    columns: Vec<WatchedColumn>,
}

/// The watched columns of a slice of a file.
#[derive(Default)]
pub(crate) struct WatchedSlice {
    /// Values by column, NaN where there is none, and the rows whose cell is something other than a number.
    columns: Vec<(Vec<f64>, Vec<usize>)>,
    /// Row, machine and time of every row whose origin is known, in order.
    pub(crate) origins: Vec<(usize, MachineId, Timestamp)>,
}

impl WatchedSlice {
    /// Adds the next column.
    pub(crate) fn add(&mut self, cells: &Cells, rows: usize) {
        let mut bad = Vec::new();
        let values = cells.numbers(rows, |row, _| bad.push(row));
        self.columns.push((values, bad));
    }
}

impl WatchedColumns {
    pub(crate) fn add(&mut self, name: &str, place: usize, linear: Linear) {
        self.columns.push(WatchedColumn { name: name.to_owned(), place, linear, undecided: false });
    }

    pub(crate) fn add_if_numeric(&mut self, name: &str, place: usize) {
        self.columns.push(WatchedColumn { name: name.to_owned(), place, linear: Linear::SAME, undecided: true });
    }

    pub(crate) fn sort(&mut self) {
        self.columns.sort_by_key(|column| column.place);
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|column| column.place)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Leaves out columns that hold something, but no number, in the file's first rows.
    fn decide(&self, slice: &WatchedSlice) -> Vec<usize> {
        let is_watched = |(column, (values, bad)): (&WatchedColumn, &(Vec<f64>, Vec<usize>))| {
            !column.undecided || bad.is_empty() || values.iter().any(|value| !value.is_nan())
        };
        let found = self.columns.iter().zip(&slice.columns).enumerate();
        found.filter(|(_, found)| is_watched(*found)).map(|(place, _)| place).collect()
    }
}

/// Takes watched rows in.
pub(crate) struct WatchedIntake {
    sorter: Sorter,
    span: Span,
    signals: Vec<String>,
    layouts: Vec<Vec<usize>>,
    /// The file that is being taken in, and which of its columns are watched.
    file: Option<(PathBuf, Vec<usize>)>,
    machines: Vec<MachineId>,
    /// Which layouts a machine has had.
    seen: Vec<Vec<u32>>,
    numbers: HashMap<MachineId, i64>,
    rows: u64,
    not_numbers: u64,
}

impl WatchedIntake {
    pub(crate) fn new(memory_bytes: usize, temp_dir: PathBuf, span: Span) -> Self {
        Self {
            sorter: Sorter::new(memory_bytes, temp_dir),
            span,
            signals: Vec::new(),
            layouts: Vec::new(),
            file: None,
            machines: Vec::new(),
            seen: Vec::new(),
            numbers: HashMap::new(),
            rows: 0,
            not_numbers: 0,
        }
    }

    /// Takes the slices of a file, in order.
    pub(crate) fn take(&mut self, slice: WatchedSlice, columns: &WatchedColumns, path: &Path) -> io::Result<()> {
        let watched = self.begin(&slice, columns, path);
        let layout = self.layouts.len() as u32 - 1;
        let span = self.span;
        for (row, machine, ts) in slice.origins.iter().filter(|(.., ts)| span.contains(*ts)) {
            let number = match self.numbers.get(machine) {
                Some(number) => *number,
                None => {
                    self.machines.push(machine.clone());
                    self.seen.push(Vec::new());
                    *self.numbers.entry(machine.clone()).or_insert(self.machines.len() as i64 - 1)
                }
            };
            let seen = &mut self.seen[number as usize];
            if seen.last() != Some(&layout) && !seen.contains(&layout) {
                seen.push(layout);
            }
            let (place, not_numbers) = (self.rows, &mut self.not_numbers);
            self.rows += 1;
            self.sorter.push((ts.millis(), number), |out| {
                out.extend_from_slice(&place.to_le_bytes());
                out.extend_from_slice(&layout.to_le_bytes());
                for column in &watched {
                    let (values, bad) = &slice.columns[*column];
                    *not_numbers += u64::from(bad.binary_search(row).is_ok());
                    let value = columns.columns[*column].linear.apply(values[*row]);
                    out.extend_from_slice(&value.to_le_bytes());
                }
            })?;
        }
        Ok(())
    }

    /// Which columns of a file are watched; its first slice decides.
    fn begin(&mut self, slice: &WatchedSlice, columns: &WatchedColumns, path: &Path) -> Vec<usize> {
        if let Some((_, watched)) = self.file.as_ref().filter(|(open, _)| open == path) {
            return watched.clone();
        }
        let watched = columns.decide(slice);
        let mut layout = Vec::with_capacity(watched.len());
        for name in watched.iter().map(|column| &columns.columns[*column].name) {
            let known = self.signals.iter().position(|known| known == name);
            layout.push(known.unwrap_or_else(|| {
                self.signals.push(name.clone());
                self.signals.len() - 1
            }));
        }
        self.layouts.push(layout);
        self.file = Some((path.to_owned(), watched.clone()));
        watched
    }

    pub(crate) fn finish(self) -> io::Result<WatchedRows> {
        let Self { sorter, signals, layouts, machines, seen, rows, not_numbers, .. } = self;
        let (merge, record, values) = (sorter.finish()?, Vec::new(), Vec::new());
        Ok(WatchedRows { merge, signals, layouts, machines, seen, rows, not_numbers, record, values })
    }
}

/// One row of watched columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchedRow<'a> {
    /// The row's place in the input, over all files, from 0.
    pub number: u64,
    /// Whose it is, as a place in [`WatchedRows::machines`].
    pub machine: usize,
    /// Event time.
    pub ts: Timestamp,
    /// Which signals the row has a column for, as places in [`WatchedRows::signals`], in the order of its file's columns.
    pub signals: &'a [usize],
    /// Their values, one for each of `signals`; NaN where missing, and never infinite.
    pub values: &'a [f64],
}

/// Watched columns row by row in order of time; at one instant in the order of machines as they first appeared, then of the
/// input. Rows that repeat another are among them. Memory stays within [`super::ReadOptions::memory_bytes`].
pub struct WatchedRows {
    merge: Merge,
    signals: Vec<String>,
    layouts: Vec<Vec<usize>>,
    machines: Vec<MachineId>,
    seen: Vec<Vec<u32>>,
    rows: u64,
    not_numbers: u64,
    record: Vec<u8>,
    values: Vec<f64>,
}

impl WatchedRows {
    /// Names of all signals, in the order in which they first appeared.
    #[must_use]
    pub fn signals(&self) -> &[String] {
        &self.signals
    }

    /// All machines, in the order in which they first appeared.
    #[must_use]
    pub fn machines(&self) -> &[MachineId] {
        &self.machines
    }

    /// The signals that a machine has a column for in any of its rows, as places in [`Self::signals`], in rising order.
    #[must_use]
    pub fn signals_of(&self, machine: usize) -> Vec<usize> {
        let layouts = self.seen.get(machine).into_iter().flatten();
        let mut signals: Vec<usize> = layouts.flat_map(|layout| &self.layouts[*layout as usize]).copied().collect();
        signals.sort_unstable();
        signals.dedup();
        signals
    }

    /// How many rows there are in all.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Watched cells that held something other than a number, and count as missing.
    #[must_use]
    pub const fn not_numbers(&self) -> u64 {
        self.not_numbers
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn next_row(&mut self) -> Result<Option<WatchedRow<'_>>, FileError> {
        let here = || FileError::io("merge in", Path::new("the temporary file"));
        let Some((ts, machine)) = self.merge.next(&mut self.record).map_err(here())? else { return Ok(None) };
        let torn = || here()(io::Error::new(io::ErrorKind::InvalidData, "a sorted record is damaged"));
        let (number, rest) = self.record.split_first_chunk().ok_or_else(torn)?;
        let (layout, values) = rest.split_first_chunk().ok_or_else(torn)?;
        let signals = self.layouts.get(u32::from_le_bytes(*layout) as usize).ok_or_else(torn)?;
        self.values.clear();
        self.values.extend(values.as_chunks().0.iter().map(|bytes| finite(f64::from_le_bytes(*bytes))));
        Ok(Some(WatchedRow {
            number: u64::from_le_bytes(*number),
            machine: machine as usize,
            ts: Timestamp::from_millis(ts),
            signals,
            values: &self.values,
        }))
    }
}

const fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

#[cfg(test)]
#[path = "watched_tests.rs"]
mod tests;
