//! Where service state is kept, and the statements that keep it.
//!
//! [`session`] is the seam below which databases differ; everything above it is written once, in the SQL that they share.

pub(crate) mod advisories;
pub(crate) mod alongside;
pub(crate) mod bookings;
pub(crate) mod care;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod colleagues;
pub(crate) mod crews;
pub(crate) mod dossier;
pub(crate) mod effects;
pub(crate) mod evidence;
pub(crate) mod fates;
pub(crate) mod hooks;
pub(crate) mod journeys;
pub(crate) mod managers;
pub(crate) mod messages;
pub(crate) mod personal;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod replies;
pub(crate) mod service_cases;
pub mod session;
pub(crate) mod spoken;
pub mod sqlite;
pub(crate) mod stock;
pub(crate) mod succession;
pub(crate) mod templates;
pub(crate) mod untold_work;
pub(crate) mod wishes;

pub(crate) use advisories::{Case, GoesWith};
pub(crate) use bookings::Stay;
pub(crate) use messages::Mail;
pub(crate) use record::Entry;
pub(crate) use session::values;
pub use session::{Database, Row, Session, Value};
pub(crate) use spoken::{Companion, Spoken};
pub use sqlite::Sqlite;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{OutreachError, Result};
use crate::seen::Condition;

/// The open database. Every step is one transaction, so that state and outbox never disagree.
pub(crate) struct Store {
    database: Arc<dyn Database>,
    undone: Arc<AtomicU64>,
    /// What must hold when a step begins; it is looked at in the step.
    condition: Option<Condition>,
}

impl Store {
    pub(crate) fn new(database: Box<dyn Database>) -> Self {
        Self { database: Arc::from(database), undone: Arc::default(), condition: None }
    }

    /// The same database for steps that are taken on a condition.
    pub(crate) fn on_condition(&self, condition: Option<Condition>) -> Self {
        Self { database: Arc::clone(&self.database), undone: Arc::clone(&self.undone), condition }
    }

    /// How many steps of ours were undone.
    pub(crate) fn undone(&self) -> u64 {
        self.undone.load(Ordering::Relaxed)
    }

    /// Runs one step as one transaction; an error undoes all of it.
    pub(crate) fn write<T>(&self, attempted: &str, step: impl FnOnce(&dyn Session) -> Result<T>) -> Result<T> {
        let step = |session: &dyn Session| {
            self.condition.iter().try_for_each(|holds| holds(session))?;
            step(session)
        };
        let written = once(attempted, step, |step| self.database.write(step));
        if written.is_err() {
            self.undone.fetch_add(1, Ordering::Relaxed);
        }
        written
    }

    /// A look that now and then has something to note, such as times just found: on the onlooker as long as it only reads, so
    /// that a page waits for no writer; once more as a step that may write, if it wanted to.
    pub(crate) fn look<T>(&self, attempted: &str, step: impl Fn(&dyn Session) -> Result<T>) -> Result<T> {
        let wants_to_write = Cell::new(false);
        let looked = self.read(attempted, |c| step(&Onlooker { session: c, wants_to_write: &wants_to_write }));
        // Whatever it made of the refusal: what it saw without writing is not what it would have shown.
        if wants_to_write.get() { self.write(attempted, step) } else { looked }
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

/// A session that takes no statement that writes, and remembers that one was tried.
struct Onlooker<'a> {
    session: &'a dyn Session,
    wants_to_write: &'a Cell<bool>,
}

impl Session for Onlooker<'_> {
    fn execute(&self, _: &str, _: &[Value]) -> Result<usize> {
        self.wants_to_write.set(true);
        Err(OutreachError::store("a look does not write"))
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let is_look = ["SELECT", "WITH"].iter().any(|word| sql.trim_start().starts_with(word));
        if is_look { self.session.query(sql, values) } else { self.execute(sql, values).map(|_| Vec::new()) }
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
