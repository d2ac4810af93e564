//! Faults other than the cooler's.

use crate::fleet::DAYS;
use crate::rng::Rng;

use super::day;
use super::state::Slot;
use super::unit::Unit;
use super::works::Asked;

/// How often each is met with.
const FAULTS: [(&str, f64); 10] = [
    ("thermostatic_valve", 5.0),
    ("thermostatic_valve_open", 4.0),
    ("cooling_fan", 4.0),
    ("inlet_valve", 5.0),
    ("phase_imbalance", 4.0),
    ("air_leak", 5.0),
    ("sensor_stuck", 3.0),
    ("sensor_drift", 3.0),
    ("sensor_dropout", 3.0),
    ("low_oil", 4.0),
];

/// A fault of one machine: at once and for some weeks, unless its kind says otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ailment {
    pub(crate) code: &'static str,
    pub(crate) onset_day: f64,
    pub(crate) end_day: f64,
    /// Full strength in the fault's own measure, see [`Ailment::afflict`] and the sensors.
    pub(crate) strength: f64,
    /// Days from onset to full strength.
    pub(crate) over_days: f64,
    /// An inlet valve that does not open; otherwise one that does not close.
    opens_short: bool,
}

impl Ailment {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let code = rng.weighted(&FAULTS);
        let onset_day =
            if code == "thermostatic_valve_open" { rng.between(20.0, 60.0) } else { rng.between(60.0, 190.0) };
        let opens_short = code == "inlet_valve" && rng.chance(0.4);
        let (days, strength, over_days) = match code {
            "thermostatic_valve" => ((12.0, 50.0), (0.30, 0.55), 0.0),
            "thermostatic_valve_open" => ((30.0, 80.0), (1.0, 1.0), 0.0),
            "cooling_fan" => ((12.0, 50.0), (0.15, 0.5), 0.0),
            "inlet_valve" if opens_short => ((12.0, 50.0), (0.45, 0.7), 0.0),
            "inlet_valve" => ((12.0, 50.0), (0.22, 0.45), 0.0),
            "phase_imbalance" => ((12.0, 50.0), (0.08, 0.2), 0.0),
            "air_leak" => ((DAYS as f64, DAYS as f64), (0.10, 0.25), rng.pick(&[0.2, 15.0, 40.0])),
            "sensor_stuck" => ((3.0, 15.0), (1.0, 1.0), 0.0),
            "sensor_drift" => ((DAYS as f64, DAYS as f64), (5.0, 11.0), rng.between(5.0, 30.0)),
            "sensor_dropout" => ((2.0, 10.0), (0.4, 1.0), 0.0),
            _ => ((12.0, 50.0), (0.3, 0.5), rng.between(4.0, 14.0)),
        };
        let strength = rng.between(strength.0, strength.1);
        let drifts_down = code == "sensor_drift" && rng.chance(0.5);
        Self {
            code,
            onset_day,
            end_day: (onset_day + rng.between(days.0, days.1)).min(DAYS as f64),
            strength: if drifts_down { -strength } else { strength },
            over_days,
            opens_short,
        }
    }

    /// For a person to read.
    pub(crate) fn story(&self) -> String {
        let short = if self.opens_short { ", does not open" } else { "" };
        format!("{} {:.2}{short}, days {:.0} to {:.0}", self.code, self.strength, self.onset_day, self.end_day)
    }

    /// An inlet valve shows in unloaded running, and so does a leak: such machines load and unload, never stop, and have air to spare.
    pub(crate) fn prepare(code: &str, rng: &mut Rng, unit: &mut Unit, asked: &mut Asked) {
        if !matches!(code, "inlet_valve" | "air_leak") {
            return;
        }
        (unit.by_speed, unit.idle_off_s) = (false, f64::INFINITY);
        asked.level = if code == "air_leak" { rng.between(0.4, 0.6) } else { asked.level.clamp(0.3, 0.8) };
    }

    /// How far it has come on a day, 0 to 1.
    pub(crate) fn progress(&self, day: f64) -> f64 {
        if day <= self.onset_day || day >= self.end_day {
            return 0.0;
        }
        ((day - self.onset_day) / self.over_days.max(1e-9)).clamp(0.0, 1.0)
    }

    /// What it does to the machine; a sensor's fault does nothing here.
    pub(crate) fn afflict(&self, rng: &mut Rng, slots: &mut [Slot]) {
        for (number, slot) in slots.iter_mut().enumerate() {
            let x = self.progress(day(number));
            if x <= 0.0 {
                continue;
            }
            match self.code {
                // Share of the oil through the cooler; share of the air; power and flow of an inlet valve; share of the full flow.
                "thermostatic_valve" | "thermostatic_valve_open" => slot.valve_stuck = Some(self.strength),
                "cooling_fan" => slot.fan = self.strength,
                "inlet_valve" if self.opens_short => slot.capacity = self.strength,
                "inlet_valve" => slot.unloaded = self.strength,
                "air_leak" if slot.demand >= 0.0 => slot.demand += self.strength * x,
                // A pump that draws air now and then.
                "low_oil" => slot.oil = (1.0 - self.strength * x) * (1.0 - 0.08 * rng.between(0.0, 1.0)),
                _ => {}
            }
        }
    }
}
