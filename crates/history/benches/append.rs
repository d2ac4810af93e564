//! How many readings a second the log keeps: batches of 5,000 from 10,000 machines, one fsync each.

#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use foretell_history::SqliteLog;
use foretell_model::{Event, Log, MachineId, Quality, Reading, Signal, Signals, Timestamp};

const BATCH: usize = 5_000;
const MACHINES: usize = 10_000;

/// The fleet's traffic: every machine once per 10 s, in an order that repeats, with a second's jitter of arrival.
struct Fleet {
    machines: Vec<MachineId>,
    sent: usize,
}

impl Fleet {
    fn new() -> Self {
        let machine =
            |n: usize| MachineId::new(&format!("s{:03}", n % 500), &format!("m{n:05}")).expect("plain characters");
        // A multiplicative step visits every machine in an order unlike their numbers.
        Self { machines: (0..MACHINES).map(|n| machine(n * 7_919 % MACHINES)).collect(), sent: 0 }
    }

    fn batch(&mut self) -> Vec<Event> {
        (0..BATCH).map(|_| self.reading()).collect()
    }

    fn reading(&mut self) -> Event {
        let n = self.sent;
        self.sent += 1;
        let wobble = (n * 31 % 997) as f64 / 10.0;
        let ts = Timestamp::from_millis(1_780_000_000_000 + n as i64 + (n as i64 * 7_919 % 1_000));
        let signals = Signals::empty()
            .with(Signal::DischargeTemp, (800.0 + wobble).round() / 10.0)
            .with(Signal::MotorCurrent, (410.0 + wobble).round() / 10.0)
            .with(Signal::RunHours, (40_215.0 + n as f64 / 3600.0).round() / 10.0)
            .with(Signal::AmbientTemp, (270.0 + wobble / 9.0).round() / 10.0);
        let machine = self.machines[n % MACHINES].clone();
        Event::Reading(Reading { machine, ts, arrived: ts + 180, signals, state: None, quality: Quality::Good })
    }
}

fn append(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = SqliteLog::open(dir.path()).expect("an empty directory");
    let mut fleet = Fleet::new();
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("new readings", |b| {
        b.iter_batched(
            || fleet.batch(),
            |batch| log.append(black_box(&batch)).expect("room on the disk"),
            BatchSize::LargeInput,
        );
    });
    let again = fleet.batch();
    log.append(&again).expect("room on the disk");
    group.bench_function("redelivered readings", |b| {
        b.iter(|| log.append(black_box(&again)).expect("room on the disk"));
    });
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
