//! What the fuzz targets do with an input, and the rules that every decoded event must keep. A test of ingest does the same with
//! every input of the corpus that is kept.

mod listener;
#[path = "../../tests/shared/reads_nothing.rs"]
mod reads_nothing;

use std::sync::OnceLock;

use foretell_ingest::decode::{Decoded, Decoder, DecoderOptions, MappingSpec, RefusalReason};
use foretell_ingest::read_certificate;
use foretell_ingest::sparkplug::{SparkplugMapping, SparkplugOptions};
use foretell_model::{Event, MINUTE_MS, MachineId, Timestamp};
pub use listener::listener;

/// The instant at which everything arrives, so that a finding can be repeated.
pub fn arrived() -> Timestamp {
    Timestamp::parse("2026-07-01T08:00:00Z").unwrap_or(Timestamp::MIN)
}

#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    mapping: Vec<MappingSpec>,
    #[serde(default)]
    sparkplug: Sparkplug,
}

#[derive(Default, serde::Deserialize)]
struct Sparkplug {
    mapping: Vec<SparkplugMapping>,
}

/// The mappings of a configuration; only `[[mapping]]` and `[[sparkplug.mapping]]` are read.
pub fn options(toml: &str) -> DecoderOptions {
    let File { mapping, sparkplug } = toml::from_str(toml).unwrap_or_else(|error| panic!("{error}"));
    let sparkplug = SparkplugOptions { mappings: sparkplug.mapping, ..SparkplugOptions::default() };
    DecoderOptions { mappings: mapping, sparkplug: Some(sparkplug), ..DecoderOptions::default() }
}

/// A decoder with these.
pub fn decoder(toml: &str) -> Decoder {
    Decoder::new(options(toml)).unwrap_or_else(|error| panic!("{error}"))
}

const CONTRACT_TOPICS: [&str; 4] = [
    "foretell/v1/s01/m007/telemetry",
    "foretell/v1/s01/m007/event",
    "foretell/v1/s01/m007/status",
    "foretell/v1/s01/m007/elsewhere",
];

/// The contract's topics: the first byte chooses one, the rest is the JSON payload.
pub fn contract(data: &[u8]) {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let Some((first, payload)) = data.split_first() else { return };
    let decoder = DECODER.get_or_init(|| decoder(""));
    match CONTRACT_TOPICS.get(usize::from(first % 5)) {
        Some(topic) => check(decoder, topic, payload),
        // The topic itself is the input.
        None => check(decoder, &String::from_utf8_lossy(payload), b"{}"),
    }
}

const JSON_MAPPINGS: &str = concat!(
    include_str!("../../../../config/examples/foreign.toml"),
    "\n",
    include_str!("../../../../config/examples/gateways/atlas-copco-elektronikon.toml"),
    "\n",
    include_str!("../../../../config/examples/gateways/kaeser-sigma-air-manager.toml"),
    "\n",
    include_str!("../../../../config/examples/gateways/modbus-registers.toml"),
    "\n",
    include_str!("../../../../config/examples/gateways/node-red.toml"),
    "\n",
    include_str!("../../../../config/examples/gateways/telegraf.toml"),
    r#"
[[mapping]]
topic = "list/{site}/{machine}"
records = "/rows"
required = []
ts = { at = "/t", format = "%Y-%m-%d %H:%M:%S", zone = "+08:00" }
signals.discharge_temp_c = { at = "/0/v", unit = "degF" }
signals.motor_current_a = { at = "/amps", scale = 0.1, offset = -3.5 }
signals.run_hours = { at = "/minutes", unit = "min" }
state = { at = "/mode", values = { "1" = "loaded", "idle" = "unloaded" } }

[[mapping]]
topic = "one/+/{machine}/#"
site = "s01"
records = ""
required = []
ts = { at = "/ts", format = "us" }
signals.vibration_mm_s = "/deep/~1er/3"
"#
);

/// Foreign JSON: the first line chooses the topic, the rest is the payload, read by the mappings that ship as examples.
pub fn mapping(data: &[u8]) {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let topic = String::from_utf8_lossy(&data[..end]);
    check(DECODER.get_or_init(|| decoder(JSON_MAPPINGS)), &topic, &data[end + 1..]);
}

