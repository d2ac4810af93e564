//! From a topic and its bytes to events: decoding, mapping and admission. No I/O, no clock, no randomness.
//!
//! Three shapes are understood: the contract's own topics, read without any intermediate tree, those of Sparkplug B
//! ([`crate::sparkplug`]), and foreign ones through `[[mapping]]` rules. What is not admitted comes back as a refusal with its reason and raw bytes; one bad item of an array
//! costs only itself. Duplicates are not looked for here: the log knows what it holds.
//!
//! The same message gives the same events, whenever and however often it is decoded. The two things that look back, derived
//! run hours and Sparkplug's sessions, keep to that by remembering what they gave; see [`Decoder::seed`] for how the first
//! survives a restart. The second does not: after a restart edge nodes are asked for their births.

mod admission;
mod contract;
mod explain;
mod hours;
mod items;
mod known;
mod mapping;
mod overlap;
mod reason;
mod rules;
mod scalar;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod voice;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use foretell_model::{Event, Log, LogError, MINUTE_MS, MachineId, Offset, Partition, Reading, Refusal, Timestamp};

pub(crate) use admission::{Admission, Candidate, bit, mask};
pub use explain::{Explained, Explanation, Fate};
pub(crate) use known::KnownTopics;
use mapping::Mapping;
pub use mapping::{
    CsvSpec, DeriveSpec, FieldSpec, HoursSpec, MappingFault, MappingSpec, OnlySpec, PartSpec, Pointers, StateSpec,
    TimeSpec,
};
pub(crate) use mapping::{Linear, linear, signal_named};
pub use overlap::Overlap;
pub(crate) use reason::Fault;
pub use reason::RefusalReason;
use rules::{Route, Shared};
pub(crate) use voice::Voice;

use crate::listener::Rights;
use crate::sparkplug::{self, Publication, SparkplugNotes, SparkplugOptions};

/// Entries of the log that are read at once when derived counters are rebuilt.
const SEED_CHUNK: usize = 10_000;

/// Characters of a topic that stay with what is refused, as many as the quarantine keeps: a message may have a thousand items
/// and a topic of 64 KiB.
const TOPIC_CHARS_MAX: usize = 1_000;

/// What the decoder knows and how much it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderOptions {
    /// How far a time stamp may lie ahead of its arrival, in milliseconds; at least 0. Default 10 min.
    pub ahead_max_ms: i64,
    /// How far a reading's time stamp may lie behind its arrival, in milliseconds; `None`, the default: any age.
    pub behind_max_ms: Option<i64>,
    /// Largest payload, in bytes. Default 1 MiB.
    pub payload_bytes_max: usize,
    /// Most items in one array. Default 1,000.
    pub items_max: usize,
    /// Codes of work that mean something: an event of maintenance with another one is refused. `None`, the default: any.
    pub works: Option<BTreeSet<String>>,
    /// Foreign topics and payloads; the first mapping that claims a topic has it.
    pub mappings: Vec<MappingSpec>,
    /// Sparkplug B; `None`: its topics mean nothing.
    pub sparkplug: Option<SparkplugOptions>,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self {
            ahead_max_ms: 10 * MINUTE_MS,
            behind_max_ms: None,
            payload_bytes_max: 1 << 20,
            items_max: 1000,
            works: None,
            mappings: Vec::new(),
            sparkplug: Some(SparkplugOptions::default()),
        }
    }
}

/// What became of one message. Reused from message to message: decoding clears it first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What was admitted, in the order of the message.
    pub events: Vec<Event>,
    /// What was not.
    pub refused: Vec<Refusal>,
    /// Keys of contract messages, metrics of edge nodes, and messages or records that a mapping passes over, which mean nothing
    /// here.
    pub ignored_keys: u64,
    /// Items refused for their time stamps: how many there were, and how far the one nearest to its arrival lay ahead of it,
    /// milliseconds; negative for `too_old`.
    pub ahead: Option<(u64, i64)>,
    /// What edge nodes must be told: rebirth requests.
    pub publications: Vec<Publication>,
    /// What was noted of edge nodes.
    pub sparkplug: SparkplugNotes,
}

/// Turns messages into events. Shared by all connections: cloning copies a pointer, and any thread may decode. Its rules can
/// be replaced while it works.
#[derive(Clone, Debug)]
pub struct Decoder {
    current: Arc<RwLock<Arc<Shared>>>,
}

/// Every fault of all mappings at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DecoderError {
    /// The faults, in the order of the configuration; at least one.
    pub faults: Vec<MappingFault>,
}

