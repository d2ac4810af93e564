//! Where refused input goes, as its users see it. `ingest` refuses; `history` keeps.

use crate::{LogError, Timestamp};

/// The reason of a time stamp further ahead of its arrival than clocks may differ.
pub const FROM_FUTURE: &str = "from_future";

/// The reason of a time stamp older than readings may be when they arrive.
pub const TOO_OLD: &str = "too_old";

/// One thing that was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When it reached us.
    pub arrived: Timestamp,
    /// Which input: `listener`, `listener/USER` where a login sent it, or a broker's name.
    pub source: String,
    /// MQTT topic or file name with line.
    pub topic: String,
    /// Why, as one of a closed set of codes, e.g. `out_of_range`; a metric label.
    pub reason: &'static str,
    /// Why, for a person: which field held what.
    pub detail: String,
    /// The raw bytes, possibly cut by the keeper's bound.
    pub raw: Vec<u8>,
}

/// A refusal as it stands in the quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number, increasing.
    pub id: u64,
    /// Reason code as kept.
    pub reason: String,
    /// When it reached us.
    pub arrived: Timestamp,
    /// Which input.
    pub source: String,
    /// MQTT topic or file name with line.
    pub topic: String,
    /// Why, for a person.
    pub detail: String,
    /// The raw bytes, possibly cut.
    pub raw: Vec<u8>,
}

/// A bounded store of refused input: when full, the oldest go.
pub trait Quarantine: Send + Sync {
    /// Keeps refusals. Not durable before the next commit of the log, because nothing in it was ever acknowledged as a reading.
    ///
    /// # Errors
    /// When the store refused.
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError>;

    /// The newest `max`, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn newest(&self, max: usize) -> Result<Vec<Quarantined>, LogError>;
}
