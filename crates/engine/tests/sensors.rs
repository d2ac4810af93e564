//! Sensors through the whole engine: what is said of broken ones, that sound ones are left alone, and that neither broken
//! clocks nor counters reach what is concluded.

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, Finding, FindingKind, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Status, Timestamp,
};

const STEP_MIN: i64 = 10;
const STEPS: i64 = 24 * 60 / STEP_MIN;

fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T00:00:00Z").expect("a literal")
}

fn noise(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// One machine's day and how its sensors see it.
#[derive(Clone, Copy)]
struct Plant {
    /// Works from 7 to 18 o'clock only, so that it soaks every night.
    shift: bool,
    /// Works from 6 to 22 o'clock but for Sundays.
    two_shifts: bool,
    resolution_k: f64,
    machines: usize,
    has_ambient: bool,
}

const PLANT: Plant = Plant { shift: true, two_shifts: false, resolution_k: 0.1, machines: 1, has_ambient: true };

/// Readings of `days` days; `spoil` changes what machine 0 sends in each step (counted from the start).
fn findings_of(
    plant: Plant,
    days: i64,
    spoil: impl Fn(i64, &mut Signals) -> Option<Timestamp>,
) -> (Engine, Vec<Finding>) {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let mut findings = Vec::new();
    let mut td = vec![20.0; plant.machines];
    let mut hours = 4100.0;
    for step in 0..days * STEPS {
        let hour = step % STEPS * STEP_MIN / 60;
        let works =
            if plant.two_shifts { (6..22).contains(&hour) && step / STEPS % 7 != 6 } else { (7..18).contains(&hour) };
        let running = !plant.shift || works;
        let t = step as f64 / STEPS as f64;
        let ta = 18.0 + 4.0 * ((t - 0.375) * std::f64::consts::TAU).sin() + 3.0 * (t * 0.7).sin();
        hours += if running { STEP_MIN as f64 / 60.0 } else { 0.0 };
        for (m, td) in td.iter_mut().enumerate() {
            let loaded = running && noise(step * 7 + m as i64) < 0.4;
            let target = if running { 78.0 + 0.2 * (ta - 18.0) } else { ta };
            *td += (target - *td) * if running { 0.9 } else { 0.09 };
            let round = |value: f64, by: f64| (value / by).round() * by;
            let mut signals = Signals::empty()
                .with(Signal::DischargeTemp, round(*td + 0.3 * noise(step * 3 + 1), plant.resolution_k))
                .with(
                    Signal::MotorCurrent,
                    round(
                        if loaded {
                            150.0
                        } else if running {
                            78.0
                        } else {
                            0.0
                        } + 0.5 * noise(step),
                        0.1,
                    )
                    .max(0.0),
                )
                .with(Signal::RunHours, f64::floor(hours));
            if plant.has_ambient {
                signals.set(
                    Signal::AmbientTemp,
                    round(ta + 0.3 * noise(step * 5 + m as i64), plant.resolution_k.max(0.5)),
                );
            }
            let mut ts = start() + step * STEP_MIN * MINUTE_MS;
            if m == 0 {
                ts = spoil(step, &mut signals).unwrap_or(ts);
            }
            let machine = MachineId::new("plant", &format!("m{m}")).expect("plain");
            let reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
            engine.observe(&Event::Reading(reading), &mut findings);
        }
    }
    (engine, findings)
}

/// `code signal-in-text +day-opened -day-cleared` of every sensor episode, by machine 0 only.
fn episodes(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|f| f.kind == FindingKind::SensorFault && f.status != Status::Updated)
        .map(|f| {
            let signal = f.text.split('`').nth(1).unwrap_or("?");
            let day = f.at.days_since(start()).floor();
            let (sign, machine) = (if f.status == Status::Opened { '+' } else { '-' }, f.machine.machine());
            format!("{machine} {} {signal} {sign}{day}", f.fault)
        })
        .collect()
}

fn check(plant: Plant, days: i64, spoil: impl Fn(i64, &mut Signals), expected: &[&str]) {
    let (_, findings) = findings_of(plant, days, |step, signals| {
        spoil(step, signals);
        None
    });
    let said: Vec<&str> =
        findings.iter().filter(|f| f.kind == FindingKind::SensorFault).map(|f| f.text.as_str()).collect();
    assert_eq!(episodes(&findings), expected, "{said:#?}");
}

