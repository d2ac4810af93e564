//! The session with an external MQTT broker. (Seam agreed with `lib.rs`; see `Broker`.)

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::intake::{Source, Submitter};

/// How to reach a broker.
#[derive(Clone, Debug, Default)]
pub struct BrokerOptions {
    /// Its name for people, metrics and the quarantine.
    pub name: String,
}

/// Why a broker session cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("the broker's options have a fault")]
pub struct BrokerError {}

/// A running session.
pub(crate) struct Broker {}

impl Broker {
    /// Starts the session's tasks; it connects, and reconnects, until `stop`.
    pub(crate) fn start(
        _options: BrokerOptions,
        _submitter: Submitter,
        _source: Arc<Source>,
        _stop: CancellationToken,
    ) -> Result<Self, BrokerError> {
        Ok(Self {})
    }

    /// Offers a retained message (QoS 1); an empty payload clears it. Never blocks: when the session is behind, drops and counts.
    pub(crate) fn publish_retained(&self, _topic: &str, _payload: &[u8]) {}

    /// Waits until the session, told to stop, has acknowledged what was kept and disconnected.
    pub(crate) async fn stopped(&self) {}
}
