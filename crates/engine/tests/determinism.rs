//! The engine's promises about time and order: same events, same bytes; a snapshot changes nothing; a backlog is judged as
//! it would have been live; nothing from outside makes it panic or speak of impossible figures.

use foretell_engine::{DayView, Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, Finding, FindingKind, Grade, HOUR_MS, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals,
    Status, Timestamp, Work, wire,
};
use proptest::prelude::*;

const STEP_MIN: i64 = 15;

fn options() -> EngineOptions {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    EngineOptions { catalogue, ..EngineOptions::default() }
}

fn start() -> Timestamp {
    Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal")
}

/// A repeatable disturbance between -1 and 1 without a generator of random numbers.
fn wobble(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// A loaded machine in summer whose saturated branch rises by `rate_k_per_day` from day 40 on. The one called "bare" does not
/// measure its ambient.
fn machine(name: &str, days: i64, rate_k_per_day: f64) -> Vec<Event> {
    machine_in(29.0, name, days, rate_k_per_day)
}

/// The same in air of another mean temperature, degC.
fn machine_in(air_c: f64, name: &str, days: i64, rate_k_per_day: f64) -> Vec<Event> {
    let id = MachineId::new("plant", name).expect("plain names");
    (0..days * 24 * 60 / STEP_MIN)
        .map(|step| {
            let ts = start() + step * STEP_MIN * MINUTE_MS;
            let t = (step * STEP_MIN) as f64 / 1440.0;
            let weather = 3.0 * wobble(ts.day() / 3 + 7);
            let ta = air_c + weather + 4.0 * ((t - 0.375) * std::f64::consts::TAU).sin();
            let excess = rate_k_per_day * (t - 40.0).max(0.0);
            let (regulated, saturated): (f64, f64) = (78.0 + 0.2 * (ta - 20.0), 84.0 + 1.08 * (ta - 30.0) + excess);
            let td = saturated.max(regulated) + 0.5 * wobble(step * 3 + id.as_str().len() as i64);
            let signals = Signals::empty()
                .with(Signal::DischargeTemp, (td * 10.0).round() / 10.0)
                .with(Signal::MotorCurrent, 150.0 + wobble(step))
                .with(Signal::RunHours, 4100.0 + (t * 24.0).floor());
            let signals =
                if name == "bare" { signals } else { signals.with(Signal::AmbientTemp, (ta * 2.0).round() / 2.0) };
            let quality = Quality::Good;
            Event::Reading(Reading { machine: id.clone(), ts, arrived: ts, signals, state: None, quality })
        })
        .collect()
}

fn fleet() -> Vec<Event> {
    let mut events = machine("clogs", 100, 0.4);
    events.extend(machine("well", 100, 0.0));
    events.extend(machine("bare", 100, 0.3));
    events.sort_by_key(Event::ts);
    events
}

fn observe(engine: &mut Engine, events: &[Event]) -> Vec<Finding> {
    let mut findings = Vec::new();
    events.iter().for_each(|event| engine.observe(event, &mut findings));
    findings
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(|f| wire::to_json(f) + "\n").collect()
}

#[test]
fn a_clogging_cooler_is_advised_in_good_time_and_its_sibling_left_alone() {
    let findings = observe(&mut Engine::new(options()), &fleet());
    let advised: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.kind == FindingKind::Prediction && f.grade >= Grade::Advise && f.status != Status::Cleared)
        .collect();
    let first = advised.first().expect("the clogging cooler is advised");
    assert_eq!(first.machine.as_str(), "plant/clogs");
    assert_eq!(first.fault.as_str(), "cooler_clogging");
    // 105 degC at about 36 degC inlet needs 14-15 K, reached some 36 days after the onset on day 40.
    let day = first.at.days_since(start());
    assert!((44.0..=66.0).contains(&day), "advised on day {day}");
    assert!(advised.iter().all(|f| f.machine.as_str() != "plant/well"), "the healthy sibling stays quiet");
}

