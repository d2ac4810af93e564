//! One publisher's PUBLISH packet, written once; each message changes the packet id and the time stamp in place.

use crate::encode::topic;
use crate::mqtt::wire;
use crate::time::{SECOND_MS, write_utc};

/// RFC 3339 with milliseconds.
const TS_BYTES: usize = "2026-07-01T08:00:00.000Z".len();
/// Set in the first byte of a message that is sent again.
const DUP: u8 = 0x08;

/// See the module's text.
pub(super) struct Template {
    packet: Vec<u8>,
    /// Where the packet id stands; QoS 0 has none.
    id_at: Option<usize>,
    ts_at: usize,
    from_ms: i64,
    /// The second that is written in the packet.
    second: i64,
}

impl Template {
    /// A valid reading of the machine, filled up with an unknown key (which receivers ignore) to the wanted size. Message `n`
    /// bears a time stamp `n` milliseconds after `from_ms`.
    pub(super) fn new(machine: &str, payload_bytes: usize, qos: u8, from_ms: i64) -> Self {
        let mut payload = String::with_capacity(payload_bytes.max(160));
        payload.push_str("{\"ts\":\"");
        let ts_in_payload = payload.len();
        payload.push_str("0000-00-00T00:00:00.000Z\"");
        payload.push_str(
            ",\"discharge_temp_c\":83.2,\"motor_current_a\":141.7,\"run_hours\":4021.5,\"ambient_temp_c\":27.1",
        );
        const FILL: &str = ",\"fill\":\"\"}";
        if payload_bytes >= payload.len() + FILL.len() {
            payload.push_str(",\"fill\":\"");
            payload.push_str(&"x".repeat(payload_bytes - payload.len() - 2));
            payload.push('"');
        }
        payload.push('}');
        let topic = topic("flood", machine, "telemetry");
        let id_bytes = if qos == 0 { 0 } else { 2 };
        let mut packet = vec![wire::kind::PUBLISH | qos << 1];
        wire::length(&mut packet, 2 + topic.len() + id_bytes + payload.len());
        wire::text(&mut packet, &topic);
        let id_at = (qos > 0).then_some(packet.len());
        packet.resize(packet.len() + id_bytes, 0);
        let ts_at = packet.len() + ts_in_payload;
        packet.extend(payload.bytes());
        Self { packet, id_at, ts_at, from_ms, second: i64::MIN }
    }

    /// Appends message `number` under this packet id.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, id: u16, number: u64, again: bool) {
        let ts_ms = self.from_ms.saturating_add_unsigned(number);
        let ts = &mut self.packet[self.ts_at..self.ts_at + TS_BYTES];
        if ts_ms.div_euclid(SECOND_MS) != self.second {
            self.second = ts_ms.div_euclid(SECOND_MS);
            let mut text = String::with_capacity(TS_BYTES);
            write_utc(&mut text, self.second * SECOND_MS);
            let whole = text.len() - 1;
            ts[..whole].copy_from_slice(&text.as_bytes()[..whole]);
        }
        let millis = u8::try_from(ts_ms.rem_euclid(SECOND_MS) / 100).unwrap_or(0);
        let rest = u8::try_from(ts_ms.rem_euclid(SECOND_MS) % 100).unwrap_or(0);
        ts[TS_BYTES - 4..TS_BYTES - 1].copy_from_slice(&[b'0' + millis, b'0' + rest / 10, b'0' + rest % 10]);
        if let Some(at) = self.id_at {
            self.packet[at..at + 2].copy_from_slice(&id.to_be_bytes());
        }
        let begin = out.len();
        out.extend_from_slice(&self.packet);
        if again && self.id_at.is_some() {
            out[begin] |= DUP;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_utc;

    fn check(size: usize, qos: u8, number: u64, again: bool, expected_first: u8) {
        let from_ms = parse_utc("2026-07-01T08:00:00.998Z").unwrap();
        let mut template = Template::new("p0001", size, qos, from_ms);
        let (mut out, mut frames) = (Vec::new(), wire::Frames::new(4096));
        template.append(&mut out, 0x0102, 0, false);
        out.clear();
        template.append(&mut out, 0x0102, number, again);
        frames.room()[..out.len()].copy_from_slice(&out);
        frames.came(out.len());
        let (first, body) = frames.next().unwrap();
        assert_eq!(first, expected_first);
        let head = b"\x00\x21foretell/v1/flood/p0001/telemetry";
        let (head, body) = body.split_at(head.len());
        assert_eq!(head, b"\x00\x21foretell/v1/flood/p0001/telemetry");
        let payload = if qos == 0 { body } else { body.strip_prefix(b"\x01\x02").unwrap() };
        assert_eq!(payload.len(), size.max(122));
        let json: serde_json::Value = serde_json::from_slice(payload).unwrap();
        assert_eq!(parse_utc(json["ts"].as_str().unwrap()), Some(from_ms + i64::try_from(number).unwrap()));
    }

    #[test]
    fn a_message_is_a_packet_with_a_reading_of_the_wanted_size() {
        check(150, 1, 0, false, 0x32);
        check(150, 1, 2, true, 0x3A);
        check(1024, 0, 60_001, true, 0x30);
        check(10, 1, 3_600_000, false, 0x32);
    }
}
