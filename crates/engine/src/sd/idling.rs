//! What a motor draws while it idles.
//!
//! A current below the loaded one is not yet that of idling: a variable speed has speeds between, and a mean over minutes is of parts
//! of both. Idling shows in three ways. Its current has one value, so that one reading agrees with the next; the counter of load hours
//! stands still meanwhile; and where neither the controller nor a counter says so, it is soon over: a controller lets the motor
//! idle for 5 to 20 minutes and then stops it, while a slow speed goes on all night.

use foretell_model::{HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

use super::sum::Sum;

/// Readings that agree, which a day's current needs.
const ALIKE_MIN: u16 = 3;
/// Two readings of one current agree within this share of it, or within the one ampere that many controllers show.
const ALIKE_SHARE: f32 = 0.05;
const ALIKE_A: f32 = 1.01;
/// Nobody lets a motor idle for longer without stopping it.
const IDLES_MS: i32 = 45 * MINUTE_MS as i32;
/// Share of the seemingly unloaded time that a counter may have counted beside all of the loaded one; not nought, for where a
/// machine switches between two readings, either time is a guess.
const COUNTED_SHARE: f64 = 0.5;
/// Unloaded time that a counter is asked about, or its steps of an hour would say nothing.
const COUNTER_MIN_MS: i32 = HOUR_MS as i32;
/// The sump needs a minute to blow down after unloading (time constant 20-40 s), and the reading before may be a minute old; until
/// then the current is that of neither.
const BLOWN_DOWN_MS: i32 = 2 * MINUTE_MS as i32;

/// Readings beside the unloaded one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tried {
    alike: Sum,
    pairs: u16,
}

impl Tried {
    fn join(&mut self, other: Self) {
        self.alike.join(other.alike);
        self.pairs = self.pairs.saturating_add(other.pairs);
    }

    fn with(mut self, other: Self) -> Self {
        self.join(other);
        self
    }
}

/// A day's idling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Idling {
    /// Of the stretch that is open, and of those of today that are idling or may be: by the word of the controller or by their
    /// length, and by a counter alone.
    open: Tried,
    surely: Tried,
    maybe: Tried,
    /// The last unloaded current, A.
    last_a: Option<f32>,
    /// Since the machine unloaded, as far as is known, and since the first reading that shows it.
    unloaded_ms: i32,
    open_ms: i32,
    is_told: bool,
    /// What the counter of load hours counted today, h, in how much time that seemed loaded and unloaded.
    counted_h: f32,
    counted_loaded_ms: i32,
    counted_unloaded_ms: i32,
}