/// What many machines' closings cost must not come at one instant; and a finding is dated at the closing that brought it.
#[test]
fn sites_close_their_days_each_at_a_time_of_its_own() {
    let mut minutes = Vec::new();
    for site in 0..24 {
        let mut engine = Engine::new(options());
        let (mut findings, mut before, mut said) = (Vec::new(), start(), 0);
        for event in machine("clogs", 75, 0.4) {
            let Event::Reading(reading) = event else { continue };
            let machine = MachineId::new(&format!("plant-{site}"), "clogs").expect("plain names");
            let (closed, ts) = (engine.days_closed(), reading.ts);
            engine.observe(&Event::Reading(Reading { machine, ..reading }), &mut findings);
            if engine.days_closed() > closed {
                minutes.push(ts.millis().rem_euclid(24 * HOUR_MS) / MINUTE_MS);
                let dated = findings[said..].iter().all(|f| f.at <= ts && f.at > before);
                assert!(dated, "{before} to {ts}: {}", lines(&findings[said..]));
            }
            (before, said) = (ts, findings.len());
        }
        assert!(said > 0, "plant-{site} found nothing");
    }
    let at_once = |minute: i64| minutes.iter().filter(|m| **m == minute).count() as f64 / minutes.len() as f64;
    let shares = [15, 30, 45, 60].map(at_once);
    assert!(shares.iter().all(|share| (0.05..0.5).contains(share)), "{shares:?}");
    assert!(
        (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9,
        "some close later than an hour after midnight: {shares:?}"
    );
}

#[test]
fn same_events_same_bytes() {
    let events = fleet();
    let (mut one, mut two) = (Engine::new(options()), Engine::new(options()));
    assert_eq!(lines(&observe(&mut one, &events)), lines(&observe(&mut two, &events)));
    assert_eq!(one.snapshot(), two.snapshot());
}

#[test]
fn a_snapshot_in_mid_stream_changes_nothing() {
    let events = fleet();
    let mut whole = Engine::new(options());
    let expected = lines(&observe(&mut whole, &events));
    for cut in [1, 14_401, 16_667] {
        let mut first = Engine::new(options());
        let before = lines(&observe(&mut first, &events[..cut]));
        let mut second = Engine::restore(options(), &first.snapshot()).unwrap();
        let after = lines(&observe(&mut second, &events[cut..]));
        assert_eq!(before + &after, expected, "cut at {cut}");
        assert_eq!(second.snapshot(), whole.snapshot());
    }
}

#[test]
fn a_backlog_is_judged_as_it_would_have_been_live() {
    let events = fleet();
    let live = observe(&mut Engine::new(options()), &events);
    // A clogging machine falls silent on day 60 and delivers three days at once, in order, while its siblings go on.
    let (from, to) = (start().plus_days(60.0), start().plus_days(63.0));
    for name in ["clogs", "bare"] {
        let held = |e: &&Event| e.machine().machine() == name && (from..to).contains(&e.ts());
        let backlog = events.iter().filter(held).cloned();
        let mut late: Vec<Event> = events.iter().filter(|e| e.ts() < to && !held(e)).cloned().collect();
        late.extend(backlog);
        late.extend(events.iter().filter(|e| e.ts() >= to).cloned());
        let delayed = observe(&mut Engine::new(options()), &late);
        let of = |findings: &[Finding]| {
            lines(&findings.iter().filter(|f| f.machine.machine() == name).cloned().collect::<Vec<_>>())
        };
        assert!(of(&live).contains("advise"), "{name} is advised");
        assert_eq!(of(&delayed), of(&live), "{name}");
    }
}

#[test]
fn an_open_prediction_is_said_again_every_day() {
    let findings = observe(&mut Engine::new(options()), &fleet());
    let said: Vec<i64> = findings
        .iter()
        .filter(|f| f.kind == FindingKind::Prediction && f.machine.machine() == "clogs")
        .map(|f| f.at.day())
        .collect();
    assert!(said.len() > 20 && said.windows(2).all(|w| w[1] - w[0] == 1), "{said:?}");
}

#[test]
fn in_cool_weather_a_cone_sets_out_where_the_valve_holds_the_machine() {
    let mut engine = Engine::new(options());
    observe(&mut engine, &machine_in(6.0, "cool", 60, 0.4));
    let view = engine.machine(&MachineId::new("plant", "cool").unwrap()).unwrap();
    let observed_c = view.days.iter().rev().find_map(|day| day.observed_c).unwrap();
    let today = view.cone.first().unwrap();
    assert!(today.q10_c > observed_c - 2.5 && today.q50_c < observed_c + 4.0, "{observed_c} {today:?}");
}

#[test]
fn work_clears_the_forecast_and_its_effect_is_measured() {
    let mut events = machine("clogs", 66, 0.4);
    let id = MachineId::new("plant", "clogs").unwrap();
    let ts = start().plus_days(66.0);
    events.push(Event::Maintenance { machine: id, ts, work: Work::new("cooler_cleaned").unwrap() });
    let after = machine("clogs", 90, 0.0).into_iter().filter(|e| e.ts() > ts);
    events.extend(after);
    let mut engine = Engine::new(options());
    let findings = observe(&mut engine, &events);
    let cleared = findings.iter().find(|f| f.kind == FindingKind::Prediction && f.status == Status::Cleared).unwrap();
    assert_eq!(cleared.at, ts);
    let effect = findings.iter().find(|f| f.kind == FindingKind::MaintenanceEffect).unwrap();
    // It had reached 10.4 K when it was cleaned; the mean of its last week was 1.6 K less.
    let change_k = effect.evidence[0].value;
    assert!((-12.0..=-9.4).contains(&change_k), "{}", effect.text);
    // The days before the work keep the normal that held then, above which they stood.
    let view = engine.machine(&MachineId::new("plant", "clogs").unwrap()).unwrap();
    let before: Vec<_> = view.days.iter().filter(|day| day.day < ts && day.observed_c.is_some()).collect();
    let over_k = |day: &DayView| day.observed_c.zip(day.expected_c).map(|(observed, expected)| observed - expected);
    assert!(before.len() > 50 && before.iter().all(|day| day.expected_c.is_some()), "{before:?}");
    assert!(before.iter().take(35).filter_map(|day| over_k(day)).all(|k| k.abs() < 2.5), "{before:?}");
    assert!(before.last().and_then(|day| over_k(day)).is_some_and(|k| (7.0..13.0).contains(&k)), "{before:?}");
}

#[test]
fn work_that_has_changed_nothing_does_not_make_the_fault_the_normal() {
    let mut events = machine("clogs", 73, 0.4);
    let id = MachineId::new("plant", "clogs").unwrap();
    let worked = start().plus_days(55.0);
    events.push(Event::Maintenance { machine: id.clone(), ts: worked, work: Work::new("cooler_cleaned").unwrap() });
    events.sort_by_key(Event::ts);
    let mut engine = Engine::new(options());
    let findings = observe(&mut engine, &events);
    let effect = findings.iter().find(|f| f.kind == FindingKind::MaintenanceEffect).expect("the effect is measured");
    assert!(effect.text.contains("no measurable effect"), "{}", effect.text);
    let again =
        findings.iter().find(|f| f.kind == FindingKind::Prediction && f.at > effect.at).expect("forecast again");
    assert!(again.at.days_since(effect.at) < 3.0 && again.fault.as_str() == "cooler_clogging", "{}", again.text);
    // It grows since day 40, and not since the work.
    let since = again.evidence.iter().filter_map(|e| e.since).map(|since| since.days_since(start()));
    assert!(since.clone().any(|day| (34.0..=48.0).contains(&day)), "{:?}", since.collect::<Vec<_>>());
    let view = engine.machine(&id).unwrap();
    let last = view.days.last().unwrap();
    let over_k = last.observed_c.zip(last.expected_c).map(|(observed, expected)| observed - expected);
    assert!(over_k.is_some_and(|k| (9.0..16.0).contains(&k)), "{over_k:?}");
}

#[test]
fn another_version_is_refused_by_number() {
    let mut bytes = Engine::new(options()).snapshot();
    bytes[4] = 99;
    let refused = Engine::restore(options(), &bytes).unwrap_err().to_string();
    assert!(refused.contains("version 99"), "{refused}");
    assert!(Engine::restore(options(), b"nonsense").unwrap_err().to_string().contains("not an engine snapshot"));
    assert!(Engine::restore(options(), &bytes[..5]).is_err());
}

fn sane(finding: &Finding) -> bool {
    let share = |p: f64| (0.0..=1.0).contains(&p);
    let quantiles = finding.rul_days.is_none_or(|r| {
        let order: Vec<f64> = [r.p10, r.p50, r.p90].into_iter().flatten().collect();
        order.windows(2).all(|w| w[0] <= w[1]) && order.iter().all(|d| d.is_finite() && *d >= 0.0)
    });
    let chances = finding.probability_within.is_none_or(|p| {
        [p.d7, p.d14, p.d21, p.d30].iter().all(|&p| share(p)) && p.d7 <= p.d14 && p.d14 <= p.d21 && p.d21 <= p.d30
    });
    let total: f64 = finding.likelihood + finding.alternatives.iter().map(|a| a.likelihood).sum::<f64>();
    share(finding.likelihood)
        && total <= 1.0 + 1e-9
        && quantiles
        && chances
        && finding.evidence.iter().all(|e| e.value.is_finite() && e.change_per_day.is_none_or(f64::is_finite))
        && !finding.text.is_empty()
}

/// One step of a hostile stream: hours to move on (or back), values or their absence.
fn garbage() -> impl Strategy<Value = (i64, u8, Option<f64>, Option<f64>, Option<f64>, Option<f64>)> {
    let temperature = prop_oneof![
        4 => (60.0..110.0f64).prop_map(Some),
        1 => Just(None),
        1 => Just(Some(-125.0)),
        1 => Just(Some(267.0)),
        1 => (-1e9..1e9f64).prop_map(Some),
    ];
    let hours = prop_oneof![8 => 0..3i64, 1 => -50..50i64, 1 => 0..900i64];
    (
        hours,
        0..3u8,
        temperature,
        prop::option::of(-100.0..1e4f64),
        prop::option::of(-60.0..70.0f64),
        prop::option::of(0.0..1e6f64),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_stream_makes_it_panic_or_speak_nonsense(steps in prop::collection::vec(garbage(), 1..900)) {
        let mut engine = Engine::new(options());
        let mut findings = Vec::new();
        let mut ts = start();
        for (place, (hours, who, td, amps, ta, run_hours)) in steps.into_iter().enumerate() {
            ts = ts + hours * HOUR_MS + 7 * MINUTE_MS;
            let machine = MachineId::new("plant", ["a", "b", "c"][usize::from(who)]).unwrap();
            let mut signals = Signals::empty();
            for (signal, value) in [
                (Signal::DischargeTemp, td),
                (Signal::MotorCurrent, amps),
                (Signal::AmbientTemp, ta),
                (Signal::RunHours, run_hours),
            ] {
                value.into_iter().for_each(|v| signals.set(signal, v));
            }
            if place % 97 == 96 {
                let work = Work::new("cooler_cleaned").unwrap();
                engine.observe(&Event::Maintenance { machine: machine.clone(), ts, work }, &mut findings);
            }
            let reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
            engine.observe(&Event::Reading(reading), &mut findings);
        }
        prop_assert!(findings.iter().all(sane), "{:#?}", findings.iter().find(|f| !sane(f)));
        let restored = Engine::restore(options(), &engine.snapshot()).unwrap();
        prop_assert_eq!(restored.snapshot(), engine.snapshot());
        for id in engine.machines() {
            let view = engine.machine(id).unwrap();
            let warn_c = view.limits.warn_c;
            prop_assert!(view.cone.iter().all(|c| c.q10_c <= c.q50_c && c.q50_c <= c.q90_c && c.q90_c <= warn_c));
        }
    }
}

#[test]
fn state_stays_within_four_kibibytes_per_machine() {
    let mut engine = Engine::new(options());
    observe(&mut engine, &machine("clogs", 140, 0.2));
    assert!(engine.state_bytes() <= 4096, "{} bytes", engine.state_bytes());
}
