//! `foretell export`: readings from log and archive into a file; works beside a running service, and saves what can be read of a
//! log that is damaged.

use std::path::Path;

use foretell_history::{Archive, Exported, Progress, ReadOptions, Selection, SqliteLog, Stretch, Wreck, rescue};
use foretell_model::{MachineId, Timestamp};

use super::history::{in_order, there};
use super::interrupt::Interrupt;
use super::stop::Stop;
use crate::cli::ExportArgs;
use crate::config::{Config, did_you_mean};
use crate::failure::{Failure, Kind};
use crate::output::{Output, count, verb};

/// Stretches of lacking entries that are named; of more it is said how many there are.
const NAMED_MAX: usize = 20;

/// Writes the selected readings.
pub(super) fn export(config: &Config, args: &ExportArgs, output: &mut Output) -> Result<(), Failure> {
    let (dir, out) = (&config.data.dir, args.out.display());
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !matches!(ending.to_ascii_lowercase().as_str(), "csv" | "parquet" | "lp") {
        return Err(Failure::new(Kind::Usage, format!("{out} must end in .csv, .parquet or .lp")));
    }
    in_order(args.from, args.to)?;
    let (exported, damage) = match exported(dir, args) {
        Ok(made) => made,
        Err(Stop::Asked) => return output.line(&format!("stopped; {out} was not written")),
        Err(Stop::Damage(failure) | Stop::Other(failure)) => return Err(failure),
    };
    output.line(&format!("{} in {out}", count(exported.readings, "reading")))?;
    if exported.left_out > 0 {
        let years = "line protocol has no place for years before 1678 or after 2261";
        let (left_out, are) = (count(exported.left_out, "reading"), verb(exported.left_out, "is", "are"));
        output.line(&format!("{left_out} {are} left out: {years}"))?;
    }
    match (lacking(&exported), damage) {
        (lacking, Some(damage)) => {
            let what = format!(
                "the log is damaged: {out} holds what could be read of it page by page, and the archived days{lacking}\n{}",
                damage.chain()
            );
            Err(Failure::new(Kind::BadData, what))
        }
        (lacking, None) if lacking.is_empty() => Ok(()),
        (lacking, None) => Err(Failure::new(Kind::BadData, format!("not everything is in {out}{lacking}"))),
    }
}

/// Makes the file; with what is wrong with the log, if it had to be made around that.
fn exported(dir: &Path, args: &ExportArgs) -> Result<(Exported, Option<Failure>), Stop> {
    let selection = Selection { machine: args.machine.clone(), from: args.from, to: args.to };
    let (archive, options) = (Archive::new(dir), ReadOptions::default());
    let interrupt = Interrupt::listen()?;
    let bar = crate::progress::bar("exporting", 0, "readings");
    let mut progress = |progress: Progress| {
        bar.set_position(progress.rows);
        interrupt.flow()
    };
    let mut whole = || -> Result<_, Stop> {
        is_there(dir, &archive)?;
        let log = SqliteLog::open_beside(dir)?;
        if let Some(machine) = &args.machine {
            refuse_stranger(&log, &archive, machine)?;
        }
        Ok(foretell_history::export(&log, &archive, &selection, &args.out, &options, &mut progress)?)
    };
    let made = match whole() {
        Ok(exported) => Ok((exported, None)),
        Err(Stop::Damage(damage)) => {
            let wreck = Wreck::open(dir).ok();
            let saved = rescue(wreck.as_ref(), &archive, &selection, &args.out, &options, &mut progress);
            saved.map(|saved| (saved, Some(damage))).map_err(Stop::from)
        }
        Err(stop) => Err(stop),
    };
    bar.finish_and_clear();
    made
}

/// A directory without a log may have archived days all the same.
fn is_there(dir: &Path, archive: &Archive) -> Result<(), Stop> {
    let Err(absent) = there(dir, "log.db", "log") else { return Ok(()) };
    let has_days = archive.files(Timestamp::MIN, Timestamp::MAX).is_ok_and(|days| !days.is_empty());
    Err(if has_days && !dir.join("log.db").exists() { Stop::Damage(absent) } else { Stop::Other(absent) })
}

/// What the file lacks, a line each, the first after a break; nothing when it lacks nothing.
fn lacking(exported: &Exported) -> String {
    let Exported { damaged, lost, untraced, .. } = exported;
    let mut lines = Vec::new();
    if !damaged.is_empty() {
        lines.push("it lacks what only these files of the archive have:".to_owned());
        lines.extend(damaged.iter().map(ToString::to_string));
    }
    if !lost.is_empty() {
        let entries: u64 = lost.iter().map(|stretch| stretch.offsets.end() - stretch.offsets.start() + 1).sum();
        let what = if entries == 1 { "an entry".to_owned() } else { format!("{entries} entries") };
        let stretches = if lost.len() == 1 { "one stretch".to_owned() } else { format!("{} stretches", lost.len()) };
        lines.push(format!("it lacks {what} of the log that cannot be read, in {stretches}:"));
        lines.extend(lost.iter().take(NAMED_MAX).map(stretch));
        lines.extend((lost.len() > NAMED_MAX).then(|| format!("and {} more", lost.len() - NAMED_MAX)));
    }
    if *untraced > 0 {
        let why = "they left it for the archive, or they are lost as well";
        let what = if *untraced == 1 { "one entry".to_owned() } else { format!("{untraced} entries") };
        lines.push(format!("of {what} there is no trace on the log: {why}"));
    }
    lines.iter().map(|line| format!("\n{line}")).collect()
}

fn stretch(Stretch { offsets, span }: &Stretch) -> String {
    format!("{} to {}, of {} to {}", offsets.start(), offsets.end(), span.start(), span.end())
}

/// An export of a machine that nobody knows is a slip of the keyboard, not an empty file.
fn refuse_stranger(log: &SqliteLog, archive: &Archive, machine: &MachineId) -> Result<(), Stop> {
    let known = log.machines()?;
    if known.contains(machine) || archive.knows(log, machine, &ReadOptions::default())? {
        return Ok(());
    }
    let all = known.len() as u64;
    let meant = did_you_mean(machine.as_str(), known.iter().map(MachineId::as_str));
    let hint = meant.map_or_else(
        || format!("{} {} known", count(all, "machine"), verb(all, "is", "are")),
        |meant| format!("did you mean {meant}?"),
    );
    Err(Failure::new(Kind::NoInput, format!("no machine {machine} has ever reported; {hint}")).into())
}
