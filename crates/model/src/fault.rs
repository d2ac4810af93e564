//! Fault codes. Open on purpose: the catalogue in `config/faults.toml` may add modes without a change of code.

use std::borrow::Cow;
use std::fmt;

/// A fault mode's code, e.g. `cooler_clogging`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultCode(Cow<'static, str>);

impl FaultCode {
    /// Air side of the oil cooler clogged.
    pub const COOLER_CLOGGING: Self = Self::known("cooler_clogging");
    /// Thermostatic valve stuck towards bypass.
    pub const THERMOSTATIC_VALVE: Self = Self::known("thermostatic_valve");
    /// Thermostatic valve stuck open to the cooler.
    pub const THERMOSTATIC_VALVE_OPEN: Self = Self::known("thermostatic_valve_open");
    /// Hot weather or poor ventilation; not a machine fault.
    pub const HIGH_AMBIENT: Self = Self::known("high_ambient");
    /// A sensor repeats one value.
    pub const SENSOR_STUCK: Self = Self::known("sensor_stuck");
    /// A sensor is off by a growing amount.
    pub const SENSOR_DRIFT: Self = Self::known("sensor_drift");
    /// A sensor delivers nothing or its rail values.
    pub const SENSOR_DROPOUT: Self = Self::known("sensor_dropout");

    const fn known(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// Keeps a code: 1-64 characters of `a-z 0-9 _`.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        crate::Work::new(code).map(|_| Self(Cow::Owned(code.to_owned())))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
