//! Cases: one per finding id.

use foretell_model::{Finding, FindingId, MachineId, Timestamp, wire};

use super::{Row, Session, values};
use crate::context::MachineContext;
use crate::error::{OutreachError, Result};
use crate::views::Stage;

/// A case as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    /// The finding as last said.
    pub(crate) finding: Finding,
    /// The machine's state at that time.
    pub(crate) context: MachineContext,
    /// Where the case is.
    pub(crate) stage: Stage,
    /// Until when it is postponed or silent.
    pub(crate) until: Option<Timestamp>,
    /// Why it needs the advisor.
    pub(crate) remark: Option<String>,
    /// When it was opened.
    pub(crate) opened: Timestamp,
}

const COLUMNS: &str = "finding, context, stage, until, remark, opened";

impl Case {
    /// Writes the case as it is now.
    pub(crate) fn save(&self, connection: &dyn Session, now: Timestamp) -> Result<()> {
        let context = serde_json::to_string(&self.context)
            .map_err(|e| OutreachError::corrupt(format!("the context of {}", self.finding.id), e))?;
        connection.execute(
            "INSERT INTO advisory (id, machine, fault, grade, stage, until, remark, opened, changed, finding, context)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET grade = ?4, stage = ?5, until = ?6, remark = ?7, changed = ?9,
                                            finding = ?10, context = ?11",
            values![
                self.finding.id.as_str(),
                self.finding.machine.as_str(),
                self.finding.fault.as_str(),
                self.finding.grade.name(),
                self.stage.name(),
                self.until,
                self.remark.clone(),
                self.opened,
                now,
                wire::to_json(&self.finding),
                context,
            ],
        )?;
        Ok(())
    }

    /// Moves the case on and writes it.
    pub(crate) fn move_to(
        &mut self,
        connection: &dyn Session,
        stage: Stage,
        remark: Option<&str>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        (self.stage, self.until, self.remark) = (stage, until, remark.map(str::to_owned));
        self.save(connection, now)
    }

    /// Whether the work that the case asked for was done, at that instant, and nothing was said of the fault since: its
    /// forecast is of a machine that was worked on meanwhile.
    pub(crate) fn is_spent(&self, worked: Option<Timestamp>) -> bool {
        worked.is_some_and(|worked| self.finding.at <= worked)
    }

    /// Whether the customer is being talked to about it.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Queued | Stage::Contacted | Stage::Call | Stage::Booked)
    }
}

/// One case, if it exists.
pub(crate) fn find(connection: &dyn Session, id: &FindingId) -> Result<Option<Case>> {
    let sql = format!("SELECT {COLUMNS} FROM advisory WHERE id = ?1");
    connection.first(&sql, values![id.as_str()])?.as_ref().map(parse).transpose()
}

/// One case that must exist.
pub(crate) fn get(connection: &dyn Session, id: &FindingId) -> Result<Case> {
    find(connection, id)?.ok_or_else(|| OutreachError::missing("case", id))
}

/// Every case of a machine that is neither done nor cleared, oldest first.
pub(crate) fn open_of(connection: &dyn Session, machine: &MachineId) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory WHERE machine = ?1 AND stage NOT IN ('done', 'cleared') ORDER BY opened, id"
    );
    connection.query(&sql, values![machine.as_str()])?.iter().map(parse).collect()
}

/// Cases that changed after a number, with the number of the newest change; from the beginning on only those that are open.
pub(crate) fn changed_after(connection: &dyn Session, seq: i64) -> Result<Vec<Case>> {
    let open = if seq < 0 { "AND stage NOT IN ('done', 'cleared')" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM advisory WHERE seq > ?1 {open}");
    connection.query(&sql, values![seq])?.iter().map(parse).collect()
}

/// Every open case in one of the stages.
pub(crate) fn in_stages(connection: &dyn Session, stages: &[Stage]) -> Result<Vec<Case>> {
    let names: Vec<String> = stages.iter().map(|stage| format!("'{}'", stage.name())).collect();
    // Stage names are constants of this crate; the second condition lets the partial index serve.
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory WHERE stage IN ({}) AND stage NOT IN ('done', 'cleared') ORDER BY opened, id",
        names.join(", ")
    );
    connection.query(&sql, &[])?.iter().map(parse).collect()
}

/// How many cases of a fault a machine has had.
pub(crate) fn count(connection: &dyn Session, machine: &MachineId, fault: &str) -> Result<u32> {
    connection
        .count("SELECT count(*) FROM advisory WHERE machine = ?1 AND fault = ?2", values![machine.as_str(), fault])
}

/// When the work against a fault of a machine was last done, as far as a case tells of it.
pub(crate) fn last_done(connection: &dyn Session, machine: &MachineId, fault: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(changed) FROM advisory WHERE machine = ?1 AND fault = ?2 AND stage = 'done'";
    connection.first(sql, values![machine.as_str(), fault])?.map_or(Ok(None), |row| row.get(0))
}

/// How many cases are in each stage.
pub(crate) fn by_stage(connection: &dyn Session) -> Result<Vec<(String, u32)>> {
    let rows = connection.query("SELECT stage, count(*) FROM advisory GROUP BY stage", &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Whether a finding of this place on the log was applied before; if not, records it.
pub(crate) fn mark(connection: &dyn Session, machine: &MachineId, offset: u64, ordinal: u32) -> Result<bool> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let changed = connection.execute(
        "INSERT INTO mark (machine, log_offset, ordinal) VALUES (?1, ?2, ?3)
         ON CONFLICT (machine) DO UPDATE SET log_offset = ?2, ordinal = ?3
         WHERE (?2, ?3) > (mark.log_offset, mark.ordinal)",
        values![machine.as_str(), offset, ordinal],
    )?;
    Ok(changed == 0)
}

/// Lowers every mark beyond `head`, after the log was replaced or cut there.
pub(crate) fn rewind(connection: &dyn Session, head: u64) -> Result<usize> {
    let head = i64::try_from(head).unwrap_or(i64::MAX);
    connection.execute("UPDATE mark SET log_offset = ?1, ordinal = 0 WHERE log_offset > ?1", values![head])
}

fn parse(row: &Row) -> Result<Case> {
    let (finding, context, stage): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let finding = wire::from_json(&finding).map_err(|e| OutreachError::corrupt("the finding of a case", e))?;
    let context = serde_json::from_str(&context)
        .map_err(|e| OutreachError::corrupt(format!("the context of {}", finding.id), e))?;
    let stage = Stage::from_name(&stage).ok_or_else(|| {
        OutreachError::corrupt(format!("the stage of {}", finding.id), format!("`{stage}` is no stage"))
    })?;
    Ok(Case { finding, context, stage, until: row.get(3)?, remark: row.get(4)?, opened: row.get(5)? })
}
