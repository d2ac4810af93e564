//! From cells to events, as a column map says.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use foretell_model::{Event, MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp, Work};

use super::column_map::{ColumnMap, PathPart, SignalSource, TextSource, TimeSource};
use super::error::{FileError, Refused};
use super::frame::{Cells, Chunk};
use super::times::Clockface;
use super::units::Linear;
use super::watched::{WatchedColumns, Watching};

/// The names of our own two columns beside the contract's; what they hold otherwise is somebody else's.
pub(crate) const QUALITY: &str = "quality";
pub(crate) const ARRIVED: &str = "arrived";

/// How `quality` is written, by discriminant.
pub(crate) const QUALITIES: [&str; 4] = ["good", "bad", "stale", "untimed"];

enum Time {
    Column(usize, Clockface),
    Steps { start: Timestamp, step_ms: i64 },
}

enum Text {
    Column { place: usize, prefix: String, values: BTreeMap<String, String> },
    Constant(String),
}

enum Number {
    Column(usize, Linear),
    Constant(f64),
}

/// A column map against one file's header.
pub(crate) struct Rows {
    ts: Time,
    site: Text,
    machine: Text,
    signals: Vec<(Signal, Number)>,
    state: Option<Text>,
    quality: Option<usize>,
    arrived: Option<usize>,
    filter: Vec<(usize, Vec<String>)>,
    /// The column of work done; a file that has it, and no signal, tells of maintenance.
    work: Option<usize>,
    /// Columns whose numbers are wanted row by row beside the events.
    pub(crate) watched: WatchedColumns,
    steps: HashMap<MachineId, i64>,
    machines: HashMap<String, MachineId>,
}

impl Rows {
    /// Finds the map's columns in a header.
    pub(crate) fn new(map: &ColumnMap, watching: Watching, header: &[String], path: &Path) -> Result<Self, FileError> {
        let find = Header { header, path };
        let signals = find.signals(map)?;
        let work = find.own("work").filter(|_| signals.is_empty());
        let watches = work.is_none() && watching != Watching::Nothing;
        if signals.is_empty() && work.is_none() && !(watches && !map.watch.is_empty()) {
            let columns = header.join(", ");
            let problem =
                format!("no column is a signal (it has {columns}); say which is which in a column map (--map)");
            return Err(FileError::form(path, problem));
        }
        let ts = match &map.ts {
            Some(TimeSource::Column { column, clockface }) if work.is_none() => {
                Time::Column(find.column("ts", column)?, clockface.clone())
            }
            Some(TimeSource::Steps { start, step_ms }) if work.is_none() => {
                Time::Steps { start: *start, step_ms: *step_ms }
            }
            _ => Time::Column(find.column("ts", "ts")?, Clockface::CONTRACT),
        };
        let filter = map.filter.iter().filter(|_| work.is_none());
        let mut rows = Self {
            ts,
            site: find.text("site", map.site.as_ref(), work.is_some())?,
            machine: find.text("machine", map.machine.as_ref(), work.is_some())?,
            signals,
            state: find.state(map)?,
            quality: find.own(QUALITY),
            arrived: find.own(ARRIVED),
            filter: filter
                .map(|(column, values)| Ok((find.column("filter", column)?, values.clone())))
                .collect::<Result<_, FileError>>()?,
            work,
            watched: WatchedColumns::default(),
            steps: HashMap::new(),
            machines: HashMap::new(),
        };
        if watches {
            rows.watch(map, watching, &find)?;
        }
        Ok(rows)
    }

    /// Adds the columns of the map's `[watch]`, and the signals' own when they are wanted as rows too.
    fn watch(&mut self, map: &ColumnMap, watching: Watching, find: &Header<'_>) -> Result<(), FileError> {
        let mut used = self.places();
        if watching == Watching::Everything {
            for (signal, number) in &self.signals {
                if let Number::Column(place, linear) = number {
                    self.watched.add(signal.name(), *place, *linear);
                }
            }
        }
        for (name, (column, linear)) in &map.watch.named {
            let place = find.column(&format!("watch.{name}"), column)?;
            used.push(place);
            self.watched.add(name, place, *linear);
        }
        if map.watch.all {
            let free =
                find.header.iter().enumerate().filter(|(place, name)| {
                    !name.is_empty() && !used.contains(place) && !map.watch.except.contains(name)
                });
            free.for_each(|(place, name)| self.watched.add_if_numeric(name, place));
        }
        self.watched.sort();
        Ok(())
    }

