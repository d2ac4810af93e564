//! Pauses that grow with each failure in a row, never quite the same, so that many writers do not come back at once.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(250);

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    failures: u32,
}

impl Pace {
    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed once more: the pause until the next attempt, between half of the full one and all of it.
    pub(super) fn failed(&mut self, longest: Duration) -> Duration {
        let full = FIRST.saturating_mul(1_u32 << self.failures.min(16)).min(longest);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * chance())
    }

    /// Failures in a row.
    pub(super) const fn failures(self) -> u32 {
        self.failures
    }
}

/// A number from 0 to 1. The standard library draws new keys for each of its hash tables; nothing better is needed for a pause.
pub(super) fn chance() -> f64 {
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let (mut pace, longest) = (Pace::default(), Duration::from_secs(60));
        for full_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            let (full, pause) = (Duration::from_millis(full_ms), pace.failed(longest));
            assert!(full / 2 <= pause && pause <= full, "{pause:?} of {full:?}");
        }
        (0..100).for_each(|_| assert!(pace.failed(longest) <= longest));
        pace.reset();
        assert_eq!(pace, Pace::default());
    }

    #[test]
    fn no_two_writers_come_back_together() {
        let pauses: std::collections::BTreeSet<Duration> = (0..50).map(|_| Pace::default().failed(FIRST)).collect();
        assert!(pauses.len() > 40, "{} different pauses of 50", pauses.len());
    }
}
