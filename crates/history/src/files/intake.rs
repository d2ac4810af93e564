//! Takes files in: cut into slices one after the other, decoded side by side, kept in the order of the files.
//!
//! What comes out does not depend on the number of threads: slices are numbered, and what they hold is put away in the
//! order of their numbers.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::{Event, MachineId};

use super::chunk::{Chunk, Refusals};
use super::column_map::{ColumnMap, DeriveRunHours};
use super::csv::{CsvFile, CsvSlice};
use super::error::{FileError, ReadReport};
use super::guard::guarded;
use super::lines::{LineFile, LineSlice};
use super::names::Names;
use super::parquet::{ParquetFile, ParquetSlice};
use super::readings::{Progress, ReadOptions};
use super::refused::RefusedRows;
use super::rows::Rows;
use super::span::Span;
use super::store::{Piece, Store};
use super::take::{Bounds, Taken};
use super::watched::{WatchedIntake, WatchedRows};

/// Slices on their way per thread: enough that none waits, few enough that memory stays small.
const SLICES_PER_THREAD: usize = 2;

/// Takes rows in, file after file.
pub(crate) struct Intake<'a> {
    options: &'a ReadOptions,
    store: Store,
    numbers: HashMap<MachineId, usize>,
    machines: Vec<MachineId>,
    works: Vec<Vec<Event>>,
    hours: Option<DeriveRunHours>,
    events: u64,
    watched: WatchedIntake,
    refused: Option<RefusedRows>,
}

/// Everything that was taken in; one entry per machine, in the order of their first appearance.
pub(crate) struct TakenIn {
    pub(crate) machines: Vec<MachineId>,
    pub(crate) pieces: Vec<Vec<Piece>>,
    pub(crate) works: Vec<Vec<Event>>,
    pub(crate) file: Option<Arc<File>>,
    pub(crate) hours: Option<DeriveRunHours>,
    /// The span that is still to be cut out.
    pub(crate) span: Option<Span>,
}

/// A slice on its way to be decoded.
struct Job {
    number: u64,
    path: Arc<PathBuf>,
    rows: Arc<Rows>,
    slice: Slice,
    bytes: u64,
}

/// A slice on its way back.
struct Done {
    path: Arc<PathBuf>,
    plan: Arc<Rows>,
    bytes: u64,
    rows: u64,
    taken: Result<Taken, FileError>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(options: &'a ReadOptions) -> Self {
        let span = Span { from: options.from, to: options.to };
        Self {
            options,
            watched: WatchedIntake::new(options.memory_bytes, options.temp_dir.clone(), span),
            store: Store::new(options.memory_bytes, options.temp_dir.clone()),
            numbers: HashMap::new(),
            machines: Vec::new(),
            works: Vec::new(),
            hours: None,
            events: 0,
            refused: None,
        }
    }

    /// Events kept so far.
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// The watched rows so far; the intake goes on with none.
    pub(crate) fn watched(&mut self) -> std::io::Result<WatchedRows> {
        let span = Span { from: self.options.from, to: self.options.to };
        let fresh = WatchedIntake::new(self.options.memory_bytes, self.options.temp_dir.clone(), span);
        std::mem::replace(&mut self.watched, fresh).finish()
    }

