//! A reading as a line of InfluxDB's line protocol.

use foretell_model::{Reading, RunState};

use super::lines::MEASUREMENT;
use super::rows::QUALITIES;
use crate::influx::Line;

/// Appends a reading's line with its line end: tags `site` and `machine`, a field per signal, `state` and, unless it is good,
/// `quality`; the time stamp in nanoseconds. Appends nothing, and says so, for a reading that has no field or lies outside of
/// the years 1677 to 2262 that nanoseconds reach.
pub fn line_protocol(reading: &Reading, out: &mut String) -> bool {
    let machine = &reading.machine;
    let mut line = Line::begin(out, MEASUREMENT).tag("site", machine.site()).tag("machine", machine.machine());
    for (signal, value) in reading.signals.iter() {
        line = line.number(signal.name(), value);
    }
    let quality = Some(QUALITIES[reading.quality as usize]).filter(|quality| *quality != "good");
    line.text("state", reading.state.map(RunState::name)).text("quality", quality).at_millis(reading.ts.millis())
}

#[cfg(test)]
mod tests {
    use foretell_model::{MachineId, Quality, Signal, Signals, Timestamp};

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
}
