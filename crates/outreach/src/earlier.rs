//! What came before a letter: a talk on the telephone that it goes on with, and work on the machine that did not help. Nobody is
//! written to as though nothing had been.

use chrono::NaiveDate;
use foretell_model::{Finding, FindingKind, MachineId, Timestamp, WishedTime};
use serde::Serialize;

use crate::Outreach;
use crate::care::AGAIN_DAYS;
use crate::compose::{EffectOutcome, format};
use crate::drafting::People;
use crate::error::Result;
use crate::registry::Language;
use crate::slots::{self, Slot};
use crate::store::{Case, Session, Stay, advisories, bookings, messages, record};
use crate::views::Matter;

/// A talk is gone on with for so long, days; later it would have to be recalled.
const TALK_DAYS: f64 = 14.0;

/// Why the advisor should call about something new on a machine.
const AFTER_NO_EFFECT: &str = "the last work on this machine showed no effect; please call before anything is written";

/// A talk on the telephone after which a letter is written.
#[derive(Debug, Serialize)]
pub(crate) struct Talk {
    /// Its day, in words.
    pub(crate) day: String,
    /// Whether that is the day of the letter.
    pub(crate) today: bool,
    /// When a visit would suit best, if that was said.
    pub(crate) wish: Option<String>,
    /// The times on offer are all such.
    pub(crate) met: bool,
}

impl Talk {
    /// A talk of a day, for a letter of another.
    pub(crate) fn of(language: Language, talked: NaiveDate, today: NaiveDate) -> Self {
        Self { day: format::day(language, talked), today: talked == today, wish: None, met: false }
    }
}

impl Outreach {
    /// Whether the customer was promised a letter about a case on the telephone.
    pub(crate) fn was_talked_of(connection: &dyn Session, case: &Case, now: Timestamp) -> Result<bool> {
        let talked = record::last_talk(connection, case.finding.id.as_str())?;
        Ok(talked.is_some_and(|talked| now.days_since(talked) <= TALK_DAYS))
    }

    /// The talk that a letter of a case goes on with.
    pub(crate) fn talk(
        &self,
        connection: &dyn Session,
        case: &Case,
        (people, slots): (&People, &[Slot]),
        now: Timestamp,
    ) -> Result<Option<Talk>> {
        let mut talked = None;
        // What was spoken of another machine is gone on with in the letter that speaks of both.
        for finding in case.findings() {
            talked = talked.max(record::last_talk(connection, finding.id.as_str())?);
        }
        let Some(talked) = talked else { return Ok(None) };
        let written = messages::last_letter(connection, &case.finding.id)?;
        if now.days_since(talked) > TALK_DAYS || written.is_some_and(|sent| sent >= talked) {
            return Ok(None);
        }
        let day = |t| people.calendar.local(t).date();
        let (language, wished) = (people.customer.language, wished(connection, case)?);
        Ok(Some(Talk {
            wish: (!wished.is_any()).then(|| wished.in_language(language.tag())),
            met: slots.iter().all(|slot| slots::suits(wished, people.calendar.local(slot.start))),
            ..Talk::of(language, day(talked), day(now))
        }))
    }

    /// The last visit to a machine, with its case, where its work is known to have shown no effect.
    pub(crate) fn fruitless(
        &self,
        connection: &dyn Session,
        machine: &MachineId,
        now: Timestamp,
    ) -> Result<Option<(Case, Stay)>> {
        let span = (now.plus_days(-AGAIN_DAYS), now);
        let Some(stay) = bookings::done_at(connection, machine, span, 1)?.pop() else { return Ok(None) };
        let case = advisories::get(connection, &stay.case)?;
        let mut is_fruitless = false;
        for spoken in case.spoken().filter(|spoken| spoken.finding.machine == *machine) {
            let effect = self.effect_on(connection, spoken, &stay, Language::En)?;
            is_fruitless |= effect.is_some_and(|effect| effect.outcome != EffectOutcome::Better);
        }
        Ok(is_fruitless.then_some((case, stay)))
    }

    /// A case that would be drafted goes to the telephone first where the last work on its machine did not help.
    pub(crate) fn call_first(&self, connection: &dyn Session, case: &mut Case, now: Timestamp) -> Result<()> {
        if case.finding.kind == FindingKind::MaintenanceDue {
            return Ok(());
        }
        match self.fruitless(connection, &case.finding.machine, now)? {
            Some((before, _)) if before.finding.id != case.finding.id => {
                case.ask(connection, (crate::Stage::Call, None), Matter::AfterNoEffect, AFTER_NO_EFFECT, now)
            }
            _ => Ok(()),
        }
    }
}

/// When the customer of a case would like a visit, as told in the last talk about it or about what goes with it.
pub(crate) fn wished(connection: &dyn Session, case: &Case) -> Result<WishedTime> {
    let mut newest: Option<(Timestamp, String)> = None;
    for finding in case.findings() {
        newest = newest.max(record::wish_of_last_talk(connection, finding.id.as_str())?);
    }
    Ok(newest.map_or_else(WishedTime::default, |(_, code)| WishedTime::from_code(&code)))
}

/// Whether two findings may be about the same trouble.
pub(crate) fn is_same_trouble(a: &Finding, b: &Finding) -> bool {
    a.likelihood_of(&b.fault) > 0.0 || b.likelihood_of(&a.fault) > 0.0
}
