//! Refused input, kept for a person to look at, within bounds of rows and bytes.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use foretell_model::{LogError, Quarantine, Quarantined, Refusal, Timestamp};
use rusqlite::{Connection, Transaction, params};

use crate::database::{Database, Form, signed, unsigned};
use crate::error::OpenError;

const FORM: Form = Form {
    version: 1,
    // AUTOINCREMENT: numbers are not given twice, even after the newest went.
    schema: &[
        "CREATE TABLE refusals (id INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, source TEXT NOT NULL,
        topic TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, raw BLOB NOT NULL);",
    ],
    durable: false,
};

/// Longest kept source, topic or detail, characters.
const TEXT_CHARS_MAX: usize = 1_000;

/// What a row costs beside its texts and raw bytes, bytes; an estimate for the bound.
const ROW_BYTES: u64 = 64;

const SIZE: &str = "length(raw) + length(source) + length(topic) + length(reason) + length(detail)";

/// How much the quarantine keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineBounds {
    /// Most refusals.
    pub rows_max: u64,
    /// Most bytes over all refusals, texts included.
    pub bytes_max: u64,
    /// Raw bytes kept of one refusal; the rest is cut.
    pub raw_bytes_max: usize,
}

impl Default for QuarantineBounds {
    fn default() -> Self {
        Self { rows_max: 10_000, bytes_max: 64 << 20, raw_bytes_max: 16 << 10 }
    }
}

/// The quarantine of a data directory, in `quarantine.db`: a file of its own, so that a flood of rubbish never waits
/// before the log, nor the log before it.
pub struct SqliteQuarantine {
    database: Database,
    bounds: QuarantineBounds,
    held: Mutex<Held>,
}

/// What the file holds.
#[derive(Clone, Copy, Default)]
struct Held {
    rows: u64,
    bytes: u64,
}

impl SqliteQuarantine {
    /// Opens or creates the quarantine of a data directory.
    ///
    /// # Errors
    /// When the file is not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path, bounds: QuarantineBounds) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::at(dir))?;
        let path = dir.join("quarantine.db");
        let database = Database::open(&path, &FORM)?;
        let held = held(&database.writer()).map_err(OpenError::at(&path))?;
        Ok(Self { database, bounds, held: Mutex::new(held) })
    }

    fn keep(&self, transaction: &Transaction<'_>, refusal: &Refusal) -> rusqlite::Result<u64> {
        let cut = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect::<String>();
        let raw = &refusal.raw[..refusal.raw.len().min(self.bounds.raw_bytes_max)];
        let (source, topic, detail) = (cut(&refusal.source), cut(&refusal.topic), cut(&refusal.detail));
        transaction
            .prepare_cached(
                "INSERT INTO refusals (arrived, source, topic, reason, detail, raw) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![refusal.arrived.millis(), source, topic, refusal.reason, detail, raw])?;
        let chars = [&source, &topic, &detail].map(|text| text.chars().count()).iter().sum::<usize>();
        Ok((raw.len() + chars + refusal.reason.len()) as u64 + ROW_BYTES)
    }

    /// Lets the oldest go until the bounds hold again.
    fn evict(&self, transaction: &Transaction<'_>, held: &mut Held) -> rusqlite::Result<u64> {
        let query = format!("SELECT id, {SIZE} FROM refusals ORDER BY id");
        let mut oldest = transaction.prepare_cached(&query)?;
        let mut rows = oldest.query([])?;
        let (mut last, mut gone) = (0_i64, 0);
        while held.rows > self.bounds.rows_max || held.bytes > self.bounds.bytes_max {
            let Some(row) = rows.next()? else { break };
            last = row.get(0)?;
            held.rows -= 1;
            held.bytes = held.bytes.saturating_sub(unsigned(row, 1)? + ROW_BYTES);
            gone += 1;
        }
        drop(rows);
        transaction.prepare_cached("DELETE FROM refusals WHERE id <= ?1")?.execute([last])?;
        Ok(gone)
    }

    fn refusing(&self, refusals: &[Refusal]) -> rusqlite::Result<u64> {
        let mut current = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = *current;
        let mut connection = self.database.writer();
        let transaction = connection.transaction()?;
        for refusal in refusals {
            held.bytes += self.keep(&transaction, refusal)?;
            held.rows += 1;
        }
        let gone = self.evict(&transaction, &mut held)?;
        transaction.commit()?;
        *current = held;
        Ok(gone)
    }
}

impl Quarantine for SqliteQuarantine {
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError> {
        let gone = self.refusing(refusals).map_err(|e| self.database.error("keep refused input in", e))?;
        metrics::counter!("foretell_quarantine_evicted_total").increment(gone);
        Ok(())
    }

    fn newest(&self, max: usize) -> Result<Vec<Quarantined>, LogError> {
        let query = "SELECT id, reason, arrived, source, topic, detail, raw FROM refusals ORDER BY id DESC LIMIT ?1";
        self.database.reading("read refused input from", |connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([signed(max as u64)], |row| {
                Ok(Quarantined {
                    id: unsigned(row, 0)?,
                    reason: row.get(1)?,
                    arrived: Timestamp::from_millis(row.get(2)?),
                    source: row.get(3)?,
                    topic: row.get(4)?,
                    detail: row.get(5)?,
                    raw: row.get(6)?,
                })
            })?;
            rows.collect()
        })
    }
}

fn held(connection: &Connection) -> rusqlite::Result<Held> {
    let query = format!("SELECT count(*), coalesce(sum({SIZE} + {ROW_BYTES}), 0) FROM refusals");
    connection.query_row(&query, [], |row| Ok(Held { rows: unsigned(row, 0)?, bytes: unsigned(row, 1)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(number: usize, bytes: usize) -> Refusal {
        Refusal {
            arrived: Timestamp::from_millis(number as i64),
            source: "listener".into(),
            topic: format!("t/{number}"),
            reason: "out_of_range",
            detail: "discharge_temp_c held 2000".into(),
            raw: vec![b'x'; bytes],
        }
    }

    fn topics(quarantine: &SqliteQuarantine) -> String {
        let newest = quarantine.newest(10).unwrap();
        newest.iter().map(|q| format!("{} {} {} bytes", q.id, q.topic, q.raw.len())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_oldest_go_and_raw_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 3, bytes_max: 1_000, raw_bytes_max: 400 };
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        quarantine.refuse(&[refusal(1, 5), refusal(2, 5), refusal(3, 5), refusal(4, 5)]).unwrap();
        assert_eq!(topics(&quarantine), "4 t/4 5 bytes, 3 t/3 5 bytes, 2 t/2 5 bytes");
        quarantine.refuse(&[refusal(5, 9_999)]).unwrap();
        assert_eq!(topics(&quarantine), "5 t/5 400 bytes, 4 t/4 5 bytes, 3 t/3 5 bytes");
        drop(quarantine);
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        quarantine.refuse(&[refusal(6, 9_999)]).unwrap();
        assert_eq!(topics(&quarantine), "6 t/6 400 bytes");
        let first = &quarantine.newest(1).unwrap()[0];
        assert_eq!((first.reason.as_str(), first.arrived.millis()), ("out_of_range", 6));
    }
}
