//! Who should hear of a growing excess: watch, advise, urgent, with hysteresis so that an advisory does not flap.

use foretell_model::Grade;
use serde::{Deserialize, Serialize};

use crate::ha::assess::Judgement;

/// Thresholds of the grades. Evidence is the log Bayes factor of "an excess grows".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Evidence from which a machine is watched.
    pub watch_log_bf: f64,
    /// Evidence from which a customer may hear of it.
    pub advise_log_bf: f64,
    /// Excess below which nothing is said to a customer, K.
    pub advise_excess_k: f64,
    /// Days within which the limit must be more likely reached than not, for `advise`.
    pub advise_within_days: usize,
    /// Probability of that, 0 to 1.
    pub advise_probability: f64,
    /// Probability of reaching the limit within 3 days, for `urgent`.
    pub urgent_probability: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            watch_log_bf: 5.0,
            advise_log_bf: 5.0,
            advise_excess_k: 2.0,
            advise_within_days: 45,
            advise_probability: 0.5,
            urgent_probability: 0.3,
        }
    }
}

/// Excess below which a machine is not even watched, K.
const WATCH_EXCESS_K: f64 = 1.2;
/// Where the ambient is only inferred, its errors make small excesses of their own: so many times the excess is asked.
const INFERRED_EXCESS: f64 = 2.0;
/// So many times more evidence is asked where all siblings are hot as well and no ambient is measured.
const CROWD: f64 = 1.0;
/// The temperature itself must have risen by this much, K. One that falls more slowly than the weather may be a valve that
/// regulates as it should, and in any case is not on its way to a limit. The second where the ambient is only inferred.
const RISEN_K: (f64, f64) = (0.0, 1.0);
/// With so many days of history a customer hears only of twice the evidence.
const YOUNG_DAYS: f64 = 20.0;
/// Evidence so many times that for `advise` needs no second day.
const SURE: f64 = 2.5;
/// A grade rises after this many days of asking for it; neither a near limit nor overwhelming evidence waits.
const RISE_DAYS: u8 = 2;
/// A grade falls after this many days of not deserving it.
const FALL_DAYS: u8 = 3;

/// The grade a machine holds, and how long it has asked for another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct GradeTracker {
    /// 0 none, 1 watch, 2 advise, 3 urgent.
    held: u8,
    rising_days: u8,
    falling_days: u8,
}

impl GradeTracker {
    /// Takes the day's judgement and returns the grade to hold; `None` when there is nothing to say.
    pub(crate) fn observe(&mut self, judgement: &Judgement, policy: &Policy) -> Option<Grade> {
        let asked = asked(judgement, policy);
        let deserved = deserved(judgement, policy);
        if asked > self.held {
            let near = judgement.forecast.as_ref().is_some_and(|f| f.within(7) > 0.5);
            let sure = judgement.log_bf > SURE * policy.advise_log_bf;
            self.falling_days = 0;
            self.rising_days += 1;
            if near || sure || self.rising_days >= RISE_DAYS {
                *self = Self { held: asked, ..Self::default() };
            }
        } else if deserved < self.held {
            self.rising_days = 0;
            self.falling_days += 1;
            if self.falling_days >= FALL_DAYS {
                *self = Self { held: deserved, ..Self::default() };
            }
        } else if deserved > self.held {
            // Evidence that hovers about a threshold neither counts nor starts the count anew.
            self.falling_days = 0;
        } else {
            (self.rising_days, self.falling_days) = (0, 0);
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
    let chance = |days: usize| j.forecast.as_ref().map_or(0.0, |f| j.certainty * f.within(days));
    let enough_k = if j.hot_ambient_c.is_some() { p.advise_excess_k } else { INFERRED_EXCESS * p.advise_excess_k };
    // A normal learned from few days is itself unsure, in ways that the model of errors does not hold.
    let enough = p.advise_log_bf * (1.0 + (YOUNG_DAYS / j.hot_days.max(1) as f64).powi(2));
    // Without a measured ambient, a site whose machines get hot together has more probably got a hot room.
    let enough = if j.hot_ambient_c.is_some() { enough } else { enough * (1.0 + CROWD * j.crowd_share) };
    let risen_k = if j.hot_ambient_c.is_some() { RISEN_K.0 } else { RISEN_K.1 };
    let risen = j.risen_k.is_none_or(|k| k >= risen_k);
    let believed = j.log_bf > enough && j.excess_k >= enough_k && risen;
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
        advise_log_bf: p.advise_log_bf - 3.0,
        advise_excess_k: 0.6 * p.advise_excess_k,
        advise_within_days: p.advise_within_days,
        advise_probability: 0.5 * p.advise_probability,
        urgent_probability: 0.5 * p.urgent_probability,
    };
    asked(j, &lax)
}
