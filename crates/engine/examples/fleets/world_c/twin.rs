//! A twin with a clean cooler in the same room, with the same work: what the dirt truly shows in the hottest hour of each day.

use super::hour::Hour;
use super::state::{STEP_S, State};
use super::unit::Unit;
use crate::rng::Rng;

/// An hour says something when so much of it was loaded, s.
const LOADED_S: f64 = 600.0;

/// The twin, and what its sister was hotter by.
pub(crate) struct Twin {
    clean: State,
    /// Loaded seconds of the running hour, and temperature times seconds of the sister and of the twin.
    hour: (f64, f64, f64),
    /// The hottest hour of the day so far: its mean, degC, and how much of it the dirt made, K.
    hottest: Option<(f64, f64)>,
    /// What the dirt made of each day's hottest hour, K.
    pub(crate) days_k: Vec<f64>,
}

impl Twin {
    pub(crate) fn new(unit: Unit, rng: Rng, room_c: f64) -> Self {
        Self { clean: State::new(unit, rng, room_c), hour: (0.0, 0.0, 0.0), hottest: None, days_k: Vec::new() }
    }

    /// One step beside its `sister`, at the `second` of the whole life.
    pub(crate) fn step(&mut self, now: &Hour, second: usize, room_c: f64, sister: &State) {
        self.clean.step(&Hour { fouling: 0.0, ..*now }, second as f64 / 3600.0, room_c);
        if sister.loaded() && self.clean.loaded() {
            self.hour.0 += STEP_S;
            self.hour.1 += STEP_S * sister.discharge_c;
            self.hour.2 += STEP_S * self.clean.discharge_c;
        }
        let next = second + STEP_S as usize;
        if next.is_multiple_of(3600) {
            let (loaded_s, of_sister, of_twin) = std::mem::take(&mut self.hour);
            if loaded_s >= LOADED_S && self.hottest.is_none_or(|(hottest_c, _)| of_sister / loaded_s > hottest_c) {
                self.hottest = Some((of_sister / loaded_s, (of_sister - of_twin) / loaded_s));
            }
        }
        if next.is_multiple_of(86_400) {
            // A day without work shows nothing new.
            let before_k = self.days_k.last().copied().unwrap_or(0.0);
            self.days_k.push(self.hottest.take().map_or(before_k, |(_, made_k)| made_k));
        }
    }
}
