//! Each fault of the catalogue on a small machine of plain physics: the right name first. And what merely looks like one:
//! nothing that a customer would hear of.

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, FaultCode, Finding, FindingKind, Grade, MINUTE_MS, MachineId, Quality, Reading, RunState, Signal,
    Signals, Status, Timestamp, Work,
};

const STEP_MIN: i64 = 10;
const DAYS: i64 = 80;
/// Day on which whatever happens begins.
const ONSET: f64 = 40.0;

/// What a machine does and shows in one step.
#[derive(Clone, Copy)]
struct Row {
    /// Days since the beginning, hour of the day.
    t: f64,
    hour: f64,
    ambient_c: f64,
    /// Share of the time loaded.
    duty: f64,
    /// Discharge temperature that the valve keeps, and what it would be with all oil to the cooler; the higher one shows.
    regulated_c: f64,
    saturated_c: f64,
    unloaded_share: f64,
    loaded_a: f64,
    imbalance: f64,
    bar: f64,
    separator_bar: f64,
    oil_filter_bar: f64,
    vacuum_mbar: f64,
    vibration_mm_s: f64,
    gap_k: f64,
}

/// A repeatable disturbance between -1 and 1.
fn wobble(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64).rotate_left(17) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// Growth since the onset: 0 before, then so much per day.
fn since_onset(t: f64) -> f64 {
    (t - ONSET).max(0.0)
}

fn sound(step: i64) -> Row {
    let t = (step * STEP_MIN) as f64 / 1440.0;
    let hour = t.fract() * 24.0;
    let ambient_c = 20.0 + 3.0 * wobble(t as i64 / 3 + 7) + 5.0 * ((t - 0.375) * std::f64::consts::TAU).sin();
    Row {
        t,
        hour,
        ambient_c,
        duty: if (6.0..20.0).contains(&hour) { 0.75 } else { 0.2 } + 0.015 * wobble(step / 144 + 11),
        regulated_c: 78.0 + 0.2 * (ambient_c - 20.0),
        saturated_c: 76.0 + 1.08 * (ambient_c - 25.0),
        unloaded_share: 0.5,
        loaded_a: 150.0 * (1.0 + 0.003 * wobble(step / 144 + 5)),
        imbalance: 0.01,
        bar: 7.2,
        separator_bar: 0.2,
        oil_filter_bar: 0.35,
        vacuum_mbar: 20.0,
        vibration_mm_s: 3.0,
        gap_k: 22.0,
    }
}

fn signals(row: &Row, step: i64, loaded: bool, counters_h: (f64, f64), full: bool) -> Signals {
    let near = |value: f64, seed: i64| value * (1.0 + 0.02 * wobble(step * 13 + seed));
    let td_c = row.regulated_c.max(row.saturated_c) + 0.4 * wobble(step * 3);
    let amps_a = row.loaded_a * if loaded { 1.0 } else { row.unloaded_share } * (1.0 + 0.005 * wobble(step * 7));
    let mut signals = Signals::empty()
        .with(Signal::DischargeTemp, (td_c * 10.0).round() / 10.0)
        .with(Signal::MotorCurrent, amps_a)
        .with(Signal::RunHours, counters_h.0)
        .with(Signal::LoadHours, counters_h.1)
        .with(Signal::AmbientTemp, row.ambient_c + 0.3 * wobble(step * 5));
    if full {
        signals.set(Signal::DischargePressure, row.bar);
        signals.set(Signal::SeparatorDp, near(row.separator_bar, 1));
        signals.set(Signal::OilFilterDp, near(row.oil_filter_bar, 2));
        signals.set(Signal::InletVacuum, near(row.vacuum_mbar, 3));
        signals.set(Signal::Vibration, near(row.vibration_mm_s, 4));
        signals.set(Signal::OilInjectionTemp, td_c - row.gap_k + 0.3 * wobble(step * 11));
        signals.set(Signal::MotorCurrentL1, amps_a * (1.0 + row.imbalance));
        signals.set(Signal::MotorCurrentL2, amps_a * (1.0 - 0.4 * row.imbalance));
        signals.set(Signal::MotorCurrentL3, amps_a * (1.0 - 0.6 * row.imbalance));
    }
    signals
}

/// What happens to a machine.
type Change = fn(&mut Row);

