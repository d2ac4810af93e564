//! From the quarantine back to the log: what a mended configuration admits leaves the one and waits for the other in the
//! same transaction, and whoever owns the log takes it from there.
//!
//! It is deleted here after the log has it; the log knows what it holds, so a crash between the two keeps nothing twice.

use std::path::Path;

use foretell_model::{Event, Log, LogError, MachineId, Refusal, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::SqliteQuarantine;
use super::room::{ROW_BYTES, SIZE};
use crate::codec::{self, Kind, Place};
use crate::database::{signed, unsigned};
use crate::error::OpenError;
use crate::lock::DirLock;

/// Events that were admitted and are not on the log yet.
pub(super) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS admitted (id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine TEXT NOT NULL, ts INTEGER NOT NULL, lag_ms INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL);";

/// What became of a refusal that was tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Its number; it leaves the quarantine.
    pub id: u64,
    /// What is admitted of it now.
    pub admitted: Vec<Event>,
    /// What is still refused of it, where some of it was admitted.
    pub refused: Vec<Refusal>,
}

/// The right to try again what was refused; it goes with the value, or with the process that holds it.
#[derive(Debug)]
pub struct ReplayClaim {
    _lock: DirLock,
}

impl SqliteQuarantine {
    /// Takes the right to try again what was refused, which one process has at a time: two would both decode everything, and
    /// derive counters from each other's readings.
    ///
    /// # Errors
    /// When another process has it, or the file system refuses.
    pub fn claim_replay(&self) -> Result<ReplayClaim, OpenError> {
        let dir = self.database.path().parent().unwrap_or_else(|| Path::new("."));
        Ok(ReplayClaim { _lock: DirLock::take(dir, "replay")? })
    }

    /// Takes refusals out and what was admitted of them in, all or nothing. One that is gone by now is passed over: somebody
    /// else tried it again. Returns how many events were taken.
    ///
    /// # Errors
    /// When the file cannot be written; nothing has changed then.
    pub fn replayed(&self, replayed: &[Replayed]) -> Result<u64, LogError> {
        self.check_room()?;
        let taken = self.changing(|transaction, held| {
            let mut taken = 0;
            for Replayed { id, admitted, refused } in replayed {
                let query = format!("DELETE FROM refusals WHERE id = ?1 RETURNING reason, {SIZE} + {ROW_BYTES}");
                let mut delete = transaction.prepare_cached(&query)?;
                let gone = delete.query_row([signed(*id)], |row| Ok((row.get::<_, String>(0)?, unsigned(row, 1)?)));
                let Some((reason, bytes)) = gone.optional()? else { continue };
                held.remove(&reason, bytes);
                let statement = "INSERT INTO admitted (machine, ts, lag_ms, kind, body) VALUES (?1, ?2, ?3, ?4, ?5)";
                let mut insert = transaction.prepare_cached(statement)?;
                for event in admitted {
                    let mut body = Vec::new();
                    codec::encode(event, &mut body);
                    let (machine, ts) = (event.machine().as_str(), event.ts().millis());
                    insert.execute(params![machine, ts, codec::lag_ms(event), Kind::of(event) as u8, body])?;
                    taken += 1;
                }
                self.keep_all(transaction, refused, held)?;
            }
            Ok(taken)
        });
        taken.map_err(|e| self.database.error("move admitted input in", e))
    }

