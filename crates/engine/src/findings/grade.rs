//! Who should hear of a growing excess: watch, advise, urgent, with hysteresis so that an advisory does not flap.

use foretell_model::Grade;
use serde::{Deserialize, Serialize};

use crate::ha::assess::Judgement;

/// Thresholds of the grades. Evidence is the log Bayes factor of "an excess grows".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Evidence from which a machine is watched.
    pub watch_log_bf: f64,
    /// Evidence below which a customer hears nothing, however long the machine is known.
    pub advise_log_bf: f64,
    /// Excess below which nothing is said to a customer, K.
    pub advise_excess_k: f64,
    /// Days within which the limit is to be reached, for `advise`.
    pub advise_within_days: usize,
    /// Probability of that, 0 to 1: that the excess is real, times that it then gets there.
    pub advise_probability: f64,
    /// Probability of reaching the limit within 3 days, for `urgent`.
    pub urgent_probability: f64,
}

// Chosen on simulated fleets of two foreign physics (seeds 1-8) as what warns most two weeks ahead at no more than 0.025 false
// advisories a year on healthy machines. A logistic regression and boosted trees over forty features of the same days, trained
// on one of the two and judged on the other, were no better at the same rate: what a day knows is in the probability.
impl Default for Policy {
    fn default() -> Self {
        Self {
            watch_log_bf: 5.0,
            advise_log_bf: 1.0,
            advise_excess_k: 2.0,
            advise_within_days: 45,
            advise_probability: 0.65,
            urgent_probability: 0.3,
        }
    }
}

/// Excess below which a machine is not even watched, K.
const WATCH_EXCESS_K: f64 = 1.2;
/// The last week must itself stand out by so many standard deviations of a day: what only adds up over many weeks is more often
/// a hinge that is not quite right.
const STANDS_OUT: f64 = 2.0;
/// The temperature itself must have risen by this much, K. One that falls more slowly than the weather may be a valve that
/// regulates as it should, and in any case is not on its way to a limit.
const RISEN_K: f64 = 0.5;
/// With so many days of history a customer hears only of twice the evidence.
const YOUNG_DAYS: f64 = 40.0;
/// A grade falls after this many days of not deserving it. It rises at once: evidence is of weeks already.
const FALL_DAYS: u8 = 3;

/// The grade a machine holds, and how long it has not deserved it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct GradeTracker {
    /// 0 none, 1 watch, 2 advise, 3 urgent.
    held: u8,
    falling_days: u8,
}

impl GradeTracker {
    /// Takes the day's judgement and returns the grade to hold; `None` when there is nothing to say.
    pub(crate) fn observe(&mut self, judgement: &Judgement, policy: &Policy) -> Option<Grade> {
        let (asked, deserved) = (asked(judgement, policy), deserved(judgement, policy));
        self.falling_days = if deserved < self.held { self.falling_days + 1 } else { 0 };
        if asked > self.held {
            *self = Self { held: asked, falling_days: 0 };
        } else if self.falling_days >= FALL_DAYS {
            *self = Self { held: deserved, falling_days: 0 };
        }
        match self.held {
            0 => None,
            1 => Some(Grade::Watch),
            2 => Some(Grade::Advise),
            _ => Some(Grade::Urgent),
        }
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The grade that the day's figures ask for.
fn asked(j: &Judgement, p: &Policy) -> u8 {
    grade_of(j, p, STANDS_OUT)
}

fn grade_of(j: &Judgement, p: &Policy, stands_out: f64) -> u8 {
    let chance = |days: usize| j.forecast.as_ref().map_or(0.0, |f| j.certainty * f.within(days));
    // A normal learned from few days is itself unsure, in ways that the model of errors does not hold.
    let enough = p.advise_log_bf * (1.0 + (YOUNG_DAYS / j.hot_days.max(1) as f64).powi(2));
    let believed = j.log_bf > enough
        && j.excess_k >= p.advise_excess_k
        && j.risen_k.is_none_or(|k| k >= RISEN_K)
        && j.stands_out.is_none_or(|sds| sds >= stands_out);
    if believed && chance(3) >= p.urgent_probability {
        3
    } else if believed && chance(p.advise_within_days) >= p.advise_probability {
        2
    } else if j.log_bf > p.watch_log_bf && j.excess_k >= WATCH_EXCESS_K {
        1
    } else {
        0
    }
}

/// The grade that the day's figures still justify: the same with laxer thresholds.
fn deserved(j: &Judgement, p: &Policy) -> u8 {
    let lax = Policy {
        watch_log_bf: p.watch_log_bf - 3.0,
        advise_log_bf: 0.0,
        advise_excess_k: 0.6 * p.advise_excess_k,
        advise_within_days: p.advise_within_days,
        advise_probability: 0.5 * p.advise_probability,
        urgent_probability: 0.5 * p.urgent_probability,
    };
    grade_of(j, &lax, 0.6 * STANDS_OUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_rises_at_once_and_falls_after_three_days() {
        let mut tracker = GradeTracker::default();
        // Evidence of the day, and whether the machine is then watched.
        let days = [
            (4.0, false),
            (6.0, true),
            (4.0, true),
            (1.0, true),
            (1.0, true),
            (3.0, true),
            (1.0, true),
            (1.0, true),
            (1.0, false),
        ];
        for (day, (log_bf, watched)) in days.into_iter().enumerate() {
            let judgement = Judgement { log_bf, excess_k: 4.0, ..Judgement::default() };
            let grade = tracker.observe(&judgement, &Policy::default());
            assert_eq!(grade, watched.then_some(Grade::Watch), "day {day}");
        }
    }
}
