//! What is worth a line in the log about a broker session; each is counted too.

use std::error::Error;
use std::fmt;

use metrics::counter;

use super::options::BrokerError;
use crate::pem::remedy_of_version;

/// Why a broker does not want us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In words, with what to do if somebody can do something.
    pub(super) words: &'static str,
    /// What may help.
    pub(super) cure: Cure,
}

/// What may help against a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// Time.
    Wait,
    /// A person; until then we knock seldom, because many brokers lock out who knocks often with a wrong key.
    Person,
    /// The other version of MQTT.
    OtherVersion,
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Lost {
    /// The network, the broker or the protocol.
    Connection {
        /// As the client library says it.
        cause: Box<dyn Error + Send + Sync>,
        /// The far end was there and hung up.
        hung_up: bool,
    },
    /// What came is no MQTT, or breaks its rules; in words that quote nothing of it, for it may be megabytes.
    Nonsense(String),
    /// CONNECT was refused.
    Refused(Refusal),
    /// The broker sent DISCONNECT (MQTT 5), perhaps with words of its own.
    Dismissed(Refusal, Option<String>),
    /// The broker has given our session to another program that uses our name (MQTT 5).
    TakenOver,
    /// A packet over the limit, in bytes; the next connection takes it, so that it can be refused.
    Oversize(usize),
    /// The broker did not answer our SUBSCRIBE in time.
    NoSubAck,
    /// The broker granted none of our filters.
    Denied,
    /// We ended it, because a batch could not be kept and must come again.
    NotKept,
    /// No connection could be prepared; found at start, so this is never seen unless we are wrong.
    Setup(BrokerError),
}

impl Lost {
    /// What may help.
    pub(super) const fn cure(&self) -> Cure {
        match self {
            Self::Refused(refusal) | Self::Dismissed(refusal, _) => refusal.cure,
            Self::TakenOver => Cure::Person,
            _ => Cure::Wait,
        }
    }

    /// What to look at, to stand behind the cause; empty where nothing is likelier than the rest. The client library's errors
    /// come in layers of its own, so what TLS says is known by its words, which a test holds against a real broker.
    pub(super) fn remedy(&self, uses_tls: bool, is_welcomed: bool) -> &'static str {
        match self {
            Self::Connection { cause, .. } if uses_tls => remedy_of_tls(&cause.to_string()),
            Self::Connection { hung_up: true, .. } | Self::Nonsense(_) if !uses_tls && !is_welcomed => {
                "if this is the broker's port for TLS, write mqtts:// (or wss://) in `url`"
            }
            _ => "",
        }
    }

    /// Its code in metrics.
    const fn reason(&self) -> &'static str {
        match self {
            Self::Connection { .. } => "connection",
            Self::Nonsense(_) => "nonsense",
            Self::Refused(_) => "refused",
            Self::Dismissed(..) => "dismissed",
            Self::TakenOver => "taken_over",
            Self::Oversize(_) => "oversize",
            Self::NoSubAck => "no_suback",
            Self::Denied => "denied",
            Self::NotKept => "not_kept",
            Self::Setup(_) => "setup",
        }
    }
}

/// What to do about a broker's certificate that TLS refuses, by the words of the library.
fn remedy_of_tls(words: &str) -> &'static str {
    const REMEDIES: [(&str, &str); 4] = [
        (
            "UnknownIssuer",
            "nobody whom we trust has signed the broker's certificate: name its authority's file as `ca_file`",
        ),
        (
            "CaUsedAsEndEntity",
            "the broker shows the certificate of an authority as its own: have it show one that this authority has signed \
             (basicConstraints CA:FALSE), and keep the authority's as `ca_file`",
        ),
        (
            "not valid for name",
            "the broker's certificate is for another name: write in `url` one of the names in it, or have it made for this one \
             (subjectAltName)",
        ),
        ("certificate expired", "the broker's certificate is over: have it renewed, or set this computer's clock"),
    ];
    REMEDIES
        .iter()
        .find(|(sign, _)| words.contains(sign))
        .map_or_else(|| remedy_of_version(words), |(_, remedy)| remedy)
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection { cause, .. } => write!(f, "{cause}"),
            Self::Nonsense(words) => write!(f, "what came breaks the rules of MQTT: {words}"),
            Self::Refused(refusal) => f.write_str(refusal.words),
            Self::Dismissed(refusal, None) => f.write_str(refusal.words),
            Self::Dismissed(refusal, Some(said)) => {
                let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
                write!(f, "{} (it says: {said})", refusal.words)
            }
            Self::TakenOver => {
                f.write_str("another program uses our `client_id` at this broker too, and each throws the other out; give each installation its own")
            }
            Self::Oversize(bytes) => {
                write!(f, "a packet of {bytes} bytes is over the limit; it is fetched next time and refused")
            }
            Self::NoSubAck => f.write_str("the broker did not answer the subscription"),
            Self::Denied => {
                f.write_str("the broker granted none of the subscriptions; check its access rules for our user")
            }
            Self::NotKept => f.write_str("a batch could not be kept; the broker will send it again"),
            Self::Setup(error) => write!(f, "{error}"),
        }
    }
}

