//! Where a command may write its results: not over what Foretell keeps. One slip of the keyboard, `--out data/log.db`, would put a
//! result in the place of every reading, and an export in the archive's folder would be taken for that whole day.

use std::path::{Path, PathBuf};

use crate::cli::{Command, CustomersCommand, QuarantineCommand};
use crate::failure::{Failure, Kind};

/// What only a data directory has.
const KEPT: [&str; 4] = ["log.db", "log.lock", "quarantine.db", "service.sqlite"];

/// Endings of results that may stand in the data directory itself, as at the rescue of a damaged log: nothing that is kept there
/// has them.
const HARMLESS: [&str; 6] = ["csv", "parquet", "jsonl", "json", "pdf", "html"];

/// Refuses a command line by which a result would stand among what the data directory keeps.
pub(super) fn keep_off(dir: &Path, command: &Command) -> Result<(), Failure> {
    let Some(dir) = dir.canonicalize().ok().filter(|dir| KEPT.iter().any(|name| dir.join(name).exists())) else {
        return Ok(());
    };
    let among =
        |out: &&&Path| stands_at(out).and_then(|at| Some(is_among(at.strip_prefix(&dir).ok()?))).unwrap_or_default();
    let Some(out) = outs(command).iter().find(among).map(|out| out.display().to_string()) else { return Ok(()) };
    let kept = dir.display();
    let what = format!("{out} would stand among what Foretell keeps in {kept}; name a file elsewhere");
    Err(Failure::new(Kind::Usage, what))
}

/// Whether a path within a data directory is, or could become, one of what is kept there.
fn is_among(inside: &Path) -> bool {
    let ending = inside.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    inside.components().count() != 1 || !HARMLESS.contains(&ending.as_str())
}

/// Where a file will stand: for a link, where that leads; none where there is no folder for it.
fn stands_at(out: &Path) -> Option<PathBuf> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    out.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(out.file_name()?)))
}

/// Every file that a command line asks for.
fn outs(command: &Command) -> Vec<&Path> {
    let outs = match command {
        Command::Export(args) => vec![Some(&args.out)],
        Command::Report(args) => vec![Some(&args.out)],
        Command::Import(args) => vec![args.refused.as_ref()],
        Command::Quarantine(QuarantineCommand::Export(args)) => vec![Some(&args.out)],
        Command::Customers(args) => match &args.command {
            CustomersCommand::Export { out, .. } => vec![Some(out)],
            _ => Vec::new(),
        },
        Command::Backtest(args) => {
            vec![args.out.as_ref(), args.scores.as_ref(), args.report.as_ref(), args.truth_out.as_ref()]
        }
        _ => Vec::new(),
    };
    outs.into_iter().flatten().map(PathBuf::as_path).collect()
}
