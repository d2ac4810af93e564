//! A machine's normal loaded discharge temperature: a hinge in ambient with a soft bend.
//!
//! Below the hinge the thermostatic valve regulates and the temperature hardly follows the ambient; above it the valve is
//! fully open to the cooler and the temperature follows nearly one to one. The two branches join as
//! `T = s ln(exp(R/s) + exp(S/s))`. A cooler that loses capacity lifts the saturated branch `S` by its *excess*, and the
//! regulated branch hides it: `dT/d excess` is the weight of `S`, so what cannot be seen follows by itself.

use serde::{Deserialize, Serialize};

/// Coefficients of the hinge.
pub(crate) const TERMS: usize = 8;
/// What a tenth more current while loaded adds, as a share of the rise over the air. A machine that draws more makes more heat in
/// every minute, and with an open valve the rise is in proportion to the heat; its duty is another matter, for a load cycle
/// may be shorter or longer than the oil takes to follow.
const DRAW: f64 = 0.1;
/// Index of the softness of the bend, K; the others enter linearly within their branch.
const SOFTNESS: usize = 6;

/// Ambient at which the regulated branch is quoted, degC.
const REGULATED_AT_C: f64 = 20.0;
/// Ambient at which the saturated branch is quoted, degC.
const SATURATED_AT_C: f64 = 30.0;
/// Saturated level of any machine at the ambient at which it is quoted, degC.
const FLEET_SATURATED_C: f64 = 84.5;
/// Index of the load's effect while the valve regulates, K per tenth. A wax element opens in proportion, so more heat needs
/// a wider opening and settles a little higher; how much differs between valves.
const REGULATED_LOAD: usize = 7;
/// Share of the pressure's effect that the valve leaves visible while it regulates.
const REGULATED_PRESSURE: f64 = 0.1;
/// The regulated branch is bent: the wider a valve stands open, the less a further step of it helps. K per 10 K and 10 K; the
/// lumped model of a clean machine gives 0.7, others from 0.3 on. Without it a machine that has been learned in warm weather
/// would seem to run hot as soon as the weather cools.
const REGULATED_BEND: f64 = 0.5;
/// By the heat balance an open valve lets the temperature follow the ambient at about this slope, K/K.
const SATURATED_SLOPE: f64 = 1.05;
/// No regulated branch is believed to show more of an excess than this. A valve that opens in proportion lets its
/// temperature follow whatever makes the cooler's task harder, a lost cooler as well as warmer air, and by the heat balance
/// both alike: the share shown is the slope against the ambient over that of the saturated branch. (Measured on three
/// other physics it is between 0.7 and 1.5 times that.)
const REGULATED_GAIN_MAX: f64 = 0.35;
/// Excess of the saturated branch for a loss `f` of UA is close to `20 K * f / (1 - f)`: 2.3, 5.1, 8.5, 13.0 and 18.9 K for
/// 10 to 50 % in the lumped model of a 75 kW machine, hence linear in the thermal *resistance*.
const EXCESS_PER_RESISTANCE_K: f64 = 20.0;

/// Under which conditions a temperature was measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    /// Cooling-air inlet, degC, or its best substitute.
    pub(crate) ta_c: f64,
    /// How far this air may be off on this day beside what all days are, K; nought of a sensor's.
    pub(crate) ta_sd_k: f64,
    /// Mean current over the machine's own reference, in tenths above 1.
    pub(crate) load_tenths: f64,
    /// The same of the current while loaded, of a machine that loads and unloads; its load is then its duty.
    pub(crate) draw_tenths: f64,
    /// Line pressure over the machine's own reference, bar.
    pub(crate) pressure_bar: f64,
}

impl Conditions {
    /// Heat made, 1 at the machine's reference load.
    pub(crate) fn heat(&self) -> f64 {
        (1.0 + self.load_tenths / 10.0) * (1.0 + self.draw_tenths / 10.0)
    }

    /// Rise over the air by what the machine draws while loaded, 1 at the reference.
    fn drawn(&self) -> f64 {
        1.0 + DRAW * self.draw_tenths
    }

    /// What a kelvin more at the reference load is here, K: a rise is in proportion to the heat.
    fn level(&self) -> f64 {
        self.drawn() + self.load_tenths / 10.0
    }

    /// How strongly a lost cooler shows at this load: it must shed less heat at part load.
    pub(crate) fn excess_gain(&self) -> f64 {
        self.heat().clamp(0.2, 1.3)
    }
}

/// Expected temperature and its weight on the saturated branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) td_c: f64,
    /// The saturated branch alone, degC.
    pub(crate) saturated_c: f64,
    /// `dT/dS`, 0 (fully regulated) to 1 (fully saturated).
    pub(crate) weight: f64,
}

