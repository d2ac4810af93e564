//! The task that owns the connection: it polls, hands publishes to the inbox, and reconnects. It never waits for the client
//! it polls, because only its polling empties that client's queue.
//!
//! Every connection has a client and an event loop of its own. rumqttc would reconnect by itself, but then an
//! acknowledgement made for the old connection could still stand in its queue and acknowledge whatever message bears that
//! packet id on the new one. Here the old queue dies with the old connection. The session itself is the broker's: what was
//! not acknowledged comes again, and our own retained messages are said again from [`super::outgoing`].

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing as Sent, Packet, Publish, QoS, StateError, SubAck,
    SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::events::{Connected, ConnectionLost, Lost, SubscriptionWeak, count};
use super::options::Checked;
use crate::intake::Source;

/// A connection that stood this long was sound: the next pause is short, and the packet limit the usual one.
const SOUND: Duration = Duration::from_secs(10);

/// What the worker is handed, in order.
pub(super) enum Arrival {
    /// From here on, messages come through this connection.
    Connected(Link),
    /// A message of the latest connection.
    Message(Publish),
}

/// A connection as the worker sees it.
pub(super) struct Link {
    /// Counted up by one with each connection of this process, from 1.
    pub(super) generation: u64,
    /// Where acknowledgements and our own messages go.
    pub(super) client: AsyncClient,
}

/// See the module's text.
pub(super) struct Poller {
    checked: Checked,
    filters: Vec<String>,
    /// `None` once we are told to stop: what still arrives is left unacknowledged.
    inbox: Option<mpsc::Sender<Arrival>>,
    source: Arc<Source>,
    stop: CancellationToken,
    generation: u64,
    /// Whether this process has subscribed: the session may be older than our configuration.
    subscribed: bool,
    payload_bytes_max: usize,
}

impl Poller {
    pub(super) fn new(
        checked: Checked,
        filters: Vec<String>,
        inbox: mpsc::Sender<Arrival>,
        source: Arc<Source>,
        stop: CancellationToken,
    ) -> Self {
        let payload_bytes_max = checked.options.payload_bytes_max;
        let inbox = Some(inbox);
        Self { checked, filters, inbox, source, stop, generation: 0, subscribed: false, payload_bytes_max }
    }

