//! Work of which the log tells ends the visit that it can be the work of, and no other one.

use crate::support::broken::now;
use crate::support::scene::{Scene, scene};
use crate::support::{agreed, apply, at, finding, machine};
use foretell_model::{Grade, HOUR_MS, MINUTE_MS, Status, Timestamp, Work};
use foretell_outreach::{Booking, Stage};

const MACHINE: &str = "s02/m002";

/// Visits to one machine for its cooler and, three weeks later, for its separator.
fn two_visits() -> (Scene, [Booking; 2]) {
    let s = scene();
    let book = |fault: &str, offset: u64, from: &str| {
        let id = apply(&s.outreach, offset, &finding(&machine(MACHINE), fault, Grade::Advise, Status::Opened), now());
        s.outreach.book_for(&id, at(from), &agreed(), "wang", now()).unwrap()
    };
    let cooler = book("cooler_clogging", 1, "2026-07-20T09:00:00Z");
    let separator = book("separator_clogging", 2, "2026-08-10T09:00:00Z");
    (s, [cooler, separator])
}

impl Scene {
    fn hear(&self, work: &str, ts: Timestamp) -> Option<i64> {
        self.outreach.hear_work(&machine(MACHINE), &Work::new(work).unwrap(), ts).unwrap()
    }

    fn stage(&self, visit: &Booking) -> Stage {
        self.outreach.card(&visit.case, visit.end).unwrap().stage
    }
}

#[test]
fn work_ends_the_visit_that_asks_for_it_nearby_or_goes_on_just_then() {
    /// `after_h` counts from the beginning of the first visit.
    #[track_caller]
    fn check(work: &str, after_h: i64, expected: Option<usize>) {
        let (s, visits) = two_visits();
        let ended = s.hear(work, visits[0].start + after_h * HOUR_MS);
        assert_eq!(ended, expected.map(|n| visits[n].id), "{work} {after_h} h after the visit began");
        for (n, visit) in visits.iter().enumerate() {
            assert_eq!(s.stage(visit), if expected == Some(n) { Stage::Done } else { Stage::Booked });
        }
        assert_eq!(s.outreach.works_to_tell(visits[1].end).unwrap(), [], "the log knows it already");
    }
    const WEEK: i64 = 7 * 24;
    check("cooler_cleaned", 1, Some(0));
    check("cooler_cleaned", -23, Some(0));
    check("cooler_cleaned", -25, None);
    check("cooler_cleaned", WEEK, Some(0));
    check("cooler_cleaned", 5 * WEEK, None);
    // What nobody had planned, while somebody is there and otherwise.
    check("thermostatic_valve_replaced", 1, Some(0));
    check("thermostatic_valve_replaced", 24, None);
    check("thermostatic_valve_replaced", 3 * WEEK + 1, Some(1));
    // The visit that is weeks ahead stays, and the one that asks for the work goes before the nearer one.
    check("separator_replaced", WEEK, None);
    check("separator_replaced", 1, Some(0));
    check("cooler_cleaned", 3 * WEEK + 1, Some(0));
    check("separator_replaced", 3 * WEEK - 13, Some(1));
}

#[test]
fn work_told_from_here_ends_no_other_visit() {
    let (s, [cooler, separator]) = two_visits();
    s.outreach.complete(cooler.id, None, "chen", cooler.end).unwrap();
    let told = s.outreach.works_to_tell(cooler.end + 2 * HOUR_MS).unwrap();
    let [(_, works)] = told.as_slice() else { panic!("one visit: {told:?}") };
    s.outreach.note_told(cooler.id).unwrap();
    // The other one was moved to the same day meanwhile.
    let sooner = s.outreach.move_for(&separator.case, cooler.end, &agreed(), "wang", now()).unwrap();
    assert_eq!(s.hear(works[0].work.as_str(), works[0].ts), None);
    assert_eq!(s.stage(&sooner), Stage::Booked);
    assert_eq!(s.hear("separator_replaced", works[0].ts + MINUTE_MS), Some(sooner.id));
    assert_eq!(s.hear("separator_replaced", works[0].ts + MINUTE_MS), None, "the same told twice");
    // Taken back after the log was told of it, the visit is not ended by what the log has known since.
    s.outreach.reopen_visit(cooler.id, "another machine was meant", "chen", works[0].ts + 3 * HOUR_MS).unwrap();
    assert_eq!(s.hear(works[0].work.as_str(), works[0].ts), None);
    assert_eq!(s.stage(&cooler), Stage::Booked);
}
