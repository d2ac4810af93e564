//! `foretell import`: recorded history into the log.

use std::collections::{BTreeMap, BTreeSet};

use foretell_history::{FileError, Imported, ReadOptions, ReadReport, SqliteLog};
use foretell_model::{Catalogue, Clock, Event};

use super::history::{column_map, read_until, refusals, unreadable};
use super::interrupt::Interrupt;
use crate::cli::ImportArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::progress::bar;
use crate::service::{catalogue, opening};

/// Refused rows that are told in full: one for each reason and file, up to so many.
const EXAMPLES_MAX: usize = 10;

/// Appends what the files hold; what the log holds already is counted, not kept again.
pub(super) fn import(config: &Config, args: &ImportArgs, output: &mut Output) -> Result<(), Failure> {
    let (map, catalogue) = (column_map(args.map.as_deref())?, catalogue(config.engine.faults_file.as_deref())?);
    let interrupt = Interrupt::listen()?;
    let log = SqliteLog::open(&config.data.dir).map_err(opening)?;
    let options = ReadOptions { not_after: Some(WallClock.now()), ..ReadOptions::default() };
    let mut files = match read_until(&args.files, &map, &options, &interrupt) {
        Err(FileError::Stopped) => return output.line("stopped before anything was imported"),
        files => files.map_err(unreadable)?,
    };
    let (bar, mut strange) = (bar("importing", files.events(), "events"), BTreeSet::new());
    let events = files.by_ref().inspect(|event| strange.extend(event.iter().filter_map(|e| unknown(e, &catalogue))));
    let mut progress = |done| {
        bar.set_position(done);
        interrupt.flow()
    };
    let imported = foretell_history::import(&log, events, &mut progress);
    bar.finish_and_clear();
    let imported = imported.map_err(unreadable)?;
    warn(files.report(), &strange);
    if let Some(why) = nothing_in(&imported, files.report()) {
        return Err(Failure::new(Kind::BadData, format!("nothing was imported: {why}")));
    }
    let Imported { kept, duplicates, stopped } = imported;
    let rest = if stopped { "; stopped before the end, the same command goes on from there" } else { "" };
    output.line(&format!("{kept} events are new on the log, {duplicates} were there already{rest}"))
}

/// Work that the fault catalogue has no name for; it is kept, but nothing follows from it.
fn unknown(event: &Event, catalogue: &Catalogue) -> Option<String> {
    let Event::Maintenance { work, .. } = event else { return None };
    (!catalogue.actions.contains_key(work.as_str())).then(|| work.as_str().to_owned())
}

fn warn(report: &ReadReport, strange: &BTreeSet<String>) {
    if let Some(refused) = refusals(report) {
        tracing::warn!("{refused}");
    }
    let mut examples = BTreeMap::new();
    for row in &report.samples {
        examples.entry((&row.file, row.reason)).or_insert(row);
    }
    // The very first one stands in the sentence above.
    for row in examples.values().filter(|row| Some(**row) != report.samples.first()).take(EXAMPLES_MAX) {
        tracing::warn!("{} line {}: {} ({})", row.file.display(), row.line, row.detail, row.reason);
    }
    if !strange.is_empty() {
        let strange: Vec<&str> = strange.iter().map(String::as_str).collect();
        tracing::warn!("Kept, but unknown to the fault catalogue: work {}", strange.join(", "));
    }
}

/// Why files gave nothing at all; `None` when they gave something or were not read to their end.
fn nothing_in(imported: &Imported, report: &ReadReport) -> Option<String> {
    if imported.kept + imported.duplicates > 0 || imported.stopped {
        return None;
    }
    Some(match refusals(report) {
        Some(refused) => refused,
        None if report.rows == 0 => "the files hold a header and no rows".to_owned(),
        None => format!("all {} rows are left out by the map's filter", report.rows),
    })
}
