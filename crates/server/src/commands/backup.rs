//! `foretell backup`: a copy of everything, beside the running service.

use std::io::ErrorKind;
use std::path::Path;

use foretell_history::{BackedUp, FileError, back_up, note_backup};
use foretell_model::Clock as _;

use super::history::{there, unreadable};
use super::interrupt::Interrupt;
use crate::cli::BackupArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::{Output, count};
use crate::progress::bar;
use crate::service::refusing;

/// Makes the copy and says what is in it.
pub(super) fn backup(config: &Config, args: &BackupArgs, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _log = there(dir, "log.db", "log")?;
    if let Some(earlier) = args.earlier.as_deref().filter(|earlier| !earlier.is_dir()) {
        return Err(Failure::new(Kind::NoInput, format!("there is no earlier backup {}", earlier.display())));
    }
    let (interrupt, bar) = (Interrupt::listen()?, bar("backing up", 0, "bytes"));
    let mut progress = |bytes| {
        bar.inc(bytes);
        interrupt.flow()
    };
    let made = back_up(dir, &args.to, args.earlier.as_deref(), WallClock.now(), &mut progress);
    bar.finish_and_clear();
    let to = args.to.display();
    let BackedUp { files, bytes, shared, damaged, again, recovered, left_out } = match made {
        Err(FileError::Stopped) => return output.line(&format!("stopped; {to} was not made")),
        Err(error) => return Err(failed(dir, &args.to, error)),
        Ok(made) => made,
    };
    note(dir, None);
    let linked = if shared > 0 { format!(", {shared} of them linked to the earlier backup") } else { String::new() };
    let (files, mib) = (count(files, "file"), bytes as f64 / f64::from(1 << 20));
    output.line(&format!("{files}, {mib:.1} MiB in {to}{linked}"))?;
    for damage in &again {
        output.line(&damage.to_string())?;
    }
    if damaged.is_empty() && recovered.is_empty() && left_out.is_empty() {
        return Ok(());
    }
    let lacking = left_out.iter().map(|path| {
        format!(
            "{} is damaged, and left out of the backup: a service that starts on it, or again on this directory, begins it anew",
            path.display()
        )
    });
    let taken = recovered.iter().map(|path| {
        format!("{} is missing; the backup has it from the earlier one, from where it can be put back", path.display())
    });
    let faults: Vec<String> = damaged.iter().map(ToString::to_string).chain(taken).chain(lacking).collect();
    let what = format!("{to} is made, but what it is of is not whole:\n{}", faults.join("\n"));
    Err(Failure::new(Kind::BadData, what))
}

/// Why none was made; where more than a slip of the keyboard is in the way, the service is told as well.
fn failed(dir: &Path, to: &Path, error: FileError) -> Failure {
    let (is_slip, failure) = match error {
        FileError::Io { source, attempted: "create", .. } if source.kind() == ErrorKind::ReadOnlyFilesystem => {
            let why = "the disk there is mounted read-only; mount it for writing, or name a folder on another disk";
            (false, Failure::new(Kind::Io, format!("could not make the backup {}: {why}", to.display())))
        }
        FileError::Log(error) => (false, refusing("could not make a backup", error)),
        slip @ (FileError::Within { .. } | FileError::Io { attempted: "create", .. }) => (true, unreadable(slip)),
        other => (false, unreadable(other)),
    };
    if !is_slip {
        note(dir, Some(&format!("{}: {}", WallClock.now(), failure.chain())));
    }
    failure
}

/// Leaves word for the service whether backups can be made.
fn note(dir: &Path, why: Option<&str>) {
    if let Err(error) = note_backup(dir, why) {
        tracing::warn!(%error, "The service could not be told how the backup went.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_mounted_read_only_is_said_with_its_remedy_and_told_the_service() {
        #[track_caller]
        fn check(attempted: &'static str, os_error: i32, expected: &str, is_told: bool) {
            let dir = tempfile::tempdir().unwrap();
            let source = std::io::Error::from_raw_os_error(os_error);
            let error = FileError::Io { path: "/mnt/.part-b".into(), source, attempted };
            let said = failed(dir.path(), Path::new("/mnt/b"), error).chain();
            assert!(said.starts_with(expected), "{said}");
            assert_eq!(foretell_history::failed_backup(dir.path()).is_some(), is_told, "{attempted} {os_error}");
        }
        let read_only = "could not make the backup /mnt/b: the disk there is mounted read-only; mount it for writing";
        check("create", 30, read_only, true);
        check("create", 17, "could not write /mnt/.part-b", false);
    }
}
