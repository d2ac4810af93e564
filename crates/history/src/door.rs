//! How a file of ours is opened to be read: what SQLite may make beside it, and what it must do without.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::database::BUSY_WAIT;

/// A way to read a file.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// The path, or an address of SQLite's that says more.
    address: OsString,
    access: OpenFlags,
}

impl Door {
    /// Beside whoever writes.
    pub(crate) fn of(path: &Path) -> Self {
        Self { address: path.into(), access: OpenFlags::SQLITE_OPEN_READ_ONLY }
    }

    /// To a file that does not change while it is looked at.
    pub(crate) fn unchanging(path: &Path) -> Self {
        Self { address: address(path, "immutable=1"), access: OpenFlags::SQLITE_OPEN_READ_ONLY }
    }

    /// To a file that no other process has open, on a disk without room for the index that SQLite keeps beside its write-ahead file:
    /// the index stands in memory. A process that had the file open would have made that index, and could be read beside. What
    /// keeps others away meanwhile is a lock that only those get who may write; nothing is written all the same.
    pub(crate) fn without_room(path: &Path) -> Self {
        Self { address: address(path, "vfs=unix-excl"), access: OpenFlags::SQLITE_OPEN_READ_WRITE }
    }

    /// A connection that reads and refuses to write.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        let flags = self.access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(&self.address, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

/// The address of a file, whatever its name, with a word to SQLite.
fn address(path: &Path, word: &str) -> OsString {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'_' | b'-' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02x}")),
        }
    }
    address.push('?');
    address.push_str(word);
    address.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_leads_to_the_file_whatever_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a b?c%41#ü.db");
        Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x)").unwrap();
        for door in [Door::of(&path), Door::unchanging(&path), Door::without_room(&path)] {
            let connection = door.reader().unwrap();
            let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 't'";
            let found: i64 = connection.query_row(tables, [], |row| row.get(0)).unwrap();
            assert_eq!(found, 1, "{door:?}");
            assert!(connection.execute_batch("INSERT INTO t VALUES (1)").is_err(), "{door:?}");
        }
    }
}
