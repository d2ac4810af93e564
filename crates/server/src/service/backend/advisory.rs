//! The advisor's queue, and what an advisor decides.

use std::collections::HashSet;

use foretell_console::view::{
    AdvisorAct, AdvisoryCard, AdvisoryState, AfterCall, AfterCancelling, Customer, Delivery, Governor, Joins,
    OtherMachine, Person, Queue, RecordLine, Slot, Unsent, Written,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, Finding, FindingId, Obstacle, Timestamp};
use foretell_outreach::governor::{Kind, Verdict};
use foretell_outreach::{Advisor, Card, CustomerStage, Language, Matter, MessageState, Outreach, Spoken, Stage};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::photos::photo_views;
use super::record::contact;
use super::registry::{Sites, lang, zone};
use super::revision::revision;
use super::unsent::{message, unwritten};
use super::visits::task;
use crate::service::context;

/// Signs of displeasure on one card.
const SIGNS_MAX: usize = 4;

impl ServiceBackend {
    pub(super) fn queue_view(&self, from: usize, max: usize) -> Result<Queue, BackendError> {
        let now = self.clocks.now();
        let waiting = self.outreach.queue(now).map_err(of_outreach)?;
        let sites = Sites::read(&self.outreach)?;
        let queued: HashSet<&FindingId> = waiting.iter().map(|entry| &entry.id).collect();
        // Then what waits for others: sent, booked, silent.
        // What goes with another machine's letter is on that one's card.
        let is_other = |id: &&FindingId| !queued.contains(id) && sites.speaker_of(id).is_none();
        let others = sites.advisories().into_iter().map(|finding| card_of(finding, &sites)).filter(is_other);
        let of_queue = waiting.iter().map(|entry| (&entry.id, Some(entry.probability_before_visit)));
        // What several machines share stands there once.
        let mut listed = HashSet::new();
        let all = of_queue.chain(others.map(|id| (id, None)));
        let ids: Vec<(&FindingId, Option<f64>)> = all.filter(|(id, _)| listed.insert(*id)).collect();
        let card = |(id, probability): &(&FindingId, Option<f64>)| {
            let card = self.outreach.card(id, now).map_err(of_outreach)?;
            self.card(card, *probability, &sites, now)
        };
        // What lies beyond the end is the end: the list may have grown shorter since the link to it was shown.
        let from = if from < ids.len() { from } else { ids.len().saturating_sub(1) / max.max(1) * max };
        Ok(Queue {
            waiting: waiting.len(),
            all: ids.len(),
            from,
            cards: ids.iter().skip(from).take(max).map(card).collect::<Result<_, _>>()?,
            untold: self.untold(&sites)?,
            replies: self.loose_replies(&sites)?,
        })
    }

    pub(super) fn card_view(&self, id: &str) -> Result<AdvisoryCard, BackendError> {
        let (now, id) = (self.clocks.now(), FindingId::from_text(id));
        let card = self.outreach.card(&id, now).map_err(of_outreach)?;
        let waiting = self.outreach.waiting(&id, now).map_err(of_outreach)?;
        let probability = waiting.map(|entry| entry.probability_before_visit);
        let written = self.outreach.written(&id).map_err(of_outreach)?;
        let word = |word: foretell_outreach::Written| Written { at: word.at, subject: word.subject, body: word.body };
        let card = self.card(card, probability, &Sites::read(&self.outreach)?, now)?;
        let photos = photo_views(self.outreach.photos_of_case(&id).map_err(of_outreach)?);
        Ok(AdvisoryCard { written: written.into_iter().map(word).collect(), photos, ..card })
    }

