//! `foretell archive`: whether every archived day is there and whole, and what to do about one that is lost.

use foretell_history::{AcceptedLoss, Archive, FileError, ReadOptions, SqliteLog};
use foretell_model::{Clock as _, Timestamp};

use super::history::unreadable;
use crate::cli::ArchiveCommand;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service::opening;

/// Does what the command line says.
pub(super) fn archive(config: &Config, command: ArchiveCommand, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    if !dir.join("log.db").is_file() {
        let what = format!("there is no log in {}; name the data directory with --data-dir", dir.display());
        return Err(Failure::new(Kind::NoInput, what));
    }
    let (archive, log) = (Archive::new(dir), SqliteLog::open_beside(dir).map_err(opening)?);
    match command {
        ArchiveCommand::Check => check(&archive, &log, output),
        ArchiveCommand::AcceptLoss { day, why, by } => {
            let loss = AcceptedLoss { at: WallClock.now(), day, who: by, why };
            archive.accept_loss(&log, &loss).map_err(unreadable)?;
            output.line(&line(&loss))
        }
    }
}

fn check(archive: &Archive, log: &SqliteLog, output: &mut Output) -> Result<(), Failure> {
    let files = archive.files(Timestamp::MIN, Timestamp::MAX).map_err(unreadable)?;
    let faults = archive.check(log, &ReadOptions::default()).map_err(unreadable)?;
    let missing = faults.iter().filter(|fault| matches!(fault, FileError::Missing { .. })).count();
    let whole = (files.len() + missing).saturating_sub(faults.len());
    output.line(&format!("{whole} archived days are there and whole"))?;
    for loss in log.accepted_losses().map_err(FileError::from).map_err(unreadable)? {
        output.line(&line(&loss))?;
    }
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(Failure::new(Kind::BadData, format!("{} archived days cannot be used:\n{}", faults.len(), faults.join("\n"))))
}

fn line(loss: &AcceptedLoss) -> String {
    let AcceptedLoss { at, day, who, why } = loss;
    let (year, month, of_month) = day.civil();
    format!("{year:04}-{month:02}-{of_month:02} is gone on without since {at}, by {who}: {why}")
}
