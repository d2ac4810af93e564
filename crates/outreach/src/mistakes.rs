//! What somebody entered by mistake is taken back: an arrival, the report of a visit, a breakdown that was none, a letter that was
//! to be a call, a customer's own answer.
//!
//! Nothing is deleted: the record has what was entered and that it was taken back, by whom and why. A customer who was told of it
//! is told otherwise: by the page, which shows what is so, and where words went out, by words or by the advisor's call.

use foretell_model::{Finding, FindingId, MachineId, Obstacle, Timestamp};

use crate::calls::{desk_note, refuse_outside};
use crate::case_way::forget_place;
use crate::compose::trouble::About;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::journey::{may_be_there, to_come};
use crate::outcome::verdict_at;
use crate::store::{
    Case, Entry, GoesWith, Session, Stay, advisories, bookings, evidence, journeys, messages, record, registry,
    service_cases, stock, untold_work,
};
use crate::troubles;
use crate::views::{Matter, MessageState, ServiceCase, Stage, VisitReport};
use crate::visits::WITH_ANOTHER;
use crate::{Machine, Outreach};

/// So long after its end a visit's report can be taken back, days; later other things rest on it.
const REOPEN_DAYS: f64 = 30.0;

/// What the advisor must tell whoever has read that the work is done; why follows.
const TOLD_OF_WORK: &str = "the customer was told that the work is done, which is not so; please call";

impl Outreach {
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
    /// `Refused` when the visit was not reported, was long ago, another one was booked since, or nobody says why.
    pub fn reopen_visit(&self, visit: i64, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("take the report of visit {visit} back");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let mut stay = bookings::get(tx, visit)?;
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

    /// Nobody is at the broken machine yet: the arrival was entered by mistake. Its promise runs on.
    ///
    /// # Errors
    /// `Refused` when nobody has arrived, the customer was told what was found, the case is closed, or nobody says why.
    pub fn not_on_site(&self, id: i64, why: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("take the arrival at service case {id} back");
        must_say_why(&attempted, why)?;
        self.change_trouble(id, (who, record::TROUBLE_NOT_ON_SITE, why.trim()), now, |case| {
            if case.on_site.is_none() || case.progress.is_some() {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingToTakeBack));
            }
            case.on_site = None;
            Ok(())
        })
    }

    /// Nothing is broken: the case was opened by mistake. It ends without a repair; whoever was told that somebody comes is told that
    /// nobody does.
    ///
    /// # Errors
    /// `Refused` when the case is closed or nobody says why.
    pub fn withdraw_trouble(&self, id: i64, why: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("withdraw service case {id}");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let case = self.end_trouble(tx, id, (who, why.trim()), now)?;
            let name = FindingId::from_text(&service_cases::name(id));
            if messages::has_sent(tx, &name)? {
                self.tell_of_trouble(tx, &case, (Kind::CalledOff, About::default()), now)?;
            }
            Ok(case)
        })
    }

    /// The customer says by the case's page that nothing is broken, or that it runs again by itself. Nothing is written: whoever
    /// taps sees it at once.
    ///
    /// # Errors
    /// `Link` as for [`Outreach::guest`]; `Refused` when somebody is there already or the case is closed.
    pub fn take_trouble_back(&self, token: &str, now: Timestamp) -> Result<()> {
        let attempted = "take a report of a breakdown back";
        self.store.write(attempted, |tx| {
            let case = self.case_of(tx, token, now)?.ok_or(OutreachError::Link("it is of no service case"))?;
            if case.on_site.is_some() {
                return Err(OutreachError::refused(attempted, Obstacle::SomebodyThere));
            }
            self.end_trouble(tx, case.id, ("customer", ""), now).map(drop)
        })
    }

    fn end_trouble(
        &self,
        connection: &dyn Session,
        id: i64,
        (who, why): (&str, &str),
        now: Timestamp,
    ) -> Result<ServiceCase> {
        let mut case = service_cases::get(connection, id)?;
        if case.closed.is_some() {
            return Err(OutreachError::refused(format!("withdraw service case {id}"), Obstacle::CaseClosed));
        }
        (case.closed, case.withdrawn) = (Some(now), Some(why.to_owned()));
        forget_place(&mut case);
        service_cases::save(connection, &mut case)?;
        troubles::note(connection, &case, (who, record::TROUBLE_WITHDRAWN, why), true, now)?;
        Ok(case)
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

impl Outreach {
    /// A broken machine's case was closed by mistake: it is open again, and what was used lies on its shelf. The word that it
    /// is mended does not go out; whoever has read it already is for the advisor to ring.
    ///
    /// # Errors
    /// `Refused` when the case is open, was closed long ago, another one of the machine is open, or nobody says why.
    pub fn reopen_service_case(&self, id: i64, why: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("open service case {id} again");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let mut case = service_cases::get(tx, id)?;
            if case.closed.is_none_or(|closed| now.days_since(closed) > REOPEN_DAYS) {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingToTakeBack));
            }
            let machine = MachineId::parse(&case.machine);
            let machine = machine.map_err(|e| OutreachError::corrupt("a service case's machine", e))?;
            if service_cases::open_of(tx, &machine)?.is_some() {
                return Err(OutreachError::refused(&attempted, Obstacle::OtherCaseOpen));
            }
            if let Some(report) = case.report.take() {
                give_parts_back(tx, &report)?;
            }
            (case.closed, case.withdrawn) = (None, None);
            service_cases::save(tx, &mut case)?;
            let name = FindingId::from_text(&service_cases::name(id));
            for kind in [Kind::Closing, Kind::CalledOff] {
                if let Some(mut mail) = messages::newest_of_kind(tx, &name, kind)?
                    && mail.state == MessageState::Queued
                {
                    (mail.state, mail.reason) = (MessageState::Withdrawn, Some("the case is open again".to_owned()));
                    mail.save(tx)?;
                }
            }
            troubles::note(tx, &case, (who, record::TROUBLE_REOPENED, why.trim()), true, now)?;
            Ok(case)
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
fn give_parts_back(connection: &dyn Session, report: &VisitReport) -> Result<()> {
    let Some(depot) = &report.depot else { return Ok(()) };
    report.parts.iter().try_for_each(|(part, n)| stock::give(connection, depot, part, *n))
}

fn must_say_why(attempted: &str, why: &str) -> Result<()> {
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