/// How a comparison treats points that are, or should be, regulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// A measurement this far above the regulated branch was not regulated, K.
    pub(crate) clear_k: f64,
    /// What is claimed to lift the saturated branch now, K; see [`Baseline::compare`].
    pub(crate) reach_k: f64,
}

/// A measurement against the expectation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    pub(crate) residual_k: f64,
    /// Of the temperature to the excess at full load, 0 to 1.
    pub(crate) gain: f64,
    /// Derivatives by the coefficients.
    pub(crate) row: [f64; TERMS],
    /// By how much this point shows the saturated branch lifted, K.
    pub(crate) lifted_k: f64,
    /// Weight of the saturated branch, 0 to 1.
    pub(crate) open: f64,
}

/// Coefficients: regulated level and slope per 10 K, saturated level and slope per 10 K, load per tenth (of a machine that stands as
/// high as any, [`FLEET_SATURATED_C`]; one whose reference is a low load rises less by a tenth of it), pressure per bar, softness, load
/// per tenth while regulated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) theta: [f64; TERMS],
}

/// A Gaussian belief about the coefficients, independent of each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belief {
    pub(crate) mean: [f64; TERMS],
    pub(crate) sd: [f64; TERMS],
}

impl Belief {
    /// What is known of screw compressors before the first reading. Load: +3 % shaft power gives +1.6 K.
    pub(crate) const FLEET: Self = Self {
        mean: [78.5, 2.5, FLEET_SATURATED_C, 10.5, 5.5, 0.3, 2.0, 1.0],
        sd: [6.0, 2.0, 7.0, 0.4, 1.5, 1.0, 0.8, 0.8],
    };
}

impl Baseline {
    /// What is believed of any machine before its first reading.
    pub(crate) const FLEET: Self = Self { theta: Belief::FLEET.mean };

    /// The expected temperature under `at` with the saturated branch lifted by `excess_k` (at full load).
    pub(crate) fn expect(&self, at: &Conditions, excess_k: f64) -> Expected {
        let (regulated, saturated_c, softness) = self.branches(at, excess_k);
        let (td_c, weight) = soft_max(regulated, saturated_c, softness);
        Expected { td_c, saturated_c, weight }
    }

    /// What the valve keeps in air of 20 degC, degC.
    pub(crate) fn regulated_c(&self) -> f64 {
        self.theta[0]
    }

    /// The expected temperature, degC, with the valve's own moved by so much, K.
    pub(crate) fn expect_set(&self, at: &Conditions, by_k: f64) -> f64 {
        let (regulated, saturated, softness) = self.branches(at, 0.0);
        soft_max(regulated + by_k, saturated, softness).0
    }

    /// What a temperature of the saturated branch shows as where the valve regulates beneath it, degC: never less than that.
    pub(crate) fn over_valve(&self, at: &Conditions, excess_k: f64, saturated_c: f64) -> f64 {
        let (regulated, _, softness) = self.branches(at, excess_k);
        soft_max(regulated, saturated_c, softness).0
    }

    /// How much of an excess the regulated branch shows at an ambient, K/K.
    fn regulated_gain(&self, ta_c: f64) -> f64 {
        (self.regulated_slope(ta_c) / SATURATED_SLOPE).clamp(0.0, REGULATED_GAIN_MAX)
    }

    /// `dT/d ambient` of the regulated branch, K/K.
    pub(crate) fn regulated_slope(&self, ta_c: f64) -> f64 {
        0.1 * (self.theta[1] + 2.0 * REGULATED_BEND * self.tens_over_flat(ta_c))
    }

    /// `dT/d ambient` where the saturated branch has this weight, K/K.
    pub(crate) fn slope(&self, ta_c: f64, weight: f64) -> f64 {
        weight * 0.1 * self.theta[3] + (1.0 - weight) * self.regulated_slope(ta_c)
    }

    /// Tens of kelvins between an ambient and the one that the regulated branch is quoted at; no colder than where the
    /// branch has become flat.
    fn tens_over_flat(&self, ta_c: f64) -> f64 {
        ((ta_c - REGULATED_AT_C) / 10.0).max(-0.5 * self.theta[1] / REGULATED_BEND)
    }