/// Spoils one signal from a day on, until another.
fn from_to(signal: Signal, from: i64, to: i64, change: impl Fn(f64) -> Option<f64>) -> impl Fn(i64, &mut Signals) {
    move |step, signals| {
        if (from * STEPS..to * STEPS).contains(&step) {
            match signals.get(signal).and_then(&change) {
                Some(value) => signals.set(signal, value),
                None => signals.remove(signal),
            }
        }
    }
}

#[test]
fn sound_sensors_are_left_alone() {
    for shift in [true, false] {
        for resolution_k in [0.1, 0.5, 1.0] {
            for has_ambient in [true, false] {
                check(Plant { shift, resolution_k, machines: 3, has_ambient, ..PLANT }, 90, |_, _| {}, &[]);
            }
        }
    }
}

#[test]
fn what_is_left_of_the_heat_after_a_night_of_eight_hours_is_no_bias() {
    // A machine that keeps 7 K from night to night, and reads its room after a day of rest.
    let left = |step: i64, signals: &mut Signals| {
        let (day, hour) = (step / STEPS, step % STEPS * STEP_MIN / 60);
        if day % 7 != 6
            && hour < 6
            && let Some(td_c) = signals.get(Signal::DischargeTemp)
        {
            signals.set(Signal::DischargeTemp, td_c + 7.0);
        }
    };
    check(Plant { two_shifts: true, ..PLANT }, 45, left, &[]);
}

#[test]
fn rails_and_missing_values_are_one_dropout() {
    let expected = ["m0 sensor_dropout discharge_temp_c +30", "m0 sensor_dropout discharge_temp_c -33"];
    check(PLANT, 60, from_to(Signal::DischargeTemp, 30, 33, |_| Some(-125.0)), &expected);
    check(PLANT, 60, from_to(Signal::DischargeTemp, 30, 33, |_| Some(267.0)), &expected);
    check(PLANT, 60, from_to(Signal::DischargeTemp, 30, 33, |_| None), &expected);
}

#[test]
fn a_held_value_is_found_on_day_shifts_and_around_the_clock() {
    let stuck = |plant: Plant, signal: Signal, day: i64| {
        let name = signal.name();
        let opened = format!("m0 sensor_stuck {name} +{day}");
        let value = if signal == Signal::DischargeTemp { 78.0 } else { 19.0 };
        // Held from noon on, when the machine runs and reads nearly this.
        let hold = move |step: i64, signals: &mut Signals| {
            if step >= 30 * STEPS + STEPS / 2 {
                signals.set(signal, value);
            }
        };
        check(plant, 45, hold, &[opened.as_str()]);
    };
    // A stop and a start convict it by the next morning.
    stuck(PLANT, Signal::DischargeTemp, 31);
    stuck(Plant { resolution_k: 1.0, ..PLANT }, Signal::DischargeTemp, 31);
    stuck(Plant { shift: false, ..PLANT }, Signal::DischargeTemp, 30);
    stuck(Plant { shift: false, resolution_k: 1.0, ..PLANT }, Signal::DischargeTemp, 33);
    stuck(Plant { shift: false, resolution_k: 1.0, ..PLANT }, Signal::AmbientTemp, 34);
}

#[test]
fn wrong_units_are_named() {
    let fahrenheit = |c: f64| Some(c * 1.8 + 32.0);
    check(
        Plant { shift: false, ..PLANT },
        40,
        from_to(Signal::DischargeTemp, 30, 60, fahrenheit),
        &["m0 sensor_drift discharge_temp_c +30"],
    );
    check(PLANT, 40, from_to(Signal::AmbientTemp, 31, 60, fahrenheit), &["m0 sensor_drift ambient_temp_c +31"]);
    check(
        PLANT,
        40,
        from_to(Signal::MotorCurrent, 30, 60, |a| Some(a * 10.0)),
        &["m0 sensor_drift motor_current_a +30"],
    );
    check(
        Plant { shift: false, ..PLANT },
        40,
        from_to(Signal::MotorCurrent, 30, 60, |a| Some(a / 10.0)),
        &["m0 sensor_drift motor_current_a +30"],
    );
}

#[test]
fn a_current_that_contradicts_heat_and_counter_is_not_believed() {
    check(
        Plant { shift: false, ..PLANT },
        40,
        from_to(Signal::MotorCurrent, 30, 33, |_| Some(0.0)),
        &["m0 sensor_dropout motor_current_a +30", "m0 sensor_dropout motor_current_a -33"],
    );
    check(
        PLANT,
        40,
        from_to(Signal::MotorCurrent, 30, 33, |_| Some(150.0)),
        &["m0 sensor_stuck motor_current_a +30", "m0 sensor_stuck motor_current_a -33"],
    );
}