impl Idling {
    /// Begins another day and keeps what spans midnight.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            last_a: self.last_a,
            unloaded_ms: self.unloaded_ms,
            open_ms: self.open_ms,
            is_told: self.is_told,
            ..Self::default()
        };
    }

    /// Adds a reading of an unloaded machine; `is_told` is whether its controller says so, `counted_h` what its counter of load
    /// hours counted since the reading before.
    pub(crate) fn add(&mut self, amps_a: Option<f32>, dt_ms: i64, is_told: bool, counted_h: Option<f32>) {
        let dt_ms = dt_ms.clamp(0, 24 * HOUR_MS) as i32;
        if self.unloaded_ms > 0 {
            self.open_ms = self.open_ms.saturating_add(dt_ms);
        }
        self.unloaded_ms = self.unloaded_ms.saturating_add(dt_ms);
        self.is_told = is_told;
        if let Some(counted_h) = counted_h.filter(|_| !is_told) {
            self.counted_h += counted_h;
            self.counted_unloaded_ms = self.counted_unloaded_ms.saturating_add(dt_ms);
        }
        // Of slow samples nobody knows when the machine unloaded; most of a day's know well enough.
        let blown_down = self.unloaded_ms >= BLOWN_DOWN_MS;
        let Some(now_a) = amps_a.filter(|_| blown_down) else { return };
        if let Some(last_a) = self.last_a.replace(now_a) {
            self.open.pairs = self.open.pairs.saturating_add(1);
            if (now_a - last_a).abs() <= ALIKE_A.max(ALIKE_SHARE * last_a) {
                self.open.alike.add(now_a);
            }
        }
    }

    /// Adds a loaded reading.
    pub(crate) fn add_loaded(&mut self, dt_ms: i64, is_told: bool, counted_h: Option<f32>) {
        if let Some(counted_h) = counted_h.filter(|_| !is_told) {
            self.counted_h += counted_h;
            self.counted_loaded_ms = self.counted_loaded_ms.saturating_add(dt_ms.clamp(0, 24 * HOUR_MS) as i32);
        }
    }

    /// Ends a stretch, if one is open.
    pub(crate) fn end(&mut self) {
        if self.unloaded_ms > 0 {
            let open = std::mem::take(&mut self.open);
            let place = if self.is_sure() { &mut self.surely } else { &mut self.maybe };
            place.join(open);
            (self.unloaded_ms, self.open_ms) = (0, 0);
        }
    }

    /// Mean current of the day's idling, A.
    pub(crate) fn amps_a(&self) -> Option<f64> {
        let surely = if self.is_sure() { self.surely.with(self.open) } else { self.surely };
        let tried = match self.counted_share() {
            Some(share) if share > COUNTED_SHARE => return None,
            Some(_) => self.surely.with(self.maybe).with(self.open),
            None => surely,
        };
        // A machine whose readings mostly disagree has no one current.
        let is_level = tried.alike.n() >= ALIKE_MIN && 2 * tried.alike.n() >= tried.pairs;
        tried.alike.mean().filter(|_| is_level)
    }

    const fn is_sure(&self) -> bool {
        self.is_told || self.open_ms <= IDLES_MS
    }

    /// How much of the unloaded time the counter counted, where there is one.
    fn counted_share(&self) -> Option<f64> {
        let beyond_ms = f64::from(self.counted_h) * HOUR_MS as f64 - f64::from(self.counted_loaded_ms);
        (self.counted_unloaded_ms >= COUNTER_MIN_MS).then(|| beyond_ms / f64::from(self.counted_unloaded_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One reading: current, whether it looks loaded, and what the counter of load hours has counted since the one before.
    type Reading = (f32, bool, Option<f32>);

    /// What five-minute readings tell of idling.
    fn idles(readings: impl IntoIterator<Item = Reading>) -> Option<f64> {
        let mut idling = Idling::default();
        for (amps_a, is_loaded, counted_h) in readings {
            if is_loaded {
                idling.end();
                idling.add_loaded(5 * MINUTE_MS, false, counted_h);
            } else {
                idling.add(Some(amps_a), 5 * MINUTE_MS, false, counted_h);
            }
        }
        idling.amps_a()
    }

    /// A day of load cycles: so many readings idling at one current, so many loaded.
    fn cycles(idle_a: f32, idle: usize, loaded: usize, counted_h: Option<f32>) -> Vec<Reading> {
        let cycle = idle + loaded;
        let at = |i: usize| {
            if i % cycle < idle { (idle_a, false, counted_h.map(|_| 0.0)) } else { (150.0, true, counted_h) }
        };
        (0..288).map(at).collect()
    }

    #[test]
    fn a_motor_that_idles_between_loads_has_one_current() {
        for counted_h in [None, Some(1.0 / 12.0)] {
            assert_eq!(idles(cycles(75.0, 3, 5, counted_h)), Some(75.0));
            assert_eq!(idles(cycles(75.0, 1, 2, counted_h)), Some(75.0));
        }
        // An inlet valve that no longer closes.
        assert_eq!(idles(cycles(110.0, 3, 5, None)), Some(110.0));
    }

    #[test]
    fn a_slow_speed_is_no_idling() {
        // It goes on all night; a motor that idles is stopped within the hour, or a counter bears it out.
        assert_eq!(idles(cycles(50.0, 120, 24, None)), None);
        assert_eq!(idles(cycles(50.0, 120, 24, Some(1.0 / 12.0))), Some(50.0));
        // The counter counts it as load, however short it is.
        let slow = cycles(50.0, 3, 5, None).into_iter().map(|(a, is_loaded, _)| (a, is_loaded, Some(1.0 / 12.0)));
        assert_eq!(idles(slow), None);
    }

    #[test]
    fn parts_of_load_and_idling_are_no_current() {
        // Means over five minutes of cycles as short, read as unloaded where they are below the line between the two.
        let parts_a = [75.0, 105.0, 90.0, 120.0, 105.0, 75.0, 120.0, 90.0];
        assert_eq!(idles((0..288).map(|i| (parts_a[i % 8], i % 8 == 7, None))), None);
    }
}