/// Connected, with or without the session of before.
pub(super) struct Connected<'a> {
    pub(super) source: &'a str,
    pub(super) worker: usize,
    pub(super) version: &'static str,
    pub(super) session_present: bool,
}

impl Connected<'_> {
    pub(super) fn emit(self) {
        let Self { source, worker, version, session_present } = self;
        tracing::info!(source, worker, version, session_present, "Connected to the broker.");
        counter!("foretell_broker_connections_total", "source" => source.to_owned(), "version" => version).increment(1);
    }
}

/// The connection is gone, or could not be made.
pub(super) struct ConnectionLost<'a> {
    pub(super) source: &'a str,
    pub(super) worker: usize,
    pub(super) client_id: &'a str,
    pub(super) version: &'static str,
    pub(super) cause: &'a Lost,
    /// What may mend it, to stand behind the cause; may be empty.
    pub(super) remedy: &'static str,
    pub(super) retry_ms: u128,
}

impl ConnectionLost<'_> {
    pub(super) fn emit(self) {
        let Self { source, worker, client_id, version, cause, remedy, retry_ms } = self;
        let needs_a_person = cause.cure() == Cure::Person;
        counter!("foretell_broker_connections_lost_total", "source" => source.to_owned(), "reason" => cause.reason())
            .increment(1);
        let between = if remedy.is_empty() { "" } else { "; " };
        let cause = format_args!("{cause}{between}{remedy}");
        if needs_a_person {
            tracing::error!(source, worker, client_id, version, %cause, retry_ms, "The broker does not want us; trying again now and then, and at once when the configuration is read again (SIGHUP).");
        } else {
            tracing::warn!(source, worker, version, %cause, retry_ms, "Not connected to the broker; trying again.");
        }
    }
}

/// It looks as if another program uses our name at a broker that does not say so.
pub(super) struct SessionsShort<'a> {
    pub(super) source: &'a str,
    pub(super) client_id: &'a str,
    pub(super) times: u32,
}

impl SessionsShort<'_> {
    pub(super) fn emit(self) {
        let Self { source, client_id, times } = self;
        tracing::error!(
            source,
            client_id,
            times,
            "The broker ends our session within seconds, again and again. Most likely another program uses this `client_id` there: \
             give each installation its own. If none does, the broker's own log says why."
        );
    }
}

/// The broker refused a filter, or granted it without acknowledgement (QoS 0).
pub(super) struct SubscriptionWeak<'a> {
    pub(super) source: &'a str,
    pub(super) filter: &'a str,
    /// The refusal in words; none when it was granted at QoS 0.
    pub(super) refused: Option<&'static str>,
}

impl SubscriptionWeak<'_> {
    pub(super) fn emit(self) {
        let Self { source, filter, refused } = self;
        match refused {
            Some(cause) => {
                tracing::error!(source, filter, cause, "The broker refused a subscription; nothing on it will arrive.");
            }
            None => tracing::warn!(source, filter, "The broker grants no acknowledgement; messages may be lost."),
        }
        counter!("foretell_broker_subscriptions_weak_total", "source" => source.to_owned()).increment(1);
    }
}

/// Counts of single messages; too frequent for log lines.
pub(super) fn count(source: &str, what: &'static str) {
    counter!("foretell_broker_messages_total", "source" => source.to_owned(), "what" => what).increment(1);
}
