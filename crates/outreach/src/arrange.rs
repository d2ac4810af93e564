//! What an advisor does about a visit for a customer who rings: book it, move it, cancel it.
//!
//! The customer is told in writing, unless it was said on the telephone: then the calendar file alone goes out, so that the
//! customer's calendar is right all the same.

use foretell_model::{FindingId, MINUTE_MS, Obstacle, Timestamp};

use crate::apply::withdraw;
use crate::calls::{contact, refuse_outside};
use crate::customer::{CANCELLED, booked};
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::joint::to_visit;
use crate::slots::{self, Slot};
use crate::store::bookings::Hours;
use crate::store::{Case, Session, Stay, advisories, alongside, bookings, messages, record};
use crate::views::{AfterCancelling, Booking, Spoken, Stage};
use crate::visits::booking;
use crate::{Outreach, rivals};

/// Nobody plans a visit further ahead, days.
const AHEAD_DAYS_MAX: f64 = 366.0;

/// Stages in which an advisor may still talk the customer into a visit.
const TALKING: &[Stage] =
    &[Stage::Draft, Stage::Postponed, Stage::Queued, Stage::Contacted, Stage::Call, Stage::NotNow];

impl Outreach {
    /// Books a visit on the customer's behalf; the work's own duration tells when it ends.
    ///
    /// # Errors
    /// `SlotTaken` when nobody who can do it is free then; `Refused` when the time has passed, lies outside the hours of visits
    /// and was not agreed, a visit is booked already or the case is over.
    pub fn book_for(
        &self,
        id: &FindingId,
        start: Timestamp,
        spoken: &Spoken,
        who: &str,
        now: Timestamp,
    ) -> Result<Booking> {
        let attempted = format!("book a visit for {id}");
        refuse_unplanned(start, &attempted, now)?;
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            refuse_outside(&case, TALKING, &attempted)?;
            let people = self.people_or_refuse(tx, &case, &attempted)?;
            let part = to_visit(tx, &case, now)?;
            let mut stay = Stay {
                id: 0,
                case: id.clone(),
                machine: case.finding.machine.clone(),
                customer: people.customer.id.clone(),
                start,
                end: self.end(&part, start),
                technician: None,
                state: "booked".into(),
                sequence: 0,
                changed: now,
                uid: 0,
            };
            stay.book(tx, self.roster(tx, now)?.as_ref(), &self.job(&part), spoken.hours(&people))?;
            alongside::note(tx, &case)?;
            self.tell(tx, (&stay, &people), spoken, now)?;
            withdraw(tx, id, "a visit was booked")?;
            case.tell(&self.options.catalogue);
            case.move_to(tx, Stage::Booked, None, None, now)?;
            contact(tx, &case, who, record::VISIT_BOOKED, &record::span_because(&stay, &spoken.why), now)?;
            booking(tx, stay)
        })
    }

    /// Moves the visit of a case for its customer; to the time that it has is no move. The old time is kept when the new one
    /// cannot be had.
    ///
    /// # Errors
    /// `SlotTaken` when nobody who can do it is free then; `Refused` when the time has passed or lies outside the hours of visits
    /// and was not agreed, when no visit is booked or it has begun, or when it was moved (`Moved`) since it was looked at.
    pub fn move_for(
        &self,
        id: &FindingId,
        start: Timestamp,
        spoken: &Spoken,
        who: &str,
        now: Timestamp,
    ) -> Result<Booking> {
        let attempted = format!("move the visit of {id}");
        refuse_unplanned(start, &attempted, now)?;
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            let people = self.people_or_refuse(tx, &case, &attempted)?;
            let mut stay = looked_at(tx, &case, spoken, &attempted, now)?;
            if stay.start == start {
                return booking(tx, stay);
            }
            let part = to_visit(tx, &case, now)?;
            (stay.start, stay.end, stay.changed) = (start, self.end(&part, start), now);
            stay.sequence += 1;
            stay.book(tx, self.roster(tx, now)?.as_ref(), &self.job(&part), spoken.hours(&people))?;
            self.tell(tx, (&stay, &people), spoken, now)?;
            // What the customer had said since is answered by this.
            case.move_to(tx, Stage::Booked, None, None, now)?;
            contact(tx, &case, who, record::VISIT_MOVED, &record::span_because(&stay, &spoken.why), now)?;
            booking(tx, stay)
        })
    }

    /// Cancels the visit of a case for its customer.
    ///
    /// # Errors
    /// `Refused` when nobody said why, no visit is booked or it has begun, or when it was moved (`Moved`) since it was looked at.
    pub fn cancel_for(
        &self,
        id: &FindingId,
        spoken: &Spoken,
        next: AfterCancelling,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let attempted = format!("cancel the visit of {id}");
        let why = spoken.why.trim();
        if why.is_empty() {
            return Err(OutreachError::refused(attempted, Obstacle::ExplanationMissing));
        }
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            let people = self.people_or_refuse(tx, &case, &attempted)?;
            let mut stay = looked_at(tx, &case, spoken, &attempted, now)?;
            (stay.state, stay.changed) = ("cancelled".into(), now);
            stay.sequence += 1;
            stay.save(tx)?;
            self.tell(tx, (&stay, &people), spoken, now)?;
            match next {
                AfterCancelling::Call => {
                    case.move_to(tx, Stage::Call, Some(&format!("{CANCELLED}: {why}")), None, now)?;
                }
                AfterCancelling::Close => {
                    self.part(tx, &mut case, (true, Stage::Cleared), why, now)?;
                    rivals::end_with(tx, &case, why, now)?;
                    case.move_to(tx, Stage::Cleared, Some(why), None, now)?;
                    self.gather_site(tx, case.finding.machine.site(), now)?;
                }
            }
            contact(tx, &case, who, record::VISIT_CANCELLED, &record::span_because(&stay, why), now)
        })
    }

    /// Times at which the case's work could be done; two as a rule. Those that a letter offers come first. Of a booked visit the
    /// times to which it could be moved: those that the customer's page has.
    pub(crate) fn bookable(
        &self,
        connection: &dyn Session,
        case: &Case,
        people: &People,
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let offered = || match messages::newest_of(connection, &case.finding.id)? {
            Some(mail) => messages::offers(connection, mail.id),
            None => Ok(Vec::new()),
        };
        if case.stage == Stage::Booked {
            let stay = bookings::newest_of(connection, &case.finding.id)?;
            return match stay.filter(|stay| stay.state == "booked" && stay.start > now) {
                Some(stay) => self.free_times(connection, (case, people), (&offered()?, Some(&stay)), now),
                None => Ok(Vec::new()),
            };
        }
        if !TALKING.contains(&case.stage) {
            return Ok(Vec::new());
        }
        let part = to_visit(connection, case, now)?;
        let (roster, job) = (self.roster(connection, now)?, self.job(&part));
        let is_choice = |slot: &Slot| slots::has_notice(slot, now) && roster.trips(slot, &job).is_some();
        let offered = offered()?.into_iter().map(|slot| self.as_long_as(&part, slot));
        let mut times: Vec<Slot> = offered.filter(is_choice).collect();
        // Looking for times through weeks is what a card costs most; two that were offered already are enough.
        if times.len() < 2 {
            let fresh = self.propose(connection, &part, &people.calendar, &roster, slots::with_notice(now))?;
            slots::top_up(&mut times, fresh, &people.calendar);
        }
        times.truncate(2);
        times.sort_by_key(|slot| slot.start);
        Ok(times)
    }

    /// The times that a customer may choose: one given back a while ago, and those offered that are still free, topped up to two
    /// with fresh ones, in different weeks where there are such; soonest first.
    pub(crate) fn free_times(
        &self,
        connection: &dyn Session,
        (case, people): (&Case, &People),
        (offered, stay): (&[Slot], Option<&Stay>),
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let part = to_visit(connection, case, now)?;
        let (roster, job) = (self.roster(connection, now)?, self.job(&part));
        let booked = stay.filter(|stay| stay.state == "booked");
        let is_choice = |slot: &Slot| {
            let is_new = booked.is_none_or(|stay| stay.start != slot.start);
            let is_open = slot.start > now && slots::is_usual(slot, &people.calendar);
            is_new && is_open && roster.trips(slot, &job).is_some()
        };
        let freed = stay.filter(|stay| stay.state == "cancelled");
        let freed = freed.map(|stay| self.as_long_as(&part, Slot { start: stay.start, end: stay.end, idle: false }));
        let mut slots: Vec<Slot> = freed.into_iter().filter(is_choice).collect();
        let offered = offered.iter().map(|slot| self.as_long_as(&part, *slot));
        slots::top_up(&mut slots, offered.filter(is_choice).collect(), &people.calendar);
        if slots.len() < 2 {
            let fresh = self.propose(connection, &part, &people.calendar, &roster, slots::with_notice(now))?;
            slots::top_up(&mut slots, fresh.into_iter().filter(is_choice).collect(), &people.calendar);
        }
        slots.sort_by_key(|slot| slot.start);
        Ok(slots)
    }

    /// Of times offered those that cannot be had any more: they have passed, or nobody is free then. The case's own visit takes no
    /// time from itself.
    pub(crate) fn gone(
        &self,
        connection: &dyn Session,
        case: &Case,
        slots: &[Slot],
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let part = to_visit(connection, case, now)?;
        let (roster, job) = (self.roster(connection, now)?, self.job(&part));
        let stay = bookings::newest_of(connection, &case.finding.id)?.filter(|stay| stay.state == "booked");
        let is_own = |slot: &Slot| stay.as_ref().is_some_and(|stay| stay.start == slot.start);
        let is_gone = |slot: &&Slot| slot.start <= now || (!is_own(slot) && roster.trips(slot, &job).is_none());
        Ok(slots.iter().filter(is_gone).copied().collect())
    }

    fn tell(
        &self,
        connection: &dyn Session,
        (stay, people): (&Stay, &People),
        spoken: &Spoken,
        now: Timestamp,
    ) -> Result<()> {
        if spoken.told {
            self.send_calendar_file(connection, stay, people, now)
        } else {
            self.tell_of_visit(connection, stay, now)
        }
    }

    /// A time that is as long as what there is to do: since it was offered, a machine may have broken down, or run again.
    pub(crate) fn as_long_as(&self, part: &Case, slot: Slot) -> Slot {
        Slot { end: self.end(part, slot.start), ..slot }
    }

    /// When a case's work ends that begins at an instant.
    fn end(&self, case: &Case, start: Timestamp) -> Timestamp {
        start + i64::from(self.visit(case).minutes) * MINUTE_MS
    }
}

impl Spoken {
    /// Which hours the time may be at.
    const fn hours<'a>(&self, people: &'a People) -> Hours<'a> {
        if self.odd_hour { Hours::Agreed } else { Hours::Usual(&people.calendar) }
    }
}

/// The booked visit that has not begun, as the advisor looked at it.
fn looked_at(connection: &dyn Session, case: &Case, spoken: &Spoken, attempted: &str, now: Timestamp) -> Result<Stay> {
    let stay = booked(connection, case, now)?;
    match spoken.seen {
        Some(seen) if seen != stay.start => Err(OutreachError::refused(attempted, Obstacle::Moved)),
        _ => Ok(stay),
    }
}

/// Refuses times that have passed, and those for which nobody plans.
fn refuse_unplanned(start: Timestamp, attempted: &str, now: Timestamp) -> Result<()> {
    let refused = |why| Err(OutreachError::refused(attempted, why));
    match start {
        start if start <= now => refused(Obstacle::TimePassed),
        start if start > now.plus_days(AHEAD_DAYS_MAX) => refused(Obstacle::TooFar),
        _ => Ok(()),
    }
}
