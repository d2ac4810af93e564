//! Whether what is appended could be read again. SQLite keeps pages in memory, and appends go on by them for a long time after the
//! pages in the file were damaged: the newest entries would be acknowledged and could not be found after a restart.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use foretell_model::{LogError, MINUTE_MS};
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::SqliteLog;

const NEWEST: &str = "SELECT id, machine, ts, digest, body FROM log ORDER BY id DESC LIMIT 1";

const PLACE: &str = "SELECT log.id FROM log INDEXED BY log_identity JOIN machines ON machines.id = log.machine
    WHERE ts / 60000 = ?1 AND machine = ?2 AND ts = ?3 AND digest = ?4";

const LOOKING: &str = "read back the end of";

/// So many places that refused are remembered; any of them keeps the log from being appended to.
const MET_MAX: usize = 16;

/// A query that met a damaged page, from where it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Met {
    query: &'static str,
    with: Vec<i64>,
}

impl Met {
    /// Reads the same again to its end.
    fn again(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(self.query)?;
        let mut rows = statement.query(params_from_iter(&self.with))?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

impl SqliteLog {
    /// Reads the newest entry back, by its place and by its identity, with a connection that remembers nothing, and whatever
    /// refused to be read before. While that fails, nothing is appended. Costs some tenths of a millisecond.
    ///
    /// # Errors
    /// When it cannot be read, or the files are not where they stood.
    pub fn look(&self) -> Result<(), LogError> {
        self.database.check_standing(LOOKING)?;
        self.database.check_heads(LOOKING).map_err(|error| self.doubting(error))?;
        let looked = self.database.afresh(LOOKING, |connection| {
            // In one state: the newest entry of one moment may be dropped in the next.
            let state = connection.unchecked_transaction()?;
            let newest = state.query_row(NEWEST, [], |row| {
                let _is_whole = row.get_ref(4)?.as_blob()?;
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, u32>(3)?))
            });
            let Some((id, machine, ts, digest)) = newest.optional()? else { return Ok(true) };
            let place = params![ts / MINUTE_MS, machine, ts, digest];
            let found = state.query_row(PLACE, place, |row| row.get::<_, i64>(0));
            Ok(found.optional()? == Some(id))
        });
        match looked {
            Ok(true) => self.read_again(),
            Ok(false) => Err(self.doubting(self.database.damaged(LOOKING, "its newest entry is not in the index"))),
            Err(error) => Err(self.doubting(error)),
        }
    }

