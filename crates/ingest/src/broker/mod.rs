//! The sessions with an external MQTT broker: rumqttc (MQTT 5 or 3.1.1), a fixed client id, a persistent session, manual
//! acknowledgement. One session, or several that share the work as a group.
//!
//! Two tasks serve a session. The `poller` owns the connection and does nothing but poll it; the `worker` submits what
//! arrived and acknowledges it after the commit. A bounded inbox lies between them. A message that is not acknowledged is the
//! broker's to keep and to send again, so nothing is lost whichever side dies; the log knows what it holds already.
//!
//! Sparkplug 3.0 wants of a host application a session of its own that the broker forgets (Clean Start, expiry 0). Ours is kept, on
//! purpose: what a gateway has published at QoS 1, and had acknowledged, while we were away would be lost with it, and the same
//! session reads every other topic. What the rule is for, that a host believes nothing it has not heard, is kept otherwise: after
//! an absence a node is asked for its births (`heard`). STATE, our birth, is the first that is published on a connection.

mod address;
mod answers;
mod backoff;
mod events;
mod filters;
mod fleet;
mod heard;
mod host;
mod options;
mod outgoing;
mod password;
mod poller;
mod rivals;
mod room;
mod session;
mod tls;
mod topics;
mod worker;

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use answers::Answers;
pub use answers::RefusedPublish;
pub(crate) use fleet::Brokers;
pub use fleet::BrokersChanged;
use host::HostState;
pub use options::{BrokerError, BrokerOptions, BrokerSession, Version, check_url};
use outgoing::Outgoing;
use poller::Poller;
use session::Checked;
use topics::Topics;
use worker::Worker;

use crate::intake::{Intake, Source};
use crate::sparkplug;
use crate::validity::Certificates;

/// The running sessions with one broker.
pub(crate) struct Broker {
    checked: Arc<Checked>,
    source: Arc<Source>,
    stop: CancellationToken,
    outgoing: Arc<Outgoing>,
    answers: Arc<Answers>,
    /// Tells the sessions that the decoder understands other topics now.
    topics: watch::Sender<()>,
    /// Ends the pause between two attempts to connect.
    try_now: Arc<Notify>,
    tasks: TaskTracker,
}

impl Broker {
    /// Starts the sessions' tasks; they connect, and reconnect, until `stop` or [`Broker::stop`]. Must be called within a tokio
    /// runtime.
    fn start(checked: Checked, intake: &Intake, source: Arc<Source>, stop: &CancellationToken) -> Self {
        let (checked, stop) = (Arc::new(checked), stop.child_token());
        let options = &checked.options;
        // Edge nodes must hear that we are there before anything else of us.
        let first = intake.decoder().host_id().map(|host_id| sparkplug::state_topic(&host_id));
        let outgoing = Arc::new(Outgoing::new(source.name(), options.payload_bytes_max, first));
        let (tasks, (changed, topics), try_now) = (TaskTracker::new(), watch::channel(()), Arc::<Notify>::default());
        let (answers, hear, asked) = Answers::new(source.name());
        tasks.spawn(hear);
        for number in 0..options.workers {
            let (inbox, arrivals) = mpsc::channel(options.inbox_messages_max);
            let submitter = intake.submitter(&source);
            let decoder = submitter.decoder().clone();
            let topics = Topics::new(decoder.clone(), options.share.clone(), number, topics.clone());
            let outgoing = (number == 0).then(|| (Arc::clone(&outgoing), asked.clone()));
            // The first worker alone reads the edge nodes, so it alone is their host.
            let host = if number == 0 { HostState::new(&decoder, submitter.clock()) } else { None };
            tasks.spawn(Worker::new(submitter, decoder, arrivals, outgoing, source.name(), host.clone()).run());
            let (checked, source, stop) = (Arc::clone(&checked), Arc::clone(&source), stop.clone());
            let poller = Poller::new(checked, number, topics, inbox, source, (stop, Arc::clone(&try_now)), host);
            tasks.spawn(poller.run());
        }
        tasks.close();
        Self { checked, source, stop, outgoing, answers, topics: changed, try_now, tasks }
    }

    /// How it is reached.
    pub(crate) fn options(&self) -> &BrokerOptions {
        &self.checked.options
    }

    /// What it has brought.
    pub(crate) const fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Takes leave of it; see [`Broker::stopped`].
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Sets a retained message (QoS 1); an empty payload clears it. Never blocks: the newest value of each topic is said as
    /// soon as the broker takes it, and again after each reconnection.
    pub(crate) fn publish_retained(&self, topic: &str, payload: &[u8]) {
        self.outgoing.set(topic, payload);
    }

    /// Which of our retained messages the broker refuses now; with MQTT 3.1.1 nobody can tell.
    pub(crate) fn refused(&self) -> Vec<RefusedPublish> {
        self.answers.refused()
    }

    /// Subscribes to what the decoder understands now and unsubscribes from the rest, within the sessions.
    pub(crate) fn resubscribe(&self) {
        self.topics.send_replace(());
    }

    /// Reads the certificate files again, for the next connection; returns whether they are others than before. Where they
    /// cannot be used, those of before stay, and the log says so.
    pub(crate) fn reload_certificates(&self) -> bool {
        let source = &self.checked.options.name;
        self.checked.reload_certificates().unwrap_or_else(|error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(source, %error, why, "The certificates for a broker cannot be used; those of before stay.");
            false
        })
    }

    /// The certificates of the next connection.
    pub(crate) fn certificates(&self) -> Vec<Certificates> {
        self.checked.certificates()
    }

    /// Ends the pauses of those sessions that wait to connect again.
    pub(crate) fn try_now(&self) {
        // Who does not wait just now is connected or connecting.
        self.try_now.notify_waiters();
    }

    /// Waits until the session, told to stop, has acknowledged what was kept and disconnected.
    pub(crate) async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
