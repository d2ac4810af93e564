//! One SQLite file of ours: opened with its form checked, one writer, and readers that never wait for it. Where nothing can be
//! written it can still be read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foretell_model::LogError;
use rusqlite::{Connection, Row};

use crate::door::Door;
use crate::error::{OpenError, is_damage, is_full, store_error};
use crate::standing::Standing;

/// Marks our files in SQLite's header: `Fore`.
const APPLICATION_ID: i64 = 0x466F_7265;

/// Reader connections kept open for the next query.
const IDLE_READERS_MAX: usize = 4;

/// How long a statement waits for another process's transaction.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(10);

/// SQLite's number for `auto_vacuum = incremental`.
const INCREMENTAL: u64 = 2;

/// Pause between two stretches of work that hold the writer.
pub(crate) const BREATH: Duration = Duration::from_millis(20);

/// Where [`Database::probe`] writes.
pub(crate) const PROBES: &str = "CREATE TABLE IF NOT EXISTS probes (id INTEGER PRIMARY KEY, count INTEGER NOT NULL);";

/// How a file of ours is laid out and how hard it holds on to what it was given.
pub(crate) struct Form {
    /// Version of the layout.
    pub(crate) version: i64,
    /// Statements that lay out a new file.
    pub(crate) schema: &'static [&'static str],
    /// Statements that add to a file of any release what older ones do without; done at every opening.
    pub(crate) additions: &'static [&'static str],
    /// Whether a commit survives a power cut (`FULL`) or only a crash of the process (`NORMAL`).
    pub(crate) durable: bool,
    /// What to do when the file is damaged, and what is lost with it; a sentence.
    pub(crate) remedy: &'static str,
}

/// An open file.
pub(crate) struct Database {
    path: PathBuf,
    /// How readers open it.
    door: Door,
    remedy: &'static str,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// The files that the writer writes to, as they stood when it was opened.
    standing: Standing,
    /// What was said of a page that refused a write, until a write was kept. No other write tells whether it would still refuse.
    damage: Mutex<Option<String>>,
}

impl Database {
    /// Opens or creates a file.
    pub(crate) fn open(path: &Path, form: &Form) -> Result<Self, OpenError> {
        // SQLite would only say that it cannot.
        writable(path).map_err(OpenError::at(path))?;
        let refused = |error| refused(error, path, form);
        let connection = Connection::open(path).map_err(refused)?;
        prepare(&connection, form).map_err(refused)?;
        check(&connection, path, form)?;
        connection.execute_batch(&form.additions.concat()).map_err(refused)?;
        Ok(Self::of(connection, path, Door::of(path), form))
    }

    fn of(connection: Connection, path: &Path, door: Door, form: &Form) -> Self {
        let (writer, readers, standing) = (Mutex::new(connection), Mutex::default(), Standing::of(path));
        Self { path: path.to_owned(), door, remedy: form.remedy, writer, readers, standing, damage: Mutex::default() }
    }

    /// Opens a file to look at it, beside whoever writes to it, also where nothing can be written: on a mount that is read-only,
    /// in a directory of somebody else, on a full disk. Every write is refused there.
    pub(crate) fn open_to_look(path: &Path, form: &Form) -> Result<Self, OpenError> {
        if writable(path).is_ok() {
            return match Self::open(path, form) {
                Err(OpenError::Full { .. }) => Self::look_through(Door::without_room(path), path, form),
                opened => opened,
            };
        }
        let has_wal = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
        if has_wal && !beside(path, "-shm").exists() {
            return Err(OpenError::NeedsWriting { path: path.to_owned() });
        }
        // Without a write-ahead file nobody is writing, and SQLite would want to make one to look.
        Self::look_through(if has_wal { Door::of(path) } else { Door::unchanging(path) }, path, form)
    }

