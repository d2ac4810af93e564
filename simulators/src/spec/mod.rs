//! What a fleet is made of, as it stands in a TOML file; `examples/` holds commented ones.

mod machine;

use serde::{Deserialize, Deserializer};

pub use machine::{ChangeKind, ChangeSpec, FaultSpec, LinkSpec, MachineSpec, Shape, SignalSet, TrimSpec};

use crate::climate::Climate;
use crate::schedule::Schedule;
use crate::time::{parse_duration_ms, parse_utc};

/// Why a fleet cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The text is not TOML of the expected shape; the message names the line.
    #[error("could not read the fleet's specification:\n{0}")]
    Toml(#[from] toml::de::Error),
    /// A value is of the right type, but makes no sense.
    #[error("{at}: {problem}")]
    Value {
        /// Where, e.g. `site s01, machine m002`.
        at: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// There is no built-in fleet of this name.
    #[error("there is no built-in fleet `{0}`; there are demo, mixed and healthy")]
    UnknownFleet(String),
}

/// A length of time in ms, written with its unit (`"90s"`, `"15m"`, `"40d"`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

/// An instant in ms since 1970 UTC, written as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration_ms(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a duration with its unit, such as \"90s\", \"15m\" or \"40d\""
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_utc(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not an instant in UTC, such as \"2026-05-01T00:00:00Z\""))
        })
    }
}

/// A fleet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// Its name, for logs.
    pub name: String,
    /// When the simulation begins.
    pub from: Instant,
    /// How long it lasts.
    pub lasts: Span,
    /// Sampling interval of machines that do not say otherwise.
    #[serde(default = "every")]
    pub every: Span,
    /// Its sites.
    #[serde(rename = "site")]
    pub sites: Vec<SiteSpec>,
}

/// A place with machines under one weather.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSpec {
    /// Its id in topics: 1-64 characters of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// The customer's name, for display.
    #[serde(default)]
    pub customer: String,
    /// The weather.
    pub climate: Climate,
    /// Local time minus UTC.
    #[serde(default = "utc_offset")]
    pub utc_offset: Span,
    /// Working hours.
    pub schedule: Schedule,
    /// Rise of the room over outdoors at full work, K.
    #[serde(default = "room_rise_k")]
    pub room_rise_k: f64,
    /// Heat waves and hot rooms.
    #[serde(default)]
    pub warm: Vec<WarmSpec>,
    /// Its machines.
    #[serde(rename = "machine")]
    pub machines: Vec<MachineSpec>,
}

/// Why it is warm for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmKind {
    /// The weather.
    HeatWave,
    /// A blocked duct or a closed door.
    HotRoom,
}

/// A warm stretch of time.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmSpec {
    /// Why.
    pub kind: WarmKind,
    /// Begin, counted from the fleet's.
    pub after: Span,
    /// Length.
    pub lasts: Span,
    /// How much warmer, K.
    pub rise_k: f64,
}

fn every() -> Span {
    Span(60_000)
}
fn utc_offset() -> Span {
    Span(8 * crate::time::HOUR_MS)
}
fn room_rise_k() -> f64 {
    4.0
}
impl FleetSpec {
    /// Reads a specification.
    ///
    /// # Errors
    /// When the text is not such a specification, naming the line, or when a value makes no sense.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let spec: Self = toml::from_str(text)?;
        spec.check()?;
        Ok(spec)
    }

    /// Whether the values make sense together.
    ///
    /// # Errors
    /// Names the first one that does not.
    pub fn check(&self) -> Result<(), SpecError> {
        let wrong = |at: String, problem: &str| Err(SpecError::Value { at, problem: problem.to_owned() });
        if !(self.lasts.0 > 0 && self.every.0 >= 100) {
            return wrong("fleet".into(), "`lasts` must be positive and `every` at least \"100ms\"");
        }
        for (place, site) in self.sites.iter().enumerate() {
            if !is_id(&site.name) || self.sites[..place].iter().any(|other| other.name == site.name) {
                return wrong(format!("site `{}`", site.name), "a name is 1-64 of A-Z a-z 0-9 . _ - and stands once");
            }
            for (place, machine) in site.machines.iter().enumerate() {
                let at = format!("site `{}`, machine `{}`", site.name, machine.name);
                if !is_id(&machine.name) || site.machines[..place].iter().any(|other| other.name == machine.name) {
                    return wrong(at, "a name is 1-64 of A-Z a-z 0-9 . _ - and stands once per site");
                }
                if let Some(problem) = machine.problem() {
                    return wrong(at, problem);
                }
            }
        }
        Ok(())
    }
}

fn is_id(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
