//! What becomes of messages beside their state: which channels refused one, and what a customer knows of a visit through them.

use foretell_model::FindingId;

use super::messages::many;
use super::{Mail, Session, Stay, bookings, values};
use crate::error::Result;

/// Names of the channels that refused a message for good.
pub(crate) fn refused_by(connection: &dyn Session, message: i64) -> Result<Vec<String>> {
    let sql = "SELECT channel FROM refused_by WHERE message = ?1 ORDER BY channel";
    connection.query(sql, values![message])?.iter().map(|row| row.get(0)).collect()
}

/// Notes that a channel refused a message for good.
pub(crate) fn refuse(connection: &dyn Session, message: i64, channel: &str) -> Result<()> {
    let sql = "INSERT INTO refused_by (message, channel) VALUES (?1, ?2) ON CONFLICT (message, channel) DO NOTHING";
    connection.execute(sql, values![message, channel]).map(drop)
}

/// Every channel may be asked about a message again: a person wants it sent once more.
pub(crate) fn forget_refusals(connection: &dyn Session, message: i64) -> Result<()> {
    connection.execute("DELETE FROM refused_by WHERE message = ?1", values![message]).map(drop)
}

/// Messages of a case whose fate nobody knows, or that certainly never arrived, and that no later one of their kind replaced;
/// oldest first.
pub(crate) fn unsettled(connection: &dyn Session, case: &FindingId) -> Result<Vec<Mail>> {
    let condition = "advisory = ?1 AND state IN ('unknown', 'failed') AND NOT EXISTS
                     (SELECT 1 FROM message AS later WHERE later.advisory = message.advisory
                      AND later.kind = message.kind AND later.id > message.id) ORDER BY id";
    many(connection, condition, values![case.as_str()])
}

/// The same of every case. Few at any time: somebody settles them.
pub(crate) fn unsettled_everywhere(connection: &dyn Session) -> Result<Vec<Mail>> {
    let condition = "state IN ('unknown', 'failed') AND NOT EXISTS
                     (SELECT 1 FROM message AS later WHERE later.advisory = message.advisory
                      AND later.kind = message.kind AND later.id > message.id) ORDER BY id";
    many(connection, condition, values![])
}

/// What a customer knows of a case's visit: how often it had been changed then, and its state. A word that is on its way, or
/// whose fate nobody knows, counts as read. Nothing once what they were told of took place: the next visit is another one.
pub(crate) fn visit_told(connection: &dyn Session, case: &FindingId) -> Result<Option<(u32, String)>> {
    let perhaps = "SELECT telling.sequence, telling.state FROM telling JOIN message ON message.id = telling.message
                      WHERE message.advisory = ?1 AND message.state IN ('sending', 'unknown') ORDER BY message.id DESC LIMIT 1";
    let told = "SELECT sequence, state FROM visit_told WHERE advisory = ?1";
    let row = match connection.first(perhaps, values![case.as_str()])? {
        Some(row) => Some(row),
        None => connection.first(told, values![case.as_str()])?,
    };
    let told: Option<(u32, String)> = row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()?;
    let done = bookings::newest_done_of(connection, case)?;
    Ok(told.filter(|(sequence, _)| done.is_none_or(|done| done.sequence < *sequence)))
}

/// Notes of which state of a visit a message on its way tells.
pub(crate) fn tell(connection: &dyn Session, message: i64, sequence: u32, state: &str) -> Result<()> {
    let sql = "INSERT INTO telling (message, sequence, state) VALUES (?1, ?2, ?3)
               ON CONFLICT (message) DO UPDATE SET sequence = ?2, state = ?3";
    connection.execute(sql, values![message, sequence, state]).map(drop)
}

/// Whether a message says that a visit is off.
pub(crate) fn tells_of_cancellation(connection: &dyn Session, message: i64) -> Result<bool> {
    connection.exists("SELECT 1 FROM telling WHERE message = ?1 AND state = 'cancelled'", values![message])
}

/// A message arrived: what it tells of a visit is known from now on.
pub(crate) fn told(connection: &dyn Session, message: i64, case: &FindingId) -> Result<()> {
    let Some(row) = connection.first("SELECT sequence, state FROM telling WHERE message = ?1", values![message])?
    else {
        return Ok(());
    };
    know(connection, case, row.get(0)?, &row.get::<String>(1)?)
}

/// A customer was told on the telephone how a visit stands.
pub(crate) fn heard(connection: &dyn Session, stay: &Stay) -> Result<()> {
    know(connection, &stay.case, stay.sequence, &stay.state)
}

fn know(connection: &dyn Session, case: &FindingId, sequence: u32, state: &str) -> Result<()> {
    let sql = "INSERT INTO visit_told (advisory, sequence, state) VALUES (?1, ?2, ?3)
               ON CONFLICT (advisory) DO UPDATE SET sequence = ?2, state = ?3";
    connection.execute(sql, values![case.as_str(), sequence, state]).map(drop)
}

/// Whether a word about a visit is its calendar file alone, because it was said on the telephone.
pub(crate) fn is_file_alone(connection: &dyn Session, message: i64) -> Result<bool> {
    connection.exists("SELECT 1 FROM file_alone WHERE message = ?1", values![message])
}

/// Notes whether a word about a visit is its calendar file alone.
pub(crate) fn set_file_alone(connection: &dyn Session, message: i64, alone: bool) -> Result<()> {
    let sql = match alone {
        true => "INSERT INTO file_alone (message) VALUES (?1) ON CONFLICT (message) DO NOTHING",
        false => "DELETE FROM file_alone WHERE message = ?1",
    };
    connection.execute(sql, values![message]).map(drop)
}
