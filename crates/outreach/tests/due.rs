//! What is due on a machine by its running hours, for whoever reports on it.

use crate::support::desk::{desk, now};
use crate::support::{apply, context, finding};
use foretell_model::{Evidence, FindingKind, Grade, Status};
use foretell_outreach::{Applied, MachineContext, ServiceTask, Stage};

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
