//! The session as that of a Sparkplug host application: edge nodes see at the broker whether we are there.

use std::sync::Arc;

use foretell_model::{Clock, Timestamp};

use crate::decode::Decoder;
use crate::sparkplug;

/// Who we are as a host.
#[derive(Clone)]
pub(super) struct HostState {
    topic: String,
    clock: Arc<dyn Clock>,
}

/// What the broker says, retained, when we vanish.
pub(super) struct Will {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    /// The time that the payload bears; our birth must bear the same.
    pub(super) since: Timestamp,
}

impl HostState {
    /// `None` when Sparkplug is switched off.
    pub(super) fn new(decoder: &Decoder, clock: Arc<dyn Clock>) -> Option<Self> {
        decoder.host_id().map(|host_id| Self { topic: sparkplug::state_topic(&host_id), clock })
    }

    /// Where we say it; retained.
    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// Our death, for a connection that begins now.
    pub(super) fn will(&self) -> Will {
        let since = self.clock.now();
        Will { topic: self.topic.clone(), payload: sparkplug::state(false, since), since }
    }

    /// That we are there, since the connection began.
    pub(super) fn online(since: Timestamp) -> Vec<u8> {
        sparkplug::state(true, since)
    }

    /// That we leave.
    pub(super) fn offline(&self) -> Vec<u8> {
        sparkplug::state(false, self.clock.now())
    }

    /// Whether a message says that we are not there, though we are: the will of an earlier connection comes late.
    pub(super) fn is_denied_by(&self, topic: &str, payload: &[u8]) -> bool {
        topic == self.topic && sparkplug::is_offline(payload)
    }
}
