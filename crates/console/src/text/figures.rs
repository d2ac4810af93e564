//! Figures as people read them.

use foretell_model::{Limit, RulDays, WeekWindow};

use super::words;
use crate::view::HourPoint;
use crate::{Lang, civil};

/// A number with as many places as its size deserves, as people of each language write it: `4,022`, `4022`.
pub(crate) fn number(value: f64, lang: Lang) -> String {
    let places = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    fixed(value, places, lang)
}

/// A number with at most so many places, zeros at the end cut; English sets thousands apart, as letters do.
fn fixed(value: f64, places: usize, lang: Lang) -> String {
    let text = format!("{value:.places$}");
    let text = if text.parse() == Ok(0.0) { "0".to_owned() } else { text };
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(w, f)| (w, f));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if lang == Lang::En && place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A figure as people of each language write it: `39,000`, `3.9万`.
pub(crate) fn large(figure: &str, lang: Lang) -> String {
    match (figure.parse::<u64>(), lang) {
        (Ok(n), Lang::Zh) if n >= 10_000 => {
            let text = format!("{:.2}", n as f64 / 10_000.0);
            format!("{}万", text.trim_end_matches('0').trim_end_matches('.'))
        }
        (Ok(n), Lang::En) if n >= 1_000 => format!("{},{:03}", large(&(n / 1_000).to_string(), lang), n % 1_000),
        _ => figure.to_owned(),
    }
}

/// A share as whole per cent, for the length of a bar; what is neither impossible nor certain is never 0 or 100.
pub(crate) fn percent(share: f64) -> u8 {
    let percent = (share * 100.0).round().clamp(0.0, 100.0) as u8;
    match percent {
        0 if share > 0.0 => 1,
        100 if share < 1.0 => 99,
        percent => percent,
    }
}

/// A share in words, as precise as it deserves: `46%`, and `<1%` or `>99%` for what whole per cent would make certain.
pub(crate) fn share(share: f64) -> String {
    let sign = match (share * 100.0).round() {
        0.0 if share > 0.0 => "<",
        100.0 if share < 1.0 => ">",
        _ => "",
    };
    format!("{sign}{}%", percent(share))
}

/// A feature's value with its UCUM unit as people write it; a share reads as per cent, the weight of evidence as words.
pub(crate) fn with_unit(feature: &str, value: f64, ucum: &str, lang: Lang) -> String {
    match feature {
        "log_bayes_factor" => strength(value, lang).to_owned(),
        feature => measured(feature, value, ucum, places(feature, ucum), lang),
    }
}

/// A feature's change per day, with its sign, one place finer than the value; of a temperature in kelvin. `None` when it
/// is too small to speak of.
pub(crate) fn change(feature: &str, per_day: f64, ucum: &str, lang: Lang) -> Option<String> {
    let unit = if ucum == "Cel" { "K" } else { ucum };
    let text = measured(feature, per_day, unit, places(feature, ucum) + 1, lang);
    let sign = if per_day > 0.0 { "+" } else { "" };
    text.chars().any(|c| ('1'..='9').contains(&c)).then(|| format!("{sign}{text}"))
}

fn measured(feature: &str, value: f64, ucum: &str, places: usize, lang: Lang) -> String {
    match ucum {
        "1" if is_share(feature) => format!("{}%", fixed(value * 100.0, places, lang)),
        "1" => fixed(value, places, lang),
        "Cel" => format!("{} {}", fixed(value, places, lang), celsius(lang)),
        "h" if lang == Lang::Zh => format!("{}小时", fixed(value, places, lang)),
        unit => format!("{} {}", fixed(value, places, lang), unit.split('{').next().unwrap_or(unit)),
    }
}

/// How many places of a value mean something, by its unit.
fn places(feature: &str, ucum: &str) -> usize {
    match ucum {
        "h" | "mbar" => 0,
        "1" if is_share(feature) => 0,
        "1" | "bar" => 2,
        _ => 1,
    }
}

/// The natural logarithm of a Bayes factor in words, after Kass and Raftery (1995): 3 and 5 are e-folds, 20 to 1 and 150 to 1.
const fn strength(log_bayes_factor: f64, lang: Lang) -> &'static str {
    let (en, zh) = match log_bayes_factor {
        f if f >= 5.0 => ("very strong", "很强"),
        f if f >= 3.0 => ("strong", "强"),
        f if f >= 1.0 => ("moderate", "中等"),
        _ => ("weak", "弱"),
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// Whether a dimensionless feature is a share of a whole, by the end of its name; a slope or a log is none.
fn is_share(feature: &str) -> bool {
    ["_loss", "_share", "duty"].iter().any(|end| feature.ends_with(end))
}

/// The degree as each language writes it.
pub(crate) const fn celsius(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "°C",
        Lang::Zh => "℃",
    }
}

