//! What a page says about a span of one machine's readings.

use foretell_model::{Reading, RunState, Signal, Timestamp};

/// The signals that a summary keeps, in the order of its bands.
pub(crate) const TRACKED: [Signal; 4] =
    [Signal::DischargeTemp, Signal::MotorCurrent, Signal::AmbientTemp, Signal::DischargePressure];

/// Below this current the motor is at rest, where the controller does not say its state, A.
const AT_REST_A: f64 = 1.0;

/// Mean and extremes of one signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// How many readings had it.
    pub n: i64,
    /// Sum of the values.
    pub(crate) sum: f64,
    /// Smallest value, in the signal's unit; meaningless when `n` is 0.
    pub min: f64,
    /// Largest value, in the signal's unit; meaningless when `n` is 0.
    pub max: f64,
}

impl Default for Band {
    /// Nothing measured. Zeros, not infinities, because a database has no infinities.
    fn default() -> Self {
        Self { n: 0, sum: 0.0, min: 0.0, max: 0.0 }
    }
}

impl Band {
    /// Mean value in the signal's unit.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.n as f64
    }

    fn merge(&mut self, other: &Self) {
        if self.n == 0 {
            *self = *other;
        } else if other.n > 0 {
            self.n += other.n;
            self.sum += other.sum;
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
        }
    }
}

/// One machine's readings over an hour or a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// When the span begins.
    pub begins: Timestamp,
    /// How many readings it holds.
    pub readings: i64,
    pub(crate) stopped: i64,
    pub(crate) unloaded: i64,
    pub(crate) loaded: i64,
    pub(crate) bands: [Band; TRACKED.len()],
    /// The running-hours counter at its latest reading in the span, with that reading's time.
    pub run_hours: Option<(Timestamp, f64)>,
}

impl Summary {
    /// A span without readings.
    #[must_use]
    pub fn empty(begins: Timestamp) -> Self {
        Self { begins, readings: 0, stopped: 0, unloaded: 0, loaded: 0, bands: <_>::default(), run_hours: None }
    }

    /// The band of discharge temperature, motor current, ambient temperature or discharge pressure; `None` when the span
    /// has no value of it, or the signal is none of these four.
    #[must_use]
    pub fn band(&self, signal: Signal) -> Option<Band> {
        let place = TRACKED.iter().position(|tracked| *tracked == signal)?;
        Some(self.bands[place]).filter(|band| band.n > 0)
    }

    /// Share of the readings in a state, 0 to 1. Starting counts as unloaded. Where the controller does not say its state, a
    /// reading below 1 A counts as stopped, and one above as neither: the shares then leave a rest that ran somehow.
    #[must_use]
    pub fn share(&self, state: RunState) -> f64 {
        let n = match state {
            RunState::Stopped => self.stopped,
            RunState::Starting | RunState::Unloaded => self.unloaded,
            RunState::Loaded => self.loaded,
        };
        n as f64 / (self.readings as f64).max(1.0)
    }

    /// Counts one reading in.
    pub fn add(&mut self, reading: &Reading) {
        self.readings += 1;
        let at_rest = || reading.signals.get(Signal::MotorCurrent).is_some_and(|current_a| current_a < AT_REST_A);
        match reading.state {
            Some(RunState::Stopped) => self.stopped += 1,
            Some(RunState::Starting | RunState::Unloaded) => self.unloaded += 1,
            Some(RunState::Loaded) => self.loaded += 1,
            None => self.stopped += i64::from(at_rest()),
        }
        for (signal, band) in TRACKED.into_iter().zip(&mut self.bands) {
            if let Some(value) = reading.signals.get(signal) {
                band.merge(&Band { n: 1, sum: value, min: value, max: value });
            }
        }
        let run_hours = reading.signals.get(Signal::RunHours).map(|hours| (reading.ts, hours));
        self.run_hours = later(self.run_hours, run_hours);
    }

    /// Counts another span in; the beginning stays.
    pub fn merge(&mut self, other: &Self) {
        self.readings += other.readings;
        self.stopped += other.stopped;
        self.unloaded += other.unloaded;
        self.loaded += other.loaded;
        for (band, other) in self.bands.iter_mut().zip(&other.bands) {
            band.merge(other);
        }
        self.run_hours = later(self.run_hours, other.run_hours);
    }
}

fn later(a: Option<(Timestamp, f64)>, b: Option<(Timestamp, f64)>) -> Option<(Timestamp, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 >= a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
