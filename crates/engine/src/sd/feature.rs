//! Daily features beside the thermal ones: what they are called, how finely they are kept, how they are compared.

use serde::{Deserialize, Serialize};

/// A figure that a closed day gives for a machine, and that is followed from day to day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum Feature {
    /// Mean across the separator while loaded and warm.
    SeparatorDp,
    /// Mean across the oil filter while loaded and warm: cold oil is thick.
    OilFilterDp,
    /// Mean across the intake filter while loaded and warm.
    InletVacuum,
    /// Mean while loaded and warm.
    Vibration,
    /// Largest deviation of a phase from the mean of the three, over that mean; while loaded and warm.
    PhaseImbalance,
    /// Discharge minus injection temperature while loaded and warm: grows when less oil flows.
    InjectionGap,
    /// Mean current while loaded and warm of a machine that loads and unloads, brought to 7 bar where pressure is known.
    LoadedCurrent,
    /// Current while unloaded over that while loaded.
    UnloadedShare,
    /// Share of its quiet hours that the machine spends loaded: the floor that leaks set.
    QuietLoadShare,
    /// The same of its busy hours.
    BusyLoadShare,
    /// The mean of both, which has less noise than either where switching is seen but now and then. It has no course of its
    /// own.
    LoadShare,
    /// Unrest of the warm, loaded discharge temperature from sample to sample, as a standard deviation.
    Ripple,
    /// How much of the way from regulated to fully cooled the cool hours are: 0 with a healthy valve, 1 with one stuck open.
    ValveOpenShare,
    /// Cooling air of the day's hot and cool hours, where it is measured. Followed by `ha::room`, for it has a season.
    AmbientHot,
    /// Discharge temperature in the day's hot hours of machines that breathe the same air. Followed by `ha::room`.
    CommonDischarge,
    /// How much better a valve that regulates nothing explains the last days than all else; found by `ha::rivals`.
    Unregulated,
    /// Discharge temperature in the loaded hours of a machine below its lower limit; followed by `ha::cold`.
    SettledDischarge,
    /// Coolest loaded and warm hour of the day, for machines without an ambient of their own.
    CoolestHour,
    /// Rises within minutes to well above the hottest hour of the last days.
    HotExcursions,
    /// Stops out of such a heat.
    HotTrips,
    /// Such heats that were over within the hour while the machine worked on as before.
    HotReturns,
    /// Such heats that stayed.
    HotStays,
}

/// How a feature is kept and compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    /// In steps of so much, compared by difference.
    Linear(f32),
    /// In steps of so much of the natural logarithm, compared by ratio.
    Ratio(f32),
}

impl Feature {
    /// Every feature, in the order of its discriminant.
    pub(crate) const ALL: [Self; 22] = [
        Self::SeparatorDp,
        Self::OilFilterDp,
        Self::InletVacuum,
        Self::Vibration,
        Self::PhaseImbalance,
        Self::InjectionGap,
        Self::LoadedCurrent,
        Self::UnloadedShare,
        Self::QuietLoadShare,
        Self::BusyLoadShare,
        Self::LoadShare,
        Self::Ripple,
        Self::ValveOpenShare,
        Self::AmbientHot,
        Self::CommonDischarge,
        Self::Unregulated,
        Self::SettledDischarge,
        Self::CoolestHour,
        Self::HotExcursions,
        Self::HotTrips,
        Self::HotReturns,
        Self::HotStays,
    ];

