//! Who is connected under which client id, so that a newcomer with the same id takes over.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// A client id belongs to its user: a stranger cannot throw out another's client by guessing its id.
type Key = (Option<Arc<str>>, String);

/// How long a newcomer waits for its predecessor's will, which must not overtake what the newcomer says.
const PREDECESSOR_WITHIN: Duration = Duration::from_secs(2);

/// Who takes over from somebody that has been there for less than this may be a twin: two clients that were given one id throw
/// each other out, and both come back.
const TWIN_WITHIN: Duration = Duration::from_secs(30);

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
    peer: SocketAddr,
    since: Instant,
    /// Takeovers in a row that came so soon.
    quick: u32,
    leave: CancellationToken,
    gone: CancellationToken,
}

/// Whom a newcomer threw out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Predecessor {
    pub(super) peer: SocketAddr,
    /// Takeovers of this id in a row, this one included, that came within seconds of the one before.
    pub(super) quick: u32,
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
        (number, peer): (u64, SocketAddr),
        leave: CancellationToken,
    ) -> (Registration, Option<Predecessor>) {
        let key = (user, client_id);
        let (gone, since) = (CancellationToken::new(), Instant::now());
        let mut present = Present { number, peer, since, quick: 0, leave, gone: gone.clone() };
        let predecessor = {
            let mut everyone = self.lock();
            if let Some(user) = &key.0 {
                *everyone.by_user.entry(Arc::clone(user)).or_default() += 1;
            }
            let before = everyone.by_id.get(&key).filter(|before| since - before.since < TWIN_WITHIN);
            present.quick = before.map_or(0, |before| before.quick + 1);
            let quick = present.quick;
            everyone.by_id.insert(key.clone(), present).map(|before| (before, quick))
        };
        let registration = Registration { clients: Arc::clone(self), key, number, gone };
        let Some((predecessor, quick)) = predecessor else { return (registration, None) };
        predecessor.leave.cancel();
        if tokio::time::timeout(PREDECESSOR_WITHIN, predecessor.gone.cancelled()).await.is_err() {
            tracing::debug!("A predecessor did not leave in time; going on without its last words.");
        }
        (registration, Some(Predecessor { peer: predecessor.peer, quick }))
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
            let peer = SocketAddr::from(([10, 0, 0, 1], u16::try_from(number).unwrap()));
            let (registration, took_over) =
                clients.enter(user.map(Into::into), "plc-1".into(), (number, peer), leave.clone()).await;
            (registration, took_over.map(|before| (before.peer.port(), before.quick)), leave)
        };
        let (first, took_over, told) = enter(Some("a")).await;
        assert_eq!(took_over, None);
        let (_other, took_over, _) = enter(Some("b")).await;
        assert!(took_over.is_none() && !told.is_cancelled());
        let leaving = tokio::spawn(async move {
            told.cancelled().await;
            drop(first);
        });
        let (second, took_over, _) = enter(Some("a")).await;
        assert_eq!(took_over, Some((0, 1)));
        leaving.await.unwrap();
        assert_eq!(clients.lock().by_id.len(), 2);
        assert!(!clients.has_room(Some("a"), 1) && clients.has_room(Some("a"), 2) && clients.has_room(None, 0));
        drop(second);
        assert_eq!(clients.lock().by_id.len(), 1);
        assert!(clients.has_room(Some("a"), 1) && !clients.lock().by_user.contains_key("a"));
    }

    #[tokio::test]
    async fn twins_are_told_by_how_soon_they_take_over_from_each_other() {
        let clients = Arc::new(Clients::default());
        let mut quick = Vec::new();
        for n in 0..5 {
            // The first two are long gone by the third.
            if n == 2 {
                clients.lock().by_id.values_mut().for_each(|present| present.since -= TWIN_WITHIN);
            }
            let (who, leave) =
                ((clients.next_number(), SocketAddr::from(([10, 0, 0, n], 1))), CancellationToken::new());
            let (registration, before) = clients.enter(None, "plc-1".into(), who, leave.clone()).await;
            quick.push(before.map(|before| (before.peer.ip().to_string(), before.quick)));
            tokio::spawn(async move {
                leave.cancelled().await;
                drop(registration);
            });
        }
        let from = |n: u8, quick| Some((format!("10.0.0.{n}"), quick));
        assert_eq!(quick, [None, from(0, 1), from(1, 0), from(2, 1), from(3, 2)]);
    }
}
