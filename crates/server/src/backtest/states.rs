//! What could be said of a machine on each day, for the fleet's picture.

use foretell_console::report::{DayState, StateRun};
use foretell_model::{DAY_MS, Timestamp};

use super::MachineRun;

/// Slots of a short history: enough that an hour of two and a half can be told.
const SHORT_SLOTS: i64 = 90;

/// Length of the slots in which the states between two instants are told, ms: days, unless there are but three of them.
pub(super) fn slot_ms(from: Timestamp, to: Timestamp) -> i64 {
    let span_ms = to.millis() - from.millis();
    if span_ms >= 3 * DAY_MS { DAY_MS } else { (span_ms / SHORT_SLOTS).max(1_000) }
}

/// The states of every slot from the first reading to the end of the history, equal ones together.
pub(super) fn of(run: &MachineRun, to: Timestamp, slot_ms: i64) -> Vec<StateRun> {
    let Some(first) = run.first else { return Vec::new() };
    let mut runs: Vec<StateRun> = Vec::new();
    let slot = |at: Timestamp| at.millis().div_euclid(slot_ms);
    for slot in slot(first)..=slot(to) {
        let state = on(run, slot, slot_ms);
        match runs.last_mut() {
            Some(run) if run.state == state => run.last = slot,
            _ => runs.push(StateRun { first: slot, last: slot, state }),
        }
    }
    bridged(runs)
}

/// So many days off between days of one condition are a weekend, not a change of what can be seen.
const DAYS_OFF: i64 = 3;

/// Closes short stretches in which a machine that runs as it should did not run enough to say so again.
fn bridged(runs: Vec<StateRun>) -> Vec<StateRun> {
    let mut bridged: Vec<StateRun> = Vec::new();
    for run in runs {
        match bridged[..] {
            [.., StateRun { state: DayState::Normal, .. }, StateRun { state: DayState::Hidden, first, last }]
                if run.state == DayState::Normal && last - first < DAYS_OFF =>
            {
                bridged.pop();
                if let Some(before) = bridged.last_mut() {
                    before.last = run.last;
                }
            }
            _ => bridged.push(run),
        }
    }
    bridged
}

/// The most pressing of what stood in the slot; else what could be seen.
fn on(run: &MachineRun, slot: i64, slot_ms: i64) -> DayState {
    let (begin, end) = (slot * slot_ms, (slot + 1) * slot_ms);
    let stood =
        run.standings.iter().filter(|(from, to, _)| from.millis() < end && to.is_none_or(|to| begin < to.millis()));
    if let Some(state) = stood.map(|(.., state)| *state).max() {
        return state;
    }
    if let Some(from) = run.watched_from {
        return if from.millis() < end { DayState::Normal } else { DayState::Learning };
    }
    let day = begin.div_euclid(DAY_MS);
    let Some(point) = run.days.get(&day) else { return DayState::Unheard };
    match (point.normal_low_c, run.observable.get(&day)) {
        (None, _) if point.hot_c.is_some() => DayState::Learning,
        (Some(_), Some(true)) => DayState::Normal,
        _ => DayState::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use foretell_console::view::DayPoint;

    use super::*;

    #[test]
    fn the_most_pressing_grade_stands_and_nothing_unseen_is_called_normal() {
        let at = |day: i64| Timestamp::from_millis(day * DAY_MS);
        let mut run = MachineRun::default();
        run.first = Some(at(0));
        // Day 2 could not be seen, but is no more than a day off; day 4 was never heard of.
        for day in [0, 1, 2, 3, 5, 6, 7] {
            let normal = (day > 0).then_some(80.0);
            let point = DayPoint { day, hot_c: Some(85.0), normal_low_c: normal, normal_high_c: normal };
            run.days.insert(day, point);
            run.observable.insert(day, day != 2);
        }
        run.standings = vec![
            (at(5), Some(at(7)), DayState::Watch),
            (at(5), Some(at(6)), DayState::Sensor),
            (at(6), None, DayState::Urgent),
        ];
        let shown: Vec<_> = of(&run, at(8), DAY_MS).iter().map(|r| (r.first, r.last, r.state)).collect();
        let expected = [
            (0, 0, DayState::Learning),
            (1, 3, DayState::Normal),
            (4, 4, DayState::Unheard),
            (5, 5, DayState::Watch),
            (6, 8, DayState::Urgent),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_short_history_is_told_in_slots_of_its_own() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let mut run = MachineRun::default();
        (run.first, run.watched_from) = (Some(at(0)), Some(at(4_000)));
        run.standings = vec![(at(6_000), None, DayState::Advise)];
        let slot_ms = slot_ms(at(0), at(9_000));
        assert_eq!(slot_ms, 100_000);
        let shown: Vec<_> = of(&run, at(9_000), slot_ms).iter().map(|r| (r.first, r.last, r.state)).collect();
        let expected = [(0, 39, DayState::Learning), (40, 59, DayState::Normal), (60, 90, DayState::Advise)];
        assert_eq!(shown, expected);
    }
}
