//! A machine as a thermometer of its room: its hot temperature, read back through its own hinge.
//!
//! One whose valve is open tells the air to a kelvin. One that its valve keeps tells next to nothing of how cool it is; but once it has
//! been seen with its valve open it is known how hot it would be in warmer air, and that it is not speaks against such air.

use super::baseline::{Baseline, Conditions, Expected};

/// A sibling's hot hours of a day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thermometer {
    baseline: Baseline,
    at: Conditions,
    excess_k: f64,
    td_c: f64,
    /// Error of a day, K.
    sd_k: f64,
    /// The air in which its hinge reads what it showed, degC, and there its slope, K/K, and its weight on the open branch.
    ta_c: f64,
    slope: f64,
    weight: f64,
    /// Whether it has been seen with its valve open, so that it is known how hot it would be.
    is_open: bool,
}

/// What something says of the air of one day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) ta_c: f64,
    /// One over the variance and over the standard deviation, K^-2 and K^-1.
    pub(super) precision: f64,
    pub(super) over_sd: f64,
}

/// Inlet air is sought between these, degC.
const RANGE_C: (f64, f64) = (-15.0, 55.0);
/// Where the search begins, degC, and its longest step, K.
pub(super) const START_C: f64 = 28.0;
const STEP_K: f64 = 12.0;
/// A hinge flatter than this tells nothing of the air, K/K.
const FLATTEST: f64 = 0.15;
/// From this weight on a valve is open, and days of which it must have been for its open branch to be known.
const OPEN: f64 = 0.6;
const OPEN_DAYS: usize = 5;
/// Another corner of the room, other hours, a hinge that is not quite right: error of a reading beside the sibling's own, K.
const ELSEWHERE_K: f64 = 0.7;
/// What was taken off a sibling's reading for its own dirt is wrong by this share.
const EXCESS_SHARE: f64 = 0.15;
/// A reading above the air by less than this is no warmer one, standard deviations: a lone sibling's is the air itself, and rounding
/// must not say on which side of itself it lies.
const EVEN: f64 = 1e-6;
/// Readings farther off than this pull no harder, standard deviations.
const FAR: f64 = 1.5;

impl Thermometer {
    /// Of hot hours at `td_c` that are as odd as `sd_k`. Solves the hinge for the air: it rises everywhere, so a few Newton steps do;
    /// where it is flat they are held short.
    pub(super) fn new(baseline: &Baseline, mut at: Conditions, excess_k: f64, td_c: f64, sd_k: f64) -> Self {
        let (mut slope, mut weight) = (FLATTEST, 0.0);
        for _ in 0..5 {
            let expected = baseline.expect(&at, excess_k);
            (slope, weight) = (baseline.slope(at.ta_c, expected.weight), expected.weight);
            let step_k = (td_c - expected.td_c) / slope.max(FLATTEST);
            at.ta_c = (at.ta_c + step_k.clamp(-STEP_K, STEP_K)).clamp(RANGE_C.0, RANGE_C.1);
            if step_k.abs() < 0.05 {
                break;
            }
        }
        Self { baseline: *baseline, at, excess_k, td_c, sd_k, ta_c: at.ta_c, slope, weight, is_open: false }
    }

    /// The days of one machine, as far as they tell anything: all of them once it has been seen with its valve open.
    pub(super) fn of_machine(mut days: Vec<Option<Self>>) -> Vec<Option<Self>> {
        let is_open = days.iter().flatten().filter(|day| day.weight >= OPEN).count() >= OPEN_DAYS;
        for day in &mut days {
            *day = day.map(|day| Self { is_open, ..day }).filter(|day| is_open || day.slope >= FLATTEST);
        }
        days
    }

    /// What it says when the air is thought to be `air_c`; `None` where it says nothing. In air warmer than its valve lets show it
    /// would be hot, and that it is not speaks against such air, as strongly as it would be hotter.
    pub(super) fn about(&self, air_c: f64) -> Option<Reading> {
        let off_k = air_c - self.ta_c;
        if self.is_open && off_k > 0.05 {
            let expected = self.expect(air_c);
            let slope = self.baseline.slope(air_c, expected.weight);
            // The weight that gives the misfit its own gradient (iteratively reweighted least squares).
            return self.reading((expected.td_c - self.td_c).max(0.0) * slope / off_k);
        }
        if self.slope >= FLATTEST { self.reading(self.slope * self.slope) } else { None }
    }

