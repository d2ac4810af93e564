//! What a client can say, whichever version of MQTT it speaks, and what it is sent.

use mqtt_protocol_core::mqtt::packet::{Packet, Property, Qos, RetainHandling, SubEntry, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};

use super::plain::{self, Extent};
use super::protocol::Broken;

/// Where a CONNECT has its flags, in bytes from the end of its header.
const CONNECT_FLAGS_AT: usize = 7;

/// A packet from the client.
pub(super) enum Incoming {
    /// It introduces itself.
    Connect(Box<Connect>),
    /// A message.
    Publish(Publish),
    /// PUBREL: it will not send this QoS 2 message again.
    Release(u16),
    /// PUBACK of a message we sent.
    Acknowledged(u16),
    /// It wants messages.
    Subscribe {
        /// To be answered under this id.
        packet_id: u16,
        /// What it wants.
        entries: Vec<Wanted>,
    },
    /// It wants no more messages.
    Unsubscribe {
        /// To be answered under this id.
        packet_id: u16,
        /// Of these filters.
        filters: Vec<String>,
    },
    /// It leaves on purpose.
    Disconnect {
        /// v5 may ask for the will all the same.
        with_will: bool,
    },
    /// Nothing to do: the state machine has answered (PINGREQ), or nothing is asked.
    Settled,
}

/// CONNECT.
#[derive(Debug, Default)]
pub(super) struct Connect {
    pub(super) client_id: String,
    pub(super) clean: bool,
    pub(super) keep_alive_s: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<Vec<u8>>,
    pub(super) will: Option<Will>,
    /// The byte of flags as it came.
    pub(super) flags: u8,
    /// v5: how many messages of QoS 1 it takes unanswered.
    pub(super) receive_max: u16,
    pub(super) is_v5: bool,
    /// v5: it wants an exchange of AUTH packets, which is not offered.
    pub(super) wants_auth: bool,
}

/// What a client wants said when it vanishes.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    pub(super) retain: bool,
}

/// One filter of a SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) filter: String,
    pub(super) at_least_once: bool,
    /// v5 may decline the retained values.
    pub(super) send_retained: bool,
}

/// PUBLISH from the client; the payload is its own copy, not a view of the read buffer.
pub(super) enum Publish {
    V3(v3_1_1::Publish),
    V5(v5_0::Publish),
    /// One that the codec has not seen; see [`super::plain`].
    Plain {
        topic: String,
        payload: Vec<u8>,
        packet_id: Option<u16>,
        retain: bool,
    },
}

impl Publish {
    pub(super) fn topic(&self) -> &str {
        match self {
            Self::V3(p) => p.topic_name(),
            Self::V5(p) => p.topic_name(),
            Self::Plain { topic, .. } => topic,
        }
    }

    pub(super) fn payload(&self) -> &[u8] {
        match self {
            Self::V3(p) => p.payload().as_slice(),
            Self::V5(p) => p.payload().as_slice(),
            Self::Plain { payload, .. } => payload,
        }
    }

    pub(super) fn qos(&self) -> Qos {
        match self {
            Self::V3(p) => p.qos(),
            Self::V5(p) => p.qos(),
            Self::Plain { packet_id: Some(_), .. } => Qos::AtLeastOnce,
            Self::Plain { packet_id: None, .. } => Qos::AtMostOnce,
        }
    }

    pub(super) fn packet_id(&self) -> Option<u16> {
        match self {
            Self::V3(p) => p.packet_id(),
            Self::V5(p) => p.packet_id(),
            Self::Plain { packet_id, .. } => *packet_id,
        }
    }

    pub(super) fn retain(&self) -> bool {
        match self {
            Self::V3(p) => p.retain(),
            Self::V5(p) => p.retain(),
            Self::Plain { retain, .. } => *retain,
        }
    }
}

impl Incoming {
    /// What it weighs against its sender's allowance, bytes.
    pub(super) fn payload_bytes(&self) -> usize {
        match self {
            Self::Publish(publish) => publish.payload().len(),
            _ => 0,
        }
    }

