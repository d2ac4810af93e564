//! What a customer answers on the page that is neither a time nor a cancellation: another time, not now, no such messages; and
//! that a tap on one of these was a mistake.

use foretell_model::{Note, Timestamp};

use crate::Outreach;
use crate::apply::withdraw;
use crate::customer::{booked, refuse_in, said};
use crate::error::{OutreachError, Result};
use crate::store::{care, messages, record};
use crate::views::{BookingView, Matter, MessageState, Stage};

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
            withdraw(tx, &visitor.case.finding.id, "the customer said not now")?;
            visitor.case.move_to(tx, Stage::NotNow, None, Some(until), now)?;
            said(tx, &visitor, record::NOT_NOW, &days.to_string(), now)?;
            self.page(tx, &visitor, now)
        })
    }

    /// No such messages on this medium any more, until the customer says otherwise. What waits in the outbox for it is dropped by the governor.
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
                withdraw(tx, &visitor.case.finding.id, "the customer answered")?;
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
    /// before, and a booked visit stands.
    ///
    /// # Errors
    /// `Refused` when neither was said.
    pub fn take_answer_back(&self, token: &str, now: Timestamp) -> Result<BookingView> {
        self.store.write("take a customer's answer back", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let was_sent = visitor.mail.state == MessageState::Sent;
            let stage = match (visitor.case.stage, visitor.case.matter) {
                (Stage::Booked, Some(Matter::OtherTime)) => Stage::Booked,
                (Stage::Call, Some(Matter::OtherTime)) | (Stage::NotNow, _) if was_sent => Stage::Contacted,
                (Stage::Call, Some(Matter::OtherTime)) | (Stage::NotNow, _) => Stage::Draft,
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
