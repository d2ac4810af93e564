//! A row as it stands on the log, and whether it is what was written.

use foretell_model::{Event, MachineId, Timestamp};

use super::queries::place_sum;
use crate::codec::{self, CodecError, Place};

/// An event's digest stands so few places after its own at most: one per event that has the same one.
const DIGEST_STEPS_MAX: u32 = 1_000;

/// See the module's text.
pub(super) struct Stored<'a> {
    /// Its number.
    pub(super) machine: i64,
    pub(super) ts: i64,
    pub(super) lag_ms: i64,
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
    pub(super) digest: u32,
    /// The checksum of machine and times; releases before wrote none.
    pub(super) place: Option<i64>,
}

impl Stored<'_> {
    /// The event, if the row is what was written; `digest` as it was written with.
    pub(super) fn event(&self, machine: MachineId, digest: fn(u8, &[u8]) -> u32) -> Result<Event, CodecError> {
        if self.digest.wrapping_sub(digest(self.kind, self.body)) >= DIGEST_STEPS_MAX {
            return Err(CodecError::Digest);
        }
        if self.place.is_some_and(|place| place != place_sum(self.machine, self.ts, self.lag_ms)) {
            return Err(CodecError::Place);
        }
        let ts = Timestamp::from_millis(self.ts);
        codec::decode(Place { machine, ts, lag_ms: self.lag_ms, kind: self.kind }, self.body)
    }
}
