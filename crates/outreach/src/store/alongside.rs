//! Machines of which a case's letter spoke, or to which its visit goes, beside its own.

use super::{Case, Row, Session, values};
use crate::error::Result;

/// The machines beside its own of which a case's letter spoke, or to which its visit goes.
pub(crate) fn of(connection: &dyn Session, advisory: &str) -> Result<Vec<String>> {
    let sql = "SELECT machine FROM alongside WHERE advisory = ?1 ORDER BY machine";
    connection.query(sql, values![advisory])?.iter().map(|row: &Row| row.get(0)).collect()
}

/// Keeps which machines a case takes along, now that somebody outside the house hears of it.
pub(crate) fn note(connection: &dyn Session, case: &Case) -> Result<()> {
    for companion in &case.companions {
        let sql = "INSERT INTO alongside (machine, advisory) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        connection.execute(sql, values![companion.finding.machine.as_str(), case.finding.id.as_str()])?;
    }
    Ok(())
}
