//! A curve with its caption and legend, as pages show it.

use foretell_model::{Catalogue, FaultCode, Timestamp};

use crate::Lang;
use crate::chart::{self, CurveText, Hover, Past, Size};
use crate::text;
use crate::view::{Counter, Curve, Mark, MarkKind};

/// What `curve.html` needs.
pub(crate) struct Figure {
    pub(crate) legend: Legend,
    pub(crate) caption: String,
    pub(crate) hint: &'static str,
    pub(crate) svg: String,
    /// What is said instead of an empty frame; empty when there is something to draw.
    pub(crate) empty: &'static str,
    pub(crate) has_band: bool,
    pub(crate) has_cone: bool,
    pub(crate) has_window: bool,
    pub(crate) marks: Vec<MarkLine>,
}

/// What the signs of a curve are called.
pub(crate) struct Legend {
    pub(crate) line: &'static str,
    pub(crate) band: &'static str,
    pub(crate) cone: &'static str,
    pub(crate) window: &'static str,
    pub(crate) limit: &'static str,
}

/// A mark in the legend.
pub(crate) struct MarkLine {
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// Draws a curve in the given sizes; with several, the style sheet shows the one that fits.
pub(crate) fn figure(curve: &Curve, sizes: &[Size], caption: &str, catalogue: &Catalogue, lang: Lang) -> Figure {
    figure_at(curve, sizes, (caption, text::words(lang).today), catalogue, lang)
}

/// The same with another word for the line of the present.
pub(crate) fn figure_at(
    curve: &Curve,
    sizes: &[Size],
    (caption, now): (&str, &str),
    catalogue: &Catalogue,
    lang: Lang,
) -> Figure {
    let past = Past { truths: &[], forecasts: &[], hover: Hover::Figures };
    past_figure(curve, sizes, (caption, now), &past, (catalogue, lang))
}

/// The same with what is known of the past.
pub(crate) fn past_figure(
    curve: &Curve,
    sizes: &[Size],
    (caption, now): (&str, &str),
    past: &Past<'_>,
    (catalogue, lang): (&Catalogue, Lang),
) -> Figure {
    if let Some(counter) = &curve.counter {
        return counter_figure(counter, curve.now, sizes, now, lang);
    }
    let t = text::words(lang);
    let name = |mark: &Mark| mark_name(mark, catalogue, lang);
    let words = CurveText { lang, title: caption, now, mark: &name };
    let svg = sizes.iter().map(|size| chart::past_curve(curve, *size, &words, past)).collect();
    let marks = told_once(&curve.marks).into_iter().map(|(mark, last, n)| MarkLine {
        class: match mark.kind {
            MarkKind::Maintenance => "m-maintenance",
            MarkKind::Alarm => "m-alarm",
            MarkKind::Advisory => "m-advisory",
            MarkKind::Note => "m-note",
        },
        text: text::mark_line((mark.at.day(), last.at.day()), &name(mark), n, lang),
    });
    Figure {
        legend: Legend {
            line: t.legend_line,
            band: t.legend_band,
            cone: t.legend_cone,
            window: t.legend_window,
            limit: t.legend_limit,
        },
        caption: caption.to_owned(),
        hint: t.hover_hint,
        svg,
        empty: if chart::has_something(curve) { "" } else { t.health_no_curve },
        has_band: true,
        has_cone: !curve.cone.is_empty(),
        has_window: curve.reached.is_some(),
        marks: marks.collect(),
    }
}

/// Marks as the legend lists them: an alarm that came back is one line, with its first, its last and how many there were.
fn told_once(marks: &[Mark]) -> Vec<(&Mark, &Mark, usize)> {
    let mut told: Vec<(&Mark, &Mark, usize)> = Vec::new();
    for mark in marks {
        let says_the_same =
            |first: &Mark| mark.kind == MarkKind::Alarm && first.kind == mark.kind && first.label == mark.label;
        match told.iter_mut().find(|(first, ..)| says_the_same(first)) {
            Some((_, last, n)) => (*last, *n) = (mark, *n + 1),
            None => told.push((mark, mark, 1)),
        }
    }
    told
}

/// The hours behind work that is due by them.
fn counter_figure(counter: &Counter, now: Timestamp, sizes: &[Size], now_name: &str, lang: Lang) -> Figure {
    let t = text::words(lang);
    let draw = |size: &Size| chart::counter(counter, now, *size, (t.counter_title, now_name), lang);
    Figure {
        legend: Legend {
            line: t.counter_line,
            band: "",
            cone: t.counter_cone,
            window: t.counter_window,
            limit: t.counter_limit,
        },
        caption: t.counter_title.to_owned(),
        hint: t.hover_hint,
        svg: sizes.iter().map(draw).collect(),
        empty: "",
        has_band: false,
        has_cone: true,
        has_window: counter.reached.is_some(),
        marks: Vec::new(),
    }
}

/// A mark in words: work and faults by their names in the catalogue, anything else as it stands.
pub(crate) fn mark_name(mark: &Mark, catalogue: &Catalogue, lang: Lang) -> String {
    let named = match mark.kind {
        MarkKind::Maintenance => {
            let action = catalogue.actions.get(&mark.label);
            action.map(|action| text::work_done(&mark.label, action.name.in_language(lang.tag()), lang))
        }
        MarkKind::Advisory => FaultCode::new(&mark.label).map(|code| text::fault(&code, catalogue, lang)),
        MarkKind::Alarm | MarkKind::Note => None,
    };
    named.unwrap_or_else(|| mark.label.replace('_', " "))
}

/// The figure of a page that shows one machine: for a desk and for a phone.
pub(crate) fn page_figure(curve: &Curve, catalogue: &Catalogue, lang: Lang) -> Figure {
    figure(curve, &[Size::Wide, Size::Narrow], text::words(lang).curve_title, catalogue, lang)
}

/// The figure of the customer's page: narrow, of the marks those of work alone, and with words for somebody who is not a
/// technician.
pub(crate) fn customer_figure(curve: &Curve, catalogue: &Catalogue, lang: Lang) -> Figure {
    customer_figure_at(curve, &[Size::Narrow], text::words(lang).today, catalogue, lang)
}

/// The figure of a report: the same with another word for the line of the present, for a desk and for a phone.
pub(crate) fn report_figure(curve: &Curve, now: &str, catalogue: &Catalogue, lang: Lang) -> Figure {
    customer_figure_at(curve, &[Size::Wide, Size::Narrow], now, catalogue, lang)
}

fn customer_figure_at(curve: &Curve, sizes: &[Size], now: &str, catalogue: &Catalogue, lang: Lang) -> Figure {
    let t = text::words(lang);
    // Why the curve fell is everybody's to see; when we thought what is ours.
    let works = curve.marks.iter().filter(|mark| mark.kind == MarkKind::Maintenance).cloned().collect();
    let curve = &Curve { marks: works, ..curve.clone() };
    let legend = Legend {
        line: t.customer_line,
        band: t.customer_band,
        cone: t.customer_cone,
        window: t.customer_window,
        limit: t.customer_limit,
    };
    let past = Past { truths: &[], forecasts: &[], hover: Hover::Words };
    let figure = past_figure(curve, sizes, (t.customer_curve, now), &past, (catalogue, lang));
    if curve.counter.is_some() {
        return Figure { hint: t.customer_hint, ..figure };
    }
    Figure { legend, hint: t.customer_hint, ..figure }
}

/// The figure of a card: narrow on every screen.
pub(crate) fn card_figure(curve: &Curve, catalogue: &Catalogue, lang: Lang) -> Figure {
    figure(curve, &[Size::Narrow], text::words(lang).curve_title, catalogue, lang)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::DayPoint;

    #[test]
    fn a_customer_sees_when_work_was_done_and_nothing_else_of_ours() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let day = |day| DayPoint { day, hot_c: Some(90.0), normal_low_c: None, normal_high_c: None };
        let mark = |kind, label: &str| Mark { at: Timestamp::from_millis(0).plus_days(5.0), kind, label: label.into() };
        let curve = Curve {
            now: Timestamp::from_millis(0).plus_days(9.0),
            limit_c: 105.0,
            days: (0..9).map(day).collect(),
            cone: Vec::new(),
            reached: None,
            marks: vec![
                mark(MarkKind::Advisory, "cooler_clogging"),
                mark(MarkKind::Maintenance, "cooler_cleaned"),
                mark(MarkKind::Note, "rang twice"),
            ],
            counter: None,
        };
        for (lang, said) in [(Lang::En, "cleaned"), (Lang::Zh, "冷却器")] {
            for figure in [report_figure(&curve, "then", &catalogue, lang), customer_figure(&curve, &catalogue, lang)] {
                assert_eq!(figure.marks.len(), 1, "one line of the legend");
                assert!(figure.marks[0].text.contains(said), "{}", figure.marks[0].text);
                assert!(figure.svg.contains("m-maintenance"), "{}", figure.svg);
                assert!(!figure.svg.contains("m-advisory") && !figure.svg.contains("m-note"), "{}", figure.svg);
            }
        }
    }

    #[test]
    fn an_alarm_that_comes_again_and_again_is_one_line_of_the_legend() {
        let mark = |day: f64, kind, label: &str| Mark {
            at: Timestamp::from_millis(0).plus_days(day),
            kind,
            label: label.into(),
        };
        let marks = [
            mark(1.0, MarkKind::Alarm, "E23"),
            mark(2.0, MarkKind::Maintenance, "oil_changed"),
            mark(3.0, MarkKind::Alarm, "E23"),
            mark(4.0, MarkKind::Alarm, "E7"),
            mark(9.0, MarkKind::Alarm, "E23"),
            mark(9.0, MarkKind::Maintenance, "oil_changed"),
        ];
        let told: Vec<(i64, i64, usize)> =
            told_once(&marks).into_iter().map(|(first, last, n)| (first.at.day(), last.at.day(), n)).collect();
        assert_eq!(told, [(1, 9, 3), (2, 2, 1), (4, 4, 1), (9, 9, 1)]);
    }
}
