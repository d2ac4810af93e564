//! What never goes to a customer, checked over templates and over every rendered or edited text.
//!
//! Lists of words rather than a model: an advisor can read them, and each hit names its reason.

mod asks;
mod dates;
mod forbidden;
mod markup;
mod names;
mod soon;

pub(crate) use names::Names;

use forbidden::FORBIDDEN;
use foretell_model::{BODY_CHARS_MAX, Remark, SHORT_PARTS_MAX, SUBJECT_CHARS_MAX, WordSort};

/// Words after a price, which is as exact as a contract is.
const PRICE_WORDS: &[&str] = &["元", "万", "欧元", "美元", "英镑", "yuan", "euros", "USdollars", "pounds"];

/// Words of time: a figure before them must be whole.
const TIME_WORDS: &[&str] = &["day", "week", "month", "天", "日", "周", "星期", "个月"];

/// Checks words alone, as in a template whose places are not filled in yet.
#[must_use]
pub fn words(text: &str) -> Vec<Remark> {
    let lower = text.to_lowercase();
    let mut remarks = Vec::new();
    for (sort, words) in FORBIDDEN {
        for word in words.iter().filter(|word| contains_word(&lower, word)) {
            remarks.push(Remark::Word { word: (*word).to_owned(), sort: *sort });
        }
    }
    let more = forbidden::reduced(&lower).map(|word| (word, WordSort::Selling));
    remarks.extend(
        more.into_iter()
            .chain(forbidden::blamed(&lower).map(|word| (word, WordSort::Blame)))
            .map(|(word, sort)| Remark::Word { word, sort }),
    );
    if text.contains(['!', '！']) {
        remarks.push(Remark::Exclamation);
    }
    remarks
}

/// Checks the sentences of the customer's page.
#[must_use]
pub fn page(text: &str, internal_id: &str) -> Vec<Remark> {
    let mut remarks = words(text);
    remarks.extend(too_precise(text).map(Remark::TooPrecise));
    remarks.extend(dates::of_a_fault(text).into_iter().map(Remark::TooPrecise));
    if text.contains("{{") || text.contains("{%") {
        remarks.push(Remark::Unfilled);
    }
    if text.contains(internal_id) {
        remarks.push(Remark::InternalId(internal_id.to_owned()));
    }
    remarks
}

/// Checks a finished message. `internal_id` is the machine's identity inside the company.
#[must_use]
pub fn message(subject: &str, body: &str, internal_id: &str) -> Vec<Remark> {
    let prose = format!("{subject} {}", without_links(body));
    let mut remarks = words(&prose);
    remarks.extend(too_precise(&prose).map(Remark::TooPrecise));
    if prose.contains("{{") || prose.contains("{%") {
        remarks.push(Remark::Unfilled);
    }
    match body.matches("://").count() {
        1 => {}
        n => remarks.push(Remark::Links(n)),
    }
    if prose.contains(internal_id) {
        remarks.push(Remark::InternalId(internal_id.to_owned()));
    }
    if !(1..=SUBJECT_CHARS_MAX).contains(&subject.chars().count()) {
        remarks.push(Remark::Subject(subject.chars().count()));
    }
    if body.chars().count() > BODY_CHARS_MAX {
        remarks.push(Remark::Long(body.chars().count()));
    }
    let whole = format!("{subject}\n\n{body}");
    remarks.extend(dates::of_a_fault(&whole).into_iter().map(Remark::TooPrecise));
    remarks.extend(asks::second(&whole).map(Remark::SecondRequest));
    remarks
}

/// Checks a short form, with its link as it goes out.
#[must_use]
pub fn short(text: &str, internal_id: &str) -> Vec<Remark> {
    let prose = without_links(text);
    let mut remarks = words(&prose);
    remarks.extend(too_precise(&prose).map(Remark::TooPrecise));
    if prose.contains("{{") || prose.contains("{%") {
        remarks.push(Remark::Unfilled);
    }
    if prose.contains(internal_id) {
        remarks.push(Remark::InternalId(internal_id.to_owned()));
    }
    if text.matches("://").count() > 1 {
        remarks.push(Remark::Links(text.matches("://").count()));
    }
    let parts = sms_parts(text);
    if !(1..=SHORT_PARTS_MAX).contains(&parts) || text.contains('\n') {
        remarks.push(Remark::Short(parts));
    }
    remarks.extend(dates::of_a_fault(text).into_iter().map(Remark::TooPrecise));
    remarks.extend(asks::second(text).map(Remark::SecondRequest));
    remarks
}

