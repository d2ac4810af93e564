//! What waits for an advisor, in the order of what waiting costs.

use foretell_model::{Finding, FindingId, FindingKind, Grade, MINUTE_MS, MachineId, Timestamp};

use super::Desk;
use crate::error::Result;
use crate::planning::Risk;
use crate::roster::Roster;
use crate::service::by_work;
use crate::slots;
use crate::store::Case;
use crate::views::{Matter, QueueEntry, Stage};
use crate::{CustomerStage, Outreach};

/// How long a next free time is good for, unless it passes before.
const GOOD_MS: i64 = 10 * MINUTE_MS;

/// Times reckoned in one look, some milliseconds' worth.
pub(super) const RECKONED_MAX: usize = 16;

/// Where nobody is free within reach, risk counts up to here, days.
const FAR_DAYS: f64 = 30.0;

/// An open case with the next time at which its work could be done.
#[derive(Clone)]
pub(crate) struct OpenCase {
    pub(crate) case: Case,
    next_free: Option<Timestamp>,
    reckoned: Reckoned,
}

/// What a next free time was reckoned from.
#[derive(Clone, Copy)]
enum Reckoned {
    /// It was not yet.
    Never,
    /// Of the case as it was before it last changed: good until it is reckoned anew.
    Before,
    /// As of when, and from which state of visits and registry.
    AsOf(Timestamp, (i64, i64)),
}

impl OpenCase {
    pub(super) const fn new(case: Case) -> Self {
        Self { case, next_free: None, reckoned: Reckoned::Never }
    }

    /// After the case changed. Hundreds may change at once, and their next free times hardly ever do.
    pub(super) const fn with(&self, case: Case) -> Self {
        let reckoned = match self.reckoned {
            Reckoned::Never => Reckoned::Never,
            Reckoned::Before | Reckoned::AsOf(..) => Reckoned::Before,
        };
        Self { case, next_free: self.next_free, reckoned }
    }

    /// Whether it is in a stage in which it may wait for an advisor.
    const fn may_wait(&self) -> bool {
        matches!(self.case.stage, Stage::Draft | Stage::Postponed | Stage::Call | Stage::Booked)
    }

    /// Whether it is nobody's business yet: no customer is to hear of it, and no other case speaks for it.
    pub(super) fn is_merely_watched(&self) -> bool {
        let case = &self.case;
        case.stage == Stage::Internal && case.finding.grade < Grade::Advise && case.leader().is_none()
    }

    fn is_due(&self, made_of: (i64, i64), now: Timestamp) -> bool {
        let passed = self.next_free.is_some_and(|free| free < slots::with_notice(now));
        match self.reckoned {
            Reckoned::Never | Reckoned::Before => true,
            Reckoned::AsOf(then, of) => passed || of != made_of || (now - then).abs() > GOOD_MS,
        }
    }
}

impl Outreach {
    /// What waits for the advisor: the urgent first, then customers who complain, then the costliest to leave waiting. Visits
    /// whose time has passed wait too, until somebody says whether they took place.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn queue(&self, now: Timestamp) -> Result<Vec<QueueEntry>> {
        let (desk, stages) = (self.reckoned_desk(now)?, self.customer_stages()?);
        let complains = |entry: &QueueEntry| {
            let stage = desk.customer_of(&entry.machine).and_then(|customer| stages.get(&customer.id));
            stage.is_some_and(|stage| stage.level() >= CustomerStage::Complaint.level())
        };
        let mut entries = desk.queue(now);
        entries.sort_by_cached_key(|entry| (entry.grade != Grade::Urgent, !complains(entry)));
        Ok(entries)
    }

    /// One case as a line of the queue, if it waits for an advisor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waiting(&self, id: &FindingId, now: Timestamp) -> Result<Option<QueueEntry>> {
        let (desk, _) = self.reckon_due(now, |desk| desk.due_of(id, now))?;
        let open = desk.cases.get(id).filter(|open| desk.waits(&open.case, now));
        Ok(open.map(|open| desk.entry(open, now)))
    }

    pub(super) fn reckon(&self, open: &OpenCase, desk: &Desk, roster: &Roster, now: Timestamp) -> OpenCase {
        let case = &open.case;
        let calendar = self.calendar_of(desk.customer_of(&case.finding.machine));
        let job = self.job(case);
        let trips = |slot: &slots::Slot| roster.trips(slot, &job);
        let next_free =
            slots::first_free(self.visit(case), &case.running(), &calendar, &trips, slots::with_notice(now));
        OpenCase { case: case.clone(), next_free, reckoned: Reckoned::AsOf(now, desk.made_of()) }
    }
}

