//! Refused input, kept for a person to look at and for a mended configuration to try again, within bounds of rows and bytes.

mod inbox;
mod lists;
mod room;

use std::path::Path;

use foretell_model::{LogError, Quarantine, Quarantined, Refusal};
use rusqlite::{Transaction, params};

use crate::database::{Database, Form, PROBES};
use crate::error::OpenError;
use crate::renewal::renew;
use crate::room::DiskRoom;
pub use inbox::{ReplayClaim, Replayed};
pub use lists::{QuarantineCount, QuarantineFilter};
use room::{Held, ROW_BYTES};

const FORM: Form = Form {
    version: 1,
    // AUTOINCREMENT: numbers are not given twice, even after the newest went.
    schema: &[
        "CREATE TABLE refusals (id INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, source TEXT NOT NULL,
        topic TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, raw BLOB NOT NULL);",
    ],
    additions: &[
        PROBES,
        "CREATE INDEX IF NOT EXISTS refusals_by_reason ON refusals (reason, id);",
        room::SCHEMA,
        inbox::SCHEMA,
    ],
    // A message of which nothing was admitted is acknowledged because it stands here; a reading ahead of our own wrong clock
    // is such a one.
    durable: true,
    remedy: "Delete it, with its -wal and -shm, and start again: only refused input is lost, no reading that was admitted.",
};

/// Longest kept source, topic or detail, characters.
const TEXT_CHARS_MAX: usize = 1_000;

/// How much the quarantine keeps. Sixteen times as many rows and bytes more of what was refused for its time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineBounds {
    /// Most refusals.
    pub rows_max: u64,
    /// Most bytes over all refusals, texts included.
    pub bytes_max: u64,
    /// Raw bytes kept of one refusal; the rest is cut, and what was cut cannot be tried again.
    pub raw_bytes_max: usize,
}

impl Default for QuarantineBounds {
    /// A whole message of the largest size is kept, so that all of it can be tried again.
    fn default() -> Self {
        Self { rows_max: 1_000_000, bytes_max: 64 << 20, raw_bytes_max: 1 << 20 }
    }
}

/// The quarantine of a data directory, in `quarantine.db`: a file of its own, so that a flood of rubbish never waits
/// before the log, nor the log before it. Several processes may use it.
pub struct SqliteQuarantine {
    database: Database,
    bounds: QuarantineBounds,
    room: Option<DiskRoom>,
    /// A damaged file is put aside and begun anew.
    renews: bool,
}

impl SqliteQuarantine {
    /// Opens or creates the quarantine of a data directory.
    ///
    /// # Errors
    /// When the file is damaged, not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path, bounds: QuarantineBounds) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::at(dir))?;
        let database = Database::open(&dir.join("quarantine.db"), &FORM)?;
        Ok(Self::of(database, bounds))
    }

    fn of(database: Database, bounds: QuarantineBounds) -> Self {
        Self { database, bounds, room: None, renews: false }
    }

    /// The same; a file that is damaged, or found to be so later, is put aside and begun anew. For the process that takes readings
    /// in: a message of which something is refused could not be acknowledged, and the readings in it would wait for a person.
    ///
    /// # Errors
    /// As [`SqliteQuarantine::open`], and when nothing can be put aside.
    pub fn open_or_renew(dir: &Path, bounds: QuarantineBounds) -> Result<Self, OpenError> {
        let opened = match Self::open(dir, bounds) {
            Err(OpenError::Damaged { path, .. }) => Self::of(begin_anew(&path)?, bounds),
            opened => opened?,
        };
        Ok(Self { renews: true, ..opened })
    }

    /// Opens the quarantine to look at it, also where nothing can be written.
    ///
    /// # Errors
    /// As [`SqliteQuarantine::open`], and when there is none.
    pub fn open_to_look(dir: &Path, bounds: QuarantineBounds) -> Result<Self, OpenError> {
        let database = Database::open_to_look(&dir.join("quarantine.db"), &FORM)?;
        Ok(Self::of(database, bounds))
    }

    /// Refuses to keep anything as [`LogError::Full`] while there is less room.
    #[must_use]
    pub fn keeping_free(self, room: DiskRoom) -> Self {
        Self { room: Some(room), ..self }
    }

    /// Whether it takes a write now, found out by writing.
    ///
    /// # Errors
    /// When it does not, or the room is short.
    pub fn probe(&self) -> Result<(), LogError> {
        self.check_room()?;
        self.database.probe()
    }

    /// What a damaged page said that refused what was to be kept; `None` once something was kept again.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        self.database.damage()
    }

    fn check_room(&self) -> Result<(), LogError> {
        self.room.as_ref().map_or(Ok(()), |room| room.check(self.database.path()))
    }

    fn keep(&self, transaction: &Transaction<'_>, refusal: &Refusal) -> rusqlite::Result<u64> {
        let cut = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect::<String>();
        let raw = &refusal.raw[..refusal.raw.len().min(self.bounds.raw_bytes_max)];
        let (source, topic, detail) = (cut(&refusal.source), cut(&refusal.topic), cut(&refusal.detail));
        transaction
            .prepare_cached(
                "INSERT INTO refusals (arrived, source, topic, reason, detail, raw) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![refusal.arrived.millis(), source, topic, refusal.reason, detail, raw])?;
        let chars = [&source, &topic, &detail].map(|text| text.chars().count()).iter().sum::<usize>();
        Ok((raw.len() + chars + refusal.reason.len()) as u64 + ROW_BYTES)
    }

    /// Keeps refusals in an open transaction and lets the oldest go until the bounds hold; returns how many went.
    fn keep_all(&self, transaction: &Transaction<'_>, refusals: &[Refusal], held: &mut Held) -> rusqlite::Result<u64> {
        for refusal in refusals {
            let bytes = self.keep(transaction, refusal)?;
            held.add(refusal.reason, bytes);
        }
        held.evict(transaction, self.bounds)
    }

    /// Changes the file in one transaction, with a count of what it holds.
    fn changing<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>, &mut Held) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.database.writer();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let done = change(&transaction, &mut Held::of(&transaction)?)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// Puts a damaged file aside and lays out another in its place.
