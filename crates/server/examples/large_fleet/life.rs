//! What has happened so far: forecasts of years, letters, answers, visits, calls, verdicts, and machines that did break.

use std::collections::BTreeMap;
use std::error::Error;

use foretell::service::{EngineRoom, Placed};
use foretell_model::{
    DAY_MS, Evidence, FaultCode, Finding, FindingId, FindingKind, Found, Grade, HOUR_MS, MachineId, Offset, RulDays,
    Status, Timestamp,
};
use foretell_outreach::{CustomerStage, MachineContext, Outreach, Source, Spoken};

use super::machines::name;
use super::people::MACHINES_OF_CUSTOMER;

/// Every so many machines one had a case in the past.
const OLD_CASE_EVERY: usize = 2;
/// Every so many machines one had a visit in the last days.
const VISITED_EVERY: usize = 40;
/// Every so many machines one is broken now.
const TROUBLE_EVERY: usize = 90;
/// Every so many machines there is a customer who is not content.
const DISPLEASED_EVERY: usize = 160;

const WHO: &str = "a0";

/// Lives it; returns addresses worth asking for, as JSON.
pub(crate) fn lived(
    outreach: &Outreach,
    (room, machines): (&EngineRoom, usize),
    found: &[Placed],
    now: Timestamp,
) -> Result<String, Box<dyn Error>> {
    past(outreach, machines, now)?;
    visited(outreach, machines, now)?;
    let visit = due(outreach, now)?;
    // Only the last word on each, as it stands after weeks: every step in between would cost a commit.
    let newest: BTreeMap<&FindingId, &Placed> = found.iter().map(|placed| (&placed.finding.id, placed)).collect();
    for (n, placed) in (1..).zip(newest.into_values()) {
        outreach.apply(Offset(1), n, &placed.finding, &placed.context, now)?;
    }
    let (token, booking) = present(outreach, now)?;
    let mut case = 0;
    for n in 0..machines.div_ceil(TROUBLE_EVERY) {
        let machine = MachineId::parse(&name(n * TROUBLE_EVERY + 5))?;
        case = outreach.open_service_case(&machine, Source::Customer, "It tripped with E23", WHO, now)?.id;
        if n.is_multiple_of(2) {
            outreach.called_back(case, "We are coming", WHO, now)?;
        }
        if n.is_multiple_of(4) {
            outreach.send_technician(case, "t000", None, WHO, now)?;
        }
    }
    for n in 0..machines / DISPLEASED_EVERY {
        let (stage, key) = (CustomerStage::ALL[n % 5], n * DISPLEASED_EVERY / MACHINES_OF_CUSTOMER);
        outreach.set_stage(&format!("c{key:04}"), Some(stage), "said so on the telephone", WHO, now)?;
    }
    let advisory = outreach.queue(now)?.first().map(|entry| entry.id.to_string()).unwrap_or_default();
    let machine = room.findings(None, None, 1).first().map_or_else(|| name(0), |finding| finding.machine.to_string());
    let over = format!("/advisory/{}", format!("{}/oil_filter_clogging/1", name(0)).replace('/', "%2F"));
    let case_of = |id: &str| format!("/advisory/{}", id.replace('/', "%2F"));
    let (advisory, booked) = (case_of(&advisory), case_of(&booking));
    Ok(format!(
        r#"{{"machine":"/m/{machine}","advisory":"{advisory}","booked":"{booked}","over":"{over}","booking":"/b/{token}","case":"/cases/{case}","visit":"/visits/{visit}","customer":"/customers/c0000"}}"#
    ))
}

/// Two years of cases that are over.
fn past(outreach: &Outreach, machines: usize, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let fault = FaultCode::new("oil_filter_clogging").ok_or("the fault's code")?;
    let cases = machines / OLD_CASE_EVERY;
    for n in 0..cases {
        let at = now.plus_days(-700.0 + n as f64 * 650.0 / cases as f64);
        let machine = MachineId::parse(&name(n * OLD_CASE_EVERY))?;
        let finding = a_finding(&machine, &fault, at);
        let id = finding.id.clone();
        outreach.apply(Offset(0), 1, &finding, &MachineContext::default(), at)?;
        if n.is_multiple_of(3) {
            let found = if n.is_multiple_of(9) { Found::NotFound } else { Found::Confirmed };
            outreach.give_verdict(&id, (found, None), "", "t000", at)?;
        }
        outreach.close(&id, "the work was done on another order", WHO, at)?;
    }
    Ok(())
}

