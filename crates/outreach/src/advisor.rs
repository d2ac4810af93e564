//! What the advisor sees and does.

use foretell_model::{FindingId, Grade, Lack, MachineId, Objection, Obstacle, Remark, Timestamp};

use crate::apply::withdraw;
use crate::calendar::Calendar;
use crate::calls::desk_note;
use crate::compose::{self, Draft};
use crate::drafting::{People, not_on_its_way};
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Verdict};
use crate::joining::Host;
use crate::registry::Machine;
use crate::slots;
use crate::store::{
    Case, Entry, Mail, Session, advisories, bookings, care, fates, messages, record, registry, replies, service_cases,
};
use crate::views::{Card, MessageState, MessageView, Stage, Unsettled};
use crate::{Language, Outreach, joint};

/// A message that no channel has seen yet.
const NEW: i64 = 0;

/// Contacts shown on a card.
const CONTACTS_MAX: u32 = 20;

/// A message as a card shows it, or why there is none, and what the governor says to it.
pub(crate) type Shown = (std::result::Result<MessageView, Objection>, Option<Verdict>);

impl Outreach {
    /// Everything needed to decide about one case.
    ///
    /// # Errors
    /// When there is no such case or the store refuses (the times shown are noted, so that they can be kept).
    pub fn card(&self, id: &FindingId, now: Timestamp) -> Result<Card> {
        self.store.look(&format!("show case {id}"), |tx| {
            let mut case = advisories::get(tx, id)?;
            case.finding = case.as_told();
            let worked = bookings::newest_done_of(tx, id)?.and_then(|stay| stay.worked());
            let is_spent = case.is_spent(worked);
            if is_spent {
                (case.finding.rul_days, case.finding.probability_within) = (None, None);
                case.finding.grade = case.finding.grade.min(Grade::Advise);
            }
            let people = self.people(tx, &case.finding.machine)?;
            let host = self.host(tx, &case, now)?;
            let (message, verdict) = match &people {
                Ok(people) => self.message_on_card(tx, &case, (people, host.as_ref()), now)?,
                Err(why) => (Err(why.clone()), None),
            };
            let speaker = joint::speaker(tx, &case)?;
            let message = match &speaker {
                Some(speaker) => {
                    Err(Objection::about(Obstacle::CaseGoesAlong, number_of(tx, &speaker.finding.machine)?))
                }
                None => message,
            };
            let verdict = match case.stage {
                Stage::Booked => waiting_word(tx, id)?,
                _ => verdict,
            };
            let no_route = match &people {
                Ok(people) => self.route(tx, &people.customer, NEW)?.is_none(),
                Err(_) => false,
            };
            let parts = self.works(&case).flat_map(|(_, piece)| piece.action.parts.clone()).collect();
            let minutes = self.works(&case).map(|(_, piece)| piece.action.minutes).reduce(|all, one| all + one);
            let tasks = self.registered_tasks(tx, &case)?;
            let people = people.ok();
            let (contacts, choices) = match &people {
                Some(people) => {
                    let contacts = record::contacts(tx, &people.customer.id, CONTACTS_MAX)?;
                    (contacts, self.bookable(tx, &case, people, now)?)
                }
                None => (Vec::new(), Vec::new()),
            };
            Ok(Card {
                stage: case.stage,
                until: case.until,
                remark: case.remark,
                matter: case.matter,
                message,
                no_route,
                verdict,
                customer_stage: match &people {
                    Some(people) => care::stage(tx, &people.customer.id)?,
                    None => None,
                },
                trouble: service_cases::open_of(tx, &case.finding.machine)?.map(|case| case.id),
                parts,
                minutes,
                companions: case.companions.iter().map(|companion| companion.finding.clone()).collect(),
                tasks,
                speaker: speaker.map(|speaker| speaker.finding.id),
                joins: host.map(|host| self.joins(tx, &host, now)).transpose()?,
                booking: self.booking_of(tx, id)?,
                unsettled: fates::unsettled(tx, id)?.iter().map(Unsettled::of).collect(),
                history: record::of_case(tx, id.as_str())?,
                contacts,
                choices,
                finding: case.finding,
                is_spent,
                machine: people.as_ref().map(|people| people.machine.clone()),
                advisor: people.as_ref().map(|people| people.advisor.clone()),
                customer: people.map(|people| people.customer),
            })
        })
    }

