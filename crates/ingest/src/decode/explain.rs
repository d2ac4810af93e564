//! What became of each field of a message and why the rest was ignored, for a person who writes a mapping.

use foretell_model::{Event, Signal, Timestamp};
use serde_json::Value;

use super::admission::Admission;
use super::mapping::compile::similar_signal;
use super::mapping::{Mapping, Message, Names, Use};
use super::reason::Fault;
use super::rules::{Route, Shared, without_mark};
use super::{contract, items};
use crate::sparkplug;

/// Fields of a payload that are told; more are counted only.
const FIELDS_MAX: usize = 200;
/// Refusals beyond the first record that are told.
const REFUSALS_MAX: usize = 5;

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It became part of the reading.
    Used,
    /// It means nothing here.
    Ignored,
    /// It was wanted but cannot be read.
    Refused,
    /// It was looked for and is not in the sample.
    Absent,
}

/// One field of the payload.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// Where it stands: a JSON pointer.
    pub at: String,
    /// Its value as JSON, shortened; empty for one that is absent.
    pub value: String,
    /// What became of it.
    pub fate: Fate,
    /// What it is now, e.g. `discharge_temp_c = 83 °C`, or why it was ignored.
    pub became: String,
    /// How it was read, e.g. `from degF`; empty when it was taken as it stands.
    pub how: String,
}

/// A message, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// Which rule read the message and for which machine, or why none did.
    pub route: String,
    /// The fields of the first record in the payload's order, then what was looked for in vain.
    pub fields: Vec<Explained>,
    /// What the first record became: an event's line, or `refused: ` with reason code and words.
    pub outcome: String,
    /// Records in the payload that are meant, the first included.
    pub records: usize,
    /// Records that became an event.
    pub admitted: usize,
    /// Records of another kind, which the mapping's `only` passes over.
    pub passed_over: usize,
    /// Why further records were refused, at most five.
    pub refused: Vec<String>,
}

pub(super) fn explain(shared: &Shared, arrived: Timestamp, topic: &str, payload: &[u8]) -> Explanation {
    let admission = shared.admission(arrived);
    if let Some(host) = shared.sparkplug_of(topic) {
        return edge_node(host.explain(admission, topic, payload));
    }
    let payload = without_mark(payload);
    let (route, explained) = match shared.route(topic) {
        Err(fault) => (format!("topic {topic}: no rule"), Err(fault)),
        Ok(Route::Contract(kind, machine)) => {
            let route = format!("topic {topic}: the contract's own, machine {machine}");
            let explained = items::items(payload, shared.items_max).map(|items| {
                let mut explanation = Explanation::default();
                for item in &items {
                    explanation.count(shared.item(kind, &machine, admission, item, &mut 0));
                }
                let first = items.first().map(|first| serde_json::from_slice(first).unwrap_or(Value::Null));
                explanation.fields =
                    first.map(|first| leaves(&first, |at, value| contract_field(kind, at, value))).unwrap_or_default();
                explanation
            });
            (route, explained)
        }
        Ok(Route::Mapped(mapping, names)) => mapped(shared, mapping, names, admission, (topic, payload)),
    };
    let mut explanation =
        explained.unwrap_or_else(|fault| Explanation { outcome: refused(&fault), ..Default::default() });
    if explanation.outcome.is_empty() {
        explanation.outcome = "no record: nothing to keep".into();
    }
    Explanation { route, ..explanation }
}

