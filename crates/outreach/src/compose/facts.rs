//! The facts of one message, worded no further than a figure: sentences are the templates' business.

use foretell_model::catalogue::Action;
use foretell_model::{Catalogue, Cause, Certainty, Finding, FindingKind, MachineId, Timestamp, WeekWindow};
use serde::Serialize;

use super::energy::{self, Energy, Saving};
use super::order::{Pressing, pressing};
use super::pieces::{due_pieces, is_at_most, is_partly};
use super::season::{is_in_time, season, season_until};
use super::seen::{Seen, seen};
use super::standing::{is_at_limit, is_below_limit, is_low};
use super::{Before, Common, Occasion, Piece, again, format, pieces_of};
use crate::calendar::Calendar;
use crate::care::CustomerStage;
use crate::context::MachineContext;
use crate::drafting::SHORTEST_MINUTES;
use crate::earlier::Talk;
use crate::edits::Claim;
use crate::registry::{Advisor, Customer, Language, Machine, Words};
use crate::service::{DueTask, SERVICE};
use crate::slots::Slot;
use crate::store::Spoken;

/// Everything a message is made from.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// What the case says, and what was told of it.
    pub(crate) spoken: Spoken<'a>,
    /// The machine's present state.
    pub(crate) context: &'a MachineContext,
    /// The machine as its owner knows it.
    pub(crate) machine: &'a Machine,
    /// Who reads it.
    pub(crate) customer: &'a Customer,
    /// How far the reader's dissatisfaction has gone.
    pub(crate) stage: Option<CustomerStage>,
    /// Who speaks.
    pub(crate) advisor: &'a Advisor,
    /// For whom.
    pub(crate) company: &'a Words,
    /// What faults and work are called.
    pub(crate) catalogue: &'a Catalogue,
    /// The reader's civil time.
    pub(crate) calendar: &'a Calendar,
    /// The times on offer.
    pub(crate) slots: &'a [Slot],
    /// The customer's page.
    pub(crate) link: &'a str,
    /// When the text is written.
    pub(crate) now: Timestamp,
}

/// What a template may use.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    #[serde(flatten)]
    common: Common,
    pub(super) seen: Seen,
    below_limit: bool,
    pub(super) fault: Option<String>,
    certainty: Certainty,
    /// Another cause that is looked for as well.
    beside: Option<BesideFact>,
    window: Option<WeekWindow>,
    /// Whether the work comes before that, whichever time is chosen.
    in_time: bool,
    limit: Option<LimitFact>,
    pub(super) hours: Option<Hours>,
    energy: Option<Energy>,
    /// The work as phrases, in order; of a fault its own work comes first. Without what is only looked at.
    pub(super) works: Vec<String>,
    /// Of these what is due by running hours.
    pub(super) due: Vec<String>,
    /// What is only looked at, as phrases.
    looks: Vec<String>,
    /// All of it as phrases: what a visit is for.
    pub(crate) jobs: Vec<String>,
    /// Time on site, in words.
    pub(crate) duration: String,
    /// It may take less: a part of the work is only looked at, and done where the look says so.
    pub(super) at_most: bool,
    /// Whether the machine stops.
    pub(crate) stops: bool,
    /// It stops for a part of the work alone.
    pub(super) partly: bool,
    benefit: String,
    /// What the repair spares in electricity, where the letter is about something else.
    saving: Option<Saving>,
    /// The day on which the customer's busy season begins, where the work is done before it.
    season: Option<String>,
    /// The last day of the customer's busy season, where the times on offer wait for its end.
    pub(super) season_until: Option<String>,
    /// The everyday comparison; empty for service.
    pub(crate) comparison: String,
    pub(super) slots: Vec<String>,
    slots_idle: bool,
    /// Of each of the times, whether the machine usually runs then and must stop for the work; nothing where it need not.
    pub(super) slots_run: Vec<bool>,
    link: String,
    /// The talk on the telephone that the letter goes on with.
    pub(super) talk: Option<Talk>,
    /// The day of a visit whose work did not help, where the letter is about something else.
    pub(super) earlier: Option<String>,
    /// That work has made things worse.
    pub(super) earlier_worse: bool,
    /// The visit in which this work was done already, where the letter comes after it.
    pub(super) before: Option<Before>,
    /// The day on which the machine broke down, while that lasts: what was said of it before is overtaken.
    pub(super) broken: Option<String>,
    /// What there is to say of other machines of the site that go with it; empty as a rule.
    pub(crate) others: Vec<Self>,
    /// Of another machine: it came up after the letter, or after the visit was booked.
    pub(super) is_new: bool,
    #[serde(skip)]
    pub(super) minutes: u32,
    /// Which machine.
    #[serde(skip)]
    pub(super) machine: MachineId,
    /// What it is written about as.
    #[serde(skip)]
    pub(super) occasion: Occasion,
    #[serde(skip)]
    pub(super) pressing: Pressing,
}

/// A cause beside the likeliest.
#[derive(Debug, Serialize)]
struct BesideFact {
    fault: String,
    /// It cannot be told from the likeliest.
    alike: bool,
}