    /// Reads a packet of either version.
    pub(super) fn read(packet: Packet, v5: bool) -> Result<Self, Broken> {
        Ok(match packet {
            Packet::V3_1_1Connect(p) => Self::Connect(Box::new(connect_v3(&p))),
            Packet::V5_0Connect(p) => Self::Connect(Box::new(connect_v5(&p))),
            Packet::V3_1_1Publish(p) => Self::Publish(named(Publish::V3(p))?),
            Packet::V5_0Publish(p) => Self::Publish(named(Publish::V5(p))?),
            Packet::V3_1_1Pubrel(p) => Self::Release(p.packet_id()),
            Packet::V5_0Pubrel(p) => Self::Release(p.packet_id()),
            Packet::V3_1_1Puback(p) => Self::Acknowledged(p.packet_id()),
            Packet::V5_0Puback(p) => Self::Acknowledged(p.packet_id()),
            Packet::V3_1_1Subscribe(p) => Self::Subscribe {
                packet_id: p.packet_id(),
                entries: p.entries().iter().map(|e| wanted(e, v5)).collect::<Result<_, _>>()?,
            },
            Packet::V5_0Subscribe(p) => Self::Subscribe {
                packet_id: p.packet_id(),
                entries: p.entries().iter().map(|e| wanted(e, v5)).collect::<Result<_, _>>()?,
            },
            Packet::V3_1_1Unsubscribe(p) => Self::Unsubscribe {
                packet_id: p.packet_id(),
                filters: p.entries().iter().map(|e| sound(e.as_str()).map(str::to_owned)).collect::<Result<_, _>>()?,
            },
            Packet::V5_0Unsubscribe(p) => Self::Unsubscribe {
                packet_id: p.packet_id(),
                filters: p.entries().iter().map(|e| sound(e.as_str()).map(str::to_owned)).collect::<Result<_, _>>()?,
            },
            Packet::V3_1_1Disconnect(_) => Self::Disconnect { with_will: false },
            Packet::V5_0Disconnect(p) => {
                Self::Disconnect { with_will: p.reason_code() == Some(DisconnectReasonCode::DisconnectWithWillMessage) }
            }
            Packet::V5_0Auth(_) => return Err(Broken { reason: "protocol_error" }),
            _ => Self::Settled,
        })
    }
}

impl Connect {
    /// Whether the codec let pass what the standard closes for: the reserved flag, a will of QoS 3, the flags of a will where
    /// there is none, U+0000 in a text.
    pub(super) fn is_malformed(&self) -> bool {
        let has_will = self.flags & 0b0000_0100 != 0;
        let will_flags = self.flags & 0b0011_1000;
        let has_odd_will = if has_will { will_flags & 0b0001_1000 == 0b0001_1000 } else { will_flags != 0 };
        let will_topic = self.will.as_ref().map(|will| will.topic.as_str());
        let mut texts = [Some(self.client_id.as_str()), self.user.as_deref(), will_topic].into_iter().flatten();
        self.flags & 1 != 0 || has_odd_will || texts.any(|text| sound(text).is_err())
    }
}

/// The codec accepts U+0000 in a text; the standard closes for it.
fn sound(text: &str) -> Result<&str, Broken> {
    if text.contains('\0') { Err(Broken { reason: "malformed_packet" }) } else { Ok(text) }
}

/// The codec accepts wildcards in a topic name; the standard does not.
fn named(publish: Publish) -> Result<Publish, Broken> {
    sound(publish.topic())?;
    if publish.topic().is_empty() || publish.topic().contains(['+', '#']) {
        return Err(Broken { reason: "topic_invalid" });
    }
    Ok(publish)
}

fn wanted(entry: &SubEntry, v5: bool) -> Result<Wanted, Broken> {
    Ok(Wanted {
        filter: sound(entry.topic_filter())?.to_owned(),
        at_least_once: entry.sub_opts().qos() != Qos::AtMostOnce,
        send_retained: !v5 || entry.sub_opts().rh() != RetainHandling::DoNotSendRetained,
    })
}

