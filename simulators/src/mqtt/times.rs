//! Times in buckets, so that millions of them cost nothing to keep.

use std::time::Duration;

/// Times in buckets whose bounds grow by 5 %, from 1 us to an hour.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    buckets: Vec<u64>,
    longest: Duration,
}

const BUCKETS: usize = 460;
const GROWTH: f64 = 1.05;

impl Times {
    pub(crate) fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], longest: Duration::ZERO }
    }

    /// Adds `count` messages that took this long.
    pub(crate) fn add(&mut self, time: Duration, count: u64) {
        let steps = (time.as_secs_f64() * 1e6).max(1.0).ln() / GROWTH.ln();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and bounded")]
        let place = (steps as usize).min(BUCKETS - 1);
        self.buckets[place] += count;
        self.longest = self.longest.max(time);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(mine, theirs)| *mine += theirs);
        self.longest = self.longest.max(other.longest);
    }

    /// The time below which this share lies, ms; the middle of its bucket.
    #[expect(clippy::cast_precision_loss, reason = "counts of messages, and places below 460")]
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let total: u64 = self.buckets.iter().sum();
        let mut below = 0;
        let at = self.buckets.iter().position(|count| {
            below += count;
            total > 0 && below as f64 >= share * total as f64
        });
        at.map_or(0.0, |place| GROWTH.powf(place as f64 + 0.5) / 1000.0)
    }

    /// The longest, ms.
    pub(crate) fn longest_ms(&self) -> f64 {
        self.longest.as_secs_f64() * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_bucket() {
        let mut times = Times::new();
        assert!(times.quantile_ms(0.5).abs() < f64::EPSILON, "nothing yet");
        (1..=1000).for_each(|ms| times.add(Duration::from_millis(ms), 2));
        let mut all = Times::new();
        all.merge(&times);
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0)] {
            let got = all.quantile_ms(share);
            assert!((got / expected - 1.0).abs() < 0.05, "{share}: {got}");
        }
        assert!((all.longest_ms() - 1000.0).abs() < 1e-9);
    }
}
