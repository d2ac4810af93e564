//! From a topic and its bytes to events: decoding, mapping and admission. No I/O, no clock, no randomness.
//!
//! Two shapes are understood: the contract's own topics, read without any intermediate tree, and foreign ones through
//! `[[mapping]]` rules. What is not admitted comes back as a refusal with its reason and raw bytes; one bad item of an array
//! costs only itself. Duplicates are not looked for here: the log knows what it holds.
//!
//! The same message gives the same events, whenever and however often it is decoded. The one thing that looks back, derived
//! run hours, keeps to that by remembering what it gave; see [`Decoder::seed`] for how it survives a restart.

mod admission;
mod contract;
mod explain;
mod hours;
mod items;
mod mapping;
mod reason;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use foretell_model::{Event, Log, LogError, MINUTE_MS, MachineId, Offset, Partition, Reading, Refusal, Timestamp};

use admission::Admission;
pub use explain::{Explained, Explanation};
use mapping::Mapping;
use mapping::compile::compile;
pub use mapping::{CsvSpec, DeriveSpec, FieldSpec, HoursSpec, MappingFault, MappingSpec, StateSpec, TimeSpec};
use reason::Fault;
pub use reason::RefusalReason;

/// Entries of the log that are read at once when derived counters are rebuilt.
const SEED_CHUNK: usize = 10_000;

/// What the decoder knows and how much it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderOptions {
    /// How far a time stamp may lie ahead of its arrival, in milliseconds; at least 0. Default 10 min.
    pub ahead_max_ms: i64,
    /// Largest payload, in bytes. Default 1 MiB.
    pub payload_bytes_max: usize,
    /// Most items in one array. Default 1,000.
    pub items_max: usize,
    /// Foreign topics and payloads; the first mapping that claims a topic has it.
    pub mappings: Vec<MappingSpec>,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self { ahead_max_ms: 10 * MINUTE_MS, payload_bytes_max: 1 << 20, items_max: 1000, mappings: Vec::new() }
    }
}

/// What became of one message. Reused from message to message: decoding clears it first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What was admitted, in the order of the message.
    pub events: Vec<Event>,
    /// What was not.
    pub refused: Vec<Refusal>,
    /// Keys of contract messages that mean nothing here; they were skipped.
    pub ignored_keys: u64,
    /// How far the time stamps of items refused as `from_future` lay ahead of their arrival, milliseconds: how many there were,
    /// and the least of them.
    pub ahead: Option<(u64, i64)>,
}

/// Turns messages into events. Shared by all connections: cloning copies a pointer, and any thread may decode.
#[derive(Clone, Debug)]
pub struct Decoder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ahead_max_ms: i64,
    payload_bytes_max: usize,
    items_max: usize,
    mappings: Vec<Mapping>,
}

/// Every fault of all mappings at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DecoderError {
    /// The faults, in the order of the configuration; at least one.
    pub faults: Vec<MappingFault>,
}

/// Who a message speaks of and how to read it.
enum Route<'a> {
    Contract(contract::Kind, MachineId),
    Mapped(&'a Mapping, MachineId),
}

impl Decoder {
    /// Checks all mappings.
    ///
    /// # Errors
    /// When mappings have faults; all of them are told at once.
    pub fn new(options: DecoderOptions) -> Result<Self, DecoderError> {
        let DecoderOptions { ahead_max_ms, payload_bytes_max, items_max, mappings } = options;
        let mappings = compile(&mappings).map_err(|faults| DecoderError { faults })?;
        Ok(Self {
            shared: Arc::new(Shared { ahead_max_ms: ahead_max_ms.max(0), payload_bytes_max, items_max, mappings }),
        })
    }

    /// Decodes one message that arrived from `source` (a name for people, e.g. `listener`) on `topic`.
    ///
    /// `out` is cleared first. Nothing fails: what is not admitted stands in `out.refused`.
    pub fn decode(&self, arrived: Timestamp, source: &str, topic: &str, payload: &[u8], out: &mut Decoded) {
        out.events.clear();
        out.refused.clear();
        out.ignored_keys = 0;
        out.ahead = None;
        let Decoded { events, refused, ignored_keys, ahead } = out;
        let mut take = |result: Result<Event, Fault>, raw: &[u8]| match result {
            Ok(event) => events.push(event),
            Err(Fault { reason, detail, ahead_ms }) => {
                if ahead_ms > 0 {
                    let (items, least_ms) = ahead.unwrap_or((0, ahead_ms));
                    *ahead = Some((items + 1, least_ms.min(ahead_ms)));
                }
                let (source, topic, raw) = (source.to_owned(), topic.to_owned(), raw.to_vec());
                refused.push(Refusal { arrived, source, topic, reason: reason.code(), detail, raw });
            }
        };
        if let Err(fault) = self.shared.message(arrived, topic, payload, ignored_keys, &mut take) {
            take(Err(fault), payload);
        }
    }

