//! Many files as events in order of time: all of them as one stream, or each site as a stream of its own.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foretell_model::{Event, MachineId, Quality, Reading, Signal, Signals, Timestamp};

use super::column_map::{ColumnMap, DeriveRunHours};
use super::error::{FileError, ReadReport};
use super::folder::expand;
use super::intake::Intake;
use super::merge::{Cursor, Merge, Next};
use super::room;
use super::span::Span;
use super::store::Piece;
use super::watched::{WatchedRows, Watching};

/// What to read and how much memory to spend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Leaves out what happened before.
    pub from: Option<Timestamp>,
    /// Leaves out what happened at this instant or later.
    pub to: Option<Timestamp>,
    /// Refuses what is later than this, as `too_late`; the present, for an import.
    pub not_after: Option<Timestamp>,
    /// The present; refuses seconds that stand for milliseconds, as `too_old`: they mean January 1970, and nobody's history begins
    /// there. Any instant is taken when none.
    pub now: Option<Timestamp>,
    /// Codes of work that mean something; a row of maintenance with another one is refused, as `unknown_work`. Any code is taken
    /// when none.
    pub works: Option<BTreeSet<String>>,
    /// Where every refused row is listed, with file, line and reason, as CSV; nowhere when none.
    pub refused_to: Option<PathBuf>,
    /// Passes over row groups of Parquet files that by their statistics hold nothing of this machine; others of its row groups
    /// come along.
    pub machine: Option<MachineId>,
    /// Bytes of rows held in memory while sorting; what is beyond goes to a temporary file.
    pub memory_bytes: usize,
    /// Where that file is made; it has no name and goes with the process.
    pub temp_dir: PathBuf,
    /// Threads that decode, at least one; the outcome does not depend on it.
    pub threads: usize,
    /// Which columns are kept as rows beside the events, with as much memory again; see [`ReadingFiles::watched`].
    pub watching: Watching,
}

impl Default for ReadOptions {
    fn default() -> Self {
        let temp_dir = std::env::temp_dir();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (memory_bytes, watching) = (room::held_bytes(), Watching::Nothing);
        let (from, to, not_after, now) = (None, None, None, None);
        let (works, refused_to, machine) = (None, None, None);
        Self { from, to, not_after, now, works, refused_to, machine, memory_bytes, temp_dir, threads, watching }
    }
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the files read so far.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
    /// Rows read so far.
    pub rows: u64,
}

/// Events of many files, in order of time; at one instant in the order of machines as they first appeared, maintenance
/// before readings. Bad rows are in the report.
pub struct ReadingFiles {
    history: SiteHistory,
    events: u64,
    report: ReadReport,
    watched: Option<WatchedRows>,
}

impl ReadingFiles {
    /// Reads files and folders (their `.csv`, `.csv.gz`, `.tsv`, `.txt` and `.parquet` files) of readings or of maintenance:
    /// a file with a column `work` and no signal tells of maintenance. A file given twice counts once, row by row.
    ///
    /// `progress` is called after each piece; when it breaks, the reading is given up.
    ///
    /// # Errors
    /// When a file cannot be read at all or lacks a column that the map names. A bad row is no error.
    pub fn read(
        paths: &[PathBuf],
        map: &ColumnMap,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, FileError> {
        let mut history = History::new(options);
        let report = history.read(paths, map, progress)?;
        let (events, watched) = (history.intake.events(), Some(history.watched()?));
        Ok(Self { history: history.whole()?, events, report, watched })
    }

    /// The watched columns row by row, in order of time; to be taken once, `None` afterwards.
    pub const fn watched(&mut self) -> Option<WatchedRows> {
        self.watched.take()
    }

    /// What became of the rows; complete when the stream is at its end.
    #[must_use]
    pub const fn report(&self) -> &ReadReport {
        &self.report
    }

    /// The machines that appeared.
    #[must_use]
    pub fn machines(&self) -> &[MachineId] {
        self.history.machines()
    }

    /// How many events the stream gives at most; for progress.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }
}

impl Iterator for ReadingFiles {
    type Item = Result<Event, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.history.next().map(|next| next.map(|(_, event)| event.clone())).transpose();
        self.report.duplicates = self.history.duplicates();
        if next.is_none() {
            self.report.left_out += std::mem::take(&mut self.history.left_out);
        }
        next
    }
}

