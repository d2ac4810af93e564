//! Anomaly scores per second, one core: one machine of eight signals a second, as many as a test bed has.
#![expect(missing_docs, reason = "criterion's macros make an undocumented main")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foretell_engine::score::Scorer;
use foretell_model::Timestamp;

const SIGNALS: usize = 8;
const ROWS: i64 = 2_000;

fn row(n: i64) -> [f64; SIGNALS] {
    std::array::from_fn(|signal| {
        let noise = (n as u32).wrapping_mul(2_654_435_769).rotate_left(signal as u32);
        (n as f64 * 0.01 * (signal + 1) as f64).sin() + f64::from(noise) / f64::from(u32::MAX)
    })
}

fn score(c: &mut Criterion) {
    let mut scorer = Scorer::new(SIGNALS);
    let (mut n, mut scores) = (0, [0.0; SIGNALS]);
    let mut some = |rows: i64| {
        for _ in 0..rows {
            scorer.observe(Timestamp::from_millis(n * 1_000), &row(n), &mut scores);
            n += 1;
        }
        scores
    };
    some(20_000);
    let mut group = c.benchmark_group("score");
    group.throughput(Throughput::Elements(SIGNALS as u64 * ROWS as u64)).sample_size(10);
    group.bench_function("2,000 rows of 8 signals", |b| b.iter(|| some(ROWS)));
    group.finish();
}

criterion_group!(benches, score);
criterion_main!(benches);
