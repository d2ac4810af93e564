//! The loop of one client: what can wake it, and what it does then.
//!
//! The log's slowness ends here: when the intake has no room, the message that found none is held, the socket is no longer
//! read, and everything else (answers, advisories, keep-alive, stop) goes on.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use foretell_model::MachineId;
use mqtt_protocol_core::mqtt::packet::Qos;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::Shared;
use super::events::{PublishDenied, ReadingPaused};
use super::incoming::{Incoming, Publish, Will};
use super::link::{Link, Moved};
use super::logins::Login;
use super::protocol::{Answer, Broken};
use super::subscriptions::Subscriptions;
use crate::intake::{Finished, Full, Outcome, Room, Submitter, Ticket};
use crate::retained::{Delivery, Kind, Served};

/// Verdicts remembered per connection; a gateway with more topics is asked anew.
const VERDICTS_MAX: usize = 1_024;
/// How long a stopping connection waits for the log.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// How long a will waits for room.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);
/// The reason of refusals for want of rights; the decoder has none of that name.
const NOT_AUTHORISED: &str = "not_authorised";

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The client said DISCONNECT.
    Asked {
        /// And wants its will said.
        with_will: bool,
    },
    /// The socket closed or failed.
    Gone,
    /// Nothing heard for one and a half times its keep-alive.
    Silent,
    /// It does not read our answers.
    NotReading,
    /// Another connection has its client id.
    TakenOver,
    /// We stop.
    Stopping,
    /// v3.1.1: it published outside its rights.
    NotAuthorised,
    /// v3.1.1: the log failed; it will send again.
    CommitFailed,
    /// It broke the protocol.
    Broken(&'static str),
}

impl Left {
    /// Its code in metrics.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Gone => "gone",
            Self::Silent => "keep_alive",
            Self::NotReading => "not_reading",
            Self::TakenOver => "taken_over",
            Self::Stopping => "stopping",
            Self::NotAuthorised => NOT_AUTHORISED,
            Self::CommitFailed => "commit_failed",
            Self::Broken(reason) => reason,
        }
    }

    /// A will says that the controller vanished. When we stop, or our log fails, it has not.
    pub(super) const fn wants_will(self) -> bool {
        !matches!(self, Self::Asked { with_will: false } | Self::Stopping | Self::CommitFailed)
    }
}

impl From<Broken> for Left {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken.reason)
    }
}

