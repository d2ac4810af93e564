//! A forecast is a window in weeks: a text that names the day of a fault, or even the minute, knows more than anybody does.
//! Days and hours of visits, and the day since which something was seen, are known and may be said.

use super::asks::sentences;
use super::{contains_word, soon};

const MONTHS: [&str; 24] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
];

/// What a machine does when a fault comes.
const FAILING: &[&str] = &[
    "trip",
    "trips",
    "fail",
    "fails",
    "break",
    "breaks",
    "stop",
    "stops",
    "shut down",
    "shuts down",
    "stand still",
    "stands still",
    "overheat",
    "overheats",
    "seize",
    "seizes",
    "reach",
    "reaches",
    "give out",
    "cut out",
    "停机",
    "跳机",
    "跳闸",
    "停转",
    "故障",
    "坏",
    "报警",
    "超温",
    "失效",
    "抱死",
    "堵死",
    "卡死",
    "达到",
    "到达",
    "停下",
];

/// Before these words it is we who stop a machine, for our work.
const OURS: &[&str] = &["we ", "we will ", "we'll ", "we can ", "we could ", "we would ", "we need to ", "for us to "];

/// What makes a sentence one about a visit, a call or the past.
const KNOWN: &[&str] = &[
    "visit",
    "visits",
    "come",
    "comes",
    "coming",
    "book",
    "booked",
    "appointment",
    "ring",
    "call",
    "for it",
    "for the work",
    "technician",
    "stop by",
    "reach me",
    "reach us",
    "had",
    "was",
    "were",
    "reported",
    "上门",
    "约",
    "师傅",
    "电话",
    "到场",
    "已",
    "停机清洗",
    "停机更换",
    "停机检修",
    "停机保养",
    "停机维修",
    "停机检查",
];

/// What makes a sentence one about what will be.
const AHEAD: &[&str] = &[
    "will",
    "going to",
    "expect",
    "expected",
    "likely",
    "probably",
    "about to",
    "would",
    "may",
    "might",
    "could",
    "forecast",
    "predicted",
    "预计",
    "预期",
    "可能",
    "将",
    "会",
    "估计",
    "大概",
    "就要",
    "快要",
];

/// Before a date these say since when.
const SINCE: &[&str] = &["since", "from", "从", "自"];

/// After a date these do.
const ONWARDS: &[&str] = &["起", "以来", "开始", "前后开始", "左右开始"];

/// Dates and instants that a text gives for a fault, as they are written.
pub(super) fn of_a_fault(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (sentence, _) in sentences(text) {
        let lower = sentence.to_ascii_lowercase().replace('’', "'");
        let sentence = sentence.replace('’', "'");
        if !fails(&lower) || KNOWN.iter().any(|word| contains_word(&lower, word)) {
            continue;
        }
        let is_ahead = AHEAD.iter().any(|word| contains_word(&lower, word));
        for (from, to) in dates(&lower) {
            let (before, after) = (&lower[..from], &lower[to..]);
            let (end, is_span) = clock(after);
            if is_span || is_since(before, after) || !(is_ahead || end > 0) {
                continue;
            }
            found.push(sentence[from..to + end].trim().to_owned());
        }
        if is_ahead && dates(&lower).is_empty() {
            let told = soon::days(&lower).into_iter().filter(|(from, to)| !is_since(&lower[..*from], &lower[*to..]));
            found.extend(told.map(|(from, to)| sentence[from..to].to_owned()));
        }
    }
    found
}

/// Whether something fails in a sentence that nobody of us stops.
fn fails(lower: &str) -> bool {
    FAILING
        .iter()
        .filter(|word| contains_word(lower, word))
        .any(|word| lower.match_indices(word).any(|(at, _)| !OURS.iter().any(|ours| lower[..at].ends_with(ours))))
}

fn is_since(before: &str, after: &str) -> bool {
    let near = before.char_indices().rev().nth(11).map_or(before, |(at, _)| &before[at..]);
    let onwards = after.trim_start();
    SINCE.iter().any(|word| contains_word(near, word)) || ONWARDS.iter().any(|word| onwards.starts_with(word))
}

/// Where days of a year stand, from and to, bytes.
fn dates(lower: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for month in MONTHS {
        for (at, _) in lower.match_indices(month).filter(|(at, _)| is_whole(lower, *at, at + month.len())) {
            let end = at + month.len();
            let before = lower[..at].trim_end();
            let before = before.strip_suffix(" of").unwrap_or(before);
            let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|sign| before.strip_suffix(sign));
            let before = ordinal.filter(|bare| digits_at_end(bare) > 0).unwrap_or(before);
            let day = digits_at_end(before);
            let after = lower[end..].trim_start();
            let next = digits_at_start(after);
            if (1..=2).contains(&day) {
                found.push((before.len() - day, end));
            } else if (1..=2).contains(&next) {
                found.push((at, lower.len() - after.len() + next));
            }
        }
    }
    for (at, sign) in lower.match_indices('月') {
        let (day, month) = (digits_at_start(&lower[at + sign.len()..]), digits_at_end(&lower[..at]));
        let end = at + sign.len() + day;
        let ends = ["日", "号"].iter().find(|end_sign| lower[end..].starts_with(**end_sign));
        if let Some(ends) = ends.filter(|_| day > 0 && month > 0) {
            found.push((at - month, end + ends.len()));
        }
    }
    found.sort_unstable();
    found
}

