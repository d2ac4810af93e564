//! The loop of one client: what can wake it, and what it does then.
//!
//! The log's slowness ends here: when the intake has no room, the message that found none is held, the socket is no longer
//! read, and everything else (answers, advisories, keep-alive, stop) goes on.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::Shared;
use super::allowance::Allowance;
use super::events::PacketTooLarge;
use super::incoming::{Incoming, Will};
use super::left::Left;
use super::link::{Link, Moved, TooLarge};
use super::logins::Login;
use super::options::ListenerOptions;
use super::publications::Publications;
use super::subscriptions::Subscriptions;
use crate::intake::Room;
use crate::retained::Delivery;

/// How long a stopping connection waits for the log.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Who is served.
pub(super) struct Client {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) login: Login,
    pub(super) silence_max: Duration,
    /// Messages of QoS 1 it takes unanswered.
    pub(super) receive_max: u16,
}

/// Everything that can wake a session.
enum Wake {
    /// Stop, or taken over.
    Leave,
    /// The committer has finished some of its messages.
    Finished,
    /// Bytes moved, or the socket failed.
    Moved(std::io::Result<Moved>),
    /// A message for it as a subscriber.
    Delivery(Option<Delivery>),
    /// The held message has room now.
    Room(Room),
    /// Time to look at the clock.
    Tick,
}