    fn look_through(door: Door, path: &Path, form: &Form) -> Result<Self, OpenError> {
        let connection = door.reader().map_err(|error| refused(error, path, form))?;
        check(&connection, path, form)?;
        Ok(Self::of(connection, path, door, form))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The one connection that writes. A panic while it was held rolled its transaction back, so it stays usable.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a query on a connection of its own, so that it sees one state and never waits for the writer.
    pub(crate) fn reading<T>(
        &self,
        attempted: &str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        let idle = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let result = taken.map_or_else(|| self.open_reader(), Ok).and_then(|connection| {
            let result = query(&connection)?;
            let mut idle = idle();
            if idle.len() < IDLE_READERS_MAX {
                idle.push(connection);
            }
            Ok(result)
        });
        result.map_err(|e| self.error(attempted, e))
    }

    /// Runs a query on a connection that remembers nothing, so that what it sees stands in the files.
    pub(crate) fn afresh<T>(
        &self,
        attempted: &str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        self.open_reader().and_then(|connection| query(&connection)).map_err(|e| self.error(attempted, e))
    }

    /// Refuses when what is written would go to files that stand under their names no longer, and would be gone with the process.
    pub(crate) fn check_standing(&self, attempted: &str) -> Result<(), LogError> {
        let Some(gone) = self.standing.gone() else { return Ok(()) };
        let why = format!(
            "{} was moved, removed or replaced while the service runs; stop the service, put it back or restore a backup, and start \
             it again",
            gone.display()
        );
        Err(LogError::Store { attempted: format!("{attempted} {}", self.path.display()), source: why.into() })
    }

    /// Refuses when something else was written over the files, though what is remembered of them goes on to work.
    pub(crate) fn check_heads(&self, attempted: &str) -> Result<(), LogError> {
        let overwritten = self.standing.overwritten().is_some();
        if overwritten { Err(self.damaged(attempted, "something else was written over it")) } else { Ok(()) }
    }

    /// What came of a write of ours; damage that it met is remembered until another was kept.
    pub(crate) fn written<T>(&self, attempted: &str, written: rusqlite::Result<T>) -> Result<T, LogError> {
        let written = written.map_err(|e| self.error(attempted, e));
        let mut damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        match &written {
            Ok(_) => *damage = None,
            Err(error @ LogError::Damaged { .. }) => *damage = Some(error.to_string()),
            Err(_) => {}
        }
        written
    }

    /// What was said of a page that refused a write, while no write was kept since.
    pub(crate) fn damage(&self) -> Option<String> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A finding of our own that the file is not what was written.
    pub(crate) fn damaged(&self, attempted: &str, why: &'static str) -> LogError {
        LogError::Damaged {
            attempted: format!("{attempted} {}", self.path.display()),
            remedy: self.remedy.to_owned(),
            source: why.into(),
        }
    }

    pub(crate) fn error(&self, attempted: &str, error: rusqlite::Error) -> LogError {
        store_error(&self.path, self.remedy, attempted, error)
    }

    /// Whether it takes a write now, found out by writing.
    pub(crate) fn probe(&self) -> Result<(), LogError> {
        let statement = "INSERT INTO probes VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1";
        let written = self.writer().execute(statement, []);
        written.map(|_| ()).map_err(|e| self.error("write to", e))
    }

    /// Gives free pages back to the file system, some at a time so that whoever waits for the writer gets in between, until
    /// at most `share` of the file is free. Does nothing for a file that an older release laid out: its free pages are used
    /// again, but it stays as large as it was. Returns how many pages went.
    pub(crate) fn shrink(&self, share: f64, mut go_on: impl FnMut() -> bool) -> Result<u64, LogError> {
        const PAGES: u64 = 500;
        let number = |pragma: &str| {
            let asked = self.writer().query_row(&format!("PRAGMA {pragma}"), [], |row| unsigned(row, 0));
            asked.map_err(|e| self.error("look at the free pages of", e))
        };
        let before = number("page_count")?;
        if number("auto_vacuum")? != INCREMENTAL {
            return Ok(0);
        }
        while number("freelist_count")? as f64 > number("page_count")? as f64 * share && go_on() {
            free_pages(&self.writer(), PAGES).map_err(|e| self.error("shrink", e))?;
            std::thread::sleep(BREATH);
        }
        Ok(before.saturating_sub(number("page_count")?))
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        self.door.reader()
    }
}

/// A file beside another, whose name goes on with this.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Whether a file, where there is one, can be written.
fn writable(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match File::options().write(true).open(path) {
        Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => Err(error),
        _ => Ok(()),
    }
}

/// Gives back so many free pages at most. SQLite frees one a step, so a statement that is not stepped to its end frees only one.
fn free_pages(connection: &Connection, pages: u64) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut freed = statement.query([])?;
    while freed.next()?.is_some() {}
    Ok(())
}

/// SQLite's integers have a sign, offsets and counts have none; neither ever comes near the sign bit.
pub(crate) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// A column that [`signed`] wrote.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

fn prepare(connection: &Connection, form: &Form) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    // Only a new file takes this up; it is what lets a file give pages back later without being copied whole. Any other would be
    // written to for nothing, which a full disk refuses.
    if connection.query_row("PRAGMA page_count", [], |row| unsigned(row, 0))? == 0 {
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", if form.durable { "full" } else { "normal" })?;
    // A checkpoint costs two fsyncs and rewrites each page once: the rarer, the cheaper.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    // A page whose cells lie outside it is damaged: found before anything is written to it, for the price of a look when it is read.
    connection.pragma_update(None, "cell_size_check", true)
}

