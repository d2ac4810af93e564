//! What waste costs: leaks by the duty of the quiet hours, idling by the unloaded current, a separator by its pressure drop.

use foretell_model::{Evidence, FaultCode, Timestamp};

use crate::energy::{Estimate, HOURS_PER_YEAR, LeakObservation, drawn_kw, excess_unloaded_kw, leak, loaded_kw};
use crate::ha::course::Course;
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord};
use crate::sd::feature::Feature;

/// Days over which hours and levels are averaged.
const RECENT_DAYS: usize = 28;

/// What a bar more in front of the separator adds to the loaded power, as a share: the air end compresses that much higher. At 7 to
/// 8 bar an isentropic stage asks for 8 %, of which valve and leakage inside give a little back.
const POWER_PER_BAR: Estimate = Estimate::new(0.07, 0.01);
/// How far a pressure drop that is told as a rise may be off, bar.
const RISE_SD_BAR: f64 = 0.03;

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
    // The levels that tell load from idling are coarse; a day's mean current is not.
    let measured = level(&machine.courses, Feature::LoadedCurrent, today, 0.0..=14.0);
    let loaded_a = measured.map(|a| a.value).or_else(|| machine.regime.loaded_a())?;
    let share = level(&machine.courses, Feature::UnloadedShare, today, 0.0..=14.0);
    let unloaded = share.map(|share| {
        let drawn = drawn_kw(share.value * loaded_a, loaded_a, profile);
        let higher = drawn_kw((share.value + share.sd) * loaded_a, loaded_a, profile);
        Estimate::new(drawn.value, drawn.sd.hypot(higher.value - drawn.value))
    });
    Some((loaded_kw(loaded_a, profile), unloaded))
}

