//! What comes in, and what was refused.

use foretell_model::{Quarantined, Timestamp};

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStatus {
    /// Its name, e.g. `listener` or a broker's name.
    pub name: String,
    /// Where it listens or connects to, without secrets.
    pub address: String,
    /// Whether it is up.
    pub connected: bool,
    /// Controllers connected, where that can be told.
    pub clients: Option<u64>,
    /// Readings kept since start.
    pub readings: u64,
    /// Readings per second over the last minute or so.
    pub readings_per_second: f64,
    /// Items refused since start.
    pub refused: u64,
    /// When its newest reading arrived.
    pub last_reading: Option<Timestamp>,
}

/// How often something was refused for one reason since start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    /// The reason's code, e.g. `out_of_range`.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Acquisition at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestStatus {
    /// The present instant by the wall clock (arrival times are wall time, also in rehearsals).
    pub now: Timestamp,
    /// Every input.
    pub sources: Vec<SourceStatus>,
    /// Refusals by reason, in any order.
    pub refusals: Vec<RefusalCount>,
    /// Entries on the log.
    pub log_entries: u64,
    /// Entries the engine has not yet seen.
    pub engine_behind: u64,
    /// The newest quarantine entries, newest first, at most some 20.
    pub quarantine: Vec<Quarantined>,
}
