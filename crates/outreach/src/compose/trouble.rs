//! The facts of word about a machine that broke: who is on the way, that a promise is about to slip, what was found and how
//! long it takes, that it is mended.

use foretell_model::{FaultCode, HOUR_MS, MINUTE_MS, Timestamp};
use serde::Serialize;

use super::common::Comer;
use super::{Common, format};
use crate::Outreach;
use crate::calendar::Calendar;
use crate::drafting::People;
use crate::registry::{Language, Technician};
use crate::views::{Arrival, Promise, ServiceCase};

/// What a template may use.
#[derive(Debug, Serialize)]
pub(crate) struct TroubleFacts {
    #[serde(flatten)]
    pub(super) common: Common,
    /// Which promise is about to slip; only in word of that.
    promise: Option<Promise>,
    /// Clock time of the promise, e.g. `14:20`; empty unless a promise is spoken of.
    due: String,
    /// Clock time by which instead, of a call; or by which somebody comes, as it was promised, where nobody knows better. None where
    /// that has passed.
    by: Option<String>,
    /// Clock time at which the technician expects to be there, rounded up to five minutes.
    eta: Option<String>,
    /// Clock time at which that was known; empty where nobody knows when to expect anybody.
    as_of: String,
    technician: Option<Comer>,
    /// Clock time at which somebody came.
    on_site: Option<String>,
    /// What was found, where it has a name.
    found: Option<String>,
    /// The fault by an everyday comparison; empty where it has none.
    comparison: String,
    /// How much longer it takes, in words.
    duration: String,
    /// Until about when, a clock time rounded up to a quarter of an hour.
    until: String,
    /// Day and time at which it was done, once it is: two breakdowns of a machine are not told in the same words.
    closed: Option<String>,
    /// Whether the machine was run together with the customer.
    test_run: bool,
    /// Whether there were old parts, and they were shown.
    old_parts: bool,
    /// Whether the report was handed over.
    report: bool,
    /// Whether the customer was kept waiting longer than promised.
    kept_waiting: bool,
    /// Whether the customer had said that nobody need come.
    had_no_need: bool,
    /// How long the machine stood still, for words that fit: `moments`, `hours` or `days`.
    cost: &'static str,
    /// The case's page; empty where there is none.
    link: String,
}

/// What was found on site, and how much longer it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnSiteNews {
    /// The fault, where it has a name in the catalogue.
    pub found: Option<FaultCode>,
    /// Minutes that the work still takes, at least 1.
    pub minutes: u32,
}

/// What one word is about, beside the case itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About<'a> {
    pub(crate) promise: Option<Promise>,
    pub(crate) news: Option<&'a OnSiteNews>,
    pub(crate) technician: Option<&'a Technician>,
    pub(crate) link: &'a str,
    /// Whether word about this case went out before.
    pub(crate) is_after: bool,
    /// Whether the customer had said that nobody need come.
    pub(crate) had_no_need: bool,
}

