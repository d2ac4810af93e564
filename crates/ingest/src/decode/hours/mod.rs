//! Run hours for machines whose source has no counter: the time that another signal was above a threshold.
//!
//! The value must be the same whenever the same reading is decoded, because the log recognises a redelivery by its content.
//! So it depends on event time alone, and what was given for a time stamp is remembered (the newest [`RECENT_MAX`] readings
//! of each machine) and given again. After a restart the memory is rebuilt from the log through [`RunHours::seed`].
//!
//! An interval between two readings counts when the signal was above the threshold at its beginning and the interval is
//! not longer than the allowed gap: what was not seen is not counted. A reading that arrives out of order gets a value
//! between its neighbours; the neighbours keep theirs, so hours of a backlog that arrives after newer readings are lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretell_model::{HOUR_MS, MachineId, Signal, Signals, Timestamp};

use super::reason::{Fault, RefusalReason};

/// How many readings of a machine are remembered; more than a broker's window of unacknowledged messages.
const RECENT_MAX: usize = 4096;
/// For how many machines hours are derived; with full memories they take 100 MB.
const MACHINES_MAX: usize = 1000;

/// When hours count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HoursRule {
    /// The signal to watch.
    pub(super) from: Signal,
    /// The machine runs while the signal is above this, in the signal's unit.
    pub(super) above: f64,
    /// Hours on the counter before the first reading.
    pub(super) start_h: f64,
    /// A longer interval between two readings counts nothing, in milliseconds.
    pub(super) gap_max_ms: i64,
}

/// The counters of all machines under one rule.
#[derive(Debug)]
pub(super) struct RunHours {
    rule: HoursRule,
    machines: Mutex<HashMap<MachineId, VecDeque<Given>>>,
}

/// What was given for a time stamp.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Given {
    ts: Timestamp,
    /// Whole milliseconds, so that sums are exact and a value read back from the log continues them exactly.
    running_ms: i64,
    /// Whether the machine ran from here on.
    on: bool,
}

impl RunHours {
    pub(super) fn new(rule: HoursRule) -> Self {
        Self { rule, machines: Mutex::new(HashMap::new()) }
    }

    /// The signal that decides whether the machine runs.
    pub(super) const fn watches(&self) -> Signal {
        self.rule.from
    }

    /// The hours at a reading; remembered, so that the same reading gets the same hours again.
    ///
    /// # Errors
    /// When hours are derived for too many machines already.
    pub(super) fn at(&self, machine: &MachineId, ts: Timestamp, signals: &Signals) -> Result<f64, Fault> {
        let mut machines = self.lock();
        if machines.len() >= MACHINES_MAX && !machines.contains_key(machine) {
            let detail = format!("run hours are derived for at most {MACHINES_MAX} machines");
            return Err(Fault::new(RefusalReason::TooManyMachines, detail));
        }
        let recent = machines.entry(machine.clone()).or_default();
        let given = match recent.binary_search_by_key(&ts, |given| given.ts) {
            Ok(place) => recent[place],
            Err(place) => {
                let given = self.rule.given(recent, place, ts, signals);
                remember(recent, place, given);
                given
            }
        };
        Ok(hours(given.running_ms))
    }

    /// The hours that a reading would get; nothing is remembered.
    pub(super) fn peek(&self, machine: &MachineId, ts: Timestamp, signals: &Signals) -> f64 {
        let machines = self.lock();
        let nothing = VecDeque::new();
        let recent = machines.get(machine).unwrap_or(&nothing);
        let running_ms = match recent.binary_search_by_key(&ts, |given| given.ts) {
            Ok(place) => recent[place].running_ms,
            Err(place) => self.rule.given(recent, place, ts, signals).running_ms,
        };
        hours(running_ms)
    }

    /// Remembers a reading of the log as it was given then.
    pub(super) fn seed(&self, machine: &MachineId, ts: Timestamp, signals: &Signals) {
        let Some(run_hours) = signals.get(Signal::RunHours) else { return };
        let mut machines = self.lock();
        if machines.len() >= MACHINES_MAX && !machines.contains_key(machine) {
            return;
        }
        let recent = machines.entry(machine.clone()).or_default();
        if let Err(place) = recent.binary_search_by_key(&ts, |given| given.ts) {
            let running_ms = (run_hours * HOUR_MS as f64).round() as i64;
            remember(recent, place, Given { ts, running_ms, on: self.rule.is_on(signals) });
        }
    }

    /// A poisoned lock is taken over: every entry is written whole, so none is half done.
    fn lock(&self) -> MutexGuard<'_, HashMap<MachineId, VecDeque<Given>>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HoursRule {
    fn is_on(&self, signals: &Signals) -> bool {
        signals.get(self.from).is_some_and(|value| value > self.above)
    }