    /// Reads files that one map fits.
    pub(crate) fn read(
        &mut self,
        paths: &[PathBuf],
        map: &ColumnMap,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ReadReport, FileError> {
        self.hours = map.run_hours.or(self.hours);
        if let (None, Some(path)) = (&self.refused, &self.options.refused_to) {
            self.refused = Some(RefusedRows::create(path)?);
        }
        let size = |path: &PathBuf| std::fs::metadata(path).map(|m| m.len()).map_err(FileError::io("look at", path));
        let bytes_total = paths.iter().map(size).sum::<Result<u64, _>>()?;
        let span = Span { from: self.options.from, to: self.options.to };
        let bounds = Bounds {
            not_after: self.options.not_after,
            now: self.options.now,
            works: self.options.works.as_ref(),
            // Running hours are counted from the file's beginning, so what is before the span is needed.
            span: map.run_hours.is_none().then_some(span),
        };
        // Rows without a time column are counted through, so one thread must see them all in turn.
        let threads = if map.is_counted_through() { 1 } else { self.options.threads.max(1) };
        let mut desk = Desk {
            intake: self,
            report: ReadReport::default(),
            done: Progress { bytes: 0, bytes_total, rows: 0 },
            progress,
        };
        if threads == 1 {
            desk.alone(paths, map, bounds)?
        } else {
            desk.together(paths, map, bounds, threads)?
        }
        Ok(desk.report)
    }

    fn keep(&mut self, taken: Taken, plan: &Rows, path: &Path, report: &mut ReadReport) -> Result<(), FileError> {
        if let Some(slice) = taken.watched {
            self.watched.take(slice, &plan.watched, path).map_err(FileError::io("sort the rows of", path))?;
        }
        report.left_out += taken.left_out;
        for (line, refused) in taken.refused {
            if let Some(list) = &mut self.refused {
                list.add(path, line, &refused)?;
            }
            report.refuse(path, line, refused);
        }
        for (machine, block) in taken.blocks {
            let number = self.number(machine);
            self.events += block.rows() as u64;
            self.store.push(number, block).map_err(FileError::io("sort the rows of", path))?;
        }
        for work in taken.works {
            let number = self.number(work.machine().clone());
            self.events += 1;
            self.works[number].push(work);
        }
        Ok(())
    }

    fn number(&mut self, machine: MachineId) -> usize {
        if let Some(number) = self.numbers.get(&machine) {
            return *number;
        }
        let number = self.machines.len();
        self.numbers.insert(machine.clone(), number);
        self.machines.push(machine);
        self.works.push(Vec::new());
        number
    }

    pub(crate) fn finish(self) -> Result<TakenIn, FileError> {
        if let Some(list) = self.refused {
            list.finish()?;
        }
        let (mut pieces, file) = self.store.finish();
        pieces.resize_with(self.machines.len(), Vec::new);
        let span = Span { from: self.options.from, to: self.options.to };
        Ok(TakenIn {
            machines: self.machines,
            pieces,
            works: self.works,
            file,
            hours: self.hours,
            span: self.hours.map(|_| span),
        })
    }
}

/// Where slices come back and are put away.
struct Desk<'a, 'b> {
    intake: &'a mut Intake<'b>,
    report: ReadReport,
    done: Progress,
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Desk<'_, '_> {
    fn alone(&mut self, paths: &[PathBuf], map: &ColumnMap, bounds: Bounds<'_>) -> Result<(), FileError> {
        let mut cutter = Cutter::new(paths, map, self.intake.options);
        let mut names = Names::default();
        while let Some(job) = cutter.next(&mut self.report)? {
            let done = decode(job, &mut names, bounds).1;
            self.put_away(done)?;
        }
        Ok(())
    }

    fn together(
        &mut self,
        paths: &[PathBuf],
        map: &ColumnMap,
        bounds: Bounds<'_>,
        threads: usize,
    ) -> Result<(), FileError> {
        let room = threads * SLICES_PER_THREAD;
        let (jobs, queue) = sync_channel::<Job>(room);
        let (results, returned) = sync_channel(room);
        let queue = Mutex::new(queue);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (queue, results) = (&queue, results.clone());
                scope.spawn(move || work(queue, &results, bounds));
            }
            drop(results);
            // Moved in, so that it is dropped at the end and the threads see that nothing more comes.
            let jobs = jobs;
            let mut cutter = Cutter::new(paths, map, self.intake.options);
            let (mut under_way, mut next, mut early) = (0, 0, BTreeMap::new());
            loop {
                while under_way < room
                    && let Some(job) = cutter.next(&mut self.report)?
                {
                    // A thread that is gone has panicked, and the scope says so.
                    under_way += usize::from(jobs.send(job).is_ok());
                }
                if under_way == 0 {
                    return Ok(());
                }
                let Ok((number, done)) = returned.recv() else { return Ok(()) };
                early.insert(number, done);
                while let Some(done) = early.remove(&next) {
                    under_way -= 1;
                    next += 1;
                    self.put_away(done)?;
                }
            }
        })
    }

    fn put_away(&mut self, done: Done) -> Result<(), FileError> {
        self.report.rows += done.rows;
        self.intake.keep(done.taken?, &done.plan, &done.path, &mut self.report)?;
        self.done.bytes += done.bytes;
        self.done.rows = self.report.rows;
        if (self.progress)(self.done).is_break() { Err(FileError::Stopped) } else { Ok(()) }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, results: &SyncSender<(u64, Done)>, bounds: Bounds<'_>) {
    let mut names = Names::default();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if results.send(decode(job, &mut names, bounds)).is_err() {
            return;
        }
    }
}

