//! A machine on which work was done that showed no effect.

use foretell_model::{Evidence, FaultCode, Finding, FindingKind, Grade, Offset, ProbabilityWithin, Timestamp};
use foretell_outreach::{PageState, Stage};

use super::desk::{Desk, desk, now, of_fault};
use super::{context, token};

/// A case whose work was done and showed no effect: the tokens of its letter and of the word after the job, and when.
pub(crate) struct Worked {
    pub(crate) desk: Desk,
    pub(crate) case: Finding,
    pub(crate) tokens: [String; 2],
    pub(crate) at: Timestamp,
}

/// A forecast as pressing as they come.
fn pressing(desk: &Desk) -> Finding {
    Finding {
        grade: Grade::Urgent,
        probability_within: Some(ProbabilityWithin { d7: 0.9, d14: 0.95, d21: 0.97, d30: 0.99 }),
        ..of_fault(&desk.id, "cooler_clogging")
    }
}

pub(crate) fn worked() -> Worked {
    worked_on("s02/m002")
}

pub(crate) fn worked_on(id: &str) -> Worked {
    let desk = desk(id);
    let case = pressing(&desk);
    let letter = desk.write(&case);
    let visit = desk.outreach.book(&letter, desk.first_time(&letter), now()).unwrap();
    let PageState::Booked { booking, .. } = visit.state else { panic!("booked") };
    desk.outreach.tick(now()).unwrap();
    desk.outreach.complete(booking.id, None, "chen", booking.end).unwrap();
    let fault = FaultCode::new("cooler_cleaned").unwrap();
    let at = booking.end.plus_days(8.0);
    let figure = |feature: &str, value| Evidence {
        feature: feature.into(),
        value,
        unit: "K".into(),
        change_per_day: None,
        since: None,
    };
    let found = Finding {
        kind: FindingKind::MaintenanceEffect,
        id: foretell_model::FindingId::new(&desk.id, &fault, 1),
        evidence: vec![figure("discharge_change_k", -0.3), figure("discharge_change_k_sd", 0.6)],
        fault,
        at,
        ..case.clone()
    };
    desk.outreach.apply(Offset(9), 0, &found, &context(&desk.id), at).unwrap();
    let at = at.plus_days(4.0);
    for hour in 0..96 {
        desk.outreach.tick(at.plus_days(-4.0) + hour * 3_600_000).unwrap();
    }
    assert_eq!(desk.outreach.card(&case.id, at).unwrap().stage, Stage::Call, "the letter promised a call");
    let after = token(desk.last().link.as_str()).to_owned();
    Worked { desk, case, tokens: [letter, after], at }
}