#[derive(Debug, Serialize)]
struct LimitFact {
    signal: &'static str,
    figure: String,
    low: bool,
    /// It was reached of late.
    reached: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Hours {
    since: String,
    interval: String,
    /// Nothing is left to be reckoned: it is due already.
    overdue: bool,
    per_day: Option<String>,
}

impl Occasion {
    /// What a finding is written about as: due work, wasted electricity where its cost is known, or a fault.
    pub(crate) fn of_finding(finding: &Finding) -> Self {
        match finding.kind {
            FindingKind::MaintenanceDue => Self::Service,
            _ if energy::energy(finding, Language::En).is_some() => Self::Energy,
            _ => Self::Fault,
        }
    }
}

impl Facts {
    /// Gathers the facts of a case.
    pub(crate) fn of(subject: &Subject<'_>) -> Self {
        let language = subject.customer.language;
        let Spoken { finding, .. } = subject.spoken;
        let pieces = pieces_of(subject.spoken, subject.catalogue);
        let tag = language.tag();
        let cause = subject.spoken.cause(subject.catalogue);
        let fault = subject.catalogue.fault(cause.fault);
        let age_days = subject.now.days_since(finding.at).max(0.0);
        let people = (subject.customer, subject.advisor, subject.machine);
        let minutes: u32 = pieces.iter().map(|piece| piece.action.minutes).sum();
        let words = |piece: &Piece<'_>| piece.name().in_language(tag).to_owned();
        Self {
            common: Common::of(people, subject.company, subject.stage),
            seen: seen(subject),
            below_limit: is_below_limit(subject),
            fault: fault.map(|fault| fault.name.in_language(tag).to_owned()),
            certainty: certainty(&cause),
            beside: beside(&cause, subject),
            // What has come already is no forecast.
            window: finding.rul_days.filter(|_| !is_at_limit(subject)).map(|rul| WeekWindow::of(rul, age_days)),
            in_time: is_in_time(subject),
            limit: finding.limit.map(|limit| LimitFact {
                signal: limit.signal.name(),
                figure: format::figure(limit.value),
                low: is_low(&limit),
                reached: is_at_limit(subject),
            }),
            hours: hours(subject),
            energy: energy::energy(finding, language),
            duration: format::duration(language, minutes.max(SHORTEST_MINUTES)),
            minutes,
            machine: finding.machine.clone(),
            occasion: Occasion::of_finding(finding),
            pressing: pressing(finding),
            talk: None,
            earlier: None,
            earlier_worse: false,
            before: None,
            broken: None,
            others: Vec::new(),
            is_new: false,
            at_most: is_at_most(pieces.iter().copied()),
            stops: pieces.iter().any(|piece| piece.action.stops_machine),
            partly: is_partly(pieces.iter().copied()),
            benefit: benefit(subject, &pieces).map_or_else(String::new, |a| a.benefit.in_language(tag).into()),
            // Of another cause than what the engine reckoned with it is not known.
            saving: energy::saving(finding, language).filter(|_| cause.fault == &finding.fault),
            season: season(subject).map(|first| format::day(language, first)),
            season_until: season_until(subject, &pieces).map(|last| format::day(language, last)),
            works: pieces.iter().filter(|piece| !piece.is_look).map(words).collect(),
            looks: pieces.iter().filter(|piece| piece.is_look).map(words).collect(),
            due: due_pieces(subject.spoken, subject.catalogue).iter().map(words).collect(),
            jobs: pieces.iter().map(words).collect(),
            comparison: fault.map_or_else(String::new, |fault| fault.comparison.in_language(tag).to_owned()),
            slots: subject.slots.iter().map(|slot| slot_text(language, subject.calendar, slot)).collect(),
            slots_idle: !subject.slots.is_empty() && subject.slots.iter().all(|slot| slot.idle),
            slots_run: Vec::new(),
            link: subject.link.to_owned(),
        }
    }

    /// In a letter that may come after one about the same matter.
    pub(crate) fn after_another(self, is_after: bool) -> Self {
        Self { common: self.common.after_another(is_after), ..self }
    }

    /// With times of which some may be such at which the machines usually run.
    pub(crate) fn running_then(mut self, runs: Vec<bool>) -> Self {
        self.slots_run = if self.stops { runs } else { Vec::new() };
        self
    }

    /// After a visit in which this work was done: what it promised and compared was said then. Why the times lie so late was not.
    pub(crate) fn after(mut self, before: Before) -> Self {
        self.benefit.clear();
        self.comparison.clear();
        (self.saving, self.season, self.before) = (None, None, Some(before));
        self
    }

    /// Going on with a talk on the telephone.
    pub(crate) fn in_talk(mut self, talk: Option<Talk>) -> Self {
        self.talk = talk;
        self
    }

    /// About something else than a visit of that day, whose work did not help, or made things worse.
    pub(crate) fn beside(mut self, day: String, worse: bool) -> Self {
        (self.earlier, self.earlier_worse) = (Some(day), worse);
        self
    }

