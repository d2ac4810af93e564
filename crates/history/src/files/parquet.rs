//! Parquet files, some row groups at a time.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;

use foretell_model::{DAY_MS, MachineId, widened as as_written};
use polars::io::parquet::metadata::FileMetadataRef;
use polars::io::parquet::read::ParallelStrategy;
use polars::prelude::*;
use polars_parquet::parquet::metadata::RowGroupMetadata;
use polars_parquet::parquet::statistics::Statistics;

use super::cells::{Cells, NO_TIME, Stretches};
use super::chunk::{Chunk, Lines};
use super::error::{FileError, remedy};
use super::footer;
use super::small_ints::widened;
use super::sums;

/// Row groups are joined up to so many rows, which is what we write: columns of this length stay in the caches.
const JOINED_ROWS: usize = 1 << 16;

/// Larger row groups are split, so that those of other tools do not fill the memory.
const SLICE_ROWS: usize = 1 << 18;

/// An open Parquet file.
pub(crate) struct ParquetFile {
    file: Arc<File>,
    header: Vec<String>,
    metadata: FileMetadataRef,
    /// First row and row count of the stretches that are still to be read, last first.
    stretches: Vec<(usize, usize)>,
    rows_done: usize,
    rows: usize,
    bytes: u64,
}

/// Some rows of a Parquet file.
pub(crate) struct ParquetSlice {
    file: Arc<File>,
    metadata: FileMetadataRef,
    first: usize,
    rows: usize,
}

impl ParquetFile {
    /// Opens a file that is what its checksum says, where it has one. With `only` row groups are passed over that hold nothing of
    /// that machine.
    pub(crate) fn open(path: &Path, only: Option<&MachineId>) -> Result<Self, FileError> {
        sums::check(path)?;
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let bytes = file.metadata().map_err(FileError::io("look at", path))?.len();
        if !footer::holds_what_it_announces(&file, bytes).map_err(FileError::io("read the schema of", path))? {
            let problem = format!("is damaged: its footer announces more than it holds. {}", remedy(path));
            return Err(FileError::form(path, problem));
        }
        let mut reader = ParquetReader::new(again(&file).map_err(FileError::io("open", path))?);
        let schema = reader.schema().map_err(FileError::frame("read the schema of", path))?;
        let header = schema.iter_names().map(ToString::to_string).collect();
        let metadata = widened(reader.get_metadata().map_err(FileError::frame("read the schema of", path))?);
        let wanted = |group: &RowGroupMetadata| {
            only.is_none_or(|only| {
                may_hold(&metadata, group, "site", only.site()) && may_hold(&metadata, group, "machine", only.machine())
            })
        };
        let groups: Vec<_> = metadata.row_groups.iter().map(|group| (group.num_rows(), wanted(group))).collect();
        let stretches = stretches(&groups);
        let rows = stretches.iter().fold(0, |sum: usize, (_, rows)| sum.saturating_add(*rows));
        Ok(Self { file: Arc::new(file), header, metadata, stretches, rows_done: 0, rows, bytes })
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
        let (first, rows) = next_slice(&mut self.stretches)?;
        self.rows_done = self.rows_done.saturating_add(rows);
        Some(ParquetSlice { file: Arc::clone(&self.file), metadata: self.metadata.clone(), first, rows })
    }
}

impl ParquetSlice {
    /// The columns at `places`.
    pub(crate) fn decode(self, path: &Path, places: &[usize]) -> Result<Chunk, FileError> {
        let mut reader = ParquetReader::new(again(&self.file).map_err(FileError::io("open", path))?);
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
        let cells_at = |place: usize| {
            let name = schema.get_at_index(place).map_or("", |(name, _)| name.as_str());
            Ok((place, cells(frame.column(name)?)?))
        };
        let columns = places.iter().map(|place| cells_at(*place)).collect::<PolarsResult<_>>();
        let columns = columns.map_err(FileError::frame("read columns of", path))?;
        Ok(Chunk { columns, lines: Lines::Run(self.first as u64 + 1, self.rows) })
    }
}

