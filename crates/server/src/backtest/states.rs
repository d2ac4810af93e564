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
    runs
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
        let mut run = MachineRun { first: Some(at(0)), ..MachineRun::default() };
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
            (1, 1, DayState::Normal),
            (2, 2, DayState::Hidden),
            (3, 3, DayState::Normal),
            (4, 4, DayState::Unheard),
            (5, 5, DayState::Watch),
            (6, 8, DayState::Urgent),
        ];
        assert_eq!(shown, expected);
    }
}