    /// How a measured temperature differs from the expected one, K, with the weight and derivatives to use for it.
    ///
    /// Where the expectation is regulated but the measurement stands clearly above anything the valve would allow, the
    /// saturated branch was seen after all: it is linearised where the measurement puts it. Linearised at the
    /// expectation its weight would be nil, and no evidence could ever move it.
    ///
    /// `reach_k` is by how much something lifts the saturated branch in question. A regulated point bears witness against
    /// the explanation that the branch had *always* been so high: it would have shown. Its derivative by the branch's
    /// coefficients is therefore the secant over that reach, not the tangent, which is nil and says nothing.
    pub(crate) fn compare(&self, at: &Conditions, excess_k: f64, td_c: f64, bounds: Bounds) -> Compared {
        let (regulated, saturated, softness) = self.branches(at, excess_k);
        let (expected_c, weight) = soft_max(regulated, saturated, softness);
        let stands_clear = td_c >= regulated + bounds.clear_k;
        let seen_weight = if stands_clear { 1.0 - ((regulated - td_c) / softness).exp() } else { 0.0 };
        if seen_weight <= weight {
            let bend = (expected_c - weight * saturated - (1.0 - weight) * regulated) / softness;
            let mut row = self.row(at, weight, bend);
            if bounds.reach_k > 0.0 {
                let (lifted, _) = soft_max(regulated, saturated + bounds.reach_k, softness);
                let secant = ((lifted - expected_c) / bounds.reach_k).clamp(weight, 1.0);
                let tangent = weight.max(1e-9);
                (row[2], row[3]) = (secant * at.level(), row[3] * secant / tangent);
            }
            let gain = weight + (1.0 - weight) * self.regulated_gain(at.ta_c);
            return Compared { residual_k: td_c - expected_c, gain, row, lifted_k: weight * excess_k, open: weight };
        }
        let seen_c = td_c + softness * seen_weight.ln();
        let above_k = seen_c - saturated;
        let row = self.row(at, seen_weight, 0.0);
        let lifted_k = above_k + excess_k;
        Compared { residual_k: seen_weight * above_k, gain: seen_weight, row, lifted_k, open: seen_weight }
    }

    /// Regulated and saturated branch, degC, and the softness of the bend, K.
    fn branches(&self, at: &Conditions, excess_k: f64) -> (f64, f64, f64) {
        let th = &self.theta;
        let (cold, hot) = (self.tens_over_flat(at.ta_c), (at.ta_c - SATURATED_AT_C) / 10.0);
        let lift_k = excess_k * at.excess_gain();
        let regulated = th[0]
            + th[1] * cold
            + REGULATED_BEND * cold * cold
            + th[REGULATED_LOAD] * (at.load_tenths + at.draw_tenths)
            + REGULATED_PRESSURE * th[5] * at.pressure_bar
            + self.regulated_gain(at.ta_c) * lift_k;
        let saturated = th[2]
            + th[3] * hot
            + (th[4] + (th[2] - FLEET_SATURATED_C) / 10.0) * at.load_tenths
            + th[5] * at.pressure_bar
            + (at.drawn() - 1.0) * (th[2] - SATURATED_AT_C)
            + lift_k;
        (regulated, saturated, th[SOFTNESS].clamp(0.3, 8.0))
    }

    /// Derivatives by the coefficients for a weight of the saturated branch.
    fn row(&self, at: &Conditions, weight: f64, bend: f64) -> [f64; TERMS] {
        let regulating = 1.0 - weight;
        let pressed = weight + REGULATED_PRESSURE * regulating;
        let (cold, hot) = (self.tens_over_flat(at.ta_c), (at.ta_c - SATURATED_AT_C) / 10.0);
        let (load, draw, bar) = (at.load_tenths, at.draw_tenths, at.pressure_bar);
        let level = weight * at.level();
        [
            regulating,
            regulating * cold,
            level,
            weight * hot,
            weight * load,
            pressed * bar,
            bend,
            regulating * (load + draw),
        ]
    }

    /// Derivatives of the saturated branch alone.
    pub(crate) fn saturated_row(at: &Conditions) -> [f64; TERMS] {
        [0.0, 0.0, at.level(), (at.ta_c - SATURATED_AT_C) / 10.0, at.load_tenths, at.pressure_bar, 0.0, 0.0]
    }

    /// Keeps the coefficients where the hinge means something: slopes not negative, a positive bend.
    pub(crate) fn bounded(mut self) -> Self {
        let fleet = Belief::FLEET.mean;
        for (value, default) in self.theta.iter_mut().zip(fleet) {
            if !value.is_finite() {
                *value = default;
            }
        }
        self.theta[0] = self.theta[0].clamp(20.0, 110.0);
        self.theta[1] = self.theta[1].clamp(-1.0, 12.0);
        self.theta[2] = self.theta[2].clamp(20.0, 140.0);
        self.theta[3] = self.theta[3].clamp(1.0, 18.0);
        self.theta[4] = self.theta[4].clamp(-3.0, 15.0);
        self.theta[5] = self.theta[5].clamp(-4.0, 8.0);
        self.theta[SOFTNESS] = self.theta[SOFTNESS].clamp(0.5, 6.0);
        self.theta[REGULATED_LOAD] = self.theta[REGULATED_LOAD].clamp(-1.0, 6.0);
        self
    }
}

