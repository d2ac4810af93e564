//! What is worth a line in the log about a broker session; each is counted too.

use std::fmt;

use metrics::counter;

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Lost {
    /// The network, the broker or the protocol.
    Connection(Box<rumqttc::ConnectionError>),
    /// A packet over the limit, in bytes; the next connection takes it, so that it can be refused.
    Oversize(usize),
    /// The broker did not answer our SUBSCRIBE in time.
    NoSubAck,
    /// The broker granted none of our filters.
    Denied,
    /// We ended it, because a batch could not be kept and must come again.
    NotKept,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(cause) => write!(f, "{cause}"),
            Self::Oversize(bytes) => {
                write!(f, "a packet of {bytes} bytes is over the limit; it is fetched next time and refused")
            }
            Self::NoSubAck => f.write_str("the broker did not answer the subscription"),
            Self::Denied => {
                f.write_str("the broker granted none of the subscriptions; check its access rules for our user")
            }
            Self::NotKept => f.write_str("a batch could not be kept; the broker will send it again"),
        }
    }
}

/// Connected, with or without the session of before.
pub(super) struct Connected<'a> {
    pub(super) broker: &'a str,
    pub(super) session_present: bool,
}

impl Connected<'_> {
    pub(super) fn emit(self) {
        let Self { broker, session_present } = self;
        tracing::info!(broker, session_present, "Connected to the broker.");
        counter!("foretell_broker_connections_total", "broker" => broker.to_owned()).increment(1);
    }
}

/// The connection is gone, or could not be made.
pub(super) struct ConnectionLost<'a> {
    pub(super) broker: &'a str,
    pub(super) cause: &'a Lost,
    pub(super) retry_ms: u128,
}

impl ConnectionLost<'_> {
    pub(super) fn emit(self) {
        let Self { broker, cause, retry_ms } = self;
        tracing::warn!(broker, %cause, retry_ms, "Not connected to the broker; trying again.");
        let reason = match cause {
            Lost::Connection(_) => "connection",
            Lost::Oversize(_) => "oversize",
            Lost::NoSubAck => "no_suback",
            Lost::Denied => "denied",
            Lost::NotKept => "not_kept",
        };
        counter!("foretell_broker_connections_lost_total", "broker" => broker.to_owned(), "reason" => reason)
            .increment(1);
    }
}

/// The broker refused a filter, or granted it without acknowledgement (QoS 0).
pub(super) struct SubscriptionWeak<'a> {
    pub(super) broker: &'a str,
    pub(super) filter: &'a str,
    pub(super) granted: Option<u8>,
}

impl SubscriptionWeak<'_> {
    pub(super) fn emit(self) {
        let Self { broker, filter, granted } = self;
        match granted {
            None => tracing::error!(broker, filter, "The broker refused a subscription; nothing on it will arrive."),
            Some(qos) => {
                tracing::warn!(broker, filter, qos, "The broker grants no acknowledgement; messages may be lost.")
            }
        }
        counter!("foretell_broker_subscriptions_weak_total", "broker" => broker.to_owned()).increment(1);
    }
}

/// Counts of single messages; too frequent for log lines.
pub(super) fn count(broker: &str, what: &'static str) {
    counter!("foretell_broker_messages_total", "broker" => broker.to_owned(), "what" => what).increment(1);
}
