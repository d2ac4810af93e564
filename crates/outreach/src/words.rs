//! Word to the customer that follows from what somebody did: a visit booked, moved or cancelled, a job done, a technician sent.
//!
//! Each is put into the outbox in the same step as what it is about, so that neither is ever without the other.

use foretell_model::{Finding, FindingId, MINUTES_MAX, MachineId, Objection, Obstacle, Timestamp};

use crate::Outreach;
use crate::compose::trouble::{About, OnSiteNews};
use crate::compose::{self, Occasion, Piece};
use crate::context::MachineContext;
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::joint::part_of_visit;
use crate::registry::Technician;
use crate::store::{
    Case, Entry, Mail, Session, Stay, advisories, bookings, effects, fates, messages, record, registry, service_cases,
};
use crate::troubles::UNSENT;
use crate::views::{MessageState, Outcome, Progress, Promise, ServiceCase, Ticked};

/// Word about a service case stays worth reading for so long, days; its link too.
pub(crate) const NOTICE_DAYS: f64 = 30.0;
/// Why a word is taken back that somebody said.
pub(crate) const SAID_BY_TELEPHONE: &str = "it was said on the telephone";
/// The medium on which a file can be attached.
pub(crate) const MAIL: &str = "email";

impl Outreach {
    /// A visit was booked, moved or cancelled: its customer hears of it, once, of the state in which it is when the word goes
    /// out. Word that still waits serves for the new state too.
    pub(crate) fn tell_of_visit(&self, connection: &dyn Session, stay: &Stay, now: Timestamp) -> Result<()> {
        let before = messages::newest_of_kind(connection, &stay.case, Kind::Confirmation)?;
        let mut mail = match before.filter(|mail| mail.state == MessageState::Queued) {
            Some(waiting) => Mail { due: now, ..waiting },
            None => self.word((&stay.case, Kind::Confirmation), stay, now),
        };
        mail.save(connection)?;
        fates::set_file_alone(connection, mail.id, false)
    }

    /// The same where the customer heard it on the telephone: what is put into the outbox is the calendar file alone, and that
    /// only where there is a mail box to send it to and a visit that a calendar may hold.
    pub(crate) fn send_calendar_file(
        &self,
        connection: &dyn Session,
        stay: &Stay,
        people: &People,
        now: Timestamp,
    ) -> Result<()> {
        let was_told = fates::visit_told(connection, &stay.case)?.is_some_and(|(_, state)| state == "booked");
        fates::heard(connection, stay)?;
        let before = messages::newest_of_kind(connection, &stay.case, Kind::Confirmation)?;
        let waiting = before.filter(|mail| mail.state == MessageState::Queued);
        let mut mail = waiting.unwrap_or_else(|| self.word((&stay.case, Kind::Confirmation), stay, now));
        let is_of_use = stay.state == "booked" || was_told;
        if is_of_use && self.route_by(connection, &people.customer, mail.id, Some(MAIL))?.is_some() {
            mail.due = now;
            mail.save(connection)?;
            return fates::set_file_alone(connection, mail.id, true);
        }
        if mail.id == 0 {
            return Ok(());
        }
        (mail.state, mail.reason) = (MessageState::Withdrawn, Some(SAID_BY_TELEPHONE.to_owned()));
        mail.save(connection)
    }

    /// A job was done: exactly one word follows, as soon as its effect is known and after some days at the latest.
    pub(crate) fn plan_follow_up(&self, connection: &dyn Session, stay: &Stay, now: Timestamp) -> Result<()> {
        let before = messages::newest_of_kind(connection, &stay.case, Kind::FollowUp)?;
        if before.is_some_and(|mail| mail.state != MessageState::Withdrawn) {
            return Ok(());
        }
        let due = now.plus_days(f64::from(self.options.follow_up_days));
        let mut mail = Mail { due, ..self.word((&stay.case, Kind::FollowUp), stay, now) };
        mail.save(connection)
    }

    fn word(&self, of: (&FindingId, Kind), stay: &Stay, now: Timestamp) -> Mail {
        let expires = stay.end.max(now).plus_days(f64::from(self.options.link_valid_days));
        Mail::new(of, &stay.machine, &stay.customer, now, expires)
    }

