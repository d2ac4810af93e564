//! The fleet at a glance: one strip of days per machine, the pressing ones first.

use foretell_model::{Catalogue, DAY_MS, Finding, FindingKind, Timestamp};

use super::data::{BacktestMachine, BacktestReport, DayState, first_said, warns};
use super::words;
use crate::chart::{self, Lane, Slots};
use crate::pages::standing::Standing;
use crate::view::MarkKind;
use crate::{Lang, text};

/// Strips under their axis.
pub(super) struct Overview {
    /// The months, for a desk and for a phone.
    pub(super) axis: String,
    pub(super) axis_narrow: String,
    pub(super) lanes: Vec<LaneRow>,
    pub(super) legend: Vec<(&'static str, &'static str)>,
    pub(super) has_truth: bool,
}

/// One machine's line.
pub(super) struct LaneRow {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) detail: String,
    pub(super) strip: String,
}

impl Overview {
    pub(super) fn of(report: &BacktestReport, catalogue: &Catalogue) -> Self {
        let label = |at: Timestamp| words::clock(at, report);
        let label = (!report.is_dated() || report.slot_ms < DAY_MS).then_some(&label as &dyn Fn(Timestamp) -> String);
        let lanes = ordered(report.machines.iter().collect());
        let shown = DayState::ALL.into_iter().filter(|state| *state != DayState::Unheard);
        Self {
            axis: chart::axis(slots(report), 12, label, report.lang),
            axis_narrow: chart::axis(slots(report), 4, label, report.lang),
            lanes: lanes.into_iter().map(|machine| row(machine, report, catalogue)).collect(),
            legend: shown.map(|state| (state.name(), words::state(state, report.lang))).collect(),
            has_truth: report.scores.is_some(),
        }
    }
}

/// The slots of the whole history.
fn slots(report: &BacktestReport) -> Slots {
    let slot = |at: Timestamp| at.millis().div_euclid(report.slot_ms);
    Slots { first: slot(report.from), last: slot(report.to), slot_ms: report.slot_ms }
}

/// A name for links within the report.
pub(super) fn anchor(machine: &BacktestMachine) -> String {
    machine.id.as_str().replace('/', "-")
}

/// Whether nothing was warned of, no sensor failed, and nothing was truly the matter.
pub(super) fn is_calm(machine: &BacktestMachine) -> bool {
    machine.truth.is_empty() && standing(machine) >= Standing::Learning
}

/// The most pressing thing that was ever said of a machine.
pub(super) fn worst(machine: &BacktestMachine) -> Option<Standing> {
    let warnings = machine.moments.iter().filter(|moment| warns(moment.finding.kind));
    warnings.map(|moment| Standing::of_grade(moment.finding.grade)).min()
}

/// The first of its sensors that was found out of order.
fn failed_sensor(machine: &BacktestMachine) -> Option<&super::data::BacktestMoment> {
    machine.moments.iter().find(|moment| moment.finding.kind == FindingKind::SensorFault)
}

/// Where a machine stands in the report: nothing is called good of which a sensor failed or too little came.
pub(super) fn standing(machine: &BacktestMachine) -> Standing {
    match (worst(machine), failed_sensor(machine), machine.unjudged) {
        (Some(worst), ..) => worst,
        (None, Some(_), _) => Standing::Hidden,
        (None, None, Some(_)) => Standing::Learning,
        (None, None, None) => Standing::Good,
    }
}

/// The same in words.
pub(super) fn label(machine: &BacktestMachine, lang: Lang) -> String {
    match (standing(machine), machine.unjudged) {
        (Standing::Hidden, _) => super::scores::capital(words::state(DayState::Sensor, lang)),
        (Standing::Learning, Some(why)) => why.words(lang),
        (standing, _) => text::standing_label(standing, lang).to_owned(),
    }
}

/// See [`first_said`].
fn first_warning(machine: &BacktestMachine) -> Option<&Finding> {
    first_said(machine.moments.iter().map(|moment| (&moment.finding, moment.would_send)))
}

/// The most pressing first, then who was warned of first, then by name.
pub(super) fn ordered(mut machines: Vec<&BacktestMachine>) -> Vec<&BacktestMachine> {
    let key = |machine: &BacktestMachine| {
        let first = first_warning(machine).map_or(i64::MAX, |finding| finding.at.millis());
        (standing(machine), machine.truth.is_empty(), first)
    };
    machines.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id)));
    machines
}

/// How many days before the limit the first right advisory came.
pub(super) fn lead_days(machine: &BacktestMachine) -> Option<f64> {
    let reached = machine.truth.iter().filter_map(|span| Some((span, span.limit_reached?)));
    let leads = reached.filter_map(|(span, limit)| {
        let right = machine.moments.iter().find(|moment| {
            let finding = &moment.finding;
            moment.would_send && finding.fault == span.fault && finding.at >= span.onset && finding.at < limit
        });
        right.map(|moment| limit.days_since(moment.finding.at))
    });
    leads.min_by(f64::total_cmp)
}

fn row(machine: &BacktestMachine, report: &BacktestReport, catalogue: &Catalogue) -> LaneRow {
    let lang = report.lang;
    let label = label(machine, lang);
    let detail = first_warning(machine).map_or_else(String::new, |finding| {
        let fault = super::scores::capital(&text::fault(&finding.fault, catalogue, lang));
        let when = lead_days(machine).map_or_else(
            || {
                if report.is_dated() { words::FIRST } else { words::FIRST_AT }
                    .with(&[&words::day_of(finding.at, report)], lang)
            },
            |days| words::LEAD.with(&[&words::full_days(days, lang)], lang),
        );
        format!("{fault} · {when}")
    });
    let title = format!("{}: {label}. {detail}", machine.id);
    LaneRow {
        anchor: anchor(machine),
        id: machine.id.to_string(),
        class: standing(machine).name(),
        strip: strip(machine, report, &title),
        label,
        detail,
    }
}

fn strip(machine: &BacktestMachine, report: &BacktestReport, title: &str) -> String {
    let letters: Vec<Timestamp> = machine.letters.iter().filter(|l| l.held_by.is_none()).map(|l| l.at).collect();
    let works = machine.curve.marks.iter().filter(|mark| mark.kind == MarkKind::Maintenance).map(|mark| mark.at);
    let limits = machine.truth.iter().filter_map(|span| span.limit_reached);
    let lane = Lane {
        states: &machine.states,
        letters: &letters,
        works: &works.collect::<Vec<_>>(),
        limits: &limits.collect::<Vec<_>>(),
        title,
    };
    chart::lane(&lane, slots(report))
}