    /// What a new reading at `place` among the remembered ones gets.
    fn given(&self, recent: &VecDeque<Given>, place: usize, ts: Timestamp, signals: &Signals) -> Given {
        let on = self.is_on(signals);
        let before = place.checked_sub(1).and_then(|i| recent.get(i));
        let running_ms = match (before, recent.get(place)) {
            (Some(before), after) => {
                let sum = before.running_ms + self.counted_ms(before.on, before.ts, ts);
                after.map_or(sum, |after| sum.min(after.running_ms))
            }
            // Older than all that is remembered: as far below the next as was counted in between.
            (None, Some(after)) => (after.running_ms - self.counted_ms(on, ts, after.ts)).max(0),
            (None, None) => (self.start_h * HOUR_MS as f64).round() as i64,
        };
        Given { ts, running_ms, on }
    }

    fn counted_ms(&self, on: bool, from: Timestamp, to: Timestamp) -> i64 {
        let gap_ms = to - from;
        if on && gap_ms <= self.gap_max_ms { gap_ms } else { 0 }
    }
}

/// Keeps the memory sorted and bounded: the oldest goes, and what is older than all of a full memory is not kept.
fn remember(recent: &mut VecDeque<Given>, place: usize, given: Given) {
    if recent.len() < RECENT_MAX {
        recent.insert(place, given);
    } else if place > 0 {
        recent.pop_front();
        recent.insert(place - 1, given);
    }
}

fn hours(running_ms: i64) -> f64 {
    running_ms as f64 / HOUR_MS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn rule() -> HoursRule {
        HoursRule { from: Signal::MotorCurrent, above: 5.0, start_h: 100.0, gap_max_ms: 600_000 }
    }

    fn at(hours: &RunHours, minute: i64, amperes: f64) -> f64 {
        let machine = MachineId::new("s", "m").unwrap();
        let ts = Timestamp::from_millis(minute * 60_000);
        hours.at(&machine, ts, &Signals::empty().with(Signal::MotorCurrent, amperes)).unwrap()
    }

    #[expect(clippy::needless_pass_by_value, reason = "expect_test's values are made in place")]
    fn check(readings: &[(i64, f64)], expected: Expect) {
        let hours = RunHours::new(rule());
        let minutes: Vec<_> = readings
            .iter()
            .map(|(minute, a)| format!("{minute}: {:.0}", (at(&hours, *minute, *a) - 100.0) * 60.0))
            .collect();
        expected.assert_eq(&minutes.join(", "));
    }

    #[test]
    fn counts_the_minutes_that_began_above() {
        check(&[(0, 0.0), (5, 40.0), (10, 40.0), (15, 0.0), (20, 0.0)], expect!["0: 0, 5: 0, 10: 5, 15: 10, 20: 10"]);
    }

    #[test]
    fn does_not_count_what_it_did_not_see() {
        check(&[(0, 40.0), (10, 40.0), (21, 40.0), (31, 40.0)], expect!["0: 0, 10: 10, 21: 10, 31: 20"]);
    }

    #[test]
    fn gives_late_readings_a_value_between_their_neighbours() {
        check(
            &[(10, 40.0), (20, 40.0), (15, 40.0), (5, 40.0), (0, 40.0)],
            expect!["10: 0, 20: 10, 15: 5, 5: -5, 0: -10"],
        );
    }

    #[test]
    fn forgets_the_oldest_when_full() {
        let hours = RunHours::new(rule());
        let values: Vec<_> = (0..5000).map(|minute| at(&hours, minute, 40.0)).collect();
        assert_eq!(at(&hours, 4999, 40.0), values[4999]);
        assert_eq!(at(&hours, 5000 - 4096, 40.0), values[5000 - 4096]);
        assert_eq!(hours.lock().values().map(VecDeque::len).sum::<usize>(), RECENT_MAX);
    }

    proptest! {
        /// The heart of the matter: killed at any point, seeded with what was logged, redelivered from anywhere before,
        /// every reading gets the hours that it would have got without the kill.
        #[test]
        fn a_restart_changes_nothing(
            steps in prop::collection::vec((1_i64..15, 0.0_f64..10.0), 2..200),
            cut in any::<prop::sample::Index>(),
            back in 0_usize..50,
        ) {
            let machine = MachineId::new("s", "m").unwrap();
            let mut minute = 0;
            let readings: Vec<_> = steps.into_iter().map(|(step, a)| { minute += step; (minute, a) }).collect();
            let undisturbed = RunHours::new(rule());
            let expected: Vec<_> = readings.iter().map(|(m, a)| at(&undisturbed, *m, *a)).collect();

            let logged = cut.index(readings.len());
            let restarted = RunHours::new(rule());
            for ((minute, amperes), run_hours) in readings.iter().zip(&expected).take(logged) {
                let signals = Signals::empty().with(Signal::MotorCurrent, *amperes).with(Signal::RunHours, *run_hours);
                restarted.seed(&machine, Timestamp::from_millis(minute * 60_000), &signals);
            }
            let from = logged.saturating_sub(back);
            let again: Vec<_> = readings[from..].iter().map(|(m, a)| at(&restarted, *m, *a)).collect();
            prop_assert_eq!(&again[..], &expected[from..]);
        }
    }
}
