//! Cases: one per finding id.

use foretell_model::{Catalogue, FaultCode, Finding, FindingId, Grade, MachineId, Timestamp, wire};

use super::spoken::{self, Companion, Spoken, Told};
use super::{Row, Session, values};
use crate::context::MachineContext;
use crate::error::{OutreachError, Result};
use crate::views::{Matter, Stage};

/// How long before a finding most of its machine's week was learned, days: the two newest weeks weigh half.
const DUTY_AGE_DAYS: f64 = 14.0;

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
    /// Why it needs the advisor, for people to read.
    pub(crate) remark: Option<String>,
    /// What it asks of the advisor beside what its stage says.
    pub(crate) matter: Option<Matter>,
    /// What speaks for it, while it stays inside the company.
    pub(crate) goes_with: Option<GoesWith>,
    /// What the customer was told of it first.
    pub(crate) told: Option<Told>,
    /// Faults of other cases of the machine that may be about the same and go with it.
    pub(crate) rivals: Vec<FaultCode>,
    /// When it was opened.
    pub(crate) opened: Timestamp,
    /// Cases on other machines of the site that go with its letter and its visit, as they were last said.
    pub(crate) companions: Vec<Companion>,
}

/// What speaks for a case that does not speak for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoesWith {
    /// Another case.
    Case(FindingId),
    /// Whatever visit comes next.
    NextVisit,
}

/// How the next visit is kept where a case's identity stands otherwise; those have slashes.
const NEXT_VISIT: &str = "next visit";

impl GoesWith {
    fn as_str(&self) -> &str {
        match self {
            Self::Case(id) => id.as_str(),
            Self::NextVisit => NEXT_VISIT,
        }
    }

    fn from_text(text: &str) -> Self {
        if text == NEXT_VISIT { Self::NextVisit } else { Self::Case(FindingId::from_text(text)) }
    }
}

const COLUMNS: &str = "finding, context, stage, until, remark, opened, companions, goes_with, matter, told, rivals";

