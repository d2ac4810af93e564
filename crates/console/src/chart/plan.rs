//! The one curve as shares of its frame, for the typesetter: the same days, band, cone and marks as the SVG, without its classes.

use serde::Serialize;

use super::Size;
use super::curve::{layout, noon, now_days, runs, up_to};
use super::scale::{Plot, calendar_ticks, ticks};
use crate::view::{Curve, Mark, MarkKind};
use crate::{Lang, civil, text};

/// A point as shares of the frame, from its left and top edge.
type Point = [f64; 2];

/// A curve laid out in a frame of width 1 and height 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Plan {
    /// Unit of the vertical axis.
    unit: &'static str,
    /// Vertical ticks: share from the top, label.
    rows: Vec<(f64, String)>,
    /// Horizontal ticks: share from the left, label.
    columns: Vec<(f64, String)>,
    /// What is normal, as closed outlines.
    bands: Vec<Vec<Point>>,
    /// What is to be expected, as a closed outline; empty when nothing is forecast.
    cone: Vec<Point>,
    /// Its middle.
    median: Vec<Point>,
    /// What was measured.
    lines: Vec<Vec<Point>>,
    /// Where the limit lies, and what it is called.
    limit: (f64, String),
    /// Where the present lies.
    now: f64,
    /// Work that was done: share from the left, what.
    jobs: Vec<(f64, String)>,
}

/// Lays a curve out. `mark` puts a mark into words.
pub(crate) fn plan(curve: &Curve, lang: Lang, mark: &dyn Fn(&Mark) -> String) -> Plan {
    let plot = Plot { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0, ..layout(curve, Size::Wide) };
    let at = |day: f64, value: f64| -> Point {
        let (x, y) = plot.at(day, value);
        [round(x.clamp(0.0, 1.0)), round(y.clamp(0.0, 1.0))]
    };
    let band = |run: &Vec<(i64, (f64, f64))>| -> Vec<Point> {
        let lower = run.iter().map(|(day, (low, _))| at(noon(*day), *low));
        let upper = run.iter().rev().map(|(day, (_, high))| at(noon(*day), *high));
        lower.chain(upper).collect()
    };
    let both = curve.days.iter().filter_map(|d| Some((d.day, (d.normal_low_c?, d.normal_high_c?))));
    let hot = curve.days.iter().filter_map(|d| Some((d.day, d.hot_c?)));
    let cone = up_to(&curve.cone, |c| c.q10_c, curve.limit_c);
    let lower = cone.iter().map(|c| at(noon(c.day), c.q10_c));
    let upper = cone.iter().rev().map(|c| at(noon(c.day), c.q90_c));
    let (first, last) = (plot.x.0 as i64, plot.x.1 as i64);
    let label = |day: i64| if last - first > 75 { civil::month(day, lang) } else { civil::day(day, lang) };
    let jobs = curve.marks.iter().filter(|m| m.kind == MarkKind::Maintenance);
    Plan {
        unit: text::celsius(lang),
        rows: ticks(plot.y, 5.0).into_iter().map(|value| (round(plot.y(value)), format!("{value:.0}"))).collect(),
        columns: calendar_ticks((first, last), 10)
            .into_iter()
            .map(|day| (round(plot.x(day as f64)), label(day)))
            .collect(),
        bands: runs(both).iter().filter(|run| run.len() > 1).map(band).collect(),
        cone: if cone.len() > 1 { lower.chain(upper).collect() } else { Vec::new() },
        median: up_to(&curve.cone, |c| c.q50_c, curve.limit_c).iter().map(|c| at(noon(c.day), c.q50_c)).collect(),
        lines: runs(hot).iter().map(|run| run.iter().map(|(day, hot)| at(noon(*day), *hot)).collect()).collect(),
        limit: (
            round(plot.y(curve.limit_c)),
            format!("{} {:.0} {}", text::words(lang).limit, curve.limit_c, text::celsius(lang)),
        ),
        now: round(plot.x(now_days(curve))),
        jobs: jobs
            .map(|job| (round(plot.x(job.at.millis() as f64 / foretell_model::DAY_MS as f64)), mark(job)))
            .filter(|(x, _)| (0.0..=1.0).contains(x))
            .collect(),
    }
}

/// A ten-thousandth of the frame is finer than print.
fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}
