//! Keeping what people register.

use foretell_model::{MachineId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::Entry;
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Entity, Machine, Site};

/// Keeps a thing unless it is there unchanged; says whether anything changed.
pub(crate) fn register<T: Entity>(connection: &Connection, thing: &T, who: &str, now: Timestamp) -> Result<bool> {
    let wrong = |why: String| OutreachError::Registration { what: T::KIND, id: thing.id().to_owned(), why };
    if thing.id().is_empty() {
        return Err(wrong("`id` is empty".into()));
    }
    thing.check().map_err(wrong)?;
    if let Some((kind, id)) = thing.needs().filter(|(kind, id)| !matches!(exists(connection, kind, id), Ok(true))) {
        return Err(wrong(format!("there is no {kind} `{id}`")));
    }
    let before: Option<T> = find(connection, thing.id())?;
    if before.as_ref() == Some(thing) {
        return Ok(false);
    }
    let body = serde_json::to_string(thing).map_err(|e| OutreachError::corrupt(T::KIND, e))?;
    connection
        .prepare_cached("INSERT INTO entity (kind, id, body) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = ?3")?
        .execute(params![T::KIND, thing.id(), body])?;
    let what = format!("{} {} `{}`", if before.is_some() { "changed" } else { "registered" }, T::KIND, thing.id());
    let machine = (T::KIND == Machine::KIND).then(|| thing.id());
    let customer = (T::KIND == Customer::KIND).then(|| thing.id());
    Entry { at: now, who, what: &what, machine, customer, ..Entry::default() }.write(connection)?;
    Ok(true)
}

fn exists(connection: &Connection, kind: &str, id: &str) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM entity WHERE kind = ?1 AND id = ?2")?.exists([kind, id])?)
}

/// One thing by its key.
pub(crate) fn find<T: Entity>(connection: &Connection, id: &str) -> Result<Option<T>> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM entity WHERE kind = ?1 AND id = ?2")?
        .query_row([T::KIND, id], |row| row.get(0))
        .optional()?;
    body.map(|body| parse(&body, id)).transpose()
}

/// Everything of one kind, by key.
pub(crate) fn all<T: Entity>(connection: &Connection) -> Result<Vec<T>> {
    let mut query = connection.prepare_cached("SELECT body, id FROM entity WHERE kind = ?1 ORDER BY id")?;
    let rows = query.query_map([T::KIND], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(OutreachError::from).and_then(|(body, id)| parse(&body, &id))).collect()
}

/// The customer of a machine's site.
pub(crate) fn customer_of(connection: &Connection, machine: &MachineId) -> Result<Option<Customer>> {
    match find::<Site>(connection, machine.site())? {
        Some(site) => find(connection, &site.customer),
        None => Ok(None),
    }
}

fn parse<T: Entity>(body: &str, id: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|e| OutreachError::corrupt(format!("{} `{id}`", T::KIND), e))
}
