//! One machine's derived counter: what was given for which time stamp, which stretches of time were seen, and what is owed.
//!
//! The newest readings are remembered one by one, older ones as stretches without a gap. So a late reading still finds its neighbours:
//! what it shows of running is *owed*, because what was given to later readings stays, and is paid with the readings to come.

use std::collections::VecDeque;

use foretell_model::{HOUR_MS, Timestamp};

use super::HoursRule;

/// So many stretches are told apart; then the two oldest become one, and what comes late between them no longer counts.
const SPANS_MAX: usize = 64;

/// Most that is paid with one reading, in milliseconds. Whoever follows a counter allows for steps of an hour.
const PAID_MAX_MS: i64 = HOUR_MS;

/// What was given for a time stamp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) ts: Timestamp,
    /// Whole milliseconds, so that sums are exact and a value read back from the log continues them exactly.
    pub(super) running_ms: i64,
    /// Whether the machine ran from here on.
    pub(super) on: bool,
}

/// A stretch of readings none of which is further from the next than the allowed gap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    first: Given,
    last: Given,
}

/// What a reading gets.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Verdict {
    running_ms: i64,
    /// What is owed from then on.
    owed_ms: i64,
    /// Whether it was seen before, itself or others around it: then nothing changes.
    is_known: bool,
}

/// See the module's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Timeline {
    /// The newest readings, by time.
    recent: VecDeque<Given>,
    /// Stretches before those, by time; they do not overlap.
    spans: VecDeque<Span>,
    /// Running that late readings have shown and that no reading was given yet, in milliseconds; below 0 where they have shown that
    /// the machine stood.
    owed_ms: i64,
}

impl Timeline {
    /// What a reading would get, in milliseconds.
    pub(super) fn peek(&self, rule: &HoursRule, ts: Timestamp, on: bool) -> i64 {
        self.judge(rule, ts, on).running_ms
    }

    /// What a reading gets, in milliseconds; remembered, at most `recent_max` of them one by one.
    pub(super) fn take(&mut self, rule: &HoursRule, ts: Timestamp, on: bool, recent_max: usize) -> i64 {
        let verdict = self.judge(rule, ts, on);
        if !verdict.is_known {
            self.owed_ms = verdict.owed_ms;
            self.remember(rule, Given { ts, running_ms: verdict.running_ms, on }, recent_max);
        }
        verdict.running_ms
    }

    /// Remembers a reading as it was given once.
    pub(super) fn recall(&mut self, rule: &HoursRule, given: Given, recent_max: usize) {
        let verdict = self.judge(rule, given.ts, given.on);
        if verdict.is_known {
            return;
        }
        // The same reading in the same place has paid the same; another step is no payment of ours but a counter that was set.
        let paid_ms = given.running_ms - verdict.running_ms;
        let is_newest = self.recent.back().is_some_and(|newest| newest.ts < given.ts);
        let is_payment = is_newest && paid_ms.abs() <= PAID_MAX_MS;
        self.owed_ms = verdict.owed_ms - if is_payment { paid_ms } else { 0 };
        self.remember(rule, given, recent_max);
    }

    fn judge(&self, rule: &HoursRule, ts: Timestamp, on: bool) -> Verdict {
        let known = |running_ms| Verdict { running_ms, owed_ms: self.owed_ms, is_known: true };
        let (before, after) = match self.recent.binary_search_by_key(&ts, |given| given.ts) {
            Ok(place) => return known(self.recent[place].running_ms),
            Err(0) => {
                let place = self.spans.partition_point(|span| span.first.ts <= ts);
                let span = place.checked_sub(1).and_then(|before| self.spans.get(before));
                if let Some(span) = span.filter(|span| ts <= span.last.ts) {
                    return known(if ts == span.first.ts { span.first.running_ms } else { span.last.running_ms });
                }
                let after = self.spans.get(place).map(|span| &span.first);
                (span.map(|span| &span.last), after.or(self.recent.front()))
            }
            Err(place) => (self.recent.get(place - 1), self.recent.get(place)),
        };
        let counted_ms = before.map_or(0, |before| rule.counted_ms(before.on, before.ts, ts));
        let (running_ms, shown_ms) = match (before, after) {
            (None, None) => (rule.start_ms(), 0),
            (Some(before), None) => {
                let paid_ms = self.owed_ms.clamp(-counted_ms, PAID_MAX_MS);
                (before.running_ms + counted_ms + paid_ms, -paid_ms)
            }
            (Some(before), Some(after)) => {
                let then_ms = rule.counted_ms(on, ts, after.ts) - rule.counted_ms(before.on, before.ts, after.ts);
                ((before.running_ms + counted_ms).min(after.running_ms), counted_ms + then_ms)
            }
            // Before all that is known: below the next by what was counted in between, as far as there is room above 0.
            (None, Some(after)) => {
                let then_ms = rule.counted_ms(on, ts, after.ts);
                let running_ms = (after.running_ms - then_ms).max(0);
                (running_ms, then_ms - (after.running_ms - running_ms))
            }
        };
        let is_too_late = self.recent.back().is_some_and(|newest| newest.ts - ts > rule.late_max_ms);
        let owed_ms = if is_too_late { self.owed_ms } else { self.owed_ms + shown_ms };
        Verdict { running_ms, owed_ms, is_known: false }
    }

