//! Parquet files, some row groups at a time.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::error::{FileError, ReadReport};
use super::frame::Chunk;

/// Rows read at once; a whole row group where those are not larger.
const SLICE_ROWS: usize = 1 << 18;

/// An open Parquet file.
pub(crate) struct ParquetFile {
    path: PathBuf,
    header: Vec<String>,
    /// Row counts of the slices that are still to be read, last first.
    slices: Vec<usize>,
    rows_done: usize,
    rows: usize,
    bytes: u64,
}

impl ParquetFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let bytes = file.metadata().map_err(FileError::io("look at", path))?.len();
        let mut reader = ParquetReader::new(file);
        let schema = reader.schema().map_err(FileError::frame("read the schema of", path))?;
        let header = schema.iter_names().map(ToString::to_string).collect();
        let metadata = reader.get_metadata().map_err(FileError::frame("read the schema of", path))?;
        let groups: Vec<usize> = metadata.row_groups.iter().map(|group| group.num_rows()).collect();
        let rows = groups.iter().sum();
        Ok(Self { path: path.to_owned(), header, slices: slices(&groups), rows_done: 0, rows, bytes })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// An estimate from the rows read.
    pub(crate) fn bytes_read(&self) -> u64 {
        (self.bytes as f64 * self.rows_done as f64 / self.rows.max(1) as f64) as u64
    }

    /// The next slice with only the columns at `places`, named by their place; `None` at the end.
    pub(crate) fn next(&mut self, places: &[usize], report: &mut ReadReport) -> Result<Option<Chunk>, FileError> {
        let Some(rows) = self.slices.pop() else { return Ok(None) };
        let file = File::open(&self.path).map_err(FileError::io("open", &self.path))?;
        let mut frame = ParquetReader::new(file)
            .with_projection(Some(places.to_vec()))
            .with_slice(Some((self.rows_done, rows)))
            .set_rechunk(true)
            .finish()
            .map_err(FileError::frame("read rows of", &self.path))?;
        // Whatever order the reader gives them in, each column knows its name.
        let named = places.iter().map(|place| {
            frame.column(&self.header[*place]).cloned().map(|mut column| {
                column.rename(place.to_string().into());
                column
            })
        });
        let columns = named.collect::<PolarsResult<_>>().map_err(FileError::frame("read columns of", &self.path))?;
        frame = DataFrame::new(rows, columns).map_err(FileError::frame("read columns of", &self.path))?;
        let first = self.rows_done as u64 + 1;
        self.rows_done += rows;
        report.rows += rows as u64;
        Ok(Some(Chunk { frame, lines: (first..first + rows as u64).collect() }))
    }
}

/// Joins small row groups and splits large ones; last first.
fn slices(groups: &[usize]) -> Vec<usize> {
    let mut slices: Vec<usize> = Vec::new();
    for group in groups {
        match slices.last_mut() {
            Some(last) if *last + group <= SLICE_ROWS => *last += group,
            _ => {
                slices.extend(std::iter::repeat_n(SLICE_ROWS, group / SLICE_ROWS));
                slices.extend(Some(group % SLICE_ROWS).filter(|rest| *rest > 0));
            }
        }
    }
    slices.reverse();
    slices
}
