//! Foreign topics and payloads: `[[mapping]]` rules, checked once and then applied to each message.
//!
//! A payload becomes a JSON tree here (the contract's own path builds none), because a pointer may lead anywhere.

pub(in crate::decode) mod compile;
mod csv;
mod pattern;
mod pointer;
mod spec;
mod time;
mod unit;

use foretell_model::{Event, MachineId, Quality, RunState, Signal, Timestamp};
use serde_json::Value;

pub use compile::MappingFault;
pub(crate) use compile::{linear, signal_named};
use csv::Csv;
use pattern::{Names, Pattern};
use pointer::Pointer;
pub use spec::{CsvSpec, DeriveSpec, FieldSpec, HoursSpec, MappingSpec, StateSpec, TimeSpec};
use time::TimeFormat;
pub(crate) use unit::Linear;

use super::admission::{Admission, Candidate};
use super::contract::json_fault;
use super::hours::RunHours;
use super::reason::{Fault, RefusalReason};

/// Texts that stand for "not measured", as in files.
const MISSING: [&str; 5] = ["", "null", "nan", "na", "#value!"];

/// A checked rule.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The pattern as configured, for people.
    pub(super) topic: String,
    pattern: Pattern,
    site: Part,
    machine: Part,
    records: Option<Pointer>,
    csv: Option<Csv>,
    time: Option<Time>,
    pub(super) fields: Vec<Field>,
    state: Option<States>,
    required: u16,
    hours: Option<RunHours>,
}

/// Where a half of the identity comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Constant(String),
    Level,
}

/// Where the time stamp stands and how it is written.
#[derive(Clone, Debug)]
struct Time {
    at: Pointer,
    format: TimeFormat,
}

/// Where one signal stands.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) signal: Signal,
    pub(super) at: Pointer,
    linear: Linear,
}

/// What the source's words for its state mean; the words are in lower case.
#[derive(Clone, Debug)]
struct States {
    at: Pointer,
    values: Vec<(String, RunState)>,
}

impl Part {
    fn text<'a>(&'a self, level: Option<&'a str>) -> &'a str {
        match self {
            Self::Constant(text) => text,
            Self::Level => level.unwrap_or_default(),
        }
    }

    fn may_be(&self, text: &str) -> bool {
        match self {
            Self::Constant(constant) => constant == text,
            Self::Level => true,
        }
    }
}

impl Mapping {
    /// The machine that a topic speaks of, if this rule claims the topic.
    pub(super) fn machine(&self, topic: &str) -> Option<Result<MachineId, Fault>> {
        let Names { site, machine } = self.pattern.matches(topic)?;
        let machine = MachineId::new(self.site.text(site), self.machine.text(machine));
        Some(machine.map_err(|error| Fault::new(RefusalReason::BadIdentity, error.to_string())))
    }

    /// The MQTT filter that brings its topics.
    pub(super) fn filter(&self) -> String {
        self.pattern.filter()
    }

    /// Whether its readings count from their arrival.
    pub(super) const fn is_untimed(&self) -> bool {
        self.time.is_none()
    }

    /// Whether it derives anything that looks back.
    pub(super) const fn derives(&self) -> bool {
        self.hours.is_some()
    }

    /// The run hours that it may derive for the machine.
    pub(super) fn hours_of(&self, machine: &MachineId) -> Option<&RunHours> {
        let may_be = self.site.may_be(machine.site()) && self.machine.may_be(machine.machine());
        self.hours.as_ref().filter(|_| may_be)
    }

    /// Decodes a payload and hands each record, admitted or not, to `take` with its raw bytes.
    ///
    /// # Errors
    /// When the payload as a whole cannot be read.
    pub(super) fn decode(
        &self,
        machine: &MachineId,
        admission: Admission,
        items_max: usize,
        payload: &[u8],
        take: &mut impl FnMut(Result<Event, Fault>, &[u8]),
    ) -> Result<(), Fault> {
        let document = self.document(payload)?;
        self.each_record(&document, payload, items_max, |raw, record| {
            let value = record.as_ref().ok().copied();
            let event = record.and_then(|record| self.event(machine, admission, record, &document, true));
            match (raw, value, &event) {
                // A tree keeps no spans: a record of an array is quarantined as it was understood, not byte for byte.
                (None, Some(value), Err(_)) => take(event, value.to_string().as_bytes()),
                _ => take(event, raw.unwrap_or_default()),
            }
        })
    }

    /// The payload as JSON; `null` for CSV, whose lines are records of their own.
    pub(super) fn document(&self, payload: &[u8]) -> Result<Value, Fault> {
        if self.csv.is_some() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(payload).map_err(|error| json_fault(&error))
    }

