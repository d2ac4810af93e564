//! Branches of letters that no story of the other golden files takes.

use serde_json::{Value, json};

use crate::compose::Occasion;

/// A work on the air network and on none of the machines.
pub(super) const SURVEY: &str = "survey the air network for leaks with ultrasound|做管网超声波检漏";

/// Branches of letters, those to a reader who has begun to grumble first: which invented letter, and which facts are otherwise.
pub(super) fn letters() -> Vec<(Occasion, usize, Value)> {
    let warm = json!({ "tone": 2, "feelings": 2 });
    let unfound = |elsewhere: bool| json!({ "before": { "unfound": "low oil|缺油", "elsewhere": elsewhere } });
    let after = |outcome: &str, degrees: Value| {
        json!({ "effect": { "outcome": outcome, "degrees": degrees }, "failed": ["No. 1|1号机"],
                "worse": if outcome == "worse" { json!(["No. 1|1号机"]) } else { json!([]) } })
    };
    let before =
        |outcome: &str, degrees: Value| json!({ "before": { "effect": { "outcome": outcome, "degrees": degrees } } });
    vec![
        (Occasion::Fault, 0, warm.clone()),
        (Occasion::Service, 0, warm.clone()),
        (Occasion::Energy, 0, warm.clone()),
        (Occasion::Reminder, 0, warm.clone()),
        (Occasion::Progress, 0, warm.clone()),
        (Occasion::Calendar, 0, warm.clone()),
        (Occasion::Again, 0, warm),
        (Occasion::Confirmed, 0, json!({ "tone": 4, "feelings": 4 })),
        (Occasion::Confirmed, 0, json!({ "tone": 4, "feelings": 0 })),
        (Occasion::FollowUp, 0, json!({ "tone": 1 })),
        (Occasion::Confirmed, 0, json!({ "beside": true, "works": [SURVEY] })),
        (Occasion::FollowUp, 0, json!({ "beside": true, "works": [SURVEY] })),
        (Occasion::Again, 0, json!({ "before": { "beside": true, "works": [SURVEY] } })),
        (Occasion::Fault, 0, json!({ "window": { "kind": "from", "from": 6 } })),
        (Occasion::Service, 2, json!({})),
        (Occasion::Energy, 0, json!({ "energy": { "cost": { "low": null } } })),
        (Occasion::Moved, 2, json!({})),
        (Occasion::Joined, 0, json!({})),
        (Occasion::Cancelled, 2, json!({ "over": true, "off": true })),
        (Occasion::Cancelled, 2, json!({ "over": false, "off": true })),
        (Occasion::Calendar, 2, json!({ "over": true, "off": true })),
        (Occasion::Progress, 1, json!({ "tone": 0, "technician": null })),
        (Occasion::OnTheWay, 0, json!({ "eta": null })),
        (Occasion::OnTheWay, 0, json!({ "eta": null, "by": null, "technician": null })),
        (Occasion::Late, 0, json!({ "eta": null })),
        (Occasion::Late, 2, json!({ "by": null })),
        (Occasion::Closing, 0, json!({ "cost": "moments", "kept_waiting": false, "report": false })),
        (Occasion::Closing, 0, json!({ "cost": "days", "closed": null, "technician": null })),
        (Occasion::Closing, 0, json!({ "test_run": false })),
        (Occasion::Closing, 1, json!({ "tone": 0, "closed": null })),
        (Occasion::CalledOff, 0, json!({ "tone": 2 })),
        (Occasion::CalledOff, 0, json!({ "technician": null })),
        (Occasion::StillOpen, 1, json!({ "had_no_need": true })),
        (Occasion::StillOpen, 0, json!({ "had_no_need": true, "on_site": null })),
        (Occasion::StillOpen, 0, json!({ "on_site": null, "by": null })),
        (Occasion::Service, 0, json!({ "window": { "kind": "from", "from": 6 }, "hours": { "since": "2,900|2900" } })),
        (Occasion::Reminder, 2, json!({ "fault": null })),
        (Occasion::Reminder, 4, unfound(false)),
        (Occasion::Reminder, 4, unfound(true)),
        (Occasion::Again, 0, unfound(false)),
        (Occasion::Again, 0, unfound(true)),
        (Occasion::FollowUp, 0, after("worse", json!("3"))),
        (Occasion::FollowUp, 0, after("worse", Value::Null)),
        (Occasion::FollowUp, 0, after("none", Value::Null)),
        (Occasion::FollowUp, 2, after("none", Value::Null)),
        (Occasion::FollowUp, 2, after("worse", json!("3"))),
        (Occasion::Again, 0, before("worse", json!("3"))),
        (Occasion::Again, 0, before("worse", Value::Null)),
        (Occasion::Again, 0, before("better", Value::Null)),
        (Occasion::Reminder, 4, before("worse", json!("3"))),
        (Occasion::OnTheWay, 0, json!({ "eta": null, "by": null })),
        (Occasion::Calendar, 1, json!({ "over": true, "off": true })),
    ]
}
