//! What waste costs: leaks by the duty of the quiet hours, and idling by the unloaded current.

use foretell_model::{Evidence, FaultCode, Timestamp};

use crate::energy::{Estimate, HOURS_PER_YEAR, LeakObservation, drawn_kw, excess_unloaded_kw, leak, loaded_kw};
use crate::ha::course::Course;
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord};
use crate::sd::feature::Feature;

/// Days over which hours and levels are averaged.
const RECENT_DAYS: usize = 28;

/// Mean of a feature's days of certain ages, in its own unit, with the sd of that mean; `None` of fewer than four.
pub(crate) fn level(
    courses: &[Course],
    feature: Feature,
    today: Day,
    ages: std::ops::RangeInclusive<f64>,
) -> Option<Estimate> {
    let course = courses.iter().find(|c| c.feature == feature)?;
    let days = course.dated(today);
    let values: Vec<f64> =
        days.iter().filter(|(age, _)| ages.contains(age)).map(|(_, value)| course.scale().shown(*value)).collect();
    let n = values.len() as f64;
    if values.len() < 4 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Days are not independent, and each is already a median of three: a third of them count.
    Some(Estimate::new(mean, (var * 3.0 / n).sqrt().max(0.002 * mean.abs())))
}

/// Hours per day of running and of load over the last weeks.
pub(crate) fn hours_per_day(days: &[DayRecord]) -> (f64, f64) {
    let recent = days.iter().rev().take(RECENT_DAYS);
    let (n, run_h, load_h) = recent.fold((0.0, 0.0, 0.0), |(n, r, l), d| (n + 1.0, r + d.run_h(), l + d.load_h()));
    if n > 0.0 { (run_h / n, load_h / n) } else { (0.0, 0.0) }
}

/// Loaded and unloaded power, kW; unloaded `None` where the machine never runs so.
pub(crate) fn powers(
    machine: &Machine,
    today: Day,
    profile: &foretell_model::EnergyProfile,
) -> Option<(Estimate, Option<Estimate>)> {
    let loaded_a = machine.regime.loaded_a()?;
    let share = level(&machine.courses, Feature::UnloadedShare, today, 0.0..=14.0);
    let unloaded = share.map(|share| {
        let drawn = drawn_kw(share.value * loaded_a, loaded_a, profile);
        let higher = drawn_kw((share.value + share.sd) * loaded_a, loaded_a, profile);
        Estimate::new(drawn.value, drawn.sd.hypot(higher.value - drawn.value))
    });
    Some((loaded_kw(loaded_a, profile), unloaded))
}

/// Energy figures for a finding of this fault; empty where there is nothing to price.
pub(crate) fn energy_evidence(
    fault: &FaultCode,
    machine: &Machine,
    today: Day,
    profile: &foretell_model::EnergyProfile,
    since: Option<Timestamp>,
) -> Vec<Evidence> {
    let profile = &machine.service.energy(profile);
    let currency = profile.currency.as_str();
    let Some((loaded, unloaded)) = powers(machine, today, profile) else { return Vec::new() };
    let (run_h, load_h) = hours_per_day(&machine.days);
    let figures: Vec<[Evidence; 2]> = match fault.as_str() {
        "air_leak" => {
            let Some(duty) = level(&machine.courses, Feature::QuietLoadShare, today, 0.0..=9.0) else {
                return Vec::new();
            };
            let seen = LeakObservation {
                duty,
                loaded_kw: loaded,
                idle_kw: unloaded.unwrap_or_default(),
                pressurised: run_h / 24.0,
            };
            let cost = leak(&seen, profile);
            vec![
                cost.flow_m3_min.evidence("leak_flow_m3_min", "m3/min", since),
                cost.kw.evidence("leak_power_kw", "kW", since),
                cost.cost_per_year.evidence("leak_cost_per_year", currency, since),
            ]
        }
        "inlet_valve" => {
            let Some(unloaded) = unloaded else { return Vec::new() };
            let excess = excess_unloaded_kw(unloaded, loaded);
            let hours = (run_h - load_h).max(0.0) / 24.0 * HOURS_PER_YEAR;
            vec![
                unloaded.evidence("unloaded_power_kw", "kW", since),
                excess.evidence("unloaded_excess_kw", "kW", since),
                excess.scaled(hours * profile.tariff_per_kwh).evidence("unloaded_cost_per_year", currency, since),
            ]
        }
        _ => Vec::new(),
    };
    figures.into_iter().flatten().collect()
}
