//! The wire form of samples and events, written from the contract alone: topics, JSON payloads, CSV rows.
//!
//! Numbers are written in their shortest form that reads back the same; instruments have rounded them before.

use std::fmt::Write as _;

use crate::fleet::Machine;
use crate::physics::Mode;
use crate::sample::{Happening, HappeningKind, Sample, Signal};
use crate::time::write_utc;

/// Largest number of samples in one backlog array.
pub const BATCH_MAX: usize = 1000;

/// Topic of one kind (`telemetry`, `event` or `status`) of a machine.
#[must_use]
pub fn topic(site: &str, machine: &str, kind: &str) -> String {
    format!("foretell/v1/{site}/{machine}/{kind}")
}

/// A controller state's name in payloads and files.
#[must_use]
pub const fn state_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Stopped => "stopped",
        Mode::Starting => "starting",
        Mode::Unloaded => "unloaded",
        Mode::Loaded => "loaded",
    }
}

/// Appends one sample as a JSON object; the controller's clock is ahead of the true time by `skew_ms`.
pub fn write_telemetry(out: &mut String, sample: &Sample, signals: &[Signal], skew_ms: i64) {
    out.push_str("{\"ts\":\"");
    write_utc(out, sample.ts_ms + skew_ms);
    out.push('"');
    for signal in signals {
        // Writing to a String cannot fail. What was not measured is `null`, so that nobody takes it for an older value.
        let _infallible = match sample.get(*signal) {
            Some(value) => write!(out, ",\"{}\":{value}", signal.name()),
            None => write!(out, ",\"{}\":null", signal.name()),
        };
    }
    if let Some(mode) = sample.state {
        let _infallible = write!(out, ",\"state\":\"{}\"", state_name(mode));
    }
    out.push('}');
}

/// Samples as one JSON array, as after an outage; callers keep to [`BATCH_MAX`].
#[must_use]
pub fn backlog(samples: &[Sample], signals: &[Signal], skew_ms: i64) -> String {
    let mut out = String::with_capacity(samples.len() * 200 + 2);
    out.push('[');
    for (place, sample) in samples.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_telemetry(&mut out, sample, signals, skew_ms);
    }
    out.push(']');
    out
}

/// An event as a JSON object.
#[must_use]
pub fn happening(happening: &Happening, skew_ms: i64) -> String {
    let mut out = String::from("{\"ts\":\"");
    write_utc(&mut out, happening.ts_ms + skew_ms);
    // Codes and texts are our own constants without anything to escape.
    let _infallible = match &happening.kind {
        HappeningKind::MaintenanceDone(work) => write!(out, "\",\"kind\":\"maintenance_done\",\"work\":\"{work}\"}}"),
        HappeningKind::ControllerAlarm(text) => write!(out, "\",\"kind\":\"controller_alarm\",\"code\":\"{text}\"}}"),
    };
    out
}

/// The retained status of a machine, which is also its will.
#[must_use]
pub fn status(online: bool, ts_ms: i64) -> String {
    let mut out = format!("{{\"online\":{online},\"ts\":\"");
    write_utc(&mut out, ts_ms);
    out.push_str("\"}");
    out
}

/// The header of a machine's CSV file, with its line end.
#[must_use]
pub fn csv_header(machine: &Machine) -> String {
    let mut out = String::from("ts,site,machine");
    for signal in &machine.signals {
        out.push(',');
        out.push_str(signal.name());
    }
    if machine.publishes_state {
        out.push_str(",state");
    }
    out.push('\n');
    out
}

/// Appends a CSV row with its line end; what was not measured is empty.
pub fn write_csv_row(out: &mut String, sample: &Sample, machine: &Machine) {
    write_utc(out, sample.ts_ms);
    let _infallible = write!(out, ",{},{}", sample.site, sample.machine);
    for signal in &machine.signals {
        out.push(',');
        if let Some(value) = sample.get(*signal) {
            let _infallible = write!(out, "{value}");
        }
    }
    if machine.publishes_state {
        out.push(',');
        out.push_str(sample.state.map_or("", state_name));
    }
    out.push('\n');
}