/// To the tenth; what is hardly below nought is nought, without a sign.
fn tenths(value: f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text }
}

/// `93.4 °C`.
pub(crate) fn temperature(value_c: f64, lang: Lang) -> String {
    format!("{} {}", tenths(value_c), celsius(lang))
}

/// A limit with the unit of its signal: `105 °C`, `1.4 bar`.
pub(crate) fn limit(limit: Limit, lang: Lang) -> String {
    format!("{} {}", number(limit.value, lang), super::signal(limit.signal, lang).1)
}

/// Hours from which days are counted.
const DAYS_FROM_H: u32 = 48;

/// `90 min`, `2 h`, `2 h 30 min`; from two days on `6 days 9 h`, which the page's script counts alike.
pub(crate) fn duration(minutes: u32, lang: Lang) -> String {
    if minutes / 60 >= DAYS_FROM_H {
        let (days, hours) = (minutes / 1_440, minutes % 1_440 / 60);
        return match (lang, hours) {
            (Lang::En, 0) => format!("{days} days"),
            (Lang::En, _) => format!("{days} days {hours} h"),
            (Lang::Zh, 0) => format!("{days}天"),
            (Lang::Zh, _) => format!("{days}天{hours}小时"),
        };
    }
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (lang, hours, rest) {
        (Lang::En, 0 | 1, _) if minutes != 60 => format!("{minutes} min"),
        (Lang::En, _, 0) => format!("{hours} h"),
        (Lang::En, ..) => format!("{hours} h {rest} min"),
        (Lang::Zh, 0 | 1, _) if minutes != 60 => format!("{minutes}分钟"),
        (Lang::Zh, _, 0) => format!("{hours}小时"),
        (Lang::Zh, ..) => format!("{hours}小时{rest}分钟"),
    }
}

/// A forecast window in words, `age_days` after it was reckoned: the very weeks that the letter to the customer says. `None`
/// when nothing can be said.
pub(crate) fn window(rul: RulDays, age_days: f64, lang: Lang) -> Option<String> {
    let text = match (WeekWindow::of(rul, age_days), lang) {
        (WeekWindow::Open, _) => return None,
        (WeekWindow::ThisWeek, Lang::En) => "within a week".to_owned(),
        (WeekWindow::ThisWeek, Lang::Zh) => "一周内".to_owned(),
        (WeekWindow::Within { to }, Lang::En) => format!("within {to} weeks"),
        (WeekWindow::Within { to }, Lang::Zh) => format!("{to}周内"),
        (WeekWindow::Between { from, to }, Lang::En) => format!("in {from} to {to} weeks"),
        (WeekWindow::Between { from, to }, Lang::Zh) => format!("{from}～{to}周后"),
        (WeekWindow::From { from: 1 }, Lang::En) => "in a week at the earliest".to_owned(),
        (WeekWindow::From { from }, Lang::En) => format!("in {from} weeks at the earliest"),
        (WeekWindow::From { from }, Lang::Zh) => format!("最早{from}周后"),
    };
    Some(text)
}

/// The window between two days, for the bar on the limit line.
pub(crate) fn window_days(first: i64, last: Option<i64>, lang: Lang) -> String {
    let from = civil::day(first, lang);
    let to = last.map(|last| civil::day(last, lang));
    match (lang, to) {
        (Lang::En, Some(to)) => format!("Limit likely to be reached between {from} and {to}"),
        (Lang::En, None) => format!("Limit likely to be reached from {from} on"),
        (Lang::Zh, Some(to)) => format!("可能在{from}～{to}到达限值"),
        (Lang::Zh, None) => format!("可能在{from}之后到达限值"),
    }
}