/// Parts of an SMS that a text takes: 160 characters of Latin text in one, 153 in each of several; 70 and 67 of any other
/// (GSM 03.38 without its escapes, UCS-2).
#[must_use]
pub fn sms_parts(text: &str) -> usize {
    let latin = text.chars().all(|c| c.is_ascii() || "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà§".contains(c));
    let units: usize = if latin { text.chars().count() } else { text.encode_utf16().count() };
    let (one, each) = if latin { (160, 153) } else { (70, 67) };
    match units {
        0 => 0,
        units if units <= one => 1,
        units => units.div_ceil(each),
    }
}

fn without_links(text: &str) -> String {
    text.split_whitespace().filter(|word| !word.contains("://")).collect::<Vec<_>>().join(" ")
}

/// Checks the prose of a template.
#[must_use]
pub fn template(source: &str) -> Vec<Remark> {
    prose(&prose_of(source))
}

/// Words, and days named for a fault.
fn prose(text: &str) -> Vec<Remark> {
    let mut remarks = words(text);
    remarks.extend(dates::of_a_fault(text).into_iter().map(Remark::TooPrecise));
    remarks
}

/// As [`template`], each remark with its line, counted from 1; tags too, which break no letter and are read as they were typed.
#[must_use]
pub fn template_lines(source: &str) -> Vec<(usize, Remark)> {
    let text = prose_of(source);
    let remarks = |line: &str| prose(line).into_iter().chain(tags(line));
    let lines = text.lines().enumerate();
    lines.flat_map(|(n, line)| remarks(line).map(move |remark| (n + 1, remark)).collect::<Vec<_>>()).collect()
}

/// HTML in what a person writes for a customer. What goes out is not asked about it: a tag in a letter is ugly, a letter that stays
/// behind is worse.
pub fn tags(text: &str) -> impl Iterator<Item = Remark> + use<> {
    markup::markup(text).into_iter().map(Remark::Markup)
}

/// A template without its code, line by line as it was.
pub(crate) fn prose_of(source: &str) -> String {
    let mut prose = String::new();
    let mut rest = source;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        prose.push_str(&rest[..start]);
        prose.push(' ');
        let close = match &rest[start..start + 2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + 2);
        prose.extend(rest[start..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    prose.push_str(rest);
    prose
}

/// Whether a text in lower case holds a word: Latin ones as whole words, others anywhere.
pub(super) fn contains_word(lower: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return lower.contains(word);
    }
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    lower
        .match_indices(word)
        .any(|(at, _)| !is_part(lower[..at].chars().next_back()) && !is_part(lower[at + word.len()..].chars().next()))
}

/// Whether a text names a machine: `No. 1` is no part of `No. 12`, nor is `2号机` of `12号机`.
#[must_use]
pub fn names(text: &str, name: &str) -> bool {
    let goes_on = |a: Option<char>, b: Option<char>| {
        a.zip(b).is_some_and(|(a, b)| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric())
    };
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !goes_on(before.chars().next_back(), name.chars().next())
            && !goes_on(name.chars().next_back(), after.chars().next())
    })
}

/// Figures with two or more decimals, any decimals before a word of time or a percent sign, and machine time stamps.
fn too_precise(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let figure: String = chars[at..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').collect();
        let figure = figure.trim_end_matches('.').to_owned();
        let after = at + figure.len();
        let next: String = chars[after..].iter().filter(|c| !matches!(c, ' ' | '个')).take(9).collect::<String>();
        let decimals = figure.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let of_time = TIME_WORDS.iter().any(|word| next.to_lowercase().starts_with(word));
        let priced = decimals <= 3 && PRICE_WORDS.iter().any(|word| next.starts_with(word));
        if decimals >= 2 && !priced || decimals == 1 && (of_time || next.starts_with('%')) || is_stamp(&chars[at..]) {
            found.push(figure.clone());
        }
        at = after;
    }
    found.into_iter()
}

