//! From the store's errors to the errors of the shared words.

use std::path::{Path, PathBuf};

use foretell_model::LogError;

use crate::room::DiskRoom;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process does there what only one may do.
    #[error("{path} is in use by {holder}; stop that one, or give this one another data directory")]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who has it, in words.
        holder: String,
    },
    /// A database of something else.
    #[error("{path} is a database, but not one that Foretell wrote; give another data directory")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// Written by a release that knows more.
    #[error("{path} has form {found}; this release knows up to {known}. Run the release that wrote it, or a later one")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its form.
        found: i64,
        /// The newest form that this release knows.
        known: i64,
    },
    /// Its bytes are not what was written.
    #[error("{path} is damaged. {remedy}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What to do, and what is lost.
        remedy: &'static str,
        /// SQLite's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing is left of it.
    #[error(
        "{path} is empty, though the data directory has been in use: all that stood in it is gone. Restore it from a backup; without \
         one move it away, with its -wal and -shm, and a new one begins"
    )]
    Emptied {
        /// Which file.
        path: PathBuf,
    },
    /// There is no room on its disk.
    #[error("could not open {path}: its disk is full ({why}). Make room, then start again; nothing is lost")]
    Full {
        /// Which file.
        path: PathBuf,
        /// SQLite's own words.
        why: String,
    },
    /// Its newest entries stand in a write-ahead file that cannot be read where it lies.
    #[error(
        "{path} lies where nothing can be written, and its newest entries stand in {path}-wal, which cannot be read there \
         without a -shm file beside it. Copy both to where they can be written, and use those",
        path = .path.display()
    )]
    NeedsWriting {
        /// Which file.
        path: PathBuf,
    },
    /// The file system or the database refused.
    #[error("could not open {path}")]
    Store {
        /// Which file.
        path: PathBuf,
        /// Its own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    /// For `map_err` on whatever a path refused.
    pub(crate) fn at<E: std::error::Error + Send + Sync + 'static>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| Self::Store { path, source: Box::new(source) }
    }
}

/// Whether SQLite says that the file itself is broken.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// Extended result codes of SQLite that stand for a full disk beside `SQLITE_FULL`: its shared memory could not grow
/// (`SQLITE_IOERR_SHMSIZE`), or a write failed outright on a file system that says so only then.
const NO_ROOM: [i32; 2] = [rusqlite::ffi::SQLITE_IOERR_SHMSIZE, rusqlite::ffi::SQLITE_IOERR_WRITE];

/// Less than this is no room at all, bytes.
const NOTHING_FREE_BYTES: u64 = 1 << 20;

/// Whether SQLite says that there is no room for what it should write to a file.
pub(crate) fn is_full(path: &Path, error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(cause, _) if NO_ROOM.contains(&cause.extended_code) => {
            let dir = path.parent().unwrap_or(path);
            DiskRoom::new(dir, NOTHING_FREE_BYTES).shortage().is_some()
        }
        other => other.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
    }
}

/// A store's error in the words of the log: a full disk is told apart from everything else, and damage comes with its remedy.
pub(crate) fn store_error(path: &Path, remedy: &str, attempted: &str, error: rusqlite::Error) -> LogError {
    if is_full(path, &error) {
        return LogError::Full { path: path.display().to_string(), why: error.to_string() };
    }
    let (attempted, is_damage) = (format!("{attempted} {}", path.display()), is_damage(&error));
    let source = Box::new(error);
    if is_damage {
        return LogError::Damaged { attempted, remedy: remedy.to_owned(), source };
    }
    LogError::Store { attempted, source }
}
