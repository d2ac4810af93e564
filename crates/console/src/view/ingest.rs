//! What comes in, and what was refused.

use foretell_model::{MachineId, Quarantined, Timestamp};

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

/// How writing to the plant's history store goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// Everything is written, or on its way.
    Writing,
    /// The store is away or busy; it is asked again by itself.
    Waiting,
    /// A person has to mend something first.
    Stopped,
}

impl StoreState {
    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
        }
    }
}

/// The plant's history store (InfluxDB).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStore {
    /// How it goes.
    pub state: StoreState,
    /// Why it does not go on and what to do, in English as in the log; empty while it does.
    pub detail: String,
    /// Entries of the log that it does not have yet.
    pub behind_entries: u64,
    /// Points written since start.
    pub points_written: u64,
    /// Points it refused for good since start.
    pub points_refused: u64,
    /// When it last took something.
    pub last_written: Option<Timestamp>,
}

/// A subscriber to what happens, as its deliveries stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Scheme and host of its address.
    pub host: String,
    /// Entries of the record that it has not been offered, at most 1,000.
    pub waiting: u32,
    /// Events it took.
    pub delivered: u32,
    /// Events it refused for good.
    pub refused: u32,
    /// Failures since the last success.
    pub failures: u32,
    /// When it last took one.
    pub last_delivered: Option<Timestamp>,
    /// When it last did not.
    pub last_failure: Option<Timestamp>,
    /// Why not, in English as in the log; empty after a success.
    pub why: String,
    /// When it is tried again, after a failure.
    pub next: Option<Timestamp>,
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
    /// Entries the engine has not yet seen; `None` while that is not known, because the end of the log cannot be read.
    pub engine_behind: Option<u64>,
    /// Who is told of what happens, and how it goes.
    pub webhooks: Vec<WebhookStatus>,
    /// The plant's history store, if one is written to.
    pub history_store: Option<HistoryStore>,
    /// How much stands in the quarantine now, by reason.
    pub held: Vec<RefusalCount>,
    /// Every machine's clock, the furthest off first.
    pub clocks: Vec<MachineClock>,
    /// Why no reading is taken just now, and which parts cannot do their work, each in a sentence; empty when all is well.
    pub faults: Vec<String>,
    /// The newest quarantine entries, newest first, at most some 20.
    pub quarantine: Vec<Quarantined>,
}

/// One machine's clock beside ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineClock {
    /// Whose.
    pub machine: MachineId,
    /// How far it is behind, milliseconds; negative when it is ahead. Delivering late looks the same as being behind.
    pub behind_ms: i64,
    /// When it was last heard.
    pub heard: Timestamp,
    /// Items refused since the start because they lay too far ahead.
    pub refused_ahead: u64,
}

/// Which refused items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineQuery {
    /// For this reason only.
    pub reason: Option<String>,
    /// On topics that name this machine.
    pub machine: Option<MachineId>,
    /// Arrived at this instant or later.
    pub from: Option<Timestamp>,
    /// Arrived before this instant.
    pub to: Option<Timestamp>,
    /// Of a smaller number than this.
    pub before: Option<u64>,
    /// At most so many, the newest.
    pub max: usize,
    /// At most so many raw bytes of each.
    pub raw_bytes_max: usize,
}
