//! Visits and the time that crews have promised.

use foretell_model::{DAY_MS, FindingId, MINUTE_MS, MachineId, Obstacle, Timestamp};

use super::{Row, Session, Value, crews, journeys, values};
use crate::calendar::Calendar;
use crate::error::{OutreachError, Result};
use crate::roster::{Job, Promised, Roster};
use crate::slots::{self, Slot};
use crate::views::VisitReport;

/// Crews' time is promised in quarters of an hour.
const QUARTER_MS: i64 = 15 * MINUTE_MS;

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
    /// How often it was changed, earlier bookings of the same case included.
    pub(crate) sequence: u32,
    /// When it was last changed.
    pub(crate) changed: Timestamp,
    /// Number of the case's first booking: what calendars know the visit by. 0 before it was first saved.
    pub(crate) uid: i64,
}

/// Which hours a visit may be at.
#[derive(Clone, Copy)]
pub(crate) enum Hours<'a> {
    /// Those in which visits are made, on the customer's clock.
    Usual(&'a Calendar),
    /// Whatever was agreed with the customer.
    Agreed,
}

const COLUMNS: &str = "id, advisory, machine, customer, begins, ends, technician, state, sequence, changed, uid";

impl Stay {
    /// Takes the time of whoever should come and writes the visit. Whoever books or moves a visit comes through here, so that
    /// no way leads to a visit at three in the morning that nobody meant.
    ///
    /// # Errors
    /// `Refused` with `OddHour` outside the hours of visits; `SlotTaken` when nobody could come or the case has a visit already.
    pub(crate) fn book(
        &mut self,
        connection: &dyn Session,
        roster: &Roster,
        job: &Job,
        hours: Hours<'_>,
    ) -> Result<()> {
        let slot = Slot { start: self.start, end: self.end, idle: false };
        if matches!(hours, Hours::Usual(calendar) if !slots::is_usual(&slot, calendar)) {
            return Err(OutreachError::refused(format!("book a visit for {}", self.case), Obstacle::OddHour));
        }
        let moving = (self.id != 0).then_some(self.id);
        let before = moving.map(|id| get(connection, id)).transpose()?;
        let (crew, _) = roster.choose(&slot, job, moving).ok_or(OutreachError::SlotTaken)?;
        self.technician.clone_from(&crew.technician);
        if self.id == 0 {
            self.insert(connection, &crew.key)?;
        } else {
            let sql =
                "UPDATE booking SET begins = ?2, ends = ?3, technician = ?4, state = ?5, sequence = ?6, changed = ?7,
                                          crew = ?8 WHERE id = ?1";
            let technician = self.technician.clone();
            let (state, sequence, changed) = (self.state.as_str(), self.sequence, self.changed);
            let key = crew.key.as_str();
            connection
                .execute(sql, values![self.id, self.start, self.end, technician, state, sequence, changed, key])?;
            // Whoever had set out did so for the time that was.
            journeys::end(connection, self.id)?;
        }
        if let Some(before) = before {
            crews::note(connection, &before, self)?;
        }
        self.take_time(connection, &crew.key)
    }

