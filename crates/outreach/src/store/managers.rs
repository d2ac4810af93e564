//! Words for managers: that a customer complains.

use foretell_model::Timestamp;

use super::{Row, Session, Value, values};
use crate::care::CustomerStage;
use crate::error::Result;
use crate::views::{MessageState, StageChange};

/// A word as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Its number.
    pub(crate) id: i64,
    /// Key of the customer.
    pub(crate) customer: String,
    /// The change.
    pub(crate) of: StageChange,
    /// The account of whom it is for.
    pub(crate) login: String,
    /// Failed attempts to tell it.
    pub(crate) attempts: u32,
}

/// Notes that a manager is to be told of the newest change of a customer's stage.
pub(crate) fn note(connection: &dyn Session, customer: &str, login: &str, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO manager_word (change, login, due, state, attempts)
               SELECT max(id), ?2, ?3, 'queued', 0 FROM stage_change WHERE customer = ?1";
    connection.execute(sql, values![customer, login, now]).map(drop)
}

/// Words that ask to go out, oldest first.
pub(crate) fn due(connection: &dyn Session, now: Timestamp, max: u32) -> Result<Vec<Kept>> {
    let condition = "manager_word.state = 'queued' AND manager_word.due <= ?1 ORDER BY manager_word.id LIMIT ?2";
    many(connection, condition, values![now, max])
}

/// Words that the last process left half-way.
pub(crate) fn interrupted(connection: &dyn Session) -> Result<Vec<Kept>> {
    many(connection, "manager_word.state = 'sending' ORDER BY manager_word.id", &[])
}

/// Words of which nobody knows whether they went out since a backup was made.
pub(crate) fn doubtful(connection: &dyn Session) -> Result<Vec<Kept>> {
    many(connection, "manager_word.state IN ('queued', 'sending') ORDER BY manager_word.id", &[])
}

/// Moves a word on; it is asked about again at `due`.
pub(crate) fn set_state(
    connection: &dyn Session,
    id: i64,
    state: MessageState,
    attempts: u32,
    due: Timestamp,
) -> Result<()> {
    let sql = "UPDATE manager_word SET state = ?2, attempts = ?3, due = ?4 WHERE id = ?1";
    connection.execute(sql, values![id, state.name(), attempts, due]).map(drop)
}

/// Takes back what has not gone out about a customer.
pub(crate) fn withdraw(connection: &dyn Session, customer: &str) -> Result<()> {
    let sql = "UPDATE manager_word SET state = 'withdrawn'
               WHERE state = 'queued' AND change IN (SELECT id FROM stage_change WHERE customer = ?1)";
    connection.execute(sql, values![customer]).map(drop)
}

fn many(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Vec<Kept>> {
    let sql = format!(
        "SELECT manager_word.id, customer, at, stage, who, why, login, attempts
         FROM manager_word JOIN stage_change ON stage_change.id = manager_word.change WHERE {condition}"
    );
    let kept = |row: &Row| {
        let stage = CustomerStage::from_name(&row.get::<String>(3)?);
        Ok(Kept {
            id: row.get(0)?,
            customer: row.get(1)?,
            of: StageChange { at: row.get(2)?, stage, who: row.get(4)?, why: row.get(5)? },
            login: row.get(6)?,
            attempts: row.get(7)?,
        })
    };
    connection.query(&sql, values)?.iter().map(kept).collect()
}