fn mapped(
    shared: &Shared,
    mapping: &Mapping,
    names: Names<'_>,
    admission: Admission,
    (topic, payload): (&str, &[u8]),
) -> (String, Result<Explanation, Fault>) {
    let place = shared.mappings.iter().position(|known| std::ptr::eq(known, mapping)).unwrap_or_default();
    let rule = format!("topic {topic}: mapping[{place}] `{}`", mapping.topic);
    if !mapping.means(names) {
        let word = names.signal.unwrap_or_default();
        let outcome = format!("ignored: no signal of the mapping has the topic word `{word}`");
        return (rule, Ok(Explanation { outcome, ..Explanation::default() }));
    }
    let document = match mapping.document(payload) {
        Ok(document) => document,
        Err(fault) => return (rule, Err(fault)),
    };
    let message = Message { arrived: admission.arrived, names, document: &document };
    let (mut explanation, mut whose) = (Explanation::default(), None);
    let read = mapping.each_record(&document, payload, shared.items_max, |_, record| {
        if record.as_ref().is_ok_and(|record| !mapping.wants(record)) {
            explanation.passed_over += 1;
            return;
        }
        let event = record.clone().and_then(|record| {
            let machine = mapping.machine(message, record)?;
            whose.get_or_insert_with(|| machine.clone());
            mapping.event(&machine, admission, record, message, false)
        });
        if let (0, Ok(record)) = (explanation.records, &record) {
            explanation.fields = mapped_fields(mapping, message, record);
        }
        explanation.count(event);
    });
    let route = whose.map_or_else(|| rule.clone(), |machine| format!("{rule}, machine {machine}"));
    (route, read.map(|()| explanation))
}

impl Explanation {
    fn count(&mut self, event: Result<Event, Fault>) {
        self.records += 1;
        self.admitted += usize::from(event.is_ok());
        if self.records == 1 {
            self.outcome = outcome(&event);
        } else if let (Err(fault), true) = (&event, self.refused.len() < REFUSALS_MAX) {
            self.refused.push(format!("record {}: {}", self.records, refused(fault)));
        }
    }
}

/// An edge node's message, metric by metric.
fn edge_node((route, fields, result): sparkplug::Explained) -> Explanation {
    let field = |(at, became): (String, String)| {
        let fate = if became.starts_with("ignored") { Fate::Ignored } else { Fate::Used };
        Explained { at, value: String::new(), fate, became, how: String::new() }
    };
    let fields = fields.into_iter().take(FIELDS_MAX).map(field).collect();
    let (outcome, admitted) = match result {
        Ok(None) => ("nothing to keep".to_owned(), 0),
        Ok(Some(event)) => (outcome(&Ok(event)), 1),
        Err(fault) => (refused(&fault), 0),
    };
    Explanation { route, fields, outcome, records: 1, admitted, ..Explanation::default() }
}

fn contract_field(kind: contract::Kind, at: &str, value: &Value) -> (Fate, String, String) {
    let key = at.trim_start_matches('/');
    if kind != contract::Kind::Telemetry || matches!(key, "ts" | "state") {
        let what = if key == "ts" { "time" } else { key };
        return (Fate::Used, what.to_owned(), String::new());
    }
    let stranger = |hint: String| (Fate::Ignored, format!("there is no signal of this name{hint}"), String::new());
    match (Signal::from_name(key), similar_signal(key)) {
        (Some(signal), _) if value.is_null() => (Fate::Used, format!("{}: not measured", signal.name()), String::new()),
        (Some(signal), _) if !value.is_number() => {
            (Fate::Refused, format!("{}: a number or null belongs there", signal.name()), String::new())
        }
        (Some(signal), _) => (Fate::Used, format!("{} = {value} {}", signal.name(), signal.unit()), String::new()),
        (None, Some(similar)) => stranger(format!("; did you mean `{similar}`?")),
        (None, None) => stranger(String::new()),
    }
}

/// The fields of a record with the mapping's uses of them, then the uses that found nothing.
fn mapped_fields(mapping: &Mapping, message: Message<'_>, record: &Value) -> Vec<Explained> {
    let uses = mapping.uses(message, record);
    let mut fields = leaves(record, |at, value| {
        let here: Vec<&Use<'_>> =
            uses.iter().filter(|one| one.found.iter().any(|found| std::ptr::eq(*found, value))).collect();
        match here.as_slice() {
            [] => (Fate::Ignored, format!("no pointer of the mapping leads to {at}"), String::new()),
            here => told(here),
        }
    });
    let elsewhere: Vec<Explained> = uses
        .iter()
        .filter(|one| one.found.is_empty() || !one.found.iter().all(|found| is_within(record, found)))
        .map(|one| {
            let value = one.found.iter().map(|found| short(found)).collect::<Vec<_>>().join(", ");
            let constant = one.at.is_empty() && one.result.is_ok();
            let at = if constant { "(mapping)".to_owned() } else { one.at.clone() };
            let (mut fate, became, how) = told(&[one]);
            if one.found.is_empty() && !constant {
                fate = Fate::Absent;
            }
            Explained { at, value, fate, became, how }
        })
        .collect();
    fields.extend(elsewhere);
    fields
}

