//! The report of a backtest: one HTML file with curves.

use foretell_console::Lang;
use foretell_console::report::{
    BacktestMachine, BacktestMoment, BacktestReport, BacktestScores, TooShort, TruthSpan, backtest_html,
};
use foretell_console::view::Curve;
use foretell_model::{Catalogue, Finding, FindingKind, Grade, MachineId, Timestamp};

use super::{MachineRun, Moment, Outcome, Score, Truth};
use crate::failure::{Failure, Kind};
use crate::service::DAYS_NEEDED;

/// Writes a backtest as one HTML file.
///
/// # Errors
/// When the page cannot be rendered, which no history can cause.
pub fn html(
    title: &str,
    outcome: &Outcome,
    refused: u64,
    truth: Option<(&Truth, &Score)>,
    catalogue: &Catalogue,
    lang: Lang,
) -> Result<String, Failure> {
    let (from, to) = outcome.span().unwrap_or_default();
    let labels = truth.map(|(truth, _)| truth);
    let machines = outcome.machines.iter().map(|(id, run)| machine(id, run, to, labels, catalogue)).collect();
    let report = BacktestReport {
        title: title.to_owned(),
        lang,
        zone: chrono_tz::Tz::UTC,
        from,
        to,
        readings: outcome.readings(),
        refused,
        machines,
        scores: truth.map(|(_, score)| scores(score)),
    };
    backtest_html(&report, catalogue)
        .map_err(|error| Failure::because(Kind::Internal, "could not lay out the report", error))
}

fn machine(
    id: &MachineId,
    run: &MachineRun,
    now: Timestamp,
    truth: Option<&Truth>,
    catalogue: &Catalogue,
) -> BacktestMachine {
    let days = run.days.values().copied().collect();
    let (limit_c, marks) = (run.limit_c, run.marks.clone());
    BacktestMachine {
        id: id.clone(),
        readings: run.readings,
        too_short: (!run.learned).then_some(TooShort { days_needed: DAYS_NEEDED }),
        curve: Curve { now, limit_c, days, cone: Vec::new(), marks },
        moments: run.moments.iter().map(|moment| said(moment, catalogue)).collect(),
        truth: truth.map(|truth| spans(truth, id)).unwrap_or_default(),
    }
}

fn said(moment: &Moment, catalogue: &Catalogue) -> BacktestMoment {
    BacktestMoment {
        would_send: may_reach_customer(&moment.finding, catalogue),
        finding: moment.finding.clone(),
        cone: moment.cone.clone(),
    }
}

/// Whether outreach would draft a message for it.
pub(super) fn may_reach_customer(finding: &Finding, catalogue: &Catalogue) -> bool {
    let speaks = matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly);
    speaks && finding.grade >= Grade::Advise && catalogue.fault(&finding.fault).is_some_and(|fault| fault.customer)
}

fn spans(truth: &Truth, id: &MachineId) -> Vec<TruthSpan> {
    let own = truth.machines.iter().filter(|machine| machine.machine == *id);
    let span = |fault: &super::TrueFault| TruthSpan {
        fault: fault.fault.clone(),
        onset: fault.onset,
        limit_reached: fault.limit_reached,
    };
    own.flat_map(|machine| machine.faults.iter().map(span)).collect()
}

fn scores(score: &Score) -> BacktestScores {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let answered: usize = score.intervals.iter().map(|intervals| intervals.answered).sum();
    let covered: usize = score.intervals.iter().map(|intervals| intervals.covered).sum();
    BacktestScores {
        faults: count(score.reached),
        warned_7d: count(score.warned_7d),
        warned_14d: count(score.warned_14d),
        lead_days_median: score.median_lead_days(),
        coverage: (answered > 0).then(|| covered as f64 / answered as f64),
        false_advisories: u32::try_from(score.false_advisories).unwrap_or(u32::MAX),
        machine_years: score.machine_years,
    }
}
