//! The one curve: past days, what is normal, the forecast cone, the limit and the window in which it is reached.

use foretell_model::{DAY_MS, Timestamp};

use super::scale::{Plot, calendar_ticks, extent, ticks};
use super::svg::Svg;
use crate::view::{ConePoint, Curve, DayPoint, Mark, MarkKind};
use crate::{Lang, civil, text};

/// For how much room a chart is drawn. Text keeps its size in units, so a phone gets a drawing of its own instead of a
/// shrunken one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A desk: 960 units wide.
    Wide,
    /// A phone or a card: 400 units wide.
    Narrow,
}

/// The words on a curve.
pub struct CurveText<'a> {
    /// Language of axis, legend and hover texts.
    pub lang: Lang,
    /// What the chart shows, for those who do not see it.
    pub title: &'a str,
    /// What the line of the present is called: "today" on pages, another word in reports about the past.
    pub now: &'a str,
    /// Puts a mark into words.
    pub mark: &'a dyn Fn(&Mark) -> String,
}

/// Days between two points over which lines and bands are still drawn through.
const GAP_DAYS_MAX: i64 = 4;

/// What a curve of the past may show beside the curve.
pub struct Past<'a> {
    /// What is known to have been the matter: first day, last day, what it is called.
    pub truths: &'a [(i64, i64, String)],
    /// Forecasts as they stood at earlier instants.
    pub forecasts: &'a [(Timestamp, &'a [ConePoint])],
    /// What each day tells under the pointer.
    pub hover: Hover,
}

/// What each day of a curve tells under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hover {
    /// Nothing.
    Silent,
    /// Its figures.
    Figures,
    /// Words, for somebody who is not a technician.
    Words,
}

/// Draws a curve.
#[must_use]
pub fn curve(curve: &Curve, size: Size, words: &CurveText<'_>) -> String {
    past_curve(curve, size, words, &Past { truths: &[], forecasts: &[], hover: Hover::Figures })
}

/// Draws a curve with what is known of its past.
#[must_use]
pub fn past_curve(curve: &Curve, size: Size, words: &CurveText<'_>, past: &Past<'_>) -> String {
    let plot = layout(curve, size);
    let class = match size {
        Size::Wide => "chart curve wide",
        Size::Narrow => "chart curve narrow",
    };
    let (width, height) = canvas(size);
    let mut svg = Svg::picture(class, width, height, words.title, &describe(curve, past.hover, words.lang));
    axes(&mut svg, &plot, size, words.lang);
    svg.open_clip((plot.left, plot.top), (plot.width(), plot.height()));
    band(&mut svg, &plot, &curve.days);
    past.forecasts.iter().for_each(|(_, points)| cone(&mut svg, &plot, points, curve.limit_c));
    cone(&mut svg, &plot, &curve.cone, curve.limit_c);
    svg.close_clip();
    truths(&mut svg, &plot, past.truths);
    limit(&mut svg, &plot, curve, words.lang);
    observed(&mut svg, &plot, &curve.days);
    for (at, _) in past.forecasts {
        let x = plot.x(at.millis() as f64 / DAY_MS as f64);
        svg.line("c-then", (x, plot.top), (x, plot.bottom));
    }
    present(&mut svg, &plot, curve, words.now);
    marks(&mut svg, &plot, &curve.marks, words);
    hover(&mut svg, &plot, curve, past.hover, words.lang);
    svg.finish()
}

fn canvas(size: Size) -> (f64, f64) {
    match size {
        Size::Wide => (960.0, 360.0),
        Size::Narrow => (400.0, 280.0),
    }
}

pub(super) fn now_days(curve: &Curve) -> f64 {
    curve.now.millis() as f64 / DAY_MS as f64
}

/// Whether a curve has anything to draw beside its limit.
pub(crate) fn has_something(curve: &Curve) -> bool {
    !curve.cone.is_empty() || curve.days.iter().any(|day| day.hot_c.is_some())
}

pub(super) fn layout(curve: &Curve, size: Size) -> Plot {
    let now = now_days(curve);
    let days = curve.days.iter().map(|d| d.day).chain(curve.cone.iter().map(|c| c.day));
    let (first, last) =
        days.fold((now.floor() as i64 - 7, now.ceil() as i64 + 2), |(a, b), d| (a.min(d), b.max(d + 1)));
    let seen = curve.days.iter().flat_map(|d| [d.hot_c, d.normal_low_c, d.normal_high_c]).flatten();
    let low_cone = curve.cone.iter().map(|c| c.q10_c);
    let (low, high) = extent(seen.chain(low_cone).chain([curve.limit_c])).unwrap_or((60.0, 110.0));
    let (width, height) = canvas(size);
    let (left, right, top, bottom) = match size {
        Size::Wide => (46.0, width - 12.0, 26.0, height - 30.0),
        Size::Narrow => (34.0, width - 8.0, 26.0, height - 28.0),
    };
    Plot { left, top, right, bottom, x: (first as f64, last as f64), y: ((low - 3.0).floor(), (high + 4.0).ceil()) }
}

