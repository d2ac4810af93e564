//! What can still be read of a log that SQLite gives up, because its schema, a root or whatever leads to the rows is damaged: every
//! page of the file, and of its write-ahead file, is looked at by itself.
//!
//! A row says by its checksums whether it is what was written, and rows never change, so one is as good from any version of its page
//! as from the newest; of a day that has left the log a few may come up again. Names of machines stand in a table and in its
//! index, and the index of identities tells which rows there were: so it can be told which are lacking.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::{ControlFlow, RangeInclusive};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use foretell_model::{Event, MINUTE_MS, MachineId, Offset, Reading, Timestamp};

use super::page::{Value, each_record};
use super::stored::Stored;
use crate::codec;
use crate::database::beside;

/// SQLite's page, where the file does not say.
const PAGE_BYTES: usize = 4_096;

/// What stands before the pages of a write-ahead file, and before each of them.
const WAL_HEAD_BYTES: u64 = 32;
const FRAME_HEAD_BYTES: usize = 24;

/// Takes the records of pages: a row's number, where it has one, and its columns; until it breaks.
type Sink<'a> = dyn FnMut(Option<i64>, &[Value<'_>]) -> ControlFlow<()> + 'a;

/// See the module's text.
#[derive(Debug)]
pub struct Wreck {
    path: PathBuf,
    page_bytes: usize,
    machines: BTreeMap<i64, MachineId>,
}

/// Neighbouring entries that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first and the last of them.
    pub offsets: RangeInclusive<u64>,
    /// Their first and their last instant.
    pub span: RangeInclusive<Timestamp>,
}

/// An entry that the index knows and no page has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) offset: Offset,
    /// `None` where its name is lost too.
    pub(crate) machine: Option<MachineId>,
    pub(crate) ts: Timestamp,
}

impl Wreck {
    /// Takes the log of a data directory for what its pages hold. Nothing is written; a service may be running on it.
    ///
    /// # Errors
    /// When there is no such file, or it may not be read.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join("log.db");
        let page_bytes = page_bytes(&path)?;
        let mut wreck = Self { path, page_bytes, machines: BTreeMap::new() };
        let mut machines = BTreeMap::new();
        wreck.each_record(&mut |number, values| {
            let (number, name) = match (number, values) {
                (Some(number), [Value::Null, Value::Text(name)]) => (number, name),
                (None, [Value::Text(name), Value::Integer(number)]) => (*number, name),
                _ => return ControlFlow::Continue(()),
            };
            let name = std::str::from_utf8(name).ok().and_then(|name| MachineId::parse(name).ok());
            machines.extend(name.map(|name| (number, name)));
            ControlFlow::Continue(())
        })?;
        wreck.machines = machines;
        Ok(wreck)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every machine whose name can be read, in no order.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.machines.values()
    }

    /// Hands every reading that can be read to `sink`, some of them twice, in no order, until it breaks. Returns the entries that
    /// were found, of whatever kind.
    pub(crate) fn readings(&self, sink: &mut dyn FnMut(Reading) -> ControlFlow<()>) -> io::Result<Offsets> {
        let mut found = Offsets::default();
        self.each_record(&mut |number, values| {
            let (Some(number @ 1..), Some(stored)) = (number, stored(values)) else { return ControlFlow::Continue(()) };
            let event = self.machines.get(&stored.machine).map(|name| stored.event(name.clone(), codec::digest));
            let Some(Ok(event)) = event else { return ControlFlow::Continue(()) };
            found.add(number.cast_unsigned());
            match event {
                Event::Reading(reading) => sink(reading),
                _ => ControlFlow::Continue(()),
            }
        })?;
        Ok(found)
    }

    /// Entries that the index of identities knows and that were not found, in order.
    pub(crate) fn lost(&self, found: &Offsets) -> io::Result<Vec<Lost>> {
        let mut lost = BTreeMap::new();
        self.each_record(&mut |number, values| {
            if let (None, Some((offset, machine, ts))) = (number, identity(values))
                && !found.has(offset)
            {
                let machine = self.machines.get(&machine).cloned();
                lost.insert(offset, Lost { offset: Offset(offset), machine, ts: Timestamp::from_millis(ts) });
            }
            ControlFlow::Continue(())
        })?;
        Ok(lost.into_values().collect())
    }

    fn each_record(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        for (ending, head, frame_head) in [("", 0, 0), ("-wal", WAL_HEAD_BYTES, FRAME_HEAD_BYTES)] {
            let file = match File::open(beside(&self.path, ending)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && frame_head > 0 => continue,
                file => file?,
            };
            let (length, mut buffer) = (file.metadata()?.len(), vec![0; frame_head + self.page_bytes]);
            let mut flow = ControlFlow::Continue(());
            for at in (head..length).step_by(buffer.len()) {
                // What the disk does not give is lacking like what it gives wrong.
                if file.read_exact_at(&mut buffer, at).is_err() {
                    continue;
                }
                each_record(&buffer[frame_head..], &mut |number, values| {
                    if flow.is_continue() {
                        flow = sink(number, values);
                    }
                });
                if flow.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The size of a file's pages: as its head says, if it still says anything.
fn page_bytes(path: &Path) -> io::Result<usize> {
    let mut head = [0; 18];
    let read = File::open(path)?.read_at(&mut head, 0)?;
    let told = usize::from(u16::from_be_bytes([head[16], head[17]]));
    let is_one = read == head.len() && head.starts_with(b"SQLite format 3\0");
    Ok(if is_one && told >= 512 && told.is_power_of_two() { told } else { PAGE_BYTES })
}

/// The columns of the log's table.
fn stored<'a>(values: &[Value<'a>]) -> Option<Stored<'a>> {
    let (values, place) = match values {
        [values @ .., Value::Integer(place)] if values.len() == 7 => (values, Some(*place)),
        [values @ .., Value::Null] if values.len() == 7 => (values, None),
        values => (values, None),
    };
    let [
        Value::Null,
        Value::Integer(machine),
        Value::Integer(ts),
        Value::Integer(lag_ms),
        Value::Integer(kind),
        Value::Integer(digest),
        Value::Blob(body),
    ] = *values
    else {
        return None;
    };
    let (kind, digest) = (u8::try_from(kind).ok()?, u32::try_from(digest).ok()?);
    Some(Stored { machine, ts, lag_ms, kind, body, digest, place })
}

