//! The words that every part of Foretell shares.
//!
//! Identity, time, signals with their units, readings, the events on the log, fault codes and findings. Nothing here
//! performs I/O, reads a clock or knows a wire format, with one exception that is kept apart on purpose: [`wire`] holds
//! the one JSON form of a finding, because the backtest file, the HTTP API and MQTT must never disagree about it.
//!
//! Names follow ISO 13374 (processing blocks), ISO 13381-1 (prognosis) and ISO 14224 (failure modes); units follow UCUM.

pub mod catalogue;
mod cause;
mod clock;
pub mod effect;
mod event;
mod fault;
mod finding;
mod id;
mod log;
mod machine;
mod named;
mod obstacle;
mod outlook;
mod quarantine;
mod reading;
mod remark;
mod service;
mod signal;
mod single;
mod subsystem;
mod symptom;
mod time;
pub mod wire;
mod wish;

pub use catalogue::{Catalogue, Fault, Term};
pub use cause::{Beside, Cause};
pub use clock::Clock;
pub use event::{Event, Note, Verdict, Work};
pub use fault::FaultCode;
pub use finding::{
    Alternative, Evidence, Finding, FindingId, FindingKind, Grade, Limit, ProbabilityWithin, RulDays, Status,
};
pub use id::{IdError, MachineId, SiteId};
pub use log::{Appended, Log, LogError, Logged, Offset, Partition};
pub use machine::{Currency, EnergyProfile, Limits, MachineProfile, currency_name};
pub use obstacle::{Objection, Obstacle};
pub use outlook::{Certainty, Outlook, WeekWindow};
pub use quarantine::{FROM_FUTURE, Quarantine, Quarantined, Refusal, TOO_OLD};
pub use reading::{Quality, Reading, RunState};
pub use remark::{BODY_CHARS_MAX, Lack, Remark, SHORT_PARTS_MAX, SUBJECT_CHARS_MAX, TemplateFault, WordSort};
pub use service::{Entered, FaultPrecision, Found, MINUTES_MAX, Reply, Timer, TimerState, VisitState};
pub use signal::{Range, Signal, Signals};
pub use single::widened;
pub use subsystem::{Sign, Subsystem};
pub use symptom::{Direction, Symptom, SymptomLimit};
pub use time::{DAY_MS, HOUR_MS, MINUTE_MS, ParseTimestampError, Timestamp};
pub use wish::{DayOfWeek, DayPart, WishedTime};