fn axes(svg: &mut Svg, plot: &Plot, size: Size, lang: Lang) {
    svg.text("c-unit", (plot.left - 8.0, 12.0), "end", text::celsius(lang));
    for value in ticks(plot.y, 5.0) {
        let y = plot.y(value);
        svg.line("c-grid", (plot.left, y), (plot.right, y));
        svg.text("c-tick", (plot.left - 8.0, y + 4.0), "end", &format!("{value:.0}"));
    }
    let (first, last) = (plot.x.0 as i64, plot.x.1 as i64);
    let count = if size == Size::Wide { 12 } else { 5 };
    for day in calendar_ticks((first, last), count) {
        let x = plot.x(day as f64);
        svg.line("c-notch", (x, plot.bottom), (x, plot.bottom + 5.0));
        if x < plot.right - 20.0 {
            let label = if last - first > 75 { civil::month(day, lang) } else { civil::day(day, lang) };
            svg.text("c-tick", (x, plot.bottom + 20.0), "middle", &label);
        }
    }
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
}

/// Splits at gaps of more than [`GAP_DAYS_MAX`] days.
pub(super) fn runs<T: Copy>(points: impl Iterator<Item = (i64, T)>) -> Vec<Vec<(i64, T)>> {
    let mut runs: Vec<Vec<(i64, T)>> = Vec::new();
    for point in points {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(day, _)| point.0 - day <= GAP_DAYS_MAX) => run.push(point),
            _ => runs.push(vec![point]),
        }
    }
    runs
}

/// A day's figure stands at its noon.
pub(super) fn noon(day: i64) -> f64 {
    day as f64 + 0.5
}

fn band(svg: &mut Svg, plot: &Plot, days: &[DayPoint]) {
    let both = days.iter().filter_map(|d| Some((d.day, (d.normal_low_c?, d.normal_high_c?))));
    for run in runs(both) {
        let lower: Vec<_> = run.iter().map(|(day, (low, _))| plot.at(noon(*day), *low)).collect();
        let upper: Vec<_> = run.iter().map(|(day, (_, high))| plot.at(noon(*day), *high)).collect();
        svg.area("c-band", &lower, &upper);
    }
}

/// A bar along the foot of the plot.
fn truths(svg: &mut Svg, plot: &Plot, truths: &[(i64, i64, String)]) {
    for (first, last, name) in truths {
        let (from, to) = (plot.x((*first as f64).max(plot.x.0)), plot.x((*last as f64 + 1.0).min(plot.x.1)));
        if to > from {
            svg.rect("c-truth", (from, plot.bottom - 7.0), (to - from, 7.0), Some(name));
        }
    }
}

/// A forecast up to where a value of it meets the limit: from there on it would run along the limit.
pub(super) fn up_to(points: &[ConePoint], value: fn(&ConePoint) -> f64, limit_c: f64) -> &[ConePoint] {
    let met = points.iter().position(|point| value(point) >= limit_c);
    &points[..met.map_or(points.len(), |at| at + 1)]
}

fn cone(svg: &mut Svg, plot: &Plot, points: &[ConePoint], limit_c: f64) {
    let edge = |until: fn(&ConePoint) -> f64, value: fn(&ConePoint) -> f64| -> Vec<_> {
        up_to(points, until, limit_c).iter().map(|point| plot.at(noon(point.day), value(point))).collect()
    };
    svg.area("c-cone", &edge(|c| c.q10_c, |c| c.q10_c), &edge(|c| c.q10_c, |c| c.q90_c));
    svg.polyline("c-median", &edge(|c| c.q50_c, |c| c.q50_c));
}

fn observed(svg: &mut Svg, plot: &Plot, days: &[DayPoint]) {
    for run in runs(days.iter().filter_map(|d| Some((d.day, d.hot_c?)))) {
        let points: Vec<_> = run.iter().map(|(day, hot)| plot.at(noon(*day), *hot)).collect();
        if let [only] = points[..] {
            svg.circle("c-dot", only, 2.0);
        }
        svg.polyline("c-line", &points);
    }
    if let Some((day, hot)) = days.iter().rev().find_map(|d| Some((d.day, d.hot_c?))) {
        svg.circle("c-last", plot.at(noon(day), hot), 4.5);
    }
}

