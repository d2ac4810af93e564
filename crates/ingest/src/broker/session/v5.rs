//! MQTT 5.

use std::io;

use bytes::Bytes;
use rumqttc_v5::mqttbytes::Error as PacketError;
use rumqttc_v5::{
    AckMode, AsyncClient, ConnAckProperties, ConnectionError, DisconnectReasonCode, Event, EventLoop, LastWill,
    ManualAck, Outgoing, Packet, PubAck, PublishNotice, PublishNoticeError, PublishOptions, QoS, SessionMode,
    StateError,
};

use super::super::events::Lost;
use super::super::host::Will;
use super::super::options::BrokerError;
use super::super::password;
use super::alike::alike;
use super::gathered::connector;
use super::nothing_open::NothingOpen;
use super::{
    Bounds, Checked, Happened, IN_FLIGHT, Message, NotTaken, PACKET_OVERHEAD_BYTES, READ_BATCH, REQUEST_BATCH,
    REQUESTS_MAX, words,
};

/// Largest payload that is fetched, so that it can be refused by name and counted; what is larger still, the broker leaves
/// out, as the standard asks once it was told. (A 3.1.1 broker cannot be told; there the limit is raised connection by
/// connection.)
const FETCHED_BYTES_MAX: usize = 16 << 20;

alike!(rumqttc_v5);

pub(super) fn client(
    checked: &Checked,
    client_id: &str,
    will: Option<Will>,
) -> Result<(AsyncClient, EventLoop), BrokerError> {
    let options = &checked.options;
    let mut mqtt = target(checked, client_id)?;
    let packet_bytes_max = FETCHED_BYTES_MAX.max(options.payload_bytes_max).saturating_add(PACKET_OVERHEAD_BYTES);
    let session_expiry_s = u32::try_from(options.session_expiry.as_secs()).unwrap_or(u32::MAX).max(1);
    mqtt.set_keep_alive(u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX))
        .set_session_mode(SessionMode::Persistent)
        .set_session_expiry_interval(Some(session_expiry_s))
        .set_session_store(NothingOpen { session_expiry_s })
        // The broker may have as many messages unanswered with us as our inbox holds.
        .set_receive_maximum(Some(u16::try_from(options.inbox_messages_max).unwrap_or(u16::MAX)))
        .set_max_packet_size(Some(u32::try_from(packet_bytes_max).unwrap_or(u32::MAX)))
        .set_ack_mode(AckMode::Manual)
        .set_connect_timeout(options.connect_within)
        .set_request_channel_capacity(REQUESTS_MAX)
        .set_max_request_batch(REQUEST_BATCH)
        .set_read_batch_size(READ_BATCH)
        .set_outgoing_inflight_upper_limit(IN_FLIGHT)
        .set_socket_connector(connector(options.connect_within))
        .set_network_options(checked.network());
    match (&options.username, password::now(options)) {
        (Some(user), Some(password)) => _ = mqtt.set_credentials(user.as_str(), password.into_bytes()),
        (Some(user), None) => _ = mqtt.set_username(user.as_str()),
        (None, _) => {}
    }
    if let Some(Will { topic, payload, .. }) = will {
        mqtt.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true, None));
    }
    Ok(AsyncClient::builder(mqtt).build())
}

/// The next that happens.
pub(super) async fn next(events: &mut EventLoop) -> Result<Happened, Lost> {
    let happened = happened(events.poll().await.map_err(lost)?);
    if matches!(happened, Happened::Welcome { .. }) {
        // It has said its word; left there, it would be told the whole session after every message.
        events.options.clear_session_store();
    }
    Ok(happened)
}

