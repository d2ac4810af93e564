//! Machines of which a case's letter spoke, or to which its visit goes, beside its own.

use super::{Case, Session, values};
use crate::error::Result;

/// Keeps which machines a case takes along, now that somebody outside the house hears of it.
pub(crate) fn note(connection: &dyn Session, case: &Case) -> Result<()> {
    for companion in &case.companions {
        let sql = "INSERT INTO alongside (machine, advisory) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        connection.execute(sql, values![companion.finding.machine.as_str(), case.finding.id.as_str()])?;
    }
    Ok(())
}
