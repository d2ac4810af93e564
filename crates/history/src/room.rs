//! Room on the disk that holds the data directory: readings stop being taken before it is full, so that what stands there
//! (and the service state beside it) can still be worked with.

use std::io;
use std::path::{Path, PathBuf};

use foretell_model::LogError;

/// Some bytes are to stay free on the file system of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRoom {
    dir: PathBuf,
    free_min_bytes: u64,
}

impl DiskRoom {
    /// Keeps `free_min_bytes` free where `dir` lies; 0 fills the disk to its end.
    #[must_use]
    pub fn new(dir: &Path, free_min_bytes: u64) -> Self {
        Self { dir: dir.to_owned(), free_min_bytes }
    }

    /// Bytes that this process may still write there. Costs about a microsecond.
    ///
    /// # Errors
    /// When the file system does not say.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let told = rustix::fs::statvfs(&self.dir)?;
        Ok(told.f_bavail.saturating_mul(told.f_frsize))
    }

    /// What is wrong with the room there, in words with both figures; `None` when there is enough, or no telling.
    #[must_use]
    pub fn shortage(&self) -> Option<String> {
        let free_bytes = self.free_bytes().ok()?;
        let short = free_bytes < self.free_min_bytes;
        let (free, min) = (mebibytes(free_bytes), mebibytes(self.free_min_bytes));
        short.then(|| format!("{free} are free and {min} are to stay free (`[data] free_min`)"))
    }

    /// Refuses for want of room what would be written to `path`.
    pub(crate) fn check(&self, path: &Path) -> Result<(), LogError> {
        match self.shortage() {
            Some(why) => Err(LogError::Full { path: path.display().to_string(), why }),
            None => Ok(()),
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_both_figures_when_there_is_too_little() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(DiskRoom::new(dir.path(), 0).shortage(), None);
        let short = DiskRoom::new(dir.path(), u64::MAX).shortage().unwrap();
        assert!(short.contains(" MiB are free and 17592186044416.0 MiB are to stay free"), "{short}");
        assert_eq!(DiskRoom::new(&dir.path().join("nowhere"), u64::MAX).shortage(), None);
    }
}
