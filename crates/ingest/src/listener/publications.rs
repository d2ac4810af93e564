//! A client as a publisher: its messages on their way to the log, and the answers on their way back.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::Qos;

use super::Shared;
use super::events::{PublishDenied, ReadingPaused};
use super::incoming::{Publish, Will};
use super::left::Left;
use super::logins::Login;
use super::plain::{self, Plain};
use super::protocol::{Answer, Protocol};
use super::session::Client;
use crate::decode::RefusalReason;
use crate::intake::{Finished, Full, Outcome, Room, Submitter, Ticket, size};
use crate::retained::{Kind, Served};
use crate::sparkplug::Publication;

/// Verdicts remembered per connection; a gateway with more topics is asked anew.
const VERDICTS_MAX: usize = 1_024;
/// Longest topic that is remembered, bytes; those of the contract are shorter. Topics may have 64 KiB, and so many of them would
/// fill the memory with a few connections.
const TOPIC_BYTES_MAX: usize = 256;
/// How long a will waits for room.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);
/// The reason of refusals for want of rights.
pub(super) const NOT_AUTHORISED: &str = RefusalReason::NotAuthorised.code();

/// See the module's text.
pub(super) struct Publications {
    shared: Arc<Shared>,
    peer: SocketAddr,
    login: Login,
    submitter: Submitter,
    /// A message that found no room.
    held: Option<Publish>,
    pending_max: usize,
    verdicts: Verdicts,
    finished: Vec<Finished>,
}

impl Publications {
    pub(super) fn new(shared: Arc<Shared>, client: &Client) -> Self {
        Self {
            submitter: shared.intake.submitter_of(&shared.source, &client.login.rights, client.login.user.as_deref()),
            peer: client.peer,
            login: client.login.clone(),
            held: None,
            pending_max: usize::from(shared.options().pending_max.max(1)),
            shared,
            verdicts: Verdicts::default(),
            finished: Vec::new(),
        }
    }

    /// Whether another message may be taken: none is held, and not too many wait for the log.
    pub(super) fn may_take(&self) -> bool {
        self.held.is_none() && self.submitter.in_flight() < self.pending_max
    }

    /// Whether some messages are not answered yet.
    pub(super) const fn has_pending(&self) -> bool {
        self.submitter.in_flight() > 0
    }

    /// Waits until answers are ready. Cancelling it loses nothing.
    pub(super) async fn finished(&self) {
        self.submitter.finished().await;
    }

    /// Waits until the held message has room, for ever when none is held. Cancelling it loses nothing.
    pub(super) async fn room(&self) -> Room {
        match &self.held {
            Some(publish) => self.submitter.room(size(publish.topic(), publish.payload())).await,
            None => std::future::pending().await,
        }
    }

    /// Takes the held message into the room that was found for it.
    pub(super) fn take_held(&mut self, room: Room) {
        self.submitter.reserve(room);
        if let Some(publish) = self.held.take() {
            self.take(publish);
        }
    }

    /// Forgets the held message; it was never answered, so its publisher will send it again.
    pub(super) fn drop_held(&mut self) {
        self.held = None;
    }

    /// Hands what was taken to the committer.
    pub(super) fn flush(&mut self) {
        self.submitter.flush();
    }

    /// Offers a plain message to the intake, or holds it until there is room.
    pub(super) fn take_plain(&mut self, plain: Plain<'_>) {
        match self.submit(plain.topic, plain.payload, plain_ticket(plain.packet_id)) {
            Ok(outcome) => {
                self.tell_edge_nodes();
                self.pass_on(plain.topic, plain.payload, plain.retain, outcome);
            }
            Err(Full) => {
                ReadingPaused.emit();
                let (topic, payload) = (plain.topic.to_owned(), plain.payload.to_vec());
                self.held = Some(Publish::Plain { topic, payload, packet_id: plain.packet_id, retain: plain.retain });
            }
        }
    }

    /// Offers a message to the intake, or holds it until there is room.
    pub(super) fn take(&mut self, publish: Publish) {
        let ticket = match &publish {
            Publish::Plain { packet_id, .. } => plain_ticket(*packet_id),
            Publish::V3(_) | Publish::V5(_) => ticket(publish.qos(), publish.packet_id()),
        };
        match self.submit(publish.topic(), publish.payload(), ticket) {
            Ok(outcome) => {
                self.tell_edge_nodes();
                self.pass_on(publish.topic(), publish.payload(), publish.retain(), outcome);
            }
            Err(Full) => {
                ReadingPaused.emit();
                self.held = Some(publish);
            }
        }
    }

    fn submit(&mut self, topic: &str, payload: &[u8], ticket: Ticket) -> Result<Outcome, Full> {
        let outcome = if self.may_publish(topic) {
            self.submitter.try_submit(topic, payload, ticket)?
        } else {
            let detail = "this login may not publish for this machine".to_owned();
            self.submitter.try_refuse(topic, payload, NOT_AUTHORISED, detail, ticket)?
        };
        if outcome == Outcome::Refused(NOT_AUTHORISED) {
            let user = self.login.user.as_deref();
            PublishDenied { peer: self.peer, user, topic }.emit(&self.shared.denied);
        }
        Ok(outcome)
    }

