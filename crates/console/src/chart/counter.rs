//! Running hours on their way to a service: what the counter has shown, where it goes at the machine's own pace, and when the
//! interval is full.

use foretell_model::{DAY_MS, Timestamp};

use super::curve::Size;
use super::scale::{Plot, calendar_ticks, ticks};
use super::svg::Svg;
use crate::view::Counter;
use crate::{Lang, civil, text};

/// The least that is shown of the future, days.
const AHEAD_DAYS_MIN: f64 = 21.0;
/// The most.
const AHEAD_DAYS_MAX: f64 = 90.0;

/// Draws a counter; `now_name` is what the line of the present is called.
#[must_use]
pub fn counter(counter: &Counter, now: Timestamp, size: Size, (title, now_name): (&str, &str), lang: Lang) -> String {
    let now_day = now.millis() as f64 / DAY_MS as f64;
    let plot = layout(counter, now_day, size);
    let (class, width, height) = match size {
        Size::Wide => ("chart curve wide", 960.0, 360.0),
        Size::Narrow => ("chart curve narrow", 400.0, 280.0),
    };
    let mut svg = Svg::picture(class, width, height, title, &text::counter_figures(now.day(), counter.now_h, lang));
    axes(&mut svg, &plot, size, lang);
    svg.open_clip((plot.left, plot.top), (plot.width(), plot.height()));
    future(&mut svg, &plot, counter, now_day);
    svg.close_clip();
    limit(&mut svg, &plot, counter, lang);
    let mut line: Vec<_> = counter.days.iter().map(|(day, hours)| plot.at((*day + 1) as f64, *hours)).collect();
    line.push(plot.at(now_day, counter.now_h));
    svg.polyline("c-line", &line);
    svg.circle("c-last", plot.at(now_day, counter.now_h), 4.5);
    let x = plot.x(now_day);
    svg.line("c-today", (x, plot.top - 6.0), (x, plot.bottom));
    svg.text("c-today-label", (x, plot.top - 11.0), "middle", now_name);
    hover(&mut svg, &plot, counter, now.day(), lang);
    svg.finish()
}

/// Days until the interval is full at the machine's own pace; nothing once it is.
fn full_in_days(counter: &Counter) -> Option<f64> {
    Some((counter.interval_h - counter.now_h) / counter.per_day_h).filter(|days| *days > 0.0)
}

fn layout(counter: &Counter, now_day: f64, size: Size) -> Plot {
    let last = counter.reached.and_then(|reached| reached.to).map(|to| to.millis() as f64 / DAY_MS as f64 - now_day);
    let ahead = last.or(full_in_days(counter)).unwrap_or(0.0) + 7.0;
    let ahead = ahead.clamp(AHEAD_DAYS_MIN, AHEAD_DAYS_MAX);
    let first = counter.days.first().map_or(now_day - 28.0, |(day, _)| *day as f64).min(now_day - 7.0);
    let high = counter.interval_h.max(counter.now_h + counter.per_day_h * ahead.min(AHEAD_DAYS_MIN)) * 1.08;
    let (width, height) = if size == Size::Wide { (960.0, 360.0) } else { (400.0, 280.0) };
    let left = if size == Size::Wide { 54.0 } else { 44.0 };
    let right = width - 10.0;
    Plot { left, top: 26.0, right, bottom: height - 29.0, x: (first, now_day + ahead), y: (0.0, high) }
}

fn axes(svg: &mut Svg, plot: &Plot, size: Size, lang: Lang) {
    svg.text("c-unit", (plot.left - 8.0, 12.0), "end", text::hours_unit(lang));
    for value in ticks(plot.y, 5.0) {
        let y = plot.y(value);
        svg.line("c-grid", (plot.left, y), (plot.right, y));
        svg.text("c-tick", (plot.left - 8.0, y + 4.0), "end", &text::number(value, lang));
    }
    let (first, last) = (plot.x.0.ceil() as i64, plot.x.1 as i64);
    for day in calendar_ticks((first, last), if size == Size::Wide { 12 } else { 5 }) {
        let x = plot.x(day as f64);
        svg.line("c-notch", (x, plot.bottom), (x, plot.bottom + 5.0));
        if x < plot.right - 20.0 {
            let label = if last - first > 75 { civil::month(day, lang) } else { civil::day(day, lang) };
            svg.text("c-tick", (x, plot.bottom + 20.0), "middle", &label);
        }
    }
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
}