/// Visits of the last days, made and settled.
fn visited(outreach: &Outreach, machines: usize, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let fault = FaultCode::new("intake_filter_clogging").ok_or("the fault's code")?;
    for n in 0..machines / VISITED_EVERY {
        let machine = MachineId::parse(&name(n * VISITED_EVERY + 1))?;
        let (drafted, days_ago) = (now.plus_days(-14.0), 1 + n % 9);
        let finding = a_finding(&machine, &fault, drafted);
        outreach.apply(Offset(0), 1, &finding, &MachineContext::default(), drafted)?;
        let start = Timestamp::from_millis((now.day() - days_ago as i64) * DAY_MS + (1 + n as i64 % 4 * 2) * HOUR_MS);
        let agreed = Spoken { odd_hour: true, ..Spoken::default() };
        // Where nobody was free, nobody came.
        let Ok(visit) = outreach.book_for(&finding.id, start, &agreed, WHO, drafted) else { continue };
        outreach.complete(visit.id, None, "t000", visit.end)?;
    }
    Ok(())
}

/// A visit that somebody should set out for now, an hour before it begins.
fn due(outreach: &Outreach, now: Timestamp) -> Result<i64, Box<dyn Error>> {
    let fault = FaultCode::new("intake_filter_clogging").ok_or("the fault's code")?;
    let (drafted, start) = (now.plus_days(-5.0), Timestamp::from_millis((now.millis() / HOUR_MS + 2) * HOUR_MS));
    let finding = a_finding(&MachineId::parse(&name(3))?, &fault, drafted);
    outreach.apply(Offset(0), 1, &finding, &MachineContext::default(), drafted)?;
    let agreed = Spoken { odd_hour: true, ..Spoken::default() };
    Ok(outreach.book_for(&finding.id, start, &agreed, WHO, drafted)?.id)
}

/// A forecast as the engine words one.
pub(crate) fn a_finding(machine: &MachineId, fault: &FaultCode, at: Timestamp) -> Finding {
    Finding {
        at,
        machine: machine.clone(),
        kind: FindingKind::Prediction,
        id: FindingId::new(machine, fault, 1),
        status: Status::Opened,
        grade: Grade::Advise,
        fault: fault.clone(),
        likelihood: 0.8,
        alternatives: Vec::new(),
        rul_days: Some(RulDays { p10: Some(14.0), p50: Some(18.0), p90: Some(27.5) }),
        probability_within: None,
        limit: None,
        evidence: vec![Evidence {
            feature: "oil_filter_dp_bar".into(),
            value: 0.93,
            unit: "bar".into(),
            change_per_day: Some(0.01),
            since: Some(at),
        }],
        text: "A fault is likely.".into(),
    }
}

/// Of what waits, some is approved, some of that booked or answered otherwise; returns the token of a page that is open, and
/// its case.
fn present(outreach: &Outreach, now: Timestamp) -> Result<(String, String), Box<dyn Error>> {
    let mut open = (String::new(), String::new());
    let waiting = outreach.queue(now)?;
    for (n, entry) in waiting.iter().enumerate().filter(|(n, _)| n.is_multiple_of(2)) {
        // Where fewer than two times are free the advisor calls; a large fleet has such cases too.
        let Ok(message) = outreach.approve(&entry.id, WHO, now) else { continue };
        let token = message.link.rsplit('/').next().unwrap_or_default();
        // The first stays open, so that there is one in a small fleet too.
        match (n / 2 + 5) % 6 {
            0 | 1 => {
                if let Some(slot) = message.slots.get(n / 12 % 2) {
                    // Somebody else may have been faster.
                    let _taken = outreach.book(token, slot.start, now);
                }
            }
            2 => drop(outreach.not_now(token, 30, now)?),
            3 => drop(outreach.other_time(token, "next Tuesday in the morning would suit us better", now)?),
            // The most pressing one: it goes out at once, where a later one may be held until a service joins it.
            _ if open.0.is_empty() => open = (token.to_owned(), entry.id.to_string()),
            _ => {}
        }
    }
    Ok(open)
}
