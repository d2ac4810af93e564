//! Roll-ups that are made anew: because their file was damaged and put aside, or because the log was put in the place of another, on
//! which their place would mean something else. What only the archive holds comes first, a day at a time, then the log.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;

use foretell_model::{Event, HOUR_MS, LogError, Logged, MachineId, Offset, Quality, Reading, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params_from_iter};

use super::{FORM, RollUps, write};
use crate::database::{Database, refused, signed, unsigned};
use crate::error::OpenError;
use crate::files::{Archive, FileError, Gone, ReadOptions};
use crate::renewal::renew;
use crate::sqlite_log::SqliteLog;
use crate::summary::Summary;

/// Which log they are made of, and what of the archive was taken: everything before the instant `until` that stood on the log at or
/// before the place `through` comes with the days, and `day` is the last that has come.
pub(super) const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS origin (id INTEGER PRIMARY KEY CHECK (id = 1), log INTEGER NOT NULL,
    until INTEGER, through INTEGER, day INTEGER, whole INTEGER NOT NULL DEFAULT 0);";

/// Events between two words of progress.
const STRIDE: u64 = 2_000;

/// What stands in `origin`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    log: i64,
    until: Option<Timestamp>,
    through: Offset,
    day: Option<Timestamp>,
    whole: bool,
}

impl Origin {
    /// Of a file that says nothing.
    pub(super) const UNKNOWN: Self = Self { log: 0, until: None, through: Offset(0), day: None, whole: true };

    /// What the file says; a file that says nothing is taken as it is.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let query = "SELECT log, until, coalesce(through, 0), day, whole FROM origin";
        let read = |row: &Row<'_>| {
            let instant = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp::from_millis));
            let (log, whole) = (row.get(0)?, row.get(4)?);
            Ok(Self { log, until: instant(1)?, through: Offset(unsigned(row, 2)?), day: instant(3)?, whole })
        };
        connection.query_row(query, [], read).optional()
    }

    /// Whether days of the archive have yet to come, before anything of the log.
    pub(super) const fn waits(&self) -> bool {
        !self.whole
    }

    /// Whether an entry of the log came with the days.
    pub(super) fn has(&self, entry: &Logged) -> bool {
        entry.offset <= self.through && self.until.is_some_and(|until| entry.event.ts() < until)
    }
}

/// What is counted of a day before it is written.
#[derive(Default)]
struct Tally {
    hours: BTreeMap<(i64, MachineId), Summary>,
    latest: HashMap<MachineId, Reading>,
}

impl Tally {
    fn add(&mut self, reading: Reading) {
        // What the source itself disowns is on the log, but in no curve.
        if matches!(reading.quality, Quality::Bad | Quality::Stale) {
            return;
        }
        let (hour, machine) = (reading.ts.hour(), &reading.machine);
        let begins = Timestamp::from_millis(hour * HOUR_MS);
        self.hours.entry((hour, machine.clone())).or_insert_with(|| Summary::empty(begins)).add(&reading);
        match self.latest.get(machine) {
            Some(known) if known.ts > reading.ts => {}
            _ => drop(self.latest.insert(machine.clone(), reading)),
        }
    }
}

