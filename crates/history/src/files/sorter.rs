//! Sorts more records than memory holds: full buffers are sorted and spilled to one unnamed temporary file, then merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// What records are sorted by; equal keys keep the order in which they came.
pub(crate) type Key = (i64, i64);

const HEAD_BYTES: usize = 20;
/// Read ahead of each run while merging, at most and at least: with many runs their buffers keep within the memory, too.
const READ_AHEAD_BYTES: (usize, usize) = (4 << 10, 64 << 10);

/// Takes records in any order.
pub(crate) struct Sorter {
    memory_bytes: usize,
    temp_dir: PathBuf,
    buffer: Vec<u8>,
    records: Vec<(Key, usize)>,
    spill: Option<File>,
    spilled_bytes: u64,
    runs: Vec<(u64, u64)>,
}

impl Sorter {
    /// Holds about `memory_bytes` in memory and spills the rest to a file in `temp_dir` that goes when it is dropped.
    pub(crate) fn new(memory_bytes: usize, temp_dir: PathBuf) -> Self {
        let (buffer, records) = (Vec::new(), Vec::new());
        Self { memory_bytes, temp_dir, buffer, records, spill: None, spilled_bytes: 0, runs: Vec::new() }
    }

    /// Adds a record whose bytes `write` appends.
    pub(crate) fn push(&mut self, key: Key, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.records.push((key, self.buffer.len()));
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        write(&mut self.buffer);
        let len = (self.buffer.len() - start - 4) as u32;
        self.buffer[start..start + 4].copy_from_slice(&len.to_le_bytes());
        if self.buffer.len() + self.records.len() * size_of::<(Key, usize)>() > self.memory_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match self.spill.take() {
            Some(file) => file,
            None => tempfile::tempfile_in(&self.temp_dir)?,
        };
        let run = self.sorted_run();
        let start = self.spilled_bytes;
        let mut writer = BufWriter::with_capacity(1 << 18, &file);
        let MemoryRun { buffer, records, .. } = &run;
        for &(key, start) in records {
            writer.write_all(&key.0.to_le_bytes())?;
            writer.write_all(&key.1.to_le_bytes())?;
            let bytes = &buffer[start..start + 4 + length(buffer, start)];
            writer.write_all(bytes)?;
            self.spilled_bytes += (HEAD_BYTES - 4 + bytes.len()) as u64;
        }
        writer.flush()?;
        drop(writer);
        self.runs.push((start, self.spilled_bytes));
        self.spill = Some(file);
        // The next buffer takes the room of this one.
        self.buffer = run.buffer;
        self.buffer.clear();
        Ok(())
    }

    fn sorted_run(&mut self) -> MemoryRun {
        let mut records = std::mem::take(&mut self.records);
        // Where a record begins says which came first, so equal keys keep their order and no memory is needed for sorting.
        records.sort_unstable();
        MemoryRun { buffer: std::mem::take(&mut self.buffer), records, next: 0 }
    }

    /// Ends the adding and begins the merging.
    pub(crate) fn finish(mut self) -> io::Result<Merge> {
        let memory = Run::Memory(self.sorted_run());
        let file = self.spill.map(Arc::new);
        let ahead_bytes = (self.memory_bytes / self.runs.len().max(1)).clamp(READ_AHEAD_BYTES.0, READ_AHEAD_BYTES.1);
        let spilled = file.iter().flat_map(|file| {
            let reader = |&(at, end): &(u64, u64)| Stretch { file: Arc::clone(file), at, end };
            self.runs.iter().map(reader).map(|stretch| Run::Spilled(BufReader::with_capacity(ahead_bytes, stretch)))
        });
        let mut runs: Vec<_> = spilled.chain([memory]).map(|run| (run, Vec::new())).collect();
        let mut heads = BinaryHeap::new();
        for (number, (run, record)) in runs.iter_mut().enumerate() {
            if let Some(key) = run.next(record)? {
                heads.push(Reverse((key, number)));
            }
        }
        Ok(Merge { runs, heads })
    }
}

fn length(buffer: &[u8], start: usize) -> usize {
    u32::from_le_bytes([buffer[start], buffer[start + 1], buffer[start + 2], buffer[start + 3]]) as usize
}

/// Gives the records in order.
pub(crate) struct Merge {
    runs: Vec<(Run, Vec<u8>)>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

impl Merge {
    /// The next record's key, its bytes in `record`.
    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> io::Result<Option<Key>> {
        let Some(Reverse((key, number))) = self.heads.pop() else { return Ok(None) };
        let (run, ahead) = &mut self.runs[number];
        std::mem::swap(record, ahead);
        if let Some(key) = run.next(ahead)? {
            self.heads.push(Reverse((key, number)));
        }
        Ok(Some(key))
    }
}

enum Run {
    Memory(MemoryRun),
    Spilled(BufReader<Stretch>),
}

struct MemoryRun {
    buffer: Vec<u8>,
    records: Vec<(Key, usize)>,
    next: usize,
}

impl Run {
    fn next(&mut self, record: &mut Vec<u8>) -> io::Result<Option<Key>> {
        record.clear();
        match self {
            Self::Memory(run) => {
                let Some(&(key, start)) = run.records.get(run.next) else { return Ok(None) };
                run.next += 1;
                record.extend_from_slice(&run.buffer[start + 4..start + 4 + length(&run.buffer, start)]);
                Ok(Some(key))
            }
            Self::Spilled(reader) => {
                let mut head = [0; HEAD_BYTES];
                match reader.read_exact(&mut head) {
                    Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    read => read?,
                }
                let number = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
                record.resize(length(&head, 16), 0);
                reader.read_exact(record)?;
                Ok(Some((number(0), number(8))))
            }
        }
    }
}

/// A part of the spill file with a place of its own, so that all runs share one open file.
struct Stretch {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..room], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_stable_sort(records in prop::collection::vec(((0..5_i64, -3..3_i64), 0..40_usize), 0..200), memory in 1..4_000_usize) {
            let mut sorter = Sorter::new(memory, std::env::temp_dir());
            let mut expected: Vec<(Key, Vec<u8>)> = Vec::new();
            for (n, (key, len)) in records.into_iter().enumerate() {
                let bytes = vec![n as u8; len];
                sorter.push(key, |out| out.extend_from_slice(&bytes)).unwrap();
                expected.push((key, bytes));
            }
            expected.sort_by_key(|(key, _)| *key);
            let (mut merge, mut record, mut found) = (sorter.finish().unwrap(), Vec::new(), Vec::new());
            while let Some(key) = merge.next(&mut record).unwrap() {
                found.push((key, record.clone()));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
