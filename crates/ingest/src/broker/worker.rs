//! The task that works: it hands messages to the intake and acknowledges them, in their order, once they are kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::answers::Asked;
use super::events::count;
use super::heard::Heard;
use super::host::HostState;
use super::outgoing::Outgoing;
use super::poller::{Arrival, Link};
use super::session::{Message, NotTaken};
use crate::decode::{Decoder, RefusalReason};
use crate::intake::{Finished, Outcome, Submitter, Ticket, size};
use crate::sparkplug::{self, Publication};

/// Messages that are taken from the inbox at once, and so share one entry of the intake's queue.
const BATCH: usize = 256;
/// Messages that may wait for our answer at once, half of the packet ids there are: Mosquitto before 2.0.13 sends on whatever it
/// has, far beyond our receive maximum, and would use an id again before its first bearer is answered.
const UNANSWERED_MAX: usize = 32_768;
/// How long our own last messages may take before we disconnect.
const GOODBYE: Duration = Duration::from_secs(5);
/// When the connection's queue is full of our own messages, they are offered again after this.
const OFFER_AGAIN: Duration = Duration::from_secs(1);

/// See the module's text.
pub(super) struct Worker {
    submitter: Submitter,
    decoder: Decoder,
    inbox: mpsc::Receiver<Arrival>,
    /// Our own retained messages, and where it is told what was said of them; none for the further workers of a source, because
    /// one says them.
    outgoing: Option<(Arc<Outgoing>, Asked)>,
    source: String,
    host: Option<HostState>,
    heard: Heard,
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
        outgoing: Option<(Arc<Outgoing>, Asked)>,
        source: &str,
        host: Option<HostState>,
    ) -> Self {
        let (link, generation, behind, finished) = (None, 0, false, Vec::new());
        let source = source.to_owned();
        let heard = Heard::default();
        Self { submitter, decoder, inbox, outgoing, source, host, heard, link, generation, behind, finished }
    }

    /// Works until the inbox is closed and empty, then commits, acknowledges and disconnects.
    pub(super) async fn run(mut self) {
        let mut arrivals = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                () = changed(self.outgoing.as_ref()) => self.publish(),
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
        self.say_offline();
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
                if self.host.is_some() {
                    if link.session_present {
                        self.heard.again();
                    } else {
                        self.decoder.edge_nodes_missed(&self.source);
                    }
                }
                self.link = Some(link);
                self.say_online();
                if let Some((outgoing, _)) = &self.outgoing {
                    outgoing.say_all_again();
                }
                self.publish();
            }
            Arrival::Message(message, _place) => self.submit(&message).await,
        }
    }

    async fn submit(&mut self, message: &Message) {
        while self.submitter.in_flight() >= UNANSWERED_MAX {
            self.submitter.flush();
            self.submitter.finished().await;
            self.acknowledge();
        }
        let ticket = ticket(self.generation, message.pkid);
        // What is not UTF-8 is no topic of ours; the decoder refuses it by that name.
        let topic = String::from_utf8_lossy(&message.topic);
        if message.retain {
            count(&self.source, "retained");
        }
        if self.heard.may_have_missed(&topic, message.pkid != 0) {
            self.decoder.edge_node_missed(&self.source, &topic);
        }
        if self.host.as_ref().is_some_and(|host| host.is_denied_by(&topic, &message.payload)) {
            self.say_online();
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
                self.submitter.try_submit(&topic, &message.payload, ticket)
            };
            if taken.is_ok() {
                return self.tell_edge_nodes();
            }
            self.submitter.flush();
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                room = self.submitter.room(size(&topic, &message.payload)) => self.submitter.reserve(room),
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

    /// Sends rebirth requests. What finds no room is dropped: the node is asked again.
    fn tell_edge_nodes(&mut self) {
        for Publication { topic, payload } in self.submitter.take_publications() {
            let said = self.link.as_ref().is_some_and(|link| link.client.publish(&topic, payload.into()).is_ok());
            if !said {
                sparkplug::events::not_said(&self.source, &topic);
            }
        }
    }

    /// Says to edge nodes that we are there.
    fn say_online(&self) {
        if let (Some(host), Some(link), Some((outgoing, _))) = (&self.host, &self.link, &self.outgoing)
            && let Some(since) = link.host_since
        {
            outgoing.set(host.topic(), &HostState::online(since));
        }
    }

    /// Says to edge nodes that we leave: after a DISCONNECT the broker does not say it for us.
    fn say_offline(&self) {
        if let (Some(host), Some(link)) = (&self.host, &self.link) {
            let value = host.offline();
            let said = link.bounds.allow(host.topic(), &value)
                && link.client.publish_retained(host.topic(), value.into(), link.bounds).is_ok();
            if !said {
                tracing::debug!(source = self.source, "Could not say to edge nodes that we leave.");
            }
        }
    }

    fn publish(&mut self) {
        let (Some(link), Some((outgoing, asked))) = (&self.link, &self.outgoing) else { return };
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
                Ok(answer) => {
                    if let Some(answer) = answer
                        && asked.try_send((topic.to_owned(), answer)).is_err()
                    {
                        count(&self.source, "answer_not_awaited");
                    }
                    true
                }
                // A closed queue belongs to a dead connection; the next one is told everything.
                Err(NotTaken::Gone) => true,
            }
        });
        self.behind = behind;
    }
}

/// Waits for a new value of ours, for ever where there are none.
async fn changed(outgoing: Option<&(Arc<Outgoing>, Asked)>) {
    match outgoing {
        Some((outgoing, _)) => outgoing.changed().await,
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
