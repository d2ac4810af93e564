//! What comes of what people decide about advisories and cases.

use foretell_console::BackendError;
use foretell_console::view::{
    AdvisorAct, AdvisoryCard, AdvisoryState, AfterCall, AfterCancelling, CaseAct, CustomerAct, Progress, Remark, Sent,
    ServiceCase, StageChange,
};
use foretell_model::{FaultCode, Lack, MINUTE_MS, Obstacle, WordSort};

use super::desk::Whom;
use super::fleet::now;

/// Does it, unless the card has changed since it was shown.
pub(super) fn decide(card: &mut AdvisoryCard, revision: u64, act: AdvisorAct) -> Result<(), BackendError> {
    if card.revision != revision {
        return Err(Obstacle::Stale.into());
    }
    card.revision += 1;
    match act {
        AdvisorAct::Approve => card.state = AdvisoryState::Approved { release: None },
        AdvisorAct::Edit(draft) if draft.body.contains('!') => {
            card.revision -= 1;
            return Err(BackendError::Text(vec![Remark::Exclamation, Remark::Missing(Lack::Link)]));
        }
        AdvisorAct::Edit(draft) => (card.draft, card.is_written) = (draft, true),
        AdvisorAct::Postpone { days, reason } => {
            card.state = AdvisoryState::Postponed { until: now().plus_days(f64::from(days)), reason };
        }
        AdvisorAct::Settle { arrived: true } => card.state = AdvisoryState::Sent { at: now() },
        AdvisorAct::Settle { arrived: false } => card.state = AdvisoryState::Approved { release: None },
        AdvisorAct::RevokeLink { .. } => (card.booking_path, card.links_open) = (None, false),
        AdvisorAct::Noted => card.heard = None,
        AdvisorAct::CallInstead => card.state = AdvisoryState::CallInstead { reason: String::new() },
        AdvisorAct::Called { then: AfterCall::Again, .. } => {}
        AdvisorAct::Called { then: AfterCall::NewLetter(_), .. } | AdvisorAct::WriteAfterAll => {
            card.state = AdvisoryState::Draft;
        }
        AdvisorAct::Called { then: AfterCall::Close, .. } | AdvisorAct::Close { .. } | AdvisorAct::VisitDone => {
            card.state = AdvisoryState::Closed
        }
        // Before seven in China nobody is visited unasked.
        AdvisorAct::Book { from, agreed: false } if (from.millis() / 3_600_000 + 8) % 24 < 7 => {
            return Err(foretell_model::Obstacle::OddHour.into());
        }
        // So that both ends of a visit can be looked at: one that is booked in the past is over.
        AdvisorAct::Book { from, .. } if from < now() => {
            card.state = AdvisoryState::VisitOver { from, to: from + 5_400_000 };
        }
        AdvisorAct::Book { from, .. } => card.state = AdvisoryState::Booked { from, to: from + 5_400_000 },
        AdvisorAct::Move { from, agreed: false, .. } if (from.millis() / 3_600_000 + 8) % 24 < 7 => {
            return Err(Obstacle::OddHour.into());
        }
        AdvisorAct::Move { from, .. } => card.state = AdvisoryState::Booked { from, to: from + 5_400_000 },
        AdvisorAct::Cancel { then: AfterCancelling::Call, reason, .. } => {
            card.state = AdvisoryState::CallInstead { reason: format!("the customer cancelled the visit: {reason}") };
        }
        AdvisorAct::Cancel { then: AfterCancelling::Close, .. } => card.state = AdvisoryState::Closed,
        AdvisorAct::VisitNotDone { reason } => {
            card.state = AdvisoryState::CallInstead { reason: format!("the visit did not take place: {reason}") };
        }
    }
    Ok(())
}

