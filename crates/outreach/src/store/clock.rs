//! What outreach has seen of the clock, and what follows when it went back.

use foretell_model::Timestamp;

use super::{Session, values};
use crate::clock::Watch;
use crate::error::{OutreachError, Result};

/// What was seen last.
pub(crate) fn read(connection: &dyn Session) -> Result<Option<Watch>> {
    let row = connection.first("SELECT body FROM clock WHERE id = 1", &[])?;
    let parse = |row: super::Row| {
        serde_json::from_str(&row.get::<String>(0)?)
            .map_err(|e| OutreachError::corrupt("what was seen of the clock", e))
    };
    row.map(parse).transpose()
}

/// Keeps what was seen.
pub(crate) fn write(connection: &dyn Session, watch: &Watch) -> Result<()> {
    let body = serde_json::to_string(watch).map_err(|e| OutreachError::corrupt("what was seen of the clock", e))?;
    let sql = "INSERT INTO clock (id, body) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET body = ?1";
    connection.execute(sql, values![body]).map(drop)
}

/// Messages that claim to have gone out after `from` went out by `now` at the latest: the caps count from there. Silences
/// asked for after it keep their length, and what waits is asked about anew.
pub(crate) fn redate(connection: &dyn Session, from: Timestamp, now: Timestamp) -> Result<()> {
    connection.execute("UPDATE message SET sent = ?2 WHERE sent > ?1", values![from, now])?;
    connection
        .execute("UPDATE not_now SET until = until - since + ?2, since = ?2 WHERE since > ?1", values![from, now])?;
    for table in ["message", "crew_word", "manager_word"] {
        let sql = format!("UPDATE {table} SET due = ?1 WHERE state = 'queued' AND attempts = 0");
        connection.execute(&sql, values![now])?;
    }
    Ok(())
}