impl RollUps {
    /// Takes up which log they are made from now on. Where that is another one than before, they are emptied. Returns whether
    /// [`RollUps::take_archive`] has to come before [`RollUps::catch_up`], which does nothing until then.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn follow(&self, log: &SqliteLog) -> Result<bool, LogError> {
        let Some(birth) = log.birth() else { return Ok(false) };
        let followed = self.following(birth);
        followed.map_err(|e| self.database.error("take up which log is followed in", e))
    }

    fn following(&self, birth: i64) -> rusqlite::Result<bool> {
        let mut numbers = self.numbers();
        let mut connection = self.database.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let begun = "SELECT EXISTS (SELECT 1 FROM cursors)";
        match Origin::of(&transaction)? {
            Some(known) if known.log == birth => return Ok(known.waits()),
            // They were made by an earlier release.
            None if transaction.query_row(begun, [], |row| row.get(0))? => {
                transaction.execute("INSERT INTO origin (id, log, whole) VALUES (1, ?1, 1)", [birth])?;
                transaction.commit()?;
                return Ok(false);
            }
            None => {}
            Some(_) => tracing::warn!("The log is another one than before; the hourly curves are made anew."),
        }
        transaction.execute_batch("DELETE FROM hours; DELETE FROM latest; DELETE FROM cursors; DELETE FROM origin;")?;
        transaction.execute("INSERT INTO origin (id, log) VALUES (1, ?1)", [birth])?;
        transaction.commit()?;
        numbers.forget();
        Ok(true)
    }

    /// Takes what only the archive holds, with what the log holds of the same days; goes on where it was ended. `progress` hears how
    /// many of how many days are done, and may end the work. Returns of how many days readings are lacking, because their files
    /// are damaged or missing. One at a time.
    ///
    /// # Errors
    /// When log, archive or store cannot be read or written, or the work was ended; what came before stays.
    pub fn take_archive(
        &self,
        archive: &Archive,
        log: &SqliteLog,
        options: &ReadOptions,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<usize, FileError> {
        let origin = self.database.reading("look into the origin of", Origin::of)?.unwrap_or(Origin::UNKNOWN);
        let found = archive.gone(log)?;
        let gone = match (origin.until, found) {
            (None, None) => return Ok(self.note("UPDATE origin SET whole = 1", []).map(|()| 0)?),
            (None, Some(gone)) => {
                let begun = [gone.until.millis(), signed(gone.through.0)];
                self.note("UPDATE origin SET until = ?1, through = ?2", begun)?;
                gone
            }
            (Some(until), found) => {
                let days = found.into_iter().flat_map(|gone| gone.days).filter(|day| *day < until).collect();
                Gone { days, until, through: origin.through }
            }
        };
        let mut lacking = archive.missing(log, Timestamp::MIN, Timestamp::MAX)?.len();
        let of = gone.days.len();
        for (done, day) in gone.days.iter().enumerate().filter(|(_, day)| origin.day.is_none_or(|done| **day > done)) {
            let (mut tally, mut events) = (Tally::default(), 0_u64);
            let is_whole = archive.replay_day(log, &gone, *day, options, &mut |event| {
                if let Event::Reading(reading) = event {
                    tally.add(reading);
                }
                events += 1;
                if events.is_multiple_of(STRIDE) { progress(done, of) } else { ControlFlow::Continue(()) }
            })?;
            lacking += usize::from(!is_whole);
            self.take_day(*day, &tally).map_err(|e| self.database.error("merge an archived day into", e))?;
            if progress(done + 1, of).is_break() {
                return Err(FileError::Stopped);
            }
        }
        self.note("UPDATE origin SET whole = 1", [])?;
        Ok(lacking)
    }

    fn note<const N: usize>(&self, statement: &str, values: [i64; N]) -> Result<(), LogError> {
        let noted = self.database.writer().execute(statement, params_from_iter(values));
        noted.map(|_| ()).map_err(|e| self.database.error("note the origin in", e))
    }

    fn take_day(&self, day: Timestamp, tally: &Tally) -> rusqlite::Result<()> {
        let mut numbers = self.numbers();
        let mut connection = self.database.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken = (|| {
            let (mut hours, mut latest) = (BTreeMap::new(), BTreeMap::new());
            for ((hour, machine), summary) in &tally.hours {
                hours.insert((*hour, numbers.number(&transaction, machine)?), *summary);
            }
            for (machine, reading) in &tally.latest {
                latest.insert(numbers.number(&transaction, machine)?, reading);
            }
            write(&transaction, hours, &latest)?;
            transaction.execute("UPDATE origin SET day = ?1", [day.millis()])?;
            transaction.commit()
        })();
        if taken.is_err() {
            numbers.forget();
        }
        taken
    }

    /// Whether an error tells that the roll-ups' own file is damaged.
    #[must_use]
    pub fn are_damaged(&self, error: &LogError) -> bool {
        let path = self.database.path().display().to_string();
        matches!(error, LogError::Damaged { attempted, .. } if attempted.ends_with(&path))
    }

    /// Whether a page met damage, perhaps in hours that no merge comes to any more.
    #[must_use]
    pub fn are_doubtful(&self) -> bool {
        self.doubtful.load(Ordering::Relaxed)
    }

    /// Puts a damaged file aside and begins anew; [`RollUps::follow`] comes next.
    ///
    /// # Errors
    /// When the file system or the store refuses.
    pub fn renew(&self) -> Result<(), OpenError> {
        let mut numbers = self.numbers();
        drop(begin_anew(self.database.path())?);
        self.doubtful.store(false, Ordering::Relaxed);
        numbers.forget();
        Ok(())
    }
}

/// Puts a damaged file aside and lays out another in its place.
pub(super) fn begin_anew(path: &Path) -> Result<Database, OpenError> {
    let aside = renew(path, &FORM)?;
    tracing::error!(
        file = %path.display(),
        aside = %aside.display(),
        "The hourly curves are damaged. They were put aside and are made anew from the archive and the log; readings are taken as ever."
    );
    let database = Database::open(path, &FORM)?;
    // Numbers that no machine had before: another process may remember whose those were. The name is nobody's.
    let placed = database.writer().execute("INSERT INTO machines VALUES (strftime('%s', 'now') << 20, '..')", []);
    placed.map_err(|error| refused(error, path, &FORM))?;
    Ok(database)
}
