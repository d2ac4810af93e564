//! Hourly summaries of every machine, so that a page about months never reads months of readings.
//!
//! They live in a file of their own together with the place on the log up to which they were made, so both change in one
//! transaction: each entry counts exactly once, whatever is killed when. A late reading is merged into its own hour. The key
//! begins with the hour for the same reason as the log's index begins with the minute.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretell_model::{Event, HOUR_MS, Log, LogError, MachineId, Offset, Partition, Quality, Reading, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, params_from_iter, types::Value};

use crate::codec::{self, Kind, Place};
use crate::database::{Database, Form, signed, unsigned};
use crate::error::OpenError;
use crate::machines::{self, Names, Numbers};
use crate::summary::{Band, Summary, TRACKED};
use anew::Origin;

mod anew;

const FORM: Form = Form {
    version: 1,
    schema: &[
        machines::SCHEMA,
        "CREATE TABLE hours (hour INTEGER NOT NULL, machine INTEGER NOT NULL,
            readings INTEGER NOT NULL, stopped INTEGER NOT NULL, unloaded INTEGER NOT NULL, loaded INTEGER NOT NULL,
            temp_n INTEGER NOT NULL, temp_sum REAL NOT NULL, temp_min REAL NOT NULL, temp_max REAL NOT NULL,
            current_n INTEGER NOT NULL, current_sum REAL NOT NULL, current_min REAL NOT NULL, current_max REAL NOT NULL,
            ambient_n INTEGER NOT NULL, ambient_sum REAL NOT NULL, ambient_min REAL NOT NULL, ambient_max REAL NOT NULL,
            pressure_n INTEGER NOT NULL, pressure_sum REAL NOT NULL, pressure_min REAL NOT NULL, pressure_max REAL NOT NULL,
            run_hours_ts INTEGER, run_hours REAL, PRIMARY KEY (hour, machine)) WITHOUT ROWID;
        CREATE TABLE latest (machine INTEGER PRIMARY KEY, ts INTEGER NOT NULL, lag_ms INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE cursors (partition INTEGER PRIMARY KEY, offset INTEGER NOT NULL);",
    ],
    additions: &[anew::SCHEMA],
    // Lost commits are made again from the log, and the cursor goes back with them.
    durable: false,
    remedy: "Delete it, with its -wal and -shm, and start again: it is made anew from the archive and the log.",
};

/// The roll-ups of a data directory, in `rollups.db`.
pub struct RollUps {
    database: Database,
    numbers: Mutex<Numbers>,
    names: Names,
    /// Whoever looked something up met damage.
    doubtful: AtomicBool,
}

