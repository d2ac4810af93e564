//! What sensors and controller publish of a machine: resolutions, noise, gaps and errors of their own.

use foretell_model::{MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp};

use crate::fleet::rounded as to;
use crate::rng::Rng;

use super::hour::Hour;
use super::state::State;

/// Readings that get lost one by one, share.
const LOST: f64 = 0.003;
/// Readings of a sensor with spikes that are one, share.
const SPIKES: f64 = 2e-4;
/// What a broken line of a Pt100 shows, degC.
const RAILS_C: [f64; 2] = [-125.0, 267.0];

/// What a machine publishes, and how well.
#[derive(Clone, Debug)]
pub(crate) struct Sensors {
    /// Between readings, s.
    pub(crate) every_s: usize,
    /// Of temperatures, K, and of the current, A.
    pub(crate) resolution_k: f64,
    pub(crate) resolution_a: f64,
    /// Of the discharge temperature from reading to reading, K.
    pub(crate) noise_k: f64,
    fitted: [bool; Signal::COUNT],
    pub(crate) state: bool,
    /// Whether readings are missing for hours to weeks, and whether single ones are wild.
    pub(crate) gaps: bool,
    spikes: bool,
    /// Share of the days after which the hour counters begin anew.
    restart: Option<f64>,
    /// The counters' smallest step, h.
    counter_h: f64,
    /// Error of the ambient sensor, K.
    ambient_k: f64,
    /// How unlike the phases are, share of the current.
    lean: [f64; 3],
    /// First and last day on which the discharge sensor stands still.
    pub(crate) stuck: Option<(f64, f64)>,
    /// First and last day on which seven of ten of its readings are on a rail, and which.
    pub(crate) rails: Option<(f64, f64)>,
    rail_c: Option<f64>,
    /// First and last day on which the clock is wrong, and by how much, s.
    pub(crate) clock: Option<(f64, f64, i64)>,
}

impl Sensors {
    /// `rich`: a site with sensors for the pressure drops.
    pub(crate) fn draw(rng: &mut Rng, scenario: &str, every_s: usize, ambient: bool, rich: bool) -> Self {
        let poor = scenario == "clog_poor";
        let lean: [f64; 3] = std::array::from_fn(|_| rng.normal() * 0.008);
        let mean = lean.iter().sum::<f64>() / 3.0;
        let mut sensors = Self {
            every_s,
            resolution_k: if poor { 1.0 } else { rng.weighted(&[(0.1, 0.55), (0.5, 0.15), (1.0, 0.3)]) },
            resolution_a: if poor { 1.0 } else { rng.weighted(&[(0.1, 0.65), (1.0, 0.35)]) },
            noise_k: rng.between(0.1, 0.5),
            fitted: [false; Signal::COUNT],
            state: !poor && rng.chance(0.4),
            gaps: rng.chance(if poor { 0.9 } else { 0.3 }),
            spikes: rng.chance(0.3),
            restart: rng.chance(0.06).then(|| rng.between(0.3, 0.8)),
            counter_h: rng.pick(&[1.0, 0.1, 0.01]),
            ambient_k: rng.normal() * 0.6,
            lean: lean.map(|l| l - mean),
            stuck: None,
            rails: None,
            rail_c: rng.pick(&[Some(RAILS_C[0]), Some(RAILS_C[1]), None]),
            clock: None,
        };
        sensors.fit(&Signal::REQUIRED);
        if ambient {
            sensors.fit(&[Signal::AmbientTemp]);
        }
        if rng.chance(0.7) {
            sensors.fit(&[Signal::LoadHours]);
        }
        if poor {
            return sensors;
        }
        if (scenario.starts_with("h_pressure") || rng.chance(0.6)) && rng.chance(0.8) {
            sensors.fit(&[Signal::DischargePressure]);
        }
        if rich {
            sensors.fit(&[Signal::OilFilterDp, Signal::SeparatorDp, Signal::InletVacuum]);
        }
        for (share, signals) in [
            (0.3, &[Signal::Power][..]),
            (0.2, &[Signal::OilInjectionTemp]),
            (0.2, &[Signal::Vibration]),
            (0.25, &[Signal::MotorCurrentL1, Signal::MotorCurrentL2, Signal::MotorCurrentL3]),
        ] {
            if rng.chance(share) {
                sensors.fit(signals);
            }
        }
        sensors
    }

    pub(crate) fn fit(&mut self, signals: &[Signal]) {
        for signal in signals {
            self.fitted[*signal as usize] = true;
        }
    }

    pub(crate) const fn has(&self, signal: Signal) -> bool {
        self.fitted[signal as usize]
    }
}

/// Takes down what a machine publishes.
pub(crate) struct Publisher {
    id: MachineId,
    pub(crate) sensors: Sensors,
    rng: Rng,
    start: Timestamp,
    days: usize,
    /// First and last second of silence.
    gaps: Vec<(f64, f64)>,
    /// Error of the day, K.
    of_day_k: f64,
    day: usize,
    /// Counters when they began anew, h: run and loaded.
    before_h: (f64, f64),
    stuck_c: Option<f64>,
    pub(crate) readings: Vec<Reading>,
}

