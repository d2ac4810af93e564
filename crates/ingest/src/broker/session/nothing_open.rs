//! What we remember of a session when we come back to it: nothing is open. Acknowledgements are owed by the log, and our own
//! messages are all said again.
//!
//! The client library wants to hear that. A session that the broker has kept and the library knows nothing of is, to it, one
//! in which no packet id may be used: it takes messages there, but drops our SUBSCRIBE and our PUBLISH without a word.

use std::future::Future;
use std::pin::Pin;

use rumqttc_v5::{PersistedAckMode, PersistedSession, SessionStore, SessionStoreError, SessionStoreKey};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

/// See the module's text. Asked once, at the beginning of a connection; taken away afterwards, so that nothing is stored.
#[derive(Debug)]
pub(super) struct NothingOpen {
    /// As in CONNECT, or the library would not believe it.
    pub(super) session_expiry_s: u32,
}

impl SessionStore for NothingOpen {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> Answer<'a, Option<PersistedSession>> {
        let session = PersistedSession {
            format_version: 1,
            client_id: key.client_id().to_owned(),
            clean_start: false,
            session_expiry_interval: Some(self.session_expiry_s),
            outgoing_inflight_upper_limit: Some(super::IN_FLIGHT),
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        };
        Box::pin(std::future::ready(Ok(Some(session))))
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
