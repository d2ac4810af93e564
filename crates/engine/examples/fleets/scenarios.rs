//! The third and the fourth world by scenario: what their healthy machines are accused of, and whether other faults are named.

use std::collections::BTreeMap;

use crate::diagnosis::{Patient, header, row};
use crate::stats::poisson_95;

/// What is said of a room or of a sensor accuses no machine.
const NO_ACCUSATION: [&str; 4] = ["high_ambient", "sensor_stuck", "sensor_drift", "sensor_dropout"];

/// Customer-grade episodes of any kind on healthy machines, by what confuses.
pub(crate) fn confusers(patients: &[&Patient]) -> String {
    // Siblings of ill machines in the third world live the scenario of an illness.
    let healthy = |p: &&Patient| p.fault.is_none() && !p.scenario.starts_with("f_");
    let healthy: Vec<&Patient> = patients.iter().copied().filter(healthy).collect();
    let mut out = format!(
        "{:20} {:>13} {:>6} {:>6}  {}\n",
        "healthy, confused by", "machine-years", "false", "/year", "faults named (of room and sensors too)"
    );
    for (scenario, of) in by_scenario(&healthy) {
        out += &accusations(scenario, &of);
    }
    out + &accusations("all", &healthy)
}

fn accusations(name: &str, of: &[&Patient]) -> String {
    let years: f64 = of.iter().map(|p| p.healthy_years).sum();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for code in of.iter().flat_map(|p| &p.accused_of) {
        *codes.entry(code).or_default() += 1;
    }
    let accused: usize = codes.iter().filter(|(code, _)| !NO_ACCUSATION.contains(code)).map(|(_, n)| n).sum();
    let named: Vec<String> = codes.iter().map(|(code, n)| format!("{code} {n}")).collect();
    let rate = accused as f64 / years.max(1e-9);
    let (low, high) = poisson_95(accused, years);
    let interval = if name == "all" { format!("({low:.3}-{high:.3}) ") } else { String::new() };
    format!("{name:20} {years:13.1} {accused:6} {rate:6.2}  {interval}{}\n", named.join(", "))
}

/// Whether other faults are named, by scenario.
pub(crate) fn others(patients: &[&Patient]) -> String {
    let ill: Vec<&Patient> = patients.iter().copied().filter(|p| p.fault.is_some()).collect();
    let mut out = header();
    for (scenario, of) in by_scenario(&ill) {
        out += &row(scenario, &of);
    }
    out + &row("all other faults", &ill)
}

fn by_scenario<'a>(patients: &[&'a Patient]) -> BTreeMap<&'static str, Vec<&'a Patient>> {
    let mut by: BTreeMap<&'static str, Vec<&Patient>> = BTreeMap::new();
    for patient in patients {
        by.entry(patient.scenario).or_default().push(patient);
    }
    by
}
