//! One machine's part of the report: its history with what was forecast, the letters, the remarks.

use foretell_model::{Catalogue, DAY_MS, Finding, Timestamp};

use super::data::{BacktestMachine, BacktestMoment, BacktestReport, Residual, TruthSpan, warns};
use super::overview::{anchor, label, lead_days, standing};
use super::words::{self, Words};
use crate::chart::{self, Hover, Past, Size};
use crate::pages::figure::{Figure, past_figure};
use crate::pages::standing::Standing;
use crate::view::{Curve, DayPoint, MarkKind, Reached};
use crate::{Lang, text};

/// Moments of a machine that get a picture of their own.
const MOMENTS_MAX: usize = 6;
/// Remarks that are listed.
const REMARKS_MAX: usize = 10;
/// Days of history that are shown before a moment's forecast.
const BEFORE_DAYS: i64 = 45;
/// Points of a long history's curve; beyond it the hottest day of each few stands for them.
const POINTS_MAX: usize = 200;
/// The same of a quiet machine in a large fleet.
const QUIET_POINTS_MAX: usize = 70;
/// From so many quiet machines on, their pictures are thinned.
const MANY: usize = 24;

/// A machine that needed a look.
pub(super) struct Section {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) facts: Vec<String>,
    pub(super) fig: Option<Figure>,
    pub(super) has_truth: bool,
    pub(super) has_then: bool,
    pub(super) residuals: Vec<ResidualCard>,
    pub(super) moments_title: &'static str,
    pub(super) moments: Vec<Moment>,
    pub(super) letters: Vec<LetterCard>,
    pub(super) remarks: Vec<(String, String)>,
    pub(super) more: String,
}

/// A moment at which something was said.
pub(super) struct Moment {
    pub(super) class: &'static str,
    pub(super) grade: &'static str,
    pub(super) when: String,
    pub(super) sentence: String,
    pub(super) evidence: Vec<String>,
    pub(super) sent: &'static str,
    pub(super) came: String,
    pub(super) fig: Option<Figure>,
}

/// What a relation showed.
pub(super) struct ResidualCard {
    pub(super) caption: String,
    pub(super) svg: String,
}

/// A letter, or why there is none.
pub(super) struct LetterCard {
    pub(super) when: String,
    pub(super) subject: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) held: &'static str,
}

/// A machine of which there is little to say.
pub(super) struct Quiet {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) line: String,
    pub(super) fig: Option<String>,
    pub(super) remarks: Vec<(String, String)>,
    pub(super) more: String,
}

impl Section {
    pub(super) fn of(machine: &BacktestMachine, report: &BacktestReport, catalogue: &Catalogue, w: &Words) -> Self {
        let warnings: Vec<&BacktestMoment> = machine.moments.iter().filter(|m| warns(m.finding.kind)).collect();
        let then = warnings.iter().find(|moment| moment.would_send && !moment.cone.is_empty());
        let then = then.or_else(|| warnings.iter().find(|moment| !moment.cone.is_empty()));
        let (remarks, more) = remarks(machine, report, catalogue);
        Self {
            anchor: anchor(machine),
            id: machine.id.to_string(),
            class: standing(machine).name(),
            label: label(machine, report.lang),
            facts: facts(machine, report, catalogue),
            fig: history(machine, then.copied(), report, catalogue),
            has_truth: !machine.truth.is_empty(),
            has_then: then.is_some(),
            residuals: residuals(machine, report, &[Size::Wide, Size::Narrow]),
            moments_title: if warnings.iter().any(|moment| !moment.cone.is_empty()) { w.moments } else { w.said_then },
            moments: warnings.iter().take(MOMENTS_MAX).map(|m| lay_out(m, machine, report, catalogue, w)).collect(),
            letters: letters(machine, report, w),
            remarks,
            more,
        }
    }
}

impl Quiet {
    pub(super) fn of(machine: &BacktestMachine, report: &BacktestReport, many: usize, catalogue: &Catalogue) -> Self {
        let lang = report.lang;
        let points = if many > MANY { QUIET_POINTS_MAX } else { POINTS_MAX };
        let line = machine.unjudged.map_or_else(
            || words::readings(machine.readings, first(machine, report), machine.curve.now, lang),
            |why| why.words(lang),
        );
        let past = Past { truths: &[], forecasts: &[], hover: Hover::Silent };
        let fig = is_drawn(machine).then(|| {
            let curve = Curve { days: thinned(&machine.curve.days, points), ..machine.curve.clone() };
            past_figure(&curve, &[Size::Narrow], captions(lang), &past, (catalogue, lang)).svg
        });
        // Where nothing else has a curve, the first relation's stands for the machine.
        let fig = fig.or_else(|| residuals(machine, report, &[Size::Narrow]).into_iter().next().map(|card| card.svg));
        let (remarks, more) = remarks(machine, report, catalogue);
        Self { anchor: anchor(machine), id: machine.id.to_string(), line, fig, remarks, more }
    }
}

