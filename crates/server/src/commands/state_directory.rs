//! A unit of the service manager may write to its state directory and to little else. A configuration of an earlier release, or one of
//! somebody's own, may name another place, or none: then the data of before are not found, and it is said where they stand.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// Refuses a data directory outside of what the service manager has `granted` (`STATE_DIRECTORY`: paths with colons between them)
/// where nothing can be written.
pub(super) fn check(dir: &Path, granted: Option<&OsStr>) -> Result<(), Failure> {
    let granted: Vec<PathBuf> = granted.map(std::env::split_paths).into_iter().flatten().collect();
    let Some(first) = granted.first() else { return Ok(()) };
    let Err(error) = try_to_write(dir) else { return Ok(()) };
    if granted.iter().any(|granted| dir.starts_with(granted)) {
        // What is wrong there is said by whoever opens the stores.
        return Ok(());
    }
    let what = format!(
        "nothing can be written to {dir}, the data directory by [data] dir, and the unit's data stand in {first}: write \
         `dir = \"{first}\"` under [data] of the configuration",
        dir = dir.display(),
        first = first.display()
    );
    Err(Failure::because(Kind::Config, what, error))
}

fn try_to_write(dir: &Path) -> std::io::Result<()> {
    foretell_history::make_dir(dir)?;
    // The log's own lock file, so that nothing is left that would not be there anyway.
    File::options().create(true).append(true).open(dir.join("log.lock")).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_written_is_refused_where_the_unit_has_another() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        // What no user may make: a folder within a file.
        std::fs::write(folder.path().join("file"), "").unwrap();
        let nowhere = folder.path().join("file/data");
        assert!(check(&nowhere, None).is_ok(), "no unit, no word of it");
        assert!(check(&folder.path().join("data"), Some(state.as_os_str())).is_ok(), "it can be written");
        assert!(check(&nowhere, Some(folder.path().as_os_str())).is_ok(), "it lies in what was granted");
        let both = std::env::join_paths([&state, &folder.path().join("other")]).unwrap();
        let said = check(&nowhere, Some(&both)).unwrap_err().to_string();
        assert!(said.contains(&format!("write `dir = \"{}\"` under [data]", state.display())), "{said}");
    }
}