    /// How many admitted events wait for the log.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waiting(&self) -> Result<u64, LogError> {
        let query = "SELECT count(*) FROM admitted";
        self.database
            .reading("count admitted input in", |connection| connection.query_row(query, [], |row| unsigned(row, 0)))
    }

    /// Hands at most `max` admitted events over to the log. Returns how many left; 0 when none waits.
    ///
    /// # Errors
    /// When the log or the file refuses; they are handed over the next time.
    pub fn hand_over(&self, log: &dyn Log, max: usize) -> Result<usize, LogError> {
        let query = "SELECT id, machine, ts, lag_ms, kind, body FROM admitted ORDER BY id LIMIT ?1";
        let waiting = self.database.reading("read admitted input from", |connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([signed(max as u64)], |row| {
                let (name, kind) = (row.get::<_, String>(1)?, row.get(4)?);
                let (ts, lag_ms) = (Timestamp::from_millis(row.get(2)?), row.get(3)?);
                let body = row.get_ref(5)?.as_blob()?;
                let machine = MachineId::parse(&name).ok();
                let event = machine.and_then(|machine| codec::decode(Place { machine, ts, lag_ms, kind }, body).ok());
                Ok((row.get::<_, i64>(0)?, event))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let Some((last, _)) = waiting.last() else { return Ok(0) };
        let (last, count) = (*last, waiting.len());
        let events: Vec<Event> = waiting.into_iter().filter_map(|(_, event)| event).collect();
        if events.len() < count {
            tracing::error!(damaged = count - events.len(), "Left out damaged input that was to be tried again.");
        }
        log.append(&events)?;
        let deleted = self.database.writer().execute("DELETE FROM admitted WHERE id <= ?1", [last]);
        deleted.map_err(|e| self.database.error("take admitted input from", e))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{Note, Offset, Partition, Quarantine as _};

    use super::*;
    use crate::{QuarantineBounds, QuarantineFilter, SqliteLog};

    fn note(text: &str) -> Event {
        let machine = MachineId::parse("s/m").unwrap();
        Event::Note { machine, ts: Timestamp::from_millis(5), text: Note::new(text) }
    }

    fn refusal(topic: &str) -> Refusal {
        let (source, topic, detail, raw) = ("listener".into(), topic.into(), String::new(), vec![b'x'; 10]);
        Refusal { arrived: Timestamp::from_millis(1), source, topic, reason: "unknown_topic", detail, raw }
    }

    #[test]
    fn what_is_admitted_leaves_once_and_reaches_the_log_once() {
        let dir = tempfile::tempdir().unwrap();
        let quarantine = SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        quarantine.refuse(&[refusal("a"), refusal("b")]).unwrap();
        let replayed = Replayed { id: 1, admitted: vec![note("x"), note("y")], refused: vec![refusal("c")] };
        assert_eq!(quarantine.replayed(std::slice::from_ref(&replayed)).unwrap(), 2);
        // Whoever tries it at the same time finds it gone.
        assert_eq!(quarantine.replayed(&[replayed]).unwrap(), 0);
        let left = quarantine.list(&QuarantineFilter::default(), 10, 10).unwrap();
        assert_eq!(left.iter().map(|item| item.topic.as_str()).collect::<Vec<_>>(), ["c", "b"]);
        assert_eq!(quarantine.waiting().unwrap(), 2);
        // The log had one of them when the process was killed before it said so here.
        log.append(&[note("x")]).unwrap();
        assert_eq!(quarantine.hand_over(&log, 100).unwrap(), 2);
        assert_eq!(quarantine.hand_over(&log, 100).unwrap(), 0);
        let logged: Vec<_> = log.read(Partition(0), Offset(0), 10).unwrap().into_iter().map(|l| l.event).collect();
        assert_eq!(logged, [note("x"), note("y")]);
    }

    #[test]
    fn one_at_a_time_tries_again() {
        let dir = tempfile::tempdir().unwrap();
        let [ours, theirs] = [0; 2].map(|_| SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap());
        let claim = ours.claim_replay().unwrap();
        assert!(matches!(theirs.claim_replay(), Err(OpenError::Locked { .. })));
        drop(claim);
        assert!(theirs.claim_replay().is_ok());
    }

    #[test]
    fn what_the_log_refuses_waits() {
        let dir = tempfile::tempdir().unwrap();
        let quarantine = SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap();
        quarantine.refuse(&[refusal("a")]).unwrap();
        quarantine.replayed(&[Replayed { id: 1, admitted: vec![note("x")], refused: vec![] }]).unwrap();
        drop(SqliteLog::open(dir.path()).unwrap());
        let beside = SqliteLog::open_beside(dir.path()).unwrap();
        assert!(quarantine.hand_over(&beside, 100).is_err());
        assert_eq!(quarantine.waiting().unwrap(), 1);
    }
}
