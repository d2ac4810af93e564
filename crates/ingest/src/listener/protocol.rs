//! One connection's MQTT codec and state machine, the same for v3.1.1 and v5: bytes in, [`Incoming`] out, and the other
//! way round. No I/O. Everything that differs between the two versions on the wire is settled here.

use std::collections::HashSet;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, Qos, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError, PubackReasonCode, PubrecReasonCode};
use mqtt_protocol_core::mqtt::{Connection, Version, role};

use super::incoming::{Incoming, Message};

/// Topic aliases that a v5 client may use towards us.
pub(super) const TOPIC_ALIAS_MAX: u16 = 16;

/// The connection cannot go on. A v5 client has its DISCONNECT in the output already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What was wrong, from a closed set.
    pub(super) reason: &'static str,
}

impl From<MqttError> for Broken {
    fn from(error: MqttError) -> Self {
        Self {
            reason: match error {
                MqttError::PacketTooLarge => "packet_too_large",
                MqttError::MalformedPacket => "malformed_packet",
                MqttError::ProtocolError => "protocol_error",
                MqttError::UnsupportedProtocolVersion => "unsupported_version",
                MqttError::ReceiveMaximumExceeded => "receive_maximum_exceeded",
                MqttError::TopicAliasInvalid => "topic_alias_invalid",
                _ => "invalid_packet",
            },
        }
    }
}

/// How a PUBLISH of the client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Kept.
    Success,
    /// 0x87: outside the login's rights.
    NotAuthorised,
    /// 0x90: no such topic here.
    TopicInvalid,
}

/// See the module's text.
pub(super) struct Protocol {
    core: Connection<role::Server>,
    /// QoS 2 messages that have arrived and are not committed. The state machine answers a repeated PUBLISH by itself;
    /// while its first copy is not on the log, that answer must not go out.
    uncommitted: HashSet<u16>,
}

impl Protocol {
    /// A connection that has received nothing; larger packets break it.
    pub(super) fn new(packet_bytes_max: u32) -> Self {
        let options = ConnectionOptions::new().maximum_packet_size_recv(packet_bytes_max);
        let mut core = Connection::with_options(Version::Undetermined, options);
        core.set_auto_ping_response(true);
        Self { core, uncommitted: HashSet::new() }
    }

    /// Whether the client speaks v5; false before its CONNECT.
    pub(super) fn is_v5(&self) -> bool {
        self.core.get_protocol_version() == Version::V5_0
    }