/// The first and the last day of the window in which the limit is reached; the second is `None` beyond the horizon.
fn window(curve: &Curve) -> Option<(i64, Option<i64>)> {
    curve.reached.map(|reached| (reached.from.day(), reached.to.map(Timestamp::day)))
}

fn limit(svg: &mut Svg, plot: &Plot, curve: &Curve, lang: Lang) {
    let y = plot.y(curve.limit_c);
    svg.line("c-limit", (plot.left, y), (plot.right, y));
    let label = format!("{} {:.0} {}", text::words(lang).limit, curve.limit_c, text::celsius(lang));
    svg.text("c-limit-label", (plot.left + 6.0, y - 7.0), "start", &label);
    if let Some((first, last)) = window(curve) {
        let end = last.map_or(plot.right, |day| plot.x(noon(day)).min(plot.right));
        let begin = plot.x(noon(first)).clamp(plot.left, end);
        svg.open_group("c-window-group", &text::window_days(first, last, lang));
        svg.line("c-window", (begin, y), (end, y));
        svg.close_group();
    }
}

fn present(svg: &mut Svg, plot: &Plot, curve: &Curve, label: &str) {
    let x = plot.x(now_days(curve));
    svg.line("c-today", (x, plot.top - 6.0), (x, plot.bottom));
    let anchor = if plot.right - x < 24.0 { "end" } else { "middle" };
    svg.text("c-today-label", (x, plot.top - 11.0), anchor, label);
}

fn marks(svg: &mut Svg, plot: &Plot, marks: &[Mark], words: &CurveText<'_>) {
    for mark in marks {
        let day = mark.at.millis() as f64 / DAY_MS as f64;
        if !(plot.x.0..=plot.x.1).contains(&day) {
            continue;
        }
        let class = match mark.kind {
            MarkKind::Maintenance => "c-mark m-maintenance",
            MarkKind::Alarm => "c-mark m-alarm",
            MarkKind::Advisory => "c-mark m-advisory",
            MarkKind::Note => "c-mark m-note",
        };
        let x = plot.x(day);
        svg.open_group(class, &format!("{}: {}", civil::day(mark.at.day(), words.lang), (words.mark)(mark)));
        svg.line("c-mark-line", (x, plot.top + 4.0), (x, plot.bottom));
        svg.circle("c-mark-dot", (x, plot.bottom), 5.0);
        svg.close_group();
    }
}

/// One transparent column per day, and per step of the forecast, whose title tells of it.
fn hover(svg: &mut Svg, plot: &Plot, curve: &Curve, hover: Hover, lang: Lang) {
    if hover == Hover::Silent {
        return;
    }
    for day in &curve.days {
        column(svg, plot, (day.day, day.day + 1), &of_day(day, hover, lang));
    }
    let today = curve.now.day();
    for (place, point) in curve.cone.iter().enumerate() {
        let title = match hover {
            Hover::Words => text::cone_words(point, curve.limit_c, today, lang),
            _ => text::cone_figures(point, curve.limit_c, lang),
        };
        let next = curve.cone.get(place + 1).map_or(point.day + 1, |next| next.day.max(point.day + 1));
        column(svg, plot, (point.day, next), &title);
    }
}

fn column(svg: &mut Svg, plot: &Plot, (from, to): (i64, i64), title: &str) {
    let (from, to) = (plot.x(from as f64), plot.x(to as f64));
    svg.rect("c-hit", (from, plot.top), (to - from, plot.height()), Some(title));
}

fn of_day(day: &DayPoint, hover: Hover, lang: Lang) -> String {
    if hover == Hover::Words { text::day_words(day, lang) } else { text::day_figures(day, lang) }
}

