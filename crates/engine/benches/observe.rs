//! Readings per second through `observe`, one core: a fleet at one reading per machine and minute, days closing included. Half of
//! the machines load and unload: what their days did is read with more effort.
#![expect(missing_docs, reason = "criterion's macros make an undocumented main")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const MACHINES: usize = 200;
const MINUTES: i64 = 1440;

/// Runs loaded all the time, or for 7 to 10 minutes of 11.
fn amps_a(machine: usize, minute: i64) -> f64 {
    let is_unloaded = machine % 2 == 1 && minute % 11 >= 7 + (minute / 1440) % 4;
    (if is_unloaded { 52.0 } else { 150.0 }) + (minute % 3) as f64
}

fn day(machines: &[MachineId], first_minute: i64) -> Vec<Event> {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let minutes = first_minute..first_minute + MINUTES;
    minutes
        .flat_map(|minute| {
            machines.iter().enumerate().map(move |(m, machine)| {
                let ts = start + minute * MINUTE_MS;
                let wave = ((minute % 1440) as f64 / 1440.0 * std::f64::consts::TAU).sin();
                let signals = Signals::empty()
                    .with(Signal::DischargeTemp, 84.0 + 4.0 * wave + (m % 7) as f64 * 0.1 + (minute % 5) as f64 * 0.1)
                    .with(Signal::MotorCurrent, amps_a(m, minute))
                    .with(Signal::RunHours, 1000.0 + minute as f64 / 60.0)
                    .with(Signal::AmbientTemp, 28.0 + 4.0 * wave);
                let quality = Quality::Good;
                Event::Reading(Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality })
            })
        })
        .collect()
}

fn observe(c: &mut Criterion) {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let machines: Vec<MachineId> = (0..MACHINES)
        .map(|m| MachineId::new(&format!("site-{:03}", m / 4), &format!("machine-{m:04}")).expect("plain names"))
        .collect();
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let mut findings = Vec::new();
    for n in 0..40 {
        day(&machines, n * MINUTES).iter().for_each(|event| engine.observe(event, &mut findings));
    }
    let mut n = 40;
    let mut group = c.benchmark_group("observe");
    group.throughput(Throughput::Elements(MACHINES as u64 * MINUTES as u64)).sample_size(10);
    group.bench_function("one day of 200 machines, day close included", |b| {
        b.iter_batched(
            || {
                n += 1;
                day(&machines, n * MINUTES)
            },
            |events| {
                findings.clear();
                events.iter().for_each(|event| engine.observe(event, &mut findings));
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, observe);
criterion_main!(benches);
