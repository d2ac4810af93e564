//! A real compressor's thousand readings (MetroPT-3, UCI 791), in their own foreign shape.

use crate::third_party;

/// How the foreign shape is read; `run_hours` is derived, because the train does not publish it.
pub const MAPPING: &str = r#"
[[mapping]]
topic = "metro/{site}/{machine}"
ts = { at = "/timestamp", format = "%Y-%m-%d %H:%M:%S", zone = "UTC" }
[mapping.signals]
discharge_temp_c = "/Oil_temperature"
motor_current_a = "/Motor_current"
[mapping.derive.run_hours]
from = "motor_current_a"
above = 1.0
"#;

/// One row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// As the file has it, `2020-02-01 00:00:00`.
    pub timestamp: String,
    /// degC.
    pub oil_temperature: f64,
    /// A.
    pub motor_current: f64,
}

impl Row {
    /// As a foreign gateway would publish it.
    #[must_use]
    pub fn json(&self) -> String {
        format!(
            r#"{{"timestamp":"{}","Oil_temperature":{},"Motor_current":{}}}"#,
            self.timestamp, self.oil_temperature, self.motor_current
        )
    }
}

/// The rows; `None` where the data is absent (said loudly).
///
/// # Panics
/// When the file is not what it should be.
#[must_use]
pub fn rows() -> Option<Vec<Row>> {
    let text = std::fs::read_to_string(third_party("metropt3_first_rows.csv")?).expect("a readable file");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).expect("a known column");
    let (ts, temp, current) = (place("timestamp"), place("Oil_temperature"), place("Motor_current"));
    let rows: Vec<Row> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            Row {
                timestamp: cells[ts].to_owned(),
                oil_temperature: cells[temp].parse().expect("a number"),
                motor_current: cells[current].parse().expect("a number"),
            }
        })
        .collect();
    assert_eq!(rows.len(), 1000, "the file has changed");
    Some(rows)
}

/// Compares an export with the rows that went in: as many, in order, equal to the last bit, run hours never falling.
///
/// # Panics
/// When they differ, naming the first row that does.
pub fn assert_export_equals(export: &str, rows: &[Row]) {
    let mut lines = export.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let place =
        |name: &str| header.iter().position(|c| *c == name).unwrap_or_else(|| panic!("no {name} in {header:?}"));
    let columns = ["ts", "discharge_temp_c", "motor_current_a", "run_hours"].map(place);
    let exported: Vec<[&str; 4]> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            columns.map(|column| cells[column])
        })
        .collect();
    assert_eq!(exported.len(), rows.len(), "number of readings");
    let mut hours_before = 0.0;
    for (at, ([ts, temp, current, hours], row)) in exported.iter().zip(rows).enumerate() {
        assert_eq!(ts.get(..19).map(|t| t.replace('T', " ")), Some(row.timestamp.clone()), "time stamp of row {at}");
        assert_eq!(temp.parse(), Ok(row.oil_temperature), "temperature of row {at}");
        assert_eq!(current.parse(), Ok(row.motor_current), "current of row {at}");
        let hours: f64 = hours.parse().unwrap_or_else(|_| panic!("run hours of row {at}: {hours:?}"));
        assert!(hours >= hours_before, "run hours fell at row {at}: {hours_before} to {hours}");
        hours_before = hours;
    }
    let running = rows.iter().filter(|row| row.motor_current > 1.0).count() as f64 * 10.0 / 3600.0;
    assert!((hours_before - running).abs() < 0.1, "{hours_before} h derived, about {running} h expected");
}
