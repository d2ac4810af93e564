//! `foretell import`: recorded history into the log.

use foretell_history::{FileError, Imported, ReadOptions, ReadReport, SqliteLog};
use foretell_model::Clock;

use super::history::{column_map, read_until, refusals, unreadable, warn_of_examples};
use super::interrupt::Interrupt;
use crate::cli::ImportArgs;
use crate::clock::WallClock;
use crate::config::{Config, did_you_mean};
use crate::failure::{Failure, Kind};
use crate::output::{Output, count, verb};
use crate::progress::bar;
use crate::service::{catalogue, opening, works};

/// Appends what the files hold; what the log holds already is counted, not kept again.
pub(super) fn import(config: &Config, args: &ImportArgs, output: &mut Output) -> Result<(), Failure> {
    let (map, catalogue) = (column_map(args.map.as_deref())?, catalogue(config.engine.faults_file.as_deref())?);
    let interrupt = Interrupt::listen()?;
    let log = SqliteLog::open(&config.data.dir).map_err(opening)?;
    let (now, refused_to) = (Some(WallClock.now()), args.refused.clone());
    let works = Some(works(&catalogue));
    let options = ReadOptions { not_after: now, now, refused_to, works, ..ReadOptions::default() };
    let mut files = match read_until(&args.files, &map, &options, &interrupt) {
        Err(FileError::Stopped) => return output.line("stopped before anything was imported"),
        files => files.map_err(unreadable)?,
    };
    refuse_misspelt(files.report())?;
    let bar = bar("importing", files.events(), "events");
    let mut progress = |done| {
        bar.set_position(done);
        interrupt.flow()
    };
    let imported = foretell_history::import(&log, files.by_ref(), &mut progress);
    bar.finish_and_clear();
    let imported = imported.map_err(unreadable)?;
    if let Some(refused) = refusals(files.report()) {
        tracing::warn!("{refused}");
    }
    warn_of_examples(files.report());
    if let Some(why) = nothing_in(&imported, files.report()) {
        return Err(Failure::new(Kind::BadData, format!("nothing was imported: {why}")));
    }
    output.line(&in_words(&imported))?;
    let refused: u64 = files.report().refused.values().sum();
    if refused == 0 {
        return Ok(());
    }
    let (rows, were) = (count(refused, "row"), verb(refused, "was", "were"));
    output.line(&format!("{rows} {were} refused{}", listed(args)))
}

/// What is imported is kept for good, so a needed column under a slip of a name is not passed over.
fn refuse_misspelt(report: &ReadReport) -> Result<(), Failure> {
    let lacking = || report.lacking.iter().map(|signal| signal.name());
    let slip = |column: &String| did_you_mean(column, lacking()).map(|meant| (column.clone(), meant));
    let Some((column, meant)) = report.ignored_columns.iter().find_map(slip) else { return Ok(()) };
    let why = format!(
        "nothing was imported: the column `{column}` means nothing here; did you mean `{meant}`? Mend its name, or say what it is \
         in a column map (--map)"
    );
    Err(Failure::new(Kind::BadData, why))
}

/// What came of an import.
fn in_words(imported: &Imported) -> String {
    let Imported { kept, duplicates, stopped } = *imported;
    let what = match (kept, duplicates) {
        (0, 1) if !stopped => "nothing is new: the log has the event already".to_owned(),
        (0, all) if all > 0 && !stopped => format!("nothing is new: the log has all {all} events already"),
        _ => format!(
            "{} {} new on the log, {duplicates} {} there already",
            count(kept, "event"),
            verb(kept, "is", "are"),
            verb(duplicates, "was", "were")
        ),
    };
    let rest = if stopped { "; stopped before the end, the same command goes on from there" } else { "" };
    what + rest
}

/// Where refused rows are listed, and how they come in after all. They do not stand in the quarantine: they are in their files
/// still, and only with the column map can they be tried again.
fn listed(args: &ImportArgs) -> String {
    let again = "mend them or the column map and import again, what the log has is not taken twice";
    match &args.refused {
        Some(list) => format!(", listed in {}; {again}", list.display()),
        None => format!("; --refused FILE.csv lists them all. To bring them in, {again}"),
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
        None if report.rows == 1 => "the only row is left out by the map's filter".to_owned(),
        None => format!("all {} rows are left out by the map's filter", report.rows),
    })
}
