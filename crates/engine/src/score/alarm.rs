//! From surprise to a score in \[0, 1\], with one alarm per episode.

/// Surprise at which an alarm begins, nats: one stretch in a thousand by chance.
pub(super) const ALARM_NATS: f64 = 7.0;

/// Surprise below which a signal counts as back to normal, nats.
pub(super) const CALM_NATS: f64 = 3.0;

/// Calm values in a row before an alarm ends. A signal that comes back for fewer has not come back.
const CALM_VALUES: u32 = 12;

/// Whether there is an alarm, since when, and how bad it was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    raised: bool,
    age: u64,
    calm: u32,
    peak: f64,
}

/// What one more value did to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Quiet,
    Raised,
    Held,
    Ended,
}

impl Alarm {
    /// Takes the surprise of one more value.
    pub(super) fn turn(&mut self, surprise: f64) -> Turn {
        if !self.raised {
            if surprise < ALARM_NATS {
                return Turn::Quiet;
            }
            *self = Self { raised: true, age: 0, calm: 0, peak: surprise };
            return Turn::Raised;
        }
        self.age += 1;
        self.peak = self.peak.max(surprise);
        self.calm = if surprise < CALM_NATS { self.calm + 1 } else { 0 };
        if self.calm < CALM_VALUES {
            return Turn::Held;
        }
        self.raised = false;
        Turn::Ended
    }

    pub(super) const fn is_raised(&self) -> bool {
        self.raised
    }

    /// Values since the alarm began.
    pub(super) const fn age(&self) -> u64 {
        self.age
    }

    /// The score: a half at the alarm's beginning, and never falling while the alarm lasts; below a half without one.
    /// So a threshold of a half or more is crossed once an episode.
    pub(super) fn score(&self, surprise: f64) -> f64 {
        let nats = if self.raised { self.peak } else { surprise.min(ALARM_NATS * 0.999) };
        // In this form it is 1 for a surprise without bounds, which any value can be after nothing but zeros.
        1.0 / (1.0 + (ALARM_NATS / nats).powi(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(surprises: &[f64], expected: &[Turn], episodes: usize) {
        let mut alarm = Alarm::default();
        let (mut turns, mut scores) = (Vec::new(), Vec::new());
        for surprise in surprises {
            turns.push(alarm.turn(*surprise));
            scores.push(alarm.score(*surprise));
        }
        assert_eq!(turns, expected);
        for threshold in [0.5, 0.6] {
            let above: Vec<bool> = scores.iter().map(|score| *score >= threshold).collect();
            let begun = above.windows(2).filter(|pair| !pair[0] && pair[1]).count();
            assert_eq!(begun, episodes, "{threshold}: {scores:?}");
        }
    }

    #[test]
    fn the_score_is_between_0_and_1_whatever_the_surprise() {
        for (surprise, expected) in [(0.0, 0.0), (ALARM_NATS, 0.5), (1e200, 1.0), (f64::INFINITY, 1.0)] {
            let mut alarm = Alarm::default();
            alarm.turn(surprise);
            assert_eq!(alarm.score(surprise), expected, "{surprise}");
        }
    }

    #[test]
    fn an_episode_is_one_alarm_until_the_signal_has_really_come_back() {
        use Turn::{Ended, Held, Quiet, Raised};
        let mut surprises = vec![0.0, 6.9, 9.0, 2.0, 5.0, 30.0, 2.9, 1.0, 8.0];
        let mut turns = vec![Quiet, Quiet, Raised, Held, Held, Held, Held, Held, Held];
        surprises.extend([0.0; 13]);
        turns.extend([Held; 11]);
        turns.extend([Ended, Quiet]);
        check(&surprises, &turns, 1);
        surprises.push(12.0);
        turns.push(Raised);
        check(&surprises, &turns, 2);
    }
}