/// What the picture says, in a sentence or two.
fn describe(curve: &Curve, hover: Hover, lang: Lang) -> String {
    let last = curve.days.iter().rev().find(|d| d.hot_c.is_some()).map(|d| of_day(d, hover, lang));
    let window = window(curve).map(|(first, last)| text::window_days(first, last, lang));
    [last, window].into_iter().flatten().collect::<Vec<_>>().join(". ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Reached;

    fn day(day: i64, hot_c: Option<f64>) -> DayPoint {
        DayPoint { day, hot_c, normal_low_c: Some(84.0), normal_high_c: Some(88.0) }
    }

    fn sample() -> Curve {
        Curve {
            now: Timestamp::parse("2026-07-18T06:00:00Z").unwrap(),
            limit_c: 105.0,
            days: vec![day(20_650, Some(86.0)), day(20_651, None), day(20_652, Some(93.5))],
            cone: (0..3)
                .map(|n| ConePoint {
                    day: 20_653 + n,
                    q10_c: 94.0,
                    q50_c: 100.0,
                    q90_c: (100.0 + 4.0 * n as f64).min(105.0),
                })
                .collect(),
            reached: Some(Reached { from: Timestamp::parse("2026-07-21T00:00:00Z").unwrap(), to: None }),
            counter: None,
            marks: vec![Mark {
                at: Timestamp::parse("2026-07-17T10:00:00Z").unwrap(),
                kind: MarkKind::Note,
                label: "<b>&\"x\"".into(),
            }],
        }
    }

    fn draw(curve_: &Curve, lang: Lang) -> String {
        curve(curve_, Size::Narrow, &CurveText { lang, title: "No. 2", now: "Today", mark: &|mark| mark.label.clone() })
    }

    #[test]
    fn draws_what_it_is_given() {
        let svg = draw(&sample(), Lang::En).replace("><", ">\n<");
        expect_test::expect_file!["../../tests/golden/curve.svg"].assert_eq(&(svg + "\n"));
    }

    #[test]
    fn free_text_cannot_become_markup() {
        let svg = draw(&sample(), Lang::Zh);
        assert!(svg.contains("&lt;b&gt;&amp;&quot;x&quot;") && !svg.contains("<b>"), "{svg}");
    }

    #[test]
    fn nothing_known_is_still_a_picture() {
        let empty = Curve { days: vec![], cone: vec![], marks: vec![], ..sample() };
        let svg = draw(&empty, Lang::En);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.contains("Limit 105"), "{svg}");
    }

    #[test]
    fn the_window_is_the_one_that_the_words_tell() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let from = at("2026-07-20T06:00:00Z");
        for (reached, window, told) in [
            (None, None, "Limit 105"),
            (Some(Reached { from, to: None }), Some((20_654, None)), "Limit likely to be reached from 20 Jul on"),
            (
                Some(Reached { from, to: Some(at("2026-09-01T00:00:00Z")) }),
                Some((20_654, Some(20_697))),
                "Limit likely to be reached between 20 Jul and 1 Sep",
            ),
        ] {
            let curve = Curve { reached, ..sample() };
            let svg = draw(&curve, Lang::En);
            assert_eq!(super::window(&curve), window);
            assert!(svg.contains(told) && svg.contains("c-window\"") == reached.is_some(), "{svg}");
        }
    }

    #[test]
    fn a_forecast_does_not_run_along_the_limit() {
        let point = |n: i64, q10_c: f64, q50_c: f64| ConePoint { day: 20_653 + 3 * n, q10_c, q50_c, q90_c: 105.0 };
        let points = [point(0, 94.0, 99.0), point(1, 98.0, 105.0), point(2, 105.0, 105.0), point(3, 105.0, 105.0)];
        let drawn = |value: fn(&ConePoint) -> f64, limit_c| up_to(&points, value, limit_c).len();
        assert_eq!((drawn(|c| c.q10_c, 105.0), drawn(|c| c.q50_c, 105.0), drawn(|c| c.q50_c, 110.0)), (3, 2, 4));
    }

    #[test]
    fn each_step_of_a_forecast_tells_of_itself_or_is_silent() {
        let mut hot = sample();
        hot.cone = vec![
            ConePoint { day: 20_653, q10_c: 94.0, q50_c: 100.0, q90_c: 104.0 },
            ConePoint { day: 20_656, q10_c: 105.0, q50_c: 105.0, q90_c: 105.0 },
        ];
        let words = CurveText { lang: Lang::En, title: "No. 2", now: "Today", mark: &|mark| mark.label.clone() };
        for (hover, told) in [
            (Hover::Figures, "22 Jul: above the limit of 105 °C"),
            (Hover::Words, "In about a week: very likely above the warning limit of 105 °C"),
        ] {
            let svg = past_curve(&hot, Size::Wide, &words, &Past { truths: &[], forecasts: &[], hover });
            assert!(svg.contains(told), "{svg}");
        }
        let silent = past_curve(&hot, Size::Wide, &words, &Past { truths: &[], forecasts: &[], hover: Hover::Silent });
        assert!(!silent.contains("c-hit"), "{silent}");
    }
}
