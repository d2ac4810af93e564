//! The clocks: the only place that reads the system's time.

use std::sync::atomic::{AtomicI64, Ordering};

use foretell_model::{Clock, Timestamp};

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's time")]
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The newest reading's own time stamp: for rehearsals, in which months pass in a minute. Before the first reading it
/// stands at 1970; see [`ReadingsClock::started`].
#[derive(Debug, Default)]
pub struct ReadingsClock(AtomicI64);

impl ReadingsClock {
    /// Moves on to a reading's time stamp; an older one changes nothing, for time does not run backwards.
    pub fn advance(&self, to: Timestamp) {
        self.0.fetch_max(to.millis(), Ordering::Relaxed);
    }

    /// Whether any reading has set it.
    #[must_use]
    pub fn started(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Clock for ReadingsClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readings_clock_never_runs_backwards() {
        let clock = ReadingsClock::default();
        assert!(!clock.started());
        for (advance_to, expected) in [(5_000, 5_000), (4_000, 5_000), (6_000, 6_000)] {
            clock.advance(Timestamp::from_millis(advance_to));
            assert_eq!(clock.now().millis(), expected);
        }
        assert!(clock.started());
    }
}
