//! The record: who did what, when and why. Nothing is ever changed or deleted here.

use foretell_model::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::Result;
use crate::views::Happening;

/// Codes of what passes between us and the customer; the console words them. An invitation went out; by which channel.
pub(crate) const INVITATION_SENT: &str = "invitation_sent";
/// A reminder went out; by which channel.
pub(crate) const REMINDER_SENT: &str = "reminder_sent";
/// A visit was booked; when.
pub(crate) const VISIT_BOOKED: &str = "visit_booked";
/// The visit was moved; to when.
pub(crate) const VISIT_MOVED: &str = "visit_moved";
/// The visit was cancelled; which.
pub(crate) const VISIT_CANCELLED: &str = "visit_cancelled";
/// The visit took place; when.
pub(crate) const VISIT_DONE: &str = "visit_done";
/// The visit did not take place; why.
pub(crate) const VISIT_MISSED: &str = "visit_missed";
/// The customer said not now; for how many days.
pub(crate) const NOT_NOW: &str = "not_now";
/// The customer wants no such messages; on which medium.
pub(crate) const STOPPED: &str = "stopped";
/// The customer wishes another time; in the customer's words.
pub(crate) const OTHER_TIME: &str = "other_time";
/// A call ended the case; the advisor's remark.
pub(crate) const CALLED_CLOSED: &str = "called_closed";
/// A call asked for a new letter; the advisor's remark.
pub(crate) const CALLED_LETTER: &str = "called_letter";
/// A call reached nobody; the advisor's remark.
pub(crate) const CALLED_UNREACHED: &str = "called_unreached";

/// A visit's time as the record keeps it: in no language and no zone.
pub(crate) fn span(start: Timestamp, end: Timestamp) -> String {
    format!("{start}/{end}")
}

/// Whether a customer asked in a call for a letter about a case, at or after an instant.
pub(crate) fn letter_asked_since(connection: &Connection, advisory: &str, since: Timestamp) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM happening WHERE advisory = ?1 AND what = ?2 AND at >= ?3")?
        .exists(params![advisory, CALLED_LETTER, since.millis()])?)
}

/// One entry to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry<'a> {
    /// When.
    pub(crate) at: Timestamp,
    /// Who did it.
    pub(crate) who: &'a str,
    /// What was done.
    pub(crate) what: &'a str,
    /// Why.
    pub(crate) why: &'a str,
    /// Which customer it concerns.
    pub(crate) customer: Option<&'a str>,
    /// Which machine it concerns.
    pub(crate) machine: Option<&'a str>,
    /// Which case it concerns.
    pub(crate) advisory: Option<&'a str>,
    /// Whether it passed between us and the customer.
    pub(crate) contact: bool,
}

impl Entry<'_> {
    /// Writes it.
    pub(crate) fn write(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO happening (at, who, what, why, customer, machine, advisory, contact)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.at.millis(),
                self.who,
                self.what,
                self.why,
                self.customer,
                self.machine,
                self.advisory,
                self.contact
            ])?;
        Ok(())
    }
}

/// What happened in a case, newest first.
pub(crate) fn of_case(connection: &Connection, advisory: &str) -> Result<Vec<Happening>> {
    let mut query = connection.prepare_cached(
        "SELECT at, who, what, why, machine FROM happening WHERE advisory = ?1 ORDER BY id DESC LIMIT 200",
    )?;
    Ok(query.query_map([advisory], happening)?.collect::<rusqlite::Result<_>>()?)
}

/// What passed between us and a customer, newest first.
pub(crate) fn contacts(connection: &Connection, customer: &str, max: u32) -> Result<Vec<Happening>> {
    let mut query = connection.prepare_cached(
        "SELECT at, who, what, why, machine FROM happening WHERE customer = ?1 AND contact = 1 ORDER BY id DESC LIMIT ?2",
    )?;
    Ok(query.query_map(params![customer, max], happening)?.collect::<rusqlite::Result<_>>()?)
}

fn happening(row: &Row<'_>) -> rusqlite::Result<Happening> {
    Ok(Happening {
        at: Timestamp::from_millis(row.get(0)?),
        who: row.get(1)?,
        what: row.get(2)?,
        why: row.get(3)?,
        machine: row.get(4)?,
    })
}
