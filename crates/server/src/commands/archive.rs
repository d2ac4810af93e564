//! `foretell archive`: whether every archived day is there and whole, and what to do about one that is lost.

use std::path::{Path, PathBuf};

use foretell_history::{AcceptedLoss, Archive, FileError, Inspection, SqliteLog};
use foretell_model::{Clock as _, Timestamp};

use super::history::{there, unreadable};
use super::stop::Stop;
use crate::cli::ArchiveCommand;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service::opening;

/// Does what the command line says.
pub(super) fn archive(config: &Config, command: ArchiveCommand, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _log = there(dir, "log.db", "log")?;
    let archive = Archive::new(dir);
    match command {
        ArchiveCommand::Check => check(dir, &archive, output),
        ArchiveCommand::AcceptLoss { day, why, by } => {
            let log = SqliteLog::open_beside(dir).map_err(opening)?;
            let loss = AcceptedLoss { at: WallClock.now(), day, who: by, why };
            archive.accept_loss(&log, &loss).map_err(|error| not_accepted(loss.day, error))?;
            output.line(&line(&loss))
        }
    }
}

/// Why a loss is not accepted: there is none, or it could not be written down.
fn not_accepted(day: Timestamp, error: FileError) -> Failure {
    match error {
        error @ FileError::Form { .. } => {
            Failure::because(Kind::BadData, format!("the loss of {} is not accepted", civil(day)), error)
        }
        other => unreadable(other),
    }
}

/// Files of one kind that are named; of more it is said how many there are.
const NAMED_MAX: usize = 10;

/// What the archive is like, with the losses that were accepted; without a log that can be read, what its files are like.
fn inspected(dir: &Path, archive: &Archive) -> Result<(Inspection, Vec<AcceptedLoss>, Option<Failure>), Failure> {
    let whole = || -> Result<_, Stop> {
        let log = SqliteLog::open_beside(dir)?;
        Ok((archive.inspect(Some(&log))?, log.accepted_losses()?))
    };
    match whole() {
        Ok((found, losses)) => Ok((found, losses, None)),
        Err(Stop::Damage(damage)) => Ok((archive.inspect(None).map_err(unreadable)?, Vec::new(), Some(damage))),
        Err(Stop::Other(failure)) => Err(failure),
        Err(Stop::Asked) => Err(unreadable(FileError::Stopped)),
    }
}

fn check(dir: &Path, archive: &Archive, output: &mut Output) -> Result<(), Failure> {
    let (Inspection { whole, unsummed, again, lost, aside }, losses, damage) = inspected(dir, archive)?;
    output.line(&format!("{whole} archived days are there and whole"))?;
    if !unsummed.is_empty() {
        output.line(&format!(
            "{} of them have no checksum: they were read through, which does not show every damage; where one is known to be right, \
             `sha256sum FILE > FILE.sha256` in its folder gives it one: {}",
            unsummed.len(),
            named(&unsummed)
        ))?;
    }
    for damage in &again {
        output.line(&damage.to_string())?;
    }
    if !aside.is_empty() {
        let many = aside.len();
        output.line(&format!(
            "{many} damaged files were put aside when their days were written anew; delete them at will: {}",
            named(&aside)
        ))?;
    }
    for loss in &losses {
        output.line(&line(loss))?;
    }
    let blind = damage.map(|damage| {
        let unknown = "the log cannot be read, so it is not known whether days are missing that have left it";
        format!("{unknown}: {}", damage.chain())
    });
    let has = if blind.is_some() { "may still have them" } else { "no longer has them" };
    let named: Vec<String> = (!lost.is_empty()).then(|| cannot_be_used(&lost, has)).into_iter().chain(blind).collect();
    if named.is_empty() { Ok(()) } else { Err(Failure::new(Kind::BadData, named.join("\n"))) }
}

fn cannot_be_used(lost: &[FileError], has: &str) -> String {
    let many = lost.len();
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    format!(
        "{many} archived days cannot be used, and the log {has}:\n{}\nA damaged file of which there is no backup is put \
         aside and gone on without by `foretell archive accept-loss DAY --why REASON`",
        lost.join("\n")
    )
}

/// Names of files, the first of them when there are many.
fn named(paths: &[PathBuf]) -> String {
    let mut names: Vec<String> = paths.iter().take(NAMED_MAX).map(|path| path.display().to_string()).collect();
    names.extend((paths.len() > NAMED_MAX).then(|| format!("and {} more", paths.len() - NAMED_MAX)));
    names.join(", ")
}

fn line(loss: &AcceptedLoss) -> String {
    let AcceptedLoss { at, day, who, why } = loss;
    format!("{} is gone on without since {at}, by {who}: {why}", civil(*day))
}

fn civil(day: Timestamp) -> String {
    let (year, month, of_month) = day.civil();
    format!("{year:04}-{month:02}-{of_month:02}")
}
