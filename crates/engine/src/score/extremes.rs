//! How surprising a value of a feature is, given the extremes of its own past.
//!
//! The past is kept as the largest and the smallest value of each of up to [`BLOCKS`] stretches of equal length; when all are
//! taken, neighbours are joined and stretches get twice as long, so a record is never forgotten for want of room. Extremes of
//! stretches longer than the feature's memory are nearly independent whatever the feature's own correlation, which is why
//! extreme-value theory looks at block maxima (Coles, *An Introduction to Statistical Modeling of Extreme Values*, 2001, ch. 3).
//! And because stretches grow with the history, alarms by chance do not become more with it.
//!
//! Above their median, block maxima fall off about exponentially (Gumbel). With the mean excess `b` estimated from `k` of them
//! the predictive tail is Lomax: `P(M > median + y) = 1/2 (1 + y / (k b))^-k`. It is heavier the less has been seen, and so
//! needs no tuning to the length of the history. What several stretches have reached is judged by rank instead.

use std::f64::consts::LN_2;

/// How many stretches are kept.
const BLOCKS: usize = 48;

/// Fewer stretches than this say nothing.
const BLOCKS_MIN: usize = 12;

/// What so many stretches have reached is no news.
const USUAL: usize = 4;

/// One side's tail; the lower side is that of the values' negatives.
#[derive(Clone, Copy, Debug, Default)]
struct Tail {
    /// Median of the block maxima.
    median: f64,
    /// Mean excess of the upper half over it, floored.
    excess: f64,
    /// As far as [`USUAL`] stretches went.
    usual: f64,
    /// Nine tenths of the stretches stayed below.
    wide: f64,
}

/// As it is kept: finite, or the excess over a median would be no number.
const fn kept(value: f64) -> f32 {
    (value as f32).clamp(f32::MIN, f32::MAX)
}

/// Extremes of one feature's past.
#[derive(Clone, Debug)]
pub(super) struct Extremes {
    high: [f32; BLOCKS],
    low: [f32; BLOCKS],
    blocks: usize,
    block_values: u32,
    in_block: u32,
    block_high: f32,
    block_low: f32,
    above: Tail,
    below: Tail,
    /// No tail is thinner than this, in the feature's unit.
    pub(super) floor: f64,
}

impl Extremes {
    /// `block_values`: the length of the first stretches.
    pub(super) fn new(block_values: u32) -> Self {
        Self {
            high: [0.0; BLOCKS],
            low: [0.0; BLOCKS],
            blocks: 0,
            block_values,
            in_block: 0,
            block_high: f32::NEG_INFINITY,
            block_low: f32::INFINITY,
            above: Tail::default(),
            below: Tail::default(),
            floor: 0.0,
        }
    }

    /// Whether enough has been seen to judge.
    pub(super) const fn is_ready(&self) -> bool {
        self.blocks >= BLOCKS_MIN
    }

    /// How many stretches have been seen.
    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Surprise of a value above or below the past, in nats: minus the logarithm of the chance that a stretch reaches it.
    pub(super) fn surprise(&self, value: f64) -> f64 {
        self.surprise_high(value).max(self.surprise_of(self.below, -value))
    }

    /// The same for values above alone.
    pub(super) fn surprise_high(&self, value: f64) -> f64 {
        self.surprise_of(self.above, value)
    }

    fn surprise_of(&self, tail: Tail, value: f64) -> f64 {
        let beyond = value - tail.median;
        if !self.is_ready() || beyond.is_nan() || beyond <= 0.0 {
            return 0.0;
        }
        let k = self.blocks as f64 / 2.0;
        let surprise = LN_2 + k * (beyond / (k * tail.excess)).ln_1p();
        if value <= tail.usual { surprise.min((self.blocks as f64 / USUAL as f64).ln()) } else { surprise }
    }

    /// The values at which the surprise below and above reaches `nats`; infinite while nothing can be said.
    pub(super) fn limits(&self, nats: f64) -> (f64, f64) {
        if !self.is_ready() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let k = self.blocks as f64 / 2.0;
        let limit = |tail: Tail| tail.median + k * tail.excess * ((nats - LN_2) / k).exp_m1();
        (-limit(self.below), limit(self.above))
    }

    /// Learns a value; what is beyond the limits of `clip_nats` counts as the limit.
    pub(super) fn learn(&mut self, value: f64, clip_nats: f64) {
        let (low, high) = self.limits(clip_nats);
        let value = kept(value.clamp(low, high));
        self.block_high = self.block_high.max(value);
        self.block_low = self.block_low.min(value);
        self.in_block += 1;
        if self.in_block >= self.block_values {
            self.close();
        }
    }

    /// Learns that stretches may go as far as these values: so many are told so.
    pub(super) fn accept(&mut self, low: f64, high: f64, blocks: usize) {
        let blocks = blocks.min(BLOCKS / 4);
        // Before, or the new ones would be joined at once.
        if self.blocks + blocks > BLOCKS {
            self.join();
        }
        for _ in 0..blocks {
            self.block_high = self.block_high.max(kept(high));
            self.block_low = self.block_low.min(kept(low));
            self.close();
        }
    }

