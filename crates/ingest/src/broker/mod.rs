//! The session with an external MQTT broker: rumqttc, a fixed client id, a persistent session, manual acknowledgement.
//!
//! Two tasks share the work. The `poller` owns the connection and does nothing but poll it; the `worker` submits what
//! arrived and acknowledges it after the commit. A bounded inbox lies between them. A message that is not acknowledged is the
//! broker's to keep and to send again, so nothing is lost whichever side dies; the log knows what it holds already.

mod backoff;
mod events;
mod options;
mod outgoing;
mod poller;
mod worker;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use options::Checked;
pub use options::{BrokerError, BrokerOptions};
use outgoing::Outgoing;
use poller::Poller;
use worker::Worker;

use crate::intake::{Source, Submitter};

/// A running session.
pub(crate) struct Broker {
    outgoing: Arc<Outgoing>,
    tasks: TaskTracker,
}

impl Broker {
    /// Starts the session's tasks; it connects, and reconnects, until `stop`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When an option is faulty or a certificate file cannot be read. An absent broker is no error: it may come.
    pub(crate) fn start(
        options: BrokerOptions,
        submitter: Submitter,
        source: Arc<Source>,
        stop: CancellationToken,
    ) -> Result<Self, BrokerError> {
        let checked = Checked::new(options)?;
        let outgoing = Arc::new(Outgoing::new(source.name(), checked.options.payload_bytes_max));
        let (inbox, arrivals) = mpsc::channel(checked.options.inbox_messages_max);
        let decoder = submitter.decoder().clone();
        let filters = decoder.filters();
        let worker = Worker::new(submitter, decoder, arrivals, Arc::clone(&outgoing), source.name());
        let poller = Poller::new(checked, filters, inbox, source, stop);
        let tasks = TaskTracker::new();
        tasks.spawn(worker.run());
        tasks.spawn(poller.run());
        tasks.close();
        Ok(Self { outgoing, tasks })
    }

    /// Sets a retained message (QoS 1); an empty payload clears it. Never blocks: the newest value of each topic is said as
    /// soon as the broker takes it, and again after each reconnection.
    pub(crate) fn publish_retained(&self, topic: &str, payload: &[u8]) {
        self.outgoing.set(topic, payload);
    }

    /// Waits until the session, told to stop, has acknowledged what was kept and disconnected.
    pub(crate) async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
