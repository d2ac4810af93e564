//! Replies by the sender's own identity, links taken back, and trips heard.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::{Row, Session, values};
use crate::error::{OutreachError, Result};
use crate::views::LooseReply;

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

/// Replies that wait for an advisor at most; older ones stay in the record alone.
const LOOSE_MAX: u32 = 100;

/// Keeps a reply outside of any case until an advisor has read it.
pub(crate) fn put_loose(connection: &dyn Session, reply: &LooseReply) -> Result<()> {
    let sql = "INSERT INTO loose_reply (customer, machine, medium, text, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let LooseReply { customer, machine, medium, text, at, .. } = reply;
    let machine = machine.as_ref().map(MachineId::as_str);
    connection.execute(sql, values![customer, machine, medium, text, *at]).map(drop)
}

/// Those that nobody has read yet, oldest first.
pub(crate) fn loose(connection: &dyn Session) -> Result<Vec<LooseReply>> {
    let sql = "SELECT id, customer, machine, medium, text, at FROM loose_reply ORDER BY id LIMIT ?1";
    connection.query(sql, values![LOOSE_MAX])?.iter().map(loose_reply).collect()
}

/// Takes one away; gives it back as it was.
pub(crate) fn take_loose(connection: &dyn Session, id: i64) -> Result<LooseReply> {
    let sql = "DELETE FROM loose_reply WHERE id = ?1 RETURNING id, customer, machine, medium, text, at";
    let row = connection.first(sql, values![id])?.ok_or_else(|| OutreachError::missing("reply", id))?;
    loose_reply(&row)
}

fn loose_reply(row: &Row) -> Result<LooseReply> {
    let machine = row.get::<Option<String>>(2)?.and_then(|machine| MachineId::parse(&machine).ok());
    let (medium, text, at) = (row.get(3)?, row.get(4)?, row.get(5)?);
    Ok(LooseReply { id: row.get(0)?, customer: row.get(1)?, machine, medium, text, at })
}

/// Number of the newest message that went to a customer on a medium, or on any where none is named.
pub(crate) fn newest_message(connection: &dyn Session, customer: &str, medium: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM message WHERE customer = ?1 AND (medium = ?2 OR ?2 = '') AND sent IS NOT NULL
               ORDER BY sent DESC, id DESC LIMIT 1";
    connection.first(sql, values![customer, medium])?.map(|row| row.get(0)).transpose()
}

/// Takes a message's link back.
pub(crate) fn revoke_link(connection: &dyn Session, message: i64, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO revoked_link (message, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    connection.execute(sql, values![message, now]).map(drop)
}

/// Whether a message's link was taken back.
pub(crate) fn is_revoked(connection: &dyn Session, message: i64) -> Result<bool> {
    connection.exists("SELECT 1 FROM revoked_link WHERE message = ?1", values![message])
}

/// Whether the newest letter of a case that may be in somebody's hands had its link taken back. Until a person lets another go,
/// nothing goes out in the case by itself; a reminder that waits was let go, because those that had waited were withdrawn.
pub(crate) fn is_letter_revoked(connection: &dyn Session, case: &FindingId) -> Result<bool> {
    let sql = "SELECT 1 FROM revoked_link WHERE message =
                   (SELECT max(id) FROM message WHERE advisory = ?1 AND address IS NOT NULL AND state <> 'draft'
                    AND (kind = 'invitation' OR (kind = 'reminder' AND (sent IS NOT NULL OR state = 'queued'))))";
    connection.exists(sql, values![case.as_str()])
}

/// Whether a trip of a machine is newer than every one heard before; if so, it is noted.
pub(crate) fn is_new_trip(connection: &dyn Session, machine: &MachineId, at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO tripped (machine, at) VALUES (?1, ?2)
               ON CONFLICT (machine) DO UPDATE SET at = ?2 WHERE ?2 > tripped.at";
    Ok(connection.execute(sql, values![machine.as_str(), at])? > 0)
}