    /// What the governor says to sending a card's message now, in a sentence, with times as the customer's clock shows them.
    #[must_use]
    pub fn explain(&self, card: &Card, language: Language) -> Option<String> {
        let own = card.customer.as_ref().and_then(|customer| Calendar::of(customer).ok());
        let calendar = own.unwrap_or_else(|| Calendar::plain(self.options.zone));
        card.verdict.as_ref().map(|verdict| verdict.explain(language, &calendar, &self.options.catalogue))
    }

    /// What a card shows of a message: its own, or what would be said of it where it joins another one.
    fn message_on_card(
        &self,
        connection: &dyn Session,
        case: &Case,
        (people, host): (&People, Option<&Host>),
        now: Timestamp,
    ) -> Result<Shown> {
        let Some(host) = host else { return self.message_view(connection, case, people, now) };
        let mail = self.unsent(connection, case, &people.customer, now)?;
        self.joining_view(connection, &mail, host, now)
    }

    /// The message as it is or would be, and the governor's verdict while it has not gone out.
    fn message_view(&self, connection: &dyn Session, case: &Case, people: &People, now: Timestamp) -> Result<Shown> {
        if case.stage == Stage::Internal {
            return Ok((Err(Obstacle::CaseInternal.into()), None));
        }
        let newest = messages::newest_of(connection, &case.finding.id)?;
        let unsent = matches!(case.stage, Stage::Draft | Stage::Postponed | Stage::Queued);
        let mail = match newest {
            // Handed to a channel a moment ago: the case hears of it when the channel has answered.
            Some(mail) if !unsent || mail.state == MessageState::Sending => mail,
            // Called before anybody looked: what would have been written still helps.
            None if !unsent && case.stage != Stage::Call => {
                return Ok((Err(Obstacle::NothingWritten.into()), None));
            }
            _ => self.unsent(connection, case, &people.customer, now)?,
        };
        if !matches!(mail.state, MessageState::Draft | MessageState::Queued) {
            // Taken back before it had a text of its own: what it would have said still helps whoever calls.
            let (text, slots) = match &mail.text {
                Some(text) => (text.clone(), stood_in_it(connection, &mail, text, people)?),
                None => match self.compose(connection, case, &mail, people, now) {
                    Ok(composed) => composed,
                    Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
                    Err(e) => return Ok((Err(unwritten(e)), None)),
                },
            };
            return Ok((Ok(self.view(connection, (case, &mail), people, (text, slots), now)?), None));
        }
        let medium = self.route(connection, &people.customer, mail.id)?.map_or("", |(channel, _)| channel.medium());
        let verdict = self.verdict(connection, case, &mail, people, medium, now)?;
        let mail = if mail.edited && self.compose(connection, case, &mail, people, now).is_err() {
            self.drop_edit(connection, mail)?
        } else {
            mail
        };
        let message = match self.compose(connection, case, &mail, people, now) {
            Ok((text, slots)) => Ok(self.view(connection, (case, &mail), people, (text, slots), now)?),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => Err(unwritten(e)),
        };
        Ok((message, Some(verdict)))
    }

    /// An edited text whose times are gone cannot be sent; the advisor begins again from a fresh draft.
    fn drop_edit(&self, connection: &dyn Session, mut mail: Mail) -> Result<Mail> {
        (mail.text, mail.edited) = (None, false);
        mail.reason = Some("the times in the edited text were no longer free; this is a fresh draft".into());
        mail.save(connection)?;
        Ok(mail)
    }

    fn view(
        &self,
        connection: &dyn Session,
        (case, mail): (&Case, &Mail),
        people: &People,
        (text, slots): (Draft, Vec<slots::Slot>),
        now: Timestamp,
    ) -> Result<MessageView> {
        // Approval gives a message its address; from then on its link opens the customer's page.
        let has_page = mail.state != MessageState::Draft && mail.address.is_some();
        Ok(MessageView {
            id: mail.id,
            state: mail.state,
            language: people.customer.language,
            text,
            gone: if mail.sent.is_some() { self.gone(connection, case, &slots, now)? } else { Vec::new() },
            slots,
            edited: mail.edited,
            reason: mail.reason.clone(),
            next_attempt: (mail.state == MessageState::Queued && mail.attempts > 0).then_some(mail.due),
            link: self.link(mail),
            link_opens: has_page && !replies::is_revoked(connection, mail.id)?,
        })
    }