#[test]
fn of_two_sensors_that_part_the_right_one_is_named_where_siblings_tell() {
    let creeps = |signal: Signal, by_k: f64| {
        move |step: i64, signals: &mut Signals| {
            let k = by_k * ((step / STEPS - 40) as f64 * 0.3).clamp(0.0, 6.0);
            let value = signals.get(signal).unwrap_or_default();
            signals.set(signal, value + k);
        }
    };
    let named = |plant: Plant, signal: Signal, by_k: f64| -> Vec<String> {
        let (_, findings) = findings_of(plant, 90, |step, signals| {
            creeps(signal, by_k)(step, signals);
            None
        });
        episodes(&findings).iter().map(|e| e.rsplit_once(' ').map_or("", |(episode, _)| episode).to_owned()).collect()
    };
    let three = Plant { machines: 3, ..PLANT };
    assert_eq!(named(three, Signal::DischargeTemp, 1.0), ["m0 sensor_drift discharge_temp_c"]);
    assert_eq!(named(three, Signal::DischargeTemp, -1.0), ["m0 sensor_drift discharge_temp_c"]);
    assert_eq!(named(three, Signal::AmbientTemp, 1.0), ["m0 sensor_drift ambient_temp_c"]);
    let without = Plant { has_ambient: false, ..three };
    // Where nobody measures the air, a first suspicion may be taken back before the cold machines tell.
    let last = named(without, Signal::DischargeTemp, 1.0).pop();
    assert_eq!(last.as_deref(), Some("m0 sensor_drift discharge_temp_c"));
    // Alone, both are named, with likelihoods; the text begins with the discharge sensor.
    assert_eq!(named(PLANT, Signal::AmbientTemp, -1.0), ["m0 sensor_drift discharge_temp_c"]);
    // Around the clock only the site's other ambient sensors can tell.
    let busy = Plant { shift: false, ..three };
    assert_eq!(named(busy, Signal::AmbientTemp, 1.0), ["m0 sensor_drift ambient_temp_c"]);
}

#[test]
fn what_cannot_be_checked_is_said_once() {
    let unchecked = |plant: Plant| {
        let (_, findings) = findings_of(plant, 80, |_, _| None);
        findings.iter().filter(|f| f.kind == FindingKind::Observability && f.fault.as_str() == "sensor_drift").count()
    };
    assert_eq!([unchecked(Plant { shift: false, ..PLANT }), unchecked(PLANT)], [1, 0]);
}

#[test]
fn a_counter_that_restarts_is_told_once_and_brings_no_service_due() {
    let (engine, findings) = findings_of(PLANT, 80, |step, signals| {
        let hours = signals.get(Signal::RunHours).unwrap_or_default();
        if step > 40 * STEPS {
            signals.set(Signal::RunHours, hours - 4300.0 + if step > 45 * STEPS { 11_990.0 } else { 0.0 });
        }
        None
    });
    assert_eq!(episodes(&findings), ["m0 sensor_drift run_hours +40", "m0 sensor_drift run_hours -40"]);
    let due = findings.iter().find(|f| f.kind == FindingKind::MaintenanceDue && f.at >= start().plus_days(40.0));
    assert_eq!(due.map(|f| f.text.clone()), None);
    let id = MachineId::new("plant", "m0").expect("plain");
    assert_eq!(engine.machine(&id).map(|m| m.counter_restarts), Some(2));
}

#[test]
fn broken_clocks_change_nothing_that_is_concluded() {
    let far = start().plus_days(4000.0);
    let lines = |spoil: &dyn Fn(i64) -> Option<Timestamp>| {
        let (engine, findings) = findings_of(PLANT, 60, |step, _| spoil(step));
        let id = MachineId::new("plant", "m0").expect("plain");
        let days = engine.machine(&id).map_or(0, |m| m.days.len());
        (episodes(&findings), days, engine.ignored().late < 20)
    };
    let sound = lines(&|_| None);
    // One reading from the future now and then.
    assert_eq!(lines(&|step| (step % 997 == 500).then(|| far + step * MINUTE_MS)), sound);
    // A controller that starts with a false date and is put right after three hours.
    let false_start =
        |step: i64| (30 * STEPS..30 * STEPS + 18).contains(&step).then(|| far + step * STEP_MIN * MINUTE_MS);
    assert_eq!(lines(&false_start), sound);
    // Summer time: the controller's clock is put back by an hour, and forward in spring.
    let summer =
        |step: i64| (10 * STEPS..40 * STEPS).contains(&step).then(|| start() + (step * STEP_MIN + 60) * MINUTE_MS);
    assert_eq!(lines(&summer), sound);
}