/// How far a time of day reaches that follows a date, bytes, 0 for none; and whether it is a span, as a visit has.
fn clock(after: &str) -> (usize, bool) {
    let year_and_marks = |c: char| " ,，(（)）周一二三四五六日at年".contains(c);
    let mut start = after.len() - after.trim_start_matches(year_and_marks).len();
    // `14 July 2026 at 14:32`
    let year = digits_at_start(&after[start..]);
    if year == 4 {
        let rest = &after[start + year..];
        start += year + rest.len() - rest.trim_start_matches(year_and_marks).len();
    }
    let time = &after[start..];
    let hours = digits_at_start(time);
    if !(1..=2).contains(&hours) {
        return (0, false);
    }
    let rest = &time[hours..];
    let length = match rest.chars().next() {
        Some(':' | '：') => {
            rest.chars().next().map_or(0, char::len_utf8) + digits_at_start(rest[1..].trim_start_matches('：'))
        }
        Some('点' | '时') => {
            let minutes = digits_at_start(&rest[3..]);
            3 + minutes + if minutes > 0 && rest[3 + minutes..].starts_with('分') { 3 } else { 0 }
        }
        _ if rest.trim_start().starts_with("am") || rest.trim_start().starts_with("pm") => {
            rest.len() - rest.trim_start().len() + 2
        }
        _ => return (0, false),
    };
    let spans = rest[length..].trim_start().starts_with(['–', '-', '~', '至', '到']);
    (start + hours + length, spans)
}

fn digits_at_start(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn digits_at_end(text: &str) -> usize {
    text.bytes().rev().take_while(u8::is_ascii_digit).count()
}

fn is_whole(text: &str, from: usize, to: usize) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    !is_letter(text[..from].chars().next_back()) && !is_letter(text[to..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_fault_is_found_and_the_day_of_a_visit_is_not() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(of_a_fault(text), expected, "{text}");
        }
        check("It will trip on 14 July 2026 at 14:32.", &["14 July 2026 at 14:32"]);
        check("It will trip on July 14.", &["July 14"]);
        check("We expect it to fail on the 14th of July.", &["14th of July"]);
        check("The limit is reached in a few weeks. It trips on 14 July at 2 pm.", &["14 July at 2 pm"]);
        check("预计7月14日14点32分停机。", &["7月14日14点32分"]);
        check("这台机器7月14日就会坏。", &["7月14日"]);
        check("7月14日（周二）14:30跳机。", &["7月14日（周二）14:30"]);
        check("It will reach its limit in 23 days.", &["23 days"]);
        check("It is likely to trip within the next thirty-six hours.", &["thirty-six hours"]);
        check("It will probably fail next Tuesday.", &["Tuesday"]);
        check("The machine may trip tomorrow.", &["tomorrow"]);
        check("预计23天后达到预警温度。", &["23天后"]);
        check("大概三天之内会跳机。", &["三天之内"]);
        check("下周二可能会停机。", &["周二"]);
        check("这台机器明天就会坏。", &["明天"]);
        for good in [
            "It has crept up since 20 June and will probably reach the limit in two to four weeks.",
            "Shall we clean the cooler?\n\n  1. Thursday 16 July, 17:00–19:00\n  2. Monday 20 July, 17:00–19:00",
            "Our visit on Thursday 16 July at 17:00 will take two hours, and the machine stops for it.",
            "On Thursday 16 July, 17:00–19:00 we will stop the machine and clean the cooler.",
            "The machine stopped on 14 July at 14:32 and was running again an hour later.",
            "从6月20日前后开始，排气温度慢慢升高，预计两到四周后达到预警温度。",
            "7月16日（周四）17:00–19:00上门，期间要停机。",
            "2号机7月15日22:30已经恢复运行，不会再停机。",
            "我们7月16日停机清洗，大概两个小时。",
            "It will reach the limit in two to four weeks.",
            "It will reach the limit in 20 to 30 days.",
            "If it stops, you may reach me on Tuesday or Wednesday.",
            "On hot days the machine may trip; it runs 20 hours a day.",
            "The work takes about two and a half hours; the machine has to stop for part of that time.",
            "It may trip on a hot day, and has come close on two days.",
            "现场预计需要两小时左右，期间要停机。",
            "照这个趋势，两到四周后大概会达到预警温度。",
            "大概20到30天后会达到预警温度。",
            "从周二开始，温度升高，以后可能会停机。",
        ] {
            check(good, &[]);
        }
    }
}
