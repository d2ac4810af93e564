//! Why history files could not be read or written, and which rows were not taken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use foretell_model::{LogError, Signal};

use super::naming::{FOLDER, day_of};

/// Why the whole work was given up. A bad row is no reason; see [`ReadReport`].
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refused.
    #[error("could not {attempted} {path}")]
    Io {
        /// What was attempted.
        attempted: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its own words.
        #[source]
        source: std::io::Error,
    },
    /// The file's form is not one we read.
    #[error("{path}: {problem}")]
    Form {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The file is not what was written: its checksum differs.
    #[error(
        "{path} is damaged: it differs from {name}.sha256 beside it. {remedy}; if it was changed on purpose, take only \
         {name}.sha256 away",
        path = path.display(), name = path.file_name().unwrap_or_default().to_string_lossy(), remedy = remedy(path)
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// The same of a file whose whole day the log still has.
    #[error(
        "{path} is damaged ({cause}), but nothing is lost and nothing has to be done: the log has its day, and the service puts the \
         file aside and writes it anew before the day leaves the log",
        path = path.display()
    )]
    Again {
        /// Which file.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// A file of the archive is not there, and the log still has its whole day.
    #[error(
        "{path} is missing, but nothing is lost and nothing has to be done: the log has its day, and the service writes it anew before \
         the day leaves the log",
        path = path.display()
    )]
    Absent {
        /// Which file.
        path: PathBuf,
    },
    /// Where something should be written it would be in its own way.
    #[error("{path} lies in the data directory, whose next copy would hold it too; name a folder elsewhere", path = path.display())]
    Within {
        /// Which place.
        path: PathBuf,
    },
    /// A file of the archive is not there, though its day's readings have left the log.
    #[error(
        "{path} is missing, and its day's readings have left the log. Restore it from a backup; if there is none, \
         `foretell archive accept-loss {day} --why REASON` goes on without them",
        path = path.display(), day = path.file_stem().unwrap_or_default().to_string_lossy()
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// Reading or writing frames failed.
    #[error("could not {attempted} {path}")]
    Frame {
        /// What was attempted.
        attempted: &'static str,
        /// On which file.
        path: PathBuf,
        /// The library's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of the archive holds other readings than those that have left the log for it.
    #[error(
        "{path} {what}, so the rest of its day stays on the log. Restore it from a backup; if there is none, move it away, and \
         `foretell archive accept-loss {day} --why REASON` goes on without its readings",
        path = path.display(), day = path.file_stem().unwrap_or_default().to_string_lossy()
    )]
    Other {
        /// Which file.
        path: PathBuf,
        /// How it differs.
        what: String,
    },
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The progress callback asked to stop.
    #[error("stopped")]
    Stopped,
}

impl FileError {
    /// Whether it says that a file's content is not what it should be, rather than that the file cannot be reached.
    pub(crate) const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Again { .. } | Self::Form { .. } | Self::Frame { .. } | Self::Other { .. }
        )
    }

    /// Which file it is about.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. }
            | Self::Form { path, .. }
            | Self::Damaged { path }
            | Self::Again { path, .. }
            | Self::Absent { path }
            | Self::Within { path }
            | Self::Missing { path }
            | Self::Other { path, .. }
            | Self::Frame { path, .. } => Some(path),
            Self::Log(_) | Self::Stopped => None,
        }
    }

    /// Damage to a file whose whole day the log has, without the remedies of damage that loses something.
    pub(crate) fn of_a_day_on_the_log(self) -> Self {
        match self {
            Self::Damaged { path } => Self::Again { path, cause: "it differs from its checksum".to_owned() },
            // What follows from it, and what to do, stands behind the first words.
            Self::Form { path, problem } => {
                let end = [". ", ", so ", ";"].iter().filter_map(|end| problem.find(end)).min();
                Self::Again { path, cause: problem[..end.unwrap_or(problem.len())].to_owned() }
            }
            Self::Other { path, what } => Self::Again { path, cause: what },
            Self::Frame { path, source, attempted } => {
                Self::Again { path, cause: format!("could not {attempted} it: {source}") }
            }
            other => other,
        }
    }

    /// Whether it says that a file is there and cannot be used.
    pub(crate) const fn is_of_a_file(&self) -> bool {
        self.is_damage() || matches!(self, Self::Io { .. })
    }

    pub(crate) fn io(attempted: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { attempted, path, source }
    }

    pub(crate) fn form(path: &Path, problem: impl Into<String>) -> Self {
        Self::Form { path: path.to_owned(), problem: problem.into() }
    }
}

/// What to do about a file that is there and cannot be used; a sentence without its end. A day of the archive that was only moved away
/// would be missed from then on.
pub(crate) fn remedy(path: &Path) -> String {
    let in_archive = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == FOLDER);
    match path.file_stem().filter(|_| in_archive && day_of(path).is_some()) {
        Some(day) => format!(
            "Restore it from a backup; if there is none, `foretell archive accept-loss {} --why REASON` puts it aside and goes on \
             without its readings",
            day.to_string_lossy()
        ),
        None => "Restore it from a backup, or move it away to go on without its readings".to_owned(),
    }
}

/// Refused rows that are kept in full for a person to look at; beyond it they are only counted.
const SAMPLES_MAX: usize = 1_000;

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// In which file.
    pub file: PathBuf,
    /// On which line of a CSV file, or in which row of a Parquet file, counted from 1.
    pub line: u64,
    /// Why, one of a closed set of codes.
    pub reason: &'static str,
    /// Why, for a person.
    pub detail: String,
}

/// What became of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Rows read, headers not counted.
    pub rows: u64,
    /// Rows that the map's filter or the span left out.
    pub left_out: u64,
    /// Rows that repeat another one, dropped.
    pub duplicates: u64,
    /// Rows refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// The first refused rows.
    pub samples: Vec<RefusedRow>,
    /// Columns that nothing was taken from.
    pub ignored_columns: BTreeSet<String>,
    /// Needed signals for which some file of readings has no column.
    pub lacking: BTreeSet<Signal>,
}

/// Why one row is refused: a code and a sentence.
pub(crate) type Refused = (&'static str, String);

impl ReadReport {
    pub(crate) fn refuse(&mut self, file: &Path, line: u64, (reason, detail): Refused) {
        *self.refused.entry(reason).or_default() += 1;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(RefusedRow { file: file.to_owned(), line, reason, detail });
        }
    }
}
