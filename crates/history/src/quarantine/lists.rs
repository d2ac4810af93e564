//! What stands in the quarantine, by reason, machine and time.

use foretell_model::{LogError, MachineId, Quarantined, Timestamp};
use rusqlite::{Row, named_params};

use super::SqliteQuarantine;
use super::room::{ROW_BYTES, SIZE};
use crate::database::{signed, unsigned};

/// Which refusals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// For this reason only.
    pub reason: Option<String>,
    /// On topics that name this machine: its site and its own name, each as a level of the topic.
    pub machine: Option<MachineId>,
    /// Arrived at this instant or later.
    pub from: Option<Timestamp>,
    /// Arrived before this instant.
    pub to: Option<Timestamp>,
    /// Of a smaller number than this; for the next page of a list.
    pub before: Option<u64>,
}

/// How much stands there for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineCount {
    /// The reason's code.
    pub reason: String,
    /// How many refusals.
    pub items: u64,
    /// Their bytes, texts included.
    pub bytes: u64,
    /// When the oldest of them arrived.
    pub oldest: Timestamp,
}

const WHERE: &str = "(:reason IS NULL OR reason = :reason) AND arrived >= :from AND arrived < :to
    AND (:site IS NULL OR ('/' || topic || '/' LIKE :site ESCAPE '\\' AND '/' || topic || '/' LIKE :machine ESCAPE '\\'))";

impl SqliteQuarantine {
    /// The newest that pass a filter, newest first, with at most `raw_bytes_max` of each one's raw bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(
        &self,
        filter: &QuarantineFilter,
        raw_bytes_max: usize,
        max: usize,
    ) -> Result<Vec<Quarantined>, LogError> {
        let before = filter.before.map_or(i64::MAX, signed);
        let tail = format!("id < {before} ORDER BY id DESC");
        self.select(filter, &tail, raw_bytes_max, max)
    }

    /// The oldest beyond a number that pass a filter, oldest first, whole.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn after(&self, filter: &QuarantineFilter, after: u64, max: usize) -> Result<Vec<Quarantined>, LogError> {
        let before = filter.before.map_or(i64::MAX, signed);
        self.select(filter, &format!("id > {after} AND id < {before} ORDER BY id"), usize::MAX, max)
    }

    fn select(
        &self,
        filter: &QuarantineFilter,
        tail: &str,
        raw_bytes_max: usize,
        max: usize,
    ) -> Result<Vec<Quarantined>, LogError> {
        // SQLite's substr of nothing is NULL.
        let query = format!(
            "SELECT id, reason, arrived, source, topic, detail, coalesce(substr(raw, 1, :raw), x'') FROM refusals
             WHERE {WHERE} AND {tail} LIMIT :max"
        );
        let level = |name: &str| format!("%/{}/%", name.replace('_', "\\_"));
        let (site, machine) = filter.machine.as_ref().map(|id| (level(id.site()), level(id.machine()))).unzip();
        self.database.reading("read refused input from", |connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let rows = statement.query_map(
                named_params! {
                    ":reason": filter.reason, ":site": site, ":machine": machine,
                    ":from": filter.from.map_or(i64::MIN, Timestamp::millis),
                    ":to": filter.to.map_or(i64::MAX, Timestamp::millis),
                    ":raw": raw_bytes_max.min(i64::MAX as usize) as i64, ":max": max.min(i64::MAX as usize) as i64,
                },
                quarantined,
            )?;
            rows.collect()
        })
    }

    /// How much stands there, by reason.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counts(&self) -> Result<Vec<QuarantineCount>, LogError> {
        const KEPT: &str =
            "SELECT reason, items, bytes, (SELECT arrived FROM refusals WHERE refusals.reason = held.reason
            ORDER BY id LIMIT 1) AS oldest FROM held WHERE items > 0 AND oldest NOT NULL ORDER BY reason";
        // Of an older release's file that lies where nothing can be written.
        let counted = format!(
            "SELECT reason, count(*), sum({SIZE} + {ROW_BYTES}), min(arrived) FROM refusals GROUP BY reason ORDER BY reason"
        );
        self.database.reading("count refused input in", |connection| {
            let mut statement = connection.prepare_cached(KEPT).or_else(|_| connection.prepare_cached(&counted))?;
            let rows = statement.query_map([], |row| {
                Ok(QuarantineCount {
                    reason: row.get(0)?,
                    items: unsigned(row, 1)?,
                    bytes: unsigned(row, 2)?,
                    oldest: Timestamp::from_millis(row.get(3)?),
                })
            })?;
            rows.collect()
        })
    }

    /// Whether a refusal's raw bytes may have been cut, so that they cannot be tried again.
    #[must_use]
    pub const fn is_cut(&self, item: &Quarantined) -> bool {
        item.raw.len() >= self.bounds.raw_bytes_max
    }
}

