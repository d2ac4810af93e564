//! Room for what a broker has sent and the worker has not taken up yet, counted in bytes: a bound in messages alone would let
//! large payloads take a thousand times the memory of usual ones.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::session::Message;

/// Bytes that may wait in the inbox of one session: a hundred times what 2,000 usual readings take, and dozens of the largest
/// backlogs.
const BYTES_MAX: u32 = 32 << 20;

/// What a message takes up, given back when it is dropped.
pub(super) type Place = OwnedSemaphorePermit;

/// See the module's text.
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BYTES_MAX as usize)))
    }

    /// Room for a message, if there is now.
    pub(super) fn try_take(&self, message: &Message) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_many_owned(bytes(message)).ok()
    }

    /// Waits for room for a message. One that is larger than all the room gets in alone.
    pub(super) async fn take(&self, message: &Message) -> Option<Place> {
        Arc::clone(&self.0).acquire_many_owned(bytes(message)).await.ok()
    }
}

fn bytes(message: &Message) -> u32 {
    u32::try_from(message.topic.len() + message.payload.len()).unwrap_or(BYTES_MAX).min(BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn what_waits_is_bounded_by_bytes_and_the_largest_gets_in_alone() {
        let message = |bytes: usize| Message {
            topic: Bytes::from_static(b"t"),
            payload: Bytes::from(vec![0; bytes - 1]),
            pkid: 1,
            retain: false,
        };
        let (room, part) = (Room::new(), message(BYTES_MAX as usize / 4));
        let mut places: Vec<Place> = (0..4).filter_map(|_| room.try_take(&part)).collect();
        assert_eq!((places.len(), room.try_take(&message(1)).is_some()), (4, false));
        places.pop();
        assert!(room.try_take(&part).is_some(), "what is taken up makes room");
        places.clear();
        let huge = room.take(&message(2 * BYTES_MAX as usize)).await;
        assert!(huge.is_some() && room.try_take(&message(1)).is_none());
    }
}