impl Outreach {
    /// Gathers what there is to say.
    pub(crate) fn trouble_facts(
        &self,
        case: &ServiceCase,
        about: About<'_>,
        people: &People,
        now: Timestamp,
    ) -> TroubleFacts {
        let language = people.customer.language;
        let due = match about.promise {
            Some(Promise::CallBack) => case.call_back_due,
            _ => case.on_site_due,
        };
        let clock = |t: Timestamp, beside: Timestamp| clock(language, &people.calendar, t, beside);
        // Of a promise only an arrival after it is news.
        let late = |arrival: &Arrival| about.promise.is_none() || (arrival.at > due && arrival.at - due < 48 * HOUR_MS);
        let arrival = case.arrival().filter(|_| about.promise != Some(Promise::CallBack)).filter(late);
        let beside = if about.promise.is_some() { due } else { now };
        let fault = about.news.and_then(|news| self.options.catalogue.fault(news.found.as_ref()?));
        let minutes = about.news.map_or(0, |news| news.minutes.max(1));
        let until = now + i64::from(minutes) * MINUTE_MS;
        let checklist = case.report.as_ref().map(|report| report.checklist).unwrap_or_default();
        TroubleFacts {
            common: Common::among(people, &self.options.company).after_another(about.is_after),
            promise: about.promise,
            due: about.promise.map_or_else(String::new, |_| clock(due, due)),
            by: match about.promise {
                Some(Promise::CallBack) => case.call_back_by,
                Some(Promise::OnSite) => None,
                None => Some(case.on_site_due),
            }
            .filter(|by| *by > now)
            .map(|by| clock(by, beside)),
            eta: arrival.map(|arrival| clock(arrival.about(), beside)),
            as_of: arrival.map_or_else(String::new, |arrival| clock(arrival.as_of, now)),
            technician: about.technician.map(|technician| Comer::of(technician, language)),
            on_site: case.on_site.map(|t| clock(t, now)),
            found: fault.map(|fault| fault.name.in_language(language.tag()).to_owned()),
            comparison: fault.map_or_else(String::new, |fault| fault.comparison.in_language(language.tag()).to_owned()),
            duration: format::duration(language, minutes),
            until: clock(up(until, 15), now),
            closed: case.closed.map(|t| format::at(language, people.calendar.local(t))),
            test_run: checklist.test_run,
            // Where no part was used nobody was shown one, whatever was ticked.
            old_parts: checklist.old_parts && case.report.as_ref().is_some_and(|report| !report.parts.is_empty()),
            report: checklist.report,
            kept_waiting: !case.broken.is_empty(),
            had_no_need: about.had_no_need,
            cost: cost(case.closed.unwrap_or(now) - case.opened),
            link: about.link.to_owned(),
        }
    }
}

/// How long somebody went without a machine, as a word that a letter can be sorry for.
const fn cost(stood_ms: i64) -> &'static str {
    match stood_ms / HOUR_MS {
        ..2 => "moments",
        2..36 => "hours",
        _ => "days",
    }
}

/// A clock time; another day than the one beside it is named, or the time would mislead.
fn clock(language: Language, calendar: &Calendar, t: Timestamp, beside: Timestamp) -> String {
    let (t, beside) = (calendar.local(t), calendar.local(beside));
    if t.date() == beside.date() { t.format("%H:%M").to_string() } else { format::at(language, t) }
}

/// Rounded up to so many minutes.
fn up(t: Timestamp, minutes: i64) -> Timestamp {
    let step_ms = minutes * MINUTE_MS;
    Timestamp::from_millis((t.millis() + step_ms - 1).div_euclid(step_ms) * step_ms)
}

/// Invented facts, for trying templates out.
pub(super) fn invented(
    common: Common,
    technician: Option<Comer>,
    promise: Option<Promise>,
    full: bool,
) -> TroubleFacts {
    let known = |text: &str| full.then(|| text.to_owned());
    let fault = match common.language {
        Language::En => ("a clogged cooler", "It is like a car radiator full of road dust.", "about two hours"),
        Language::ZhCn => ("冷却器堵塞", "就像汽车水箱糊满了灰尘。", "两小时左右"),
    };
    let closed = match common.language {
        Language::En => "16 July, 16:20",
        Language::ZhCn => "7月16日16:20",
    };
    TroubleFacts {
        common,
        promise,
        due: "14:20".to_owned(),
        by: Some("14:40".to_owned()),
        eta: known("14:00"),
        as_of: known("13:20").unwrap_or_default(),
        technician,
        on_site: known("14:05"),
        found: known(fault.0),
        comparison: known(fault.1).unwrap_or_default(),
        duration: fault.2.to_owned(),
        until: "16:15".to_owned(),
        closed: known(closed),
        test_run: full,
        old_parts: full,
        report: full,
        kept_waiting: full,
        had_no_need: false,
        cost: if full { "hours" } else { "moments" },
        link: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sorry_for_hours_after_minutes() {
        for (minutes, expected) in
            [(0, "moments"), (25, "moments"), (119, "moments"), (120, "hours"), (2_159, "hours"), (2_160, "days")]
        {
            assert_eq!(cost(minutes * MINUTE_MS), expected, "{minutes}");
        }
    }
}
