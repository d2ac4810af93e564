//! Figures, dates and durations as a reader of each language writes them.
//!
//! Chinese has one form of a date, in letters as on pages: `7月16日（周四）17:00–19:00` and `7月15日22:30`, with no space between.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use serde::Serialize;

use crate::registry::Language;

/// A figure as wide as its uncertainty, both ends rounded no finer than that deserves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// Lower end; `None` when it is as good as nought.
    pub low: Option<String>,
    /// Upper end.
    pub high: String,
}

impl Range {
    /// `value` and how far it may be off on either side (two standard deviations), both in the same unit. Chinese counts in ten
    /// thousands where both ends are that large: nobody writes `0.6万`.
    #[must_use]
    pub fn of(language: Language, value: f64, half: f64) -> Self {
        let half = half.max(value.abs() * 0.02);
        // One or five of some power of ten, well within the width.
        let wanted = half / 1.5;
        let ten = 10_f64.powf(wanted.log10().floor());
        let step = (if wanted / ten >= 5.0 { 5.0 * ten } else { ten }).max(0.1);
        let [low, high] = [(value - half).max(0.0), value + half].map(|end| (end / step).round() * step);
        let least = if low > 0.0 { low } else { high };
        let in_ten_thousands = language == Language::ZhCn && least >= TEN_THOUSAND;
        let text = |end: f64| {
            if in_ten_thousands {
                format!("{}万", price(end / TEN_THOUSAND))
            } else if step >= 1.0 {
                thousands(language, end)
            } else {
                format!("{end:.1}").trim_end_matches(".0").to_owned()
            }
        };
        let high = text(high);
        Self { low: Some(low).filter(|low| *low > 0.0).map(text).filter(|low| *low != high), high }
    }
}

/// From here on Chinese counts in `万`.
const TEN_THOUSAND: f64 = 10_000.0;

/// A price, as exact as people quote it: `0.8`, `0.735`.
#[must_use]
pub fn price(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A day without its year: `20 June`, `6月20日`.
#[must_use]
pub fn day(language: Language, day: NaiveDate) -> String {
    match language {
        Language::En => day.format("%-d %B").to_string(),
        Language::ZhCn => format!("{}月{}日", day.month(), day.day()),
    }
}

/// A span within a day: `Thursday 23 July, 17:00–19:00`, `7月23日（周四）17:00–19:00`.
#[must_use]
pub fn span(language: Language, from: NaiveDateTime, to: NaiveDateTime) -> String {
    let hours = format!("{}–{}", from.format("%H:%M"), to.format("%H:%M"));
    let date = day(language, from.date());
    match language {
        Language::En => format!("{} {date}, {hours}", from.format("%A")),
        Language::ZhCn => format!("{date}（{}）{hours}", weekday_zh(from.weekday())),
    }
}

const fn weekday_zh(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "周一",
        Weekday::Tue => "周二",
        Weekday::Wed => "周三",
        Weekday::Thu => "周四",
        Weekday::Fri => "周五",
        Weekday::Sat => "周六",
        Weekday::Sun => "周日",
    }
}

/// A duration as people say it: quarters below an hour, halves above.
#[must_use]
pub fn duration(language: Language, minutes: u32) -> String {
    let halves = (minutes + 15) / 30;
    let (hours, half) = (halves / 2, halves % 2 == 1);
    match (language, minutes, hours, half) {
        (Language::En, ..=20, ..) => "about a quarter of an hour".into(),
        (Language::ZhCn, ..=20, ..) => "大约一刻钟".into(),
        (Language::En, _, 0, _) => "about half an hour".into(),
        (Language::ZhCn, _, 0, _) => "半小时左右".into(),
        (Language::En, _, 1, false) => "about an hour".into(),
        (Language::En, _, 1, true) => "about an hour and a half".into(),
        (Language::En, _, h, false) => format!("about {} hours", number_en(h)),
        (Language::En, _, h, true) => format!("about {} and a half hours", number_en(h)),
        (Language::ZhCn, _, h, false) => format!("{}小时左右", number_zh(h)),
        (Language::ZhCn, _, h, true) => format!("{}个半小时左右", number_zh(h)),
    }
}

/// A small number in words, larger ones in figures, as English prose does.
#[must_use]
pub fn number_en(n: u32) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(n as usize).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// A small number before a measure word, as Chinese prose does (`两周`, not `二周`).
#[must_use]
pub fn number_zh(n: u32) -> String {
    const WORDS: [&str; 11] = ["零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十"];
    WORDS.get(n as usize).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// A count as each language writes it: `4,000`, `4000`.
#[must_use]
pub fn thousands(language: Language, n: f64) -> String {
    let digits = format!("{:.0}", n.abs());
    if language == Language::ZhCn {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A figure with at most one decimal; whole from 10 on.
#[must_use]
pub fn figure(value: f64) -> String {
    if value.abs() >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}").trim_end_matches(".0").to_owned() }
}

/// A day and a time: `23 July, 17:00`, `7月23日17:00`.
#[must_use]
pub fn at(language: Language, t: NaiveDateTime) -> String {
    let (date, time) = (day(language, t.date()), t.format("%H:%M"));
    match language {
        Language::En => format!("{date}, {time}"),
        Language::ZhCn => format!("{date}{time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_as_wide_as_its_uncertainty_and_no_finer() {
        #[track_caller]
        fn check(value: f64, half: f64, low: Option<&str>, high: &str, zh: [&str; 2]) {
            let [en, in_chinese] = [Language::En, Language::ZhCn].map(|language| Range::of(language, value, half));
            assert_eq!((en.low.as_deref(), en.high.as_str()), (low, high), "{value} ± {half}");
            assert_eq!([in_chinese.low.as_deref().unwrap_or_default(), &in_chinese.high], zh, "{value} ± {half}");
        }
        check(17_200.0, 4_500.0, Some("13,000"), "22,000", ["1.3万", "2.2万"]);
        check(8_400.0, 2_000.0, Some("6,000"), "10,000", ["6000", "10000"]);
        check(9_000.0, 9_000.0, None, "20,000", ["", "2万"]);
        check(4_200.0, 1_600.0, Some("3,000"), "6,000", ["3000", "6000"]);
        check(560.0, 130.0, Some("450"), "700", ["450", "700"]);
        check(3.3, 0.8, Some("2.5"), "4", ["2.5", "4"]);
        check(5.0, 4.9, None, "10", ["", "10"]);
        check(400.0, 0.0, Some("390"), "410", ["390", "410"]);
    }

    #[test]
    fn a_half_hour_beyond_whole_hours_is_counted_in_words() {
        for (minutes, en, zh) in [
            (90, "about an hour and a half", "一个半小时左右"),
            (120, "about two hours", "两小时左右"),
            (150, "about two and a half hours", "两个半小时左右"),
        ] {
            assert_eq!([Language::En, Language::ZhCn].map(|language| duration(language, minutes)), [en, zh]);
        }
    }

    #[test]
    fn prices_are_quoted_as_people_quote_them() {
        for (value, expected) in [(0.8, "0.8"), (0.735, "0.735"), (1.0, "1"), (0.12, "0.12")] {
            assert_eq!(price(value), expected);
        }
    }
}
