//! What somebody entered by mistake about a machine that broke is taken back: an arrival, the end of its case, the breakdown
//! itself. Whoever was told otherwise hears of it: the customer in writing, and the technician who is on the way.

use foretell_model::{Entered, FindingId, MachineId, Obstacle, Timestamp};

use crate::Outreach;
use crate::case_way::forget_place;
use crate::compose::trouble::About;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::mistakes::{REOPEN_DAYS, give_parts_back, must_be_known, must_be_last, must_say_why};
use crate::store::{Session, crews, messages, record, registry, service_cases};
use crate::troubles;
use crate::views::{MessageState, ServiceCase};

impl Outreach {
    /// What was entered last of a broken machine's case was a mistake: its end, or else an arrival. `seen` is as for
    /// [`Outreach::take_visit_back`].
    ///
    /// # Errors
    /// `Refused` as stale where something else was entered last than was seen; else as [`Outreach::not_on_site`] and
    /// [`Outreach::reopen_service_case`].
    pub fn take_case_back(
        &self,
        id: i64,
        seen: Option<Entered>,
        why: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<ServiceCase> {
        let last = match self.service_case(id)?.closed {
            Some(_) => Entered::Report,
            None => Entered::Arrival,
        };
        must_be_last(last, seen, &format!("take back what was entered of service case {id}"))?;
        match last {
            Entered::Report => self.reopen_service_case(id, why, who, now),
            Entered::Arrival => self.not_on_site(id, why, who, now),
        }
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
            let name = FindingId::from_text(&service_cases::name(case.id));
            if messages::has_sent(tx, &name)? {
                self.tell_of_trouble(tx, &case, (Kind::CalledOff, About::default()), now)?;
            }
            Ok(case)
        })
    }

    /// The customer says by the case's page that nothing is broken, or that it runs again by itself. Nothing is written to whoever
    /// taps, who sees it at once; a technician who was sent hears of it.
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
        let before = service_cases::current(connection, id)?;
        if before.closed.is_some() {
            return Err(OutreachError::refused(format!("withdraw service case {id}"), Obstacle::CaseClosed));
        }
        let mut case = ServiceCase { closed: Some(now), withdrawn: Some(why.to_owned()), ..before.clone() };
        forget_place(&mut case);
        service_cases::save(connection, &mut case)?;
        service_cases::end_waits(connection, case.id, now)?;
        crews::note_trouble(connection, (&before, &case), who, now)?;
        troubles::note(connection, &case, (who, record::TROUBLE_WITHDRAWN, why), true, now)?;
        Ok(case)
    }

    /// A broken machine's case was closed by mistake: it is open again, and what was used lies on its shelf. The word that it is
    /// mended, or needs no repair, does not go out; whoever may have read it already, or had said so, is written to that it is not
    /// so. Whoever was on the way has turned back since, and sets out anew.
    ///
    /// # Errors
    /// `Refused` when the case is open, was closed long ago, the machine came to another customer, another one of it is open, its customer was erased, or nobody
    /// says why.
    pub fn reopen_service_case(&self, id: i64, why: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("open service case {id} again");
        must_say_why(&attempted, why)?;
        self.store.write(&attempted, |tx| {
            let before = service_cases::get(tx, id)?;
            let machine = MachineId::parse(&before.machine);
            let machine = machine.map_err(|e| OutreachError::corrupt("a service case's machine", e))?;
            let owner = registry::customer_of(tx, &machine)?.map(|owner| owner.id);
            // What is broken at whoever has the machine by now is a case of theirs.
            let is_theirs = before.customer.is_none() || owner == before.customer;
            let in_time = |closed: &Timestamp| now.days_since(*closed) <= REOPEN_DAYS;
            let Some(closed) = before.closed.filter(in_time).filter(|_| is_theirs && before.goes_on.is_none()) else {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingToTakeBack));
            };
            must_be_known(tx, before.customer.as_deref(), &attempted)?;
            if service_cases::open_of(tx, &machine)?.is_some() {
                return Err(OutreachError::refused(&attempted, Obstacle::OtherCaseOpen));
            }
            if let Some(report) = &before.report {
                give_parts_back(tx, report)?;
            }
            // Whoever else withdraws a case says why.
            let had_no_need = before.withdrawn.as_deref() == Some("");
            let mut case = ServiceCase { closed: None, withdrawn: None, report: None, ..before.clone() };
            if case.on_site.is_none() {
                (case.eta, case.eta_told, case.eta_at, case.set_out) = (None, false, None, None);
            }
            service_cases::save(tx, &mut case)?;
            crews::note_trouble(tx, (&before, &case), who, now)?;
            troubles::note(tx, &case, (who, record::TROUBLE_REOPENED, why.trim()), true, now)?;
            if take_ends_back(tx, id, closed)? || had_no_need {
                let about = About { had_no_need, ..About::default() };
                self.tell_of_trouble(tx, &case, (Kind::StillOpen, about), now)?;
            }
            Ok(case)
        })
    }
}

/// The word that a case is over does not go out any more; says whether the customer may have read it since the case was closed.
fn take_ends_back(connection: &dyn Session, id: i64, closed: Timestamp) -> Result<bool> {
    let name = FindingId::from_text(&service_cases::name(id));
    let mut was_told = false;
    for kind in [Kind::Closing, Kind::CalledOff] {
        let Some(mut mail) = messages::newest_of_kind(connection, &name, kind)? else { continue };
        if matches!(mail.state, MessageState::Queued | MessageState::Failed) {
            (mail.state, mail.reason) = (MessageState::Withdrawn, Some("the case is open again".to_owned()));
            mail.save(connection)?;
        }
        was_told |= mail.sent.is_some_and(|sent| sent >= closed);
    }
    Ok(was_told)
}
