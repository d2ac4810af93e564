//! Whether this computer's clock can be believed. Pure: it is told each time the clock is read for work.
//!
//! Caps and silences are spans of time, so a clock that is set back or forth could break them. A clock that goes back is in
//! doubt until it has run on steadily for some hours: nothing is sent meanwhile, and a time server usually corrects it long
//! before. If it is believed then and jumps forward later, what was sent in between counts from the later time. A clock that
//! jumps forward out of the blue cannot be told from a computer that was switched off.

use foretell_model::{HOUR_MS, MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// Going back by less is an ordinary correction.
const TOLERANCE_MS: i64 = 5 * MINUTE_MS;
/// A clock that went back is believed after running on for so long.
const PROBATION_MS: i64 = 6 * HOUR_MS;
/// What was seen is kept this often.
const KEPT_EVERY_MS: i64 = 2 * MINUTE_MS;
/// Going forward by more between two looks is a jump, as far as it matters after a step back.
const JUMP_MS: i64 = HOUR_MS;

/// What was seen of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// The latest time that was believed, ms since 1970.
    believed: i64,
    /// The last time that was seen.
    seen: i64,
    /// When the clock that went back began to run on.
    doubted_from: Option<i64>,
    /// A step back was believed then; the time before it might have been right.
    stepped_at: Option<i64>,
    /// It is that of the readings: a rehearsal, whatever hour it is outside.
    #[serde(default)]
    pub(crate) of_readings: bool,
}

/// What a look at the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All is well.
    Steady,
    /// It went back: nothing is sent before then.
    Doubtful(Timestamp),
    /// What claims to have happened after `from` happened by now at the latest.
    Redate {
        /// See above.
        from: Timestamp,
    },
}

impl Watch {
    /// A clock seen for the first time.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { believed: now.millis(), seen: now.millis(), doubted_from: None, stepped_at: None, of_readings: false }
    }

    /// The latest time that was believed.
    pub(crate) const fn believed(&self) -> Timestamp {
        Timestamp::from_millis(self.believed)
    }

    /// Looks at the clock.
    pub(crate) fn look(&mut self, now: Timestamp) -> Seen {
        let (t, seen) = (now.millis(), self.seen);
        self.seen = t;
        if t >= self.believed - TOLERANCE_MS && self.doubted_from.is_none() {
            return self.go_on(t, seen);
        }
        if t >= self.believed - TOLERANCE_MS {
            // Corrected during the probation: nothing was sent meanwhile.
            self.doubted_from = None;
            self.believed = self.believed.max(t);
            return Seen::Steady;
        }
        let from = match self.doubted_from {
            // Any further jump begins the probation anew.
            Some(from) if (-TOLERANCE_MS..=PROBATION_MS).contains(&(t - seen)) => from.min(t),
            _ => t,
        };
        if t - from < PROBATION_MS {
            self.doubted_from = Some(from);
            return Seen::Doubtful(Timestamp::from_millis(from + PROBATION_MS));
        }
        (self.believed, self.doubted_from, self.stepped_at) = (t, None, Some(t));
        Seen::Redate { from: now }
    }

    /// Whether it is worth keeping: something turned, or some minutes went by.
    pub(crate) const fn is_news_after(&self, before: &Self) -> bool {
        let turned = self.doubted_from.is_some() != before.doubted_from.is_some()
            || self.stepped_at.is_some() != before.stepped_at.is_some()
            || self.of_readings != before.of_readings;
        turned || self.seen < before.seen || self.seen - before.seen >= KEPT_EVERY_MS
    }

    fn go_on(&mut self, t: i64, seen: i64) -> Seen {
        self.believed = self.believed.max(t);
        match self.stepped_at {
            Some(stepped) if t - seen > JUMP_MS => {
                self.stepped_at = None;
                Seen::Redate { from: Timestamp::from_millis(stepped - 1) }
            }
            _ => Seen::Steady,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hours: &[f64], expected: &str) {
        let at = |h: f64| Timestamp::from_millis((h * HOUR_MS as f64) as i64);
        let mut watch = Watch::new(at(1_000.0));
        let seen = hours.iter().map(|h| match watch.look(at(1_000.0 + h)) {
            Seen::Steady => "steady".to_owned(),
            Seen::Doubtful(until) => format!("doubtful until {}", until.hours_since(at(1_000.0))),
            Seen::Redate { from } => format!("redate from {}", from.hours_since(at(1_000.0)).round()),
        });
        assert_eq!(seen.collect::<Vec<_>>().join("; "), expected);
    }

    #[test]
    fn a_clock_that_goes_back_is_in_doubt_until_it_ran_steadily() {
        check(&[0.0, 1.0, 50.0, 49.95], "steady; steady; steady; steady");
        check(&[0.0, -10.0, -9.0, 1.0], "steady; doubtful until -4; doubtful until -4; steady");
        check(&[0.0, -10.0, -7.0, -4.0, -3.0], "steady; doubtful until -4; doubtful until -4; redate from -4; steady");
        // It goes back again: the probation begins anew.
        check(&[0.0, -10.0, -20.0, -14.0], "steady; doubtful until -4; doubtful until -14; redate from -14");
        // It was right before: what was sent since it was believed counts from now.
        check(&[0.0, -10.0, -4.0, -3.5, 2.0], "steady; doubtful until -4; redate from -4; steady; redate from -4");
    }
}
