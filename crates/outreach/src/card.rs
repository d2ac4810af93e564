//! What the advisor sees of one case.

use foretell_model::{FindingId, Grade, MachineId, Objection, Obstacle, Timestamp};

use crate::advisor::NEW;
use crate::compose::{self, Draft};
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Verdict};
use crate::joining::Host;
use crate::registry::Machine;
use crate::slots;
use crate::store::{
    Case, Mail, Session, advisories, bookings, care, fates, messages, record, registry, replies, service_cases,
};
use crate::views::{Card, Joins, MessageState, MessageView, Stage, Unsettled};
use crate::{Language, Outreach, joint};

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
        self.store.look(&format!("show case {id}"), |tx| self.card_in(tx, id, now))
    }

    /// The same within a step.
    pub(crate) fn card_in(&self, tx: &dyn Session, id: &FindingId, now: Timestamp) -> Result<Card> {
        let (mut case, people) = self.settled(tx, id, now)?;
        case.finding = case.as_told();
        let worked = bookings::newest_done_of(tx, id)?.and_then(|stay| stay.worked());
        let is_spent = case.is_spent(worked);
        if is_spent {
            (case.finding.rul_days, case.finding.probability_within) = (None, None);
            case.finding.grade = case.finding.grade.min(Grade::Advise);
        }
        let host = self.host(tx, &case, now)?;
        let joins = host.as_ref().map(|host| self.joins(tx, host, now)).transpose()?;
        let (message, verdict) = self.message_on_card(tx, &case, (&people, host.as_ref()), now)?;
        let message = unless_called(message, joins.as_ref());
        let speaker = joint::speaker(tx, &case)?;
        let message = match &speaker {
            Some(speaker) => Err(Objection::about(Obstacle::CaseGoesAlong, number_of(tx, &speaker.finding.machine)?)),
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
            joins,
            booking: self.booking_of(tx, id)?,
            unsettled: fates::unsettled(tx, id)?.iter().map(Unsettled::of).collect(),
            unsent: self.unsent_word(tx, (id, case.stage))?,
            links_open: !messages::with_links(tx, id)?.is_empty(),
            history: record::of_case(tx, id.as_str())?,
            contacts,
            choices,
            finding: case.finding,
            is_spent,
            machine: people.as_ref().map(|people| people.machine.clone()),
            advisor: people.as_ref().map(|people| people.advisor.clone()),
            customer: people.map(|people| people.customer),
        })
    }

    /// A case with the people around it, after what a person wrote and is no longer so was set aside.
    fn settled(
        &self,
        connection: &dyn Session,
        id: &FindingId,
        now: Timestamp,
    ) -> Result<(Case, std::result::Result<People, Objection>)> {
        let mut case = advisories::get(connection, id)?;
        let people = self.people(connection, &case.finding.machine)?;
        if let Ok(people) = &people {
            self.settle_edit(connection, &mut case, people, now)?;
        }
        Ok((case, people))
    }

    /// What the governor says to sending a card's message now, in a sentence, with times as the customer's clock shows them.
    #[must_use]
    pub fn explain(&self, card: &Card, language: Language) -> Option<String> {
        let calendar = self.calendar_of(card.customer.as_ref());
        card.verdict.as_ref().map(|verdict| verdict.explain(language, &calendar, &self.options.catalogue))
    }

    /// What a card shows of a message: its own, or what would be said of it where it joins another one.
    fn message_on_card(
        &self,
        connection: &dyn Session,
        case: &Case,
        (people, host): (&std::result::Result<People, Objection>, Option<&Host>),
        now: Timestamp,
    ) -> Result<Shown> {
        let people = match people {
            Ok(people) => people,
            Err(why) => return Ok((Err(why.clone()), None)),
        };
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
        let message = match self.compose(connection, case, &mail, people, now) {
            Ok((text, slots)) => Ok(self.view(connection, (case, &mail), people, (text, slots), now)?),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => Err(unwritten(e)),
        };
        Ok((message, Some(verdict)))
    }

    /// The last day of the customer's busy season, at its beginning, where times for a case's visit wait for its end.
    fn season_until(&self, case: &Case, people: &People, slots: &[slots::Slot], now: Timestamp) -> Option<Timestamp> {
        let last = slots::after_season(slots, self.visit(case).stops_machine, &people.calendar, now)?;
        Some(people.calendar.instant(last.and_time(chrono::NaiveTime::MIN)))
    }

    pub(crate) fn view(
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
            season_until: self.season_until(case, people, &slots, now),
            slots,
            edited: mail.edited,
            reason: mail.reason.clone(),
            next_attempt: (mail.state == MessageState::Queued && mail.attempts > 0).then_some(mail.due),
            link: self.link(mail),
            link_opens: has_page && !replies::is_revoked(connection, mail.id)?,
        })
    }
}

/// The times that a letter offered, whatever its page offers since. Of one that went out before they were kept, those of its
/// page that stand in its text.
pub(crate) fn stood_in_it(
    connection: &dyn Session,
    mail: &Mail,
    text: &Draft,
    people: &People,
) -> Result<Vec<slots::Slot>> {
    let kept = messages::offered(connection, mail.id)?;
    if !kept.is_empty() {
        return Ok(kept);
    }
    let words = |slot: &slots::Slot| compose::slot_text(people.customer.language, &people.calendar, slot);
    Ok(messages::offers(connection, mail.id)?.into_iter().filter(|slot| text.body.contains(&words(slot))).collect())
}

/// What a card shows of a letter that joins another case: where a call is next, the words of a reminder would mislead, because none
/// goes out.
fn unless_called<T>(
    message: std::result::Result<T, Objection>,
    joins: Option<&Joins>,
) -> std::result::Result<T, Objection> {
    match joins {
        Some(joins) if joins.told.is_none() => message.and_then(|_| Err(Obstacle::NoLetterGoesOut.into())),
        _ => message,
    }
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
