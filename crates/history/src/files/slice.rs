//! A slice of a file on its way to be decoded, and the columns that it becomes.

use std::path::Path;

use super::cells::Cells;
use super::csv::CsvSlice;
use super::error::{FileError, Refused};
use super::lines::LineSlice;
use super::parquet::ParquetSlice;

/// Lines that were refused before they had cells.
pub(crate) type Refusals = Vec<(u64, Refused)>;

/// Some rows of a file, still as the file has them.
pub(crate) enum Slice {
    Csv(CsvSlice),
    Lines(LineSlice),
    Parquet(ParquetSlice),
}

/// Some rows of a file by columns.
pub(crate) struct Chunk {
    /// The wanted columns, each with its place in the file.
    pub(crate) columns: Vec<(usize, Cells)>,
    /// Line (CSV) or row (Parquet) of each row, from 1.
    pub(crate) lines: Lines,
}

/// Where rows stand in their file.
pub(crate) enum Lines {
    /// So many, one after the other from this one.
    Run(u64, usize),
    /// Each by itself.
    Each(Vec<u64>),
}

impl Lines {
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Run(_, rows) => *rows,
            Self::Each(lines) => lines.len(),
        }
    }

    pub(crate) fn of(&self, row: usize) -> u64 {
        match self {
            Self::Run(first, _) => first + row as u64,
            Self::Each(lines) => lines.get(row).copied().unwrap_or_default(),
        }
    }
}

impl Chunk {
    /// The column at a place of the file.
    pub(crate) fn column(&self, place: usize) -> Option<&Cells> {
        self.columns.iter().find(|(at, _)| *at == place).map(|(_, cells)| cells)
    }
}

impl Slice {
    /// Decodes the columns at `places`.
    pub(crate) fn decode(self, path: &Path, places: &[usize], refusals: &mut Refusals) -> Result<Chunk, FileError> {
        match self {
            Self::Csv(slice) => slice.decode(path, places, refusals),
            Self::Lines(slice) => slice.decode(path, places, refusals),
            Self::Parquet(slice) => slice.decode(path, places),
        }
    }
}
