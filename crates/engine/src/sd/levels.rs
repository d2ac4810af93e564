//! Learns the current levels of a machine without knowing its rating: stopped, unloaded, loaded, or continuous (VSD).
//!
//! A histogram over the logarithm of the current forgets slowly. Logarithmic bins make it scale-free, so a 7 kW and a
//! 250 kW machine need no configuration.

use serde::{Deserialize, Serialize};

const BINS: usize = 56;
/// Current of the lowest bin's lower edge, A. Below it the motor is at rest.
const LOWEST_A: f32 = 0.8;
/// Ratio between neighbouring bin edges; 56 bins reach 2,000 A.
const LN_STEP: f32 = 0.14;
/// Counts are halved beyond this, so old habits fade with about a week's half-life at one reading a minute.
const FULL: u16 = 20_000;
/// Two modes are apart where a bin between them is empty: with less than this part of the smaller mode. A machine of variable speed that
/// is driven hard by day and hardly by night has two modes as well, and runs through everything between. What has been told apart
/// stays so until the bin has filled to the other part.
const EMPTY: u32 = 20;
const FILLED: u32 = 8;

/// What the learned levels say about one current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Stopped,
    Unloaded,
    Loaded,
}

/// The learned levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Levels {
    counts: [[u16; BINS / 2]; 2],
    /// Below this the machine is at rest, A.
    stopped_below_a: f32,
    /// Below this (and above rest) it runs unloaded, A; 0 for a continuous (VSD) machine.
    unloaded_below_a: f32,
    /// The upper level, A; 0 until learned.
    loaded_a: f32,
}

impl Default for Levels {
    fn default() -> Self {
        Self { counts: [[0; BINS / 2]; 2], stopped_below_a: LOWEST_A, unloaded_below_a: 0.0, loaded_a: 0.0 }
    }
}

impl Levels {
    pub(crate) fn observe(&mut self, amps_a: f32) {
        let Some(bin) = bin_of(amps_a) else { return };
        let counts = self.counts.as_flattened_mut();
        counts[bin] += 1;
        if counts[bin] >= FULL {
            counts.iter_mut().for_each(|n| *n /= 2);
        }
    }

    pub(crate) fn classify(&self, amps_a: f32) -> Level {
        if amps_a < self.stopped_below_a {
            Level::Stopped
        } else if amps_a < self.unloaded_below_a {
            Level::Unloaded
        } else {
            Level::Loaded
        }
    }

    /// Whether the machine switches between two levels rather than varying its speed.
    pub(crate) fn is_two_level(&self) -> bool {
        self.unloaded_below_a > 0.0
    }

    /// The learned loaded current, A; `None` until enough was seen.
    pub(crate) fn loaded_a(&self) -> Option<f64> {
        (self.loaded_a > 0.0).then(|| f64::from(self.loaded_a))
    }

    /// Draws the lines between the levels anew. Called at each day's end and once early on the first day.
    pub(crate) fn learn(&mut self) {
        let total: u32 = self.counts.as_flattened().iter().map(|&n| u32::from(n)).sum();
        if total < 20 {
            return;
        }
        let top = self.quantile_bin(total, 0.97);
        self.loaded_a = upper_mode_a(self.counts.as_flattened(), top);
        // Rest shows 0 to a few per cent (a CT's offset); the slowest VSD and an unloaded motor both draw well above 12 %.
        self.stopped_below_a = (0.12 * self.loaded_a).max(LOWEST_A);
        self.unloaded_below_a = self.valley(top).map_or(0.0, edge_a);
    }

    fn quantile_bin(&self, total: u32, share: f64) -> usize {
        let mut left = (f64::from(total) * share) as u32;
        self.counts
            .as_flattened()
            .iter()
            .position(|&n| {
                let here = u32::from(n);
                if here > left {
                    true
                } else {
                    left -= here;
                    false
                }
            })
            .unwrap_or(BINS - 1)
    }

