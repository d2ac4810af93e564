//! A machine's own time: which readings continue it, and what is done when its clock steps.
//!
//! A reading not newer than the newest is late and changes nothing. That rule alone would let one reading stamped in the
//! future make the engine deaf until then, so a step far ahead is held in suspicion until the next readings agree with
//! it: a glitch is followed by readings of the old time, the end of an outage by more of the new. Holding costs a reading
//! or two after a gap, and nothing can be concluded from those anyhow, because the machine's regime is unknown after one.
//!
//! Even a step that others confirmed may prove wrong: a controller ran a while with a false date and was put right. Then
//! readings fall, in order, into the hole that the step left, where nothing was ever seen; after a few of them the time
//! goes back there. Repeated deliveries do not fall into the hole, so they cannot turn the clock back.

use foretell_model::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// A step no larger is an ordinary pause.
const PAUSE_MS: i64 = 2 * HOUR_MS;
/// Beyond this a step needs more than one reading to confirm it.
const FAR_MS: i64 = 4 * DAY_MS;
/// Readings and time that confirm a far step.
const FAR_READINGS: u8 = 3;
const FAR_SPAN_MS: i64 = HOUR_MS;
/// Readings and time within the hole that turn the clock back.
const BACK_READINGS: u8 = 5;
const BACK_SPAN_MS: i64 = 20 * MINUTE_MS;
/// A machine's first readings prove its time after so long; until then older ones may replace it.
const PROVEN_MS: i64 = DAY_MS;

/// What a reading's time stamp is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// It continues the machine's time, this long after the one before (0 for the first).
    Next { dt_ms: i64 },
    /// Not newer than the newest.
    Late,
    /// Far ahead and not confirmed yet.
    Held,
    /// The machine's time was wrong and goes back to this reading.
    Back,
}

/// Seconds since 2000, enough until 2136 in half the bytes; doubtful times need no finer measure.
type Second = u32;

/// 1 January 2000.
const FIRST_MS: i64 = 10_957 * DAY_MS;

fn second_of(at_ms: i64) -> Second {
    (at_ms.saturating_sub(FIRST_MS) / 1000).clamp(0, i64::from(Second::MAX)) as Second
}

fn time_of(at: Second) -> Timestamp {
    Timestamp::from_millis(FIRST_MS + i64::from(at) * 1000)
}

fn ms_between(from: Second, to: Second) -> i64 {
    (i64::from(to) - i64::from(from)) * 1000
}

/// A run of readings that do not continue the machine's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    first: Second,
    last: Second,
    readings: u8,
}

impl Run {
    fn begin(at: Second) -> Self {
        Self { first: at, last: at, readings: 1 }
    }

    fn go_on(&mut self, at: Second) {
        self.last = at;
        self.readings = self.readings.saturating_add(1);
    }

    fn span_ms(&self) -> i64 {
        ms_between(self.first, self.last)
    }
}

/// Follows one machine's time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clock {
    last_ms: Option<i64>,
    /// Readings far ahead that wait for confirmation.
    ahead: Run,
    /// Readings that fell into the hole.
    behind: Run,
    /// The hole that the newest confirmed step left: after its first end and before its second nothing was seen. The
    /// first is 0 when there was nothing before.
    hole: (Second, Second),
    /// Steps that proved false.
    pub(crate) false_steps: u16,
}

