//! One sensor's health, judged reading by reading: rails, implausible values, spikes, stuck values, drop-out.
//!
//! A trouble opens on a sustained share of bad samples and closes only after hours of good ones, so that a loose
//! contact makes one finding and not a hundred. While a trouble is open nothing of the sensor is used.

use foretell_model::{HOUR_MS, MINUTE_MS, Signal, Timestamp};
use serde::{Deserialize, Serialize};

/// What a sensor can show, its fastest true change, and how long it may honestly repeat one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plausible {
    min: f32,
    max: f32,
    /// Largest believable jump at once, in the signal's unit.
    jump: f32,
    /// Fastest believable change, per second. An airend without any cooling heats at 82 kW / 315 kJ/K = 0.26 K/s.
    per_second: f32,
    /// No jump larger than this is believed at first sight, however long the gap.
    jump_max: f32,
    /// Repeating one value so long is a fault even if nothing around it changed.
    stuck_ms: i64,
}

impl Plausible {
    /// For a signal that the engine relies on; `None` for the others.
    pub(crate) const fn of(signal: Signal) -> Option<Self> {
        Some(match signal {
            Signal::DischargeTemp => {
                Self { min: -40.0, max: 145.0, jump: 4.0, per_second: 0.35, jump_max: 45.0, stuck_ms: 72 * HOUR_MS }
            }
            Signal::AmbientTemp => {
                Self { min: -45.0, max: 62.0, jump: 4.0, per_second: 0.02, jump_max: 15.0, stuck_ms: 72 * HOUR_MS }
            }
            Signal::MotorCurrent => {
                Self { min: -1.0, max: 3000.0, jump: 4000.0, per_second: 0.0, jump_max: 4000.0, stuck_ms: i64::MAX }
            }
            Signal::DischargePressure => {
                Self { min: -0.6, max: 45.0, jump: 50.0, per_second: 0.0, jump_max: 50.0, stuck_ms: i64::MAX }
            }
            _ => return None,
        })
    }
}

/// What is wrong with a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Absent, at its rails or implausible.
    Dropout,
    /// Repeats one value.
    Stuck,
    /// Reads off by a constant, seen at a cold soak.
    Drift,
}

/// A bad sample counts for as long as it lasted, over about this time.
const SHARE_TIME_MS: f64 = 120.0 * MINUTE_MS as f64;
const OPENS_AT: f32 = 0.4;
const CLOSES_AT: f32 = 0.02;
/// A channel that never spoke is not missing.
const KNOWN_AFTER: u8 = 20;
/// A stuck temperature must have lived through at least this many starts and stops.
const FLIPS_STUCK: u8 = 2;
/// Beyond such a gap nobody knows whether the value was held.
const UNSEEN_MS: i64 = HOUR_MS;
/// Cold soaks in a row that must agree on a bias.
const SOAKS_AGREE: u8 = 3;
/// A bias below this is calibration, not drift, K.
const BIAS_K: f32 = 6.0;

/// Follows one sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Channel {
    last: f32,
    /// A value that jumped and waits for the next to confirm it.
    suspect: Option<f32>,
    bad_share: f32,
    known: u8,
    same_since_ms: i64,
    flips: u8,
    biased_soaks: u8,
    trouble: Trouble,
}

impl Channel {
    /// Judges the next sample and returns the value if it may be used.
    pub(crate) fn observe(
        &mut self,
        ts: Timestamp,
        dt_ms: i64,
        value: Option<f32>,
        plausible: Plausible,
    ) -> Option<f32> {
        if dt_ms > UNSEEN_MS {
            // Two equal values with nothing between them are a coincidence, not one value that was held.
            self.same_since_ms = 0;
        }
        let believed = value.and_then(|v| self.believe(ts, dt_ms, v, plausible));
        if value.is_none() && self.known < KNOWN_AFTER {
            return None;
        }
        // A spike (waiting in `suspect`) is dropped but says nothing about the sensor's health.
        let bad = believed.is_none() && self.suspect.is_none();
        let span_ms = dt_ms.clamp(0, 15 * MINUTE_MS) as f64;
        self.bad_share += (1.0 - (-span_ms / SHARE_TIME_MS).exp()) as f32 * (f32::from(u8::from(bad)) - self.bad_share);
        self.known = if bad { self.known } else { self.known.saturating_add(1) };
        self.trouble = self.judge(ts, plausible);
        believed.filter(|_| self.trouble == Trouble::None)
    }

    /// Tells the sensor that the machine started or stopped: a live temperature must move.
    pub(crate) fn flip(&mut self) {
        self.flips = self.flips.saturating_add(1);
    }

