//! One publisher's end of the intake: a connection of the listener, or a broker session.

use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::{Clock, Event, MachineId, Refusal, Timestamp};
use tokio::sync::Notify;

use super::committer::Item;
use super::{Arrivals, Shared, Source, TICKET_BYTES, origin};
use crate::decode::{Decoded, Decoder, KnownTopics, RefusalReason, Voice};
use crate::listener::Rights;
use crate::sparkplug::{self, Publication};

/// The publisher's own name for one message; handed back with its [`Outcome`]. The broker session keeps a connection
/// generation in it, so that an answer to an earlier connection cannot acknowledge a later message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(pub(crate) u64);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its events would survive a power cut (or there were none to keep). It may be acknowledged.
    Kept,
    /// Nothing of it was admitted; the quarantine has it, with this reason. Sending it again would not help.
    Refused(&'static str),
    /// The log or the quarantine failed. It must not be acknowledged.
    Failed,
}

/// A message that is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Which.
    pub(crate) ticket: Ticket,
    /// How.
    pub(crate) outcome: Outcome,
}

/// The queue has no room for this message; wait for [`Submitter::room`] and offer it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Bytes of a message that may have to be kept until the commit: a topic may have 64 KiB, and is kept with what is refused.
pub(crate) const fn size(topic: &str, payload: &[u8]) -> usize {
    topic.len() + payload.len()
}

/// Room in the queue, in bytes.
#[must_use = "dropping it shrinks the queue for ever"]
pub(crate) struct Room(u32);

/// Where the committer leaves what it finished. It holds at most as many entries as its publisher has in flight.
#[derive(Default)]
pub(super) struct Outbox {
    finished: Mutex<Vec<Finished>>,
    ready: Notify,
}

impl Outbox {
    /// Adds what was finished without waking anybody.
    pub(super) fn put(&self, finished: &[Finished]) {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(finished);
    }

    /// Wakes the publisher.
    pub(super) fn wake(&self) {
        self.ready.notify_one();
    }
}

/// Several messages on their way to the committer.
pub(super) struct Submission {
    pub(super) events: Vec<Event>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) finished: Vec<Finished>,
    /// Bytes to give back to the queue.
    pub(super) weight: u32,
    pub(super) outbox: Arc<Outbox>,
    pub(super) source: Arc<Source>,
}

/// See the module's text. Messages collect until [`Submitter::flush`], so that one socket read costs one queue entry.
pub(crate) struct Submitter {
    shared: Arc<Shared>,
    source: Arc<Source>,
    /// For which machines it may speak; for all without them.
    rights: Option<Arc<Rights>>,
    /// What is refused is kept under this name: the source's and, for a login, its own.
    origin: Box<str>,
    outbox: Arc<Outbox>,
    decoded: Decoded,
    known: KnownTopics,
    /// Whom the newest event that was taken in was about.
    last_machine: Option<MachineId>,
    /// Received and not yet counted.
    arrivals: Arrivals,
    events: Vec<Event>,
    refusals: Vec<Refusal>,
    finished: Vec<Finished>,
    weight: u32,
    /// Room that [`Submitter::room`] obtained and no message has used yet.
    reserved: u32,
    in_flight: usize,
}

impl Submitter {
    pub(super) fn new(
        shared: Arc<Shared>,
        source: Arc<Source>,
        rights: Option<Arc<Rights>>,
        user: Option<&str>,
    ) -> Self {
        let origin = user.map_or_else(|| source.name().to_owned(), |user| origin::of_login(source.name(), user));
        Self {
            shared,
            source,
            rights,
            origin: origin.into(),
            outbox: Arc::default(),
            decoded: Decoded::default(),
            known: KnownTopics::default(),
            last_machine: None,
            arrivals: Arrivals::default(),
            events: Vec::new(),
            refusals: Vec::new(),
            finished: Vec::new(),
            weight: 0,
            reserved: 0,
            in_flight: 0,
        }
    }

    /// The decoder behind the intake: a session asks it which filters to subscribe to.
    pub(crate) fn decoder(&self) -> &Decoder {
        &self.shared.decoder
    }

    /// What time it is.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// What edge nodes must be told because of the message that was submitted last.
    pub(crate) fn take_publications(&mut self) -> Vec<Publication> {
        std::mem::take(&mut self.decoded.publications)
    }

