//! Whether a value that jumped may be believed: a loose contact jumps up and back within a reading or two, which nothing that
//! has mass does, while a machine that truly heats up or trips stays hot.
//!
//! A jump is one of two kinds. Faster than physics allows in the time since the last believed value, it is no temperature.
//! Slow sampling makes almost any jump possible, and there the machine's own habit decides: in steady work a discharge
//! temperature moves by a kelvin or two from reading to reading, however far apart these are, and one in ten thousand steps
//! exceeds some ten kelvins. Such a value waits until the next ones stay with it or go back; an ordinary reading never waits.
//! What came back is a fault of the sensor, unless the machine's load or unrest may explain it.
//!
//! Current and pressure are not asked: a motor that unloads and a receiver that is drawn from jump in seconds and come back.

use foretell_model::MINUTE_MS;
use serde::{Deserialize, Serialize};

use super::channel::Around;
use super::plausible::Plausible;

/// A change is beyond what is usual from so many times the usual one on, over the jump that is always allowed.
const USUAL_STEPS: f32 = 4.0;
/// Values after which it is known what is usual.
const KNOWN: u8 = 64;
/// Readings further apart do not follow on each other.
const APART_MS: i64 = 20 * MINUTE_MS;
/// Two readings so close may be of one spike.
const QUICK_MS: i64 = 3 * MINUTE_MS;
/// Spikes are told from the unrest of a machine that runs out of oil from so many times the jump that is always allowed.
const SPIKE_JUMPS: f32 = 4.0;
/// No change of load moves a discharge temperature by so much from one reading to the next, K.
const BY_LOAD_K: f32 = 30.0;

/// What a value says of a jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Jump {
    /// Nothing.
    #[default]
    None,
    /// It jumped and waits.
    Jumped,
    /// It stays with one that jumped, but not for long enough.
    Waits,
    /// It bears out the one that jumped.
    Confirmed,
    /// It is where the value was before the one that jumped.
    Refuted,
}

/// Follows the jumps of one sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Jumps {
    /// The value that jumped, and readings that stayed with it, itself included; none while nothing waits.
    suspect: f32,
    readings: u8,
    /// The machine may have moved it so far.
    explained: bool,
    /// Time since the last believed value, tenths of a second, for as long as that matters.
    since_ds: u16,
    /// How far the value usually moves from reading to reading while the machine's phase lasts.
    usual: f32,
}

/// What a value is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Against<'a> {
    /// The last believed value.
    pub(crate) last: f32,
    /// How many were believed so far.
    pub(crate) known: u8,
    pub(crate) plausible: &'a Plausible,
    pub(crate) around: &'a Around,
}

impl Jumps {
    /// A reading comes, with or without a value.
    pub(crate) fn tick(&mut self, dt_ms: i64) {
        let passed_ds = u16::try_from(dt_ms.max(0).div_euclid(100) + 1).unwrap_or(u16::MAX);
        self.since_ds = self.since_ds.saturating_add(passed_ds);
    }

    /// Whether a value follows on the last believed one, and not rather on one that jumped since.
    pub(crate) fn follows(&self, value: f32, to: &Against<'_>) -> bool {
        let away = (value - to.last).abs();
        away <= self.bound(to) && (self.readings == 0 || away <= (value - self.suspect).abs())
    }

    /// Takes a believed value that follows; the second value is whether that convicts the sensor.
    pub(crate) fn follow(&mut self, value: f32, to: &Against<'_>) -> (Jump, bool) {
        self.learn((value - to.last).abs(), to);
        let jump = if self.readings > 0 { Jump::Refuted } else { Jump::None };
        let convicts = self.readings > 0 && !self.explained;
        (self.readings, self.since_ds) = (0, 0);
        (jump, convicts)
    }

    /// Takes a possible value that does not follow. Believed if it stays with one that waited, for so long that the machine can
    /// have come so far; else it waits itself. `is_wary` of a sensor that is known to jump. The second value is whether it
    /// convicts the sensor of the one that waited.
    pub(crate) fn depart(&mut self, value: f32, to: &Against<'_>, is_wary: bool) -> (Jump, bool) {
        let (away, jumped) = (value - to.last, self.suspect - to.last);
        if self.readings > 0 && away * jumped > 0.0 && away.abs() <= jumped.abs() + self.bound(to) {
            self.readings = self.readings.saturating_add(1);
            // That the machine has stopped since bears out a heat: its controller believes it.
            let has_stopped = away > 0.0 && !to.around.running && !to.around.steady;
            let needed = 2 + u8::from(to.around.dt_ms < QUICK_MS) + u8::from(is_wary && !has_stopped);
            if self.readings < needed || away.abs() > to.plausible.reach(self.since_ms()) {
                return (Jump::Waits, false);
            }
            (self.readings, self.since_ds) = (0, 0);
            return (Jump::Confirmed, false);
        }
        let convicts = self.readings > 0 && !self.explained;
        self.learn(away.abs(), to);
        (self.suspect, self.readings) = (value, 1);
        let told_from = if to.around.same_load { SPIKE_JUMPS * to.plausible.jump } else { BY_LOAD_K };
        self.explained = away.abs() < told_from;
        (Jump::Jumped, convicts)
    }

