//! Faults other than the cooler's.

use foretell_model::Signal;

use crate::rng::Rng;

use super::hour::{Hour, day, ramp};
use super::{Place, Plant, Scenario};

/// Mean outdoor temperature of a month under which an open valve shows, degC.
const COOL_C: f64 = 11.0;

/// Lets a machine fall ill; gives the day of the onset.
pub(crate) fn ail(rng: &mut Rng, scenario: &Scenario, place: &Place, plant: &mut Plant) -> f64 {
    let days = place.days as f64;
    let onset = if scenario.name == "f_valve_open" { cool_day(rng, place) } else { None }
        .unwrap_or_else(|| rng.between(75.0, days - 60.0));
    let (end, work) = match scenario.name {
        name if name.starts_with("f_sensor") => {
            sensor(rng, name, plant, onset);
            return onset;
        }
        "f_oil_filter" | "f_separator" | "f_intake" | "f_bearing" | "f_leak" | "f_imbalance" => {
            wear(rng, scenario.name, plant, onset, days)
        }
        _ => heat(rng, scenario.name, plant, onset),
    };
    if !work.is_empty() && end < days {
        plant.jobs.push((end, work));
    }
    onset
}

/// A day before a cool month, if there is one.
fn cool_day(rng: &mut Rng, place: &Place) -> Option<f64> {
    let cool: Vec<f64> = (75..place.days.saturating_sub(45))
        .filter(|d| {
            let month = &place.outdoor_c[d * 24..((d + 30) * 24).min(place.outdoor_c.len())];
            month.iter().sum::<f64>() / (month.len() as f64) < COOL_C
        })
        .map(|d| d as f64)
        .collect();
    (!cool.is_empty()).then(|| rng.pick(&cool))
}

/// Changes the hours between two days.
fn between(plant: &mut Plant, from: f64, until: f64, mut change: impl FnMut(usize, &mut Hour)) {
    plant
        .hours
        .iter_mut()
        .enumerate()
        .filter(|(h, _)| (from..until).contains(&day(*h)))
        .for_each(|(h, hour)| change(h, hour));
}

/// What makes the machine hot or cold; gives its end and the work that ends it.
fn heat(rng: &mut Rng, name: &str, plant: &mut Plant, onset: f64) -> (f64, &'static str) {
    let (stuck, long) = match name {
        "f_valve_closed" => (rng.between(0.16, 0.30), rng.between(1.0, 6.0)),
        "f_valve_part" => (rng.between(0.32, 0.55), rng.between(15.0, 50.0)),
        "f_valve_open" => (1.0, rng.between(25.0, 55.0)),
        "f_fan_intermittent" => {
            let end = onset + rng.between(10.0, 30.0);
            let left = rng.between(0.0, 0.3);
            between(plant, onset, end, |h, hour| {
                if rng.chance(0.02 + 0.13 * ramp(h, onset, end)) {
                    hour.fan = left;
                }
            });
            return (end, "cooling_fan_replaced");
        }
        "f_fan_fail" => {
            let end = onset + rng.between(0.3, 1.5);
            between(plant, onset, end, |_, hour| hour.fan = 0.0);
            return (end, "cooling_fan_replaced");
        }
        _ => {
            let end = onset + rng.between(5.0, 25.0);
            let lost = rng.between(0.5, 0.62);
            between(plant, onset, end, |h, hour| hour.oil = 1.0 - lost * ramp(h, onset, end));
            return (end, "oil_topped_up");
        }
    };
    between(plant, onset, onset + long, |_, hour| hour.valve_stuck = Some(stuck));
    (onset + long, "thermostatic_valve_replaced")
}

/// What wears, with the sensor that shows it; gives its end and the work that ends it.
fn wear(rng: &mut Rng, name: &str, plant: &mut Plant, onset: f64, days: f64) -> (f64, &'static str) {
    let (low, high) = match name {
        "f_oil_filter" => (40.0, 90.0),
        "f_separator" => (50.0, 120.0),
        "f_bearing" => (35.0, 90.0),
        "f_imbalance" => (5.0, 40.0),
        _ => (30.0, 80.0),
    };
    let full = onset + rng.between(low, high);
    let end = full.min(days - 3.0);
    let grown = |h: usize| ramp(h, onset, full);
    match name {
        "f_oil_filter" => {
            plant.sensors.fit(&[Signal::OilFilterDp]);
            between(plant, onset, end, |h, hour| hour.oil_filter = 0.85 * grown(h).powf(1.5));
            (end, "oil_filter_replaced")
        }
        "f_separator" => {
            plant.sensors.fit(&[Signal::SeparatorDp]);
            between(plant, onset, end, |h, hour| hour.separator_bar = 1.1 * grown(h).powi(2));
            (end, "separator_replaced")
        }
        "f_intake" => {
            plant.sensors.fit(&[Signal::InletVacuum]);
            between(plant, onset, end, |h, hour| hour.intake = 1.1 * grown(h));
            (end, "intake_filter_replaced")
        }
        "f_bearing" => {
            plant.sensors.fit(&[Signal::Vibration]);
            between(plant, onset, end, |h, hour| {
                hour.vibration_mm_s = 9.0 * grown(h).powi(2);
                hour.friction = 0.07 * grown(h).powi(4);
            });
            (end, "airend_replaced")
        }
        "f_leak" => {
            plant.sensors.fit(&[Signal::LoadHours]);
            let lost = rng.between(0.12, 0.25);
            between(plant, onset, f64::INFINITY, |h, hour| hour.leak = lost * grown(h));
            (end, "")
        }
        _ => {
            plant.sensors.fit(&[Signal::MotorCurrentL1, Signal::MotorCurrentL2, Signal::MotorCurrentL3]);
            let off = rng.between(0.12, 0.3);
            between(plant, onset, full, |_, hour| hour.imbalance = off);
            (full, "")
        }
    }
}

/// What the discharge sensor gets wrong.
fn sensor(rng: &mut Rng, name: &str, plant: &mut Plant, onset: f64) {
    match name {
        "f_sensor_stuck" => plant.sensors.stuck = Some((onset, onset + rng.between(1.0, 5.0))),
        "f_sensor_dropout" => plant.sensors.rails = Some((onset, onset + rng.between(2.0, 12.0))),
        _ => {
            let full = onset + rng.between(40.0, 100.0);
            let by_k = rng.pick(&[-1.0, 1.0]) * rng.between(6.0, 12.0);
            between(plant, onset, f64::INFINITY, |h, hour| hour.bias_k += by_k * ramp(h, onset, full));
        }
    }
}
