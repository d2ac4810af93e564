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

use foretell_model::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::events::{Connected, ConnectionLost, Cure, Lost, SubscriptionWeak, count};
use super::host::HostState;
use super::options::Version;
use super::rivals::Rivals;
use super::room::{Place, Room};
use super::session::{Bounds, Checked, Client, Events, Happened, Message, Speaks};
use super::topics::{Change, Topics};
use crate::intake::Source;

/// A connection that stood this long was sound: the next pause is short, and the packet limit the usual one.
pub(super) const SOUND: Duration = Duration::from_secs(10);

/// What the worker is handed, in order.
pub(super) enum Arrival {
    /// From here on, messages come through this connection.
    Connected(Link),
    /// A message of the latest connection, with the room that it takes.
    Message(Message, Place),
}

/// A connection as the worker sees it.
pub(super) struct Link {
    /// Counted up by one with each connection of this process, from 1.
    pub(super) generation: u64,
    /// Where acknowledgements and our own messages go.
    pub(super) client: Client,
    /// What the broker lets us publish.
    pub(super) bounds: Bounds,
    /// Whether the broker kept what came while we were away.
    pub(super) session_present: bool,
    /// When it began, as our will as a Sparkplug host has it.
    pub(super) host_since: Option<Timestamp>,
}

/// See the module's text.
pub(super) struct Poller {
    checked: Arc<Checked>,
    /// Which of the source's sessions, from 0.
    number: usize,
    topics: Topics,
    /// The filters of the SUBSCRIBE that was sent last, in the order in which its SUBACK answers.
    asked: Vec<String>,
    /// `None` once we are told to stop: what still arrives is left unacknowledged.
    inbox: Option<mpsc::Sender<Arrival>>,
    room: Room,
    source: Arc<Source>,
    stop: CancellationToken,
    /// Ends the pause between two attempts.
    try_now: Arc<Notify>,
    generation: u64,
    /// Whether the broker has answered what this process asked for last: the session may be older than our configuration.
    subscribed: bool,
    payload_bytes_max: usize,
    speaks: Speaks,
    /// The broker has welcomed us in the version we speak, so that being hung up on does not put it in doubt.
    proven: bool,
    /// Our subscriptions stood on the last connection.
    stood: bool,
    host: Option<HostState>,
    rivals: Rivals,
}

impl Poller {
    pub(super) fn new(
        checked: Arc<Checked>,
        number: usize,
        topics: Topics,
        inbox: mpsc::Sender<Arrival>,
        source: Arc<Source>,
        (stop, try_now): (CancellationToken, Arc<Notify>),
        host: Option<HostState>,
    ) -> Self {
        let client_id = checked.options.client_id_of(number);
        let rivals = Rivals::new(Arc::clone(&source), client_id, checked.options.refused_pause);
        let payload_bytes_max = checked.options.payload_bytes_max;
        let speaks = Speaks::first(checked.options.version);
        Self {
            checked,
            number,
            topics,
            asked: Vec::new(),
            inbox: Some(inbox),
            room: Room::new(),
            source,
            stop,
            try_now,
            generation: 0,
            subscribed: false,
            payload_bytes_max,
            speaks,
            proven: false,
            stood: false,
            host,
            rivals,
        }
    }

