//! Figures, dates and durations as a reader of each language writes them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};

use crate::registry::Language;

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
        (Language::ZhCn, _, h, false) => format!("{h}小时左右"),
        (Language::ZhCn, _, h, true) => format!("{h}个半小时左右"),
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

/// A count with thousands set apart as each language does: `4,000` in both.
#[must_use]
pub fn thousands(n: f64) -> String {
    let digits = format!("{:.0}", n.abs());
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