    /// Decodes a message and takes it for the log; returns what its outcome will be unless a store fails. One event outside the
    /// publisher's rights refuses the whole message as `not_authorised`.
    ///
    /// # Errors
    /// When the queue is full. Nothing was taken.
    pub(crate) fn try_submit(&mut self, topic: &str, payload: &[u8], ticket: Ticket) -> Result<Outcome, Full> {
        let weight = self.claim(size(topic, payload))?;
        let arrived = self.shared.clock.now();
        let (known, voice) = (Some(&mut self.known), self.rights.as_deref().map_or(Voice::UNLIMITED, Voice::of));
        let message = (topic, payload);
        self.shared.decoder.decode_known(known, voice, arrived, self.source.name(), message, &mut self.decoded);
        sparkplug::events::emit(self.source.name(), &self.decoded.sparkplug, &self.decoded.publications);
        // An edge node is one whoever speaks for it, so the decoder is not told of logins.
        self.decoded.refused.iter_mut().for_each(|refusal| (*self.origin).clone_into(&mut refusal.source));
        // The decoder has asked; but an edge node that still lives under rules of before may speak for another machine by them.
        if let Err(fault) = self.decoded.events.iter().try_for_each(|event| voice.ask(event.machine())) {
            return Ok(self.take_refused(weight, topic, payload, fault.reason.code(), fault.detail, ticket));
        }
        self.turn_strangers_away(arrived, (topic, payload));
        self.note(arrived, self.decoded.events.len(), self.decoded.ignored_keys);
        self.source.refused(&self.decoded.refused);
        if let Some((items, ahead_ms)) = self.decoded.ahead
            && let Some(machine) = self.shared.decoder.machine_of(topic)
        {
            self.shared.skews.note_refused(&machine, arrived, ahead_ms, items);
        }
        let outcome = match (self.decoded.events.is_empty(), self.decoded.refused.first()) {
            (true, Some(refusal)) => Outcome::Refused(refusal.reason),
            _ => Outcome::Kept,
        };
        let weight = weight + self.claim_as_there_is(self.decoded.refused.len().saturating_sub(1));
        self.events.append(&mut self.decoded.events);
        self.refusals.append(&mut self.decoded.refused);
        self.take(weight, Finished { ticket, outcome });
        Ok(outcome)
    }

    /// Takes a message for the quarantine without decoding it. It finishes in its turn, so that answers keep their order.
    ///
    /// # Errors
    /// When the queue is full. Nothing was taken.
    pub(crate) fn try_refuse(
        &mut self,
        topic: &str,
        payload: &[u8],
        reason: &'static str,
        detail: String,
        ticket: Ticket,
    ) -> Result<Outcome, Full> {
        let weight = self.claim(size(topic, payload))?;
        Ok(self.take_refused(weight, topic, payload, reason, detail, ticket))
    }

    fn take_refused(
        &mut self,
        weight: u32,
        topic: &str,
        payload: &[u8],
        reason: &'static str,
        detail: String,
        ticket: Ticket,
    ) -> Outcome {
        let arrived = self.shared.clock.now();
        let refusal = Refusal {
            arrived,
            source: self.origin.to_string(),
            topic: topic.to_owned(),
            reason,
            detail,
            raw: payload.to_vec(),
        };
        self.note(arrived, 0, 0);
        self.source.refused(std::slice::from_ref(&refusal));
        self.refusals.push(refusal);
        let outcome = Outcome::Refused(reason);
        self.take(weight, Finished { ticket, outcome });
        outcome
    }

    /// Takes out what was said of machines beyond the number that there may be. The whole message goes to the quarantine, so that
    /// it can be tried again; the log knows what of it was kept.
    fn turn_strangers_away(&mut self, arrived: Timestamp, (topic, payload): (&str, &[u8])) {
        let (fleet, last, mut stranger) = (&self.shared.fleet, &mut self.last_machine, None);
        self.decoded.events.retain(|event| {
            let machine = event.machine();
            // A publisher mostly speaks of one machine.
            if last.as_ref() == Some(machine) {
                return true;
            }
            let taken = fleet.takes(machine);
            if taken {
                *last = Some(machine.clone());
            } else {
                stranger.get_or_insert_with(|| machine.clone());
            }
            taken
        });
        let Some(machine) = stranger else { return };
        let machines_max = fleet.machines_max();
        let detail =
            format!("{machine} is new, and {machines_max} machines are the most taken in (`[mqtt] machines_max`)");
        self.decoded.refused.push(Refusal {
            arrived,
            source: self.origin.to_string(),
            topic: topic.to_owned(),
            reason: RefusalReason::TooManyMachines.code(),
            detail,
            raw: payload.to_vec(),
        });
    }