impl Publisher {
    pub(crate) fn new(id: MachineId, sensors: Sensors, mut rng: Rng, start: Timestamp, days: usize) -> Self {
        let all_s = days as f64 * 86_400.0;
        let mut gaps = Vec::new();
        if sensors.gaps {
            for _ in 0..rng.pick(&[1, 2, 3, 4, 5, 6]) {
                let (low, high) = rng.weighted(&[((2.0, 20.0), 0.6), ((24.0, 100.0), 0.3), ((150.0, 500.0), 0.1)]);
                let from_s = rng.between(0.0, all_s);
                gaps.push((from_s, from_s + rng.between(low, high) * 3600.0));
            }
        }
        Self {
            id,
            sensors,
            rng,
            start,
            days,
            gaps,
            of_day_k: 0.0,
            day: usize::MAX,
            before_h: (0.0, 0.0),
            stuck_c: None,
            readings: Vec::new(),
        }
    }

    /// The reading of this second, if it gets through.
    pub(crate) fn publish(&mut self, state: &State, now: &Hour, second: usize) {
        let day = second as f64 / 86_400.0;
        if second / 86_400 != self.day {
            self.day = second / 86_400;
            self.of_day_k = self.rng.normal() * 0.25;
        }
        if self.sensors.restart.is_some_and(|share| day >= share * self.days as f64) {
            (self.sensors.restart, self.before_h) = (None, (state.run_h, state.load_h));
        }
        let silent = self.gaps.iter().any(|(from, to)| (*from..*to).contains(&(second as f64)));
        if silent || self.rng.chance(LOST) {
            return;
        }
        let mut signals = Signals::empty();
        if let Some(shown_c) = self.discharge_c(state, now, day) {
            signals.set(Signal::DischargeTemp, shown_c);
        }
        let noise = 1.0 + 0.006 * self.rng.normal();
        let amps = if state.runs() { to(state.current_a() * noise, self.sensors.resolution_a) } else { 0.0 };
        signals.set(Signal::MotorCurrent, amps);
        let step_h = self.sensors.counter_h;
        let down = |hours: f64| (hours / step_h).floor() * step_h;
        signals.set(Signal::RunHours, down(state.run_h - self.before_h.0));
        let load_h = down(state.load_h - self.before_h.1);
        self.put(&mut signals, Signal::LoadHours, |_| load_h);
        let (air_c, resolution_k) = (state.air_c + self.sensors.ambient_k, self.sensors.resolution_k);
        self.put(&mut signals, Signal::AmbientTemp, |rng| to(air_c + 0.25 * rng.normal(), resolution_k));
        self.put(&mut signals, Signal::DischargePressure, |rng| {
            to((state.net_bar + 0.02 * rng.normal()).max(0.0), 0.01)
        });
        self.put(&mut signals, Signal::OilInjectionTemp, |rng| to(state.mixed_c + 0.3 * rng.normal(), 0.1));
        self.put(&mut signals, Signal::Power, |rng| to(state.power_kw() * (1.0 + 0.005 * rng.normal()), 0.1));
        self.wear(&mut signals, state, now, amps);
        let mode = self.sensors.state.then_some(state.run);
        let wrong_s =
            self.sensors.clock.map_or(0, |(from, until, by_s)| if (from..until).contains(&day) { by_s } else { 0 });
        let ts = self.start + (second as i64 + wrong_s) * 1000;
        let reading =
            Reading { machine: self.id.clone(), ts, arrived: ts, signals, state: mode, quality: Quality::Good };
        self.readings.push(reading);
    }

    fn put(&mut self, signals: &mut Signals, signal: Signal, value: impl FnOnce(&mut Rng) -> f64) {
        if self.sensors.has(signal) {
            signals.set(signal, value(&mut self.rng));
        }
    }

    /// What the discharge sensor shows, degC; nothing where its line is open.
    fn discharge_c(&mut self, state: &State, now: &Hour, day: f64) -> Option<f64> {
        let sensors = &self.sensors;
        let error_k = sensors.noise_k * self.rng.normal() + self.of_day_k + now.bias_k;
        let shown_c = to(state.shown_c + error_k, sensors.resolution_k);
        if sensors.stuck.is_some_and(|(from, until)| (from..until).contains(&day)) {
            return Some(*self.stuck_c.get_or_insert(shown_c));
        }
        if sensors.rails.is_some_and(|(from, until)| (from..until).contains(&day)) && self.rng.chance(0.7) {
            return sensors.rail_c;
        }
        Some(if sensors.spikes && self.rng.chance(SPIKES) { self.rng.pick(&RAILS_C) } else { shown_c })
    }

    /// What shows wear.
    fn wear(&mut self, signals: &mut Signals, state: &State, now: &Hour, amps: f64) {
        let [filter_bar, separator_bar, vacuum_mbar] = state.drops(now);
        self.put(signals, Signal::OilFilterDp, |rng| to(filter_bar * (1.0 + 0.04 * rng.normal()), 0.01).max(0.0));
        self.put(signals, Signal::SeparatorDp, |rng| to(separator_bar * (1.0 + 0.04 * rng.normal()), 0.01).max(0.0));
        self.put(signals, Signal::InletVacuum, |rng| to(vacuum_mbar * (1.0 + 0.05 * rng.normal()), 0.1).max(0.0));
        let sound =
            if state.run == RunState::Stopped { 0.05 } else { 2.2 * (0.6 + 0.4 * state.flow()) + now.vibration_mm_s };
        self.put(signals, Signal::Vibration, |rng| to((sound * (1.0 + 0.12 * rng.normal())).abs(), 0.01));
        let phases = [Signal::MotorCurrentL1, Signal::MotorCurrentL2, Signal::MotorCurrentL3];
        let off = [-0.5, 1.0, -0.5].map(|share| share * now.imbalance);
        for ((signal, off), lean) in phases.into_iter().zip(off).zip(self.sensors.lean) {
            self.put(signals, signal, |rng| to(amps * (1.0 + lean + off + 0.004 * rng.normal()), 0.1));
        }
    }
}
