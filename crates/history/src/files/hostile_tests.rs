//! Files of any bytes: each is read as far as it can be, or refused with a reason; our own decoders never break off.

use std::ops::ControlFlow;

use foretell_model::Event;
use proptest::prelude::*;

use super::{ColumnMap, ReadOptions, ReadingFiles};

/// Reads a file of these bytes; why it was refused as a whole, if it was.
fn read(name: &str, bytes: &[u8]) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let options = ReadOptions { threads: 1, memory_bytes: 1_000, ..ReadOptions::default() };
    let files = ReadingFiles::read(&[path], &ColumnMap::default(), &options, &mut |_| ControlFlow::Continue(()));
    let mut files = files.map_err(|error| error.to_string())?;
    let mut events = 0;
    for event in files.by_ref() {
        events += 1;
        let Event::Reading(reading) = event.map_err(|error| error.to_string())? else { continue };
        for (signal, value) in reading.signals.iter() {
            assert!(signal.physical_range().contains(value), "{} = {value}", signal.name());
        }
    }
    let report = files.report();
    let refused: u64 = report.refused.values().sum();
    assert!(report.rows >= events + refused, "{events} events and {refused} refused of {} rows", report.rows);
    Ok(())
}

/// Pieces of what would be right, in any order, and rubbish between them.
fn nearly(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(pieces).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => any::<f64>().prop_map(|value| value.to_string().into_bytes()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

const CSV: &[&str] = &[
    "ts,site,machine,discharge_temp_c,state\n",
    "2026-07-01T08:00:00Z,s,m,83.2,loaded\n",
    "2026-07-01T08:00:00Z",
    "1782864000250",
    "s",
    "m",
    "..",
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\u{feff}",
    "NaN",
    "1e999",
    "loaded",
    "#VALUE!",
];

const LINES: &[&str] = &[
    "reading,site=s,machine=m discharge_temp_c=83.2,run_hours=4000i 1782864000250999999\n",
    "reading",
    ",site=s",
    ",machine=m",
    " ",
    "discharge_temp_c=",
    "state=\"loaded\"",
    "83.2",
    "17i",
    " 1782864000250999999",
    " 9223372036854775807",
    "\n",
    "\\",
    "\"",
    "=",
    ",",
    "#",
    "\r",
];

fn check(name: &str, bytes: &[u8]) {
    if let Err(why) = read(name, bytes) {
        assert!(!why.contains("broke off"), "{name}: {why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_text_is_a_csv_file_or_is_refused(rows in nearly(CSV), headed in any::<bool>()) {
        let header: &[u8] = if headed { CSV[0].as_bytes() } else { b"" };
        check("x.csv", &[header, &rows].concat());
        check("x.txt", &rows);
    }

    #[test]
    fn any_text_is_line_protocol_or_is_refused(rows in nearly(LINES)) {
        check("x.lp", &rows);
        check("x.lp", &[LINES[0].as_bytes(), &rows].concat());
    }

    #[test]
    fn any_bytes_are_packed_text_or_a_frame_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check("x.csv.gz", &bytes);
        check("x.csv.gz", &[b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", &bytes[..]].concat());
        // What decodes frames is not ours and may break off; that it then is the file's error is what we owe.
        let _refused = read("x.parquet", &[b"PAR1", &bytes[..], b"\x10\x00\x00\x00PAR1"].concat());
    }
}