    /// Hands each record of a payload to `sink` with its raw bytes, where they are known; one that cannot be read comes as its
    /// fault.
    ///
    /// # Errors
    /// When the payload as a whole cannot be read.
    pub(super) fn each_record(
        &self,
        document: &Value,
        payload: &[u8],
        items_max: usize,
        mut sink: impl FnMut(Option<&[u8]>, Result<&Value, Fault>),
    ) -> Result<(), Fault> {
        let bounded = |count: usize| {
            let detail = || format!("the payload holds {count} records; {items_max} are allowed");
            if count <= items_max { Ok(()) } else { Err(Fault::new(RefusalReason::TooMany, detail())) }
        };
        if let Some(csv) = &self.csv {
            let records = csv.records(payload)?;
            bounded(records.len())?;
            records.into_iter().for_each(|(raw, record)| sink(Some(raw), record.as_ref().map_err(Clone::clone)));
            return Ok(());
        }
        match self.records.as_ref().map(|at| at.find(document)) {
            Some(None) => return Err(Fault::new(RefusalReason::MissingField, "`records` leads nowhere")),
            Some(Some(Value::Array(items))) => {
                bounded(items.len())?;
                items.iter().for_each(|item| sink(None, Ok(item)));
            }
            Some(Some(one)) => sink(Some(payload), Ok(one)),
            None => sink(Some(payload), Ok(document)),
        }
        Ok(())
    }

    /// What the mapping reads besides signals, for a person: each value with its use.
    pub(super) fn other_uses<'a>(&self, record: &'a Value) -> Vec<(Option<&'a Value>, String)> {
        let time = self.time.as_ref().map(|time| (time.at.find(record), "the time stamp".to_owned()));
        let state = self.state.as_ref().map(|states| (states.at.find(record), "the state".to_owned()));
        time.into_iter().chain(state).collect()
    }

    /// One record as an event. With `keep` the derived hours are remembered.
    pub(super) fn event(
        &self,
        machine: &MachineId,
        admission: Admission,
        record: &Value,
        document: &Value,
        keep: bool,
    ) -> Result<Event, Fault> {
        let mut candidate = Candidate::default();
        match &self.time {
            Some(time) => candidate.ts = Some(time.read(record, document)?),
            None => (candidate.ts, candidate.quality) = (Some(admission.arrived), Quality::UntimedAtSource),
        }
        for field in &self.fields {
            if let Some(value) = field.at.find(record) {
                candidate.name(field.signal, field.read(value)?);
            }
        }
        if let Some(states) = &self.state {
            candidate.state = states.read(record)?;
        }
        let Some(hours) = &self.hours else { return admission.reading(machine, self.required, &candidate) };
        // Admitted first without the derived signal, so that a refused reading leaves no trace in the counter.
        let mut event =
            admission.reading(machine, self.required & !super::admission::bit(Signal::RunHours), &candidate)?;
        if let Event::Reading(reading) = &mut event {
            let run_hours = if keep {
                hours.at(machine, reading.ts, &reading.signals)?
            } else {
                hours.peek(machine, reading.ts, &reading.signals)
            };
            reading.signals.set(Signal::RunHours, run_hours);
        }
        Ok(event)
    }
}

impl Time {
    fn read(&self, record: &Value, document: &Value) -> Result<Timestamp, Fault> {
        let value = self.at.find(record).or_else(|| self.at.find(document));
        let value = value.filter(|value| !value.is_null());
        let value = value.ok_or_else(|| Fault::new(RefusalReason::MissingField, "the time stamp is missing"))?;
        self.format
            .read(value)
            .map_err(|problem| Fault::new(RefusalReason::BadTime, format!("the time stamp: {problem}")))
    }
}

impl Field {
    /// The value in the signal's unit; `None` when the source says that it was not measured.
    pub(super) fn read(&self, value: &Value) -> Result<Option<f64>, Fault> {
        let name = self.signal.name();
        let number = match value {
            Value::Null => return Ok(None),
            Value::Number(number) => number.as_f64(),
            Value::String(text) if MISSING.contains(&text.trim().to_lowercase().as_str()) => return Ok(None),
            // Many gateways write numbers as texts.
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        let number = number.map(|number| self.linear.apply(number)).ok_or_else(|| {
            let shown: String = value.to_string().chars().take(40).collect();
            Fault::new(RefusalReason::WrongType, format!("`{name}` is {shown}; a number belongs there"))
        })?;
        if number.is_finite() {
            Ok(Some(number))
        } else {
            Err(Fault::new(RefusalReason::OutOfRange, format!("`{name}` is beyond all numbers after scaling")))
        }
    }
}

impl States {
    fn read(&self, record: &Value) -> Result<Option<RunState>, Fault> {
        let word = match self.at.find(record) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().to_lowercase(),
            Some(other) => other.to_string(),
        };
        let found = self.values.iter().find(|(known, _)| *known == word).map(|(_, state)| *state);
        found.map(Some).ok_or_else(|| {
            let shown: String = word.chars().take(40).collect();
            Fault::new(RefusalReason::UnknownWord, format!("the state {shown:?} is not in the mapping's table"))
        })
    }
}