/// Energy figures for a finding of this fault, of which was `seen` what the finding says; empty where there is nothing to price.
pub(crate) fn energy_evidence(
    (fault, seen): (&FaultCode, &[Evidence]),
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
        "separator_clogging" => {
            let of = |feature: &str| seen.iter().find(|item| item.feature == feature).map(|item| item.value);
            let Some((drop, normal)) = of(Feature::SeparatorDp.name()).zip(of("own_normal")) else { return Vec::new() };
            let rise_bar = Estimate::new((drop - normal).max(0.0), RISE_SD_BAR);
            let excess = loaded.times(rise_bar.times(POWER_PER_BAR));
            let hours = load_h / 24.0 * HOURS_PER_YEAR;
            vec![
                excess.evidence("separator_excess_kw", "kW", since),
                excess.scaled(hours * profile.tariff_per_kwh).evidence("separator_cost_per_year", currency, since),
            ]
        }
        _ => Vec::new(),
    };
    let mut evidence: Vec<Evidence> = figures.into_iter().flatten().collect();
    // Money is worth nothing to a reader who cannot see at which price.
    let tariff = Evidence {
        feature: "tariff_per_kwh".to_owned(),
        value: profile.tariff_per_kwh,
        unit: currency.to_owned(),
        change_per_day: None,
        since: None,
    };
    evidence.extend((!evidence.is_empty()).then_some(tariff));
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;
    use foretell_model::{EnergyProfile, MINUTE_MS};

    const TODAY: Day = 140;

    /// A machine of 150 A that runs 20 h a day and is loaded for 12 of them.
    fn machine(features: &[(Feature, f64)]) -> Machine {
        let mut machine = Machine::default();
        for minute in 0..2000_i64 {
            let amps_a = if minute % 5 < 3 { 150.0 } else { 75.0 };
            machine.regime.observe(Timestamp::from_millis(minute * MINUTE_MS), MINUTE_MS, None, Some(amps_a));
        }
        machine.regime.learn_levels();
        machine.courses = features.iter().map(|(feature, _)| Course::new(*feature)).collect();
        for day in TODAY - 28..TODAY {
            let hot = Point::new(85.0, None, 150.0, None);
            machine.days.push(DayRecord::new(day, hot, Point::default(), None, None).with_hours(20.0, 12.0, None));
            for (course, (_, value)) in machine.courses.iter_mut().zip(features) {
                course.push(day, value * (1.0 + 0.01 * (f64::from(day * 11 % 7) / 3.0 - 1.0)));
            }
        }
        machine
    }

    /// Value and unit of a feature, and of its sd, which must be a sensible part of it.
    fn check(fault: &str, features: &[(Feature, f64)], expected: &[(&str, f64, &str)]) {
        check_seen((fault, &[]), features, expected);
    }

    #[track_caller]
    fn check_seen((fault, seen): (&str, &[(&str, f64)]), features: &[(Feature, f64)], expected: &[(&str, f64, &str)]) {
        let code = FaultCode::new(fault).unwrap();
        let item =
            |(feature, value): &(&str, f64)| Estimate::new(*value, 0.0).evidence(feature, "bar", None)[0].clone();
        let seen: Vec<Evidence> = seen.iter().map(item).collect();
        let evidence = energy_evidence((&code, &seen), &machine(features), TODAY, &EnergyProfile::default(), None);
        let (tariff, figures) = evidence.split_last().map_or((None, 0), |(last, rest)| (Some(last), rest.len()));
        assert_eq!(figures, 2 * expected.len(), "{evidence:?}");
        let price = (!expected.is_empty()).then_some(("tariff_per_kwh", 0.80));
        assert_eq!(tariff.map(|e| (e.feature.as_str(), e.value)), price);
        for (feature, value, unit) in expected {
            let of = |name: &str| evidence.iter().find(|e| e.feature == name).unwrap_or_else(|| panic!("{name}"));
            let (figure, sd) = (of(feature), of(&format!("{feature}_sd")));
            assert_eq!((figure.unit.as_str(), sd.unit.as_str()), (*unit, *unit), "{feature}");
            assert!((figure.value / value - 1.0).abs() < 0.15, "{feature}: {} for {value}", figure.value);
            assert!(0.0 < sd.value && sd.value < 0.6 * figure.value, "{feature}: sd {}", sd.value);
        }
    }

    #[test]
    fn a_leak_and_an_open_valve_have_their_price() {
        let profile = EnergyProfile::default();
        let loaded = loaded_kw(150.0, &profile).value;
        let idle = drawn_kw(75.0, 150.0, &profile).value;
        let leak_kw = 0.3 * (loaded - idle);
        let per_year = leak_kw * 20.0 / 24.0 * HOURS_PER_YEAR * profile.tariff_per_kwh;
        check(
            "air_leak",
            &[(Feature::QuietLoadShare, 0.3), (Feature::UnloadedShare, 0.5)],
            &[
                ("leak_flow_m3_min", 0.3 * loaded / 6.6, "m3/min"),
                ("leak_power_kw", leak_kw, "kW"),
                ("leak_cost_per_year", per_year, "CNY"),
            ],
        );
        let open_kw = drawn_kw(0.7 * 150.0, 150.0, &profile).value;
        let excess_kw = open_kw - 0.27 * loaded;
        let per_year = excess_kw * 8.0 / 24.0 * HOURS_PER_YEAR * profile.tariff_per_kwh;
        check(
            "inlet_valve",
            &[(Feature::UnloadedShare, 0.7)],
            &[
                ("unloaded_power_kw", open_kw, "kW"),
                ("unloaded_excess_kw", excess_kw, "kW"),
                ("unloaded_cost_per_year", per_year, "CNY"),
            ],
        );
    }

    #[test]
    fn a_separator_costs_what_it_adds_to_the_pressure() {
        let profile = EnergyProfile::default();
        // Half a bar more is 3.5 % of the power, for twelve hours a day.
        let excess_kw = 0.5 * 0.07 * loaded_kw(150.0, &profile).value;
        let per_year = excess_kw * 12.0 / 24.0 * HOURS_PER_YEAR * profile.tariff_per_kwh;
        let dp = |bar| [("separator_dp_bar", bar), ("own_normal", 0.2)];
        check_seen(
            ("separator_clogging", &dp(0.7)),
            &[],
            &[("separator_excess_kw", excess_kw, "kW"), ("separator_cost_per_year", per_year, "CNY")],
        );
        check_seen(("separator_clogging", &dp(0.7)[..1]), &[], &[]);
        check_seen(("oil_filter_clogging", &dp(0.7)), &[], &[]);
    }

    #[test]
    fn what_was_not_seen_has_no_price() {
        check("air_leak", &[(Feature::UnloadedShare, 0.5)], &[]);
        check("inlet_valve", &[(Feature::QuietLoadShare, 0.3)], &[]);
        check("cooler_clogging", &[(Feature::QuietLoadShare, 0.3), (Feature::UnloadedShare, 0.5)], &[]);
    }

    #[test]
    fn a_level_needs_four_days_and_says_how_sure_it_is() {
        let machine = machine(&[(Feature::QuietLoadShare, 0.3)]);
        let of = |ages| level(&machine.courses, Feature::QuietLoadShare, TODAY, ages);
        let figure = of(0.0..=9.0).unwrap();
        assert!((figure.value - 0.3).abs() < 0.005 && figure.sd < 0.01, "{figure:?}");
        assert_eq!(of(0.0..=3.0), None);
        assert_eq!(level(&machine.courses, Feature::LoadedCurrent, TODAY, 0.0..=9.0), None);
        assert_eq!(hours_per_day(&machine.days), (20.0, 12.0));
        assert_eq!(hours_per_day(&[]), (0.0, 0.0));
    }
}
