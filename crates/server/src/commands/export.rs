//! `foretell export`: readings from log and archive into a file; works beside a running service.

use std::ops::ControlFlow;

use foretell_history::{Archive, ReadOptions, Selection, SqliteLog};

use super::history::unreadable;
use crate::cli::ExportArgs;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service::opening;

/// Writes the selected readings.
pub(super) fn export(config: &Config, args: &ExportArgs, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    if !dir.join("log.db").is_file() {
        let what = format!("there is no log in {}; name the data directory with --data-dir", dir.display());
        return Err(Failure::new(Kind::NoInput, what));
    }
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !matches!(ending.to_ascii_lowercase().as_str(), "csv" | "parquet" | "lp") {
        return Err(Failure::new(Kind::Usage, format!("{} must end in .csv, .parquet or .lp", args.out.display())));
    }
    let log = SqliteLog::open_beside(dir).map_err(opening)?;
    let selection = Selection { machine: args.machine.clone(), from: args.from, to: args.to };
    let archive = Archive::new(dir);
    let bar = crate::progress::bar("exporting", 0, "readings");
    let mut progress = |progress: foretell_history::Progress| {
        bar.set_position(progress.rows);
        ControlFlow::Continue(())
    };
    let written =
        foretell_history::export(&log, &archive, &selection, &args.out, &ReadOptions::default(), &mut progress);
    bar.finish_and_clear();
    output.line(&format!("{} readings in {}", written.map_err(unreadable)?, args.out.display()))
}
