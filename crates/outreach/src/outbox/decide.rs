//! Before a delivery: whether a queued message goes out, waits or is taken back, and its last text.

use foretell_model::{Finding, Timestamp};
use metrics::counter;

use super::{NO_NEWS, begun, ticked, write_record};
use crate::channel::Parcel;
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Reason, Verdict};
use crate::store::{Case, Mail, Session, advisories, alongside, messages};
use crate::views::{MessageState, Outcome, Stage, Ticked};
use crate::{Channel, Language, Outreach, edits};

/// What the transaction before a delivery decided.
pub(super) enum Decision {
    /// Marked as sending: deliver this.
    Deliver(Box<Mail>, Box<Parcel>),
    /// Settled without a delivery.
    Settled(Ticked),
    /// Nothing to do any more.
    Gone,
}

impl Outreach {
    /// Asks the governor about one queued message and marks it accordingly.
    pub(super) fn decide(&self, connection: &dyn Session, id: i64, now: Timestamp) -> Result<Decision> {
        let mail = messages::get(connection, id)?;
        if mail.state != MessageState::Queued {
            return Ok(Decision::Gone);
        }
        match mail.kind {
            Kind::Confirmation | Kind::FollowUp => return self.decide_on_visit(connection, mail, now),
            kind if kind.is_about_trouble() => return self.decide_on_trouble(connection, mail, now),
            _ => {}
        }
        // As things are now: who goes along may have changed since it was approved.
        self.gather_site(connection, mail.machine.site(), now)?;
        let mail = messages::get(connection, id)?;
        if mail.state != MessageState::Queued {
            return Ok(Decision::Gone);
        }
        let mut case = advisories::get(connection, &mail.case)?;
        let wanted = case.stage == if mail.kind == Kind::Reminder { Stage::Contacted } else { Stage::Queued };
        let case_of = |why: &str, mail: Mail, case: &mut Case| drop_it(connection, mail, case, why, now);
        if !wanted {
            return case_of(NO_NEWS, mail, &mut case).map(Decision::Settled);
        }
        let people = match self.people_of(connection, &mail)? {
            Ok(people) => people,
            Err(why) => return case_of(&why, mail, &mut case).map(Decision::Settled),
        };
        let Some((channel, address)) = self.route(connection, &people.customer, mail.id)? else {
            let why = "the customer has no address on any channel in use";
            return case_of(why, mail, &mut case).map(Decision::Settled);
        };
        match self.verdict(connection, &case, &mail, &people, channel.medium(), now)? {
            Verdict::Send => {}
            Verdict::Hold { until, reason } => {
                let again = match last_call(&case, until, &reason) {
                    Some(t) if t <= now => {
                        let why = reason.explain(Language::En, &self.options.catalogue);
                        let why = format!("waiting would take too long, better call: {why}");
                        return drop_it(connection, mail, &mut case, &why, now).map(Decision::Settled);
                    }
                    Some(t) => until.min(t),
                    None => until,
                };
                return hold(connection, mail, (until, again), reason, now).map(Decision::Settled);
            }
            Verdict::Drop { reason } => {
                let remark = reason.explain(Language::En, &self.options.catalogue);
                return refuse(connection, mail, Some((&mut case, &remark)), reason, now).map(Decision::Settled);
            }
        }
        if let Some(why) = past(&mail, &case, now) {
            return drop_it(connection, mail, &mut case, why, now).map(Decision::Settled);
        }
        let (text, claims) = match self.compose(connection, &case, &mail, &people, now) {
            Ok((text, slots)) => {
                messages::keep_offered(connection, mail.id, &slots)?;
                // What a person wrote claims what it did when it was written.
                let claims = match mail.edited {
                    true => mail.claims.clone(),
                    false => {
                        let of_letter = self.facts_of_letter(connection, (&case, &mail), &people, &slots, now)?;
                        edits::keep(&of_letter.claims())
                    }
                };
                (text, claims)
            }
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => return back_to_desk(connection, mail, &mut case, &e, now).map(Decision::Settled),
        };
        alongside::note(connection, &case)?;
        case.tell(&self.options.catalogue);
        case.save(connection, now)?;
        self.let_go(connection, Mail { text: Some(text), claims, ..mail }, &people, (channel, address), now)
    }

