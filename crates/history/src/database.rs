//! One SQLite file of ours: opened with its form checked, one writer, and readers that never wait for it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foretell_model::LogError;
use rusqlite::{Connection, OpenFlags, Row};

use crate::error::{OpenError, store_error};

/// Marks our files in SQLite's header: `Fore`.
const APPLICATION_ID: i64 = 0x466F_7265;

/// Reader connections kept open for the next query.
const IDLE_READERS_MAX: usize = 4;

/// How long a statement waits for another process's transaction.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// How a file of ours is laid out and how hard it holds on to what it was given.
pub(crate) struct Form {
    /// Version of the layout.
    pub(crate) version: i64,
    /// Statements that lay out a new file.
    pub(crate) schema: &'static [&'static str],
    /// Whether a commit survives a power cut (`FULL`) or only a crash of the process (`NORMAL`).
    pub(crate) durable: bool,
}

/// An open file.
pub(crate) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens or creates a file.
    pub(crate) fn open(path: &Path, form: &Form) -> Result<Self, OpenError> {
        let connection = Connection::open(path).map_err(OpenError::at(path))?;
        prepare(&connection, form).map_err(OpenError::at(path))?;
        check(&connection, path, form)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(connection), readers: Mutex::default() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The one connection that writes. A panic while it was held rolled its transaction back, so it stays usable.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a query on a connection of its own, so that it sees one state and never waits for the writer.
    pub(crate) fn reading<T>(
        &self,
        attempted: &str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        let idle = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let result = taken.map_or_else(|| self.open_reader(), Ok).and_then(|connection| {
            let result = query(&connection)?;
            let mut idle = idle();
            if idle.len() < IDLE_READERS_MAX {
                idle.push(connection);
            }
            Ok(result)
        });
        result.map_err(|e| self.error(attempted, e))
    }

    pub(crate) fn error(&self, attempted: &str, error: rusqlite::Error) -> LogError {
        store_error(&self.path, attempted, error)
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        Ok(connection)
    }
}

/// SQLite's integers have a sign, offsets and counts have none; neither ever comes near the sign bit.
pub(crate) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// A column that [`signed`] wrote.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

fn prepare(connection: &Connection, form: &Form) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", if form.durable { "full" } else { "normal" })?;
    // A checkpoint costs two fsyncs and rewrites each page once: the rarer, the cheaper.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -32_768)
}

/// Lays out a new file; refuses one of another program or a later release.
fn check(connection: &Connection, path: &Path, form: &Form) -> Result<(), OpenError> {
    let number = |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(count, [], |row| row.get(0)).map_err(OpenError::at(path))?;
    if tables == 0 {
        let schema = format!(
            "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}; COMMIT;",
            form.schema.concat(),
            form.version
        );
        return connection.execute_batch(&schema).map_err(OpenError::at(path));
    }
    if number("application_id").map_err(OpenError::at(path))? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = number("user_version").map_err(OpenError::at(path))?;
    if found > form.version {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: form.version });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form { version: 1, schema: &["CREATE TABLE t (x);"], durable: true };

    fn check_opening(prepare: &str, expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        drop(Database::open(&path, &FORM).unwrap());
        Connection::open(&path).unwrap().execute_batch(prepare).unwrap();
        let got = Database::open(&path, &FORM).map_or_else(|e| e.to_string(), |_| "opened".into());
        assert_eq!(got.replace(&path.display().to_string(), "x.db"), expected);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        check_opening("", "opened");
        check_opening(
            "PRAGMA application_id = 7",
            "x.db is a database, but not one that Foretell wrote; give another data directory",
        );
        check_opening(
            "PRAGMA user_version = 2",
            "x.db has form 2; this release knows up to 1. Run the release that wrote it, or a later one",
        );
    }
}