    /// What would become of each field of a message, for `foretell check`. Nothing is remembered.
    #[must_use]
    pub fn explain(&self, arrived: Timestamp, topic: &str, payload: &[u8]) -> Explanation {
        explain::explain(&self.shared, arrived, topic, payload)
    }

    /// The machine that a topic speaks of, if it names one.
    #[must_use]
    pub fn machine_of(&self, topic: &str) -> Option<MachineId> {
        match self.shared.route(topic).ok()? {
            Route::Contract(_, machine) | Route::Mapped(_, machine) => Some(machine),
        }
    }

    /// The MQTT filters that bring everything this decoder understands; a broker session subscribes to them.
    #[must_use]
    pub fn filters(&self) -> Vec<String> {
        let mapped = self.shared.mappings.iter().map(Mapping::filter);
        let mut filters: Vec<String> = contract::FILTERS.into_iter().map(String::from).chain(mapped).collect();
        // Overlapping filters may bring a message twice, equal ones certainly would.
        filters.sort_unstable();
        filters.dedup();
        filters
    }

    /// Whether readings on this topic count from their arrival, because the source gives no time stamp. A *retained* message
    /// of that kind must not be taken: it would make an old value look like one of now.
    #[must_use]
    pub fn is_untimed(&self, topic: &str) -> bool {
        self.shared.mapping(topic).is_some_and(|(mapping, _)| mapping.is_untimed())
    }

    /// Whether any mapping derives a counter, so that the decoder must be told at start what it gave before.
    #[must_use]
    pub fn derives(&self) -> bool {
        self.shared.mappings.iter().any(Mapping::derives)
    }

    /// Tells the decoder of a reading that stands on the log, so that derived run hours continue from it and a redelivery of
    /// the same reading gets the same value. Call it for logged readings, before anything is decoded; readings of machines
    /// without derived hours are passed over. Only the newest 4,096 readings of each machine are remembered.
    pub fn seed(&self, reading: &Reading) {
        for mapping in &self.shared.mappings {
            if let Some(hours) = mapping.hours_of(&reading.machine) {
                hours.seed(&reading.machine, reading.ts, &reading.signals);
            }
        }
    }

    /// Seeds from a whole log; returns at once when nothing is derived. Reads every entry once, about a second per million,
    /// so call it before any input is open and off the async workers. Returns how many readings were looked at.
    ///
    /// # Errors
    /// When the log cannot be read; derived counters would restart then, so nothing should be decoded.
    pub fn seed_from(&self, log: &dyn Log) -> Result<u64, LogError> {
        let mut seen = 0;
        if !self.derives() {
            return Ok(seen);
        }
        for partition in (0..log.partitions()).map(Partition) {
            let mut after = Offset(0);
            loop {
                let entries = log.read(partition, after, SEED_CHUNK)?;
                let Some(last) = entries.last() else { break };
                after = last.offset;
                for entry in &entries {
                    if let Event::Reading(reading) = &entry.event {
                        self.seed(reading);
                        seen += 1;
                    }
                }
            }
        }
        Ok(seen)
    }
}

impl Shared {
    fn message(
        &self,
        arrived: Timestamp,
        topic: &str,
        payload: &[u8],
        ignored_keys: &mut u64,
        take: &mut impl FnMut(Result<Event, Fault>, &[u8]),
    ) -> Result<(), Fault> {
        if payload.len() > self.payload_bytes_max {
            let detail = format!("the payload has {} bytes; {} are allowed", payload.len(), self.payload_bytes_max);
            return Err(Fault::new(RefusalReason::TooLarge, detail));
        }
        let admission = Admission { arrived, ahead_max_ms: self.ahead_max_ms };
        match self.route(topic)? {
            Route::Contract(kind, machine) => {
                for raw in items::items(payload, self.items_max)? {
                    take(contract::item(kind, &machine, admission, raw, ignored_keys), raw);
                }
                Ok(())
            }
            Route::Mapped(mapping, machine) => mapping.decode(&machine, admission, self.items_max, payload, take),
        }
    }

    fn route(&self, topic: &str) -> Result<Route<'_>, Fault> {
        if let Some((site, machine, kind)) = contract::parse_topic(topic) {
            let machine = MachineId::new(site, machine);
            let machine = machine.map_err(|error| Fault::new(RefusalReason::BadIdentity, error.to_string()))?;
            return Ok(Route::Contract(kind, machine));
        }
        let Some((mapping, machine)) = self.mapping(topic) else {
            return Err(Fault::new(
                RefusalReason::UnknownTopic,
                "neither a contract topic nor one that a mapping claims",
            ));
        };
        Ok(Route::Mapped(mapping, machine?))
    }

    fn mapping(&self, topic: &str) -> Option<(&Mapping, Result<MachineId, Fault>)> {
        self.mappings.iter().find_map(|mapping| mapping.machine(topic).map(|machine| (mapping, machine)))
    }
}
