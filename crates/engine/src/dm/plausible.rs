//! What a sensor can show, how fast its value can truly change, and in which other unit it might be sent by mistake.

use foretell_model::{HOUR_MS, Signal};

/// A unit that a gateway or column map may confuse with the right one: `sent = factor * right + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WrongUnit {
    /// As a person would say it.
    pub(crate) name: &'static str,
    pub(crate) factor: f32,
    pub(crate) offset: f32,
}

impl WrongUnit {
    /// The right value of a sent one.
    pub(crate) fn right(&self, sent: f32) -> f32 {
        (sent - self.offset) / self.factor
    }
}

const fn unit(name: &'static str, factor: f32, offset: f32) -> WrongUnit {
    WrongUnit { name, factor, offset }
}

const TEMPERATURE: [WrongUnit; 1] = [unit("degrees Fahrenheit", 1.8, 32.0)];
const CURRENT: [WrongUnit; 2] = [unit("tenths of an ampere", 10.0, 0.0), unit("tens of amperes", 0.1, 0.0)];
// A tenth (MPa) is a pressure that a network can have, so nothing about it can be said.
const PRESSURE: [WrongUnit; 2] = [unit("psi", 14.504, 0.0), unit("kPa", 100.0, 0.0)];

/// What a signal can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plausible {
    pub(crate) min: f32,
    pub(crate) max: f32,
    /// Largest believable jump at once, in the signal's unit.
    pub(crate) jump: f32,
    /// Fastest believable change, per second. An airend without any cooling heats at 82 kW / 315 kJ/K = 0.26 K/s.
    pub(crate) per_second: f32,
    /// No jump larger than this is believed at first sight, however long the gap.
    pub(crate) jump_max: f32,
    /// How long it may honestly repeat one value.
    pub(crate) honest: Honest,
    pub(crate) wrong_units: &'static [WrongUnit],
}

/// How long a healthy sensor may repeat one value, ms. *Fine* is a resolution of a quarter of the unit or better: noise
/// alone moves it. A coarse one may stand still for as long as a thermostat or an air-conditioned room does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Honest {
    /// Fine, while the machine runs and loads and unloads.
    pub(crate) busy_ms: i64,
    /// Fine, otherwise.
    pub(crate) fine_ms: i64,
    /// Coarse, while the machine runs.
    pub(crate) coarse_ms: i64,
    /// Coarse, over a stop: a closed plant's room may keep one whole degree for days.
    pub(crate) resting_ms: i64,
}

const NEVER: Honest = Honest { busy_ms: i64::MAX, fine_ms: i64::MAX, coarse_ms: i64::MAX, resting_ms: i64::MAX };

impl Plausible {
    /// For a signal that the engine relies on; `None` for the others.
    pub(crate) const fn of(signal: Signal) -> Option<Self> {
        Some(match signal {
            Signal::DischargeTemp => Self {
                min: -40.0,
                max: 145.0,
                jump: 4.0,
                per_second: 0.35,
                jump_max: 45.0,
                honest: Honest {
                    busy_ms: 6 * HOUR_MS,
                    fine_ms: 30 * HOUR_MS,
                    coarse_ms: 72 * HOUR_MS,
                    resting_ms: 10 * 24 * HOUR_MS,
                },
                wrong_units: &TEMPERATURE,
            },
            Signal::AmbientTemp => Self {
                min: -45.0,
                max: 62.0,
                jump: 4.0,
                per_second: 0.02,
                jump_max: 15.0,
                honest: Honest {
                    busy_ms: 30 * HOUR_MS,
                    fine_ms: 30 * HOUR_MS,
                    coarse_ms: 96 * HOUR_MS,
                    resting_ms: 10 * 24 * HOUR_MS,
                },
                wrong_units: &TEMPERATURE,
            },
            Signal::MotorCurrent => Self {
                min: -1.0,
                max: 3000.0,
                jump: 4000.0,
                per_second: 0.0,
                jump_max: 4000.0,
                // A motor at rest reads nought for weeks, a small one at full load the same whole ampere all day.
                honest: NEVER,
                wrong_units: &CURRENT,
            },
            Signal::DischargePressure => Self {
                min: -0.6,
                max: 45.0,
                jump: 50.0,
                per_second: 0.0,
                jump_max: 50.0,
                honest: Honest { busy_ms: 72 * HOUR_MS, fine_ms: i64::MAX, coarse_ms: i64::MAX, resting_ms: i64::MAX },
                wrong_units: &PRESSURE,
            },
            _ => return None,
        })
    }

    /// Largest change to believe at first sight after `dt_ms`.
    pub(crate) fn bound(&self, dt_ms: i64) -> f32 {
        self.reach(dt_ms).min(self.jump_max.max(self.jump))
    }

    /// How far the value can have come in `dt_ms`.
    pub(crate) fn reach(&self, dt_ms: i64) -> f32 {
        self.jump + self.per_second * dt_ms as f32 / 1000.0
    }

    /// Largest change to believe of a machine whose phase lasts, beside what its value `usually` does.
    pub(crate) fn usual(&self, usually: f32) -> f32 {
        2.5 * self.jump + usually
    }
}