/// An open file with a position of its own. Another one may stand under its name by now, for an archived day is written anew when
/// something of it comes late.
fn again(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// A frame's column as cells.
fn cells(column: &Column) -> PolarsResult<Cells> {
    Ok(match column.dtype() {
        DataType::String => texts(column.str()?),
        DataType::Categorical(..) | DataType::Enum(..) => texts(column.cast(&DataType::String)?.str()?),
        DataType::Datetime(_, zone) => {
            let (utc, zone) = (zone.is_some(), zone.clone());
            let millis = column.cast(&DataType::Datetime(TimeUnit::Milliseconds, zone))?.cast(&DataType::Int64)?;
            Cells::Time { millis: times(millis.i64()?), utc }
        }
        DataType::Date => {
            let days = column.cast(&DataType::Int64)?;
            Cells::Time { millis: times(&days.i64()?.apply_values(|day| day.saturating_mul(DAY_MS))), utc: false }
        }
        // As they were written: 83.2 in single precision is not 83.19999694824219.
        DataType::Float32 => {
            let wide = column.cast(&DataType::Float64)?;
            Cells::Number(numbers(&wide.f64()?.apply_values(|value| as_written(value as f32))))
        }
        _ => Cells::Number(numbers(column.cast(&DataType::Float64)?.f64()?)),
    })
}

/// Texts, empty where missing. Short ones stand in their view itself, and longer ones of one view are one.
fn texts(column: &StringChunked) -> Cells {
    let column = column.rechunk();
    let array = column.downcast_as_array();
    let validity = column.iter_validities().next().flatten();
    let is_there = |row: usize| validity.is_none_or(|validity| validity.get_bit(row));
    let keys = array.views().iter().enumerate().map(|(row, view)| if is_there(row) { view.as_u128() } else { 0 });
    Cells::Text(Stretches::of(keys, |row| if is_there(row) { array.value(row) } else { "" }))
}

/// Numbers, NaN where missing.
fn numbers(column: &Float64Chunked) -> Vec<f64> {
    if column.null_count() == column.len() {
        return vec![f64::NAN; column.len()];
    }
    let mut numbers = Vec::with_capacity(column.len());
    for array in column.downcast_iter() {
        let first = numbers.len();
        numbers.extend_from_slice(array.values());
        for (number, is_there) in numbers[first..].iter_mut().zip(array.validity().into_iter().flatten()) {
            *number = if is_there { *number } else { f64::NAN };
        }
    }
    numbers
}

fn times(millis: &Int64Chunked) -> Vec<i64> {
    match millis.cont_slice() {
        Ok(values) => values.to_vec(),
        Err(_) => millis.iter().map(|ms| ms.unwrap_or(NO_TIME)).collect(),
    }
}

impl FileError {
    /// What frames could not do with a file.
    pub(crate) fn frame(attempted: &'static str, path: &Path) -> impl FnOnce(PolarsError) -> Self {
        let path = path.to_owned();
        move |source| Self::Frame { attempted, path, source: Box::new(source) }
    }
}

/// Whether a row group may hold a text in a column, as far as the column's extremes tell.
fn may_hold(metadata: &FileMetadataRef, group: &RowGroupMetadata, column: &str, text: &str) -> bool {
    let Some(chunk) = group.columns_under_root_iter(column).and_then(|mut chunks| chunks.next()) else { return true };
    let Some(Ok(Statistics::Binary(extremes))) = chunk.statistics(&metadata.footer_buf) else { return true };
    let from = extremes.min_value.is_none_or(|min| min.as_slice() <= text.as_bytes());
    from && extremes.max_value.is_none_or(|max| text.as_bytes() <= max.as_slice())
}

/// Joins small neighbouring row groups; passes over those that are not wanted; last first.
fn stretches(groups: &[(usize, bool)]) -> Vec<(usize, usize)> {
    let (mut stretches, mut first): (Vec<(usize, usize)>, usize) = (Vec::new(), 0);
    for (rows, is_wanted) in groups.iter().copied() {
        match stretches.last_mut() {
            _ if !is_wanted || rows == 0 => {}
            Some((start, last)) if *start + *last == first && last.saturating_add(rows) <= JOINED_ROWS => *last += rows,
            _ => stretches.push((first, rows)),
        }
        first = first.saturating_add(rows);
    }
    stretches.reverse();
    stretches
}

/// Takes the next rows off the stretches. One at a time: a damaged file names more rows than there is room to list the slices of.
fn next_slice(stretches: &mut Vec<(usize, usize)>) -> Option<(usize, usize)> {
    let (first, rows) = stretches.pop()?;
    let left = rows.saturating_sub(SLICE_ROWS);
    if left > 0 {
        stretches.push((first.saturating_add(SLICE_ROWS), left));
    }
    Some((first, rows - left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_groups_are_joined_split_and_passed_over() {
        let check = |groups: &[(usize, bool)], expected: &[(usize, usize)]| {
            let mut left = stretches(groups);
            let got: Vec<_> = std::iter::from_fn(|| next_slice(&mut left)).collect();
            assert_eq!(got, expected, "{groups:?}");
        };
        check(&[], &[]);
        check(&[(10, true), (20, true)], &[(0, 30)]);
        check(&[(10, true), (20, false), (5, true), (6, true)], &[(0, 10), (30, 11)]);
        check(&[(600_000, true)], &[(0, 262_144), (262_144, 262_144), (524_288, 75_712)]);
        check(&[(10, false), (65_536, true), (1, true)], &[(10, 65_536), (65_546, 1)]);
        // As many rows as no file has: the first slices are had at once.
        let mut left = stretches(&[(usize::MAX / 2, true), (usize::MAX / 2, true), (9, true)]);
        assert_eq!(next_slice(&mut left), Some((0, SLICE_ROWS)));
        assert_eq!(next_slice(&mut left), Some((SLICE_ROWS, SLICE_ROWS)));
    }
    #[test]
    fn a_file_that_is_replaced_while_it_is_read_is_read_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("day.parquet");
        let write = |values: &[f64]| {
            let aside = dir.path().join("aside");
            let mut frame = df!("discharge_temp_c" => values).unwrap();
            ParquetWriter::new(File::create(&aside).unwrap()).finish(&mut frame).unwrap();
            std::fs::rename(aside, &path).unwrap();
        };
        write(&[83.5, 84.0]);
        let slice = ParquetFile::open(&path, None).unwrap().cut().unwrap();
        write(&[1.0; 5_000]);
        let chunk = slice.decode(&path, &[0]).unwrap();
        let [(0, Cells::Number(numbers))] = &chunk.columns[..] else { panic!("one column of numbers") };
        assert_eq!(numbers[..], [83.5, 84.0]);
    }
}
