//! How far a watched column stood off what the others let expect, beside its usual scatter.

use foretell_model::Timestamp;

use super::curve::Size;
use super::scale::{Plot, clock_ticks, extent, ticks};
use super::svg::Svg;
use crate::report::Residual;

/// The band holds so many standard deviations to each side: what a relation that holds shows in 19 blocks of 20.
const BAND: f64 = 2.0;
/// Points of a picture; beyond it the mean of each few stands for them.
const POINTS_MAX: usize = 200;

/// Draws it with an upright where something was `said`; `label` names an instant. Empty without two points.
pub(crate) fn residual(
    of: &Residual,
    said: &[Timestamp],
    size: Size,
    title: &str,
    label: &dyn Fn(Timestamp) -> String,
) -> String {
    let (Some((first, _)), Some((last, _))) = (of.points.first(), of.points.last()) else { return String::new() };
    if first == last {
        return String::new();
    }
    let (class, width, height) = match size {
        Size::Wide => ("chart wide", 960.0, 240.0),
        Size::Narrow => ("chart narrow", 400.0, 200.0),
    };
    let band = BAND * of.usual;
    let values = of.points.iter().map(|(_, value)| *value).chain([-band, band]);
    let (low, high) = extent(values).unwrap_or((-1.0, 1.0));
    let air = 0.08 * (high - low).max(1e-9);
    let x = (first.millis() as f64, last.millis() as f64);
    let plot =
        Plot { left: 46.0, top: 24.0, right: width - 12.0, bottom: height - 28.0, x, y: (low - air, high + air) };
    let mut svg = Svg::picture(class, width, height, title, "");
    let (top, foot) = (plot.y(band), plot.y(-band));
    svg.rect("c-band", (plot.left, top), (plot.width(), foot - top), None);
    svg.text("c-unit", (plot.left - 8.0, 12.0), "end", &of.unit);
    let steps = ticks(plot.y, 4.0);
    let places =
        steps.windows(2).next().map_or(0.0, |pair| (-(pair[1] - pair[0]).log10()).ceil().clamp(0.0, 6.0)) as usize;
    for value in steps {
        let y = plot.y(value);
        svg.line("c-grid", (plot.left, y), (plot.right, y));
        // No "-0".
        svg.text("c-tick", (plot.left - 8.0, y + 4.0), "end", &format!("{:.places$}", value + 0.0));
    }
    let count = if size == Size::Wide { 10 } else { 4 };
    for at in clock_ticks((first.millis(), last.millis()), count) {
        let x = plot.x(at.millis() as f64);
        svg.line("c-notch", (x, plot.bottom), (x, plot.bottom + 5.0));
        if x < plot.right - 20.0 {
            svg.text("c-tick", (x, plot.bottom + 20.0), "middle", &label(at));
        }
    }
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    for at in said {
        let x = plot.x(at.millis() as f64);
        svg.line("c-then", (x, plot.top), (x, plot.bottom));
    }
    let few = of.points.len().div_ceil(POINTS_MAX).max(1);
    let mean = |points: &[(Timestamp, f64)]| {
        let n = points.len() as f64;
        let at = points.iter().map(|(at, _)| at.millis() as f64).sum::<f64>() / n;
        plot.at(at, points.iter().map(|(_, value)| value).sum::<f64>() / n)
    };
    svg.polyline("c-line", &of.points.chunks(few).map(mean).collect::<Vec<_>>());
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_the_usual_scatter_and_what_leaves_it_stands_outside() {
        let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
        let points = (0..=10).map(|n| (at(n), if n < 8 { 0.0 } else { 1.0 })).collect();
        let of = Residual { target: "Tho".to_owned(), unit: "K".to_owned(), usual: 0.1, points };
        let svg = residual(&of, &[at(9)], Size::Narrow, "Tho", &|at| format!("{} min", at.millis() / 60_000));
        // From -0.2 to 1 K with 8 % of air at each end fills 148 units: the band of 0.4 K takes 42.5 of them, 10.2 above the foot.
        assert!(svg.contains(r#"<rect class="c-band" x="46.0" y="119.3" width="342.0" height="42.5"/>"#), "{svg}");
        assert!(svg.contains("5 min") && svg.contains(r#"class="c-then" x1="353.8""#), "{svg}");
        let nothing = Residual { points: vec![(at(0), 1.0)], ..of };
        assert_eq!(residual(&nothing, &[], Size::Wide, "Tho", &|_| String::new()), "");
    }
}
