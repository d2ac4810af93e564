//! The scores against truth: a table, two pictures, and what was missed.

use foretell_model::Catalogue;

use super::data::{BacktestReport, BacktestScores, IntervalScore, Rate};
use super::words::{self, Words};
use crate::pages::standing::Standing;
use crate::{Lang, chart, civil, text};

/// Everything that is said of the scores.
pub(super) struct Scores {
    /// Measure, result, interval.
    pub(super) lines: Vec<(&'static str, String, String)>,
    pub(super) leads: Option<String>,
    pub(super) distances: Vec<Distance>,
    pub(super) kinds: Vec<Kind>,
    pub(super) missed: Vec<Missed>,
}

/// One distance from the limit.
pub(super) struct Distance {
    pub(super) name: String,
    pub(super) line: String,
    pub(super) picture: Option<String>,
}

/// One kind of fault.
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) figures: [u32; 5],
}

/// One missed fault.
pub(super) struct Missed {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) line: String,
}

impl Scores {
    pub(super) fn of(scores: &BacktestScores, report: &BacktestReport, catalogue: &Catalogue, w: &Words) -> Self {
        let lang = report.lang;
        let kinds = scores.kinds.iter().map(|kind| Kind {
            name: capital(&text::fault(&kind.fault, catalogue, lang)),
            figures: [kind.there, kind.found, kind.advised, kind.alternative, kind.false_advisories],
        });
        let missed = scores.missed.iter().map(|missed| {
            let said = missed.said.as_ref().map_or_else(
                || w.nothing_said.to_owned(),
                |(fault, grade, days)| {
                    let grade = text::standing_label(Standing::of_grade(*grade), lang);
                    let fault = text::fault(fault, catalogue, lang);
                    words::SAID_FIRST.with(&[&words::full_days(*days, lang), &format!("{grade}, {fault}")], lang)
                },
            );
            let fault = text::fault(&missed.fault, catalogue, lang);
            let reached = civil::date(missed.limit_reached, report.zone, lang);
            Missed {
                anchor: missed.machine.as_str().replace('/', "-"),
                id: missed.machine.to_string(),
                line: format!("{fault} · {} {reached} · {said}", text::words(lang).report_truth),
            }
        });
        Self {
            lines: lines(scores, lang, w),
            leads: (!scores.leads_days.is_empty()).then(|| chart::leads(&scores.leads_days, w.leads_title)),
            distances: scores.intervals.iter().map(|interval| distance(interval, lang, w)).collect(),
            kinds: kinds.collect(),
            missed: missed.collect(),
        }
    }
}

fn lines(scores: &BacktestScores, lang: Lang, w: &Words) -> Vec<(&'static str, String, String)> {
    let share = |name, share| (name, words::share(share, lang), words::share_range(share, lang));
    let lead = scores.lead_days_median.map_or("–".to_owned(), |days| words::full_days(days, lang));
    let rate = |name, rate: Rate| {
        if rate.machine_years > 0.0 {
            (name, format!("{:.3}", rate.per_year), format!("{:.3} – {:.3}", rate.low, rate.high))
        } else {
            (name, "–".to_owned(), "–".to_owned())
        }
    };
    vec![
        share(w.warned_7d, scores.warned_7d),
        share(w.warned_14d, scores.warned_14d),
        (w.lead, lead, String::new()),
        share(w.named_first, scores.named_first),
        rate(w.false_rate, scores.false_advisories),
        rate(w.false_healthy, scores.false_on_healthy),
    ]
}

fn distance(interval: &IntervalScore, lang: Lang, w: &Words) -> Distance {
    let (name, line) =
        words::distance(interval.days_before, interval.holds, interval.asked, interval.median_width, lang);
    let [early, low, high, late] = interval.fell;
    let title = format!(
        "{name}: {early} {}, {low} {}, {high} {}, {late} {}",
        w.fell_early, w.fell_low, w.fell_high, w.fell_late
    );
    let picture = (interval.holds.of > 0).then(|| chart::fell(interval.fell, &title));
    Distance { name, line, picture }
}

/// Names of faults are the end of a sentence; at the head of a line they begin like one.
pub(super) fn capital(name: &str) -> String {
    let bare = name.strip_prefix("a ").or_else(|| name.strip_prefix("an ")).unwrap_or(name);
    let mut letters = bare.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
