//! How far each subscriber to what happens has come.

use foretell_model::Timestamp;

use super::{Row, Session, values};
use crate::error::Result;
use crate::views::Happening;

/// A subscriber's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HookState {
    /// Number of the last entry of the record that it has, or that is none of its business.
    pub(crate) cursor: i64,
    /// Failures since the last success.
    pub(crate) attempts: u32,
    /// Not before then.
    pub(crate) due: Timestamp,
    /// How many it took.
    pub(crate) delivered: u32,
    /// How many it refused for good.
    pub(crate) refused: u32,
    /// When it last took one.
    pub(crate) last_ok: Option<Timestamp>,
    /// When it last did not.
    pub(crate) last_failure: Option<Timestamp>,
    /// Why not.
    pub(crate) why: String,
}

/// Makes a new subscriber known; it hears what happens from now on.
pub(crate) fn subscribe(connection: &dyn Session, name: &str) -> Result<()> {
    let sql = "INSERT INTO hook (name, cursor) VALUES (?1, (SELECT coalesce(max(id), 0) FROM happening))
               ON CONFLICT DO NOTHING";
    connection.execute(sql, values![name]).map(drop)
}

/// A subscriber's state, if it is known.
pub(crate) fn state(connection: &dyn Session, name: &str) -> Result<Option<HookState>> {
    let sql = "SELECT cursor, attempts, due, delivered, refused, last_ok, last_failure, why FROM hook WHERE name = ?1";
    let read = |row: Row| {
        Ok(HookState {
            cursor: row.get(0)?,
            attempts: row.get(1)?,
            due: row.get(2)?,
            delivered: row.get(3)?,
            refused: row.get(4)?,
            last_ok: row.get(5)?,
            last_failure: row.get(6)?,
            why: row.get(7)?,
        })
    };
    connection.first(sql, values![name])?.map(read).transpose()
}

/// Writes a subscriber's state.
pub(crate) fn save(connection: &dyn Session, name: &str, state: &HookState) -> Result<()> {
    let sql = "UPDATE hook SET cursor = ?2, attempts = ?3, due = ?4, delivered = ?5, refused = ?6, last_ok = ?7,
                               last_failure = ?8, why = ?9 WHERE name = ?1";
    let HookState { cursor, attempts, due, delivered, refused, last_ok, last_failure, why } = state;
    let values = values![name, *cursor, *attempts, *due, *delivered, *refused, *last_ok, *last_failure, why.as_str()];
    connection.execute(sql, values).map(drop)
}

/// Whether an entry is the first of its kind in its case.
pub(crate) fn is_first(connection: &dyn Session, entry: &Happening) -> Result<bool> {
    let sql = "SELECT 1 FROM happening WHERE advisory = ?1 AND what = ?2 AND id < ?3 LIMIT 1";
    let case = entry.case.as_deref().unwrap_or_default();
    Ok(!connection.exists(sql, values![case, entry.what.as_str(), entry.id])?)
}

/// Number of the record's last entry; 0 when there is none.
pub(crate) fn head(connection: &dyn Session) -> Result<i64> {
    let row = connection.first("SELECT coalesce(max(id), 0) FROM happening", &[])?;
    row.map_or(Ok(0), |row| row.get(0))
}
