//! Payload in, events or refusals out, through one `check`.

mod anything;
mod contract;
mod gateways;
mod mapping;
pub(crate) mod restart;
mod scaling;

use expect_test::Expect;
use foretell_model::{Event, Quality, Timestamp};

use super::*;

const ARRIVED: &str = "2026-07-01T08:00:00Z";
const TELEMETRY: &str = "foretell/v1/s01/m007/telemetry";
const METRO: &str = include_str!("metro.toml");

fn arrived() -> Timestamp {
    Timestamp::parse(ARRIVED).unwrap()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mapping: Vec<MappingSpec>,
}

fn specs(toml: &str) -> Vec<MappingSpec> {
    toml::from_str::<File>(toml).unwrap().mapping
}

fn decoder(toml: &str) -> Decoder {
    let mappings = if toml.is_empty() { Vec::new() } else { specs(toml) };
    Decoder::new(DecoderOptions { mappings, ..DecoderOptions::default() }).unwrap()
}

fn line(event: &Event) -> String {
    match event {
        Event::Reading(reading) => {
            let values: Vec<_> = reading.signals.iter().map(|(s, v)| format!("{}={v}", s.name())).collect();
            let state = reading.state.map(|s| format!(" {}", s.name())).unwrap_or_default();
            let quality =
                if reading.quality == Quality::Good { String::new() } else { format!(" {:?}", reading.quality) };
            format!("{} {} {}{state}{quality}", reading.machine, reading.ts, values.join(" "))
        }
        other => format!("{} {} {other:?}", other.machine(), other.ts()),
    }
}

fn decoded(decoder: &Decoder, topic: &str, payload: &[u8]) -> Decoded {
    let mut out = Decoded::default();
    decoder.decode(arrived(), "test", topic, payload, &mut out);
    out
}

#[expect(clippy::needless_pass_by_value, reason = "expect_test's values are made in place")]
fn check(decoder: &Decoder, topic: &str, payload: &str, expected: Expect) {
    let out = decoded(decoder, topic, payload.as_bytes());
    let mut lines: Vec<_> = out.events.iter().map(line).collect();
    lines.extend(
        out.refused.iter().map(|r| format!("{}: {} <- {}", r.reason, r.detail, String::from_utf8_lossy(&r.raw))),
    );
    if out.ignored_keys > 0 {
        lines.push(format!("{} keys ignored", out.ignored_keys));
    }
    expected.assert_eq(&lines.join("\n"));
}
