//! What somebody entered by mistake is taken back: an arrival, the report of a visit, a letter that was to be a call. Of a machine
//! that broke: [`crate::case_mistakes`].
//!
//! Nothing is deleted: the record has what was entered and that it was taken back, by whom and why. A customer who was told of it
//! is told otherwise: by the page, which shows what is so, and where words went out, by words or by the advisor's call.

use foretell_model::{Entered, Finding, FindingId, Objection, Obstacle, Timestamp};

use crate::calls::{desk_note, refuse_outside};
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::journey::{may_be_there, to_come};
use crate::outcome::verdict_at;
use crate::store::{
    Case, Entry, GoesWith, Session, Stay, advisories, bookings, evidence, journeys, messages, record, registry, stock,
    untold_work,
};
use crate::views::{Matter, MessageState, Stage, VisitReport};
use crate::visits::WITH_ANOTHER;
use crate::{Customer, Machine, Outreach};

/// So long after its end a report can be taken back, days; later other things rest on it.
pub(crate) const REOPEN_DAYS: f64 = 30.0;

/// What the advisor must tell whoever has read that the work is done; why follows.
const TOLD_OF_WORK: &str = "the customer was told that the work is done, which is not so; please call";

impl Outreach {
    /// What was entered last of a visit was a mistake: its end, or else an arrival. `seen` is which of the two whoever takes it
    /// back saw there, so that a form sent twice takes one step back and not two; `None` where nobody looked.
    ///
    /// # Errors
    /// `Refused` as stale where something else was entered last than was seen; else as [`Outreach::not_arrived`] and
    /// [`Outreach::reopen_visit`], which look again in their own step.
    pub fn take_visit_back(
        &self,
        visit: i64,
        seen: Option<Entered>,
        why: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let attempted = format!("take back what was entered of visit {visit}");
        let state = self.store.read(&attempted, |c| Ok(bookings::get(c, visit)?.state))?;
        let last = if state == "booked" { Entered::Arrival } else { Entered::Report };
        must_be_last(last, seen, &attempted)?;
        match last {
            Entered::Arrival => self.not_arrived(visit, why, who, now),
            Entered::Report => self.reopen_visit(visit, why, who, now),
        }
    }

    /// Nobody is there yet: the arrival was entered by mistake. Whoever had set out is on the way again.
    ///
    /// # Errors
    /// `Refused` when nobody has arrived, the visit is over, or nobody says why.
    pub fn not_arrived(&self, visit: i64, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("take the arrival at visit {visit} back");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let stay = to_come(tx, visit, &attempted)?;
            let known = journeys::of(tx, visit)?;
            let Some((mut journey, arrived)) = known.and_then(|known| known.arrived.map(|at| (known, at))) else {
                return Err(OutreachError::refused(&attempted, Obstacle::NobodyOnSite));
            };
            if journey.set_out == arrived || !may_be_there(&stay, now) {
                // Nobody had said that they set out, or it was to another visit.
                journeys::end(tx, visit)?;
            } else {
                journey.arrived = None;
                journeys::save(tx, visit, &journey)?;
            }
            note_visit(tx, &stay, (who, record::VISIT_NOT_ON_SITE, why), now)
        })
    }

    /// A visit was reported as done, or as not made, by mistake: it is booked again, parts lie on their shelf again, and hours count
    /// as they did. For two hours the log has heard nothing of the work; what it was told later stays there, and the machine's own
    /// figures show that it has changed nothing.
    ///
    /// # Errors
    /// `Refused` when the visit was not reported, was long ago, another one was booked since, its customer was erased, or nobody
    /// says why.
    pub fn reopen_visit(&self, visit: i64, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("take the report of visit {visit} back");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let mut stay = bookings::get(tx, visit)?;
            must_be_known(tx, Some(&stay.customer), &attempted)?;
            let mut case = advisories::get(tx, &stay.case)?;
            let newest = bookings::newest_of(tx, &stay.case)?;
            if newest.is_some_and(|newest| newest.id != stay.id) {
                return Err(OutreachError::refused(&attempted, Obstacle::CaseBooked));
            }
            let (was_done, is_recent) = (stay.state == "done", now.days_since(stay.end) <= REOPEN_DAYS);
            if !(was_done || stay.state == "missed") || !is_recent {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingToTakeBack));
            }
            refuse_outside(&case, &[Stage::Done, Stage::Call], &attempted)?;
            case.findings().try_for_each(|finding| take_verdict_back(tx, (finding, &stay), who, now))?;
            let told = was_done && self.undo_work(tx, &mut case, &stay, who, now)?;
            (stay.state, stay.changed) = ("booked".into(), now);
            stay.save(tx)?;
            // No page says that somebody is there whose visit is on another day.
            if !may_be_there(&stay, now) {
                journeys::end(tx, visit)?;
            }
            let remark = told.then(|| format!("{TOLD_OF_WORK}: {}", why.trim()));
            case.move_to(tx, Stage::Booked, remark.as_deref(), None, now)?;
            note_visit(tx, &stay, (who, record::VISIT_REOPENED, &record::span_because(&stay, why)), now)
        })
    }

    /// What a report of work has brought about is undone; says whether the customer has read that it is done.
    fn undo_work(
        &self,
        connection: &dyn Session,
        case: &mut Case,
        stay: &Stay,
        who: &str,
        now: Timestamp,
    ) -> Result<bool> {
        if let Some(report) = bookings::report_of(connection, stay.id)? {
            give_parts_back(connection, &report)?;
            bookings::forget_report(connection, stay.id)?;
        }
        for (machine, work, hours) in bookings::take_counted(connection, stay.id)? {
            let Some(mut own) = registry::find::<Machine>(connection, &machine)? else { continue };
            own.service.iter_mut().filter(|task| task.work == work).for_each(|task| task.last_done_h = hours);
            registry::register(connection, &own, who, now)?;
        }
        untold_work::forget(connection, stay.id)?;
        self.take_followers_back(connection, case, stay.changed, now)?;
        match messages::newest_of_kind(connection, &stay.case, Kind::FollowUp)? {
            Some(mut mail) if matches!(mail.state, MessageState::Queued | MessageState::Draft) => {
                (mail.state, mail.reason) = (MessageState::Withdrawn, Some("the report was taken back".to_owned()));
                mail.save(connection)?;
                Ok(false)
            }
            Some(mail) => Ok(mail.sent.is_some_and(|sent| sent >= stay.start)),
            None => Ok(false),
        }
    }

    /// What was done in the same visit goes with it again.
    fn take_followers_back(
        &self,
        connection: &dyn Session,
        case: &Case,
        done: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        for finding in case.findings() {
            for id in advisories::done_with(connection, &finding.machine, WITH_ANOTHER, done)? {
                let is_companion = case.companions.iter().any(|companion| companion.finding.id == id);
                let leader = if is_companion { &case.finding.id } else { &finding.id };
                let mut follower = advisories::get(connection, &id)?;
                follower.follow(connection, GoesWith::Case(leader.clone()), now)?;
            }
        }
        Ok(())
    }

    /// The advisor will write after all, where a call was to take the letter's place and nobody has rung yet. A letter that had
    /// gone out waits for its answer again.
    ///
    /// # Errors
    /// `Refused` when the case waits for a call for another reason.
    pub fn write_after_all(&self, id: &FindingId, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("write about {id} after all");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            refuse_outside(&case, &[Stage::Call], &attempted)?;
            if case.matter != Some(Matter::CallChosen) {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingToTakeBack));
            }
            let newest = messages::newest_of(tx, id)?;
            let waits = newest.is_some_and(|mail| mail.state == MessageState::Sent);
            let stage = if waits { Stage::Contacted } else { Stage::Draft };
            case.move_to(tx, stage, None, None, now)?;
            self.gather_site(tx, case.finding.machine.site(), now)?;
            desk_note(tx, &case, who, "will write after all", "", now)
        })
    }
}

