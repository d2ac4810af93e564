//! Cases: one per finding id.

use foretell_model::{Finding, FindingId, Grade, MachineId, Timestamp, wire};
use rusqlite::{Connection, OptionalExtension, Row, params};

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

/// The columns as they come.
type Raw = (String, String, String, Option<i64>, Option<String>, i64);

impl Case {
    /// Writes the case as it is now.
    pub(crate) fn save(&self, connection: &Connection, now: Timestamp) -> Result<()> {
        let context = serde_json::to_string(&self.context)
            .map_err(|e| OutreachError::corrupt(format!("the context of {}", self.finding.id), e))?;
        connection
            .prepare_cached(
                "INSERT INTO advisory (id, machine, fault, grade, stage, until, remark, opened, changed, finding, context)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT DO UPDATE SET grade = ?4, stage = ?5, until = ?6, remark = ?7, changed = ?9,
                                           finding = ?10, context = ?11",
            )?
            .execute(params![
                self.finding.id.as_str(),
                self.finding.machine.as_str(),
                self.finding.fault.as_str(),
                self.finding.grade.name(),
                self.stage.name(),
                self.until.map(Timestamp::millis),
                self.remark,
                self.opened.millis(),
                now.millis(),
                wire::to_json(&self.finding),
                context
            ])?;
        Ok(())
    }

    /// Moves the case on and writes it.
    pub(crate) fn move_to(
        &mut self,
        connection: &Connection,
        stage: Stage,
        remark: Option<&str>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        (self.stage, self.until, self.remark) = (stage, until, remark.map(str::to_owned));
        self.save(connection, now)
    }

    /// Whether the customer is being talked to about it.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Queued | Stage::Contacted | Stage::Call | Stage::Booked)
    }
}

/// One case, if it exists.
pub(crate) fn find(connection: &Connection, id: &FindingId) -> Result<Option<Case>> {
    let raw = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM advisory WHERE id = ?1"))?
        .query_row([id.as_str()], raw)
        .optional()?;
    raw.map(parse).transpose()
}

/// One case that must exist.
pub(crate) fn get(connection: &Connection, id: &FindingId) -> Result<Case> {
    find(connection, id)?.ok_or_else(|| OutreachError::missing("case", id))
}

/// Every case of a machine that is neither done nor cleared, oldest first.
pub(crate) fn open_of(connection: &Connection, machine: &MachineId) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory WHERE machine = ?1 AND stage NOT IN ('done', 'cleared') ORDER BY opened, id"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let raws = query.query_map([machine.as_str()], raw)?.collect::<rusqlite::Result<Vec<_>>>()?;
    raws.into_iter().map(parse).collect()
}

/// Every open case in one of the stages.
pub(crate) fn in_stages(connection: &Connection, stages: &[Stage]) -> Result<Vec<Case>> {
    let names: Vec<String> = stages.iter().map(|stage| format!("'{}'", stage.name())).collect();
    // Stage names are constants of this crate; the second condition lets the partial index serve.
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory WHERE stage IN ({}) AND stage NOT IN ('done', 'cleared') ORDER BY opened, id",
        names.join(", ")
    );
    let mut query = connection.prepare_cached(&sql)?;
    let raws = query.query_map([], raw)?.collect::<rusqlite::Result<Vec<_>>>()?;
    raws.into_iter().map(parse).collect()
}

/// Every open case of a grade that may leave the house, strongest first within a machine.
pub(crate) fn outward(connection: &Connection) -> Result<Vec<Case>> {
    let open: Vec<Stage> =
        Stage::ALL.iter().copied().filter(|stage| !matches!(stage, Stage::Done | Stage::Cleared)).collect();
    let mut cases = in_stages(connection, &open)?;
    cases.retain(|case| case.finding.grade >= Grade::Advise);
    Ok(cases)
}

/// How many cases of a fault a machine has had.
pub(crate) fn count(connection: &Connection, machine: &MachineId, fault: &str) -> Result<u32> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM advisory WHERE machine = ?1 AND fault = ?2")?
        .query_row([machine.as_str(), fault], |row| row.get(0))?)
}

/// How many cases are in each stage.
pub(crate) fn by_stage(connection: &Connection) -> Result<Vec<(String, u32)>> {
    let mut query = connection.prepare_cached("SELECT stage, count(*) FROM advisory GROUP BY stage")?;
    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether a finding of this place on the log was applied before; if not, records it.
pub(crate) fn mark(connection: &Connection, machine: &MachineId, offset: u64, ordinal: u32) -> Result<bool> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let changed = connection
        .prepare_cached(
            "INSERT INTO mark (machine, log_offset, ordinal) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET log_offset = ?2, ordinal = ?3 WHERE (?2, ?3) > (log_offset, ordinal)",
        )?
        .execute(params![machine.as_str(), offset, ordinal])?;
    Ok(changed == 0)
}

/// Lowers every mark beyond `head`, after the log was replaced or cut there.
pub(crate) fn rewind(connection: &Connection, head: u64) -> Result<usize> {
    let head = i64::try_from(head).unwrap_or(i64::MAX);
    let lower = "UPDATE mark SET log_offset = ?1, ordinal = 0 WHERE log_offset > ?1";
    Ok(connection.execute(lower, params![head])?)
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

fn parse((finding, context, stage, until, remark, opened): Raw) -> Result<Case> {
    let finding = wire::from_json(&finding).map_err(|e| OutreachError::corrupt("the finding of a case", e))?;
    let context = serde_json::from_str(&context)
        .map_err(|e| OutreachError::corrupt(format!("the context of {}", finding.id), e))?;
    let stage = Stage::from_name(&stage).ok_or_else(|| {
        OutreachError::corrupt(format!("the stage of {}", finding.id), format!("`{stage}` is no stage"))
    })?;
    Ok(Case {
        finding,
        context,
        stage,
        until: until.map(Timestamp::from_millis),
        remark,
        opened: Timestamp::from_millis(opened),
    })
}
