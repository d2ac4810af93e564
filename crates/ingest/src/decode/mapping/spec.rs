//! `[[mapping]]` as it stands in the configuration. Only its shape is checked here; [`super::compile`] checks its sense, so
//! that all faults of all mappings are told at once.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// One rule for foreign topics and payloads.
///
/// ```toml
/// [[mapping]]
/// topic = "plant/{site}/{machine}/data"            # or constants: site = "…", machine = "…"
/// ts = { at = "/time", format = "%Y-%m-%d %H:%M:%S", zone = "+08:00" }
/// [mapping.signals]
/// discharge_temp_c = { at = "/values/0/temp", unit = "degF" }
/// motor_current_a = "/values/0/amps"
/// [mapping.derive.run_hours]
/// from = "motor_current_a"
/// above = 5.0
/// ```
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingSpec {
    /// Topic pattern: plain levels, `{site}`, `{machine}`, `+`, a last `#`.
    pub topic: String,
    /// The site, when the topic does not name it.
    #[serde(default)]
    pub site: Option<String>,
    /// The machine, when the topic does not name it.
    #[serde(default)]
    pub machine: Option<String>,
    /// JSON pointer to an array of records (`""` when the payload itself is the array); without it the whole payload is one
    /// record.
    #[serde(default)]
    pub records: Option<String>,
    /// The payload is CSV, one record per line; pointers then are `/column`.
    #[serde(default)]
    pub csv: Option<CsvSpec>,
    /// The time stamp; without it a reading counts from its arrival and is marked as untimed.
    #[serde(default)]
    pub ts: Option<TimeSpec>,
    /// Signals that every record must hold. Without the key: `discharge_temp_c`, `motor_current_a` and `run_hours`. A source
    /// that publishes one signal per topic sets `[]`.
    #[serde(default)]
    pub required: Option<Vec<String>>,
    /// Where each signal stands, by the signal's name.
    #[serde(default)]
    pub signals: BTreeMap<String, FieldSpec>,
    /// Where the controller's state stands.
    #[serde(default)]
    pub state: Option<StateSpec>,
    /// Signals that the source does not have.
    #[serde(default)]
    pub derive: Option<DeriveSpec>,
}

/// A payload of comma-separated values.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSpec {
    /// The columns' names in order; without it the first line of each payload names them.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// One character; `,` without it.
    #[serde(default)]
    pub delimiter: Option<char>,
}

/// Where the time stamp stands and how it is written.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// JSON pointer, looked up in the record and then in the whole payload.
    pub at: String,
    /// `rfc3339` (without the key), `s`, `ms`, `us` since 1970 UTC, or a strftime pattern.
    #[serde(default)]
    pub format: Option<String>,
    /// For a pattern without an offset: `UTC` or an offset such as `+08:00`.
    #[serde(default)]
    pub zone: Option<String>,
}

/// Where a signal stands: a JSON pointer, or a table with `at` and either a `unit` or `scale` and `offset`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSpec {
    /// JSON pointer into the record.
    pub at: String,
    /// The source's unit, e.g. `degF`, `psi`, `MPa`, `kPa`, `W`, `min`.
    pub unit: Option<String>,
    /// Factor to the signal's unit; 1 without it.
    pub scale: Option<f64>,
    /// Added after scaling, in the signal's unit; 0 without it.
    pub offset: Option<f64>,
}

/// Where the controller's state stands and what its words mean.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateSpec {
    /// JSON pointer into the record.
    pub at: String,
    /// The source's word or number (whatever its case) to `stopped`, `starting`, `unloaded` or `loaded`.
    pub values: BTreeMap<String, String>,
}

/// Rules for signals that the source does not have.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeriveSpec {
    /// Total running hours.
    #[serde(default)]
    pub run_hours: Option<HoursSpec>,
}

/// Run hours: the time that another signal was above a threshold.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursSpec {
    /// The signal to watch; one of those mapped.
    pub from: String,
    /// The machine runs while the signal is above this, in the signal's unit.
    pub above: f64,
    /// Hours on the counter before the first reading; 0 without it.
    #[serde(default)]
    pub start: f64,
    /// A longer interval between two readings counts nothing; `"10m"` without it.
    #[serde(default)]
    pub gap_max: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    at: String,
    unit: Option<String>,
    scale: Option<f64>,
    offset: Option<f64>,
}

/// By hand, because serde's untagged enums cannot say which key was wrong.
impl<'de> Deserialize<'de> for FieldSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = FieldSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON pointer or a table with `at`")
    }

    fn visit_str<E: de::Error>(self, at: &str) -> Result<FieldSpec, E> {
        Ok(FieldSpec { at: at.to_owned(), ..FieldSpec::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldSpec, A::Error> {
        let FieldTable { at, unit, scale, offset } = FieldTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FieldSpec { at, unit, scale, offset })
    }
}
