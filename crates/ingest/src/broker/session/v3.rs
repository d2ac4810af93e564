//! MQTT 3.1.1.

use std::io;

use bytes::Bytes;
use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{
    AckMode, AsyncClient, ConnectionError, Event, EventLoop, LastWill, ManualAck, Outgoing, Packet, PubAck,
    PublishOptions, QoS, SessionMode, StateError, SubscribeReasonCode,
};

use super::super::events::Lost;
use super::super::host::Will;
use super::super::options::BrokerError;
use super::super::password;
use super::alike::alike;
use super::gathered::connector;
use super::{
    Bounds, Checked, Happened, IN_FLIGHT, Message, NotTaken, PACKET_OVERHEAD_BYTES, READ_BATCH, REQUEST_BATCH,
    REQUESTS_MAX, words,
};

alike!(rumqttc);

pub(super) fn client(
    checked: &Checked,
    client_id: &str,
    payload_bytes_max: usize,
    will: Option<Will>,
) -> Result<(AsyncClient, EventLoop), BrokerError> {
    let options = &checked.options;
    let mut mqtt = target(checked, client_id)?;
    let outgoing = options.payload_bytes_max.saturating_add(PACKET_OVERHEAD_BYTES);
    mqtt.set_keep_alive(u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX))
        .set_session_mode(SessionMode::Persistent)
        .set_ack_mode(AckMode::Manual)
        .set_request_channel_capacity(REQUESTS_MAX)
        .set_max_request_batch(REQUEST_BATCH)
        .set_read_batch_size(READ_BATCH)
        .set_inflight(IN_FLIGHT)
        .set_socket_connector(connector(options.connect_within))
        .set_max_packet_size(payload_bytes_max.saturating_add(PACKET_OVERHEAD_BYTES), outgoing);
    match (&options.username, password::now(options)) {
        (Some(user), Some(password)) => _ = mqtt.set_credentials(user.as_str(), password.into_bytes()),
        (Some(user), None) => _ = mqtt.set_username(user.as_str()),
        (None, _) => {}
    }
    if let Some(Will { topic, payload, .. }) = will {
        mqtt.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true));
    }
    let (client, mut events) = AsyncClient::builder(mqtt).build();
    events.set_network_options(checked.network());
    Ok((client, events))
}

pub(super) fn happened(event: Event) -> Happened {
    match event {
        Event::Incoming(Packet::Publish(publish)) => Happened::Message(Message {
            topic: publish.topic,
            payload: publish.payload,
            pkid: if publish.qos == QoS::AtMostOnce { 0 } else { publish.pkid },
            retain: publish.retain,
        }),
        Event::Incoming(Packet::ConnAck(connack)) => {
            Happened::Welcome { session_present: connack.session_present, bounds: Bounds::NONE }
        }
        Event::Incoming(Packet::SubAck(suback)) => Happened::Granted(
            suback
                .return_codes
                .iter()
                .map(|code| match code {
                    SubscribeReasonCode::Success(qos) => Ok(*qos as u8),
                    SubscribeReasonCode::Failure => Err(words::SUBSCRIPTION_REFUSED),
                })
                .collect(),
        ),
        Event::Outgoing(Outgoing::Disconnect) => Happened::SaidGoodbye,
        // Outgoing echoes and pings.
        _ => Happened::Nothing,
    }
}

pub(super) fn lost(cause: ConnectionError) -> Lost {
    match cause {
        ConnectionError::MqttState(StateError::Deserialization(PacketError::PayloadSizeLimitExceeded(bytes))) => {
            Lost::Oversize(bytes)
        }
        ConnectionError::ConnectionRefused(code) => Lost::Refused(words::connect_v3(code)),
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

/// Whether the far end closed the connection, all that a broker of this version can say.
fn hung_up(cause: &ConnectionError) -> bool {
    match cause {
        ConnectionError::Io(error)
        | ConnectionError::MqttState(StateError::Io(error) | StateError::Deserialization(PacketError::Io(error))) => {
            is_closed(error)
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => true,
        _ => false,
    }
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, Other, UnexpectedEof};
    // The library's own, of an end in the middle of a packet, are of no kind.
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | InvalidData | Other)
}

pub(super) fn acknowledge(client: &AsyncClient, pkid: u16) -> Result<(), NotTaken> {
    client.try_manual_ack(ManualAck::PubAck(PubAck::new(pkid))).map_err(not_taken)
}

pub(super) fn publish_retained(client: &AsyncClient, topic: &str, value: Bytes) -> Result<(), NotTaken> {
    client.try_publish(topic, value, PublishOptions::new(QoS::AtLeastOnce).retained()).map_err(not_taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As of a port that speaks another protocol, which may need TLS, and as of a rival.
    #[test]
    fn an_end_in_the_middle_of_a_packet_is_one_like_others() {
        let end = PacketError::Io(io::Error::other("bytes remaining on stream"));
        let cause = lost(ConnectionError::MqttState(StateError::Deserialization(end)));
        assert!(matches!(cause, Lost::Connection { hung_up: true, .. }), "{cause:?}");
    }
}
