//! From cells to rows by machine, column after column: a check looks at one column of a slice at a time.
//!
//! The first check that a row fails decides its reason: identity, time, filter, signals in their order, state.

use std::collections::BTreeSet;
use std::path::Path;

use foretell_model::{Event, MachineId, Quality, RunState, Timestamp, Work};

use super::block::Block;
use super::cells::{Cells, Place};
use super::chunk::{Chunk, Refusals};
use super::error::{FileError, Refused};
use super::names::{Marked, Names, TextColumn};
use super::rows::{Number, QUALITIES, Rows, Text, Time};
use super::share;
use super::span::Span;
use super::times::Clockface;
use super::units::Linear;
use super::watched::WatchedSlice;

/// Which rows may come in at all.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bounds<'a> {
    pub(crate) not_after: Option<Timestamp>,
    /// The present, by which seconds are told that stand for milliseconds.
    pub(crate) now: Option<Timestamp>,
    /// Codes of work that mean something; any when none.
    pub(crate) works: Option<&'a BTreeSet<String>>,
    pub(crate) span: Option<Span>,
}

/// What a slice yields.
#[derive(Default)]
pub(crate) struct Taken {
    /// Rows by machine, in the order in which the machines first appear.
    pub(crate) blocks: Vec<(MachineId, Block)>,
    pub(crate) works: Vec<Event>,
    pub(crate) left_out: u64,
    pub(crate) refused: Refusals,
    /// What is wanted row by row; nothing when no column is watched.
    pub(crate) watched: Option<WatchedSlice>,
}

/// In place of a machine's number: the row is out.
pub(crate) const OUT: u32 = u32::MAX;

impl Rows {
    /// Takes a slice's rows.
    pub(crate) fn take(
        &self,
        chunk: &Chunk,
        names: &mut Names,
        bounds: Bounds<'_>,
        path: &Path,
    ) -> Result<Taken, FileError> {
        names.begin(path);
        let mut taker = Taker { rows: self, chunk, taken: Taken::default(), machine: Vec::new(), ts: Vec::new() };
        taker.identify(names)?;
        taker.times(names)?;
        taker.filter()?;
        if let Some(place) = self.work {
            taker.works(place, bounds, names)?;
            return Ok(taker.taken);
        }
        taker.watch(names)?;
        if self.signals.is_empty() {
            // Nothing to tell the engine: the rows are watched only.
            return Ok(taker.taken);
        }
        let values = taker.signals()?;
        let state = taker.states()?;
        taker.bound(bounds);
        let quality = taker.qualities();
        let lag_ms = taker.lags();
        let whole = Block { ts: std::mem::take(&mut taker.ts), values, state, quality, lag_ms };
        let own = share::out(whole, &taker.machine, names);
        Ok(Taken { blocks: own, ..taker.taken })
    }
}

/// States whose places are remembered: a few ways to write each.
const STATES_KNOWN: usize = 8;

struct Taker<'a> {
    rows: &'a Rows,
    chunk: &'a Chunk,
    taken: Taken,
    /// By row: the machine's number in [`Names`], or [`OUT`].
    machine: Vec<u32>,
    ts: Vec<i64>,
}