fn captions(lang: Lang) -> (&'static str, &'static str) {
    (text::words(lang).curve_title, text::words(lang).report_end)
}

fn is_drawn(machine: &BacktestMachine) -> bool {
    machine.curve.days.iter().any(|day| day.hot_c.is_some())
}

fn first(machine: &BacktestMachine, report: &BacktestReport) -> Option<Timestamp> {
    machine.states.first().map(|run| Timestamp::from_millis(run.first * report.slot_ms))
}

fn facts(machine: &BacktestMachine, report: &BacktestReport, catalogue: &Catalogue) -> Vec<String> {
    let lang = report.lang;
    let mut facts = vec![words::readings(machine.readings, first(machine, report), machine.curve.now, lang)];
    facts.extend(lead_days(machine).map(|days| words::WARNED.with(&[&words::full_days(days, lang)], lang)));
    facts.extend(machine.unjudged.map(|why| why.words(lang)));
    facts.extend(machine.truth.iter().map(|span| {
        let reached = span.limit_reached.map(|at| words::date(at, report));
        let fault = text::fault(&span.fault, catalogue, lang);
        text::truth_line(&fault, &words::date(span.onset, report), reached.as_deref(), lang)
    }));
    facts
}

/// The whole history with the forecast of the first advisory, so that one look tells whether it came so.
fn history(
    machine: &BacktestMachine,
    then: Option<&BacktestMoment>,
    report: &BacktestReport,
    catalogue: &Catalogue,
) -> Option<Figure> {
    let lang = report.lang;
    let end = machine.curve.now.day();
    let truths: Vec<_> = machine.truth.iter().map(|span| bar(span, end, catalogue, lang)).collect();
    // As far as the history goes: beyond it nothing can be compared.
    let cone: Vec<_> = then.iter().flat_map(|m| &m.cone).filter(|point| point.day <= end).copied().collect();
    let forecasts: Vec<_> = then.iter().map(|moment| (moment.finding.at, cone.as_slice())).collect();
    let hover = if machine.curve.days.len() <= POINTS_MAX { Hover::Figures } else { Hover::Silent };
    let past = Past { truths: &truths, forecasts: &forecasts, hover };
    is_drawn(machine).then(|| {
        let curve = Curve { days: thinned(&machine.curve.days, 2 * POINTS_MAX), ..machine.curve.clone() };
        past_figure(&curve, &[Size::Wide, Size::Narrow], captions(lang), &past, (catalogue, lang))
    })
}

fn bar(span: &TruthSpan, end: i64, catalogue: &Catalogue, lang: Lang) -> (i64, i64, String) {
    let last = span.cleared.map_or(end, Timestamp::day);
    (span.onset.day(), last, text::fault(&span.fault, catalogue, lang))
}

/// The hottest day of each few, when there are more than `most`.
fn thinned(days: &[DayPoint], most: usize) -> Vec<DayPoint> {
    let few = days.len().div_ceil(most.max(1)).max(1);
    let hottest = |days: &[DayPoint]| {
        let hot = |day: &&DayPoint| day.hot_c.unwrap_or(f64::NEG_INFINITY);
        days.iter().max_by(|a, b| hot(a).total_cmp(&hot(b))).copied()
    };
    days.chunks(few).filter_map(hottest).collect()
}

fn letters(machine: &BacktestMachine, report: &BacktestReport, w: &Words) -> Vec<LetterCard> {
    let card = |letter: &super::data::Letter| LetterCard {
        when: words::DRAFTED.with(&[&words::when(letter.at, report)], report.lang),
        subject: letter.subject.clone(),
        paragraphs: letter
            .body
            .split("\n\n")
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
        held: match letter.held_by {
            Some(_) => w.letter_held,
            None if letter.subject.is_empty() => w.letter_undated,
            None => "",
        },
    };
    machine.letters.iter().map(card).collect()
}

fn remarks(
    machine: &BacktestMachine,
    report: &BacktestReport,
    catalogue: &Catalogue,
) -> (Vec<(String, String)>, String) {
    let lang = report.lang;
    let all: Vec<&BacktestMoment> = machine.moments.iter().filter(|moment| !warns(moment.finding.kind)).collect();
    let line = |moment: &&BacktestMoment| {
        (words::when(moment.finding.at, report), text::kind_sentence(&moment.finding, catalogue, lang))
    };
    let more = all.len().saturating_sub(REMARKS_MAX);
    let more = if more > 0 { words::MORE.with(&[&more.to_string()], lang) } else { String::new() };
    (all.iter().take(REMARKS_MAX).map(line).collect(), more)
}

fn lay_out(
    moment: &BacktestMoment,
    machine: &BacktestMachine,
    report: &BacktestReport,
    catalogue: &Catalogue,
    w: &Words,
) -> Moment {
    let (lang, t) = (report.lang, text::words(report.lang));
    let standing = Standing::of_grade(moment.finding.grade);
    Moment {
        class: standing.name(),
        grade: text::standing_label(standing, lang),
        when: words::when(moment.finding.at, report),
        sentence: text::kind_sentence(&moment.finding, catalogue, lang),
        evidence: relations(&moment.finding, report),
        sent: if moment.would_send { t.report_would_send } else { t.report_inside },
        came: came(moment, machine, report, w),
        fig: close_up(moment, &machine.curve, catalogue, lang),
    }
}

