//! What writing to InfluxDB must not forget: how far along the log it has come, and what the engine concluded meanwhile.

use std::path::{Path, PathBuf};

use foretell_model::{LogError, Offset};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::database::{Database, Form, signed, unsigned};
use crate::error::OpenError;

const FORM: Form = Form {
    version: 1,
    // AUTOINCREMENT: numbers are not given twice, so a place in the outbox never points before something new.
    schema: &["CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), log INTEGER NOT NULL);
        CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, lines TEXT NOT NULL);
        INSERT INTO cursor VALUES (1, 0);"],
    additions: &[],
    remedy: "Delete it, with its -wal and -shm: what the log still holds is written to InfluxDB again, which changes nothing \
        there; forecasts and health that had not been sent are lost.",
    // The engine's snapshot may move on after the outbox has its conclusions: a power cut must not lose what only replaying would bring back.
    durable: true,
};

/// Most bytes that wait in the outbox: over a month of a thousand machines, three days of a hundred thousand.
const OUTBOX_BYTES_MAX: u64 = 512 << 20;

/// A place that both sources of lines have reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The last entry of the log.
    pub(super) log: Offset,
    /// The last row of the outbox.
    pub(super) outbox: i64,
}

/// Cursor and outbox of a data directory, in `influx.db`.
pub struct InfluxStore {
    database: Database,
    dir: PathBuf,
    is_new: bool,
}

impl InfluxStore {
    /// Opens or creates them.
    ///
    /// # Errors
    /// When the file is not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::at(dir))?;
        let path = dir.join("influx.db");
        let is_new = !path.exists();
        Ok(Self { database: Database::open(&path, &FORM)?, dir: dir.to_owned(), is_new })
    }

    /// Whether the data directory had none before: the history of what was concluded is then worth a look.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// The last entry of the log that InfluxDB is sure to have. What stands behind it must stay on the log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cursor(&self) -> Result<Offset, LogError> {
        self.database.reading("read the cursor in", |connection| {
            connection.query_row("SELECT log FROM cursor", [], |row| unsigned(row, 0)).map(Offset)
        })
    }

    /// Goes back to the beginning of the log: it is another one than before.
    ///
    /// # Errors
    /// When the store refused.
    pub fn start_over(&self) -> Result<(), LogError> {
        self.settle(Place::default())
    }

    /// Puts lines into the outbox, durably; drops the oldest beyond its bound.
    ///
    /// # Errors
    /// When they are not kept.
    pub fn keep(&self, lines: &str) -> Result<(), LogError> {
        let dropped = keep(&mut self.database.writer(), lines, OUTBOX_BYTES_MAX);
        let dropped = dropped.map_err(|e| self.database.error("keep conclusions for InfluxDB in", e))?;
        if dropped > 0 {
            metrics::counter!("foretell_influx_outbox_dropped_total").increment(dropped);
            tracing::error!(
                points = dropped,
                "The outbox to InfluxDB is full: the oldest conclusions are dropped. Readings wait on the log. Mend the connection to InfluxDB."
            );
        }
        Ok(())
    }

    /// Where the data directory is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rows behind one, up to so many bytes and lines but at least one row.
    pub(super) fn outbox(
        &self,
        after: i64,
        lines_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(i64, String)>, LogError> {
        self.database.reading("read the outbox in", |connection| {
            let mut statement = connection.prepare_cached("SELECT id, lines FROM outbox WHERE id > ?1 ORDER BY id")?;
            let (mut rows, mut found) = (statement.query([after])?, Vec::new());
            let (mut lines, mut bytes) = (0, 0);
            while let Some(row) = rows.next()? {
                let (id, text): (i64, String) = (row.get(0)?, row.get(1)?);
                lines += text.lines().count();
                bytes += text.len();
                if !found.is_empty() && (lines > lines_max || bytes > bytes_max) {
                    break;
                }
                found.push((id, text));
            }
            Ok(found)
        })
    }

    /// Records a place as reached for good; what stood in the outbox up to there goes.
    pub(super) fn settle(&self, place: Place) -> Result<(), LogError> {
        let settled = settle(&mut self.database.writer(), place);
        settled.map_err(|e| self.database.error("move the cursor in", e))
    }
}

/// Returns how many points were dropped.
fn keep(connection: &mut Connection, lines: &str, bytes_max: u64) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.prepare_cached("INSERT INTO outbox (lines) VALUES (?1)")?.execute([lines])?;
    let mut dropped = 0;
    // The file's own size is near enough and costs nothing to ask: free pages count, but those are used first.
    let size = |name: &str| transaction.query_row(&format!("PRAGMA {name}"), [], |row| unsigned(row, 0));
    if size("page_count")?.saturating_sub(size("freelist_count")?) * size("page_size")? > bytes_max {
        let oldest = "SELECT id, lines FROM outbox ORDER BY id LIMIT 1";
        let (id, text): (i64, String) = transaction.query_row(oldest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        transaction.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        dropped = text.lines().count() as u64;
    }
    transaction.commit()?;
    Ok(dropped)
}

fn settle(connection: &mut Connection, place: Place) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE cursor SET log = ?1", [signed(place.log.0)])?;
    transaction.execute("DELETE FROM outbox WHERE id <= ?1", params![place.outbox])?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_until_it_has_arrived() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        assert!(store.is_new());
        for n in 1..=4 {
            store.keep(&format!("m n={n} 0\nm n={n} 1\n")).unwrap();
        }
        let ids = |store: &InfluxStore, after, lines, bytes| {
            store.outbox(after, lines, bytes).unwrap().iter().map(|(id, _)| *id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&store, 0, 100, 1_000), [1, 2, 3, 4]);
        assert_eq!(ids(&store, 1, 4, 1_000), [2, 3]);
        assert_eq!(ids(&store, 0, 100, 1), [1], "at least one, or it would stand still");
        store.settle(Place { log: Offset(9), outbox: 4 }).unwrap();
        drop(store);
        let store = InfluxStore::open(dir.path()).unwrap();
        store.keep("m n=5 0\n").unwrap();
        assert_eq!((store.is_new(), store.cursor().unwrap(), ids(&store, 4, 9, 999)), (false, Offset(9), vec![5]));
    }

    #[test]
    fn the_oldest_conclusion_goes_when_the_outbox_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        let lines = format!("m t=\"{}\" 0\n", "x".repeat(20_000));
        let dropped: u64 = (0..50).map(|_| keep(&mut store.database.writer(), &lines, 200_000).unwrap()).sum();
        let left = store.outbox(0, usize::MAX, usize::MAX).unwrap();
        assert_eq!(dropped as usize + left.len(), 50);
        assert!((5..=10).contains(&left.len()), "{} left", left.len());
        assert_eq!(left.last().map(|(id, _)| *id), Some(50));
    }
}