    /// The bin that parts an unloaded mode (25-75 % of the loaded current) from the loaded mode, if the two are truly apart.
    /// A VSD fills the span between, so it has no valley.
    ///
    /// Of a wide valley it is the upper end. An inlet valve that no longer closes lets an unloaded machine draw up to eight
    /// tenths of its loaded current; a loaded one, at the lowest line pressure, still draws nine.
    fn valley(&self, top: usize) -> Option<usize> {
        let span = |ratio: f32| (-ratio.ln() / LN_STEP).round() as usize;
        let (low_from, low_to) = (top.saturating_sub(span(0.22)), top.saturating_sub(span(0.78)));
        let counts = self.counts.as_flattened();
        let low = (low_from..=low_to).max_by_key(|&bin| (counts[bin], BINS - bin))?;
        let high = (low_to + 1..=top.min(BINS - 1)).max_by_key(|&bin| counts[bin])?;
        let smaller = u32::from(counts[low].min(counts[high]));
        let parts = if self.is_two_level() { FILLED } else { EMPTY };
        (low + 1..high).rev().find(|&bin| smaller >= 5 && u32::from(counts[bin]) * parts < smaller)
    }
}

fn bin_of(amps_a: f32) -> Option<usize> {
    (amps_a >= LOWEST_A).then(|| (((amps_a / LOWEST_A).ln() / LN_STEP) as usize).min(BINS - 1))
}

fn edge_a(bin: usize) -> f32 {
    LOWEST_A * (LN_STEP * (bin as f32 + 0.5)).exp()
}

/// Centre of the fullest bin near the top.
fn upper_mode_a(counts: &[u16], top: usize) -> f32 {
    let from = top.saturating_sub(2);
    (from..=top).max_by_key(|&bin| counts[bin]).map_or(0.0, edge_a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(currents_a: impl Iterator<Item = f32>) -> Levels {
        let mut levels = Levels::default();
        currents_a.for_each(|a| levels.observe(a));
        levels.learn();
        levels
    }

    #[test]
    fn load_and_unload_are_told_apart() {
        let levels = learned((0..1000).map(|i| if i % 3 == 0 { 75.0 } else { 150.0 + (i % 5) as f32 }));
        assert_eq!(levels.classify(0.3), Level::Stopped);
        assert_eq!(levels.classify(76.0), Level::Unloaded);
        assert_eq!(levels.classify(149.0), Level::Loaded);
    }

    #[test]
    fn a_machine_whose_inlet_valve_leaks_is_still_unloaded() {
        let unloaded_a = |i: i32| if i < 3000 { 71.0 } else { 100.0 + (i % 20) as f32 };
        let levels = learned((0..4000).map(|i| if i % 3 == 0 { unloaded_a(i) } else { 146.0 + (i % 9) as f32 }));
        assert_eq!(levels.classify(71.0), Level::Unloaded);
        assert_eq!(levels.classify(118.0), Level::Unloaded);
        assert_eq!(levels.classify(138.0), Level::Loaded);
    }

    #[test]
    fn a_machine_of_variable_speed_that_is_driven_hard_by_day_and_hardly_by_night_has_none_either() {
        // Half its time near its slowest, half near its fastest, and one in six on the way.
        let amps_a = |i: i32| match i % 6 {
            0 => 24.0 + (i * 7 % 50) as f32,
            1 | 2 => 20.0 + (i % 4) as f32,
            _ => 76.0 + (i * 5 % 12) as f32,
        };
        assert!(!learned((0..2000).map(amps_a)).is_two_level());
    }

    #[test]
    fn a_variable_speed_machine_has_no_unloaded_level() {
        let levels = learned((0..1000).map(|i| 50.0 + (i * 37 % 100) as f32));
        assert_eq!(levels.classify(52.0), Level::Loaded);
        assert_eq!(levels.classify(5.0), Level::Stopped);
    }
}
