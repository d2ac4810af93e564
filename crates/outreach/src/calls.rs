//! What the advisor does beside the letter: calls, cases ended, deliveries settled.

use foretell_model::{FindingId, Obstacle, Timestamp};

use crate::apply::withdraw;
use crate::compose::Draft;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::outbox::asked::is_overtaken;
use crate::store::{
    Case, Entry, Mail, Session, advisories, bookings, fates, messages, record, registry, replies, service_cases,
};
use crate::views::{AfterCall, Matter, MessageState, Stage, Unsettled};
use crate::{Outreach, rivals};

impl Outreach {
    /// Records a call to the customer, in the advisor's words, and what comes of it.
    ///
    /// # Errors
    /// When the case waits for no call.
    pub fn called(&self, id: &FindingId, next: AfterCall, remark: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("record a call about {id}");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            refuse_outside(&case, &[Stage::Call, Stage::Contacted, Stage::NotNow], &attempted)?;
            let what = match next {
                AfterCall::Close => record::CALLED_CLOSED,
                AfterCall::NewLetter | AfterCall::LetterFor(_) => record::CALLED_LETTER,
                AfterCall::Again => record::CALLED_UNREACHED,
            };
            contact(tx, &case, who, what, remark, now)?;
            if let AfterCall::LetterFor(wished) = next {
                contact(tx, &case, who, record::TIMES_WISHED, &wished.code(), now)?;
            }
            if let Some(customer) = registry::customer_of(tx, &case.finding.machine)? {
                self.hear(tx, &customer.id, Some(case.finding.machine.as_str()), remark, now)?;
            }
            match next {
                AfterCall::Close => {
                    self.part(tx, &mut case, (true, Stage::Cleared), remark, now)?;
                    rivals::end_with(tx, &case, remark, now)?;
                    case.move_to(tx, Stage::Cleared, Some(remark), None, now)
                }
                AfterCall::NewLetter | AfterCall::LetterFor(_) => {
                    // What was promised was done; a letter about it now names what is likeliest now.
                    if bookings::newest_done_of(tx, id)?.is_some() {
                        case.fulfil();
                    }
                    case.move_to(tx, Stage::Draft, Some(remark), None, now)
                }
                // Why the call is due stays what it was.
                AfterCall::Again => Ok(()),
            }
        })
    }

    /// Ends a case without work, e.g. because the customer declined on the telephone. A booked visit is cancelled first.
    ///
    /// # Errors
    /// When a visit is booked or the case is over.
    pub fn close(&self, id: &FindingId, reason: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("close {id}");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            if matches!(case.stage, Stage::Booked | Stage::Done | Stage::Cleared) {
                return Err(OutreachError::refused(&attempted, case.stage.obstacle()));
            }
            withdraw(tx, id, "the case was closed")?;
            // What a customer declined was declined for all that the letter spoke of.
            let told = matches!(case.stage, Stage::Contacted | Stage::Call | Stage::NotNow);
            self.part(tx, &mut case, (told, Stage::Cleared), reason, now)?;
            rivals::end_with(tx, &case, reason, now)?;
            case.move_to(tx, Stage::Cleared, Some(reason), None, now)?;
            self.gather_site(tx, case.finding.machine.site(), now)?;
            desk_note(tx, &case, who, "closed the case", reason, now)
        })
    }

    /// Settles a message whose delivery is unknown or failed: it arrived after all, or it did not and may be drafted anew.
    ///
    /// # Errors
    /// When the message is neither unknown nor failed.
    pub fn resolve_delivery(&self, message: i64, arrived: bool, who: &str, now: Timestamp) -> Result<()> {
        self.settle_delivery(message, if arrived { Resolved::Arrived } else { Resolved::Lost }, who, now)
    }

    /// As [`Outreach::resolve_delivery`] for a message that did not arrive, and sends it again at once: it is approved already.
    /// The governor is asked as for any other. One whose link was withdrawn goes out with a link of its own: the old one opens
    /// nothing, and the customer needs one that does.
    ///
    /// # Errors
    /// When the message is neither unknown nor failed.
    pub fn send_again(&self, message: i64, who: &str, now: Timestamp) -> Result<()> {
        self.settle_delivery(message, Resolved::SendAgain, who, now)
    }

    fn settle_delivery(&self, message: i64, resolved: Resolved, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("settle message {message}");
        self.store.write(&attempted, |tx| {
            let mut mail = messages::get(tx, message)?;
            if !matches!(mail.state, MessageState::Unknown | MessageState::Failed) {
                return Err(OutreachError::refused(&attempted, Obstacle::DeliveryKnown));
            }
            let (state, sent, stage, what) = match resolved {
                Resolved::Arrived => {
                    let sent = mail.sent.or(Some(now));
                    (MessageState::Sent, sent, Stage::Contacted, "says the message arrived")
                }
                Resolved::Lost => (MessageState::Withdrawn, None, Stage::Draft, "says the message did not arrive"),
                Resolved::SendAgain => (MessageState::Queued, None, Stage::Queued, "sends the message again"),
            };
            (mail.state, mail.sent) = (state, sent);
            if resolved == Resolved::SendAgain {
                // A newer letter of the case says it all: two would ask twice.
                if mail.kind.is_proactive() && messages::has_unsent_beside(tx, &mail)? {
                    return Err(OutreachError::refused(&attempted, Obstacle::DeliveryKnown));
                }
                if replies::is_revoked(tx, mail.id)? {
                    mail = self.with_fresh_link(tx, mail, now)?;
                }
                (mail.due, mail.attempts, mail.reason) = (now, 0, None);
                fates::forget_refusals(tx, mail.id)?;
            }
            mail.save(tx)?;
            // Word about a service case belongs to no advisory.
            if let Some(mut case) = advisories::find(tx, &mail.case)? {
                let stage = match (mail.kind, case.stage) {
                    // A reminder goes out beside the message it reminds of.
                    (Kind::Reminder, Stage::Call) if stage == Stage::Queued => Some(Stage::Contacted),
                    (Kind::Confirmation, Stage::Booked) => {
                        (case.matter == Some(Matter::Undelivered)).then_some(Stage::Booked)
                    }
                    (Kind::FollowUp, Stage::Call) => Some(Stage::Done),
                    (Kind::Invitation | Kind::Reminder, Stage::Call) => Some(stage),
                    _ => None,
                };
                if let Some(stage) = stage {
                    case.move_to(tx, stage, None, None, now)?;
                }
                if resolved == Resolved::Arrived {
                    fates::told(tx, mail.id, &mail.case)?;
                    if mail.kind == Kind::FollowUp {
                        self.call_where_nothing_helped(tx, &mail, Some(&mut case), now)?;
                    }
                }
            }
            let (machine, advisory) = (Some(mail.machine.as_str()), Some(mail.case.as_str()));
            let customer = Some(mail.customer.as_str());
            Entry { at: now, who, what, customer, machine, advisory, ..Entry::default() }.write(tx)
        })
    }

    /// The same message under a number of its own, which makes another link; the old one never goes out.
    fn with_fresh_link(&self, connection: &dyn Session, mut old: Mail, now: Timestamp) -> Result<Mail> {
        let expires = now.plus_days(f64::from(self.options.link_valid_days));
        let mut fresh = Mail { id: 0, expires: old.expires.max(expires), ..old.clone() };
        (old.state, old.reason) = (MessageState::Withdrawn, Some(LINK_RENEWED.to_owned()));
        old.save(connection)?;
        fresh.save(connection)?;
        messages::set_offers(connection, fresh.id, &messages::offers(connection, old.id)?)?;
        let (was, is) = (self.link(&old), self.link(&fresh));
        // Words that a person wrote stay, but for the link in them.
        fresh.text = fresh.text.map(|text| Draft {
            body: text.body.replace(&was, &is),
            short: text.short.replace(&was, &is),
            ..text
        });
        Ok(fresh)
    }

    /// Words about a service case of which nobody knows whether they arrived, or that certainly did not, as far as they are
    /// still news; oldest first.
    ///
    /// # Errors
    /// When there is no such case or the store cannot be read.
    pub fn unsettled_of_case(&self, id: i64) -> Result<Vec<Unsettled>> {
        self.store.read("read what the customer of a service case may not know", |c| {
            let case = service_cases::get(c, id)?;
            let left = fates::unsettled(c, &FindingId::from_text(&service_cases::name(id)))?;
            Ok(left.iter().filter(|mail| !is_overtaken(mail.kind, &case)).map(Unsettled::of).collect())
        })
    }

    /// Takes the links of a case back, e.g. because a letter was forwarded to a stranger: whoever holds one of its letters holds
    /// the visit. What was booked stays booked; the customer's other links work on. Word about the visit that has not gone out yet
    /// is in nobody's hands, and its link opens; an approved letter that waits goes back to the advisor, to go out with a link of
    /// its own. A letter that was sent gets no reminder, whose new link would go the same way as the old one: the advisor calls.
    ///
    /// # Errors
    /// When there is no such case, or none of its links opens anything.
    pub fn revoke_links(&self, id: &FindingId, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("take back the links of {id}");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            let open = messages::with_links(tx, id)?;
            if open.is_empty() {
                return Err(OutreachError::refused(&attempted, Obstacle::LinkClosed));
            }
            open.iter().try_for_each(|mail| replies::revoke_link(tx, mail.id, now))?;
            let next = match case.stage {
                Stage::Queued => Some((Stage::Draft, LINKS_BACK)),
                Stage::Contacted => Some((Stage::Call, LINKS_WITHDRAWN)),
                _ => None,
            };
            if let Some((stage, remark)) = next {
                withdraw(tx, id, remark)?;
                case.move_to(tx, stage, Some(remark), None, now)?;
            }
            contact(tx, &case, who, record::LINK_REVOKED, why, now)
        })
    }
}

