//! After a delivery: what became of it, and what that means for its case.

use foretell_model::{HOUR_MS, MINUTE_MS, Timestamp};
use metrics::counter;
use sha2::{Digest, Sha256};

use super::{begun, ticked, write_record};
use crate::Outreach;
use crate::channel::{Channel, DeliveryError, Parcel};
use crate::error::Result;
use crate::governor::Kind;
use crate::store::{Case, Mail, Session, advisories, crews, fates, messages, record};
use crate::views::{Matter, MessageState, Outcome, Stage, Ticked};

/// After so many temporary failures (about two days) the advisor decides.
const ATTEMPTS_MAX: u32 = 16;
/// First wait after a temporary failure; doubles each time.
const BACK_OFF_MS: i64 = MINUTE_MS;
/// Longest wait between attempts.
const BACK_OFF_MAX_MS: i64 = 4 * HOUR_MS;

/// Why a case waits whose message did not arrive, or perhaps not; what the channel said follows.
const UNDELIVERED: &str = "the message could not be delivered";

impl Outreach {
    /// Hands a marked message to its channel, without holding the store, and records its fate; nothing where another process has
    /// taken it up meanwhile.
    pub(super) fn deliver(&self, mail: Mail, parcel: &Parcel, now: Timestamp) -> Result<Option<Ticked>> {
        let fate = match self.channel_of(&mail) {
            Some(channel) => self.deliver_once(&mail, (channel, parcel))?,
            None => Some(Err(DeliveryError::Temporary("its channel is no longer configured".into()))),
        };
        let Some(fate) = fate else { return Ok(None) };
        self.store.write("record a delivery", |tx| settle(self, tx, mail, fate, now)).map(Some)
    }

    fn channel_of(&self, mail: &Mail) -> Option<&dyn Channel> {
        let name = mail.channel.as_deref()?;
        self.options.channels.iter().map(AsRef::as_ref).find(|channel| channel.name() == name)
    }

    /// Deliveries that the last process left half-way. Those that had not begun wait for the next tick, which takes them up.
    pub(crate) fn settle_interrupted(&self) -> Result<()> {
        let left = self.store.read("read interrupted deliveries", |c| messages::in_state(c, MessageState::Sending))?;
        for mail in left {
            if self.store.read("read whether a delivery had begun", |c| begun::is_still_to_begin(c, mail.id))? {
                continue;
            }
            let now = mail.sent.unwrap_or_default();
            let again = self.channel_of(&mail).filter(|channel| channel.is_idempotent());
            let parcel =
                self.store.read("read an interrupted delivery", |c| match self.people(c, &mail.machine)? {
                    Ok(people) => self.parcel(c, &mail, &people, now).map(Some),
                    Err(_) => Ok(None),
                })?;
            match (again, parcel) {
                (Some(_), Some(parcel)) => {
                    self.deliver(mail, &parcel, now)?;
                }
                _ => {
                    let fate = Err(DeliveryError::Unknown("the service stopped while it was being delivered".into()));
                    self.store.write("record an interrupted delivery", |tx| settle(self, tx, mail, fate, now))?;
                }
            }
        }
        self.store.write("take up words for technicians", |tx| crews::take_up_again(tx))?;
        self.take_up_words_for_managers()
    }
}

/// What the record calls a message that went out.
const fn sent_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Invitation => record::INVITATION_SENT,
        Kind::Reminder => record::REMINDER_SENT,
        Kind::FollowUp => record::FOLLOW_UP_SENT,
        Kind::Confirmation => record::CONFIRMATION_SENT,
        Kind::Notice => record::LATE_SENT,
        Kind::OnTheWay => record::ON_THE_WAY_SENT,
        Kind::Progress => record::PROGRESS_SENT,
        Kind::Closing => record::CLOSING_SENT,
        Kind::CalledOff => record::CALLED_OFF_SENT,
        Kind::StillOpen => record::STILL_OPEN_SENT,
    }
}

