//! What could be said of a machine on each day, for the fleet's picture.

use foretell_console::report::{DayState, StateRun};
use foretell_model::{DAY_MS, Grade, Timestamp};

use super::MachineRun;

/// The states of every day from the first reading to the end of the history, equal ones together.
pub(super) fn of(run: &MachineRun, to: Timestamp) -> Vec<StateRun> {
    let Some(first) = run.first else { return Vec::new() };
    let mut runs: Vec<StateRun> = Vec::new();
    for day in first.day()..=to.day() {
        let state = on(run, day);
        match runs.last_mut() {
            Some(last) if last.state == state => last.last_day = day,
            _ => runs.push(StateRun { first_day: day, last_day: day, state }),
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
            [
                ..,
                StateRun { state: DayState::Normal, .. },
                StateRun { state: DayState::Hidden, first_day, last_day },
            ] if run.state == DayState::Normal && last_day - first_day < DAYS_OFF => {
                bridged.pop();
                if let Some(before) = bridged.last_mut() {
                    before.last_day = run.last_day;
                }
            }
            _ => bridged.push(run),
        }
    }
    bridged
}

/// The most pressing grade that stood on the day; else what could be seen.
fn on(run: &MachineRun, day: i64) -> DayState {
    let (begin, end) = (day * DAY_MS, (day + 1) * DAY_MS);
    let stood =
        run.standings.iter().filter(|(from, to, _)| from.millis() < end && to.is_none_or(|to| begin < to.millis()));
    if let Some(grade) = stood.map(|(.., grade)| *grade).max() {
        return match grade {
            Grade::Watch => DayState::Watch,
            Grade::Advise => DayState::Advise,
            Grade::Urgent => DayState::Urgent,
        };
    }
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
        run.standings = vec![(at(5), Some(at(7)), Grade::Watch), (at(6), None, Grade::Urgent)];
        let shown: Vec<_> = of(&run, at(8)).iter().map(|r| (r.first_day, r.last_day, r.state)).collect();
        let expected = [
            (0, 0, DayState::Learning),
            (1, 3, DayState::Normal),
            (4, 4, DayState::Unheard),
            (5, 5, DayState::Watch),
            (6, 8, DayState::Urgent),
        ];
        assert_eq!(shown, expected);
    }
}
