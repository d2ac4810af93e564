//! Lines are read back by a reader that was written from InfluxDB's reference and shares nothing with the writer.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    Whole(i64),
    Flag(bool),
    Text(String),
}

/// Measurement, tags, fields, time.
type Parsed = (String, BTreeMap<String, String>, BTreeMap<String, Value>, i64);

/// Reads up to one of `ends` that stands alone; a backslash before a special character is taken away.
fn read_name(text: &str, ends: &[char]) -> (String, usize) {
    let (mut name, mut chars) = (String::new(), text.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|(_, next)| matches!(next, ',' | '=' | ' ')) => {
                name.extend(chars.next().map(|(_, next)| next));
            }
            c if ends.contains(&c) => return (name, at),
            c => name.push(c),
        }
    }
    (name, text.len())
}

fn read_value(text: &str) -> (Value, usize) {
    if let Some(rest) = text.strip_prefix('"') {
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.extend(chars.next().map(|(_, next)| next)),
                '"' => return (Value::Text(value), at + 2),
                c => value.push(c),
            }
        }
        panic!("a text without an end: {text:?}");
    }
    let end = text.find([',', ' ']).expect("a value ends");
    let word = &text[..end];
    let value = match word {
        "true" => Value::Flag(true),
        "false" => Value::Flag(false),
        _ => match word.strip_suffix('i') {
            Some(whole) => Value::Whole(whole.parse().expect("a whole number")),
            None => Value::Number(word.parse().expect("a number")),
        },
    };
    (value, end)
}

fn parse(line: &str) -> Parsed {
    assert_eq!(line.matches('\n').count(), 1, "one line: {line:?}");
    assert!(!line.starts_with('#'), "a comment: {line:?}");
    let mut rest = line.strip_suffix('\n').expect("a line end");
    let (measurement, end) = read_name(rest, &[',', ' ']);
    rest = &rest[end..];
    let mut tags = BTreeMap::new();
    while let Some(after) = rest.strip_prefix(',') {
        let (key, end) = read_name(after, &['=']);
        let after = &after[end + 1..];
        let (value, end) = read_name(after, &[',', ' ']);
        assert!(!key.is_empty() && !value.is_empty(), "an empty tag: {line:?}");
        tags.insert(key, value);
        rest = &after[end..];
    }
    let mut fields = BTreeMap::new();
    loop {
        let (key, end) = read_name(&rest[1..], &['=']);
        let after = &rest[1 + end + 1..];
        let (value, end) = read_value(after);
        fields.insert(key, value);
        rest = &after[end..];
        if let Some(time) = rest.strip_prefix(' ') {
            return (measurement, tags, fields, time.parse().expect("a time"));
        }
    }
}

/// What a name is meant to read as.
fn read_as(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\\' {
                '/'
            } else if c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Anything at all, and more often than chance what is special.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[,= \"\\\\\n\r\t\u{0}#a-c厂€]{1,12}"]
}

proptest! {
    #[test]
    fn every_byte_comes_back(
        measurement in nasty(), tag in nasty(), key in nasty(), field in nasty(), text in nasty(), number in any::<f64>(),
        whole in any::<i64>(), flag in any::<bool>(), time in any::<i64>(),
    ) {
        let mut out = String::from("before\n");
        let line = Line::begin(&mut out, &measurement).tag(&key, &tag).number("n", number).whole("w", whole);
        let stands = line.flag("f", flag).text("t", text.as_str()).text(&format!("x{field}"), "v").at_nanos(time);
        prop_assert_eq!(stands, !measurement.is_empty());
        let line = out.strip_prefix("before\n").unwrap();
        if !stands {
            prop_assert_eq!(line, "");
            return Ok(());
        }
        let (read_measurement, tags, fields, read_time) = parse(line);
        let expected = measurement.strip_prefix('#').map_or_else(|| measurement.clone(), |rest| format!("_{rest}"));
        prop_assert_eq!(read_measurement, read_as(&expected));
        prop_assert_eq!(read_time, time);
        let tag_expected = (!key.is_empty() && !tag.is_empty()).then(|| (read_as(&key), read_as(&tag)));
        prop_assert_eq!(tags.into_iter().next(), tag_expected);
        let plain = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        prop_assert_eq!(fields.get("t"), Some(&Value::Text(plain(&text))));
        prop_assert_eq!(fields.get("w"), Some(&Value::Whole(whole)));
        prop_assert_eq!(fields.get("f"), Some(&Value::Flag(flag)));
        prop_assert_eq!(fields.get("n").cloned(), number.is_finite().then_some(Value::Number(number)));
        prop_assert_eq!(fields.get(&read_as(&format!("x{field}"))), Some(&Value::Text("v".to_owned())));
    }
}

#[test]
fn a_line_that_says_nothing_leaves_no_trace() {
    for (number, millis) in [(None, 0), (Some(f64::NAN), 0), (Some(f64::NEG_INFINITY), 0), (Some(1.0), i64::MAX)] {
        let mut out = String::from("before\n");
        let stands = Line::begin(&mut out, "m").tag("a", "b").number("n", number).at_millis(millis);
        assert_eq!((stands, out.as_str()), (false, "before\n"), "{number:?} at {millis}");
    }
}

#[test]
fn is_what_the_reference_shows() {
    let mut out = String::new();
    let line = Line::begin(&mut out, "my Measurement").tag("tag Key,1", "a=b c,d").tag("none", "");
    assert!(line.number("field=1", 0.5).text("t", "say \"x\\y\"\nz").whole("i", -3).flag("b", true).at_millis(1_250));
    assert_eq!(
        out,
        "my\\ Measurement,tag\\ Key\\,1=a\\=b\\ c\\,d field\\=1=0.5,t=\"say \\\"x\\\\y\\\" z\",i=-3i,b=true 1250000000\n"
    );
}