    /// Places of the columns that are read, each once, in the file's order.
    pub(crate) fn places(&self) -> Vec<usize> {
        let text = |text: &Text| match text {
            Text::Column { place, .. } => Some(*place),
            Text::Constant(_) => None,
        };
        let mut places: Vec<usize> = Vec::new();
        places.extend(match &self.ts {
            Time::Column(place, _) => Some(*place),
            Time::Steps { .. } => None,
        });
        places
            .extend([text(&self.site), text(&self.machine), self.state.as_ref().and_then(text)].into_iter().flatten());
        places.extend(self.signals.iter().filter_map(|(_, number)| match number {
            Number::Column(place, _) => Some(*place),
            Number::Constant(_) => None,
        }));
        places.extend([self.quality, self.arrived, self.work].into_iter().flatten());
        places.extend(self.filter.iter().map(|(place, _)| *place));
        places.extend(self.watched.places());
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Takes a chunk's columns apart.
    pub(crate) fn cells(&self, chunk: &Chunk, path: &Path) -> Result<HashMap<usize, Cells>, FileError> {
        let cells = self.places().into_iter().map(|place| Ok((place, Cells::of(&chunk.frame, place)?)));
        cells.collect::<polars::prelude::PolarsResult<_>>().map_err(FileError::frame("read columns of", path))
    }

    /// Whose a row is and from when; `None` when the filter leaves it out. To be called once for each row, in order.
    pub(crate) fn origin(
        &mut self,
        cells: &HashMap<usize, Cells>,
        row: usize,
    ) -> Result<Option<(MachineId, Timestamp)>, Refused> {
        let machine = self.machine(cells, row)?;
        // Rows that the filter leaves out took time nevertheless.
        let ts = match &self.ts {
            Time::Column(place, clockface) => cells[place].instant(row, clockface)?,
            Time::Steps { start, step_ms } => {
                let step = self.steps.entry(machine.clone()).or_default();
                *step += 1;
                *start + (*step - 1).saturating_mul(*step_ms)
            }
        };
        let wanted = |(place, values): &(usize, Vec<String>)| {
            cells[place].text(row).is_some_and(|text| values.iter().any(|value| *value == text))
        };
        Ok(self.filter.iter().all(wanted).then_some((machine, ts)))
    }

    /// The event of a row; `None` when there is no signal to tell of, and only watched columns are.
    pub(crate) fn event(
        &self,
        (machine, ts): (MachineId, Timestamp),
        cells: &HashMap<usize, Cells>,
        row: usize,
    ) -> Result<Option<Event>, Refused> {
        if let Some(place) = self.work {
            let code = cells[&place].text(row).unwrap_or_default();
            let work =
                Work::new(&code).ok_or_else(|| ("bad_work", format!("`{code}` is not a code of work (a-z 0-9 _)")))?;
            return Ok(Some(Event::Maintenance { machine, ts, work }));
        }
        if self.signals.is_empty() {
            return Ok(None);
        }
        let signals = self.values(cells, row)?;
        let state = self.run_state(cells, row)?;
        let quality = self.quality.and_then(|place| cells[&place].text(row));
        let quality = quality.and_then(|name| QUALITIES.iter().position(|known| *known == name));
        let quality = quality.map_or(Quality::Good, |code| Quality::ALL[code]);
        let arrived = self.arrived.and_then(|place| cells[&place].instant(row, &Clockface::CONTRACT).ok());
        Ok(Some(Event::Reading(Reading { machine, ts, arrived: arrived.unwrap_or(ts), signals, state, quality })))
    }

    fn machine(&mut self, cells: &HashMap<usize, Cells>, row: usize) -> Result<MachineId, Refused> {
        let missing = |which| ("bad_identity", format!("the {which} is missing"));
        let site = text(&self.site, cells, row).ok_or_else(|| missing("site"))?;
        let machine = text(&self.machine, cells, row).ok_or_else(|| missing("machine"))?;
        let name = format!("{site}/{machine}");
        if let Some(known) = self.machines.get(&name) {
            return Ok(known.clone());
        }
        let id = MachineId::new(&site, &machine).map_err(|e| ("bad_identity", e.to_string()))?;
        self.machines.insert(name, id.clone());
        Ok(id)
    }

    fn values(&self, cells: &HashMap<usize, Cells>, row: usize) -> Result<Signals, Refused> {
        let mut signals = Signals::empty();
        let mut measured = false;
        for (signal, number) in &self.signals {
            let value = match number {
                Number::Column(place, linear) => {
                    let value = cells[place]
                        .number(row)
                        .map_err(|(code, text)| (code, format!("{}: {text}", signal.name())))?;
                    measured |= value.is_some();
                    value.map(|value| linear.apply(value))
                }
                Number::Constant(value) => Some(*value),
            };
            let Some(value) = value else { continue };
            let range = signal.physical_range();
            if !range.contains(value) {
                let (name, min, max) = (signal.name(), range.min, range.max);
                return Err(("out_of_range", format!("{name} is {value}; possible are {min} to {max}")));
            }
            signals.set(*signal, value);
        }
        if measured { Ok(signals) } else { Err(("no_signal", "no signal has a value".into())) }
    }

    fn run_state(&self, cells: &HashMap<usize, Cells>, row: usize) -> Result<Option<RunState>, Refused> {
        let Some(name) = self.state.as_ref().and_then(|state| text(state, cells, row)) else { return Ok(None) };
        RunState::from_name(&name).map(Some).ok_or_else(|| ("bad_state", format!("`{name}` is no controller state")))
    }
}

fn text<'a>(text: &'a Text, cells: &'a HashMap<usize, Cells>, row: usize) -> Option<Cow<'a, str>> {
    match text {
        Text::Constant(constant) => Some(Cow::Borrowed(constant)),
        Text::Column { place, prefix, values } => {
            let cell = cells[place].text(row)?;
            if let Some(value) = values.get(cell.as_ref()) {
                return Some(Cow::Borrowed(value));
            }
            Some(if prefix.is_empty() { cell } else { Cow::Owned(format!("{prefix}{cell}")) })
        }
    }
}

/// The part of a path that names a machine or a site, with what an identity may not hold replaced.
fn named(path: &Path, part: PathPart) -> String {
    let name = match part {
        PathPart::Name => path.file_name(),
        // A bare file name lies in the working folder, whose name only the file system knows.
        PathPart::Folder => path.parent().and_then(Path::file_name),
    };
    let mut name = name.unwrap_or_default().to_string_lossy().into_owned();
    if part == PathPart::Name {
        for ending in [".gz", ".csv", ".tsv", ".txt", ".parquet"] {
            name.truncate(name.len() - if name.to_lowercase().ends_with(ending) { ending.len() } else { 0 });
        }
    }
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(allowed).take(64).collect()
}

struct Header<'a> {
    header: &'a [String],
    path: &'a Path,
}