impl Desk {
    /// Cases whose next free time is not known or has grown old, as many as one look reckons, the unknown first.
    pub(super) fn due(&self, now: Timestamp) -> Vec<FindingId> {
        let is_new = |open: &OpenCase| matches!(open.reckoned, Reckoned::Never);
        let of = |new: bool| {
            let may_wait = self.cases.iter().filter(|(_, open)| open.may_wait());
            may_wait.filter(move |(_, open)| is_new(open) == new && open.is_due(self.made_of(), now))
        };
        of(true).chain(of(false)).take(RECKONED_MAX).map(|(id, _)| id.clone()).collect()
    }

    /// The same of one case.
    fn due_of(&self, id: &FindingId, now: Timestamp) -> Vec<FindingId> {
        let due = self.cases.get(id).filter(|open| open.may_wait() && open.is_due(self.made_of(), now));
        due.map(|_| id.clone()).into_iter().collect()
    }

    /// What free times depend on beside the case and the clock: visits, and who works where.
    const fn made_of(&self) -> (i64, i64) {
        (self.seen.visits, self.seen.registry)
    }

    /// How many cases wait for an advisor.
    #[must_use]
    pub fn queue_len(&self, now: Timestamp) -> usize {
        self.waiting(now).count()
    }

    /// What waits, in order.
    pub(crate) fn queue(&self, now: Timestamp) -> Vec<QueueEntry> {
        let mut entries: Vec<QueueEntry> = self.waiting(now).map(|open| self.entry(open, now)).collect();
        // What is urgent comes first whatever its forecast says: hours count there, not the next free slot.
        let is_urgent = |entry: &QueueEntry| entry.grade == Grade::Urgent;
        entries.sort_by(|a, b| {
            let by_cost = b.waiting_cost.total_cmp(&a.waiting_cost);
            // Of those that cost nothing to leave waiting the dearer machine, whatever it is about.
            let by_machine = || self.consequence(&b.machine).total_cmp(&self.consequence(&a.machine));
            let by_age = || a.opened.cmp(&b.opened).then_with(|| a.id.cmp(&b.id));
            is_urgent(b).cmp(&is_urgent(a)).then(by_cost).then_with(by_machine).then_with(by_age)
        });
        entries
    }

    /// Work that is due on a machine by its running hours, as far as its case is open: a finding for each.
    pub(crate) fn works_due_of(&self, machine: &MachineId) -> Vec<Finding> {
        let still_holds = self.cases_of(machine).filter(|case| !self.is_spent(case));
        let due = still_holds.map(|case| &case.finding).filter(|finding| finding.kind == FindingKind::MaintenanceDue);
        due.flat_map(by_work).collect()
    }

    /// Findings about which customers are, or may be, talked to: the most pressing of each machine, by machine.
    #[must_use]
    pub fn advisories(&self) -> Vec<&Finding> {
        let still_holds = self.cases.values().map(|open| &open.case).filter(|case| !self.is_spent(case));
        let outward = still_holds.map(|case| &case.finding).filter(|f| f.grade >= Grade::Advise);
        let mut findings: Vec<&Finding> = outward.collect();
        let rank = |f: &Finding| f64::from(u8::from(f.grade == Grade::Urgent)) * 2.0 + f.likelihood;
        findings.sort_by(|a, b| {
            let by_rank = rank(b).total_cmp(&rank(a));
            a.machine.cmp(&b.machine).then(by_rank).then_with(|| a.id.cmp(&b.id))
        });
        findings.dedup_by(|later, first| later.machine == first.machine);
        findings
    }

    /// One open case.
    pub(crate) fn open_case(&self, id: &FindingId) -> Option<&Case> {
        self.cases.get(id).or_else(|| self.watched.get(id)).map(|open| &open.case)
    }

