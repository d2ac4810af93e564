//! Service state in one SQLite file, with write-ahead log and a sync per commit, so that what was answered survives a power
//! cut.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, TransactionBehavior};

use super::{Database, Row, Session, Value};
use crate::error::{OutreachError, Result};

/// The tables, version by version: a file of an older version is brought forward step by step.
const VERSIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_field.sql"),
    include_str!("schema_letters.sql"),
    include_str!("schema_changes.sql"),
    include_str!("schema_ways.sql"),
    include_str!("schema_fates.sql"),
    include_str!("schema_hands.sql"),
    include_str!("schema_unsent.sql"),
    include_str!("schema_joint.sql"),
    include_str!("schema_arranged.sql"),
    include_str!("schema_matters.sql"),
    include_str!("schema_told.sql"),
    include_str!("schema_replies.sql"),
    include_str!("schema_edits.sql"),
    include_str!("schema_mistakes.sql"),
    include_str!("schema_notes.sql"),
    include_str!("schema_crews.sql"),
    include_str!("schema_untold.sql"),
    include_str!("schema_told_work.sql"),
    include_str!("schema_managers.sql"),
    include_str!("schema_not_begun.sql"),
    include_str!("schema_colleagues.sql"),
];

/// How long one process waits for another's commit.
const BUSY_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Looks that can be taken at once: more than this computer has cores for, and few enough that their caches cost nothing.
const ONLOOKERS: usize = 4;

/// An open file.
pub struct Sqlite {
    connection: Mutex<Connection>,
    /// Look on while somebody writes, and beside each other: a page waits neither for a sync nor for a look at a whole fleet.
    onlookers: Vec<Mutex<Connection>>,
}

impl Sqlite {
    /// Opens the file, creating it and its tables where missing.
    ///
    /// # Errors
    /// When the file cannot be used, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        let attempted = format!("open the service state {}", path.display());
        own(path).map_err(|source| OutreachError::File { attempted: attempted.clone(), source })?;
        let open = || -> rusqlite::Result<Option<(Connection, Vec<Connection>)>> {
            let mut connection = connect(path)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            // What was erased must not be found in the file either.
            connection.pragma_update(None, "secure_delete", true)?;
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let version: i64 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let version = usize::try_from(version).unwrap_or(usize::MAX);
            if version > VERSIONS.len() {
                return Ok(None);
            }
            for tables in &VERSIONS[version..] {
                step.execute_batch(tables)?;
            }
            step.pragma_update(None, "user_version", VERSIONS.len() as i64)?;
            step.commit()?;
            let onlookers: rusqlite::Result<_> = (0..ONLOOKERS).map(|_| onlooker(path)).collect();
            Ok(Some((connection, onlookers?)))
        };
        let (connection, onlookers) =
            open().map_err(|e| unopened(e, path).while_doing(&attempted))?.ok_or_else(|| {
                OutreachError::unfit(&attempted, "a newer version of foretell wrote it; start that version")
            })?;
        Ok(Self { connection: Mutex::new(connection), onlookers: onlookers.into_iter().map(Mutex::new).collect() })
    }
}

/// Looks at a file that may be of an older version, or open elsewhere; it is not made, brought forward or written.
///
/// # Errors
/// The step's own, or when the file cannot be read.
pub(crate) fn look<T>(path: &Path, step: impl FnOnce(&dyn Session) -> Result<T>) -> Result<T> {
    let attempted = format!("look into the service state {}", path.display());
    let open = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY_WAIT)?;
        Ok(connection)
    };
    let connection = open().map_err(|e| unopened(e, path).while_doing(&attempted))?;
    step(&Open(&connection)).map_err(|e| e.while_doing(&attempted))
}

/// Makes the file, if it is missing, before SQLite does so with everybody's rights: customers' names and letters stand in it. The
/// files beside it take after it.
fn own(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// A damaged file comes with its remedy.
fn unopened(error: rusqlite::Error, path: &Path) -> OutreachError {
    if !is_damage(&error) {
        return failed(error);
    }
    let what = format!(
        "the service state {}, which is damaged. Restore it from a backup: registrations, visits and messages are in it alone",
        path.display()
    );
    OutreachError::Corrupt { what, source: error.into() }
}

/// Whether SQLite says that the file itself is broken.
pub(crate) fn is_damage(error: &(dyn std::error::Error + 'static)) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let told = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(told, Some(DatabaseCorrupt | NotADatabase))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(256);
    // Else SQLite plans a statement anew for every value that is compared with one that a partial index asks for: a fifth of all
    // that conclusions cost. Our statements name what such an index asks for in words, never by a value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn onlooker(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A step that panicked was rolled back when its transaction was dropped, so the connection is still sound.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database for Sqlite {
    fn write(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        step(&Open(&transaction))?;
        transaction.commit().map_err(failed)
    }

    fn read(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        let free = self.onlookers.iter().find_map(|onlooker| match onlooker.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(sound)) => Some(sound.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut connection = free.unwrap_or_else(|| lock(&self.onlookers[0]));
        // One view of the file however many questions are asked.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
        step(&Open(&transaction))
    }

    fn compact(&self) -> Result<()> {
        let connection = lock(&self.connection);
        // Nobody of ours may look on meanwhile, or the log ahead could not be cut.
        let _nobody: Vec<_> = self.onlookers.iter().map(lock).collect();
        // A vacuum writes every page anew; then the log ahead, which still holds them as they were, is cut.
        connection.execute_batch("VACUUM").map_err(failed)?;
        let busy: i64 =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
        if busy == 0 { Ok(()) } else { Err(OutreachError::store("another process is reading; try again in a moment")) }
    }
}

/// A connection within its transaction.
struct Open<'a>(&'a Connection);

impl Session for Open<'_> {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        statement.execute(rusqlite::params_from_iter(values)).map_err(failed)
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let value = |n| row.get_ref(n).map(value);
            found.push(Row((0..columns).map(value).collect::<rusqlite::Result<_>>().map_err(failed)?));
        }
        Ok(found)
    }
}

fn value(stored: ValueRef<'_>) -> Value {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(x) => Value::Real(x),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Real(x) => ValueRef::Real(*x),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn failed(error: rusqlite::Error) -> OutreachError {
    OutreachError::store(error)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_values_it_is_given() {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(&dir.path().join("state.db")).unwrap();
        connection.execute_batch("CREATE TABLE t (a, b); CREATE INDEX due ON t (a) WHERE b = 'queued'").unwrap();
        let mut statement = connection.prepare("SELECT a FROM t WHERE a = ?1 AND b = ?2").unwrap();
        for value in ["sent", "queued", "withdrawn"] {
            assert!(!statement.exists([value, value]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
