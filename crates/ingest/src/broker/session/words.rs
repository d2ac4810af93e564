//! What brokers answer, in words for the log, and what can be done about it.

use rumqttc::ConnectReturnCode as V3;
use rumqttc_v5::mqttbytes::v5::PubAckReason;
use rumqttc_v5::{ConnectReturnCode as V5, DisconnectReasonCode as Bye, SubscribeReasonCode};

use super::super::events::{Cure, Refusal};

/// A filter that was refused without a reason.
pub(super) const SUBSCRIPTION_REFUSED: &str = "refused without a reason; check the broker's access rules for our user";

const fn wait(words: &'static str) -> Refusal {
    Refusal { words, cure: Cure::Wait }
}

const fn person(words: &'static str) -> Refusal {
    Refusal { words, cure: Cure::Person }
}

/// What came first is not what a broker says first.
pub(super) const NO_CONNACK: &str = "the first that came is no answer to our CONNECT";

const OTHER_VERSION: Refusal =
    Refusal { words: "the broker does not speak this version of MQTT", cure: Cure::OtherVersion };
const BAD_LOGIN: Refusal =
    person("user name or password is wrong; check `username` and `password_file`, which is read again at each attempt");
const NOT_AUTHORISED: Refusal = person("not authorised; check `username` and the broker's access rules");
const BAD_CLIENT_ID: Refusal = person("the broker does not accept our `client_id`");
const UNAVAILABLE: Refusal = wait("the broker is not available now");
const MOVED: Refusal = person("the broker has moved; ask its operator for the new address");
const FAULT: Refusal = wait("the broker found a fault in our packets; please report this");

/// A refused CONNECT of 3.1.1.
pub(super) const fn connect_v3(code: V3) -> Refusal {
    match code {
        V3::Success => wait("refused, with the code of success"),
        V3::RefusedProtocolVersion => OTHER_VERSION,
        V3::BadClientId => BAD_CLIENT_ID,
        V3::ServiceUnavailable => UNAVAILABLE,
        V3::BadUserNamePassword => BAD_LOGIN,
        V3::NotAuthorized => NOT_AUTHORISED,
    }
}

/// A refused CONNECT of 5.
pub(super) const fn connect_v5(code: V5) -> Refusal {
    match code {
        V5::Success => wait("refused, with the code of success"),
        V5::RefusedProtocolVersion | V5::UnsupportedProtocolVersion => OTHER_VERSION,
        V5::BadClientId | V5::ClientIdentifierNotValid => BAD_CLIENT_ID,
        V5::BadUserNamePassword => BAD_LOGIN,
        V5::NotAuthorized => NOT_AUTHORISED,
        V5::Banned => person("we are banned there; ask the broker's operator"),
        V5::BadAuthenticationMethod => person("the broker wants another way to log in than user and password"),
        V5::ServiceUnavailable | V5::ServerUnavailable => UNAVAILABLE,
        V5::ServerBusy => wait("the broker is busy"),
        V5::QuotaExceeded => wait("a quota of the broker is used up"),
        V5::ConnectionRateExceeded => wait("too many connections in a short time"),
        V5::UseAnotherServer | V5::ServerMoved => MOVED,
        V5::QoSNotSupported => person("the broker does not offer acknowledged delivery (QoS 1)"),
        V5::RetainNotSupported => person("the broker does not keep retained messages"),
        V5::PacketTooLarge => person("our CONNECT is too large for the broker"),
        V5::TopicNameInvalid | V5::PayloadFormatInvalid | V5::MalformedPacket | V5::ProtocolError => FAULT,
        V5::ImplementationSpecificError | V5::UnspecifiedError => wait("the broker gave no reason"),
    }
}

