//! Which log it is. Places mean something on one log only: whoever went on from a place of another would pass over what stands
//! before it there. So each log is born with a number, and whoever remembers places remembers it with them. One that was cut gets
//! another.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use foretell_model::{LogError, Offset};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::SqliteLog;
use crate::atomic_file::AtomicFile;
use crate::database::{signed, unsigned};
use crate::error::OpenError;

/// Beside the log's own tables; older releases do not look at it.
pub(super) const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS birth (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS cuts (number INTEGER PRIMARY KEY, head INTEGER NOT NULL);";

/// Where the engine remembers which log it follows.
const FOLLOWED: &str = "engine.follows";

/// What a data directory has that has been in use.
const TRACES: [&str; 3] = ["engine.snapshot", "rollups.db", "archive"];

impl SqliteLog {
    /// The number that the log was born with; none where it has none and nothing can be written.
    #[must_use]
    pub const fn birth(&self) -> Option<i64> {
        self.birth
    }

    /// Where the log ended when it was found cut and got the number that it has; `None` for one that has the number it was born with.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cut_at(&self) -> Result<Option<Offset>, LogError> {
        let query = "SELECT head FROM cuts JOIN birth USING (number)";
        self.database.reading("look for cuts of", |connection| {
            Ok(connection.query_row(query, [], |row| unsigned(row, 0)).optional()?.map(Offset))
        })
    }
}

/// Gives a log that was cut, and ends at `head`, a number of its own: places beyond mean something else from now on.
pub(super) fn renumber(connection: &mut Connection, head: Offset) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE birth SET number = random()", [])?;
    transaction.execute("INSERT INTO cuts SELECT number, ?1 FROM birth", [signed(head.0)])?;
    transaction.commit()?;
    number(connection)
}

/// The number of a log, which is born with it if it has none.
pub(super) fn number(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let read = || connection.query_row("SELECT number FROM birth", [], |row| row.get(0)).optional();
    let known: rusqlite::Result<Option<i64>> = read();
    let is_told_to = || connection.query_row("PRAGMA query_only", [], |row| row.get::<_, bool>(0));
    let only_looks = connection.is_readonly("main")? || is_told_to()?;
    match known {
        Ok(None) if !only_looks => {
            connection.execute("INSERT OR IGNORE INTO birth VALUES (1, random())", [])?;
            read()
        }
        // One of an earlier release that can only be looked at has no such table.
        Err(_) if only_looks => Ok(None),
        known => known,
    }
}

/// Refuses a log that was emptied: everything in it is lost, and its write-ahead file would be taken away with the first look. Says
/// so where a log is missing in a directory that has been in use.
pub(crate) fn check_there(dir: &Path, path: &Path) -> Result<(), OpenError> {
    let was_used = || TRACES.iter().any(|trace| fs::metadata(dir.join(trace)).is_ok_and(|found| found.len() > 0));
    match fs::metadata(path) {
        Ok(found) if found.len() == 0 && was_used() => Err(OpenError::Emptied { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && was_used() => {
            let path = path.display();
            tracing::warn!(
                %path,
                "A new log begins in a data directory that has been in use. Readings that only the old one had are missing; engine and \
                 curves are made anew from the archive and from this log."
            );
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The number of the log that the engine of a data directory has followed; none before it ever did.
#[must_use]
pub fn followed(dir: &Path) -> Option<i64> {
    fs::read_to_string(dir.join(FOLLOWED)).ok()?.trim().parse().ok()
}

/// Remembers which log the engine of a data directory follows.
///
/// # Errors
/// When the file system refuses.
pub fn follow(dir: &Path, birth: i64) -> io::Result<()> {
    let mut file = AtomicFile::create(&dir.join(FOLLOWED))?;
    writeln!(file, "{birth}")?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_log_has_a_number_of_its_own_and_keeps_it() {
        let dirs = [0; 2].map(|_| tempfile::tempdir().unwrap());
        let birth = |dir: &tempfile::TempDir| SqliteLog::open(dir.path()).unwrap().birth().unwrap();
        let first = birth(&dirs[0]);
        assert_ne!(first, birth(&dirs[1]));
        assert_eq!(first, birth(&dirs[0]));
        assert_eq!(SqliteLog::open_beside(dirs[0].path()).unwrap().birth(), Some(first));
        // One of an earlier release gets it when it is opened.
        let old = Connection::open(dirs[0].path().join("log.db")).unwrap();
        old.execute_batch("DROP TABLE birth").unwrap();
        drop(old);
        let again = birth(&dirs[0]);
        assert_ne!(again, first);
        assert_eq!(followed(dirs[0].path()), None);
        follow(dirs[0].path(), again).unwrap();
        assert_eq!(followed(dirs[0].path()), Some(again));
    }

    #[test]
    fn a_log_that_was_emptied_is_refused_where_there_was_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        let said = || SqliteLog::open(dir.path()).map_or_else(|error| error.to_string(), |_| "opened".to_owned());
        // Killed in the middle of the very first start.
        fs::write(&path, "").unwrap();
        assert_eq!(said(), "opened");
        fs::write(&path, "").unwrap();
        fs::write(dir.path().join("rollups.db"), "x").unwrap();
        let expected = "log.db is empty, though the data directory has been in use";
        assert!(said().contains(expected) && said().contains("Restore it from a backup"), "{}", said());
        assert_eq!(fs::metadata(&path).unwrap().len(), 0, "left as it was");
        fs::remove_file(&path).unwrap();
        assert_eq!(said(), "opened");
    }
}
