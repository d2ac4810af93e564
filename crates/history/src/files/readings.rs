//! Many files as one stream of events in order of time.

use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_model::{Event, MachineId, Signal, Timestamp};

use super::column_map::{ColumnMap, DeriveRunHours};
use super::csv::CsvFile;
use super::error::{FileError, ReadReport};
use super::frame::Chunk;
use super::parquet::ParquetFile;
use super::rows::Rows;
use super::sorter::{Key, Merge, Sorter};
use super::watched::{WatchedIntake, WatchedRows, Watching};
use crate::codec::{self, Kind, Place};

/// What to read and how much memory to spend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Leaves out what happened before.
    pub from: Option<Timestamp>,
    /// Leaves out what happened at this instant or later.
    pub to: Option<Timestamp>,
    /// Refuses what is later than this, as `too_late`; the present, for an import.
    pub not_after: Option<Timestamp>,
    /// Bytes of events held in memory while sorting; what is beyond goes to a temporary file.
    pub memory_bytes: usize,
    /// Where that file is made; it has no name and goes with the process.
    pub temp_dir: PathBuf,
    /// Which columns are kept as rows beside the events, with as much memory again; see [`ReadingFiles::watched`].
    pub watching: Watching,
}

impl Default for ReadOptions {
    fn default() -> Self {
        let temp_dir = std::env::temp_dir();
        let watching = Watching::Nothing;
        Self { from: None, to: None, not_after: None, memory_bytes: 128 << 20, temp_dir, watching }
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
/// before readings when it is given first. Bad rows are in the report.
pub struct ReadingFiles {
    merge: Merge,
    machines: Vec<MachineId>,
    events: u64,
    report: ReadReport,
    span: Span,
    hours: Option<RunHours>,
    record: Vec<u8>,
    distinct: Distinct,
    watched: Option<WatchedRows>,
}

#[derive(Clone, Copy)]
pub(crate) struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Span {
    pub(crate) fn contains(self, ts: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= ts) && self.to.is_none_or(|to| ts < to)
    }
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
        let paths = expand(paths)?;
        let size = |path: &PathBuf| std::fs::metadata(path).map(|m| m.len()).map_err(FileError::io("look at", path));
        let sizes = paths.iter().map(size).collect::<Result<Vec<_>, _>>()?;
        let mut progressed = Progress { bytes: 0, bytes_total: sizes.iter().sum(), rows: 0 };
        let span = Span { from: options.from, to: options.to };
        let mut intake = Intake {
            sorter: Sorter::new(options.memory_bytes, options.temp_dir.clone()),
            numbers: HashMap::new(),
            report: ReadReport::default(),
            not_after: options.not_after,
            // Running hours are counted from the file's beginning, so what is before the span is needed.
            span: map.run_hours.is_none().then_some(span),
            events: 0,
            watching: options.watching,
            watched: WatchedIntake::new(options.memory_bytes, options.temp_dir.clone(), span),
        };
        for (path, size) in paths.iter().zip(sizes) {
            let done = progressed.bytes;
            intake.read_file(path, map, &mut |bytes, rows| {
                progressed = Progress { bytes: done + bytes.min(size), rows, ..progressed };
                progress(progressed)
            })?;
            progressed.bytes = done + size;
        }
        let mut machines: Vec<_> = intake.numbers.into_iter().collect();
        machines.sort_unstable_by_key(|(_, number)| *number);
        Ok(Self {
            merge: intake.sorter.finish().map_err(FileError::io("merge in", &options.temp_dir))?,
            machines: machines.into_iter().map(|(machine, _)| machine).collect(),
            events: intake.events,
            report: intake.report,
            span,
            hours: map.run_hours.map(RunHours::new),
            record: Vec::new(),
            distinct: Distinct::default(),
            watched: Some(intake.watched.finish().map_err(FileError::io("merge in", &options.temp_dir))?),
        })
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
        &self.machines
    }

    /// How many events the stream gives at most; for progress.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    fn next_event(&mut self) -> Result<Option<Event>, FileError> {
        let here = || FileError::io("merge in", Path::new("the temporary file"));
        while let Some(key) = self.merge.next(&mut self.record).map_err(here())? {
            if !self.distinct.is_new(key, &self.record) {
                self.report.duplicates += 1;
                continue;
            }
            let machine = &self.machines[key.1 as usize];
            let ts = Timestamp::from_millis(key.0);
            let mut event = unpack(machine.clone(), ts, &self.record).map_err(here())?;
            if let (Some(hours), Event::Reading(reading)) = (&mut self.hours, &mut event) {
                hours.count(key.1 as usize, reading.ts, &mut reading.signals);
            }
            if self.span.contains(ts) {
                return Ok(Some(event));
            }
            self.report.left_out += 1;
        }
        Ok(None)
    }
}