/// Site and machine of a contract topic, whatever follows them.
pub(super) fn contract_machine(topic: &str) -> Option<(&str, &str)> {
    let (site, rest) = topic.strip_prefix("foretell/v1/")?.split_once('/')?;
    Some((site, rest.split('/').next()?))
}

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
    link: Link<S>,
    client: Client,
    submitter: Submitter,
    subscriptions: Subscriptions,
    /// A message that found no room.
    held: Option<Publish>,
    verdicts: HashMap<String, bool>,
    finished: Vec<Finished>,
    heard: Instant,
    /// Since when the client has not read what waits for it.
    unread_since: Option<Instant>,
    /// Set when stopping: until when the log is waited for.
    drain_by: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite> Session<S> {
    pub(super) fn new(shared: Arc<Shared>, link: Link<S>, client: Client) -> Self {
        Self {
            submitter: shared.intake.submitter(&shared.source),
            subscriptions: Subscriptions::new(Arc::clone(&shared.retained), &client),
            shared,
            link,
            client,
            held: None,
            verdicts: HashMap::new(),
            finished: Vec::new(),
            heard: Instant::now(),
            unread_since: None,
            drain_by: None,
        }
    }

    pub(super) fn into_link(self) -> Link<S> {
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
            if self.drain_by.is_some() && self.submitter.in_flight() == 0 && !self.link.has_output() {
                return Left::Stopping;
            }
            let wake = self.wake(leave.as_mut(), tick.as_mut()).await;
            going = match wake {
                Wake::Leave => self.leave(),
                Wake::Finished => self.answer(),
                Wake::Moved(moved) => self.moved(moved),
                Wake::Delivery(Some(delivery)) => {
                    self.subscriptions.send(&delivery, &mut self.link).map_err(Left::from)
                }
                Wake::Delivery(None) => Ok(()),
                Wake::Room(room) => {
                    self.submitter.reserve(room);
                    Ok(())
                }
                Wake::Tick => {
                    tick.as_mut().reset(Instant::now() + tick_every);
                    self.look_at_the_clock()
                }
            }
            .and_then(|()| self.parse());
        }
    }

    fn may_read(&self) -> bool {
        self.held.is_none()
            && self.drain_by.is_none()
            && !self.link.is_congested()
            && self.submitter.in_flight() < usize::from(self.shared.options.pending_max.max(1))
    }

    async fn wake(&mut self, leave: Pin<&mut WaitForCancellationFutureOwned>, tick: Pin<&mut Sleep>) -> Wake {
        let may_read = self.may_read();
        let may_deliver = !self.link.is_congested();
        let held_bytes = self.held.as_ref().map(|publish| publish.payload().len());
        let Self { link, submitter, subscriptions, drain_by, .. } = self;
        tokio::select! {
            biased;
            () = leave, if drain_by.is_none() => Wake::Leave,
            () = submitter.finished() => Wake::Finished,
            room = submitter.room(held_bytes.unwrap_or_default()), if held_bytes.is_some() => Wake::Room(room),
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
        self.held = None;
        self.drain_by = Some(Instant::now() + DRAIN_WITHIN);
        Ok(())
    }

    fn moved(&mut self, moved: std::io::Result<Moved>) -> Result<(), Left> {
        match moved {
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
        if self.drain_by.is_some_and(|by| now >= by) {
            return Err(Left::Stopping);
        }
        if self.link.has_output() {
            let since = *self.unread_since.get_or_insert(now);
            if now.duration_since(since) >= self.shared.options.write_within {
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
        self.submitter.flush();
        self.link.grow();
        parsed
    }

    fn parse_all(&mut self) -> Result<(), Left> {
        if let Some(publish) = self.held.take_if(|_| self.submitter.has_reserved()) {
            self.take(publish);
        }
        while self.may_read() {
            let Some(incoming) = self.link.next()? else { return Ok(()) };
            self.handle(incoming)?;
        }
        Ok(())
    }

    fn handle(&mut self, incoming: Incoming) -> Result<(), Left> {
        let Link { protocol, out, .. } = &mut self.link;
        match incoming {
            Incoming::Publish(publish) => self.take(publish),
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

    /// Offers a message to the intake, or holds it until there is room.
    fn take(&mut self, publish: Publish) {
        let ticket = ticket(publish.qos(), publish.packet_id());
        match self.submit(publish.topic(), publish.payload(), ticket) {
            Ok(outcome) => self.pass_on(publish.topic(), publish.payload(), publish.retain(), outcome),
            Err(Full) => {
                ReadingPaused.emit();
                self.held = Some(publish);
            }
        }
    }

    fn submit(&mut self, topic: &str, payload: &[u8], ticket: Ticket) -> Result<Outcome, Full> {
        let rights = Arc::clone(&self.client.login.rights);
        let outcome = if self.may_publish(topic) {
            let everything = rights.may_publish_everything();
            let permitted = |machine: &MachineId| everything || rights.may_publish(machine.site(), machine.machine());
            self.submitter.try_submit(topic, payload, ticket, permitted)?
        } else {
            let detail = "this login may not publish for this machine".to_owned();
            self.submitter.try_refuse(topic, payload, NOT_AUTHORISED, detail, ticket)?
        };
        if outcome == Outcome::Refused(NOT_AUTHORISED) {
            let user = self.client.login.user.as_deref();
            PublishDenied { peer: self.client.peer, user, topic }.emit(&self.shared.denied);
        }
        Ok(outcome)
    }

    /// The verdict on a contract topic, from memory if possible. Other topics name their machine in ways that only the
    /// decoder knows; their events are asked one by one.
    fn may_publish(&mut self, topic: &str) -> bool {
        let rights = &self.client.login.rights;
        if rights.may_publish_everything() {
            return true;
        }
        if let Some(verdict) = self.verdicts.get(topic) {
            return *verdict;
        }
        let verdict = contract_machine(topic).is_none_or(|(site, machine)| rights.may_publish(site, machine));
        if self.verdicts.len() >= VERDICTS_MAX {
            self.verdicts.clear();
        }
        self.verdicts.insert(topic.to_owned(), verdict);
        verdict
    }

    /// Status is also served to subscribers. An empty retained one clears it, as MQTT has it, though the log has no use for it.
    fn pass_on(&self, topic: &str, payload: &[u8], retain: bool, outcome: Outcome) {
        if !Served::parse(topic).is_some_and(|served| served.kind == Kind::Status) {
            return;
        }
        match outcome {
            Outcome::Kept if retain => self.shared.retained.set(topic, payload),
            Outcome::Kept => self.shared.retained.forward(topic, payload),
            Outcome::Refused(reason) if reason != NOT_AUTHORISED && retain && payload.is_empty() => {
                self.shared.retained.set(topic, payload);
            }
            Outcome::Refused(_) | Outcome::Failed => {}
        }
    }

    /// Answers what the committer has finished, in order, all in one buffer.
    fn answer(&mut self) -> Result<(), Left> {
        let mut finished = std::mem::take(&mut self.finished);
        self.submitter.take_finished(&mut finished);
        let answered = finished.iter().try_for_each(|finished| self.answer_one(*finished));
        self.finished = finished;
        answered
    }

    fn answer_one(&mut self, finished: Finished) -> Result<(), Left> {
        let answer = match finished.outcome {
            Outcome::Refused(NOT_AUTHORISED) => Answer::NotAuthorised,
            Outcome::Refused("unknown_topic") => Answer::TopicInvalid,
            // Refused for good and safe in the quarantine: sending it again would change nothing.
            Outcome::Kept | Outcome::Refused(_) => Answer::Success,
            Outcome::Failed => Answer::Failed,
        };
        let Link { protocol, out, .. } = &mut self.link;
        let (qos, id) = read_ticket(finished.ticket);
        match (answer, qos) {
            // v3.1.1 has no way to say no but to close.
            (Answer::NotAuthorised, _) if !protocol.is_v5() => return Err(Left::NotAuthorised),
            (Answer::Failed, 1 | 2) if !protocol.is_v5() => return Err(Left::CommitFailed),
            (_, 1) => protocol.puback(id, answer, out)?,
            (_, 2) => protocol.pubrec(id, answer, out)?,
            _ => {}
        }
        Ok(())
    }

    /// Says a client's will, after it vanished.
    pub(super) async fn last_words(&mut self, will: &Will) {
        let ticket = ticket(Qos::AtMostOnce, None);
        let mut outcome = self.submit(&will.topic, &will.payload, ticket);
        if outcome.is_err() {
            let room = self.submitter.room(will.payload.len());
            if let Ok(room) = tokio::time::timeout(LAST_WORDS_WITHIN, room).await {
                self.submitter.reserve(room);
                outcome = self.submit(&will.topic, &will.payload, ticket);
            }
        }
        match outcome {
            Ok(outcome) => self.pass_on(&will.topic, &will.payload, will.retain, outcome),
            Err(Full) => metrics::counter!("foretell_mqtt_wills_dropped_total").increment(1),
        }
        self.submitter.flush();
    }
}

fn ticket(qos: Qos, packet_id: Option<u16>) -> Ticket {
    Ticket(u64::from(qos as u8) << 16 | u64::from(packet_id.unwrap_or_default()))
}

const fn read_ticket(ticket: Ticket) -> (u8, u16) {
    ((ticket.0 >> 16) as u8, ticket.0 as u16)
}
