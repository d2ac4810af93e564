//! Replies by the sender's own identity, links taken back, and trips heard.

use foretell_model::{MachineId, Timestamp};

use super::{Session, values};
use crate::error::Result;

/// A reply as it is kept; its words stand in the record.
pub(crate) struct Kept<'a> {
    pub(crate) source: &'a str,
    pub(crate) id: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) heard: Timestamp,
    pub(crate) customer: &'a str,
    pub(crate) medium: &'a str,
    pub(crate) advisory: Option<&'a str>,
}

/// Whether a reply was taken before.
pub(crate) fn known(connection: &dyn Session, source: &str, id: &str) -> Result<bool> {
    connection.exists("SELECT 1 FROM reply WHERE source = ?1 AND id = ?2", values![source, id])
}

/// Keeps a reply.
pub(crate) fn keep(connection: &dyn Session, reply: &Kept<'_>) -> Result<()> {
    let Kept { source, id, at, heard, customer, medium, advisory } = *reply;
    let sql =
        "INSERT INTO reply (source, id, at, heard, customer, medium, advisory) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.execute(sql, values![source, id, at, heard, customer, medium, advisory]).map(drop)
}

/// Number of the newest message that went to a customer on a medium, or on any where none is named.
pub(crate) fn newest_message(connection: &dyn Session, customer: &str, medium: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM message WHERE customer = ?1 AND (medium = ?2 OR ?2 = '') AND sent IS NOT NULL
               ORDER BY sent DESC, id DESC LIMIT 1";
    connection.first(sql, values![customer, medium])?.map(|row| row.get(0)).transpose()
}

/// Takes a message's link back; says whether it was not already.
pub(crate) fn revoke_link(connection: &dyn Session, message: i64, now: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO revoked_link (message, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(connection.execute(sql, values![message, now])? > 0)
}

/// Whether a message's link was taken back.
pub(crate) fn is_revoked(connection: &dyn Session, message: i64) -> Result<bool> {
    connection.exists("SELECT 1 FROM revoked_link WHERE message = ?1", values![message])
}

/// Whether a trip of a machine is newer than every one heard before; if so, it is noted.
pub(crate) fn is_new_trip(connection: &dyn Session, machine: &MachineId, at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO tripped (machine, at) VALUES (?1, ?2)
               ON CONFLICT (machine) DO UPDATE SET at = ?2 WHERE ?2 > tripped.at";
    Ok(connection.execute(sql, values![machine.as_str(), at])? > 0)
}