/// What watched columns of no contract show beside each other: they have no curve, so their figures stand in words.
fn relations(finding: &Finding, report: &BacktestReport) -> Vec<String> {
    let shown = finding.evidence.iter().filter_map(|evidence| {
        let column = evidence.feature.strip_suffix("_excess")?;
        let unit = if evidence.unit == "1" { "" } else { evidence.unit.as_str() };
        let much = format!("{:.2} {unit}", evidence.value.abs());
        let pattern = if evidence.value < 0.0 { words::BELOW } else { words::ABOVE };
        Some(pattern.with(&[column, much.trim_end(), &words::when(evidence.since?, report)], report.lang))
    });
    shown.collect()
}

/// A picture of each relation, with an upright where it was spoken of.
fn residuals(machine: &BacktestMachine, report: &BacktestReport, sizes: &[Size]) -> Vec<ResidualCard> {
    let by_clock = !report.is_dated() || report.slot_ms < DAY_MS;
    let label = |at: Timestamp| if by_clock { words::clock(at, report) } else { words::day_of(at, report) };
    let card = |residual: &Residual| {
        let feature = format!("{}_excess", residual.target);
        let shows = |moment: &&BacktestMoment| moment.finding.evidence.iter().any(|e| e.feature == feature);
        let said: Vec<Timestamp> = machine.moments.iter().filter(shows).map(|moment| moment.finding.at).collect();
        let caption = words::RESIDUAL.with(&[&residual.target], report.lang);
        let svg = sizes.iter().map(|size| chart::residual(residual, &said, *size, &caption, &label)).collect();
        ResidualCard { caption, svg }
    };
    machine.residuals.iter().map(card).filter(|card| !card.svg.is_empty()).collect()
}

/// How the forecast compares with when the limit was truly reached.
fn came(moment: &BacktestMoment, machine: &BacktestMachine, report: &BacktestReport, w: &Words) -> String {
    let (at, rul) = (moment.finding.at, moment.finding.rul_days);
    let limits = machine.truth.iter().filter(|span| span.fault == moment.finding.fault && span.onset <= at);
    let Some(limit) = limits.filter_map(|span| span.limit_reached).find(|limit| *limit > at) else {
        return String::new();
    };
    let after_days = limit.days_since(at);
    let (date, after) = (words::date(limit, report), words::full_days(after_days, report.lang));
    let line = words::CAME.with(&[&date, &after], report.lang);
    let Some(rul) = rul else { return line };
    let verdict = match (rul.p10, rul.p90) {
        (Some(p10), _) if after_days < p10 => w.then_early,
        (_, Some(p90)) if after_days > p90 => w.then_late,
        _ => w.then_inside,
    };
    let gap = if report.lang == Lang::En { " " } else { "" };
    format!("{line}{gap}{verdict}")
}

/// What came after stands in the same picture: whoever reads it sees at once whether the forecast held it.
fn close_up(moment: &BacktestMoment, whole: &Curve, catalogue: &Catalogue, lang: Lang) -> Option<Figure> {
    let today = moment.finding.at.day();
    let last = moment.cone.last()?.day.min(today + 60);
    let seen = |day: i64| (today - BEFORE_DAYS..=last).contains(&day);
    let own = |kind: MarkKind| kind == MarkKind::Maintenance || kind == MarkKind::Alarm;
    let curve = Curve {
        now: moment.finding.at,
        limit_c: whole.limit_c,
        days: whole.days.iter().filter(|day| seen(day.day)).copied().collect(),
        cone: moment.cone.iter().filter(|point| seen(point.day)).copied().collect(),
        reached: Reached::of(&moment.finding, moment.finding.at),
        counter: None,
        marks: whole.marks.iter().filter(|mark| seen(mark.at.day()) && own(mark.kind)).cloned().collect(),
    };
    let words = (text::words(lang).report_moment_caption, text::words(lang).report_then);
    let past = Past { truths: &[], forecasts: &[], hover: Hover::Silent };
    Some(past_figure(&curve, &[Size::Narrow], words, &past, (catalogue, lang)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_hottest_day_and_the_order() {
        let day = |day: i64, hot_c: Option<f64>| DayPoint { day, hot_c, normal_low_c: None, normal_high_c: None };
        let days: Vec<_> = (0..10).map(|n| day(n, (n != 4).then_some(if n == 3 { 120.0 } else { 80.0 }))).collect();
        let kept: Vec<_> = thinned(&days, 4).iter().map(|day| (day.day, day.hot_c)).collect();
        assert_eq!(kept, [(2, Some(80.0)), (3, Some(120.0)), (8, Some(80.0)), (9, Some(80.0))]);
        assert_eq!(thinned(&days, 10).len(), 10);
        assert!(thinned(&[], 4).is_empty());
    }
}
