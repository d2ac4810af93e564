//! The backtest's report: one HTML file that needs nothing else, to be opened from a disk, mailed or printed.
//!
//! Unlike the pages it carries its style inside, because a file has no server to ask.

use askama::Template;
use chrono_tz::Tz;
use foretell_model::{Catalogue, Finding, FindingKind, MachineId, Timestamp};

use crate::chart::Size;
use crate::pages::figure::{Figure, figure_at};
use crate::pages::standing::Standing;
use crate::text::{self, Words};
use crate::view::{ConePoint, Curve};
use crate::{Lang, assets, civil};

/// Style of the report itself.
const REPORT_CSS: &str = include_str!("../assets/report.css");

/// A backtest in full.
#[derive(Clone, Debug)]
pub struct BacktestReport {
    /// What was tested, e.g. the file's name.
    pub title: String,
    /// Language of the report.
    pub lang: Lang,
    /// Zone in which days and times are shown.
    pub zone: Tz,
    /// First instant of the input.
    pub from: Timestamp,
    /// Last instant of the input.
    pub to: Timestamp,
    /// Readings that were admitted.
    pub readings: u64,
    /// Items that were refused.
    pub refused: u64,
    /// One entry per machine.
    pub machines: Vec<BacktestMachine>,
    /// How the forecasts compare with what happened; `None` without truth.
    pub scores: Option<BacktestScores>,
}

/// One machine of a backtest.
#[derive(Clone, Debug)]
pub struct BacktestMachine {
    /// Which.
    pub id: MachineId,
    /// Readings that were admitted.
    pub readings: u64,
    /// Days of loaded running that are missing before anything can be judged; `None` when there were enough.
    pub too_short: Option<TooShort>,
    /// The whole history; its own cone stays empty, the moments carry theirs.
    pub curve: Curve,
    /// The moments at which an episode was opened or its grade rose, in order.
    pub moments: Vec<BacktestMoment>,
    /// What is known to have happened; empty without truth.
    pub truth: Vec<TruthSpan>,
}

/// A history that ends before a machine's normal could be learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Days of loaded running that are needed.
    pub days_needed: u32,
}

/// A moment at which something would have been said.
#[derive(Clone, Debug)]
pub struct BacktestMoment {
    /// What was concluded.
    pub finding: Finding,
    /// The forecast as it stood at that moment; empty when none was made.
    pub cone: Vec<ConePoint>,
    /// Whether a message to the customer would have been drafted.
    pub would_send: bool,
}

/// A fault that is known to have been there.
#[derive(Clone, Debug)]
pub struct TruthSpan {
    /// Which fault, as a code.
    pub fault: foretell_model::FaultCode,
    /// When it began.
    pub onset: Timestamp,
    /// When the limit was reached, if it was.
    pub limit_reached: Option<Timestamp>,
}

/// Figures of merit against truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BacktestScores {
    /// Faults that reached the limit.
    pub faults: u32,
    /// Of them, warned (`advise` or `urgent`) at least 7 days before.
    pub warned_7d: u32,
    /// Of them, warned at least 14 days before.
    pub warned_14d: u32,
    /// Median lead of the first warning, days.
    pub lead_days_median: Option<f64>,
    /// Share of forecasts whose 80 % interval held the truth, 0 to 1.
    pub coverage: Option<f64>,
    /// Warnings without a fault behind them.
    pub false_advisories: u32,
    /// Machine-years of history.
    pub machine_years: f64,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    lang: Lang,
    t: &'static Words,
    style: String,
    title: String,
    eyebrow: &'static str,
    summary: String,
    scores: Vec<(&'static str, String)>,
    rows: Vec<SummaryRow>,
    machines: Vec<MachineSection>,
}

struct SummaryRow {
    anchor: String,
    id: String,
    class: &'static str,
    label: String,
    readings: String,
    first: String,
    sent: String,
    truth: String,
}

struct MachineSection {
    anchor: String,
    id: String,
    /// None when there is nothing to draw.
    fig: Option<Figure>,
    /// What stands where nothing would have been said.
    silence: String,
    truth: Vec<String>,
    moments: Vec<Moment>,
}

struct Moment {
    class: &'static str,
    grade: &'static str,
    when: String,
    sentence: String,
    sent: &'static str,
    fig: Option<Figure>,
}

/// Writes the report.
///
/// # Errors
/// When the template cannot be rendered, which no content can cause.
pub fn backtest_html(report: &BacktestReport, catalogue: &Catalogue) -> Result<String, askama::Error> {
    let lang = report.lang;
    let page = ReportPage {
        lang,
        t: text::words(lang),
        style: [assets::TOKENS_CSS, assets::CHART_CSS, REPORT_CSS].concat(),
        title: report.title.clone(),
        eyebrow: text::words(lang).report_eyebrow,
        summary: text::report_summary(
            report.machines.len(),
            report.readings,
            report.refused,
            (civil::date(report.from, report.zone, lang), civil::date(report.to, report.zone, lang)),
            lang,
        ),
        scores: report.scores.as_ref().map_or_else(Vec::new, |scores| score_lines(scores, lang)),
        rows: report.machines.iter().map(|machine| summary_row(machine, report.zone, lang)).collect(),
        machines: report.machines.iter().map(|machine| section(machine, report, catalogue)).collect(),
    };
    page.render()
}