/// Lives through the days with `change` done to every step, and says everything that was found.
fn live(full: bool, change: impl Fn(&mut Row), work: Option<(f64, &str)>) -> Vec<Finding> {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let start = Timestamp::parse("2026-05-04T00:00:00Z").expect("a literal");
    let machine = MachineId::new("plant", "k1").expect("plain names");
    let (mut findings, mut load_h) = (Vec::new(), 3000.0);
    let mut owed = 0.0;
    for step in 0..DAYS * 24 * 60 / STEP_MIN {
        let ts = start + step * STEP_MIN * MINUTE_MS;
        let mut row = sound(step);
        change(&mut row);
        // Loads whenever the demand has added up to a step's worth.
        owed += row.duty.clamp(0.0, 1.0);
        let loaded = owed >= 1.0;
        owed -= f64::from(u8::from(loaded));
        load_h += if loaded { STEP_MIN as f64 / 60.0 } else { 0.0 };
        let hours = (5000.0 + row.t * 24.0, load_h);
        let signals = signals(&row, step, loaded, hours, full);
        let state = Some(if loaded { RunState::Loaded } else { RunState::Unloaded });
        let (machine, quality) = (machine.clone(), Quality::Good);
        if let Some((_, work)) = work.filter(|(day, _)| *day > row.t - 0.5 / 144.0 && *day <= row.t + 0.5 / 144.0) {
            let work = Work::new(work).expect("a code");
            engine.observe(&Event::Maintenance { machine: machine.clone(), ts, work }, &mut findings);
        }
        engine.observe(&Event::Reading(Reading { machine, ts, arrived: ts, signals, state, quality }), &mut findings);
    }
    findings
}

fn concerns(finding: &&Finding) -> bool {
    matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly) && finding.status != Status::Cleared
}

/// `fault grade`: the first name given, and the highest grade that this name held.
fn named(findings: &[Finding]) -> String {
    let Some(first) = findings.iter().find(concerns) else { return "nothing".to_owned() };
    let of_fault = findings.iter().filter(concerns).filter(|f| f.fault == first.fault);
    let grade = of_fault.map(|f| f.grade).max().unwrap_or(Grade::Watch);
    format!("{} {}", first.fault, grade.name())
}

fn check(full: bool, change: impl Fn(&mut Row), expected: &str) {
    let findings = live(full, change, None);
    let said: Vec<&str> = findings.iter().filter(concerns).map(|f| f.text.as_str()).collect();
    assert_eq!(named(&findings), expected, "{said:#?}");
}

#[test]
fn filters_and_separators_that_clog_are_forecast_to_their_own_limits() {
    check(true, |r| r.separator_bar += 0.012 * since_onset(r.t), "separator_clogging advise");
    check(true, |r| r.oil_filter_bar += 0.018 * since_onset(r.t), "oil_filter_clogging advise");
    check(true, |r| r.vacuum_mbar += 0.6 * since_onset(r.t), "intake_filter_clogging advise");
    check(true, |r| r.vibration_mm_s *= 1.0 + 0.04 * since_onset(r.t), "bearing_wear advise");
}

/// The bearings of the motor and those of the air end shake the same frame; what wears at the air end also costs current.
#[test]
fn one_sensor_of_vibration_leaves_open_whose_bearings_are_worn() {
    let of_motor = |change: Change| {
        let findings = live(true, change, None);
        let advised = findings.iter().rfind(|f| f.grade >= Grade::Advise && concerns(f)).expect("it shakes enough");
        let motor = advised.alternatives.iter().find(|other| other.fault.as_str() == "motor_bearing");
        (advised.fault.to_string(), motor.map_or(0.0, |other| other.likelihood))
    };
    let shakes: Change = |r| r.vibration_mm_s *= 1.0 + 0.04 * since_onset(r.t);
    let labours: Change = |r| {
        r.vibration_mm_s *= 1.0 + 0.04 * since_onset(r.t);
        r.loaded_a *= 1.0 + 0.0015 * since_onset(r.t);
    };
    let (named, motor) = of_motor(shakes);
    assert!(named == "bearing_wear" && (0.2..0.5).contains(&motor), "{named}, the motor's {motor}");
    let (named, motor) = of_motor(labours);
    assert!(named == "bearing_wear" && motor < 0.1, "{named}, the motor's {motor}");
}

