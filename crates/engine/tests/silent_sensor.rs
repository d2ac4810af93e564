//! A sensor of the air that falls silent must not leave its machine unwatched.

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, FaultCode, Finding, Grade, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp,
};

const STEP_MIN: i64 = 10;
/// The sensor falls silent, and a cooler begins to clog, on these days.
const SILENT_DAY: f64 = 70.0;
const ONSET_DAY: f64 = 78.0;
const LOSES_K_PER_DAY: f64 = 0.5;
const LIMIT_C: f64 = 105.0;

/// A repeatable disturbance between -1 and 1 without a generator of random numbers.
fn wobble(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// What is found of a machine that never stops until its limit, or for 130 days, and the days until then.
fn run(clogs: bool) -> (Vec<Finding>, f64) {
    let id = MachineId::new("plant", "alone").expect("plain names");
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let mut findings = Vec::new();
    for step in 0..130 * 1440 / STEP_MIN {
        let t = (step * STEP_MIN) as f64 / 1440.0;
        let ta_c = 29.0 + 3.0 * wobble(step / 432 + 7) + 4.0 * ((t - 0.375) * std::f64::consts::TAU).sin();
        let excess_k = if clogs { LOSES_K_PER_DAY * (t - ONSET_DAY).max(0.0) } else { 0.0 };
        let (regulated, saturated) = (78.0 + 0.25 * (ta_c - 20.0), 84.0 + 1.08 * (ta_c - 30.0) + excess_k);
        let td_c = saturated.max(regulated) + 0.4 * wobble(step * 3 + 1);
        if td_c >= LIMIT_C {
            return (findings, t);
        }
        let mut signals = Signals::empty()
            .with(Signal::DischargeTemp, td_c)
            .with(Signal::MotorCurrent, 150.0 + wobble(step))
            .with(Signal::RunHours, 4100.0 + (t * 24.0).floor());
        if t < SILENT_DAY {
            signals.set(Signal::AmbientTemp, ta_c);
        }
        let ts = start + step * STEP_MIN * MINUTE_MS;
        let reading = Reading { machine: id.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good };
        engine.observe(&Event::Reading(reading), &mut findings);
    }
    (findings, 130.0)
}

fn advised(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|f| f.grade >= Grade::Advise && f.fault == FaultCode::COOLER_CLOGGING)
}

#[test]
fn a_cooler_that_clogs_behind_a_silent_sensor_is_told_a_week_ahead() {
    let (findings, limit_day) = run(true);
    let told = advised(&findings).unwrap_or_else(|| panic!("nothing was advised by day {limit_day}"));
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let ahead_days = limit_day - told.at.days_since(start);
    assert!(ahead_days >= 7.0, "{ahead_days:.1} days ahead of day {limit_day:.0}: {}", told.text);
}

#[test]
fn weather_behind_a_silent_sensor_is_no_cooler() {
    let (findings, _) = run(false);
    assert!(advised(&findings).is_none(), "{:?}", advised(&findings));
}
