//! `foretell export`: readings from log and archive into a file; works beside a running service.

use foretell_history::{Archive, FileError, ReadOptions, Selection, SqliteLog};
use foretell_model::MachineId;

use super::history::{in_order, there, unreadable};
use super::interrupt::Interrupt;
use crate::cli::ExportArgs;
use crate::config::{Config, did_you_mean};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service::opening;

/// Writes the selected readings.
pub(super) fn export(config: &Config, args: &ExportArgs, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _log = there(dir, "log.db", "log")?;
    let out = args.out.display();
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !matches!(ending.to_ascii_lowercase().as_str(), "csv" | "parquet" | "lp") {
        return Err(Failure::new(Kind::Usage, format!("{out} must end in .csv, .parquet or .lp")));
    }
    in_order(args.from, args.to)?;
    let interrupt = Interrupt::listen()?;
    let log = SqliteLog::open_beside(dir).map_err(opening)?;
    let archive = Archive::new(dir);
    if let Some(machine) = &args.machine {
        refuse_stranger(&log, &archive, machine)?;
    }
    let selection = Selection { machine: args.machine.clone(), from: args.from, to: args.to };
    let bar = crate::progress::bar("exporting", 0, "readings");
    let mut progress = |progress: foretell_history::Progress| {
        bar.set_position(progress.rows);
        interrupt.flow()
    };
    let options = ReadOptions::default();
    let exported = foretell_history::export(&log, &archive, &selection, &args.out, &options, &mut progress);
    bar.finish_and_clear();
    let exported = match exported {
        Err(FileError::Stopped) => return output.line(&format!("stopped; {out} was not written")),
        exported => exported.map_err(unreadable)?,
    };
    output.line(&format!("{} readings in {out}", exported.readings))?;
    if exported.left_out > 0 {
        let years = "line protocol has no place for years before 1678 or after 2261";
        output.line(&format!("{} readings are left out: {years}", exported.left_out))?;
    }
    if exported.damaged.is_empty() {
        return Ok(());
    }
    let damaged: Vec<String> = exported.damaged.iter().map(ToString::to_string).collect();
    let what = format!("{out} lacks what only these files of the archive have:\n{}", damaged.join("\n"));
    Err(Failure::new(Kind::BadData, what))
}

/// An export of a machine that nobody knows is a slip of the keyboard, not an empty file.
fn refuse_stranger(log: &SqliteLog, archive: &Archive, machine: &MachineId) -> Result<(), Failure> {
    let known = log.machines().map_err(|error| unreadable(error.into()))?;
    if known.contains(machine) || archive.knows(log, machine, &ReadOptions::default()).map_err(unreadable)? {
        return Ok(());
    }
    let meant = did_you_mean(machine.as_str(), known.iter().map(MachineId::as_str));
    let hint =
        meant.map_or_else(|| format!("{} machines are known", known.len()), |meant| format!("did you mean {meant}?"));
    Err(Failure::new(Kind::NoInput, format!("no machine {machine} has ever reported; {hint}")))
}
