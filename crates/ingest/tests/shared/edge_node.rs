//! What an edge node of Sparkplug says, for the test programs of both ways in.

use srad_types::payload::{Message as _, Metric, Payload, metric};

/// A payload of metrics, each with a name (empty: none), an alias and a value.
pub(crate) fn payload(seq: u64, metrics: &[(&str, u64, f64)]) -> Vec<u8> {
    let metric = |(name, alias, value): &(&str, u64, f64)| Metric {
        name: (!name.is_empty()).then(|| (*name).to_owned()),
        alias: Some(*alias),
        datatype: Some(10),
        value: Some(metric::Value::DoubleValue(*value)),
        ..Metric::default()
    };
    let timestamp = Some(1_782_892_700_000 + seq);
    let metrics = metrics.iter().map(metric).collect();
    Payload { timestamp, seq: Some(seq), metrics, ..Payload::default() }.encode_to_vec()
}
