//! Readings as a sorter's records, and which of equal ones came first: for archive and export, which keep every bit.

use std::collections::HashSet;
use std::io;

use foretell_model::{Event, MachineId, Timestamp};

use super::sorter::Key;
use crate::codec::{self, Kind, Place};

const LAG_BYTES: usize = size_of::<i64>();

/// An event as a sorter's record: its kind, its lag, its body. Machine and time are the key.
pub(crate) fn pack(event: &Event, out: &mut Vec<u8>) {
    out.push(Kind::of(event) as u8);
    out.extend_from_slice(&codec::lag_ms(event).to_le_bytes());
    codec::encode(event, out);
}

/// What [`pack`] packed.
pub(crate) fn unpack(machine: MachineId, ts: Timestamp, record: &[u8]) -> io::Result<Event> {
    let torn = || io::Error::new(io::ErrorKind::InvalidData, "a sorted record is damaged");
    let (&kind, rest) = record.split_first().ok_or_else(torn)?;
    let (lag, body) = rest.split_first_chunk::<LAG_BYTES>().ok_or_else(torn)?;
    let place = Place { machine, ts, lag_ms: i64::from_le_bytes(*lag), kind };
    codec::decode(place, body).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Tells the first of equal events from its copies; the time of arrival makes no difference.
#[derive(Default)]
pub(crate) struct Distinct {
    key: Option<Key>,
    contents: HashSet<Vec<u8>>,
}

impl Distinct {
    /// Whether no equal record of this key came before; keys come in order.
    pub(crate) fn is_new(&mut self, key: Key, record: &[u8]) -> bool {
        if self.key.replace(key) != Some(key) {
            self.contents.clear();
        }
        let mut content = record.to_vec();
        content.drain(1..record.len().min(1 + LAG_BYTES));
        self.contents.insert(content)
    }
}