/// Records the fate of a delivery in the message and in its case.
pub(crate) fn settle(
    outreach: &Outreach,
    connection: &dyn Session,
    mut mail: Mail,
    fate: std::result::Result<(), DeliveryError>,
    now: Timestamp,
) -> Result<Ticked> {
    counter!("foretell_outreach_deliveries_total", "fate" => label(&fate)).increment(1);
    // Word about a service case belongs to no advisory.
    let mut case = advisories::find(connection, &mail.case)?;
    begun::forget(connection, mail.id)?;
    let why = fate.as_ref().err().map(ToString::to_string);
    let outcome = match fate {
        Ok(()) => {
            mail.state = MessageState::Sent;
            fates::told(connection, mail.id, &mail.case)?;
            // What could not be told has been told after all.
            let untold = |case: &&mut Case| case.matter == Some(Matter::MoveUntold);
            if let Some(case) = case.as_mut().filter(|case| mail.kind == Kind::Confirmation && untold(case)) {
                case.move_to(connection, Stage::Booked, None, None, now)?;
            }
            if mail.kind == Kind::FollowUp {
                outreach.call_where_nothing_helped(connection, &mail, case.as_mut(), now)?;
            }
            if let Some(case) = case.as_mut().filter(|case| case.stage == Stage::Queued) {
                case.move_to(connection, Stage::Contacted, None, None, now)?;
            }
            Outcome::Sent
        }
        Err(DeliveryError::Temporary(_) | DeliveryError::Busy { .. }) if outreach.hurries_on(connection, &mail)? => {
            (mail.state, mail.sent, mail.due) = (MessageState::Queued, None, now);
            Outcome::GoesOn(why.clone().unwrap_or_default())
        }
        Err(ref again @ (DeliveryError::Temporary(_) | DeliveryError::Busy { .. }))
            if mail.attempts + 1 < ATTEMPTS_MAX =>
        {
            mail.attempts += 1;
            let wait_ms = back_off_ms(mail.id, mail.attempts).max(asked_ms(again));
            (mail.state, mail.sent, mail.due) = (MessageState::Queued, None, now + wait_ms);
            Outcome::Retry { at: mail.due, reason: why.clone().unwrap_or_default() }
        }
        // It certainly did not arrive: the customer's next channel is asked, by the same rules.
        Err(ref error) if !matches!(error, DeliveryError::Unknown(_)) && outreach.goes_on(connection, &mail)? => {
            (mail.state, mail.sent, mail.due, mail.attempts) = (MessageState::Queued, None, now, 0);
            Outcome::GoesOn(why.clone().unwrap_or_default())
        }
        Err(error) => {
            // What was said on the telephone needs no second telling: nobody is troubled because a file did not arrive.
            let is_file = fates::is_file_alone(connection, mail.id)?;
            // What certainly did not arrive must not count against the caps.
            let unknown = matches!(error, DeliveryError::Unknown(_));
            mail.state = match (is_file, unknown) {
                (true, _) => MessageState::Withdrawn,
                (false, true) => MessageState::Unknown,
                (false, false) => MessageState::Failed,
            };
            mail.sent = mail.sent.filter(|_| unknown);
            let remark = format!("{UNDELIVERED}: {error}");
            if let Some(case) = case.as_mut().filter(|_| !is_file) {
                leave_to_advisor(connection, &mail, case, &remark, now)?;
            }
            Outcome::ForAdvisor(remark)
        }
    };
    mail.reason = why.clone();
    mail.save(connection)?;
    let what = match &outcome {
        Outcome::Sent if fates::is_file_alone(connection, mail.id)? => record::CALENDAR_SENT,
        Outcome::Sent if mail.kind == Kind::Confirmation && fates::tells_of_cancellation(connection, mail.id)? => {
            record::CANCELLATION_SENT
        }
        Outcome::Sent => sent_as(mail.kind),
        Outcome::Retry { .. } => "could not deliver for now",
        Outcome::GoesOn(_) => "could not deliver; goes on by the next channel",
        _ => "could not deliver",
    };
    let data = why.or_else(|| mail.channel.clone()).unwrap_or_default();
    write_record(connection, &mail, "outbox", what, &data, outcome == Outcome::Sent, now)?;
    Ok(ticked(&mail, outcome))
}

/// How long a pause the other side asks for.
fn asked_ms(error: &DeliveryError) -> i64 {
    match error {
        DeliveryError::Busy { after, .. } => i64::try_from(after.as_millis()).unwrap_or(0),
        _ => 0,
    }
}

/// A fate on metrics.
const fn label(fate: &std::result::Result<(), DeliveryError>) -> &'static str {
    match fate {
        Ok(()) => "sent",
        Err(DeliveryError::Temporary(_) | DeliveryError::Busy { .. }) => "temporary",
        Err(DeliveryError::Permanent(_)) => "permanent",
        Err(DeliveryError::Unknown(_)) => "unknown",
    }
}

/// The advisor finds the case in the queue: to call, or, where a visit is booked all the same, to see to what was not told.
fn leave_to_advisor(
    connection: &dyn Session,
    mail: &Mail,
    case: &mut Case,
    remark: &str,
    now: Timestamp,
) -> Result<()> {
    let stage = match (mail.kind, case.stage) {
        (_, Stage::Queued | Stage::Contacted) => Stage::Call,
        // What the customer said since is not written over; the card tells of both.
        (Kind::Confirmation, Stage::Booked) if case.remark.is_none() => Stage::Booked,
        (Kind::FollowUp, Stage::Done) => Stage::Call,
        _ => return Ok(()),
    };
    case.ask(connection, (stage, None), Matter::Undelivered, remark, now)
}

/// Where a word for a colleague stands after so many attempts, and when it is asked about again. No governor has a say in it, and
/// after `attempts_max` failures it is left alone.
pub(crate) fn fate_of_word(
    fate: &std::result::Result<(), DeliveryError>,
    (word, attempts, attempts_max): (i64, u32, u32),
    now: Timestamp,
) -> (MessageState, Timestamp) {
    match fate {
        Ok(()) => (MessageState::Sent, now),
        Err(DeliveryError::Temporary(_) | DeliveryError::Busy { .. }) if attempts < attempts_max => {
            (MessageState::Queued, now + back_off_ms(word, attempts))
        }
        Err(DeliveryError::Unknown(_)) => (MessageState::Unknown, now),
        Err(_) => (MessageState::Failed, now),
    }
}

/// How long to wait after so many failures: twice as long each time, and up to a quarter longer, so that what failed together
/// does not come back together. The same message waits as long in every run.
pub(crate) fn back_off_ms(message: i64, attempts: u32) -> i64 {
    let wait_ms = BACK_OFF_MS.saturating_mul(1 << attempts.min(20)).min(BACK_OFF_MAX_MS);
    let digest = Sha256::digest(format!("{message} {attempts}"));
    wait_ms + wait_ms / 4 * i64::from(digest[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_twice_as_long_and_never_in_step() {
        let waits: Vec<i64> = (1..=12).map(|attempts| back_off_ms(7, attempts)).collect();
        for (wait, base_min) in waits.iter().zip([2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240, 240]) {
            let base_ms = base_min * MINUTE_MS;
            assert!((base_ms..=base_ms + base_ms / 4).contains(wait), "{waits:?}");
        }
        let together: std::collections::BTreeSet<i64> = (0..100).map(|message| back_off_ms(message, 1)).collect();
        assert!(together.len() > 50, "{together:?}");
    }
}
