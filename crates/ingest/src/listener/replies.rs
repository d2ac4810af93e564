//! The longer answers: CONNACK, SUBACK, UNSUBACK.

use mqtt_protocol_core::mqtt::packet::{
    AssignedClientIdentifier, Packet, Property, ReasonString, ReceiveMaximum, ServerKeepAlive, SessionExpiryInterval,
    SharedSubscriptionAvailable, SubscriptionIdentifierAvailable, TopicAliasMaximum, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, MqttError, SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
};

use super::protocol::{Broken, Protocol, TOPIC_ALIAS_MAX};

/// What an accepted client is told.
pub(super) struct Welcome<'a> {
    /// The id we gave it, if it brought none.
    pub(super) assigned_client_id: Option<&'a str>,
    /// The keep-alive it must use instead of its own, in seconds.
    pub(super) server_keep_alive_s: Option<u16>,
    /// Messages of QoS 1 and 2 it may have unanswered.
    pub(super) receive_max: u16,
}

/// Why a client is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    /// Unknown user or wrong password.
    BadLogin,
    /// No login.
    NotAuthorised,
    /// A will about a machine outside its rights.
    Will,
    /// No login but a certificate, none of whose names is a user's.
    UnknownCertificate,
    /// No login but a certificate that bears no name.
    NamelessCertificate,
    /// Too many failed logins; come back later.
    Throttled,
    /// Too many logins are being checked; come back later.
    Busy,
    /// The user has as many connections as it may.
    Quota,
    /// An empty id needs a clean session; an id has at most 256 bytes and no control characters.
    ClientId,
    /// An authentication method that is not offered.
    AuthMethod,
    /// Its CONNECT is against the standard.
    Malformed,
}

impl TurnedAway {
    /// Its code in metrics and log lines.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::BadLogin => "bad_login",
            Self::NotAuthorised | Self::Will => "not_authorised",
            Self::UnknownCertificate => "unknown_certificate",
            Self::NamelessCertificate => "nameless_certificate",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Quota => "connections_per_user_max",
            Self::ClientId => "client_id",
            Self::AuthMethod => "auth_method",
            Self::Malformed => "malformed_packet",
        }
    }

    /// What to do about it, where that is not plain from the code.
    pub(super) const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::NotAuthorised => Some("it gave no name: let it log in as a [[mqtt.user]], or see `[mqtt] anonymous`"),
            Self::Will => Some(
                "its will is about a machine that its login may not speak for: correct the will's topic, or widen `machines` \
                 of the user",
            ),
            Self::UnknownCertificate => {
                Some("give a [[mqtt.user]] the name of the certificate: a DNS name of it or, where it has none, its CN")
            }
            Self::NamelessCertificate => Some(
                "the certificate has neither a DNS name (subjectAltName) nor a common name (CN); issue one with the name of \
                 a [[mqtt.user]]",
            ),
            Self::Malformed => Some("its CONNECT does not keep to MQTT; update its firmware or library"),
            Self::Throttled => Some(
                "too many wrong logins of this user or of this address: correct its password; it is let in after \
                 `[mqtt.limits] login_pause` without a further wrong one",
            ),
            _ => None,
        }
    }
}

/// How one filter of a SUBSCRIBE is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granted {
    /// Served with QoS 0.
    AtMostOnce,
    /// Served with QoS 1.
    AtLeastOnce,
    /// Not served here, or outside the login's rights.
    NotAuthorised,
    /// Not a filter.
    Invalid,
    /// `$share/…`.
    Shared,
    /// More subscriptions than one connection may have.
    Quota,
}

impl Protocol {
    /// Lets the client in.
    pub(super) fn welcome(&mut self, welcome: &Welcome<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
        let packet = if self.is_v5() {
            properties(welcome).and_then(|props| {
                let connack = v5_0::Connack::builder().session_present(false).reason_code(ConnectReasonCode::Success);
                connack.props(props).build().map(Packet::from)
            })
        } else {
            let connack = v3_1_1::Connack::builder().session_present(false).return_code(ConnectReturnCode::Accepted);
            connack.build().map(Packet::from)
        };
        self.send(packet, out)
    }

