//! What leaves a simulated controller: samples and events, not yet encoded.

use std::sync::Arc;

use crate::physics::Mode;

/// The numeric signals of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Signal {
    /// Air-end outlet temperature, degC.
    DischargeTemp,
    /// Mean of the phase currents, A.
    MotorCurrent,
    /// Total running hours, h.
    RunHours,
    /// Loaded hours, h.
    LoadHours,
    /// Cooling-air inlet temperature, degC.
    AmbientTemp,
    /// Line pressure, bar gauge.
    DischargePressure,
    /// Oil temperature after the cooler, degC.
    OilInjectionTemp,
    /// Differential pressure of the oil filter, bar.
    OilFilterDp,
    /// Differential pressure of the separator, bar.
    SeparatorDp,
    /// Vacuum across the intake filter, mbar.
    InletVacuum,
    /// Air-end vibration, mm/s rms.
    Vibration,
    /// Current of phase 1, A.
    MotorCurrentL1,
    /// Current of phase 2, A.
    MotorCurrentL2,
    /// Current of phase 3, A.
    MotorCurrentL3,
    /// Electrical input power, kW.
    Power,
}

impl Signal {
    /// How many there are.
    pub const COUNT: usize = 15;

    /// All of them, in the order of the contract.
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

    /// Its name in payloads and files.
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
}

/// One sample of one machine, as its instruments showed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Place of the machine in [`crate::Fleet::machines`].
    pub index: usize,
    /// Site id.
    pub site: Arc<str>,
    /// Machine id.
    pub machine: Arc<str>,
    /// When it was measured, ms since 1970 UTC, by a true clock.
    pub ts_ms: i64,
    /// Controller state, if it is published.
    pub state: Option<Mode>,
    /// By [`Signal`]; NaN where nothing was measured.
    pub values: [f64; Signal::COUNT],
}

impl Sample {
    /// The value of a signal, if it was measured.
    #[must_use]
    pub fn get(&self, signal: Signal) -> Option<f64> {
        let value = self.values[signal as usize];
        value.is_finite().then_some(value)
    }
}

/// Something that happened to a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// Place of the machine in [`crate::Fleet::machines`].
    pub index: usize,
    /// Site id.
    pub site: Arc<str>,
    /// Machine id.
    pub machine: Arc<str>,
    /// When, ms since 1970 UTC.
    pub ts_ms: i64,
    /// What.
    pub kind: HappeningKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HappeningKind {
    /// Work was done; a code such as `cooler_cleaned`.
    MaintenanceDone(Arc<str>),
    /// The controller raised an alarm or stopped the machine; its text.
    ControllerAlarm(&'static str),
}

/// Either of the two.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A sample.
    Sample(Sample),
    /// An event.
    Happening(Happening),
}

impl Message {
    /// When, ms since 1970 UTC.
    #[must_use]
    pub const fn ts_ms(&self) -> i64 {
        match self {
            Self::Sample(sample) => sample.ts_ms,
            Self::Happening(happening) => happening.ts_ms,
        }
    }

    /// Place of the machine in [`crate::Fleet::machines`].
    #[must_use]
    pub const fn index(&self) -> usize {
        match self {
            Self::Sample(sample) => sample.index,
            Self::Happening(happening) => happening.index,
        }
    }
}
