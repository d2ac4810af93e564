//! Whether the files that a process writes to are still those that stand under their names. Whoever moves, removes or replaces a
//! database under a running service leaves it writing to a file that nobody finds again: every commit succeeds, and all of it is
//! gone with the process.

use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::door::Door;

/// A database and its write-ahead file, as they stood when they were opened.
pub(crate) struct Standing(Vec<(PathBuf, Identity)>);

/// Device and number of a file.
type Identity = (u64, u64);

impl Standing {
    /// Takes note of an open database. The write-ahead file stays the same as long as a connection is open.
    pub(crate) fn of(path: &Path) -> Self {
        let mut beside = path.as_os_str().to_owned();
        beside.push("-wal");
        let files = [path.to_owned(), PathBuf::from(beside)];
        Self(files.into_iter().filter_map(|file| Some((identity(&file)?, file))).map(|(is, file)| (file, is)).collect())
    }

    /// The first file that does not begin as SQLite begins such a file: something else was written over it. Who has it open may go on
    /// with what it remembers, and nobody else would find that. Costs some ten microseconds.
    pub(crate) fn overwritten(&self) -> Option<&Path> {
        self.0.iter().find(|(file, _)| !begins_well(file)).map(|(file, _)| file.as_path())
    }

    /// The first file that is not where it stood; `None` when all is well. Costs about a microsecond.
    pub(crate) fn gone(&self) -> Option<&Path> {
        self.0.iter().find(|(file, was)| identity(file) != Some(*was)).map(|(file, _)| file.as_path())
    }
}

/// What a write-ahead file begins with, but for its last bit. It may be empty.
const WRITE_AHEAD: &[u8] = &[0x37, 0x7f, 0x06];

/// Whether a file, as far as it can be read, is one of the two. A database is looked at through SQLite alone: whoever opens and closes
/// it in any other way gives up every lock that this process has on it, and the next process that leaves it takes the write-ahead
/// file for one that nobody needs (<https://www.sqlite.org/howtocorrupt.html>, 2.2). Only its beginning is judged: while a
/// checkpoint is on its way the beginning may already tell of pages that the file does not have yet, and SQLite, told that
/// nobody writes, calls that corrupt.
fn begins_well(file: &Path) -> bool {
    if file.as_os_str().as_encoded_bytes().ends_with(b"-wal") {
        let mut head = [0; WRITE_AHEAD.len()];
        let read = File::open(file).and_then(|file| file.read_at(&mut head, 0)).unwrap_or_default();
        return read == 0 || head[..read] == *WRITE_AHEAD;
    }
    let head = Door::unchanging(file)
        .reader()
        .and_then(|database| database.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0)));
    !matches!(&head, Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase))
}

fn identity(file: &Path) -> Option<Identity> {
    std::fs::metadata(file).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_in_the_midst_of_a_checkpoint_was_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x)").unwrap();
        database.execute("INSERT INTO t VALUES (zeroblob(100000))", []).unwrap();
        database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let standing = Standing::of(&path);
        // The first page is written, the last is not yet.
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
        let seen =
            Door::unchanging(&path).reader().and_then(|d| d.pragma_query_value(None, "schema_version", |_| Ok(())));
        assert_eq!(seen.unwrap_err().sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt));
        assert_eq!(standing.overwritten(), None);
        file.write_at(b"something else altogether", 0).unwrap();
        assert_eq!(standing.overwritten(), Some(path.as_path()));
    }

    #[test]
    fn a_file_that_was_moved_removed_or_replaced_is_told_from_one_that_grew() {
        let dir = tempfile::tempdir().unwrap();
        let (path, wal, away) = (dir.path().join("x.db"), dir.path().join("x.db-wal"), dir.path().join("away"));
        std::fs::write(&path, "a").unwrap();
        let alone = Standing::of(&path);
        std::fs::write(&wal, "b").unwrap();
        let both = Standing::of(&path);
        let gone = |standing: &Standing| standing.gone().map(Path::to_owned);
        std::fs::write(&path, "longer").unwrap();
        assert_eq!((gone(&alone), gone(&both)), (None, None));
        std::fs::rename(&wal, &away).unwrap();
        assert_eq!((gone(&alone), gone(&both)), (None, Some(wal.clone())));
        // Another file of that name is not it.
        std::fs::write(&wal, "b").unwrap();
        assert_eq!(gone(&both), Some(wal.clone()));
        std::fs::rename(&away, &wal).unwrap();
        assert_eq!(gone(&both), None);
        std::fs::rename(&path, &away).unwrap();
        assert_eq!(gone(&alone), Some(path));
    }
}
