//! Recorded history as one stream, for backtest and import.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_history::{ColumnMap, FileError, History, Progress, ReadOptions, ReadReport, ReadingFiles};
use foretell_model::Timestamp;

use super::interrupt::Interrupt;
use crate::denied;
use crate::failure::{Failure, Kind};
use crate::output::{count, verb};
use crate::progress::bar;
use crate::service::refusing;
use crate::text_file;

/// A span that ends before it begins is a slip of the keyboard.
pub(super) fn in_order(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), Failure> {
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(Failure::new(Kind::Usage, "--from must lie before --to"));
    }
    Ok(())
}

/// The path of a file of a data directory that must be there already. One that is not there is told from one that may not be seen.
pub(super) fn there(dir: &Path, name: &str, what: &str) -> Result<PathBuf, Failure> {
    let (path, shown) = (dir.join(name), dir.display());
    match File::open(&path) {
        Ok(_) if path.is_file() => Ok(path),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let why = denied::words(&path);
            Err(Failure::new(Kind::NoInput, format!("could not look into the data directory {shown}: {why}")))
        }
        _ => {
            let what = format!("there is no {what} in {shown}; name the data directory with --data-dir");
            Err(Failure::new(Kind::NoInput, what))
        }
    }
}

/// A column map from its file; every column by its own name without one.
pub(super) fn column_map(file: Option<&Path>) -> Result<ColumnMap, Failure> {
    let Some(path) = file else { return Ok(ColumnMap::default()) };
    let text = text_file::read(path, Kind::Config)?;
    ColumnMap::parse(&text)
        .map_err(|error| Failure::because(Kind::Config, format!("{} is no column map", path.display()), error))
}

/// Reads and sorts files, with a bar, until told to stop.
pub(super) fn read_until(
    paths: &[PathBuf],
    map: &ColumnMap,
    options: &ReadOptions,
    interrupt: &Interrupt,
) -> Result<ReadingFiles, FileError> {
    with_bar(interrupt, |progress| ReadingFiles::read(paths, map, options, progress))
}

/// Reads files into a history, with a bar, until told to stop.
pub(super) fn read_into(
    history: &mut History<'_>,
    paths: &[PathBuf],
    map: &ColumnMap,
    interrupt: &Interrupt,
) -> Result<ReadReport, FileError> {
    with_bar(interrupt, |progress| history.read(paths, map, progress))
}

fn with_bar<T>(
    interrupt: &Interrupt,
    read: impl FnOnce(&mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<T, FileError>,
) -> Result<T, FileError> {
    let bar = bar("reading", 0, "bytes");
    let mut progress = |progress: Progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
        interrupt.flow()
    };
    let done = read(&mut progress);
    bar.finish_and_clear();
    done
}

/// A history file's refusal as a failure of the command.
pub(super) fn unreadable(error: FileError) -> Failure {
    match error {
        FileError::Io { path, source, attempted: "create" | "write" | "finish" } => Failure::writing(&path, source),
        FileError::Io { path, source, attempted: "copy" } => {
            Failure::because(Kind::Io, format!("could not copy {}", path.display()), source)
        }
        FileError::Io { source, attempted: "sort in" | "merge in" | "sort the rows of", .. } => {
            let dir = std::env::temp_dir();
            let what = format!("could not sort in a temporary file in {} (TMPDIR names another folder)", dir.display());
            Failure::because(Kind::Io, what, source)
        }
        FileError::Frame { path, source, attempted: "write" | "finish" } => Failure::writing(&path, source),
        FileError::Io { path, source, .. } => Failure::reading(&path, source),
        within @ FileError::Within { .. } => Failure::new(Kind::Usage, within.to_string()),
        FileError::Log(error) => refusing("could not use the log", error),
        other => Failure::because(Kind::BadData, "could not use a history file", other),
    }
}

/// What was not taken, in one sentence; `None` when everything was.
pub(super) fn refusals(report: &ReadReport) -> Option<String> {
    let total: u64 = report.refused.values().sum();
    if total == 0 {
        return None;
    }
    let reasons: Vec<String> = report.refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let first =
        report.samples.first().map(|row| format!("; first: {} line {}: {}", row.file.display(), row.line, row.detail));
    let (rows, were) = (count(report.rows, "row"), verb(total, "was", "were"));
    Some(format!("{total} of {rows} {were} refused ({}){}", reasons.join(", "), first.unwrap_or_default()))
}

/// Refused rows that are told in full: one for each reason and file, up to so many.
const EXAMPLES_MAX: usize = 10;

/// Tells the first refused row of each reason and file, but for the very first one, which [`refusals`] tells.
pub(super) fn warn_of_examples(report: &ReadReport) {
    let mut examples = BTreeMap::new();
    for row in &report.samples {
        examples.entry((&row.file, row.reason)).or_insert(row);
    }
    for row in examples.values().filter(|row| Some(**row) != report.samples.first()).take(EXAMPLES_MAX) {
        tracing::warn!("{} line {}: {} ({})", row.file.display(), row.line, row.detail, row.reason);
    }
}