/// See the module's text.
pub(super) struct Session<S> {
    shared: Arc<Shared>,
    /// As they were when it last looked.
    options: Arc<ListenerOptions>,
    link: Box<Link<S>>,
    client: Client,
    publications: Publications,
    subscriptions: Subscriptions,
    heard: Instant,
    /// Since when the client has not read what waits for it.
    unread_since: Option<Instant>,
    /// None without limits.
    allowance: Option<Box<Allowance>>,
    /// Set when stopping: until when the log is waited for.
    drain_by: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite> Session<S> {
    pub(super) fn new(shared: Arc<Shared>, link: Box<Link<S>>, client: Client) -> Self {
        let options = shared.options();
        Self {
            publications: Publications::new(Arc::clone(&shared), &client),
            subscriptions: Subscriptions::new(Arc::clone(&shared.retained), &client),
            allowance: Allowance::of(&options, Instant::now()),
            options,
            shared,
            link,
            client,
            heard: Instant::now(),
            unread_since: None,
            drain_by: None,
        }
    }

    pub(super) fn into_link(self) -> Box<Link<S>> {
        self.link
    }

    /// Serves the client until it leaves or must.
    pub(super) async fn run(&mut self, leave: CancellationToken) -> Left {
        // A token of its own, waited for once: with thousands of connections the common one would be a common lock.
        let mut leave = Box::pin(leave.cancelled_owned());
        let tick_every = (self.client.silence_max / 8).clamp(Duration::from_millis(100), Duration::from_secs(5));
        let mut tick = Box::pin(tokio::time::sleep(tick_every));
        // What came together with CONNECT is there already.
        let mut going = self.parse();
        loop {
            if let Err(left) = going {
                return left;
            }
            if self.drain_by.is_some() && !self.publications.has_pending() && !self.link.has_output() {
                return Left::Stopping;
            }
            let wake = self.wake(leave.as_mut(), tick.as_mut()).await;
            going = match wake {
                Wake::Leave => self.leave(),
                Wake::Finished => {
                    let Link { protocol, out, .. } = &mut *self.link;
                    self.publications.answer(protocol, out)
                }
                Wake::Moved(moved) => self.moved(moved),
                Wake::Delivery(Some(delivery)) => {
                    self.subscriptions.send(&delivery, &mut self.link).map_err(Left::from)
                }
                Wake::Delivery(None) => Ok(()),
                Wake::Room(room) => {
                    self.publications.take_held(room);
                    Ok(())
                }
                Wake::Tick => {
                    tick.as_mut().reset(Instant::now() + tick_every);
                    self.look_at_the_clock()
                }
            }
            .and_then(|()| self.parse());
            if let Some(closed) = self.allowance.as_ref().filter(|allowance| !allowance.is_open()) {
                tick.as_mut().reset(closed.opens().min(Instant::now() + tick_every));
            }
        }
    }

    fn may_read(&self) -> bool {
        let is_open = self.allowance.as_ref().is_none_or(|allowance| allowance.is_open());
        is_open && self.publications.may_take() && self.drain_by.is_none() && !self.link.is_congested()
    }

    async fn wake(&mut self, leave: Pin<&mut WaitForCancellationFutureOwned>, tick: Pin<&mut Sleep>) -> Wake {
        let may_read = self.may_read();
        let may_deliver = !self.link.is_congested();
        let Self { link, publications, subscriptions, drain_by, .. } = self;
        tokio::select! {
            biased;
            () = leave, if drain_by.is_none() => Wake::Leave,
            () = publications.finished() => Wake::Finished,
            room = publications.room() => Wake::Room(room),
            delivery = subscriptions.next(), if may_deliver => Wake::Delivery(delivery),
            moved = link.turn(may_read) => Wake::Moved(moved),
            () = tick => Wake::Tick,
        }
    }

    fn leave(&mut self) -> Result<(), Left> {
        if !self.shared.stop.is_cancelled() {
            return Err(Left::TakenOver);
        }
        // What was read is committed and answered; what was not will be sent again, elsewhere or later.
        self.publications.drop_held();
        self.drain_by = Some(Instant::now() + DRAIN_WITHIN);
        Ok(())
    }

    fn moved(&mut self, moved: std::io::Result<Moved>) -> Result<(), Left> {
        match moved {
            Err(_) if self.link.is_crowded_out() => Err(Left::CrowdedOut),
            Ok(Moved::In(0)) | Err(_) => Err(Left::Gone),
            Ok(Moved::In(_)) => {
                self.heard = Instant::now();
                Ok(())
            }
            Ok(Moved::Out) => {
                self.unread_since = None;
                Ok(())
            }
        }
    }

    fn look_at_the_clock(&mut self) -> Result<(), Left> {
        let now = Instant::now();
        let options = self.shared.options();
        if !Arc::ptr_eq(&options, &self.options) {
            self.allowance = Allowance::of(&options, now);
            self.options = options;
        }
        if let Some(allowance) = &mut self.allowance {
            allowance.refill(now);
        }
        if self.drain_by.is_some_and(|by| now >= by) {
            return Err(Left::Stopping);
        }
        if self.drain_by.is_none() && !self.shared.logins.holds(&self.client.login, self.client.peer.ip()) {
            return Err(Left::LoginChanged);
        }
        if self.link.has_output() {
            let since = *self.unread_since.get_or_insert(now);
            if now.duration_since(since) >= self.options.write_within {
                return Err(Left::NotReading);
            }
        }
        // While we do not read, silence is our own doing.
        if self.may_read() && now.duration_since(self.heard) >= self.client.silence_max {
            return Err(Left::Silent);
        }
        if !self.may_read() {
            self.heard = now;
        }
        Ok(())
    }

    /// Deals with every whole packet that was read, as far as there is room. One flush for all of them.
    fn parse(&mut self) -> Result<(), Left> {
        let parsed = self.parse_all();
        self.publications.flush();
        parsed
    }

    fn parse_all(&mut self) -> Result<(), Left> {
        let may_be_plain = !self.link.protocol.is_v5();
        while self.may_read() {
            if may_be_plain && let Some(plain) = self.link.next_plain() {
                if let Some(allowance) = &mut self.allowance {
                    allowance.spend(plain.payload.len());
                }
                self.publications.take_plain(plain);
                continue;
            }
            let Some(incoming) = self.link.next()? else { return Ok(()) };
            if let Some(allowance) = &mut self.allowance {
                allowance.spend(incoming.payload_bytes());
            }
            self.handle(incoming)?;
        }
        Ok(())
    }

    fn handle(&mut self, incoming: Incoming) -> Result<(), Left> {
        let Link { protocol, out, .. } = &mut *self.link;
        match incoming {
            Incoming::Publish(publish) => self.publications.take(publish),
            Incoming::Release(id) => protocol.pubcomp(id, out)?,
            Incoming::Acknowledged(id) => self.subscriptions.acknowledged(id),
            Incoming::Subscribe { packet_id, entries } => {
                self.subscriptions.subscribe(packet_id, &entries, &mut self.link)?;
            }
            Incoming::Unsubscribe { packet_id, filters } => {
                self.subscriptions.unsubscribe(packet_id, &filters, &mut self.link)?;
            }
            Incoming::Disconnect { with_will } => return Err(Left::Asked { with_will }),
            Incoming::Connect(_) => return Err(Left::Broken("protocol_error")),
            Incoming::Settled => {}
        }
        Ok(())
    }

    /// Tells of a packet larger than allowed, if the session ended at one, and leaves word of it in the quarantine, where people
    /// look for what is missing. Now and then only: a client of MQTT 3.1.1 sends it again with each connection.
    pub(super) fn tell_too_large(&mut self, client_id: &str) {
        let Some(large) = self.link.take_too_large() else { return };
        let TooLarge { bytes, bytes_max, topic } = *large;
        let (peer, user, topic) = (self.client.peer, self.client.login.user.as_deref(), topic.as_deref());
        let told = PacketTooLarge { peer, client_id, user, topic, bytes, bytes_max }.emit(&self.shared.closed);
        if let Some(topic) = topic.filter(|_| told) {
            let detail = format!(
                "a packet of {bytes} bytes was not read, {bytes_max} are allowed (`packet_size`); it came from `{client_id}`"
            );
            self.publications.refuse_unread(topic, detail);
        }
    }

    /// Says the client's will, after it vanished.
    pub(super) async fn last_words(&mut self, will: &Will) {
        self.publications.last_words(will).await;
    }
}
