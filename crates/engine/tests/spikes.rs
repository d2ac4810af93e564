//! Spikes of a temperature sensor through the whole engine: values that jump by tens of kelvins and come back within a
//! reading or two are a fault of the sensor at every cadence, and what truly heats up is still found.

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, Finding, FindingKind, MachineId, Quality, Reading, Signal, Signals, Status, Timestamp,
};

/// From this day on something is wrong.
const ILL_FROM: f64 = 30.0;
const DAYS: f64 = 60.0;

/// Between -1 and 1, different for every seed (splitmix64).
fn noise(seed: i64) -> f64 {
    let mut z = (seed as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// What is wrong with the machine or its sensors, at a day and a step.
#[derive(Clone, Copy)]
struct Ill {
    /// The temperature that the oil tends to under load, degC, by the day and the air, degC.
    loaded_c: fn(f64, f64) -> f64,
    /// Share of the discharge readings that are spikes, and their height, K.
    spikes: f64,
    height_k: f64,
    /// The same of the ambient.
    ambient_spikes: f64,
}

/// The valve holds 80 degC until the cooler is at its end.
const HEALTHY: fn(f64, f64) -> f64 = |_, air_c| 80.0_f64.max(air_c + 53.0);
const WELL: Ill = Ill { loaded_c: HEALTHY, spikes: 0.0, height_k: 0.0, ambient_spikes: 0.0 };

/// Findings of a machine that works around the clock, loading and unloading, with a reading every `every_s` seconds.
fn findings(every_s: i64, ill: Ill) -> Vec<Finding> {
    let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let machine = MachineId::new("plant", "m1").expect("plain");
    let start = Timestamp::parse("2026-06-01T00:00:00Z").expect("a literal");
    let (mut findings, mut td, mut hours, mut tripped) = (Vec::new(), 80.0_f64, 4100.0, false);
    let follow = 1.0 - (-(every_s as f64) / 210.0).exp();
    for step in 0..(DAYS * 86_400.0) as i64 / every_s {
        let day = (step * every_s) as f64 / 86_400.0;
        let sick = day >= ILL_FROM;
        let air_c = 27.0 + 5.0 * ((day - 0.375) * std::f64::consts::TAU).sin() + 2.0 * (day * 0.9).sin();
        let loaded = noise(step * every_s / 1200 * 7) < 0.4;
        let loaded_c = if sick { ill.loaded_c } else { HEALTHY };
        // A controller stops at 110 degC until its oil has cooled.
        tripped = td > 110.0 || tripped && td > 60.0;
        let load_k = if loaded { 0.0 } else { 3.0 };
        let (target, share) = match tripped {
            true => (air_c, follow / 30.0),
            false => (loaded_c(day, air_c) - load_k, follow),
        };
        // It stops within seconds of the limit, whenever the next reading is.
        td = (td + (target - td) * share).min(112.0);
        let amps = if tripped {
            0.0
        } else if loaded {
            150.0
        } else {
            80.0
        };
        hours += if tripped { 0.0 } else { every_s as f64 / 3600.0 };
        let chance = |seed: i64, share: f64| sick && 0.5 + 0.5 * noise(step * 13 + seed) < share;
        let spike = |seed: i64, share: f64, height_k: f64| if chance(seed, share) { height_k } else { 0.0 };
        let to = |value: f64, by: f64| (value / by).round() * by;
        let shown = td + 0.4 * noise(step * 3) + spike(1, ill.spikes, ill.height_k);
        let air = air_c + 0.2 * noise(step * 5) + spike(2, ill.ambient_spikes, 22.0);
        let signals = Signals::empty()
            .with(Signal::DischargeTemp, to(shown, 0.1))
            .with(Signal::MotorCurrent, to(amps * (1.0 + 0.004 * noise(step * 9)), 0.1))
            .with(Signal::RunHours, to(hours, 0.01))
            .with(Signal::AmbientTemp, to(air, 0.1));
        let ts = start + step * every_s * 1000;
        let reading =
            Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good };
        engine.observe(&Event::Reading(reading), &mut findings);
    }
    findings.retain(|f| f.at.days_since(start) > ILL_FROM);
    findings
}

/// Causes that were named, and what became of sensors, in order.
fn said(findings: &[Finding]) -> (Vec<String>, Vec<String>) {
    let of = |is_sensor: bool| {
        let told = findings.iter().filter(move |f| match f.kind {
            FindingKind::SensorFault => is_sensor,
            FindingKind::Prediction | FindingKind::Anomaly => !is_sensor,
            _ => false,
        });
        told.filter(|f| f.status != Status::Updated).map(|f| format!("{} {}", f.fault, f.status.name())).collect()
    };
    (of(false), of(true))
}

#[test]
fn spikes_are_the_sensors_and_nothing_of_the_machine() {
    let check = |every_s: i64, spikes: f64, height_k: f64| {
        let findings = findings(every_s, Ill { spikes, height_k, ..WELL });
        let expected: &[&str] = if spikes >= 0.01 { &["sensor_dropout opened"] } else { &[] };
        let (causes, sensors) = said(&findings);
        assert_eq!(
            (causes.as_slice(), sensors.as_slice()),
            (&[][..], &expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{every_s} s, {spikes}, {height_k} K"
        );
    };
    for every_s in [60, 300, 600, 900] {
        for spikes in [0.001, 0.01, 0.02] {
            for height_k in [-60.0, -35.0, 20.0, 38.0, 60.0] {
                check(every_s, spikes, height_k);
            }
        }
    }
    check(10, 0.001, 38.0);
    check(10, 0.02, 38.0);
}

#[test]
fn spikes_of_the_ambient_are_its_sensors() {
    for every_s in [60, 600] {
        let (causes, sensors) = said(&findings(every_s, Ill { ambient_spikes: 0.015, ..WELL }));
        assert_eq!((causes.len(), sensors), (0, vec!["sensor_dropout opened".to_owned()]), "{every_s} s: {causes:?}");
    }
}

#[test]
fn what_truly_heats_up_is_found_and_no_sensor_is_blamed() {
    let check = |every_s: i64, loaded_c: fn(f64, f64) -> f64, expected: &str, within_days: f64| {
        let findings = findings(every_s, Ill { loaded_c, ..WELL });
        let jumps = said(&findings).1.into_iter().filter(|said| said.starts_with("sensor_dropout")).count();
        assert_eq!(jumps, 0, "{every_s} s {expected}");
        let start = Timestamp::parse("2026-06-01T00:00:00Z").expect("a literal");
        let found = findings.iter().find(|f| f.fault.as_str() == expected).map(|f| f.at.days_since(start) - ILL_FROM);
        assert!(
            found.is_some_and(|days| days <= within_days),
            "{every_s} s {expected}: {found:?} {:?}",
            said(&findings)
        );
    };
    for every_s in [60, 300, 600, 900] {
        // A valve that sticks part-way, overnight.
        check(every_s, |_, air_c| air_c + 65.0, "thermostatic_valve", 8.0);
        // A fan that gives up every few hours, until the controller stops the machine.
        let fan = |day: f64, air_c: f64| if (day * 4.0).fract() < 0.2 { 150.0 } else { HEALTHY(day, air_c) };
        check(every_s, fan, "cooling_fan", 2.1);
    }
}

#[test]
fn a_sensor_that_jumps_does_not_hide_a_fan_that_fails() {
    for every_s in [60, 300, 600, 900] {
        let fan = |day: f64, air_c: f64| match day {
            sound if sound < ILL_FROM + 12.0 => HEALTHY(day, air_c),
            _ if (day * 4.0).fract() < 0.2 => 150.0,
            _ => HEALTHY(day, air_c),
        };
        let findings = findings(every_s, Ill { loaded_c: fan, spikes: 0.02, height_k: 38.0, ..WELL });
        let start = Timestamp::parse("2026-06-01T00:00:00Z").expect("a literal");
        let day = |f: &Finding| f.at.days_since(start) - ILL_FROM;
        let found = findings.iter().find(|f| f.fault.as_str() == "cooling_fan").map(day);
        assert!(found.is_some_and(|days| (12.0..15.0).contains(&days)), "{every_s} s: {found:?} {:?}", said(&findings));
    }
}
