//! What writing to InfluxDB must not forget: how far along the log it has come, and what the engine concluded meanwhile.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use foretell_model::{LogError, Offset};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::parcel;
use crate::database::{Database, Form, signed, unsigned};
use crate::error::OpenError;

const FORM: Form = Form {
    version: 1,
    // AUTOINCREMENT: numbers are not given twice, so a place in the outbox never points before something new. The lines are
    // compressed; those of an older release are text.
    schema: &["CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), log INTEGER NOT NULL);
        CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, lines TEXT NOT NULL);
        INSERT INTO cursor VALUES (1, 0);"],
    additions: &[],
    remedy: "Delete it, with its -wal and -shm: what the log still holds is written to InfluxDB again, which changes nothing \
        there; forecasts and health that had not been sent are lost.",
    // The engine's snapshot may move on after the outbox has its conclusions: a power cut must not lose what only replaying would bring back.
    durable: true,
};

/// Most bytes that wait in the outbox unless another bound is given. A machine's day takes some 680 bytes there: two years
/// of a thousand machines, a week of a hundred thousand.
const OUTBOX_BYTES_MAX: u64 = 512 << 20;

/// So many free pages may stay in the file; what is beyond an outage has left behind, and goes back to the disk.
const FREE_PAGES: u64 = 4_096;

/// A place that both sources of lines have reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The last entry of the log.
    pub(super) log: Offset,
    /// The last row of the outbox.
    pub(super) outbox: i64,
}

/// Cursor and outbox of a data directory, in `influx.db`.
pub struct InfluxStore {
    database: Database,
    dir: PathBuf,
    is_new: bool,
    bytes_max: AtomicU64,
}

impl InfluxStore {
    /// Opens or creates them.
    ///
    /// # Errors
    /// When the file is not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::at(dir))?;
        let path = dir.join("influx.db");
        let is_new = !path.exists();
        let database = Database::open(&path, &FORM)?;
        Ok(Self { database, dir: dir.to_owned(), is_new, bytes_max: AtomicU64::new(OUTBOX_BYTES_MAX) })
    }

    /// From now on at most so many bytes wait in the outbox.
    pub fn bound(&self, bytes_max: u64) {
        self.bytes_max.store(bytes_max, Ordering::Relaxed);
    }

    /// Whether the data directory had none before: the history of what was concluded is then worth a look.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// The last entry of the log that InfluxDB is sure to have. What stands behind it must stay on the log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cursor(&self) -> Result<Offset, LogError> {
        self.database.reading("read the cursor in", |connection| {
            connection.query_row("SELECT log FROM cursor", [], |row| unsigned(row, 0)).map(Offset)
        })
    }

    /// Goes back to the beginning of the log: it is another one than before.
    ///
    /// # Errors
    /// When the store refused.
    pub fn start_over(&self) -> Result<(), LogError> {
        self.settle(Place::default())
    }

    /// Puts lines into the outbox, durably; drops the oldest beyond its bound.
    ///
    /// # Errors
    /// When they are not kept.
    pub fn keep(&self, lines: &str) -> Result<(), LogError> {
        let bytes_max = self.bytes_max.load(Ordering::Relaxed);
        let kept = keep(&mut self.database.writer(), lines, bytes_max);
        let (dropped, bytes) = kept.map_err(|e| self.database.error("keep conclusions for InfluxDB in", e))?;
        metrics::gauge!("foretell_influx_outbox_bytes").set(bytes as f64);
        if dropped > 0 {
            metrics::counter!("foretell_influx_outbox_dropped_total").increment(dropped);
            tracing::error!(
                points = dropped,
                bytes_max,
                "The outbox to InfluxDB is full: the oldest conclusions are dropped. Readings wait on the log. Mend the connection to \
                 InfluxDB, or give [influxdb] outbox_size_max more room."
            );
        }
        Ok(())
    }

    /// Where the data directory is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rows behind one, up to so many bytes and lines but at least one row.
    pub(super) fn outbox(
        &self,
        after: i64,
        lines_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(i64, String)>, LogError> {
        self.database.reading("read the outbox in", |connection| {
            let mut statement = connection.prepare_cached("SELECT id, lines FROM outbox WHERE id > ?1 ORDER BY id")?;
            let (mut rows, mut found) = (statement.query([after])?, Vec::new());
            let (mut lines, mut bytes) = (0, 0);
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let text = parcel::unpack(row.get_ref(1)?).unwrap_or_else(|error| self.passed_over(id, &error));
                lines += text.lines().count();
                bytes += text.len();
                if !found.is_empty() && (lines > lines_max || bytes > bytes_max) {
                    break;
                }
                found.push((id, text));
            }
            Ok(found)
        })
    }

    /// Records a place as reached for good; what stood in the outbox up to there goes.
    pub(super) fn settle(&self, place: Place) -> Result<(), LogError> {
        let settled = settle(&mut self.database.writer(), place);
        let (bytes, free) = settled.map_err(|e| self.database.error("move the cursor in", e))?;
        metrics::gauge!("foretell_influx_outbox_bytes").set(bytes as f64);
        // A little at a time: this comes again in a second.
        let mut is_first = true;
        if free > FREE_PAGES {
            self.database.shrink(0.0, || std::mem::take(&mut is_first))?;
        }
        Ok(())
    }

    /// A row that is not what was written must not hold up those behind it.
    fn passed_over(&self, id: i64, error: &std::io::Error) -> String {
        metrics::counter!("foretell_influx_outbox_dropped_total").increment(1);
        tracing::error!(
            row = id,
            %error,
            file = %self.database.path().display(),
            "Left out a damaged row of the outbox to InfluxDB; the disk under it deserves a look."
        );
        String::new()
    }
}