/// `2026-07-18`, as machines write dates.
fn is_stamp(chars: &[char]) -> bool {
    let shape = ['0', '0', '0', '0', '-', '0', '0', '-', '0', '0'];
    chars.len() >= shape.len()
        && chars.iter().zip(shape).all(|(c, s)| if s == '0' { c.is_ascii_digit() } else { *c == s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let body = format!("{body} https://service.example/b/x");
        let remarks = message("Compressor No. 2", &body, "s01/m002");
        assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), expected);
    }

    #[test]
    fn bites_on_what_customers_never_read() {
        check("We need you for our KPI.", "`kpi` (internal matters)");
        check("请配合完成本月指标，另有优惠", "`指标` (internal matters); `优惠` (selling)");
        check("The UA residual is rising", "`ua` (jargon); `residual` (jargon)");
        check("You neglected it; that is dangerous!", "`dangerous` (alarm); `neglected` (blame); an exclamation mark");
        check("It fails in 17.9 days", "`17.9` is more precise than the forecast");
        check("大约2.5周后", "`2.5` is more precise than the forecast");
        check("It rose by 4.25 °C", "`4.25` is more precise than the forecast");
        check("by 2026-07-18T08:00:00Z", "`2026` is more precise than the forecast");
        check("about 91.3 % likely", "`91.3` is more precise than the forecast");
        check("Hello {{ name }}", "a place of the template was not filled in");
        check("compressor s01/m002", "the internal identity `s01/m002`");
        check("see https://elsewhere.example", "2 links where one belongs");
        check("Give my regards to your wife", "`your wife` (private matters)");
        check("Sorry, we are short-staffed this week", "`short-staffed` (staff matters)");
        check("听说您家里有事", "`您家里` (private matters)");
        check("我们有位同事刚离职", "`离职` (staff matters)");
        check("about 17250.25 yen a year", "`17250.25` is more precise than the forecast");
        check("It will trip on 14 July 2026 at 14:32.", "`14 July 2026 at 14:32` is more precise than the forecast");
        check("预计7月14日14点32分停机。", "`7月14日14点32分` is more precise than the forecast");
        check("是你们没有按时保养造成的，后果自负。", "`后果自负` (blame); `你们没有按时` (blame)");
        check("这次贵司未做清洗。", "`贵司未做清洗` (blame)");
        check("It is because you never had it serviced.", "`because you never` (blame); `you never` (blame)");
        check("现在做打八折。", "`八折` (selling)");
        check("现在做8.5折，20% off this week", "`8.5折` (selling)");
        check("20% off this week", "`20% off` (selling)");
    }

    #[test]
    fn leaves_ordinary_words_alone() {
        check("The actual bar: 0.9 bar, 8.2 mm/s, 17:00–19:00, about 4 °C, 3,650 hours, +86 21 5555 0101.", "");
        check("At 0.735 yuan per kilowatt-hour", "");
        check("按每度电0.73元算", "");
        check("抱歉，上次我们没有按时到，也没有及时告诉您。要是您没收到上一封信，这里再说一遍。", "");
        check("About 20 % of the time it runs off load, at 40 % offered load.", "");
        check("管路有一处弯折。", "");
        check("我们会尽快安排，7月16日（周四）17:00–19:00，4 ℃左右", "");
    }

    #[test]
    fn a_template_is_judged_by_its_prose() {
        assert_eq!(template("{% if score %}Dear {{ target }}{# kpi #}{% endif %}"), []);
        assert_eq!(template("{{ x }} discount").len(), 1);
        let lines: Vec<usize> =
            template_lines("{#\n kpi\n#}\nfine\na discount\n{{ x }}!").into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [5, 6]);
    }

    #[test]
    fn a_machine_is_named_by_its_whole_number() {
        for (text, name, expected) in [
            ("clean it on No. 2, and No. 12.", "No. 2", true),
            ("clean it on No. 12", "No. 1", false),
            ("给2号机换油", "2号机", true),
            ("给12号机换油", "2号机", false),
            ("", "No. 2", false),
        ] {
            assert_eq!(names(text, name), expected, "{name} in {text}");
        }
    }

    #[test]
    fn a_short_form_fits_into_a_few_parts() {
        #[track_caller]
        fn check(text: &str, parts: usize, expected: &str) {
            assert_eq!(sms_parts(text), parts);
            let remarks = short(text, "s01/m002");
            assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), expected);
        }
        check("Two times to choose from: https://service.example/b/x", 1, "");
        check(&"x".repeat(161), 2, "");
        check(&"好".repeat(71), 2, "");
        check(&"好".repeat(202), 4, "a short form of 4 SMS parts; 1 to 3 are allowed");
        check("", 0, "a short form of 0 SMS parts; 1 to 3 are allowed");
        check("a discount", 1, "`discount` (selling)");
    }
}