impl Case {
    /// Writes the case as it is now.
    pub(crate) fn save(&self, connection: &dyn Session, now: Timestamp) -> Result<()> {
        let context = serde_json::to_string(&self.context)
            .map_err(|e| OutreachError::corrupt(format!("the context of {}", self.finding.id), e))?;
        connection.execute(
            "INSERT INTO advisory (id, machine, fault, grade, stage, until, remark, opened, changed, finding, context,
                                   companions, goes_with, matter, told, rivals)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (id) DO UPDATE SET grade = ?4, stage = ?5, until = ?6, remark = ?7, changed = ?9,
                                            finding = ?10, context = ?11, companions = ?12, goes_with = ?13,
                                            matter = ?14, told = ?15, rivals = ?16",
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
                self.goes_with.as_ref().map(GoesWith::as_str),
                self.matter.map(Matter::name),
                self.kept_told()?,
                self.kept_rivals(),
            ],
        )?;
        Ok(())
    }

    fn kept_companions(&self) -> Result<Option<String>> {
        if self.companions.is_empty() {
            return Ok(None);
        }
        let kept = spoken::keep_companions(&self.companions);
        kept.map(Some).map_err(|e| OutreachError::corrupt(format!("what goes with {}", self.finding.id), e))
    }

    fn kept_rivals(&self) -> Option<String> {
        let rivals: Vec<&str> = self.rivals.iter().map(FaultCode::as_str).collect();
        (!rivals.is_empty()).then(|| rivals.join(" "))
    }

    fn kept_told(&self) -> Result<Option<String>> {
        let kept = self.told.as_ref().map(spoken::keep_told).transpose();
        kept.map_err(|e| OutreachError::corrupt(format!("what was told of {}", self.finding.id), e))
    }

    /// Somebody outside the house hears of it now. The case is not saved.
    pub(crate) fn tell(&mut self, catalogue: &Catalogue) {
        self.told = Some(Told::of(&self.finding, self.told.as_ref(), catalogue));
        for companion in &mut self.companions {
            companion.told = Some(Told::of(&companion.finding, companion.told.as_ref(), catalogue));
        }
    }

    /// The work was done: what is named from now on is what is likeliest then.
    pub(crate) fn fulfil(&mut self) {
        let companions = self.companions.iter_mut().map(|companion| &mut companion.told);
        std::iter::once(&mut self.told).chain(companions).flatten().for_each(|told| told.cause = None);
    }

    /// What the case speaks of, with what was told of it: its own finding, then those on other machines.
    pub(crate) fn spoken(&self) -> impl Iterator<Item = Spoken<'_>> {
        let own = self.own();
        std::iter::once(own).chain(self.companions.iter().map(Companion::spoken))
    }

    /// The finding with its onset as it was told, for whoever reads it beside the letter.
    pub(crate) fn as_told(&self) -> Finding {
        let (mut finding, said) = (self.finding.clone(), self.finding.onset());
        let told = self.own().onset();
        finding.evidence.iter_mut().filter(|item| item.since == said).for_each(|item| item.since = told);
        finding
    }

    /// What the case speaks of its own machine.
    pub(crate) fn own(&self) -> Spoken<'_> {
        Spoken { finding: &self.finding, told: self.told.as_ref(), rivals: &self.rivals }
    }

    /// What the case speaks of: its own finding, then those on other machines.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        std::iter::once(&self.finding).chain(self.companions.iter().map(|companion| &companion.finding))
    }

    /// The machines that it speaks of, its own first.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.findings().map(|finding| &finding.machine)
    }

    /// What the engine knows of each of its machines, its own first.
    pub(crate) fn contexts(&self) -> impl Iterator<Item = &MachineContext> {
        std::iter::once(&self.context).chain(self.companions.iter().map(|companion| &companion.context))
    }

    /// Takes in what the engine knows of one of its machines by now. The case is not saved.
    pub(crate) fn learn(&mut self, machine: &MachineId, context: &MachineContext) {
        let others = self.companions.iter_mut().map(|other| (&other.finding.machine, &mut other.context));
        for (_, known) in
            std::iter::once((&self.finding.machine, &mut self.context)).chain(others).filter(|(of, _)| *of == machine)
        {
            known.clone_from(context);
        }
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
        let running = others.fold(self.context.clone(), MachineContext::beside);
        MachineContext { learned: Some(self.finding.at.plus_days(-DUTY_AGE_DAYS)), ..running }
    }

    /// Moves the case on and writes it; from now on it speaks for itself, and what it asked is settled.
    pub(crate) fn move_to(
        &mut self,
        connection: &dyn Session,
        stage: Stage,
        remark: Option<&str>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        (self.stage, self.until, self.remark) = (stage, until, remark.map(str::to_owned));
        (self.goes_with, self.matter) = (None, None);
        self.save(connection, now)
    }

    /// As [`Case::move_to`], to where it asks something of the advisor.
    pub(crate) fn ask(
        &mut self,
        connection: &dyn Session,
        (stage, until): (Stage, Option<Timestamp>),
        matter: Matter,
        remark: &str,
        now: Timestamp,
    ) -> Result<()> {
        (self.stage, self.until, self.remark) = (stage, until, Some(remark.to_owned()).filter(|said| !said.is_empty()));
        (self.goes_with, self.matter) = (None, Some(matter));
        self.save(connection, now)
    }

    /// Leaves the talking to another case, or waits for a visit.
    pub(crate) fn follow(&mut self, connection: &dyn Session, what: GoesWith, now: Timestamp) -> Result<()> {
        (self.stage, self.until, self.remark) = (Stage::Internal, None, None);
        (self.goes_with, self.matter) = (Some(what), None);
        self.save(connection, now)
    }

    /// The case that does the talking for this one, if one does.
    pub(crate) fn leader(&self) -> Option<&FindingId> {
        match self.goes_with.as_ref().filter(|_| self.stage == Stage::Internal)? {
            GoesWith::Case(id) => Some(id),
            GoesWith::NextVisit => None,
        }
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

/// Cases of a machine that were done at an instant in the visit of another one, by the remark of such.
pub(crate) fn done_with(
    connection: &dyn Session,
    machine: &MachineId,
    remark: &str,
    done: Timestamp,
) -> Result<Vec<FindingId>> {
    let sql = "SELECT id FROM advisory WHERE machine = ?1 AND stage = 'done' AND remark = ?2 AND changed = ?3";
    let rows = connection.query(sql, values![machine.as_str(), remark, done])?;
    rows.iter().map(|row| Ok(FindingId::from_text(&row.get::<String>(0)?))).collect()
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

/// Puts every mark behind all findings of `head`, after the log was exchanged for another.
pub(crate) fn remark(connection: &dyn Session, head: u64) -> Result<usize> {
    let head = i64::try_from(head).unwrap_or(i64::MAX);
    connection.execute("UPDATE mark SET log_offset = ?1, ordinal = ?2", values![head, i64::from(u32::MAX)])
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
        Some(text) => spoken::read_companions(&text)
            .map_err(|e| OutreachError::corrupt(format!("what goes with {}", finding.id), e))?,
        None => Vec::new(),
    };
    let goes_with = row.get::<Option<String>>(7)?.as_deref().map(GoesWith::from_text);
    // A matter that a newer program knows asks for nothing that this one could do.
    let matter = row.get::<Option<String>>(8)?.as_deref().and_then(Matter::from_name);
    let told = row.get::<Option<String>>(9)?.map(|text| spoken::read_told(&text)).transpose();
    let told = told.map_err(|e| OutreachError::corrupt(format!("what was told of {}", finding.id), e))?;
    let (until, remark, opened, told) = (row.get(3)?, row.get(4)?, row.get(5)?, told);
    let rivals = row.get::<Option<String>>(10)?.unwrap_or_default();
    let rivals = rivals.split_whitespace().filter_map(FaultCode::new).collect();
    Ok(Case { finding, context, stage, until, remark, matter, goes_with, told, rivals, opened, companions })
}