    /// What a damaged page said that refused what was to be appended; `None` once something was appended again. Such a page refuses
    /// what belongs there and nothing else, so that neither a look nor a probe finds it.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        self.database.damage()
    }

    /// Reads again what refused to be read; what can be read is forgotten.
    fn read_again(&self) -> Result<(), LogError> {
        let known = self.places().clone();
        for met in known {
            self.database.afresh("read", |connection| met.again(connection))?;
            self.places().retain(|other| *other != met);
        }
        let places = self.places();
        if places.is_empty() {
            self.doubtful.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn places(&self) -> MutexGuard<'_, Vec<Met>> {
        // Each change is whole.
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of damage that a query met: what is appended to such a log would be lost with it when a backup is restored, so
    /// nothing is until the query runs through.
    pub(super) fn met<const N: usize>(&self, error: LogError, query: &'static str, with: [i64; N]) -> LogError {
        if matches!(error, LogError::Damaged { .. }) {
            let (mut places, met) = (self.places(), Met { query, with: with.to_vec() });
            if places.len() < MET_MAX && !places.contains(&met) {
                places.push(met);
            }
            self.doubtful.store(true, Ordering::Relaxed);
        }
        error
    }

    /// Takes note of damage: from now on the end is looked at before anything is appended.
    pub(super) fn doubting(&self, error: LogError) -> LogError {
        if matches!(error, LogError::Damaged { .. }) {
            self.doubtful.store(true, Ordering::Relaxed);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;
    use std::path::Path;

    use foretell_model::{Event, Log as _, MachineId, Offset, Partition, Quality, Reading, Signal, Signals, Timestamp};

    use super::*;
    use crate::database::unsigned;

    fn readings(from: i64, count: i64) -> Vec<Event> {
        let (machine, signals) =
            (MachineId::new("s", "m").unwrap(), Signals::empty().with(Signal::DischargeTemp, 80.0));
        let reading = |n| {
            let (ts, machine) = (Timestamp::from_millis(n * 1_000), machine.clone());
            Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good })
        };
        (from..from + count).map(reading).collect()
    }

    /// One page of a file, taken away and put back.
    struct Page {
        file: File,
        at: u64,
        was: Vec<u8>,
    }

    impl Page {
        /// The page whose number a query gives.
        fn spoil(log: &SqliteLog, number: &str) -> Self {
            log.checkpoint().unwrap();
            let asked = |query: &str| log.database.writer().query_row(query, [], |row| unsigned(row, 0)).unwrap();
            let (number, bytes) = (asked(number), asked("PRAGMA page_size"));
            let file = File::options().read(true).write(true).open(log.database.path()).unwrap();
            let (at, mut was) = ((number - 1) * bytes, vec![0; bytes as usize]);
            file.read_exact_at(&mut was, at).unwrap();
            file.write_all_at(&vec![0xee; was.len()], at).unwrap();
            Self { file, at, was }
        }

        fn mend(&self) {
            self.file.write_all_at(&self.was, self.at).unwrap();
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_not_appended_until_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        log.look().unwrap();
        log.append(&readings(0, 5_000)).unwrap();
        log.look().unwrap();
        let mut head = 5_000;
        for root in ["log", "log_identity", "machines"] {
            let page = Page::spoil(&log, &format!("SELECT rootpage FROM sqlite_schema WHERE name = '{root}'"));
            let said = log.look().unwrap_err();
            assert!(matches!(said, LogError::Damaged { .. }), "{root}: {said:?}");
            let refused = log.append(&readings(head, 10)).unwrap_err().to_string();
            assert!(refused.contains("log.db, which is damaged. Restore it from a backup"), "{root}: {refused}");
            assert_eq!(log.head(Partition(0)).unwrap(), Offset(head as u64), "{root}");
            page.mend();
            assert_eq!(log.append(&readings(head, 10)).unwrap().kept, 10, "{root}");
            head += 10;
        }
        drop(log);
        let log = SqliteLog::open(dir.path()).unwrap();
        assert_eq!(log.read(Partition(0), Offset(0), 10_000).unwrap().len(), 5_030);
    }

    #[test]
    fn up_to_a_damaged_page_everything_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        log.append(&readings(0, 5_000)).unwrap();
        let leaf = "SELECT pageno FROM dbstat WHERE name = 'log' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 20";
        let page = Page::spoil(&log, leaf);
        let beside = SqliteLog::open_beside(dir.path()).unwrap();
        let come_to = |mut after: Offset| {
            loop {
                match beside.read(Partition(0), after, 700) {
                    Ok(entries) if entries.is_empty() => return (after.0, String::new()),
                    Ok(entries) => after = entries.last().unwrap().offset,
                    Err(error) => return (after.0, error.to_string()),
                }
            }
        };
        let (reached, said) = come_to(Offset(0));
        assert!((200..4_900).contains(&reached), "{reached}");
        assert!(said.contains("log.db, which is damaged. Restore it from a backup"), "{said}");
        // Once it was met, the log itself refuses what comes, sound as its end is.
        let place = Timestamp::from_millis(reached as i64 * 1_000);
        let end = Timestamp::from_millis(5_000_000);
        assert!(log.span(place, end, Offset(5_000), |_| std::ops::ControlFlow::Continue(())).is_err());
        for said in [log.look().map(|()| 0), log.append(&readings(5_000, 1)).map(|appended| appended.kept)] {
            assert!(said.unwrap_err().to_string().contains("log.db, which is damaged. Restore it from a backup"));
        }
        assert!(beside.look().is_err());
        // What lies behind it can be read, and the end is known.
        assert_eq!(beside.read(Partition(0), Offset(4_990), 100).unwrap().len(), 10);
        assert_eq!((beside.head(Partition(0)).unwrap(), come_to(Offset(reached)).0), (Offset(5_000), reached));
        page.mend();
        assert_eq!(come_to(Offset(reached)), (5_000, String::new()));
        assert_eq!(log.append(&readings(5_000, 1)).unwrap().kept, 1);
        log.look().unwrap();
        beside.look().unwrap();
    }

    #[test]
    fn nothing_is_acknowledged_that_goes_to_a_file_nobody_finds() {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        log.append(&readings(0, 10)).unwrap();
        let away = dir.path().join("away");
        for (n, name) in (1..).zip(["log.db", "log.db-wal"]) {
            std::fs::rename(dir.path().join(name), &away).unwrap();
            let error = log.append(&readings(n * 10, 10)).unwrap_err();
            let why = std::error::Error::source(&error).unwrap().to_string();
            assert!(why.contains(&format!("{name} was moved, removed or replaced while the service runs")), "{why}");
            assert!(log.look().is_err());
            std::fs::rename(&away, dir.path().join(name)).unwrap();
            log.look().unwrap();
            assert_eq!(log.append(&readings(n * 10, 10)).unwrap().kept, 10);
        }
        assert_eq!(all(dir.path()), 30);
    }

    fn all(dir: &Path) -> usize {
        SqliteLog::open_beside(dir).unwrap().read(Partition(0), Offset(0), 1_000).unwrap().len()
    }
}
