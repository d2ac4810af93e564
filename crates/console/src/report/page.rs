//! The page as a whole: head, figures, and the order of everything.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use foretell_model::Catalogue;
use sha2::{Digest, Sha256};

use super::data::BacktestReport;
use super::machine::{Quiet, Section};
use super::overview::{Overview, is_calm, ordered, worst};
use super::scores::Scores;
use super::words::{self, Words};
use crate::pages::standing::Standing;
use crate::{Lang, assets, text};

/// Style of the report itself.
const REPORT_CSS: &str = include_str!("../../assets/report.css");

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    lang: Lang,
    w: &'a Words,
    t: &'static text::Words,
    policy: String,
    style: String,
    title: String,
    eyebrow: &'static str,
    summary: String,
    tiles: Vec<Tile>,
    overview: Overview,
    scores: Option<Scores>,
    sections: Vec<Section>,
    quiet: Vec<Quiet>,
}

/// One figure of the head.
struct Tile {
    name: &'static str,
    value: String,
    more: String,
}

/// Writes the report.
///
/// # Errors
/// When the template cannot be rendered, which no content can cause.
pub fn backtest_html(report: &BacktestReport, catalogue: &Catalogue) -> Result<String, askama::Error> {
    let lang = report.lang;
    let w = Words::of(lang);
    let style = [assets::TOKENS_CSS, assets::CHART_CSS, REPORT_CSS].concat();
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let (calm, pressing): (Vec<_>, Vec<_>) = report.machines.iter().partition(|machine| is_calm(machine));
    let date = |at| words::date(at, report);
    let page = ReportPage {
        lang,
        w: &w,
        t: text::words(lang),
        policy: format!("default-src 'none'; style-src 'sha256-{hash}'"),
        style,
        title: report.title.clone(),
        eyebrow: text::words(lang).report_eyebrow,
        summary: text::report_summary(
            report.machines.len(),
            report.readings,
            report.refused,
            (date(report.from), date(report.to)),
            lang,
        ),
        tiles: tiles(report, &w),
        overview: Overview::of(report, catalogue),
        scores: report.scores.as_ref().map(|scores| Scores::of(scores, report, catalogue, &w)),
        sections: ordered(pressing).into_iter().map(|machine| Section::of(machine, report, catalogue, &w)).collect(),
        quiet: calm.iter().map(|machine| Quiet::of(machine, report, calm.len(), catalogue)).collect(),
    };
    page.render()
}

fn tiles(report: &BacktestReport, w: &Words) -> Vec<Tile> {
    let lang = report.lang;
    let tile = |name, value: String, more: String| Tile { name, value, more };
    let warned = report.machines.iter().filter(|machine| worst(machine).is_some_and(|worst| worst <= Standing::Advise));
    // What is merely watched stays inside the company: it warns nobody.
    let warned = warned.count();
    let sent = report.machines.iter().flat_map(|machine| &machine.letters).filter(|l| l.held_by.is_none()).count();
    let mut tiles = vec![
        tile(w.tile_machines, report.machines.len().to_string(), String::new()),
        tile(w.tile_attention, warned.to_string(), String::new()),
        tile(w.tile_letters, sent.to_string(), String::new()),
    ];
    let Some(scores) = &report.scores else { return tiles };
    let percent = |part: u32, of: u32| {
        if of == 0 { "–".to_owned() } else { format!("{}%", text::percent(f64::from(part) / f64::from(of))) }
    };
    let of = |part: u32, of: u32| format!("{part} / {of}");
    let (held, answered) = scores.intervals.iter().fold((0, 0), |(h, a), i| (h + i.holds.part, a + i.holds.of));
    let week = scores.warned_7d;
    tiles.push(tile(w.tile_7d, percent(week.part, week.of), of(week.part, week.of)));
    let lead = scores.lead_days_median.map_or("–".to_owned(), |days| words::full_days(days, lang));
    tiles.push(tile(w.tile_lead, lead, String::new()));
    tiles.push(tile(w.tile_holds, percent(held, answered), of(held, answered)));
    // What a sound fleet is bothered with, where there is one; the table below has both.
    let (name, rate) = match scores.false_on_healthy {
        healthy if healthy.machine_years > 0.0 => (w.tile_false_healthy, healthy),
        _ => (w.tile_false, scores.false_advisories),
    };
    let false_rate = if rate.machine_years > 0.0 { format!("{:.2}", rate.per_year) } else { "–".to_owned() };
    tiles.push(tile(name, false_rate, rate.count.to_string()));
    tiles
}
