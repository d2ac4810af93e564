//! Where service state is kept, and the statements that keep it.
//!
//! [`session`] is the seam below which databases differ; everything above it is written once, in the SQL that they share.

pub(crate) mod advisories;
pub(crate) mod bookings;
pub(crate) mod care;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod dossier;
pub(crate) mod effects;
pub(crate) mod evidence;
pub(crate) mod fates;
pub(crate) mod hooks;
pub(crate) mod journeys;
pub(crate) mod messages;
pub(crate) mod personal;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod replies;
pub(crate) mod service_cases;
pub mod session;
pub mod sqlite;
pub(crate) mod stock;
pub(crate) mod templates;
pub(crate) mod wishes;

pub(crate) use advisories::Case;
pub(crate) use bookings::Stay;
pub(crate) use messages::Mail;
pub(crate) use record::Entry;
pub(crate) use session::values;
pub use session::{Database, Row, Session, Value};
pub use sqlite::Sqlite;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{OutreachError, Result};

/// The open database. Every step is one transaction, so that state and outbox never disagree.
pub(crate) struct Store {
    database: Box<dyn Database>,
    undone: AtomicU64,
}

impl Store {
    pub(crate) fn new(database: Box<dyn Database>) -> Self {
        Self { database, undone: AtomicU64::new(0) }
    }

    /// How many steps of ours were undone.
    pub(crate) fn undone(&self) -> u64 {
        self.undone.load(Ordering::Relaxed)
    }

    /// Runs one step as one transaction; an error undoes all of it.
    pub(crate) fn write<T>(&self, attempted: &str, step: impl FnOnce(&dyn Session) -> Result<T>) -> Result<T> {
        let written = once(attempted, step, |step| self.database.write(step));
        if written.is_err() {
            self.undone.fetch_add(1, Ordering::Relaxed);
        }
        written
    }

    /// Leaves nothing of what was deleted on the disk.
    pub(crate) fn compact(&self, attempted: &str) -> Result<()> {
        self.database.compact().map_err(|e| e.while_doing(attempted))
    }

    /// Reads without changing anything.
    pub(crate) fn read<T>(&self, attempted: &str, step: impl FnOnce(&dyn Session) -> Result<T>) -> Result<T> {
        once(attempted, step, |step| self.database.read(step))
    }
}

/// Hands a step that runs once to a database that takes it by reference, and brings its answer out.
fn once<T>(
    attempted: &str,
    step: impl FnOnce(&dyn Session) -> Result<T>,
    run: impl FnOnce(&mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()>,
) -> Result<T> {
    let (mut step, mut answer) = (Some(step), None);
    let ran = run(&mut |session| {
        let step = step.take().ok_or_else(|| OutreachError::unfit(attempted, "the database ran a step twice"))?;
        answer = Some(step(session)?);
        Ok(())
    });
    ran.map_err(|e| e.while_doing(attempted))?;
    answer.ok_or_else(|| OutreachError::unfit(attempted, "the database did not run the step"))
}
