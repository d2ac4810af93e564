//! A machine that has no sensor of the air, beside one that has: it must learn the same normal as if it had its own.

use foretell_engine::{AmbientSource, BaselineView, Engine, EngineOptions};
use foretell_model::{Event, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const STEP_MIN: i64 = 10;
const DAYS: i64 = 70;

/// A repeatable disturbance between -1 and 1 without a generator of random numbers.
fn wobble(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// One machine of a warm room at a step; it works from the first to the last of these hours of the day.
fn reading(id: &MachineId, step: i64, hours: (u8, u8), measures: bool) -> Event {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let ts = start + step * STEP_MIN * MINUTE_MS;
    let t = (step * STEP_MIN) as f64 / 1440.0;
    let ta_c = 29.0 + 4.0 * wobble(ts.day() / 3 + 7) + 5.0 * ((t - 0.375) * std::f64::consts::TAU).sin();
    let works = (hours.0..=hours.1).contains(&ts.hour_of_day());
    let (regulated, saturated): (f64, f64) = (78.0 + 0.25 * (ta_c - 20.0), 84.0 + 1.08 * (ta_c - 30.0));
    let td_c = if works { saturated.max(regulated) + 0.4 * wobble(step * 3 + 1) } else { ta_c + 1.0 };
    let mut signals = Signals::empty()
        .with(Signal::DischargeTemp, td_c)
        .with(Signal::MotorCurrent, if works { 150.0 + wobble(step) } else { 0.0 })
        .with(Signal::RunHours, 4100.0 + (t * 10.0).floor());
    if measures {
        // Another sensor hangs elsewhere.
        signals.set(Signal::AmbientTemp, ta_c + 1.0);
    }
    Event::Reading(Reading { machine: id.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
}

/// What is learned of a machine that works by day, beside one that never stops and measures the air.
fn learned(measures: bool) -> BaselineView {
    let [watched, beside] = ["watched", "beside"].map(|name| MachineId::new("plant", name).expect("plain names"));
    let mut engine = Engine::new(EngineOptions::default());
    let mut findings = Vec::new();
    for step in 0..DAYS * 1440 / STEP_MIN {
        engine.observe(&reading(&watched, step, (7, 16), measures), &mut findings);
        engine.observe(&reading(&beside, step, (0, 23), true), &mut findings);
    }
    engine.machine(&watched).expect("it was seen").baseline
}

#[test]
fn the_air_of_a_sibling_is_taken_of_the_same_hours() {
    let (own, beside) = (learned(true), learned(false));
    assert_eq!((own.ambient_source, beside.ambient_source), (AmbientSource::Own, AmbientSource::Sibling));
    let close = |a: f64, b: f64| (a - b).abs() < 0.3;
    assert!(close(own.at_20_c, beside.at_20_c) && close(own.at_35_c, beside.at_35_c), "{own:?} {beside:?}");
}
