//! Visits and the technicians' half-days.

use std::collections::HashMap;

use chrono::Timelike;
use foretell_model::{FindingId, MachineId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::registry;
use crate::calendar::Calendar;
use crate::error::{OutreachError, Result};
use crate::registry::Technician;
use crate::slots::Slot;

/// A visit as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stay {
    /// Its number; 0 before it was first saved.
    pub(crate) id: i64,
    /// The case it belongs to.
    pub(crate) case: FindingId,
    /// Where.
    pub(crate) machine: MachineId,
    /// Whose.
    pub(crate) customer: String,
    /// When.
    pub(crate) start: Timestamp,
    /// Until when.
    pub(crate) end: Timestamp,
    /// Key of the technician.
    pub(crate) technician: Option<String>,
    /// `booked`, `cancelled`, `done` or `missed`.
    pub(crate) state: String,
    /// How often it was changed.
    pub(crate) sequence: u32,
    /// When it was last changed.
    pub(crate) changed: Timestamp,
}

const COLUMNS: &str = "id, advisory, machine, customer, start, end, technician, state, sequence, changed";

/// How many visits fit into one half-day, and who makes them.
pub(crate) struct Lanes {
    count: u32,
    technicians: Vec<Technician>,
    zone: Calendar,
}

impl Lanes {
    /// The company's technicians at present.
    pub(crate) fn read(connection: &Connection, configured: Option<u32>, zone: chrono_tz::Tz) -> Result<Self> {
        let technicians: Vec<Technician> = registry::all(connection)?;
        let count = configured.unwrap_or(u32::try_from(technicians.len()).unwrap_or(u32::MAX)).max(1);
        Ok(Self { count, technicians, zone: Calendar::plain(zone) })
    }

    /// The half-day of an instant, e.g. `2026-07-23 am`.
    fn half_day(&self, t: Timestamp) -> String {
        let local = self.zone.local(t);
        format!("{} {}", local.format("%Y-%m-%d"), if local.hour() < 12 { "am" } else { "pm" })
    }

    fn technician(&self, lane: u32) -> Option<&str> {
        self.technicians.get(lane as usize % self.technicians.len().max(1)).map(|t| t.id.as_str())
    }
}

/// How full the half-days are, read once for many questions.
pub(crate) struct Occupancy {
    lanes: Lanes,
    booked: HashMap<String, u32>,
}

impl Occupancy {
    /// Counts the visits from `now` on.
    pub(crate) fn read(connection: &Connection, lanes: Lanes, now: Timestamp) -> Result<Self> {
        let mut query = connection.prepare_cached(
            "SELECT half_day, count(*) FROM booking WHERE state = 'booked' AND half_day >= ?1 GROUP BY half_day",
        )?;
        let from = lanes.half_day(now);
        let booked = query.query_map([from], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { lanes, booked })
    }

    /// Whether a technician has time.
    pub(crate) fn is_free(&self, slot: &Slot) -> bool {
        self.booked.get(&self.lanes.half_day(slot.start)).is_none_or(|n| *n < self.lanes.count)
    }
}

impl Stay {
    /// Takes the first free lane of the half-day and writes the visit.
    ///
    /// # Errors
    /// `SlotTaken` when the half-day is full or the case has a visit already: the store's unique indices decide.
    pub(crate) fn book(&mut self, connection: &Connection, lanes: &Lanes) -> Result<()> {
        let half_day = lanes.half_day(self.start);
        for lane in 0..lanes.count {
            self.technician = lanes.technician(lane).map(str::to_owned);
            match self.write(connection, &half_day, lane) {
                Ok(()) => return Ok(()),
                Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(OutreachError::SlotTaken)
    }

    /// Writes a change that keeps the time.
    pub(crate) fn save(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached("UPDATE booking SET state = ?2, sequence = ?3, changed = ?4 WHERE id = ?1")?
            .execute(params![self.id, self.state, self.sequence, self.changed.millis()])?;
        Ok(())
    }

    fn write(&mut self, connection: &Connection, half_day: &str, lane: u32) -> rusqlite::Result<()> {
        let (start, end, changed) = (self.start.millis(), self.end.millis(), self.changed.millis());
        if self.id != 0 {
            connection
                .prepare_cached(
                    "UPDATE booking SET start = ?2, end = ?3, technician = ?4, state = ?5, sequence = ?6, changed = ?7,
                                        half_day = ?8, lane = ?9 WHERE id = ?1",
                )?
                .execute(params![
                    self.id,
                    start,
                    end,
                    self.technician,
                    self.state,
                    self.sequence,
                    changed,
                    half_day,
                    lane
                ])?;
            return Ok(());
        }
        connection
            .prepare_cached(
                "INSERT INTO booking (advisory, machine, customer, start, end, technician, state, sequence, changed,
                                      half_day, lane)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                self.case.as_str(),
                self.machine.as_str(),
                self.customer,
                start,
                end,
                self.technician,
                self.state,
                self.sequence,
                changed,
                half_day,
                lane
            ])?;
        self.id = connection.last_insert_rowid();
        Ok(())
    }
}

/// The newest visit of a case, cancelled and done ones included.
pub(crate) fn newest_of(connection: &Connection, case: &FindingId) -> Result<Option<Stay>> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM booking WHERE advisory = ?1 ORDER BY id DESC LIMIT 1"))?
        .query_row([case.as_str()], stay)
        .optional()?)
}

/// One visit.
pub(crate) fn get(connection: &Connection, id: i64) -> Result<Stay> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM booking WHERE id = ?1"))?
        .query_row([id], stay)
        .optional()?
        .ok_or_else(|| OutreachError::missing("booking", id))
}

/// Visits booked from an instant on, soonest first.
pub(crate) fn upcoming(connection: &Connection, from: Timestamp, max: u32) -> Result<Vec<Stay>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM booking WHERE state = 'booked' AND end >= ?1 ORDER BY start, id LIMIT ?2"
    ))?;
    Ok(query.query_map(params![from.millis(), max], stay)?.collect::<rusqlite::Result<_>>()?)
}

/// Visits booked and not done.
pub(crate) fn count_booked(connection: &Connection) -> Result<u32> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM booking WHERE state = 'booked'")?
        .query_row([], |row| row.get(0))?)
}

fn stay(row: &Row<'_>) -> rusqlite::Result<Stay> {
    let machine: String = row.get(2)?;
    let machine = MachineId::parse(&machine)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))?;
    Ok(Stay {
        id: row.get(0)?,
        case: FindingId::from_text(&row.get::<_, String>(1)?),
        machine,
        customer: row.get(3)?,
        start: Timestamp::from_millis(row.get(4)?),
        end: Timestamp::from_millis(row.get(5)?),
        technician: row.get(6)?,
        state: row.get(7)?,
        sequence: row.get(8)?,
        changed: Timestamp::from_millis(row.get(9)?),
    })
}
