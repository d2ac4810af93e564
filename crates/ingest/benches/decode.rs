//! Readings decoded per second on one core: the contract's objects and arrays, and a foreign shape through a mapping.

#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foretell_ingest::decode::{
    Decoded, Decoder, DecoderOptions, DeriveSpec, FieldSpec, HoursSpec, MappingSpec, TimeSpec,
};
use foretell_model::Timestamp;
use srad_types::payload::{Message as _, Metric, Payload, metric};

const TOPIC: &str = "foretell/v1/s01/m007/telemetry";

/// A reading as the contract shows it, with the time written either way.
fn object(second: u32, millis: bool) -> String {
    let ts = if millis {
        format!("{}", 1_782_892_800_000_u64 + u64::from(second) * 1000)
    } else {
        format!("\"2026-07-01T08:{:02}:{:02}Z\"", second / 60 % 60, second % 60)
    };
    format!(
        r#"{{"ts":{ts},"discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5,"ambient_temp_c":27.1,"discharge_pressure_bar":7.52}}"#
    )
}

fn foreign() -> DecoderOptions {
    let field = |at: &str| FieldSpec { at: at.into(), ..FieldSpec::default() };
    let time = TimeSpec { at: "/timestamp".into(), format: Some("%Y-%m-%d %H:%M:%S".into()), zone: Some("UTC".into()) };
    let hours = HoursSpec { from: "motor_current_a".into(), above: 2.0, ..HoursSpec::default() };
    let mapping = MappingSpec {
        topic: "metro/{site}/{machine}".into(),
        ts: Some(time),
        signals: [
            ("discharge_temp_c".to_owned(), field("/Oil_temperature")),
            ("motor_current_a".to_owned(), field("/Motor_current")),
        ]
        .into(),
        derive: Some(DeriveSpec { run_hours: Some(hours) }),
        ..MappingSpec::default()
    };
    DecoderOptions { mappings: vec![mapping], ..DecoderOptions::default() }
}

fn decode(c: &mut Criterion) {
    let decoder = Decoder::new(foreign()).expect("the mapping above is sound");
    let arrived = Timestamp::parse("2026-07-01T09:00:00Z").expect("a valid instant");
    let array = |n: u32| format!("[{}]", (0..n).map(|i| object(i, false)).collect::<Vec<_>>().join(","));
    let row = r#"{"timestamp":"2020-02-01 00:00:00","Oil_temperature":53.60000000000001,"Motor_current":0.04,"TP2":-0.012,"TP3":9.358}"#;
    let cases = [
        ("object, RFC 3339", TOPIC, object(0, false), 1),
        ("object, milliseconds", TOPIC, object(0, true), 1),
        ("array of 1,000", TOPIC, array(1000), 1000),
        ("mapping with derived hours", "metro/s1/k1", row.to_owned(), 1),
    ];
    let mut group = c.benchmark_group("decode");
    let mut out = Decoded::default();
    for (name, topic, payload, readings) in cases {
        group.throughput(Throughput::Elements(readings));
        group.bench_with_input(BenchmarkId::from_parameter(name), &payload, |b, payload| {
            b.iter(|| decoder.decode(arrived, "bench", topic, payload.as_bytes(), &mut out));
        });
        assert_eq!(out.events.len() as u64, readings, "{:?}", out.refused.first());
    }
    group.finish();
}

/// A metric with a number for its name.
fn metric(name: Option<&str>, alias: u64, value: f64) -> Metric {
    let value = Some(metric::Value::DoubleValue(value));
    let (name, datatype) = (name.map(Into::into), name.map(|_| 10));
    Metric { name, alias: Some(alias), datatype, value, ..Metric::default() }
}

/// An edge node's data message of ten metrics by alias, six of them signals: in sequence, so that it is followed as in life.
fn edge_node(c: &mut Criterion) {
    const NAMES: [&str; 10] = [
        "discharge_temp_c",
        "motor_current_a",
        "run_hours",
        "ambient_temp_c",
        "discharge_pressure_bar",
        "power_kw",
        "Fan/Speed",
        "Fan/Current",
        "Dryer/Dew Point",
        "Cabinet/Temperature",
    ];
    let begin_ms = 1_782_892_800_000_u64;
    let message = |seq: u64, named: bool| {
        let metrics =
            NAMES.iter().zip(1..).map(|(name, alias)| metric(named.then_some(name), alias, 42.5 + seq as f64));
        let timestamp = Some(begin_ms + seq * 1000);
        Payload { timestamp, seq: Some(seq), metrics: metrics.collect(), ..Payload::default() }.encode_to_vec()
    };
    let decoder = Decoder::new(DecoderOptions::default()).expect("no mapping, no fault");
    let arrived = Timestamp::from_millis(begin_ms as i64 + 300_000);
    let mut out = Decoded::default();
    for (topic, seq) in [("spBv1.0/s01/NBIRTH/gw", 255), ("spBv1.0/s01/DBIRTH/gw/m007", 0)] {
        decoder.decode(arrived, "bench", topic, &message(seq, true), &mut out);
    }
    let data: Vec<_> = (0..256).map(|seq| message(seq, false)).collect();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    let mut next = (1..256).chain(0..1).cycle();
    group.bench_function("Sparkplug DDATA of 10 metrics", |b| {
        b.iter(|| {
            let seq = next.next().unwrap_or_default();
            decoder.decode(arrived, "bench", "spBv1.0/s01/DDATA/gw/m007", &data[seq], &mut out);
        });
    });
    group.finish();
    assert_eq!(out.events.len(), 1, "{:?}", out.refused.first());
}

criterion_group!(benches, decode, edge_node);
criterion_main!(benches);