impl Header<'_> {
    fn own(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    fn column(&self, wanted_for: &str, name: &str) -> Result<usize, FileError> {
        self.own(name).ok_or_else(|| {
            let columns = self.header.join(", ");
            let problem =
                format!("has no column `{name}` for `{wanted_for}`; it has {columns}. A column map (--map) can rename");
            FileError::form(self.path, problem)
        })
    }

    /// The map's signals, and those that the file has under their own names.
    fn signals(&self, map: &ColumnMap) -> Result<Vec<(Signal, Number)>, FileError> {
        let is_maintenance = self.own("work").is_some();
        let mut found = Vec::new();
        for signal in Signal::ALL {
            let number = match map.signals.get(&signal) {
                Some(SignalSource::Column { column, linear }) if !is_maintenance || self.own(column).is_some() => {
                    Some(Number::Column(self.column(signal.name(), column)?, *linear))
                }
                Some(SignalSource::Constant(value)) if !is_maintenance => Some(Number::Constant(*value)),
                Some(_) => None,
                None => self.own(signal.name()).map(|place| Number::Column(place, Linear::SAME)),
            };
            found.extend(number.map(|number| (signal, number)));
        }
        Ok(found)
    }

    fn text(&self, name: &str, source: Option<&TextSource>, is_maintenance: bool) -> Result<Text, FileError> {
        match source {
            // A maintenance file names its machines by the contract, whatever the readings' columns are called.
            Some(TextSource::Column { .. }) if is_maintenance => self.text(name, None, false),
            Some(TextSource::Column { column, prefix, values }) => {
                Ok(Text::Column { place: self.column(name, column)?, prefix: prefix.clone(), values: values.clone() })
            }
            Some(TextSource::Constant(_) | TextSource::Path { .. }) if is_maintenance && self.own(name).is_some() => {
                self.text(name, None, false)
            }
            Some(TextSource::Path { part, prefix }) => {
                Ok(Text::Constant(format!("{prefix}{}", named(self.path, *part))))
            }
            Some(TextSource::Constant(constant)) => Ok(Text::Constant(constant.clone())),
            None => {
                Ok(Text::Column { place: self.column(name, name)?, prefix: String::new(), values: BTreeMap::new() })
            }
        }
    }

    fn state(&self, map: &ColumnMap) -> Result<Option<Text>, FileError> {
        match &map.state {
            Some(_) if self.own("work").is_some() => Ok(None),
            Some(source) => self.text("state", Some(source), false).map(Some),
            None => self.own("state").map(|_| self.text("state", None, false)).transpose(),
        }
    }
}
