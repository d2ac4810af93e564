//! The durable log: one SQLite table in order of arrival, whose row number is the replay offset.
//!
//! Redelivered events are recognised through an index that begins with the *minute* of the event: live traffic of the whole
//! fleet lands in the few pages of the present minute, so inserts stay at the right edge of the tree, and still one machine's
//! readings of a span are found with one seek per minute. An index that begins with the machine touches a page per row and
//! is many times slower; one that begins with the millisecond is as fast but cannot find a machine.
//!
//! The index narrows by a 32-bit digest and the bytes decide, so two different events are never taken for one.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foretell_model::{Appended, Event, Log, LogError, Logged, MachineId, Offset, Partition};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::codec::{self, Kind};
use crate::database::{Database, Form, PROBES, refused, signed, unsigned};
use crate::error::OpenError;
use crate::lock::DirLock;
use crate::machines::{self, Names, Numbers};
use crate::room::DiskRoom;
use checkpoint::Checkpointer;
use new_row::{INSERT, NewRow, SAME};
use queries::Queries;
use stored::Stored;
use tail::Tail;
use witness::Witness;

mod birth;
mod checkpoint;
mod days;
mod look;
mod new_row;
mod page;
mod queries;
mod spans;
mod stored;
mod tail;
mod witness;
mod wreck;

pub(crate) use birth::check_there;
pub use birth::{follow, followed};
pub use days::{AcceptedLoss, LoggedDay};
pub use wreck::{Stretch, Wreck};

/// What to do about a damaged log.
pub(crate) const REMEDY: &str = "Restore it from a backup. Without one, `foretell export --out FILE.parquet` saves every reading that can still be read, \
    those of archived days too, for `foretell import` into a new log (deploy/README.md, \"Rescue a damaged log\").";

const FORM: Form = Form {
    version: 1,
    schema: &[
        machines::SCHEMA,
        "CREATE TABLE log (id INTEGER PRIMARY KEY, machine INTEGER NOT NULL, ts INTEGER NOT NULL, lag_ms INTEGER NOT NULL,
            kind INTEGER NOT NULL, digest INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE UNIQUE INDEX log_identity ON log (ts / 60000, machine, ts, digest);
        CREATE TABLE cursors (consumer TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
            PRIMARY KEY (consumer, partition)) WITHOUT ROWID;",
    ],
    additions: &[PROBES, days::SCHEMA, birth::SCHEMA],
    durable: true,
    remedy: REMEDY,
};

/// The log of one process, in `log.db` of its data directory.
///
/// Everything is in one partition: one file has one writer, and splitting it would only cost fsyncs.
pub struct SqliteLog {
    database: Database,
    /// Held as long as this process appends; `None` for one that only reads.
    lock: Option<DirLock>,
    numbers: Mutex<Numbers>,
    names: Names,
    head: Mutex<Offset>,
    grown: Condvar,
    room: Option<DiskRoom>,
    /// What was appended last; empty for one that only reads.
    tail: Mutex<Tail>,
    /// `None` for one that only reads.
    checkpointer: Mutex<Option<Checkpointer>>,
    /// Of use to one that appends.
    witness: Mutex<Witness>,
    /// The file was met damaged: until its end and what refused was read back, nothing is appended.
    doubtful: AtomicBool,
    /// What refused to be read.
    met: Mutex<Vec<look::Met>>,
    birth: Option<i64>,
    queries: &'static Queries,
    /// Narrows the search for an equal event; a parameter so that a test can make it collide.
    digest: fn(u8, &[u8]) -> u32,
}