    fn insert(&mut self, connection: &dyn Session, crew: &str) -> Result<()> {
        // Calendars know the case's visit by its first booking and follow the sequence.
        if let Some(before) = newest_of(connection, &self.case)? {
            if before.state == "booked" {
                return Err(OutreachError::SlotTaken);
            }
            (self.uid, self.sequence) = (before.uid, before.sequence + 1);
        }
        let sql =
            "INSERT INTO booking (advisory, machine, customer, begins, ends, technician, state, sequence, changed,
                                        site, crew, uid)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id";
        let row = connection.first(
            sql,
            values![
                self.case.as_str(),
                self.machine.as_str(),
                self.customer.as_str(),
                self.start,
                self.end,
                self.technician.clone(),
                self.state.as_str(),
                self.sequence,
                self.changed,
                self.machine.site(),
                crew,
                self.uid,
            ],
        )?;
        self.id = row.map_or(Ok(0), |row| row.get(0))?;
        if self.uid == 0 {
            self.uid = self.id;
            connection.execute("UPDATE booking SET uid = ?1 WHERE id = ?1", values![self.id])?;
        }
        Ok(())
    }

    /// Claims every quarter of an hour; the key of the table decides between hands that reach for the same one.
    fn take_time(&self, connection: &dyn Session, crew: &str) -> Result<()> {
        self.give_time_back(connection)?;
        let first = self.start.millis().div_euclid(QUARTER_MS);
        let last = (self.end.millis() - 1).max(self.start.millis()).div_euclid(QUARTER_MS);
        for quarter in first..=last {
            let sql = "INSERT INTO crew_time (crew, quarter, booking) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            if connection.execute(sql, values![crew, quarter, self.id])? == 0 {
                return Err(OutreachError::SlotTaken);
            }
        }
        Ok(())
    }

    fn give_time_back(&self, connection: &dyn Session) -> Result<()> {
        connection.execute("DELETE FROM crew_time WHERE booking = ?1", values![self.id]).map(drop)
    }

    /// What stands in the way of whoever wants to do something about a visit that is over; nothing while it is booked.
    pub(crate) fn over(&self) -> Option<Obstacle> {
        match self.state.as_str() {
            "booked" => None,
            "missed" => Some(Obstacle::VisitMissed),
            "cancelled" => Some(Obstacle::VisitCancelled),
            _ => Some(Obstacle::VisitDone),
        }
    }

    /// When the work was done, if it was: it ends with the visit, unless somebody said so sooner.
    pub(crate) fn worked(&self) -> Option<Timestamp> {
        (self.state == "done").then(|| self.end.min(self.changed))
    }

    /// Writes a change that keeps the time; a visit that is off gives it back.
    pub(crate) fn save(&self, connection: &dyn Session) -> Result<()> {
        let sql = "UPDATE booking SET state = ?2, sequence = ?3, changed = ?4 WHERE id = ?1";
        connection.execute(sql, values![self.id, self.state.as_str(), self.sequence, self.changed])?;
        if self.state == "cancelled" {
            journeys::end(connection, self.id)?;
            crews::note(connection, self, self)?;
        }
        if self.state == "booked" { Ok(()) } else { self.give_time_back(connection) }
    }
}

/// What crews have promised from a week before an instant on: whoever worked this week has fewer hours left in it.
pub(crate) fn promised(connection: &dyn Session, now: Timestamp) -> Result<Vec<Promised>> {
    let sql = "SELECT id, crew, site, begins, ends FROM booking WHERE state IN ('booked', 'done') AND ends >= ?1";
    let rows = connection.query(sql, values![now + -8 * DAY_MS])?;
    let promised = |row: &Row| {
        Ok(Promised {
            booking: row.get(0)?,
            crew: row.get(1)?,
            site: row.get(2)?,
            start: row.get(3)?,
            end: row.get(4)?,
        })
    };
    rows.iter().map(promised).collect()
}

/// The newest visit of a case, cancelled and done ones included.
pub(crate) fn newest_of(connection: &dyn Session, case: &FindingId) -> Result<Option<Stay>> {
    let sql = format!("SELECT {COLUMNS} FROM booking WHERE advisory = ?1 ORDER BY id DESC LIMIT 1");
    connection.first(&sql, values![case.as_str()])?.as_ref().map(stay).transpose()
}

/// The newest visit of a case in which the work was done.
pub(crate) fn newest_done_of(connection: &dyn Session, case: &FindingId) -> Result<Option<Stay>> {
    let sql = format!("SELECT {COLUMNS} FROM booking WHERE advisory = ?1 AND state = 'done' ORDER BY id DESC LIMIT 1");
    connection.first(&sql, values![case.as_str()])?.as_ref().map(stay).transpose()
}