/// Bytes that the rows take, and pages that nothing takes.
fn size(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| unsigned(row, 0));
    let (pages, free) = (number("page_count")?, number("freelist_count")?);
    Ok((pages.saturating_sub(free) * number("page_size")?, free))
}

/// Returns how many points were dropped, and the bytes that the rows take.
fn keep(connection: &mut Connection, lines: &str, bytes_max: u64) -> rusqlite::Result<(u64, u64)> {
    let packed = parcel::pack(lines).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.prepare_cached("INSERT INTO outbox (lines) VALUES (?1)")?.execute([packed])?;
    let newest = transaction.last_insert_rowid();
    let (mut dropped, mut bytes) = (0, size(&transaction)?.0);
    while bytes > bytes_max {
        let oldest = "SELECT id, lines FROM outbox WHERE id < ?1 ORDER BY id LIMIT 1";
        let found = transaction.query_row(oldest, [newest], |row| {
            // One that cannot be read counts as one.
            Ok((row.get::<_, i64>(0)?, parcel::unpack(row.get_ref(1)?).map_or(1, |text| text.lines().count())))
        });
        let Some((id, points)) = found.optional()? else { break };
        transaction.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        dropped += points as u64;
        bytes = size(&transaction)?.0;
    }
    transaction.commit()?;
    Ok((dropped, bytes))
}