    /// Connects again and again until told to stop.
    pub(super) async fn run(mut self) {
        let seed = RandomState::new().build_hasher().finish();
        let options = &self.checked.options;
        let mut backoff = Backoff::new(options.retry_max, options.refused_pause, seed);
        while !self.stop.is_cancelled() {
            let begun = Instant::now();
            let Err(cause) = self.connection().await else { break };
            let (lasted, stood) = (begun.elapsed(), std::mem::take(&mut self.stood));
            if lasted >= SOUND {
                backoff.reset();
                self.payload_bytes_max = self.checked.options.payload_bytes_max;
            }
            if stood {
                backoff.stood();
            }
            if let Lost::Oversize(bytes) = cause {
                self.payload_bytes_max = self.payload_bytes_max.max(bytes);
            }
            if self.stop.is_cancelled() {
                break;
            }
            let pause = if cause.cure() == Cure::Person { backoff.refused() } else { backoff.pause() };
            self.tell(&cause, pause);
            self.rivals.ended(&cause, stood.then_some(lasted));
            self.doubt_version(&cause);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
                () = self.try_now.notified() => backoff.reset(),
            }
        }
    }

    fn tell(&self, cause: &Lost, pause: Duration) {
        let lost = ConnectionLost {
            source: self.source.name(),
            worker: self.number,
            client_id: self.rivals.client_id(),
            version: self.speaks.name(),
            cause,
            remedy: cause.remedy(self.checked.uses_tls(), self.proven),
            retry_ms: pause.as_millis(),
        };
        lost.emit();
    }

    /// Turns to the other version after the broker has refused this one, or has hung up before it ever welcomed us in it.
    fn doubt_version(&mut self, cause: &Lost) {
        let refused = cause.cure() == Cure::OtherVersion;
        let unknown =
            matches!(cause, Lost::Connection { hung_up: true, .. } | Lost::Nonsense(_)) && self.speaks == Speaks::V5;
        if self.checked.options.version == Version::Auto && (refused || (unknown && !self.proven)) {
            self.speaks = self.speaks.other();
            self.proven = false;
            tracing::info!(
                source = self.source.name(),
                version = self.speaks.name(),
                "Trying the other version of MQTT."
            );
        }
    }

    /// One connection from CONNECT to its end; `Ok` when it ended because we stop.
    async fn connection(&mut self) -> Result<(), Lost> {
        self.generation += 1;
        let will = self.host.as_ref().map(HostState::will);
        let host_since = will.as_ref().map(|will| will.since);
        let made = self.checked.client(self.speaks, self.number, self.payload_bytes_max, will);
        let (client, mut events) = made.map_err(Lost::Setup)?;
        let (session_present, bounds) = loop {
            let first = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                first = events.next() => first?,
            };
            if let Happened::Welcome { session_present, bounds } = first {
                break (session_present, bounds);
            }
        };
        self.proven = true;
        let (source, version) = (self.source.name(), self.speaks.name());
        Connected { source, worker: self.number, version, session_present }.emit();
        let mut suback_due = None;
        if !session_present || !self.subscribed {
            let filters = self.topics.all();
            if session_present && !filters.unwanted.is_empty() {
                client.unsubscribe(&filters.unwanted).map_err(|_| Lost::Denied)?;
            }
            self.asked = filters.wanted.clone();
            client.subscribe(&self.asked).map_err(|_| Lost::Denied)?;
            suback_due = Some(Instant::now() + self.checked.options.connect_within);
        }
        let link = Link { generation: self.generation, client: client.clone(), bounds, session_present, host_since };
        if !self.hand_over(Arrival::Connected(link)).await {
            return Ok(());
        }
        self.poll(&client, &mut events, suback_due).await
    }

    /// Fits the standing session to other mappings; returns until when the broker may take to answer.
    fn resubscribe(&mut self, client: &Client) -> Result<Option<Instant>, Lost> {
        let Change { subscribe, unsubscribe } = self.topics.change();
        let source = self.source.name();
        tracing::info!(source, ?subscribe, ?unsubscribe, "The subscriptions follow the mappings.");
        if !unsubscribe.is_empty() {
            client.unsubscribe(&unsubscribe).map_err(|_| Lost::Denied)?;
        }
        if subscribe.is_empty() {
            return Ok(None);
        }
        client.subscribe(&subscribe).map_err(|_| Lost::Denied)?;
        // Should the connection end before the answer, nobody knows whether the broker ever read it.
        self.subscribed = false;
        self.asked = subscribe;
        Ok(Some(Instant::now() + self.checked.options.connect_within))
    }

    async fn poll(
        &mut self,
        client: &Client,
        events: &mut Events,
        mut suback_due: Option<Instant>,
    ) -> Result<(), Lost> {
        // Before the broker has granted our subscriptions, or delivers by those of an earlier process, the session does not stand.
        let mut standing = suback_due.is_none().then(|| Standing::new(&self.source));
        self.stood = standing.is_some();
        let mut look_at = self.stood.then(Instant::now);
        loop {
            let happened = tokio::select! {
                biased;
                // Polling goes on: the worker still commits and acknowledges what it has, then disconnects.
                () = self.stop.cancelled(), if self.inbox.is_some() => {
                    self.inbox = None;
                    continue;
                }
                happened = events.next() => happened,
                // One question at a time: answers come without a name.
                () = self.topics.changed(), if suback_due.is_none() => {
                    suback_due = self.resubscribe(client)?;
                    continue;
                }
                () = at(suback_due) => return Err(Lost::NoSubAck),
                () = at(look_at) => {
                    look_at = standing.as_ref().and_then(|standing| {
                        let next = self.rivals.stands(standing.since.elapsed())?;
                        Some(standing.since + next)
                    });
                    continue;
                }
            };
            match happened {
                Ok(Happened::Message(message)) => {
                    self.message(message).await;
                    // Its answer stands behind all that it had for us: minutes of it, after an hour without us. To begin anew would
                    // have what it has not heard acknowledged sent again.
                    suback_due = suback_due.map(|_| Instant::now() + self.checked.options.connect_within);
                    // Nothing comes to whom it has no subscription of.
                    self.stood = true;
                }
                Ok(Happened::Granted(codes)) => {
                    suback_due = None;
                    // What came meanwhile came by subscriptions of before; who is denied comes back less and less often all the same.
                    self.stood = false;
                    self.check(&codes)?;
                    (self.subscribed, self.stood) = (true, true);
                }
                Ok(Happened::SaidGoodbye) if self.stop.is_cancelled() => return Ok(()),
                Ok(Happened::SaidGoodbye) => return Err(Lost::NotKept),
                Ok(Happened::Nothing | Happened::Welcome { .. }) => {}
                Err(cause) => {
                    // What was read before the end still stands in the event loop.
                    while let Some(message) = events.left_over() {
                        self.message(message).await;
                    }
                    return Err(cause);
                }
            }
            if self.stood && standing.is_none() {
                standing = Some(Standing::new(&self.source));
                look_at = Some(Instant::now());
            }
        }
    }

    /// Reads the codes of a SUBACK, which come in the order of our filters.
    fn check(&self, codes: &[Result<u8, &'static str>]) -> Result<(), Lost> {
        let source = self.source.name();
        for (filter, code) in self.asked.iter().zip(codes) {
            match code {
                Ok(0) => SubscriptionWeak { source, filter, refused: None }.emit(),
                Ok(_) => {}
                Err(words) => SubscriptionWeak { source, filter, refused: Some(words) }.emit(),
            }
        }
        // What a reload adds may be denied; the session brings the rest as before.
        let hears_nothing = codes.iter().all(Result::is_err) && self.asked.len() >= self.topics.count();
        if hears_nothing { Err(Lost::Denied) } else { Ok(()) }
    }

    /// Hands a message to the worker. The inbox is at least as large as the broker's window, so unacknowledged messages are
    /// the back-pressure; should it be full nevertheless, or its messages large, what asks for no acknowledgement is dropped, and
    /// for the rest we stop reading the socket until there is room.
    async fn message(&mut self, message: Message) {
        let Some(inbox) = &self.inbox else { return };
        if message.pkid == 0 {
            let place = self.room.try_take(&message);
            if place.is_none_or(|place| inbox.try_send(Arrival::Message(message, place)).is_err()) {
                count(self.source.name(), "dropped_inbox_full");
            }
            return;
        }
        let place = tokio::select! {
            biased;
            place = self.room.take(&message) => place,
            () = self.stop.cancelled() => None,
        };
        if let Some(place) = place {
            self.hand_over(Arrival::Message(message, place)).await;
        }
    }

    /// Waits for room in the inbox; false when we were told to stop meanwhile.
    async fn hand_over(&mut self, arrival: Arrival) -> bool {
        let Some(inbox) = &self.inbox else { return false };
        // Nearly always there is room, and then nothing need be waited for.
        let arrival = match inbox.try_send(arrival) {
            Ok(()) => return true,
            Err(TrySendError::Full(arrival)) => arrival,
            Err(TrySendError::Closed(_)) => return false,
        };
        tokio::select! {
            biased;
            sent = inbox.send(arrival) => sent.is_ok(),
            () = self.stop.cancelled() => false,
        }
    }
}

/// A session that stands, counted for as long as it does.
struct Standing {
    source: Arc<Source>,
    since: Instant,
}

impl Standing {
    fn new(source: &Arc<Source>) -> Self {
        source.connected();
        Self { source: Arc::clone(source), since: Instant::now() }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.source.disconnected();
    }
}

/// Sleeps until the instant, or for ever.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
