//! Foreign topics and payloads: `[[mapping]]` rules, checked once and then applied to each message.
//!
//! A payload becomes a JSON tree here (the contract's own path builds none), because a pointer may lead anywhere.

pub(in crate::decode) mod compile;
mod csv;
pub(in crate::decode) mod field;
mod identity;
pub(in crate::decode) mod pattern;
pub(in crate::decode) mod pointer;
mod spec;
mod states;
mod time;
mod unit;
mod uses;
mod zone;

use std::sync::Arc;

use foretell_model::{Event, MachineId, Quality, Signal, Timestamp};
use serde_json::Value;

pub use compile::MappingFault;
pub(crate) use compile::{linear, signal_named};
use csv::Csv;
use field::{Field, Measured};
use identity::Identity;
pub(super) use pattern::Names;
use pattern::Pattern;
use pointer::Pointer;
pub use spec::{
    CsvSpec, DeriveSpec, FieldSpec, HoursSpec, MappingSpec, OnlySpec, PartSpec, Pointers, StateSpec, TimeSpec,
};
use states::States;
use time::TimeFormat;
pub(crate) use unit::Linear;
pub(super) use uses::Use;

use super::admission::{Admission, Candidate, bit};
use super::contract::json_fault;
use super::hours::RunHours;
use super::reason::{Fault, RefusalReason};
use super::tree;
use super::voice::Voice;

/// A checked rule.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The pattern as configured, for people.
    pub(super) topic: String,
    pub(super) pattern: Pattern,
    identity: Identity,
    records: Option<Pointer>,
    only: Option<Only>,
    payload: Payload,
    decimal_comma: bool,
    time: Option<Time>,
    fields: Vec<Field>,
    states: Option<States>,
    required: u16,
    /// Shared with the rule's successor when the configuration is read again and this mapping stayed as it is.
    hours: Option<Arc<RunHours>>,
}

/// How the payload is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Payload {
    Json,
    Csv(Csv),
    Text,
}

/// Which records are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Only {
    at: Pointer,
    is: String,
}

/// Where the time stamp stands and how it is written.
#[derive(Clone, Debug)]
struct Time {
    at: Pointer,
    format: TimeFormat,
}

/// A message that a mapping claimed: when it came, what its topic says, and what the whole payload holds beside the record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) arrived: Timestamp,
    pub(super) names: Names<'a>,
    pub(super) document: &'a Value,
}

