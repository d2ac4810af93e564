//! Some rows of a file by columns, whatever file they came from.

use super::cells::Cells;
use super::error::Refused;

/// Lines that were refused before they had cells.
pub(crate) type Refusals = Vec<(u64, Refused)>;

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
