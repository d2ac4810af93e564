//! Pictures that stretch with the page: a machine's days as a strip, where the truth fell, how early warnings came.
//!
//! Places are percentages, so that one drawing fits a desk and a phone: bars stretch, dots and text do not.

use foretell_model::{DAY_MS, Timestamp};

use super::scale::{calendar_ticks, clock_ticks};
use super::svg::escape;
use crate::report::{DayState, StateRun};
use crate::{Lang, civil};

/// What all strips of a picture share: first and last slot, and a slot's length, ms.
#[derive(Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) slot_ms: i64,
}

/// What a strip shows of one machine.
pub(crate) struct Lane<'a> {
    /// What stood in which slots.
    pub(crate) states: &'a [StateRun],
    /// Days of messages to the customer.
    pub(crate) letters: &'a [Timestamp],
    /// Days of work done.
    pub(crate) works: &'a [Timestamp],
    /// When the limit was truly reached.
    pub(crate) limits: &'a [Timestamp],
    /// What it shows, for those who do not see it.
    pub(crate) title: &'a str,
}

/// Height of a strip; a state's bar is the taller the more pressing it is, so that colour is not the only sign.
const HEIGHT: f64 = 26.0;

fn height(state: DayState) -> f64 {
    match state {
        DayState::Unheard => 0.0,
        DayState::Learning => 3.0,
        DayState::Hidden | DayState::Normal => 7.0,
        DayState::Sensor | DayState::Watch => 11.0,
        DayState::Advise => 16.0,
        DayState::Urgent => 21.0,
    }
}

/// The whole picture as a scale in percent.
impl Slots {
    fn percent(self, slot: f64) -> f64 {
        let count = (self.last - self.first + 1).max(1) as f64;
        (100.0 * (slot - self.first as f64) / count).clamp(0.0, 100.0)
    }

    /// Begin of the first and end of the last slot, ms since 1970.
    fn span_ms(self) -> (i64, i64) {
        (self.first * self.slot_ms, (self.last + 1) * self.slot_ms)
    }

    fn at(self, at: Timestamp) -> f64 {
        self.percent(at.millis() as f64 / self.slot_ms as f64)
    }
}

fn open(class: &str, height: f64, title: &str) -> String {
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" width=\"100%\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">"
    )
}

fn bar(class: &str, (x, width): (f64, f64), (y, height): (f64, f64)) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.2}%\" width=\"{width:.2}%\" y=\"{y:.1}\" height=\"{height:.1}\"/>")
}

fn upright(class: &str, x: f64, (top, bottom): (f64, f64)) -> String {
    format!("<line class=\"{class}\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>")
}

/// A machine's slots between the first and the last of the history.
pub(crate) fn lane(lane: &Lane<'_>, slots: Slots) -> String {
    let mut out = open("strip", HEIGHT, lane.title);
    for run in lane.states.iter().filter(|run| run.state != DayState::Unheard) {
        let (from, to) = (slots.percent(run.first as f64), slots.percent((run.last + 1) as f64));
        let height = height(run.state);
        out += &bar(&format!("d-{}", run.state.name()), (from, to - from), ((HEIGHT - height) / 2.0, height));
    }
    for at in lane.works {
        out += &upright("d-work", slots.at(*at), (3.0, HEIGHT - 3.0));
    }
    for at in lane.limits {
        out += &upright("d-limit", slots.at(*at), (0.0, HEIGHT));
    }
    for at in lane.letters {
        out +=
            &format!("<circle class=\"d-letter\" cx=\"{:.2}%\" cy=\"{:.1}\" r=\"4.5\"/>", slots.at(*at), HEIGHT / 2.0);
    }
    out + "</svg>"
}

/// The months above the strips; `label` names an instant where slots are shorter than days or times are no dates.
pub(crate) fn axis(slots: Slots, count: usize, label: Option<&dyn Fn(Timestamp) -> String>, lang: Lang) -> String {
    let mut out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"strip\" width=\"100%\" height=\"18\" aria-hidden=\"true\">"
            .to_owned();
    let ticks: Vec<(Timestamp, String)> = match label {
        Some(label) => clock_ticks(slots.span_ms(), count).map(|at| (at, label(at))).collect(),
        None => {
            let (first, last) = (slots.first, slots.last);
            let name = |day| if last - first > 75 { civil::month(day, lang) } else { civil::day(day, lang) };
            let ticks = calendar_ticks((first, last), count).into_iter();
            ticks.map(|day| (Timestamp::from_millis(day * DAY_MS), name(day))).collect()
        }
    };
    for (at, label) in ticks {
        let x = slots.at(at);
        if x < 94.0 {
            out += &upright("d-notch", x, (4.0, 18.0));
            out += &format!("<text class=\"d-tick\" x=\"{x:.2}%\" dx=\"5\" y=\"12\">{}</text>", escape(&label));
        }
    }
    out + "</svg>"
}

