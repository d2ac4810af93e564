//! One connection to a broker in either version of MQTT, seen the same way: what we can ask for, and what can happen.
//!
//! rumqttc has a crate for each version with types of its own. Nothing outside this folder knows which one is in use.

mod alike;
mod gathered;
mod nothing_open;
mod v3;
mod v5;
mod words;

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::TlsConfiguration;

use super::address::Address;
use super::events::Lost;
use super::host::Will;
use super::options::{BrokerError, BrokerOptions, Version};
use super::tls;
use crate::pem;
use crate::validity::{self, Certificates};

/// Longest topic that MQTT can carry, plus the packet's other fields: what a packet may have beyond its payload.
const PACKET_OVERHEAD_BYTES: usize = 65_535 + 16;
/// Requests that may wait for the connection: one acknowledgement for each packet id there is, and then some, so that an
/// acknowledgement never finds it full. It allocates as it fills.
const REQUESTS_MAX: usize = 70_000;
/// Requests that are written at once, and packets that are read at once.
const REQUEST_BATCH: usize = 1000;
const READ_BATCH: usize = 128;

/// Messages of ours that may wait for the broker's answer at once. The library looks through the places of all of them whenever
/// it has written something, and an acknowledgement is something.
const IN_FLIGHT: u16 = 20;

/// The version that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// 3.1.1.
    V3,
    /// 5.
    V5,
}

impl Speaks {
    /// What to begin with.
    pub(super) const fn first(version: Version) -> Self {
        match version {
            Version::V3 => Self::V3,
            Version::V5 | Version::Auto => Self::V5,
        }
    }

    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::V3 => Self::V5,
            Self::V5 => Self::V3,
        }
    }

    /// For people and metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V3 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// A message as it arrived.
pub(super) struct Message {
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
    /// To be acknowledged under this id; 0 when it asks for no acknowledgement (QoS 0).
    pub(super) pkid: u16,
    pub(super) retain: bool,
}

/// What a broker lets us publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// It keeps retained messages. Publishing one to a broker that does not would end the connection.
    pub(super) retains: bool,
    /// It takes QoS 1.
    pub(super) acknowledges: bool,
    /// Largest packet it takes, in bytes.
    pub(super) packet_bytes_max: usize,
}

impl Bounds {
    /// A broker that says nothing of bounds.
    pub(super) const NONE: Self = Self { retains: true, acknowledges: true, packet_bytes_max: usize::MAX };

    /// Whether a retained message may be published.
    pub(super) fn allow(&self, topic: &str, value: &[u8]) -> bool {
        self.retains && topic.len() + value.len() + 16 <= self.packet_bytes_max
    }
}

/// What happened on a connection.
pub(super) enum Happened {
    /// We are let in.
    Welcome {
        /// The broker has kept our session.
        session_present: bool,
        /// What it lets us publish.
        bounds: Bounds,
    },
    /// A message came.
    Message(Message),
    /// Our filters in their order, each with the QoS granted or the refusal in words.
    Granted(Vec<Result<u8, &'static str>>),
    /// Our DISCONNECT went out.
    SaidGoodbye,
    /// Nothing to do.
    Nothing,
}

/// The connection takes no more requests: full for now, or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Its queue is full; later there may be room.
    Full,
    /// The connection is gone.
    Gone,
}

/// What a broker will answer to a message of ours.
#[derive(Debug)]
pub(super) struct Answer(rumqttc_v5::PublishNotice);

impl Answer {
    /// Whether the broker has taken it, or why not in words; `None` when it did not say, because the connection ended before.
    pub(super) async fn heard(self) -> Option<Result<(), &'static str>> {
        v5::heard(self.0).await
    }
}

/// Checked options of one worker's session, ready to connect with as often as needed.
pub(super) struct Checked {
    pub(super) options: BrokerOptions,
    address: Address,
    /// None without TLS.
    tls: Option<RwLock<Tls>>,
}

/// TLS as the next connection uses it.
struct Tls {
    configuration: TlsConfiguration,
    /// Of the files that it was made of.
    fingerprint: u64,
    certificates: Vec<Certificates>,
}

impl Tls {
    fn load(options: &BrokerOptions) -> Result<Self, BrokerError> {
        // First, so that a file that is exchanged meanwhile counts as another one the next time.
        let fingerprint = Self::fingerprint(options);
        let certificates = validity::certificates(options.certificate_file.as_deref(), options.ca_file.as_deref());
        Ok(Self { configuration: tls::configuration(options)?, fingerprint, certificates })
    }

    fn fingerprint(options: &BrokerOptions) -> u64 {
        let files = [&options.certificate_file, &options.key_file, &options.ca_file];
        pem::fingerprint(files.map(Option::as_deref))
    }
}

impl Checked {
    /// Whether connections are encrypted.
    pub(in super::super) fn uses_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn new(options: BrokerOptions) -> Result<Self, BrokerError> {
        let address = Address::parse(&options.url)?;
        options.check_values(&address)?;
        let tls = address.tls.then(|| Tls::load(&options)).transpose()?.map(RwLock::new);
        let checked = Self { options, address, tls };
        // The client library may refuse a WebSocket address; better now than at the first connection.
        checked.client(Speaks::V3, 0, 0, None)?;
        checked.client(Speaks::V5, 0, 0, None)?;
        Ok(checked)
    }

