//! The contract's own topics, `foretell/v1/{site}/{machine}/telemetry`, `event` and `status`, read straight into the
//! model's types: no tree in between, no allocation for a sound telemetry object beyond its event.

use std::fmt;

use foretell_model::{Event, MachineId, Note, RunState, Signal, Timestamp, Work};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::admission::{Admission, Candidate, bit, mask};
use super::reason::{Fault, RefusalReason};
use super::scalar::Scalar;
use super::tree;

/// What a contract topic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Telemetry,
    Event,
    Status,
}

/// Topic filters of everything that the contract takes in.
pub(super) const FILTERS: [&str; 3] = ["foretell/v1/+/+/telemetry", "foretell/v1/+/+/event", "foretell/v1/+/+/status"];

/// Site, machine and kind of a contract topic; the two names are not yet checked.
pub(super) fn parse_topic(topic: &str) -> Option<(&str, &str, Kind)> {
    let (site, rest) = topic.strip_prefix("foretell/v1/")?.split_once('/')?;
    let (machine, kind) = rest.split_once('/')?;
    let kind = match kind {
        "telemetry" => Kind::Telemetry,
        "event" => Kind::Event,
        "status" => Kind::Status,
        _ => return None,
    };
    Some((site, machine, kind))
}

/// One item of a message, admitted or not. `ignored_keys` is raised by one for each key that means nothing here.
pub(super) fn item(
    kind: Kind,
    machine: &MachineId,
    admission: Admission,
    raw: &[u8],
    ignored_keys: &mut u64,
) -> Result<Event, Fault> {
    let mut json = serde_json::Deserializer::from_slice(raw);
    let fields = kind.deserialize(&mut json).and_then(|fields| json.end().map(|()| fields));
    let fields = fields.map_err(|error| json_fault(&error))?;
    *ignored_keys += fields.ignored_keys;
    if let Some(fault) = fields.fault {
        return Err(fault);
    }
    match kind {
        Kind::Telemetry => admission.reading(machine, mask(&Signal::REQUIRED), &fields.candidate),
        Kind::Event => fields.event(machine, admission),
        Kind::Status => fields.status(machine, admission),
    }
}

/// The words of a JSON error, sorted into "too deep", "says two things" and "not JSON".
pub(super) fn json_fault(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    // serde_json has no kinds of its own for these.
    let reason = if text.starts_with("recursion limit exceeded") {
        RefusalReason::TooDeep
    } else if text.starts_with(tree::TWICE) {
        RefusalReason::Contradiction
    } else if text.starts_with(tree::TOO_MANY) {
        RefusalReason::TooMany
    } else if error.is_data() {
        RefusalReason::WrongType
    } else {
        // What it says of a payload that is something else altogether means nothing to whoever sent that.
        let what = if text.starts_with("expected") { "not JSON: " } else { "" };
        return Fault::new(RefusalReason::Malformed, format!("{what}{text}"));
    };
    Fault::new(reason, text)
}

/// Everything that any of the three kinds may say.
#[derive(Default)]
pub(super) struct Fields {
    candidate: Candidate,
    /// What `state` said, `null` included.
    state: Option<Option<RunState>>,
    kind: Option<String>,
    work: Option<String>,
    code: Option<String>,
    text: Option<String>,
    online: Option<bool>,
    ignored_keys: u64,
    /// The first field that could not be taken.
    fault: Option<Fault>,
}

impl Fields {
    fn event(self, machine: &MachineId, admission: Admission) -> Result<Event, Fault> {
        let ts = self.candidate.ts.ok_or_else(|| missing("ts"))?;
        let (machine, ts) = (machine.clone(), admission.time(ts)?);
        match self.kind.as_deref() {
            None => Err(missing("kind")),
            Some("maintenance_done") => {
                let code = self.work.ok_or_else(|| missing("work"))?;
                let work = Work::new(&code).ok_or_else(|| {
                    Fault::new(
                        RefusalReason::UnknownWord,
                        format!("`work` {code:?} is not a code such as cooler_cleaned"),
                    )
                })?;
                Ok(Event::Maintenance { machine, ts, work })
            }
            Some("controller_alarm") => {
                let code = self.code.or(self.text).ok_or_else(|| missing("code"))?;
                Ok(Event::ControllerAlarm { machine, ts, code: Note::new(&code) })
            }
            Some("note") => {
                let text = self.text.ok_or_else(|| missing("text"))?;
                Ok(Event::Note { machine, ts, text: Note::new(&text) })
            }
            Some(other) => Err(Fault::new(
                RefusalReason::UnknownWord,
                format!("`kind` is {other:?}; maintenance_done, controller_alarm and note are known"),
            )),
        }
    }

    /// A status without `ts` counts from its arrival: a will is written before the client knows when it will be needed.
    fn status(self, machine: &MachineId, admission: Admission) -> Result<Event, Fault> {
        let online = self.online.ok_or_else(|| missing("online"))?;
        let ts = admission.time(self.candidate.ts.unwrap_or(admission.arrived))?;
        Ok(Event::Status { machine: machine.clone(), ts, online })
    }

