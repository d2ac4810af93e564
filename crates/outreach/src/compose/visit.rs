//! The facts of word about a visit: that it was booked, moved or cancelled, and the one word after it.

use foretell_model::{FindingId, FindingKind};
use serde::Serialize;

use super::common::Comer;
use super::effect::Outcome;
use super::facts::Hours;
use super::pieces::{due_pieces, is_at_most, is_beside_machine, is_partly};
use super::{Common, Effect, Facts, Occasion, again, format, slot_text};
use crate::Outreach;
use crate::context::MachineContext;
use crate::drafting::People;
use crate::error::Result;
use crate::governor::Kind;
use crate::joint::{part_of_visit, to_visit};
use crate::registry::{Site, Technician};
use crate::slots::Slot;
use crate::store::{Case, Session, Spoken, Stay, advisories, bookings, effects, messages, registry};
use crate::views::Stage;

/// What a template may use.
#[derive(Debug, Serialize)]
pub(crate) struct VisitFacts {
    #[serde(flatten)]
    common: Common,
    works: Vec<String>,
    /// The work is not on the machine itself, but on the air network or in the room.
    beside: bool,
    /// The fault of which nothing was found there, as a phrase.
    unfound: Option<String>,
    duration: String,
    /// It may take less: a part of the work is only looked at, and done where the look says so.
    at_most: bool,
    stops: bool,
    /// It stops for a part of the work alone.
    partly: bool,
    /// The clock time until which it lasts, where that is later than its customer was told.
    until: Option<String>,
    /// The visit's time in words.
    when: String,
    /// The visit's day in words.
    day: String,
    technician: Option<Comer>,
    /// Where; empty where no address is registered.
    address: String,
    /// What the work achieved; `None` where it is not known.
    effect: Option<Effect>,
    /// The numbers of the machines on which the work did not help.
    failed: Vec<String>,
    /// Those of them that run worse since.
    worse: Vec<String>,
    link: String,
    /// Other machines of the site to which the same visit goes; empty as a rule.
    others: Vec<OtherVisited>,
    /// The visit is off.
    off: bool,
    /// Nothing is planned any more, so that no new time can be chosen.
    over: bool,
    /// Those of them of which the customer has not heard yet, with what there is to say of them.
    joined: Vec<Facts>,
    /// A fault of the visit's own machine of which the customer has not heard yet, with the work that comes on top.
    found: Option<Facts>,
    /// Work by running hours on the visit's own machine of which the customer has not heard yet, as phrases.
    added: Vec<String>,
    /// The hours behind it.
    hours: Option<Hours>,
}

/// Another machine of the same visit.
#[derive(Debug, Serialize)]
pub(crate) struct OtherVisited {
    number: String,
    works: Vec<String>,
    /// The fault of which nothing was found on it, as a phrase.
    unfound: Option<String>,
    /// What the work achieved on it; `None` where it is not known.
    effect: Option<Effect>,
}