/// One hour's figures, in a zone `shift_hours` east of UTC.
pub(crate) fn hour_figures(point: &HourPoint, shift_hours: i32, lang: Lang) -> String {
    let hour = point.hour + i64::from(shift_hours);
    let words = words(lang);
    let mut text = format!("{} {:02}:00", civil::day(hour.div_euclid(24), lang), hour.rem_euclid(24));
    let parts = [
        (words.legend_mean, point.discharge_mean_c, celsius(lang)),
        (words.legend_peak, point.discharge_max_c, celsius(lang)),
        (words.legend_ambient, point.ambient_c, celsius(lang)),
        (super::signal(foretell_model::Signal::MotorCurrent, lang).0, point.current_a, "A"),
    ];
    for (place, (name, value, unit)) in parts.iter().filter(|(_, value, _)| value.is_some()).enumerate() {
        let separator = match (lang, place) {
            (Lang::En, 0) => ": ",
            (Lang::En, _) => ", ",
            (Lang::Zh, 0) => "：",
            (Lang::Zh, _) => "，",
        };
        text.push_str(&format!("{separator}{name} {} {unit}", tenths(value.unwrap_or_default())));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check_window(p10: Option<f64>, p90: Option<f64>, en: &str, zh: &str) {
        let rul = RulDays { p10, p50: p10, p90 };
        let say = |lang| window(rul, 0.0, lang).unwrap_or_default();
        assert_eq!((say(Lang::En).as_str(), say(Lang::Zh).as_str()), (en, zh));
    }

    #[test]
    fn a_window_is_never_more_precise_than_its_interval() {
        check_window(Some(11.2), Some(27.5), "in 1 to 4 weeks", "1～4周后");
        check_window(Some(2.2), Some(8.1), "within 2 weeks", "2周内");
        check_window(Some(0.2), Some(4.0), "within a week", "一周内");
        check_window(Some(4.0), Some(30.0), "within 5 weeks", "5周内");
        check_window(Some(9.0), None, "in a week at the earliest", "最早1周后");
        check_window(Some(33.0), None, "in 4 weeks at the earliest", "最早4周后");
        check_window(None, None, "", "");
    }

    #[test]
    fn figures_are_as_precise_as_their_unit_deserves() {
        let say = |feature, value, unit| [Lang::En, Lang::Zh].map(|lang| with_unit(feature, value, unit, lang));
        assert_eq!(say("cooler_ua_loss", 0.274, "1"), ["27%", "27%"]);
        assert_eq!(say("regulated_slope_k_per_k", 0.4217, "1"), ["0.42", "0.42"]);
        assert_eq!(say("hot_ambient_c", 31.42, "Cel"), ["31.4 °C", "31.4 ℃"]);
        assert_eq!(say("discharge_excess_k", 0.0421, "K"), ["0 K", "0 K"]);
        assert_eq!(say("run_hours_since_serviced", 3_650.4, "h"), ["3,650 h", "3650小时"]);
        assert_eq!(say("log_bayes_factor", 4.2, "1"), ["strong", "强"]);
        assert_eq!(say("log_bayes_factor", 1e6, "1"), ["very strong", "很强"]);
        let per_day = |feature, value, unit| change(feature, value, unit, Lang::En);
        assert_eq!(per_day("cooler_ua_loss", 0.0091, "1").as_deref(), Some("+0.9%"));
        assert_eq!(per_day("hot_ambient_c", -0.5, "Cel").as_deref(), Some("−0.5 K"));
        assert_eq!(per_day("discharge_excess_k", 0.003, "K"), None);
        assert_eq!(per_day("run_hours_since_serviced", 20.0, "h").as_deref(), Some("+20 h"));
    }

    #[test]
    fn numbers_have_the_places_they_deserve() {
        let figures = [0.0, 0.0091, 0.27, 5.5, -12.0, 41.73, 400.4, 4021.5, -1_234_567.0, -0.00001];
        assert_eq!(
            figures.map(|value| number(value, Lang::En)),
            ["0", "0.01", "0.27", "5.5", "−12", "41.7", "400", "4,022", "−1,234,567", "0"]
        );
        assert_eq!([4021.5, 12_345.0].map(|value| number(value, Lang::Zh)), ["4022", "12345"]);
        assert_eq!([-0.04, -0.05, 93.44].map(|c| temperature(c, Lang::En)), ["0.0 °C", "-0.1 °C", "93.4 °C"]);
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN].map(percent), [0, 1, 50, 99, 100, 0]);
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0].map(share), ["0%", "<1%", "50%", ">99%", "100%"]);
        assert_eq!([30, 60, 90, 150].map(|m| duration(m, Lang::En)), ["30 min", "1 h", "90 min", "2 h 30 min"]);
        assert_eq!([2_879, 2_880, 9_211].map(|m| duration(m, Lang::En)), ["47 h 59 min", "2 days", "6 days 9 h"]);
        assert_eq!([2_880, 9_211].map(|m| duration(m, Lang::Zh)), ["2天", "6天9小时"]);
    }
}
