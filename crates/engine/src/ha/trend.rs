//! How an excess grows: a power of the time since its onset.
//!
//! One family covers the shapes in the field without a scale of its own: a step (power 0), a slowing growth (1/2), the
//! steady one of dust (1), and three that accelerate (3/2, 2, 3), as a UA that falls steadily makes a resistance that does
//! not: near the end its excess grows with more than the square of the time.

use serde::{Deserialize, Serialize};

/// How often each power (0, 1/2, 1, 3/2, 2, 3) is met, before any data.
pub(crate) const POWER_PRIOR: [f64; 6] = [0.07, 0.05, 0.18, 0.26, 0.26, 0.18];
/// Typical excess after thirty days, K; the scale of the half-normal prior of the coefficient.
const TYPICAL_30_DAYS_K: f64 = 10.0;
/// Typical height of a step, K.
const TYPICAL_STEP_K: f64 = 7.0;

/// Growth of the excess: `coefficient * (days since onset)^power`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trend {
    /// Day number (fractions allowed) at which it began.
    pub(crate) onset_day: f64,
    /// Place of the power in [`POWER_PRIOR`].
    pub(crate) power: usize,
    /// K per day to the power.
    pub(crate) coefficient: f64,
}

impl Trend {
    pub(crate) fn excess_k(&self, day: f64) -> f64 {
        self.coefficient * growth(self.power, day - self.onset_day)
    }
}

/// Growth after `age_days`, for a coefficient of one.
pub(crate) fn growth(power: usize, age_days: f64) -> f64 {
    if age_days <= 0.0 {
        return 0.0;
    }
    match power {
        0 => age_days.min(1.0),
        1 => age_days.sqrt(),
        2 => age_days,
        3 => age_days * age_days.sqrt(),
        4 => age_days * age_days,
        _ => age_days * age_days * age_days,
    }
}

/// Growth per day at `age_days`, for a coefficient of one.
pub(crate) fn growth_rate(power: usize, age_days: f64) -> f64 {
    growth(power, age_days) - growth(power, age_days - 1.0)
}

/// Scale of the half-normal prior of the coefficient.
pub(crate) fn coefficient_scale(power: usize) -> f64 {
    if power == 0 { TYPICAL_STEP_K } else { TYPICAL_30_DAYS_K / growth(power, 30.0) }
}