impl<'a> Taker<'a> {
    fn column(&self, place: usize) -> Result<&'a Cells, FileError> {
        let lost = || FileError::form(Path::new("a history file"), format!("column {place} was not read"));
        self.chunk.column(place).ok_or_else(lost)
    }

    fn text(&self, text: &'a Text) -> Result<TextColumn<'a>, FileError> {
        let mut column = TextColumn { cells: None, text, constant: "", parts: Vec::new() };
        match text {
            Text::Constant(constant) => column.constant = constant,
            Text::Column { place, .. } => column.cells = Some(self.column(*place)?),
            Text::Joined(parts) => column.parts = parts.iter().map(|part| self.text(part)).collect::<Result<_, _>>()?,
        }
        Ok(column)
    }

    fn refuse(&mut self, row: usize, refused: Refused) {
        self.machine[row] = OUT;
        self.taken.refused.push((self.chunk.lines.of(row), refused));
    }

    fn leave_out(&mut self, row: usize) {
        self.machine[row] = OUT;
        self.taken.left_out += 1;
    }

    fn rows(&self) -> std::ops::Range<usize> {
        0..self.chunk.lines.len()
    }

    fn is_in(&self, row: usize) -> bool {
        self.machine[row] != OUT
    }

    fn identify(&mut self, names: &mut Names) -> Result<(), FileError> {
        let (site, machine) = (self.text(&self.rows.site)?, self.text(&self.rows.machine)?);
        self.machine = vec![OUT; self.chunk.lines.len()];
        let (mut last, mut marked) = (0, Marked::new(&site, &machine));
        for row in self.rows() {
            let mark = marked.of(row);
            let follower = names.machines.get(last).map_or(0, |known| known.next);
            if let Some(number) = [last, follower].into_iter().find(|number| marked.is(*number, mark)) {
                (self.machine[row], last) = (number as u32, number);
                continue;
            }
            let written = (site.written(row), machine.written(row));
            let is = |number: usize| {
                let known = names.machines.get(number)?;
                (written == (Some(&known.written.0), Some(&known.written.1))).then_some(number)
            };
            if let Some(number) = is(follower).or_else(|| is(last)) {
                marked.mark(number, mark);
                (self.machine[row], last) = (number as u32, number);
                continue;
            }
            let missing = |which| ("bad_identity", format!("the {which} is missing"));
            let found = site.get(row).ok_or_else(|| missing("site"));
            let found = found.and_then(|site| Ok((site, machine.get(row).ok_or_else(|| missing("machine"))?)));
            match found.and_then(|(site, machine)| names.number(&site, &machine)) {
                Ok(number) => {
                    if let (Some(site), Some(machine)) = written
                        && let Some(known) = names.machines.get_mut(number)
                    {
                        known.written = (site.to_owned(), machine.to_owned());
                    }
                    if let Some(known) = names.machines.get_mut(last) {
                        known.next = number;
                    }
                    marked.mark(number, mark);
                    (self.machine[row], last) = (number as u32, number);
                }
                Err(refused) => self.refuse(row, refused),
            }
        }
        Ok(())
    }

    fn times(&mut self, names: &mut Names) -> Result<(), FileError> {
        self.ts = vec![0; self.chunk.lines.len()];
        match &self.rows.ts {
            Time::Column(place, clockface) => {
                let cells = self.column(*place)?;
                if let Some(all) = cells.utc_millis() {
                    self.ts.copy_from_slice(all);
                    return Ok(());
                }
                for row in self.rows().filter(|row| self.machine[*row] != OUT).collect::<Vec<_>>() {
                    match cells.instant(row, clockface) {
                        Ok(ts) => self.ts[row] = ts.millis(),
                        Err(refused) => self.refuse(row, refused),
                    }
                }
            }
            Time::Steps { start, step_ms } => {
                for row in self.rows() {
                    // Rows that the filter leaves out took time nevertheless.
                    let Some(known) = names.machines.get_mut(self.machine[row] as usize) else { continue };
                    self.ts[row] = (*start + known.steps.saturating_mul(*step_ms)).millis();
                    known.steps += 1;
                }
            }
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<(), FileError> {
        for (place, values) in &self.rows.filter {
            let cells = self.column(*place)?;
            for row in self.rows() {
                let wanted = || cells.text(row).is_some_and(|text| values.iter().any(|value| *value == text));
                if self.is_in(row) && !wanted() {
                    self.leave_out(row);
                }
            }
        }
        Ok(())
    }

    fn works(&mut self, place: usize, bounds: Bounds<'_>, names: &Names) -> Result<(), FileError> {
        let cells = self.column(place)?;
        for row in self.rows() {
            if !self.is_in(row) {
                continue;
            }
            let code = cells.text(row).unwrap_or_default();
            if Work::new(&code).is_none() {
                self.refuse(row, ("bad_work", format!("`{code}` is not a code of work (a-z 0-9 _)")));
            } else if let Some(known) = bounds.works.filter(|known| !known.contains(code.as_ref())) {
                self.refuse(row, ("unknown_work", unknown_work(&code, known)));
            }
        }
        self.bound(bounds);
        for row in self.rows() {
            let known = names.machines.get(self.machine[row] as usize);
            let work = known.and_then(|_| Work::new(&cells.text(row)?));
            if let (Some(known), Some(work)) = (known, work) {
                let (machine, ts) = (known.id.clone(), Timestamp::from_millis(self.ts[row]));
                self.taken.works.push(Event::Maintenance { machine, ts, work });
            }
        }
        Ok(())
    }

    /// Keeps the watched columns of every row whose origin is known, whether it is an event or not.
    fn watch(&mut self, names: &Names) -> Result<(), FileError> {
        if self.rows.watched.is_empty() {
            return Ok(());
        }
        let mut slice = WatchedSlice::default();
        for place in self.rows.watched.places() {
            slice.add(self.column(place)?, self.chunk.lines.len());
        }
        for (row, machine) in self.machine.iter().enumerate() {
            if let Some(known) = names.machines.get(*machine as usize) {
                slice.origins.push((row, known.id.clone(), Timestamp::from_millis(self.ts[row])));
            }
        }
        self.taken.watched = Some(slice);
        Ok(())
    }

    /// Every signal's values; a row without any measured one is refused.
    fn signals(&mut self) -> Result<Vec<(foretell_model::Signal, Vec<f64>)>, FileError> {
        let rows = self.chunk.lines.len();
        let mut measured = vec![false; rows];
        let mut found = Vec::with_capacity(self.rows.signals.len());
        for (signal, number) in &self.rows.signals {
            let (mut values, linear) = match number {
                Number::Constant(constant) => (vec![*constant; rows], None),
                Number::Column(place, linear) => {
                    let cells = self.column(*place)?;
                    if cells.is_empty() {
                        continue;
                    }
                    let mut bad = Vec::new();
                    let values = cells.numbers(rows, |row, refused| bad.push((row, refused)));
                    for (row, (code, text)) in bad {
                        if self.is_in(row) {
                            self.refuse(row, (code, format!("{}: {text}", signal.name())));
                        }
                    }
                    (values, Some(linear))
                }
            };
            let range = signal.physical_range();
            let is_same = linear.is_none_or(|linear| *linear == Linear::SAME);
            // Without a branch, so that the compiler looks at many values at once; nearly every column passes.
            if is_same && linear.is_some() && values.iter().fold(true, |ok, value| ok & range.contains(*value)) {
                measured.fill(true);
                found.push((*signal, values));
                continue;
            }
            for (row, value) in values.iter_mut().enumerate() {
                if let Some(linear) = linear {
                    measured[row] |= !value.is_nan();
                    *value = linear.apply(*value);
                }
                if !range.contains(*value) && !value.is_nan() && self.machine[row] != OUT {
                    let (name, min, max) = (signal.name(), range.min, range.max);
                    self.refuse(row, ("out_of_range", format!("{name} is {value}; possible are {min} to {max}")));
                }
            }
            found.push((*signal, values));
        }
        for row in self.rows() {
            if !measured[row] && self.is_in(row) {
                self.refuse(row, ("no_signal", "no signal has a value".into()));
            }
        }
        Ok(found)
    }

    /// Every row's state as its discriminant plus one.
    fn states(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        let Some(state) = &self.rows.state else { return Ok(None) };
        let column = self.text(state)?;
        let mut codes = vec![0; self.chunk.lines.len()];
        let places = column.places().ok().flatten();
        // By the place of its text: machines know few states, and each is understood once.
        let mut known: Vec<(Place, u8)> = Vec::with_capacity(STATES_KNOWN);
        for row in self.rows() {
            if !self.is_in(row) {
                continue;
            }
            let place = places.map(|places| places[row]);
            if let Some((_, code)) = known.iter().find(|(known, _)| Some(*known) == place) {
                codes[row] = *code;
                continue;
            }
            let Some(name) = column.get(row) else { continue };
            match RunState::from_name(&name) {
                Some(state) => {
                    codes[row] = state as u8 + 1;
                    if known.len() < STATES_KNOWN {
                        known.extend(place.map(|place| (place, codes[row])));
                    }
                }
                None => self.refuse(row, ("bad_state", format!("`{name}` is no controller state"))),
            }
        }
        Ok(Some(codes))
    }

    fn bound(&mut self, bounds: Bounds<'_>) {
        for row in self.rows() {
            if !self.is_in(row) {
                continue;
            }
            let ts = Timestamp::from_millis(self.ts[row]);
            if bounds.not_after.is_some_and(|latest| ts > latest) {
                self.refuse(row, ("too_late", format!("{ts} is in the future")));
            } else if bounds.now.is_some_and(|now| ts.is_seconds_for_millis(now)) {
                self.refuse(row, ("too_old", seconds_for_millis(ts)));
            } else if bounds.span.is_some_and(|span| !span.contains(ts)) {
                self.leave_out(row);
            }
        }
    }

    fn qualities(&self) -> Option<Vec<u8>> {
        let cells = self.chunk.column(self.rows.quality?)?;
        let code = |row| {
            let code = cells.text(row).and_then(|name| QUALITIES.iter().position(|known| *known == name));
            code.map_or(Quality::Good as u8, |code| code as u8)
        };
        let places = cells.places();
        // Nearly always as in the row before.
        let mut last = (None, Quality::Good as u8);
        let codes = self.rows().map(|row| {
            let place = places.map(|places| places[row]);
            if place.is_none() || place != last.0 {
                last = (place, code(row));
            }
            last.1
        });
        Some(codes.collect())
    }

    fn lags(&self) -> Option<Vec<i64>> {
        let cells = self.chunk.column(self.rows.arrived?)?;
        if let Some(all) = cells.utc_millis() {
            return Some(all.iter().zip(&self.ts).map(|(arrived, ts)| arrived.wrapping_sub(*ts)).collect());
        }
        let arrived = |row| cells.instant(row, &Clockface::CONTRACT).ok().map(Timestamp::millis);
        let lag = |row: usize| arrived(row).map_or(0, |arrived| arrived.wrapping_sub(self.ts[row]));
        Some(self.rows().map(lag).collect())
    }
}

/// Nothing follows from work that no fault is cured by, so whoever wrote it meant another one.
fn unknown_work(code: &str, known: &BTreeSet<String>) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("`{code}` is no work of the fault catalogue; known are {}", known.join(", "))
}

fn seconds_for_millis(ts: Timestamp) -> String {
    format!(
        "{} means {ts}; as seconds it would be of our time: write milliseconds, or say so in a column map \
         ([columns] ts = {{ column = \"ts\", epoch = \"s\" }})",
        ts.millis()
    )
}
