//! What became of each field of a message and why the rest was ignored, for a person who writes a mapping.

use std::fmt;

use foretell_model::{Event, Signal, Timestamp};
use serde_json::Value;

use super::admission::Admission;
use super::mapping::Mapping;
use super::mapping::compile::similar_signal;
use super::reason::Fault;
use super::{Route, Shared, contract, items};
use crate::sparkplug;

/// Fields of a payload that are told; more are counted only.
const FIELDS_MAX: usize = 200;

/// One field of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Where it stands: a JSON pointer.
    pub at: String,
    /// What it became, or why it was ignored.
    pub became: String,
}

/// A message, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Which rule read the message and for which machine, or why none did.
    pub route: String,
    /// The fields of the first record, sorted by key.
    pub fields: Vec<Explained>,
    /// What the first record became: an event's line, or `refused: ` with reason code and words.
    pub outcome: String,
    /// Records in the payload, the first included.
    pub records: usize,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.route)?;
        for Explained { at, became } in &self.fields {
            writeln!(f, "  {at}: {became}")?;
        }
        if self.records > 1 {
            writeln!(f, "  (the first of {} records)", self.records)?;
        }
        f.write_str(&self.outcome)
    }
}

pub(super) fn explain(shared: &Shared, arrived: Timestamp, topic: &str, payload: &[u8]) -> Explanation {
    let admission = Admission { arrived, ahead_max_ms: shared.ahead_max_ms };
    if let Some(host) = shared.sparkplug_of(topic) {
        return edge_node(&host.explain(admission, topic, payload));
    }
    match shared.route(topic) {
        Err(fault) => {
            Explanation { route: format!("topic {topic}: no rule"), outcome: refused(&fault), ..Explanation::default() }
        }
        Ok(Route::Contract(kind, machine)) => {
            let route = format!("topic {topic}: the contract's own, machine {machine}");
            let items = match items::items(payload, shared.items_max) {
                Ok(items) => items,
                Err(fault) => return Explanation { route, outcome: refused(&fault), ..Explanation::default() },
            };
            let Some(first) = items.first() else {
                return Explanation {
                    route,
                    outcome: "an empty array: nothing to keep".into(),
                    ..Explanation::default()
                };
            };
            let outcome = outcome(&contract::item(kind, &machine, admission, first, &mut 0));
            let value = serde_json::from_slice(first).unwrap_or(Value::Null);
            let fields = leaves(&value, |at, value| contract_field(kind, at, value));
            Explanation { route, fields, outcome, records: items.len() }
        }
        Ok(Route::Mapped(mapping, machine)) => {
            let route = format!("topic {topic}: mapping `{}`, machine {machine}", mapping.topic);
            let read = mapping.document(payload).and_then(|document| {
                let mut explanation = Explanation::default();
                mapping.each_record(&document, payload, shared.items_max, |_, record| {
                    explanation.records += 1;
                    if explanation.records > 1 {
                        return;
                    }
                    explanation.outcome = match &record {
                        Ok(record) => outcome(&mapping.event(&machine, admission, record, &document, false)),
                        Err(fault) => refused(fault),
                    };
                    if let Ok(record) = &record {
                        explanation.fields = leaves(record, |at, value| mapped_field(mapping, at, value, record));
                    }
                })?;
                if explanation.records == 0 {
                    explanation.outcome = "no record in it: nothing to keep".into();
                }
                Ok(explanation)
            });
            match read {
                Ok(explanation) => Explanation { route, ..explanation },
                Err(fault) => Explanation { route, outcome: refused(&fault), ..Explanation::default() },
            }
        }
    }
}

fn edge_node((route, fields, result): &sparkplug::Explained) -> Explanation {
    let fields =
        fields.iter().take(FIELDS_MAX).map(|(at, became)| Explained { at: at.clone(), became: became.clone() });
    let outcome = match result {
        Ok(None) => "nothing to keep".to_owned(),
        Ok(Some(event)) => outcome(&Ok(event.clone())),
        Err(fault) => refused(fault),
    };
    Explanation { route: route.clone(), fields: fields.collect(), outcome, records: 1 }
}

fn contract_field(kind: contract::Kind, at: &str, value: &Value) -> String {
    let key = at.trim_start_matches('/');
    if kind != contract::Kind::Telemetry || matches!(key, "ts" | "state") {
        return value.to_string();
    }
    match (Signal::from_name(key), similar_signal(key)) {
        (Some(signal), _) if value.is_null() => format!("{} was not measured", signal.name()),
        (Some(signal), _) => format!("{} = {value} {}", signal.name(), signal.unit()),
        (None, Some(similar)) => format!("ignored: there is no signal of this name; did you mean `{similar}`?"),
        (None, None) => "ignored: there is no signal of this name".into(),
    }
}

fn mapped_field(mapping: &Mapping, at: &str, value: &Value, record: &Value) -> String {
    let same = |found: Option<&Value>| found.is_some_and(|found| std::ptr::eq(found, value));
    let signals = mapping.fields.iter().filter(|field| same(field.at.find(record))).map(|field| {
        let (name, unit) = (field.signal.name(), field.signal.unit());
        match field.read(value) {
            Ok(Some(number)) => format!("{name} = {number} {unit}"),
            Ok(None) => format!("{name} was not measured"),
            Err(fault) => refused(&fault),
        }
    });
    let others = mapping.other_uses(record).into_iter().filter(|(found, _)| same(*found)).map(|(_, became)| became);
    let became: Vec<String> = others.chain(signals).collect();
    if became.is_empty() { format!("ignored: no pointer of the mapping leads to {at}") } else { became.join("; ") }
}

/// The leaves of a document with their pointers; arrays and objects are walked at most 8 deep.
fn leaves(document: &Value, mut became: impl FnMut(&str, &Value) -> String) -> Vec<Explained> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document, 0)];
    while let Some((at, value, depth)) = open.pop() {
        if found.len() == FIELDS_MAX {
            found.push(Explained { at: "…".into(), became: "more fields are not shown".into() });
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
                let became = became(&at, leaf);
                found.push(Explained { at, became });
            }
        }
    }
    found
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
            format!("reading of {} at {}: {}", reading.machine, reading.ts, values.join(" "))
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
