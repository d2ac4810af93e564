//! Whether two lots of readings are the same, whatever their order, without holding either.

use foretell_model::{Event, Reading};

use super::packed::pack;
use crate::codec;

/// Readings counted and summed up, every bit of them, in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    sum: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, reading: &Reading) {
        let mut bytes = reading.machine.as_str().as_bytes().to_vec();
        bytes.extend_from_slice(&reading.ts.millis().to_le_bytes());
        pack(&Event::Reading(reading.clone()), &mut bytes);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u64::from(codec::digest(0, &bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}
