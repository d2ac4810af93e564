//! Pauses between attempts to connect: doubling, bounded, and each at a random place in its upper half, so that a plant full
//! of clients does not return to a restarted broker all at once.
//!
//! The bound is a matter of seconds: an attempt costs a broker nothing beside the sessions that it serves, and until we are back
//! it queues what arrives, or, with no session of ours, drops it. Only who has been refused, and will be until a person acts, is
//! better off knocking seldom.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause after a session that stood, however briefly. A broker that is restarted again and again is back each time, and
/// one that was killed has forgotten our session: until we subscribe again it acknowledges what nobody takes. Otherwise
/// only two clients of one name, which throw each other out, would gain from a longer pause.
const AFTER_STANDING: Duration = Duration::from_secs(1);

/// See the module's text.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
    refused: Duration,
    random: u64,
}

impl Backoff {
    /// Pauses up to `max`, and of `refused` where a person has to act. `seed` makes two processes differ; it needs no secrecy.
    pub(super) const fn new(max: Duration, refused: Duration, seed: u64) -> Self {
        Self { next: FIRST, max, refused, random: seed | 1 }
    }

    /// The next attempt begins with the shortest pause again.
    pub(super) const fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The session stood for a while, if a short one: the next pause is a short one too.
    pub(super) fn stood(&mut self) {
        self.next = self.next.min(AFTER_STANDING);
    }

    /// How long to pause where knocking again soon would only do harm.
    pub(super) fn refused(&mut self) -> Duration {
        self.spread(self.refused)
    }

    /// How long to pause now.
    pub(super) fn pause(&mut self) -> Duration {
        let whole = self.next.min(self.max);
        self.next = self.next.saturating_mul(2).min(self.max);
        self.spread(whole)
    }

    fn spread(&mut self, whole: Duration) -> Duration {
        // xorshift64: no library is needed to spread pauses.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let share = (self.random >> 11) as f64 / (1_u64 << 53) as f64;
        whole.mul_f64(0.5 + 0.5 * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn doubles_up_to_its_bound_and_spreads(seed in any::<u64>()) {
            let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(60), seed);
            for whole_ms in [500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
                let pause_ms = backoff.pause().as_millis();
                prop_assert!((whole_ms / 2..=whole_ms).contains(&pause_ms), "{pause_ms} of {whole_ms}");
            }
            let refused_ms = backoff.refused().as_millis();
            prop_assert!((30_000..=60_000).contains(&refused_ms), "{refused_ms}");
            prop_assert!(backoff.pause() <= Duration::from_secs(10), "a refusal is no reason to be late once it is over");
            backoff.stood();
            prop_assert!(backoff.pause() <= AFTER_STANDING);
            backoff.reset();
            backoff.stood();
            prop_assert!(backoff.pause() <= FIRST);
        }
    }

    #[test]
    fn two_seeds_give_two_rhythms() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(60), seed);
            [backoff.pause(), backoff.pause(), backoff.pause()]
        };
        assert_ne!(pauses(3), pauses(1 << 40));
    }
}
