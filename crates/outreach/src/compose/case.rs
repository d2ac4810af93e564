//! The facts of a case, from everything that is registered about it: of its own machine, of those that go with it, and of a
//! visit in which its work was done already.

use foretell_model::{FindingId, Timestamp};
use serde::Serialize;

use super::{Effect, EffectOutcome, Facts, Subject, format, is_beside_machine, pieces_of};
use crate::Outreach;
use crate::drafting::{People, slots_run};
use crate::earlier::is_same_trouble;
use crate::edits::{self, Claim};
use crate::error::Result;
use crate::governor::Kind;
use crate::joint::goes_to;
use crate::registry::{Language, Machine, Technician};
use crate::slots::Slot;
use crate::store::{Case, Mail, Session, Spoken, Stay, bookings, messages, registry, service_cases, spoken};

/// A visit in which the work of a case was done already.
#[derive(Debug, Serialize)]
pub(crate) struct Before {
    /// Its day, in words.
    pub(crate) day: String,
    /// What was done, as phrases.
    pub(crate) works: Vec<String>,
    /// None of it was done on a machine, e.g. a survey of the air network.
    pub(crate) beside: bool,
    /// The readings now point to another cause than the one that the visit was for.
    pub(crate) elsewhere: bool,
    /// The fault of which nothing was found then, as a phrase.
    pub(crate) unfound: Option<String>,
    /// Who was there, by name.
    pub(crate) technician: Option<String>,
    /// What it achieved; `None` where nothing is known.
    pub(crate) effect: Option<Effect>,
    /// Nothing was forecast of the fault since: what is known of it is of the time before.
    pub(crate) spent: bool,
}

/// What a visit is for after one whose work did not help: nobody knows yet what there is to do.
pub(crate) const fn again(language: Language) -> &'static str {
    match language {
        Language::En => "come again and find the cause",
        Language::ZhCn => "再检查一次，查清原因",
    }
}

impl Outreach {
    /// The facts of a case: of its own machine, and of those that go with it.
    pub(crate) fn facts(
        &self,
        connection: &dyn Session,
        case: &Case,
        people: &People,
        slots: &[Slot],
        link: &str,
        now: Timestamp,
    ) -> Result<Facts> {
        let subject = Subject {
            spoken: case.own(),
            context: &case.context,
            machine: &people.machine,
            customer: &people.customer,
            stage: people.stage,
            advisor: &people.advisor,
            company: &self.options.company,
            catalogue: &self.options.catalogue,
            calendar: &people.calendar,
            slots,
            link,
            now,
        };
        let mut others = Vec::new();
        for companion in &case.companions {
            let (id, spoken, context) = (&companion.finding.machine, companion.spoken(), &companion.context);
            let own: Option<Machine> = registry::find(connection, id.as_str())?;
            let machine = &own.unwrap_or_else(|| Machine::new(id.as_str(), id.machine()));
            others.push(Facts::of(&Subject { spoken, context, machine, ..subject }));
        }
        let talk = self.talk(connection, case, (people, slots), now)?;
        let runs = slots_run(case, people, slots.iter());
        let is_after = messages::has_spoken(connection, &case.finding.id, &people.customer.id)?;
        let facts = Facts::of(&subject).with(others).in_talk(talk).running_then(runs).after_another(is_after);
        let done = bookings::newest_done_of(connection, &case.finding.id)?;
        // Where its machine was repaired before, the visit was to others of the letter.
        if let Some(stay) = done
            && goes_to(connection, case, &stay, &case.finding.machine)?
        {
            return Ok(facts.after(self.before(connection, case, &stay, people)?));
        }
        // Nobody writes as though the last work on the machine had helped.
        let Some((of, stay)) = self.fruitless(connection, &case.finding.machine, now)? else { return Ok(facts) };
        let own = of.spoken().find(|spoken| spoken.finding.machine == case.finding.machine);
        match own.filter(|own| is_same_trouble(own.finding, &case.finding)) {
            Some(own) => {
                let before = self.before_on(connection, (own, &stay), people)?;
                let (was, is) = (own.cause(&self.options.catalogue), case.own().cause(&self.options.catalogue));
                let elsewhere = was.fault != is.fault && was.beside.is_none_or(|beside| beside.fault != is.fault);
                Ok(facts.after(Before { elsewhere, spent: false, ..before }))
            }
            None => {
                let day = format::day(people.customer.language, people.calendar.local(stay.start).date());
                let effects = self.effects_of(connection, &of, &stay, people)?;
                let of_machine = of.machines().zip(effects).filter(|(machine, _)| **machine == case.finding.machine);
                let mut known = of_machine.filter_map(|(_, effect)| effect);
                Ok(facts.beside(day, known.any(|effect| effect.outcome == EffectOutcome::Worse)))
            }
        }
    }

