//! A machine that is kept at another temperature since a day: its owner has had another element put into the valve, has set the
//! controller or the fan's drive to another temperature, or the sensor was exchanged. Nothing is wrong with it.
//!
//! It shows where the valve regulates: from one day to the next the temperature there has moved by some kelvins, and then it follows
//! the air as little as before. That tells it from a lost cooler and from a valve that sticks, through which the temperature goes up
//! and down with the air, kelvin for kelvin; and coming overnight tells it from dirt. Where the weather does not move, or the valve
//! has nothing to keep, nobody can tell, and nothing is concluded.

use super::baseline::Baseline;
use super::points::{Sample, median};
use super::rivals::{
    EXCESS_MAX_K, EXCESS_STEP_K, INDEPENDENT, SET_MAX_K, STUCK_SHARE, heat, rise_k, rise_per_heat, squares_of,
};
use crate::sd::day::Day;

/// A move counts from here on, K: sensors and loads move the regulated temperature by less.
const MOVED_K: f64 = 3.0;
/// A move is sought in such steps, K.
const STEP_K: f64 = 1.0;
/// Share of the move that each day since must show, and its first full day.
const SHOWN_SHARE: f64 = 0.6;
/// Days that the move is looked for in, days that must have been usual before it, and how usual, K.
const DAYS: Day = 28;
const BEFORE_DAYS: usize = 5;
const USUAL_K: f64 = 2.0;
/// Days that must show it before anything is concluded, and before the normal is learned anew.
const TOLD_DAYS: usize = 2;
const LASTING_DAYS: usize = 5;
/// Log likelihood ratios of the same.
const TOLD_RATIO: f64 = 4.0;
const LASTING_RATIO: f64 = 5.0;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Resettled {
    /// First day at the other temperature.
    pub(crate) from: Day,
    /// Days that show it.
    days: usize,
    /// Log likelihood ratio against a lost cooler and a valve that regulates nothing.
    log_ratio: f64,
}

impl Resettled {
    /// Whether it is what the machine does.
    pub(crate) fn is_told(&self) -> bool {
        self.log_ratio >= TOLD_RATIO
    }

    /// Whether it has lasted long enough, and is sure enough, to be the new normal.
    pub(crate) fn is_lasting(&self) -> bool {
        self.days >= LASTING_DAYS && self.log_ratio >= LASTING_RATIO
    }
}

/// Looks for a move that has lasted until now. `sd_k` is the error of a point.
pub(crate) fn resettled(samples: &[Sample], baseline: &Baseline, sd_k: f64, today: Day) -> Option<Resettled> {
    let samples = &samples[samples.partition_point(|s| s.day + DAYS < today)..];
    let over_k = |s: &Sample| s.td_c - baseline.expect(&s.at, 0.0).td_c;
    // The coolest hours show most of it.
    let coolest =
        |day: &[Sample]| day.iter().min_by(|a, b| a.at.ta_c.total_cmp(&b.at.ta_c)).map(|s| (s.day, over_k(s)));
    let by_day: Vec<(Day, f64)> = samples.chunk_by(|a, b| a.day == b.day).filter_map(coolest).collect();
    let sign = by_day.last()?.1.signum();
    let days = by_day.iter().rev().take_while(|(_, k)| sign * k >= SHOWN_SHARE * MOVED_K).count();
    let (before, since) = by_day.split_at(by_day.len() - days);
    let middle = |days: &[(Day, f64)]| median(&mut days.iter().map(|(_, k)| sign * k).collect::<Vec<f64>>());
    let by_k = middle(since).filter(|k| (MOVED_K..=SET_MAX_K).contains(k))?;
    let is_usual = before.len() >= BEFORE_DAYS && middle(before)?.abs() <= USUAL_K;
    // The day of the change shows a part of it.
    let at_once = since.iter().skip(1).all(|(_, k)| sign * k >= SHOWN_SHARE * by_k);
    if days < TOLD_DAYS || !is_usual || !at_once {
        return None;
    }
    let from = since.first()?.0;
    let shown = &samples[samples.partition_point(|s| s.day < from)..];
    Some(Resettled { from, days, log_ratio: log_ratio(shown, baseline, sd_k, sign) })
}

/// Log likelihood ratio of another temperature, or another sensor, against a lost cooler and a valve that regulates nothing.
fn log_ratio(shown: &[Sample], baseline: &Baseline, sd_k: f64, sign: f64) -> f64 {
    let squares = |misfit: &dyn Fn(&Sample) -> f64| squares_of(shown, sd_k, misfit);
    let steps = |step_k: f64, most_k: f64| (1..=(most_k / step_k) as u32).map(move |step| step_k * f64::from(step));
    let over_k = |s: &Sample| s.td_c - baseline.expect(&s.at, 0.0).td_c;
    let offset_k = shown.iter().map(over_k).sum::<f64>() / shown.len().max(1) as f64;
    let offset = squares(&|s| over_k(s) - offset_k);
    let set = steps(STEP_K, SET_MAX_K).map(|k| squares(&|s| s.td_c - baseline.expect_set(&s.at, sign * k)));
    let kept = set.fold(offset, f64::min);
    let per_heat_k = rise_per_heat(shown.iter());
    let stuck = squares(&|s| STUCK_SHARE * (rise_k(s) - per_heat_k * heat(s)));
    let lost = steps(EXCESS_STEP_K, EXCESS_MAX_K).map(|k| squares(&|s| s.td_c - baseline.expect(&s.at, k).td_c));
    0.5 * INDEPENDENT * (lost.fold(stuck, f64::min) - kept)
}