/// What was found at a visit that is taken back was not found.
fn take_verdict_back(
    connection: &dyn Session,
    (finding, stay): (&Finding, &Stay),
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let Some(verdict) = verdict_at(connection, &finding.id, stay)? else { return Ok(()) };
    evidence::take_back(connection, finding.machine.as_str(), &verdict, who, now)?;
    let (machine, advisory) = (Some(finding.machine.as_str()), Some(finding.id.as_str()));
    let (what, why) = (record::VERDICT_TAKEN_BACK, verdict.found.name());
    Entry { at: now, who, what, why, machine, advisory, ..Entry::default() }.write(connection)
}

/// What was used lies on its shelf again.
pub(crate) fn give_parts_back(connection: &dyn Session, report: &VisitReport) -> Result<()> {
    let Some(depot) = &report.depot else { return Ok(()) };
    report.parts.iter().try_for_each(|(part, n)| stock::give(connection, depot, part, *n))
}

/// Refuses what is about a customer who was erased: nobody is there to be visited or told.
pub(crate) fn must_be_known(connection: &dyn Session, customer: Option<&str>, attempted: &str) -> Result<()> {
    let known: Option<Customer> = customer.map(|id| registry::find(connection, id)).transpose()?.flatten();
    match known.filter(|customer| customer.erased) {
        Some(erased) => Err(OutreachError::refused(attempted, Objection::about(Obstacle::Erased, erased.id))),
        None => Ok(()),
    }
}

/// Refuses to take something else back than was seen.
pub(crate) fn must_be_last(last: Entered, seen: Option<Entered>, attempted: &str) -> Result<()> {
    if seen.is_some_and(|seen| seen != last) {
        return Err(OutreachError::refused(attempted, Obstacle::Stale));
    }
    Ok(())
}

pub(crate) fn must_say_why(attempted: &str, why: &str) -> Result<()> {
    if why.trim().is_empty() {
        return Err(OutreachError::refused(attempted, Obstacle::ExplanationMissing));
    }
    Ok(())
}

fn note_visit(
    connection: &dyn Session,
    stay: &Stay,
    (who, what, why): (&str, &str, &str),
    now: Timestamp,
) -> Result<()> {
    let (machine, advisory) = (Some(stay.machine.as_str()), Some(stay.case.as_str()));
    let customer = Some(stay.customer.as_str());
    Entry { at: now, who, what, why, customer, machine, advisory, contact: true }.write(connection)
}