pub(super) fn happened(event: Event) -> Happened {
    match event {
        Event::Incoming(Packet::Publish(publish)) => {
            // Beside properties they would hold these in memory too: megabytes that nobody counts.
            let own = |bytes: Bytes| if publish.properties.is_some() { Bytes::copy_from_slice(&bytes) } else { bytes };
            Happened::Message(Message {
                topic: own(publish.topic),
                payload: own(publish.payload),
                pkid: if publish.qos == QoS::AtMostOnce { 0 } else { publish.pkid },
                retain: publish.retain,
            })
        }
        Event::Incoming(Packet::ConnAck(connack)) => Happened::Welcome {
            session_present: connack.session_present,
            bounds: connack.properties.as_ref().map_or(Bounds::NONE, bounds),
        },
        Event::Incoming(Packet::SubAck(suback)) => {
            Happened::Granted(suback.return_codes.iter().map(words::granted_v5).collect())
        }
        Event::Outgoing(Outgoing::Disconnect) => Happened::SaidGoodbye,
        // Outgoing echoes and pings.
        _ => Happened::Nothing,
    }
}

fn bounds(properties: &ConnAckProperties) -> Bounds {
    Bounds {
        retains: properties.retain_available != Some(0),
        acknowledges: properties.max_qos != Some(0),
        packet_bytes_max: properties.max_packet_size.map_or(usize::MAX, |bytes| bytes as usize),
    }
}

pub(super) fn lost(cause: ConnectionError) -> Lost {
    match cause {
        ConnectionError::ConnectionRefused(code)
        | ConnectionError::MqttState(StateError::ConnFail { reason: code }) => Lost::Refused(words::connect_v5(code)),
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        }) => Lost::TakenOver,
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, reason_string }) => {
            Lost::Dismissed(words::dismissed(reason_code), reason_string)
        }
        ConnectionError::NotConnAck(_) => Lost::Nonsense(words::NO_CONNACK.to_owned()),
        // Not the network's errors, which come by the same way.
        ConnectionError::MqttState(StateError::Deserialization(ref cause)) if !matches!(cause, PacketError::Io(_)) => {
            Lost::Nonsense(cause.to_string())
        }
        ConnectionError::MqttState(cause @ (StateError::Unsolicited(_) | StateError::ProtocolViolation(_))) => {
            Lost::Nonsense(cause.to_string())
        }
        cause => {
            let hung_up = hung_up(&cause);
            Lost::Connection { cause: Box::new(cause), hung_up }
        }
    }
}

/// Whether the far end answered and then hung up: before CONNACK the mark of a broker that does not know this version.
fn hung_up(cause: &ConnectionError) -> bool {
    let by_kind = |error: &io::Error| {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, Other, UnexpectedEof};
        matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | Other)
    };
    match cause {
        ConnectionError::Io(error)
        | ConnectionError::MqttState(StateError::Io(error) | StateError::Deserialization(PacketError::Io(error))) => {
            by_kind(error)
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => true,
        _ => false,
    }
}

pub(super) fn acknowledge(client: &AsyncClient, pkid: u16) -> Result<(), NotTaken> {
    client.try_manual_ack(ManualAck::PubAck(PubAck::new(pkid, None))).map_err(not_taken)
}

pub(super) fn publish_retained(
    client: &AsyncClient,
    topic: &str,
    value: Bytes,
    bounds: Bounds,
) -> Result<PublishNotice, NotTaken> {
    let qos = if bounds.acknowledges { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    client.try_publish_tracked(topic, value, PublishOptions::new(qos).retained()).map_err(not_taken)
}

/// What became of a message of ours.
pub(super) async fn heard(notice: PublishNotice) -> Option<Result<(), &'static str>> {
    match notice.wait_completion_async().await {
        Ok(()) => Some(Ok(())),
        Err(PublishNoticeError::V5PubAck(reason)) => Some(Err(words::refused_v5(reason))),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rumqttc_v5::{Packet, Publish};

    use super::*;

    /// What comes before CONNACK may have megabytes, and a line of the log must not.
    #[test]
    fn nothing_is_quoted_of_what_comes_first_instead_of_an_answer() {
        let publish = Publish::new("t", QoS::AtMostOnce, vec![0; 1 << 20], None);
        let said = lost(ConnectionError::NotConnAck(Box::new(Packet::Publish(publish)))).to_string();
        assert_eq!(said, "what came breaks the rules of MQTT: the first that came is no answer to our CONNECT");
    }
}
