//! The run-hour counter, made monotone: resets and jumps of the controller's counter do not reach what is built on it.

use foretell_model::{HOUR_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// Counters advance in steps of up to an hour, so a step may exceed the elapsed time by that much.
const SLACK_H: f64 = 1.1;

/// What a counter did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It went on as it should.
    Steady,
    /// It restarted or jumped; the run goes on from our own count.
    Restarted,
}

/// Follows one machine's run-hour counter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunHours {
    last: Option<(i64, f64)>,
    /// Our own count since first seen, h.
    counted_h: f64,
}

impl RunHours {
    pub(crate) fn observe(&mut self, ts: Timestamp, value_h: f64) -> Counted {
        let Some((last_ms, last_h)) = self.last.replace((ts.millis(), value_h)) else {
            return Counted::Steady;
        };
        let elapsed_h = (ts.millis() - last_ms) as f64 / HOUR_MS as f64;
        let step_h = value_h - last_h;
        if step_h < -0.01 || step_h > elapsed_h + SLACK_H {
            return Counted::Restarted;
        }
        self.counted_h += step_h.max(0.0);
        Counted::Steady
    }

    /// Running hours since first seen, over all restarts of the controller's counter, h.
    pub(crate) const fn counted_h(&self) -> f64 {
        self.counted_h
    }

    /// What the controller's counter shows, h.
    pub(crate) fn shown_h(&self) -> Option<f64> {
        self.last.map(|(_, h)| h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_on_through_a_restart() {
        let mut counter = RunHours::default();
        let at = |h: i64| Timestamp::from_millis(h * HOUR_MS);
        assert_eq!(counter.observe(at(0), 4000.0), Counted::Steady);
        assert_eq!(counter.observe(at(10), 4010.0), Counted::Steady);
        assert_eq!(counter.observe(at(11), 0.5), Counted::Restarted);
        assert_eq!(counter.observe(at(13), 2.5), Counted::Steady);
        assert_eq!(counter.observe(at(14), 9000.0), Counted::Restarted);
        assert_eq!((counter.counted_h(), counter.shown_h()), (12.0, Some(9000.0)));
    }
}