/// Does something about a case.
pub(super) fn act_on_case(case: &mut ServiceCase, seen: Option<u64>, act: CaseAct) -> Result<(), BackendError> {
    if seen.is_some_and(|seen| seen != case.revision) {
        return Err(Obstacle::Stale.into());
    }
    if case.closed.is_some() {
        return Err(Obstacle::CaseClosed.into());
    }
    match act {
        CaseAct::Called { .. } => case.call_back.met = Some(now()),
        CaseAct::Send { eta: Some(eta), .. } if eta < now() => return Err(Obstacle::TimePassed.into()),
        CaseAct::Send { eta: Some(eta), .. } if eta > now().plus_days(3.0) => return Err(Obstacle::TooFar.into()),
        CaseAct::Send { technician, eta } => {
            case.sent = Some(Sent { name: technician, phone: String::new(), badge: String::new() });
            case.way.arrival = eta.and_then(super::desk::expected);
        }
        CaseAct::Arrived => case.on_site.met = Some(now()),
        CaseAct::Found { fault: Some(fault), .. } if fault == "zzz" => return Err(Obstacle::FoundMissing.into()),
        CaseAct::Found { .. } if case.on_site.met.is_none() => {
            return Err(Obstacle::NobodyOnSite.into());
        }
        CaseAct::Found { fault, minutes } => {
            case.progress = Some(Progress {
                at: now(),
                found: fault.as_deref().and_then(FaultCode::new),
                until: now() + i64::from(minutes) * MINUTE_MS,
            });
        }
        CaseAct::Settle { .. } => {}
        CaseAct::Withdraw { reason } => (case.closed, case.withdrawn) = (Some(now()), Some(reason)),
        CaseAct::Close(report) if report.note.contains("KPI") => {
            let (word, sort) = ("kpi".to_owned(), WordSort::InternalMatters);
            return Err(BackendError::Text(vec![Remark::Word { word, sort }]));
        }
        CaseAct::Close(report) => (case.closed, case.report) = (Some(now()), Some(report)),
    }
    super::desk::wind(case);
    case.revision += 1;
    Ok(())
}

/// A word about a broken machine of which nobody knows whether it arrived.
pub(super) fn untold() -> foretell_console::view::UntoldLine {
    foretell_console::view::UntoldLine {
        machine_name: "3号机".to_owned(),
        site_name: "金陵精密".to_owned(),
        subject: "3号机：已安排陈军师傅过来".to_owned(),
        is_lost: false,
        of: foretell_console::view::UntoldOf::Case(103),
    }
}

/// What a customer wrote outside of any case.
pub(super) fn loose() -> foretell_console::view::LooseReply {
    foretell_console::view::LooseReply {
        id: 7,
        customer_id: "jinling".to_owned(),
        customer: "金陵精密".to_owned(),
        machine_name: String::new(),
        text: "下个月我们搬到新厂房，保养时间麻烦到时再约".to_owned(),
        at: super::fleet::now().plus_days(-0.2),
        zone: chrono_tz::Asia::Shanghai,
    }
}

/// What is noted about a customer.
pub(super) fn about_customer(whom: &mut Whom, act: CustomerAct, by: &str) -> Result<(), BackendError> {
    if let CustomerAct::Stop { medium, .. } = &act
        && whom.media.iter().all(|own| own.medium != *medium)
    {
        return Err(BackendError::NotFound(format!("medium `{medium}`")));
    }
    let mut stopped = |by, at| whom.media.iter_mut().filter(|m| m.medium == by).for_each(|m| m.stopped = at);
    match act {
        CustomerAct::Stage { stage: Some(6), to, .. } if to.is_empty() => return Err(Obstacle::PersonMissing.into()),
        CustomerAct::Stage { seen, .. }
            if seen.is_some_and(|seen| whom.stages.first().and_then(|last| last.stage).unwrap_or(0) != seen) =>
        {
            return Err(Obstacle::Stale.into());
        }
        CustomerAct::Stage { stage, why, .. } => {
            whom.stages.insert(0, StageChange { at: now(), stage, who: by.to_owned(), why });
        }
        CustomerAct::HandOver { .. } => {}
        CustomerAct::Stop { medium, .. } => stopped(medium, Some(now())),
        CustomerAct::Resume { medium, .. } => stopped(medium, None),
    }
    Ok(())
}