    /// A client for one connection of a worker, which takes payloads up to so many bytes, and what it is polled by. It connects
    /// when it is polled.
    pub(super) fn client(
        &self,
        speaks: Speaks,
        worker: usize,
        payload_bytes_max: usize,
        will: Option<Will>,
    ) -> Result<(Client, Events), BrokerError> {
        let client_id = self.options.client_id_of(worker);
        Ok(match speaks {
            Speaks::V3 => {
                let (client, events) = v3::client(self, &client_id, payload_bytes_max, will)?;
                (Client::V3(client), Events::V3(Box::new(events)))
            }
            Speaks::V5 => {
                let (client, events) = v5::client(self, &client_id, will)?;
                (Client::V5(client), Events::V5(Box::new(events)))
            }
        })
    }

    /// The TLS of the next connection; none where it is not encrypted.
    fn tls(&self) -> Option<TlsConfiguration> {
        let tls = self.tls.as_ref()?.read().unwrap_or_else(PoisonError::into_inner);
        Some(tls.configuration.clone())
    }

    /// The certificates of the next connection.
    pub(in super::super) fn certificates(&self) -> Vec<Certificates> {
        let tls = self.tls.as_ref().map(|tls| tls.read().unwrap_or_else(PoisonError::into_inner));
        tls.map(|tls| tls.certificates.clone()).unwrap_or_default()
    }

    /// Reads the certificate files again, for the next connection; returns whether they are others than before.
    ///
    /// # Errors
    /// When they cannot be used; those of before stay.
    pub(super) fn reload_certificates(&self) -> Result<bool, BrokerError> {
        let Some(tls) = &self.tls else { return Ok(false) };
        if tls.read().unwrap_or_else(PoisonError::into_inner).fingerprint == Tls::fingerprint(&self.options) {
            return Ok(false);
        }
        let new = Tls::load(&self.options)?;
        *tls.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }

    fn network(&self) -> rumqttc::NetworkOptions {
        let mut network = rumqttc::NetworkOptions::new();
        network.set_connection_timeout(self.options.connect_within.as_secs().max(1));
        // Acknowledgements are small and wanted at once.
        network.set_tcp_nodelay(true);
        network
    }
}

/// What we can ask of a connection. Asking never waits: only polling [`Events`] empties the queue of requests, and who waited
/// for room in the task that polls would wait for ever.
#[derive(Clone)]
pub(super) enum Client {
    /// In 3.1.1.
    V3(rumqttc::AsyncClient),
    /// In 5.
    V5(rumqttc_v5::AsyncClient),
}

impl Client {
    /// Subscribes at QoS 1.
    pub(super) fn subscribe(&self, filters: &[String]) -> Result<(), NotTaken> {
        match self {
            Self::V3(client) => v3::subscribe(client, filters),
            Self::V5(client) => v5::subscribe(client, filters),
        }
    }

    /// Takes filters away.
    pub(super) fn unsubscribe(&self, filters: &[String]) -> Result<(), NotTaken> {
        let filters = filters.iter().cloned();
        match self {
            Self::V3(client) => client.try_unsubscribe_many(filters).map_err(v3::not_taken),
            Self::V5(client) => client.try_unsubscribe_many(filters).map_err(v5::not_taken),
        }
    }

    /// PUBACK.
    pub(super) fn acknowledge(&self, pkid: u16) -> Result<(), NotTaken> {
        match self {
            Self::V3(client) => v3::acknowledge(client, pkid),
            Self::V5(client) => v5::acknowledge(client, pkid),
        }
    }

    /// Publishes a message at QoS 0, not retained.
    pub(super) fn publish(&self, topic: &str, value: Bytes) -> Result<(), NotTaken> {
        match self {
            Self::V3(client) => v3::publish(client, topic, value),
            Self::V5(client) => v5::publish(client, topic, value),
        }
    }

    /// Publishes a retained message within the broker's bounds. What the broker answers can be heard where it says so: in MQTT 5.
    pub(super) fn publish_retained(
        &self,
        topic: &str,
        value: Bytes,
        bounds: Bounds,
    ) -> Result<Option<Answer>, NotTaken> {
        match self {
            Self::V3(client) => v3::publish_retained(client, topic, value).map(|()| None),
            Self::V5(client) => v5::publish_retained(client, topic, value, bounds).map(|notice| Some(Answer(notice))),
        }
    }

    /// DISCONNECT after everything that was asked before, or after that long.
    pub(super) fn disconnect(&self, within: Duration) -> Result<(), NotTaken> {
        match self {
            Self::V3(client) => client.try_disconnect_with_timeout(within).map_err(v3::not_taken),
            Self::V5(client) => client.try_disconnect_with_timeout(within).map_err(v5::not_taken),
        }
    }

    /// DISCONNECT at once.
    pub(super) fn disconnect_now(&self) -> Result<(), NotTaken> {
        match self {
            Self::V3(client) => client.try_disconnect_now().map_err(v3::not_taken),
            Self::V5(client) => client.try_disconnect_now().map_err(v5::not_taken),
        }
    }
}

/// What is polled; dropping it closes the connection.
pub(super) enum Events {
    /// In 3.1.1.
    V3(Box<rumqttc::EventLoop>),
    /// In 5.
    V5(Box<rumqttc_v5::EventLoop>),
}

impl Events {
    /// The next that happens. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Happened, Lost> {
        match self {
            Self::V3(events) => events.poll().await.map(v3::happened).map_err(v3::lost),
            Self::V5(events) => v5::next(events).await,
        }
    }

    /// A message that was read before the connection ended.
    pub(super) fn left_over(&mut self) -> Option<Message> {
        let mut happened = || match self {
            Self::V3(events) => events.state.events.pop_front().map(v3::happened),
            Self::V5(events) => events.state.events.pop_front().map(v5::happened),
        };
        while let Some(happened) = happened() {
            if let Happened::Message(message) = happened {
                return Some(message);
            }
        }
        None
    }
}