/// Why SQLite would not open a file: what is damaged comes with its remedy, and a full disk by its name.
pub(crate) fn refused(error: rusqlite::Error, path: &Path, form: &Form) -> OpenError {
    if is_full(path, &error) {
        return OpenError::Full { path: path.to_owned(), why: error.to_string() };
    }
    if is_damage(&error) {
        return OpenError::Damaged { path: path.to_owned(), remedy: form.remedy, source: Box::new(error) };
    }
    OpenError::at(path)(error)
}

/// Lays out a new file; refuses one of another program or a later release.
fn check(connection: &Connection, path: &Path, form: &Form) -> Result<(), OpenError> {
    let number = |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    let count = "SELECT count(*) FROM sqlite_schema";
    let refused = |error| refused(error, path, form);
    let tables: i64 = connection.query_row(count, [], |row| row.get(0)).map_err(refused)?;
    if tables == 0 {
        let schema = format!(
            "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}; COMMIT;",
            form.schema.concat(),
            form.version
        );
        return connection.execute_batch(&schema).map_err(refused);
    }
    if number("application_id").map_err(refused)? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = number("user_version").map_err(refused)?;
    if found > form.version {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: form.version });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form {
        version: 1,
        schema: &["CREATE TABLE t (x);"],
        additions: &[PROBES],
        durable: true,
        remedy: "Delete it; only x is lost.",
    };

    fn check_opening(prepare: &str, expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        drop(Database::open(&path, &FORM).unwrap());
        Connection::open(&path).unwrap().execute_batch(prepare).unwrap();
        let got = Database::open(&path, &FORM).map_or_else(|e| e.to_string(), |_| "opened".into());
        assert_eq!(got.replace(&path.display().to_string(), "x.db"), expected);
    }

    #[test]
    fn a_damaged_file_comes_with_its_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let said = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let error = Database::open(&path, &FORM).map(|_| ()).unwrap_err();
            error.to_string().replace(&path.display().to_string(), "x.db")
        };
        assert_eq!(said(&[b'x'; 5_000]), "x.db is damaged. Delete it; only x is lost.");
        std::fs::remove_file(&path).unwrap();
        drop(Database::open(&path, &FORM).unwrap());
        let mut whole = std::fs::read(&path).unwrap();
        whole[100..1_000].fill(0xee);
        assert_eq!(said(&whole), "x.db is damaged. Delete it; only x is lost.");
    }

    /// As on a full disk: whoever wrote was killed, and nothing can be made beside the file.
    #[test]
    fn what_a_killed_process_left_is_looked_at_without_making_a_file() {
        let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, of_copy) = (dir.path().join("x.db"), copy.path().join("x.db"));
        let killed = Database::open(&path, &FORM).unwrap();
        killed.writer().execute_batch("INSERT INTO t VALUES (1), (2)").unwrap();
        for name in ["x.db", "x.db-wal"] {
            std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
        }
        let looked = Database::look_through(Door::without_room(&of_copy), &of_copy, &FORM).unwrap();
        let count =
            |connection: &Connection| connection.query_row("SELECT count(*) FROM t", [], |row| unsigned(row, 0));
        // Several at once, as whoever exports reads.
        let both = looked.reading("count", |one| Ok((count(one)?, looked.afresh("count", count).ok()))).unwrap();
        assert_eq!(both, (2, Some(2)));
        assert!(!copy.path().join("x.db-shm").exists(), "an index was made on the disk");
        assert!(looked.probe().is_err() && looked.writer().execute_batch("INSERT INTO t VALUES (3)").is_err());
        drop(looked);
        // Nobody is kept from it afterwards, and nothing of it went.
        assert_eq!(Database::open(&of_copy, &FORM).unwrap().reading("count", count).unwrap(), 2);
    }

    #[test]
    fn free_pages_go_back_and_a_probe_writes() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().join("x.db"), &FORM).unwrap();
        database.probe().unwrap();
        database.probe().unwrap();
        let fill = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
            INSERT INTO t SELECT zeroblob(4000) FROM n; DELETE FROM t;";
        database.writer().execute_batch(fill).unwrap();
        assert!(database.shrink(0.1, || true).unwrap() > 1_500);
        assert_eq!(database.shrink(0.1, || true).unwrap(), 0);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        check_opening("", "opened");
        check_opening(
            "PRAGMA application_id = 7",
            "x.db is a database, but not one that Foretell wrote; give another data directory",
        );
        check_opening(
            "PRAGMA user_version = 2",
            "x.db has form 2; this release knows up to 1. Run the release that wrote it, or a later one",
        );
    }
}
