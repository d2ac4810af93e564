//! Visits of whose work the log is still to be told, and the work that it was told of.

use foretell_model::{MachineId, Timestamp};

use super::{Row, Session, values};
use crate::error::Result;

/// Notes that the log is to be told of the work of a visit, and when.
pub(crate) fn note(connection: &dyn Session, booking: i64, due: Timestamp) -> Result<()> {
    let sql = "INSERT INTO untold_work (booking, due) VALUES (?1, ?2) ON CONFLICT (booking) DO UPDATE SET due = ?2";
    connection.execute(sql, values![booking, due]).map(drop)
}

/// Nothing is to be told of a visit any more; says whether something was.
pub(crate) fn forget(connection: &dyn Session, booking: i64) -> Result<bool> {
    Ok(connection.execute("DELETE FROM untold_work WHERE booking = ?1", values![booking])? > 0)
}

/// Visits whose time has come, the oldest first.
pub(crate) fn due(connection: &dyn Session, now: Timestamp) -> Result<Vec<i64>> {
    let rows =
        connection.query("SELECT booking FROM untold_work WHERE due <= ?1 ORDER BY due, booking", values![now])?;
    rows.iter().map(|row: &Row| row.get(0)).collect()
}

/// Keeps whose work it is that the log is told of, on which machine and when it ended.
pub(crate) fn tell(connection: &dyn Session, booking: i64, (machine, ts): (&MachineId, Timestamp)) -> Result<()> {
    let sql = "INSERT INTO told_work (machine, ts, booking) VALUES (?1, ?2, ?3)
               ON CONFLICT (machine, ts) DO UPDATE SET booking = ?3";
    connection.execute(sql, values![machine.as_str(), ts, booking]).map(drop)
}

/// Whether the log was told from here of work on a machine that ended then.
pub(crate) fn was_told(connection: &dyn Session, machine: &MachineId, ts: Timestamp) -> Result<bool> {
    connection.exists("SELECT 1 FROM told_work WHERE machine = ?1 AND ts = ?2", values![machine.as_str(), ts])
}