    fn remember(&mut self, rule: &HoursRule, given: Given, recent_max: usize) {
        let place = self.recent.partition_point(|known| known.ts < given.ts);
        if place > 0 || self.recent.len() < recent_max && self.spans.is_empty() {
            self.recent.insert(place, given);
        } else {
            self.join(rule, given);
        }
        while self.recent.len() > recent_max {
            if let Some(oldest) = self.recent.pop_front() {
                self.join(rule, oldest);
            }
        }
    }

    /// Adds a reading that lies in no stretch to those that it is near to, or begins one with it.
    fn join(&mut self, rule: &HoursRule, given: Given) {
        let mut place = self.spans.partition_point(|span| span.first.ts <= given.ts);
        let is_near = |from: Timestamp, to: Timestamp| to - from <= rule.gap_max_ms;
        match place.checked_sub(1).and_then(|before| self.spans.get_mut(before)) {
            Some(span) if is_near(span.last.ts, given.ts) => {
                span.last = given;
                place -= 1;
            }
            _ => self.spans.insert(place, Span { first: given, last: given }),
        }
        if let Some(next) = self.spans.get(place + 1).copied().filter(|next| is_near(given.ts, next.first.ts)) {
            self.spans[place].last = next.last;
            self.spans.remove(place + 1);
        }
        if self.spans.len() > SPANS_MAX
            && let Some(oldest) = self.spans.pop_front()
        {
            self.spans[0].first = oldest.first;
        }
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.recent.len()
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Signal;
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 1_440;

    fn rule() -> HoursRule {
        let (gap_max_ms, late_max_ms) = (600_000, 30 * 24 * HOUR_MS);
        HoursRule { from: Signal::MotorCurrent, above: 5.0, start_h: 5_000.0, gap_max_ms, late_max_ms, machines_max: 1 }
    }

    fn ts(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    /// Minutes that the machine ran, of readings in order of time.
    fn truth(readings: &[(i64, bool)]) -> i64 {
        let mut sorted = readings.to_vec();
        sorted.sort_unstable();
        sorted.windows(2).map(|pair| rule().counted_ms(pair[0].1, ts(pair[0].0), ts(pair[1].0)) / 60_000).sum()
    }

    /// Minutes on the counter between the first reading by time and the last, with what is owed.
    fn counted(readings: &[(i64, bool)], recent_max: usize) -> i64 {
        let (mut timeline, mut given) = (Timeline::default(), Vec::new());
        for (minute, on) in readings {
            given.push((*minute, timeline.take(&rule(), ts(*minute), *on, recent_max)));
        }
        given.sort_unstable();
        (given[given.len() - 1].1 + timeline.owed_ms - given[0].1) / 60_000
    }

    /// Two days lived, then an hour after a day's silence, then that day as a backlog in the order of `arranged`, in which the
    /// machine ran all the time; the memory holds `recent_max` readings one by one.
    fn check_backlog(recent_max: usize, arranged: impl Fn(&mut Vec<(i64, bool)>)) {
        let of = |from: i64, to: i64| (from..to).map(|minute| (minute, true)).collect::<Vec<_>>();
        let mut backlog = of(2 * DAY, 3 * DAY);
        arranged(&mut backlog);
        let readings = [of(0, 2 * DAY), of(3 * DAY, 3 * DAY + 60), backlog].concat();
        assert_eq!(truth(&readings), 3 * DAY + 59);
        assert_eq!(counted(&readings, recent_max), 3 * DAY + 59, "{recent_max}");
    }

    #[test]
    fn a_backlog_counts_in_whatever_order_it_comes_and_however_little_is_remembered() {
        for recent_max in [16, 100, 4_096] {
            check_backlog(recent_max, |_| {});
            check_backlog(recent_max, |backlog| backlog.reverse());
            // Two halves, the later one first, each in good order.
            check_backlog(recent_max, |backlog| backlog.rotate_left(DAY as usize / 2));
        }
    }

    #[test]
    fn what_is_owed_is_paid_in_steps_and_the_counter_never_falls() {
        let (rule, mut timeline) = (rule(), Timeline::default());
        let mut at = |minute: i64, on| (timeline.take(&rule, ts(minute), on, 100) - 5_000 * HOUR_MS) / 60_000;
        assert_eq!([at(0, true), at(500, true), at(501, true)], [0, 0, 1]);
        // Two hundred minutes of the silence.
        let late: Vec<_> = (1..=40).map(|n| at(n * 5, true)).collect();
        assert!(late.iter().all(|minutes| *minutes == 0), "{late:?}");
        let live: Vec<_> = (502..=507).map(|minute| at(minute, true)).collect();
        assert_eq!(live, [62, 123, 184, 205, 206, 207], "200 minutes late, and one with each reading");
        // Seen again, each is what it was.
        assert_eq!([at(100, true), at(503, true), at(0, true)], [0, 123, 0]);
    }

    #[test]
    fn what_comes_too_late_does_not_count_and_what_stood_is_taken_back() {
        let (rule, mut timeline) = (rule(), Timeline::default());
        let mut at = |minute: i64, on| (timeline.take(&rule, ts(minute), on, 100) - 5_000 * HOUR_MS) / 60_000;
        assert_eq!([at(0, true), at(10, true), at(40 * DAY, true)], [0, 10, 10]);
        assert_eq!([at(15, true), at(20, true)], [10, 10]);
        assert_eq!(at(40 * DAY + 1, true), 11, "thirty days and more are too late");
        // It stood between two readings that were thought to be one run.
        assert_eq!([at(40 * DAY + 11, true), at(40 * DAY + 2, false)], [21, 12]);
        assert_eq!([at(40 * DAY + 12, true), at(40 * DAY + 21, true)], [21, 22]);
    }

    #[test]
    fn many_stretches_are_few_in_memory() {
        let (rule, mut timeline) = (rule(), Timeline::default());
        for n in 0..1_000 {
            timeline.take(&rule, ts(n * DAY), true, 16);
        }
        assert_eq!((timeline.recent.len(), timeline.spans.len()), (16, SPANS_MAX));
        let is_in_order = timeline.spans.iter().all(|span| span.first.ts <= span.last.ts);
        assert!(is_in_order && timeline.spans.iter().is_sorted_by_key(|span| span.first.ts));
    }

    proptest! {
        /// Whatever the order, all that ran is on the counter at the end, and nothing else; and memory that is rebuilt from what
        /// was given goes on in the same way.
        #[test]
        fn every_order_of_arrival_counts_alike(
            steps in prop::collection::vec((1_i64..15, any::<bool>()), 2..120),
            keys in prop::collection::vec(any::<u32>(), 120),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut minute = 0;
            let mut readings: Vec<_> = steps.into_iter().map(|(step, on)| { minute += step; (minute, on) }).collect();
            let mut order: Vec<_> = keys.into_iter().zip(0..readings.len()).collect();
            order.sort_unstable();
            readings = order.into_iter().map(|(_, at)| readings[at]).collect();
            prop_assert_eq!(counted(&readings, 4_096), truth(&readings));

            let (rule, cut) = (rule(), cut.index(readings.len()));
            let (mut undisturbed, mut rebuilt) = (Timeline::default(), Timeline::default());
            for (place, (minute, on)) in readings.iter().enumerate() {
                let running_ms = undisturbed.take(&rule, ts(*minute), *on, 50);
                if place < cut {
                    rebuilt.recall(&rule, Given { ts: ts(*minute), running_ms, on: *on }, 50);
                } else {
                    prop_assert_eq!(rebuilt.take(&rule, ts(*minute), *on, 50), running_ms);
                }
            }
            prop_assert_eq!(rebuilt, undisturbed);
        }
    }
}