    /// Approves the drafted message: freezes its text and puts it into the outbox, where the governor decides when it goes.
    ///
    /// # Errors
    /// When the case has no draft to approve, nobody can be written to, or the text breaks the rules.
    pub fn approve(&self, id: &FindingId, who: &str, now: Timestamp) -> Result<MessageView> {
        let attempted = format!("approve {id}");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            if !matches!(case.stage, Stage::Draft | Stage::Postponed) {
                return Err(OutreachError::refused(&attempted, case.stage.obstacle()));
            }
            if let Some(host) = self.host(tx, &case, now)? {
                let people = self.people_or_refuse(tx, &case, &attempted)?;
                let mail = self.unsent(tx, &case, &people.customer, now)?;
                let view = self.joining_view(tx, &mail, &host, now)?.0;
                let view = view.map_err(|why| OutreachError::refused(&attempted, why))?;
                self.join(tx, case, host, who, now)?;
                return Ok(view);
            }
            let people = self.people_or_refuse(tx, &case, &attempted)?;
            let Some((channel, address)) = self.route(tx, &people.customer, NEW)? else {
                let why = Objection::about(Obstacle::NoRoute, people.customer.name);
                return Err(OutreachError::refused(&attempted, why));
            };
            let mut mail = self.unsent(tx, &case, &people.customer, now)?;
            let (text, slots) = self.compose(tx, &case, &mail, &people, now)?;
            mail.text = Some(text.clone());
            (mail.state, mail.due, mail.reason, mail.held) = (MessageState::Queued, now, None, None);
            mail.urgent = case.grade() == Grade::Urgent;
            (mail.medium, mail.address) = (Some(channel.medium().into()), Some(address));
            mail.save(tx)?;
            case.move_to(tx, Stage::Queued, None, None, now)?;
            note(tx, &case, &people, who, "approved the message", "", now)?;
            self.view(tx, (&case, &mail), &people, (text, slots), now)
        })
    }

    /// Replaces the drafted text; the same rules apply to it. A message already approved stays approved.
    ///
    /// # Errors
    /// When the text breaks the rules, lacks the customer's link or one of the two times, or the message has gone out.
    pub fn edit(&self, id: &FindingId, subject: &str, body: &str, who: &str, now: Timestamp) -> Result<MessageView> {
        let attempted = format!("edit the message of {id}");
        self.store.write(&attempted, |tx| {
            let case = advisories::get(tx, id)?;
            if !matches!(case.stage, Stage::Draft | Stage::Postponed | Stage::Queued) {
                return Err(OutreachError::refused(&attempted, case.stage.obstacle()));
            }
            if let Some(host) = self.host(tx, &case, now)? {
                let number = self.joins(tx, &host, now)?.number;
                return Err(OutreachError::refused(&attempted, Objection::about(Obstacle::CaseGoesAlong, number)));
            }
            let people = self.people_or_refuse(tx, &case, &attempted)?;
            not_on_its_way(tx, id, &attempted)?;
            let mut mail = self.unsent(tx, &case, &people.customer, now)?;
            // Browsers send CRLF; mail and lint want lines.
            let body = format!("{}\n", body.replace("\r\n", "\n").trim());
            let mut text = Draft { subject: subject.trim().to_owned(), body, short: subject.trim().to_owned() };
            // Everything at once: whoever mends one fault must not be told of the next.
            let mut remarks = Vec::new();
            note_breaches(compose::check(&text, case.finding.machine.as_str()), &mut remarks)?;
            note_breaches(self.spare_others(tx, &text, &people), &mut remarks)?;
            let facts = self.facts(tx, &case, &people, &[], &self.link(&mail), now)?;
            let whole = Draft { short: String::new(), ..text.clone() };
            note_breaches(compose::check_names(&whole, &facts.several()), &mut remarks)?;
            note_breaches(Self::keep_notes(tx, &case, &people.customer.id, &text), &mut remarks)?;
            let mut lacks = Vec::new();
            if !text.body.contains(&self.link(&mail)) {
                lacks.push(Lack::Link);
            }
            // The times shown with the draft are the ones the text speaks of.
            mail.edited = false;
            let (composed, slots) = self.compose(tx, &case, &mail, &people, now)?;
            // What goes out where a letter does not fit is the template's: it says less than any letter.
            text.short = composed.short;
            let words = |slot| compose::slot_text(people.customer.language, &people.calendar, slot);
            let missing = slots.iter().map(words).filter(|words| !text.body.contains(words));
            lacks.extend(missing.map(Lack::Time));
            if let (true, [lack]) = (remarks.is_empty(), lacks.as_slice()) {
                return Err(OutreachError::Incomplete { attempted: attempted.clone(), lack: lack.clone() });
            }
            remarks.extend(lacks.into_iter().map(Remark::Missing));
            if !remarks.is_empty() {
                return Err(OutreachError::Lint(remarks));
            }
            (mail.text, mail.edited) = (Some(text.clone()), true);
            mail.save(tx)?;
            note(tx, &case, &people, who, "edited the message", "", now)?;
            self.view(tx, (&case, &mail), &people, (text, slots), now)
        })
    }

    /// Puts a case off until a time; what waited in the outbox becomes a draft again.
    ///
    /// # Errors
    /// When the customer knows of it already, or `until` is not in the future.
    pub fn postpone(&self, id: &FindingId, until: Timestamp, reason: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("postpone {id}");
        if until <= now {
            return Err(OutreachError::refused(attempted, Obstacle::TimePassed));
        }
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            if !matches!(case.stage, Stage::Draft | Stage::Postponed | Stage::Queued | Stage::Call) {
                return Err(OutreachError::refused(&attempted, case.stage.obstacle()));
            }
            not_on_its_way(tx, id, &attempted)?;
            if let Some(mut mail) = messages::newest_of(tx, id)?.filter(|m| m.state == MessageState::Queued) {
                mail.state = MessageState::Draft;
                mail.save(tx)?;
            }
            case.move_to(tx, Stage::Postponed, Some(reason), Some(until), now)?;
            desk_note(tx, &case, who, "postponed the case", reason, now)
        })
    }

    /// Marks a case for a call in place of a message.
    ///
    /// # Errors
    /// When the case is over or a visit is booked.
    pub fn call_instead(&self, id: &FindingId, reason: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("mark {id} for a call");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            if matches!(case.stage, Stage::Booked | Stage::Done | Stage::Cleared) {
                return Err(OutreachError::refused(&attempted, case.stage.obstacle()));
            }
            withdraw(tx, id, "the advisor calls instead")?;
            case.move_to(tx, Stage::Call, Some(reason), None, now)?;
            self.gather_site(tx, case.finding.machine.site(), now)?;
            desk_note(tx, &case, who, "will call instead", reason, now)
        })
    }
}

