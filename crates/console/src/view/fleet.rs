//! The fleet at a glance.

use std::sync::Arc;

use chrono_tz::Tz;
use foretell_model::{FaultCode, FindingId, Grade, MachineId, RulDays, RunState, Timestamp};

/// Why a machine's health cannot be told at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HiddenBy {
    /// The thermostatic valve compensates: a fouled cooler looks clean in cool air.
    CoolWeather,
    /// Too few loaded hours lately.
    TooLittleLoad,
    /// A sensor that is needed cannot be trusted.
    SensorFault,
    /// Nothing has been heard for long.
    NoReadings,
    /// Another reason, named in the machine's findings.
    Other,
}

impl HiddenBy {
    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoolWeather => "cool_weather",
            Self::TooLittleLoad => "too_little_load",
            Self::SensorFault => "sensor_fault",
            Self::NoReadings => "no_readings",
            Self::Other => "other",
        }
    }
}

/// What is known about the cooling circuit's health.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    /// The baseline is still being learned.
    Learning {
        /// Days of usable history so far.
        days: u32,
        /// Days needed.
        days_needed: u32,
    },
    /// It can be told.
    Known {
        /// Share of the cooler's capacity that is lost against its own baseline, 0 to 1.
        cooler_loss: f64,
    },
    /// It cannot be told now; never shown as healthy.
    Hidden(HiddenBy),
}

/// How we know that a machine is off line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfflineWhy {
    /// Its controller or gateway said so, or the broker in its place: a death, a will, the status topic.
    Said,
    /// Nothing has come from it for a while.
    Silent,
}

impl OfflineWhy {
    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Silent => "silent",
        }
    }
}

/// A machine that nothing comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offline {
    /// When it went off line, or when its newest reading was measured; `None` for one that never reported.
    pub since: Option<Timestamp>,
    /// How we know.
    pub why: OfflineWhy,
}

/// The most pressing open statement about a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenAdvisory {
    /// Which episode.
    pub id: FindingId,
    /// Which fault.
    pub fault: FaultCode,
    /// How likely this fault is the cause, 0 to 1.
    pub likelihood: f64,
    /// How pressing.
    pub grade: Grade,
    /// When it was concluded; `rul_days` counts from here.
    pub at: Timestamp,
    /// When the limit is reached; `None` when nothing is forecast.
    pub rul_days: Option<RulDays>,
    /// Whether a visit is booked already.
    pub booked: bool,
}

/// One machine on the overview.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineSummary {
    /// Which.
    pub id: MachineId,
    /// What its customer calls it, e.g. `2号机`; the identity's machine part when nothing is configured.
    pub name: String,
    /// What its site is called; the identity's site part when nothing is configured.
    pub site_name: String,
    /// Whose it is; empty when not configured.
    pub customer: String,
    /// What a search looks into: identity, name, site and customer in lower case.
    pub hay: String,
    /// The site's time zone.
    pub zone: Tz,
    /// Why and since when nothing comes from it; `None` while it is on line.
    pub offline: Option<Offline>,
    /// What the machine is doing; `None` when not known.
    pub state: Option<RunState>,
    /// When the newest reading was measured.
    pub last_reading: Option<Timestamp>,
    /// Discharge temperature of the newest reading, degC.
    pub discharge_temp_c: Option<f64>,
    /// Where the controller warns, degC.
    pub limit_c: f64,
    /// Health of the cooling circuit.
    pub health: Health,
    /// When it was reported broken, while that case is open.
    pub broken_since: Option<Timestamp>,
    /// The most pressing open statement, if any.
    pub advisory: Option<OpenAdvisory>,
    /// Daily hot discharge temperature of the last 30 to 60 days, oldest first, degC; `None` for days without loaded hours.
    pub trend_c: Vec<Option<f64>>,
}

/// The overview.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// The present instant (event time in rehearsals).
    pub now: Timestamp,
    /// Every machine, in any order; the page sorts by urgency. Shared with whoever keeps them, because copying thousands takes
    /// longer than a page may.
    pub machines: Vec<Arc<MachineSummary>>,
    /// Drafts that wait for an advisor.
    pub queue_len: usize,
}
