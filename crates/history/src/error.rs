//! From the store's errors to the errors of the shared words.

use std::path::{Path, PathBuf};

use foretell_model::LogError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process appends to it.
    #[error("{path} is in use by another process; stop that one, or give this one another data directory")]
    Locked {
        /// The lock file.
        path: PathBuf,
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

/// A store's error in the words of the log, a full disk told apart from everything else.
pub(crate) fn store_error(path: &Path, attempted: &str, error: rusqlite::Error) -> LogError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
        return LogError::Full { path: path.display().to_string(), why: error.to_string() };
    }
    LogError::Store { attempted: format!("{attempted} {}", path.display()), source: Box::new(error) }
}