    /// What a job achieved is known: kept, and whoever waits to hear of that job hears now.
    pub(crate) fn take_effect(
        &self,
        connection: &dyn Session,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<()> {
        effects::keep(connection, finding)?;
        for mut mail in messages::queued_about(connection, &finding.machine, Kind::FollowUp)? {
            let mut case = advisories::get(connection, &mail.case)?;
            // Where the machine is hotter since, that word says whether it may run on as usual.
            case.learn(&finding.machine, context);
            case.save(connection, now)?;
            let is_it = |(machine, piece): (&MachineId, Piece<'_>)| {
                *machine == finding.machine && piece.code == finding.fault.as_str()
            };
            // One word tells of all machines of the visit.
            let is_told = self.works(&case).any(is_it) && self.is_known_of_all(connection, &case, now)?;
            if is_told && mail.held.is_none() && mail.due > now {
                mail.due = now;
                mail.save(connection)?;
            }
        }
        Ok(())
    }

    /// Whether something is known of the job on every machine of the newest visit.
    fn is_known_of_all(&self, connection: &dyn Session, case: &Case, now: Timestamp) -> Result<bool> {
        let visit = bookings::newest_of(connection, &case.finding.id)?;
        let since = visit.as_ref().map_or(now, |stay| stay.start).plus_days(-1.0);
        let part = visit.map(|stay| part_of_visit(connection, case, &stay)).transpose()?;
        for spoken in part.as_ref().unwrap_or(case).spoken() {
            let mut is_known = false;
            for piece in compose::pieces_of(spoken, &self.options.catalogue) {
                is_known |= effects::of_work(connection, &spoken.finding.machine, piece.code, since)?.is_some();
            }
            if !is_known {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says on site what was found and how much longer it takes, and tells the customer.
    ///
    /// # Errors
    /// When the case is closed or nobody is on site yet; `Refused` for what is no fault of which customers are told, or no time.
    pub fn tell_progress(&self, id: i64, news: &OnSiteNews, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("tell the customer of service case {id} what was found");
        if !(1..=MINUTES_MAX).contains(&news.minutes) {
            let why = Objection::about(Obstacle::MinutesInvalid, news.minutes.to_string());
            return Err(OutreachError::refused(attempted, why));
        }
        let is_told = |code| self.options.catalogue.fault(code).is_some_and(|fault| fault.customer);
        if news.found.as_ref().is_some_and(|code| !is_told(code)) {
            return Err(OutreachError::refused(attempted, Obstacle::FoundMissing));
        }
        self.store.write(&attempted, |tx| {
            let mut case = service_cases::current(tx, id)?;
            if case.closed.is_some() || case.on_site.is_none() {
                return Err(OutreachError::refused(&attempted, Obstacle::NobodyOnSite));
            }
            let found = news.found.as_ref().map_or("", |fault| fault.as_str());
            let known = Some(found.to_owned()).filter(|found| !found.is_empty());
            case.progress = Some(Progress { at: now, found: known, minutes: news.minutes });
            service_cases::save(tx, &mut case)?;
            let (machine, name) = (Some(case.machine.as_str()), service_cases::name(case.id));
            let (what, why) = (record::TROUBLE_FOUND, format!("{found} {}", news.minutes));
            let (customer, advisory) = (case.customer.as_deref(), Some(name.as_str()));
            Entry { at: now, who, what, why: why.trim(), customer, machine, advisory, contact: customer.is_some() }
                .write(tx)?;
            let about = About { news: Some(news), ..About::default() };
            self.tell_of_trouble(tx, &case, (Kind::Progress, about), now)?;
            Ok(case)
        })
    }

    /// Puts word about a service case into the outbox. Where nobody can be written to, the record says so; the advisor, who
    /// has the case before him, calls.
    pub(crate) fn tell_of_trouble(
        &self,
        connection: &dyn Session,
        case: &ServiceCase,
        (kind, about): (Kind, About<'_>),
        now: Timestamp,
    ) -> Result<Option<Ticked>> {
        let name = service_cases::name(case.id);
        let untold = |why: &str| {
            let (machine, advisory) = (Some(case.machine.as_str()), Some(name.as_str()));
            let (customer, what) = (case.customer.as_deref(), UNSENT);
            Entry { at: now, who: "outbox", what, why, customer, machine, advisory, contact: false }.write(connection)
        };
        let machine =
            MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a service case's machine", e))?;
        let people = match self.people(connection, &machine)? {
            Ok(people) => people,
            Err(lack) => return untold(&lack.to_string()).map(|()| None),
        };
        let id = FindingId::from_text(&name);
        let mut mail = Mail {
            urgent: true,
            ..Mail::new((&id, kind), &machine, &people.customer.id, now, now.plus_days(NOTICE_DAYS))
        };
        match self.word_of_trouble(connection, case, (kind, about), &people, now) {
            Ok(text) => mail.text = Some(text),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => {
                (mail.state, mail.reason) = (MessageState::Withdrawn, Some(e.to_string()));
                mail.save(connection)?;
                return untold(&e.to_string()).map(|()| None);
            }
        }
        mail.save(connection)?;
        Ok(Some(Ticked { message: mail.id, case: mail.case, kind, outcome: Outcome::Slipping }))
    }

    /// The text of a word about a service case as things are.
    pub(crate) fn word_of_trouble(
        &self,
        connection: &dyn Session,
        case: &ServiceCase,
        (kind, about): (Kind, About<'_>),
        people: &People,
        now: Timestamp,
    ) -> Result<compose::Draft> {
        let technician: Option<Technician> = match &case.technician {
            Some(id) => registry::find(connection, id)?,
            None => None,
        };
        let link = self.case_link(case);
        let id = FindingId::from_text(&service_cases::name(case.id));
        let is_after = messages::has_spoken(connection, &id, &people.customer.id)?;
        let about = About { technician: technician.as_ref(), link: &link, is_after, ..about };
        let facts = self.trouble_facts(case, about, people, now);
        let composer = self.shelf.composer(connection)?;
        let text = composer.letter(occasion_of(kind), people.customer.language, &facts)?;
        compose::check_word(&text, &case.machine)?;
        self.spare_others(connection, &text, people)?;
        Ok(text)
    }

    /// Word that a promise is about to slip.
    pub(crate) fn tell_of_slip(
        &self,
        connection: &dyn Session,
        case: &ServiceCase,
        promise: Promise,
        now: Timestamp,
    ) -> Result<Option<Ticked>> {
        let about = About { promise: Some(promise), ..About::default() };
        self.tell_of_trouble(connection, case, (Kind::Notice, about), now)
    }
}

/// The letter of a kind of word about a service case.
pub(crate) const fn occasion_of(kind: Kind) -> Occasion {
    match kind {
        Kind::OnTheWay => Occasion::OnTheWay,
        Kind::Progress => Occasion::Progress,
        Kind::Closing => Occasion::Closing,
        Kind::CalledOff => Occasion::CalledOff,
        Kind::StillOpen => Occasion::StillOpen,
        _ => Occasion::Late,
    }
}
