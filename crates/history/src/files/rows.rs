//! A column map against one file's header: which column is what, and what the file lacks.

use std::collections::BTreeMap;
use std::path::Path;

use foretell_model::{Signal, Timestamp};

use super::column_map::{ColumnMap, PathPart, SignalSource, TextSource, TimeSource};
use super::error::FileError;
use super::times::Clockface;
use super::units::Linear;
use super::watched::{WatchedColumns, Watching};

/// The names of our own two columns beside the contract's; what they hold otherwise is somebody else's.
pub(crate) const QUALITY: &str = "quality";
pub(crate) const ARRIVED: &str = "arrived";

/// How `quality` is written, by discriminant.
pub(crate) const QUALITIES: [&str; 4] = ["good", "bad", "stale", "untimed"];

pub(crate) enum Time {
    Column(usize, Clockface),
    Steps { start: Timestamp, step_ms: i64 },
}

pub(crate) enum Text {
    Column { place: usize, prefix: String, values: BTreeMap<String, String> },
    Joined(Vec<Text>),
    Constant(String),
}

impl Text {
    fn add_places(&self, places: &mut Vec<usize>) {
        match self {
            Self::Column { place, .. } => places.push(*place),
            Self::Joined(parts) => parts.iter().for_each(|part| part.add_places(places)),
            Self::Constant(_) => {}
        }
    }
}

pub(crate) enum Number {
    Column(usize, Linear),
    Constant(f64),
}

/// A column map against one file's header.
pub(crate) struct Rows {
    pub(crate) ts: Time,
    pub(crate) site: Text,
    pub(crate) machine: Text,
    pub(crate) signals: Vec<(Signal, Number)>,
    pub(crate) state: Option<Text>,
    pub(crate) quality: Option<usize>,
    pub(crate) arrived: Option<usize>,
    pub(crate) filter: Vec<(usize, Vec<String>)>,
    /// The column of work done; a file that has it, and no signal, tells of maintenance.
    pub(crate) work: Option<usize>,
    /// Columns whose numbers are wanted row by row beside the events.
    pub(crate) watched: WatchedColumns,
    places: Vec<usize>,
}

impl Rows {
    /// Finds the map's columns in a header.
    pub(crate) fn new(map: &ColumnMap, watching: Watching, header: &[String], path: &Path) -> Result<Self, FileError> {
        let find = Header { header, path };
        let signals = find.signals(map)?;
        let work = find.own("work").filter(|_| signals.is_empty());
        let watches = work.is_none() && watching != Watching::Nothing;
        let watches_free = watches && !map.watch.is_empty();
        if signals.is_empty() && work.is_none() && !watches_free {
            let columns = listed(header);
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
            places: Vec::new(),
        };
        if watches {
            rows.watch(map, watching, &find)?;
        }
        rows.places = rows.columns_read();
        find.refuse_doubled(&rows.places)?;
        Ok(rows)
    }

    /// Needed signals of which a file of readings says nothing.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = Signal> {
        let has = |needed: &Signal| self.signals.iter().any(|(signal, _)| signal == needed);
        Signal::REQUIRED.into_iter().filter(move |needed| !self.signals.is_empty() && !has(needed))
    }

    /// Adds the columns of the map's `[watch]`, and the signals' own when they are wanted as rows too.
    fn watch(&mut self, map: &ColumnMap, watching: Watching, find: &Header<'_>) -> Result<(), FileError> {
        let mut used = self.columns_read();
        let is_wanted = |name: &String| watching == Watching::Related || !map.watch.unscored.contains(name);
        if matches!(watching, Watching::Everything | Watching::Related) {
            for (signal, number) in &self.signals {
                if let Number::Column(place, linear) = number {
                    self.watched.add(signal.name(), *place, *linear);
                }
            }
        }
        for (name, (column, linear)) in &map.watch.named {
            let place = find.column(&format!("watch.{name}"), column)?;
            used.push(place);
            if is_wanted(name) {
                self.watched.add(name, place, *linear);
            }
        }
        if map.watch.all {
            let free = find.header.iter().enumerate().filter(|(place, name)| {
                !name.is_empty() && !used.contains(place) && !map.watch.except.contains(name) && is_wanted(name)
            });
            free.for_each(|(place, name)| self.watched.add_if_numeric(name, place));
        }
        self.watched.sort();
        Ok(())
    }

    /// Places of the columns that are read, each once, in the file's order.
    pub(crate) fn places(&self) -> &[usize] {
        &self.places
    }

    fn columns_read(&self) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        places.extend(match &self.ts {
            Time::Column(place, _) => Some(*place),
            Time::Steps { .. } => None,
        });
        let texts = [Some(&self.site), Some(&self.machine), self.state.as_ref()];
        texts.into_iter().flatten().for_each(|text| text.add_places(&mut places));
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
        for ending in [".gz", ".xz", ".csv", ".tsv", ".txt", ".parquet"] {
            name.truncate(name.len() - if name.to_lowercase().ends_with(ending) { ending.len() } else { 0 });
        }
    }
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(allowed).take(64).collect()
}

/// The columns of a header, for a person who looks for one of them.
fn listed(header: &[String]) -> String {
    if let [name] = header
        && name.contains([',', ';', '\t'])
    {
        return format!("a single one, `{name}`: quotes around the whole line make it one, take them away");
    }
    let names: Vec<&str> =
        header.iter().map(|name| if name.is_empty() { "one without a name" } else { name }).collect();
    names.join(", ")
}

struct Header<'a> {
    header: &'a [String],
    path: &'a Path,
}

impl Header<'_> {
    fn own(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Of two columns with one name nobody can tell which is meant; those that nothing is taken from do no harm.
    fn refuse_doubled(&self, places: &[usize]) -> Result<(), FileError> {
        for name in places.iter().filter_map(|place| self.header.get(*place)) {
            let mut same = (1..).zip(self.header).filter(|(_, column)| *column == name).map(|(number, _)| number);
            if let (Some(first), Some(second)) = (same.next(), same.next()) {
                let problem = format!(
                    "has the column {} twice (columns {first} and {second}); take one away or give it another name",
                    if name.is_empty() { "without a name".to_owned() } else { format!("`{name}`") }
                );
                return Err(FileError::form(self.path, problem));
            }
        }
        Ok(())
    }

    fn column(&self, wanted_for: &str, name: &str) -> Result<usize, FileError> {
        self.own(name).ok_or_else(|| {
            let columns = listed(self.header);
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
            Some(TextSource::Column { .. } | TextSource::Joined(_)) if is_maintenance => self.text(name, None, false),
            Some(TextSource::Column { column, prefix, values }) => {
                Ok(Text::Column { place: self.column(name, column)?, prefix: prefix.clone(), values: values.clone() })
            }
            Some(TextSource::Constant(_) | TextSource::Path { .. }) if is_maintenance && self.own(name).is_some() => {
                self.text(name, None, false)
            }
            Some(TextSource::Path { part, prefix }) => {
                Ok(Text::Constant(format!("{prefix}{}", named(self.path, *part))))
            }
            Some(TextSource::Joined(parts)) => {
                parts.iter().map(|part| self.text(name, Some(part), false)).collect::<Result<_, _>>().map(Text::Joined)
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