    /// Its name in the catalogue and in evidence.
    pub(crate) const fn name(self) -> &'static str {
        self.names().0
    }

    /// The name under which its change from the own normal enters signatures.
    pub(crate) const fn change_name(self) -> &'static str {
        self.names().1
    }

    /// UCUM unit of its value.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::SeparatorDp | Self::OilFilterDp => "bar",
            Self::InletVacuum => "mbar",
            Self::Vibration => "mm/s",
            Self::InjectionGap | Self::Ripple => "K",
            Self::LoadedCurrent => "A",
            Self::AmbientHot | Self::CommonDischarge | Self::SettledDischarge | Self::CoolestHour => "Cel",
            _ => "1",
        }
    }

    /// How it is kept. The steps are a small part of what is worth saying, the 255 of them reach far enough.
    pub(crate) const fn scale(self) -> Scale {
        match self {
            Self::SeparatorDp | Self::OilFilterDp => Scale::Linear(0.01),
            Self::InletVacuum => Scale::Linear(0.4),
            Self::Vibration => Scale::Ratio(0.015),
            Self::PhaseImbalance => Scale::Linear(0.002),
            Self::InjectionGap => Scale::Linear(0.15),
            Self::LoadedCurrent => Scale::Ratio(0.002),
            Self::UnloadedShare => Scale::Linear(0.004),
            Self::QuietLoadShare | Self::BusyLoadShare | Self::LoadShare => Scale::Linear(0.005),
            Self::Ripple => Scale::Linear(0.03),
            Self::ValveOpenShare => Scale::Linear(0.02),
            Self::AmbientHot | Self::CommonDischarge | Self::SettledDischarge | Self::CoolestHour => {
                Scale::Linear(0.25)
            }
            Self::Unregulated => Scale::Linear(0.5),
            Self::HotExcursions | Self::HotTrips | Self::HotReturns | Self::HotStays => Scale::Linear(1.0),
        }
    }

    /// Whether it counts rare events rather than measuring a level.
    pub(crate) const fn is_count(self) -> bool {
        matches!(self, Self::HotExcursions | Self::HotTrips | Self::HotReturns | Self::HotStays)
    }

    /// The feature of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::SeparatorDp => ("separator_dp_bar", "separator_dp_change_bar"),
            Self::OilFilterDp => ("oil_filter_dp_bar", "oil_filter_dp_change_bar"),
            Self::InletVacuum => ("inlet_vacuum_mbar", "inlet_vacuum_change_mbar"),
            Self::Vibration => ("vibration_mm_s", "vibration_change"),
            Self::PhaseImbalance => ("phase_imbalance", "phase_imbalance_change"),
            Self::InjectionGap => ("injection_gap_k", "injection_gap_change_k"),
            Self::LoadedCurrent => ("loaded_current_a", "loaded_current_change"),
            Self::UnloadedShare => ("unloaded_current_share", "unloaded_current_change"),
            Self::QuietLoadShare => ("quiet_load_share", "quiet_load_change"),
            Self::BusyLoadShare => ("busy_load_share", "busy_load_change"),
            Self::LoadShare => ("load_share", "load_change"),
            Self::Ripple => ("discharge_ripple_k", "discharge_ripple_change_k"),
            Self::ValveOpenShare => ("valve_open_share", "valve_open_change"),
            Self::AmbientHot => ("ambient_hot_c", "ambient_change_k"),
            Self::CommonDischarge => ("common_discharge_c", "common_discharge_change_k"),
            Self::Unregulated => ("unregulated_log_ratio", "unregulated_change"),
            Self::SettledDischarge => ("settled_discharge_c", "settled_discharge_change_k"),
            Self::CoolestHour => ("coolest_hour_c", "coolest_hour_change_k"),
            Self::HotExcursions => ("hot_excursions", "hot_excursions_change"),
            Self::HotTrips => ("hot_trips", "hot_trips_change"),
            Self::HotReturns => ("hot_returns", "hot_returns_change"),
            Self::HotStays => ("hot_stays", "hot_stays_change"),
        }
    }
}

impl Scale {
    /// A value as it is compared: itself, or its logarithm; `None` where that has no meaning.
    pub(crate) fn compared(self, value: f64) -> Option<f64> {
        match self {
            Self::Linear(_) => value.is_finite().then_some(value),
            Self::Ratio(_) => (value > 1e-6 && value.is_finite()).then(|| value.ln()),
        }
    }

    /// The value of what is compared.
    pub(crate) fn shown(self, compared: f64) -> f64 {
        match self {
            Self::Linear(_) => compared,
            Self::Ratio(_) => compared.exp(),
        }
    }

    pub(crate) const fn step(self) -> f64 {
        match self {
            Self::Linear(step) | Self::Ratio(step) => step as f64,
        }
    }
}