    /// Leaves word in the quarantine of a message that was not read; without room there, or rights, only the log has it.
    pub(super) fn refuse_unread(&mut self, topic: &str, detail: String) {
        if self.may_publish(topic) {
            let (reason, ticket) = (RefusalReason::TooLarge.code(), ticket(Qos::AtMostOnce, None));
            let _refused = self.submitter.try_refuse(topic, b"", reason, detail, ticket).is_ok();
            self.submitter.flush();
        }
    }

    /// The verdict on what begins like a contract topic, from memory if possible. Other topics name their machine in ways that
    /// only the decoder knows, so the decoder asks.
    fn may_publish(&mut self, topic: &str) -> bool {
        let rights = &self.login.rights;
        let Some((site, machine)) = contract_machine(topic).filter(|_| !rights.may_publish_everything()) else {
            return true;
        };
        self.verdicts.of(topic, || rights.may_publish(site, machine))
    }

    /// Sends rebirth requests to whoever subscribed to them, which is the node itself.
    fn tell_edge_nodes(&mut self) {
        for Publication { topic, payload } in self.submitter.take_publications() {
            self.shared.retained.forward(&topic, &payload);
        }
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
    pub(super) fn answer(&mut self, protocol: &mut Protocol, out: &mut Vec<u8>) -> Result<(), Left> {
        let mut finished = std::mem::take(&mut self.finished);
        self.submitter.take_finished(&mut finished);
        let answered = finished.iter().try_for_each(|finished| answer_one(*finished, protocol, out));
        self.finished = finished;
        answered
    }

    /// Says a client's will, after it vanished.
    pub(super) async fn last_words(&mut self, will: &Will) {
        let ticket = ticket(Qos::AtMostOnce, None);
        let mut outcome = self.submit(&will.topic, &will.payload, ticket);
        if outcome.is_err() {
            let room = self.submitter.room(size(&will.topic, &will.payload));
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

/// On which topics the login may publish, as far as it was asked.
#[derive(Default)]
struct Verdicts(HashMap<String, bool>);

impl Verdicts {
    fn of(&mut self, topic: &str, decide: impl FnOnce() -> bool) -> bool {
        if let Some(verdict) = self.0.get(topic) {
            return *verdict;
        }
        let verdict = decide();
        if topic.len() <= TOPIC_BYTES_MAX {
            if self.0.len() >= VERDICTS_MAX {
                self.0.clear();
            }
            self.0.insert(topic.to_owned(), verdict);
        }
        verdict
    }
}

fn answer_one(finished: Finished, protocol: &mut Protocol, out: &mut Vec<u8>) -> Result<(), Left> {
    let (qos, id) = read_ticket(finished.ticket);
    let answer = match finished.outcome {
        Outcome::Refused(NOT_AUTHORISED) => Answer::NotAuthorised,
        Outcome::Refused("unknown_topic") => Answer::TopicInvalid,
        // Refused for good and safe in the quarantine: sending it again would change nothing.
        Outcome::Kept | Outcome::Refused(_) => Answer::Success,
        // A v5 client that is told no is done with the message, and the message is sound: the fault is ours, and may last until
        // somebody mends a disk. Whoever loses the connection instead sends it again.
        Outcome::Failed if qos > 0 => return Err(Left::CommitFailed),
        Outcome::Failed => return Ok(()),
    };
    let is_plain = finished.ticket.0 & PLAIN != 0;
    match (answer, qos) {
        // v3.1.1 has no way to say no. To close would have it sent again for ever, and what stands behind it never answered; the
        // standard lets us acknowledge (MQTT-3.3.5-2), and the quarantine has it.
        (_, 1) if is_plain => plain::acknowledge(id, out),
        (_, 1) => protocol.puback(id, answer, out)?,
        (_, 2) => protocol.pubrec(id, answer, out)?,
        _ => {}
    }
    Ok(())
}

/// Site and machine of a contract topic, whatever follows them.
pub(super) fn contract_machine(topic: &str) -> Option<(&str, &str)> {
    let (site, rest) = topic.strip_prefix("foretell/v1/")?.split_once('/')?;
    Some((site, rest.split('/').next()?))
}

fn ticket(qos: Qos, packet_id: Option<u16>) -> Ticket {
    Ticket(u64::from(qos as u8) << 16 | u64::from(packet_id.unwrap_or_default()))
}

/// Set in the ticket of a message that the codec has not seen, and whose answer it must not see either.
const PLAIN: u64 = 1 << 18;

fn plain_ticket(packet_id: Option<u16>) -> Ticket {
    let qos = if packet_id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce };
    Ticket(ticket(qos, packet_id).0 | PLAIN)
}

const fn read_ticket(ticket: Ticket) -> (u8, u16) {
    ((ticket.0 >> 16) as u8 & 3, ticket.0 as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_remembered_and_take_little_room() {
        let mut verdicts = Verdicts::default();
        assert!(verdicts.of("foretell/v1/s/m/telemetry", || true));
        assert!(verdicts.of("foretell/v1/s/m/telemetry", || panic!("it is known")));
        for n in 0..3_000 {
            let topic = format!("foretell/v1/s/m/{n}/{}", "x".repeat(60_000));
            assert_eq!([true, false].map(|verdict| verdicts.of(&topic, || verdict)), [true, false]);
            assert!(!verdicts.of(&format!("foretell/v1/s/m{n}/status"), || false));
        }
        let bytes: usize = verdicts.0.keys().map(String::len).sum();
        assert!(verdicts.0.len() <= VERDICTS_MAX && bytes <= VERDICTS_MAX * TOPIC_BYTES_MAX, "{bytes} bytes");
    }
}
