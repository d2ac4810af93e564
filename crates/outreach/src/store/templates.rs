//! Templates that advisors edited: every version of them, the newest of a name counts.

use foretell_model::Timestamp;

use super::{Row, Session, values};
use crate::error::Result;

/// One edit of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Its number; later edits have higher ones.
    pub(crate) id: i64,
    /// Of which template, e.g. `fault.zh-CN.j2`.
    pub(crate) name: String,
    /// The text; `None` where the edits were taken back.
    pub(crate) source: Option<String>,
    /// When.
    pub(crate) at: Timestamp,
    /// By whom.
    pub(crate) who: String,
    /// Why; may be empty.
    pub(crate) why: String,
}

const COLUMNS: &str = "id, name, source, at, who, why";

/// Writes an edit; gives its number.
pub(crate) fn add(connection: &dyn Session, edit: &Edit) -> Result<i64> {
    let sql = "INSERT INTO template (name, source, at, who, why) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
    let values = values![&edit.name, edit.source.clone(), edit.at, &edit.who, &edit.why];
    connection.first(sql, values)?.map_or(Ok(0), |row| row.get(0))
}

/// Number of the last edit of any template; 0 when there is none.
pub(crate) fn last_edit(connection: &dyn Session) -> Result<i64> {
    let row = connection.first("SELECT max(id) FROM template", &[])?;
    Ok(row.map_or(Ok(None), |row| row.get::<Option<i64>>(0))?.unwrap_or(0))
}

/// The newest edit of every template that was ever edited, by name.
pub(crate) fn current(connection: &dyn Session) -> Result<Vec<Edit>> {
    many(connection, "id IN (SELECT max(id) FROM template GROUP BY name) ORDER BY name", &[])
}

/// The newest edits of one template, newest first.
pub(crate) fn of(connection: &dyn Session, name: &str, max: u32) -> Result<Vec<Edit>> {
    many(connection, "name = ?1 ORDER BY id DESC LIMIT ?2", values![name, max])
}

fn many(connection: &dyn Session, condition: &str, values: &[super::Value]) -> Result<Vec<Edit>> {
    connection.query(&format!("SELECT {COLUMNS} FROM template WHERE {condition}"), values)?.iter().map(edit).collect()
}

fn edit(row: &Row) -> Result<Edit> {
    Ok(Edit {
        id: row.get(0)?,
        name: row.get(1)?,
        source: row.get(2)?,
        at: row.get(3)?,
        who: row.get(4)?,
        why: row.get(5)?,
    })
}
