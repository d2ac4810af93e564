//! What the intake counts, for pages and for `/metrics`.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use foretell_model::{Appended, LogError, Refusal, Timestamp};
use metrics::{counter, gauge, histogram};

use super::refusals::Refusals;
use super::{Finished, Outcome, Trouble, TroubleKind, Troubles};

/// One input, as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// `listener` or the broker's name.
    pub name: String,
    /// Where the broker is; none for the listener.
    pub url: Option<String>,
    /// Clients connected to the listener; for a broker 1 while its session stands, else 0.
    pub connected: usize,
    /// Arrival of the newest message.
    pub last_arrival: Option<Timestamp>,
    /// Arrival of the newest message of which something was admitted.
    pub last_admitted: Option<Timestamp>,
    /// Messages received since the start.
    pub messages: u64,
    /// Events admitted from them since the start, duplicates included.
    pub admitted: u64,
    /// Messages whose batch was committed since the start.
    pub kept_messages: u64,
    /// Messages that were not acknowledged because their batch failed.
    pub failed_messages: u64,
    /// Keys that mean nothing here.
    pub ignored_keys: u64,
    /// Items refused since the start, by reason.
    pub refused: Vec<(&'static str, u64)>,
    /// What is wrong with who connects, as long as it goes on.
    pub troubles: Vec<Trouble>,
}

/// How commits go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitStatus {
    /// Events now on the log that were not before, since the start.
    pub kept: u64,
    /// Events that were on the log already, since the start.
    pub duplicates: u64,
    /// Batches committed since the start.
    pub batches: u64,
    /// How long the latest commit took.
    pub latest: Duration,
    /// The moving average of commit times (each new one counts an eighth).
    pub average: Duration,
    /// Whether the latest batch failed: nothing is being acknowledged.
    pub failing: bool,
    /// Whether a batch is held until the disk has room: nothing is acknowledged meanwhile, and nothing is lost.
    pub waiting_for_room: bool,
    /// Batches tried since the start, the failed ones included.
    pub tried: u64,
    /// Bytes that wait for the log, by the intake's own measure.
    pub queued_bytes: u64,
    /// Bound of these bytes.
    pub queue_bytes_max: u64,
    /// Whether the committer's thread has ended.
    pub ended: bool,
}

/// A source's live counters.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    connected: AtomicU64,
    last_arrival_ms: AtomicI64,
    last_admitted_ms: AtomicI64,
    messages: AtomicU64,
    admitted: AtomicU64,
    kept_messages: AtomicU64,
    failed_messages: AtomicU64,
    ignored_keys: AtomicU64,
    refused: Refusals,
    troubles: Troubles,
}

/// Messages that one publisher has received and not counted yet: shared counters are touched once per batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrivals {
    /// When the newest arrived.
    pub(super) latest: Timestamp,
    /// When the newest of which something was admitted arrived.
    pub(super) latest_admitted: Option<Timestamp>,
    pub(super) messages: u64,
    /// Events admitted.
    pub(super) admitted: u64,
    pub(super) ignored_keys: u64,
}

/// No message has arrived yet.
const NEVER: i64 = i64::MIN;