    /// Takes the gap to the ambient sensor at the end of a cold soak, where both must read the room.
    pub(crate) fn soaked_beside(&mut self, gap_k: f32) {
        let agrees = gap_k.abs() <= BIAS_K;
        self.biased_soaks = if agrees { 0 } else { (self.biased_soaks + 1).min(SOAKS_AGREE) };
    }

    pub(crate) const fn trouble(&self) -> Trouble {
        self.trouble
    }

    fn believe(&mut self, ts: Timestamp, dt_ms: i64, value: f32, p: Plausible) -> Option<f32> {
        if !(p.min <= value && value <= p.max) {
            self.suspect = None;
            return None;
        }
        let bound = (p.jump + p.per_second * dt_ms as f32 / 1000.0).min(p.jump_max.max(p.jump));
        let follows = |from: f32| (value - from).abs() <= bound;
        if self.known > 0 && !follows(self.last) && !self.suspect.is_some_and(follows) {
            self.suspect = Some(value);
            return None;
        }
        self.suspect = None;
        // The very same number, not merely a close one: that is what a frozen register looks like.
        if value.to_bits() != self.last.to_bits() || self.same_since_ms == 0 {
            self.same_since_ms = ts.millis();
            self.flips = 0;
        }
        self.last = value;
        Some(value)
    }

    fn judge(&self, ts: Timestamp, p: Plausible) -> Trouble {
        let same_ms = if self.same_since_ms == 0 { 0 } else { ts.millis() - self.same_since_ms };
        let frozen = p.stuck_ms < i64::MAX
            && (same_ms > p.stuck_ms || (same_ms > 2 * HOUR_MS && self.flips >= FLIPS_STUCK && p.per_second > 0.1));
        match self.trouble {
            Trouble::Dropout if self.bad_share > CLOSES_AT => Trouble::Dropout,
            _ if self.bad_share > OPENS_AT => Trouble::Dropout,
            _ if frozen => Trouble::Stuck,
            _ if self.biased_soaks >= SOAKS_AGREE => Trouble::Drift,
            Trouble::Drift if self.biased_soaks > 0 => Trouble::Drift,
            _ => Trouble::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: impl Iterator<Item = Option<f32>>, flip_every: usize) -> (Vec<Option<f32>>, Trouble) {
        let plausible = Plausible::of(Signal::DischargeTemp).unwrap();
        let mut channel = Channel::default();
        let used = values
            .enumerate()
            .map(|(i, value)| {
                if flip_every > 0 && i % flip_every == 0 {
                    channel.flip();
                }
                channel.observe(Timestamp::from_millis((i as i64 + 1) * MINUTE_MS), MINUTE_MS, value, plausible)
            })
            .collect();
        (used, channel.trouble())
    }

    #[test]
    fn one_spike_is_dropped_and_a_lasting_step_believed() {
        let (used, trouble) = run([80.0, 267.0, 80.5, 130.0, 80.5, 120.0, 121.0].into_iter().map(Some), 0);
        assert_eq!(used, [Some(80.0), None, Some(80.5), None, Some(80.5), None, Some(121.0)]);
        assert_eq!(trouble, Trouble::None);
    }

    #[test]
    fn rails_for_hours_are_a_dropout_until_it_has_been_well_for_hours() {
        let good = |n: usize| (0..n).map(|i| Some(80.0 + (i % 7) as f32 * 0.1));
        let rails = (0..120).map(|_| Some(-125.0));
        assert_eq!(run(good(60).chain(rails.clone()), 0).1, Trouble::Dropout);
        assert_eq!(run(good(60).chain(rails.clone()).chain(good(60)), 0).1, Trouble::Dropout);
        assert_eq!(run(good(60).chain(rails).chain(good(720)), 0).1, Trouble::None);
    }

    #[test]
    fn a_value_that_lives_through_starts_and_stops_is_stuck() {
        assert_eq!(run((0..300).map(|_| Some(81.0)), 60).1, Trouble::Stuck);
        assert_eq!(run((0..300).map(|_| Some(81.0)), 0).1, Trouble::None, "a steady machine may repeat a whole degree");
    }

    #[test]
    fn one_value_on_both_sides_of_a_gap_is_not_stuck() {
        let plausible = Plausible::of(Signal::DischargeTemp).unwrap();
        let mut channel = Channel::default();
        for (minute, dt_minutes) in [(1, 1), (2, 1), (6_000, 5_998), (6_001, 1), (12_000, 5_999)] {
            let ts = Timestamp::from_millis(minute * MINUTE_MS);
            channel.observe(ts, dt_minutes * MINUTE_MS, Some(81.0), plausible);
        }
        assert_eq!(channel.trouble(), Trouble::None);
    }

    #[test]
    fn a_sensor_that_is_not_fitted_is_not_missing() {
        assert_eq!(run((0..600).map(|_| None), 0).1, Trouble::None);
    }
}
