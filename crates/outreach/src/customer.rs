//! What the customer does through the link: book, change, wait, stop.

use foretell_model::{Obstacle, Timestamp};

use crate::Outreach;
use crate::apply::withdraw;
use crate::card::stood_in_it;
use crate::compose::{self, slot_text};
use crate::drafting::{People, slots_run};
use crate::error::{OutreachError, Result};
use crate::guest::erased;
use crate::joint::{left_out, part_of_visit, to_visit};
use crate::letter_times::LetterTimes;
use crate::slots::Slot;
use crate::store::bookings::Hours;
use crate::store::{
    Case, Entry, Mail, Session, Stay, advisories, alongside, bookings, care, journeys, messages, record, registry,
    replies,
};
use crate::views::{BookingView, Matter, MessageState, OfferedSlot, PageState, Stage};

/// Why an advisor should call after a visit was cancelled.
pub(crate) const CANCELLED: &str = "the customer cancelled the visit";
/// Who acts through a link, in the record.
const CUSTOMER: &str = "customer";

/// Why a link opens nothing that an advisor took back.
pub const LINK_TAKEN_BACK: &str = "it has expired: the advisor took it back";
/// Why a link opens nothing whose message was withdrawn before it went out.
pub const LINK_WITHDRAWN: &str = "it has expired: its message was withdrawn";
/// Why the link in a draft opens nothing yet.
pub const LINK_OF_DRAFT: &str = "its message was not approved";

/// Everything behind a valid link.
pub(crate) struct Visitor {
    pub(crate) mail: Mail,
    pub(crate) case: Case,
    pub(crate) people: People,
}