    fn card(
        &self,
        card: Card,
        probability: Option<f64>,
        sites: &Sites,
        now: Timestamp,
    ) -> Result<AdvisoryCard, BackendError> {
        let machine = card.finding.machine.clone();
        // A card is laid out for any reader; names on it are those that the customer knows.
        let reader = card.customer.as_ref().map_or(Lang::En, |customer| lang(customer.language));
        let works = card.tasks.iter().flat_map(|task| &task.works);
        let machine_stops =
            works.filter_map(|work| self.catalogue.actions.get(work)).any(|action| action.stops_machine);
        let (draft, slots, path) = message(&card);
        Ok(AdvisoryCard {
            verdict: self.verdict_of(&card.finding.id, sites, reader)?,
            decided: card
                .history
                .iter()
                .find(|entry| is_person(&entry.who))
                .map(|entry| RecordLine { machine: String::new(), ..sites.record_line(entry, reader) }),
            id: card.finding.id.to_string(),
            revision: revision(&card),
            machine_name: card.machine.as_ref().map_or_else(|| machine.to_string(), |m| m.number.clone()),
            site_name: sites.site_name(&machine),
            has_colleagues: sites.has_colleagues(card.customer.as_ref()),
            customer: customer(card.customer.as_ref(), card.customer_stage.map(CustomerStage::level)),
            state: state(&card, now),
            curve: self.curve_about(&card.finding, now)?,
            probability_before_slot: probability.filter(|_| !card.is_spent),
            parts: self.parts_at_hand(&machine, &card.parts)?,
            tasks: card.tasks.iter().map(task).collect(),
            work_minutes: card.minutes.unwrap_or(0),
            machine_stops,
            gone: gone(&card),
            season_until: card.message.as_ref().ok().and_then(|message| message.season_until),
            slots,
            draft,
            unwritten: unwritten(&card),
            choices: card.choices.iter().map(|slot| Slot { from: slot.start, to: slot.end }).collect(),
            heard: heard(&card),
            wish: wish(&card),
            is_written: card.message.as_ref().is_ok_and(|message| message.edited),
            written: Vec::new(),
            photos: Vec::new(),
            hints: self.signs(card.customer.as_ref(), sites, reader)?,
            others: self.others(&card, sites, now)?,
            joins: card.joins.as_ref().map(joins),
            call_chosen: card.stage == Stage::Call && card.matter == Some(Matter::CallChosen),
            unsettled: to_settle(&card).is_some(),
            delivery: delivery(&card),
            unsent: card
                .unsent
                .clone()
                .map(|word| Unsent { is_after: word.kind == Kind::FollowUp, reason: word.reason }),
            governor: governor(&card),
            contacts: card.contacts.iter().map(|happening| contact(happening, &machine, sites, reader)).collect(),
            advisor: advisor(card.advisor.as_ref(), card.customer.as_ref().map(|customer| customer.language)),
            booking_path: path,
            links_open: card.links_open,
            finding: card.finding,
        })
    }

    /// What hints at a customer's displeasure and was not judged yet, the newest of it.
    fn signs(
        &self,
        customer: Option<&foretell_outreach::Customer>,
        sites: &Sites,
        reader: Lang,
    ) -> Result<Vec<RecordLine>, BackendError> {
        let Some(customer) = customer else { return Ok(Vec::new()) };
        let hints = self.outreach.stage_hints(&customer.id).map_err(of_outreach)?;
        Ok(hints.iter().rev().take(SIGNS_MAX).map(|entry| sites.record_line(entry, reader)).collect())
    }

    /// The other machines of a card's letter.
    fn others(&self, card: &Card, sites: &Sites, now: Timestamp) -> Result<Vec<OtherMachine>, BackendError> {
        let other = |finding: &Finding| {
            let (name, curve) = (sites.number(&finding.machine), self.curve_about(finding, now)?);
            Ok(OtherMachine { name, curve, finding: finding.clone() })
        };
        card.companions.iter().map(other).collect()
    }

    pub(super) fn advisor_acts(&self, id: &str, seen: u64, act: AdvisorAct, by: &str) -> Result<(), BackendError> {
        let (now, id) = (self.clocks.now(), FindingId::from_text(id));
        let card = self.outreach.card(&id, now).map_err(of_outreach)?;
        let visit = if let AdvisoryState::Booked { from, .. } = state(&card, now) { Some(from) } else { None };
        // The card may change between this look at it and the act: what it writes, it writes where it has not.
        let outreach = self.outreach.where_card(&id, now, move |card| revision(card) == seen);
        let acted = match act {
            AdvisorAct::Approve => outreach.approve(&id, by, now).map(|_| ()),
            AdvisorAct::Edit(draft) => outreach.edit(&id, &draft.subject, &draft.body, by, now).map(|_| ()),
            AdvisorAct::Postpone { days, reason } => {
                outreach.postpone(&id, self.put_off(&id, days, now)?, &reason, by, now)
            }
            AdvisorAct::WriteAfterAll => outreach.write_after_all(&id, by, now),
            AdvisorAct::CallInstead => outreach.call_instead(&id, "the advisor prefers to call", by, now),
            AdvisorAct::Called { remark, then } => outreach.called(&id, after_call(then), &remark, by, now),
            AdvisorAct::Book { from, agreed } => {
                let spoken = Spoken { odd_hour: agreed, ..Spoken::default() };
                outreach.book_for(&id, from, &spoken, by, now).map(drop)
            }
            AdvisorAct::Move { from, agreed, told, reason } => {
                let spoken = Spoken { why: reason, told, odd_hour: agreed, seen: visit };
                outreach.move_for(&id, from, &spoken, by, now).map(drop)
            }
            AdvisorAct::Cancel { reason, told, then } => {
                let spoken = Spoken { why: reason, told, odd_hour: false, seen: visit };
                outreach.cancel_for(&id, &spoken, after_cancelling(then), by, now)
            }
            AdvisorAct::Close { reason } => outreach.close(&id, &reason, by, now),
            AdvisorAct::Settle { arrived: true } => outreach.resolve_delivery(unsettled(&card)?, true, by, now),
            AdvisorAct::Settle { arrived: false } => outreach.send_again(unsettled(&card)?, by, now),
            AdvisorAct::RevokeLink { reason } => outreach.revoke_links(&id, &reason, by, now),
            AdvisorAct::Noted => outreach.note_reply(&id, by, now),
            AdvisorAct::VisitDone => return self.complete_visit(&outreach, booked(&card)?, by, now),
            AdvisorAct::VisitNotDone { reason } => outreach.not_done(booked(&card)?, &reason, by, now),
        };
        acted.map_err(of_outreach)
    }

