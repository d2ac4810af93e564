//! What the engine costs in memory, counted at the allocator: four kibibytes a machine, and nothing per reading while a day is
//! open.

#[path = "../benches/copies/mod.rs"]
mod copies;

use allocation_counter::{measure, opt_out};
use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, Finding, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

/// Days after which the history of a machine is full.
const DAYS: i64 = 100;

fn options() -> EngineOptions {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    EngineOptions { catalogue, ..EngineOptions::default() }
}

/// What a controller sends of a machine: what is needed at the least, or all that a well fitted one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fitted {
    Needed,
    Richly,
}

/// A machine that loads and unloads by day and rests at night.
fn reading(machine: &MachineId, minute: i64, fitted: Fitted) -> Event {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let ts = start + minute * MINUTE_MS;
    let wave = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
    let (running, loaded) = (minute % 1440 > 300, minute / 10 % 3 != 0);
    let td = if running { 86.0 + 4.0 * wave + (minute % 5) as f64 * 0.1 } else { 26.0 + 4.0 * wave };
    let amps = [0.0, 78.0, 150.0 + (minute % 3) as f64][usize::from(running) + usize::from(running && loaded)];
    let mut signals = Signals::empty()
        .with(Signal::DischargeTemp, td)
        .with(Signal::MotorCurrent, amps)
        .with(Signal::RunHours, (4100 + minute / 60) as f64)
        .with(Signal::AmbientTemp, 28.0 + 4.0 * wave);
    if fitted == Fitted::Richly {
        signals.set(Signal::LoadHours, (3100 + minute / 90) as f64);
        signals.set(Signal::DischargePressure, 7.2 + 0.2 * wave);
        signals.set(Signal::OilFilterDp, 0.3);
        signals.set(Signal::SeparatorDp, 0.25);
        signals.set(Signal::Vibration, 4.0 + 0.2 * wave);
    }
    Event::Reading(Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
}

fn machines(count: usize) -> Vec<MachineId> {
    let id = |i: usize| MachineId::new(&format!("site-{:04}", i / 4), &format!("m{i}")).expect("plain names");
    (0..count).map(id).collect()
}

/// Lives the days of `fleet` at a reading in so many minutes; what others would allocate for it is not counted.
fn live(engine: &mut Engine, fleet: &[MachineId], every_min: i64, fitted: Fitted) {
    let mut findings: Vec<Finding> = Vec::new();
    for minute in (0..DAYS * 1440).step_by(every_min as usize) {
        for id in fleet {
            let mut event = None;
            opt_out(|| event = Some(reading(id, minute, fitted)));
            event.iter().for_each(|event| engine.observe(event, &mut findings));
            findings.clear();
            opt_out(|| drop(event));
        }
    }
}

#[test]
fn a_reading_allocates_nothing_while_its_day_is_open() {
    for fitted in [Fitted::Needed, Fitted::Richly] {
        let (fleet, mut engine) = (machines(4), Engine::new(options()));
        live(&mut engine, &fleet, 10, fitted);
        // The first hour of a day closes the one before it: only then is there something to work out.
        let of_minute = |minute: i64| fleet.iter().map(move |id| reading(id, DAYS * 1440 + minute, fitted));
        let of_minutes = |minutes: std::ops::Range<i64>| minutes.flat_map(of_minute).collect::<Vec<Event>>();
        let (first, rest) = (of_minutes(0..60), of_minutes(60..1440));
        let mut findings = Vec::new();
        first.iter().for_each(|event| engine.observe(event, &mut findings));
        let closed = engine.days_closed();
        let spoken = findings.len();
        let counted = measure(|| rest.iter().for_each(|event| engine.observe(event, &mut findings)));
        assert_eq!((engine.days_closed(), findings.len()), (closed, spoken), "a day in which nothing happens");
        assert_eq!(counted.count_total, 0, "{} readings: {counted:?}", rest.len());
    }
}

#[test]
fn a_machine_holds_no_more_than_four_kibibytes() {
    const MACHINES: usize = 48;
    let (mut engine, fleet) = (Engine::new(options()), machines(MACHINES));
    let counted = measure(|| live(&mut engine, &fleet, 10, Fitted::Needed));
    let each = counted.bytes_current / MACHINES as i64;
    assert!(each <= 4096, "{each} B each");
}

/// What comes back from a snapshot is what a restarted service holds; a richly fitted machine may take an eighth more.
#[test]
fn a_hundred_thousand_machines_hold_no_more_each() {
    const LIVED: usize = 8;
    const MACHINES: usize = 100_000;
    for (fitted, most) in [(Fitted::Needed, 4096), (Fitted::Richly, 4608)] {
        let mut engine = Engine::new(options());
        live(&mut engine, &(0..LIVED).map(copies::machine).collect::<Vec<_>>(), 10, fitted);
        let snapshot = copies::copies(&engine.snapshot(), LIVED, MACHINES);
        let mut restored = None;
        let counted = measure(|| restored = Engine::restore(options(), &snapshot).ok());
        assert_eq!(restored.map(|engine| engine.machines().count()), Some(MACHINES));
        let each = counted.bytes_current / MACHINES as i64;

        assert!((1024..=most).contains(&each), "{each} B each, {fitted:?}");
    }
}
