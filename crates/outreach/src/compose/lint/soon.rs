//! Days that are named by how far off they are, or by their place in the week.

use super::contains_word;

/// Days as people name them near by. Chinese ones of the week are found by their sign.
const NEAR: &[&str] = &[
    "today",
    "tonight",
    "tomorrow",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "今天",
    "今晚",
    "明天",
    "后天",
];

/// Words between which and a unit a figure says how long something lasts until it happens.
const UNTIL: &[&str] = &["in", "within", "after"];

/// What may stand between such a word and its figure.
const ROUGHLY: &[&str] = &["about", "around", "roughly", "the", "next", "coming", "another", "some", "just", "only"];

const UNITS: &[&str] = &["day", "days", "hour", "hours", "minute", "minutes"];

const UNITS_ZH: &[&str] = &["天", "小时", "分钟"];

/// After a span in Chinese these say that something happens at its end.
const THEN: &[&str] = &["之后", "以后", "后", "之内", "以内", "内"];

/// Words of figures; a few of something are none.
const FIGURES: &[&str] = &[
    "a",
    "an",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
];

const FIGURES_ZH: &str = "0123456789一二两三四五六七八九十百半";

/// Where a text in lower case names such days, from and to, bytes. A span of two figures is a window, as a forecast is.
pub(super) fn days(lower: &str) -> Vec<(usize, usize)> {
    let near = NEAR.iter().filter(|word| contains_word(lower, word));
    let mut found: Vec<_> = near.flat_map(|word| lower.match_indices(word)).map(|(at, w)| (at, at + w.len())).collect();
    found.extend(of_the_week(lower));
    found.extend(counted(lower));
    found.extend(counted_zh(lower));
    found.sort_unstable();
    found
}

/// `周二`, `星期二`, `礼拜二`, but not `四周一定` and not `每周日常`.
fn of_the_week(lower: &str) -> impl Iterator<Item = (usize, usize)> {
    ["周", "星期", "礼拜"].into_iter().flat_map(move |sign| {
        lower.match_indices(sign).filter_map(move |(at, sign)| {
            let mut after = lower[at + sign.len()..].chars();
            let day = after.next().filter(|c| "一二三四五六日天".contains(*c))?;
            let is_count = lower[..at].chars().next_back().is_some_and(|c| FIGURES_ZH.contains(c) || c == '几');
            let is_other = day == '日' && after.next() == Some('常');
            (!is_count && !is_other).then(|| (at, at + sign.len() + day.len_utf8()))
        })
    })
}

/// `in 23 days`, `within the next three hours`.
fn counted(lower: &str) -> Vec<(usize, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words: Vec<&str> = lower.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
    let place = |word: &str| word.as_ptr() as usize - lower.as_ptr() as usize;
    let is_figure = |word: &str| {
        let first = word.split('-').next().unwrap_or(word);
        first.bytes().all(|b| b.is_ascii_digit()) || FIGURES.contains(&first)
    };
    let ends = words.iter().enumerate().filter(|(at, unit)| *at >= 2 && UNITS.contains(unit));
    ends.filter_map(|(at, unit)| {
        let figure = words[at - 1];
        let before = words[..at - 1].iter().rev().find(|word| !ROUGHLY.contains(word))?;
        (is_figure(figure) && UNTIL.contains(before)).then(|| (place(figure), place(unit) + unit.len()))
    })
    .collect()
}

/// `23天后`, `三天之内`.
fn counted_zh(lower: &str) -> Vec<(usize, usize)> {
    let ends = UNITS_ZH.iter().flat_map(|unit| lower.match_indices(unit)).filter_map(|(at, unit)| {
        let end = at + unit.len();
        THEN.iter().find(|then| lower[end..].starts_with(**then)).map(|then| (at, end + then.len()))
    });
    ends.filter_map(|(at, end)| {
        let bare = lower[..at].trim_end_matches([' ', '个']);
        let before = bare.trim_end_matches(|c| FIGURES_ZH.contains(c));
        let is_window = before.ends_with(['到', '至', '–', '-', '~', '～', '、']);
        (before.len() < bare.len() && !is_window).then_some((before.len(), end))
    })
    .collect()
}