/// When the work was done of those open cases that changed after a number, as far as it was.
pub(crate) fn worked_after(connection: &dyn Session, seq: i64) -> Result<Vec<(FindingId, Timestamp)>> {
    let sql = "SELECT advisory, max(CASE WHEN ends < changed THEN ends ELSE changed END) FROM booking
               WHERE state = 'done' AND advisory IN
                   (SELECT id FROM advisory WHERE seq > ?1 AND stage NOT IN ('done', 'cleared')) GROUP BY advisory";
    let rows = connection.query(sql, values![seq])?;
    rows.iter().map(|row| Ok((FindingId::from_text(&row.get::<String>(0)?), row.get(1)?))).collect()
}

/// One visit.
pub(crate) fn get(connection: &dyn Session, id: i64) -> Result<Stay> {
    let row = connection.first(&format!("SELECT {COLUMNS} FROM booking WHERE id = ?1"), values![id])?;
    row.as_ref().map(stay).transpose()?.ok_or_else(|| OutreachError::missing("booking", id))
}

/// Visits booked that end from an instant on, soonest first.
pub(crate) fn upcoming(connection: &dyn Session, from: Timestamp, max: u32) -> Result<Vec<Stay>> {
    let sql =
        format!("SELECT {COLUMNS} FROM booking WHERE state = 'booked' AND ends >= ?1 ORDER BY begins, id LIMIT ?2");
    connection.query(&sql, values![from, max])?.iter().map(stay).collect()
}

/// Visits booked to a machine of their own.
pub(crate) fn booked_at(connection: &dyn Session, machine: &MachineId) -> Result<Vec<Stay>> {
    let sql = format!("SELECT {COLUMNS} FROM booking WHERE machine = ?1 AND state = 'booked' ORDER BY begins, id");
    connection.query(&sql, values![machine.as_str()])?.iter().map(stay).collect()
}

/// No visit takes longer, ms. It bounds how far before a span is looked for what reaches into it, or every visit ever made
/// would be.
const VISIT_MAX_MS: i64 = 7 * DAY_MS;

/// Visits that touch a span and were not called off, of one technician or of all, soonest first.
pub(crate) fn between(
    connection: &dyn Session,
    technician: Option<&str>,
    (from, to): (Timestamp, Timestamp),
    max: u32,
) -> Result<Vec<Stay>> {
    let own = if technician.is_some() { "AND technician = ?5" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM booking
         WHERE begins >= ?4 AND begins < ?2 AND ends >= ?1 AND state <> 'cancelled' {own} ORDER BY begins, id LIMIT ?3"
    );
    let mut found: Vec<Value> = values![from, to, max, from + -VISIT_MAX_MS].to_vec();
    found.extend(technician.map(Value::from));
    connection.query(&sql, &found)?.iter().map(stay).collect()
}

/// Whether a technician is booked for a visit that is not over.
pub(crate) fn is_expected(connection: &dyn Session, technician: &str, now: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM booking WHERE technician = ?1 AND state = 'booked' AND ends > ?2";
    connection.exists(sql, values![technician, now])
}

/// Finished visits to a machine that began in a span, newest first.
pub(crate) fn done_at(
    connection: &dyn Session,
    machine: &MachineId,
    (from, to): (Timestamp, Timestamp),
    max: u32,
) -> Result<Vec<Stay>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM booking
         WHERE (machine = ?1 OR advisory IN (SELECT advisory FROM alongside WHERE machine = ?1))
               AND begins >= ?2 AND begins < ?3 AND state = 'done'
         ORDER BY begins DESC, id DESC LIMIT ?4"
    );
    connection.query(&sql, values![machine.as_str(), from, to, max])?.iter().map(stay).collect()
}