    /// What a letter with these facts claims, machine by machine.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let own = |facts: &Self| {
            Claim::of(&facts.machine, facts.fault.as_deref(), facts.certainty, facts.window, facts.seen.said())
        };
        std::iter::once(self).chain(&self.others).map(own).collect()
    }

    /// The letter that says them: of a finding its own, after work that did not help another one.
    pub(crate) fn occasion(&self) -> Occasion {
        if self.before.is_some() { Occasion::Again } else { self.occasion }
    }

    /// With other machines in the same letter and the same visit: it then takes as long as all their work together.
    pub(crate) fn with(mut self, others: Vec<Self>) -> Self {
        self.minutes += others.iter().map(|other| other.minutes).sum::<u32>();
        self.duration = format::duration(self.language(), self.minutes.max(SHORTEST_MINUTES));
        self.stops |= others.iter().any(|other| other.stops);
        self.at_most |= others.iter().any(|other| other.at_most);
        self.season_until = self.season_until.or_else(|| others.iter().find_map(|other| other.season_until.clone()));
        self.others = others;
        self
    }

    /// In which language they are.
    pub(crate) const fn language(&self) -> Language {
        self.common.language
    }

    /// The same of a machine by another number.
    pub(crate) fn called(mut self, number: String) -> Self {
        self.common.number = number;
        self
    }

    /// What the customer calls the machine.
    pub(crate) fn number(&self) -> &str {
        &self.common.number
    }

    /// The machines, by the numbers that their owner calls them, as one phrase.
    pub(crate) fn numbers(&self) -> String {
        let numbers: Vec<String> =
            std::iter::once(self).chain(&self.others).map(|of| of.common.number.clone()).collect();
        super::join_works(self.language(), &numbers)
    }

    /// The works as one phrase; each with its machine where there are several. Of those, a machine that stands still is
    /// seen to during its repair: no visit is offered for it.
    pub(crate) fn work(&self) -> String {
        let language = self.language();
        // What has not helped is not offered as if it would now.
        let own = |facts: &Self| match facts.before {
            Some(_) => again(language).to_owned(),
            None => super::join_works(language, &facts.jobs),
        };
        if self.others.is_empty() {
            return own(self);
        }
        let of = |facts: &Self| {
            let works = own(facts);
            match language {
                Language::En => format!("{works} on {}", facts.common.number),
                Language::ZhCn => format!("{}{works}", facts.common.number),
            }
        };
        let told = || std::iter::once(self).chain(&self.others);
        let some_run = told().any(|facts| facts.broken.is_none());
        let all: Vec<String> = told().filter(|facts| !some_run || facts.broken.is_none()).map(of).collect();
        match language {
            Language::En => all.join(", and "),
            Language::ZhCn => all.join("，"),
        }
    }

    /// The numbers of the machines, where there are several.
    pub(crate) fn several(&self) -> Vec<&str> {
        if self.others.is_empty() {
            return Vec::new();
        }
        std::iter::once(self).chain(&self.others).map(Self::number).collect()
    }
}

/// A slot in words.
pub(crate) fn slot_text(language: Language, calendar: &Calendar, slot: &Slot) -> String {
    format::span(language, calendar.local(slot.start), calendar.local(slot.end))
}

/// Several works of a service share its benefit; a fault's own work speaks for itself.
fn benefit<'a>(subject: &Subject<'a>, pieces: &[Piece<'a>]) -> Option<&'a Action> {
    match pieces {
        [] => None,
        [first, ..] if subject.spoken.finding.kind != FindingKind::MaintenanceDue => Some(first.action),
        [only] => Some(only.action),
        [first, ..] => Some(subject.catalogue.actions.get(SERVICE).unwrap_or(first.action)),
    }
}

/// How sure we are of what is named: of two that cannot be told apart, that it is one of them.
fn certainty(cause: &Cause<'_>) -> Certainty {
    let alike = cause.beside.filter(|beside| beside.alike).map_or(0.0, |beside| beside.likelihood);
    Certainty::of(cause.likelihood + alike)
}

fn beside(cause: &Cause<'_>, subject: &Subject<'_>) -> Option<BesideFact> {
    let beside = cause.beside?;
    let fault = subject.catalogue.fault(beside.fault)?.name.in_language(subject.customer.language.tag()).to_owned();
    Some(BesideFact { fault, alike: beside.alike })
}

fn hours(subject: &Subject<'_>) -> Option<Hours> {
    let task = DueTask::first_of(subject.spoken.finding, subject.machine, subject.catalogue)?;
    let language = subject.customer.language;
    let to_fifty = |hours: f64| format::thousands(language, (hours / 50.0).round() * 50.0);
    Some(Hours {
        since: to_fifty(task.since_h),
        interval: format::thousands(language, task.interval_h),
        overdue: task.since_h >= task.interval_h,
        per_day: subject.context.hours_per_day.filter(|h| *h >= 1.0).map(|h| format!("{h:.0}")),
    })
}