/// History as it is taken in, group of files after group of files, before it is told.
pub struct History<'a> {
    intake: Intake<'a>,
}

impl<'a> History<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(options: &'a ReadOptions) -> Self {
        room::keep_freed(options.memory_bytes);
        Self { intake: Intake::new(options) }
    }

    /// Takes files in that one column map fits; see [`ReadingFiles::read`]. Says what became of their rows: repeated ones
    /// are told by the streams.
    ///
    /// # Errors
    /// As [`ReadingFiles::read`].
    pub fn read(
        &mut self,
        paths: &[PathBuf],
        map: &ColumnMap,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ReadReport, FileError> {
        self.intake.read(&expand(paths)?, map, progress)
    }

    /// The watched columns of all files so far, row by row in order of time; to be taken once, after the last file.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn watched(&mut self) -> Result<WatchedRows, FileError> {
        self.intake.watched().map_err(torn())
    }

    /// One stream of everything.
    fn whole(self) -> Result<SiteHistory, FileError> {
        Ok(self.split(|_| String::new())?.pop().unwrap_or_default())
    }

    /// A stream per site, the one with the most rows first.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn sites(self) -> Result<Vec<SiteHistory>, FileError> {
        let mut sites = self.split(|machine| machine.site().to_owned())?;
        sites.sort_by_key(|site| std::cmp::Reverse(site.rows()));
        Ok(sites)
    }

    fn split(self, part_of: impl Fn(&MachineId) -> String) -> Result<Vec<SiteHistory>, FileError> {
        let taken = self.intake.finish()?;
        let mut parts: Vec<Part> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for ((machine, pieces), works) in taken.machines.into_iter().zip(taken.pieces).zip(taken.works) {
            let place = *places.entry(part_of(&machine)).or_insert_with(|| {
                parts.push(Part::default());
                parts.len() - 1
            });
            parts[place].add(machine, pieces, works);
        }
        let build = |part: Part| part.build(taken.file.clone(), taken.hours, taken.span);
        parts.into_iter().map(build).collect::<std::io::Result<_>>().map_err(torn())
    }
}

/// What belongs into one stream.
#[derive(Default)]
struct Part {
    machines: Vec<MachineId>,
    pieces: Vec<Vec<Piece>>,
    works: Vec<(usize, Event)>,
    rows: u64,
}

impl Part {
    fn add(&mut self, machine: MachineId, pieces: Vec<Piece>, works: Vec<Event>) {
        self.rows += pieces.iter().map(|piece| piece.rows() as u64).sum::<u64>() + works.len() as u64;
        let (place, first) = (self.machines.len(), self.works.len());
        for work in works {
            if self.works[first..].iter().all(|(_, known)| *known != work) {
                self.works.push((place, work));
            }
        }
        self.machines.push(machine);
        self.pieces.push(pieces);
    }

    fn build(
        self,
        file: Option<Arc<std::fs::File>>,
        hours: Option<DeriveRunHours>,
        span: Option<Span>,
    ) -> std::io::Result<SiteHistory> {
        let cursors = self.pieces.into_iter().map(|pieces| Cursor::new(pieces, file.clone()));
        let order = self.works.iter().enumerate().map(|(number, (place, work))| (work.ts().millis(), *place, number));
        let templates = self.machines.iter().map(|machine| Event::Reading(blank(machine)));
        Ok(SiteHistory {
            merge: Merge::new(cursors.collect::<std::io::Result<_>>()?, order.collect()),
            events: templates.collect(),
            hours: hours.map(|rule| self.machines.iter().map(|_| RunHours::new(rule)).collect()),
            machines: self.machines,
            works: self.works,
            span,
            rows: self.rows,
            left_out: 0,
        })
    }
}