impl SqliteLog {
    /// Opens or creates the log of a data directory, for this process alone to append to.
    ///
    /// # Errors
    /// When another process appends to it, the file is not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, Some(DirLock::take(dir, "log")?))
    }

    /// Refuses appends as [`LogError::Full`] while there is less room.
    #[must_use]
    pub fn keeping_free(mut self, room: DiskRoom) -> Self {
        self.room = Some(room);
        self
    }

    /// Whether the log takes a write now, found out by writing.
    ///
    /// # Errors
    /// When it does not, or the room is short.
    pub fn probe(&self) -> Result<(), LogError> {
        self.check_room()?;
        self.database.probe()
    }

    fn check_room(&self) -> Result<(), LogError> {
        self.room.as_ref().map_or(Ok(()), |room| room.check(self.database.path()))
    }

    /// Moves what the write-ahead file holds into `log.db`, so that a copy of that one file is whole. For a clean stop; costs
    /// up to some tens of megabytes of writing.
    ///
    /// # Errors
    /// When the store refused; nothing is lost by that.
    pub fn checkpoint(&self) -> Result<(), LogError> {
        let done = self.database.writer().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        done.map_err(|e| self.database.error("checkpoint", e))
    }

    /// Opens the log beside the process that appends to it: reads and cursors work, [`Log::append`] is refused. Where nothing can
    /// be written, reads work.
    ///
    /// # Errors
    /// When the file is not ours or of a later release, or the file system refuses.
    pub fn open_beside(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, None)
    }

    fn open_with(dir: &Path, lock: Option<DirLock>) -> Result<Self, OpenError> {
        let path = dir.join("log.db");
        birth::check_there(dir, &path)?;
        let open = if lock.is_some() { Database::open } else { Database::open_to_look };
        let database = open(&path, &FORM)?;
        let head = head(&database.writer()).map_err(|error| refused(error, &path, &FORM))?;
        let mut birth = birth::number(&database.writer()).map_err(|error| refused(error, &path, &FORM))?;
        let witness = Witness::of(dir);
        let is_cut = |birth| witness.contradicts(&database.writer(), birth, head);
        if lock.is_some() && birth.is_some_and(is_cut) {
            tracing::warn!(
                path = %path.display(),
                entries = head.0,
                "The log is not what it was when it was last written: an earlier copy was put back, or its end is lost. It goes on as \
                 another log; engine, curves and InfluxDB take it up from its beginning."
            );
            let renumbered = birth::renumber(&mut database.writer(), head);
            birth = renumbered.map_err(|error| refused(error, &path, &FORM))?;
        }
        let queries = Queries::of(&database.writer(), lock.is_some(), |error| refused(error, &path, &FORM))?;
        let checkpointer = lock.as_ref().map(|_| Checkpointer::start(&path, &database.writer())).transpose();
        let checkpointer = checkpointer.map_err(|error| refused(error, &path, &FORM))?;
        Ok(Self {
            database,
            lock,
            numbers: Mutex::default(),
            names: Names::default(),
            head: Mutex::new(head),
            grown: Condvar::new(),
            room: None,
            tail: Mutex::new(Tail::new(head)),
            checkpointer: Mutex::new(checkpointer),
            witness: Mutex::new(witness),
            doubtful: AtomicBool::new(false),
            met: Mutex::default(),
            birth,
            queries,
            digest: codec::digest,
        })
    }

    /// Waits until this process has appended something beyond `after`, at most `within`; returns the head by then.
    #[must_use]
    pub fn wait_beyond(&self, after: Offset, within: Duration) -> Offset {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.grown.wait_timeout_while(head, within, |head| *head <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        // Extending is the only change, and it is whole.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every machine that was ever on the log, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn machines(&self) -> Result<Vec<MachineId>, LogError> {
        let found = self.database.reading("list the machines of", machines::all);
        found.map_err(|error| self.met(error, "SELECT * FROM machines", []))
    }

    /// Inserts a batch inside a transaction; returns what was new.
    fn insert(&self, connection: &Connection, numbers: &mut Numbers, batch: &[Event]) -> rusqlite::Result<Vec<Logged>> {
        let mut insert = connection.prepare_cached(INSERT)?;
        let mut same = connection.prepare_cached(SAME)?;
        let mut body = Vec::with_capacity(64);
        let mut kept = Vec::with_capacity(batch.len());
        // A machine's events come in runs: one connection's messages, or one array's items.
        let mut run: Option<(&MachineId, i64)> = None;
        for event in batch {
            body.clear();
            codec::encode(event, &mut body);
            let kind = Kind::of(event) as u8;
            let machine = match run {
                Some((machine, number)) if machine == event.machine() => number,
                _ => numbers.number(connection, event.machine())?,
            };
            run = Some((event.machine(), machine));
            let row = NewRow { machine, ts: event.ts().millis(), lag_ms: codec::lag_ms(event), kind, body: &body };
            if row.insert((self.digest)(kind, &body), &mut insert, &mut same)? {
                let offset = Offset(connection.last_insert_rowid().cast_unsigned());
                kept.push(Logged { offset, event: event.clone() });
            }
        }
        Ok(kept)
    }

    fn bear_witness(&self, connection: &Connection, head: Offset, at_once: bool) {
        let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        witness.note(connection, self.birth, head, at_once);
    }

    fn appending(&self, batch: &[Event]) -> rusqlite::Result<(Appended, Vec<Logged>)> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = self.database.writer();
        let result = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let kept = self.insert(&transaction, &mut numbers, batch)?;
            // Row numbers only grow, and nobody else appends.
            let before = *self.head.lock().unwrap_or_else(PoisonError::into_inner);
            let head = kept.last().map_or(before, |last| last.offset);
            transaction.commit()?;
            Ok((Appended { kept: kept.len(), duplicates: batch.len() - kept.len(), head }, kept))
        });
        match &result {
            Ok((appended, _)) => {
                let mut checkpointer = self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(checkpointer) = &mut *checkpointer {
                    checkpointer.committed(appended.kept, &connection);
                }
                self.bear_witness(&connection, appended.head, false);
            }
            Err(_) => numbers.forget(),
        }
        result
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let head = *self.head.lock().unwrap_or_else(PoisonError::into_inner);
            self.bear_witness(&self.database.writer(), head, true);
        }
    }
}