/// Returns what [`size`] says afterwards.
fn settle(connection: &mut Connection, place: Place) -> rusqlite::Result<(u64, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE cursor SET log = ?1", [signed(place.log.0)])?;
    transaction.execute("DELETE FROM outbox WHERE id <= ?1", params![place.outbox])?;
    let size = size(&transaction)?;
    transaction.commit()?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::super::specimen;
    use super::*;

    #[test]
    fn what_was_kept_is_there_until_it_has_arrived() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        assert!(store.is_new());
        for n in 1..=4 {
            store.keep(&format!("m n={n} 0\nm n={n} 1\n")).unwrap();
        }
        let ids = |store: &InfluxStore, after, lines, bytes| {
            store.outbox(after, lines, bytes).unwrap().iter().map(|(id, _)| *id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&store, 0, 100, 1_000), [1, 2, 3, 4]);
        assert_eq!(ids(&store, 1, 4, 1_000), [2, 3]);
        assert_eq!(ids(&store, 0, 100, 1), [1], "at least one, or it would stand still");
        store.settle(Place { log: Offset(9), outbox: 4 }).unwrap();
        drop(store);
        let store = InfluxStore::open(dir.path()).unwrap();
        store.keep("m n=5 0\n").unwrap();
        assert_eq!((store.is_new(), store.cursor().unwrap(), ids(&store, 4, 9, 999)), (false, Offset(9), vec![5]));
    }

    #[test]
    fn the_oldest_conclusion_goes_when_the_outbox_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        let dropped: u64 = (0..50).map(|n| keep(&mut store.database.writer(), &noise(n), 200_000).unwrap().0).sum();
        let left = store.outbox(0, usize::MAX, usize::MAX).unwrap();
        assert_eq!(dropped as usize + left.len(), 50);
        assert!((5..=10).contains(&left.len()), "{} left", left.len());
        assert_eq!(left.last().map(|(id, _)| *id), Some(50));
        // A bound that was lowered is kept at once, and the newest stays whatever it is.
        let (more, bytes) = keep(&mut store.database.writer(), &noise(50), 1).unwrap();
        let left = store.outbox(0, usize::MAX, usize::MAX).unwrap();
        assert_eq!((dropped + more, left.len(), left[0].0), (50, 1, 51), "{bytes} bytes");
    }

    /// A line that cannot be compressed to less than some 20 kB.
    fn noise(seed: u32) -> String {
        let mut state = seed.wrapping_add(1);
        let letters = (0..27_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[(state >> 26) as usize])
        });
        format!("m t=\"{}\" 0\n", letters.collect::<String>())
    }

    #[test]
    fn a_damaged_row_and_one_of_an_older_release_hold_nothing_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        let insert = "INSERT INTO outbox (lines) VALUES ('m n=1 0'), (x'00ff')";
        store.database.writer().execute_batch(insert).unwrap();
        store.keep("m n=3 0\n").unwrap();
        let lines: Vec<_> = store.outbox(0, 99, 9_999).unwrap().into_iter().map(|(_, lines)| lines).collect();
        assert_eq!(lines, ["m n=1 0", "", "m n=3 0\n"]);
    }

    #[test]
    fn a_full_disk_is_told_from_other_failures_and_room_goes_back_after_an_outage() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        (0..1_000).for_each(|n| store.keep(&noise(n)).unwrap());
        let pages = || store.database.writer().query_row("PRAGMA page_count", [], |row| unsigned(row, 0)).unwrap();
        let before = pages();
        store.database.writer().pragma_update(None, "max_page_count", signed(before)).unwrap();
        let refused = (0..9).find_map(|n| store.keep(&noise(n)).err());
        assert!(matches!(refused, Some(LogError::Full { .. })), "{refused:?}");
        let last = store.outbox(0, usize::MAX, usize::MAX).unwrap().last().unwrap().0;
        (0..9).for_each(|_| store.settle(Place { log: Offset(1), outbox: last }).unwrap());
        assert!(before > FREE_PAGES && pages() <= FREE_PAGES, "{} of {before} pages are left", pages());
    }

    /// What an outage of a day costs a fleet of a thousand machines, each with a forecast, as the server writes them.
    #[test]
    fn the_outbox_holds_a_month_of_a_thousand_machines_many_times_over() {
        let dir = tempfile::tempdir().unwrap();
        let store = InfluxStore::open(dir.path()).unwrap();
        let (mut lines, mut raw) = (String::new(), 0);
        for machine in 0..1_000 {
            specimen::day_of(machine, &mut lines);
            if lines.len() >= 64 << 10 {
                raw += lines.len();
                store.keep(&std::mem::take(&mut lines)).unwrap();
            }
        }
        let (bytes, _) = size(&store.database.writer()).unwrap();
        let days = OUTBOX_BYTES_MAX / bytes;
        assert!(raw > 1_000_000 && days > 300, "a day takes {bytes} bytes ({raw} before): {days} days");
        println!("a day of 1,000 machines: {raw} bytes of lines, {bytes} in the outbox, which holds {days} days");
    }
}
