//! Whether faults other than the cooler's are found and named, and what healthy machines are accused of.

use std::collections::BTreeMap;

use foretell_model::{Finding, FindingKind, Status, Timestamp};

use crate::case::{about, reaches_customer};
use crate::fleet::{Machine, Site};
use crate::stats::{median, poisson_95};
use crate::table::share;

/// Days within which a finding is of use, and whether three or four signals can show the fault.
const FAULTS: [(&str, f64, bool); 16] = [
    ("thermostatic_valve", 14.0, true),
    ("thermostatic_valve_open", 45.0, true),
    ("low_oil", 10.0, true),
    ("cooling_fan", 7.0, true),
    ("air_leak", 45.0, true),
    ("inlet_valve", 30.0, true),
    ("high_ambient", 30.0, true),
    ("sensor_stuck", 7.0, true),
    ("sensor_drift", 45.0, true),
    ("sensor_dropout", 7.0, true),
    ("phase_imbalance", 14.0, false),
    ("oil_aged", 150.0, false),
    ("separator_clogging", 120.0, false),
    ("intake_filter_clogging", 100.0, false),
    ("oil_filter_clogging", 90.0, false),
    ("bearing_wear", 100.0, false),
];

/// A spell of hot air may still be spoken of so many days after its end.
const SPELL_SEEN_DAYS: f64 = 2.0;

/// Days within which a finding of this fault is of use.
pub(crate) fn useful_days(fault: &str) -> f64 {
    FAULTS.iter().find(|(code, ..)| *code == fault).map_or(90.0, |f| f.1)
}

/// One machine of a fleet with other faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patient {
    /// What befalls its site, in the third world.
    pub(crate) scenario: &'static str,
    pub(crate) fault: Option<&'static str>,
    own_sensor: Option<bool>,
    /// The first thing said after onset was the right one.
    named_first: bool,
    /// Days from onset to the first finding of the right fault.
    named_after_days: Option<f64>,
    /// Named at least among the alternatives of another.
    alternative: bool,
    /// Whether the first advisory for a customer after onset named it; `None` where there was none.
    advised_right: Option<bool>,
    /// Said after onset before it was named, or instead.
    instead: Option<String>,
    /// Customer-grade episodes on a machine without a fault, by fault code.
    pub(crate) accused_of: Vec<String>,
    /// Episodes of the lowest grade on such a machine, by fault code; sensors' own troubles apart.
    watched_for: Vec<String>,
    pub(crate) healthy_years: f64,
    pub(crate) remarks: Vec<String>,
}

impl Patient {
    pub(crate) fn new(site: &Site, machine: &Machine, findings: &[&Finding]) -> Self {
        let said: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|f| matches!(f.kind, FindingKind::Prediction | FindingKind::Anomaly | FindingKind::SensorFault))
            .collect();
        let mut patient = Self {
            scenario: machine.traits.scenario,
            fault: machine.truth.fault,
            own_sensor: machine.truth.own_sensor,
            ..Self::default()
        };
        match machine.truth.fault.zip(machine.truth.onset) {
            Some((fault, onset)) => patient.diagnose(site, machine, &said, fault, onset),
            None => patient.count_accusations(site, machine, &said),
        }
        patient
    }

    fn diagnose(&mut self, site: &Site, machine: &Machine, said: &[&Finding], fault: &str, onset: Timestamp) {
        let until = onset.plus_days(useful_days(fault));
        let before: Vec<_> = said.iter().filter(|f| f.at < onset).map(|f| &f.id).collect();
        let mut after = said.iter().filter(|f| onset <= f.at && f.at <= until && !before.contains(&&f.id));
        let right = after.clone().find(|f| f.fault.as_str() == fault);
        self.alternative = after.clone().any(|f| f.alternatives.iter().any(|a| a.fault.as_str() == fault));
        let first = after.next();
        self.named_first = first.is_some_and(|f| f.fault.as_str() == fault);
        self.advised_right = said
            .iter()
            .find(|f| onset <= f.at && f.at <= until && reaches_customer(f) && !before.contains(&&f.id))
            .map(|f| f.fault.as_str() == fault);
        self.named_after_days = right.map(|f| f.at.days_since(onset));
        self.instead = first.filter(|_| !self.named_first).map(|f| f.fault.as_str().to_owned());
        if right.is_some() && self.advised_right == Some(false) {
            let said = timeline(site, said);
            let day = onset.days_since(site.start);
            self.remarks.push(format!("MISNAMED {fault} of day {day:.0} {}\n    {said}", about(site, machine)));
        }
        if right.is_none() {
            let instead = first.map_or("nothing was said", |f| f.text.as_str());
            let day = onset.days_since(site.start);
            let said = timeline(site, said);
            self.remarks
                .push(format!("MISSED {fault} of day {day:.0} {}\n    {instead}\n    {said}", about(site, machine)));
        }
    }

    fn count_accusations(&mut self, site: &Site, machine: &Machine, said: &[&Finding]) {
        self.healthy_years = site.days / 365.25;
        let opened = said.iter().filter(|f| f.status == Status::Opened && f.kind != FindingKind::SensorFault);
        // A room that is said to be hot while its air is hotter than season and weather make it is no mistake.
        let is_hot = |at: Timestamp| {
            let day = at.days_since(site.start);
            site.hot_spells.iter().any(|(from, to)| (*from..to + SPELL_SEEN_DAYS).contains(&day))
        };
        let name = |f: &Finding| match f.fault.as_str() {
            "high_ambient" if is_hot(f.at) => "high_ambient (it is)".to_owned(),
            code => code.to_owned(),
        };
        self.watched_for = opened.clone().map(|f| name(f)).collect();
        if opened.count() > 0 {
            self.remarks.push(format!("WATCHED {}\n    {}", about(site, machine), timeline(site, said)));
        }
        let mut seen = Vec::new();
        for f in said.iter().filter(|f| reaches_customer(f)) {
            if seen.contains(&&f.id) {
                continue;
            }
            seen.push(&f.id);
            self.accused_of.push(f.fault.as_str().to_owned());
            let day = f.at.days_since(site.start);
            self.remarks.push(format!("ACCUSED of {} day {day:.0} {}\n    {}", f.fault, about(site, machine), f.text));
        }
    }
}

