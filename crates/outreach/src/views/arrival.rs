//! When somebody on the way is expected. One rule for everybody who tells of it: the newest word counts, whoever said it.

use foretell_model::{MINUTE_MS, Timestamp};

use super::{Journey, ServiceCase};

/// Arrivals are told in steps of so many minutes: nobody knows them better.
const STEP_MS: i64 = 5 * MINUTE_MS;

/// When somebody is expected, and since when that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// When that was said, or reckoned from where somebody was.
    pub as_of: Timestamp,
    /// Whether a person said so, rather than the distance.
    pub told: bool,
}

impl Arrival {
    /// What counts of what was known and what is said now: the later word.
    #[must_use]
    pub fn newest(known: Option<Self>, said: Self) -> Self {
        known.filter(|known| known.as_of > said.as_of).unwrap_or(said)
    }

    /// The instant as letters and pages tell it: rounded up to five minutes.
    #[must_use]
    pub const fn about(&self) -> Timestamp {
        Timestamp::from_millis((self.at.millis() + STEP_MS - 1).div_euclid(STEP_MS) * STEP_MS)
    }
}

impl Journey {
    /// When somebody is expected, if anybody knows.
    #[must_use]
    pub fn arrival(&self) -> Option<Arrival> {
        known(self.eta, self.eta_at.unwrap_or(self.set_out), self.eta_told)
    }

    /// Takes a word about the arrival.
    pub(crate) fn expect(&mut self, said: Arrival) {
        let newest = Arrival::newest(self.arrival(), said);
        (self.eta, self.eta_at, self.eta_told) = (Some(newest.at), Some(newest.as_of), newest.told);
    }
}

impl ServiceCase {
    /// When somebody is expected, if anybody knows.
    #[must_use]
    pub fn arrival(&self) -> Option<Arrival> {
        known(self.eta, self.eta_at.or(self.set_out).unwrap_or(self.opened), self.eta_told)
    }

    /// Takes a word about the arrival.
    pub(crate) fn expect(&mut self, said: Arrival) {
        let newest = Arrival::newest(self.arrival(), said);
        (self.eta, self.eta_at, self.eta_told) = (Some(newest.at), Some(newest.as_of), newest.told);
    }
}

fn known(at: Option<Timestamp>, as_of: Timestamp, told: bool) -> Option<Arrival> {
    at.map(|at| Arrival { at, as_of, told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_counts_whoever_said_it() {
        #[track_caller]
        fn check(known: Option<(i64, i64, bool)>, said: (i64, i64, bool), expected: (i64, bool)) {
            let minute = |n: i64| Timestamp::from_millis(n * MINUTE_MS);
            let word = |(at, as_of, told)| Arrival { at: minute(at), as_of: minute(as_of), told };
            let newest = Arrival::newest(known.map(word), word(said));
            assert_eq!((newest.at, newest.told), (minute(expected.0), expected.1));
        }
        check(None, (90, 0, true), (90, true));
        // The telephone's place is newer than what the advisor said, and the technician's word newer than the place.
        check(Some((90, 0, true)), (156, 30, false), (156, false));
        check(Some((156, 30, false)), (120, 31, true), (120, true));
        // What comes late about an earlier minute changes nothing; of two words of one minute the second counts.
        check(Some((156, 30, false)), (90, 10, true), (156, false));
        check(Some((156, 30, false)), (150, 30, true), (150, true));
    }

    #[test]
    fn an_arrival_is_told_in_steps_that_one_can_know() {
        let told = |seconds: i64| {
            let at = Timestamp::from_millis(seconds * 1_000);
            Arrival { at, as_of: at, told: true }.about().millis() / 1_000
        };
        assert_eq!([told(0), told(1), told(300), told(301)], [0, 300, 300, 600]);
    }
}
