//! The thread that owns the log's writing side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_model::{Event, Log, LogError, Quarantine, Refusal};
use tokio::sync::mpsc;

use super::Shared;
use super::submitter::{Outcome, Submission};

/// A batch closes when it holds this many messages …
pub(super) const BATCH_TICKETS_MAX: usize = 5_000;
/// … or this many events: a backlog brings up to 1,000 per message.
pub(super) const BATCH_EVENTS_MAX: usize = 20_000;

/// What the committer is sent.
pub(super) enum Item {
    /// Messages to keep.
    Submission(Submission),
    /// End after what was queued before this.
    Stop,
}

/// Takes what is queued, appends it as one batch, says so, and begins again.
pub(super) struct Committer {
    queued: mpsc::Receiver<Item>,
    log: Arc<dyn Log>,
    quarantine: Arc<dyn Quarantine>,
    window: Duration,
    shared: Arc<Shared>,
    batch: Vec<Submission>,
    events: Vec<Event>,
    refusals: Vec<Refusal>,
    tickets: usize,
}

impl Committer {
    pub(super) fn new(
        queued: mpsc::Receiver<Item>,
        log: Arc<dyn Log>,
        quarantine: Arc<dyn Quarantine>,
        window: Duration,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            queued,
            log,
            quarantine,
            window,
            shared,
            batch: Vec::new(),
            events: Vec::new(),
            refusals: Vec::new(),
            tickets: 0,
        }
    }

    /// Works until told to stop. What is queued behind the stop fails.
    pub(super) fn run(mut self) {
        while let Some(Item::Submission(first)) = self.queued.blocking_recv() {
            if !self.window.is_zero() {
                std::thread::sleep(self.window);
            }
            self.take(first);
            let stopping = self.fill();
            self.commit();
            if stopping {
                break;
            }
        }
        self.queued.close();
        while let Ok(item) = self.queued.try_recv() {
            if let Item::Submission(submission) = item {
                submission.fail(&self.shared);
            }
        }
    }

    fn take(&mut self, mut submission: Submission) {
        self.tickets += submission.finished.len();
        self.events.append(&mut submission.events);
        self.refusals.append(&mut submission.refusals);
        self.batch.push(submission);
    }

    /// Adds what is queued already; true when the stop was among it.
    fn fill(&mut self) -> bool {
        while self.tickets < BATCH_TICKETS_MAX && self.events.len() < BATCH_EVENTS_MAX {
            match self.queued.try_recv() {
                Ok(Item::Submission(submission)) => self.take(submission),
                Ok(Item::Stop) => return true,
                Err(_) => return false,
            }
        }
        false
    }

    fn commit(&mut self) {
        let begun = Instant::now();
        // The quarantine first: a message of which nothing was admitted is acknowledged because the quarantine has it.
        let refused = guarded("the quarantine", || self.quarantine.refuse(&self.refusals), self.refusals.is_empty());
        let appended = guarded("the log", || self.log.append(&self.events), self.events.is_empty());
        let took = begun.elapsed();
        self.shared.figures.committed(self.tickets, appended.as_ref(), refused.is_some(), took);
        for mut submission in self.batch.drain(..) {
            settle(&mut submission, appended.is_some(), refused.is_some());
            self.shared.room.add_permits(submission.weight as usize);
            submission.outbox.put(&submission.finished);
            submission.source.committed(&submission.finished);
            // A second wake of the same publisher before it ran is merged with the first.
            submission.outbox.wake();
        }
        self.events.clear();
        self.refusals.clear();
        self.tickets = 0;
    }
}

/// Runs one store's call. An error or a panic in it fails the batch, never the thread: the next batch may do better.
fn guarded<T: Default>(
    store: &'static str,
    call: impl FnOnce() -> Result<T, LogError>,
    nothing_to_do: bool,
) -> Option<T> {
    if nothing_to_do {
        return Some(T::default());
    }
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Some(done),
        Ok(Err(cause)) => {
            super::status::CommitFailed { store, cause: &cause }.emit();
            None
        }
        Err(_) => {
            super::status::CommitPanicked { store }.emit();
            None
        }
    }
}

/// Turns what the stores said into what each message is told.
fn settle(submission: &mut Submission, appended: bool, refused: bool) {
    for finished in &mut submission.finished {
        let in_doubt = match finished.outcome {
            Outcome::Refused(_) => !refused,
            // Its refused items may be lost, its events are not: sending it again would be refused again.
            Outcome::Kept => !appended,
            Outcome::Failed => true,
        };
        if in_doubt {
            finished.outcome = Outcome::Failed;
        }
    }
}
