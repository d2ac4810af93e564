//! Brings records that come out of order back into the order of the input, within a bound of memory.

use std::io;
use std::path::PathBuf;

use super::error::FileError;
use super::sorter::{Merge, Sorter};

/// Takes numbered records in any order.
pub struct Reorder {
    sorter: Sorter,
    temp_dir: PathBuf,
}

impl Reorder {
    /// Holds about `memory_bytes` in memory and the rest in a file in `temp_dir` that has no name.
    #[must_use]
    pub fn new(memory_bytes: usize, temp_dir: PathBuf) -> Self {
        Self { sorter: Sorter::new(memory_bytes, temp_dir.clone()), temp_dir }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn push(&mut self, number: u64, record: &[u8]) -> Result<(), FileError> {
        let key = (i64::try_from(number).unwrap_or(i64::MAX), 0);
        let pushed = self.sorter.push(key, |out| out.extend_from_slice(record));
        pushed.map_err(FileError::io("sort in", &self.temp_dir))
    }

    /// Ends the adding.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn finish(self) -> Result<Reordered, FileError> {
        let merge = self.sorter.finish().map_err(FileError::io("merge in", &self.temp_dir))?;
        Ok(Reordered { merge, temp_dir: self.temp_dir })
    }
}

/// Gives the records in rising order of their numbers.
pub struct Reordered {
    merge: Merge,
    temp_dir: PathBuf,
}

impl Reordered {
    /// The next record's bytes in `record`; false at the end.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn next_record(&mut self, record: &mut Vec<u8>) -> Result<bool, FileError> {
        let next: io::Result<_> = self.merge.next(record);
        next.map(|key| key.is_some()).map_err(FileError::io("merge in", &self.temp_dir))
    }
}
