//! Sensors beside the main ones, where they are fitted.

use foretell_model::{Signal, Signals};

use crate::rng::Rng;

use super::ailment::Wear;
use super::sensors::Instant;

/// Which are fitted, and what a sound machine shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fitted {
    filter_dp: bool,
    separator_dp: bool,
    vacuum: bool,
    vibration: bool,
    phases: bool,
    /// How this machine differs from the next, -1 to 1.
    own: f64,
}

impl Fitted {
    /// For a fleet whose machines have other faults than the cooler's.
    pub(crate) fn draw(rng: &mut Rng, fault: Option<&str>) -> Self {
        Self {
            filter_dp: rng.chance(0.4),
            separator_dp: rng.chance(0.4),
            vacuum: rng.chance(0.4),
            vibration: rng.chance(0.4),
            // Nothing shows an imbalance where only the mean of the phases is published.
            phases: rng.chance(0.4) || fault == Some("phase_imbalance"),
            own: rng.between(-1.0, 1.0),
        }
    }

    /// Whether the sensor that shows this fault is fitted; `None` of a fault that has none.
    pub(crate) fn shows(&self, fault: &str) -> Option<bool> {
        match fault {
            "oil_filter_clogging" => Some(self.filter_dp),
            "separator_clogging" => Some(self.separator_dp),
            "intake_filter_clogging" => Some(self.vacuum),
            "bearing_wear" => Some(self.vibration),
            "phase_imbalance" => Some(self.phases),
            _ => None,
        }
    }

    /// Adds what they read at this instant.
    pub(crate) fn read(&self, rng: &mut Rng, now: &Instant, wear: &Wear, signals: &mut Signals) {
        let (on, loaded) = (f64::from(u8::from(now.running)), f64::from(u8::from(now.loaded)));
        let mut put = |fitted: bool, signal, sound: f64, worn: f64, noise: f64| {
            if fitted {
                let value = (sound * (1.0 + 0.15 * self.own) + worn) * (1.0 + noise * rng.normal());
                signals.set(signal, (value * 1000.0).round() / 1000.0);
            }
        };
        put(self.filter_dp, Signal::OilFilterDp, 0.3 * on, wear.filter_dp_bar * on, 0.04);
        put(self.separator_dp, Signal::SeparatorDp, 0.18 * loaded, wear.separator_dp_bar * loaded, 0.04);
        put(self.vacuum, Signal::InletVacuum, 18.0 * loaded, wear.vacuum_mbar * loaded, 0.04);
        put(self.vibration, Signal::Vibration, 3.0 * on, wear.vibration_mm_s * on, 0.08);
        // The worst phase is off by the imbalance, the others share the rest.
        let lean = 0.012 * self.own;
        for (signal, off) in [
            (Signal::MotorCurrentL1, wear.imbalance + lean),
            (Signal::MotorCurrentL2, -0.4 * wear.imbalance - lean),
            (Signal::MotorCurrentL3, -0.6 * wear.imbalance),
        ] {
            put(self.phases, signal, 0.0, now.current_a * (1.0 + off), 0.005);
        }
    }
}
