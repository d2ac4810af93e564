//! Run hours for machines whose source has no counter: the time that another signal was above a threshold.
//!
//! The value must be the same whenever the same reading is decoded, because the log recognises a redelivery by its content.
//! So it depends on event time alone, and what was given for a time stamp is remembered (the newest [`RECENT_MAX`] readings
//! of each machine, fewer where there are many machines) and given again. After a restart the memory is rebuilt from the log
//! through [`RunHours::seed`]. A reading that comes again after more newer ones than are remembered gets the hours at the end
//! of the stretch that it lies in: the log, which tells readings apart by their content, keeps it beside the first. It adds nothing
//! to the counter, and the engine, for which it is late, passes over it.
//!
//! An interval between two readings counts when the signal was above the threshold at its beginning and the interval is
//! not longer than the allowed gap: what was not seen is not counted. A reading that arrives out of order gets a value
//! between its neighbours, and those keep theirs. What it shows of running is not lost: the readings to come get it on top, at most
//! an hour with each, so that the counter is right from then on whatever the order in which a backlog came. A reading that is
//! further behind the machine's newest than the rule allows adds nothing.

mod timeline;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretell_model::{HOUR_MS, MachineId, Signal, Signals, Timestamp};
use timeline::{Given, Timeline};

use super::reason::{Fault, RefusalReason};

/// How many readings of a machine are remembered one by one; more than a broker's window of unacknowledged messages.
const RECENT_MAX: usize = 4_096;
/// Fewest readings of a machine that are, however many machines there are.
const RECENT_MIN: usize = 64;
/// How many readings of all machines together are while there is room above the fewest; they take 100 MB.
const REMEMBERED_MAX: usize = 4_096_000;

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
    /// A reading so far behind the machine's newest adds nothing, in milliseconds.
    pub(super) late_max_ms: i64,
    /// For how many machines hours are derived.
    pub(super) machines_max: usize,
}

/// The counters of all machines under one rule.
#[derive(Debug)]
pub(super) struct RunHours {
    rule: HoursRule,
    machines: Mutex<HashMap<MachineId, Timeline>>,
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
        let Some((timeline, recent_max)) = self.timeline(&mut machines, machine) else {
            let detail = format!(
                "run hours are derived for at most {} machines (`machines_max` of the mapping's derive.run_hours)",
                self.rule.machines_max
            );
            return Err(Fault::new(RefusalReason::TooManyMachines, detail));
        };
        Ok(hours(timeline.take(&self.rule, ts, self.rule.is_on(signals), recent_max)))
    }

    /// The hours that a reading would get; nothing is remembered.
    pub(super) fn peek(&self, machine: &MachineId, ts: Timestamp, signals: &Signals) -> f64 {
        let (machines, nothing) = (self.lock(), Timeline::default());
        hours(machines.get(machine).unwrap_or(&nothing).peek(&self.rule, ts, self.rule.is_on(signals)))
    }

    /// Remembers a reading of the log as it was given then.
    pub(super) fn seed(&self, machine: &MachineId, ts: Timestamp, signals: &Signals) {
        let Some(run_hours) = signals.get(Signal::RunHours) else { return };
        let mut machines = self.lock();
        if let Some((timeline, recent_max)) = self.timeline(&mut machines, machine) {
            let running_ms = (run_hours * HOUR_MS as f64).round() as i64;
            timeline.recall(&self.rule, Given { ts, running_ms, on: self.rule.is_on(signals) }, recent_max);
        }
    }

    /// A machine's counter, and how many of its readings it may remember; `None` when there are too many machines already.
    fn timeline<'a>(
        &self,
        machines: &'a mut HashMap<MachineId, Timeline>,
        machine: &MachineId,
    ) -> Option<(&'a mut Timeline, usize)> {
        if !machines.contains_key(machine) {
            if machines.len() >= self.rule.machines_max {
                return None;
            }
            machines.insert(machine.clone(), Timeline::default());
        }
        let recent_max = (REMEMBERED_MAX / machines.len().max(1)).clamp(RECENT_MIN, RECENT_MAX);
        machines.get_mut(machine).map(|timeline| (timeline, recent_max))
    }

    /// A poisoned lock is taken over: every entry is written whole, so none is half done.
    fn lock(&self) -> MutexGuard<'_, HashMap<MachineId, Timeline>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HoursRule {
    fn is_on(&self, signals: &Signals) -> bool {
        signals.get(self.from).is_some_and(|value| value > self.above)
    }

    fn start_ms(&self) -> i64 {
        (self.start_h * HOUR_MS as f64).round() as i64
    }

    /// What counts between two readings that follow each other, the first of which says whether the machine ran.
    fn counted_ms(&self, on: bool, from: Timestamp, to: Timestamp) -> i64 {
        let gap_ms = to - from;
        if on && gap_ms <= self.gap_max_ms { gap_ms } else { 0 }
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
        let (gap_max_ms, late_max_ms) = (600_000, 30 * 24 * HOUR_MS);
        HoursRule { from: Signal::MotorCurrent, above: 5.0, start_h: 100.0, gap_max_ms, late_max_ms, machines_max: 2 }
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
        assert_eq!(hours.lock().values().map(Timeline::remembered).sum::<usize>(), RECENT_MAX);
    }

    #[test]
    fn refuses_machines_beyond_the_bound_and_names_the_key() {
        let hours = RunHours::new(rule());
        let try_for =
            |name: &str| hours.at(&MachineId::new("s", name).unwrap(), Timestamp::default(), &Signals::empty());
        assert_eq!(["a", "b", "a"].map(|name| try_for(name).unwrap()), [100.0; 3]);
        assert!(try_for("c").unwrap_err().detail.contains("at most 2 machines (`machines_max`"));
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
