//! What a customer answers on the page that is neither a time nor a cancellation: another time, not now, no such messages; and
//! that a tap on one of these was a mistake.

use foretell_model::{FindingId, Note, Timestamp};

use crate::Outreach;
use crate::apply::withdraw;
use crate::customer::{booked, refuse_in, said};
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::store::{Case, Session, care, messages, record};
use crate::views::{BookingView, Matter, MessageState, Stage};

/// Why a letter that was approved did not go out: there was an answer before. Taken back, it waits as before.
const ANSWERED: &str = "the customer answered";
/// Why a letter that was drafted did not go out, for the same reason.
const ANSWERED_DRAFT: &str = "the customer answered while it was a draft";

impl Outreach {
    /// Silence about this machine for so many days (1 to 365).
    ///
    /// # Errors
    /// `Refused` when a visit is booked (cancel it instead) or the case is over.
    pub fn not_now(&self, token: &str, days: u32, now: Timestamp) -> Result<BookingView> {
        self.store.write("note that a customer wants to wait", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            refuse_in(&visitor.case, &[Stage::Booked, Stage::Done, Stage::Cleared], "wait")?;
            let until = now.plus_days(f64::from(days.clamp(1, 365)));
            visitor.case.machines().try_for_each(|machine| messages::set_not_now(tx, machine, until, now))?;
            set_aside(tx, &visitor.case)?;
            visitor.case.move_to(tx, Stage::NotNow, None, Some(until), now)?;
            said(tx, &visitor, record::NOT_NOW, &days.to_string(), now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// No such messages on this medium any more, until the customer says otherwise. What waits in the outbox of our own accord is
    /// dropped by the governor; word of a visit or a breakdown still comes.
    ///
    /// # Errors
    /// As [`Outreach::booking_page`].
    pub fn stop(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("note that a customer wants no messages", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let medium = visitor.mail.medium.clone().unwrap_or_default();
            care::opt_out(tx, &visitor.mail.customer, &medium, now)?;
            if visitor.case.stage == Stage::Contacted {
                let remark = format!("the customer wants no such messages by {medium}; is a call welcome?");
                visitor.case.move_to(tx, Stage::Call, Some(&remark), None, now)?;
            }
            said(tx, &visitor, record::STOPPED, &medium, now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// The customer wants such messages on this medium again.
    ///
    /// # Errors
    /// As [`Outreach::booking_page`].
    pub fn resume(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("note that a customer wants messages again", |tx| {
            let visitor = self.visitor(tx, token, now)?;
            let medium = visitor.mail.medium.clone().unwrap_or_default();
            if care::opt_in(tx, &visitor.mail.customer, &medium)? {
                said(tx, &visitor, record::RESUMED, &medium, now)?;
            }
            self.page(tx, &visitor, now)
        })
    }

    /// The customer wishes another time; the advisor calls. A booked visit stands until then.
    ///
    /// # Errors
    /// `Refused` when a booked visit has begun or the case is over.
    pub fn other_time(&self, token: &str, text: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("note that a customer wishes another time", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            refuse_in(&visitor.case, &[Stage::Done, Stage::Cleared], "ask for another time")?;
            let wish = Note::new(text);
            let stage = if visitor.case.stage == Stage::Booked {
                booked(tx, &visitor.case, now)?;
                Stage::Booked
            } else {
                set_aside(tx, &visitor.case)?;
                Stage::Call
            };
            visitor.case.ask(tx, (stage, None), Matter::OtherTime, wish.as_str().trim(), now)?;
            said(tx, &visitor, record::OTHER_TIME, wish.as_str().trim(), now)?;
            let (customer, machine) = (&visitor.mail.customer, Some(visitor.mail.machine.as_str()));
            self.hear(tx, customer, machine, wish.as_str(), now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// The customer takes back that another time is wished, or that it is not to be now: the letter's times are on offer as
    /// before, and a booked visit stands. A letter that had not gone out is again what it was, with every word that a person had
    /// written into it.
    ///
    /// # Errors
    /// `Refused` when neither was said.
    pub fn take_answer_back(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("take a customer's answer back", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let was_sent = visitor.mail.state == MessageState::Sent;
            let stage = match (visitor.case.stage, visitor.case.matter) {
                (Stage::Booked, Some(Matter::OtherTime)) => Stage::Booked,
                (Stage::Call, Some(Matter::OtherTime)) | (Stage::NotNow, _) => {
                    let before = take_up(tx, &visitor.case.finding.id, now)?;
                    before.unwrap_or(if was_sent { Stage::Contacted } else { Stage::Draft })
                }
                (stage, _) => return Err(OutreachError::refused("take an answer back", stage.obstacle())),
            };
            if visitor.case.stage == Stage::NotNow {
                visitor.case.machines().try_for_each(|machine| messages::end_not_now(tx, machine))?;
            }
            visitor.case.move_to(tx, stage, None, None, now)?;
            said(tx, &visitor, record::ANSWER_TAKEN_BACK, "", now)?;
            self.page(tx, &visitor, now)
        })
    }
}

/// An answer makes a letter needless that has not gone out.
fn set_aside(connection: &dyn Session, case: &Case) -> Result<()> {
    let id = &case.finding.id;
    let Some(mut newest) = messages::newest_of(connection, id)? else { return Ok(()) };
    let is_answered = case.stage == Stage::NotNow || case.matter == Some(Matter::OtherTime);
    match newest.state {
        MessageState::Draft => withdraw(connection, id, ANSWERED_DRAFT),
        MessageState::Queued => withdraw(connection, id, ANSWERED),
        // What an earlier answer set aside, and much has happened since, does not come back with this one.
        MessageState::Withdrawn if !is_answered => {
            newest.reason = None;
            newest.save(connection)
        }
        _ => Ok(()),
    }
}

/// The answer was a mistake: the letter that it set aside is what it was. Gives the stage in which its case was; nothing where
/// no letter waited.
fn take_up(connection: &dyn Session, case: &FindingId, now: Timestamp) -> Result<Option<Stage>> {
    let newest = messages::newest_of(connection, case)?.filter(|mail| mail.state == MessageState::Withdrawn);
    let Some(mut mail) = newest else { return Ok(None) };
    let (state, stage) = match (mail.reason.as_deref(), mail.kind) {
        (Some(ANSWERED), Kind::Reminder) => (MessageState::Queued, Stage::Contacted),
        (Some(ANSWERED), _) => (MessageState::Queued, Stage::Queued),
        (Some(ANSWERED_DRAFT), _) => (MessageState::Draft, Stage::Draft),
        _ => return Ok(None),
    };
    (mail.state, mail.reason, mail.due) = (state, None, now);
    mail.save(connection)?;
    Ok(Some(stage))
}
