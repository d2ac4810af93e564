//! What ends a command early. Each kind has its exit code after sysexits(3), so that a script can tell a typing error from
//! a full disk.

use std::error::Error;
use std::fmt;
use std::path::Path;

use crate::config::ConfigFaults;
use crate::denied;

/// Kinds of failure, by what the person who sees it must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The command line is wrong (64).
    Usage = 64,
    /// Input is there but not what it should be (65).
    BadData = 65,
    /// Input is missing or cannot be opened (66).
    NoInput = 66,
    /// A port, broker or other service cannot be had (69).
    Unavailable = 69,
    /// A mistake of ours (70).
    Internal = 70,
    /// The disk refused (74).
    Io = 74,
    /// The configuration is wrong (78).
    Config = 78,
}

/// Why a command ended early: what was attempted on what, and the cause.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    attempted: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure without a deeper cause.
    #[must_use]
    pub fn new(kind: Kind, attempted: impl Into<String>) -> Self {
        Self { kind, attempted: attempted.into(), cause: None }
    }

    /// A failure with its cause.
    #[must_use]
    pub fn because(kind: Kind, attempted: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, attempted: attempted.into(), cause: Some(cause.into()) }
    }

    /// A file could not be read: missing input when it is not there or not ours, else the disk's fault.
    #[must_use]
    pub fn reading(path: &Path, cause: std::io::Error) -> Self {
        use std::io::ErrorKind::{IsADirectory, NotFound, PermissionDenied};
        let missing = matches!(cause.kind(), NotFound | PermissionDenied | IsADirectory);
        let kind = if missing { Kind::NoInput } else { Kind::Io };
        if cause.kind() == PermissionDenied {
            return Self::new(kind, format!("could not read {}: {}", path.display(), denied::words(path)));
        }
        if cause.kind() == IsADirectory {
            return Self::new(kind, format!("could not read {}: it is a folder; name a file", path.display()));
        }
        Self::because(kind, format!("could not read {}", path.display()), cause)
    }

    /// A file could not be written.
    #[must_use]
    pub fn writing(path: &Path, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        if denied::is_it(&*cause) {
            return Self::new(Kind::Io, format!("could not write {}: {}", path.display(), denied::words(path)));
        }
        let is_lost = cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound);
        if let Some(folder) = path.parent().filter(|folder| is_lost && !folder.exists()) {
            let what =
                format!("could not write {}: there is no folder {}; make it first", path.display(), folder.display());
            return Self::new(Kind::Io, what);
        }
        Self::because(Kind::Io, format!("could not write {}", path.display()), cause)
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.kind as u8
    }

    /// The failure with every cause behind it, on one line for a terminal or a log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let words = error.to_string();
            // Some libraries repeat their source in their own text; once is enough.
            if !text.ends_with(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempted)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}

impl From<ConfigFaults> for Failure {
    fn from(faults: ConfigFaults) -> Self {
        Self::new(Kind::Config, faults.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_no_input_and_says_which() {
        let failure = Failure::reading(Path::new("fleet.csv"), std::io::ErrorKind::NotFound.into());
        assert_eq!((failure.exit_code(), failure.chain().as_str()), (66, "could not read fleet.csv: entity not found"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_to_be_made_first() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let failure = Failure::writing(Path::new("no-such-folder/x.csv"), missing);
        let said = "could not write no-such-folder/x.csv: there is no folder no-such-folder; make it first";
        assert_eq!((failure.exit_code(), failure.chain().as_str()), (74, said));
    }
}
