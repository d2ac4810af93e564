//! A repair that nobody reported: the machine runs cooler from a day on, and stays so.
//!
//! It must be cooler than what was made of its growth, and cooler than it was. A growth that has paused, or that was taken for a
//! steeper one, lies below its own forecast and is still as hot as before; what is learned anew from such days takes a clogged
//! cooler for a sound one.

use super::baseline::Baseline;
use super::points::{Sample, median};
use super::rows;
use super::trend::Trend;
use crate::sd::day::Day;

/// A drop counts from here on, K, and from so many standard deviations of a day.
const DROP_K: f64 = 3.0;
const DROP_SDS: f64 = 2.5;
/// The last days that all must show it, of those looked at.
const RUN_DAYS: usize = 3;
const DAYS: Day = 8;
/// Days of which the cooler's heat could be seen: the same weight as in the gate of what can be judged.
const SEEN_WEIGHT: f64 = 0.4;
/// Days before that the machine was as hot as it is compared with, and the share of what stood out then that may be left: cleaning
/// gives back 85 to 98 % of what a cooler has lost.
const BEFORE_DAYS: usize = 5;
const LEFT_SHARE: f64 = 0.5;

/// The first of the last days that all lie far below the model, if there are enough of them; `sd_k` is the error of a day.
pub(super) fn dropped_from(
    samples: &[Sample],
    baseline: &Baseline,
    trend: Option<&Trend>,
    sd_k: f64,
    today: Day,
) -> Option<Day> {
    let bound_k = -DROP_K.max(DROP_SDS * sd_k);
    let newest: Vec<(Day, f64, f64)> = rows::hot_residuals(samples, baseline, trend).collect();
    let run = newest
        .iter()
        .rev()
        .take_while(|(day, residual_k, weight)| *day + DAYS >= today && *weight > SEEN_WEIGHT && *residual_k < bound_k)
        .count();
    let from = newest.get(newest.len() - run).filter(|_| run >= RUN_DAYS)?.0;
    let over_k: Vec<(Day, f64)> = rows::hot_residuals(samples, baseline, None).map(|(day, k, _)| (day, k)).collect();
    let (before, since) = over_k.split_at(newest.len() - run);
    let middle = |days: &[(Day, f64)]| median(&mut days.iter().map(|(_, k)| *k).collect::<Vec<f64>>());
    let before = &before[before.len().saturating_sub(BEFORE_DAYS)..];
    let left_k = LEFT_SHARE * middle(before).unwrap_or(0.0).max(0.0);
    middle(since).is_none_or(|k| k <= left_k).then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Conditions;
    use crate::ha::points::Series;

    const HINGE: Baseline = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 2.0, 1.0] };

    /// Three weeks that stand so many kelvins off what is usual, by age in days, and a growth of 1 K a day since 14 days.
    #[track_caller]
    fn check(off_k: impl Fn(f64) -> f64, expected: Option<Day>) {
        let at = Conditions { ta_c: 38.0, ..Conditions::default() };
        let hot = |age: Day| Sample {
            day: 110 - age,
            series: Series::Hot,
            td_c: HINGE.expect(&at, 0.0).td_c + off_k(f64::from(age)),
            at,
            peak_over_k: 0.0,
        };
        let samples: Vec<Sample> = (1..22).rev().map(hot).collect();
        let growing = Trend { onset_day: 96.0, shape: 1, coefficient: 1.0 };
        assert_eq!(dropped_from(&samples, &HINGE, Some(&growing), 0.5, 110), expected);
    }

    #[test]
    fn a_repair_is_cooler_than_the_machine_was() {
        let grown_k = |age: f64| (14.5 - age).max(0.0);
        check(|age| if age < 4.0 { 0.5 } else { grown_k(age) }, Some(107));
        // Too young, still going on, and a growth that pauses however far it was thought to go.
        check(|age| if age < 3.0 { 0.5 } else { grown_k(age) }, None);
        check(grown_k, None);
        check(|age| grown_k(age.max(6.0)), None);
    }

    #[test]
    fn a_machine_that_was_cleaned_while_it_was_learned_runs_cooler_than_it_ever_did() {
        let at = Conditions { ta_c: 38.0, ..Conditions::default() };
        let hot = |age: Day| {
            let td_c = HINGE.expect(&at, 0.0).td_c - if age < 6 { 7.0 } else { 0.0 };
            Sample { day: 110 - age, series: Series::Hot, td_c, at, peak_over_k: 0.0 }
        };
        let samples: Vec<Sample> = (1..22).rev().map(hot).collect();
        assert_eq!(dropped_from(&samples, &HINGE, None, 0.5, 110), Some(105));
    }
}