fn decode(job: Job, names: &mut Names, bounds: Bounds<'_>) -> (u64, Done) {
    let Job { number, path, rows, slice, bytes } = job;
    let mut counted = 0;
    // Whatever happens to a slice, it comes back: whoever puts slices away waits for each.
    let taken = guarded(&path, || {
        let mut refusals = Refusals::default();
        let decoded = slice.decode(&path, rows.places(), &mut refusals);
        counted = decoded.as_ref().map_or(0, |chunk| chunk.lines.len() as u64) + refusals.len() as u64;
        let mut taken = rows.take(&decoded?, names, bounds, &path)?;
        taken.refused.append(&mut refusals);
        taken.refused.sort_by_key(|(line, _)| *line);
        Ok(taken)
    });
    (number, Done { path, plan: rows, bytes, rows: counted, taken })
}

/// Cuts files into slices, one after the other.
struct Cutter<'a> {
    paths: std::slice::Iter<'a, PathBuf>,
    map: &'a ColumnMap,
    options: &'a ReadOptions,
    open: Option<Open>,
    number: u64,
}

struct Open {
    path: Arc<PathBuf>,
    rows: Arc<Rows>,
    source: Source,
    bytes: u64,
}

impl<'a> Cutter<'a> {
    fn new(paths: &'a [PathBuf], map: &'a ColumnMap, options: &'a ReadOptions) -> Self {
        Self { paths: paths.iter(), map, options, open: None, number: 0 }
    }

    /// The next slice; columns that nothing is taken from are noted as a file is opened.
    fn next(&mut self, report: &mut ReadReport) -> Result<Option<Job>, FileError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(path) = self.paths.next() else { return Ok(None) };
                self.open = Some(Open::new(path, self.map, self.options, report)?);
                continue;
            };
            if let Some(slice) = open.source.cut()? {
                let read = open.source.bytes_read();
                let bytes = read.saturating_sub(std::mem::replace(&mut open.bytes, read));
                let (number, path, rows) = (self.number, Arc::clone(&open.path), Arc::clone(&open.rows));
                self.number += 1;
                return Ok(Some(Job { number, path, rows, slice, bytes }));
            }
            self.open = None;
        }
    }
}

impl Open {
    fn new(path: &Path, map: &ColumnMap, options: &ReadOptions, report: &mut ReadReport) -> Result<Self, FileError> {
        let source = guarded(path, || Source::open(path, map, options.machine.as_ref()))?;
        let rows = Rows::new(map, options.watching, source.header(), path)?;
        report.lacking.extend(rows.lacking());
        let ignored = source.header().iter().enumerate().filter(|(place, _)| !rows.places().contains(place));
        report.ignored_columns.extend(ignored.map(|(_, name)| name.clone()));
        Ok(Self { path: Arc::new(path.to_owned()), rows: Arc::new(rows), source, bytes: 0 })
    }
}

enum Source {
    Csv(CsvFile),
    Lines(LineFile),
    Parquet(ParquetFile),
}

impl Source {
    fn open(path: &Path, map: &ColumnMap, only: Option<&MachineId>) -> Result<Self, FileError> {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        Ok(match ending.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("parquet") => Self::Parquet(ParquetFile::open(path, only)?),
            Some("lp") => Self::Lines(LineFile::open(path)?),
            _ => Self::Csv(CsvFile::open(path, &map.file)?),
        })
    }

    fn header(&self) -> &[String] {
        match self {
            Self::Csv(file) => file.header(),
            Self::Lines(file) => file.header(),
            Self::Parquet(file) => file.header(),
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            Self::Csv(file) => file.bytes_read(),
            Self::Lines(file) => file.bytes_read(),
            Self::Parquet(file) => file.bytes_read(),
        }
    }

    fn cut(&mut self) -> Result<Option<Slice>, FileError> {
        match self {
            Self::Csv(file) => Ok(file.cut()?.map(Slice::Csv)),
            Self::Lines(file) => Ok(file.cut()?.map(Slice::Lines)),
            Self::Parquet(file) => Ok(file.cut().map(Slice::Parquet)),
        }
    }
}

/// Some rows of a file, still as the file has them.
enum Slice {
    Csv(CsvSlice),
    Lines(LineSlice),
    Parquet(ParquetSlice),
}

impl Slice {
    /// Decodes the columns at `places`.
    fn decode(self, path: &Path, places: &[usize], refusals: &mut Refusals) -> Result<Chunk, FileError> {
        match self {
            Self::Csv(slice) => slice.decode(path, places, refusals),
            Self::Lines(slice) => slice.decode(path, places, refusals),
            Self::Parquet(slice) => slice.decode(path, places),
        }
    }
}
