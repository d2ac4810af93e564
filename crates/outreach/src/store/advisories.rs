//! Cases: one per finding id.

use foretell_model::{Finding, FindingId, Grade, MachineId, Timestamp, wire};
use serde::{Deserialize, Serialize};

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
    /// Cases on other machines of the site that go with its letter and its visit, as they were last said.
    pub(crate) companions: Vec<Companion>,
}

/// A case on another machine, as the one that speaks for it knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Companion {
    /// Its finding as last said.
    pub(crate) finding: Finding,
    /// Its machine's state at that time.
    pub(crate) context: MachineContext,
}

/// A companion as it is kept.
#[derive(Deserialize, Serialize)]
struct Kept {
    finding: String,
    context: MachineContext,
}

const COLUMNS: &str = "finding, context, stage, until, remark, opened, companions";

impl Case {
    /// Writes the case as it is now.
    pub(crate) fn save(&self, connection: &dyn Session, now: Timestamp) -> Result<()> {
        let context = serde_json::to_string(&self.context)
            .map_err(|e| OutreachError::corrupt(format!("the context of {}", self.finding.id), e))?;
        connection.execute(
            "INSERT INTO advisory (id, machine, fault, grade, stage, until, remark, opened, changed, finding, context,
                                   companions)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET grade = ?4, stage = ?5, until = ?6, remark = ?7, changed = ?9,
                                            finding = ?10, context = ?11, companions = ?12",
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
                self.kept_companions()?,
            ],
        )?;
        Ok(())
    }

    fn kept_companions(&self) -> Result<Option<String>> {
        if self.companions.is_empty() {
            return Ok(None);
        }
        let kept = |companion: &Companion| Kept {
            finding: wire::to_json(&companion.finding),
            context: companion.context.clone(),
        };
        let kept: Vec<Kept> = self.companions.iter().map(kept).collect();
        let text = serde_json::to_string(&kept);
        text.map(Some).map_err(|e| OutreachError::corrupt(format!("what goes with {}", self.finding.id), e))
    }

    /// What the case speaks of: its own finding, then those on other machines.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        std::iter::once(&self.finding).chain(self.companions.iter().map(|companion| &companion.finding))
    }

    /// The machines that it speaks of, its own first.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.findings().map(|finding| &finding.machine)
    }

    /// How pressing it is: as the most pressing of what it speaks of.
    pub(crate) fn grade(&self) -> Grade {
        self.findings().map(|finding| finding.grade).fold(self.finding.grade, Grade::max)
    }

    /// Before which instant each of its machines will hold in nine of ten cases, where one was forecast.
    pub(crate) fn p10(&self) -> Option<Timestamp> {
        let p10 = |finding: &Finding| Some(finding.at.plus_days(finding.rul_days?.p10?));
        self.findings().filter_map(p10).min()
    }

    /// When all its machines run, for finding an hour at which they stand still.
    pub(crate) fn running(&self) -> MachineContext {
        let others = self.companions.iter().map(|companion| &companion.context);
        others.fold(self.context.clone(), MachineContext::beside)
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

/// Every case of a site's machines that is neither done nor cleared, oldest first.
pub(crate) fn open_at(connection: &dyn Session, site: &str) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM advisory WHERE machine > ?1 AND machine < ?2 AND stage NOT IN ('done', 'cleared')
         ORDER BY opened, id"
    );
    // What begins with the site and a slash: the next character after a slash is a nought.
    let (from, to) = (format!("{site}/"), format!("{site}0"));
    connection.query(&sql, values![from, to])?.iter().map(parse).collect()
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
    let companions = match row.get::<Option<String>>(6)? {
        Some(text) => {
            companions(&text).map_err(|e| OutreachError::corrupt(format!("what goes with {}", finding.id), e))?
        }
        None => Vec::new(),
    };
    Ok(Case { finding, context, stage, until: row.get(3)?, remark: row.get(4)?, opened: row.get(5)?, companions })
}

fn companions(text: &str) -> std::result::Result<Vec<Companion>, Box<dyn std::error::Error + Send + Sync>> {
    let kept: Vec<Kept> = serde_json::from_str(text)?;
    let one = |kept: Kept| Ok(Companion { finding: wire::from_json(&kept.finding)?, context: kept.context });
    kept.into_iter().map(one).collect()
}
