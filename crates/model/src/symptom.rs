//! What a machine can show beside a hot discharge: a feature that has left the machine's own normal.
//!
//! Symptoms are data like faults. One names a feature that the engine follows from day to day, the side on which leaving
//! its normal means something, and from which effect on that is worth saying; faults name the symptoms they explain.

use serde::{Deserialize, Deserializer};

use crate::catalogue::Text;
use crate::{Grade, Signal};

/// Side of the normal on which a feature's change means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Above it.
    Up,
    /// Below it.
    Down,
}

impl Direction {
    /// 1 upwards, -1 downwards.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }
}

/// Where a feature's own trend ends. A forecast of first passage needs nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymptomLimit {
    /// The signal whose limit it is.
    #[serde(deserialize_with = "signal")]
    pub signal: Signal,
    /// In the signal's own unit.
    pub value: f64,
    /// The limit is also met at so many times the machine's own normal, if that comes earlier.
    #[serde(default)]
    pub times_normal: Option<f64>,
}

impl SymptomLimit {
    /// The limit of a machine with this normal, in the signal's own unit.
    #[must_use]
    pub fn of(&self, normal: f64) -> f64 {
        self.times_normal.map_or(self.value, |times| self.value.min(times * normal))
    }
}

/// One symptom.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// What faults call it.
    pub code: String,
    /// Name of a daily feature of the engine.
    pub feature: String,
    /// Side of the normal.
    pub direction: Direction,
    /// What the feature is to a reader, as the subject of a sentence.
    pub what: Text,
    /// Change from the own normal from which a machine is watched, in the feature's unit; of features that are compared by
    /// ratio, the natural logarithm of the ratio, nearly its share.
    pub watch: f64,
    /// Change from which a customer may hear of it, same unit.
    pub advise: f64,
    /// Least day-to-day standard deviation to assume, same unit: some quiet weeks do not make a machine immovable.
    pub noise: f64,
    /// Whether two days decide rather than a week, for what leaves days and not weeks.
    #[serde(default)]
    pub quick: bool,
    /// Highest grade of a gradual change.
    #[serde(default = "advise", deserialize_with = "grade")]
    pub gradual: Option<Grade>,
    /// Highest grade of a sudden change; `"none"` when a step is a changed setting or sensor, and is learned as a new normal.
    #[serde(default = "advise", deserialize_with = "grade")]
    pub sudden: Option<Grade>,
    /// Where its trend ends.
    #[serde(default)]
    pub limit: Option<SymptomLimit>,
}

impl Symptom {
    /// Whether its figures make sense; NaN does not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let limit = self.limit.is_none_or(|l| positive(l.value) && l.times_normal.is_none_or(|t| t > 1.0));
        positive(self.watch) && self.advise >= self.watch && positive(self.noise) && limit
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a default has the type of its field")]
const fn advise() -> Option<Grade> {
    Some(Grade::Advise)
}

fn grade<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Grade>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("`{text}` is none of `none`, `watch`, `advise`, `urgent`"));
    if text == "none" { Ok(None) } else { Grade::from_name(&text).map(Some).ok_or_else(unknown) }
}

fn signal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Signal::from_name(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a signal")))
}
