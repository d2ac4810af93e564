//! What rows of the log are read by. Each asks for `id, machine, ts, lag_ms, kind, body, digest, place`, in this order.
//!
//! `place` is a checksum of the columns beside the body, which the digest leaves out: a digest is how an equal event is found again,
//! and must stay as releases before have written it. Rows of those releases have none, and a log that only they have written to not
//! even the column; theirs is not checked.

use rusqlite::Connection;

use crate::error::OpenError;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Queries {
    /// Entries behind one, in order of arrival.
    pub(super) read: &'static str,
    /// One machine's readings of a span. Goes from one minute that the log holds to the next, by a seek each, and seeks the machine in
    /// each: an empty century costs as much as an empty minute. `CROSS JOIN` fixes that order; a missing next minute is NULL and ends
    /// the walk.
    pub(super) readings: &'static str,
    /// All machines' readings of a span.
    pub(super) span: &'static str,
    /// The same of every kind of event.
    pub(super) events: &'static str,
}

macro_rules! queries {
    ($place:literal) => {
        Queries {
            read: concat!(
                "SELECT id, machine, ts, lag_ms, kind, body, digest, ",
                $place,
                " FROM log WHERE id > ?1 ORDER BY id LIMIT ?2"
            ),
            readings: concat!(
                "WITH RECURSIVE minutes (minute) AS (
                    SELECT (SELECT ts / 60000 FROM log INDEXED BY log_identity WHERE ts / 60000 >= ?1 ORDER BY ts / 60000 LIMIT 1)
                    UNION ALL
                    SELECT (SELECT ts / 60000 FROM log INDEXED BY log_identity WHERE ts / 60000 > minute ORDER BY ts / 60000 LIMIT 1)
                        FROM minutes WHERE minute < ?2)
                SELECT log.id, log.machine, log.ts, log.lag_ms, log.kind, log.body, log.digest, ",
                $place,
                " FROM minutes
                CROSS JOIN log INDEXED BY log_identity ON log.ts / 60000 = minutes.minute AND log.machine = ?3 AND log.ts >= ?4
                    AND log.ts < ?5
                WHERE log.kind = 0"
            ),
            span: concat!(
                "SELECT id, machine, ts, lag_ms, kind, body, digest, ",
                $place,
                " FROM log INDEXED BY log_identity
                WHERE ts / 60000 BETWEEN ?1 AND ?2 AND ts >= ?3 AND ts < ?4 AND kind = 0 AND id <= ?5 ORDER BY ts / 60000"
            ),
            events: concat!(
                "SELECT id, machine, ts, lag_ms, kind, body, digest, ",
                $place,
                " FROM log INDEXED BY log_identity
                WHERE ts / 60000 BETWEEN ?1 AND ?2 AND ts >= ?3 AND ts < ?4 AND id <= ?5 ORDER BY ts / 60000"
            ),
        }
    };
}

static WITH_PLACE: Queries = queries!("place");
static WITHOUT: Queries = queries!("NULL");

impl Queries {
    /// For an open log. Whoever appends to it `adds` the column where it is missing, which costs one page.
    pub(super) fn of(
        connection: &Connection,
        adds: bool,
        refused: impl Fn(rusqlite::Error) -> OpenError,
    ) -> Result<&'static Self, OpenError> {
        let column = "SELECT count(*) FROM pragma_table_info('log') WHERE name = 'place'";
        let has_column = || connection.query_row(column, [], |row| row.get::<_, i64>(0)).map(|columns| columns > 0);
        if has_column().map_err(&refused)? {
            return Ok(&WITH_PLACE);
        }
        if !adds {
            return Ok(&WITHOUT);
        }
        connection.execute_batch("ALTER TABLE log ADD COLUMN place INTEGER").map_err(refused)?;
        Ok(&WITH_PLACE)
    }
}

/// The checksum of a row's machine (its number), time stamp and delay: 16 bits, so that it takes two bytes. Of damaged rows one in
/// 65,536 goes unseen.
pub(super) fn place_sum(machine: i64, ts: i64, lag_ms: i64) -> i64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let bytes = [machine, ts, lag_ms].into_iter().flat_map(i64::to_le_bytes);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, mix);
    let folded = hash ^ (hash >> 32);
    i64::from((folded ^ (folded >> 16)) as i16)
}