fn blank(machine: &MachineId) -> Reading {
    let (ts, signals) = (Timestamp::default(), Signals::empty());
    Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good }
}

fn torn() -> impl FnOnce(std::io::Error) -> FileError {
    FileError::io("merge in", Path::new("the temporary file"))
}

/// One site's events in order of time.
pub struct SiteHistory {
    merge: Merge,
    /// A reading per machine that is filled anew each time: nothing is allocated per row.
    events: Vec<Event>,
    machines: Vec<MachineId>,
    /// Work done, with the place of its machine.
    works: Vec<(usize, Event)>,
    hours: Option<Vec<RunHours>>,
    span: Option<Span>,
    rows: u64,
    left_out: u64,
}

impl Default for SiteHistory {
    fn default() -> Self {
        Self {
            merge: Merge::new(Vec::new(), Vec::new()),
            events: Vec::new(),
            machines: Vec::new(),
            works: Vec::new(),
            hours: None,
            span: None,
            rows: 0,
            left_out: 0,
        }
    }
}

impl SiteHistory {
    /// Its machines, in order of their first appearance.
    #[must_use]
    pub fn machines(&self) -> &[MachineId] {
        &self.machines
    }

    /// How many events it has at most.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows dropped so far because they repeat another one.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.merge.duplicates
    }

    /// The next event, and the place of its machine in [`SiteHistory::machines`].
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    #[expect(clippy::should_implement_trait, reason = "it lends the event, which no Iterator can")]
    pub fn next(&mut self) -> Result<Option<(usize, &Event)>, FileError> {
        loop {
            // The closure makes the error's words only when there is one: this is done for every row.
            match self.merge.next(&mut self.events).map_err(|error| torn()(error))? {
                None => return Ok(None),
                Some(Next::Other(number)) => {
                    let ts = self.works[number].1.ts();
                    if self.span.is_none_or(|span| span.contains(ts)) {
                        let (place, work) = &self.works[number];
                        return Ok(Some((*place, work)));
                    }
                    self.left_out += 1;
                }
                Some(Next::Row(place)) => {
                    if self.is_told(place) {
                        return Ok(Some((place, &self.events[place])));
                    }
                    self.left_out += 1;
                }
            }
        }
    }

    /// Counts running hours where they have to be; false when the span leaves the reading out.
    #[inline]
    fn is_told(&mut self, place: usize) -> bool {
        let Event::Reading(reading) = &mut self.events[place] else { return false };
        if let Some(hours) = &mut self.hours {
            hours[place].count(reading.ts, &mut reading.signals);
        }
        self.span.is_none_or(|span| span.contains(reading.ts))
    }
}

/// Counts running hours of a machine where no counter came with the file.
struct RunHours {
    rule: DeriveRunHours,
    last: Option<(Timestamp, bool)>,
    hours: f64,
}

impl RunHours {
    const fn new(rule: DeriveRunHours) -> Self {
        Self { rule, last: None, hours: rule.start_h }
    }

    /// A stretch between two readings counts when the signal was above the value at its beginning and no gap is in it.
    fn count(&mut self, ts: Timestamp, signals: &mut Signals) {
        let DeriveRunHours { from, above, gap_max_ms, .. } = self.rule;
        if let Some((last, true)) = self.last.filter(|(last, _)| ts - *last <= gap_max_ms) {
            self.hours += ts.hours_since(last);
        }
        self.last = Some((ts, signals.get(from).is_some_and(|value| value > above)));
        if signals.get(Signal::RunHours).is_none() {
            signals.set(Signal::RunHours, self.hours);
        }
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod foreign_tests;
#[cfg(test)]
#[path = "header_tests.rs"]
mod header_tests;
#[cfg(test)]
#[path = "readings_tests.rs"]
mod tests;
