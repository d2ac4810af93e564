//! Who tells the time.

use crate::Timestamp;

/// A source of "now". The wall clock in a plant; the newest reading's time stamp in rehearsals, so that months pass in a
/// minute. Only the rim asks; the engine is told.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}