/// From now to where the interval is full: between the quicker and the slower pace, and the middle.
fn future(svg: &mut Svg, plot: &Plot, counter: &Counter, now_day: f64) {
    let begin = plot.at(now_day, counter.now_h);
    let Some(days) = full_in_days(counter) else {
        let ahead = plot.x.1 - now_day;
        svg.polyline("c-median", &[begin, plot.at(plot.x.1, counter.now_h + counter.per_day_h * ahead)]);
        return;
    };
    if let Some(reached) = counter.reached {
        let at = |at: Timestamp| plot.at(at.millis() as f64 / DAY_MS as f64, counter.interval_h);
        if let Some(to) = reached.to {
            svg.area("c-cone", &[begin, at(to)], &[begin, at(reached.from)]);
        }
    }
    svg.polyline("c-median", &[begin, plot.at(now_day + days, counter.interval_h)]);
}

fn limit(svg: &mut Svg, plot: &Plot, counter: &Counter, lang: Lang) {
    let y = plot.y(counter.interval_h);
    svg.line("c-limit", (plot.left, y), (plot.right, y));
    svg.text("c-limit-label", (plot.left + 6.0, y - 7.0), "start", &text::interval(counter.interval_h, lang));
    let Some(reached) = counter.reached else { return };
    let place = |at: Timestamp| plot.x(at.millis() as f64 / DAY_MS as f64).clamp(plot.left, plot.right);
    let (begin, end) = (place(reached.from), reached.to.map_or(plot.right, place));
    let title = text::interval_full(reached.from.day(), reached.to.map(Timestamp::day), lang);
    svg.open_group("c-window-group", &title);
    svg.line("c-window", (begin, y), (end, y));
    svg.close_group();
}

fn hover(svg: &mut Svg, plot: &Plot, counter: &Counter, today: i64, lang: Lang) {
    let days = counter.days.iter().copied().filter(|(day, _)| *day < today).chain([(today, counter.now_h)]);
    for (day, hours) in days {
        let (from, to) = (plot.x(day as f64), plot.x(day as f64 + 1.0));
        let title = text::counter_figures(day, hours, lang);
        svg.rect("c-hit", (from, plot.top), (to - from, plot.height()), Some(&title));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Reached;

    #[test]
    fn hours_go_on_at_their_own_pace_until_the_interval_is_full() {
        let now = Timestamp::parse("2026-07-18T06:00:00Z").unwrap();
        let today = now.day();
        let reached = |from, to| Some(Reached { from: now.plus_days(from), to: Some(now.plus_days(to)) });
        for (now_h, reached, full, told) in [
            (3_760.0, reached(8.5, 11.5), Some(10.0), "Service likely to fall due between 26 Jul and 29 Jul"),
            (4_400.0, None, None, "18 Jul: 4,400 h since the last service"),
        ] {
            let days = (0..5).map(|n| (today - 5 + n, now_h - 24.0 * (5 - n) as f64)).collect();
            let shown = Counter { days, now_h, interval_h: 4_000.0, per_day_h: 24.0, reached };
            assert_eq!(full_in_days(&shown), full);
            let svg = counter(&shown, now, Size::Narrow, ("Hours", "Today"), Lang::En);
            assert!(svg.contains(told) && svg.contains("Interval 4,000 h") && !svg.contains("NaN"), "{svg}");
            assert_eq!(svg.contains("c-window\""), reached.is_some(), "{svg}");
        }
    }
}
