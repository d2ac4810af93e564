//! The report of a backtest: what the console lays out as one HTML file.

use foretell_console::Lang;
use foretell_console::report::{
    BacktestMachine, BacktestMoment, BacktestReport, BacktestScores, IntervalScore, KindScore, MissedFault, Rate,
    Share, TruthSpan, backtest_html,
};
use foretell_console::view::Curve;
use foretell_model::{Catalogue, MachineId, Timestamp};

use super::intervals::binomial_95;
use super::letters::{LetterDesk, may_reach_customer};
use super::{ASKED_DAYS_BEFORE, FalseRate, MachineRun, Outcome, Score, Truth, states};
use crate::config::Config;
use crate::failure::{Failure, Kind};

/// What a report is made of.
pub struct Sheet<'a> {
    /// What was tested, e.g. the file's name.
    pub title: String,
    /// What the engine said.
    pub outcome: &'a Outcome,
    /// Rows that were refused.
    pub refused: u64,
    /// What truly happened, and how the forecasts compare.
    pub truth: Option<(&'a Truth, &'a Score)>,
    /// What faults and work are called.
    pub catalogue: &'a Catalogue,
}

/// Writes a backtest as one HTML file.
///
/// # Errors
/// When an edited message template cannot be used.
pub fn html(sheet: &Sheet<'_>, lang: Lang, config: &Config) -> Result<String, Failure> {
    let (from, to) = sheet.outcome.span().unwrap_or_default();
    let desk = LetterDesk::new(config, sheet.catalogue, lang)?;
    let slot_ms = states::slot_ms(from, to);
    let machines = sheet.outcome.machines.iter().map(|(id, run)| machine(id, run, (to, slot_ms), sheet, &desk));
    let report = BacktestReport {
        title: sheet.title.clone(),
        lang,
        zone: chrono_tz::Tz::UTC,
        from,
        to,
        slot_ms,
        readings: sheet.outcome.readings(),
        refused: sheet.refused,
        machines: machines.collect::<Result<_, Failure>>()?,
        scores: sheet.truth.map(|(_, score)| scores(score)),
    };
    backtest_html(&report, sheet.catalogue)
        .map_err(|error| Failure::because(Kind::Internal, "could not lay out the report", error))
}

fn machine(
    id: &MachineId,
    run: &MachineRun,
    (to, slot_ms): (Timestamp, i64),
    sheet: &Sheet<'_>,
    desk: &LetterDesk<'_>,
) -> Result<BacktestMachine, Failure> {
    let days = run.days.values().copied().collect();
    let (limit_c, marks) = (run.limit_c, run.marks.clone());
    let moments = run.moments.iter().map(|moment| BacktestMoment {
        would_send: may_reach_customer(&moment.finding, sheet.catalogue),
        finding: moment.finding.clone(),
        cone: moment.cone.clone(),
    });
    Ok(BacktestMachine {
        id: id.clone(),
        readings: run.readings,
        unjudged: run.unjudged(),
        curve: Curve {
            now: run.last.unwrap_or(to),
            limit_c,
            days,
            cone: Vec::new(),
            reached: None,
            marks,
            counter: None,
        },
        residuals: run.residuals.clone(),
        moments: moments.collect(),
        truth: sheet.truth.map(|(truth, _)| spans(truth, id)).unwrap_or_default(),
        states: states::of(run, to, slot_ms),
        letters: desk.of(run)?,
    })
}

fn spans(truth: &Truth, id: &MachineId) -> Vec<TruthSpan> {
    let own = truth.machines.iter().filter(|machine| machine.machine == *id);
    let span = |fault: &super::TrueFault| TruthSpan {
        fault: fault.fault.clone(),
        onset: fault.onset,
        limit_reached: fault.limit_reached,
        cleared: fault.cleared,
    };
    own.flat_map(|machine| machine.faults.iter().map(span)).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn share(part: usize, of: usize) -> Share {
    let (low, high) = binomial_95(part, of);
    Share { part: count(part), of: count(of), low, high }
}

fn scores(score: &Score) -> BacktestScores {
    let rate = |rate: &FalseRate| {
        let [per_year, low, high] = rate.per_year();
        let count = u32::try_from(rate.count).unwrap_or(u32::MAX);
        Rate { count, machine_years: rate.machine_years, per_year, low, high }
    };
    let intervals = score.intervals.iter().zip(ASKED_DAYS_BEFORE).map(|(intervals, days_before)| IntervalScore {
        days_before,
        asked: count(intervals.asked),
        holds: share(intervals.covered, intervals.answered),
        median_width: intervals.median_width(),
        fell: intervals.fell.map(count),
    });
    let kinds = score.by_fault.iter().map(|(fault, kind)| KindScore {
        fault: fault.clone(),
        there: count(kind.there),
        found: count(kind.found),
        advised: count(kind.advised),
        alternative: count(kind.alternative),
        false_advisories: u32::try_from(kind.false_advisories).unwrap_or(u32::MAX),
    });
    let missed = score.missed.iter().map(|missed| MissedFault {
        machine: missed.machine.clone(),
        fault: missed.fault.clone(),
        limit_reached: missed.limit_reached,
        said: missed.said.clone(),
    });
    BacktestScores {
        warned_7d: share(score.warned_7d, score.reached),
        warned_14d: share(score.warned_14d, score.reached),
        lead_days_median: score.median_lead_days(),
        leads_days: score.leads_days.clone(),
        named_first: share(score.named_first, score.advised),
        false_advisories: rate(&score.false_advisories),
        false_on_healthy: rate(&score.false_on_healthy),
        intervals: intervals.collect(),
        kinds: kinds.collect(),
        missed: missed.collect(),
    }
}
