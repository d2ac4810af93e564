//! A damaged database that holds nothing which the service could not go on without: it is put aside and begun anew, so that readings
//! are taken on.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::database::{BUSY_WAIT, Form, beside, refused};
use crate::error::OpenError;

/// What stands behind the name of a copy that was put aside.
const ASIDE: &str = ".damaged";

/// Empties a damaged file after a copy of it was put aside, in the place of an earlier one; returns where that is. In its place,
/// because other processes may have it open: one that has a file which was moved would take its successor's write-ahead file away.
pub(crate) fn renew(path: &Path, form: &Form) -> Result<PathBuf, OpenError> {
    let aside = beside(path, ASIDE);
    for ending in ["", "-wal"] {
        copy_if_there(&beside(path, ending), &beside(&aside, ending)).map_err(OpenError::at(path))?;
    }
    reset(path).map_err(|error| refused(error, path, form))?;
    Ok(aside)
}

/// The databases of a data directory that were put aside and still lie there.
#[must_use]
pub fn lying_aside(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let ending = format!(".db{ASIDE}");
    let mut found: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(&ending)).collect();
    found.sort();
    found
}

/// Copies a file over another, or takes that one away.
fn copy_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && to.exists() => std::fs::remove_file(to),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        copied => copied.and_then(|_| File::open(to)?.sync_all()),
    }
}

/// Empties a file, however damaged it is.
fn reset(path: &Path) -> rusqlite::Result<()> {
    const RESET: DbConfig = DbConfig::SQLITE_DBCONFIG_RESET_DATABASE;
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    // SQLite asks for a look at the schema before, so that the file stays one with a write-ahead file; what comes of it is no matter.
    drop(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
    connection.set_db_config(RESET, true)?;
    connection.execute_batch("VACUUM")?;
    connection.set_db_config(RESET, false)?;
    // The write-ahead file may be as damaged, and what is added to such a one is found by nobody who comes later.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;

    const FORM: Form = Form {
        version: 1,
        schema: &["CREATE TABLE t (x);"],
        additions: &[],
        durable: true,
        remedy: "Delete it; only x is lost.",
    };

    #[test]
    fn a_damaged_file_is_put_aside_and_begun_anew_while_others_have_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let database = Database::open(&path, &FORM).unwrap();
        database.writer().execute_batch("INSERT INTO t VALUES (1); PRAGMA wal_checkpoint;").unwrap();
        let other = Database::open(&path, &FORM).unwrap();
        let count = |database: &Database| {
            let query = |connection: &Connection| {
                connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
            };
            database.reading("count", query)
        };
        assert_eq!((count(&database).unwrap(), count(&other).unwrap()), (1, 1));
        for at in [0, 4_096] {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[at..].fill(0xee);
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(renew(&path, &FORM).unwrap(), dir.path().join("x.db.damaged"));
            assert_eq!(std::fs::read(dir.path().join("x.db.damaged")).unwrap(), bytes);
            let anew = Database::open(&path, &FORM).unwrap();
            anew.writer().execute("INSERT INTO t VALUES (2)", []).unwrap();
            for known in [&database, &other, &anew] {
                assert_eq!(count(known).unwrap(), 1);
            }
            database.writer().execute("INSERT INTO t VALUES (3)", []).unwrap();
            assert_eq!((count(&other).unwrap(), count(&anew).unwrap()), (2, 2));
            let kept: String = anew.writer().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(kept, "ok");
            anew.writer().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        }
    }
}