impl RollUps {
    /// Opens or creates the roll-ups of a data directory.
    ///
    /// # Errors
    /// When the file is not ours or of a later release, or the file system refuses.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(dir).map_err(OpenError::at(dir))?;
        Database::open(&dir.join("rollups.db"), &FORM).map(Self::of)
    }

    /// The same; a damaged file is put aside, and another begun that is to be made anew. For the process that takes readings in,
    /// which may not wait for a person because of curves.
    ///
    /// # Errors
    /// As [`RollUps::open`], and when nothing can be put aside.
    pub fn open_or_renew(dir: &Path) -> Result<Self, OpenError> {
        match Self::open(dir) {
            Err(OpenError::Damaged { path, .. }) => anew::begin_anew(&path).map(Self::of),
            opened => opened,
        }
    }

    fn of(database: Database) -> Self {
        Self { database, numbers: Mutex::default(), names: Names::default(), doubtful: AtomicBool::new(false) }
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Merges at most `max` entries of each partition of the log; returns how many entries it took, 0 when it is level.
    ///
    /// # Errors
    /// When the log cannot be read or the merge not be kept; what was merged before stays.
    pub fn catch_up(&self, log: &dyn Log, max: usize) -> Result<usize, LogError> {
        let origin = self.database.reading("look into the origin of", Origin::of)?.unwrap_or(Origin::UNKNOWN);
        if origin.waits() {
            return Ok(0);
        }
        let mut taken = 0;
        for partition in (0..log.partitions()).map(Partition) {
            let cursor = self.cursor(partition)?;
            let entries = log.read(partition, cursor, max)?;
            let Some(last) = entries.last().map(|entry| entry.offset) else { continue };
            let readings = entries.iter().filter(|entry| !origin.has(entry)).filter_map(|entry| match &entry.event {
                Event::Reading(reading) => Some(reading),
                _ => None,
            });
            self.merge(partition, (cursor, last), readings)
                .map_err(|e| self.database.error("merge roll-ups into", e))?;
            taken += entries.len();
        }
        Ok(taken)
    }

    /// The place on the log up to which the roll-ups were made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cursor(&self, partition: Partition) -> Result<Offset, LogError> {
        self.database.reading("read the cursor of", |connection| cursor_in(connection, partition))
    }

    /// A machine's hours that begin in `from <= hour < to`, in order; hours without readings are absent.
    ///
    /// # Errors
    /// When the store cannot be read. A damaged one has no hours.
    pub fn hours(&self, machine: &MachineId, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, LogError> {
        self.found("read the roll-ups in", |connection| {
            let Some(number) = machines::find(connection, machine)? else { return Ok(Vec::new()) };
            let (first, after) = ((from + (HOUR_MS - 1)).hour(), (to + (HOUR_MS - 1)).hour());
            let mut statement = connection.prepare_cached(HOURS)?;
            statement.query_map(params![first, after, number], summary)?.collect()
        })
    }

    /// The same by UTC days.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn days(&self, machine: &MachineId, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, LogError> {
        let mut days: Vec<Summary> = Vec::new();
        for hour in self.hours(machine, from, to)? {
            match days.last_mut() {
                Some(day) if day.begins.day() == hour.begins.day() => day.merge(&hour),
                _ => days.push(Summary { begins: Timestamp::from_millis(hour.begins.day() * 24 * HOUR_MS), ..hour }),
            }
        }
        Ok(days)
    }

    /// The newest reading of a machine by event time, as far as the roll-ups have come.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest(&self, machine: &MachineId) -> Result<Option<Reading>, LogError> {
        self.found("read the newest reading in", |connection| {
            let Some(number) = machines::find(connection, machine)? else { return Ok(None) };
            let query = "SELECT machine, ts, lag_ms, body FROM latest WHERE machine = ?1";
            let found = connection.query_row(query, [number], |row| self.newest(connection, row)).optional()?;
            Ok(found.flatten())
        })
    }

    /// The newest reading of every machine, in no particular order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_of_all(&self) -> Result<Vec<Reading>, LogError> {
        self.found("read the newest readings in", |connection| {
            let mut statement = connection.prepare_cached("SELECT machine, ts, lag_ms, body FROM latest")?;
            let rows = statement.query_map([], |row| self.newest(connection, row))?;
            rows.filter_map(Result::transpose).collect()
        })
    }

    /// What a page looks up. A damaged file has nothing until it is made anew, which [`RollUps::are_doubtful`] asks for: no page
    /// should fail for want of a curve.
    fn found<T: Default>(
        &self,
        attempted: &str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        match self.database.reading(attempted, query) {
            Err(error) if self.are_damaged(&error) => {
                self.doubtful.store(true, Ordering::Relaxed);
                Ok(T::default())
            }
            found => found,
        }
    }

    fn newest(&self, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        let Some(machine) = self.names.name(connection, row.get(0)?)? else { return Ok(None) };
        let place =
            Place { machine, ts: Timestamp::from_millis(row.get(1)?), lag_ms: row.get(2)?, kind: Kind::Reading as u8 };
        Ok(match codec::decode(place, row.get_ref(3)?.as_blob()?) {
            Ok(Event::Reading(reading)) => Some(reading),
            _ => None,
        })
    }

    /// Merges what the log has after `from` up to `to`. Every role's process does this work, so another may have been faster: then
    /// it is done, and doing it again would count the readings twice.
    fn merge<'a>(
        &self,
        partition: Partition,
        (from, to): (Offset, Offset),
        readings: impl Iterator<Item = &'a Reading>,
    ) -> rusqlite::Result<()> {
        let mut numbers = self.numbers();
        let mut connection = self.database.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if cursor_in(&transaction, partition)? != from {
            return Ok(());
        }
        let merged = merge_readings(&transaction, &mut numbers, readings).and_then(|()| {
            let statement = "INSERT INTO cursors VALUES (?1, ?2) ON CONFLICT DO UPDATE SET offset = excluded.offset";
            transaction.execute(statement, params![partition.0, signed(to.0)])?;
            transaction.commit()
        });
        if merged.is_err() {
            numbers.forget();
        }
        merged
    }
}

