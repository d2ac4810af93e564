//! What the advisor does.

use foretell_model::{FindingId, Grade, Lack, Objection, Obstacle, Remark, Timestamp};

use crate::apply::withdraw;
use crate::calls::desk_note;
use crate::compose::{self, Draft};
use crate::drafting::{People, not_on_its_way};
use crate::error::{OutreachError, Result};
use crate::store::{Case, Entry, Session, advisories, messages};
use crate::views::{Matter, MessageState, MessageView, Stage};
use crate::{Outreach, edits};

/// A message that no channel has seen yet.
pub(crate) const NEW: i64 = 0;

impl Outreach {
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
            let mut remarks: Vec<_> = compose::lint::tags(&format!("{}\n{}", text.subject, text.body)).collect();
            note_breaches(compose::check(&text, case.finding.machine.as_str()), &mut remarks)?;
            note_breaches(compose::check_subject(&text), &mut remarks)?;
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
            (mail.text, mail.edited, mail.reason) = (Some(text.clone()), true, None);
            mail.claims = edits::keep(&facts.claims());
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
                (mail.state, mail.reason) = (MessageState::Draft, None);
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
            case.ask(tx, (Stage::Call, None), Matter::CallChosen, reason, now)?;
            self.gather_site(tx, case.finding.machine.site(), now)?;
            desk_note(tx, &case, who, "will call instead", reason, now)
        })
    }
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
