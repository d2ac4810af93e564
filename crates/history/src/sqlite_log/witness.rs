//! Whether the log still is what it was. An earlier copy of `log.db` that was put back keeps its number and lacks the entries since;
//! once others have been appended, it reaches as far as before, and whoever goes on from a place would never learn that what stands
//! before it is something else. So one entry, lately the newest, is noted beside the log every second: where it is another one, or
//! lies beyond the end, the log was cut and becomes a log of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use foretell_model::Offset;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::{signed, unsigned};

/// Beside the log; a file of its own, because what stands in the log is put back with it.
const NOTE: &str = "log.witness";

/// Time between two notes: what is appended in between and lost with the disk that it was said to be on is not missed.
const EVERY: Duration = Duration::from_secs(1);

/// The note of one process that appends.
pub(super) struct Witness {
    path: PathBuf,
    noted: Option<Instant>,
}

impl Witness {
    /// Of a data directory.
    pub(super) fn of(dir: &Path) -> Self {
        Self { path: dir.join(NOTE), noted: None }
    }

    /// Whether the note tells of an entry that this log ought to have and has not. An entry that has left for the archive tells
    /// nothing, nor does one that cannot be read.
    pub(super) fn contradicts(&self, log: &Connection, birth: i64, head: Offset) -> bool {
        let Ok(noted) = fs::read_to_string(&self.path) else { return false };
        let mut words = noted.split_whitespace().map(str::parse::<i64>);
        let (Some(Ok(of)), Some(Ok(place))) = (words.next(), words.next()) else { return false };
        let place = Offset(place.cast_unsigned());
        of == birth && (place > head || matches!(entry(log, birth, place), Ok(Some(now)) if now != noted))
    }

    /// Notes the newest entry, if it is time; `at_once` at the end.
    pub(super) fn note(&mut self, log: &Connection, birth: Option<i64>, head: Offset, at_once: bool) {
        if !at_once && self.noted.is_some_and(|noted| noted.elapsed() < EVERY) {
            return;
        }
        self.noted = Some(Instant::now());
        let Some(Ok(Some(line))) = birth.map(|birth| entry(log, birth, head)) else { return };
        // Not fsynced: that would hold up the readings, and a note that is lost or older says less and nothing wrong.
        let aside = self.path.with_file_name(format!(".part-{NOTE}"));
        if let Err(error) = fs::write(&aside, line).and_then(|()| fs::rename(&aside, &self.path)) {
            tracing::debug!(%error, "The newest entry of the log could not be noted beside it.");
        }
    }
}

/// The log's number, a place and what tells the entry there from any other; none where the place is empty.
fn entry(log: &Connection, birth: i64, place: Offset) -> rusqlite::Result<Option<String>> {
    let mut find = log.prepare_cached("SELECT machine, ts, lag_ms, digest, id FROM log WHERE id = ?1")?;
    find.query_row([signed(place.0)], |row| {
        let of = |column| row.get::<_, i64>(column);
        Ok(format!("{birth} {} {} {} {} {}\n", unsigned(row, 4)?, of(0)?, of(1)?, of(2)?, of(3)?))
    })
    .optional()
}

#[cfg(test)]
mod tests {
    use foretell_model::{Event, Log as _, MachineId, Timestamp, Work};

    use super::super::SqliteLog;
    use super::*;

    fn append(dir: &Path, times: std::ops::Range<i64>) -> Option<i64> {
        let log = SqliteLog::open(dir).unwrap();
        let events = times.map(|ts| Event::Maintenance {
            machine: MachineId::parse("s/a").unwrap(),
            ts: Timestamp::from_millis(ts),
            work: Work::new("oil_changed").unwrap(),
        });
        log.append(&events.collect::<Vec<_>>()).unwrap();
        log.birth()
    }

    fn cut_at(dir: &Path) -> Option<Offset> {
        SqliteLog::open(dir).unwrap().cut_at().unwrap()
    }

    #[test]
    fn an_earlier_copy_that_was_put_back_is_another_log_once() {
        let dir = tempfile::tempdir().unwrap();
        let (log, copy) = (dir.path().join("log.db"), dir.path().join("copy"));
        let born = append(dir.path(), 0..10);
        fs::copy(&log, &copy).unwrap();
        assert_eq!(append(dir.path(), 10..15), born);
        fs::copy(&copy, &log).unwrap();
        // Whoever opens it grows it past the old end at once, as an import does.
        let anew = append(dir.path(), 20..40);
        assert_ne!(anew, born);
        assert_eq!(cut_at(dir.path()), Some(Offset(10)));
        assert_eq!(append(dir.path(), 40..41), anew);
        // And so when whoever grew it knew nothing of notes.
        let noted = fs::read_to_string(dir.path().join(NOTE)).unwrap();
        fs::copy(&copy, &log).unwrap();
        append(dir.path(), 50..100);
        fs::write(dir.path().join(NOTE), noted.replace(&anew.unwrap().to_string(), &born.unwrap().to_string()))
            .unwrap();
        assert_ne!(append(dir.path(), 100..101), born);
        assert_eq!(cut_at(dir.path()), Some(Offset(60)));
    }

    #[test]
    fn the_log_that_it_was_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let note = dir.path().join(NOTE);
        let born = append(dir.path(), 0..10);
        let at_ten = fs::read_to_string(&note).unwrap();
        append(dir.path(), 10..15);
        // An older note, none, and one that was torn.
        for noted in [Some(at_ten.as_str()), None, Some(""), Some("x"), Some(&at_ten[..at_ten.len() / 2])] {
            noted.map_or_else(|| fs::remove_file(&note), |noted| fs::write(&note, noted)).unwrap();
            if noted.is_none_or(|noted| noted.split_whitespace().count() != 6) {
                assert_eq!((append(dir.path(), 0..1), cut_at(dir.path())), (born, None), "{noted:?}");
            }
        }
        // An entry that has left for the archive.
        fs::write(&note, &at_ten).unwrap();
        Connection::open(dir.path().join("log.db")).unwrap().execute("DELETE FROM log WHERE id = 10", []).unwrap();
        assert_eq!((append(dir.path(), 15..16), cut_at(dir.path())), (born, None));
    }
}
