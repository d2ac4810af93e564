//! A row on its way into the log, where one of the same content may stand already.

use foretell_model::MINUTE_MS;
use rusqlite::{CachedStatement, params};

use super::queries::place_sum;

pub(super) const INSERT: &str =
    "INSERT OR IGNORE INTO log (machine, ts, lag_ms, kind, digest, body, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(super) const SAME: &str =
    "SELECT kind, body FROM log WHERE ts / 60000 = ?1 AND machine = ?2 AND ts = ?3 AND digest = ?4";

/// See the module's text.
pub(super) struct NewRow<'a> {
    pub(super) machine: i64,
    pub(super) ts: i64,
    pub(super) lag_ms: i64,
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
}

impl NewRow<'_> {
    /// Inserts it unless an equal one stands there already; says whether it did.
    pub(super) fn insert(
        &self,
        mut digest: u32,
        insert: &mut CachedStatement<'_>,
        same: &mut CachedStatement<'_>,
    ) -> rusqlite::Result<bool> {
        loop {
            insert.raw_bind_parameter(1, self.machine)?;
            insert.raw_bind_parameter(2, self.ts)?;
            insert.raw_bind_parameter(3, self.lag_ms)?;
            insert.raw_bind_parameter(4, self.kind)?;
            insert.raw_bind_parameter(5, digest)?;
            insert.raw_bind_parameter(6, self.body)?;
            insert.raw_bind_parameter(7, place_sum(self.machine, self.ts, self.lag_ms))?;
            if insert.raw_execute()? == 1 {
                return Ok(true);
            }
            let place = params![self.ts / MINUTE_MS, self.machine, self.ts, digest];
            let equal = same.query_row(place, |row| {
                Ok(row.get_ref(0)?.as_i64()? == i64::from(self.kind) && row.get_ref(1)?.as_blob()? == self.body)
            })?;
            if equal {
                return Ok(false);
            }
            // Another event of the same digest: the next place is as good, for this event now and for its copies later.
            digest = digest.wrapping_add(1);
        }
    }
}