/// The times that a letter offered, whatever its page offers since. Of one that went out before they were kept, those of its
/// page that stand in its text.
fn stood_in_it(connection: &dyn Session, mail: &Mail, text: &Draft, people: &People) -> Result<Vec<slots::Slot>> {
    let kept = messages::offered(connection, mail.id)?;
    if !kept.is_empty() {
        return Ok(kept);
    }
    let words = |slot: &slots::Slot| compose::slot_text(people.customer.language, &people.calendar, slot);
    Ok(messages::offers(connection, mail.id)?.into_iter().filter(|slot| text.body.contains(&words(slot))).collect())
}

/// What a customer calls a machine.
fn number_of(connection: &dyn Session, machine: &MachineId) -> Result<String> {
    let own: Option<Machine> = registry::find(connection, machine.as_str())?;
    Ok(own.map_or_else(|| machine.to_string(), |own| own.number))
}

/// Why the confirmation of a booked visit waits, and until when; nothing once it has gone out.
fn waiting_word(connection: &dyn Session, id: &FindingId) -> Result<Option<Verdict>> {
    let word = messages::newest_of_kind(connection, id, Kind::Confirmation)?;
    let word = word.filter(|word| word.state == MessageState::Queued);
    Ok(word.and_then(|word| Some(Verdict::Hold { until: word.due, reason: word.held? })))
}

/// Keeps what a text was refused for, to be said with the rest; other errors go on.
fn note_breaches(checked: Result<()>, remarks: &mut Vec<Remark>) -> Result<()> {
    match checked {
        Err(OutreachError::Lint(found)) => {
            // The link is asked for by name.
            remarks.extend(found.into_iter().filter(|remark| *remark != Remark::Links(0)));
            Ok(())
        }
        other => other,
    }
}

/// The same; what is wrong with the store goes on.
pub(crate) fn unwritten_or(error: OutreachError) -> Result<Objection> {
    match error {
        e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. }) => Err(e),
        e => Ok(unwritten(e)),
    }
}

/// Why a message could not be written, for a card.
fn unwritten(error: OutreachError) -> Objection {
    if let OutreachError::Refused { why, .. } = error {
        return why;
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Objection::about(Obstacle::TextBroken, text)
}

fn note(
    connection: &dyn Session,
    case: &Case,
    people: &People,
    who: &str,
    what: &str,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let (machine, advisory) = (Some(case.finding.machine.as_str()), Some(case.finding.id.as_str()));
    let customer = Some(people.customer.id.as_str());
    Entry { at: now, who, what, why, customer, machine, advisory, contact: false }.write(connection)
}