/// Why rules could not be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Mappings have faults.
    #[error(transparent)]
    Faults(#[from] DecoderError),
    /// Derived counters could not be rebuilt.
    #[error("could not read the log to rebuild derived run hours")]
    Log(#[from] LogError),
}

impl Decoder {
    /// Checks all mappings.
    ///
    /// # Errors
    /// When mappings have faults; all of them are told at once.
    pub fn new(options: DecoderOptions) -> Result<Self, DecoderError> {
        Ok(Self { current: Arc::new(RwLock::new(Arc::new(Shared::new(options)?))) })
    }

    /// Goes on with other rules from the next message on, in every clone. A mapping that stayed as it was keeps its derived
    /// counters; those of a new one are rebuilt from `log`, which takes about a second per million entries, before anything
    /// is decoded by it, so call it off the async workers. Sparkplug's sessions stay; an edge node goes by new rules from its
    /// next birth on, for which it is asked. Whether there is a host at all, and its name, stay as they are. Returns whether
    /// the topics to subscribe to are others now.
    ///
    /// # Errors
    /// When mappings have faults or the log cannot be read; the rules stay as they were.
    pub fn replace(&self, options: DecoderOptions, log: &dyn Log) -> Result<bool, ReplaceError> {
        let before = self.shared();
        let mut shared = Shared::new(options)?;
        let rules = std::mem::replace(&mut shared.sparkplug, before.sparkplug.clone());
        let mut fresh = Vec::new();
        for (place, (mapping, spec)) in shared.mappings.iter_mut().zip(&shared.specs).enumerate() {
            match before.specs.iter().position(|known| known == spec) {
                Some(known) => mapping.inherit(&before.mappings[known]),
                None if mapping.derives() => fresh.push(place),
                None => {}
            }
        }
        if !fresh.is_empty() {
            let fresh: Vec<&Mapping> = fresh.into_iter().map(|place| &shared.mappings[place]).collect();
            seed_all(log, |reading| fresh.iter().for_each(|mapping| seed(mapping, reading)))?;
        }
        // From here on nothing can fail.
        if let (Some(host), Some(rules)) = (&shared.sparkplug, &rules) {
            host.adopt(rules);
        }
        let filters_changed = before.filters() != shared.filters();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shared);
        Ok(filters_changed)
    }

    fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decodes one message that arrived from `source` (a name for people, e.g. `listener`) on `topic`.
    ///
    /// `out` is cleared first. Nothing fails: what is not admitted stands in `out.refused`.
    pub fn decode(&self, arrived: Timestamp, source: &str, topic: &str, payload: &[u8], out: &mut Decoded) {
        self.decode_known(None, Voice::UNLIMITED, arrived, source, (topic, payload), out);
    }

    /// The same for a publisher that may speak for some machines only: what is about another one is refused as a whole.
    pub fn decode_of(
        &self,
        rights: &Rights,
        arrived: Timestamp,
        source: &str,
        message: (&str, &[u8]),
        out: &mut Decoded,
    ) {
        self.decode_known(None, Voice::of(rights), arrived, source, message, out);
    }

    /// The same for one publisher whose topics come again and again: `known` spares their reading. What `voice` may not say is
    /// refused as a whole and leaves no trace.
    pub(crate) fn decode_known(
        &self,
        known: Option<&mut KnownTopics>,
        voice: Voice<'_>,
        arrived: Timestamp,
        source: &str,
        (topic, payload): (&str, &[u8]),
        out: &mut Decoded,
    ) {
        out.events.clear();
        out.refused.clear();
        out.ignored_keys = 0;
        out.ahead = None;
        out.publications.clear();
        out.sparkplug = SparkplugNotes::default();
        let shared = self.shared();
        if let Some(host) = shared.sparkplug_of(topic) {
            return shared.edge_node(host, voice, arrived, source, (topic, payload), out);
        }
        let payload = rules::without_mark(payload);
        let Decoded { events, refused, ignored_keys, ahead, .. } = out;
        let mut take = |result: Result<Event, Fault>, raw: &[u8]| match result {
            Ok(event) => events.push(event),
            Err(Fault { reason, detail, ahead_ms }) => {
                if ahead_ms != 0 {
                    let (items, nearest_ms) = ahead.unwrap_or((0, ahead_ms));
                    let nearer_ms = if ahead_ms.abs() < nearest_ms.abs() { ahead_ms } else { nearest_ms };
                    *ahead = Some((items + 1, nearer_ms));
                }
                let topic = topic.chars().take(TOPIC_CHARS_MAX).collect();
                let (source, raw) = (source.to_owned(), raw.to_vec());
                refused.push(Refusal { arrived, source, topic, reason: reason.code(), detail, raw });
            }
        };
        let route = |()| match known {
            Some(known) => shared.known_route(known, topic),
            None => shared.route(topic),
        };
        let routed = route(());
        // Whether it may speak at all comes first: whatever else is wrong could be mended later, and then be admitted.
        let may = routed.as_ref().map_or(Ok(()), |route| route.may(voice));
        let routed = may.and_then(|()| shared.bounded(payload)).and(routed);
        let done = routed.and_then(|route| shared.message(arrived, (route, voice), payload, ignored_keys, &mut take));
        if let Err(fault) = done {
            take(Err(fault), payload);
        }
    }

    /// What would become of each field of a message, for `foretell check`. Nothing is remembered.
    #[must_use]
    pub fn explain(&self, arrived: Timestamp, topic: &str, payload: &[u8]) -> Explanation {
        explain::explain(&self.shared(), arrived, topic, payload)
    }

    /// A topic that each mapping claims, with made-up names, for a person who tries a sample.
    #[must_use]
    pub fn example_topics(&self) -> Vec<String> {
        self.shared().mappings.iter().flat_map(Mapping::example_topics).collect()
    }

    /// Mappings of which one takes topics that another claims too, in the order of the configuration.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        overlap::overlaps(&self.shared().mappings)
    }

    /// The machine that a topic speaks of, if it names one.
    #[must_use]
    pub fn machine_of(&self, topic: &str) -> Option<MachineId> {
        let shared = self.shared();
        if let Some(host) = shared.sparkplug_of(topic) {
            return host.machine(topic);
        }
        match shared.route(topic).ok()? {
            Route::Contract(_, machine) => Some(machine),
            Route::Mapped(mapping, names) => mapping.machine_by_topic(names),
        }
    }

    /// The MQTT filters that bring everything this decoder understands; a broker session subscribes to them.
    #[must_use]
    pub fn filters(&self) -> Vec<String> {
        self.shared().filters()
    }

    /// Whether a *retained* message on this topic must not be taken: where the source gives no time stamp an old value would
    /// look like one of now, and an old birth would say what aliases stood for then.
    #[must_use]
    pub fn is_untimed(&self, topic: &str) -> bool {
        let shared = self.shared();
        shared.sparkplug_of(topic).is_some_and(|_| sparkplug::is_said_by_edge_node(topic))
            || shared.mapping(topic).is_some_and(|(mapping, _)| mapping.is_untimed())
    }

    /// Our name as a Sparkplug host application, if we are one.
    #[must_use]
    pub fn host_id(&self) -> Option<String> {
        self.shared().sparkplug.as_ref().map(|host| host.host_id().to_owned())
    }

    /// Tells that an input has missed messages, so that no session of its edge nodes is believed to go on.
    pub fn edge_nodes_missed(&self, source: &str) {
        if let Some(host) = &self.shared().sparkplug {
            host.miss(source);
        }
    }

    /// Tells that an input may have missed messages of the edge node that speaks on a topic.
    pub(crate) fn edge_node_missed(&self, source: &str, topic: &str) {
        if let (Some(host), Some((group, node))) = (&self.shared().sparkplug, sparkplug::node_in_sequence(topic)) {
            host.miss_node(source, group, node);
        }
    }

    /// The machine that an edge node is called here, if it is one.
    #[must_use]
    pub fn edge_node(&self, group: &str, node: &str) -> Option<MachineId> {
        self.shared().sparkplug.as_ref()?.machine_of_node(group, node)
    }

    /// Whether any mapping derives a counter, so that the decoder must be told at start what it gave before.
    #[must_use]
    pub fn derives(&self) -> bool {
        self.shared().mappings.iter().any(Mapping::derives)
    }

    /// Tells the decoder of a reading that stands on the log, so that derived run hours continue from it and a redelivery of
    /// the same reading gets the same value. Call it for logged readings, before anything is decoded; readings of machines
    /// without derived hours are passed over. Only the newest 4,096 readings of each machine are remembered.
    pub fn seed(&self, reading: &Reading) {
        self.shared().mappings.iter().for_each(|mapping| seed(mapping, reading));
    }

    /// Seeds from a whole log; returns at once when nothing is derived. Reads every entry once, about a second per million,
    /// so call it before any input is open and off the async workers. Returns how many readings were looked at.
    ///
    /// # Errors
    /// When the log cannot be read; derived counters would restart then, so nothing should be decoded.
    pub fn seed_from(&self, log: &dyn Log) -> Result<u64, LogError> {
        if !self.derives() {
            return Ok(0);
        }
        seed_all(log, |reading| self.seed(reading))
    }
}

fn seed(mapping: &Mapping, reading: &Reading) {
    if let Some(hours) = mapping.hours_of(&reading.machine) {
        hours.seed(&reading.machine, reading.ts, &reading.signals);
    }
}

/// Shows every reading of a log; returns how many there were.
fn seed_all(log: &dyn Log, mut seed: impl FnMut(&Reading)) -> Result<u64, LogError> {
    let mut seen = 0;
    for partition in (0..log.partitions()).map(Partition) {
        let mut after = Offset(0);
        loop {
            let entries = log.read(partition, after, SEED_CHUNK)?;
            let Some(last) = entries.last() else { break };
            after = last.offset;
            for entry in &entries {
                if let Event::Reading(reading) = &entry.event {
                    seed(reading);
                    seen += 1;
                }
            }
        }
    }
    Ok(seen)
}
