//! How a heat came that came within days: all at once, or over some days.
//!
//! A law of growth that is fitted to months makes what came in days look as if it had come in weeks, and sees no step in the
//! two newest days. But dirt takes weeks, oil that runs out takes days, and a fan or a valve takes hours; so for what is new
//! the residuals of the last days speak for themselves.

use super::baseline::Baseline;
use super::points::{Sample, Series, median};
use crate::sd::day::Day;

/// What is called now, and what before, in days before today.
const NOW: std::ops::RangeInclusive<Day> = 1..=2;
const BEFORE: std::ops::RangeInclusive<Day> = 7..=12;
/// Heat of which it can be said how it came, K.
const FROM_K: f64 = 3.0;
/// Share of a present heat that a day must have shown, had it been there, to be asked.
const SHOWN: f64 = 0.6;
/// Share of it that must be new.
const NEW_SHARE: f64 = 0.7;
/// Part of the way up to here counts as not yet begun.
const BEGUN: f64 = 0.25;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quick {
    /// Share of the heat that was not there a week ago, 0 to 1.
    pub(crate) new_share: f64,
    /// Pace since it began, K a day; only of what is new.
    pub(crate) pace_k_per_day: Option<f64>,
    /// Largest part of it that came from one day to the next, 0 to 1; only of what is new.
    pub(crate) jump_share: Option<f64>,
}

/// Reads it off the residuals of hot hours; `None` of little heat, or without days to compare.
pub(crate) fn of(samples: &[Sample], baseline: &Baseline, today: Day) -> Option<Quick> {
    let hot = || samples.iter().rev().filter(|s| s.series == Series::Hot);
    let over_k = |s: &Sample| s.td_c - baseline.expect(&s.at, 0.0).td_c;
    let most_k = hot().take(2).map(over_k).fold(FROM_K, f64::max);
    // Newest first: age in days, kelvins over the normal. A cool day hides a clogged cooler, and what the next hot day shows
    // is not new: only days that would have shown the present heat are asked, as far as they would.
    let shown = |s: &Sample| (baseline.expect(&s.at, most_k).td_c - baseline.expect(&s.at, 0.0).td_c) / most_k;
    let over: Vec<(Day, f64)> = hot()
        .map(|s| (today.saturating_sub(s.day), over_k(s), shown(s)))
        .take_while(|(age, ..)| age <= BEFORE.end())
        .filter(|(_, _, shown)| *shown >= SHOWN)
        .map(|(age, over_k, shown)| (age, over_k / shown))
        .collect();
    let middle = |ages: &std::ops::RangeInclusive<Day>| {
        median(&mut over.iter().filter(|(age, _)| ages.contains(age)).map(|(_, k)| *k).collect::<Vec<f64>>())
    };
    let (before_k, newest_k) = (middle(&BEFORE)?, middle(&NOW)?);
    // The newest day counts where it is hotter still.
    let now_k = over.first().map_or(newest_k, |(_, k)| k.max(newest_k));
    if now_k < FROM_K {
        return None;
    }
    let new_share = (1.0 - before_k / now_k).clamp(0.0, 1.0);
    let rise_k = now_k - before_k;
    let begun = over.iter().find(|(_, k)| k - before_k <= BEGUN * rise_k).filter(|_| new_share >= NEW_SHARE);
    let steps = over.windows(2).take_while(|w| Some(&w[0]) != begun);
    let jump_k = steps.map(|w| w[0].1 - w[1].1).fold(0.0, f64::max);
    Some(Quick {
        new_share,
        pace_k_per_day: begun.map(|(age, _)| rise_k / f64::from(age.saturating_sub(1).max(1))),
        jump_share: begun.map(|_| (jump_k / rise_k).clamp(0.0, 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::baseline::Conditions;
    use super::*;

    const HINGE: Baseline = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 2.0, 1.0] };

    /// Kelvins of the saturated branch over the normal by age in days; what is said of them: pace per day and largest jump, or nothing.
    fn check(air_c: impl Fn(f64) -> f64, over_k: impl Fn(f64) -> f64, expected: Option<(Option<f64>, Option<f64>)>) {
        let sample = |age: Day| {
            let at = Conditions { ta_c: air_c(f64::from(age)) + f64::from(age % 3), ..Conditions::default() };
            let td_c = HINGE.expect(&at, over_k(f64::from(age))).td_c;
            Sample { day: 130 - age, series: Series::Hot, td_c, at, peak_over_k: 0.0 }
        };
        let samples: Vec<Sample> = (1..20).rev().map(sample).collect();
        let quick = of(&samples, &HINGE, 130);
        let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 0.06 * b.abs().max(1.0),
            (a, b) => a.is_none() && b.is_none(),
        };
        let same = match (quick, expected) {
            (Some(q), Some((pace, jump))) => near(q.pace_k_per_day, pace) && near(q.jump_share, jump),
            (q, e) => q.is_none() && e.is_none(),
        };
        assert!(same, "{quick:?} for {expected:?}");
    }

    #[test]
    fn hours_days_and_weeks_are_told_apart() {
        let hot = |_: f64| 37.0;
        check(hot, |age| if age <= 3.0 { 12.0 } else { 0.0 }, Some((Some(4.0), Some(1.0))));
        check(hot, |age| if age <= 1.0 { 20.0 } else { 0.0 }, Some((Some(20.0), Some(1.0))));
        check(hot, |age| (12.0 - 3.0 * (age - 1.0)).max(0.0), Some((Some(4.0), Some(0.25))));
        check(hot, |age| (15.0 - 0.4 * age).max(0.0), Some((None, None)));
        check(hot, |_| 1.0, None);
    }

    #[test]
    fn what_a_cool_week_has_hidden_is_not_new() {
        check(|age| if age <= 2.0 { 37.0 } else { 15.0 }, |_| 10.0, None);
    }
}
