//! The log by time of the events instead of order of arrival: for pages, exports and the archive.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};

use foretell_model::{DAY_MS, Event, LogError, MINUTE_MS, MachineId, Offset, Reading, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::SqliteLog;
use crate::database::{BREATH, signed};
use crate::machines;

impl SqliteLog {
    /// One machine's readings with `from <= ts < to`, in order of time, handed to `sink` until it breaks.
    ///
    /// Costs one seek per minute of the span that the log holds at all, whatever the size of the fleet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn readings(
        &self,
        machine: &MachineId,
        from: Timestamp,
        to: Timestamp,
        mut sink: impl FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let (minute, number, reached) = (|ts: Timestamp| ts.millis() / MINUTE_MS, Cell::new(0), Cell::new(from));
        let read = self.database.reading("read a machine's readings from", |connection| {
            let Some(found) = machines::find(connection, machine)? else { return Ok(()) };
            number.set(found);
            let mut statement = connection.prepare_cached(self.queries.readings)?;
            let mut rows = statement.query(params![minute(from), minute(to), found, from.millis(), to.millis()])?;
            while let Some(row) = rows.next()? {
                reached.set(Timestamp::from_millis(row.get(2)?));
                if let Some(Event::Reading(reading)) = self.event(row, machine.clone())?
                    && sink(reading).is_break()
                {
                    break;
                }
            }
            Ok(())
        });
        let (from, to_ms) = (reached.get(), to.millis());
        read.map_err(|e| {
            self.met(e, self.queries.readings, [minute(from), minute(to), number.get(), from.millis(), to_ms])
        })
    }

    /// All machines' readings with `from <= ts < to` that stand at or before `through`, by minute, handed to `sink` until it
    /// breaks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn span(
        &self,
        from: Timestamp,
        to: Timestamp,
        through: Offset,
        mut sink: impl FnMut(Reading) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        self.between(self.queries.span, from, to, through, |event| match event {
            Event::Reading(reading) => sink(reading),
            _ => ControlFlow::Continue(()),
        })
    }

    /// The same of every kind of event.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn events(
        &self,
        from: Timestamp,
        to: Timestamp,
        through: Offset,
        sink: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        self.between(self.queries.events, from, to, through, sink)
    }

    fn between(
        &self,
        query: &'static str,
        from: Timestamp,
        to: Timestamp,
        through: Offset,
        mut sink: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let (first, last) = (from.millis() / MINUTE_MS, to.millis() / MINUTE_MS);
        let reached = Cell::new(first);
        let read = self.database.reading("read a span of", |connection| {
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query(params![first, last, from.millis(), to.millis(), signed(through.0)])?;
            while let Some(row) = rows.next()? {
                reached.set(row.get::<_, i64>(2)? / MINUTE_MS);
                let Some(machine) = self.names.name(connection, row.get(1)?)? else { continue };
                if let Some(event) = self.event(row, machine)?
                    && sink(event).is_break()
                {
                    break;
                }
            }
            Ok(())
        });
        let with = [reached.get(), last, from.millis(), to.millis(), signed(through.0)];
        read.map_err(|error| self.met(error, query, with))
    }

    /// Days (UTC, by their first instant) of which the log holds readings, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn days(&self) -> Result<Vec<Timestamp>, LogError> {
        let reached = Cell::new(i64::MIN);
        let read = self.database.reading("list the days of", |connection| {
            let mut next = connection.prepare_cached(NEXT_READING)?;
            let (mut days, mut from) = (Vec::new(), Timestamp::from_millis(i64::MIN));
            while let Some(ts) = next.query_row([from.millis()], |row| row.get(0)).optional()?.flatten() {
                let day = Timestamp::from_millis(Timestamp::from_millis(ts).day() * DAY_MS);
                days.push(day);
                from = day + DAY_MS;
                reached.set(from.millis());
            }
            Ok(days)
        });
        read.map_err(|error| self.met(error, NEXT_READING, [reached.get()]))
    }

    /// Removes the readings of a day that stand at or before `through`, some minutes at a time so that appends get in between.
    /// The newest entry stays whatever its day, because its place must not be given twice. Returns how many went.
    ///
    /// Give no place beyond what every consumer has read and the archive holds.
    ///
    /// # Errors
    /// When the store refused; the minutes done stay removed.
    pub fn drop_day(&self, day: Timestamp, through: Offset) -> Result<usize, LogError> {
        let first = day.day() * DAY_MS / MINUTE_MS;
        let (mut minutes, mut gone) = (first..first + DAY_MS / MINUTE_MS, 0);
        while !minutes.is_empty() {
            let removed = drop_some(&mut self.database.writer(), &mut minutes, through);
            gone += removed.map_err(|e| {
                let error = self.database.error("drop archived readings from", e);
                let (from, to) = (first * MINUTE_MS, (first + DAY_MS / MINUTE_MS) * MINUTE_MS);
                self.met(error, self.queries.events, [first, to / MINUTE_MS, from, to, signed(through.0)])
            })?;
            // Appends wait for the writer meanwhile, and a lock that is taken at once again would starve them.
            std::thread::sleep(BREATH);
        }
        self.tail().forget();
        Ok(gone)
    }
}

/// The first minute at or after an instant that holds a reading; the instant decides within the minute that it divides.
const NEXT_READING: &str = "SELECT ts FROM log INDEXED BY log_identity
    WHERE ts / 60000 >= ?1 / 60000 AND ts >= ?1 AND kind = 0 ORDER BY ts / 60000 LIMIT 1";

/// A minute before 1970 shares its number with its neighbour, so the instants stand here too.
const DROP: &str =
    "DELETE FROM log WHERE ts / 60000 BETWEEN ?1 AND ?1 + 1 AND ts >= ?2 AND ts < ?3 AND kind = 0 AND id <= ?4
    AND id < (SELECT max(id) FROM log)";

/// Drops minutes in one transaction until it holds appends up for long enough.
fn drop_some(connection: &mut Connection, minutes: &mut Range<i64>, through: Offset) -> rusqlite::Result<usize> {
    const ROWS: usize = 4_000;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut gone = 0;
    while gone < ROWS
        && let Some(minute) = minutes.next()
    {
        let span = params![minute, minute * MINUTE_MS, (minute + 1) * MINUTE_MS, signed(through.0)];
        gone += transaction.prepare_cached(DROP)?.execute(span)?;
    }
    transaction.commit()?;
    Ok(gone)
}