/// A DISCONNECT that the broker sent.
pub(super) const fn dismissed(code: Bye) -> Refusal {
    match code {
        Bye::NormalDisconnection | Bye::DisconnectWithWillMessage => wait("the broker ended the connection"),
        Bye::UnspecifiedError | Bye::ImplementationSpecificError => wait("the broker gave no reason"),
        Bye::MalformedPacket
        | Bye::ProtocolError
        | Bye::TopicAliasInvalid
        | Bye::TopicFilterInvalid
        | Bye::TopicNameInvalid
        | Bye::PayloadFormatInvalid => FAULT,
        Bye::NotAuthorized => NOT_AUTHORISED,
        Bye::ServerBusy => wait("the broker is busy"),
        Bye::ServerShuttingDown => wait("the broker is shutting down"),
        Bye::KeepAliveTimeout => wait("the broker heard nothing from us for too long"),
        Bye::SessionTakenOver => person("another program has taken our session over"),
        Bye::ReceiveMaximumExceeded => wait("we had more messages unanswered than the broker allows"),
        Bye::PacketTooLarge => wait("a message of ours was too large for the broker"),
        Bye::MessageRateTooHigh => wait("we sent too fast for the broker"),
        Bye::QuotaExceeded => wait("a quota of the broker is used up"),
        Bye::AdministrativeAction => wait("an administrator of the broker ended the connection"),
        Bye::RetainNotSupported => person("the broker does not keep retained messages"),
        Bye::QoSNotSupported => person("the broker does not offer acknowledged delivery (QoS 1)"),
        Bye::UseAnotherServer | Bye::ServerMoved => MOVED,
        Bye::SharedSubscriptionNotSupported => {
            person("the broker does not offer shared subscriptions; remove `share` and `workers`")
        }
        Bye::ConnectionRateExceeded => wait("too many connections in a short time"),
        Bye::MaximumConnectTime => wait("the time that the broker grants a connection is over"),
        Bye::SubscriptionIdentifiersNotSupported => FAULT,
        Bye::WildcardSubscriptionsNotSupported => person("the broker does not offer subscriptions with wildcards"),
    }
}

/// One code of a SUBACK of 5: the QoS granted, or why not.
pub(super) const fn granted_v5(code: &SubscribeReasonCode) -> Result<u8, &'static str> {
    Err(match code {
        SubscribeReasonCode::Success(qos) => return Ok(*qos as u8),
        SubscribeReasonCode::Failure
        | SubscribeReasonCode::Unspecified
        | SubscribeReasonCode::ImplementationSpecific => SUBSCRIPTION_REFUSED,
        SubscribeReasonCode::NotAuthorized => "not authorised; check the broker's access rules for our user",
        SubscribeReasonCode::TopicFilterInvalid => "the broker does not accept this filter",
        SubscribeReasonCode::PkidInUse => "the packet id was in use; please report this",
        SubscribeReasonCode::QuotaExceeded => "a quota of the broker is used up",
        SubscribeReasonCode::SharedSubscriptionsNotSupported => {
            "the broker does not offer shared subscriptions; remove `share` and `workers`"
        }
        SubscribeReasonCode::SubscriptionIdNotSupported => "the broker does not offer subscription identifiers",
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => {
            "the broker does not offer subscriptions with wildcards"
        }
    })
}

/// A message of ours that was refused in 5.
pub(super) const fn refused_v5(reason: PubAckReason) -> &'static str {
    match reason {
        PubAckReason::NotAuthorized => "not authorised; check the broker's access rules for our user",
        PubAckReason::TopicNameInvalid => "the broker does not accept this topic",
        PubAckReason::QuotaExceeded => "a quota of the broker is used up",
        PubAckReason::PayloadFormatInvalid => "the broker does not accept what it says",
        PubAckReason::PacketIdentifierInUse => "the packet id was in use; please report this",
        PubAckReason::Success
        | PubAckReason::NoMatchingSubscribers
        | PubAckReason::UnspecifiedError
        | PubAckReason::ImplementationSpecificError => {
            "refused without a reason; check the broker's access rules for our user"
        }
    }
}
