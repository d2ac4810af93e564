//! Who may sign in: people with their roles, sessions, one-time links and API tokens, in one small SQLite file of its own.
//!
//! Of every secret only a hash is kept. Everything here waits for the disk or, on purpose, for argon2: call it from the
//! blocking pool.

mod erasing;
mod error;
mod hashing;
mod links;
mod people;
mod record;
mod role;
mod secret;
mod sessions;
mod tokens;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretell_model::Clock;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use erasing::Erasure;
pub use error::AccountsError;
pub use people::{Person, email_of};
pub use record::{Act, What};
pub use role::Role;
pub use sessions::{Client, SESSION_MAX, Session};
pub use tokens::ApiToken;

pub(crate) use erasing::ALIAS;
pub(crate) use secret::{digest, new as new_secret};
pub(crate) use sessions::Asking;

use crate::throttle::Throttle;
use hashing::Hashing;

/// What a call of this module gives.
pub type Result<T> = std::result::Result<T, AccountsError>;

/// The open file.
pub struct Accounts {
    db: Mutex<Connection>,
    clock: Arc<dyn Clock>,
    hashing: Hashing,
    /// Attempts by login name.
    names: Throttle,
    /// Attempts by address.
    addresses: Throttle,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Accounts(…)")
    }
}

impl Accounts {
    /// Opens the file, making it where it is missing, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be used, was written by a newer version, or no hash can be made.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        owned(path)?;
        let db = prepared(path).map_err(|error| of_path(error, path))?;
        Ok(Self {
            db: Mutex::new(db),
            clock,
            hashing: Hashing::new()?,
            names: Throttle::new(5, Duration::from_secs(30)),
            addresses: Throttle::new(20, Duration::from_secs(30)),
        })
    }

    /// Whether a file is there in which no accounts ever stood, or from which all were lost: it is empty, or has no tables because
    /// it was copied without its write-ahead file.
    #[must_use]
    pub fn is_blank(path: &Path) -> bool {
        let version = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(Duration::from_secs(10))?;
            db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        };
        // An empty one is not opened: SQLite would take its write-ahead file away.
        path.metadata().is_ok_and(|found| found.len() == 0 || version().is_ok_and(|version| version == 0))
    }

    /// One step: all of it or nothing.
    fn step<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        // A step that panicked was rolled back when its transaction was dropped, so the connection is still sound.
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// A question that changes nothing.
    fn look<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&self.db.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().millis()
    }
}

/// What each version of the file added to the one before.
const VERSIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("schema_email.sql"), include_str!("schema_expiry.sql")];

/// The file with its tables.
fn prepared(path: &Path) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // Who was erased must not be found in the file either.
    db.pragma_update(None, "secure_delete", true)?;
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(ahead) = VERSIONS.get(version..) else {
        return Err(AccountsError::Newer(path.display().to_string()));
    };
    ahead.iter().try_for_each(|tables| step.execute_batch(tables))?;
    step.pragma_update(None, "user_version", VERSIONS.len() as i64)?;
    step.commit()?;
    Ok(db)
}

/// A damaged file is named with its remedy.
fn of_path(error: AccountsError, path: &Path) -> AccountsError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        AccountsError::Store(source) if matches!(source.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)) => {
            AccountsError::Damaged { path: path.display().to_string(), source }
        }
        other => other,
    }
}

/// Makes the file, if it is missing, before SQLite does so with everybody's rights.
fn owned(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|source| AccountsError::File { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests;