#[test]
fn a_forecast_holds_the_day_on_which_the_limit_is_met() {
    // 0.2 bar + 0.02 bar a day meet 0.9 bar on day 75.
    let findings = live(true, |r| r.separator_bar += 0.02 * since_onset(r.t), None);
    let start = Timestamp::parse("2026-05-04T00:00:00Z").unwrap();
    let at = |day: f64| findings.iter().rfind(|f| f.rul_days.is_some() && f.at <= start.plus_days(day)).unwrap();
    for asked in [55.0, 61.0, 68.0] {
        let finding = at(asked);
        let (rul, truth) = (finding.rul_days.unwrap(), 75.0 - finding.at.days_since(start));
        let (early, late) = (rul.p10.unwrap(), rul.p90.unwrap());
        assert!(early <= truth && truth <= late && late - early < 1.6 * truth, "day {asked}: {rul:?}, truth {truth}");
        assert_eq!(finding.limit.map(|l| (l.signal, l.value)), Some((Signal::SeparatorDp, 0.9)));
    }
}

#[test]
fn sudden_faults_are_anomalies_without_a_date() {
    let after = |t: f64| t > ONSET;
    let cases: [(&str, Change); 4] = [
        ("inlet_valve advise", |r| r.unloaded_share += if r.t > ONSET { 0.14 } else { 0.0 }),
        ("phase_imbalance advise", |r| r.imbalance += if r.t > ONSET { 0.12 } else { 0.0 }),
        ("air_leak watch", |r| r.duty += if r.t > ONSET { 0.1 } else { 0.0 }),
        ("thermostatic_valve_open advise", |r| r.regulated_c -= if r.t > ONSET { 40.0 } else { 0.0 }),
    ];
    for (expected, change) in cases {
        check(true, change, expected);
    }
    let findings = live(true, |r| r.imbalance += if after(r.t) { 0.12 } else { 0.0 }, None);
    let finding = findings.iter().find(concerns).unwrap();
    assert!(finding.kind == FindingKind::Anomaly && finding.rul_days.is_none(), "{finding:?}");
    assert!(finding.text.contains("no date can be given"), "{}", finding.text);
}

/// The days before it pass out of a course's sight, but nobody may be told that it is older than it is.
#[test]
fn a_step_keeps_its_date_however_long_it_lasts() {
    let begins = Timestamp::parse("2026-05-04T00:00:00Z").expect("a literal").plus_days(ONSET);
    let findings = live(true, |r| r.imbalance += if r.t > ONSET { 0.12 } else { 0.0 }, None);
    let after_step = |f: &Finding| Some((f.at.days_since(begins), f.onset()?.days_since(begins)));
    let told: Vec<(f64, f64)> = findings.iter().filter(concerns).filter_map(after_step).collect();
    assert!(told.last().is_some_and(|(at, _)| *at > 36.0), "{told:?}");
    assert!(told.iter().all(|(_, onset)| onset.abs() <= 3.0), "{told:?}");
}

#[test]
fn a_fan_that_stops_is_seen_from_minutes_to_the_limit() {
    let fails = |r: &mut Row| {
        let failing = (ONSET..ONSET + 2.0).contains(&r.t) && (9.0..17.0).contains(&r.hour);
        if failing && r.hour.fract() > 0.6 {
            r.saturated_c = 106.0;
        }
    };
    check(false, fails, "cooling_fan advise");
}

#[test]
fn a_room_without_its_exhaust_is_a_hot_room_and_no_fault() {
    let heats = |r: &mut Row| {
        let rise_k = if r.t > ONSET { 9.0 } else { 0.0 };
        r.ambient_c += rise_k;
        r.regulated_c += 0.2 * rise_k;
        r.saturated_c += 1.08 * rise_k;
    };
    check(false, heats, "high_ambient watch");
}

#[test]
fn few_signals_still_show_a_leak_and_an_inlet_valve() {
    check(false, |r| r.duty += if r.t > ONSET { 0.1 } else { 0.0 }, "air_leak watch");
    check(false, |r| r.unloaded_share += if r.t > ONSET { 0.14 } else { 0.0 }, "inlet_valve advise");
}

#[test]
fn two_faults_are_two_findings() {
    let both = |r: &mut Row| {
        r.separator_bar += 0.012 * since_onset(r.t);
        r.unloaded_share += if r.t > ONSET { 0.14 } else { 0.0 };
    };
    let findings = live(true, both, None);
    for fault in ["separator_clogging", "inlet_valve"] {
        let last = findings.iter().rfind(|f| f.fault.as_str() == fault).unwrap();
        assert_eq!((last.status, last.grade), (Status::Updated, Grade::Advise), "{fault}");
    }
}