impl Mapping {
    /// What a topic says, if this rule claims it.
    pub(super) fn claim<'a>(&self, topic: &'a str) -> Option<Names<'a>> {
        self.pattern.matches(topic)
    }

    /// Whether anything is mapped for the topic: a rule whose topics name the signal also gets those of signals that it does
    /// not map.
    pub(super) fn means(&self, names: Names<'_>) -> bool {
        let fields = self.fields.iter().any(|field| !field.is_constant() && field.is_meant(names.signal));
        fields || self.states.as_ref().is_some_and(|states| states.is_meant(names.signal))
    }

    /// Whether a record is of the kind that the rule is for.
    pub(super) fn wants(&self, record: &Value) -> bool {
        let Some(Only { at, is }) = &self.only else { return true };
        match at.find(record) {
            Some(Value::String(text)) => text == is,
            Some(other) => {
                let text = other.to_string();
                text == *is
            }
            None => false,
        }
    }

    /// The MQTT filter that brings its topics.
    pub(super) fn filter(&self) -> String {
        self.pattern.filter()
    }

    /// A topic that it claims, with made-up names.
    pub(super) fn example_topics(&self) -> Vec<String> {
        let state = self.states.as_ref().and_then(|states| states.word.as_deref());
        let mut words: Vec<&str> = self.fields.iter().filter_map(|field| field.word.as_deref()).chain(state).collect();
        if words.is_empty() {
            words.push("value");
        }
        let mut topics: Vec<String> = words.into_iter().map(|word| self.pattern.example(word)).collect();
        topics.dedup();
        topics
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
        self.hours.as_deref().filter(|_| self.identity.may_be(machine))
    }

    /// Goes on with the counters of a rule that was the same.
    pub(super) fn inherit(&mut self, before: &Self) {
        if self.hours.is_some() && before.hours.is_some() {
            self.hours.clone_from(&before.hours);
        }
    }

    /// Decodes a payload and hands each record, admitted or not, to `take` with its raw bytes; records of another kind are
    /// counted in `ignored`. Where the payload says whose the records are, `voice` is asked for all of them before the first is
    /// taken; for the machine of a topic it was asked before.
    ///
    /// # Errors
    /// When the payload as a whole cannot be read, or the publisher may not speak for one of its machines.
    pub(super) fn decode(
        &self,
        (names, voice): (Names<'_>, Voice<'_>),
        admission: Admission,
        items_max: usize,
        payload: &[u8],
        ignored: &mut u64,
        take: &mut impl FnMut(Result<Event, Fault>, &[u8]),
    ) -> Result<(), Fault> {
        // Known before the payload is looked at: who speaks in a foreign voice is refused by that name.
        let machine = match self.identity.is_by_topic() {
            true => Some(self.identity.of(names, &Value::Null, &Value::Null)?),
            false => None,
        };
        let document = self.document(payload)?;
        let message = Message { arrived: admission.arrived, names, document: &document };
        if machine.is_none() && voice.is_limited() {
            self.ask(voice, message, items_max, payload)?;
        }
        self.each_record(&document, payload, items_max, |raw, record| {
            let value = record.as_ref().ok().copied();
            if value.is_some_and(|value| !self.wants(value)) {
                *ignored += 1;
                return;
            }
            let event = record.and_then(|record| match &machine {
                Some(machine) => self.event(machine, admission, record, message, true),
                None => self.event(&self.machine(message, record)?, admission, record, message, true),
            });
            match (raw, value, &event) {
                // A tree keeps no spans: a record of an array is quarantined as it was understood, not byte for byte.
                (None, Some(value), Err(_)) => take(event, value.to_string().as_bytes()),
                _ => take(event, raw.unwrap_or_default()),
            }
        })
    }

    /// Whether a publisher may speak for the machine of every record.
    fn ask(&self, voice: Voice<'_>, message: Message<'_>, items_max: usize, payload: &[u8]) -> Result<(), Fault> {
        let mut may = Ok(());
        self.each_record(message.document, payload, items_max, |_, record| {
            if let Ok(record) = record
                && may.is_ok()
                && self.wants(record)
                && let Ok(machine) = self.machine(message, record)
            {
                may = voice.ask(&machine);
            }
        })?;
        may
    }

    /// The machine of every message on such a topic, where the payload has no say in it.
    pub(super) fn machine_by_topic(&self, names: Names<'_>) -> Option<MachineId> {
        let by_topic = self.identity.is_by_topic();
        by_topic.then(|| self.identity.of(names, &Value::Null, &Value::Null).ok()).flatten()
    }

    /// The machine that a record speaks of.
    pub(super) fn machine(&self, message: Message<'_>, record: &Value) -> Result<MachineId, Fault> {
        self.identity.of(message.names, record, message.document)
    }

    /// The payload as JSON; `null` for CSV, whose lines are records of their own.
    pub(super) fn document(&self, payload: &[u8]) -> Result<Value, Fault> {
        match self.payload {
            Payload::Csv(_) => Ok(Value::Null),
            Payload::Json => tree::parse(payload).map_err(|error| json_fault(&error)),
            Payload::Text => {
                let text = std::str::from_utf8(payload).map_err(|error| {
                    Fault::new(RefusalReason::Malformed, format!("the payload is not UTF-8: {error}"))
                })?;
                Ok(Value::String(text.trim().to_owned()))
            }
        }
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
        if let Payload::Csv(csv) = &self.payload {
            let records = csv.records(payload, items_max)?;
            records.into_iter().for_each(|(raw, record)| sink(Some(raw), record.as_ref().map_err(Clone::clone)));
            return Ok(());
        }
        match self.records.as_ref().map(|at| at.find(document)) {
            Some(None) => return Err(Fault::new(RefusalReason::MissingField, "`records` leads nowhere")),
            Some(Some(Value::Array(items))) => {
                csv::within(items.len(), items_max)?;
                items.iter().for_each(|item| sink(None, Ok(item)));
            }
            Some(Some(one)) => sink(Some(payload), Ok(one)),
            None => sink(Some(payload), Ok(document)),
        }
        Ok(())
    }

    /// One record as an event. With `keep` the derived hours are remembered.
    pub(super) fn event(
        &self,
        machine: &MachineId,
        admission: Admission,
        record: &Value,
        message: Message<'_>,
        keep: bool,
    ) -> Result<Event, Fault> {
        let mut candidate = self.candidate(admission, record, message)?;
        let Some(hours) = &self.hours else { return admission.reading(machine, self.required, &candidate) };
        // A record that does not name the signal that is watched says nothing about running or standing.
        if candidate.named & bit(hours.watches()) == 0 && self.required & bit(hours.watches()) == 0 {
            return admission.reading(machine, self.required, &candidate);
        }
        candidate.named |= bit(Signal::RunHours);
        // Admitted first without the derived signal, so that a refused reading leaves no trace in the counter.
        let mut event = admission.reading(machine, self.required, &candidate)?;
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

    /// What a record claims, before admission looks at it.
    fn candidate(&self, admission: Admission, record: &Value, message: Message<'_>) -> Result<Candidate, Fault> {
        let mut candidate = Candidate::default();
        match &self.time {
            Some(time) => candidate.ts = Some(time.read(record, message)?),
            None => (candidate.ts, candidate.quality) = (Some(admission.arrived), Quality::UntimedAtSource),
        }
        let meant = || self.fields.iter().filter(|field| field.is_meant(message.names.signal));
        for field in meant().filter(|field| !field.is_constant()) {
            match field.read(record, self.decimal_comma)? {
                Measured::Absent => {}
                Measured::Missing => candidate.name(field.signal, None),
                Measured::Value(value) => candidate.name(field.signal, Some(value)),
            }
        }
        if let Some(states) = self.states.as_ref().filter(|states| states.is_meant(message.names.signal)) {
            candidate.state = states.read(record)?;
        }
        // Constants only beside something measured: alone they would be a reading that nobody took.
        if !candidate.signals.is_empty() || candidate.state.is_some() {
            for field in meant().filter(|field| field.is_constant()) {
                if let Measured::Value(value) = field.read(record, false)? {
                    candidate.name(field.signal, Some(value));
                }
            }
        }
        Ok(candidate)
    }
}

impl Time {
    fn value<'a>(&self, record: &'a Value, document: &'a Value) -> Option<&'a Value> {
        self.at.find(record).or_else(|| self.at.find(document)).filter(|value| !value.is_null())
    }

    fn read(&self, record: &Value, message: Message<'_>) -> Result<Timestamp, Fault> {
        let value = self.value(record, message.document);
        let value = value.ok_or_else(|| Fault::new(RefusalReason::MissingField, "the time stamp is missing"))?;
        self.format
            .read(value, message.arrived)
            .map_err(|problem| Fault::new(RefusalReason::BadTime, format!("the time stamp: {problem}")))
    }
}
