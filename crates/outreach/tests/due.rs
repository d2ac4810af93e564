//! What is due on a machine by its running hours, for whoever reports on it.

use crate::support::desk::{Desk, desk, now};
use crate::support::{agreed, apply, at, context, finding, machine};
use foretell_model::{Evidence, FindingId, FindingKind, Grade, MachineId, Status};
use foretell_outreach::service::ServiceWatch;
use foretell_outreach::{Applied, Counter, MachineContext, ServiceTask, Stage};

#[test]
fn a_machines_own_tasks_are_due_whether_or_not_anybody_has_looked() {
    let desk = desk("s02/m002");
    let task =
        |work: &str, interval_h: f64, last_done_h: f64| ServiceTask { work: work.into(), interval_h, last_done_h };
    let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
    own.service = vec![task("oil_changed", 4_000.0, 7_000.0), task("oil_filter_replaced", 9_000.0, 11_000.0)];
    desk.outreach.register_machine(&own, "test", now()).unwrap();
    let due = |run_hours: Option<f64>| -> Vec<String> {
        let counter = MachineContext { run_hours, hours_per_day: Some(20.0), ..MachineContext::default() };
        let works = desk.outreach.works_due_of(&desk.id, &counter, now()).unwrap();
        works.iter().map(|work| work.fault.to_string()).collect()
    };
    assert_eq!(due(Some(11_650.0)), ["oil_changed"], "650 hours over");
    assert_eq!(due(Some(8_000.0)), [""; 0]);
    assert_eq!(due(None), [""; 0], "nobody knows its hours");
    // Once it is a case it is told once, and as that, whatever the counter of the report.
    desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap();
    for run_hours in [Some(11_650.0), None] {
        assert_eq!(due(run_hours), ["oil_changed"], "{run_hours:?}");
    }
}

#[test]
fn what_the_engine_says_by_marks_ends_nothing_that_people_registered() {
    let desk = desk("s02/m002");
    let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
    own.service = vec![ServiceTask { work: "serviced".into(), interval_h: 4_000.0, last_done_h: 7_650.0 }];
    desk.outreach.register_machine(&own, "test", now()).unwrap();
    let Applied::Case { id: registered, .. } =
        desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap()
    else {
        panic!("nothing is due")
    };
    let by_marks = |status: Status, since_h: f64| {
        let mut said = finding(&desk.id, "serviced", Grade::Advise, status);
        said.kind = FindingKind::MaintenanceDue;
        let hours = |value| Evidence {
            feature: "run_hours_since_service".into(),
            value,
            unit: "h".into(),
            change_per_day: None,
            since: None,
        };
        said.evidence = vec![hours(since_h)];
        said
    };
    let said = apply(&desk.outreach, 1, &by_marks(Status::Opened, 3_980.0), now());
    assert_ne!(said, registered);
    apply(&desk.outreach, 2, &by_marks(Status::Cleared, 410.0), now());
    // The mark on the total lies behind; what was registered is due still, on its own card and by its own hours.
    let over = desk.outreach.card(&said, now()).unwrap();
    assert_eq!((over.stage, over.finding.status), (Stage::Cleared, Status::Cleared));
    assert!((over.finding.evidence[0].value - 410.0).abs() < 1e-9, "why it is over: {:?}", over.finding.evidence);
    desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap();
    let live = desk.outreach.card(&registered, now()).unwrap();
    assert_eq!((live.stage, live.finding.status), (Stage::Draft, Status::Opened));
}

fn oil(interval_h: f64, last_done_h: f64) -> ServiceTask {
    ServiceTask { work: "oil_changed".into(), interval_h, last_done_h }
}

/// Registers the work of a machine by running hours; everything else stays.
fn register(desk: &Desk, service: &[ServiceTask]) {
    let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
    own.service = service.to_vec();
    desk.outreach.register_machine(&own, "test", now()).unwrap();
}

/// Looks at the machine's service at a reading of its counter; the case that there is then, if there is one.
fn look(desk: &Desk, run_hours: f64) -> Option<FindingId> {
    let context = MachineContext { run_hours: Some(run_hours), ..context(&desk.id) };
    match desk.outreach.check_service(&desk.id, &context, now()).unwrap() {
        Applied::Case { id, .. } => Some(id),
        _ => None,
    }
}

#[test]
fn what_is_registered_as_done_is_no_longer_due_wherever_its_case_stands() {
    for (approved, booked) in [(false, false), (true, false), (true, true)] {
        let desk = desk("s02/m002");
        register(&desk, &[oil(4_000.0, 8_000.0)]);
        let id = look(&desk, 11_650.0).expect("due in two weeks");
        if approved {
            desk.outreach.approve(&id, "wang", now()).unwrap();
        }
        if booked {
            desk.outreach.book_for(&id, at("2026-07-17T15:00:00Z"), &agreed(), "wang", now()).unwrap();
        }
        register(&desk, &[oil(4_000.0, 11_640.0)]);
        assert_eq!(look(&desk, 11_650.0), Some(id.clone()));
        let card = desk.outreach.card(&id, now()).unwrap();
        let ended = (card.stage, card.finding.status, card.finding.evidence[0].value);
        let stage = if booked { Stage::Booked } else { Stage::Cleared };
        assert_eq!(ended, (stage, Status::Cleared, 10.0), "{approved} {booked}");
        // Who is expected already is asked for by the advisor, not called off by itself.
        assert_eq!(card.remark.is_some(), booked, "{:?}", card.remark);
        if approved && !booked {
            assert_eq!(desk.outreach.tick(now()).unwrap(), []);
        }
        assert_eq!(look(&desk, 11_650.0), None, "said once");
    }
}