fn begin_anew(path: &Path) -> Result<Database, OpenError> {
    let aside = renew(path, &FORM)?;
    tracing::error!(
        file = %path.display(),
        aside = %aside.display(),
        "The quarantine is damaged. It was put aside and begun anew: what was refused before stands in there only. Readings are taken \
         as ever."
    );
    Database::open(path, &FORM)
}

/// What is attempted, for errors.
const KEEPING: &str = "keep refused input in";

impl Quarantine for SqliteQuarantine {
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError> {
        self.check_room()?;
        self.database.check_standing(KEEPING)?;
        let keep = || {
            self.database.check_heads(KEEPING)?;
            let gone = self.changing(|transaction, held| self.keep_all(transaction, refusals, held));
            self.database.written(KEEPING, gone)
        };
        let gone = match keep() {
            Err(LogError::Damaged { .. }) if self.renews => {
                let path = self.database.path();
                let failed = |error| LogError::Store {
                    attempted: format!("put the damaged {} aside", path.display()),
                    source: Box::new(error),
                };
                drop(begin_anew(path).map_err(failed)?);
                keep()?
            }
            gone => gone?,
        };
        metrics::counter!("foretell_quarantine_evicted_total").increment(gone);
        self.database.check_standing(KEEPING)
    }

    fn newest(&self, max: usize) -> Result<Vec<Quarantined>, LogError> {
        self.list(&QuarantineFilter::default(), usize::MAX, max)
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Timestamp;

    use super::*;
    use crate::database::unsigned;

    fn refusal(number: usize, bytes: usize) -> Refusal {
        Refusal {
            arrived: Timestamp::from_millis(number as i64),
            source: "listener".into(),
            topic: format!("t/{number}"),
            reason: "out_of_range",
            detail: "discharge_temp_c held 2000".into(),
            raw: vec![b'x'; bytes],
        }
    }

    fn topics(quarantine: &SqliteQuarantine) -> String {
        let newest = quarantine.newest(10).unwrap();
        newest.iter().map(|q| format!("{} {} {} bytes", q.id, q.topic, q.raw.len())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_oldest_go_and_raw_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 3, bytes_max: 1_000, raw_bytes_max: 400 };
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        quarantine.refuse(&[refusal(1, 5), refusal(2, 5), refusal(3, 5), refusal(4, 5)]).unwrap();
        assert_eq!(topics(&quarantine), "4 t/4 5 bytes, 3 t/3 5 bytes, 2 t/2 5 bytes");
        quarantine.refuse(&[refusal(5, 9_999)]).unwrap();
        assert_eq!(topics(&quarantine), "5 t/5 400 bytes, 4 t/4 5 bytes, 3 t/3 5 bytes");
        drop(quarantine);
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        quarantine.refuse(&[refusal(6, 9_999)]).unwrap();
        assert_eq!(topics(&quarantine), "6 t/6 400 bytes");
        let first = &quarantine.newest(1).unwrap()[0];
        assert_eq!((first.reason.as_str(), first.arrived.millis()), ("out_of_range", 6));
    }

    #[test]
    fn a_flood_for_one_reason_does_not_wash_the_others_out() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 1_000, bytes_max: 20_000, raw_bytes_max: 400 };
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        let few = |n| Refusal { reason: "malformed", ..refusal(n, 100) };
        quarantine.refuse(&(0..10).map(few).collect::<Vec<_>>()).unwrap();
        for _ in 0..10 {
            quarantine.refuse(&(0..100).map(|n| refusal(n, 200)).collect::<Vec<_>>()).unwrap();
        }
        let counts = quarantine.counts().unwrap();
        let held: Vec<_> = counts.iter().map(|count| (count.reason.as_str(), count.items)).collect();
        assert_eq!(held[0], ("malformed", 10));
        assert!(held[1].1 > 40 && counts.iter().map(|count| count.bytes).sum::<u64>() <= 20_000, "{counts:?}");
    }

    #[test]
    fn what_a_wrong_clock_of_ours_refused_outlives_a_flood_of_itself() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 100, bytes_max: 20_000, raw_bytes_max: 400 };
        let quarantine = SqliteQuarantine::open(dir.path(), bounds).unwrap();
        let held = |reason: &str| {
            let counts = quarantine.counts().unwrap();
            counts.iter().find(|count| count.reason == reason).map_or(0, |count| count.items)
        };
        for (reason, expected) in [("from_future", 1_500), ("out_of_range", 100), ("from_future", 1_600)] {
            let flood = (0..1_500).map(|n| Refusal { reason, ..refusal(n, 20) });
            quarantine.refuse(&flood.collect::<Vec<_>>()).unwrap();
            assert_eq!(held(reason), expected, "{reason}");
        }
    }

    #[test]
    fn a_damaged_file_is_begun_anew_by_who_takes_readings_in() {
        use std::os::unix::fs::FileExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("quarantine.db");
        let open = || SqliteQuarantine::open_or_renew(dir.path(), QuarantineBounds::default());
        let spoil = |bytes: std::ops::Range<u64>| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.write_all_at(&vec![0xee; (bytes.end - bytes.start) as usize], bytes.start).unwrap();
        };
        let quarantine = open().unwrap();
        quarantine.refuse(&[refusal(1, 50_000), refusal(2, 50_000)]).unwrap();
        quarantine.database.writer().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'refusals'";
        let page: u64 = quarantine.database.writer().query_row(root, [], |row| unsigned(row, 0)).unwrap();
        drop(quarantine);
        // Beyond its schema, so that it shows when something is to be kept.
        spoil((page - 1) * 4_096..page * 4_096);
        let (quarantine, other) =
            (open().unwrap(), SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap());
        assert!(matches!(other.refuse(&[refusal(3, 5)]), Err(LogError::Damaged { .. })));
        quarantine.refuse(&[refusal(3, 5)]).unwrap();
        assert_eq!((topics(&quarantine).as_str(), quarantine.damage()), ("1 t/3 5 bytes", None));
        assert_eq!(topics(&other), "1 t/3 5 bytes");
        other.refuse(&[refusal(4, 5)]).unwrap();
        assert_eq!(topics(&quarantine), "2 t/4 5 bytes, 1 t/3 5 bytes");
        assert!(std::fs::metadata(dir.path().join("quarantine.db.damaged")).unwrap().len() > 100_000);
        drop((quarantine, other));
        std::fs::remove_file(dir.path().join("quarantine.db-wal")).unwrap();
        // All of it, so that it shows when it is opened.
        spoil(0..path.metadata().unwrap().len());
        assert!(matches!(
            SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).map(|_| ()),
            Err(OpenError::Damaged { .. })
        ));
        let quarantine = open().unwrap();
        assert_eq!(topics(&quarantine), "");
        quarantine.refuse(&[refusal(5, 5)]).unwrap();
        assert_eq!(topics(&quarantine), "1 t/5 5 bytes");
    }

    #[test]
    fn what_was_written_over_while_it_is_open_is_begun_anew() {
        use std::os::unix::fs::FileExt as _;
        let dir = tempfile::tempdir().unwrap();
        let open = || SqliteQuarantine::open_or_renew(dir.path(), QuarantineBounds::default()).unwrap();
        let quarantine = open();
        quarantine.refuse(&[refusal(1, 5_000), refusal(2, 5_000)]).unwrap();
        for name in ["quarantine.db", "quarantine.db-wal"] {
            let file = std::fs::File::options().write(true).open(dir.path().join(name)).unwrap();
            let length = file.metadata().unwrap().len();
            assert!(length > 0, "{name}");
            file.write_all_at(&vec![0xee; length as usize], 0).unwrap();
        }
        quarantine.refuse(&[refusal(3, 5)]).unwrap();
        quarantine.refuse(&[refusal(4, 5)]).unwrap();
        assert_eq!((topics(&quarantine).as_str(), quarantine.damage()), ("2 t/4 5 bytes, 1 t/3 5 bytes", None));
        assert!(dir.path().join("quarantine.db.damaged").exists());
        drop(quarantine);
        assert_eq!(topics(&open()), "2 t/4 5 bytes, 1 t/3 5 bytes");
    }

    #[test]
    fn what_another_process_took_out_is_not_counted_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 4, ..QuarantineBounds::default() };
        let [ours, theirs] = [0; 2].map(|_| SqliteQuarantine::open(dir.path(), bounds).unwrap());
        ours.refuse(&[refusal(1, 5), refusal(2, 5), refusal(3, 5)]).unwrap();
        for id in [1, 2, 3] {
            theirs.replayed(&[Replayed { id, admitted: vec![], refused: vec![] }]).unwrap();
        }
        ours.refuse(&[refusal(4, 5), refusal(5, 5), refusal(6, 5), refusal(7, 5)]).unwrap();
        assert_eq!(topics(&ours), "7 t/7 5 bytes, 6 t/6 5 bytes, 5 t/5 5 bytes, 4 t/4 5 bytes");
    }
}
