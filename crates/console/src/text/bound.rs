//! What belongs together stays on one line: a figure and its unit, a day and its month, "No." and the number, a time and the one
//! up to which it lasts. Every page is bound as a whole when it is written, so that nobody has to think of it.

use serde_json::Value;

/// A blank at which no line ends.
const NO_BREAK: char = '\u{a0}';

/// Nothing to be seen, at which no line ends either.
const JOINER: char = '\u{2060}';

/// Between two figures of which one reaches to the other.
const TO: char = '–';

/// Words that stand behind a figure and mean nothing without it.
const UNITS: [&str; 29] = [
    "°C", "℃", "K", "A", "kW", "kWh", "h", "min", "s", "bar", "mbar", "mm/s", "m³/min", "m³", "%", "l/min", "yuan",
    "CNY", "EUR", "euro", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "years",
];

/// How months begin, short or in full.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Elements whose text stays as it is: what is typed, copied or run.
const AS_IT_IS: [&str; 5] = ["script", "style", "textarea", "pre", "code"];

/// A page of HTML of which every text is bound; tags with their attributes are left alone.
pub(crate) fn bound_page(html: &str) -> String {
    let mut said = String::with_capacity(html.len() + html.len() / 16);
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        push_bound(&mut said, &rest[..begin]);
        let end = end_of_tag(&rest[begin..]);
        said.push_str(&rest[begin..begin + end]);
        rest = &rest[begin + end..];
    }
    push_bound(&mut said, rest);
    said
}

/// Where the tag ends that a text begins with; of an element whose text stays, where that text ends.
fn end_of_tag(html: &str) -> usize {
    let end = html.find('>').map_or(html.len(), |end| end + 1);
    let is = |name: &&str| {
        html[1..].strip_prefix(*name).is_some_and(|behind| behind.starts_with(|c: char| !c.is_ascii_alphanumeric()))
    };
    let Some(name) = AS_IT_IS.into_iter().find(is) else { return end };
    html[end..].find(&format!("</{name}")).map_or(html.len(), |behind| end + behind)
}

/// A text without figures has nothing that belongs together.
fn push_bound(said: &mut String, text: &str) {
    if text.bytes().any(|b| b.is_ascii_digit()) { said.push_str(&bound(text)) } else { said.push_str(text) }
}

/// Binds every text of a value.
pub(crate) fn bind_all(value: &mut Value) {
    match value {
        Value::String(text) => *text = bound(text),
        Value::Array(items) => items.iter_mut().for_each(bind_all),
        Value::Object(fields) => fields.values_mut().for_each(bind_all),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text whose figures keep their units, and whose spans stay whole.
fn bound(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        push_whole(&mut said, word);
        if let Some(next) = words.peek() {
            said.push(if belongs(word, next) { NO_BREAK } else { ' ' });
        }
    }
    said
}

/// A word; a line could end behind the dash of a span otherwise.
fn push_whole(said: &mut String, word: &str) {
    let mut parts = word.split_inclusive(TO).peekable();
    while let Some(part) = parts.next() {
        said.push_str(part);
        let from = part.trim_end_matches(TO).ends_with(|c: char| c.is_ascii_digit());
        if from && parts.peek().is_some_and(|to| to.starts_with(|c: char| c.is_ascii_digit())) {
            said.push(JOINER);
        }
    }
}

/// Whether the second word must not begin a line.
fn belongs(word: &str, next: &str) -> bool {
    let unit = next.split(|c: char| ".,;:()（），。；：".contains(c)).next().unwrap_or_default();
    let is_figure = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
    let is_numbered =
        matches!(word, "No." | "about" | "Compressor" | "compressor") && next.starts_with(|c: char| c.is_ascii_digit());
    let is_month = |text: &str| text.get(..3).is_some_and(|begin| MONTHS.contains(&begin));
    let is_year = is_month(word) && is_figure(unit);
    (is_figure(word) && (UNITS.contains(&unit) || is_month(unit))) || is_numbered || is_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_page_are_bound_and_nothing_else() {
        #[track_caller]
        fn check(html: &str, expected: &str) {
            assert_eq!(bound_page(html).replace(NO_BREAK, "_").replace(JOINER, "+"), expected);
        }
        check("<dd class=\"2 h\">2.8 °C lower</dd>", "<dd class=\"2 h\">2.8_°C lower</dd>");
        check("<p>\n  3 ℃<br>on 19 Jul\n</p>", "<p>\n  3_℃<br>on 19_Jul\n</p>");
        check("<textarea rows=\"2\">2 h</textarea> 2 h", "<textarea rows=\"2\">2 h</textarea> 2_h");
        check("<script>2 h</script><pre>2 h</pre><predicate>2 h", "<script>2 h</script><pre>2 h</pre><predicate>2_h");
        check("2 h <b", "2_h <b");
        check("<textarea>2 h", "<textarea>2 h");
    }

    #[test]
    fn figures_keep_their_units() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(bound(text).replace(NO_BREAK, "_").replace(JOINER, "+"), expected);
        }
        check("Expected to reach 105 °C in 1 to 4 weeks.", "Expected to reach 105_°C in 1 to 4_weeks.");
        check("2.8 °C lower (±1.2)", "2.8_°C lower (±1.2)");
        check("no clear change (within ±1.4 °C)", "no clear change (within ±1.4_°C)");
        check("About 2 h; the machine stops", "About 2_h; the machine stops");
        check("19 Apr 2026 – 18 Jul 2026", "19_Apr_2026 – 18_Jul_2026");
        check("Thursday 16 July, 10:00–13:30", "Thursday 16_July,_10:00–+13:30");
        check("7月16日（周四）10:00–13:30、14:00–16:00", "7月16日（周四）10:00–+13:30、14:00–+16:00");
        check("Beginning to grumble – 10 days, –, 5–", "Beginning to grumble – 10_days, –, 5–");
        check("No. 2 · GA75", "No._2 · GA75");
        check("since 28 June, on compressor 1", "since 28_June, on compressor_1");
        check("会达到105 ℃。", "会达到105_℃。");
        check("约3.3 kW（±1.2）", "约3.3_kW（±1.2）");
        check("3.3 kW", "3.3_kW");
        check("14 machines of 2 sites", "14 machines of 2 sites");
    }
}
