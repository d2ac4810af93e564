//! Letters that are not out: what a card shows of one, and the day to which it is put off.

use foretell_console::BackendError;
use foretell_console::view::{Draft, Slot};
use foretell_model::{FindingId, Objection, Obstacle, Timestamp};
use foretell_outreach::{Card, MessageState, Stage};

use super::ServiceBackend;
use super::errors::of_outreach;

/// No run of free days is longer.
const FREE_DAYS_MAX: u16 = 60;

impl ServiceBackend {
    /// The working day of the customer's that so many days lead to, or the next one: on a Sunday nobody takes a case up again.
    pub(super) fn put_off(&self, id: &FindingId, days: u16, now: Timestamp) -> Result<Timestamp, BackendError> {
        let customer = self.outreach.card(id, now).map_err(of_outreach)?.customer;
        let calendar = self.outreach.calendar_of(customer.as_ref());
        let ahead = (days..days + FREE_DAYS_MAX).map(|days| now.plus_days(f64::from(days)));
        let working = ahead.clone().find(|at| calendar.is_working_day(calendar.local(*at).date()));
        Ok(working.or(ahead.clone().next()).unwrap_or(now))
    }
}

/// Why there is no message to show. What was never sent in a case that is over would say today what never was said.
pub(super) fn unwritten(card: &Card) -> Option<Objection> {
    let is_over = matches!(card.stage, Stage::Done | Stage::Cleared);
    match &card.message {
        Ok(message) if is_over && message.state == MessageState::Withdrawn => Some(Obstacle::NothingWritten.into()),
        Ok(_) => None,
        Err(why) => Some(why.clone()),
    }
}

/// Text, times and page of the message; nothing where there is none.
pub(super) fn message(card: &Card) -> (Draft, Vec<Slot>, Option<String>) {
    match &card.message {
        Ok(message) if unwritten(card).is_none() => {
            let slots = message.slots.iter().map(|slot| Slot { from: slot.start, to: slot.end }).collect();
            let path = message.link.find("/b/").map(|at| message.link[at..].to_owned()).filter(|_| message.link_opens);
            (Draft { subject: message.text.subject.clone(), body: message.text.body.clone() }, slots, path)
        }
        _ => (Draft { subject: String::new(), body: String::new() }, Vec::new(), None),
    }
}
