//! What a host says: rebirth requests, and whether it is there.

use foretell_model::Timestamp;
use srad_types::payload::{DataType, Message as _, Metric, Payload, metric};

use super::output::Publication;
use super::topic;

/// Asks a node for its births.
pub(super) fn rebirth(group: &str, node: &str, now: Timestamp) -> Publication {
    let timestamp = u64::try_from(now.millis()).ok();
    let metric = Metric {
        name: Some("Node Control/Rebirth".to_owned()),
        timestamp,
        datatype: Some(DataType::Boolean as u32),
        value: Some(metric::Value::BooleanValue(true)),
        ..Metric::default()
    };
    let payload = Payload { timestamp, metrics: vec![metric], ..Payload::default() };
    Publication { topic: topic::command(group, node), payload: payload.encode_to_vec() }
}

/// The host's state as a payload, retained, QoS 1. `since` is the same in a session's birth and in its will.
pub(crate) fn state(online: bool, since: Timestamp) -> Vec<u8> {
    format!(r#"{{"online":{online},"timestamp":{}}}"#, since.millis()).into_bytes()
}

/// Whether a payload says that its host is off line.
pub(crate) fn is_offline(payload: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct State {
        online: bool,
    }
    serde_json::from_slice(payload).is_ok_and(|State { online }| !online)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_nodes_understand() {
        let now = Timestamp::from_millis(1_782_864_000_000);
        let Publication { topic, payload } = rebirth("Plant 1", "gw", now);
        assert_eq!(topic, "spBv1.0/Plant 1/NCMD/gw");
        let read = Payload::decode(&*payload).unwrap();
        assert_eq!(read.metrics[0].name(), "Node Control/Rebirth");
        assert_eq!(read.metrics[0].value, Some(metric::Value::BooleanValue(true)));
        assert_eq!(state(true, now), br#"{"online":true,"timestamp":1782864000000}"#);
        assert!(is_offline(&state(false, now)) && !is_offline(&state(true, now)) && !is_offline(b"OFFLINE"));
    }
}
