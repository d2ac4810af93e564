//! What jobs achieved, as the engine measured it: the newest of each machine and work.

use foretell_model::{Finding, MachineId, Timestamp, wire};

use super::{Session, values};
use crate::error::{OutreachError, Result};

/// Keeps what a job achieved.
pub(crate) fn keep(connection: &dyn Session, finding: &Finding) -> Result<()> {
    let sql = "INSERT INTO effect (machine, work, at, finding) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (machine, work) DO UPDATE SET at = ?3, finding = ?4 WHERE ?3 >= effect.at";
    let (machine, work) = (finding.machine.as_str(), finding.fault.as_str());
    connection.execute(sql, values![machine, work, finding.at, wire::to_json(finding)]).map(drop)
}

/// What a work achieved that was done on a machine at or after an instant.
pub(crate) fn of_work(
    connection: &dyn Session,
    machine: &MachineId,
    work: &str,
    since: Timestamp,
) -> Result<Option<Finding>> {
    let sql = "SELECT finding FROM effect WHERE machine = ?1 AND work = ?2 AND at >= ?3";
    let Some(row) = connection.first(sql, values![machine.as_str(), work, since])? else { return Ok(None) };
    let finding = wire::from_json(&row.get::<String>(0)?);
    finding.map(Some).map_err(|e| OutreachError::corrupt(format!("what {work} achieved on {machine}"), e))
}