    /// Takes a field. One that comes again with the same value is harmless; with another one nobody can say which of them holds.
    fn take(&mut self, key: Key, value: Scalar<'_>) {
        let taken = match key {
            Key::Ts => time(&value).and_then(|ts| once(&mut self.candidate.ts, ts, "ts")),
            Key::Signal(signal) => number(signal, &value).and_then(|value| self.signal(signal, value)),
            Key::State => run_state(&value).and_then(|state| {
                self.candidate.state = state;
                once(&mut self.state, state, "state")
            }),
            Key::Online => match value {
                Scalar::Bool(online) => once(&mut self.online, online, "online"),
                other => Err(wrong_type("online", "true or false", &other)),
            },
            Key::Kind => text("kind", value).and_then(|text| once(&mut self.kind, text, "kind")),
            Key::Work => text("work", value).and_then(|text| once(&mut self.work, text, "work")),
            Key::Code => text("code", value).and_then(|text| once(&mut self.code, text, "code")),
            Key::Text => text("text", value).and_then(|noted| once(&mut self.text, noted, "text")),
            Key::Other => Ok(()),
        };
        if let Err(fault) = taken {
            self.fault.get_or_insert(fault);
        }
    }

    fn signal(&mut self, signal: Signal, value: Option<f64>) -> Result<(), Fault> {
        if self.candidate.named & bit(signal) != 0 && self.candidate.signals.get(signal) != value {
            return Err(contradiction(signal.name()));
        }
        self.candidate.name(signal, value);
        Ok(())
    }
}

/// Fills a place that may be filled once.
fn once<T: PartialEq>(place: &mut Option<T>, value: T, field: &str) -> Result<(), Fault> {
    match place {
        Some(known) if *known != value => Err(contradiction(field)),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn contradiction(field: &str) -> Fault {
    Fault::new(RefusalReason::Contradiction, format!("{}`{field}`", tree::TWICE))
}

fn missing(field: &str) -> Fault {
    Fault::new(RefusalReason::MissingField, format!("`{field}` is missing"))
}

fn wrong_type(field: &str, expected: &str, got: &Scalar<'_>) -> Fault {
    Fault::new(RefusalReason::WrongType, format!("`{field}` is {got}; {expected} belongs there"))
}

/// RFC 3339 text or whole milliseconds.
fn time(value: &Scalar<'_>) -> Result<Timestamp, Fault> {
    match value {
        Scalar::Text(text) => {
            Timestamp::parse(text).map_err(|error| Fault::new(RefusalReason::BadTime, format!("`ts`: {error}")))
        }
        Scalar::Integer(millis) => Ok(Timestamp::from_millis(*millis)),
        // Some encoders write whole numbers as 1782864000000.0; within 2^53 that is exact.
        Scalar::Number(millis) if millis.fract() == 0.0 && millis.abs() < 9e15 => {
            Ok(Timestamp::from_millis(*millis as i64))
        }
        other => Err(Fault::new(
            RefusalReason::BadTime,
            format!("`ts` is {other}; RFC 3339 text or whole milliseconds since 1970 UTC belong there"),
        )),
    }
}

fn number(signal: Signal, value: &Scalar<'_>) -> Result<Option<f64>, Fault> {
    match value {
        Scalar::Null => Ok(None),
        other => match other.number() {
            Some(value) => Ok(Some(value)),
            None => Err(wrong_type(signal.name(), "a number or null", other)),
        },
    }
}

fn run_state(value: &Scalar<'_>) -> Result<Option<RunState>, Fault> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Text(name) => RunState::from_name(name).map(Some).ok_or_else(|| {
            let detail = format!("`state` is {value}; stopped, starting, unloaded and loaded are known");
            Fault::new(RefusalReason::UnknownWord, detail)
        }),
        other => Err(wrong_type("state", "a text or null", other)),
    }
}

fn text(field: &str, value: Scalar<'_>) -> Result<String, Fault> {
    match value {
        Scalar::Text(text) => Ok(text.into_owned()),
        Scalar::Integer(number) => Ok(number.to_string()),
        other => Err(wrong_type(field, "a text", &other)),
    }
}

/// A key that means something in its kind of message.
#[derive(Clone, Copy)]
enum Key {
    Ts,
    Signal(Signal),
    State,
    Kind,
    Work,
    Code,
    Text,
    Online,
    Other,
}

/// Reads a key in the light of the kind: `text` belongs to a note and means nothing in telemetry.
struct KeyOf(Kind);

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match (self.0, key) {
            (_, "ts") => Key::Ts,
            (Kind::Telemetry, "state") => Key::State,
            (Kind::Telemetry, other) => Signal::from_name(other).map_or(Key::Other, Key::Signal),
            (Kind::Event, "kind") => Key::Kind,
            (Kind::Event, "work") => Key::Work,
            (Kind::Event, "code") => Key::Code,
            (Kind::Event, "text") => Key::Text,
            (Kind::Status, "online") => Key::Online,
            _ => Key::Other,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Kind {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(KeyOf(self))? {
            if let Key::Other = key {
                map.next_value::<IgnoredAny>()?;
                fields.ignored_keys += 1;
            } else {
                fields.take(key, map.next_value::<Scalar<'_>>()?);
            }
        }
        Ok(fields)
    }
}
