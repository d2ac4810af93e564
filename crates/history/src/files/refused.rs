//! The list of refused rows: all of them, in a file that a spreadsheet opens, so that whoever mends the source or the column map
//! knows where to look.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::{FileError, Refused};
use crate::atomic_file::AtomicFile;

/// A CSV of refused rows that takes its name when it is whole.
pub(crate) struct RefusedRows {
    path: PathBuf,
    file: AtomicFile,
}

impl RefusedRows {
    pub(crate) fn create(path: &Path) -> Result<Self, FileError> {
        let file = AtomicFile::create(path).map_err(FileError::io("create", path))?;
        let mut list = Self { path: path.to_owned(), file };
        list.line("file,line,reason,detail")?;
        Ok(list)
    }

    pub(crate) fn add(&mut self, file: &Path, line: u64, (reason, detail): &Refused) -> Result<(), FileError> {
        self.line(&format!("{},{line},{reason},{}", cell(&file.to_string_lossy()), cell(detail)))
    }

    pub(crate) fn finish(self) -> Result<(), FileError> {
        self.file.finish().map_err(FileError::io("finish", &self.path))
    }

    fn line(&mut self, line: &str) -> Result<(), FileError> {
        writeln!(self.file, "{line}").map_err(FileError::io("write", &self.path))
    }
}

/// A cell that keeps to its place: in quotes where it must be, on one line.
fn cell(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " ")).into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_a_row() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("refused.csv");
        let mut list = RefusedRows::create(&path).unwrap();
        list.add(Path::new("a,b.csv"), 7, &("bad_number", "`ho\"t\n` is not a number".into())).unwrap();
        assert!(!path.exists());
        list.finish().unwrap();
        let expected = "file,line,reason,detail\n\"a,b.csv\",7,bad_number,\"`ho\"\"t ` is not a number\"\n";
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }
}
