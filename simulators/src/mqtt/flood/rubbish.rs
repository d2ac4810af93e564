//! What no controller should send and some will: mutated readings, random bytes, odd topics, and now and then a packet that
//! is no MQTT at all. Message `n` of a publisher is always the same, so that a finding can be made again.

use crate::mqtt::wire;

/// One in so many packets is broken as a packet; the receiver must close on it.
const BROKEN_ONE_IN: u64 = 5_000;

/// Topics, of which the first is the right one.
const TOPICS: [&str; 9] = [
    "foretell/v1/flood/p1/telemetry",
    "foretell/v1/flood/p1/event",
    "foretell/v1/flood/p1/status",
    "foretell/v1//p1/telemetry",
    "foretell/v1/flood/p 1\u{1F9EF}/telemetry",
    "spBv1.0/flood/NDATA/p1",
    "spBv1.0/flood/DBIRTH/p1/d1",
    "$SYS/broker/clients/total",
    "a/very/long/topic/that/goes/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on",
];

/// Payloads that mutation begins with.
const SEEDS: [&str; 7] = [
    r#"{"ts":"2026-07-01T08:00:00Z","discharge_temp_c":83.2,"motor_current_a":141.7,"run_hours":4021.5,"ambient_temp_c":27.1}"#,
    r#"[{"ts":1782892800000,"discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":1},{"ts":"x"},NaN]"#,
    r#"{"ts":"2026-07-01T08:00:00Z","kind":"maintenance_done","work":"cooler_cleaned"}"#,
    r#"{"online":true,"ts":"9999-12-31T23:59:60.999+14:00"}"#,
    r#"{"ts":1e308,"discharge_temp_c":-1e-308,"motor_current_a":"41","run_hours":null,"state":"\ud800\u0000"}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    r#"{"ts":"2026-07-01T08:00:00Z","discharge_temp_c":{"value":{"value":{"value":[1,2,{"x":"]}"}]}}}}"#,
];

/// A stream of numbers from a seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        (self.next() & 0xFF) as u8
    }
}

/// See the module's text.
pub(super) struct Rubbish {
    publisher: u64,
    payload: Vec<u8>,
}

impl Rubbish {
    /// That of one publisher.
    pub(super) const fn new(publisher: u64) -> Self {
        Self { publisher, payload: Vec::new() }
    }

    /// Appends message `number` under this packet id. Sent again, it is at least a packet. Says whether it was broken as a
    /// packet, so that nothing after it can be understood.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, id: u16, number: u64, again: bool) -> bool {
        let mut numbers = Numbers(self.publisher << 40 ^ number);
        self.fill(&mut numbers);
        let topic = if numbers.below(4) > 0 { TOPICS[0] } else { TOPICS[numbers.below(TOPICS.len())] };
        let begin = out.len();
        out.push(wire::kind::PUBLISH | 2 | (numbers.byte() & 1));
        wire::length(out, 4 + topic.len() + self.payload.len());
        wire::text(out, topic);
        out.extend(id.to_be_bytes());
        out.extend(&self.payload);
        let broken = !again && numbers.next().is_multiple_of(BROKEN_ONE_IN);
        if broken {
            for _ in 0..=numbers.below(4) {
                let at = begin + numbers.below((out.len() - begin).min(40));
                out[at] = numbers.byte();
            }
        }
        broken
    }

    fn fill(&mut self, numbers: &mut Numbers) {
        self.payload.clear();
        if numbers.below(4) == 0 {
            let bytes = numbers.below(300);
            self.payload.extend((0..bytes).map(|_| numbers.byte()));
            return;
        }
        self.payload.extend(SEEDS[numbers.below(SEEDS.len())].bytes());
        for _ in 0..=numbers.below(6) {
            let at = numbers.below(self.payload.len());
            match numbers.below(5) {
                0 if at < self.payload.len() => self.payload[at] = numbers.byte(),
                1 if at < self.payload.len() => self.payload[at] ^= 1 << numbers.below(8),
                2 => self.payload.insert(at, b"\"\\{}[],:0-+.eE\0\xff"[numbers.below(16)]),
                3 => self.payload.truncate(at),
                _ => {
                    let copy = self.payload[at..].to_vec();
                    self.payload.extend(copy.into_iter().take(200));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_is_the_same_rubbish_and_few_packets_are_broken() {
        let packets = |again| {
            let (mut rubbish, mut out) = (Rubbish::new(3), Vec::new());
            let broken = (0..20_000).filter(|number| rubbish.append(&mut out, 7, *number, again)).count();
            (broken, out)
        };
        assert!(packets(false) == packets(false));
        let (broken, bytes) = packets(true);
        assert!(broken == 0 && (1..20).contains(&packets(false).0));
        let (mut frames, mut whole) = (wire::Frames::new(bytes.len()), 0);
        frames.room().copy_from_slice(&bytes);
        frames.came(bytes.len());
        while let Some((first, _)) = frames.next() {
            assert_eq!(first & 0xF6, 0x32);
            whole += 1;
        }
        assert_eq!(whole, 20_000);
    }
}
