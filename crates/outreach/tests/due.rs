//! What is due on a machine by its running hours, for whoever reports on it.

use crate::support::context;
use crate::support::desk::{desk, now};
use foretell_outreach::{MachineContext, ServiceTask};

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
