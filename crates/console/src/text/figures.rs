//! Figures as people read them.

use foretell_model::{RulDays, Timestamp};

use super::words;
use crate::view::{ConePoint, DayPoint, HourPoint};
use crate::{Lang, civil};

/// A number with as many places as its size deserves, thousands set apart by a thin space.
pub(crate) fn number(value: f64) -> String {
    let places = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        0.0 => 0,
        _ => 4,
    };
    let text = format!("{value:.places$}");
    let text = if text.parse() == Ok(0.0) { "0".to_owned() } else { text };
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(w, f)| (w, f));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A share as whole per cent; what is neither impossible nor certain never shows as 0 or 100.
pub(crate) fn percent(share: f64) -> u8 {
    let percent = (share * 100.0).round().clamp(0.0, 100.0) as u8;
    match percent {
        0 if share > 0.0 => 1,
        100 if share < 1.0 => 99,
        percent => percent,
    }
}

/// A feature's value with its UCUM unit as people write it; a share reads as per cent.
pub(crate) fn with_unit(feature: &str, value: f64, ucum: &str) -> String {
    match ucum {
        "1" if is_share(feature) => format!("{} %", number(round(value * 100.0, 10.0))),
        "1" => number(value),
        "Cel" => format!("{} °C", number(value)),
        unit => format!("{} {}", number(value), unit.split('{').next().unwrap_or(unit)),
    }
}

/// Whether a dimensionless feature is a share of a whole, by the end of its name; a slope or a log is none.
fn is_share(feature: &str) -> bool {
    ["_loss", "_share", "duty"].iter().any(|end| feature.ends_with(end))
}

/// A feature's change per day, with its sign; of a temperature in kelvin.
pub(crate) fn change(feature: &str, per_day: f64, ucum: &str) -> String {
    let sign = if per_day > 0.0 { "+" } else { "" };
    let text = match ucum {
        "1" if is_share(feature) => format!("{} %", number(round(per_day * 100.0, 100.0))),
        "Cel" => with_unit(feature, per_day, "K"),
        unit => with_unit(feature, per_day, unit),
    };
    format!("{sign}{text}")
}

fn round(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

/// `93.4 °C`.
pub(crate) fn temperature(value_c: f64) -> String {
    format!("{value_c:.1} °C")
}

/// `90 min`, `2 h`, `2 h 30 min`.
pub(crate) fn duration(minutes: u32, lang: Lang) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (lang, hours, rest) {
        (Lang::En, 0 | 1, _) if minutes != 60 => format!("{minutes} min"),
        (Lang::En, _, 0) => format!("{hours} h"),
        (Lang::En, ..) => format!("{hours} h {rest} min"),
        (Lang::Zh, 0 | 1, _) if minutes != 60 => format!("{minutes} 分钟"),
        (Lang::Zh, _, 0) => format!("{hours} 小时"),
        (Lang::Zh, ..) => format!("{hours} 小时 {rest} 分钟"),
    }
}

/// A forecast window in words, never more precise than its interval: days when it ends within ten, else weeks.
pub(crate) fn window(rul: RulDays, lang: Lang) -> String {
    let (Some(p10), p90) = (rul.p10, rul.p90) else { return beyond_or_open(rul, lang) };
    let p90 = p90.filter(|p90| *p90 < 90.0);
    match p90 {
        Some(p90) if p90 <= 10.0 => {
            let (a, b) = (p10.floor().max(0.0) as u32, p90.ceil().max(1.0) as u32);
            match (lang, a) {
                (Lang::En, 0) => format!("within {b} days"),
                (Lang::En, a) if a == b => format!("in about {a} days"),
                (Lang::En, a) => format!("in {a} to {b} days"),
                (Lang::Zh, 0) => format!("{b} 天内"),
                (Lang::Zh, a) if a == b => format!("约 {a} 天后"),
                (Lang::Zh, a) => format!("{a}～{b} 天后"),
            }
        }
        Some(p90) => {
            let (a, b) = ((p10 / 7.0).floor().max(0.0) as u32, (p90 / 7.0).ceil() as u32);
            match (lang, a) {
                (Lang::En, 0) => format!("within {b} weeks"),
                (Lang::En, a) => format!("in {a} to {b} weeks"),
                (Lang::Zh, 0) => format!("{b} 周内"),
                (Lang::Zh, a) => format!("{a}～{b} 周后"),
            }
        }
        None => {
            let a = (p10 / 7.0).floor().max(1.0) as u32;
            match lang {
                Lang::En if a == 1 => "in a week or later".to_owned(),
                Lang::En => format!("in {a} weeks or later"),
                Lang::Zh => format!("{a} 周以后"),
            }
        }
    }
}

fn beyond_or_open(_: RulDays, lang: Lang) -> String {
    match lang {
        Lang::En => "not within 90 days".to_owned(),
        Lang::Zh => "90 天内不会".to_owned(),
    }
}

/// The window between two days, for the bar on the limit line.
pub(crate) fn window_days(first: i64, last: Option<i64>, lang: Lang) -> String {
    let from = civil::day(first, lang);
    let to = last.map(|last| civil::day(last, lang));
    match (lang, to) {
        (Lang::En, Some(to)) => format!("Limit likely reached between {from} and {to}"),
        (Lang::En, None) => format!("Limit likely reached from {from} on"),
        (Lang::Zh, Some(to)) => format!("可能在 {from}～{to} 到达限值"),
        (Lang::Zh, None) => format!("可能在 {from} 之后到达限值"),
    }
}