/// Why a letter that was approved is a draft again.
const LINKS_BACK: &str = "its link was withdrawn; this is a fresh draft";

/// Why a message does not go out whose link was withdrawn and that goes out with another one.
const LINK_RENEWED: &str = "its link was withdrawn; it goes out with a fresh one";

/// Why the advisor calls instead of a reminder or another letter that nobody asked for.
pub(crate) const LINKS_WITHDRAWN: &str = "the links in the letter were withdrawn; please call";

/// What an advisor says of a message of unknown fate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resolved {
    Arrived,
    Lost,
    SendAgain,
}

/// Refuses what a case allows in some stages only.
pub(crate) fn refuse_outside(case: &Case, stages: &[Stage], attempted: &str) -> Result<()> {
    if stages.contains(&case.stage) {
        return Ok(());
    }
    Err(OutreachError::refused(attempted, case.stage.obstacle()))
}

/// Writes what passed between the advisor and the customer.
pub(crate) fn contact(
    connection: &dyn Session,
    case: &Case,
    who: &str,
    what: &str,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let machine = &case.finding.machine;
    let customer = registry::customer_of(connection, machine)?;
    let customer = customer.as_ref().map(|customer| customer.id.as_str());
    let (machine, advisory) = (Some(machine.as_str()), Some(case.finding.id.as_str()));
    Entry { at: now, who, what, why, customer, machine, advisory, contact: true }.write(connection)
}

/// Writes what happened at the advisor's desk alone.
pub(crate) fn desk_note(
    connection: &dyn Session,
    case: &Case,
    who: &str,
    what: &str,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let customer = registry::customer_of(connection, &case.finding.machine)?;
    let customer = customer.as_ref().map(|customer| customer.id.as_str());
    let (machine, advisory) = (Some(case.finding.machine.as_str()), Some(case.finding.id.as_str()));
    Entry { at: now, who, what, why, customer, machine, advisory, contact: false }.write(connection)
}
