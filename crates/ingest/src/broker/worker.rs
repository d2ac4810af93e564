//! The task that works: it hands messages to the intake and acknowledges them, in their order, once they are kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::events::count;
use super::outgoing::Outgoing;
use super::poller::{Arrival, Link};
use super::session::{Message, NotTaken};
use crate::decode::{Decoder, RefusalReason};
use crate::intake::{Finished, Outcome, Submitter, Ticket};

/// Messages that are taken from the inbox at once, and so share one entry of the intake's queue.
const BATCH: usize = 256;
/// How long our own last messages may take before we disconnect.
const GOODBYE: Duration = Duration::from_secs(5);
/// When the connection's queue is full of our own messages, they are offered again after this.
const OFFER_AGAIN: Duration = Duration::from_secs(1);

/// See the module's text.
pub(super) struct Worker {
    submitter: Submitter,
    decoder: Decoder,
    inbox: mpsc::Receiver<Arrival>,
    /// Our own retained messages; none for the further workers of a source, because one says them.
    outgoing: Option<Arc<Outgoing>>,
    source: String,
    link: Option<Link>,
    /// The generation of what is taken from the inbox now.
    generation: u64,
    /// Our own messages wait for room.
    behind: bool,
    finished: Vec<Finished>,
}

impl Worker {
    pub(super) fn new(
        submitter: Submitter,
        decoder: Decoder,
        inbox: mpsc::Receiver<Arrival>,
        outgoing: Option<Arc<Outgoing>>,
        source: &str,
    ) -> Self {
        let (link, generation, behind, finished) = (None, 0, false, Vec::new());
        Self { submitter, decoder, inbox, outgoing, source: source.to_owned(), link, generation, behind, finished }
    }

    /// Works until the inbox is closed and empty, then commits, acknowledges and disconnects.
    pub(super) async fn run(mut self) {
        let mut arrivals = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                () = changed(self.outgoing.as_deref()) => self.publish(),
                () = tokio::time::sleep(OFFER_AGAIN), if self.behind => self.publish(),
                taken = self.inbox.recv_many(&mut arrivals, BATCH) => {
                    if taken == 0 {
                        break;
                    }
                    for arrival in arrivals.drain(..) {
                        self.take(arrival).await;
                    }
                    self.submitter.flush();
                }
            }
        }
        self.submitter.flush();
        while self.submitter.in_flight() > 0 {
            self.submitter.finished().await;
            self.acknowledge();
        }
        // Requests are sent in their order, so the acknowledgements go before the goodbye.
        if let Some(link) = self.link.take()
            && link.client.disconnect(GOODBYE).is_err()
        {
            tracing::debug!(source = self.source, "The connection was gone before the goodbye.");
        }
    }

    async fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connected(link) => {
                self.generation = link.generation;
                self.link = Some(link);
                if let Some(outgoing) = &self.outgoing {
                    outgoing.say_all_again();
                }
                self.publish();
            }
            Arrival::Message(message) => self.submit(&message).await,
        }
    }

    async fn submit(&mut self, message: &Message) {
        let ticket = ticket(self.generation, message.pkid);
        // What is not UTF-8 is no topic of ours; the decoder refuses it by that name.
        let topic = String::from_utf8_lossy(&message.topic);
        if message.retain {
            count(&self.source, "retained");
        }
        // A retained message is old. With a time stamp of its own that does no harm: the log knows it or wants it.
        let refused = message.retain && self.decoder.is_untimed(&topic);
        loop {
            let taken = if refused {
                let detail = "an old retained value without a time stamp".to_owned();
                self.submitter.try_refuse(
                    &topic,
                    &message.payload,
                    RefusalReason::RetainedUntimed.code(),
                    detail,
                    ticket,
                )
            } else {
                self.submitter.try_submit(&topic, &message.payload, ticket, |_| true)
            };
            if taken.is_ok() {
                return;
            }
            self.submitter.flush();
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                room = self.submitter.room(message.payload.len()) => self.submitter.reserve(room),
            }
        }
    }

    /// Acknowledges what was kept or refused for good. What failed must come again: the broker repeats it only on a new
    /// connection, so this one ends, and nothing later on it is acknowledged.
    fn acknowledge(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        self.submitter.take_finished(&mut finished);
        for Finished { ticket, outcome } in finished.drain(..) {
            let (generation, pkid) = unpack(ticket);
            let Some(link) = self.link.as_ref().filter(|link| link.generation == generation) else {
                count(&self.source, "acknowledgement_stale");
                continue;
            };
            if outcome == Outcome::Failed {
                count(&self.source, "not_kept");
                if link.client.disconnect_now().is_err() {
                    tracing::debug!(source = self.source, "The connection was gone already.");
                }
                self.link = None;
            } else if pkid != 0 && link.client.acknowledge(pkid).is_err() {
                // The connection is gone; the broker will repeat the message and the log will know it.
                count(&self.source, "acknowledgement_stale");
            }
        }
        self.finished = finished;
    }

    fn publish(&mut self) {
        let (Some(link), Some(outgoing)) = (&self.link, &self.outgoing) else { return };
        let mut behind = false;
        outgoing.say(|topic, value| {
            if !link.bounds.allow(topic, &value) {
                count(&self.source, "retained_not_allowed");
                return true;
            }
            match link.client.publish_retained(topic, value, link.bounds) {
                Err(NotTaken::Full) => {
                    behind = true;
                    false
                }
                // A closed queue belongs to a dead connection; the next one is told everything.
                Ok(()) | Err(NotTaken::Gone) => true,
            }
        });
        self.behind = behind;
    }
}

/// Waits for a new value of ours, for ever where there are none.
async fn changed(outgoing: Option<&Outgoing>) {
    match outgoing {
        Some(outgoing) => outgoing.changed().await,
        None => std::future::pending().await,
    }
}

/// A ticket that knows its connection.
const fn ticket(generation: u64, pkid: u16) -> Ticket {
    Ticket(generation << 16 | pkid as u64)
}

/// Generation and packet id of a ticket.
const fn unpack(Ticket(ticket): Ticket) -> (u64, u16) {
    (ticket >> 16, (ticket & 0xffff) as u16)
}