    /// The same of how surely it would show air that is warmer than `air_c` by `by_k`.
    pub(super) fn upward(&self, air_c: f64, by_k: f64) -> Option<Reading> {
        if !self.is_open {
            return self.about(air_c);
        }
        let by_k = by_k.max(0.5);
        let slope = (self.expect(air_c + by_k).td_c - self.expect(air_c).td_c) / by_k;
        self.reading(slope * slope).map(|r| Reading { ta_c: air_c, ..r })
    }

    fn expect(&self, ta_c: f64) -> Expected {
        self.baseline.expect(&Conditions { ta_c, ..self.at }, self.excess_k)
    }

    /// By the square of a slope, (K/K)^2.
    fn reading(&self, square: f64) -> Option<Reading> {
        let taken_k = EXCESS_SHARE * self.excess_k;
        let var = self.sd_k.powi(2) / square + taken_k.powi(2) + ELSEWHERE_K.powi(2);
        (square > 1e-4).then(|| Reading::new(self.ta_c, var))
    }
}

impl Reading {
    pub(super) fn new(ta_c: f64, var: f64) -> Self {
        let precision = var.recip();
        Self { ta_c, precision, over_sd: precision.sqrt() }
    }

    /// Its weight for an air that is thought to be `air_c`: `warmer` if it reads above that, and less if it is far off.
    pub(super) fn weight(&self, air_c: f64, warmer: f64) -> f64 {
        let off = (self.ta_c - air_c) * self.over_sd;
        let side = if off > EVEN { warmer } else { 1.0 };
        let pull = if off.abs() <= FAR { side } else { side * FAR / off.abs() };
        pull * self.precision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINGE: Baseline = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 2.0, 1.0] };

    fn shown(baseline: &Baseline, ta_c: f64, excess_k: f64) -> Thermometer {
        let td_c = baseline.expect(&Conditions { ta_c, ..Conditions::default() }, excess_k).td_c;
        let start = Conditions { ta_c: START_C, ..Conditions::default() };
        Thermometer::new(baseline, start, excess_k, td_c, 0.9)
    }

    /// The same of a machine that has been seen with its valve open, or has not.
    fn of_machine(day: Thermometer, was_open: bool) -> Option<Thermometer> {
        let others = if was_open { OPEN_DAYS } else { 0 };
        Thermometer::of_machine([vec![Some(day)], vec![Some(shown(&HINGE, 38.0, 0.0)); others]].concat())[0]
    }

    #[test]
    fn a_hinge_read_backwards_gives_the_air_and_how_sure_it_is() {
        for (ta_c, excess_k, surely) in [(38.0, 0.0, true), (31.0, 6.0, true), (24.0, 0.0, false)] {
            let reading = of_machine(shown(&HINGE, ta_c, excess_k), false).unwrap().about(ta_c).unwrap();
            assert!((reading.ta_c - ta_c).abs() < 0.3, "{ta_c}: {reading:?}");
            assert_eq!(reading.over_sd > 1.0 / 1.6, surely, "{ta_c}: {reading:?}");
        }
        let regulated = Baseline { theta: [78.0, 0.5, 60.0, 11.0, 5.0, 0.3, 0.5, 1.0] };
        assert!(of_machine(shown(&regulated, 24.0, 0.0), false).is_none());
    }

    #[test]
    fn one_that_was_seen_open_speaks_against_air_in_which_it_would_be_hot_and_not_against_cool_air() {
        let flat = Baseline { theta: [78.0, 0.0, 84.0, 11.0, 5.0, 0.3, 0.5, 1.0] };
        let cool = shown(&flat, 12.0, 0.0);
        assert!(of_machine(cool, false).is_none());
        let known = of_machine(cool, true).unwrap();
        let sd_k = |air_c: f64| known.about(air_c).map(|r| r.over_sd.recip());
        assert!(sd_k(10.0).is_none() && sd_k(34.0).is_some_and(|k| k < 3.0) && sd_k(34.0) < sd_k(29.0), "{known:?}");
        assert!(known.about(34.0).is_some_and(|r| r.ta_c < 24.0));
        // How warm it may have been is known from where the valve would open.
        let up_k = |air_c: f64| known.upward(air_c, 2.0).map_or(99.0, |r| r.over_sd.recip());
        assert!(up_k(14.0) > 20.0 && up_k(26.0) < 2.5, "{} {}", up_k(14.0), up_k(26.0));
    }
}
