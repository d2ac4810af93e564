//! Foreign JSON: the first line chooses the topic, the rest is the payload, read by the mappings that ship as examples.
#![no_main]

use std::sync::OnceLock;

use foretell_ingest::decode::Decoder;
use foretell_ingest_fuzz::{check, decoder};
use libfuzzer_sys::fuzz_target;

const MAPPINGS: &str = concat!(
    include_str!("../../../../config/examples/foreign.toml"),
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

fuzz_target!(|data: &[u8]| {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let topic = String::from_utf8_lossy(&data[..end]);
    check(DECODER.get_or_init(|| decoder(MAPPINGS)), &topic, &data[end + 1..]);
});
