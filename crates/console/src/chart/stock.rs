//! Planning in small pictures: parts needed against the shelves, hours needed against what people can do.

use super::scale::Plot;
use super::svg::Svg;
use crate::text::{self, desk};
use crate::view::{PartPlan, WeekPlan};
use crate::{Lang, text::number};

/// Parts needed from now to the end of each week: a band, the mean, and the line of what lies on the shelves.
#[must_use]
pub fn demand(plan: &PartPlan, lang: Lang) -> String {
    let (width, height) = (300.0, 120.0);
    let top = plan.up_to.iter().map(|band| band.high).max().unwrap_or(0).max(plan.stock);
    let weeks = plan.up_to.len().max(1) as f64;
    let highest = f64::from(top) * 1.15 + 0.5;
    let plot =
        Plot { left: 24.0, top: 8.0, right: width - 4.0, bottom: height - 18.0, x: (0.0, weeks), y: (0.0, highest) };
    let whole = plan.up_to.last().map_or_else(String::new, |band| desk::band(*band, lang));
    let mut svg = Svg::picture("chart demand", width, height, &text::part(&plan.part, lang), &whole);
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    svg.text("c-tick", (plot.left - 6.0, plot.bottom + 4.0), "end", "0");
    svg.text("c-tick", (plot.left - 6.0, plot.y(f64::from(top)) + 4.0), "end", &top.to_string());
    let mut middle = Vec::new();
    for (n, band) in plan.up_to.iter().enumerate() {
        let (left, right) = (plot.x(n as f64) + 2.0, plot.x(n as f64 + 1.0) - 2.0);
        // A count that is certain still shows as a line.
        let (high, low) = (plot.y(f64::from(band.high)) - 1.0, plot.y(f64::from(band.low)) + 1.0);
        let line = desk::demand_line(n, *band, lang);
        svg.rect("c-need", (left, high), (right - left, low - high), Some(&line));
        middle.push(((left + right) / 2.0, plot.y(band.expected.min(highest))));
        svg.text("c-tick", ((left + right) / 2.0, height - 4.0), "middle", &(n + 1).to_string());
    }
    svg.polyline("c-median", &middle);
    let shelf = plot.y(f64::from(plan.stock));
    svg.line("c-shelf", (plot.left, shelf), (plot.right, shelf));
    svg.finish()
}

/// Hours on site by week: booked, likely in all, and the step of what people can do.
#[must_use]
pub fn load(weeks: &[WeekPlan], labels: &[String], lang: Lang) -> String {
    let (width, height) = (1_000.0, 210.0);
    let highest = weeks.iter().map(|week| week.expected_h.max(week.capacity_h)).fold(1.0, f64::max) * 1.12;
    let plot = Plot {
        left: 40.0,
        top: 10.0,
        right: width - 8.0,
        bottom: height - 24.0,
        x: (0.0, weeks.len().max(1) as f64),
        y: (0.0, highest),
    };
    let mut svg = Svg::picture("chart load-chart", width, height, desk::words(lang).load_heading, "");
    for value in super::scale::ticks(plot.y, 4.0) {
        let y = plot.y(value);
        svg.line("c-grid", (plot.left, y), (plot.right, y));
        svg.text("c-tick", (plot.left - 8.0, y + 4.0), "end", &number(value, lang));
    }
    for (n, (week, label)) in weeks.iter().zip(labels).enumerate() {
        let (left, right) = (plot.x(n as f64), plot.x(n as f64 + 1.0));
        let inset = (right - left) * 0.2;
        let bar = |hours: f64| (plot.y(hours), plot.bottom - plot.y(hours));
        svg.open_group("c-week", &desk::week_line(label, week.booked_h, week.expected_h, week.capacity_h, lang));
        let (y, tall) = bar(week.expected_h);
        svg.rect("c-likely", (left + inset, y), (right - left - 2.0 * inset, tall), None);
        let (y, tall) = bar(week.booked_h);
        svg.rect("c-booked", (left + inset, y), (right - left - 2.0 * inset, tall), None);
        let capacity = plot.y(week.capacity_h);
        svg.line("c-limit", (left + 3.0, capacity), (right - 3.0, capacity));
        svg.close_group();
        svg.text("c-tick", ((left + right) / 2.0, height - 6.0), "middle", label);
    }
    svg.line("c-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Band;

    #[test]
    fn nothing_to_plan_is_still_a_picture() {
        let none = PartPlan {
            part: "oil".into(),
            weeks: vec![],
            up_to: vec![],
            stock: 0,
            shelves: vec![],
            may_run_out: None,
            runs_out: None,
        };
        assert!(demand(&none, Lang::En).starts_with("<svg") && !demand(&none, Lang::En).contains("NaN"));
        assert!(!load(&[], &[], Lang::En).contains("NaN"));
        let one = PartPlan { up_to: vec![Band { expected: 1.2, low: 0, high: 3 }], stock: 2, ..none };
        let svg = demand(&one, Lang::En);
        assert!(svg.contains("To the end of week 1: 0–3, about 1"), "{svg}");
    }
}