#[test]
fn new_parts_end_a_finding_and_are_learned() {
    let separator = |r: &mut Row| r.separator_bar += if r.t < 60.0 { 0.02 * since_onset(r.t) } else { 0.05 };
    let findings = live(true, separator, Some((60.0, "separator_replaced")));
    let of_separator: Vec<&Finding> = findings.iter().filter(|f| f.fault.as_str() == "separator_clogging").collect();
    let cleared = of_separator.iter().filter(|f| f.status == Status::Cleared).count();
    assert_eq!((cleared, of_separator.last().map(|f| f.status)), (1, Some(Status::Cleared)));
}

/// Days on which the advice of a cooler that clogs by so many kelvins a day began and ended, by work done on day 66.
fn advice_of_cooler(grown_k: impl Fn(f64) -> f64, work: Option<&str>) -> (i64, Option<i64>) {
    let findings = live(true, |r| r.saturated_c += 4.0 + grown_k(r.t), work.map(|work| (66.0, work)));
    let start = Timestamp::parse("2026-05-04T00:00:00Z").expect("a literal");
    let day = |f: &Finding| f.at.days_since(start).floor() as i64;
    let of_cooler = || findings.iter().filter(|f| f.fault == FaultCode::COOLER_CLOGGING);
    let told = of_cooler().find(|f| f.grade >= Grade::Advise && f.status != Status::Cleared).expect("it is told");
    let ended = of_cooler().filter(|f| f.at > told.at).find(|f| f.status == Status::Cleared || f.grade == Grade::Watch);
    (day(told), ended.map(day))
}

#[test]
fn an_advice_ends_by_work_that_cures_it_or_with_the_heat_and_by_nothing_else() {
    let grown = |t: f64| 0.5 * since_onset(t);
    let (told, ended) = advice_of_cooler(grown, None);
    assert!(told < 60 && ended.is_none(), "told on day {told}, taken back on day {ended:?}");
    for work in ["oil_changed", "oil_filter_replaced", "serviced"] {
        assert_eq!(advice_of_cooler(grown, Some(work)), (told, None), "{work}");
    }
    assert_eq!(advice_of_cooler(grown, Some("cooler_cleaned")), (told, Some(66)));
    // A service that did clean it is seen within days, and a growth that pauses is no cure.
    let (_, ended) = advice_of_cooler(|t| if t < 66.0 { grown(t) } else { 0.0 }, Some("serviced"));
    assert!(ended.is_some_and(|day| (68..74).contains(&day)), "{ended:?}");
    assert_eq!(advice_of_cooler(|t| grown(t.min(60.0)), None), (told, None));
}

#[test]
fn what_only_looks_like_a_fault_reaches_no_customer() {
    let confusers: [(&str, Change); 8] = [
        ("nothing at all", |_| {}),
        ("more demand by day", |r| r.duty += if r.t > ONSET && (6.0..20.0).contains(&r.hour) { 0.2 } else { 0.0 }),
        ("a night shift", |r| r.duty = if r.t > ONSET { 0.75 } else { r.duty }),
        ("a higher pressure", |r| {
            let up_bar = if r.t > ONSET { 0.6 } else { 0.0 };
            (r.bar, r.loaded_a, r.saturated_c) =
                (r.bar + up_bar, r.loaded_a * (1.0 + 0.065 * up_bar), r.saturated_c + 0.3 * up_bar);
        }),
        ("a supply with less voltage", |r| r.loaded_a *= if r.t > ONSET { 1.03 } else { 1.0 }),
        ("another separator sensor", |r| r.separator_bar += if r.t > ONSET { 0.15 } else { 0.0 }),
        ("another vacuum sensor", |r| r.vacuum_mbar += if r.t > ONSET { 15.0 } else { 0.0 }),
        ("autumn", |r| {
            let cooler_k = 0.3 * since_onset(r.t);
            r.ambient_c -= cooler_k;
            r.regulated_c -= 0.2 * cooler_k;
            r.saturated_c -= 1.08 * cooler_k;
        }),
    ];
    for (what, change) in confusers {
        for full in [false, true] {
            let findings = live(full, change, None);
            let sent: Vec<&str> = findings
                .iter()
                .filter(concerns)
                .filter(|f| f.grade >= Grade::Advise)
                .map(|f| f.text.as_str())
                .collect();
            assert!(sent.is_empty(), "{what}: {sent:#?}");
        }
    }
}