    /// Open cases of a machine, what is merely watched among them.
    pub(crate) fn cases_of(&self, machine: &MachineId) -> impl Iterator<Item = &Case> {
        let ids = self.of_machine.get(machine).map_or(&[][..], AsRef::as_ref);
        ids.iter().filter_map(|id| self.open_case(id))
    }

    /// Open cases, but for what is merely watched.
    pub(crate) fn open_cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().map(|open| &open.case)
    }

    fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &OpenCase> {
        self.cases.values().map(AsRef::as_ref).filter(move |open| self.waits(&open.case, now))
    }

    fn waits(&self, case: &Case, now: Timestamp) -> bool {
        match case.stage {
            Stage::Draft | Stage::Call => true,
            Stage::Postponed => case.until.is_none_or(|until| until <= now),
            // Somebody must read what was said since, or say whether the visit took place.
            Stage::Booked => {
                let asks = case.remark.is_some() || case.matter == Some(Matter::OtherTime);
                asks || self.appointment_of(&case.finding.id).is_some_and(|visit| visit.end <= now)
            }
            _ => false,
        }
    }

    /// What a stop of a machine costs, relative to others.
    fn consequence(&self, machine: &MachineId) -> f64 {
        self.machine(machine).map_or(1.0, |machine| machine.consequence)
    }

    fn entry(&self, open: &OpenCase, now: Timestamp) -> QueueEntry {
        let case = &open.case;
        let machine: &MachineId = &case.finding.machine;
        // Without all three nobody can be written to, and the case goes by its identity.
        let customer = self.customer_of(machine).filter(|customer| self.advisor(&customer.advisor).is_some());
        let known = self.machine(machine).zip(customer);
        let free = open.next_free.unwrap_or_else(|| now.plus_days(FAR_DAYS));
        // What was forecast before the work says nothing of the machine after it; what waits is a call.
        let is_spent = self.is_spent(case);
        // One decision about several machines weighs as much as theirs together.
        let risk = |finding: &Finding| (probability_before(finding, free), self.consequence(&finding.machine));
        let risks: Vec<(f64, f64)> = if is_spent { Vec::new() } else { case.findings().map(risk).collect() };
        let probability = risks.iter().map(|(probability, _)| *probability).fold(0.0, f64::max);
        let cost: f64 = match known {
            _ if is_spent => call_weight(case) * known.map_or(1.0, |_| self.consequence(machine)),
            Some(_) => risks.iter().map(|(probability, consequence)| probability * consequence).sum(),
            None => probability,
        };
        QueueEntry {
            number: known.map_or_else(|| machine.to_string(), |(machine, _)| machine.number.clone()),
            customer: known.map(|(_, customer)| customer.name.clone()),
            fault: case.finding.fault.to_string(),
            grade: if is_spent { case.finding.grade.min(Grade::Advise) } else { case.grade() },
            stage: case.stage,
            remark: case.remark.clone(),
            matter: case.matter,
            probability_before_visit: probability,
            waiting_cost: cost,
            next_free: open.next_free,
            opened: case.opened,
            machine: machine.clone(),
            id: case.finding.id.clone(),
        }
    }
}

/// What a call that is due weighs where no forecast does: as much as a fault that nobody has reckoned, and more than work by
/// hours, because somebody waits for it.
const CALL_WEIGHT: f64 = 0.05;

/// What a call to somebody who is not happy with the work weighs: as much as what is urgent and cannot be reckoned.
const UNHAPPY_WEIGHT: f64 = 0.5;

fn call_weight(case: &Case) -> f64 {
    if case.matter == Some(Matter::UnhappyAfter) { UNHAPPY_WEIGHT } else { CALL_WEIGHT }
}

/// Probability that the limit is reached before a time: the same that planning shows of it.
fn probability_before(finding: &Finding, t: Timestamp) -> f64 {
    let risk = Risk::of(finding);
    match (finding.grade, finding.kind) {
        _ if risk.is_known() => risk.by(t),
        // No forecast to read from.
        (Grade::Urgent, _) => 0.5,
        // So whatever may break comes first, however long work by running hours is overdue.
        (_, FindingKind::MaintenanceDue) => 0.0,
        _ => 0.05,
    }
}
