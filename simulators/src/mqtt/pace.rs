//! How fast simulated time passes: as fast as acknowledgements return, or so many simulated seconds per second.

use std::time::Duration;

use tokio::time::Instant;

/// One stretch of a pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Simulated time at which it ends, ms since 1970 UTC; `None` for the last.
    pub until_ms: Option<i64>,
    /// Simulated seconds per second; `None` for as fast as acknowledgements return.
    pub factor: Option<f64>,
}

/// A sequence of phases; after the last one's end its factor stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    /// In order of their ends.
    pub phases: Vec<Phase>,
}

impl Pace {
    /// As fast as acknowledgements return.
    #[must_use]
    pub fn fastest() -> Self {
        Self::default()
    }

    /// The same factor all the time.
    #[must_use]
    pub fn constant(factor: f64) -> Self {
        Self { phases: vec![Phase { until_ms: None, factor: Some(factor) }] }
    }

    /// As fast as possible, or at most by a factor, until a simulated instant, then by another factor.
    #[must_use]
    pub fn then(first: Option<f64>, until_ms: i64, factor: f64) -> Self {
        Self {
            phases: vec![
                Phase { until_ms: Some(until_ms), factor: first },
                Phase { until_ms: None, factor: Some(factor) },
            ],
        }
    }

    fn phase_at(&self, at_ms: i64) -> Option<usize> {
        let current = self.phases.iter().position(|phase| phase.until_ms.is_none_or(|until_ms| at_ms < until_ms));
        current.or_else(|| self.phases.len().checked_sub(1))
    }
}

/// Keeps a pace.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    anchor: Option<(usize, Instant, i64)>,
}

impl Pacer {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { pace, anchor: None }
    }

    /// When a simulated instant is due, if not at once. Late is late: after a stall time runs on from where it is, so
    /// that a slow broker is not punished with a burst.
    pub(super) fn due(&mut self, now: Instant, at_ms: i64) -> Option<Instant> {
        const LATE: Duration = Duration::from_secs(2);
        let phase = self.pace.phase_at(at_ms)?;
        let factor = self.pace.phases[phase].factor?;
        let (since, since_ms) = match self.anchor {
            Some((anchored, since, since_ms)) if anchored == phase => (since, since_ms),
            _ => {
                self.anchor = Some((phase, now, at_ms));
                (now, at_ms)
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "years in milliseconds")]
        let seconds = (at_ms - since_ms).max(0) as f64 / 1000.0 / factor.max(1e-6);
        let due = since + Duration::from_secs_f64(seconds.min(1e8));
        if now > due + LATE {
            self.anchor = Some((phase, now, at_ms));
            return None;
        }
        (due > now).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Pace::then(None, 10_000, 10.0));
        assert_eq!(pacer.due(now, 9_999), None);
        assert_eq!(pacer.due(now, 10_000), None);
        assert_eq!(pacer.due(now, 15_000), Some(now + Duration::from_millis(500)));
    }

    #[test]
    fn a_stall_is_not_made_up_for() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Pace::constant(1.0));
        assert_eq!(pacer.due(now, 0), None);
        let later = now + Duration::from_secs(60);
        assert_eq!(pacer.due(later, 1000), None);
        assert_eq!(pacer.due(later, 2000), Some(later + Duration::from_secs(1)));
    }
}
