//! What a fleet of 100,000 machines costs: bytes of state each, snapshot and restore, readings per second. Prints a table.
//!
//! Living 100 days with 100,000 machines would take hours, so one machine lives them and its state is copied: a snapshot is
//! a header, a count and then identity and state of each machine, so copies are a matter of repeating the last two. Memory
//! is what the process grew by (`/proc/self/statm`, Linux): the allocator's own overhead is in it.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::time::Instant;

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const MACHINES: usize = 100_000;
const DAYS: i64 = 125;
const STEP_MIN: i64 = 10;
const NAME: &str = "site-0000/machine-000000";

fn main() {
    let (engine, own_bytes) = live_once();
    let one = engine.snapshot();
    let fleet = copies(&one);
    let before = resident_bytes();
    let started = Instant::now();
    let Ok(mut engine) = Engine::restore(options(), &fleet) else { return println!("the copies are no snapshot") };
    let restore = started.elapsed();
    let each = (resident_bytes().saturating_sub(before)) / MACHINES as u64;
    let started = Instant::now();
    let bytes = engine.snapshot().len();
    let snapshot = started.elapsed();
    let (rate, rounds) = throughput(&mut engine);
    println!("machines                                {MACHINES}");
    println!("state per machine, as reckoned          {own_bytes} B");
    println!("state per machine, process grew by      {each} B   (identities and index included; target 4096)");
    println!(
        "snapshot of all                         {:.2} s, {} MB   (target 2 s)",
        snapshot.as_secs_f64(),
        bytes / 1_000_000
    );
    println!("restore of all                          {:.2} s   (target 2 s)", restore.as_secs_f64());
    println!("readings/s through observe, one core    {:.2} million over {rounds} rounds of the fleet", rate / 1e6);
}

fn options() -> EngineOptions {
    let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap_or_default();
    EngineOptions { catalogue, ..EngineOptions::default() }
}

fn reading(machine: &MachineId, step: i64) -> Event {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").unwrap_or_default();
    let ts = start + step * STEP_MIN * MINUTE_MS;
    let minute = step * STEP_MIN % 1440;
    let wave = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
    let (running, loaded) = (minute > 300, step % 3 != 0);
    let td = if running { 84.0 + 4.0 * wave + (step % 5) as f64 * 0.1 } else { 26.0 + 4.0 * wave };
    let amps = if !running {
        0.0
    } else if loaded {
        150.0 + (step % 3) as f64
    } else {
        78.0
    };
    let signals = Signals::empty()
        .with(Signal::DischargeTemp, td)
        .with(Signal::MotorCurrent, amps)
        .with(Signal::RunHours, 4100.0 + (step / 6) as f64)
        .with(Signal::AmbientTemp, 28.0 + 4.0 * wave);
    Event::Reading(Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
}

/// One machine after its days, and the bytes of its state as the engine reckons them.
fn live_once() -> (Engine, usize) {
    let mut engine = Engine::new(options());
    let mut findings = Vec::new();
    if let Ok(machine) = MachineId::parse(NAME) {
        (0..DAYS * 24 * 60 / STEP_MIN).for_each(|step| engine.observe(&reading(&machine, step), &mut findings));
    }
    let bytes = engine.state_bytes();
    (engine, bytes)
}

/// A snapshot with the one machine many times over, four to a site.
fn copies(one: &[u8]) -> Vec<u8> {
    let at = one.windows(NAME.len()).position(|w| w == NAME.as_bytes()).unwrap_or(0);
    // Before the name stand the count (1) and the name's length, one byte each.
    let (head, state) = (&one[..at.saturating_sub(2)], &one[at + NAME.len()..]);
    let mut bytes = head.to_vec();
    let mut count = MACHINES;
    while count > 0x7f {
        bytes.push((count & 0x7f) as u8 | 0x80);
        count >>= 7;
    }
    bytes.push(count as u8);
    for m in 0..MACHINES {
        let name = format!("site-{:05}/machine-{m:06}", m / 4);
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(state);
    }
    bytes
}

/// Readings per second over some rounds of the whole fleet, days not closed.
fn throughput(engine: &mut Engine) -> (f64, i64) {
    const ROUNDS: i64 = 20;
    let machines: Vec<MachineId> = engine.machines().cloned().collect();
    let mut findings = Vec::new();
    let mut seconds = 0.0;
    for round in 1..=ROUNDS {
        let first = DAYS * 24 * 60 / STEP_MIN - 1;
        let events: Vec<Event> = machines.iter().map(|m| reading(m, first + round)).collect();
        let started = Instant::now();
        // The first round closes the day of the whole fleet, which is another figure.
        events.iter().for_each(|event| engine.observe(event, &mut findings));
        seconds += if round > 1 { started.elapsed().as_secs_f64() } else { 0.0 };
    }
    ((ROUNDS - 1) as f64 * machines.len() as f64 / seconds, ROUNDS - 1)
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * 4096
}
