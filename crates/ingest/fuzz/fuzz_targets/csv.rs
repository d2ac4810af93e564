//! CSV payloads: the first byte chooses columns from the payload or from the configuration.
#![no_main]

use std::sync::OnceLock;

use foretell_ingest::decode::Decoder;
use foretell_ingest_fuzz::{check, decoder};
use libfuzzer_sys::fuzz_target;

const MAPPINGS: &str = r#"
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

fuzz_target!(|data: &[u8]| {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let Some((first, payload)) = data.split_first() else { return };
    let topic = if first % 2 == 0 { "named/s01/m1" } else { "ordered/s01/m1" };
    check(DECODER.get_or_init(|| decoder(MAPPINGS)), topic, payload);
});
