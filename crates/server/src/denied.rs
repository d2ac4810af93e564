//! What to do when the operating system says "permission denied": which path it means, whose that is, and as whom we run.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A sentence about a path that was refused, without a full stop.
pub(crate) fn words(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let culprit = culprit(&path);
    let Some(me) = own_id() else { return format!("permission denied on {}", culprit.display()) };
    let found = culprit.metadata().map(|found| (found.uid(), found.mode() & 0o7777));
    sentence(&culprit, found.ok(), me, &std::fs::read_to_string("/etc/passwd").unwrap_or_default())
}

/// Whether this is the refusal that [`words`] are for.
pub(crate) fn is_it(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(cause) = error {
        if cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::PermissionDenied) {
            return true;
        }
        error = cause.source();
    }
    false
}

/// The path itself, or the directory on the way to it that may not be passed through, or in which nothing may be made.
fn culprit(path: &Path) -> PathBuf {
    let mut last = Path::new("/");
    for part in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
        if part.symlink_metadata().is_err() {
            return last.to_owned();
        }
        last = part;
    }
    last.to_owned()
}

/// `found` is whose it is and its mode.
fn sentence(culprit: &Path, found: Option<(u32, u32)>, me: u32, users: &str) -> String {
    let (path, name) = (culprit.display(), |id| name(id, users));
    let Some((owner, mode)) = found else {
        return format!("permission denied on {path}; this runs as {}", name(me));
    };
    let (owner_name, my_name) = (name(owner), name(me));
    let what = format!("permission denied on {path}, which belongs to {owner_name} (mode {mode:04o})");
    if owner == me {
        return format!("{what}, as whom this runs; `chmod u+rwX {path}` opens it");
    }
    format!(
        "{what}, while this runs as {my_name}; run it as {owner_name} (`sudo -u {owner_name} foretell …`), or give it to \
         {my_name} (`chown {my_name} {path}`)"
    )
}

/// The name of a user, or its number where it has none.
fn name(id: u32, users: &str) -> String {
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("#{id}"))
}

/// The user as whom this process opens files.
fn own_id() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str =
        "root:x:0:0:root:/root:/bin/bash\nforetell:x:998:998::/var/lib/foretell:/usr/sbin/nologin\nbroken\n";

    #[test]
    fn says_whose_it_is_and_what_to_do() {
        for (found, me, expected) in [
            (
                Some((998, 0o700)),
                0,
                "permission denied on /d, which belongs to foretell (mode 0700), while this runs as root; run it as foretell \
                 (`sudo -u foretell foretell …`), or give it to root (`chown root /d`)",
            ),
            (
                Some((0, 0o755)),
                1000,
                "permission denied on /d, which belongs to root (mode 0755), while this runs as #1000; run it as root \
                 (`sudo -u root foretell …`), or give it to #1000 (`chown #1000 /d`)",
            ),
            (
                Some((998, 0)),
                998,
                "permission denied on /d, which belongs to foretell (mode 0000), as whom this runs; `chmod u+rwX /d` opens it",
            ),
            (None, 998, "permission denied on /d; this runs as foretell"),
        ] {
            assert_eq!(sentence(Path::new("/d"), found, me, USERS), expected);
        }
    }

    #[test]
    fn the_culprit_is_the_last_that_can_be_seen() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("data");
        std::fs::create_dir(&there).unwrap();
        for (path, expected) in [(there.join("log.db"), &there), (there.join("a/b"), &there), (there.clone(), &there)] {
            assert_eq!(&culprit(&path), expected);
        }
    }
}
