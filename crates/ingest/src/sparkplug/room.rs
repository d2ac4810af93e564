//! Bounds over all nodes together, so that no number of births fills the memory.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Devices of all nodes.
const DEVICES_MAX: usize = 100_000;
/// Names and aliases that mean nothing here, of all devices: about 100 bytes each.
const STRANGERS_MAX: usize = 1_000_000;

/// What is left.
#[derive(Debug)]
pub(super) struct Room {
    devices: AtomicUsize,
    strangers: AtomicUsize,
}

impl Default for Room {
    fn default() -> Self {
        Self { devices: AtomicUsize::new(DEVICES_MAX), strangers: AtomicUsize::new(STRANGERS_MAX) }
    }
}

impl Room {
    /// A place for one more device, for good.
    pub(super) fn take_device(&self) -> bool {
        take(&self.devices)
    }

    /// A place for one more name or alias.
    pub(super) fn take_stranger(&self) -> bool {
        take(&self.strangers)
    }

    /// Places that are free again.
    pub(super) fn give_strangers(&self, count: usize) {
        self.strangers.fetch_add(count, Ordering::Relaxed);
    }
}

fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
