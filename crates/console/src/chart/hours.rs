//! The last days hour by hour: mean and peak discharge temperature, and the ambient where it is measured.

use super::curve::Size;
use super::scale::{Plot, extent, ticks};
use super::svg::Svg;
use crate::view::HourPoint;
use crate::{Lang, civil, text};

/// Hours between two points over which a line is still drawn through.
const GAP_HOURS_MAX: i64 = 2;

/// Draws hourly roll-ups in a zone that is `shift_hours` east of UTC; empty while they make no line.
#[must_use]
pub fn hours(points: &[HourPoint], limit_c: f64, shift_hours: i32, size: Size, lang: Lang) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let drawn = |pair: &[HourPoint]| pair[1].hour - pair[0].hour <= GAP_HOURS_MAX;
    if !points.windows(2).any(drawn) {
        return String::new();
    }
    let words = text::words(lang);
    let (class, width, height, left) = match size {
        Size::Wide => ("chart hours wide", 960.0, 220.0, 46.0),
        Size::Narrow => ("chart hours narrow", 400.0, 200.0, 34.0),
    };
    let values = points.iter().flat_map(|p| [p.discharge_mean_c, p.discharge_max_c, p.ambient_c]).flatten();
    let (low, high) = extent(values).unwrap_or((0.0, 100.0));
    let plot = Plot {
        left,
        top: 22.0,
        right: width - 8.0,
        bottom: height - 26.0,
        x: (first.hour as f64, (last.hour + 1) as f64),
        y: (low - 2.0, high.max(low + 5.0) + 2.0),
    };
    let mut svg = Svg::picture(class, width, height, words.hourly_title, "");
    axes(&mut svg, &plot, shift_hours, lang);
    if limit_c < plot.y.1 {
        svg.line("c-limit", (plot.left, plot.y(limit_c)), (plot.right, plot.y(limit_c)));
    }
    line(&mut svg, &plot, "c-peak", points, |p| p.discharge_max_c);
    line(&mut svg, &plot, "c-line", points, |p| p.discharge_mean_c);
    line(&mut svg, &plot, "c-ambient", points, |p| p.ambient_c);
    // A finger is wider than an hour of a narrow picture.
    let each: usize = if matches!(size, Size::Narrow) { 4 } else { 1 };
    for point in points.iter().step_by(each) {
        let (from, to) = (plot.x(point.hour as f64), plot.x((point.hour + each as i64) as f64));
        let title = text::hour_figures(point, shift_hours, lang);
        svg.rect("c-hit", (from, plot.top), (to - from, plot.height()), Some(&title));
    }
    svg.finish()
}

fn axes(svg: &mut Svg, plot: &Plot, shift_hours: i32, lang: Lang) {
    svg.text("c-unit", (plot.left - 8.0, 12.0), "end", text::celsius(lang));
    for value in ticks(plot.y, 5.0) {
        let y = plot.y(value);
        svg.line("c-grid", (plot.left, y), (plot.right, y));
        svg.text("c-tick", (plot.left - 8.0, y + 4.0), "end", &format!("{value:.0}"));
    }
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    let shift = i64::from(shift_hours);
    let (first, last) = (plot.x.0 as i64 + shift, plot.x.1 as i64 + shift);
    let days: Vec<i64> = (first.div_euclid(24) + 1..=last.div_euclid(24)).collect();
    let every = if plot.width() < 500.0 { 2 } else { 1 };
    for (place, day) in days.into_iter().enumerate() {
        let x = plot.x((day * 24 - shift) as f64);
        svg.line("c-notch", (x, plot.top), (x, plot.bottom + 5.0));
        if place % every == 0 && x < plot.right - 24.0 {
            svg.text("c-tick", (x, plot.bottom + 20.0), "middle", &civil::day(day, lang));
        }
    }
}

fn line(svg: &mut Svg, plot: &Plot, class: &str, points: &[HourPoint], value: fn(&HourPoint) -> Option<f64>) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut previous = i64::MIN;
    for point in points {
        let Some(value) = value(point) else { continue };
        if point.hour.saturating_sub(previous) > GAP_HOURS_MAX {
            svg.polyline(class, &run);
            run.clear();
        }
        run.push(plot.at(point.hour as f64 + 0.5, value));
        previous = point.hour;
    }
    svg.polyline(class, &run);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_the_line() {
        let point = |hour| HourPoint {
            hour,
            discharge_mean_c: Some(80.0),
            discharge_max_c: None,
            ambient_c: None,
            current_a: Some(40.0),
            readings: 60,
        };
        let svg = hours(&[10, 11, 20, 21].map(point), 105.0, 8, Size::Narrow, Lang::En);
        assert_eq!(svg.matches("class=\"c-line\"").count(), 2);
        for too_few in [&[][..], &[10], &[10, 20]] {
            let points: Vec<HourPoint> = too_few.iter().copied().map(point).collect();
            assert_eq!(hours(&points, 105.0, 8, Size::Wide, Lang::En), "", "an empty grid says nothing");
        }
    }
}