    /// Turns the client away; the caller closes. MQTT 3.1.1 has no words for a malformed CONNECT and asks to say nothing.
    pub(super) fn turn_away(&mut self, why: TurnedAway, out: &mut Vec<u8>) {
        let packet = if self.is_v5() {
            let reason = match why {
                TurnedAway::BadLogin => ConnectReasonCode::BadUserNameOrPassword,
                TurnedAway::NotAuthorised
                | TurnedAway::Will
                | TurnedAway::UnknownCertificate
                | TurnedAway::NamelessCertificate => ConnectReasonCode::NotAuthorized,
                TurnedAway::Throttled => ConnectReasonCode::ConnectionRateExceeded,
                TurnedAway::Busy => ConnectReasonCode::ServerBusy,
                TurnedAway::Quota => ConnectReasonCode::QuotaExceeded,
                TurnedAway::ClientId => ConnectReasonCode::ClientIdentifierNotValid,
                TurnedAway::AuthMethod => ConnectReasonCode::BadAuthenticationMethod,
                TurnedAway::Malformed => ConnectReasonCode::MalformedPacket,
            };
            // The technician at the controller may see it where nobody sees our log.
            let words = why.remedy().and_then(|words| ReasonString::new(words).ok());
            let connack = v5_0::Connack::builder().session_present(false).reason_code(reason);
            connack.props(words.into_iter().map(Property::from).collect::<Vec<_>>()).build().map(Packet::from)
        } else {
            let code = match why {
                TurnedAway::BadLogin => ConnectReturnCode::BadUserNameOrPassword,
                TurnedAway::NotAuthorised
                | TurnedAway::Will
                | TurnedAway::UnknownCertificate
                | TurnedAway::NamelessCertificate
                | TurnedAway::AuthMethod => ConnectReturnCode::NotAuthorized,
                TurnedAway::Throttled | TurnedAway::Busy | TurnedAway::Quota => ConnectReturnCode::ServerUnavailable,
                TurnedAway::ClientId => ConnectReturnCode::IdentifierRejected,
                TurnedAway::Malformed => return,
            };
            v3_1_1::Connack::builder().session_present(false).return_code(code).build().map(Packet::from)
        };
        // The state machine reports that the connection must close now; that is what follows.
        self.send(packet, out).unwrap_or_default();
    }

    /// Answers a SUBSCRIBE.
    pub(super) fn suback(&mut self, packet_id: u16, granted: &[Granted], out: &mut Vec<u8>) -> Result<(), Broken> {
        let packet = if self.is_v5() {
            let codes = granted.iter().map(|granted| match granted {
                Granted::AtMostOnce => SubackReasonCode::GrantedQos0,
                Granted::AtLeastOnce => SubackReasonCode::GrantedQos1,
                Granted::NotAuthorised => SubackReasonCode::NotAuthorized,
                Granted::Invalid => SubackReasonCode::TopicFilterInvalid,
                Granted::Shared => SubackReasonCode::SharedSubscriptionsNotSupported,
                Granted::Quota => SubackReasonCode::QuotaExceeded,
            });
            v5_0::Suback::builder().packet_id(packet_id).reason_codes(codes.collect()).build().map(Packet::from)
        } else {
            let codes = granted.iter().map(|granted| match granted {
                Granted::AtMostOnce => SubackReturnCode::SuccessMaximumQos0,
                Granted::AtLeastOnce => SubackReturnCode::SuccessMaximumQos1,
                _ => SubackReturnCode::Failure,
            });
            v3_1_1::Suback::builder().packet_id(packet_id).return_codes(codes.collect()).build().map(Packet::from)
        };
        self.send(packet, out)
    }

    /// Answers an UNSUBSCRIBE; `existed` says for each filter whether there was such a subscription.
    pub(super) fn unsuback(&mut self, packet_id: u16, existed: &[bool], out: &mut Vec<u8>) -> Result<(), Broken> {
        let packet = if self.is_v5() {
            let codes = existed.iter().map(|existed| match existed {
                true => UnsubackReasonCode::Success,
                false => UnsubackReasonCode::NoSubscriptionExisted,
            });
            v5_0::Unsuback::builder().packet_id(packet_id).reason_codes(codes.collect()).build().map(Packet::from)
        } else {
            v3_1_1::Unsuback::builder().packet_id(packet_id).build().map(Packet::from)
        };
        self.send(packet, out)
    }
}

fn properties(welcome: &Welcome<'_>) -> Result<Vec<Property>, MqttError> {
    let mut props: Vec<Property> = vec![
        ReceiveMaximum::new(welcome.receive_max)?.into(),
        TopicAliasMaximum::new(TOPIC_ALIAS_MAX)?.into(),
        // Nothing is kept for an absent client: the log deduplicates what it sends again, and advisories are retained.
        SessionExpiryInterval::new(0)?.into(),
        SharedSubscriptionAvailable::new(0)?.into(),
        SubscriptionIdentifierAvailable::new(0)?.into(),
    ];
    if let Some(id) = welcome.assigned_client_id {
        props.push(AssignedClientIdentifier::new(id)?.into());
    }
    if let Some(seconds) = welcome.server_keep_alive_s {
        props.push(ServerKeepAlive::new(seconds)?.into());
    }
    Ok(props)
}
