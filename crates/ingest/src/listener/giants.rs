//! Large packets on their way. Each connection may send one, yet not everybody at once: five thousand half megabytes would fill
//! the memory of a small computer. When their bytes are too many, the packet that has been on its way longest goes, with its
//! connection: an honest one is whole within seconds, whoever never ends it holds the place for an attack.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// See the module's text.
pub(super) struct Giants {
    bytes_max: usize,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    bytes: usize,
    arrivals: u64,
    /// In order of arrival: how large each will be, and what tells it to go.
    under_way: BTreeMap<u64, (usize, CancellationToken)>,
}

/// One large packet's place; dropping it gives the place up.
pub(super) struct Giant {
    giants: Arc<Giants>,
    number: u64,
    go: CancellationToken,
}

impl Giants {
    /// For so many bytes of all packets together; one packet is let in whatever its size.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inside: Mutex::default() }
    }

    /// Gives a place to a packet of so many bytes, perhaps those of others.
    pub(super) fn enter(self: &Arc<Self>, bytes: usize) -> Giant {
        let mut inside = self.lock();
        while inside.bytes + bytes > self.bytes_max
            && let Some((_, (gone, go))) = inside.under_way.pop_first()
        {
            inside.bytes -= gone;
            go.cancel();
        }
        inside.bytes += bytes;
        inside.arrivals += 1;
        let (number, go) = (inside.arrivals, CancellationToken::new());
        inside.under_way.insert(number, (bytes, go.clone()));
        drop(inside);
        Giant { giants: Arc::clone(self), number, go }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Giant {
    /// Waits until its place is wanted for another.
    pub(super) async fn crowded_out(&self) {
        self.go.cancelled().await;
    }

    /// Whether it has been told to go.
    pub(super) fn is_crowded_out(&self) -> bool {
        self.go.is_cancelled()
    }
}

impl Drop for Giant {
    fn drop(&mut self) {
        let mut inside = self.giants.lock();
        if let Some((bytes, _)) = inside.under_way.remove(&self.number) {
            inside.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let giants = Arc::new(Giants::new(100));
        let entered = [40, 40, 20, 50].map(|bytes| giants.enter(bytes));
        let told = || entered.iter().map(Giant::is_crowded_out).collect::<Vec<_>>();
        // The last one needed the room of the first two.
        assert_eq!((told(), giants.lock().bytes), (vec![true, true, false, false], 70));
        let huge = giants.enter(1_000);
        assert_eq!((told(), giants.lock().bytes), (vec![true; 4], 1_000));
        drop((entered, huge));
        let inside = giants.lock();
        assert_eq!((inside.bytes, inside.under_way.len()), (0, 0));
    }
}
