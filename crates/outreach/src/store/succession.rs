//! A visit and what was written about it pass from one case of a machine to another one.

use foretell_model::FindingId;

use super::{Session, values};
use crate::error::Result;

/// Hands the visit of a case, its letters and what its customer knows of the visit to another one, which has no visit. A draft
/// that the other had, taken back by now, is left in exchange: the newest letter of each is then one of its visit, or none.
pub(crate) fn hand_over(connection: &dyn Session, from: &FindingId, to: &FindingId) -> Result<()> {
    for sql in [
        "UPDATE message SET advisory = CASE advisory WHEN ?1 THEN ?2 ELSE ?1 END WHERE advisory IN (?1, ?2)",
        "UPDATE booking SET advisory = ?2 WHERE advisory = ?1",
        "UPDATE visit_told SET advisory = ?2 WHERE advisory = ?1",
    ] {
        connection.execute(sql, values![from.as_str(), to.as_str()])?;
    }
    Ok(())
}
