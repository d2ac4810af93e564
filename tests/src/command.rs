//! Commands of the product as an operator gives them, and a data directory with a history.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Foretell, binary, metric, wait_for};

/// Runs a command; its exit code and everything that it said.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(binary("foretell"));
    let output = command.args(arguments).arg("--data-dir").arg(data).output().expect("foretell runs");
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    (output.status.code().unwrap_or(-1), said)
}

/// Runs a command that must end with this code and say all of this; what it said.
///
/// # Panics
/// When it does not.
pub fn check(data: &Path, arguments: &[&str], code: i32, expected: &[&str]) -> String {
    let (ended, said) = run(data, arguments);
    assert_eq!(ended, code, "{arguments:?}: {said}");
    for expected in expected {
        assert!(said.contains(expected), "{arguments:?}: no `{expected}` in\n{said}");
    }
    said
}

/// Imports a reading a minute of so many days since the 1st of June 2026; how many these are.
///
/// # Panics
/// When the import fails.
pub fn import_days(folder: &Path, data: &Path, days: u64) -> usize {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n".to_owned();
    for minute in 0..days * 1_440 {
        let (ts, temp_c) = (1_780_272_000_000 + minute * 60_000, 80.0 + (minute % 50) as f64 / 10.0);
        rows.push_str(&format!("{ts},s1,m1,{temp_c:.1},40,{}\n", 100 + minute / 60));
    }
    let file = folder.join("history.csv");
    std::fs::write(&file, &rows).expect("a writable folder");
    check(data, &["import", &file.to_string_lossy()], 0, &["are new on the log"]);
    rows.lines().count() - 1
}

/// Days leave the log as soon as they are archived.
pub const KEEPING: &str =
    "[data]\narchive_every = \"100ms\"\nkeep_readings = \"1d\"\n[engine]\nsnapshot_interval = \"1s\"\n";

/// Three days, all in the archive and off the log, and the service that put them there, running on.
///
/// # Panics
/// When they have not left the log within a minute.
#[must_use]
pub fn archived_days(folder: &Path) -> (Foretell, PathBuf) {
    let data = folder.join("data");
    import_days(folder, &data, 3);
    let foretell = Foretell::start(folder, KEEPING);
    wait_for("the days to leave the log", Duration::from_secs(60), || {
        metric(foretell.console, "foretell_log_rows_dropped_total").filter(|dropped| *dropped >= 3.0 * 1_440.0 - 1.0)
    });
    (foretell, data)
}
