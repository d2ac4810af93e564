//! Messages of edge nodes in, events, refusals and requests out, through one `check`. Payloads are made with the generated
//! types, not with our reader.

mod births;
mod disorder;
mod hostile;
mod replaced;
mod values;

use expect_test::Expect;
use foretell_model::{Event, Quality, Timestamp};
use srad_types::payload::{DataSet, DataType, Message as _, Metric, Payload, PropertySet, PropertyValue, Template};
use srad_types::payload::{metric, property_value};

use super::SparkplugOptions;
use crate::decode::{Decoded, Decoder, DecoderOptions};

/// 2026-07-01T08:00:00Z, from which scripts count seconds.
const BEGIN_MS: i64 = 1_782_892_800_000;

fn at(second: f64) -> Timestamp {
    Timestamp::from_millis(BEGIN_MS + (second * 1000.0) as i64)
}

/// A message of a script, `VERB [group/]node[/device] key=value… metric…`. Keys: `seq`, `t` (payload's time in seconds, `none`:
/// without), `at` (arrival, as `t` unless said), `in` (the input). A metric is `name#alias:type=value@second!flag…`; name, alias,
/// type (`d f i8 i32 u32 u64 s b ds tpl none`, `d` unless said), time and flags (`h` historical, `t` transient, `q0` a quality)
/// may be absent; `~` in a name is a blank.
pub(super) struct Line {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    pub(super) arrived: Timestamp,
    pub(super) input: String,
}

impl Line {
    pub(super) fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let (verb, who) = (words.next().unwrap(), words.next().unwrap());
        let mut levels: Vec<&str> = who.split('/').collect();
        if levels.len() < if verb.starts_with('D') { 3 } else { 2 } {
            levels.insert(0, "hq");
        }
        levels.insert(1, verb);
        let mut payload = Payload::default();
        let (mut arrived, mut input) = (None, "test".to_owned());
        for word in words {
            match word.split_once('=') {
                Some(("seq", seq)) => payload.seq = Some(seq.parse().unwrap()),
                Some(("t", "none")) => payload.timestamp = None,
                Some(("t", second)) => payload.timestamp = Some(millis(second)),
                Some(("at", second)) => arrived = Some(millis(second)),
                Some(("in", name)) => input = name.to_owned(),
                _ => payload.metrics.push(parse_metric(word)),
            }
        }
        let arrived = arrived.or(payload.timestamp).unwrap_or(BEGIN_MS as u64);
        Self {
            topic: format!("spBv1.0/{}", levels.join("/")).replace('~', " "),
            payload: payload.encode_to_vec(),
            arrived: Timestamp::from_millis(arrived as i64),
            input,
        }
    }
}

fn millis(second: &str) -> u64 {
    at(second.parse().unwrap()).millis() as u64
}