/// Goes from one hour that the table holds to the next and seeks the machine in each; see `READINGS` of the log.
const HOURS: &str = "WITH RECURSIVE span (hour) AS (
        SELECT (SELECT min(hour) FROM hours WHERE hour >= ?1)
        UNION ALL
        SELECT (SELECT min(hours.hour) FROM hours WHERE hours.hour > span.hour) FROM span WHERE span.hour < ?2 - 1)
    SELECT hours.* FROM span CROSS JOIN hours ON hours.hour = span.hour AND hours.machine = ?3 AND hours.hour < ?2";

fn cursor_in(connection: &Connection, partition: Partition) -> rusqlite::Result<Offset> {
    let query = "SELECT offset FROM cursors WHERE partition = ?1";
    let found = connection.query_row(query, [partition.0], |row| unsigned(row, 0)).optional()?;
    Ok(Offset(found.unwrap_or(0)))
}

fn merge_readings<'a>(
    connection: &Connection,
    numbers: &mut Numbers,
    readings: impl Iterator<Item = &'a Reading>,
) -> rusqlite::Result<()> {
    let mut hours: BTreeMap<(i64, i64), Summary> = BTreeMap::new();
    let mut latest: BTreeMap<i64, &Reading> = BTreeMap::new();
    // What the source itself disowns is on the log, but in no curve.
    for reading in readings.filter(|reading| !matches!(reading.quality, Quality::Bad | Quality::Stale)) {
        let machine = numbers.number(connection, &reading.machine)?;
        let hour = reading.ts.hour();
        let begins = Timestamp::from_millis(hour * HOUR_MS);
        hours.entry((hour, machine)).or_insert_with(|| Summary::empty(begins)).add(reading);
        let newest = latest.entry(machine).or_insert(reading);
        if newest.ts <= reading.ts {
            *newest = reading;
        }
    }
    write(connection, hours, &latest)
}

/// Merges hours and newest readings into those that are there.
fn write(
    connection: &Connection,
    hours: BTreeMap<(i64, i64), Summary>,
    latest: &BTreeMap<i64, &Reading>,
) -> rusqlite::Result<()> {
    let mut find = connection.prepare_cached("SELECT * FROM hours WHERE hour = ?1 AND machine = ?2")?;
    let places = vec!["?"; 2 + 4 + 4 * TRACKED.len() + 2].join(", ");
    let mut replace = connection.prepare_cached(&format!("INSERT OR REPLACE INTO hours VALUES ({places})"))?;
    for ((hour, machine), new) in hours {
        let mut merged = find.query_row([hour, machine], summary).optional()?.unwrap_or(Summary::empty(new.begins));
        merged.merge(&new);
        replace.execute(params_from_iter(columns(hour, machine, &merged)))?;
    }
    let mut newer = connection.prepare_cached(
        "INSERT INTO latest VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
         SET ts = excluded.ts, lag_ms = excluded.lag_ms, body = excluded.body WHERE excluded.ts >= ts",
    )?;
    for (machine, reading) in latest {
        let (event, mut body) = (Event::Reading(Reading::clone(reading)), Vec::new());
        codec::encode(&event, &mut body);
        newer.execute(params![machine, reading.ts.millis(), codec::lag_ms(&event), body])?;
    }
    Ok(())
}

/// A row of `hours` in the order of its columns.
fn columns(hour: i64, machine: i64, s: &Summary) -> Vec<Value> {
    let counts = [s.readings, s.stopped, s.unloaded, s.loaded];
    let mut row: Vec<Value> = vec![hour.into(), machine.into()];
    row.extend(counts.map(Value::from));
    for band in s.bands {
        row.extend([Value::from(band.n), band.sum.into(), band.min.into(), band.max.into()]);
    }
    row.extend([Value::from(s.run_hours.map(|(ts, _)| ts.millis())), s.run_hours.map(|(_, hours)| hours).into()]);
    row
}

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let mut bands = [Band::default(); TRACKED.len()];
    for (place, band) in bands.iter_mut().enumerate() {
        let first = 6 + 4 * place;
        *band =
            Band { n: row.get(first)?, sum: row.get(first + 1)?, min: row.get(first + 2)?, max: row.get(first + 3)? };
    }
    let after = 6 + 4 * TRACKED.len();
    let run_hours = row.get::<_, Option<i64>>(after)?.map(Timestamp::from_millis).zip(row.get(after + 1)?);
    Ok(Summary {
        begins: Timestamp::from_millis(row.get::<_, i64>(0)? * HOUR_MS),
        readings: row.get(2)?,
        stopped: row.get(3)?,
        unloaded: row.get(4)?,
        loaded: row.get(5)?,
        bands,
        run_hours,
    })
}

#[cfg(test)]
mod tests;