/// What is attempted, for errors.
const APPENDING: &str = "append to";

impl Log for SqliteLog {
    fn partitions(&self) -> u16 {
        1
    }

    fn append(&self, batch: &[Event]) -> Result<Appended, LogError> {
        if self.lock.is_none() {
            return Err(LogError::Store {
                attempted: format!("append to {}, which another process owns", self.database.path().display()),
                source: "the log was opened beside its owner".into(),
            });
        }
        self.check_room()?;
        self.database.check_standing(APPENDING)?;
        if self.doubtful.load(Ordering::Relaxed) {
            self.look()?;
        }
        let written = self.database.written(APPENDING, self.appending(batch));
        let (appended, kept) = written.map_err(|error| self.doubting(error))?;
        self.tail().extend(kept);
        metrics::counter!("foretell_log_rows_total").increment(appended.kept as u64);
        metrics::counter!("foretell_log_duplicates_total").increment(appended.duplicates as u64);
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = appended.head;
        self.grown.notify_all();
        // What was just written is worth an answer only where it can be found again.
        self.database.check_standing(APPENDING)?;
        Ok(appended)
    }

    fn read(&self, partition: Partition, after: Offset, max: usize) -> Result<Vec<Logged>, LogError> {
        if partition != Partition(0) {
            return Ok(Vec::new());
        }
        let newest = if self.lock.is_some() { self.tail().read(after, max) } else { None };
        if let Some(entries) = newest {
            return Ok(entries);
        }
        let reached = Cell::new(after.0);
        let found = self.database.reading("read", |connection| {
            let mut statement = connection.prepare_cached(self.queries.read)?;
            let mut after = after.0;
            loop {
                let mut logged = Vec::new();
                let mut rows = statement.query(params![signed(after), signed(max as u64)])?;
                let mut seen = 0;
                // Up to a damaged page everything can be read, and what refuses is met again at the next call.
                while let Some(row) = rows.next().or_else(|e| if logged.is_empty() { Err(e) } else { Ok(None) })? {
                    seen += 1;
                    after = unsigned(row, 0)?;
                    reached.set(after);
                    let Some(machine) = self.names.name(connection, row.get(1)?)? else { continue };
                    logged.extend(self.event(row, machine)?.map(|event| Logged { offset: Offset(after), event }));
                }
                // Only when every row was unreadable must it look further: an empty answer means "that was all".
                if !logged.is_empty() || seen == 0 {
                    return Ok(logged);
                }
            }
        });
        found.map_err(|error| self.met(error, self.queries.read, [signed(reached.get()), 1]))
    }

    fn head(&self, partition: Partition) -> Result<Offset, LogError> {
        if partition != Partition(0) {
            return Ok(Offset(0));
        }
        if self.lock.is_some() {
            return Ok(*self.head.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.database.reading("find the end of", head)
    }

    fn cursor(&self, consumer: &str, partition: Partition) -> Result<Offset, LogError> {
        let query = "SELECT offset FROM cursors WHERE consumer = ?1 AND partition = ?2";
        self.database.reading("read a cursor of", |connection| {
            let found =
                connection.query_row(query, params![consumer, partition.0], |row| unsigned(row, 0)).optional()?;
            Ok(Offset(found.unwrap_or(0)))
        })
    }

    fn commit(&self, consumer: &str, partition: Partition, offset: Offset) -> Result<(), LogError> {
        let statement = "INSERT INTO cursors VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET offset = excluded.offset";
        let written = self.database.writer().execute(statement, params![consumer, partition.0, signed(offset.0)]);
        written.map(|_| ()).map_err(|e| self.database.error("commit a cursor to", e))
    }
}

fn head(connection: &Connection) -> rusqlite::Result<Offset> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM log", [], |row| unsigned(row, 0)).map(Offset)
}

impl SqliteLog {
    /// The event of a row as [`Queries`] ask for it. One that is not what was written is counted and left out, because a damaged row
    /// must not stop the fleet.
    fn event(&self, row: &Row<'_>, machine: MachineId) -> rusqlite::Result<Option<Event>> {
        let stored = Stored {
            machine: row.get(1)?,
            ts: row.get(2)?,
            lag_ms: row.get(3)?,
            kind: row.get(4)?,
            body: row.get_ref(5)?.as_blob()?,
            digest: row.get(6)?,
            place: row.get(7)?,
        };
        match stored.event(machine, self.digest) {
            Ok(event) => Ok(Some(event)),
            Err(error) => {
                metrics::counter!("foretell_log_unreadable_rows_total").increment(1);
                tracing::error!(
                    offset = row.get::<_, i64>(0)?,
                    %error,
                    "Left out a damaged row of the log; the disk under it deserves a look."
                );
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests;