fn parse_metric(word: &str) -> Metric {
    let mut flags = word.split('!');
    let (head, value) = flags.next().unwrap().split_once('=').unwrap();
    let (value, second) = value.split_once('@').map_or((value, None), |(value, second)| (value, Some(second)));
    let (head, kind) = head.split_once(':').unwrap_or((head, "d"));
    let (name, alias) = head.split_once('#').map_or((head, None), |(name, alias)| (name, Some(alias)));
    let mut metric = Metric {
        name: (!name.is_empty()).then(|| name.replace('~', " ")),
        alias: alias.map(|alias| alias.parse().unwrap()),
        timestamp: second.map(millis),
        ..Metric::default()
    };
    let (datatype, carried) = carried(kind, value);
    metric.datatype = datatype.map(|datatype| datatype as u32);
    if value == "null" {
        metric.is_null = Some(true)
    } else {
        metric.value = carried
    }
    for flag in flags {
        match flag {
            "h" => metric.is_historical = Some(true),
            "t" => metric.is_transient = Some(true),
            quality => {
                let value = property_value::Value::IntValue(quality[1..].parse().unwrap());
                let value = PropertyValue { r#type: Some(3), value: Some(value), ..PropertyValue::default() };
                metric.properties = Some(PropertySet { keys: vec!["Quality".into()], values: vec![value] });
            }
        }
    }
    metric
}

fn carried(kind: &str, value: &str) -> (Option<DataType>, Option<metric::Value>) {
    let number = value.parse::<f64>().unwrap_or_default();
    let (datatype, value) = match kind {
        "d" => (DataType::Double, metric::Value::DoubleValue(number)),
        "f" => (DataType::Float, metric::Value::FloatValue(number as f32)),
        "i8" => (DataType::Int8, metric::Value::IntValue(number as i32 as u32)),
        "i32" => (DataType::Int32, metric::Value::IntValue(number as i32 as u32)),
        "u32" => (DataType::UInt32, metric::Value::IntValue(number as u32)),
        "u64" => (DataType::UInt64, metric::Value::LongValue(number as u64)),
        "s" => (DataType::String, metric::Value::StringValue(value.into())),
        "b" => (DataType::Boolean, metric::Value::BooleanValue(value == "true")),
        "ds" => (DataType::DataSet, metric::Value::DatasetValue(DataSet::default())),
        "tpl" => (DataType::Template, metric::Value::TemplateValue(Template::default())),
        "none" => return (None, Some(metric::Value::DoubleValue(number))),
        other => panic!("no type {other}"),
    };
    (Some(datatype), Some(value))
}

pub(super) fn decoder(options: SparkplugOptions) -> Decoder {
    Decoder::new(DecoderOptions { sparkplug: Some(options), ..DecoderOptions::default() }).unwrap()
}

pub(super) fn say(event: &Event) -> String {
    let second = (event.ts().millis() - BEGIN_MS) as f64 / 1000.0;
    match event {
        Event::Reading(reading) => {
            let values: String = reading.signals.iter().map(|(s, v)| format!(" {}={v}", s.name())).collect();
            let state = reading.state.map(|s| format!(" {}", s.name())).unwrap_or_default();
            let quality =
                if reading.quality == Quality::Good { String::new() } else { format!(" {:?}", reading.quality) };
            format!("{} {second} s:{values}{state}{quality}", reading.machine)
        }
        Event::Status { machine, online, .. } => {
            format!("{machine} {second} s: {} line", if *online { "on" } else { "off" })
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn became(out: &Decoded) -> Vec<String> {
    let mut lines: Vec<String> = out.events.iter().map(say).collect();
    lines.extend(out.refused.iter().map(|refusal| format!("{}: {}", refusal.reason, refusal.detail)));
    lines.extend(out.publications.iter().map(|publication| format!("-> {}", publication.topic)));
    if out.ignored_keys > 0 {
        lines.push(format!("ignored {}", out.ignored_keys));
    }
    let notes = [
        ("late deaths", out.sparkplug.stale_deaths),
        ("gaps", out.sparkplug.gaps),
        ("repeated", out.sparkplug.repeated),
        ("data sets", out.sparkplug.data_sets),
        ("templates", out.sparkplug.templates),
    ];
    lines.extend(notes.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what} {count}")));
    lines
}

/// Plays a script, one message a line, and compares what each became.
#[expect(clippy::needless_pass_by_value, reason = "expect_test's values are made in place")]
fn play(decoder: &Decoder, script: &str, expected: Expect) {
    let mut out = Decoded::default();
    let mut told = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Line { topic, payload, arrived, input } = Line::parse(line);
        decoder.decode(arrived, &input, &topic, &payload, &mut out);
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        told += &format!("{}\n", words.join(" "));
        told.extend(became(&out).iter().map(|line| format!("    {line}\n")));
    }
    expected.assert_eq(&told);
}

fn check_with(options: SparkplugOptions, script: &str, expected: Expect) {
    play(&decoder(options), script, expected);
}

fn check(script: &str, expected: Expect) {
    check_with(SparkplugOptions::default(), script, expected);
}
