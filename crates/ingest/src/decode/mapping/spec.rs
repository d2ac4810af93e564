//! `[[mapping]]` as it stands in the configuration. Only its shape is checked here; [`super::compile`] checks its sense, so
//! that all faults of all mappings are told at once.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

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
    /// Topic pattern: plain levels, `{site}`, `{machine}`, `{signal}`, `+`, a last `#`; a name may have text around it.
    pub topic: String,
    /// The site, when the topic does not name it: a constant, or where it stands in the payload.
    #[serde(default)]
    pub site: Option<PartSpec>,
    /// The machine, when the topic does not name it: a constant, or where it stands in the payload.
    #[serde(default)]
    pub machine: Option<PartSpec>,
    /// The source's names of machines (whatever their case) to ours; a name that is not listed stays as it is.
    #[serde(default)]
    pub machines: BTreeMap<String, String>,
    /// JSON pointer to an array of records (`""` when the payload itself is the array); without it the whole payload is one
    /// record.
    #[serde(default)]
    pub records: Option<String>,
    /// Only records that hold a certain value; others are passed over and counted. Without it, all.
    #[serde(default)]
    pub only: Option<OnlySpec>,
    /// The payload is CSV, one record per line; pointers then are `/column`.
    #[serde(default)]
    pub csv: Option<CsvSpec>,
    /// The payload is one bare value as text, such as `RUN` or `83,2 °C`; the pointer to it is `""`.
    #[serde(default)]
    pub text: bool,
    /// Numbers in texts have a decimal comma (`83,2`).
    #[serde(default)]
    pub decimal_comma: bool,
    /// The time stamp; without it a reading counts from its arrival and is marked as untimed.
    #[serde(default)]
    pub ts: Option<TimeSpec>,
    /// Signals that every record must hold. Without the key: `discharge_temp_c`, `motor_current_a` and `run_hours`, or none
    /// where the topic names the signal. A source that publishes one signal per topic sets `[]`.
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

/// Where one half of the identity comes from: a text, or a table with `at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartSpec {
    /// Always this.
    Constant(String),
    /// A JSON pointer, looked up in the record and then in the whole payload.
    At(String),
}

/// Which records of a mixed stream are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlySpec {
    /// JSON pointer into the record.
    pub at: String,
    /// The value that it must have there: a text, or a number as text.
    pub is: String,
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
#[serde(deny_unknown_fields, expecting = "a table such as { at = \"/time\", format = \"ms\" }")]
pub struct TimeSpec {
    /// JSON pointer, looked up in the record and then in the whole payload.
    pub at: String,
    /// `rfc3339` (without the key), `s`, `ms`, `us`, `ns` since 1970 UTC, or a strftime pattern.
    #[serde(default)]
    pub format: Option<String>,
    /// For a pattern without an offset: `UTC`, an offset such as `+08:00`, or an IANA name such as `Asia/Shanghai`. By name, a
    /// stamp in the hour that clocks skip in spring is refused, and one in the hour that they show twice is told apart by its
    /// arrival.
    #[serde(default)]
    pub zone: Option<String>,
}

/// Where a signal stands and how its number is read: a JSON pointer, or a table.
///
/// The number is taken as it stands (or put together from registers), then `x * scale + offset`, then converted from `unit`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSpec {
    /// JSON pointer into the record; of a number in two registers both, the one with the higher bits first. Where the topic
    /// names the signal it may be left out: the whole payload then.
    pub at: Pointers,
    /// The word at `{signal}` in the topic; without it the signal's own name.
    pub topic: Option<String>,
    /// A constant instead of a place.
    pub value: Option<f64>,
    /// How 16-bit registers make the number: `u16`, `i16`, `u32`, `i32` or `f32`; without it the value is the number.
    pub register: Option<String>,
    /// The source's unit, e.g. `degF`, `psi`, `MPa`, `kPa`, `W`, `min`.
    pub unit: Option<String>,
    /// Factor; 1 without it.
    pub scale: Option<f64>,
    /// Added after scaling; 0 without it.
    pub offset: Option<f64>,
    /// Numbers that mean "not measured", as they stand in the payload: 32767 of a broken sensor.
    pub missing: Vec<f64>,
}

impl FieldSpec {
    /// Whether it says no more than where the number stands and how it is scaled.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { at: _, topic, value, register, unit: _, scale: _, offset: _, missing } = self;
        topic.is_none() && value.is_none() && register.is_none() && missing.is_empty()
    }
}

/// Where the controller's state stands and what its words mean.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateSpec {
    /// JSON pointer into the record; may be left out where the topic names the signal.
    #[serde(default)]
    pub at: String,
    /// The word at `{signal}` in the topic; `state` without it.
    #[serde(default)]
    pub topic: Option<String>,
    /// Of a status word, the bits that count.
    #[serde(default)]
    pub mask: Option<u32>,
    /// The source's word or number (whatever its case; `*` is any other) to `stopped`, `starting`, `unloaded` or `loaded`.
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
    /// A reading so far behind the machine's newest adds nothing to the counter any more; `"30d"` without it.
    #[serde(default)]
    pub late_max: Option<String>,
    /// For how many machines hours are derived, 10,000 without it. Each takes some kilobytes, and 100 kB where there are few.
    #[serde(default)]
    pub machines_max: Option<u32>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    at: Option<Pointers>,
    topic: Option<String>,
    value: Option<f64>,
    register: Option<String>,
    unit: Option<String>,
    scale: Option<f64>,
    offset: Option<f64>,
    #[serde(default)]
    missing: Vec<f64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PartTable {
    at: String,
}

/// One pointer or several, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers(pub Vec<String>);

impl From<&str> for Pointers {
    fn from(at: &str) -> Self {
        Self(vec![at.to_owned()])
    }
}

impl From<&str> for PartSpec {
    fn from(constant: &str) -> Self {
        Self::Constant(constant.to_owned())
    }
}

// By hand, because serde's untagged enums cannot say which key was wrong.

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
        Ok(FieldSpec { at: at.into(), ..FieldSpec::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldSpec, A::Error> {
        let table = FieldTable::deserialize(MapAccessDeserializer::new(map))?;
        let FieldTable { at, topic, value, register, unit, scale, offset, missing } = table;
        let at = at.unwrap_or_default();
        Ok(FieldSpec { at, topic, value, register, unit, scale, offset, missing })
    }
}

impl<'de> Deserialize<'de> for Pointers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PointersVisitor)
    }
}

struct PointersVisitor;

impl<'de> Visitor<'de> for PointersVisitor {
    type Value = Pointers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON pointer or a list of two")
    }

    fn visit_str<E: de::Error>(self, at: &str) -> Result<Pointers, E> {
        Ok(at.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Pointers, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Pointers)
    }
}

impl<'de> Deserialize<'de> for PartSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = PartSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a table with `at`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PartSpec, E> {
        Ok(PartSpec::Constant(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PartSpec, A::Error> {
        PartTable::deserialize(MapAccessDeserializer::new(map)).map(|PartTable { at }| PartSpec::At(at))
    }
}