    fn note(&mut self, arrived: Timestamp, events: usize, ignored_keys: u64) {
        self.arrivals.latest = arrived;
        if events > 0 {
            self.arrivals.latest_admitted = Some(arrived);
        }
        self.arrivals.messages += 1;
        self.arrivals.admitted += events as u64;
        self.arrivals.ignored_keys += ignored_keys;
    }

    fn take(&mut self, weight: u32, finished: Finished) {
        self.weight += weight;
        self.finished.push(finished);
        self.in_flight += 1;
    }

    /// What a message of this size costs. One larger than the whole queue may have the whole queue.
    fn weight_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(TICKET_BYTES).min(self.shared.queue_bytes_max)
    }

    fn claim(&mut self, bytes: usize) -> Result<u32, Full> {
        let weight = self.weight_of(bytes);
        if self.reserved >= weight {
            self.reserved -= weight;
            return Ok(weight);
        }
        let missing = weight - self.reserved;
        self.shared.room.try_acquire_many(missing).map_err(|_| Full)?.forget();
        self.reserved = 0;
        Ok(weight)
    }

    /// Room for what is refused beyond one item of a message: two bytes of rubbish in an array become a refusal of hundreds. As far
    /// as there is any, for the message was decoded already; the next one waits for the rest.
    fn claim_as_there_is(&self, items: usize) -> u32 {
        let wanted = u32::try_from(items).unwrap_or(u32::MAX).saturating_mul(TICKET_BYTES);
        let free = u32::try_from(self.shared.room.available_permits()).unwrap_or(u32::MAX);
        let claimed = wanted.min(free);
        self.shared.room.try_acquire_many(claimed).map_or(0, |permit| {
            permit.forget();
            claimed
        })
    }

    /// Waits until a message of this [`size`] has room; pass the result to [`Submitter::reserve`]. Flush before, because what has
    /// collected may be what fills the queue. Cancelling it loses nothing.
    pub(crate) async fn room(&self, bytes: usize) -> Room {
        let missing = self.weight_of(bytes).saturating_sub(self.reserved);
        match self.shared.room.acquire_many(missing).await {
            Ok(permit) => {
                permit.forget();
                Room(missing)
            }
            Err(_) => Room(0),
        }
    }

    /// Keeps room for the next message.
    pub(crate) const fn reserve(&mut self, room: Room) {
        self.reserved += room.0;
    }

    /// Hands what has collected to the committer.
    pub(crate) fn flush(&mut self) {
        if self.finished.is_empty() {
            return;
        }
        self.source.received(std::mem::take(&mut self.arrivals));
        let submission = Submission {
            events: std::mem::take(&mut self.events),
            refusals: std::mem::take(&mut self.refusals),
            finished: std::mem::take(&mut self.finished),
            weight: std::mem::take(&mut self.weight),
            outbox: Arc::clone(&self.outbox),
            source: Arc::clone(&self.source),
        };
        if let Err(back) = self.shared.queue.try_send(Item::Submission(submission)) {
            // Only after the committer has ended: the channel has a place for every message that found room.
            if let Item::Submission(submission) = back.into_inner() {
                submission.fail(&self.shared);
            }
        }
    }

    /// Messages taken and not yet handed back by [`Submitter::take_finished`].
    pub(crate) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Waits until something was finished. Cancelling it loses nothing.
    pub(crate) async fn finished(&self) {
        self.outbox.ready.notified().await;
    }

    /// Moves what was finished into `into`, in the order of submission; `into` is cleared first.
    pub(crate) fn take_finished(&mut self, into: &mut Vec<Finished>) {
        into.clear();
        std::mem::swap(&mut *self.outbox.finished.lock().unwrap_or_else(PoisonError::into_inner), into);
        self.in_flight -= into.len();
    }
}

impl Submission {
    /// What it costs the stores.
    pub(super) fn items(&self) -> usize {
        self.events.len() + self.refusals.len()
    }

    /// Marks everything as failed and gives it back.
    pub(super) fn fail(mut self, shared: &Shared) {
        for finished in &mut self.finished {
            finished.outcome = Outcome::Failed;
        }
        shared.room.add_permits(self.weight as usize);
        self.outbox.put(&self.finished);
        self.outbox.wake();
    }
}

impl Drop for Submitter {
    fn drop(&mut self) {
        self.flush();
        self.shared.room.add_permits(self.reserved as usize);
    }
}