impl Outreach {
    /// The customer's page. Times that are no longer free are replaced, so that there is always something to choose from.
    ///
    /// # Errors
    /// `Link` when the token is forged, expired or its message was never sent.
    pub fn booking_page(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.look("show a booking page", |tx| {
            let visitor = self.visitor(tx, token, now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// Books one of the times on the page; booking the same time twice is once.
    ///
    /// # Errors
    /// `SlotTaken` when the time is not on offer or somebody was faster (the page then has others); `Refused` when it has passed
    /// or another visit is booked.
    pub fn book(&self, token: &str, start: Timestamp, now: Timestamp) -> Result<BookingView> {
        self.store.write("book a visit", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let booked = bookings::newest_of(tx, &visitor.case.finding.id)?.filter(|stay| stay.start == start);
            if visitor.case.stage != Stage::Booked || booked.is_none() {
                self.book_in(tx, &mut visitor, start, now)?;
            }
            self.page(tx, &visitor, now)
        })
    }

    /// Books a time for a case that has no visit.
    pub(crate) fn book_in(
        &self,
        tx: &dyn Session,
        visitor: &mut Visitor,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        refuse_in(&visitor.case, &[Stage::Booked, Stage::Done, Stage::Cleared], "book")?;
        let part = to_visit(tx, &visitor.case, now)?;
        let slot = self.as_long_as(&part, offered(tx, &visitor.mail, start, now)?);
        let mut stay = Stay {
            id: 0,
            case: visitor.case.finding.id.clone(),
            machine: visitor.mail.machine.clone(),
            customer: visitor.mail.customer.clone(),
            start: slot.start,
            end: slot.end,
            technician: None,
            state: "booked".into(),
            sequence: 0,
            changed: now,
            uid: 0,
        };
        let hours = Hours::Usual(&visitor.people.calendar);
        stay.book(tx, self.roster(tx, now)?.as_ref(), &self.job(&part), hours)?;
        alongside::note(tx, &visitor.case)?;
        self.tell_of_visit(tx, &stay, now)?;
        withdraw(tx, &visitor.case.finding.id, "the customer booked")?;
        visitor.case.tell(&self.options.catalogue);
        visitor.case.move_to(tx, Stage::Booked, None, None, now)?;
        said(tx, visitor, record::VISIT_BOOKED, &record::span(slot.start, slot.end), now)
    }

    /// Moves the booked visit to another of the times on the page.
    ///
    /// # Errors
    /// `Refused` when nothing is booked; `SlotTaken` as for [`Outreach::book`], and the old time is then kept.
    pub fn reschedule(&self, token: &str, start: Timestamp, now: Timestamp) -> Result<BookingView> {
        self.store.write("move a visit", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            self.move_in(tx, &mut visitor, start, now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// Moves the visit of a case; to the time that it has is no move.
    pub(crate) fn move_in(
        &self,
        tx: &dyn Session,
        visitor: &mut Visitor,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let mut stay = booked(tx, &visitor.case, now)?;
        if stay.start == start {
            return Ok(());
        }
        let part = to_visit(tx, &visitor.case, now)?;
        let slot = self.as_long_as(&part, offered(tx, &visitor.mail, start, now)?);
        (stay.start, stay.end, stay.changed) = (slot.start, slot.end, now);
        stay.sequence += 1;
        let hours = Hours::Usual(&visitor.people.calendar);
        stay.book(tx, self.roster(tx, now)?.as_ref(), &self.job(&part), hours)?;
        self.tell_of_visit(tx, &stay, now)?;
        if visitor.case.matter == Some(Matter::OtherTime) {
            visitor.case.move_to(tx, Stage::Booked, None, None, now)?;
        }
        said(tx, visitor, record::VISIT_MOVED, &record::span(slot.start, slot.end), now)
    }

    /// Cancels the booked visit; the advisor hears of it, the page offers times again.
    ///
    /// # Errors
    /// `Refused` when nothing is booked or the visit has begun.
    pub fn cancel(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("cancel a visit", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            self.cancel_in(tx, &mut visitor, now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// Cancels the visit of a case.
    pub(crate) fn cancel_in(&self, tx: &dyn Session, visitor: &mut Visitor, now: Timestamp) -> Result<()> {
        let mut stay = booked(tx, &visitor.case, now)?;
        (stay.state, stay.changed) = ("cancelled".into(), now);
        stay.sequence += 1;
        stay.save(tx)?;
        self.tell_of_visit(tx, &stay, now)?;
        visitor.case.move_to(tx, Stage::Call, Some(CANCELLED), None, now)?;
        said(tx, visitor, record::VISIT_CANCELLED, &record::span(stay.start, stay.end), now)
    }

    /// Checks a token and reads what is behind it. A link to a booked visit works until the visit is long over, however old
    /// the letter is: whoever has to move a visit must never find a closed door.
    pub(crate) fn visitor(&self, connection: &dyn Session, token: &str, now: Timestamp) -> Result<Visitor> {
        let (message, expires) = self.signer.open_token(token)?;
        if message < 0 {
            return Err(OutreachError::Link("it is of a service case"));
        }
        let mail = messages::get(connection, message)?;
        if replies::is_revoked(connection, message)? {
            return Err(OutreachError::Link(LINK_TAKEN_BACK));
        }
        if expires < now {
            let stay = bookings::newest_of(connection, &mail.case)?;
            let kept = stay.is_some_and(|stay| stay.end.plus_days(f64::from(self.options.link_valid_days)) >= now);
            if !kept {
                return Err(OutreachError::Link("it has expired"));
            }
        }
        // Approved but still held counts too: the advisor may hand the link over on the telephone, and then it must go on
        // working when the answer has made the message itself needless. Approval gives a message its address.
        let seen = mail.state != MessageState::Draft && mail.address.is_some();
        let case = advisories::get(connection, &mail.case)?;
        if registry::customer_of(connection, &case.finding.machine)?.is_some_and(|customer| customer.erased) {
            return Err(erased());
        }
        if !seen {
            // Whoever was shown the draft may still hold its link.
            let withdrawn = mail.state == MessageState::Withdrawn;
            let why = if withdrawn { LINK_WITHDRAWN } else { LINK_OF_DRAFT };
            return Err(OutreachError::Link(why));
        }
        let people = self.people_or_refuse(connection, &case, "show a booking page")?;
        // Whoever had the machine before sees nothing of whoever has it now.
        if people.customer.id != mail.customer {
            return Err(erased());
        }
        Ok(Visitor { mail, case, people })
    }

    pub(crate) fn page(&self, connection: &dyn Session, visitor: &Visitor, now: Timestamp) -> Result<BookingView> {
        let Visitor { mail, case, people } = visitor;
        let language = people.customer.language;
        let link = self.link(mail);
        let facts = self.facts_now(connection, case, people, &link, now)?;
        let stay = bookings::newest_of(connection, &case.finding.id)?;
        let booked = stay.as_ref().filter(|stay| stay.state == "booked");
        let left_out = booked.map(|stay| left_out(connection, case, stay)).transpose()?.unwrap_or_default();
        let part = booked.map(|stay| part_of_visit(connection, case, stay)).transpose()?;
        let part = to_visit(connection, part.as_ref().unwrap_or(case), now)?;
        let (visit, pieces) = (self.visit(&part), || self.works(&part).map(|(_, piece)| piece));
        let state = self.page_state(connection, visitor, stay.as_ref())?;
        let slots = if state.is_over() { Vec::new() } else { self.choices(connection, visitor, stay.as_ref(), now)? };
        let words = |slot: Slot| OfferedSlot { slot, text: slot_text(language, &people.calendar, &slot) };
        let slots: Vec<OfferedSlot> = slots.into_iter().map(words).collect();
        // The letter keeps the times it was sent with; the page shows what is possible now. Who had a visit knows what became
        // of them.
        let times = slots.iter().map(|offered| &offered.slot);
        let asks = mail.sent.is_some() && mail.kind.is_proactive() && stay.is_none();
        let letter_times = match mail.text.as_ref().filter(|_| asks) {
            Some(letter) => {
                let named = stood_in_it(connection, mail, letter, people)?;
                let gone = self.gone(connection, case, &named, now)?;
                LetterTimes::of(&named, &gone, &times.clone().copied().collect::<Vec<_>>())
            }
            None => LetterTimes::AsWritten,
        };
        let spoken = facts.machines().filter_map(|id| case.findings().find(|finding| finding.machine == *id));
        Ok(BookingView {
            language,
            machine: mail.machine.clone(),
            number: facts.numbers(),
            spoken: spoken.cloned().collect(),
            customer: people.customer.name.clone(),
            company: language.of(&self.options.company).to_owned(),
            again: facts.occasion() == compose::Occasion::Again,
            sentence: self.shelf.composer(connection)?.page(&facts)?,
            minutes: self.minutes(&part),
            at_most: compose::is_at_most(pieces()),
            stops_machine: visit.stops_machine,
            stops_partly: compose::is_partly(pieces()),
            is_beside_machine: compose::is_beside_machine(pieces()),
            // Whereto a visit goes does not change with what runs again.
            work: facts.leaving_out(&left_out).work(),
            runs_then: visit.stops_machine
                && !slots.is_empty()
                && slots_run(case, people, times).into_iter().all(|runs| runs),
            slots,
            letter_times,
            state,
            advisor_name: language.of(&people.advisor.name).to_owned(),
            advisor_role: language.of(&people.advisor.role).to_owned(),
            advisor_phone: people.advisor.phone.clone(),
        })
    }

    /// The times that can be chosen. Whoever has the letter or an older page open may still tap what is there.
    fn choices(
        &self,
        connection: &dyn Session,
        visitor: &Visitor,
        stay: Option<&Stay>,
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let Visitor { mail, case, people } = visitor;
        let offered = messages::offers(connection, mail.id)?;
        let slots = self.free_times(connection, (case, people), (&offered, stay), now)?;
        let is_new = |slot: &&Slot| offered.iter().all(|known| known.start != slot.start);
        let new: Vec<Slot> = slots.iter().filter(is_new).copied().collect();
        if !new.is_empty() {
            let kept = offered.iter().filter(|slot| slot.start > now).copied();
            messages::set_offers(connection, mail.id, &kept.chain(new).collect::<Vec<_>>())?;
        }
        Ok(slots)
    }

    fn page_state(&self, connection: &dyn Session, visitor: &Visitor, stay: Option<&Stay>) -> Result<PageState> {
        let Visitor { mail, case, people } = visitor;
        let language = people.customer.language;
        // Work was done and no letter of the case went out since: nobody is asked for what is done.
        let worked = stay.is_some_and(|stay| stay.state == "done");
        Ok(match case.stage {
            Stage::Done => PageState::Done,
            Stage::Cleared if worked => PageState::Done,
            Stage::Cleared => PageState::NotNeeded,
            Stage::Internal | Stage::Draft | Stage::Postponed | Stage::Queued if worked => PageState::Done,
            // Whoever only answered was promised no call.
            Stage::Call if worked && case.matter == Some(Matter::ReplyAfter) => PageState::Done,
            Stage::Call if worked && case.matter != Some(Matter::OtherTime) => PageState::CallComes,
            Stage::Booked => match self.booking_of(connection, &case.finding.id)? {
                Some(booking) => PageState::Booked {
                    text: slot_text(
                        language,
                        &people.calendar,
                        &Slot { start: booking.start, end: booking.end, idle: false },
                    ),
                    technician_name: booking.technician.as_ref().map(|t| language.of(&t.name).to_owned()),
                    wish: (case.matter == Some(Matter::OtherTime)).then(|| case.remark.clone().unwrap_or_default()),
                    booking,
                },
                None => PageState::Open,
            },
            // The last word counts: whoever stopped the messages after a wish is told so.
            _ if care::opted_out(connection, &mail.customer, mail.medium.as_deref().unwrap_or_default())? => {
                PageState::Stopped
            }
            Stage::NotNow => {
                let until = case.until.unwrap_or_default();
                PageState::NotNow { until, text: compose::format::day(language, people.calendar.local(until).date()) }
            }
            Stage::Call if case.matter == Some(Matter::OtherTime) => {
                PageState::OtherTime { wish: case.remark.clone().unwrap_or_default() }
            }
            _ => PageState::Open,
        })
    }
}

/// A time that is on the page of this link. One that was on it before and is not any more was taken by somebody.
fn offered(connection: &dyn Session, mail: &Mail, start: Timestamp, now: Timestamp) -> Result<Slot> {
    if start <= now {
        return Err(OutreachError::refused("take a time", Obstacle::TimePassed));
    }
    let slots = messages::offers(connection, mail.id)?;
    slots.into_iter().find(|slot| slot.start == start).ok_or(OutreachError::SlotTaken)
}

/// The booked visit that has not begun.
pub(crate) fn booked(connection: &dyn Session, case: &Case, now: Timestamp) -> Result<Stay> {
    let refused = |why| OutreachError::refused("change the visit", why);
    let stay = bookings::newest_of(connection, &case.finding.id)?.ok_or_else(|| refused(Obstacle::NoVisit))?;
    match stay.over() {
        None => {}
        // Nothing is left of it, as if there had been none.
        Some(Obstacle::VisitCancelled) => return Err(refused(Obstacle::NoVisit)),
        Some(over) => return Err(refused(over)),
    }
    // Whoever came early stands at the machine already.
    let is_here = journeys::of(connection, stay.id)?.is_some_and(|way| way.arrived.is_some());
    if stay.start <= now || is_here {
        return Err(OutreachError::refused("change the visit", Obstacle::Begun));
    }
    Ok(stay)
}

pub(crate) fn refuse_in(case: &Case, stages: &[Stage], attempted: &str) -> Result<()> {
    if stages.contains(&case.stage) {
        return Err(OutreachError::refused(attempted, case.stage.obstacle()));
    }
    Ok(())
}

pub(crate) fn said(connection: &dyn Session, visitor: &Visitor, what: &str, why: &str, now: Timestamp) -> Result<()> {
    let mail = &visitor.mail;
    let (machine, advisory) = (Some(mail.machine.as_str()), Some(mail.case.as_str()));
    let customer = Some(mail.customer.as_str());
    Entry { at: now, who: CUSTOMER, what, why, customer, machine, advisory, contact: true }.write(connection)
}
