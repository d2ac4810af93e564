//! The task that works: it hands messages to the intake and acknowledges them, in their order, once they are kept.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{ClientError, ManualAck, PubAck, Publish, PublishOptions, QoS};
use tokio::sync::mpsc;

use super::events::count;
use super::outgoing::Outgoing;
use super::poller::{Arrival, Link};
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
    outgoing: Arc<Outgoing>,
    broker: String,
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
        outgoing: Arc<Outgoing>,
        broker: &str,
    ) -> Self {
        let (link, generation, behind, finished) = (None, 0, false, Vec::new());
        Self { submitter, decoder, inbox, outgoing, broker: broker.to_owned(), link, generation, behind, finished }
    }

    /// Works until the inbox is closed and empty, then commits, acknowledges and disconnects.
    pub(super) async fn run(mut self) {
        let mut arrivals = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                () = self.outgoing.changed() => self.publish(),
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
            && link.client.try_disconnect_with_timeout(GOODBYE).is_err()
        {
            tracing::debug!(broker = self.broker, "The connection was gone before the goodbye.");
        }
    }

    async fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connected(link) => {
                self.generation = link.generation;
                self.link = Some(link);
                self.outgoing.say_all_again();
                self.publish();
            }
            Arrival::Message(publish) => self.submit(&publish).await,
        }
    }

    async fn submit(&mut self, publish: &Publish) {
        let ticket = ticket(self.generation, publish.pkid);
        // What is not UTF-8 is no topic of ours; the decoder refuses it by that name.
        let topic = String::from_utf8_lossy(&publish.topic);
        if publish.retain {
            count(&self.broker, "retained");
        }
        // A retained message is old. With a time stamp of its own that does no harm: the log knows it or wants it.
        let refused = publish.retain && self.decoder.is_untimed(&topic);
        loop {
            let taken = if refused {
                let detail = "an old retained value without a time stamp".to_owned();
                self.submitter.try_refuse(
                    &topic,
                    &publish.payload,
                    RefusalReason::RetainedUntimed.code(),
                    detail,
                    ticket,
                )
            } else {
                self.submitter.try_submit(&topic, &publish.payload, ticket, |_| true)
            };
            if taken.is_ok() {
                return;
            }
            self.submitter.flush();
            tokio::select! {
                biased;
                () = self.submitter.finished() => self.acknowledge(),
                room = self.submitter.room(publish.payload.len()) => self.submitter.reserve(room),
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
                count(&self.broker, "acknowledgement_stale");
                continue;
            };
            if outcome == Outcome::Failed {
                count(&self.broker, "not_kept");
                if link.client.try_disconnect_now().is_err() {
                    tracing::debug!(broker = self.broker, "The connection was gone already.");
                }
                self.link = None;
            } else if pkid != 0 && link.client.try_manual_ack(ManualAck::PubAck(PubAck::new(pkid))).is_err() {
                // The connection is gone; the broker will repeat the message and the log will know it.
                count(&self.broker, "acknowledgement_stale");
            }
        }
        self.finished = finished;
    }

    fn publish(&mut self) {
        let Some(link) = &self.link else { return };
        let options = PublishOptions::new(QoS::AtLeastOnce).retained();
        let mut behind = false;
        self.outgoing.say(|topic, value| match link.client.try_publish(topic, value, options) {
            Err(ClientError::RequestChannelFull(_)) => {
                behind = true;
                false
            }
            // A closed queue belongs to a dead connection; the next one is told everything.
            Ok(()) | Err(_) => true,
        });
        self.behind = behind;
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