    /// Ends a visit by its number; the log hears of its work later, once that cannot be taken back whole any more.
    pub(super) fn complete_visit(
        &self,
        outreach: &Outreach,
        visit: i64,
        by: &str,
        now: Timestamp,
    ) -> Result<(), BackendError> {
        let machine = self.outreach.errand_sheet(visit).map_err(of_outreach)?.errand.machine;
        let run_hours = self.room.machine(&machine).and_then(|view| context::of(&view.brief()).run_hours);
        outreach.complete(visit, run_hours, by, now).map(drop).map_err(of_outreach)
    }
}

/// The message of a case of which somebody must say what became of it.
fn unsettled(card: &Card) -> Result<i64, BackendError> {
    to_settle(card).ok_or_else(|| Obstacle::DeliveryKnown.into())
}

/// The booked visit of a case.
fn booked(card: &Card) -> Result<i64, BackendError> {
    card.booking.as_ref().map(|booking| booking.id).ok_or_else(|| Obstacle::NoVisit.into())
}

/// What an advisor must read on a card beside its letter.
fn heard(card: &Card) -> Option<String> {
    if card.stage == Stage::Booked && card.matter == Some(Matter::OtherTime) {
        let wish = card.remark.as_deref().unwrap_or_default();
        return Some(format!("{WISHES_OTHER_TIME}: {wish}").trim_end_matches([':', ' ']).to_owned());
    }
    card.remark.clone().filter(|_| is_to_be_read(card)).or_else(|| began_anew(card))
}

/// What the customer last wished of a time, unless it was taken back.
fn wish(card: &Card) -> Option<String> {
    let said = card.history.iter().find(|entry| matches!(entry.what.as_str(), "other_time" | "answer_taken_back"))?;
    Some(said.why.trim().to_owned()).filter(|words| said.what == "other_time" && !words.is_empty())
}

/// What stands before the words of a customer with a booked visit whom none of the times on offer suits.
const WISHES_OTHER_TIME: &str = "the customer would rather have another time";

/// Whether a case's remark is something that an advisor need only read.
fn is_to_be_read(card: &Card) -> bool {
    card.stage == Stage::Booked || (card.stage == Stage::Call && card.matter == Some(Matter::ReplyAfter))
}

/// Why a draft is another one than a person approved or wrote, with their words below; or what it goes on with.
fn began_anew(card: &Card) -> Option<String> {
    if !matches!(card.stage, Stage::Draft | Stage::Postponed) {
        return None;
    }
    let message = card.message.as_ref().ok().filter(|message| message.state == MessageState::Draft);
    let reason = message.and_then(|message| message.reason.clone());
    // Else what was said on the telephone before the letter was asked for, or why the case is open again.
    reason.or_else(|| card.remark.clone().filter(|_| card.stage == Stage::Draft))
}

/// On whose card a finding is: what goes with another case of its machine is on that one's.
fn card_of<'a>(finding: &'a Finding, sites: &'a Sites) -> &'a FindingId {
    sites.leader_of(&finding.id).unwrap_or(&finding.id)
}

/// What a case joins in place of a letter of its own.
fn joins(joins: &foretell_outreach::Joins) -> Joins {
    let slot = |from, to| Slot { from, to };
    Joins {
        case: joins.case.to_string(),
        machine_name: joins.number.clone(),
        visit: joins.visit.map(|(from, before, then)| (slot(from, before), slot(from, then))),
        told: joins.told,
    }
}

/// Whether an entry of the record is a colleague's doing.
fn is_person(who: &str) -> bool {
    !matches!(who, "engine" | "governor" | "outbox" | "customer" | "automatic approval")
}

const fn after_call(then: AfterCall) -> foretell_outreach::AfterCall {
    match then {
        AfterCall::Close => foretell_outreach::AfterCall::Close,
        AfterCall::NewLetter(wished) if wished.is_any() => foretell_outreach::AfterCall::NewLetter,
        AfterCall::NewLetter(wished) => foretell_outreach::AfterCall::LetterFor(wished),
        AfterCall::Again => foretell_outreach::AfterCall::Again,
    }
}

