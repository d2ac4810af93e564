//! Small pictures beside text: a sparkline, and the week in which a machine works.

use super::scale::{Plot, extent};
use super::svg::Svg;
use crate::{Lang, text};

/// A machine's last weeks in the height of a line, with the limit when it is near enough to matter.
#[must_use]
pub fn sparkline(trend_c: &[Option<f64>], limit_c: f64) -> String {
    let mut svg = Svg::ornament("chart spark", 120.0, 32.0);
    let Some((low, high)) = extent(trend_c.iter().flatten().copied()) else { return svg.finish() };
    // At least 12 K from bottom to top, so that noise does not look like a mountain.
    let (bottom, top) = (low.min(high - 12.0) - 1.0, high.max(low + 12.0).min(limit_c.max(high)) + 1.0);
    let last = trend_c.len().saturating_sub(1) as f64;
    let plot = Plot { left: 3.0, top: 4.0, right: 114.0, bottom: 29.0, x: (0.0, last), y: (bottom, top) };
    if limit_c <= top {
        let y = plot.y(limit_c);
        svg.line("c-limit", (0.0, y), (120.0, y));
    }
    let known: Vec<_> =
        trend_c.iter().enumerate().filter_map(|(place, hot)| Some(plot.at(place as f64, (*hot)?))).collect();
    svg.polyline("c-line", &known);
    if let Some(end) = known.last() {
        svg.circle("c-last", *end, 3.0);
    }
    svg.finish()
}

/// Share of time running by hour of the week, as seven rows of 24 cells; `shift_hours` is the zone's offset from UTC.
#[must_use]
pub fn week(duty: &[f32; 168], shift_hours: i32, lang: Lang) -> String {
    let words = text::words(lang);
    let (cell, gap, left, top) = (13.0, 2.0, 34.0, 18.0);
    let (width, height) = (left + 24.0 * (cell + gap), top + 7.0 * (cell + gap));
    let mut svg = Svg::picture("chart week", width, height, words.runs_when, "");
    for hour in [0, 6, 12, 18] {
        svg.text("c-tick", (left + f64::from(hour) * (cell + gap), 12.0), "start", &format!("{hour:02}"));
    }
    for day in 0..7_usize {
        let y = top + day as f64 * (cell + gap);
        let name = text::weekday_short(day as u8, lang);
        svg.text("c-tick", (left - 7.0, y + 10.0), "end", name);
        for hour in 0..24_usize {
            let utc = ((day * 24 + hour) as i32 - shift_hours).rem_euclid(168) as usize;
            let share = f64::from(duty[utc]).clamp(0.0, 1.0);
            let class =
                ["c-duty d0", "c-duty d1", "c-duty d2", "c-duty d3", "c-duty d4"][(share * 4.0).round() as usize];
            let title = format!("{name} {hour:02}:00, {:.0}%", share * 100.0);
            svg.rect(class, (left + hour as f64 * (cell + gap), y), (cell, cell), Some(&title));
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_survives_what_is_missing() {
        let check = |trend: &[Option<f64>], expected: expect_test::Expect| expected.assert_eq(&sparkline(trend, 105.0));
        check(
            &[],
            expect_test::expect![[
                r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart spark" viewBox="0 0 120 32" aria-hidden="true"></svg>"#
            ]],
        );
        check(
            &[Some(85.0), None, Some(88.0)],
            expect_test::expect![[
                r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart spark" viewBox="0 0 120 32" aria-hidden="true"><path class="c-line" d="M3.0 18.1L114.0 14.9"/><circle class="c-last" cx="114.0" cy="14.9" r="3.0"/></svg>"#
            ]],
        );
    }

    #[test]
    fn the_week_is_shown_in_local_hours() {
        let mut duty = [0.0; 168];
        duty[167] = 1.0; // Sunday 23:00 UTC is Monday 07:00 in China.
        let svg = week(&duty, 8, Lang::En);
        assert!(svg.contains("<title>Mon 07:00, 100%</title>"), "{svg}");
        assert_eq!(svg.matches("d4").count(), 1);
    }
}
