//! Parquet files, some row groups at a time.

use std::fs::File;
use std::path::Path;

use polars::io::parquet::metadata::FileMetadataRef;
use polars::io::parquet::read::ParallelStrategy;
use polars::prelude::*;

use super::cells::Cells;
use super::error::FileError;
use super::slice::{Chunk, Lines};
use super::small_ints::widened;

/// Row groups are joined up to so many rows, which is what we write: columns of this length stay in the caches.
const JOINED_ROWS: usize = 1 << 16;

/// Larger row groups are split, so that those of other tools do not fill the memory.
const SLICE_ROWS: usize = 1 << 18;

/// An open Parquet file.
pub(crate) struct ParquetFile {
    header: Vec<String>,
    metadata: FileMetadataRef,
    /// Row counts of the slices that are still to be read, last first.
    slices: Vec<usize>,
    rows_done: usize,
    rows: usize,
    bytes: u64,
}

/// Some rows of a Parquet file.
pub(crate) struct ParquetSlice {
    metadata: FileMetadataRef,
    first: usize,
    rows: usize,
}

impl ParquetFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let bytes = file.metadata().map_err(FileError::io("look at", path))?.len();
        let mut reader = ParquetReader::new(file);
        let schema = reader.schema().map_err(FileError::frame("read the schema of", path))?;
        let header = schema.iter_names().map(ToString::to_string).collect();
        let metadata = widened(reader.get_metadata().map_err(FileError::frame("read the schema of", path))?);
        let groups: Vec<usize> = metadata.row_groups.iter().map(|group| group.num_rows()).collect();
        let rows = groups.iter().sum();
        Ok(Self { header, metadata, slices: slices(&groups), rows_done: 0, rows, bytes })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// An estimate from the rows read.
    pub(crate) fn bytes_read(&self) -> u64 {
        (self.bytes as f64 * self.rows_done as f64 / self.rows.max(1) as f64) as u64
    }

    /// The next slice; `None` at the end.
    pub(crate) fn cut(&mut self) -> Option<ParquetSlice> {
        let rows = self.slices.pop()?;
        let first = self.rows_done;
        self.rows_done += rows;
        Some(ParquetSlice { metadata: self.metadata.clone(), first, rows })
    }
}

impl ParquetSlice {
    /// The columns at `places`.
    pub(crate) fn decode(self, path: &Path, places: &[usize]) -> Result<Chunk, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let mut reader = ParquetReader::new(file);
        reader.set_metadata(self.metadata);
        let schema = reader.schema().map_err(FileError::frame("read the schema of", path))?;
        // Slices are decoded side by side already; threads within one would only get in each other's way.
        let frame = reader
            .read_parallel(ParallelStrategy::None)
            .with_projection(Some(places.to_vec()))
            .with_slice(Some((self.first, self.rows)))
            .set_rechunk(true)
            .finish()
            .map_err(FileError::frame("read rows of", path))?;
        // Whatever order the reader gives them in, each column knows its name.
        let cells = |place: usize| {
            let name = schema.get_at_index(place).map_or("", |(name, _)| name.as_str());
            Ok((place, Cells::of(frame.column(name)?)?))
        };
        let columns = places.iter().map(|place| cells(*place)).collect::<PolarsResult<_>>();
        let columns = columns.map_err(FileError::frame("read columns of", path))?;
        Ok(Chunk { columns, lines: Lines::Run(self.first as u64 + 1, self.rows) })
    }
}

/// Joins small row groups and splits large ones; last first.
fn slices(groups: &[usize]) -> Vec<usize> {
    let mut slices: Vec<usize> = Vec::new();
    for group in groups {
        match slices.last_mut() {
            Some(last) if *last + group <= JOINED_ROWS => *last += group,
            _ => {
                slices.extend(std::iter::repeat_n(SLICE_ROWS, group / SLICE_ROWS));
                slices.extend(Some(group % SLICE_ROWS).filter(|rest| *rest > 0));
            }
        }
    }
    slices.reverse();
    slices
}
