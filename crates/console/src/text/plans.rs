//! The plan of the coming weeks in words: counts and hours no more precise than plans are.

use super::hours_count;
use crate::Lang;
use crate::view::Band;

/// `2–5, about 3`; a count that is certain stands alone.
pub(crate) fn band(band: Band, lang: Lang) -> String {
    let (low, high, about) = (band.low, band.high, band.expected.round());
    match (low == high, about < 1.0, lang) {
        (true, ..) => low.to_string(),
        (false, true, Lang::En) => format!("{low}–{high}, probably none"),
        (false, true, Lang::Zh) => format!("{low}～{high}，多半没有"),
        (false, false, Lang::En) => format!("{low}–{high}, about {about:.0}"),
        (false, false, Lang::Zh) => format!("{low}～{high}，大约{about:.0}"),
    }
}

/// Hours of a week's work to the half hour, as nobody plans more finely.
pub(crate) fn planned_hours(hours: f64, lang: Lang) -> String {
    hours_count((hours * 2.0).round() / 2.0, lang)
}

/// Whether the shelves last.
pub(crate) fn shelves_last(
    may_run_out: Option<usize>,
    runs_out: Option<usize>,
    weeks: usize,
    lang: Lang,
) -> (&'static str, String) {
    match (runs_out, may_run_out, lang) {
        (Some(week), _, Lang::En) => ("urgent", format!("Expected to run out in week {}", week + 1)),
        (Some(week), _, Lang::Zh) => ("urgent", format!("预计第{}周用完", week + 1)),
        (None, Some(week), Lang::En) => ("advise", format!("May run out in week {}", week + 1)),
        (None, Some(week), Lang::Zh) => ("advise", format!("第{}周可能用完", week + 1)),
        (None, None, Lang::En) => ("good", format!("Lasts {weeks} weeks")),
        (None, None, Lang::Zh) => ("good", format!("够用{weeks}周")),
    }
}

/// What lies in a depot after somebody counted it.
pub(crate) fn counted(depot: &str, part: &str, n: u32, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Saved. {depot}: {part}, {n} in stock."),
        Lang::Zh => format!("已保存。{depot}：{part}，现有{n}件。"),
    }
}

/// The first line of the planning page.
pub(crate) fn planning_headline(short: usize, overfull: usize, lang: Lang) -> String {
    match (lang, short, overfull) {
        (Lang::En, 0, 0) => "Parts and people suffice".to_owned(),
        (Lang::En, 1, 0) => "One kind of part may run out".to_owned(),
        (Lang::En, n, 0) => format!("{n} kinds of parts may run out"),
        (Lang::En, 0, _) => "There is more work than time".to_owned(),
        (Lang::En, _, _) => "Parts and time may run short".to_owned(),
        (Lang::Zh, 0, 0) => "配件和人手都够".to_owned(),
        (Lang::Zh, n, 0) => format!("{n}种配件可能不够"),
        (Lang::Zh, 0, _) => "工时可能不够".to_owned(),
        (Lang::Zh, _, _) => "配件和工时都可能不够".to_owned(),
    }
}

/// One week's load in a line, for pointer and screen reader.
pub(crate) fn week_line(week: &str, booked_h: f64, expected_h: f64, capacity_h: f64, lang: Lang) -> String {
    let [booked, likely, capacity] = [booked_h, expected_h, capacity_h].map(|hours| planned_hours(hours, lang));
    match lang {
        Lang::En => format!("{week}: {booked} booked, {likely} likely, {capacity} can be done"),
        Lang::Zh => format!("{week}：已预约{booked}，预计{likely}，可用{capacity}"),
    }
}

/// One part's demand up to a week's end, for pointer and screen reader.
pub(crate) fn demand_line(week: usize, band_: Band, lang: Lang) -> String {
    let said = band(band_, lang);
    match lang {
        Lang::En => format!("To the end of week {}: {said}", week + 1),
        Lang::Zh => format!("到第{}周末：{said}", week + 1),
    }
}