/// The columns of the index of identities: offset, number of the machine, instant.
fn identity(values: &[Value<'_>]) -> Option<(u64, i64, i64)> {
    let [
        Value::Integer(minute),
        Value::Integer(machine),
        Value::Integer(ts),
        Value::Integer(_),
        Value::Integer(offset),
    ] = *values
    else {
        return None;
    };
    (minute == ts / MINUTE_MS && offset > 0).then_some((offset.cast_unsigned(), machine, ts))
}

/// A set of offsets, most of which have neighbours in it.
#[derive(Debug, Default)]
pub(crate) struct Offsets(BTreeMap<u64, u64>);

impl Offsets {
    fn add(&mut self, offset: u64) {
        let before = self.0.range(..=offset).next_back().map(|(first, last)| (*first, *last));
        let first = match before {
            Some((_, last)) if offset <= last => return,
            Some((first, last)) if last + 1 == offset => first,
            _ => offset,
        };
        let last = self.0.remove(&(offset + 1)).unwrap_or(offset);
        self.0.insert(first, last);
    }

    pub(crate) fn has(&self, offset: u64) -> bool {
        self.0.range(..=offset).next_back().is_some_and(|(_, last)| offset <= *last)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    pub(crate) fn last(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, last)| *last)
    }
}

impl Stretch {
    /// Lost entries, in order, put together with their neighbours.
    pub(crate) fn of(lost: &[Lost]) -> Vec<Self> {
        lost.chunk_by(|a, b| a.offset.0 + 1 == b.offset.0)
            .filter_map(|run| {
                let (first, last) = (run.first()?.offset.0, run.last()?.offset.0);
                let times = || run.iter().map(|lost| lost.ts);
                Some(Self { offsets: first..=last, span: times().min()?..=times().max()? })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_kept_as_runs() {
        let mut offsets = Offsets::default();
        for offset in [5, 3, 4, 9, 8, 1, 4] {
            offsets.add(offset);
        }
        assert_eq!(offsets.0, BTreeMap::from([(1, 1), (3, 5), (8, 9)]));
        let has: Vec<u64> = (0..12).filter(|offset| offsets.has(*offset)).collect();
        assert_eq!(has, [1, 3, 4, 5, 8, 9]);
        assert_eq!((offsets.count(), offsets.last()), (6, 9));
    }
}
