//! Work that somebody enters in the console is done on the simulated machine too. Without that a visit that is closed on its page
//! would change nothing, and the demo would end with "no effect".

use std::collections::BTreeSet;

use foretell_model::{MachineId, Timestamp};
use foretell_sim::Fleet;

use crate::service::{Mark, MarkKind};

/// What the log has told of work so far.
#[derive(Debug, Default)]
pub(super) struct Mending {
    done: BTreeSet<(usize, Timestamp, String)>,
}

impl Mending {
    /// Work that the log tells of and that the fleet has not been told of, each once: the machine's place in the fleet and the
    /// work's code. `reached` is how far the simulation has come: after a restart it begins anew, and what was mended in its
    /// future is broken again until then. What a machine has reported itself is mended already; once more does nothing.
    pub(super) fn take(
        &mut self,
        fleet: &Fleet,
        marks: impl Fn(&MachineId) -> Vec<Mark>,
        reached: Timestamp,
    ) -> Vec<(usize, String)> {
        let mut works = Vec::new();
        for (place, machine) in fleet.machines().iter().enumerate() {
            let Ok(id) = MachineId::new(&machine.site, &machine.name) else { continue };
            let told = marks(&id).into_iter();
            for mark in told.filter(|mark| mark.kind == MarkKind::Maintenance && mark.at <= reached) {
                if self.done.insert((place, mark.at, mark.text.clone())) {
                    works.push((place, mark.text));
                }
            }
        }
        works
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_the_log_tells_of_is_done_once_and_not_before_its_time() {
        let fleet = Fleet::builtin("demo", 1).unwrap();
        let at = |day: i64| Timestamp::from_millis(fleet.from_ms()).plus_days(day as f64);
        let first = MachineId::new(&fleet.machines()[0].site, &fleet.machines()[0].name).unwrap();
        let mark = |kind, day, text: &str| Mark { at: at(day), kind, text: text.to_owned() };
        let marks = |machine: &MachineId| match *machine == first {
            true => vec![
                mark(MarkKind::Note, 1, "cooler_cleaned"),
                mark(MarkKind::Maintenance, 2, "cooler_cleaned"),
                mark(MarkKind::Maintenance, 9, "oil_changed"),
            ],
            false => Vec::new(),
        };
        let mut mending = Mending::default();
        for (reached, expected) in
            [(1, None), (2, Some("cooler_cleaned")), (3, None), (9, Some("oil_changed")), (9, None)]
        {
            let works = mending.take(&fleet, marks, at(reached));
            let expected: Vec<(usize, String)> = expected.map(|work| (0, work.to_owned())).into_iter().collect();
            assert_eq!(works, expected, "day {reached}");
        }
    }
}
