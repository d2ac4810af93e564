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
    present: Mutex<Everyone>,
    numbers: AtomicU64,
}

#[derive(Default)]
struct Everyone {
    by_id: HashMap<Key, Present>,
    /// How many connections each user has, those included that are just being taken over.
    by_user: HashMap<Arc<str>, usize>,
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

    /// Whether a user has fewer connections than so many. Who takes over an own id is counted too: otherwise a pair of clients
    /// that take over from each other for ever could hold any number of connections that are about to leave.
    pub(super) fn has_room(&self, user: Option<&str>, connections_max: usize) -> bool {
        user.is_none_or(|user| self.lock().by_user.get(user).is_none_or(|count| *count < connections_max))
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
        let predecessor = {
            let mut everyone = self.lock();
            if let Some(user) = &key.0 {
                *everyone.by_user.entry(Arc::clone(user)).or_default() += 1;
            }
            everyone.by_id.insert(key.clone(), present)
        };
        let registration = Registration { clients: Arc::clone(self), key, number, gone };
        let Some(predecessor) = predecessor else { return (registration, false) };
        predecessor.leave.cancel();
        if tokio::time::timeout(PREDECESSOR_WITHIN, predecessor.gone.cancelled()).await.is_err() {
            tracing::debug!("A predecessor did not leave in time; going on without its last words.");
        }
        (registration, true)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Everyone> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut everyone = self.clients.lock();
        // Only one's own place: a successor may hold it already.
        if everyone.by_id.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            everyone.by_id.remove(&self.key);
        }
        if let Some(user) = &self.key.0
            && let Some(count) = everyone.by_user.get_mut(user)
        {
            *count -= 1;
            if *count == 0 {
                everyone.by_user.remove(user);
            }
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
        assert_eq!(clients.lock().by_id.len(), 2);
        assert!(!clients.has_room(Some("a"), 1) && clients.has_room(Some("a"), 2) && clients.has_room(None, 0));
        drop(second);
        assert_eq!(clients.lock().by_id.len(), 1);
        assert!(clients.has_room(Some("a"), 1) && !clients.lock().by_user.contains_key("a"));
    }
}
