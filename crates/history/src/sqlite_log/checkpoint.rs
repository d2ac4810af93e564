//! Moves what the write-ahead file holds into the database while appending goes on.
//!
//! SQLite's own way is to do it inside whichever commit made the file too long: tens of megabytes are then copied and synced
//! while every publisher waits for its acknowledgement. Here a thread with a connection of its own copies nearly all of it
//! beside the running commits; the appender then copies the little that was added meanwhile, after which the file begins anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// Pages in the write-ahead file at which the copying begins: 32 MB. The rarer, the cheaper, because each page is copied once.
const PAGES_DUE: u64 = 8_000;
/// SQLite's own way, for when the thread should fail.
const PAGES_LAST_RESORT: i64 = 64_000;
/// Rows of the log that fill a page, table and index together; only an estimate of when to look.
const ROWS_PER_PAGE: u64 = 30;
/// Pages that the smallest commit writes.
const PAGES_PER_COMMIT: u64 = 4;

const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// See the module's text.
pub(super) struct Checkpointer {
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The thread has copied what there was.
    copied: Arc<AtomicBool>,
    asked: bool,
    /// About how many pages wait in the write-ahead file.
    pages: u64,
}

impl Checkpointer {
    /// Starts the thread for the database of which `writer` is the appending connection.
    pub(super) fn start(path: &Path, writer: &Connection) -> rusqlite::Result<Self> {
        let (ask, asked) = sync_channel(1);
        let copied = Arc::new(AtomicBool::new(false));
        let (path, done) = (path.to_owned(), Arc::clone(&copied));
        let thread = std::thread::Builder::new().name("foretell-wal".to_owned());
        let thread = thread.spawn(move || run(&path, &asked, &done)).ok();
        if thread.is_some() {
            writer.pragma_update(None, "wal_autocheckpoint", PAGES_LAST_RESORT)?;
        }
        Ok(Self { ask: Some(ask), thread, copied, asked: false, pages: 0 })
    }

    /// So many rows were committed on `writer`. Never fails: what cannot be copied now stays in the write-ahead file, which is
    /// as durable.
    pub(super) fn committed(&mut self, rows: usize, writer: &Connection) {
        self.pages += rows as u64 / ROWS_PER_PAGE + PAGES_PER_COMMIT;
        if self.copied.swap(false, Ordering::Acquire) {
            self.asked = false;
            match checkpoint(writer) {
                Ok(left) => self.pages = left,
                Err(error) => tracing::warn!(%error, "The log's write-ahead file could not be begun anew."),
            }
        }
        if self.pages >= PAGES_DUE && !self.asked {
            self.asked = self.ask.as_ref().is_some_and(|ask| ask.try_send(()).is_ok());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.ask = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("The thread that copies the log's write-ahead file had panicked.");
        }
    }
}

fn run(path: &PathBuf, asked: &Receiver<()>, copied: &AtomicBool) {
    let connection = Connection::open(path);
    while asked.recv().is_ok() {
        let done =
            connection.as_ref().map_err(ToString::to_string).and_then(|c| checkpoint(c).map_err(|e| e.to_string()));
        if let Err(error) = done {
            tracing::warn!(
                error,
                "The log's write-ahead file could not be copied; trying again with the next commits."
            );
        }
        copied.store(true, Ordering::Release);
    }
}

/// Copies what no reader still needs; returns how many pages are left to be copied.
fn checkpoint(connection: &Connection) -> rusqlite::Result<u64> {
    let (pages, done) = connection.query_row(PASSIVE, [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    Ok(u64::try_from(pages - done).unwrap_or(0))
}