    /// The people of a message; why not where its machine has become somebody else's: the letter is for whoever had it.
    pub(super) fn people_of(
        &self,
        connection: &dyn Session,
        mail: &Mail,
    ) -> Result<std::result::Result<People, String>> {
        Ok(match self.people(connection, &mail.machine)? {
            Ok(people) if people.customer.id == mail.customer => Ok(people),
            Ok(_) => Err(HANDED_ON.to_owned()),
            Err(why) => Err(why.to_string()),
        })
    }

    /// Marks a message as on its way.
    pub(super) fn let_go(
        &self,
        connection: &dyn Session,
        mut mail: Mail,
        people: &People,
        (channel, address): (&dyn Channel, String),
        now: Timestamp,
    ) -> Result<Decision> {
        (mail.state, mail.sent, mail.reason, mail.held) = (MessageState::Sending, Some(now), None, None);
        (mail.channel, mail.medium) = (Some(channel.name().into()), Some(channel.medium().into()));
        mail.address = Some(address);
        mail.save(connection)?;
        if !channel.is_idempotent() {
            begun::note(connection, mail.id)?;
        }
        let parcel = self.parcel(connection, &mail, people, now)?;
        Ok(Decision::Deliver(Box::new(mail), Box::new(parcel)))
    }

    pub(super) fn parcel(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        people: &People,
        now: Timestamp,
    ) -> Result<Parcel> {
        let language: Language = people.customer.language;
        let (name, company) = (language.of(&people.advisor.name), language.of(&self.options.company));
        let text = mail.text.clone().unwrap_or_default();
        Ok(Parcel {
            calendar: self.file_with(connection, mail, people, now)?,
            portrait: self.portrait_with(connection, mail, language)?,
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
            short: text.short,
            // Word about a service case is not to be stopped.
            link: if mail.kind.is_about_trouble() { String::new() } else { self.link(mail) },
            at: mail.sent.unwrap_or_default(),
        })
    }
}

/// Why a message is not sent whose machine has become somebody else's.
const HANDED_ON: &str = "the machine belongs to another customer now";

/// Why the advisor calls instead of a letter whose link nobody could open any more.
pub(super) const LINK_OVER: &str = "the link in the message has expired";

/// Why the advisor calls instead of a letter that forecasts what should have come by now.
const FORECAST_OVER: &str = "the time that the message forecasts is over";

/// A forecast is spoken of for so long after its last day: it was never one to the day.
const FORECAST_OVER_DAYS: f64 = 7.0;

/// Why a letter that waited, e.g. while the service or the clock stood, comes too late for what it says.
fn past(mail: &Mail, case: &Case, now: Timestamp) -> Option<&'static str> {
    let last = |finding: &Finding| Some(finding.at.plus_days(finding.rul_days?.p90? + FORECAST_OVER_DAYS));
    let is_over = case.findings().filter_map(last).max().is_some_and(|last| last < now);
    match mail.expires <= now {
        true => Some(LINK_OVER),
        false => is_over.then_some(FORECAST_OVER),
    }
}

/// A message that cannot be written as it stands is a draft again; a reminder is not worth an advisor's pen.
fn back_to_desk(
    connection: &dyn Session,
    mut mail: Mail,
    case: &mut Case,
    error: &OutreachError,
    now: Timestamp,
) -> Result<Ticked> {
    let why = &error.to_string();
    if mail.kind == Kind::Reminder {
        return drop_it(connection, mail, case, why, now);
    }
    if mail.edited {
        let why = edits::why_gone(error);
        edits::begin_anew(connection, case, mail.clone(), why, now)?;
        return Ok(ticked(&mail, Outcome::ForAdvisor(why.to_owned())));
    }
    (mail.state, mail.reason) = (MessageState::Draft, Some(why.clone()));
    mail.save(connection)?;
    case.move_to(connection, Stage::Draft, Some(why), None, now)?;
    write_record(connection, &mail, "outbox", "gave the message back to the advisor", why, false, now)?;
    Ok(ticked(&mail, Outcome::ForAdvisor(why.to_owned())))
}

