//! Whether the hot hours go up and down from day to day as a growth says that they must.
//!
//! What a cooler no longer takes away follows the air, kelvin for kelvin. A machine whose valve, or whose fan's drive, keeps its
//! temperature does not: while the air of autumn cools it stays as warm as ever, and a growth that made up for just what the air loses
//! would explain its level. It would not explain its days.

use super::baseline::Baseline;
use super::points::{Sample, Series};
use super::rows;
use super::trend::Trend;
use crate::sd::day::Day;

/// Days that are looked at, at most.
const DAYS: Day = 45;
/// Steps that are needed, and days between which one is a step.
const STEPS: usize = 8;
const WITHIN: Day = 3;
/// An error from which on the steps say nothing.
const SD_MAX: f64 = 0.25;
/// One in twenty is farther off on one side.
const SURE_SDS: f64 = 1.65;
/// Steps that are surely smaller than this share of what they must be deny a growth.
const DENIED_BELOW: f64 = 0.45;

/// Seen steps over those that a growth expects, and the sd of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Follows {
    share: f64,
    sd: f64,
}

impl Follows {
    /// Days that follow by this share, and its sd.
    #[cfg(test)]
    pub(crate) const fn of(share: f64, sd: f64) -> Self {
        Self { share, sd }
    }

    /// Whether the days deny the growth.
    pub(crate) fn is_denied(&self) -> bool {
        self.share + SURE_SDS * self.sd < DENIED_BELOW
    }
}

/// Looks at the steps from one day to the next since a growth over this normal began. `None` where there are too few, or the growth
/// expects hardly any.
pub(super) fn expected(samples: &[Sample], baseline: &Baseline, trend: &Trend, today: Day) -> Option<Follows> {
    let onset = trend.onset_day.clamp(0.0, f64::from(Day::MAX)) as Day;
    let from = onset.max(today.saturating_sub(DAYS));
    let hot = samples.iter().filter(|s| s.series == Series::Hot && s.day >= from && s.at.ta_sd_k == 0.0);
    let days: Vec<(Day, f64, f64)> =
        hot.map(|s| (s.day, rows::expected(s, baseline, Some(trend)).td_c, s.td_c)).collect();
    let near = days.windows(2).filter(|pair| pair[1].0 - pair[0].0 <= WITHIN);
    let steps: Vec<(f64, f64)> = near.map(|pair| (pair[1].1 - pair[0].1, pair[1].2 - pair[0].2)).collect();
    if steps.len() < STEPS {
        return None;
    }
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| steps.iter().map(of).sum::<f64>();
    let square = sum(&|(expected, _)| expected * expected).max(1e-9);
    let share = sum(&|(expected, seen)| expected * seen) / square;
    let left = sum(&|(expected, seen)| (seen - share * expected).powi(2));
    let sd = (left / (steps.len() - 1) as f64 / square).sqrt();
    (sd <= SD_MAX).then_some(Follows { share, sd })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Conditions;

    /// Forty days of an autumn whose weather changes by some kelvins from day to day, of a machine that shows this in an air and on a
    /// day; what its days say of a growth that would make up for what the air loses.
    fn check(td_c: impl Fn(f64, f64) -> f64) -> Option<bool> {
        let weather = |day: Day| 2.0 * f64::from(u32::from(day).wrapping_mul(0x9e37_79b9) >> 16) / 32_767.5 - 2.0;
        let air_c = |day: Day| 34.0 - 0.3 * f64::from(day) + weather(day);
        let sample = |day: Day| {
            let at = Conditions { ta_c: air_c(day), ..Conditions::default() };
            Sample { day, series: Series::Hot, td_c: td_c(at.ta_c, f64::from(day)), at, peak_over_k: 0.0 }
        };
        let samples: Vec<Sample> = (0..40).map(sample).collect();
        let trend = Trend { onset_day: 0.0, shape: 1, coefficient: 0.45 };
        expected(&samples, &Baseline::FLEET, &trend, 40).map(|follows| follows.is_denied())
    }

    #[test]
    fn a_machine_that_is_kept_warm_is_no_machine_that_clogs_as_fast_as_autumn_comes() {
        let clogging = |air_c: f64, day: f64| {
            let at = Conditions { ta_c: air_c, ..Conditions::default() };
            Baseline::FLEET.expect(&at, 0.45 * day).td_c
        };
        assert_eq!(check(clogging), Some(false));
        assert_eq!(check(|_, day| 96.0 + 0.4 * (day % 3.0)), Some(true));
    }

    #[test]
    fn few_days_say_nothing() {
        let at = Conditions { ta_c: 30.0, ..Conditions::default() };
        let sample = |day: Day| Sample { day, series: Series::Hot, td_c: 90.0, at, peak_over_k: 0.0 };
        let samples: Vec<Sample> = (0..6).map(sample).collect();
        let trend = Trend { onset_day: 0.0, shape: 1, coefficient: 0.45 };
        assert_eq!(expected(&samples, &Baseline::FLEET, &trend, 6), None);
    }
}