/// Where the truth fell: before p10, up to p50, up to p90, after it; above it, where a calibrated forecast has its borders.
pub(crate) fn fell(parts: [u32; 4], title: &str) -> String {
    let mut out = open("fell", 30.0, title);
    let all = f64::from(parts.iter().sum::<u32>().max(1));
    let mut from = 0.0;
    for (class, part) in ["f-early", "f-low", "f-high", "f-late"].into_iter().zip(parts) {
        let width = 100.0 * f64::from(part) / all;
        if part > 0 {
            out += &bar(class, (from, width), (6.0, 18.0));
        }
        from += width;
    }
    for border in [10.0, 50.0, 90.0] {
        out += &upright("f-border", border, (1.0, 29.0));
    }
    out + "</svg>"
}

/// Days of the longest lead that is drawn where it is; longer ones stand at the end.
const LEAD_DAYS_MAX: f64 = 60.0;

/// Each warned fault as a dot by its lead, with the week marks that matter.
pub(crate) fn leads(leads_days: &[f64], title: &str) -> String {
    let mut out = open("leads", 58.0, title);
    let x = |days: f64| 2.0 + 96.0 * (days / LEAD_DAYS_MAX).clamp(0.0, 1.0);
    out += "<line class=\"d-notch\" x1=\"2%\" x2=\"98%\" y1=\"40\" y2=\"40\"/>";
    for days in [0.0, 7.0, 14.0, 21.0, 28.0, 45.0, 60.0] {
        out += &upright("d-notch", x(days), (36.0, 44.0));
        let more = if days < LEAD_DAYS_MAX { "" } else { "+" };
        out += &format!(
            "<text class=\"d-tick\" text-anchor=\"middle\" x=\"{:.2}%\" y=\"56\">{days}{more}</text>",
            x(days)
        );
    }
    let mut stacked: Vec<(i64, u32)> = Vec::new();
    for days in leads_days {
        let slot = (days.clamp(0.0, LEAD_DAYS_MAX) / 1.5).round() as i64;
        let level = match stacked.last_mut() {
            Some((last, level)) if *last == slot => {
                *level += 1;
                *level
            }
            _ => {
                stacked.push((slot, 0));
                0
            }
        };
        let y = 32.0 - 8.0 * f64::from(level.min(3));
        let class = if *days >= 7.0 { "l-dot" } else { "l-dot late" };
        out += &format!("<circle class=\"{class}\" cx=\"{:.2}%\" cy=\"{y:.1}\" r=\"3.5\"/>", x(slot as f64 * 1.5));
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use foretell_model::MINUTE_MS;

    use super::*;

    const DAYS: Slots = Slots { first: 0, last: 9, slot_ms: DAY_MS };

    #[test]
    fn the_axis_of_a_short_history_has_the_steps_of_a_clock() {
        // Two hours and a half in slots of 100 s.
        let slots = Slots { first: 0, last: 89, slot_ms: 100_000 };
        let minutes: Vec<i64> = clock_ticks(slots.span_ms(), 6).map(|at| at.millis() / MINUTE_MS).collect();
        assert_eq!(minutes, [0, 30, 60, 90, 120]);
        let named = axis(slots, 6, Some(&|at| format!("{} min", at.millis() / MINUTE_MS)), Lang::En);
        assert!(named.contains(r#"<text class="d-tick" x="20.00%" dx="5" y="12">30 min</text>"#), "{named}");
        assert!(axis(DAYS, 6, None, Lang::En).contains("5 Jan"));
    }

    #[test]
    fn a_strip_shows_runs_and_marks_in_percent() {
        let states = [
            StateRun { first: 0, last: 4, state: DayState::Learning },
            StateRun { first: 5, last: 9, state: DayState::Urgent },
        ];
        let letters = [Timestamp::from_millis(5 * DAY_MS)];
        let svg = lane(&Lane { states: &states, letters: &letters, works: &[], limits: &[], title: "<a>" }, DAYS);
        let expected = [
            r#"aria-label="&lt;a&gt;""#,
            r#"<rect class="d-learning" x="0.00%" width="50.00%""#,
            r#"<rect class="d-urgent" x="50.00%" width="50.00%""#,
            r#"cx="50.00%""#,
        ];
        for part in expected {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }

    #[test]
    fn nothing_divides_by_nothing() {
        for svg in
            [fell([0; 4], ""), leads(&[], ""), axis(Slots { first: 5, last: 5, slot_ms: DAY_MS }, 3, None, Lang::En)]
        {
            assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.ends_with("</svg>"), "{svg}");
        }
    }
}