    /// Part of the way to these values, so that what came once is still strange the next time, if less so.
    pub(super) fn part_of(&self, low: f64, high: f64) -> (f64, f64) {
        const CLIP_NATS: f64 = 9.0;
        const PART: f64 = 0.3;
        let (low_limit, high_limit) = self.limits(CLIP_NATS);
        let part = |median: f64, value: f64| median + PART * (value - median);
        let (low_part, high_part) = (part(-self.below.median, low), part(self.above.median, high));
        (low.max(low_limit.min(low_part)), high.min(high_limit.max(high_part)))
    }

    /// Makes one stretch of two.
    fn join(&mut self) {
        for first in (0..self.blocks).step_by(2) {
            let second = (first + 1).min(self.blocks - 1);
            self.high[first / 2] = self.high[first].max(self.high[second]);
            self.low[first / 2] = self.low[first].min(self.low[second]);
        }
        self.blocks = self.blocks.div_ceil(2);
        self.block_values = self.block_values.saturating_mul(2);
    }

    fn close(&mut self) {
        if self.blocks == BLOCKS {
            self.join();
        }
        self.high[self.blocks] = self.block_high;
        self.low[self.blocks] = self.block_low;
        self.blocks += 1;
        (self.in_block, self.block_high, self.block_low) = (0, f32::NEG_INFINITY, f32::INFINITY);
        self.fit();
    }

    fn fit(&mut self) {
        let mut high = self.high;
        let mut low = self.low.map(|value| -value);
        (self.above, self.below) = (tail(&mut high[..self.blocks]), tail(&mut low[..self.blocks]));
        // A tail is not much thinner than what lies between usual maxima and usual minima: of a feature that stands still
        // and then moves as it has moved before, the standing tells nothing.
        let usual = 0.1 * (self.above.median + self.below.median);
        let wide = 0.06 * (self.above.wide + self.below.wide);
        // What single precision cannot tell apart is no difference.
        let rounding = 1e-6 * self.above.median.abs().max(self.below.median.abs());
        let floor = usual.max(wide).max(rounding).max(self.floor).max(f64::MIN_POSITIVE);
        self.above.excess = self.above.excess.max(floor);
        self.below.excess = self.below.excess.max(floor);
    }
}

fn tail(maxima: &mut [f32]) -> Tail {
    maxima.sort_unstable_by(f32::total_cmp);
    let count = maxima.len();
    let median = f64::from(maxima[count / 2]);
    let upper = &maxima[count / 2..];
    Tail {
        median,
        excess: upper.iter().map(|value| f64::from(*value) - median).sum::<f64>() / upper.len() as f64,
        usual: f64::from(maxima[count.saturating_sub(USUAL)]),
        wide: f64::from(maxima[count * 9 / 10]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from 0 up to 1, evenly and without order.
    fn even(n: u32) -> f64 {
        f64::from(n.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX)
    }

    fn seen(values: u32) -> Extremes {
        let mut past = Extremes::new(8);
        (0..values).for_each(|n| past.learn(even(n), f64::INFINITY));
        past
    }

    #[test]
    fn what_single_precision_cannot_hold_leaves_limits_that_are_numbers() {
        let mut past = Extremes::new(8);
        (0..200).for_each(|n| past.learn(if n % 3 == 0 { -1e300 } else { 1e300 }, f64::INFINITY));
        let (low, high) = past.limits(7.0);
        assert!(low < high, "{low} {high}");
    }

    #[test]
    fn says_nothing_before_it_knows_anything() {
        assert_eq!(seen(90).surprise(1e9), 0.0);
        assert_eq!(seen(90).limits(7.0), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(seen(100).surprise(1e9) > 7.0);
    }

    #[test]
    fn surprise_grows_with_the_distance_and_with_what_has_been_seen() {
        let past = seen(10_000);
        assert!(past.surprise(0.5) < 1.0);
        let rising: Vec<f64> = [0.9, 1.1, 1.5, 2.5].iter().map(|value| past.surprise(*value)).collect();
        assert!(rising.is_sorted_by(|a, b| a < b), "{rising:?}");
        assert!(past.surprise(-1.0) > 7.0 && past.surprise_high(-1.0) == 0.0);
        assert!(seen(150).surprise(2.0) < past.surprise(2.0));
        let (low, high) = past.limits(7.0);
        assert!((past.surprise(high) - 7.0).abs() < 1e-6 && (past.surprise(low) - 7.0).abs() < 1e-6);
    }

    #[test]
    fn what_several_stretches_have_reached_is_no_news() {
        let mut past = seen(500);
        let before = past.surprise(5.0);
        past.accept(0.0, 5.0, USUAL);
        assert!(before > 7.0 && past.surprise(5.0) < 3.0, "{before} {}", past.surprise(5.0));
        let mut once = seen(500);
        let (low, high) = once.part_of(0.0, 5.0);
        once.accept(low, high, 1);
        assert!(once.surprise(5.0) > 7.0, "what came once is strange the next time: {}", once.surprise(5.0));
    }

    #[test]
    fn one_stretch_is_learned_with_what_is_beyond_cut() {
        let (mut cut, mut whole) = (seen(400), seen(400));
        (0..8).for_each(|_| cut.learn(1e6, 7.0));
        (0..8).for_each(|_| whole.learn(1e6, f64::INFINITY));
        assert!(cut.surprise(1e6) > 20.0 && whole.surprise(1e6) < 20.0);
    }
}
