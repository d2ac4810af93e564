//! `foretell import`: recorded history into the log.

use foretell_history::{ReadOptions, SqliteLog};
use foretell_model::Clock;

use super::history::{column_map, read, refusals, unreadable};
use crate::cli::ImportArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::bar;
use crate::service::opening;

/// Appends what the files hold; what the log holds already is counted, not kept again.
pub(super) fn import(config: &Config, args: &ImportArgs, output: &mut Output) -> Result<(), Failure> {
    let log = SqliteLog::open(&config.data.dir).map_err(opening)?;
    let options = ReadOptions { not_after: Some(WallClock.now()), ..ReadOptions::default() };
    let mut files = read(&args.files, &column_map(args.map.as_deref())?, &options)?;
    let bar = bar("importing", files.events(), "events");
    let events = files.by_ref().inspect(|_| bar.inc(1));
    let (kept, duplicates) = foretell_history::import(&log, events).map_err(unreadable)?;
    bar.finish_and_clear();
    if let Some(refused) = refusals(files.report()) {
        tracing::warn!("{refused}");
    }
    output.line(&format!("{kept} events are new on the log, {duplicates} were there already"))
}