/// One past day's figures: `18 Jul: 93.2 °C (normal 86–90)`.
pub(crate) fn day_figures(day: &DayPoint, lang: Lang) -> String {
    let date = civil::day(day.day, lang);
    let hot = day.hot_c.map_or_else(|| "–".to_owned(), temperature);
    match (day.normal_low_c, day.normal_high_c) {
        (Some(low), Some(high)) => format!("{date}: {hot} ({} {low:.0}–{high:.0})", words(lang).normal),
        _ => format!("{date}: {hot}"),
    }
}

/// One future day's figures: `2 Aug: 99–108 °C, middle 103 (forecast)`.
pub(crate) fn cone_figures(point: &ConePoint, lang: Lang) -> String {
    let words = words(lang);
    let middle = if lang == Lang::En { "middle" } else { "中位" };
    format!(
        "{}: {:.0}–{:.0} °C, {middle} {:.0} ({})",
        civil::day(point.day, lang),
        point.q10_c,
        point.q90_c,
        point.q50_c,
        words.forecast
    )
}

/// One hour's figures, in a zone `shift_hours` east of UTC.
pub(crate) fn hour_figures(point: &HourPoint, shift_hours: i32, lang: Lang) -> String {
    let hour = point.hour + i64::from(shift_hours);
    let words = words(lang);
    let mut text = format!("{} {:02}:00", civil::day(hour.div_euclid(24), lang), hour.rem_euclid(24));
    let parts = [
        (words.legend_mean, point.discharge_mean_c, "°C"),
        (words.legend_peak, point.discharge_max_c, "°C"),
        (words.legend_ambient, point.ambient_c, "°C"),
        (super::signal(foretell_model::Signal::MotorCurrent, lang).0, point.current_a, "A"),
    ];
    for (place, (name, value, unit)) in parts.iter().filter(|(_, value, _)| value.is_some()).enumerate() {
        let separator = if place == 0 { ": " } else { ", " };
        text.push_str(&format!("{separator}{name} {:.1} {unit}", value.unwrap_or_default()));
    }
    text
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// An English month, 1 to 12.
pub(crate) fn month(month: u32) -> &'static str {
    MONTHS[(month.clamp(1, 12) - 1) as usize]
}

/// An English month's first three letters.
pub(crate) fn month_short(month_: u32) -> &'static str {
    &month(month_)[..3]
}

/// A weekday, 0 = Monday.
pub(crate) fn weekday(day: u8, lang: Lang) -> &'static str {
    let day = usize::from(day % 7);
    match lang {
        Lang::En => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][day],
        Lang::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][day],
    }
}

/// A weekday in three letters.
pub(crate) fn weekday_short(day: u8, lang: Lang) -> &'static str {
    match lang {
        Lang::En => &weekday(day, lang)[..3],
        Lang::Zh => weekday(day, lang),
    }
}

/// When a quantile is reached, as a date; `None` beyond the horizon.
pub(crate) fn reached(at: Timestamp, days: Option<f64>, zone: chrono_tz::Tz, lang: Lang) -> Option<String> {
    days.map(|days| civil::date(at.plus_days(days), zone, lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_window(p10: Option<f64>, p90: Option<f64>, en: &str, zh: &str) {
        let rul = RulDays { p10, p50: p10, p90 };
        assert_eq!((window(rul, Lang::En).as_str(), window(rul, Lang::Zh).as_str()), (en, zh));
    }

    #[test]
    fn a_window_is_never_more_precise_than_its_interval() {
        check_window(Some(11.2), Some(27.5), "in 1 to 4 weeks", "1～4 周后");
        check_window(Some(2.2), Some(8.1), "in 2 to 9 days", "2～9 天后");
        check_window(Some(0.2), Some(4.0), "within 4 days", "4 天内");
        check_window(Some(4.0), Some(30.0), "within 5 weeks", "5 周内");
        check_window(Some(33.0), None, "in 4 weeks or later", "4 周以后");
        check_window(None, None, "not within 90 days", "90 天内不会");
    }

    #[test]
    fn a_share_is_per_cent_and_a_slope_is_not() {
        assert_eq!(with_unit("cooler_ua_loss", 0.27, "1"), "27 %");
        assert_eq!(with_unit("regulated_slope_k_per_k", 0.42, "1"), "0.42");
        assert_eq!(with_unit("hot_ambient_c", 31.42, "Cel"), "31.4 °C");
        assert_eq!(change("cooler_ua_loss", 0.0091, "1"), "+0.91 %");
        assert_eq!(change("hot_ambient_c", -0.5, "Cel"), "−0.5 K");
    }

    #[test]
    fn numbers_have_the_places_they_deserve() {
        let texts = [0.0, 0.0091, 0.27, 5.5, -12.0, 41.73, 4021.5, 12_345.0, -0.00001].map(number);
        assert_eq!(texts, ["0", "0.0091", "0.27", "5.5", "−12", "41.7", "4022", "12\u{202f}345", "0"]);
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN].map(percent), [0, 1, 50, 99, 100, 0]);
        assert_eq!([30, 60, 90, 150].map(|m| duration(m, Lang::En)), ["30 min", "1 h", "90 min", "2 h 30 min"]);
    }
}