/// Nobody may be there to approve it anew before the machine stops.
#[test]
fn an_approved_letter_about_days_waits_for_nothing_that_can_wait() {
    let (desk, night) = (desk("s02/m002"), at("2026-07-15T21:00:00Z"));
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let urgent = finding(&desk.id, "cooler_clogging", Grade::Urgent, Status::Opened);
    let urgent = apply(&desk.outreach, 1, &urgent, night);
    desk.outreach.approve(&urgent, "wang", night).unwrap();
    let beside = finding(&machine("s02/m003"), "separator_clogging", Grade::Advise, Status::Opened);
    let beside = apply(&desk.outreach, 2, &beside, night);
    let service = look(&desk, 11_650.0).expect("due in two weeks");
    let stages = || [&urgent, &beside, &service].map(|id| desk.outreach.card(id, night).unwrap().stage);
    assert_eq!(stages(), [Stage::Queued, Stage::Draft, Stage::Draft]);
    desk.outreach.tick(night).unwrap();
    assert_eq!(stages(), [Stage::Contacted, Stage::Draft, Stage::Draft]);
    assert!(desk.last().subject.starts_with("Compressor No. 2: "), "{}", desk.last().subject);
}

#[test]
fn works_that_are_struck_out_of_the_registration_end_their_case() {
    let desk = desk("s02/m002");
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let id = look(&desk, 11_650.0).unwrap();
    register(&desk, &[]);
    let mut watch = ServiceWatch::default();
    assert_eq!(wanted(&desk, &mut watch, 11_650.0, 0.0), vec![desk.id.clone()]);
    look(&desk, 11_650.0);
    assert_eq!(desk.outreach.card(&id, now()).unwrap().stage, Stage::Cleared);
    assert_eq!(wanted(&desk, &mut watch, 11_650.0, 1.0), [], "there is nothing left to look at");
}

#[test]
fn a_fault_that_nobody_has_read_of_speaks_no_longer_of_service_that_is_done() {
    let desk = desk("s02/m002");
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let fault = apply(&desk.outreach, 1, &finding(&desk.id, "cooler_clogging", Grade::Advise, Status::Opened), now());
    look(&desk, 11_650.0).unwrap();
    let text = |desk: &Desk| desk.outreach.card(&fault, now()).unwrap().message.unwrap().text.body;
    assert!(text(&desk).contains("change the oil"), "{}", text(&desk));
    register(&desk, &[oil(4_000.0, 11_640.0)]);
    look(&desk, 11_650.0);
    assert!(!text(&desk).contains("change the oil"), "{}", text(&desk));
}

#[test]
fn service_that_a_customer_declined_is_not_asked_about_the_next_morning() {
    let desk = desk("s02/m002");
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let id = look(&desk, 11_650.0).unwrap();
    desk.outreach.close(&id, "they do it themselves", "wang", now()).unwrap();
    for run_hours in [11_650.0, 11_670.0, 12_600.0] {
        assert_eq!(look(&desk, run_hours), None, "{run_hours}");
    }
    // Other work is another matter, and so is the same some weeks later.
    register(
        &desk,
        &[oil(4_000.0, 8_000.0), ServiceTask { work: "separator_replaced".into(), ..oil(4_000.0, 8_000.0) }],
    );
    assert!(look(&desk, 11_670.0).is_some_and(|again| again != id));
    let desk = another(&desk);
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let id = look(&desk, 11_650.0).unwrap();
    desk.outreach.close(&id, "not yet", "wang", now()).unwrap();
    assert!(look(&desk, 12_660.0).is_some_and(|again| again != id));
}

/// A desk with nothing of the first one on it.
fn another(first: &Desk) -> Desk {
    desk(first.id.as_str())
}

/// The machines to be looked at, with one counter for all, on a day after today.
fn wanted(desk: &Desk, watch: &mut ServiceWatch, run_hours: f64, day: f64) -> Vec<MachineId> {
    let machines = desk.outreach.desk().unwrap();
    let counters =
        machines.machines().map(|(id, _)| (id.clone(), Counter { run_hours, hours_per_day: 20.0 })).collect();
    let all = desk.outreach.services_to_check(watch, &counters, now().plus_days(day)).unwrap();
    all.into_iter().filter(|id| *id == desk.id).collect()
}

#[test]
fn a_machine_is_looked_at_when_something_else_is_due_and_once_a_day() {
    let desk = desk("s02/m002");
    let (mut watch, own, none) = (ServiceWatch::default(), vec![desk.id.clone()], Vec::new());
    register(&desk, &[oil(4_000.0, 8_000.0)]);
    let mut check = |run_hours: f64, day: f64, expected: &Vec<MachineId>, why: &str| {
        assert_eq!(wanted(&desk, &mut watch, run_hours, day), *expected, "{why}");
    };
    check(9_000.0, 0.0, &none, "nothing is due, and no case is open");
    check(9_000.0, 0.0, &none, "nothing has changed");
    check(9_100.0, 0.0, &none, "hours have come on, and nothing is due");
    check(11_700.0, 0.0, &own, "a backlog makes it due");
    check(11_705.0, 0.0, &none, "due as before");
    check(12_001.0, 0.0, &own, "overdue");
    check(12_001.0, 1.0, &own, "another day");
    register(&desk, &[oil(4_000.0, 12_000.0)]);
    check(12_001.0, 1.0, &none, "it is registered as done, before anybody opened a case");
    register(&desk, &[oil(100.0, 12_000.0)]);
    check(12_001.0, 1.0, &own, "another interval");
}
