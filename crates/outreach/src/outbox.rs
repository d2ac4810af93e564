//! What the clock does: releases what was held, delivers, reminds once, and tells the advisor when to call.
//!
//! A message is marked `sending`, with its final text, before a channel sees it. A crash after that leaves the mark: an
//! idempotent channel then receives the very same text again under the same key, any other channel nothing. So no message
//! goes out twice, at the price that an advisor sometimes has to ask whether one arrived.

use foretell_model::{FindingId, HOUR_MS, MINUTE_MS, Timestamp};
use metrics::counter;
use rusqlite::Connection;
use tracing::warn;

use crate::channel::{Channel, DeliveryError, Parcel};
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Verdict};
use crate::store::{Case, Entry, Mail, advisories, messages, record, registry};
use crate::views::{MessageState, Outcome, Stage, Ticked};
use crate::{Customer, Language, Outreach};

/// Messages taken up in one tick, so that one tick stays short.
const BATCH_MAX: u32 = 200;
/// After so many temporary failures (about two days) the advisor decides.
const ATTEMPTS_MAX: u32 = 16;
/// First wait after a temporary failure; doubles each time.
const BACK_OFF_MS: i64 = MINUTE_MS;
/// Longest wait between attempts.
const BACK_OFF_MAX_MS: i64 = 4 * HOUR_MS;

/// Who approves what needs no click, in the record.
const AUTOMATIC: &str = "automatic approval";

/// What the transaction before a delivery decided.
enum Decision {
    /// Marked as sending: deliver this.
    Deliver(Box<Mail>, Parcel),
    /// Settled without a delivery.
    Settled(Ticked),
    /// Nothing to do any more.
    Gone,
}

impl Outreach {
    /// Does what is due: wakes cases whose silence ended, approves what needs no click, puts reminders into the outbox, and
    /// sends what the governor lets go. To be called every few seconds or minutes; one call at a time delivers, but calls
    /// at the same time do no harm.
    ///
    /// # Errors
    /// When the store refuses. What was decided up to then is kept.
    pub fn tick(&self, now: Timestamp) -> Result<Vec<Ticked>> {
        self.store.write("wake silent cases", |tx| wake(tx, now))?;
        self.approve_without_click(now)?;
        let mut done = self.store.write("remind of unanswered messages", |tx| self.remind(tx, now))?;
        let due = self.store.read("read the outbox", |c| messages::due(c, now, BATCH_MAX))?;
        for mail in due {
            match self.store.write("decide on a message", |tx| self.decide(tx, mail.id, now))? {
                Decision::Settled(ticked) => done.push(ticked),
                Decision::Deliver(mail, parcel) => done.push(self.deliver(*mail, &parcel, now)?),
                Decision::Gone => {}
            }
        }
        Ok(done)
    }