impl Outreach {
    /// Gathers what there is to say about a visit of a case.
    pub(crate) fn visit_facts(
        &self,
        connection: &dyn Session,
        (case, stay): (&Case, &Stay),
        people: &People,
        link: &str,
    ) -> Result<VisitFacts> {
        let technician: Option<Technician> = match &stay.technician {
            Some(id) => registry::find(connection, id)?,
            None => None,
        };
        let site: Option<Site> = registry::find(connection, stay.machine.site())?;
        let mut effects = self.effects_of(connection, case, stay, people)?.into_iter();
        let effect = effects.next().flatten();
        let told = self.told_of_visit(connection, &stay.case)?;
        let mut facts = self.facts(connection, case, people, &[], link, stay.changed)?.since(&told);
        let language = people.customer.language;
        let due = due_pieces(case.own(), &self.options.catalogue).into_iter();
        let due = due.map(|piece| piece.name().in_language(language.tag()).to_owned());
        let made = |spoken| self.made_in_words(connection, (spoken, stay), language);
        let mut made = case.spoken().map(made).collect::<Result<Vec<_>>>()?.into_iter();
        let (mut works, unfound) = made.next().unwrap_or_default();
        if stay.state != "done" && facts.occasion() == Occasion::Again {
            works = vec![again(language).to_owned()];
        }
        let slot = Slot { start: stay.start, end: stay.end, idle: false };
        // What stood still when the visit was arranged is no part of it, nor what stands still now.
        let part = to_visit(connection, &part_of_visit(connection, case, stay)?, stay.changed)?;
        let when = slot_text(language, &people.calendar, &slot);
        // Whoever was told the same beginning with another end expects us to leave sooner.
        let began = when.split_once('–').is_some_and(|(began, _)| told.contains(began));
        let until =
            (began && !told.contains(&when)).then(|| people.calendar.local(stay.end).format("%H:%M").to_string());
        let is_after = messages::has_spoken(connection, &stay.case, &people.customer.id)?;
        let all = VisitFacts {
            common: Common::among(people, &self.options.company).after_another(is_after),
            beside: !works.is_empty() && is_beside_machine(self.works(&part).map(|(_, piece)| piece)),
            works,
            unfound,
            duration: format::duration(language, self.visit(&part).minutes),
            at_most: is_at_most(self.works(&part).map(|(_, piece)| piece)),
            stops: self.visit(&part).stops_machine,
            partly: is_partly(self.works(&part).map(|(_, piece)| piece)),
            until,
            when,
            day: format::day(language, people.calendar.local(stay.start).date()),
            technician: technician.as_ref().map(|technician| Comer::of(technician, language)),
            address: site.map_or_else(String::new, |site| site.address),
            effect,
            failed: Vec::new(),
            worse: Vec::new(),
            link: link.to_owned(),
            off: stay.state == "cancelled",
            over: matches!(case.stage, Stage::Cleared | Stage::Done),
            others: facts
                .others
                .iter()
                .zip(made)
                .zip(effects)
                .map(|((o, made), effect)| OtherVisited::of(o, made, effect))
                .collect(),
            joined: std::mem::take(&mut facts.others).into_iter().filter(Facts::is_new).collect(),
            added: due.filter(|work| !told.contains(work)).collect(),
            hours: facts.hours.take(),
            found: facts.unsaid(&told),
        };
        let goes = case.machines().map(|machine| part.machines().any(|of| of == machine)).collect::<Vec<_>>();
        let mut all = all.only(&goes);
        all.failed = all.came_to(|outcome| outcome != Outcome::Better);
        all.worse = all.came_to(|outcome| outcome == Outcome::Worse);
        Ok(all)
    }

    /// What the customer was last told of a case's visit in writing: the last word about it, else the letter.
    fn told_of_visit(&self, connection: &dyn Session, id: &FindingId) -> Result<String> {
        let mut told = String::new();
        for kind in [Kind::Confirmation, Kind::Reminder, Kind::Invitation] {
            let mail = messages::newest_sent_of_kind(connection, id, kind)?;
            told.extend(mail.and_then(|mail| mail.text).map(|text| text.body));
        }
        Ok(told)
    }

    /// What the work of a visit achieved on each of its machines, as far as it was measured; the case's own comes first.
    pub(crate) fn effects_of(
        &self,
        connection: &dyn Session,
        case: &Case,
        stay: &Stay,
        people: &People,
    ) -> Result<Vec<Option<Effect>>> {
        let language = people.customer.language;
        let on = |(spoken, context): (Spoken<'_>, &MachineContext)| {
            let mut effect = self.effect_on(connection, spoken, stay, language)?;
            if let Some(effect) = &mut effect {
                effect.below_limit = context.in_normal_range == Some(true);
            }
            Ok(effect)
        };
        case.spoken().zip(case.contexts()).map(on).collect()
    }

    /// What the work of a visit achieved on one of its machines, as far as it was measured.
    pub(crate) fn effect_on(
        &self,
        connection: &dyn Session,
        spoken: Spoken<'_>,
        stay: &Stay,
        language: crate::Language,
    ) -> Result<Option<Effect>> {
        let case = spoken.finding;
        let asked = case.kind != FindingKind::MaintenanceDue;
        for piece in super::pieces_of(spoken, &self.options.catalogue) {
            // The day of the work counts from its beginning.
            let since = stay.start.plus_days(-1.0);
            if let Some(finding) = effects::of_work(connection, &case.machine, piece.code, since)?
                && let Some(effect) = Effect::of(&finding, asked, language)
            {
                return Ok(Some(effect));
            }
        }
        Ok(None)
    }

