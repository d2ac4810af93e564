//! How an excess grows: laws of degradation, each with what is believed of its coefficient.
//!
//! A cooler sheds heat through a resistance, and the excess is proportional to what dirt adds to it. Dirt that settles
//! steadily makes a straight line (or a power of time when the pace itself grows); layers that flake off again make a
//! curve that levels out (Kern and Seaton 1959); a UA that is *lost* steadily, as by fins that block one after another,
//! makes a hyperbola, because a resistance is the reciprocal of a conductance. Which of them a machine follows is left to
//! the evidence.

use serde::{Deserialize, Serialize};

/// Typical excess after thirty days, K; the scale of the half-normal prior of most coefficients.
const TYPICAL_30_DAYS_K: f64 = 10.0;
/// Typical height of a step, K.
const TYPICAL_STEP_K: f64 = 7.0;
/// Typical height at which a saturating growth ends, K.
const TYPICAL_END_K: f64 = 12.0;
/// Excess for a resistance that has doubled, K: the lumped model of three machines gives 19 to 22.
const PER_RESISTANCE_K: (f64, f64) = (21.0, 5.0);
/// No cooler is believed to lose more of its UA than this.
const LOSS_MAX: f64 = 0.9;

/// Shape of a growth over the days since its onset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Law {
    /// At once.
    Step,
    /// A power of the age: 1, 2 or 3.
    Power(i32),
    /// Age to the power of three halves.
    ThreeHalves,
    /// Levels out with a time constant, days.
    Saturating(f64),
    /// UA lost at a steady pace, share per day.
    Loss(f64),
    /// UA lost ever faster: with the square of the age, at the pace per day that is reached after 30 days.
    Hastening(f64),
}

/// One law with its prior: how often it is met, and mean and sd of its coefficient (cut off below zero), in K per unit of
/// the law's growth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) law: Law,
    pub(crate) share: f64,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
}

const fn power(exponent: i32, share: f64) -> Shape {
    let mut at_30 = 1.0;
    let mut i = 0;
    while i < exponent {
        at_30 *= 30.0;
        i += 1;
    }
    Shape { law: Law::Power(exponent), share, mean: 0.0, sd: TYPICAL_30_DAYS_K / at_30 }
}

const fn loss(per_day: f64, share: f64) -> Shape {
    Shape { law: Law::Loss(per_day), share, mean: PER_RESISTANCE_K.0, sd: PER_RESISTANCE_K.1 }
}

const fn hastening(per_day: f64, share: f64) -> Shape {
    Shape { law: Law::Hastening(per_day), share, mean: PER_RESISTANCE_K.0, sd: PER_RESISTANCE_K.1 }
}

/// The four that a first look weighs: polynomials, so that all onsets cost next to nothing.
pub(crate) const FIRST_LOOK: [Shape; 4] = [
    Shape { law: Law::Step, share: 0.07, mean: 0.0, sd: TYPICAL_STEP_K },
    power(1, 0.38),
    power(2, 0.38),
    power(3, 0.17),
];

/// Laws that a closer look weighs.
pub(crate) const LAWS: usize = 17;

/// All of them, for a machine that shows something. The first is the step.
pub(crate) const SHAPES: [Shape; LAWS] = [
    Shape { law: Law::Step, share: 0.05, mean: 0.0, sd: TYPICAL_STEP_K },
    power(1, 0.08),
    Shape { law: Law::ThreeHalves, share: 0.03, mean: 0.0, sd: TYPICAL_30_DAYS_K / 164.316_767 },
    power(2, 0.03),
    power(3, 0.01),
    Shape { law: Law::Saturating(15.0), share: 0.02, mean: 0.0, sd: TYPICAL_END_K },
    Shape { law: Law::Saturating(45.0), share: 0.04, mean: 0.0, sd: TYPICAL_END_K * 1.5 },
    loss(0.003, 0.06),
    loss(0.005, 0.08),
    loss(0.007, 0.08),
    loss(0.010, 0.08),
    loss(0.014, 0.08),
    loss(0.020, 0.08),
    hastening(0.002, 0.06),
    hastening(0.004, 0.08),
    hastening(0.008, 0.08),
    hastening(0.016, 0.06),
];

/// Growth of the excess: `coefficient * growth(days since onset)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trend {
    /// Day number (fractions allowed) at which it began.
    pub(crate) onset_day: f64,
    /// Place of the law in [`SHAPES`].
    pub(crate) shape: u8,
    /// K per unit of the law's growth.
    pub(crate) coefficient: f32,
}

impl Trend {
    pub(crate) fn excess_k(&self, day: f64) -> f64 {
        SHAPES
            .get(usize::from(self.shape))
            .map_or(0.0, |shape| f64::from(self.coefficient) * shape.law.growth(day - self.onset_day))
    }
}

impl Law {
    /// Growth after `age_days`, for a coefficient of one.
    pub(crate) fn growth(self, age_days: f64) -> f64 {
        if age_days <= 0.0 {
            return 0.0;
        }
        let resistance = |lost: f64| {
            let lost = lost.min(LOSS_MAX);
            lost / (1.0 - lost)
        };
        match self {
            Self::Step => 1.0,
            Self::Power(exponent) => age_days.powi(exponent),
            Self::ThreeHalves => age_days * age_days.sqrt(),
            Self::Saturating(days) => 1.0 - (-age_days / days).exp(),
            Self::Loss(per_day) => resistance(per_day * age_days),
            Self::Hastening(per_day) => resistance(per_day * age_days * age_days / 30.0),
        }
    }

    /// Growth per day at `age_days`, for a coefficient of one.
    pub(crate) fn growth_rate(self, age_days: f64) -> f64 {
        match self {
            Self::Step => 0.0,
            law => law.growth(age_days) - law.growth(age_days - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_are_whole() {
        for shapes in [&FIRST_LOOK[..], &SHAPES[..]] {
            let total: f64 = shapes.iter().map(|s| s.share).sum();
            assert!((total - 1.0).abs() < 1e-9, "{total}");
        }
    }

    #[test]
    fn every_law_begins_at_its_onset_and_never_falls() {
        for Shape { law, .. } in SHAPES {
            assert_eq!((law.growth(0.0), law.growth(-3.0)), (0.0, 0.0), "{law:?}");
            for day in 1..200 {
                assert!(law.growth_rate(f64::from(day)) >= 0.0, "{law:?} at {day} days");
            }
        }
    }

    #[test]
    fn a_steady_loss_is_a_hyperbola() {
        // Half of the UA gone doubles the resistance.
        assert!((Law::Loss(0.01).growth(50.0) - 1.0).abs() < 1e-12);
    }
}
