//! A twin with a clean cooler in the same room, with the same work.

use crate::rng::Rng;
use crate::twin::Shown;

use super::hour::Hour;
use super::state::{STEP_S, State};
use super::unit::Unit;

/// The twin, and what its sister was hotter by.
pub(crate) struct Twin {
    clean: State,
    pub(crate) shown: Shown,
}

impl Twin {
    pub(crate) fn new(unit: Unit, rng: Rng, room_c: f64) -> Self {
        Self { clean: State::new(unit, rng, room_c), shown: Shown::default() }
    }

    /// One step beside its `sister`, at the `second` of the whole life.
    pub(crate) fn step(&mut self, now: &Hour, second: usize, room_c: f64, sister: &State) {
        self.clean.step(&Hour { fouling: 0.0, ..*now }, second as f64 / 3600.0, room_c);
        let both = sister.loaded() && self.clean.loaded();
        let loaded_c = both.then_some((sister.discharge_c, self.clean.discharge_c));
        self.shown.step(second, STEP_S as usize, loaded_c);
    }
}