const fn after_cancelling(then: AfterCancelling) -> foretell_outreach::AfterCancelling {
    match then {
        AfterCancelling::Call => foretell_outreach::AfterCancelling::Call,
        AfterCancelling::Close => foretell_outreach::AfterCancelling::Close,
    }
}

/// Of the times that a letter offered those that nobody can have any more.
fn gone(card: &Card) -> Vec<Slot> {
    let gone = card.message.as_ref().map_or(&[][..], |message| &message.gone);
    gone.iter().map(|slot| Slot { from: slot.start, to: slot.end }).collect()
}

fn state(card: &Card, now: Timestamp) -> AdvisoryState {
    let until = || card.until.unwrap_or_default();
    let remark = || card.remark.clone().unwrap_or_default();
    match card.stage {
        Stage::Internal => AdvisoryState::Internal,
        Stage::Draft => AdvisoryState::Draft,
        Stage::Postponed if card.until.is_none_or(|until| until <= now) => AdvisoryState::Draft,
        Stage::Postponed => AdvisoryState::Postponed { until: until(), reason: remark() },
        Stage::Queued => AdvisoryState::Approved { release: held_until(card) },
        Stage::Contacted => {
            let sent = card.history.iter().find(|happening| happening.what.ends_with("_sent"));
            AdvisoryState::Sent { at: sent.map(|happening| happening.at).unwrap_or_default() }
        }
        Stage::Call if card.matter == Some(Matter::OtherTime) => AdvisoryState::AnotherTime { wish: remark() },
        Stage::Call => AdvisoryState::CallInstead { reason: remark() },
        Stage::NotNow => AdvisoryState::Declined { until: card.until },
        Stage::Booked => match &card.booking {
            Some(booking) if booking.end <= now => AdvisoryState::VisitOver { from: booking.start, to: booking.end },
            Some(booking) => AdvisoryState::Booked { from: booking.start, to: booking.end },
            None => AdvisoryState::CallInstead { reason: remark() },
        },
        Stage::Done | Stage::Cleared => AdvisoryState::Closed,
    }
}

fn governor(card: &Card) -> Governor {
    // The console says each reason in its reader's language.
    match &card.verdict {
        Some(_) if card.no_route => Governor::Refused { reason: "no_route".to_owned() },
        Some(Verdict::Hold { until, reason }) => Governor::Held { until: *until, reason: reason.label().to_owned() },
        Some(Verdict::Drop { reason }) => Governor::Refused { reason: reason.label().to_owned() },
        Some(Verdict::Send) | None => Governor::Allowed,
    }
}

/// Until when the governor holds the message, if it does.
const fn held_until(card: &Card) -> Option<Timestamp> {
    match &card.verdict {
        Some(Verdict::Hold { until, .. }) if !card.no_route => Some(*until),
        _ => None,
    }
}

fn customer(customer: Option<&foretell_outreach::Customer>, stage: Option<u8>) -> Customer {
    let Some(customer) = customer else {
        return Customer {
            id: String::new(),
            name: String::new(),
            contact: String::new(),
            phone: String::new(),
            address: String::new(),
            lang: foretell_console::Lang::En,
            zone: chrono_tz::Tz::UTC,
            stage: None,
        };
    };
    Customer {
        id: customer.id.clone(),
        name: customer.name.clone(),
        contact: customer.contact.clone().unwrap_or_default(),
        phone: customer.addresses.get("phone").cloned().unwrap_or_default(),
        address: customer.addresses.values().next().cloned().unwrap_or_default(),
        lang: lang(customer.language),
        zone: zone(customer),
        stage,
    }
}

fn advisor(advisor: Option<&Advisor>, language: Option<Language>) -> Person {
    let language = language.unwrap_or(Language::En);
    advisor.map_or_else(Person::default, |advisor| Person {
        name: language.of(&advisor.name).to_owned(),
        role: language.of(&advisor.role).to_owned(),
        phone: advisor.phone.clone(),
    })
}

/// The message of which an advisor must say what became of it, the newest of several. What was overtaken needs no answer.
pub(super) fn to_settle(card: &Card) -> Option<i64> {
    let asks = |kind: Kind| match card.stage {
        Stage::Call => kind.is_proactive() || kind == Kind::FollowUp,
        Stage::Booked => kind == Kind::Confirmation,
        _ => false,
    };
    card.unsettled.iter().rev().find(|left| asks(left.kind)).map(|left| left.message)
}

/// Why a message that was tried has not gone out.
fn delivery(card: &Card) -> Option<Delivery> {
    let message = card.message.as_ref().ok().filter(|_| held_until(card).is_none())?;
    let reason = message.reason.clone().unwrap_or_default();
    message.next_attempt.map(|next| Delivery { reason, next })
}
