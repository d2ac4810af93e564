//! Faults other than a clogging cooler: what each does to the machine and to what its sensors say.

use foretell_model::{Signal, Signals};

use crate::rng::Rng;

use super::unit::Upset;

/// A fault of one machine.
#[derive(Clone, Debug)]
pub(crate) struct Ailment {
    pub(crate) code: &'static str,
    pub(crate) onset_day: f64,
    /// Days from onset to full strength.
    over_days: f64,
    /// When it is mended, and the work's code.
    pub(crate) mended: Option<(f64, &'static str)>,
    /// Full strength in the fault's own measure, see [`Ailment::afflict`].
    strength: f64,
    stuck_c: Option<f64>,
}

/// Code; days to full strength; strength; days until it is mended and by what work.
type Nature = (&'static str, (f64, f64), (f64, f64), Option<(f64, f64, &'static str)>);

const NATURES: [Nature; 15] = [
    // Share of oil through the cooler at which the valve sticks.
    ("thermostatic_valve", (0.01, 0.5), (0.35, 0.55), Some((15.0, 30.0, "thermostatic_valve_replaced"))),
    ("thermostatic_valve_open", (0.01, 0.1), (1.0, 1.0), None),
    // Share of oil flow lost; share of cooling air lost.
    ("low_oil", (2.0, 7.0), (0.45, 0.65), Some((7.5, 9.0, "oil_topped_up"))),
    ("cooling_fan", (0.01, 0.1), (0.75, 1.0), Some((1.5, 4.0, "fan_repaired"))),
    // Share of full flow lost downstream; share of full power added when unloaded.
    ("air_leak", (0.1, 12.0), (0.08, 0.25), None),
    ("inlet_valve", (0.1, 4.0), (0.12, 0.3), None),
    // Imbalance of the phases.
    ("phase_imbalance", (0.01, 2.0), (0.08, 0.2), Some((20.0, 40.0, "supply_checked"))),
    ("sensor_stuck", (0.01, 0.01), (1.0, 1.0), Some((6.0, 20.0, "sensor_replaced"))),
    // Kelvin; share of readings on a rail.
    ("sensor_drift", (15.0, 40.0), (6.0, 14.0), None),
    ("sensor_dropout", (0.01, 5.0), (0.3, 1.0), Some((6.0, 20.0, "sensor_replaced"))),
    // Added friction with thinner flow; bar; mbar; bar; mm/s.
    ("oil_aged", (90.0, 150.0), (0.02, 0.05), None),
    ("separator_clogging", (50.0, 110.0), (0.6, 1.1), None),
    ("intake_filter_clogging", (40.0, 90.0), (30.0, 55.0), None),
    ("oil_filter_clogging", (40.0, 80.0), (0.9, 1.6), None),
    ("bearing_wear", (40.0, 90.0), (5.0, 10.0), None),
];

/// What wears, as the sensors beside the main ones see it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wear {
    pub(crate) filter_dp_bar: f64,
    pub(crate) separator_dp_bar: f64,
    pub(crate) vacuum_mbar: f64,
    pub(crate) vibration_mm_s: f64,
    pub(crate) imbalance: f64,
}

impl Ailment {
    /// A machine that came later falls ill later.
    pub(crate) fn draw(rng: &mut Rng, from_day: f64) -> Self {
        let (code, over, strength, mended) = rng.pick(&NATURES);
        let onset_day = (from_day + rng.between(50.0, 130.0)).min(205.0);
        Self {
            code,
            onset_day,
            over_days: rng.between(over.0, over.1),
            mended: mended.map(|(from, to, work)| (onset_day + rng.between(from, to), work)),
            strength: rng.between(strength.0, strength.1),
            stuck_c: None,
        }
    }

    /// For a person to read.
    pub(crate) fn story(&self) -> String {
        let mended = self.mended.map_or_else(String::new, |(day, _)| format!(" until day {day:.0}"));
        format!(
            "{} {:.2} over {:.1} d from day {:.0}{mended}, ",
            self.code, self.strength, self.over_days, self.onset_day
        )
    }

    /// How far it has come on a day, 0 to 1.
    fn progress(&self, day: f64) -> f64 {
        if self.mended.is_some_and(|(at, _)| day >= at) {
            return 0.0;
        }
        ((day - self.onset_day) / self.over_days).clamp(0.0, 1.0)
    }

    /// What it does to the machine.
    pub(crate) fn afflict(&self, day: f64, upset: &mut Upset) {
        let x = self.progress(day);
        if x <= 0.0 {
            return;
        }
        let full = self.strength;
        match self.code {
            "thermostatic_valve" | "thermostatic_valve_open" => upset.valve_stuck = Some(full),
            "low_oil" => {
                upset.oil = 1.0 - full * x;
                upset.ripple_k = 2.5 * x;
            }
            "cooling_fan" => upset.fan = (1.0 - full).max(0.05),
            "air_leak" => upset.leak = full * x,
            "inlet_valve" => upset.unloaded = full * x,
            "oil_aged" => {
                upset.friction += full * x;
                upset.oil = 1.0 - 2.0 * full * x;
            }
            // +7.25 % shaft power per bar.
            "separator_clogging" => upset.friction += 0.0725 * full * x * x,
            "intake_filter_clogging" => upset.intake = 1.0 - full * x / 1000.0 * 1.1,
            "oil_filter_clogging" => upset.oil = 1.0 - 0.15 * x,
            "bearing_wear" => upset.friction += 0.03 * x * x,
            _ => {}
        }
    }

    /// What wears by it.
    pub(crate) fn wear(&self, day: f64) -> Wear {
        let grown = self.strength * self.progress(day);
        let mut wear = Wear::default();
        match self.code {
            "separator_clogging" => wear.separator_dp_bar = grown * self.progress(day),
            "intake_filter_clogging" => wear.vacuum_mbar = grown,
            "oil_filter_clogging" => wear.filter_dp_bar = grown,
            "bearing_wear" => wear.vibration_mm_s = grown,
            "phase_imbalance" => wear.imbalance = grown,
            _ => {}
        }
        wear
    }

    /// What it does to the discharge temperature as published.
    pub(crate) fn corrupt(&mut self, rng: &mut Rng, day: f64, signals: &mut Signals) {
        let x = self.progress(day);
        let Some(td_c) = signals.get(Signal::DischargeTemp).filter(|_| x > 0.0) else { return };
        match self.code {
            "sensor_stuck" => signals.set(Signal::DischargeTemp, *self.stuck_c.get_or_insert(td_c)),
            "sensor_drift" => signals.set(Signal::DischargeTemp, ((td_c + self.strength * x) * 10.0).round() / 10.0),
            "sensor_dropout" if rng.chance(self.strength * x) => {
                if self.onset_day.fract() < 0.5 {
                    signals.remove(Signal::DischargeTemp);
                } else {
                    signals.set(Signal::DischargeTemp, if self.onset_day.fract() < 0.75 { -125.0 } else { 267.0 });
                }
            }
            _ => {}
        }
    }
}