impl Source {
    /// A source that has received nothing.
    pub(crate) fn new(name: &str) -> Self {
        // There from the start, so that an alarm on zero finds one that has never been connected.
        gauge!("foretell_mqtt_clients_connected", "source" => name.to_owned()).increment(0.0);
        Self {
            name: name.to_owned(),
            connected: AtomicU64::new(0),
            last_arrival_ms: AtomicI64::new(NEVER),
            last_admitted_ms: AtomicI64::new(NEVER),
            messages: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            kept_messages: AtomicU64::new(0),
            failed_messages: AtomicU64::new(0),
            ignored_keys: AtomicU64::new(0),
            refused: Refusals::default(),
            troubles: Troubles::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes a sign of something that is wrong with who connects; returns how many there have been.
    pub(crate) fn note_trouble(&self, kind: TroubleKind, client_id: &str) -> u32 {
        self.troubles.note(kind, client_id, Instant::now())
    }

    /// Something that was wrong with who connects is over.
    pub(crate) fn trouble_over(&self, kind: TroubleKind, client_id: &str) {
        self.troubles.over(kind, client_id);
    }

    /// One more is connected.
    pub(crate) fn connected(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
        gauge!("foretell_mqtt_clients_connected", "source" => self.name.clone()).increment(1.0);
    }

    /// One less is connected.
    pub(crate) fn disconnected(&self) {
        self.connected.fetch_sub(1, Ordering::Relaxed);
        gauge!("foretell_mqtt_clients_connected", "source" => self.name.clone()).decrement(1.0);
    }

    /// Adds what a publisher has received since it last said so.
    pub(super) fn received(&self, arrivals: Arrivals) {
        self.last_arrival_ms.fetch_max(arrivals.latest.millis(), Ordering::Relaxed);
        if let Some(admitted) = arrivals.latest_admitted {
            self.last_admitted_ms.fetch_max(admitted.millis(), Ordering::Relaxed);
        }
        self.messages.fetch_add(arrivals.messages, Ordering::Relaxed);
        self.admitted.fetch_add(arrivals.admitted, Ordering::Relaxed);
        if arrivals.ignored_keys > 0 {
            self.ignored_keys.fetch_add(arrivals.ignored_keys, Ordering::Relaxed);
            counter!("foretell_ingest_ignored_keys_total").increment(arrivals.ignored_keys);
        }
    }

    pub(super) fn refused(&self, refused: &[Refusal]) {
        self.refused.add(refused);
    }

    /// Writes down what was refused and is to be told now, or all that was not told yet.
    pub(crate) fn tell_refusals(&self, all: bool) {
        for summary in self.refused.due(Instant::now(), all) {
            summary.emit(&self.name);
        }
    }

    pub(super) fn committed(&self, finished: &[Finished]) {
        let failed = finished.iter().filter(|f| f.outcome == Outcome::Failed).count() as u64;
        self.failed_messages.fetch_add(failed, Ordering::Relaxed);
        self.kept_messages.fetch_add(finished.len() as u64 - failed, Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> SourceStatus {
        let last = |at: &AtomicI64| Some(at.load(Ordering::Relaxed)).filter(|at_ms| *at_ms != NEVER);
        SourceStatus {
            name: self.name.clone(),
            url: None,
            connected: self.connected.load(Ordering::Relaxed) as usize,
            last_arrival: last(&self.last_arrival_ms).map(Timestamp::from_millis),
            last_admitted: last(&self.last_admitted_ms).map(Timestamp::from_millis),
            messages: self.messages.load(Ordering::Relaxed),
            admitted: self.admitted.load(Ordering::Relaxed),
            kept_messages: self.kept_messages.load(Ordering::Relaxed),
            failed_messages: self.failed_messages.load(Ordering::Relaxed),
            ignored_keys: self.ignored_keys.load(Ordering::Relaxed),
            refused: self.refused.counts(),
            troubles: self.troubles.now(Instant::now()),
        }
    }
}

/// The committer's live counters.
#[derive(Debug, Default)]
pub(crate) struct CommitFigures {
    kept: AtomicU64,
    duplicates: AtomicU64,
    batches: AtomicU64,
    latest_us: AtomicU64,
    average_us: AtomicU64,
    failing: AtomicBool,
    waiting_for_room: AtomicBool,
    tried: AtomicU64,
}

impl CommitFigures {
    /// A store has found no room; said once, until it has.
    pub(super) fn waits_for_room(&self, store: &'static str, cause: &LogError) {
        if !self.waiting_for_room.swap(true, Ordering::Relaxed) {
            tracing::error!(
                store,
                %cause,
                "Readings are held unacknowledged until the disk has room; make some, and they go on by themselves."
            );
        }
        counter!("foretell_ingest_commits_held_total", "store" => store).increment(1);
        gauge!("foretell_ingest_waiting_for_room").set(1.0);
    }

    /// A store has kept something.
    pub(super) fn has_room(&self, store: &'static str) {
        if self.waiting_for_room.load(Ordering::Relaxed) {
            self.waiting_for_room.store(false, Ordering::Relaxed);
            gauge!("foretell_ingest_waiting_for_room").set(0.0);
            tracing::info!(store, "The disk has room again; readings are acknowledged.");
        }
    }

    /// The stores work again, though no batch has shown it yet.
    pub(super) fn recovered(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }

    /// Counts one batch; `appended` is `None` when the log failed.
    pub(super) fn committed(&self, tickets: usize, appended: Option<&Appended>, quarantined: bool, took: Duration) {
        self.tried.fetch_add(1, Ordering::Relaxed);
        self.failing.store(appended.is_none() || !quarantined, Ordering::Relaxed);
        let Some(appended) = appended else { return };
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let average_us = self.average_us.load(Ordering::Relaxed);
        self.kept.fetch_add(appended.kept as u64, Ordering::Relaxed);
        self.duplicates.fetch_add(appended.duplicates as u64, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.latest_us.store(took_us, Ordering::Relaxed);
        self.average_us.store(average_us - average_us / 8 + took_us / 8, Ordering::Relaxed);
        counter!("foretell_ingest_messages_committed_total").increment(tickets as u64);
        counter!("foretell_ingest_events_kept_total").increment(appended.kept as u64);
        counter!("foretell_ingest_events_duplicate_total").increment(appended.duplicates as u64);
        histogram!("foretell_ingest_commit_seconds").record(took.as_secs_f64());
    }

    pub(super) fn status(&self) -> CommitStatus {
        CommitStatus {
            kept: self.kept.load(Ordering::Relaxed),
            duplicates: self.duplicates.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            latest: Duration::from_micros(self.latest_us.load(Ordering::Relaxed)),
            average: Duration::from_micros(self.average_us.load(Ordering::Relaxed)),
            failing: self.failing.load(Ordering::Relaxed),
            waiting_for_room: self.waiting_for_room.load(Ordering::Relaxed),
            tried: self.tried.load(Ordering::Relaxed),
            ..CommitStatus::default()
        }
    }
}

/// A store refused a batch: nothing of it is acknowledged, and publishers will send it again.
pub(super) struct CommitFailed<'a> {
    pub(super) store: &'static str,
    pub(super) cause: &'a LogError,
}

impl CommitFailed<'_> {
    pub(super) fn emit(self) {
        let why = std::error::Error::source(self.cause).map(ToString::to_string);
        tracing::error!(
            store = self.store,
            cause = %self.cause,
            why,
            "Could not commit a batch; its messages stay unacknowledged. Check the disk under the data directory."
        );
        counter!("foretell_ingest_commits_failed_total", "store" => self.store).increment(1);
    }
}

/// A store panicked; handled like a failure.
pub(super) struct CommitPanicked {
    pub(super) store: &'static str,
}

impl CommitPanicked {
    pub(super) fn emit(self) {
        tracing::error!(store = self.store, "A commit panicked; its messages stay unacknowledged. Please report this.");
        counter!("foretell_ingest_commits_failed_total", "store" => self.store).increment(1);
    }
}
