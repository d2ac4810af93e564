//! The record: who did what, when and why. Nothing is ever changed or deleted here.

use foretell_model::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::Result;
use crate::views::Happening;

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
