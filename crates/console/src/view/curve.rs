//! The one curve that is shown everywhere: a machine's daily hot discharge temperature, what is normal for it, what is
//! forecast and where the limit lies.

use foretell_model::{Finding, Outlook, Timestamp};

/// One past day of a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayPoint {
    /// Whole days since 1970 (of the engine's day, UTC).
    pub day: i64,
    /// Mean discharge temperature over that day's hottest loaded hours (up to four), degC; `None` when the machine did not run loaded.
    pub hot_c: Option<f64>,
    /// Lower edge of what is normal for this machine in that day's weather and load, degC.
    pub normal_low_c: Option<f64>,
    /// Upper edge of the same, degC.
    pub normal_high_c: Option<f64>,
}

/// One future day of the forecast cone. None of its figures lies above the curve's limit: a machine that reaches it warns and
/// stops, so a forecast ends there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConePoint {
    /// Whole days since 1970 (UTC).
    pub day: i64,
    /// One in ten futures is cooler than this on that day, degC.
    pub q10_c: f64,
    /// The middle of the futures, degC.
    pub q50_c: f64,
    /// One in ten futures is hotter than this, degC.
    pub q90_c: f64,
}

/// When the limit is reached, in eight futures of ten: the very window that the forecast's words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// One future in ten is sooner.
    pub from: Timestamp,
    /// One in ten is later; `None` when that lies beyond the horizon.
    pub to: Option<Timestamp>,
}

impl Reached {
    /// What a finding forecasts as it is told at an instant, if it does and anything can be told.
    #[must_use]
    pub fn of(finding: &Finding, now: Timestamp) -> Option<Self> {
        let (from, to) = Outlook::of(finding, now)?.reached()?;
        // What should have come long ago and is told of yet has no window any more.
        to.is_none_or(|to| from <= to).then_some(Self { from, to })
    }
}

/// Running hours on their way to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// Hours since the last service at the end of past days, in order: day (of the engine's day, UTC) and hours.
    pub days: Vec<(i64, f64)>,
    /// The same now.
    pub now_h: f64,
    /// Hours between two services.
    pub interval_h: f64,
    /// Hours that the machine runs on a day, as it is expected to go on.
    pub per_day_h: f64,
    /// When the interval is full, in eight futures of ten; `None` once it is.
    pub reached: Option<Reached>,
}

/// What happened at an instant worth a mark on the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// Work was done on the machine.
    Maintenance,
    /// The controller raised an alarm or tripped.
    Alarm,
    /// An advisory was opened.
    Advisory,
    /// A person left a remark.
    Note,
}

/// A mark on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: MarkKind,
    /// For `Maintenance` an action code of the fault catalogue (`cooler_cleaned`), for `Advisory` a fault code, else free text.
    pub label: String,
}

/// Everything one curve shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The present instant (event time in rehearsals); the "today" line.
    pub now: Timestamp,
    /// Discharge temperature at which the controller warns, degC.
    pub limit_c: f64,
    /// Past days in order; days may be missing. The machine page shows some 120 of them.
    pub days: Vec<DayPoint>,
    /// Future days in order; empty when nothing is forecast.
    pub cone: Vec<ConePoint>,
    /// When the limit is reached; `None` when nothing says that it will be.
    pub reached: Option<Reached>,
    /// Marks in order of time.
    pub marks: Vec<Mark>,
    /// For work that is due by running hours: the hours, which are drawn in place of the temperature.
    pub counter: Option<Counter>,
}
