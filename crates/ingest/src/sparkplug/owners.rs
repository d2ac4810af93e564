//! Who speaks for a machine. Device names are unique behind one edge node only, so two nodes could speak for the same
//! machine without meaning it; the second is refused while the first lives.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foretell_model::{HOUR_MS, MachineId, Timestamp};

/// One who was not heard for so long has gone without saying so.
const SILENT_MS: i64 = HOUR_MS;

/// A node or device with the input that it comes through, for people.
pub(super) type Owner = Arc<str>;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Owners(Mutex<HashMap<MachineId, Claim>>);

#[derive(Debug)]
struct Claim {
    owner: Owner,
    lives: bool,
    heard: Timestamp,
}

impl Owners {
    /// Claims a machine; or says who has it.
    pub(super) fn claim(&self, machine: &MachineId, owner: &Owner, now: Timestamp) -> Result<(), Owner> {
        let mut claims = self.lock();
        let Some(claim) = claims.get_mut(machine) else {
            claims.insert(machine.clone(), Claim { owner: Arc::clone(owner), lives: true, heard: now });
            return Ok(());
        };
        if claim.owner != *owner {
            if claim.lives && now - claim.heard < SILENT_MS {
                return Err(Arc::clone(&claim.owner));
            }
            claim.owner = Arc::clone(owner);
        }
        (claim.lives, claim.heard) = (true, now);
        Ok(())
    }

    /// Its owner is gone.
    pub(super) fn release(&self, machine: &MachineId, owner: &Owner) {
        if let Some(claim) = self.lock().get_mut(machine).filter(|claim| claim.owner == *owner) {
            claim.lives = false;
        }
    }

    /// Every change is whole, so a poisoned lock holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, HashMap<MachineId, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_while_the_first_lives() {
        let (owners, machine) = (Owners::default(), MachineId::new("s", "k1").unwrap());
        let (a, b): (Owner, Owner) = ("a".into(), "b".into());
        let claim = |owner: &Owner, ms: i64| owners.claim(&machine, owner, Timestamp::from_millis(ms)).is_ok();
        assert!(claim(&a, 0) && claim(&a, 1) && !claim(&b, 2));
        owners.release(&machine, &b);
        assert!(!claim(&b, 3));
        owners.release(&machine, &a);
        assert!(claim(&b, 4) && !claim(&a, 5));
        assert!(claim(&a, 5 + HOUR_MS) && !claim(&b, 6 + HOUR_MS));
    }
}