    fn approve_without_click(&self, now: Timestamp) -> Result<()> {
        let ready = self.store.read("read drafts that need no click", |c| {
            let customers: Vec<Customer> = registry::all(c)?;
            let mut ready = Vec::new();
            // By far the commonest answer, and one that spares reading every draft.
            if self.options.auto_approve.is_empty() && !customers.iter().any(|customer| customer.auto_approve) {
                return Ok(ready);
            }
            for case in advisories::in_stages(c, &[Stage::Draft])? {
                let by_fault = self.options.auto_approve.contains(case.finding.fault.as_str());
                let customer = registry::customer_of(c, &case.finding.machine)?;
                if by_fault || customer.is_some_and(|customer| customer.auto_approve) {
                    ready.push(case.finding.id);
                }
            }
            Ok(ready)
        })?;
        for id in ready {
            match self.approve(&id, AUTOMATIC, now) {
                Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
                Err(e) => self.leave_to_advisor(&id, &format!("not approved by itself: {e}"), now)?,
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The draft stays in the advisor's queue and says why; it is tried again at each tick, but told once.
    fn leave_to_advisor(&self, id: &FindingId, why: &str, now: Timestamp) -> Result<()> {
        self.store.write("note why a draft waits", |tx| {
            let mut case = advisories::get(tx, id)?;
            if case.stage == Stage::Draft && case.remark.as_deref() != Some(why) {
                warn!(case = %id, why, "A draft waits for the advisor.");
                case.move_to(tx, Stage::Draft, Some(why), None, now)?;
            }
            Ok(())
        })
    }

    /// Unanswered messages: one reminder, then a call.
    fn remind(&self, connection: &Connection, now: Timestamp) -> Result<Vec<Ticked>> {
        let mut done = Vec::new();
        for mut case in advisories::in_stages(connection, &[Stage::Contacted])? {
            let Some(last) = messages::newest_of(connection, &case.finding.id)? else { continue };
            let Ok(people) = self.people(connection, &case.finding.machine)? else { continue };
            let wait_until = last
                .sent
                .map(|sent| people.calendar.plus_working_days(sent, self.options.policy.reminder_after_working_days));
            let waited = wait_until.is_some_and(|until| now >= until);
            let outcome = match (last.kind, last.state) {
                (Kind::Invitation, MessageState::Sent) if waited => {
                    let mut reminder = Mail {
                        id: 0,
                        kind: Kind::Reminder,
                        state: MessageState::Queued,
                        text: None,
                        edited: false,
                        due: now,
                        reason: None,
                        channel: None,
                        attempts: 0,
                        sent: None,
                        ..last
                    };
                    reminder.save(connection)?;
                    done.push(ticked(&reminder, Outcome::Reminded));
                    continue;
                }
                (Kind::Reminder, MessageState::Sent) if waited => "neither the message nor its reminder was answered",
                (Kind::Reminder, MessageState::Withdrawn) => "the reminder could not be sent",
                _ => continue,
            };
            case.move_to(connection, Stage::Call, Some(outcome), None, now)?;
            write_record(connection, &last, "outbox", "gave the case to the advisor to call", outcome, false, now)?;
            done.push(ticked(&last, Outcome::CallDue));
        }
        Ok(done)
    }

    /// Asks the governor about one queued message and marks it accordingly.
    fn decide(&self, connection: &Connection, id: i64, now: Timestamp) -> Result<Decision> {
        let mut mail = messages::get(connection, id)?;
        let mut case = advisories::get(connection, &mail.case)?;
        let wanted = match mail.kind {
            Kind::Invitation => case.stage == Stage::Queued,
            Kind::Reminder => case.stage == Stage::Contacted,
        };
        if mail.state != MessageState::Queued {
            return Ok(Decision::Gone);
        }
        if !wanted {
            return drop_it(connection, mail, &mut case, "it is no longer needed", now).map(Decision::Settled);
        }
        let people = match self.people(connection, &mail.machine)? {
            Ok(people) => people,
            Err(why) => return drop_it(connection, mail, &mut case, &why, now).map(Decision::Settled),
        };
        let Some((channel, address)) = self.route(connection, &people.customer)? else {
            let why = "the customer has no address on any channel in use";
            return drop_it(connection, mail, &mut case, why, now).map(Decision::Settled);
        };
        let verdict = self.verdict(connection, &case, &mail, &people, channel.medium(), now)?;
        let explained = verdict.explain(&people.calendar, &self.options.policy);
        match verdict {
            Verdict::Send => {}
            Verdict::Hold { until, reason } => {
                counter!("foretell_outreach_held_total", "reason" => reason.label()).increment(1);
                let told_before = mail.reason.as_deref() == Some(explained.as_str());
                (mail.due, mail.reason) = (until, Some(explained.clone()));
                mail.save(connection)?;
                if !told_before {
                    write_record(connection, &mail, "governor", "held the message", &explained, false, now)?;
                }
                return Ok(Decision::Settled(ticked(&mail, Outcome::Held(explained))));
            }
            Verdict::Drop { reason } => {
                counter!("foretell_outreach_dropped_total", "reason" => reason.label()).increment(1);
                return drop_it(connection, mail, &mut case, &explained, now).map(Decision::Settled);
            }
        }
        match self.compose(connection, &case, &mail, &people, now) {
            Ok((text, _)) => mail.text = Some(text),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => return back_to_desk(connection, mail, &mut case, &e.to_string(), now).map(Decision::Settled),
        }
        (mail.state, mail.sent, mail.reason) = (MessageState::Sending, Some(now), None);
        (mail.channel, mail.medium) = (Some(channel.name().into()), Some(channel.medium().into()));
        mail.address = Some(address);
        mail.save(connection)?;
        let parcel = self.parcel(&mail, &people);
        Ok(Decision::Deliver(Box::new(mail), parcel))
    }

    fn parcel(&self, mail: &Mail, people: &People) -> Parcel {
        let language: Language = people.customer.language;
        let (name, company) = (language.of(&people.advisor.name), language.of(&self.options.company));
        let text = mail.text.clone().unwrap_or_default();
        Parcel {
            key: format!("foretell-{}", mail.id),
            to: mail.address.clone().unwrap_or_default(),
            to_name: people.customer.name.clone(),
            from_name: match language {
                Language::En => format!("{name}, {company}"),
                Language::ZhCn => format!("{company} {name}"),
            },
            reply_to: people.advisor.email.clone(),
            language: language.tag(),
            subject: text.subject,
            body: text.body,
            link: self.link(mail),
            at: mail.sent.unwrap_or_default(),
        }
    }

    /// Hands a marked message to its channel, without holding the store, and records its fate.
    fn deliver(&self, mail: Mail, parcel: &Parcel, now: Timestamp) -> Result<Ticked> {
        let fate = match self.channel_of(&mail) {
            Some(channel) => channel.deliver(parcel),
            None => Err(DeliveryError::Temporary("its channel is no longer configured".into())),
        };
        self.store.write("record a delivery", |tx| settle(tx, mail, fate, now))
    }

    fn channel_of(&self, mail: &Mail) -> Option<&dyn Channel> {
        let name = mail.channel.as_deref()?;
        self.options.channels.iter().map(AsRef::as_ref).find(|channel| channel.name() == name)
    }

    /// Deliveries that the last process left half-way.
    pub(crate) fn settle_interrupted(&self) -> Result<()> {
        let left = self.store.read("read interrupted deliveries", |c| messages::in_state(c, MessageState::Sending))?;
        for mail in left {
            let now = mail.sent.unwrap_or_default();
            let again = self.channel_of(&mail).filter(|channel| channel.is_idempotent());
            let people = self.store.read("read an interrupted delivery", |c| self.people(c, &mail.machine))?;
            match (again, people) {
                (Some(_), Ok(people)) => {
                    let parcel = self.parcel(&mail, &people);
                    self.deliver(mail, &parcel, now)?;
                }
                _ => {
                    let fate = Err(DeliveryError::Unknown("the service stopped while it was being delivered".into()));
                    self.store.write("record an interrupted delivery", |tx| settle(tx, mail, fate, now))?;
                }
            }
        }
        Ok(())
    }
}

/// Cases whose silence ended go back to the advisor.
fn wake(connection: &Connection, now: Timestamp) -> Result<()> {
    for mut case in advisories::in_stages(connection, &[Stage::NotNow])? {
        if case.until.is_none_or(|until| until <= now) {
            case.move_to(
                connection,
                Stage::Draft,
                Some("the customer had said not now; that time is over"),
                None,
                now,
            )?;
        }
    }
    Ok(())
}

/// Records the fate of a delivery in the message and in its case.
fn settle(
    connection: &Connection,
    mut mail: Mail,
    fate: std::result::Result<(), DeliveryError>,
    now: Timestamp,
) -> Result<Ticked> {
    let label = match &fate {
        Ok(()) => "sent",
        Err(DeliveryError::Temporary(_)) => "temporary",
        Err(DeliveryError::Permanent(_)) => "permanent",
        Err(DeliveryError::Unknown(_)) => "unknown",
    };
    counter!("foretell_outreach_deliveries_total", "fate" => label).increment(1);
    let mut case = advisories::get(connection, &mail.case)?;
    let why = fate.as_ref().err().map(ToString::to_string);
    let outcome = match fate {
        Ok(()) => {
            mail.state = MessageState::Sent;
            if case.stage == Stage::Queued {
                case.move_to(connection, Stage::Contacted, None, None, now)?;
            }
            Outcome::Sent
        }
        Err(DeliveryError::Temporary(_)) if mail.attempts + 1 < ATTEMPTS_MAX => {
            mail.attempts += 1;
            let wait_ms = BACK_OFF_MS.saturating_mul(1 << mail.attempts.min(20)).min(BACK_OFF_MAX_MS);
            (mail.state, mail.sent, mail.due) = (MessageState::Queued, None, now + wait_ms);
            Outcome::Retry { at: mail.due, reason: why.clone().unwrap_or_default() }
        }
        Err(error) => {
            // What certainly did not arrive must not count against the caps.
            let unknown = matches!(error, DeliveryError::Unknown(_));
            mail.state = if unknown { MessageState::Unknown } else { MessageState::Failed };
            mail.sent = mail.sent.filter(|_| unknown);
            let remark = format!("the message could not be delivered: {error}");
            if matches!(case.stage, Stage::Queued | Stage::Contacted) {
                case.move_to(connection, Stage::Call, Some(&remark), None, now)?;
            }
            Outcome::ForAdvisor(remark)
        }
    };
    mail.reason = why.clone();
    mail.save(connection)?;
    let what = match &outcome {
        Outcome::Sent if mail.kind == Kind::Reminder => record::REMINDER_SENT,
        Outcome::Sent => record::INVITATION_SENT,
        Outcome::Retry { .. } => "could not deliver for now",
        _ => "could not deliver",
    };
    let data = why.or_else(|| mail.channel.clone()).unwrap_or_default();
    write_record(connection, &mail, "outbox", what, &data, outcome == Outcome::Sent, now)?;
    Ok(ticked(&mail, outcome))
}

/// A message that cannot be written as it stands is a draft again; a reminder is not worth an advisor's pen.
fn back_to_desk(connection: &Connection, mut mail: Mail, case: &mut Case, why: &str, now: Timestamp) -> Result<Ticked> {
    if mail.kind == Kind::Reminder {
        return drop_it(connection, mail, case, why, now);
    }
    (mail.state, mail.reason) = (MessageState::Draft, Some(why.to_owned()));
    mail.save(connection)?;
    case.move_to(connection, Stage::Draft, Some(why), None, now)?;
    write_record(connection, &mail, "outbox", "gave the message back to the advisor", why, false, now)?;
    Ok(ticked(&mail, Outcome::ForAdvisor(why.to_owned())))
}

/// Withdraws a message that will never go out and leaves the case to the advisor.
fn drop_it(connection: &Connection, mut mail: Mail, case: &mut Case, why: &str, now: Timestamp) -> Result<Ticked> {
    (mail.state, mail.reason) = (MessageState::Withdrawn, Some(why.to_owned()));
    mail.save(connection)?;
    if case.stage == Stage::Queued || case.stage == Stage::Contacted {
        case.move_to(connection, Stage::Call, Some(why), None, now)?;
    }
    write_record(connection, &mail, "governor", "dropped the message", why, false, now)?;
    Ok(ticked(&mail, Outcome::Dropped(why.to_owned())))
}

fn write_record(
    connection: &Connection,
    mail: &Mail,
    who: &str,
    what: &str,
    why: &str,
    contact: bool,
    now: Timestamp,
) -> Result<()> {
    let (machine, advisory) = (Some(mail.machine.as_str()), Some(mail.case.as_str()));
    Entry { at: now, who, what, why, customer: Some(&mail.customer), machine, advisory, contact }.write(connection)
}

fn ticked(mail: &Mail, outcome: Outcome) -> Ticked {
    Ticked { message: mail.id, case: mail.case.clone(), outcome }
}
