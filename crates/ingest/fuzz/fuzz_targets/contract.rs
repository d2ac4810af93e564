//! The contract's topics: the first byte chooses one, the rest is the JSON payload.
#![no_main]

use foretell_ingest_fuzz::{check, contract};
use libfuzzer_sys::fuzz_target;

const TOPICS: [&str; 4] = [
    "foretell/v1/s01/m007/telemetry",
    "foretell/v1/s01/m007/event",
    "foretell/v1/s01/m007/status",
    "foretell/v1/s01/m007/elsewhere",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, payload)) = data.split_first() else { return };
    match TOPICS.get(usize::from(first % 5)) {
        Some(topic) => check(contract(), topic, payload),
        // The topic itself is the input.
        None => check(contract(), &String::from_utf8_lossy(payload), b"{}"),
    }
});
