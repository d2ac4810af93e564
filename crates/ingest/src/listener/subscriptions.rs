//! A client as a subscriber: its filters, the messages on their way to it, and those it has not answered yet.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::incoming::{Message, Wanted};
use super::link::Link;
use super::protocol::Broken;
use super::replies::Granted;
use super::rights::Rights;
use super::session::Client;
use crate::retained::{Delivery, Filter, FilterError, QUEUE_DELIVERIES_MAX, Retained, Subscriber};

/// Filters one connection may have.
const FILTERS_MAX: usize = 100;
/// Kept values that may wait for the client before it may subscribe to more.
const KEPT_MAX: usize = 100_000;
/// Messages of QoS 1 that may be unanswered, whatever the client would take.
const UNANSWERED_MAX: usize = 64;

/// See the module's text. Costs nothing until the first SUBSCRIBE.
pub(super) struct Subscriptions {
    retained: Arc<Retained>,
    number: u64,
    rights: Arc<Rights>,
    queue: Option<(mpsc::Sender<Delivery>, mpsc::Receiver<Delivery>)>,
    /// Kept values of new subscriptions; they come before anything newer.
    kept: VecDeque<Delivery>,
    unanswered: HashSet<u16>,
    unanswered_max: usize,
}

impl Subscriptions {
    pub(super) fn new(retained: Arc<Retained>, client: &Client) -> Self {
        Self {
            retained,
            number: client.number,
            rights: Arc::clone(&client.login.rights),
            queue: None,
            kept: VecDeque::new(),
            unanswered: HashSet::new(),
            unanswered_max: UNANSWERED_MAX.min(usize::from(client.receive_max)),
        }
    }

    /// The next message for the client; waits while it has too many unanswered. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        if self.unanswered.len() >= self.unanswered_max {
            return std::future::pending().await;
        }
        if let Some(delivery) = self.kept.pop_front() {
            return Some(delivery);
        }
        match &mut self.queue {
            Some((_, received)) => received.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Sends a message.
    pub(super) fn send<S>(&mut self, delivery: &Delivery, link: &mut Link<S>) -> Result<(), Broken> {
        let message = Message {
            topic: &delivery.topic,
            payload: &delivery.payload,
            retain: delivery.retain,
            at_least_once: delivery.at_least_once,
        };
        if let Some(id) = link.protocol.publish(message, &mut link.out)? {
            self.unanswered.insert(id);
        }
        Ok(())
    }

    /// The client has answered a message.
    pub(super) fn acknowledged(&mut self, packet_id: u16) {
        self.unanswered.remove(&packet_id);
    }

    /// Grants what is within the client's rights, answers, and lines up the kept values.
    pub(super) fn subscribe<S>(&mut self, packet_id: u16, wanted: &[Wanted], link: &mut Link<S>) -> Result<(), Broken> {
        let granted: Vec<Granted> = wanted.iter().map(|wanted| self.grant(wanted)).collect();
        link.protocol.suback(packet_id, &granted, &mut link.out)
    }

    fn grant(&mut self, wanted: &Wanted) -> Granted {
        let filter = match Filter::parse(&wanted.filter) {
            Ok(filter) => filter,
            Err(FilterError::Invalid) => return Granted::Invalid,
            Err(FilterError::Shared) => return Granted::Shared,
            Err(FilterError::NotServed) => return Granted::NotAuthorised,
        };
        let within_rights = match filter.machine() {
            Some(served) => self.retained.may_be_read(served, &self.rights),
            // A wildcard means what the login may see, which must be something.
            None => !self.rights.subscribe.is_empty(),
        };
        if !within_rights {
            return Granted::NotAuthorised;
        }
        // Who subscribes again and again without reading what was kept must not make us hold it many times.
        if self.retained.filters_of(self.number) >= FILTERS_MAX || self.kept.len() >= KEPT_MAX {
            return Granted::Quota;
        }
        let (queue, _) = self.queue.get_or_insert_with(|| mpsc::channel(QUEUE_DELIVERIES_MAX));
        let subscriber = Subscriber { number: self.number, rights: Arc::clone(&self.rights), queue: queue.clone() };
        let kept = self.retained.subscribe(subscriber, &filter, wanted.at_least_once);
        if wanted.send_retained {
            self.kept.extend(kept);
        }
        if wanted.at_least_once { Granted::AtLeastOnce } else { Granted::AtMostOnce }
    }

    /// Takes filters away and answers.
    pub(super) fn unsubscribe<S>(
        &mut self,
        packet_id: u16,
        filters: &[String],
        link: &mut Link<S>,
    ) -> Result<(), Broken> {
        let existed: Vec<bool> = filters.iter().map(|filter| self.retained.unsubscribe(self.number, filter)).collect();
        link.protocol.unsuback(packet_id, &existed, &mut link.out)
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        if self.queue.is_some() {
            self.retained.leave(self.number);
        }
    }
}