    /// Connects again and again until told to stop.
    pub(super) async fn run(mut self) {
        let seed = RandomState::new().build_hasher().finish();
        let mut backoff = Backoff::new(self.checked.options.retry_max, seed);
        while !self.stop.is_cancelled() {
            let begun = Instant::now();
            let Err(cause) = self.connection().await else { break };
            if begun.elapsed() >= SOUND {
                backoff.reset();
                self.payload_bytes_max = self.checked.options.payload_bytes_max;
            }
            if let Lost::Oversize(bytes) = cause {
                self.payload_bytes_max = self.payload_bytes_max.max(bytes);
            }
            if self.stop.is_cancelled() {
                break;
            }
            let pause = backoff.pause();
            ConnectionLost { broker: self.source.name(), cause: &cause, retry_ms: pause.as_millis() }.emit();
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One connection from CONNECT to its end; `Ok` when it ended because we stop.
    async fn connection(&mut self) -> Result<(), Lost> {
        self.generation += 1;
        let (client, mut events) = AsyncClient::builder(self.checked.mqtt(self.payload_bytes_max)).build();
        events.set_network_options(self.checked.network());
        let first = tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            first = events.poll() => first.map_err(lost)?,
        };
        let Event::Incoming(Packet::ConnAck(connack)) = first else {
            return Err(Lost::Connection(Box::new(ConnectionError::RequestsDone)));
        };
        Connected { broker: self.source.name(), session_present: connack.session_present }.emit();
        let mut suback_due = None;
        if !connack.session_present || !self.subscribed {
            let filters = self.filters.iter().map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
            client.try_subscribe_many(filters).map_err(|_| Lost::Denied)?;
            suback_due = Some(Instant::now() + self.checked.options.connect_within);
        }
        let link = Link { generation: self.generation, client: client.clone() };
        if !self.hand_over(Arrival::Connected(link)).await {
            return Ok(());
        }
        self.source.connected();
        let ended = self.poll(&mut events, suback_due).await;
        self.source.disconnected();
        ended
    }

    async fn poll(&mut self, events: &mut EventLoop, mut suback_due: Option<Instant>) -> Result<(), Lost> {
        loop {
            let event = tokio::select! {
                biased;
                // Polling goes on: the worker still commits and acknowledges what it has, then disconnects.
                () = self.stop.cancelled(), if self.inbox.is_some() => {
                    self.inbox = None;
                    continue;
                }
                event = events.poll() => event,
                () = at(suback_due) => return Err(Lost::NoSubAck),
            };
            match event {
                Ok(Event::Incoming(Packet::Publish(publish))) => self.message(publish).await,
                Ok(Event::Incoming(Packet::SubAck(suback))) => {
                    suback_due = None;
                    self.check(&suback)?;
                    self.subscribed = true;
                }
                Ok(Event::Outgoing(Sent::Disconnect)) if self.stop.is_cancelled() => return Ok(()),
                Ok(Event::Outgoing(Sent::Disconnect)) => return Err(Lost::NotKept),
                // Outgoing echoes and pings.
                Ok(_) => {}
                Err(cause) => {
                    // What was read before the end still stands in the event loop.
                    while let Some(event) = events.state.events.pop_front() {
                        if let Event::Incoming(Packet::Publish(publish)) = event {
                            self.message(publish).await;
                        }
                    }
                    return Err(lost(cause));
                }
            }
        }
    }

    /// Reads the codes of a SUBACK, which come in the order of our filters.
    fn check(&self, suback: &SubAck) -> Result<(), Lost> {
        let broker = self.source.name();
        for (filter, code) in self.filters.iter().zip(&suback.return_codes) {
            match code {
                SubscribeReasonCode::Success(QoS::AtMostOnce) => {
                    SubscriptionWeak { broker, filter, granted: Some(0) }.emit();
                }
                SubscribeReasonCode::Success(_) => {}
                SubscribeReasonCode::Failure => SubscriptionWeak { broker, filter, granted: None }.emit(),
            }
        }
        let denied = suback.return_codes.iter().all(|code| *code == SubscribeReasonCode::Failure);
        if denied { Err(Lost::Denied) } else { Ok(()) }
    }

    /// Hands a message to the worker. The inbox is at least as large as the broker's window, so unacknowledged messages are
    /// the back-pressure; should it be full nevertheless, what asks for no acknowledgement is dropped, and for the rest we stop
    /// reading the socket until there is room.
    async fn message(&mut self, publish: Publish) {
        let Some(inbox) = &self.inbox else { return };
        if publish.qos == QoS::AtMostOnce {
            if inbox.try_send(Arrival::Message(publish)).is_err() {
                count(self.source.name(), "dropped_inbox_full");
            }
            return;
        }
        self.hand_over(Arrival::Message(publish)).await;
    }

    /// Waits for room in the inbox; false when we were told to stop meanwhile.
    async fn hand_over(&mut self, arrival: Arrival) -> bool {
        let Some(inbox) = &self.inbox else { return false };
        tokio::select! {
            biased;
            sent = inbox.send(arrival) => sent.is_ok(),
            () = self.stop.cancelled() => false,
        }
    }
}

/// Sleeps until the instant, or for ever.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn lost(cause: ConnectionError) -> Lost {
    match cause {
        ConnectionError::MqttState(StateError::Deserialization(PacketError::PayloadSizeLimitExceeded(bytes))) => {
            Lost::Oversize(bytes)
        }
        cause => Lost::Connection(Box::new(cause)),
    }
}
