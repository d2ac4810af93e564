//! Which files of a data directory nobody else on this computer may read: what holds customers' names and letters, passwords'
//! hashes, sessions and whatever was refused. Readings and their archive are no secret (any tool may read them); a new data
//! directory is closed as a whole all the same, and whoever opens it opens the readings and not the people.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Stores of which each has, or may have, write-ahead files beside it.
const STORES: [&str; 3] = ["service.sqlite", "accounts.sqlite", "quarantine.db"];

/// What others may do, in a mode.
const OTHERS: u32 = 0o007;

/// Takes other users' rights from what is personal, as far as it is there: files of an older release, or of a loose umask. A
/// group's rights stay, because somebody gave them.
pub(super) fn close(dir: &Path) {
    let stores = STORES.iter().flat_map(|store| ["", "-wal", "-shm"].map(|end| format!("{store}{end}")));
    for name in stores.chain(["link.secret", "outbox", "photos"].map(str::to_owned)) {
        let path = dir.join(name);
        if let Err(error) = close_one(&path) {
            tracing::warn!(%error, path = %path.display(), "Other users of this computer may read what is personal; `chmod o=` on it.");
        }
    }
}

fn close_one(path: &Path) -> io::Result<()> {
    let found = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    let mut rights = found.permissions();
    if rights.mode() & OTHERS == 0 {
        return Ok(());
    }
    rights.set_mode(rights.mode() & !OTHERS);
    std::fs::set_permissions(path, rights)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir, write};

    use super::*;

    #[test]
    fn what_is_personal_is_closed_and_the_readings_stay_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let cases = [
            ("service.sqlite", 0o644, 0o640),
            ("service.sqlite-wal", 0o666, 0o660),
            ("accounts.sqlite", 0o600, 0o600),
            ("quarantine.db", 0o644, 0o640),
            ("log.db", 0o644, 0o644),
        ];
        for (name, before, _) in cases {
            write(dir.path().join(name), "").unwrap();
            std::fs::set_permissions(dir.path().join(name), Permissions::from_mode(before)).unwrap();
        }
        create_dir(dir.path().join("photos")).unwrap();
        create_dir(dir.path().join("archive")).unwrap();
        for folder in ["photos", "archive"] {
            std::fs::set_permissions(dir.path().join(folder), Permissions::from_mode(0o755)).unwrap();
        }
        close(dir.path());
        let mode = |name: &str| dir.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
        for (name, _, after) in cases {
            assert_eq!(mode(name), after, "{name}");
        }
        assert_eq!((mode("photos"), mode("archive")), (0o750, 0o755));
    }
}