/// Withdraws a message that will never go out and leaves the case to the advisor.
fn drop_it(connection: &dyn Session, mut mail: Mail, case: &mut Case, why: &str, now: Timestamp) -> Result<Ticked> {
    (mail.state, mail.reason) = (MessageState::Withdrawn, Some(why.to_owned()));
    mail.save(connection)?;
    if case.stage == Stage::Queued || case.stage == Stage::Contacted {
        case.move_to(connection, Stage::Call, Some(why), None, now)?;
    }
    write_record(connection, &mail, "governor", "dropped the message", why, false, now)?;
    Ok(ticked(&mail, Outcome::Dropped(why.to_owned())))
}

/// Days before the fault is likely at which a message that our own rules hold beyond it goes to the advisor as a call.
const LAST_CALL_DAYS: f64 = 7.0;

/// When a held message must go to the advisor, because our own rules hold it until the fault is likely. What the customer
/// asked for, and the hours at which people sleep, are no rules of ours.
fn last_call(case: &Case, until: Timestamp, reason: &Reason) -> Option<Timestamp> {
    let ours = matches!(reason, Reason::MachineCap { .. } | Reason::CustomerCap { .. } | Reason::OpenCase { .. });
    let last = case.p10().filter(|_| ours)?.plus_days(-LAST_CALL_DAYS);
    (until >= last).then_some(last)
}

/// A message waits; the record hears of it once for each reason. It is asked about again at the second time given.
pub(super) fn hold(
    connection: &dyn Session,
    mut mail: Mail,
    (until, again): (Timestamp, Timestamp),
    reason: Reason,
    now: Timestamp,
) -> Result<Ticked> {
    counter!("foretell_outreach_held_total", "reason" => reason.label()).increment(1);
    let told_before = mail.held.as_ref() == Some(&reason);
    (mail.due, mail.held) = (again, Some(reason.clone()));
    mail.save(connection)?;
    if !told_before {
        let why = format!("{} {until}", reason.label());
        write_record(connection, &mail, "governor", "held the message", &why, false, now)?;
    }
    Ok(ticked(&mail, Outcome::Held { until, reason }))
}

/// The governor will never let a message out: the advisor has the case.
pub(super) fn refuse(
    connection: &dyn Session,
    mut mail: Mail,
    case: Option<(&mut Case, &str)>,
    reason: Reason,
    now: Timestamp,
) -> Result<Ticked> {
    counter!("foretell_outreach_dropped_total", "reason" => reason.label()).increment(1);
    (mail.state, mail.held, mail.reason) = (MessageState::Withdrawn, Some(reason.clone()), None);
    mail.save(connection)?;
    if let Some((case, remark)) = case
        && matches!(case.stage, Stage::Queued | Stage::Contacted)
    {
        case.move_to(connection, Stage::Call, Some(remark), None, now)?;
    }
    write_record(connection, &mail, "governor", "dropped the message", reason.label(), false, now)?;
    Ok(ticked(&mail, Outcome::Refused(reason)))
}

pub(super) fn withdraw_word(connection: &dyn Session, mut mail: Mail, why: &str, now: Timestamp) -> Result<Ticked> {
    (mail.state, mail.held, mail.reason) = (MessageState::Withdrawn, None, Some(why.to_owned()));
    mail.save(connection)?;
    write_record(connection, &mail, "governor", "dropped the message", why, false, now)?;
    Ok(ticked(&mail, Outcome::Dropped(why.to_owned())))
}
