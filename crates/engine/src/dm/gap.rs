//! The difference between two sensors at times when both should read the same, and whether it has moved.
//!
//! Two sensors never agree exactly: one hangs lower, the iron is slower than the room. What is asked is therefore not
//! whether they differ but whether they differ from how they used to, given the temperature at which they are compared (a
//! duct from outside into a heated hall makes a difference that grows with the cold).

use serde::{Deserialize, Serialize};

/// Comparisons before a move can be seen.
const LEARN: u8 = 6;
/// Comparisons in a row that must agree; one that is very clear counts twice.
const AGREE: u8 = 4;
/// So many times the bound is very clear.
const VERY_CLEAR: f32 = 1.5;
/// Weight of the newest comparison: a month's worth of days are remembered.
const NEWEST: f32 = 0.03;
/// A move must be this many sd.
const CLEAR_SD: f32 = 4.0;
/// Until their own is known, comparisons scatter by this much, K.
const PRIOR_SD_K: f32 = 0.9;
/// Pseudo-variance of temperature that keeps the slope at nought until the data ask for one, K^2.
const RIDGE_K2: f32 = 9.0;
/// Weight of the newest comparison in the departure.
const FOLLOW: f32 = 0.4;
/// Share of the bound within which a move is over.
const OVER: f32 = 0.6;
/// A difference beyond this is a bias whatever it used to be, K.
const BIAS_K: f32 = 6.0;
/// So many of them in a row.
const BIAS_AGREE: u8 = 3;

/// Follows one difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gap {
    mean_k: f32,
    at_c: f32,
    var_c2: f32,
    cov_kc: f32,
    /// Of one comparison, from how successive ones differ: a drift must not widen its own bound.
    var_k2: f32,
    last_k: f32,
    n: u8,
    /// Comparisons in a row beyond the bound, and to which side.
    beyond: u8,
    above: bool,
    biased: u8,
    departure_k: f32,
    /// Of the newest comparison alone.
    newest_k: f32,
    moved: bool,
}

impl Gap {
    /// Takes one comparison at a temperature: the mean difference and, where both must surely read the same, the smallest. Moves
    /// below `floor_k` are never told.
    pub(crate) fn observe(&mut self, gap_k: f32, nearest_k: Option<f32>, at_c: f32, floor_k: f32) {
        if let Some(nearest_k) = nearest_k {
            self.biased = if nearest_k.abs() > BIAS_K { (self.biased + 1).min(BIAS_AGREE) } else { 0 };
        }
        let slope = self.cov_kc / (self.var_c2 + RIDGE_K2);
        let departure_k = gap_k - self.mean_k - slope * (at_c - self.at_c);
        let bound_k = floor_k.max(CLEAR_SD * self.sd_k());
        self.newest_k = departure_k;
        if self.n >= LEARN {
            self.departure_k += FOLLOW * (departure_k - self.departure_k);
        }
        if self.n >= LEARN && departure_k.abs() > bound_k {
            let above = departure_k > 0.0;
            let counts = if departure_k.abs() > VERY_CLEAR * bound_k { 2 } else { 1 };
            let kept = if self.above == above { self.beyond } else { 0 };
            self.beyond = kept.saturating_add(counts);
            self.above = above;
        } else {
            if departure_k.abs() < OVER * bound_k {
                self.beyond = 0;
            }
            self.learn(gap_k, at_c);
        }
        self.last_k = gap_k;
        self.moved = self.beyond >= AGREE || self.biased >= BIAS_AGREE || (self.moved && self.beyond > 0);
    }

    fn learn(&mut self, gap_k: f32, at_c: f32) {
        self.n = self.n.saturating_add(1);
        let weight = NEWEST.max(1.0 / f32::from(self.n));
        let off_c = at_c - self.at_c;
        if self.n > 1 {
            let step_k = gap_k - self.last_k;
            self.var_k2 += weight * (0.5 * step_k * step_k - self.var_k2);
            self.cov_kc += weight * (off_c * (gap_k - self.mean_k) - self.cov_kc);
            self.var_c2 += weight * (off_c * off_c - self.var_c2);
        }
        self.mean_k += weight * (gap_k - self.mean_k);
        self.at_c += weight * off_c;
    }

    /// Sd of a comparison, K; the prior counts as much as [`LEARN`] comparisons.
    pub(crate) fn sd_k(&self) -> f32 {
        let n = f32::from(self.n.min(50));
        let prior = f32::from(LEARN);
        ((prior * PRIOR_SD_K * PRIOR_SD_K + n * self.var_k2) / (prior + n)).sqrt()
    }

    /// Whether the two sensors no longer differ as they used to.
    pub(crate) const fn has_moved(&self) -> bool {
        self.moved
    }

    /// Whether enough comparisons are known to see a move.
    pub(crate) const fn is_known(&self) -> bool {
        self.n >= LEARN
    }

    /// By how much the newest comparison is off the usual, K.
    pub(crate) const fn newest_k(&self) -> f32 {
        self.newest_k
    }

    /// By how much the last comparisons are off the usual, K; of a bias that always was, the whole difference.
    pub(crate) const fn departure_k(&self) -> f32 {
        if self.biased >= BIAS_AGREE && self.beyond == 0 { self.mean_k } else { self.departure_k }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gap of day `d` by `gap`, ambient through the year, noise of 0.8 K; day on which it was seen to have moved.
    fn moved_on(gap: impl Fn(f32, f32) -> f32) -> Option<usize> {
        let mut tracker = Gap::default();
        (0..300).find(|&day| {
            let at_c = 18.0 - 10.0 * (std::f32::consts::TAU * day as f32 / 365.0).cos() + 3.0 * noise(day / 3 + 90);
            let gap_k = gap(day as f32, at_c) + 0.8 * noise(day);
            tracker.observe(gap_k, Some(gap_k), at_c, 3.0);
            tracker.has_moved()
        })
    }

    fn noise(seed: usize) -> f32 {
        let mixed = (seed as u32).wrapping_mul(0x9e37_79b9) ^ (seed as u32 + 77).wrapping_mul(0x85eb_ca6b);
        (mixed.wrapping_mul(0xc2b2_ae35) >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    #[test]
    fn sound_pairs_are_left_alone() {
        assert_eq!(moved_on(|_, _| 1.5), None);
        assert_eq!(moved_on(|_, _| -3.0), None, "an old difference");
        assert_eq!(moved_on(|_, at_c| 0.2 * (20.0 - at_c)), None, "a hall warmer than its air in the cold");
    }

    #[test]
    fn a_drift_is_seen_within_weeks_and_a_bias_at_once() {
        let drift = moved_on(|day, _| 1.0 + 0.2 * (day - 60.0).max(0.0)).expect("seen");
        assert!((70..100).contains(&drift), "day {drift}");
        let step = moved_on(|day, _| if day < 60.0 { 1.0 } else { -4.0 }).expect("seen");
        assert!((62..66).contains(&step), "day {step}");
        assert_eq!(moved_on(|_, _| 9.0), Some(2));
    }
}