/// Whether a value is part of the record rather than of the payload around it.
fn is_within(record: &Value, wanted: &Value) -> bool {
    std::ptr::eq(record, wanted)
        || match record {
            Value::Object(map) => map.values().any(|value| is_within(value, wanted)),
            Value::Array(items) => items.iter().any(|value| is_within(value, wanted)),
            _ => false,
        }
}

fn told(uses: &[&Use<'_>]) -> (Fate, String, String) {
    let became = uses.iter().map(|one| match &one.result {
        Ok(result) => format!("{} = {result}", one.what),
        Err(why) => format!("{}: {why}", one.what),
    });
    let became = became.collect::<Vec<_>>().join("; ");
    let how = uses.iter().map(|one| one.how.as_str()).filter(|how| !how.is_empty()).collect::<Vec<_>>().join("; ");
    let fate = if uses.iter().any(|one| one.result.is_err()) { Fate::Refused } else { Fate::Used };
    (fate, became, how)
}

/// The leaves of a document with their pointers; arrays and objects are walked at most 8 deep.
fn leaves(document: &Value, mut became: impl FnMut(&str, &Value) -> (Fate, String, String)) -> Vec<Explained> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document, 0)];
    while let Some((at, value, depth)) = open.pop() {
        if found.len() == FIELDS_MAX {
            let became = "more fields are not shown".to_owned();
            found.push(Explained {
                at: "…".into(),
                value: String::new(),
                fate: Fate::Ignored,
                became,
                how: String::new(),
            });
            break;
        }
        let child = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            // Pushed backwards, so that they are taken forwards.
            Value::Object(map) if depth < 8 => {
                open.extend(map.iter().rev().map(|(key, value)| (child(key), value, depth + 1)))
            }
            Value::Array(items) if depth < 8 => {
                let numbered = items.iter().enumerate().take(FIELDS_MAX).rev();
                open.extend(numbered.map(|(place, value)| (child(&place.to_string()), value, depth + 1)));
            }
            leaf => {
                let at = if at.is_empty() { "(payload)".to_owned() } else { at };
                let (fate, became, how) = became(&at, leaf);
                found.push(Explained { at, value: short(leaf), fate, became, how });
            }
        }
    }
    found
}

fn short(value: &Value) -> String {
    const CHARS_MAX: usize = 32;
    let text = value.to_string();
    if text.chars().count() <= CHARS_MAX { text } else { text.chars().take(CHARS_MAX - 1).chain(['…']).collect() }
}

fn refused(fault: &Fault) -> String {
    format!("refused: {}: {}", fault.reason.code(), fault.detail)
}

fn outcome(event: &Result<Event, Fault>) -> String {
    match event {
        Err(fault) => refused(fault),
        Ok(Event::Reading(reading)) => {
            let values = reading.signals.iter().map(|(signal, value)| format!("{}={value}", signal.name()));
            let state = reading.state.iter().map(|state| format!("state={}", state.name()));
            let values: Vec<String> = values.chain(state).collect();
            let untimed = match reading.quality {
                foretell_model::Quality::UntimedAtSource => " (time of arrival, flagged as untimed)",
                _ => "",
            };
            format!("reading of {} at {}{untimed}: {}", reading.machine, reading.ts, values.join(" "))
        }
        Ok(Event::Maintenance { machine, ts, work }) => format!("maintenance of {machine} at {ts}: {}", work.as_str()),
        Ok(Event::ControllerAlarm { machine, ts, code }) => format!("alarm of {machine} at {ts}: {}", code.as_str()),
        Ok(Event::Note { machine, ts, text }) => format!("note about {machine} at {ts}: {}", text.as_str()),
        Ok(Event::Status { machine, ts, online }) => {
            format!("{machine} went {} at {ts}", if *online { "on line" } else { "off line" })
        }
        Ok(Event::Verdict { machine, ts, .. }) => format!("verdict on {machine} at {ts}"),
    }
}
