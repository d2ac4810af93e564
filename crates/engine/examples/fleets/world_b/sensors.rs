//! What the sensors and the controller publish of the truth.

use foretell_model::{MINUTE_MS, MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp};

use crate::fleet::{DAYS, rounded as to};
use crate::rng::Rng;

use super::ailment::Ailment;
use super::fitted::Fitted;
use super::{STEP_MIN, STEPS_PER_DAY};

/// What a machine publishes, and how well.
#[derive(Clone, Debug)]
pub(crate) struct Sensors {
    pub(crate) ambient: bool,
    state: bool,
    pressure: bool,
    load_hours: bool,
    /// Steps between readings.
    every: usize,
    resolution_c: f64,
    ambient_resolution_c: f64,
    noise_c: f64,
    day_noise_c: f64,
    offset_c: f64,
    ambient_offset_c: f64,
    spikes: f64,
    pub(crate) fitted: Fitted,
    gaps: Vec<(usize, usize)>,
    ambient_gaps: Vec<(usize, usize)>,
    counter_restarts: Option<usize>,
    /// Hours run when the counter restarted.
    hours_before: f64,
    day_error_c: f64,
}

/// The truth at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant {
    pub(crate) step: usize,
    pub(crate) td_c: f64,
    pub(crate) room_c: f64,
    pub(crate) running: bool,
    pub(crate) loaded: bool,
    pub(crate) current_a: f64,
    pub(crate) pressure_bar: f64,
    pub(crate) run_hours: f64,
    pub(crate) load_hours: f64,
}

impl Sensors {
    pub(crate) fn draw(rng: &mut Rng, ambient: bool) -> Self {
        let rich = ambient || rng.chance(0.35);
        let mut every = rng.pick(&[1, 2, 2, 2]);
        if rng.chance(0.1) {
            every = 3;
        }
        Self {
            ambient,
            state: rich && rng.chance(0.6),
            pressure: rich && rng.chance(0.7),
            load_hours: rich && rng.chance(0.4),
            every,
            resolution_c: rng.pick(&[0.1, 0.1, 0.5, 1.0, 1.0]),
            ambient_resolution_c: rng.pick(&[0.1, 0.5, 1.0]),
            noise_c: rng.between(0.25, 0.7),
            day_noise_c: rng.between(0.4, 0.9),
            offset_c: rng.between(-1.0, 1.0),
            ambient_offset_c: rng.between(-1.2, 1.2),
            spikes: rng.pick(&[0.0, 0.0005, 0.002]),
            fitted: Fitted::default(),
            gaps: gaps(rng, 0.025, 0.2),
            ambient_gaps: gaps(rng, 0.0, 0.1),
            counter_restarts: rng.chance(0.12).then(|| rng.between(20.0, 220.0) as usize * STEPS_PER_DAY),
            hours_before: 0.0,
            day_error_c: 0.0,
        }
    }

    pub(crate) fn story(&self) -> String {
        let long: Vec<String> = self
            .gaps
            .iter()
            .filter(|(from, to)| to - from > 3 * STEPS_PER_DAY)
            .map(|(from, to)| format!(", silent days {}-{}", from / STEPS_PER_DAY, to / STEPS_PER_DAY))
            .collect();
        format!(
            "{} min, {} K, noise {:.1}/{:.1} K{}{}{}",
            self.every * STEP_MIN,
            self.resolution_c,
            self.noise_c,
            self.day_noise_c,
            if self.state { ", state" } else { "" },
            if self.pressure { ", pressure" } else { "" },
            long.concat()
        )
    }

    /// The reading of this instant, if one is due and gets through.
    pub(crate) fn read(
        &mut self,
        rng: &mut Rng,
        machine: &MachineId,
        start: Timestamp,
        now: &Instant,
        ailment: Option<&mut Ailment>,
    ) -> Option<Reading> {
        if now.step.is_multiple_of(STEPS_PER_DAY) {
            self.day_error_c = 0.5 * self.day_error_c + 0.866 * self.day_noise_c * rng.normal();
        }
        let silent = |gaps: &[(usize, usize)]| gaps.iter().any(|(from, to)| (*from..*to).contains(&now.step));
        if !now.step.is_multiple_of(self.every) || silent(&self.gaps) {
            return None;
        }
        let drift = if now.running { self.day_error_c } else { 0.0 };
        let mut td_c = to(now.td_c + self.offset_c + drift + self.noise_c * rng.normal(), self.resolution_c);
        if rng.chance(self.spikes) {
            td_c = rng.pick(&[-125.0, 267.0, 0.0]);
        }
        let current_a = now.current_a * (1.0 + 0.005 * rng.normal());
        if self.counter_restarts.is_some_and(|at| now.step >= at) {
            (self.counter_restarts, self.hours_before) = (None, now.run_hours);
        }
        let mut signals = Signals::empty()
            .with(Signal::DischargeTemp, td_c)
            .with(Signal::MotorCurrent, to(current_a, 0.1))
            .with(Signal::RunHours, to(now.run_hours - self.hours_before, 0.1));
        if self.ambient && !silent(&self.ambient_gaps) {
            let ta_c = now.room_c + self.ambient_offset_c + 0.3 * rng.normal();
            signals.set(Signal::AmbientTemp, to(ta_c, self.ambient_resolution_c));
        }
        if self.pressure {
            signals.set(Signal::DischargePressure, to(now.pressure_bar + 0.02 * rng.normal(), 0.01));
        }
        if self.load_hours {
            signals.set(Signal::LoadHours, now.load_hours.floor());
        }
        let day = now.step as f64 / STEPS_PER_DAY as f64;
        let wear = ailment.as_ref().map(|a| a.wear(day)).unwrap_or_default();
        self.fitted.read(rng, now, &wear, &mut signals);
        if let Some(ailment) = ailment {
            ailment.corrupt(rng, day, &mut signals);
        }
        let state = self.state.then_some(match (now.running, now.loaded) {
            (false, _) => RunState::Stopped,
            (true, false) => RunState::Unloaded,
            (true, true) => RunState::Loaded,
        });
        let ts = start + (now.step * STEP_MIN) as i64 * MINUTE_MS;
        Some(Reading { machine: machine.clone(), ts, arrived: ts, signals, state, quality: Quality::Good })
    }
}

/// Hours of silence now and then, and one of days to weeks.
fn gaps(rng: &mut Rng, short: f64, long: f64) -> Vec<(usize, usize)> {
    let mut gaps = Vec::new();
    for day in 0..DAYS {
        if rng.chance(short) {
            let from = day * STEPS_PER_DAY + rng.between(0.0, STEPS_PER_DAY as f64) as usize;
            gaps.push((from, from + rng.between(10.0, 200.0) as usize));
        }
    }
    if rng.chance(long) {
        let from = rng.between(20.0, 210.0) as usize * STEPS_PER_DAY;
        gaps.push((from, from + rng.between(3.0, 22.0) as usize * STEPS_PER_DAY));
    }
    gaps
}
