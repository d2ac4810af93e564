//! Which days the log holds readings of, how far each is archived, and which were dropped: the archive's own notes.
//!
//! A day is noted by looking at new entries only, in the order of arrival, so that a reading that is months late is found
//! without looking through the months.

use foretell_model::{DAY_MS, Log, LogError, Offset, Partition, Timestamp};
use rusqlite::{TransactionBehavior, params};

use super::SqliteLog;
use crate::database::{signed, unsigned};

/// Beside the log's own tables; older releases do not look at it.
pub(super) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY, newest INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0, dropping INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS losses (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, day INTEGER NOT NULL,
    who TEXT NOT NULL, why TEXT NOT NULL);";

/// The consumer that notes days.
const NOTER: &str = "days";

/// Entries looked at in one query: the write-ahead file cannot be emptied while it looks.
const ENTRIES: u64 = 500_000;

/// A day (UTC) of which the log has, or had, readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedDay {
    /// Its first instant.
    pub day: Timestamp,
    /// The newest of its readings that was noted.
    pub newest: Offset,
    /// Its readings up to here are in the archive; 0 for none.
    pub archived: Offset,
    /// Its readings up to here are being dropped or were; 0 for none. The archive alone answers for them.
    pub dropping: Offset,
    /// Its readings up to here were dropped; 0 for none.
    pub dropped: Offset,
}

/// Somebody decided to go on without an archived day whose file is lost. The record of it stays for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedLoss {
    /// When it was decided.
    pub at: Timestamp,
    /// The day's first instant.
    pub day: Timestamp,
    /// Who decided it.
    pub who: String,
    /// Why.
    pub why: String,
}

const NOTE: &str = "SELECT (ts - ((ts % 86400000) + 86400000) % 86400000) / 86400000 AS day, max(id) FROM log
    WHERE id > ?1 AND id <= ?2 AND kind = 0 GROUP BY day";

impl SqliteLog {
    /// Notes the days of all entries since the last time.
    ///
    /// # Errors
    /// When the store refused; it goes on from there the next time.
    pub fn note_days(&self) -> Result<(), LogError> {
        let head = self.head(Partition(0))?;
        let mut after = self.cursor(NOTER, Partition(0))?;
        if after > head {
            // The log was replaced or cut behind our back.
            after = Offset(0);
        }
        while after < head {
            let through = Offset(head.0.min(after.0 + ENTRIES));
            let days = self.database.reading("note the days of", |connection| {
                let mut statement = connection.prepare_cached(NOTE)?;
                let rows = statement.query_map([signed(after.0), signed(through.0)], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            });
            let days = days.map_err(|error| self.met(error, NOTE, [signed(after.0), signed(through.0)]))?;
            self.noting(&days, through).map_err(|e| self.database.error("note days in", e))?;
            after = through;
        }
        Ok(())
    }

    fn noting(&self, days: &[(i64, i64)], through: Offset) -> rusqlite::Result<()> {
        let mut connection = self.database.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for day in days {
            let statement = "INSERT INTO days (day, newest) VALUES (?1, ?2)
                ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)";
            transaction.prepare_cached(statement)?.execute([day.0, day.1])?;
        }
        let statement = "INSERT INTO cursors VALUES (?1, 0, ?2) ON CONFLICT DO UPDATE SET offset = excluded.offset";
        transaction.execute(statement, params![NOTER, signed(through.0)])?;
        transaction.commit()
    }

