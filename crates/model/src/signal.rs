//! The signals a controller can publish, their units and the physical range that admission enforces.

/// A numeric signal. The discriminant is its place in [`Signals`] and in the log, so new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Signal {
    /// Air-end outlet temperature.
    DischargeTemp,
    /// Motor current, mean of the phases.
    MotorCurrent,
    /// Total running hours, a counter.
    RunHours,
    /// Loaded hours, a counter.
    LoadHours,
    /// Cooling-air inlet temperature.
    AmbientTemp,
    /// Line pressure, gauge.
    DischargePressure,
    /// Oil temperature after the cooler.
    OilInjectionTemp,
    /// Differential pressure across the oil filter.
    OilFilterDp,
    /// Differential pressure across the separator.
    SeparatorDp,
    /// Vacuum across the intake filter.
    InletVacuum,
    /// Air-end vibration velocity.
    Vibration,
    /// Phase current L1.
    MotorCurrentL1,
    /// Phase current L2.
    MotorCurrentL2,
    /// Phase current L3.
    MotorCurrentL3,
    /// Electrical input power.
    Power,
}

/// Physically possible values of a signal, both ends included. What lies outside is a broken sensor or a wrong unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lowest possible value.
    pub min: f64,
    /// Highest possible value.
    pub max: f64,
}

impl Range {
    /// Whether the value is inside; phrased so that NaN is not.
    #[inline]
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        self.min <= value && value <= self.max
    }
}

impl Signal {
    /// How many signals there are.
    pub const COUNT: usize = 15;

    /// Every signal, in the order of its discriminant.
    pub const ALL: [Self; Self::COUNT] = [
        Self::DischargeTemp,
        Self::MotorCurrent,
        Self::RunHours,
        Self::LoadHours,
        Self::AmbientTemp,
        Self::DischargePressure,
        Self::OilInjectionTemp,
        Self::OilFilterDp,
        Self::SeparatorDp,
        Self::InletVacuum,
        Self::Vibration,
        Self::MotorCurrentL1,
        Self::MotorCurrentL2,
        Self::MotorCurrentL3,
        Self::Power,
    ];

    /// The signals every machine must publish.
    pub const REQUIRED: [Self; 3] = [Self::DischargeTemp, Self::MotorCurrent, Self::RunHours];

    /// Its name in payloads, files and the API; the unit is the name's end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DischargeTemp => "discharge_temp_c",
            Self::MotorCurrent => "motor_current_a",
            Self::RunHours => "run_hours",
            Self::LoadHours => "load_hours",
            Self::AmbientTemp => "ambient_temp_c",
            Self::DischargePressure => "discharge_pressure_bar",
            Self::OilInjectionTemp => "oil_injection_temp_c",
            Self::OilFilterDp => "oil_filter_dp_bar",
            Self::SeparatorDp => "separator_dp_bar",
            Self::InletVacuum => "inlet_vacuum_mbar",
            Self::Vibration => "vibration_mm_s",
            Self::MotorCurrentL1 => "motor_current_l1_a",
            Self::MotorCurrentL2 => "motor_current_l2_a",
            Self::MotorCurrentL3 => "motor_current_l3_a",
            Self::Power => "power_kw",
        }
    }

    /// The signal of a name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }

    /// Its UCUM unit code; gauge and rms are UCUM annotations.
    #[must_use]
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::DischargeTemp | Self::AmbientTemp | Self::OilInjectionTemp => "Cel",
            Self::MotorCurrent | Self::MotorCurrentL1 | Self::MotorCurrentL2 | Self::MotorCurrentL3 => "A",
            Self::RunHours | Self::LoadHours => "h",
            Self::DischargePressure => "bar{g}",
            Self::OilFilterDp | Self::SeparatorDp => "bar",
            Self::InletVacuum => "mbar",
            Self::Vibration => "mm/s{rms}",
            Self::Power => "kW",
        }
    }

    /// Its unit as people write it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::DischargeTemp | Self::AmbientTemp | Self::OilInjectionTemp => "°C",
            Self::DischargePressure => "bar",
            Self::Vibration => "mm/s",
            other => other.ucum(),
        }
    }

    /// What admission lets through. Wide on purpose: sensor rails such as -125 or 267 degC are *inside*, because they are
    /// a finding about the sensor that the engine makes, not a malformed message.
    #[must_use]
    pub const fn physical_range(self) -> Range {
        let (min, max) = match self {
            Self::DischargeTemp | Self::AmbientTemp | Self::OilInjectionTemp => (-273.15, 1000.0),
            Self::MotorCurrent | Self::MotorCurrentL1 | Self::MotorCurrentL2 | Self::MotorCurrentL3 => {
                (-50.0, 20_000.0)
            }
            Self::RunHours | Self::LoadHours => (0.0, 1_000_000.0),
            Self::DischargePressure => (-1.0, 1000.0),
            Self::OilFilterDp | Self::SeparatorDp => (-10.0, 100.0),
            Self::InletVacuum => (-1000.0, 1000.0),
            Self::Vibration => (0.0, 1000.0),
            Self::Power => (-1000.0, 50_000.0),
        };
        Range { min, max }
    }
}

