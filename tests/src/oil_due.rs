//! Nine days of telemetry after which a machine's oil is due: the shortest way to a letter.

use std::fmt::Write as _;
use std::time::Duration;

use crate::{metric, publish_lines, wait_for};

/// Readings of nine days and ten hours, one every ten minutes.
const READINGS: i64 = (9 * 24 + 10) * 6 + 1;

/// Publishes nine days of `s01/k2` and waits until the engine has them, so that "now", the newest reading's own time, stands still
/// at Tuesday 7 July 2026, 10:00 UTC. Its oil has run 4,010 of 4,000 hours then, if it was last changed at 8,000.
///
/// # Panics
/// When the engine does not have them within a minute.
pub fn oil_due(console: u16, mqtt: u16) {
    publish_lines(mqtt, "foretell/v1/s01/k2/telemetry", &nine_days());
    wait_for("the engine to have nine days", Duration::from_secs(60), || {
        metric(console, "foretell_engine_entries_total").filter(|entries| *entries >= READINGS as f64)
    });
}

/// A machine that runs from seven to five on workdays.
fn nine_days() -> Vec<String> {
    let begin = 1_782_604_800_000_i64; // Sunday 2026-06-28T00:00:00Z
    let step = 600_000;
    let samples = READINGS - 1;
    let mut lines = Vec::new();
    let mut hours = 12_010.0 - 66.0;
    let mut array = String::new();
    for n in 0..=samples {
        let (day, hour) = (n / 144, n % 144 / 6);
        let runs = (1..=5).contains(&(day % 7)) && (7..17).contains(&hour);
        hours += if runs { 1.0 / 6.0 } else { 0.0 };
        let (temp, current) = if runs { (84.0, 140.0) } else { (30.0, 0.0) };
        let ts = begin + n * step;
        let separator = if array.is_empty() { "[" } else { "," };
        write!(array, r#"{separator}{{"ts":{ts},"discharge_temp_c":{temp},"motor_current_a":{current},"run_hours":{hours:.2},"ambient_temp_c":24.0}}"#)
            .expect("a string takes what is written");
        if n % 500 == 499 || n == samples {
            array.push(']');
            lines.push(std::mem::take(&mut array));
        }
    }
    lines
}
