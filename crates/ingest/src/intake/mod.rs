//! From a payload to a kept event: decode, queue, commit in groups, tell each publisher what became of its tickets.
//!
//! Decoding happens where the bytes arrive (so that every core is used); one committer thread owns the log. It commits
//! as soon as it is idle and takes everything that queued meanwhile, so a batch grows exactly as large as the disk is slow.
//! Nothing is reported [`Outcome::Kept`] before the log said so.

mod committer;
mod fleet;
mod lanes;
mod origin;
mod refusals;
mod status;
mod submitter;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use foretell_model::{Clock, Log, MachineId, Quarantine, Timestamp};
use tokio::sync::{Semaphore, mpsc};

use crate::decode::Decoder;
use crate::listener::Rights;
use crate::skew::Skews;
use committer::{Committer, Item};
use fleet::Fleet;
pub use origin::{is_nameless, login_of};
pub(crate) use refusals::LOOK_EVERY;
use status::Arrivals;
pub(crate) use status::{CommitFigures, Source};
pub use status::{CommitStatus, SourceStatus};
pub(crate) use submitter::{Finished, Full, Outcome, Room, Submitter, Ticket, size};
use trouble::Troubles;
pub use trouble::{Trouble, TroubleKind};

/// The source of whatever comes to our own listener.
pub(crate) const LISTENER: &str = "listener";

/// What one queued ticket costs of [`IntakeOptions::queue_bytes_max`] beyond its topic and payload.
const TICKET_BYTES: u32 = 256;

/// How the intake queues and commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeOptions {
    /// How long the committer waits for company before each commit. Zero, the default, commits as soon as it is idle;
    /// more spares flash memory and costs every publisher that much latency.
    pub commit_window: Duration,
    /// Bound of everything queued for the log: bytes of topic and payload plus 256 per message. When it is reached, sockets are
    /// no longer read. 64 KiB to 1 GiB; values outside are taken as the nearest bound. Default 32 MiB.
    pub queue_bytes_max: u32,
    /// How many machines there may be. What a further one says is refused as `too_many_machines`. Default 200,000.
    pub machines_max: usize,
    /// Machines that were heard of before; they count, and are taken in even beyond that number.
    pub machines: Vec<MachineId>,
}

impl Default for IntakeOptions {
    fn default() -> Self {
        Self { commit_window: Duration::ZERO, queue_bytes_max: 32 << 20, machines_max: 200_000, machines: Vec::new() }
    }
}

/// The way in. Cloning copies a pointer; each publisher takes a [`Submitter`] of its own.
#[derive(Clone)]
pub(crate) struct Intake {
    shared: Arc<Shared>,
}

/// What all submitters and the committer share.
struct Shared {
    decoder: Decoder,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<Item>,
    /// Free bytes of the queue; permits are forgotten on submission and added back after the commit.
    room: Semaphore,
    queue_bytes_max: u32,
    figures: CommitFigures,
    skews: Arc<Skews>,
    fleet: Fleet,
    /// Set when a full disk is no longer to be waited out.
    stopping: AtomicBool,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

impl Intake {
    /// Starts the committer's thread. The handle ends after [`Intake::stop`].
    ///
    /// # Errors
    /// When the operating system refuses a thread.
    pub(crate) fn start(
        options: &IntakeOptions,
        decoder: Decoder,
        log: Arc<dyn Log>,
        quarantine: Arc<dyn Quarantine>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let queue_bytes_max = options.queue_bytes_max.clamp(64 << 10, 1 << 30);
        // Every submission weighs at least TICKET_BYTES, so the channel can never be full while there is room; it
        // allocates as it fills, not ahead.
        let (queue, queued) = mpsc::channel((queue_bytes_max / TICKET_BYTES) as usize + 1);
        let shared = Arc::new(Shared {
            decoder,
            clock,
            queue,
            room: Semaphore::new(queue_bytes_max as usize),
            queue_bytes_max,
            figures: CommitFigures::default(),
            skews: Arc::default(),
            fleet: Fleet::of(options.machines.iter().cloned(), options.machines_max),
            stopping: AtomicBool::new(false),
        });
        let committer = Committer::new(queued, log, quarantine, options.commit_window, Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("foretell-commit".into()).spawn(move || committer.run())?;
        Ok((Self { shared }, thread))
    }

    /// The end of the intake of a publisher that may speak for every machine, counted under `source`.
    pub(crate) fn submitter(&self, source: &Arc<Source>) -> Submitter {
        Submitter::new(Arc::clone(&self.shared), Arc::clone(source), None, None)
    }

    /// The end of the intake of a login; one that has a name is named with whatever is refused of it.
    pub(crate) fn submitter_of(&self, source: &Arc<Source>, rights: &Arc<Rights>, user: Option<&str>) -> Submitter {
        Submitter::new(Arc::clone(&self.shared), Arc::clone(source), Some(Arc::clone(rights)), user)
    }

    /// The decoder behind the intake.
    pub(crate) fn decoder(&self) -> &Decoder {
        &self.shared.decoder
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// How commits go.
    pub(crate) fn commit_status(&self) -> CommitStatus {
        let (bound, free) = (u64::from(self.shared.queue_bytes_max), self.shared.room.available_permits() as u64);
        CommitStatus {
            queued_bytes: bound.saturating_sub(free),
            queue_bytes_max: bound,
            ..self.shared.figures.status()
        }
    }

    /// Says that a commit that had failed would now succeed, as whoever owns the stores has found out.
    pub(crate) fn recovered(&self) {
        self.shared.figures.recovered();
    }

    /// How far each machine's clock is from ours.
    pub(crate) fn skews(&self) -> &Skews {
        &self.shared.skews
    }

    /// Goes on with another bound of the number of machines.
    pub(crate) fn bound_machines(&self, machines_max: usize) {
        self.shared.fleet.bound(machines_max);
    }

    /// From now on a full disk fails a batch instead of holding it: its messages will be sent again after the restart.
    pub(crate) fn give_up_waiting(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Tells the committer to end after what is queued now; later submissions fail.
    pub(crate) async fn stop(&self) {
        if self.shared.queue.send(Item::Stop).await.is_err() {
            tracing::debug!("The committer had stopped already.");
        }
    }
}