impl Clock {
    /// Time of the newest reading taken.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.last_ms.map(Timestamp::from_millis)
    }

    /// Time of the newest reading that came ahead of those taken and waits to be believed, to the second; `None` when none does.
    pub(crate) fn waiting(&self) -> Option<Timestamp> {
        (self.ahead.readings > 0).then(|| time_of(self.ahead.last))
    }

    /// Judges a reading's time.
    pub(crate) fn observe(&mut self, ts: Timestamp) -> Stamp {
        let at_ms = ts.millis();
        let Some(last_ms) = self.last_ms else {
            self.last_ms = Some(at_ms);
            self.hole = (0, second_of(at_ms));
            return Stamp::Next { dt_ms: 0 };
        };
        if at_ms <= last_ms {
            return self.behind(at_ms, second_of(last_ms));
        }
        self.behind.readings = 0;
        let dt_ms = at_ms - last_ms;
        if dt_ms <= PAUSE_MS {
            if self.ahead.readings > 0 {
                self.false_steps = self.false_steps.saturating_add(1);
                self.ahead.readings = 0;
            }
            self.last_ms = Some(at_ms);
            return Stamp::Next { dt_ms };
        }
        let last = second_of(last_ms);
        if !self.confirms(second_of(at_ms), last) {
            return Stamp::Held;
        }
        self.hole = (last, self.ahead.first);
        self.ahead.readings = 0;
        self.last_ms = Some(at_ms);
        Stamp::Next { dt_ms }
    }

    /// Whether a reading far ahead, with those held before it, makes the step believable.
    fn confirms(&mut self, at: Second, last: Second) -> bool {
        let step_ms = ms_between(last, self.ahead.first);
        // Sparse readings lie as far apart as the step itself.
        let follows =
            self.ahead.readings > 0 && at > self.ahead.last && ms_between(self.ahead.last, at) <= PAUSE_MS.max(step_ms);
        if !follows {
            self.ahead = Run::begin(at);
            return false;
        }
        self.ahead.go_on(at);
        let (readings, span_ms) = if step_ms > FAR_MS { (FAR_READINGS, FAR_SPAN_MS) } else { (2, 0) };
        self.ahead.readings >= readings && self.ahead.span_ms() >= span_ms
    }

    /// A reading not newer than the newest: late, unless it and others fall into the hole in good order.
    fn behind(&mut self, at_ms: i64, last: Second) -> Stamp {
        let ((from, to), at) = (self.hole, second_of(at_ms));
        // Never more is given up than may be won.
        let provable_ms = if from == 0 { PROVEN_MS } else { ms_between(from, to) };
        if !(from < at && at < to && ms_between(to, last) <= provable_ms) {
            return Stamp::Late;
        }
        if self.behind.readings == 0 || at <= self.behind.last {
            self.behind = Run::begin(at);
        } else {
            self.behind.go_on(at);
        }
        if self.behind.readings < BACK_READINGS || self.behind.span_ms() < BACK_SPAN_MS {
            return Stamp::Late;
        }
        self.false_steps = self.false_steps.saturating_add(1);
        self.last_ms = Some(at_ms);
        self.hole = (Second::MAX, 0);
        (self.ahead.readings, self.behind.readings) = (0, 0);
        Stamp::Back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes in; per reading `+` taken, `.` late, `?` held, `<` back.
    fn check(minutes: &[i64], expected: &str) {
        let mut clock = Clock::default();
        let got: String = minutes
            .iter()
            .map(|minute| match clock.observe(Timestamp::from_millis((26 * 365 * DAY + START + minute) * MINUTE_MS)) {
                Stamp::Next { .. } => '+',
                Stamp::Late => '.',
                Stamp::Held => '?',
                Stamp::Back => '<',
            })
            .collect();
        assert_eq!(got, expected, "{minutes:?}");
    }

    const DAY: i64 = 24 * 60;
    /// 1 January 2000 in minutes.
    const START: i64 = 10_957 * DAY;

    #[test]
    fn one_reading_from_the_future_deafens_nobody() {
        check(&[0, 10, 30 * DAY, 20, 30, 3000 * DAY, 40], "++?++?+");
        // Nor do two with the same false stamp.
        check(&[0, 10, 5 * DAY, 5 * DAY, 20, 30], "++??++");
    }

    #[test]
    fn the_end_of_an_outage_is_believed_from_the_next_reading_on() {
        check(&[0, 10, DAY, DAY + 10, DAY + 20], "++?++");
        check(&[0, 10, 10 * DAY, 10 * DAY + 10, 10 * DAY + 30, 10 * DAY + 60, 10 * DAY + 70], "++???++");
    }

    #[test]
    fn what_waits_to_be_believed_was_heard_all_the_same() {
        let at = |minute: i64| Timestamp::from_millis((START + minute) * MINUTE_MS);
        let mut clock = Clock::default();
        for (minute, waiting) in [(0, None), (9 * DAY, Some(9 * DAY)), (9 * DAY + 5, Some(9 * DAY + 5)), (10, None)] {
            clock.observe(at(minute));
            assert_eq!(clock.waiting(), waiting.map(at), "{minute}");
        }
    }

    #[test]
    fn sparse_readings_are_no_steps() {
        check(&[0, 180, 360, 540, 720, 900], "+?+?+?");
    }

    #[test]
    fn summer_time_and_back_cost_an_hour_at_most() {
        check(&[0, 30, 120, 150, 180], "+++++");
        check(&[60, 90, 120, 70, 80, 90, 100, 110, 120, 130, 140], "+++......++");
    }

    #[test]
    fn a_false_date_that_was_put_right_is_left_again() {
        let mut minutes = vec![0, 10, 20];
        minutes.extend((0..12).map(|n| 400 * DAY + 10 * n));
        minutes.extend((0..8).map(|n| 150 + 10 * n));
        check(&minutes, "+++??????++++++....<+++");
        // The very first reading may be the false one.
        check(&[900 * DAY, 0, 10, 20, 30, 40, 50], "+....<+");
    }

    #[test]
    fn repeated_deliveries_do_not_turn_the_clock_back() {
        let mut minutes: Vec<i64> = (0..10).map(|n| n * 10).collect();
        minutes.extend((0..10).map(|n| 3 * DAY + n * 10));
        let seen = minutes.clone();
        minutes.extend(&seen);
        check(&minutes, &("++++++++++".to_owned() + "?+++++++++" + &".".repeat(20)));
    }

    #[test]
    fn a_backlog_after_live_readings_fills_the_hole() {
        let mut minutes = vec![0, 10];
        minutes.extend([2 * DAY, 2 * DAY + 10, 2 * DAY + 20]);
        minutes.extend((2..8).map(|n| n * 10));
        check(&minutes, "++?++....<+");
    }
}