    /// Forgets a value that waits: what came since is no witness.
    pub(crate) fn forget(&mut self) {
        self.readings = 0;
    }

    fn since_ms(&self) -> i64 {
        i64::from(self.since_ds) * 100
    }

    /// Largest change to believe at first sight.
    fn bound(&self, to: &Against<'_>) -> f32 {
        let physical = to.plausible.bound(self.since_ms());
        let knows = follow_on(to.around) && to.known >= KNOWN;
        if knows { physical.min(to.plausible.usual(USUAL_STEPS * self.usual)) } else { physical }
    }

    /// Follows how far the value usually moves; a spike counts for no more than what is just believed.
    fn learn(&mut self, change: f32, to: &Against<'_>) {
        if follow_on(to.around) {
            let change = change.min(self.bound(to));
            self.usual += (change - self.usual) / f32::from(to.known.clamp(1, KNOWN));
        }
    }
}

/// Whether a reading follows on the one before in one phase of work.
const fn follow_on(around: &Around) -> bool {
    around.steady && around.dt_ms <= APART_MS
}

#[cfg(test)]
mod tests {
    use foretell_model::Signal;

    use super::*;

    fn noise(seed: u32) -> f32 {
        let mixed = seed.wrapping_add(77).wrapping_mul(0x9e37_79b9).rotate_left(13).wrapping_mul(0x85eb_ca6b) >> 16;
        mixed as f32 / 32_767.5 - 1.0
    }

    /// What is believed of a steady machine's values, one every `every_s` seconds; all of them true but those that `odd` makes.
    fn believed(every_s: i64, swing_k: f32, odd: impl Fn(u32) -> Option<f32>) -> Vec<Option<f32>> {
        let p = Plausible::of(Signal::DischargeTemp).expect("watched");
        let around =
            Around { dt_ms: every_s * 1000, running: true, steady: true, same_load: true, ..Around::default() };
        let (mut jumps, mut last, mut known) = (Jumps::default(), 80.0, 0_u8);
        let values = (0..1000_u32).map(|i| {
            let load_k = if i % 3 == 0 { swing_k } else { 0.0 };
            let value = odd(i).unwrap_or(80.0 + noise(i) - load_k);
            jumps.tick(around.dt_ms);
            let to = Against { last, known, plausible: &p, around: &around };
            let used = if jumps.follows(value, &to) {
                jumps.follow(value, &to);
                true
            } else {
                jumps.depart(value, &to, false).0 == Jump::Confirmed
            };
            if used {
                (last, known) = (value, known.saturating_add(1));
            }
            used.then_some(value)
        });
        values.collect()
    }

    #[test]
    fn one_or_two_readings_far_off_are_not_believed_at_any_cadence() {
        for every_s in [1, 10, 60, 150, 300, 600, 900] {
            let longest = if every_s * 1000 < QUICK_MS { 2 } else { 1 };
            for jump_k in [-60.0, -35.0, -20.0, 20.0, 35.0, 60.0] {
                for length in 1..=longest {
                    let odd = |i: u32| (i >= 100 && i % 50 < length).then_some(80.0 + jump_k + noise(i));
                    let used = believed(every_s, 0.0, odd);
                    assert!(
                        (0..1000).all(|i| used[i as usize].is_none() == odd(i).is_some()),
                        "{every_s} s {jump_k} K"
                    );
                }
            }
        }
    }

    #[test]
    fn what_stays_is_believed_as_soon_as_it_can_be_true() {
        for (every_s, after) in [(10, 10), (60, 2), (300, 1), (600, 1), (900, 1)] {
            let used = believed(every_s, 0.0, |i| (i >= 500).then_some(110.0 + noise(i)));
            let first = used.iter().skip(500).position(Option::is_some);
            assert!(first.is_some_and(|first| first <= after), "{every_s} s: {first:?}");
            assert!(used[500 + after..].iter().all(Option::is_some), "{every_s} s");
        }
    }

    #[test]
    fn a_fan_that_fails_is_followed_reading_by_reading() {
        // Without its air a loaded machine heats up by 25 K in 210 s.
        for every_s in [1, 10, 30, 60] {
            let rise = |i: u32| (80.0 + 0.12 * (i - 500) as f32 * every_s as f32).min(112.0);
            let used = believed(every_s, 0.0, |i| (i >= 500).then(|| rise(i)));
            assert!(used[500..].iter().all(Option::is_some), "{every_s} s");
        }
    }

    #[test]
    fn a_machine_that_swings_with_its_load_is_used_to_it() {
        for every_s in [300, 600] {
            assert!(believed(every_s, 18.0, |_| None).iter().all(Option::is_some), "{every_s} s");
        }
    }
}
