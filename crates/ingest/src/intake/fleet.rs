//! Which machines there are, and how many there may be: an engine keeps some kilobytes of each for good, and a login that may
//! speak for a site could invent machines without end.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use foretell_model::MachineId;

/// The machines that were taken in.
#[derive(Debug)]
pub(super) struct Fleet {
    known: RwLock<HashSet<MachineId>>,
    machines_max: AtomicUsize,
}

impl Fleet {
    /// A fleet of machines that were heard of before.
    pub(super) fn of(machines: impl IntoIterator<Item = MachineId>, machines_max: usize) -> Self {
        Self { known: RwLock::new(machines.into_iter().collect()), machines_max: AtomicUsize::new(machines_max) }
    }

    /// Whether a machine is one of them; a new one becomes one while there is room.
    pub(super) fn takes(&self, machine: &MachineId) -> bool {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            // A flood of strangers must not make the others wait for the lock.
            if known.contains(machine) || known.len() >= self.machines_max() {
                return known.contains(machine);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let has_room = known.len() < self.machines_max();
        if has_room {
            known.insert(machine.clone());
        }
        // Another publisher may have brought it between the two looks.
        has_room || known.contains(machine)
    }

    /// How many there may be.
    pub(super) fn machines_max(&self) -> usize {
        self.machines_max.load(Ordering::Relaxed)
    }

    /// Goes on with another bound; whoever is in stays in.
    pub(super) fn bound(&self, machines_max: usize) {
        self.machines_max.store(machines_max, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_stays_in_and_strangers_need_room() {
        let machine = |name: &str| MachineId::new("s", name).unwrap();
        let fleet = Fleet::of([machine("a")], 2);
        assert_eq!(["a", "b", "c", "b", "a"].map(|name| fleet.takes(&machine(name))), [true, true, false, true, true]);
        fleet.bound(1);
        assert_eq!(["a", "b", "c"].map(|name| fleet.takes(&machine(name))), [true, true, false]);
        fleet.bound(3);
        assert_eq!(["c", "d"].map(|name| fleet.takes(&machine(name))), [true, false]);
    }
}
