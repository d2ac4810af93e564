//! One MQTT client with a window of unacknowledged messages; what a lost session swallowed is published again.
//!
//! Two tasks per client: one polls, the other publishes. The polling task never awaits the client, because it is the one
//! that empties the client's queue.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::target::network;

/// What a client may do to say goodbye: get its last acknowledgements and disconnect.
const GOODBYE: Duration = Duration::from_secs(5);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// A message on its way.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) topic: Arc<str>,
    pub(super) payload: Vec<u8>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
}

/// Counts that several clients share.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) published: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) resent: AtomicU64,
    pub(super) reconnects: AtomicU64,
}

/// What tells that a message arrived; pinned, so that waiting for it can be broken off and taken up again.
type Notice = Pin<Box<dyn Future<Output = bool> + Send>>;

/// State of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// Not yet, or lost; with the last reason.
    Down(Option<String>),
    /// The broker accepted it.
    Up,
}

/// A client and its polling task.
pub(super) struct Controller {
    client: AsyncClient,
    window: VecDeque<(Outgoing, Notice)>,
    window_max: usize,
    counts: Arc<Counts>,
    birth: Option<Outgoing>,
    state: watch::Receiver<Connection>,
    poller: JoinHandle<()>,
    stop_polling: CancellationToken,
}

/// Nobody polls any more, or the client refuses a topic: a defect, not a condition of the network.
#[derive(Debug, thiserror::Error)]
#[error("the MQTT client no longer takes messages")]
pub(super) struct Gone;

impl Controller {
    /// Starts connecting; each time the broker has accepted a connection, `birth` is published before the next message.
    pub(super) fn start(options: MqttOptions, birth: Option<Outgoing>, counts: Arc<Counts>) -> Self {
        let window_max = usize::from(options.inflight());
        // The client's own queue is short: what waits there is ahead of nobody and cannot be taken back.
        let (client, mut events) = AsyncClient::builder(options).capacity(window_max.min(16)).build();
        events.set_network_options(network());
        let (sender, state) = watch::channel(Connection::Down(None));
        let stop_polling = CancellationToken::new();
        let poller = tokio::spawn(poll(events, sender, Arc::clone(&counts), stop_polling.clone()));
        Self { birth, client, window: VecDeque::new(), window_max, counts, state, poller, stop_polling }
    }

    /// Waits until the broker accepted the connection; the last reason if it did not in time.
    pub(super) async fn connected_within(&mut self, time: Duration) -> Result<(), Option<String>> {
        // A receiver of its own, so that the news is still news when the birth is to be published.
        let mut state = self.state.clone();
        let up = state.wait_for(|state| *state == Connection::Up);
        if matches!(tokio::time::timeout(time, up).await, Ok(Ok(_))) {
            return Ok(());
        }
        match &*self.state.borrow() {
            Connection::Up => Ok(()),
            Connection::Down(reason) => Err(reason.clone()),
        }
    }

    /// Waits until the broker accepted the connection, however long that takes.
    pub(super) async fn connected(&mut self) -> Result<(), Gone> {
        self.state.clone().wait_for(|state| *state == Connection::Up).await.map_err(|_| Gone).map(drop)
    }

    /// Publishes, waiting for the oldest acknowledgement while the window is full.
    pub(super) async fn publish(&mut self, message: Outgoing) -> Result<(), Gone> {
        let newly_up = self.state.has_changed().unwrap_or(false) && *self.state.borrow_and_update() == Connection::Up;
        if let Some(birth) = self.birth.clone().filter(|_| newly_up) {
            self.counts.published.fetch_add(1, Ordering::Relaxed);
            self.hand_over(birth).await?;
        }
        while self.window.len() >= self.window_max {
            self.settle_oldest().await?;
        }
        self.hand_over(message).await?;
        self.counts.published.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether messages wait for their acknowledgement.
    pub(super) fn is_waiting(&self) -> bool {
        !self.window.is_empty()
    }

    /// Waits for the oldest acknowledgement; publishes again what a lost session swallowed.
    pub(super) async fn settle_oldest(&mut self) -> Result<(), Gone> {
        let Some((_, notice)) = self.window.front_mut() else { return Ok(()) };
        let arrived = notice.as_mut().await;
        let Some((message, _)) = self.window.pop_front() else { return Ok(()) };
        if arrived {
            self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.counts.resent.fetch_add(1, Ordering::Relaxed);
        self.hand_over(message).await
    }

    async fn hand_over(&mut self, message: Outgoing) -> Result<(), Gone> {
        let options = PublishOptions::new(message.qos).retain(message.retain);
        let payload = message.payload.clone();
        let notice = self.client.publish_tracked(&*message.topic, payload, options).await.map_err(|_| Gone)?;
        let notice = Box::pin(async move { notice.wait_async().await.is_ok() });
        self.window.push_back((message, notice));
        Ok(())
    }

    /// Waits for the last acknowledgements and disconnects, both within a few seconds.
    pub(super) async fn finish(mut self, last: Option<Outgoing>) {
        let settled = tokio::time::timeout(GOODBYE, async {
            if let Some(last) = last {
                self.publish(last).await?;
            }
            while self.is_waiting() {
                self.settle_oldest().await?;
            }
            Ok::<(), Gone>(())
        });
        if !matches!(settled.await, Ok(Ok(()))) {
            tracing::warn!("Left with messages that the broker did not acknowledge.");
        }
        if self.client.disconnect_with_timeout(GOODBYE).await.is_ok() {
            let ended = tokio::time::timeout(GOODBYE, &mut self.poller).await;
            if ended.is_ok() {
                return;
            }
        }
        self.stop_polling.cancel();
    }
}

async fn poll(mut events: EventLoop, state: watch::Sender<Connection>, counts: Arc<Counts>, stop: CancellationToken) {
    let mut retry = RETRY_FIRST;
    loop {
        let event = tokio::select! {
            event = events.poll() => event,
            () = stop.cancelled() => return,
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                retry = RETRY_FIRST;
                state.send_replace(Connection::Up);
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(rumqttc::ConnectionError::RequestsDone | rumqttc::ConnectionError::DisconnectTimeout) => return,
            Err(cause) => {
                counts.reconnects.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%cause, ?retry, "Lost the broker.");
                state.send_replace(Connection::Down(Some(cause.to_string())));
                tokio::select! {
                    () = tokio::time::sleep(retry) => {}
                    () = stop.cancelled() => return,
                }
                retry = (retry * 2).min(RETRY_MAX);
            }
        }
    }
}
