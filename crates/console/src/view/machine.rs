//! One machine, from its advisory down to its raw readings (ISO 13374's blocks, read backwards).

use foretell_model::{Evidence, Finding, Limits, MachineId, Reading, Timestamp};

use super::{Curve, MachineSummary, Slot};

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Most likely value.
    pub value: f64,
    /// Lower end of the 80 % interval.
    pub low: f64,
    /// Upper end of the 80 % interval.
    pub high: f64,
}

/// What the engine has learned of a machine's normal behaviour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The first usable day since the first reading or the last work that renewed it.
    pub since: Option<Timestamp>,
    /// Usable days since then.
    pub days: u32,
    /// Days needed before forecasts begin.
    pub days_needed: u32,
    /// Whether the machine had a normal before and learns it anew, after work: what does not rest on it is judged all the while.
    pub anew: bool,
    /// Ambient temperature above which the thermostatic valve is fully open and fouling shows, degC.
    pub hinge_ambient_c: Option<f64>,
    /// Whether an ambient sensor is used; else weather is estimated and intervals are wider.
    pub ambient_measured: bool,
}

/// A machine by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineName {
    /// Its identity.
    pub id: MachineId,
    /// What the customer calls it.
    pub name: String,
    /// What the site is called.
    pub site_name: String,
    /// The customer; empty when nobody is registered.
    pub customer: String,
}

impl MachineName {
    /// All of it in a line, the customer first; what is the same is said once.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in [self.customer.as_str(), &self.site_name, &self.name] {
            if !part.is_empty() && !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(" · ")
    }

    /// Of many those that are meant by what was typed; see [`crate::Backend::machines_called`].
    #[must_use]
    pub fn meant(all: Vec<Self>, typed: &str, max: usize) -> Vec<Self> {
        let typed = typed.trim();
        let exact: Vec<&Self> = all.iter().filter(|one| one.id.as_str() == typed || one.in_full() == typed).collect();
        if !exact.is_empty() && !typed.is_empty() {
            return exact.into_iter().take(max).cloned().collect();
        }
        let words: Vec<String> =
            typed.to_lowercase().split([' ', '·', ',', '，', '\u{3000}']).map(str::to_owned).collect();
        let is_meant = |one: &Self| {
            let hay = format!("{} {}", one.in_full(), one.id).to_lowercase();
            words.iter().all(|word| hay.contains(word.as_str()))
        };
        all.into_iter().filter(is_meant).take(max).collect()
    }
}

/// One hour's roll-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HourPoint {
    /// Whole hours since 1970 (UTC).
    pub hour: i64,
    /// Mean discharge temperature, degC.
    pub discharge_mean_c: Option<f64>,
    /// Highest discharge temperature, degC.
    pub discharge_max_c: Option<f64>,
    /// Mean ambient temperature, degC.
    pub ambient_c: Option<f64>,
    /// Mean motor current, A.
    pub current_a: Option<f64>,
    /// How many readings are behind it.
    pub readings: u32,
}

/// One machine in full.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineDetail {
    /// As on the overview.
    pub summary: MachineSummary,
    /// Rated motor power, kW.
    pub rated_kw: Option<f64>,
    /// Where it warns and trips.
    pub limits: Limits,
    /// Total running hours of the newest reading.
    pub run_hours: Option<f64>,
    /// Running hours per day, learned.
    pub hours_per_day: Option<f64>,
    /// The curve with its forecast.
    pub curve: Curve,
    /// Open findings, the most pressing first.
    pub open: Vec<Finding>,
    /// Closed and earlier findings, newest first, at most some 20.
    pub past: Vec<Finding>,
    /// The baseline.
    pub baseline: Baseline,
    /// Lost share of the cooler's capacity, 0 to 1, when it can be told.
    pub cooler_loss: Option<Estimate>,
    /// Present values of the features, whether or not a finding rests on them.
    pub features: Vec<Evidence>,
    /// Share of time running per hour of the week (UTC, Monday 00:00 first), each 0 to 1; `None` before it is learned.
    pub duty_week: Option<[f32; 168]>,
    /// Hourly roll-ups of the last 7 days in order; hours may be missing.
    pub hours: Vec<HourPoint>,
    /// The newest readings, newest first, at most some 20.
    pub readings: Vec<Reading>,
    /// Identity of the advisory in the queue about this machine, if any.
    pub advisory_id: Option<String>,
    /// The visit to come that is booked for the machine, with the case to which it belongs.
    pub visit: Option<(String, Slot)>,
    /// Number of the service case that is open on it.
    pub open_case: Option<i64>,
}

impl MachineDetail {
    /// A machine of which nothing more is known than what stands on the overview, as of `now`: no readings, no curve, nothing
    /// learned of the `days_needed` usable days.
    #[must_use]
    pub fn unheard(summary: MachineSummary, now: Timestamp, days_needed: u32) -> Self {
        let limits = Limits::default();
        Self {
            summary,
            rated_kw: None,
            limits,
            run_hours: None,
            hours_per_day: None,
            curve: Curve {
                now,
                limit_c: limits.warn_c,
                days: vec![],
                cone: vec![],
                reached: None,
                marks: vec![],
                counter: None,
            },
            open: vec![],
            past: vec![],
            baseline: Baseline {
                since: None,
                days: 0,
                days_needed,
                anew: false,
                hinge_ambient_c: None,
                ambient_measured: false,
            },
            cooler_loss: None,
            features: vec![],
            duty_week: None,
            hours: vec![],
            readings: vec![],
            advisory_id: None,
            visit: None,
            open_case: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_found_by_identity_by_name_and_by_a_few_words() {
        #[track_caller]
        fn check(typed: &str, expected: &[&str]) {
            let one = |id: &str, name: &str, site: &str, customer: &str| MachineName {
                id: MachineId::parse(id).unwrap(),
                name: name.to_owned(),
                site_name: site.to_owned(),
                customer: customer.to_owned(),
            };
            let all = vec![
                one("s01/k1", "1号机", "东厂", "恒丰纺织"),
                one("s01/k2", "2号机", "东厂", "恒丰纺织"),
                one("s02/k1", "1号机", "西厂", "恒丰纺织"),
                one("s03/k1", "No. 1", "Hansa", "Hansa"),
                one("s03/k11", "No. 11", "Hansa", "Hansa"),
            ];
            let found: Vec<String> = MachineName::meant(all, typed, 3).iter().map(|one| one.id.to_string()).collect();
            assert_eq!(found, expected, "{typed}");
        }
        check("s03/k1", &["s03/k1"]);
        check("恒丰纺织 · 东厂 · 2号机", &["s01/k2"]);
        check("Hansa · No. 1", &["s03/k1"]);
        check(" 恒丰 1号 ", &["s01/k1", "s02/k1"]);
        check("hansa no. 11", &["s03/k11"]);
        check("nowhere", &[]);
        check("", &["s01/k1", "s01/k2", "s02/k1"]);
    }
}
