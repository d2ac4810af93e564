//! What the quarantine holds, and who goes when it is full: the oldest of whatever reason takes up most.
//!
//! So a flood of rubbish washes out itself. What was refused for its time stamp has a larger room of its own: where our own clock
//! is the wrong one (a computer that started without a battery behind its clock), these are every good reading of the fleet, they
//! were acknowledged, and they wait to be taken in once the clock is right.

use std::collections::BTreeMap;

use foretell_model::{FROM_FUTURE, TOO_OLD};
use rusqlite::{Transaction, params};

use super::QuarantineBounds;
use crate::database::unsigned;

/// What a row costs beside its texts and raw bytes, bytes; an estimate for the bound.
pub(super) const ROW_BYTES: u64 = 64;

/// A row's size without [`ROW_BYTES`].
pub(super) const SIZE: &str = "length(raw) + length(source) + length(topic) + length(reason) + length(detail)";

/// Refused for a time stamp that our own clock could not believe.
const OF_THE_CLOCK: [&str; 2] = [FROM_FUTURE, TOO_OLD];

/// So many times the room of all the others. With the shipped bounds some three million readings: two days of a thousand machines
/// that speak every minute.
const CLOCK_ROOM: u64 = 16;

/// Keeps count by reason, whoever changes the file, and counts once what an older release left: a file that a wrong clock filled
/// takes seconds to count through, and everybody's acknowledgements would wait for that.
pub(super) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS held (reason TEXT PRIMARY KEY, items INTEGER NOT NULL,
        bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO held SELECT reason, count(*), sum(length(raw) + length(source) + length(topic) + length(reason)
        + length(detail) + 64) FROM refusals WHERE NOT EXISTS (SELECT 1 FROM held) GROUP BY reason;
    CREATE TRIGGER IF NOT EXISTS refusals_come AFTER INSERT ON refusals BEGIN
        INSERT INTO held VALUES (new.reason, 1, length(new.raw) + length(new.source) + length(new.topic)
            + length(new.reason) + length(new.detail) + 64)
        ON CONFLICT DO UPDATE SET items = items + 1, bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER IF NOT EXISTS refusals_go AFTER DELETE ON refusals BEGIN
        UPDATE held SET items = items - 1, bytes = bytes - (length(old.raw) + length(old.source) + length(old.topic)
            + length(old.reason) + length(old.detail) + 64) WHERE reason = old.reason;
    END;";

/// Rows and bytes by reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    reasons: BTreeMap<String, Share>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Share {
    rows: u64,
    bytes: u64,
}

impl Held {
    /// As the file has it now.
    pub(super) fn of(transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        let mut statement = transaction.prepare_cached("SELECT reason, items, bytes FROM held")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, Share { rows: unsigned(row, 1)?, bytes: unsigned(row, 2)? }))
        })?;
        Ok(Self { reasons: rows.collect::<rusqlite::Result<_>>()? })
    }

    pub(super) fn add(&mut self, reason: &str, bytes: u64) {
        let share = self.reasons.entry(reason.to_owned()).or_default();
        share.rows += 1;
        share.bytes += bytes;
    }

    pub(super) fn remove(&mut self, reason: &str, bytes: u64) {
        if let Some(share) = self.reasons.get_mut(reason) {
            share.rows = share.rows.saturating_sub(1);
            share.bytes = share.bytes.saturating_sub(bytes);
        }
    }

    /// Who has to give something up, if anybody.
    fn largest(&self, bounds: QuarantineBounds) -> Option<String> {
        self.largest_within(bounds, 1, |reason| !OF_THE_CLOCK.contains(&reason))
            .or_else(|| self.largest_within(bounds, CLOCK_ROOM, |reason| OF_THE_CLOCK.contains(&reason)))
    }

    /// The same among some reasons, with so many times the bounds.
    fn largest_within(&self, bounds: QuarantineBounds, times: u64, among: impl Fn(&str) -> bool) -> Option<String> {
        let shares = || self.reasons.iter().filter(|(reason, _)| among(reason));
        let sum = |of: fn(&Share) -> u64| shares().map(|(_, share)| of(share)).sum::<u64>();
        let most = |of: fn(&Share) -> u64| shares().max_by_key(|(_, share)| of(share));
        let too_many = sum(|share| share.rows) > bounds.rows_max.saturating_mul(times);
        let too_large = sum(|share| share.bytes) > bounds.bytes_max.saturating_mul(times);
        let largest = match (too_large, too_many) {
            (true, _) => most(|share| share.bytes),
            (false, true) => most(|share| share.rows),
            (false, false) => None,
        };
        largest.filter(|(_, share)| share.rows > 0).map(|(reason, _)| reason.clone())
    }

    /// Lets the oldest go until the bounds hold again.
    pub(super) fn evict(&mut self, transaction: &Transaction<'_>, bounds: QuarantineBounds) -> rusqlite::Result<u64> {
        /// Rows looked at for one reason before the next largest is asked.
        const ROWS: u64 = 64;
        let query = format!("SELECT id, {SIZE} + {ROW_BYTES} FROM refusals WHERE reason = ?1 ORDER BY id LIMIT {ROWS}");
        let mut gone = 0;
        while let Some(reason) = self.largest(bounds) {
            let mut oldest = transaction.prepare_cached(&query)?;
            let rows = oldest.query_map([&reason], |row| Ok((row.get::<_, i64>(0)?, unsigned(row, 1)?)))?;
            let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            if rows.is_empty() {
                // Whatever was miscounted, it is not there.
                self.reasons.remove(&reason);
            }
            for (id, bytes) in rows {
                if self.largest(bounds).as_ref() != Some(&reason) {
                    break;
                }
                transaction.prepare_cached("DELETE FROM refusals WHERE id = ?1")?.execute(params![id])?;
                self.remove(&reason, bytes);
                gone += 1;
            }
        }
        Ok(gone)
    }
}
