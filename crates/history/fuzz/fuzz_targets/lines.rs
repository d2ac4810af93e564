//! History in InfluxDB's line protocol.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| foretell_history_fuzz::lines(data));
