//! Machines' histories as one stream in order of time, each row once.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

use foretell_model::{Event, Reading, Signal, Signals};

use super::block::Block;
use super::store::Piece;

/// One machine's rows in order of time, rows of one instant in the order in which they came.
pub(crate) struct Cursor {
    runs: Vec<Run>,
    file: Option<Arc<File>>,
    /// Which run holds the next row.
    next: usize,
    /// The instant of each run's next row and its place in the order of arrival; not kept of a single run.
    heads: BinaryHeap<Reverse<(i64, u64, usize)>>,
}

/// Pieces that follow each other in time.
struct Run {
    pieces: IntoIter<(u64, Piece)>,
    block: Block,
    /// Place in the order of arrival of the piece that `block` came from.
    arrived: u64,
    row: usize,
}

impl Cursor {
    /// Lays pieces end to end wherever one ends before the next begins, so that files in any order make one run.
    pub(crate) fn new(pieces: Vec<Piece>, file: Option<Arc<File>>) -> io::Result<Self> {
        let mut numbered: Vec<(u64, Piece)> = (0..).zip(pieces).collect();
        numbered.sort_by_key(|(arrived, piece)| (piece.span().0, *arrived));
        let mut chains: Vec<Vec<(u64, Piece)>> = Vec::new();
        for (arrived, piece) in numbered {
            let begins = (piece.span().0, arrived);
            let fits = |chain: &&mut Vec<(u64, Piece)>| {
                chain.last().is_some_and(|(before, last)| (last.span().1, *before) < begins)
            };
            match chains.iter_mut().find(fits) {
                Some(chain) => chain.push((arrived, piece)),
                None => chains.push(vec![(arrived, piece)]),
            }
        }
        let runs = chains.into_iter().map(|chain| Run {
            pieces: chain.into_iter(),
            block: Block::default(),
            arrived: 0,
            row: 0,
        });
        let mut cursor = Self { runs: runs.collect(), file, next: 0, heads: BinaryHeap::new() };
        for run in &mut cursor.runs {
            run.load(cursor.file.as_deref())?;
        }
        if cursor.runs.len() > 1 {
            let heads = cursor.runs.iter().enumerate().filter_map(|(place, run)| run.head(place));
            cursor.heads = heads.collect();
            cursor.choose();
        }
        Ok(cursor)
    }

    /// Time of the next row.
    #[inline]
    pub(crate) fn ts(&self) -> Option<i64> {
        self.runs.get(self.next).and_then(Run::ts)
    }

    /// Puts the next row into a reading and goes on; call only when [`Cursor::ts`] gives one.
    #[inline]
    fn take(&mut self, reading: &mut Reading) -> io::Result<()> {
        let Some(run) = self.runs.get_mut(self.next).filter(|run| run.row < run.block.rows()) else { return Ok(()) };
        run.block.fill(run.row, reading);
        run.row += 1;
        if run.row == run.block.rows() {
            run.load(self.file.as_deref())?;
        }
        if self.runs.len() > 1 {
            self.go_on();
        }
        Ok(())
    }

    /// Notes that the run at the head has gone on.
    fn go_on(&mut self) {
        if let Some(mut head) = self.heads.peek_mut() {
            match self.runs.get(self.next).and_then(|run| run.head(self.next)) {
                Some(next) => *head = next,
                None => {
                    let _done = PeekMut::pop(head);
                }
            }
        }
        self.choose();
    }

    fn choose(&mut self) {
        self.next = self.heads.peek().map_or(0, |Reverse((.., place))| *place);
    }
}

impl Run {
    fn head(&self, place: usize) -> Option<Reverse<(i64, u64, usize)>> {
        Some(Reverse((self.ts()?, self.arrived, place)))
    }

    fn ts(&self) -> Option<i64> {
        self.block.ts.get(self.row).copied()
    }

    /// Goes on to the next piece; at the end nothing is left.
    fn load(&mut self, file: Option<&File>) -> io::Result<()> {
        self.row = 0;
        self.block = Block::default();
        if let Some((arrived, piece)) = self.pieces.next() {
            self.block = piece.load(file)?;
            self.arrived = arrived;
        }
        Ok(())
    }
}

