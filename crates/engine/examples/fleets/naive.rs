//! What everybody has: a straight line through fourteen daily maxima of the running machine, three weeks ahead, two days running. It says how
//! hard a fleet is.

use foretell_model::{FaultCode, Finding, FindingId, FindingKind, Grade, RulDays, Signal, Status, Timestamp};

use crate::fleet::{LIMIT_C, Machine};

/// Alarms closer together than this are one episode, days.
const QUIET_DAYS: i64 = 14;

/// Advisories of the line.
pub(crate) fn findings(machine: &Machine) -> Vec<Finding> {
    let mut maxima: Vec<(i64, f64)> = Vec::new();
    let mut findings = Vec::new();
    let mut running = 0;
    let (mut episode, mut last_alarm) = (0, i64::MIN / 2);
    let mut most_a: f64 = 1.0;
    for r in &machine.readings {
        let Some(td) = r.signals.get(Signal::DischargeTemp).filter(|v| (-40.0..145.0).contains(v)) else { continue };
        let amps = r.signals.get(Signal::MotorCurrent).unwrap_or(0.0);
        most_a = most_a.max(amps);
        if amps < 0.1 * most_a {
            continue;
        }
        let day = r.ts.day();
        match maxima.last_mut() {
            Some((last, max)) if *last == day => *max = max.max(td),
            _ => {
                if let Some((level, slope)) = line(&maxima) {
                    running = if level + 21.0 * slope >= LIMIT_C { running + 1 } else { 0 };
                    if running >= 2 {
                        episode += u32::from(day - last_alarm > QUIET_DAYS);
                        last_alarm = day;
                        let days = (LIMIT_C - level) / slope.max(1e-6);
                        findings.push(finding(r.machine.clone(), r.ts, days, episode));
                    }
                }
                maxima.push((day, td));
            }
        }
    }
    findings
}

fn line(maxima: &[(i64, f64)]) -> Option<(f64, f64)> {
    let last = maxima.get(maxima.len().checked_sub(14)?..)?;
    let (mx, my) = (last.iter().map(|p| p.0 as f64).sum::<f64>() / 14.0, last.iter().map(|p| p.1).sum::<f64>() / 14.0);
    let sxx: f64 = last.iter().map(|p| (p.0 as f64 - mx).powi(2)).sum();
    let sxy: f64 = last.iter().map(|p| (p.0 as f64 - mx) * (p.1 - my)).sum();
    let now = last[13].0 as f64;
    Some((my + sxy / sxx * (now - mx), sxy / sxx))
}

fn finding(machine: foretell_model::MachineId, at: Timestamp, days: f64, episode: u32) -> Finding {
    let fault = FaultCode::COOLER_CLOGGING;
    Finding {
        at,
        id: FindingId::new(&machine, &fault, episode),
        machine,
        kind: FindingKind::Prediction,
        status: Status::Updated,
        grade: Grade::Advise,
        fault,
        likelihood: 1.0,
        alternatives: Vec::new(),
        rul_days: Some(RulDays { p10: Some(days * 0.7), p50: Some(days), p90: Some(days * 1.4) }),
        probability_within: None,
        limit: None,
        evidence: Vec::new(),
        text: String::new(),
    }
}