    /// Every day that was noted, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn noted_days(&self) -> Result<Vec<LoggedDay>, LogError> {
        let query = "SELECT day, newest, archived, dropping, dropped FROM days ORDER BY day";
        self.database.reading("list the noted days of", |connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([], |row| {
                Ok(LoggedDay {
                    day: Timestamp::from_millis(row.get::<_, i64>(0)? * DAY_MS),
                    newest: Offset(unsigned(row, 1)?),
                    archived: Offset(unsigned(row, 2)?),
                    dropping: Offset(unsigned(row, 3)?),
                    dropped: Offset(unsigned(row, 4)?),
                })
            })?;
            rows.collect()
        })
    }

    /// Notes that the archive holds a day's readings up to a place.
    pub(crate) fn note_archived(&self, day: Timestamp, through: Offset) -> Result<(), LogError> {
        self.note("UPDATE days SET archived = ?2 WHERE day = ?1", day, through)
    }

    /// Notes, before anything goes, that the archive answers for a day's readings up to a place.
    pub(crate) fn note_dropping(&self, day: Timestamp, through: Offset) -> Result<(), LogError> {
        self.note("UPDATE days SET dropping = max(dropping, ?2) WHERE day = ?1", day, through)
    }

    /// Notes that a day's readings up to a place went.
    pub(crate) fn note_dropped(&self, day: Timestamp, through: Offset) -> Result<(), LogError> {
        self.note("UPDATE days SET dropped = ?2 WHERE day = ?1", day, through)
    }

    fn note(&self, statement: &str, day: Timestamp, through: Offset) -> Result<(), LogError> {
        let written = self.database.writer().execute(statement, params![day.day(), signed(through.0)]);
        written.map(|_| ()).map_err(|e| self.database.error("note a day in", e))
    }

    /// Notes that a day's archived readings are lost and nobody waits for them any more. What the log has of the day, or gets, is
    /// a day like any other again.
    pub(crate) fn note_loss(&self, loss: &AcceptedLoss) -> Result<(), LogError> {
        let (first, last) = (loss.day.millis(), (loss.day + DAY_MS).millis());
        let noting = || {
            let mut connection = self.database.writer();
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let statement = "INSERT INTO losses (at, day, who, why) VALUES (?1, ?2, ?3, ?4)";
            transaction.execute(statement, params![loss.at.millis(), loss.day.day(), loss.who, loss.why])?;
            let rest = "SELECT EXISTS (SELECT 1 FROM log INDEXED BY log_identity
                WHERE ts / 60000 BETWEEN ?1 / 60000 AND ?2 / 60000 AND ts >= ?1 AND ts < ?2 AND kind = 0)";
            let statement = match transaction.query_row(rest, [first, last], |row| row.get(0))? {
                true => "UPDATE days SET archived = 0, dropping = 0, dropped = 0 WHERE day = ?1",
                false => "DELETE FROM days WHERE day = ?1",
            };
            transaction.execute(statement, [loss.day.day()])?;
            transaction.commit()
        };
        noting().map_err(|e: rusqlite::Error| self.database.error("note a loss in", e))
    }

    /// Every accepted loss, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accepted_losses(&self) -> Result<Vec<AcceptedLoss>, LogError> {
        self.database.reading("list the accepted losses of", |connection| {
            let mut statement = connection.prepare_cached("SELECT at, day, who, why FROM losses ORDER BY id")?;
            let rows = statement.query_map([], |row| {
                let (at, day) = (Timestamp::from_millis(row.get(0)?), row.get::<_, i64>(1)? * DAY_MS);
                Ok(AcceptedLoss { at, day: Timestamp::from_millis(day), who: row.get(2)?, why: row.get(3)? })
            })?;
            rows.collect()
        })
    }

    /// The least place that any consumer but the noter has come to; `None` when none ever committed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn consumed(&self) -> Result<Option<Offset>, LogError> {
        let query = "SELECT min(offset) FROM cursors WHERE consumer <> ?1";
        self.database.reading("read the cursors of", |connection| {
            let least = connection.query_row(query, [NOTER], |row| row.get::<_, Option<i64>>(0))?;
            Ok(least.map(|least| Offset(least.cast_unsigned())))
        })
    }

    /// Gives room that dropped days left in the file back to the file system, a little at a time.
    ///
    /// # Errors
    /// When the store refused.
    pub fn shrink(&self, go_on: impl FnMut() -> bool) -> Result<u64, LogError> {
        /// What stays free is taken up by the days to come.
        const FREE_SHARE: f64 = 0.25;
        self.database.shrink(FREE_SHARE, go_on)
    }
}
