//! The instruments of one machine: noise, resolution, broken sensors.

use crate::fault::Ailments;
use crate::physics::{Mode, Snapshot};
use crate::rng::Rng;
use crate::sample::Signal;
use crate::spec::{MachineSpec, SignalSet};

/// Where an open Pt100 input ends up, degC.
const RAIL_C: f64 = 267.0;

/// The signals of a set, in the order of the contract.
pub(super) fn published(set: SignalSet, ambient_sensor: bool) -> Vec<Signal> {
    Signal::ALL
        .into_iter()
        .filter(|signal| match signal {
            Signal::DischargeTemp | Signal::MotorCurrent | Signal::RunHours => true,
            Signal::AmbientTemp => ambient_sensor,
            Signal::LoadHours | Signal::DischargePressure => set != SignalSet::Minimal,
            _ => set == SignalSet::Full,
        })
        .collect()
}

/// What turns the truth into readings.
#[derive(Clone, Debug)]
pub(super) struct Instruments {
    signals: Vec<Signal>,
    publishes_state: bool,
    resolution_k: f64,
    noise_k: f64,
    wander_sd_k: f64,
    wander_k: f64,
    vibration_mm_s: f64,
    phase_rest: f64,
    frozen_c: Option<f64>,
    rng: Rng,
    wander_rng: Rng,
}

impl Instruments {
    pub(super) fn new(spec: &MachineSpec, mut rng: Rng, mut wander_rng: Rng) -> Self {
        Self {
            signals: published(spec.signals, spec.ambient_sensor),
            publishes_state: spec.signals != SignalSet::Minimal,
            resolution_k: spec.resolution_k,
            noise_k: spec.noise_k,
            wander_sd_k: spec.wander_k,
            wander_k: spec.wander_k * wander_rng.normal(),
            vibration_mm_s: rng.range(2.0, 4.0),
            phase_rest: rng.range(0.0, 0.01),
            frozen_c: None,
            rng,
            wander_rng,
        }
    }

    /// Lets the slow wander go on: an Ornstein-Uhlenbeck process whose daily correlation is 0.5.
    pub(super) fn wander(&mut self, days: f64) {
        let keep = 0.5_f64.powf(days);
        let kick = self.wander_sd_k * (1.0 - keep * keep).sqrt();
        self.wander_k = keep * self.wander_k + kick * self.wander_rng.normal();
    }

    /// The controller state, if it is published.
    pub(super) fn state(&self, truth: &Snapshot) -> Option<Mode> {
        self.publishes_state.then_some(truth.mode)
    }

    /// Reads every published signal; the others stay NaN.
    pub(super) fn read(&mut self, truth: &Snapshot, ailments: &Ailments) -> [f64; Signal::COUNT] {
        let mut values = [f64::NAN; Signal::COUNT];
        for place in 0..self.signals.len() {
            let signal = self.signals[place];
            values[signal as usize] = self.read_one(signal, truth, ailments);
        }
        values
    }

    fn read_one(&mut self, signal: Signal, truth: &Snapshot, ailments: &Ailments) -> f64 {
        let running = if truth.mode == Mode::Stopped { 0.0 } else { 1.0 };
        let loaded = if truth.mode == Mode::Loaded { 1.0 } else { 0.4 * running };
        match signal {
            Signal::DischargeTemp => self.discharge(truth.discharge_c, ailments),
            Signal::MotorCurrent => quantised(truth.current_a * self.around_one(0.005), 0.1),
            Signal::RunHours => quantised(truth.run_hours, 0.01),
            Signal::LoadHours => quantised(truth.load_hours, 0.01),
            Signal::AmbientTemp => {
                let ambient_c = ailments.conditions.ambient_c + 0.3 * self.rng.normal();
                quantised(ambient_c, self.resolution_k)
            }
            Signal::DischargePressure => quantised(truth.pressure_bar + 0.01 * self.rng.normal(), 0.01).max(0.0),
            Signal::OilInjectionTemp => quantised(truth.injection_c + 0.3 * self.rng.normal(), self.resolution_k),
            Signal::OilFilterDp => {
                quantised((0.3 + 2.2 * ailments.oil_filter.min(1.0)) * running * self.around_one(0.03), 0.01)
            }
            Signal::SeparatorDp => {
                quantised((0.18 + ailments.conditions.separator_dp_bar) * loaded * self.around_one(0.03), 0.01)
            }
            Signal::InletVacuum => quantised((20.0 + 30.0 * ailments.intake) * loaded * self.around_one(0.03), 0.1),
            Signal::Vibration => {
                let worn = self.vibration_mm_s * (1.0 + 3.0 * ailments.bearing);
                quantised(worn * running * self.around_one(0.06), 0.01)
            }
            Signal::MotorCurrentL1 => self.phase(truth, 1.0 + ailments.imbalance),
            Signal::MotorCurrentL2 => self.phase(truth, 1.0 - 0.6 * ailments.imbalance - self.phase_rest),
            Signal::MotorCurrentL3 => self.phase(truth, 1.0 - 0.4 * ailments.imbalance + self.phase_rest),
            Signal::Power => quantised(truth.power_kw * self.around_one(0.005), 0.1),
        }
    }

    fn phase(&mut self, truth: &Snapshot, share: f64) -> f64 {
        quantised(truth.current_a * share * self.around_one(0.005), 0.1)
    }

    fn around_one(&mut self, sd: f64) -> f64 {
        1.0 + sd * self.rng.normal()
    }

    fn discharge(&mut self, true_c: f64, ailments: &Ailments) -> f64 {
        let noise_k = self.noise_k * self.rng.normal();
        let mut shown_c = quantised(true_c + self.wander_k + ailments.drift_k + noise_k, self.resolution_k);
        if !ailments.stuck {
            self.frozen_c = None;
        } else {
            shown_c = *self.frozen_c.get_or_insert(shown_c);
        }
        if ailments.spikes > 0.0 && self.rng.chance(ailments.spikes) {
            shown_c += quantised(self.rng.range(20.0, 60.0), self.resolution_k);
        }
        if ailments.dropout > 0.0 && self.rng.chance(ailments.dropout) {
            return if self.rng.chance(0.5) { f64::NAN } else { RAIL_C };
        }
        shown_c
    }
}

/// Rounds to a resolution, and then to what a decimal fraction of three places can say, so that it prints short.
fn quantised(value: f64, resolution: f64) -> f64 {
    ((value / resolution).round() * resolution * 1000.0).round() / 1000.0
}
