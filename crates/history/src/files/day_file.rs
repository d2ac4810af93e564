//! One day's file of the archive read through in the order of its rows: nothing is sorted, so memory holds one slice of it.

use std::ops::ControlFlow;
use std::path::Path;

use foretell_model::{DAY_MS, Quality, Reading, Signals, Timestamp};

use super::column_map::ColumnMap;
use super::error::{FileError, remedy};
use super::guard::guarded;
use super::names::Names;
use super::parquet::ParquetFile;
use super::rows::Rows;
use super::span::Span;
use super::take::Bounds;
use super::watched::Watching;

/// Shows `take` every reading of a day's file, until it breaks. What it was shown counts only when this ends without an error.
///
/// # Errors
/// When the file cannot be read, has a row that cannot be or that is of another day, or `take` breaks.
pub(crate) fn each_reading(
    path: &Path,
    day: Timestamp,
    mut take: impl FnMut(&Reading) -> ControlFlow<()>,
) -> Result<(), FileError> {
    let span = Span { from: Some(day), to: Some(day + DAY_MS) };
    let bounds = Bounds { span: Some(span), ..Bounds::default() };
    let (unreadable, of_others) = guarded(path, || {
        let mut file = ParquetFile::open(path, None)?;
        let rows = Rows::new(&ColumnMap::default(), Watching::Nothing, file.header(), path)?;
        let (mut names, mut unreadable, mut of_others) = (Names::default(), 0, 0);
        while let Some(slice) = file.cut() {
            let taken = rows.take(&slice.decode(path, rows.places())?, &mut names, bounds, path)?;
            unreadable += taken.refused.len() as u64;
            of_others += taken.left_out;
            for (machine, block) in taken.blocks {
                let (ts, signals) = (Timestamp::default(), Signals::empty());
                let mut reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
                for row in 0..block.rows() {
                    block.fill(row, &mut reading);
                    if take(&reading).is_break() {
                        return Err(FileError::Stopped);
                    }
                }
            }
        }
        Ok((unreadable, of_others))
    })?;
    whole(path, unreadable, of_others)
}

/// A day's file has no row that cannot be read or is of another day.
pub(crate) fn whole(path: &Path, unreadable: u64, of_others: u64) -> Result<(), FileError> {
    if unreadable + of_others == 0 {
        return Ok(());
    }
    let problem = format!(
        "is damaged, or another file: {unreadable} rows cannot be read and {of_others} are of other days. {}",
        remedy(path)
    );
    Err(FileError::form(path, problem))
}