fn quarantined(row: &Row<'_>) -> rusqlite::Result<Quarantined> {
    Ok(Quarantined {
        id: unsigned(row, 0)?,
        reason: row.get(1)?,
        arrived: Timestamp::from_millis(row.get(2)?),
        source: row.get(3)?,
        topic: row.get(4)?,
        detail: row.get(5)?,
        raw: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use foretell_model::{Quarantine as _, Refusal};

    use super::*;
    use crate::QuarantineBounds;

    #[test]
    fn lists_by_reason_machine_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let quarantine = SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap();
        let refusal = |n: i64, topic: &str, reason| Refusal {
            arrived: Timestamp::from_millis(n),
            source: "listener".into(),
            topic: topic.into(),
            reason,
            detail: String::new(),
            raw: b"0123456789".to_vec(),
        };
        quarantine
            .refuse(&[
                refusal(10, "foretell/v1/s_1/k1/telemetry", "malformed"),
                refusal(20, "spBv1.0/s_1/DDATA/node/k1", "malformed"),
                refusal(30, "foretell/v1/sx1/k1/telemetry", "from_future"),
                refusal(40, "k1/s_1", "malformed"),
            ])
            .unwrap();
        let check = |filter: QuarantineFilter, expected: &[u64]| {
            let ids = |items: Vec<Quarantined>| items.iter().map(|item| item.id).collect::<Vec<_>>();
            assert_eq!(ids(quarantine.list(&filter, 4, 3).unwrap()), expected, "{filter:?}");
            let mut oldest_first = ids(quarantine.after(&filter, 0, 10).unwrap());
            oldest_first.reverse();
            oldest_first.truncate(3);
            assert_eq!(oldest_first, expected, "{filter:?}");
        };
        let none = QuarantineFilter::default();
        check(none.clone(), &[4, 3, 2]);
        check(QuarantineFilter { before: Some(3), ..none.clone() }, &[2, 1]);
        check(QuarantineFilter { reason: Some("from_future".into()), ..none.clone() }, &[3]);
        check(QuarantineFilter { machine: MachineId::parse("s_1/k1").ok(), ..none.clone() }, &[4, 2, 1]);
        let (from, to) = (Some(Timestamp::from_millis(20)), Some(Timestamp::from_millis(40)));
        check(QuarantineFilter { from, to, ..none.clone() }, &[3, 2]);
        assert_eq!(quarantine.list(&none, 4, 1).unwrap()[0].raw, b"0123");
        assert_eq!(quarantine.after(&none, 3, 1).unwrap()[0].raw, b"0123456789");
        let counts = quarantine.counts().unwrap();
        assert_eq!(
            counts.iter().map(|c| (c.reason.as_str(), c.items)).collect::<Vec<_>>(),
            [("from_future", 1), ("malformed", 3)]
        );
    }

    #[test]
    fn counts_are_kept_whoever_changes_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = QuarantineBounds { rows_max: 20, ..QuarantineBounds::default() };
        let open = || SqliteQuarantine::open(dir.path(), bounds).unwrap();
        let refusal = |n: i64, reason| Refusal {
            arrived: Timestamp::from_millis(n),
            source: "listener".into(),
            topic: format!("t/ü/{n}"),
            reason,
            detail: "x".repeat(n as usize % 7),
            raw: vec![b'x'; n as usize],
        };
        let check = |quarantine: &SqliteQuarantine, expected: &[(&str, u64, i64)]| {
            let counts = quarantine.counts().unwrap();
            let told = counts.iter().map(|count| (count.reason.as_str(), count.items, count.oldest.millis()));
            assert_eq!(told.collect::<Vec<_>>(), expected);
            let scan = format!("SELECT sum({SIZE} + {ROW_BYTES}) FROM refusals");
            let bytes: i64 = quarantine.database.writer().query_row(&scan, [], |row| row.get(0)).unwrap();
            assert_eq!(counts.iter().map(|count| count.bytes).sum::<u64>(), bytes.cast_unsigned());
        };
        let quarantine = open();
        quarantine.refuse(&(1..=10).map(|n| refusal(n, "malformed")).collect::<Vec<_>>()).unwrap();
        quarantine.refuse(&(11..=30).map(|n| refusal(n, "wrong_type")).collect::<Vec<_>>()).unwrap();
        check(&quarantine, &[("malformed", 10, 1), ("wrong_type", 10, 21)]);
        let (id, refused) = (1, vec![refusal(40, "too_old")]);
        quarantine.replayed(&[crate::Replayed { id, admitted: vec![], refused }]).unwrap();
        let known = [("malformed", 9, 2), ("too_old", 1, 40), ("wrong_type", 10, 21)];
        check(&quarantine, &known);
        check(&open(), &known);
        // As an older release leaves it, which keeps no counts.
        let older = "DROP TABLE held; DROP TRIGGER refusals_come; DROP TRIGGER refusals_go;";
        let quarantine = open();
        quarantine.database.writer().execute_batch(older).unwrap();
        check(&quarantine, &known);
        quarantine.database.writer().execute_batch("DELETE FROM refusals WHERE reason = 'too_old'").unwrap();
        drop(quarantine);
        check(&open(), &[("malformed", 9, 2), ("wrong_type", 10, 21)]);
    }

    #[test]
    fn lists_what_came_empty() {
        let dir = tempfile::tempdir().unwrap();
        let quarantine = SqliteQuarantine::open(dir.path(), QuarantineBounds::default()).unwrap();
        let empty = Refusal {
            arrived: Timestamp::from_millis(10),
            source: "listener".into(),
            topic: "foretell/v1/s/k/telemetry".into(),
            reason: "malformed",
            detail: String::new(),
            raw: Vec::new(),
        };
        quarantine.refuse(&[empty]).unwrap();
        let none = QuarantineFilter::default();
        for listed in [quarantine.list(&none, 4, 3).unwrap(), quarantine.after(&none, 0, 3).unwrap()] {
            assert_eq!(listed.iter().map(|item| (item.id, item.raw.len())).collect::<Vec<_>>(), [(1, 0)]);
        }
    }
}
