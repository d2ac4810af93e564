//! History in CSV files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| foretell_history_fuzz::csv(data));