/// What was said when, in short: `132 air_leak watch; 150 air_leak cleared`.
fn timeline(site: &Site, said: &[&Finding]) -> String {
    let turns = said.iter().filter(|f| f.status != Status::Updated);
    let short = |f: &&Finding| {
        let how = if f.status == Status::Cleared { "over" } else { f.grade.name() };
        format!("{:.0} {} {how} {:.2}", f.at.days_since(site.start), f.fault, f.likelihood)
    };
    turns.map(short).collect::<Vec<_>>().join("; ")
}

/// Names of the columns of a [`row`].
pub(crate) fn header() -> String {
    format!(
        "{:26} {:>9} {:>18} {:>12} {:>7} {:>9}  {}\n",
        "fault", "machines", "named at all", "named first", "or alt.", "after", "advised right; said first instead"
    )
}

/// The table of all faults.
pub(crate) fn table(patients: &[&Patient]) -> String {
    let mut out = header();
    for (code, ..) in FAULTS {
        let of: Vec<&Patient> = patients.iter().copied().filter(|p| p.fault == Some(code)).collect();
        out += &row(code, &of);
    }
    for (name, plain) in [("three or four signals", true), ("with further signals", false)] {
        let codes: Vec<&str> = FAULTS.iter().filter(|f| f.2 == plain).map(|f| f.0).collect();
        let of: Vec<&Patient> =
            patients.iter().copied().filter(|p| p.fault.is_some_and(|f| codes.contains(&f))).collect();
        if !plain {
            for (name, fitted) in [("  its own sensor fitted", true), ("  its own sensor missing", false)] {
                out += &row(name, &of.iter().copied().filter(|p| p.own_sensor == Some(fitted)).collect::<Vec<_>>());
            }
        }
        out += &row(name, &of);
        out += &format!("{:26} {:>28}\n", "  each fault alike", each_alike(patients, &codes));
    }
    let years: f64 = patients.iter().map(|p| p.healthy_years).sum();
    let mut accused: BTreeMap<&str, usize> = BTreeMap::new();
    for code in patients.iter().flat_map(|p| &p.accused_of) {
        *accused.entry(code).or_default() += 1;
    }
    let mut watched: BTreeMap<&str, usize> = BTreeMap::new();
    for code in patients.iter().flat_map(|p| &p.watched_for) {
        *watched.entry(code).or_default() += 1;
    }
    let all: usize = accused.values().sum();
    let (low, high) = poisson_95(all, years);
    out += &format!(
        "healthy siblings: {all} customer-grade advisories in {years:.0} machine-years = {:.3} ({low:.3}-{high:.3}){}\n",
        all as f64 / years.max(1e-9),
        accused.iter().map(|(code, n)| format!(", {code} {n}")).collect::<String>()
    );
    let per_year = |(code, n): (&&str, &usize)| format!(" {code} {:.2}", *n as f64 / years.max(1e-9));
    out += &format!("watched, per machine-year:{}\n", watched.iter().map(per_year).collect::<Vec<_>>().join(","));
    out
}

/// Mean of the faults' shares named at all, so that no frequent fault speaks for the rest.
fn each_alike(patients: &[&Patient], codes: &[&str]) -> String {
    let shares: Vec<f64> = codes
        .iter()
        .filter_map(|&code| {
            let of: Vec<_> = patients.iter().filter(|p| p.fault == Some(code)).collect();
            let named = of.iter().filter(|p| p.named_after_days.is_some()).count();
            (!of.is_empty()).then(|| 100.0 * named as f64 / of.len() as f64)
        })
        .collect();
    format!("{:.1} %", shares.iter().sum::<f64>() / shares.len().max(1) as f64)
}

pub(crate) fn row(name: &str, of: &[&Patient]) -> String {
    let named = of.iter().filter(|p| p.named_after_days.is_some()).count();
    let first = of.iter().filter(|p| p.named_first).count();
    let either = of.iter().filter(|p| p.named_after_days.is_some() || p.alternative).count();
    let after = median(of.iter().filter_map(|p| p.named_after_days)).map_or_else(String::new, |d| format!("{d:.1} d"));
    let percent = |hits: usize| format!("{:.0} %", 100.0 * hits as f64 / of.len().max(1) as f64);
    let mut instead: BTreeMap<&str, usize> = BTreeMap::new();
    for code in of.iter().filter_map(|p| p.instead.as_deref()) {
        *instead.entry(code).or_default() += 1;
    }
    let instead: Vec<String> = instead.iter().map(|(code, n)| format!("{code} {n}")).collect();
    let advised = of.iter().filter(|p| p.advised_right.is_some()).count();
    let advised_right = of.iter().filter(|p| p.advised_right == Some(true)).count();
    format!(
        "{name:26} {:9} {:>18} {:>12} {:>7} {after:>9}  {advised_right}/{advised}; {}\n",
        of.len(),
        share(named, of.len()),
        percent(first),
        percent(either),
        instead.join(", ")
    )
}
