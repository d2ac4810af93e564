//! The thread that owns the log's writing side.
//!
//! A full disk is waited out: a batch that found no room is kept in hand, unacknowledged, and offered again until there is.
//! Failing it would make clients reconnect in a circle; holding it makes them wait, and acknowledgements go on by themselves as
//! soon as there is room. Any other error fails the batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_model::{Event, Log, LogError, Quarantine, Refusal};
use tokio::sync::mpsc;

use super::Shared;
use super::lanes::Lanes;
use super::submitter::{Outcome, Submission};

/// A batch closes when it holds this many messages …
pub(super) const BATCH_TICKETS_MAX: usize = 5_000;
/// … or this many events and refusals: a backlog, or an array of rubbish, brings up to 1,000 per message.
pub(super) const BATCH_ITEMS_MAX: usize = 20_000;

/// A batch of so many messages shows that several publishers, or one with a window, are at work: then a commit is worth more
/// company. One publisher that waits for each answer is never kept waiting.
const COMPANY_TICKETS: usize = 4;
/// A batch is large enough to be committed at once.
const ENOUGH_TICKETS: usize = 64;
/// How long a small batch waits for company, again and again while more comes. A commit costs the cores and the disk far more
/// than a message does, and at some thousand messages a second what it takes is missing elsewhere.
const COMPANY_WAIT: Duration = Duration::from_micros(100);
/// But so often at most: a millisecond.
const COMPANY_WAITS_MAX: usize = 8;

/// How often a full disk is tried again.
const ROOM_RETRY: Duration = Duration::from_millis(250);

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
    lanes: Lanes,
    batch: Vec<Submission>,
    events: Vec<Event>,
    refusals: Vec<Refusal>,
    tickets: usize,
    /// Messages of the batch before.
    tickets_before: usize,
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
            lanes: Lanes::default(),
            batch: Vec::new(),
            events: Vec::new(),
            refusals: Vec::new(),
            tickets: 0,
            tickets_before: 0,
        }
    }

    /// Works until told to stop. What is queued behind the stop fails.
    pub(super) fn run(mut self) {
        let mut stopping = false;
        while !stopping || !self.lanes.is_empty() {
            self.lanes.begin();
            if self.lanes.is_empty() {
                let Some(Item::Submission(first)) = self.queued.blocking_recv() else { break };
                if !self.window.is_zero() {
                    std::thread::sleep(self.window);
                }
                self.offer(first);
            } else {
                self.take_waiting(BATCH_ITEMS_MAX / 2);
            }
            stopping = stopping || self.fill() || self.gather();
            self.take_waiting(BATCH_ITEMS_MAX);
            self.commit();
        }
        self.queued.close();
        while let Ok(item) = self.queued.try_recv() {
            if let Item::Submission(submission) = item {
                submission.fail(&self.shared);
            }
        }
    }

    fn is_full(&self, items_max: usize) -> bool {
        self.tickets >= BATCH_TICKETS_MAX || self.events.len() + self.refusals.len() >= items_max
    }

    /// Takes it, unless its publisher has had its share of this batch.
    fn offer(&mut self, submission: Submission) {
        if let Some(submission) = self.lanes.offer(submission) {
            self.take(submission);
        }
    }

    fn take(&mut self, mut submission: Submission) {
        self.tickets += submission.finished.len();
        self.events.append(&mut submission.events);
        self.refusals.append(&mut submission.refusals);
        self.batch.push(submission);
    }

    /// Adds what waited for its turn, up to so many events and refusals.
    fn take_waiting(&mut self, items_max: usize) {
        while !self.is_full(items_max)
            && let Some(submission) = self.lanes.next()
        {
            self.take(submission);
        }
    }

    /// Adds what is queued already; true when the stop was among it.
    fn fill(&mut self) -> bool {
        while !self.is_full(BATCH_ITEMS_MAX) {
            match self.queued.try_recv() {
                Ok(Item::Submission(submission)) => self.offer(submission),
                Ok(Item::Stop) => return true,
                Err(_) => return false,
            }
        }
        false
    }

    /// Waits a little for company while there is any; true when the stop was among it.
    fn gather(&mut self) -> bool {
        if self.tickets_before < COMPANY_TICKETS {
            return false;
        }
        for _ in 0..COMPANY_WAITS_MAX {
            let before = self.tickets;
            if before >= ENOUGH_TICKETS {
                return false;
            }
            std::thread::sleep(COMPANY_WAIT);
            if self.fill() {
                return true;
            }
            if self.tickets == before {
                return false;
            }
        }
        false
    }

    fn commit(&mut self) {
        let begun = Instant::now();
        // The quarantine first: a message of which nothing was admitted is acknowledged because the quarantine has it.
        let refuse = || self.quarantine.refuse(&self.refusals);
        let refused = patiently(&self.shared, "the quarantine", refuse, self.refusals.is_empty());
        let append = || self.log.append(&self.events);
        let appended = patiently(&self.shared, "the log", append, self.events.is_empty());
        if appended.is_some() {
            self.shared.skews.note(&self.events);
        }
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
        (self.tickets_before, self.tickets) = (self.tickets, 0);
    }
}

/// Runs one store's call, again and again while its disk is full. Another error or a panic in it fails the batch, never the
/// thread: the next batch may do better.
fn patiently<T: Default>(
    shared: &Shared,
    store: &'static str,
    call: impl Fn() -> Result<T, LogError>,
    nothing_to_do: bool,
) -> Option<T> {
    if nothing_to_do {
        return Some(T::default());
    }
    loop {
        match catch_unwind(AssertUnwindSafe(&call)) {
            Ok(Ok(done)) => {
                shared.figures.has_room(store);
                return Some(done);
            }
            Ok(Err(cause @ LogError::Full { .. })) if !shared.is_stopping() => {
                shared.figures.waits_for_room(store, &cause);
                std::thread::sleep(ROOM_RETRY);
            }
            Ok(Err(cause)) => {
                super::status::CommitFailed { store, cause: &cause }.emit();
                return None;
            }
            Err(_) => {
                super::status::CommitPanicked { store }.emit();
                return None;
            }
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