impl Iterator for ReadingFiles {
    type Item = Result<Event, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

/// Takes rows in, file after file.
struct Intake {
    sorter: Sorter,
    numbers: HashMap<MachineId, i64>,
    report: ReadReport,
    not_after: Option<Timestamp>,
    span: Option<Span>,
    events: u64,
    watching: Watching,
    watched: WatchedIntake,
}

impl Intake {
    fn read_file(
        &mut self,
        path: &Path,
        map: &ColumnMap,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(), FileError> {
        let mut file = Source::open(path)?;
        let mut rows = Rows::new(map, self.watching, file.header(), path)?;
        let places = rows.places();
        let ignored = file.header().iter().enumerate().filter(|(place, _)| !places.contains(place));
        self.report.ignored_columns.extend(ignored.map(|(_, name)| name.clone()));
        while let Some(chunk) = file.next(&places, &mut self.report)? {
            self.take(&chunk, &mut rows, path)?;
            if progress(file.bytes_read(), self.report.rows).is_break() {
                return Err(FileError::Stopped);
            }
        }
        Ok(())
    }

    fn take(&mut self, chunk: &Chunk, rows: &mut Rows, path: &Path) -> Result<(), FileError> {
        let cells = rows.cells(chunk, path)?;
        self.watched.begin(&mut rows.watched, &cells, chunk.lines.len());
        for (row, line) in chunk.lines.iter().enumerate() {
            let origin = match rows.origin(&cells, row) {
                Ok(Some(origin)) => origin,
                Ok(None) => {
                    self.report.left_out += 1;
                    continue;
                }
                Err(refused) => {
                    self.report.refuse(path, *line, refused);
                    continue;
                }
            };
            self.watched.take(&origin, &rows.watched, &cells, row).map_err(FileError::io("sort the rows of", path))?;
            match rows.event(origin, &cells, row) {
                // Nothing to tell the engine: the row is watched, or else has been refused.
                Ok(None) => {}
                Ok(Some(event)) if self.not_after.is_some_and(|latest| event.ts() > latest) => {
                    self.report.refuse(path, *line, ("too_late", format!("{} is in the future", event.ts())));
                }
                Ok(Some(event)) if self.span.is_none_or(|span| span.contains(event.ts())) => {
                    self.keep(&event).map_err(FileError::io("sort the rows of", path))?;
                }
                Ok(_) => self.report.left_out += 1,
                Err(refused) => self.report.refuse(path, *line, refused),
            }
        }
        Ok(())
    }

    fn keep(&mut self, event: &Event) -> io::Result<()> {
        let next = self.numbers.len() as i64;
        let number = match self.numbers.get(event.machine()) {
            Some(number) => *number,
            None => *self.numbers.entry(event.machine().clone()).or_insert(next),
        };
        self.events += 1;
        self.sorter.push((event.ts().millis(), number), |out| pack(event, out))
    }
}

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

enum Source {
    Csv(CsvFile),
    Parquet(ParquetFile),
}

impl Source {
    fn open(path: &Path) -> Result<Self, FileError> {
        let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        Ok(if is_parquet { Self::Parquet(ParquetFile::open(path)?) } else { Self::Csv(CsvFile::open(path)?) })
    }

    fn header(&self) -> &[String] {
        match self {
            Self::Csv(file) => file.header(),
            Self::Parquet(file) => file.header(),
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            Self::Csv(file) => file.bytes_read(),
            Self::Parquet(file) => file.bytes_read(),
        }
    }

    fn next(&mut self, places: &[usize], report: &mut ReadReport) -> Result<Option<Chunk>, FileError> {
        match self {
            Self::Csv(file) => file.next(places, report),
            Self::Parquet(file) => file.next(places, report),
        }
    }
}

/// Folders become the history files in them, by name.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut inside: Vec<_> =
            entries.map_err(FileError::io("list", path))?.iter().map(std::fs::DirEntry::path).collect();
        inside.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            let is_history =
                [".csv", ".csv.gz", ".tsv", ".txt", ".parquet"].iter().any(|ending| name.ends_with(ending));
            is_history && !name.starts_with('.')
        });
        if inside.is_empty() {
            return Err(FileError::form(path, "holds no .csv, .csv.gz, .tsv, .txt or .parquet file"));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// Counts running hours per machine where no counter came with the file.
struct RunHours {
    rule: DeriveRunHours,
    machines: HashMap<usize, (Timestamp, bool, f64)>,
}

impl RunHours {
    fn new(rule: DeriveRunHours) -> Self {
        Self { rule, machines: HashMap::new() }
    }

    /// A stretch between two readings counts when the signal was above the value at its beginning and no gap is in it.
    fn count(&mut self, machine: usize, ts: Timestamp, signals: &mut foretell_model::Signals) {
        let DeriveRunHours { from, above, start_h, gap_max_ms } = self.rule;
        let (last, was_running, hours) = self.machines.entry(machine).or_insert((ts, false, start_h));
        if *was_running && ts - *last <= gap_max_ms {
            *hours += ts.hours_since(*last);
        }
        (*last, *was_running) = (ts, signals.get(from).is_some_and(|value| value > above));
        if signals.get(Signal::RunHours).is_none() {
            signals.set(Signal::RunHours, *hours);
        }
    }
}

#[cfg(test)]
#[path = "readings_tests.rs"]
mod tests;