/// Visits that changed after a number; from the beginning on only those that are booked.
pub(crate) fn changed_after(connection: &dyn Session, seq: i64) -> Result<Vec<Stay>> {
    let booked = if seq < 0 { "AND state = 'booked'" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM booking WHERE seq > ?1 {booked}");
    connection.query(&sql, values![seq])?.iter().map(stay).collect()
}

/// Visits booked and not done.
pub(crate) fn count_booked(connection: &dyn Session) -> Result<u32> {
    connection.count("SELECT count(*) FROM booking WHERE state = 'booked'", &[])
}

/// Keeps what was done at a visit, and whether its note is held back from the customer.
pub(crate) fn report(
    connection: &dyn Session,
    booking: i64,
    (report, is_held): (&VisitReport, bool),
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let body = serde_json::to_string(report).map_err(|e| OutreachError::corrupt("a visit's report", e))?;
    let sql = "INSERT INTO visit_report (booking, at, who, body, held) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (booking) DO UPDATE SET at = ?2, who = ?3, body = ?4, held = ?5";
    connection.execute(sql, values![booking, now, who, body, is_held]).map(drop)
}

/// Visits whose note is held back because its customer cannot read it, with their machines, oldest first.
pub(crate) fn with_held_note(connection: &dyn Session) -> Result<Vec<(i64, MachineId)>> {
    let sql = "SELECT booking.id, booking.machine FROM visit_report JOIN booking ON booking.id = visit_report.booking
               WHERE visit_report.held = 1 ORDER BY visit_report.at, booking.id";
    let machine = |row: &Row| {
        let machine: String = row.get(1)?;
        let machine = MachineId::parse(&machine).map_err(|e| OutreachError::corrupt("a visit's machine", e))?;
        Ok((row.get(0)?, machine))
    };
    connection.query(sql, &[])?.iter().map(machine).collect()
}

/// What was done at a visit, if anybody said.
pub(crate) fn report_of(connection: &dyn Session, booking: i64) -> Result<Option<VisitReport>> {
    let row = connection.first("SELECT body FROM visit_report WHERE booking = ?1", values![booking])?;
    let read = |row: Row| {
        serde_json::from_str(&row.get::<String>(0)?)
            .map_err(|e| OutreachError::corrupt(format!("the report of visit {booking}"), e))
    };
    row.map(read).transpose()
}

/// Takes the report of a visit away that was entered by mistake.
pub(crate) fn forget_report(connection: &dyn Session, booking: i64) -> Result<()> {
    connection.execute("DELETE FROM visit_report WHERE booking = ?1", values![booking]).map(drop)
}

/// Keeps from which hours a work of a machine had counted before a visit, in case its report is taken back.
pub(crate) fn keep_counted(
    connection: &dyn Session,
    booking: i64,
    (machine, work): (&str, &str),
    hours: f64,
) -> Result<()> {
    let sql = "INSERT INTO counted (booking, machine, work, hours) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (booking, machine, work) DO UPDATE SET hours = ?4";
    connection.execute(sql, values![booking, machine, work, hours]).map(drop)
}

/// What was kept so, once: machine, work, hours.
pub(crate) fn take_counted(connection: &dyn Session, booking: i64) -> Result<Vec<(String, String, f64)>> {
    let sql = "DELETE FROM counted WHERE booking = ?1 RETURNING machine, work, hours";
    let rows = connection.query(sql, values![booking])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

fn stay(row: &Row) -> Result<Stay> {
    let machine: String = row.get(2)?;
    Ok(Stay {
        id: row.get(0)?,
        case: FindingId::from_text(&row.get::<String>(1)?),
        machine: MachineId::parse(&machine).map_err(|e| OutreachError::corrupt("a visit's machine", e))?,
        customer: row.get(3)?,
        start: row.get(4)?,
        end: row.get(5)?,
        technician: row.get(6)?,
        state: row.get(7)?,
        sequence: row.get(8)?,
        changed: row.get(9)?,
        uid: row.get(10)?,
    })
}
