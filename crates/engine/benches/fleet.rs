//! A fleet of 100,000 machines: its snapshot, restoring it, and readings through `observe` where no state is in a cache.
//! What its memory is, `tests/allocation.rs` counts.
#![expect(missing_docs, reason = "criterion's macros make an undocumented main")]

mod copies;

use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const MACHINES: usize = 100_000;
/// Those that live their days; the others are copies of their states.
const LIVED: usize = 8;
/// Until the history of a machine is full.
const DAYS: i64 = 125;
/// Between readings of those days.
const STEP_MIN: usize = 10;

fn options() -> EngineOptions {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    EngineOptions { catalogue, ..EngineOptions::default() }
}

fn reading(machine: &MachineId, index: usize, minute: i64) -> Event {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let ts = start + minute * MINUTE_MS;
    let of_day = minute % 1440;
    let wave = (of_day as f64 / 1440.0 * std::f64::consts::TAU).sin();
    let lived = (index % LIVED) as i64;
    let (running, loaded) = (of_day > 60 * lived, minute / 10 % 3 != 0);
    let discharge_temp = if running { 84.0 + 4.0 * wave + (minute % 5) as f64 * 0.1 } else { 26.0 + 4.0 * wave };
    let amps = [0.0, 78.0, 150.0 + (minute % 3) as f64][usize::from(running) + usize::from(running && loaded)];
    let signals = Signals::empty()
        .with(Signal::DischargeTemp, discharge_temp)
        .with(Signal::MotorCurrent, amps)
        .with(Signal::RunHours, 4100.0 + (minute / 60) as f64)
        .with(Signal::AmbientTemp, 28.0 + 4.0 * wave);
    Event::Reading(Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
}

fn lived_snapshot() -> Vec<u8> {
    let mut engine = Engine::new(options());
    let mut findings = Vec::new();
    for minute in (0..DAYS * 1440).step_by(STEP_MIN) {
        for index in 0..LIVED {
            engine.observe(&reading(&copies::machine(index), index, minute), &mut findings);
        }
        findings.clear();
    }
    engine.snapshot()
}

fn fleet(c: &mut Criterion) {
    let fleet = copies::copies(&lived_snapshot(), LIVED, MACHINES);
    let restored = || Engine::restore(options(), &fleet).expect("the copies are a snapshot");
    let mut engine = restored();
    let mut group = c.benchmark_group("100,000 machines");
    group.sample_size(10);
    group.bench_function("restore", |b| b.iter_with_large_drop(restored));
    group.bench_function("snapshot", |b| b.iter_with_large_drop(|| engine.snapshot()));

    let machines: Vec<MachineId> = (0..MACHINES).map(copies::machine).collect();
    let mut findings = Vec::new();
    let mut minute = DAYS * 1440;
    let mut round = || {
        minute += 1;
        machines.iter().enumerate().map(|(m, id)| reading(id, m, minute)).collect::<Vec<Event>>()
    };
    // The first hour of a day closes the one before it, which is another figure; what is left of the day is rounds enough.
    for _ in 0..60 {
        round().iter().for_each(|event| engine.observe(event, &mut findings));
    }
    group.throughput(Throughput::Elements(MACHINES as u64)).warm_up_time(Duration::from_secs(1));
    group.bench_function("a reading of each, no day closing", |b| {
        b.iter_batched(
            &mut round,
            |events| events.iter().for_each(|event| engine.observe(event, &mut findings)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, fleet);
criterion_main!(benches);