const CSV_MAPPINGS: &str = r#"
[[mapping]]
topic = "named/{site}/{machine}"
csv = { delimiter = ";" }
required = []
ts = { at = "/time", format = "ms" }
signals.discharge_temp_c = { at = "/oil", unit = "degF" }
signals.motor_current_a = "/amps"

[[mapping]]
topic = "ordered/{site}/{machine}"
csv = { columns = ["time", "oil", "amps", "mode"] }
required = []
ts = { at = "/time" }
signals.discharge_temp_c = "/oil"
signals.motor_current_a = "/amps"
state = { at = "/mode", values = { "1" = "loaded", "0" = "stopped" } }
"#;

/// CSV payloads: the first byte chooses columns from the payload or from the configuration.
pub fn csv(data: &[u8]) {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let Some((first, payload)) = data.split_first() else { return };
    let topic = if first % 2 == 0 { "named/s01/m1" } else { "ordered/s01/m1" };
    check(DECODER.get_or_init(|| decoder(CSV_MAPPINGS)), topic, payload);
}

const NODE_TOPICS: [&str; 9] = [
    "spBv1.0/hq/NBIRTH/gw",
    "spBv1.0/hq/DBIRTH/gw/k1",
    "spBv1.0/hq/DDATA/gw/k1",
    "spBv1.0/hq/NDATA/gw",
    "spBv1.0/hq/DBIRTH/gw/k2",
    "spBv1.0/hq/DDATA/gw/k2",
    "spBv1.0/hq/DDEATH/gw/k1",
    "spBv1.0/hq/NDEATH/gw",
    "spBv1.0/STATE/foretell",
];

/// One device whose metrics bear names of their own, beside those that bear ours.
const NODE_MAPPING: &str = r#"
[[sparkplug.mapping]]
device = "k2"
site = "hall"
machine = "{node}-{device}"
signals.discharge_temp_c = { at = "*/Discharge Temperature", unit = "degF" }
signals.run_hours = { at = "Total*", unit = "min" }
signals.motor_current_a = { at = "I", scale = 0.1, offset = -3.5 }
state = { at = "Mode", values = { 1 = "loaded", "idle" = "unloaded" } }
"#;

/// Edge nodes of Sparkplug: messages one after the other, each a byte that chooses the topic, one with the payload's length,
/// and the payload, to a host that knows nothing yet.
pub fn sparkplug(data: &[u8]) {
    let decoder = decoder(NODE_MAPPING);
    let mut rest = data;
    while let [topic, length, tail @ ..] = rest {
        let (payload, after) = tail.split_at(usize::from(*length).min(tail.len()));
        check(&decoder, NODE_TOPICS[usize::from(*topic) % NODE_TOPICS.len()], payload);
        rest = after;
    }
}

/// A certificate (DER), and the same bytes as the subject of one.
pub fn certificate(data: &[u8]) {
    let read = read_certificate(data);
    if let Some((from, until)) = read.holds {
        let years = Timestamp::MIN..=Timestamp::MAX;
        assert!(years.contains(&from) && years.contains(&until), "{from} to {until}");
    }
    for name in read.names.iter().flatten().chain(&read.names_as_subject) {
        assert!(!name.is_empty() && !name.chars().any(char::is_control), "{name:?} is nobody's name");
    }
}

/// Decodes a payload twice and checks what came of it.
pub fn check(decoder: &Decoder, topic: &str, payload: &[u8]) {
    let mut out = Decoded::default();
    decoder.decode(arrived(), "fuzz", topic, payload, &mut out);
    for event in &out.events {
        assert!(MachineId::parse(event.machine().as_str()).is_ok(), "an identity that is none");
        assert!(event.ts() >= Timestamp::MIN && event.ts() <= arrived() + 10 * MINUTE_MS, "a time out of bounds");
        let Event::Reading(reading) = event else { continue };
        assert!(!reading.signals.is_empty() || reading.state.is_some(), "a reading of nothing");
        for (signal, value) in reading.signals.iter() {
            assert!(signal.physical_range().contains(value), "{} = {value}", signal.name());
        }
    }
    for refusal in &out.refused {
        assert!(RefusalReason::ALL.iter().any(|reason| reason.code() == refusal.reason), "{}", refusal.reason);
    }
    assert!(!decoder.explain(arrived(), topic, payload).outcome.is_empty());
}
