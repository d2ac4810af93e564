//! The run-hour counter, made monotone: resets, jumps and a counter that stands still do not reach what is built on it.

use foretell_model::HOUR_MS;
use serde::{Deserialize, Serialize};

/// Counters advance in steps of up to an hour, so a step may exceed the elapsed time by that much.
const SLACK_H: f64 = 1.1;
/// A counter that shows whole hours stands still so long while the machine runs, h; beyond it our own count goes on.
const STEP_H: f32 = 2.0;
/// A counter that stands still so long while the machine runs is stuck, h.
const STUCK_H: f32 = 12.0;
/// A reading speaks for no more running than this, h.
const SPEAKS_FOR_H: f64 = 0.5;

/// What a counter did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Counted {
    /// It went on as it should.
    Steady,
    /// It restarted or jumped from the value given, h; the run goes on from our own count.
    Restarted { from_h: f64 },
}

/// Follows one machine's run-hour counter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunHours {
    /// What it shows, h.
    shown_h: f64,
    /// Our own count since it was first seen, h.
    counted_h: f64,
    /// What it showed at first, h.
    first_h: f32,
    /// Time since it last moved, h, how much of that the machine ran, and how much of that our own count already has.
    still_h: f32,
    stood_h: f32,
    credited_h: f32,
    seen: bool,
}

impl RunHours {
    /// Takes the counter's value `dt_ms` after the reading before; `running` says what the machine did meanwhile.
    pub(crate) fn observe(&mut self, dt_ms: i64, value_h: f64, running: bool) -> Counted {
        if !self.seen {
            (self.seen, self.shown_h, self.first_h) = (true, value_h, value_h as f32);
            return Counted::Steady;
        }
        let dt_h = dt_ms.max(0) as f64 / HOUR_MS as f64;
        self.still_h += dt_h as f32;
        let ran_h = if running { dt_h.min(SPEAKS_FOR_H) as f32 } else { 0.0 };
        let (from_h, step_h) = (self.shown_h, value_h - self.shown_h);
        if step_h < -0.01 || step_h > f64::from(self.still_h) + SLACK_H {
            self.counted_h += f64::from((self.stood_h + ran_h - self.credited_h).max(0.0));
            self.moved_to(value_h);
            return Counted::Restarted { from_h };
        }
        if step_h > 0.0 {
            self.counted_h += (step_h - f64::from(self.credited_h)).max(0.0);
            self.moved_to(value_h);
            return Counted::Steady;
        }
        self.stood_h += ran_h;
        if self.stood_h > STEP_H {
            self.counted_h += f64::from(self.stood_h - self.credited_h);
            self.credited_h = self.stood_h;
        }
        Counted::Steady
    }

    fn moved_to(&mut self, value_h: f64) {
        self.shown_h = value_h;
        (self.still_h, self.stood_h, self.credited_h) = (0.0, 0.0, 0.0);
    }

    /// Running hours since first seen, over all restarts of the controller's counter, h.
    pub(crate) const fn counted_h(&self) -> f64 {
        self.counted_h
    }

    /// The machine's total: what the controller showed at first and what we counted since, h. Unlike the controller's own
    /// it survives an exchanged controller.
    pub(crate) fn total_h(&self) -> Option<f64> {
        self.seen.then(|| f64::from(self.first_h) + self.counted_h)
    }

    /// What the controller's counter shows, h.
    pub(crate) fn shown_h(&self) -> Option<f64> {
        self.seen.then_some(self.shown_h)
    }

    /// Whether it stands still while the machine runs.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stood_h > STUCK_H
    }

    /// Running since it last moved, h.
    pub(crate) fn stood_h(&self) -> f64 {
        f64::from(self.stood_h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings as (hour, counter); expected restarts, own count and total.
    fn check(running: bool, readings: &[(f64, f64)], restarts: usize, counted_h: f64, total_h: f64) {
        let mut counter = RunHours::default();
        let mut last = 0.0;
        let seen = readings
            .iter()
            .filter(|(hour, value_h)| {
                let dt_ms = ((hour - last) * HOUR_MS as f64) as i64;
                last = *hour;
                counter.observe(dt_ms, *value_h, running) != Counted::Steady
            })
            .count();
        assert_eq!(seen, restarts, "{readings:?}");
        assert!((counter.counted_h() - counted_h).abs() < 1e-6, "{readings:?}: counted {}", counter.counted_h());
        assert!((counter.total_h().unwrap_or_default() - total_h).abs() < 1e-6, "{readings:?}");
    }

    #[test]
    fn counts_on_through_restarts_and_jumps() {
        check(false, &[(0.0, 4000.0), (10.0, 4010.0)], 0, 10.0, 4010.0);
        check(false, &[(0.0, 4000.0), (10.0, 4010.0), (11.0, 0.5), (13.0, 2.5), (14.0, 9000.0)], 2, 12.0, 4012.0);
        // A restart while it runs costs no more than the time between two readings.
        check(true, &[(0.0, 4000.0), (0.25, 4000.25), (0.5, 0.0), (0.75, 0.25)], 1, 0.75, 4000.75);
    }

    #[test]
    fn whole_hours_and_daily_updates_are_no_jumps() {
        let whole: Vec<(f64, f64)> =
            (0..48).map(|n| (f64::from(n) / 2.0, (700.7 + f64::from(n) / 2.0).floor())).collect();
        check(true, &whole, 0, 24.0, 724.0);
        let daily: Vec<(f64, f64)> =
            (0..=144).map(|n| (f64::from(n) / 2.0, 700.0 + f64::from(n / 48) * 24.0)).collect();
        check(false, &daily, 0, 72.0, 772.0);
        check(true, &daily, 0, 72.0, 772.0);
    }

    #[test]
    fn a_counter_that_stands_still_is_stuck_and_we_count_ourselves() {
        let mut counter = RunHours::default();
        for _ in 0..60 {
            counter.observe(HOUR_MS / 2, 5000.0, true);
        }
        assert!(counter.is_stuck() && (counter.counted_h() - 29.5).abs() < 1e-9, "{}", counter.counted_h());
    }
}
