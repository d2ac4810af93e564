//! Whether a value is held: the same number again and again while the machine did things that must move it.
//!
//! Two measures are kept. *Identical* is how long the very same number came. *Narrow* is how long the value stayed within
//! one step of the sensor's resolution, with the long phases (half an hour of running or rest) that ended in the meantime:
//! each of them moves a live discharge temperature by more than ten kelvin, so two of them convict a sensor of any
//! resolution, and one whose last digit flickers as well.

use serde::{Deserialize, Serialize};

use super::plausible::Honest;

/// Minutes since 2000, enough until 2179 in few bytes.
pub(crate) type Minute = u32;

/// A phase shorter than this need not move a temperature, min.
pub(crate) const LONG_PHASE_MIN: Minute = 30;
/// Long phases that convict.
const PHASES_STUCK: u8 = 2;
/// They must span at least this, min.
const NARROW_MIN: Minute = 120;
/// Changes of load that make a machine busy.
const BUSY: u8 = 10;
/// Resolution from which a sensor is coarse, in its own unit.
const COARSE: f32 = 0.25;
/// Changes of value that prove a sensor alive again.
const ALIVE: u8 = 5;

/// Follows one value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hold {
    last: f32,
    low: f32,
    high: f32,
    /// Smallest change ever seen, 0 before the first.
    step: f32,
    identical_since: Minute,
    narrow_since: Minute,
    phases: u8,
    load_changes: u8,
    /// Changes of value since it was last found stuck.
    changes: u8,
    stuck: bool,
}

impl Hold {
    /// Forgets how long the value has been the same: nobody knows what it did in a gap.
    pub(crate) fn forget(&mut self) {
        (self.identical_since, self.narrow_since) = (0, 0);
    }

    /// Takes the next believed value.
    pub(crate) fn observe(&mut self, at: Minute, value: f32) {
        let change = (value - self.last).abs();
        if change > 0.0 || self.identical_since == 0 {
            self.identical_since = at;
            self.load_changes = 0;
            self.changes = self.changes.saturating_add(1);
        }
        if change > 0.004 && self.narrow_since != 0 {
            self.step = if self.step == 0.0 { change } else { self.step.min(change) };
        }
        self.last = value;
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
        if self.narrow_since == 0 || self.high - self.low > 1.01 * self.step.clamp(0.05, 1.0) {
            (self.low, self.high, self.narrow_since, self.phases) = (value, value, at, 0);
        }
    }

    /// A long phase of running or rest has ended.
    pub(crate) fn phase_ended(&mut self) {
        self.phases = self.phases.saturating_add(1);
    }

    /// The load changed.
    pub(crate) fn load_changed(&mut self) {
        self.load_changes = self.load_changes.saturating_add(1);
    }

    /// How long the very same value has come, h.
    pub(crate) fn identical_h(&self, at: Minute) -> f32 {
        if self.identical_since == 0 { 0.0 } else { at.saturating_sub(self.identical_since) as f32 / 60.0 }
    }

    /// The value last taken.
    pub(crate) const fn value(&self) -> f32 {
        self.last
    }

    /// Whether the sensor is stuck; once it is, until its value has changed a few times.
    pub(crate) fn judge(&mut self, at: Minute, running: bool, honest: &Honest, moves_with_phases: bool) -> bool {
        let narrow_min = if self.narrow_since == 0 { 0 } else { at.saturating_sub(self.narrow_since) };
        let identical_ms = if self.identical_since == 0 { 0 } else { at.saturating_sub(self.identical_since) };
        let identical_ms = i64::from(identical_ms) * foretell_model::MINUTE_MS;
        let coarse = self.step == 0.0 || self.step > COARSE;
        let honest_ms = match (coarse, running) {
            (false, true) if self.load_changes >= BUSY => honest.busy_ms,
            (false, _) => honest.fine_ms,
            (true, true) => honest.coarse_ms,
            (true, false) => honest.resting_ms,
        };
        let through_phases = moves_with_phases && self.phases >= PHASES_STUCK && narrow_min >= NARROW_MIN;
        if through_phases || identical_ms > honest_ms {
            (self.stuck, self.changes) = (true, 0);
        } else if self.stuck && self.changes >= ALIVE {
            self.stuck = false;
        }
        self.stuck
    }
}