fn score_lines(scores: &BacktestScores, lang: Lang) -> Vec<(&'static str, String)> {
    let t = text::words(lang);
    let of = |part: u32| format!("{part} / {}", scores.faults);
    let false_rate = f64::from(scores.false_advisories) / scores.machine_years.max(f64::MIN_POSITIVE);
    let lines = [
        (t.score_7d, Some(of(scores.warned_7d))),
        (t.score_14d, Some(of(scores.warned_14d))),
        (t.score_lead, scores.lead_days_median.map(|days| format!("{} d", text::number((days * 10.0).round() / 10.0)))),
        (t.score_coverage, scores.coverage.map(|share| format!("{} %", text::percent(share)))),
        (t.score_false, (scores.machine_years > 0.0).then(|| text::number((false_rate * 100.0).round() / 100.0))),
    ];
    lines.into_iter().map(|(name, value)| (name, value.unwrap_or_else(|| "–".to_owned()))).collect()
}

fn anchor(id: &MachineId) -> String {
    id.as_str().replace('/', "-")
}

fn summary_row(machine: &BacktestMachine, zone: Tz, lang: Lang) -> SummaryRow {
    let mut warnings = machine.moments.iter().filter(|moment| is_warning(&moment.finding)).peekable();
    let first = warnings.peek().map(|moment| civil::date(moment.finding.at, zone, lang));
    let worst = warnings.map(|moment| Standing::of_grade(moment.finding.grade)).min();
    // A machine that could not be judged is never called normal.
    let unjudged = machine.too_short.map_or(Standing::Good, |_| Standing::Learning);
    let standing = worst.unwrap_or(unjudged);
    let date = |at: Timestamp| civil::date(at, zone, lang);
    let dash = || "–".to_owned();
    let sent = machine.moments.iter().find(|moment| moment.would_send).map(|moment| date(moment.finding.at));
    let truth = machine.truth.iter().find_map(|span| span.limit_reached).map(date);
    SummaryRow {
        anchor: anchor(&machine.id),
        id: machine.id.to_string(),
        class: standing.name(),
        label: match machine.too_short {
            Some(short) if worst.is_none() => text::too_short(short.days_needed, lang),
            _ => text::standing_label(standing, lang).to_owned(),
        },
        readings: text::number(machine.readings as f64),
        first: first.unwrap_or_else(dash),
        sent: sent.unwrap_or_else(dash),
        truth: truth.unwrap_or_else(dash),
    }
}

/// Whether a finding warns of something: what keeps us from seeing, due service and the effect of work do not.
const fn is_warning(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly)
}

fn section(machine: &BacktestMachine, report: &BacktestReport, catalogue: &Catalogue) -> MachineSection {
    let (lang, zone) = (report.lang, report.zone);
    let caption = text::words(lang).curve_title;
    let truth = machine.truth.iter().map(|span| {
        let reached = span.limit_reached.map(|at| civil::date(at, zone, lang));
        let fault = text::fault(&span.fault, catalogue, lang);
        text::truth_line(&fault, &civil::date(span.onset, zone, lang), reached.as_deref(), lang)
    });
    MachineSection {
        anchor: anchor(&machine.id),
        id: machine.id.to_string(),
        fig: machine.curve.days.iter().any(|day| day.hot_c.is_some()).then(|| {
            let words = (caption, text::words(lang).report_end);
            figure_at(&machine.curve, &[Size::Wide, Size::Narrow], words, catalogue, lang)
        }),
        silence: machine.too_short.map_or_else(
            || text::words(lang).report_nothing_said.to_owned(),
            |short| text::too_short(short.days_needed, lang),
        ),
        truth: truth.collect(),
        moments: machine.moments.iter().map(|moment| lay_out(moment, &machine.curve, report, catalogue)).collect(),
    }
}

/// A day that was concluded has no time of day worth reading.
fn when(at: Timestamp, zone: Tz, lang: Lang) -> String {
    let is_whole_day = at.millis().rem_euclid(foretell_model::DAY_MS) == 0;
    if is_whole_day { civil::date(at, zone, lang) } else { civil::date_time(at, zone, lang) }
}

/// Days of history that are shown before a moment's cone.
const BEFORE_DAYS: i64 = 60;

fn lay_out(moment: &BacktestMoment, whole: &Curve, report: &BacktestReport, catalogue: &Catalogue) -> Moment {
    let (lang, t) = (report.lang, text::words(report.lang));
    let standing =
        if is_warning(&moment.finding) { Standing::of_grade(moment.finding.grade) } else { Standing::Hidden };
    let today = moment.finding.at.day();
    let last = moment.cone.last().map_or(today, |point| point.day);
    // What came after stands in the same picture: whoever reads it sees at once whether the cone held it.
    let fig = (!moment.cone.is_empty()).then(|| {
        let seen = |day: i64| (today - BEFORE_DAYS..=last).contains(&day);
        let curve = Curve {
            now: moment.finding.at,
            limit_c: whole.limit_c,
            days: whole.days.iter().filter(|day| seen(day.day)).copied().collect(),
            cone: moment.cone.clone(),
            marks: whole.marks.iter().filter(|mark| seen(mark.at.day())).cloned().collect(),
        };
        figure_at(&curve, &[Size::Narrow], (t.report_moment_caption, t.report_then), catalogue, lang)
    });
    Moment {
        class: standing.name(),
        grade: if is_warning(&moment.finding) { text::standing_label(standing, lang) } else { t.report_remark },
        when: when(moment.finding.at, report.zone, lang),
        sentence: text::kind_sentence(&moment.finding, catalogue, lang),
        sent: match (moment.would_send, moment.finding.kind) {
            (true, _) => t.report_would_send,
            (false, FindingKind::Prediction) => t.report_inside,
            (false, _) => "",
        },
        fig,
    }
}
