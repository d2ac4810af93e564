//! What the close of one machine's day costs, alone: at midnight a fleet closes all at once, and whoever waits for an advisory waits
//! for the whole queue.
//!
//! The machines have lived a year in a climate with weather, four to a site. Half of them load and unload, one of four is losing its
//! cooler. They know their air by a sensor of their own, by a sibling's, or off their siblings' temperatures. Time is per machine.
#![expect(missing_docs, reason = "criterion's macros make an undocumented main")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const MACHINES: usize = 16;
const SITE: usize = 4;
const DAYS: i64 = 365;
const STEP_MIN: i64 = 10;
const STEPS: i64 = 24 * 60 / STEP_MIN;
/// Days before the last on which those that lose their cooler begin to, and how far the loss lifts their saturated branch a day, K.
const CLOGS_DAYS: i64 = 40;
const CLOGS_K: f64 = 0.15;

/// Which machines of a site have a sensor of the air.
#[derive(Clone, Copy)]
enum Sensors {
    All,
    One,
    None,
}

impl Sensors {
    fn has(self, machine: usize) -> bool {
        match self {
            Self::All => true,
            Self::One => machine.is_multiple_of(SITE),
            Self::None => false,
        }
    }
}

/// Evenly between -1 and 1, the same for the same place.
fn toss(place: i64) -> f64 {
    let mixed = (place as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
}

/// A season, weather that lasts for days, and a day's wave, degC.
fn air_c(step: i64) -> f64 {
    let (day, turn) = (step / STEPS, std::f64::consts::TAU);
    let season_k = 9.0 * (day as f64 / 365.0 * turn).cos();
    let weather_k: f64 = (0..6).map(|ago| 0.7_f64.powi(ago) * 2.2 * toss(day - i64::from(ago))).sum();
    let wave_k = 4.0 * ((step % STEPS) as f64 / STEPS as f64 * turn).sin();
    24.0 + season_k + weather_k + wave_k
}

fn reading(machine: usize, id: &MachineId, step: i64, sensors: Sensors) -> Event {
    let start = Timestamp::parse("2025-07-20T00:00:00Z").expect("a literal");
    let ts = start + step * STEP_MIN * MINUTE_MS;
    let (m, noise) = (machine as i64, toss(step * 64 + machine as i64));
    let air_c = air_c(step);
    // Every third rests by night.
    let running = !machine.is_multiple_of(3) || step % STEPS > STEPS / 3;
    let busy = 0.75 + 0.1 * toss(step / STEPS * 64 + m + 32);
    let loaded = machine.is_multiple_of(2) || 0.5 + 0.5 * toss(step * 128 + m) < busy;
    let clogged_days = (step / STEPS - (DAYS - CLOGS_DAYS)).max(0) as f64;
    let excess_k = if machine % SITE == 1 { CLOGS_K * clogged_days } else { 0.0 };
    let (regulated, saturated) = (74.0 + 0.2 * air_c, 54.0 + 0.3 * m as f64 + 1.05 * air_c + excess_k);
    let hot_c = 2.0 * ((regulated / 2.0).exp() + (saturated / 2.0).exp()).ln();
    let td_c = if running { hot_c + 0.8 * noise + 0.5 * toss(step / STEPS * 64 + m) } else { air_c + 1.0 };
    let amps_a = match (running, loaded) {
        (false, _) => 0.0,
        (true, true) => 150.0 + 3.0 * noise,
        (true, false) => 70.0,
    };
    let mut signals = Signals::empty()
        .with(Signal::DischargeTemp, td_c)
        .with(Signal::MotorCurrent, amps_a)
        .with(Signal::RunHours, 1000.0 + step as f64 / 6.0);
    if sensors.has(machine) {
        signals.set(Signal::AmbientTemp, air_c);
    }
    Event::Reading(Reading { machine: id.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
}

fn options() -> EngineOptions {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    EngineOptions { catalogue, ..EngineOptions::default() }
}

fn close(c: &mut Criterion) {
    let mut group = c.benchmark_group("close of a day");
    group.throughput(Throughput::Elements(MACHINES as u64));
    let machines: Vec<MachineId> = (0..MACHINES)
        .map(|m| MachineId::new(&format!("site-{}", m / SITE), &format!("m{m}")).expect("plain names"))
        .collect();
    for (name, sensors) in [("air measured", Sensors::All), ("by a sibling", Sensors::One), ("inferred", Sensors::None)]
    {
        let round = |step: i64| machines.iter().enumerate().map(move |(m, id)| reading(m, id, step, sensors));
        let mut engine = Engine::new(options());
        let mut findings = Vec::new();
        (0..DAYS * STEPS).flat_map(round).for_each(|event| engine.observe(&event, &mut findings));
        let (eve, midnight) = (engine.snapshot(), round(DAYS * STEPS).collect::<Vec<Event>>());
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || (Engine::restore(options(), &eve).expect("its own snapshot"), Vec::new()),
                |(engine, findings)| midnight.iter().for_each(|event| engine.observe(event, findings)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, close);
criterion_main!(benches);
