//! Service state on disk: SQLite with write-ahead log and a sync per commit, so that what was answered survives a power cut.

pub(crate) mod advisories;
pub(crate) mod bookings;
pub(crate) mod messages;
pub(crate) mod record;
pub(crate) mod registry;

pub(crate) use advisories::Case;
pub(crate) use bookings::Stay;
pub(crate) use messages::Mail;
pub(crate) use record::Entry;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{OutreachError, Result};

/// The open file. Every step is one transaction, so that state and outbox never disagree.
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the file, creating it and its tables where missing.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.set_prepared_statement_cache_capacity(128);
            connection.execute_batch(include_str!("schema.sql"))?;
            Ok(connection)
        };
        let connection = open().map_err(|source| OutreachError::Store {
            attempted: format!("open the service state {}", path.display()),
            source,
        })?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Runs one step as one transaction; an error undoes all of it.
    pub(crate) fn write<T>(&self, attempted: &str, step: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = step(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|e: OutreachError| e.while_doing(attempted))
    }

    /// Reads without changing anything.
    pub(crate) fn read<T>(&self, attempted: &str, step: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        step(&self.lock()).map_err(|e| e.while_doing(attempted))
    }

    /// A step that panicked was rolled back when its transaction was dropped, so the connection is still sound.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
