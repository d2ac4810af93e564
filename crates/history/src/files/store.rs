//! Keeps the blocks of every machine within a bound of memory: what is beyond goes to one unnamed temporary file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::block::{Block, Shape};

/// Rows of a spilled piece: so few that a merge over thousands of machines holds little of each.
const SPILL_ROWS: usize = 2_048;

/// Blocks below so many rows join the one before, so that a fleet written row by row does not fall into crumbs.
const JOIN_ROWS: usize = 16_384;

/// A stretch of one machine's history, in memory or in the file.
pub(crate) enum Piece {
    Memory(Block),
    Spilled(Spilled),
}

/// Where a piece lies in the temporary file.
#[derive(Clone, Copy)]
pub(crate) struct Spilled {
    at: u64,
    rows: usize,
    shape: Shape,
    span: (i64, i64),
}

impl Piece {
    /// First and last instant.
    pub(crate) fn span(&self) -> (i64, i64) {
        match self {
            Self::Memory(block) => block.span().unwrap_or_default(),
            Self::Spilled(spilled) => spilled.span,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Memory(block) => block.rows(),
            Self::Spilled(spilled) => spilled.rows,
        }
    }

    /// The rows themselves.
    pub(crate) fn load(self, file: Option<&File>) -> io::Result<Block> {
        match (self, file) {
            (Self::Memory(block), _) => Ok(block),
            (Self::Spilled(Spilled { at, rows, shape, .. }), Some(file)) => {
                let mut bytes = vec![0; rows * shape.row_bytes()];
                file.read_exact_at(&mut bytes, at)?;
                Ok(shape.read(rows, &bytes))
            }
            (Self::Spilled(_), None) => Err(io::Error::new(io::ErrorKind::NotFound, "the temporary file is gone")),
        }
    }
}

/// Takes blocks of numbered machines, in any order of time.
pub(crate) struct Store {
    memory_bytes: usize,
    temp_dir: PathBuf,
    held_bytes: usize,
    piles: Vec<Vec<Piece>>,
    file: Option<File>,
    file_bytes: u64,
}

impl Store {
    /// Holds about `memory_bytes` in memory and the rest in a file in `temp_dir` that goes when it is dropped.
    pub(crate) const fn new(memory_bytes: usize, temp_dir: PathBuf) -> Self {
        Self { memory_bytes, temp_dir, held_bytes: 0, piles: Vec::new(), file: None, file_bytes: 0 }
    }

    /// Adds rows of a machine.
    pub(crate) fn push(&mut self, machine: usize, block: Block) -> io::Result<()> {
        if block.rows() == 0 {
            return Ok(());
        }
        self.held_bytes += block.bytes();
        if self.piles.len() <= machine {
            self.piles.resize_with(machine + 1, Vec::new);
        }
        let pile = &mut self.piles[machine];
        let joined = match pile.last_mut() {
            Some(Piece::Memory(last)) if last.rows() + block.rows() <= JOIN_ROWS => last.append(block),
            _ => Err(block),
        };
        pile.extend(joined.err().map(Piece::Memory));
        if self.held_bytes > self.memory_bytes { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile_in(&self.temp_dir)?,
        };
        let (mut writer, mut bytes) = (BufWriter::with_capacity(1 << 18, &file), Vec::new());
        for pile in &mut self.piles {
            for piece in std::mem::take(pile) {
                let Piece::Memory(block) = piece else {
                    pile.push(piece);
                    continue;
                };
                let shape = block.shape();
                for start in (0..block.rows()).step_by(SPILL_ROWS) {
                    let end = (start + SPILL_ROWS).min(block.rows());
                    bytes.clear();
                    block.write(start..end, &mut bytes);
                    writer.write_all(&bytes)?;
                    let (at, span) = (self.file_bytes, (block.ts[start], block.ts[end - 1]));
                    pile.push(Piece::Spilled(Spilled { at, rows: end - start, shape, span }));
                    self.file_bytes += bytes.len() as u64;
                }
            }
        }
        writer.flush()?;
        drop(writer);
        self.file = Some(file);
        self.held_bytes = 0;
        Ok(())
    }

    /// What each machine has, in the order in which it came, and the file behind it.
    pub(crate) fn finish(self) -> (Vec<Vec<Piece>>, Option<Arc<File>>) {
        (self.piles, self.file.map(Arc::new))
    }
}