    /// What the work of a visit achieved on each of its machines, in the customer's language, the words of the letter after it and
    /// the order of its tasks; `None` where nothing is known or there is nothing to tell.
    ///
    /// # Errors
    /// `Missing` when there is no visit of that number.
    pub fn effects_in_words(&self, visit: i64) -> Result<Vec<Option<String>>> {
        self.store.read("say what a visit achieved", |c| {
            let stay = bookings::get(c, visit)?;
            let case = advisories::get(c, &stay.case)?;
            let Ok(people) = self.people(c, &stay.machine)? else { return Ok(Vec::new()) };
            let (composer, language) = (self.shelf.composer(c)?, people.customer.language);
            let effects = self.effects_of(c, &case, &stay, &people)?;
            // A template that broke meanwhile must not keep the page back.
            let words = |effect: Effect| composer.effect(language, &effect).ok().filter(|words| !words.is_empty());
            Ok(effects.into_iter().map(|effect| effect.and_then(words)).collect())
        })
    }

    /// Writes one of the letters about a visit.
    ///
    /// # Errors
    /// When an edited template cannot be rendered.
    pub(crate) fn visit_letter(
        &self,
        connection: &dyn Session,
        occasion: Occasion,
        facts: &VisitFacts,
    ) -> Result<super::Draft> {
        self.shelf.composer(connection)?.letter(occasion, facts.common.language, facts)
    }
}

impl OtherVisited {
    fn of(other: &Facts, (works, unfound): (Vec<String>, Option<String>), effect: Option<Effect>) -> Self {
        Self { number: other.number().to_owned(), works, unfound, effect }
    }
}

impl VisitFacts {
    /// The numbers of the machines, where there are several.
    pub(crate) fn several(&self) -> Vec<&str> {
        if self.others.is_empty() {
            return Vec::new();
        }
        std::iter::once(self.common.number.as_str()).chain(self.others.iter().map(|o| o.number.as_str())).collect()
    }

    /// The numbers of the machines on which the work came to this.
    fn came_to(&self, this: impl Fn(Outcome) -> bool) -> Vec<String> {
        let own = std::iter::once((&self.common.number, &self.effect));
        let all = own.chain(self.others.iter().map(|other| (&other.number, &other.effect)));
        all.filter(|(_, effect)| effect.as_ref().is_some_and(|effect| this(effect.outcome)))
            .map(|(number, _)| number.clone())
            .collect()
    }

    /// The same of some of its machines alone, at least one; its own comes first.
    fn only(mut self, goes: &[bool]) -> Self {
        let mut of_others = goes.iter().skip(1);
        self.others.retain(|_| of_others.next().is_none_or(|goes| *goes));
        if goes.first() == Some(&false) && !self.others.is_empty() {
            let first = self.others.remove(0);
            (self.common.number, self.works) = (first.number, first.works);
            (self.unfound, self.effect) = (first.unfound, first.effect);
        }
        self
    }

    /// In which language they are.
    pub(crate) const fn language(&self) -> crate::Language {
        self.common.language
    }

    /// The same of a machine of which a fault was found since.
    pub(super) fn finding(self, found: Option<Facts>) -> Self {
        Self { found, ..self }
    }
}

/// Invented facts, for trying templates out: a visit at the first of the times; it takes in machines that came up since.
pub(super) fn invented(facts: Facts, common: Common, technician: Option<Comer>, effect: Option<Effect>) -> VisitFacts {
    let day = match common.language {
        crate::Language::En => "16 July",
        crate::Language::ZhCn => "7月16日",
    };
    let bare = technician.is_none();
    VisitFacts {
        common,
        works: facts.jobs,
        beside: false,
        unfound: None,
        duration: facts.duration,
        at_most: facts.at_most,
        stops: facts.stops,
        partly: facts.partly,
        until: None,
        when: facts.slots.first().cloned().unwrap_or_default(),
        day: day.to_owned(),
        technician,
        address: String::new(),
        effect,
        failed: Vec::new(),
        worse: Vec::new(),
        link: "https://service.example/b/invented".to_owned(),
        others: facts.others.iter().map(|other| OtherVisited::of(other, (other.jobs.clone(), None), None)).collect(),
        added: if facts.others.is_empty() { facts.due } else { Vec::new() },
        hours: facts.hours,
        joined: facts.others,
        found: None,
        off: bare,
        over: bare,
    }
}