/// The flags of a CONNECT, which the codec shows in part: they follow the protocol's name and level.
fn connect_flags(packet: &[u8]) -> u8 {
    match plain::extent(packet) {
        Extent::Known { header, .. } => packet.get(header + CONNECT_FLAGS_AT).copied().unwrap_or_default(),
        Extent::Unknown | Extent::Malformed => 0,
    }
}

fn connect_v3(p: &v3_1_1::Connect) -> Connect {
    Connect {
        client_id: p.client_id().to_owned(),
        clean: p.clean_session(),
        keep_alive_s: p.keep_alive(),
        user: p.user_name().map(str::to_owned),
        password: p.password().map(<[u8]>::to_vec),
        will: p.will_topic().map(|topic| Will {
            topic: topic.to_owned(),
            payload: p.will_payload().unwrap_or_default().to_vec(),
            retain: p.will_retain(),
        }),
        flags: connect_flags(&p.to_continuous_buffer()),
        receive_max: u16::MAX,
        is_v5: false,
        wants_auth: false,
    }
}

fn connect_v5(p: &v5_0::Connect) -> Connect {
    let receive_max = p.props().iter().find_map(|prop| match prop {
        Property::ReceiveMaximum(max) => Some(max.val()),
        _ => None,
    });
    Connect {
        client_id: p.client_id().to_owned(),
        clean: p.clean_start(),
        keep_alive_s: p.keep_alive(),
        user: p.user_name().map(str::to_owned),
        password: p.password().map(<[u8]>::to_vec),
        will: p.will_topic().map(|topic| Will {
            topic: topic.to_owned(),
            payload: p.will_payload().unwrap_or_default().to_vec(),
            retain: p.will_retain(),
        }),
        flags: connect_flags(&p.to_continuous_buffer()),
        receive_max: receive_max.unwrap_or(u16::MAX),
        is_v5: true,
        wants_auth: p.props().iter().any(|prop| matches!(prop, Property::AuthenticationMethod(_))),
    }
}

/// A message for the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) retain: bool,
    pub(super) at_least_once: bool,
}

impl Message<'_> {
    pub(super) fn build(self, packet_id: Option<u16>, v5: bool) -> Result<Packet, MqttError> {
        let qos = if packet_id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce };
        if v5 {
            let publish = v5_0::Publish::builder().topic_name(self.topic)?.qos(qos).retain(self.retain);
            publish.packet_id(packet_id).payload(self.payload).build().map(Packet::from)
        } else {
            let publish = v3_1_1::Publish::builder().topic_name(self.topic)?.qos(qos).retain(self.retain);
            publish.packet_id(packet_id).payload(self.payload).build().map(Packet::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_is_judged_by_every_flag_and_text() {
        let will = |topic: &str| Some(Will { topic: topic.into(), payload: vec![], retain: false });
        let sound =
            || Connect { client_id: "plc".into(), user: Some("u".into()), will: will("a/b"), ..Connect::default() };
        for flags in 0..=u8::MAX {
            let reserved = flags & 1 != 0;
            let will_qos = flags >> 3 & 3;
            let stray = flags & 4 == 0 && (will_qos > 0 || flags & 0x20 != 0);
            let expected = reserved || will_qos == 3 || stray;
            assert_eq!(Connect { flags, ..sound() }.is_malformed(), expected, "{flags:#010b}");
        }
        for nul in [
            Connect { client_id: "p\0".into(), ..sound() },
            Connect { user: Some("\0".into()), ..sound() },
            Connect { will: will("a/\0b"), ..sound() },
        ] {
            assert!(nul.is_malformed(), "{nul:?}");
        }
    }

    #[test]
    fn the_flags_are_where_the_standard_has_them() {
        for (long, level) in [(false, 4), (true, 5)] {
            let mut packet = vec![0x10, if long { 0x8a } else { 10 }];
            packet.extend(long.then_some(1));
            packet.extend([0, 4, b'M', b'Q', b'T', b'T', level, 0xc3, 0, 60]);
            assert_eq!(connect_flags(&packet), 0xc3);
        }
        assert_eq!(connect_flags(b"\x10"), 0);
    }
}