/// `s ln(e^(R/s) + e^(S/s))`, written so that no exponential overflows, and its derivative by `S`.
fn soft_max(regulated: f64, saturated: f64, softness: f64) -> (f64, f64) {
    let lesser = (-((saturated - regulated) / softness).abs()).exp();
    let both = 1.0 + lesser;
    let greater_weight = 1.0 / both;
    let weight = if saturated >= regulated { greater_weight } else { lesser * greater_weight };
    (saturated.max(regulated) + softness * both.ln(), weight)
}

/// Loss of UA, 0 to 1, that explains an excess of the saturated branch at full load.
pub(crate) fn ua_loss(excess_k: f64) -> f64 {
    let resistance = excess_k.max(0.0) / EXCESS_PER_RESISTANCE_K;
    resistance / (1.0 + resistance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clean 75 kW machine of the lumped model: ambient, steady discharge temperature.
    const CLEAN: [(f64, f64); 9] = [
        (0.0, 75.3),
        (5.0, 75.9),
        (10.0, 76.8),
        (15.0, 77.9),
        (20.0, 79.4),
        (25.0, 81.5),
        (30.0, 84.5),
        (35.0, 90.0),
        (40.0, 95.5),
    ];

    #[test]
    fn a_soft_hinge_is_close_to_the_lumped_model() {
        let fitted = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 3.0, 1.0] };
        for (ta_c, td_c) in CLEAN {
            let got = fitted.expect(&Conditions { ta_c, ..Conditions::default() }, 0.0).td_c;
            assert!((got - td_c).abs() < 1.6, "{ta_c} degC: {got:.1}, lumped model {td_c}");
        }
    }

    #[test]
    fn a_machine_that_draws_more_runs_hotter_in_proportion_to_its_rise() {
        let fitted = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 2.0, 0.3, 3.0, 1.0] };
        let at = |draw_tenths: f64| Conditions { ta_c: 40.0, draw_tenths, ..Conditions::default() };
        let (usual, more) = (fitted.expect(&at(0.0), 0.0), fitted.expect(&at(0.5), 0.0));
        // Half a tenth of the 54 K over 30 degC, whatever its duty has taught.
        assert!((more.td_c - usual.td_c - 2.7).abs() < 0.2, "{} {}", usual.td_c, more.td_c);
        // The derivative by the level is what the level's step does.
        let lifted = Baseline { theta: [78.0, 1.6, 84.1, 11.0, 2.0, 0.3, 3.0, 1.0] }.expect(&at(0.5), 0.0);
        let compared = fitted.compare(&at(0.5), 0.0, more.td_c, Bounds { clear_k: 3.0, reach_k: 0.0 });
        assert!(((lifted.td_c - more.td_c) / 0.1 - compared.row[2]).abs() < 0.01, "{lifted:?} {compared:?}");
    }

    #[test]
    fn a_machine_whose_usual_load_is_low_rises_in_proportion_to_the_heat() {
        // A third of the heat, a third of the rise over 30 degC: what any machine's load is worth before it is learned.
        let idles = |level_c: f64| Baseline { theta: [60.0, 1.6, level_c, 10.5, 5.5, 0.3, 2.0, 0.0] };
        let at = Conditions { ta_c: 30.0, load_tenths: 20.0, ..Conditions::default() };
        let full_c = idles(48.0).expect(&at, 0.0).td_c;
        assert!((full_c - (30.0 + 3.0 * 18.0)).abs() < 4.0, "{full_c}");
        let compared = idles(48.0).compare(&at, 0.0, full_c, Bounds { clear_k: 3.0, reach_k: 0.0 });
        let step_k = idles(48.1).expect(&at, 0.0).td_c - full_c;
        assert!((step_k / 0.1 - compared.row[2]).abs() < 0.01, "{step_k} {compared:?}");
    }

    #[test]
    fn an_excess_is_hidden_below_the_hinge() {
        let fitted = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 3.0, 1.0] };
        let rise = |ta_c: f64| {
            let at = Conditions { ta_c, ..Conditions::default() };
            fitted.expect(&at, 8.5).td_c - fitted.expect(&at, 0.0).td_c
        };
        assert!(rise(35.0) > 8.0 && rise(10.0) < 1.5, "{} {}", rise(35.0), rise(10.0));
    }

    #[test]
    fn loss_of_ua_agrees_with_the_lumped_model() {
        for (loss, excess_k) in [(0.1, 2.3), (0.2, 5.1), (0.3, 8.5), (0.4, 13.0), (0.5, 18.9)] {
            assert!((ua_loss(excess_k) - loss).abs() < 0.015, "{excess_k} K: {}", ua_loss(excess_k));
        }
    }
}