    /// Takes at most one packet from `input`; returns it and how many bytes were used. A part of a packet is kept here, so
    /// all bytes are used when there is no packet.
    ///
    /// # Errors
    /// When the connection must be closed.
    pub(super) fn take(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(Option<Incoming>, usize), Broken> {
        let mut cursor = Cursor::new(input);
        let events = self.core.recv(&mut cursor);
        let used = cursor.position() as usize;
        let packet = self.apply(events, out)?;
        let incoming = packet.map(|packet| Incoming::read(packet, self.is_v5())).transpose()?;
        if let Some(Incoming::Publish(message)) = &incoming
            && message.qos() == Qos::ExactlyOnce
            && let Some(id) = message.packet_id()
        {
            self.uncommitted.insert(id);
        }
        Ok((incoming, used))
    }

    /// Writes what the state machine wants written, and hands over the packet it received.
    fn apply(&mut self, events: Vec<Event>, out: &mut Vec<u8>) -> Result<Option<Packet>, Broken> {
        let mut received = None;
        let mut broken = None;
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => received = Some(packet),
                Event::RequestSendPacket { packet, .. } if !self.is_premature(&packet) => {
                    out.extend_from_slice(&packet.to_continuous_buffer());
                }
                Event::NotifyError(error) => broken = Some(Broken::from(error)),
                Event::RequestClose => broken = broken.or(Some(Broken { reason: "protocol_error" })),
                // Timers are the connection task's own: one deadline serves keep-alive and stuck writes.
                Event::RequestSendPacket { .. }
                | Event::NotifyPacketIdReleased(_)
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_) => {}
            }
        }
        broken.map_or(Ok(received), Err)
    }

    fn is_premature(&self, packet: &Packet) -> bool {
        match packet {
            Packet::V3_1_1Pubrec(p) => self.uncommitted.contains(&p.packet_id()),
            Packet::V5_0Pubrec(p) => self.uncommitted.contains(&p.packet_id()),
            _ => false,
        }
    }

    /// Sends a packet. What went wrong in building it is a broken connection, never a panic.
    pub(super) fn send(&mut self, packet: Result<Packet, MqttError>, out: &mut Vec<u8>) -> Result<(), Broken> {
        let events = self.core.send(packet?);
        self.apply(events, out).map(|_| ())
    }

    /// Answers a PUBLISH of QoS 1. A v3.1.1 client can only be told of success; the caller closes instead.
    pub(super) fn puback(&mut self, packet_id: u16, answer: Answer, out: &mut Vec<u8>) -> Result<(), Broken> {
        let packet = if self.is_v5() {
            let puback = v5_0::Puback::builder().packet_id(packet_id);
            let puback = match answer {
                // Without a reason code it is 4 bytes and means success.
                Answer::Success => puback,
                Answer::NotAuthorised => puback.reason_code(PubackReasonCode::NotAuthorized),
                Answer::TopicInvalid => puback.reason_code(PubackReasonCode::TopicNameInvalid),
            };
            puback.build().map(Packet::from)
        } else {
            v3_1_1::Puback::builder().packet_id(packet_id).build().map(Packet::from)
        };
        self.send(packet, out)
    }

    /// Answers a PUBLISH of QoS 2, once.
    pub(super) fn pubrec(&mut self, packet_id: u16, answer: Answer, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.uncommitted.remove(&packet_id);
        let packet = if self.is_v5() {
            let pubrec = v5_0::Pubrec::builder().packet_id(packet_id);
            let pubrec = match answer {
                Answer::Success => pubrec,
                Answer::NotAuthorised => pubrec.reason_code(PubrecReasonCode::NotAuthorized),
                Answer::TopicInvalid => pubrec.reason_code(PubrecReasonCode::TopicNameInvalid),
            };
            pubrec.build().map(Packet::from)
        } else {
            v3_1_1::Pubrec::builder().packet_id(packet_id).build().map(Packet::from)
        };
        self.send(packet, out)
    }

    /// Answers a PUBREL: the QoS 2 exchange is over.
    pub(super) fn pubcomp(&mut self, packet_id: u16, out: &mut Vec<u8>) -> Result<(), Broken> {
        let packet = if self.is_v5() {
            v5_0::Pubcomp::builder().packet_id(packet_id).build().map(Packet::from)
        } else {
            v3_1_1::Pubcomp::builder().packet_id(packet_id).build().map(Packet::from)
        };
        self.send(packet, out)
    }

    /// Tells a v5 client why it is being disconnected; a v3.1.1 client is simply closed.
    pub(super) fn disconnect(&mut self, reason: DisconnectReasonCode, out: &mut Vec<u8>) {
        if self.is_v5() {
            let packet = v5_0::Disconnect::builder().reason_code(reason).build().map(Packet::from);
            // The state machine asks to close after DISCONNECT, and refuses to send it before CONNACK: closing follows anyway.
            self.send(packet, out).unwrap_or_default();
        }
    }

    /// Sends a message to the client; with QoS 1 it returns the packet id that its PUBACK will bear. A message that is
    /// larger than the client allows is left out, as the standard asks.
    pub(super) fn publish(&mut self, message: Message<'_>, out: &mut Vec<u8>) -> Result<Option<u16>, Broken> {
        let id = if message.at_least_once { self.core.acquire_packet_id().ok() } else { None };
        let packet = message.build(id, self.is_v5());
        let before = out.len();
        match self.send(packet, out) {
            Ok(()) => Ok(id),
            Err(Broken { reason: "packet_too_large" }) if out.len() == before => {
                if let Some(id) = id {
                    self.core.release_packet_id(id);
                }
                Ok(None)
            }
            Err(broken) => Err(broken),
        }
    }
}
