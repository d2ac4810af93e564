//! Who gets in before anybody knows who it is: places in all, places for one address, and places for those who have not
//! introduced themselves. When places are short, the strangers who have stood at the door longest go first: a client
//! introduces itself within milliseconds, who does not holds the door open for an attack.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::options::ListenerOptions;

/// Why a connection was closed as it arrived; its code in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// All places are taken, by clients.
    Full,
    /// This address has its share.
    Address,
}

impl NoPlace {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Full => "connections_max",
            Self::Address => "connections_per_address_max",
        }
    }
}

/// See the module's text.
pub(super) struct Door {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    connections_max: usize,
    per_address_max: usize,
    strangers_max: usize,
    count: usize,
    by_address: HashMap<IpAddr, usize>,
    /// Who has not introduced itself, in order of arrival, with what tells it to go.
    strangers: BTreeMap<u64, CancellationToken>,
    arrivals: u64,
}

impl Door {
    pub(super) fn new(options: &ListenerOptions) -> Self {
        let door = Self { inside: Mutex::default() };
        door.replace(options);
        door
    }

    /// Goes on with other numbers of places; whoever has one keeps it.
    pub(super) fn replace(&self, options: &ListenerOptions) {
        let mut inside = self.lock();
        inside.connections_max = options.connections_max;
        inside.per_address_max = options.connections_per_address_max;
        inside.strangers_max = options.strangers_max.max(1);
    }

    /// Gives a place, perhaps that of the stranger who has stood longest.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Visit, NoPlace> {
        let address = network_of(address);
        let mut inside = self.lock();
        if inside.by_address.get(&address).is_some_and(|count| *count >= inside.per_address_max) {
            return Err(NoPlace::Address);
        }
        if inside.strangers.len() >= inside.strangers_max || inside.count >= inside.connections_max {
            match inside.strangers.pop_first() {
                Some((_, go)) => go.cancel(),
                None => return Err(NoPlace::Full),
            }
        }
        inside.count += 1;
        *inside.by_address.entry(address).or_default() += 1;
        inside.arrivals += 1;
        let (number, go) = (inside.arrivals, CancellationToken::new());
        inside.strangers.insert(number, go.clone());
        drop(inside);
        Ok(Visit { door: Arc::clone(self), address, number, go })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place; dropping it gives the place up.
pub(super) struct Visit {
    door: Arc<Door>,
    address: IpAddr,
    number: u64,
    go: CancellationToken,
}

impl Visit {
    /// Waits until the place is wanted for somebody else; for ever once the visitor is introduced.
    pub(super) async fn crowded_out(&self) {
        self.go.cancelled().await;
    }

    /// The visitor is known now and keeps its place; false when it has been told to go already.
    pub(super) fn introduced(&self) -> bool {
        self.door.lock().strangers.remove(&self.number).is_some()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut inside = self.door.lock();
        inside.count -= 1;
        inside.strangers.remove(&self.number);
        if let Some(count) = inside.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

/// What one machine can call its own: an IPv4 address, or an IPv6 network of /64, of which it may use any address.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(connections_max: usize, connections_per_address_max: usize, strangers_max: usize) -> Arc<Door> {
        let options = ListenerOptions {
            connections_max,
            connections_per_address_max,
            strangers_max,
            ..ListenerOptions::default()
        };
        Arc::new(Door::new(&options))
    }

    fn enter(door: &Arc<Door>, address: &str) -> Result<Visit, NoPlace> {
        door.enter(address.parse().unwrap())
    }

    #[test]
    fn the_stranger_who_stood_longest_goes_first_and_clients_stay() {
        let door = door(3, 100, 100);
        let client = enter(&door, "10.0.0.1").unwrap();
        assert!(client.introduced());
        let (old, young) = (enter(&door, "10.0.0.2").unwrap(), enter(&door, "10.0.0.3").unwrap());
        let newest = enter(&door, "10.0.0.4").unwrap();
        assert!(old.go.is_cancelled() && !old.introduced() && !young.go.is_cancelled() && !client.go.is_cancelled());
        drop(old);
        assert!(young.introduced() && newest.introduced());
        assert_eq!(enter(&door, "10.0.0.5").err(), Some(NoPlace::Full));
        drop(client);
        assert!(enter(&door, "10.0.0.5").is_ok());
    }

    #[test]
    fn other_limits_hold_for_who_comes_next() {
        let door = door(1, 100, 100);
        let client = enter(&door, "10.0.0.1").unwrap();
        assert!(client.introduced());
        assert_eq!(enter(&door, "10.0.0.2").err(), Some(NoPlace::Full));
        let limits = |connections_max| ListenerOptions { connections_max, ..ListenerOptions::default() };
        door.replace(&limits(2));
        let second = enter(&door, "10.0.0.2").unwrap();
        assert!(second.introduced());
        door.replace(&limits(1));
        assert_eq!(enter(&door, "10.0.0.3").err(), Some(NoPlace::Full));
        assert!(!client.go.is_cancelled() && !second.go.is_cancelled());
    }

    #[test]
    fn strangers_have_few_places_of_their_own() {
        let door = door(100, 100, 2);
        let visits: Vec<_> = (0..5).map(|_| enter(&door, "10.0.0.1").unwrap()).collect();
        let gone: Vec<_> = visits.iter().map(|visit| visit.go.is_cancelled()).collect();
        assert_eq!(gone, [true, true, true, false, false]);
    }

    #[test]
    fn one_address_has_its_share_alone() {
        let door = door(100, 2, 100);
        let first = enter(&door, "2001:db8:1:2::1").unwrap();
        let second = enter(&door, "2001:db8:1:2:ffff::9").unwrap();
        assert_eq!(enter(&door, "2001:db8:1:2::3").err(), Some(NoPlace::Address));
        assert!(enter(&door, "2001:db8:1:3::1").is_ok() && enter(&door, "10.0.0.1").is_ok());
        drop((first, second));
        assert!(enter(&door, "2001:db8:1:2::3").is_ok());
        assert!(door.lock().by_address.is_empty() && door.lock().count == 0);
    }
}
