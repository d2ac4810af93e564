//! Who is connected under which client id, so that a newcomer with the same id takes over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A client id belongs to its user: a stranger cannot throw out another's client by guessing its id.
type Key = (Option<Arc<str>>, String);

/// How long a newcomer waits for its predecessor's will, which must not overtake what the newcomer says.
const PREDECESSOR_WITHIN: Duration = Duration::from_secs(2);

/// Everyone who is connected.
#[derive(Default)]
pub(super) struct Clients {
    present: Mutex<HashMap<Key, Present>>,
    numbers: AtomicU64,
}

struct Present {
    number: u64,
    leave: CancellationToken,
    gone: CancellationToken,
}

/// A connection's place among the clients; dropping it gives the place up.
pub(super) struct Registration {
    clients: Arc<Clients>,
    key: Key,
    number: u64,
    gone: CancellationToken,
}

impl Clients {
    /// A number that no other connection has.
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes the place of `client_id`. A predecessor is told through its `leave` token, and its last words are awaited.
    /// Also says whether there was one.
    pub(super) async fn enter(
        self: &Arc<Self>,
        user: Option<Arc<str>>,
        client_id: String,
        number: u64,
        leave: CancellationToken,
    ) -> (Registration, bool) {
        let key = (user, client_id);
        let gone = CancellationToken::new();
        let present = Present { number, leave, gone: gone.clone() };
        let predecessor = self.lock().insert(key.clone(), present);
        let registration = Registration { clients: Arc::clone(self), key, number, gone };
        let Some(predecessor) = predecessor else { return (registration, false) };
        predecessor.leave.cancel();
        if tokio::time::timeout(PREDECESSOR_WITHIN, predecessor.gone.cancelled()).await.is_err() {
            tracing::debug!("A predecessor did not leave in time; going on without its last words.");
        }
        (registration, true)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut present = self.clients.lock();
        // Only one's own place: a successor may hold it already.
        if present.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            present.remove(&self.key);
        }
        self.gone.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newcomer_takes_over_from_its_own_user_alone() {
        let clients = Arc::new(Clients::default());
        let enter = async |user: Option<&str>| {
            let leave = CancellationToken::new();
            let number = clients.next_number();
            let (registration, took_over) =
                clients.enter(user.map(Into::into), "plc-1".into(), number, leave.clone()).await;
            (registration, took_over, leave)
        };
        let (first, took_over, told) = enter(Some("a")).await;
        assert!(!took_over);
        let (_other, took_over, _) = enter(Some("b")).await;
        assert!(!took_over && !told.is_cancelled());
        let leaving = tokio::spawn(async move {
            told.cancelled().await;
            drop(first);
        });
        let (second, took_over, _) = enter(Some("a")).await;
        assert!(took_over);
        leaving.await.unwrap();
        assert_eq!(clients.lock().len(), 2);
        drop(second);
        assert_eq!(clients.lock().len(), 1);
    }
}
