//! One machine, from its advisory down to its raw readings (ISO 13374's blocks, read backwards).

use foretell_model::{Evidence, Finding, Limits, Reading, Timestamp};

use super::{Curve, MachineSummary};

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
    /// Ambient temperature above which the thermostatic valve is fully open and fouling shows, degC.
    pub hinge_ambient_c: Option<f64>,
    /// Whether an ambient sensor is used; else weather is estimated and intervals are wider.
    pub ambient_measured: bool,
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
            curve: Curve { now, limit_c: limits.warn_c, days: vec![], cone: vec![], reached: None, marks: vec![] },
            open: vec![],
            past: vec![],
            baseline: Baseline { since: None, days: 0, days_needed, hinge_ambient_c: None, ambient_measured: false },
            cooler_loss: None,
            features: vec![],
            duty_week: None,
            hours: vec![],
            readings: vec![],
            advisory_id: None,
        }
    }
}