/// The values of one reading; a signal that was not measured is absent.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Signals {
    present: u16,
    values: [f64; Signal::COUNT],
}

impl Signals {
    /// No signal at all.
    #[must_use]
    pub const fn empty() -> Self {
        Self { present: 0, values: [0.0; Signal::COUNT] }
    }

    /// The value of a signal, if it was measured.
    #[inline]
    #[must_use]
    pub const fn get(&self, signal: Signal) -> Option<f64> {
        if self.present & (1 << signal as u16) == 0 { None } else { Some(self.values[signal as usize]) }
    }

    /// Sets a value. NaN and infinities count as not measured, so no later arithmetic meets one.
    #[inline]
    pub const fn set(&mut self, signal: Signal, value: f64) {
        if value.is_finite() {
            self.present |= 1 << signal as u16;
            self.values[signal as usize] = value;
        } else {
            self.remove(signal);
        }
    }

    /// Forgets a signal.
    #[inline]
    pub const fn remove(&mut self, signal: Signal) {
        self.present &= !(1 << signal as u16);
        self.values[signal as usize] = 0.0;
    }

    /// The same with one more value; see [`Signals::set`].
    #[must_use]
    pub const fn with(mut self, signal: Signal, value: f64) -> Self {
        self.set(signal, value);
        self
    }

    /// Whether nothing was measured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// One bit per signal, bit = discriminant; for codecs.
    #[inline]
    #[must_use]
    pub const fn mask(&self) -> u16 {
        self.present
    }

    /// The measured signals with their values, in the order of [`Signal::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Signal, f64)> + '_ {
        Signal::ALL.into_iter().filter_map(|signal| self.get(signal).map(|value| (signal, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_found_by_its_name_and_place() {
        for (place, signal) in Signal::ALL.into_iter().enumerate() {
            assert_eq!((Signal::from_name(signal.name()), signal as usize), (Some(signal), place));
        }
        assert_eq!(Signal::from_name("vibraton_mm_s"), None);
    }

    #[test]
    fn what_is_not_finite_is_not_measured() {
        let mut s = Signals::empty().with(Signal::DischargeTemp, 83.2).with(Signal::Power, f64::NAN);
        assert_eq!(s.iter().collect::<Vec<_>>(), [(Signal::DischargeTemp, 83.2)]);
        s.set(Signal::DischargeTemp, f64::INFINITY);
        assert!(s.is_empty());
        assert_eq!(s, Signals::empty());
    }

    #[test]
    fn nan_is_in_no_range() {
        assert!(!Signal::DischargeTemp.physical_range().contains(f64::NAN));
        assert!(Signal::DischargeTemp.physical_range().contains(-125.0));
    }
}