/// What comes next of some machines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// The reading of the machine at this place was filled anew.
    Row(usize),
    /// Something else at this place in the list of others.
    Other(usize),
}

/// Several machines, and what else happened to them, in order of time; at one instant by place, what else first.
pub(crate) struct Merge {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    others: Peekable<IntoIter<(i64, usize, usize)>>,
    recent: Vec<Recent>,
    /// Rows dropped because they repeat another one.
    pub(crate) duplicates: u64,
}

/// Different rows of one instant that are remembered; what comes beyond is compared with nothing.
const COMPARED_MAX: usize = 1 << 20;

/// The rows of a machine's newest instant.
#[derive(Default)]
struct Recent {
    ts: Option<i64>,
    /// What its rows say, with and without their running hours, by hash: a file can hold millions of rows of one instant, and two that
    /// differ will not meet in 64 bits. Empty until a second row comes.
    seen: HashSet<u64>,
}

impl Merge {
    /// `others` are an instant, the machine's place, and a number to be given back, in any order.
    pub(crate) fn new(cursors: Vec<Cursor>, mut others: Vec<(i64, usize, usize)>) -> Self {
        others.sort_unstable();
        let heads = cursors.iter().enumerate().filter_map(|(place, cursor)| Some(Reverse((cursor.ts()?, place))));
        Self {
            heads: heads.collect(),
            recent: cursors.iter().map(|_| Recent::default()).collect(),
            cursors,
            others: others.into_iter().peekable(),
            duplicates: 0,
        }
    }

    /// Goes on. `readings` holds a reading per machine that is filled anew each time, so that nothing is copied twice.
    pub(crate) fn next(&mut self, readings: &mut [Event]) -> io::Result<Option<Next>> {
        loop {
            let head = self.heads.peek_mut();
            let key = head.as_ref().map(|head| head.0);
            if let Some((.., other)) = self.others.next_if(|(ts, place, _)| key.is_none_or(|key| (*ts, *place) <= key))
            {
                return Ok(Some(Next::Other(other)));
            }
            let Some(mut head) = head else { return Ok(None) };
            let (ts, place) = head.0;
            let Some(Event::Reading(reading)) = readings.get_mut(place) else {
                let _gone = PeekMut::pop(head);
                continue;
            };
            let cursor = &mut self.cursors[place];
            let is_new = self.recent[place].take(ts, cursor, reading)?;
            match cursor.ts() {
                Some(ts) => head.0.0 = ts,
                None => {
                    let _done = PeekMut::pop(head);
                }
            }
            if is_new {
                return Ok(Some(Next::Row(place)));
            }
            self.duplicates += 1;
        }
    }
}

impl Recent {
    /// Takes the next row; whether no equal one of its instant came before. The time of arrival makes no difference.
    #[inline]
    fn take(&mut self, ts: i64, cursor: &mut Cursor, reading: &mut Reading) -> io::Result<bool> {
        if self.ts.replace(ts) != Some(ts) {
            if !self.seen.is_empty() {
                self.seen = HashSet::new();
            }
            cursor.take(reading)?;
            return Ok(true);
        }
        if self.seen.is_empty() {
            self.note(reading);
        }
        cursor.take(reading)?;
        let is_new = !self.seen.contains(&said_by(&reading.signals, reading));
        if is_new && self.seen.len() < COMPARED_MAX {
            self.note(reading);
        }
        Ok(is_new)
    }

    /// Remembers a row, and the same without running hours: counted ones are no part of a row as the file has it.
    fn note(&mut self, row: &Reading) {
        let mut signals = row.signals;
        self.seen.insert(said_by(&signals, row));
        signals.remove(Signal::RunHours);
        self.seen.insert(said_by(&signals, row));
    }
}

/// What a row says with these signals, as a number.
fn said_by(signals: &Signals, row: &Reading) -> u64 {
    // Without a random key, so that nothing depends on the day.
    let mut hasher = DefaultHasher::new();
    for (signal, value) in signals.iter() {
        // The two noughts are one.
        (signal, (value + 0.0).to_bits()).hash(&mut hasher);
    }
    (row.state, row.quality).hash(&mut hasher);
    hasher.finish()
}
