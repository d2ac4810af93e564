//! A reading as a line of InfluxDB's line protocol.

use std::fmt::Write as _;

use foretell_model::Reading;

use super::rows::QUALITIES;

/// Name of the measurement.
pub(crate) const MEASUREMENT: &str = "reading";

/// Appends a reading's line with its line end: tags `site` and `machine`, a field per signal, `state` and, unless it is good,
/// `quality`; the time stamp in nanoseconds. Appends nothing, and says so, for a reading that has no field or lies outside of
/// the years 1677 to 2262 that nanoseconds reach.
pub fn line_protocol(reading: &Reading, out: &mut String) -> bool {
    let Some(nanos) = reading.ts.millis().checked_mul(1_000_000) else { return false };
    let start = out.len();
    out.push_str(MEASUREMENT);
    for (tag, value) in [("site", reading.machine.site()), ("machine", reading.machine.machine())] {
        out.extend([",", tag, "="]);
        escape(value, &[',', '=', ' '], out);
    }
    let mut separator = ' ';
    for (signal, value) in reading.signals.iter() {
        // Writing to a String cannot fail.
        let written = write!(out, "{separator}{}={value}", signal.name());
        debug_assert!(written.is_ok());
        separator = ',';
    }
    let quality = QUALITIES[reading.quality as usize];
    let texts =
        [("state", reading.state.map(|state| state.name())), ("quality", Some(quality).filter(|q| *q != "good"))];
    for (field, text) in texts {
        let Some(text) = text else { continue };
        out.push(separator);
        out.extend([field, "=\""]);
        escape(text, &['"', '\\'], out);
        out.push('"');
        separator = ',';
    }
    if separator == ' ' {
        out.truncate(start);
        return false;
    }
    let written = writeln!(out, " {nanos}");
    debug_assert!(written.is_ok());
    true
}

/// A backslash before each special character. Line breaks would end the line and become spaces.
fn escape(text: &str, special: &[char], out: &mut String) {
    for c in text.chars() {
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{MachineId, Quality, RunState, Signal, Signals, Timestamp};

    use super::*;

    fn check(signals: Signals, state: Option<RunState>, quality: Quality, expected: &str) {
        let machine = MachineId::parse("plant-1/K.02").unwrap();
        let ts = Timestamp::from_millis(1_782_864_000_250);
        let mut out = String::from("before|");
        let written = line_protocol(&Reading { machine, ts, arrived: ts, signals, state, quality }, &mut out);
        assert_eq!((written, out.strip_prefix("before|").unwrap()), (!expected.is_empty(), expected));
    }

    #[test]
    fn writes_what_influxdb_reads() {
        let signals = Signals::empty().with(Signal::DischargeTemp, 83.2).with(Signal::RunHours, 4000.0);
        let head = "reading,site=plant-1,machine=K.02 ";
        check(
            signals,
            None,
            Quality::Good,
            &format!("{head}discharge_temp_c=83.2,run_hours=4000 1782864000250000000\n"),
        );
        let bad = format!(
            "{head}discharge_temp_c=83.2,run_hours=4000,state=\"loaded\",quality=\"bad\" 1782864000250000000\n"
        );
        check(signals, Some(RunState::Loaded), Quality::Bad, &bad);
        check(
            Signals::empty(),
            Some(RunState::Stopped),
            Quality::Good,
            &format!("{head}state=\"stopped\" 1782864000250000000\n"),
        );
        check(Signals::empty(), None, Quality::Good, "");
    }

    #[test]
    fn escapes_what_would_break_a_line() {
        let mut out = String::new();
        escape("a b,c=d\ne", &[',', '=', ' '], &mut out);
        escape("say \"x\\y\"", &['"', '\\'], &mut out);
        assert_eq!(out, "a\\ b\\,c\\=d esay \\\"x\\\\y\\\"");
    }
}