    /// The facts of a case as its unsent letter tells them.
    pub(crate) fn facts_of_letter(
        &self,
        connection: &dyn Session,
        (case, mail): (&Case, &Mail),
        people: &People,
        slots: &[Slot],
        now: Timestamp,
    ) -> Result<Facts> {
        let facts = self.facts(connection, case, people, slots, &self.link(mail), now)?;
        if mail.kind != Kind::Reminder {
            return Ok(facts.most_pressing_first());
        }
        let told = messages::newest_sent_of_kind(connection, &case.finding.id, Kind::Invitation)?;
        let told = told.and_then(|told| told.text).unwrap_or_default();
        let claims = told_claims(connection, &case.finding.id)?;
        Ok(facts.since(&told.body).with_told_figures(&claims).most_pressing_first())
    }

    /// The facts of a case as the customer's page tells them, whatever the letter said: a machine that has broken down since stands
    /// still.
    pub(crate) fn facts_now(
        &self,
        connection: &dyn Session,
        case: &Case,
        people: &People,
        link: &str,
        now: Timestamp,
    ) -> Result<Facts> {
        let mut broken = Vec::new();
        for machine in case.machines() {
            if let Some(trouble) = service_cases::open_of(connection, machine)? {
                let day = people.calendar.local(trouble.opened).date();
                broken.push((machine.clone(), format::day(people.customer.language, day)));
            }
        }
        let facts = self.facts(connection, case, people, &[], link, now)?;
        let claims = told_claims(connection, &case.finding.id)?;
        Ok(facts.with_told_figures(&claims).broken_down(&broken).most_pressing_first())
    }

    /// What there is to say of the visit in which a case's work was done.
    pub(crate) fn before(&self, connection: &dyn Session, case: &Case, stay: &Stay, people: &People) -> Result<Before> {
        let before = self.before_on(connection, (case.own(), stay), people)?;
        Ok(Before { spent: case.is_spent(stay.worked()), ..before })
    }

    /// The same of one of its machines, if something was forecast since.
    fn before_on(
        &self,
        connection: &dyn Session,
        (spoken, stay): (Spoken<'_>, &Stay),
        people: &People,
    ) -> Result<Before> {
        let language = people.customer.language;
        let (works, unfound) = self.made_in_words(connection, (spoken, stay), language)?;
        let technician: Option<Technician> = match &stay.technician {
            Some(id) => registry::find(connection, id)?,
            None => None,
        };
        Ok(Before {
            day: format::day(language, people.calendar.local(stay.start).date()),
            works,
            beside: is_beside_machine(pieces_of(spoken, &self.options.catalogue).into_iter()),
            elsewhere: false,
            unfound,
            technician: technician.map(|technician| language.of(&technician.name).to_owned()),
            effect: self.effect_on(connection, spoken, stay, language)?,
            spent: false,
        })
    }
}

/// What the last letter of a case claimed.
fn told_claims(connection: &dyn Session, case: &FindingId) -> Result<Vec<Claim>> {
    Ok(edits::kept(spoken::last_claims(connection, case)?.as_deref()))
}
