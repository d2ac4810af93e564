//! The embedded MQTT listener.

mod options;
use crate::intake::{Intake, Source};
use crate::retained::Retained;
pub use options::ListenerOptions;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Why the listener cannot start.
#[derive(Debug, thiserror::Error)]
#[error("the listener's options have a fault")]
pub struct ListenerError {}

/// The running listener.
pub(crate) struct Listener {
    addr: SocketAddr,
    retained: Arc<Retained>,
}

impl Listener {
    pub(crate) async fn start(
        _options: ListenerOptions,
        _intake: Intake,
        _source: Arc<Source>,
        _stop: CancellationToken,
    ) -> Result<Self, ListenerError> {
        Ok(Self { addr: SocketAddr::from(([127, 0, 0, 1], 0)), retained: Arc::default() })
    }
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
    pub(crate) fn retained(&self) -> &Retained {
        &self.retained
    }
    pub(crate) async fn stopped(&self) {}
}
