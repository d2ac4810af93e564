//! Keeping what people register.

use std::collections::BTreeSet;

use foretell_model::{MachineId, Timestamp};
use serde_json::{Map, Value};

use super::{Entry, Session, values};
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Entity, Machine, Site};

/// Keeps a thing unless it is there unchanged; says whether anything changed.
pub(crate) fn register<T: Entity>(connection: &dyn Session, thing: &T, who: &str, now: Timestamp) -> Result<bool> {
    let wrong = |why: String| OutreachError::Registration { what: T::KIND, id: thing.id().to_owned(), why };
    if thing.id().is_empty() {
        return Err(wrong("`id` is empty".into()));
    }
    thing.check().map_err(wrong)?;
    if let Some((kind, id)) = thing.needs().filter(|(kind, id)| !matches!(exists(connection, kind, id), Ok(true))) {
        return Err(wrong(format!("there is no {kind} `{id}`")));
    }
    let before: Option<T> = find(connection, thing.id())?;
    if before.as_ref().is_some_and(|before| before == thing || before.is_erased()) {
        return Ok(false);
    }
    keep(connection, thing)?;
    let what = format!("{} {} `{}`", if before.is_some() { "changed" } else { "registered" }, T::KIND, thing.id());
    let machine = (T::KIND == Machine::KIND).then(|| thing.id());
    let customer = (T::KIND == Customer::KIND).then(|| thing.id());
    let why = before.map_or(Ok(String::new()), |before| changed(&before, thing))?;
    Entry { at: now, who, what: &what, why: &why, machine, customer, ..Entry::default() }.write(connection)?;
    Ok(true)
}

/// The names of the fields in which two things of a kind differ, as their file writes them: `auto_approve, addresses.sms`. No
/// values: some are personal, and the record outlives them.
fn changed<T: Entity>(before: &T, after: &T) -> Result<String> {
    let value = |thing: &T| serde_json::to_value(thing).map_err(|e| OutreachError::corrupt(T::KIND, e));
    let mut names = Vec::new();
    differing("", &value(before)?, &value(after)?, &mut names);
    Ok(names.join(", "))
}

/// Names the fields that differ; of a table its own fields, of a list the list.
fn differing(name: &str, before: &Value, after: &Value, names: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                let of = |table: &Map<String, Value>| table.get(key).cloned().unwrap_or_default();
                differing(&name, &of(before), &of(after), names);
            }
        }
        _ if before != after => names.push(name.to_owned()),
        _ => {}
    }
}

/// Keeps a thing as it is, without a word in the record.
pub(crate) fn keep<T: Entity>(connection: &dyn Session, thing: &T) -> Result<()> {
    let body = serde_json::to_string(thing).map_err(|e| OutreachError::corrupt(T::KIND, e))?;
    let sql = "INSERT INTO entity (kind, id, body) VALUES (?1, ?2, ?3) ON CONFLICT (kind, id) DO UPDATE SET body = ?3";
    connection.execute(sql, values![T::KIND, thing.id(), body]).map(drop)
}

fn exists(connection: &dyn Session, kind: &str, id: &str) -> Result<bool> {
    connection.exists("SELECT 1 FROM entity WHERE kind = ?1 AND id = ?2", values![kind, id])
}

/// One thing by its key.
pub(crate) fn find<T: Entity>(connection: &dyn Session, id: &str) -> Result<Option<T>> {
    let row = connection.first("SELECT body FROM entity WHERE kind = ?1 AND id = ?2", values![T::KIND, id])?;
    row.map(|row| parse(&row.get::<String>(0)?, id)).transpose()
}

/// Everything of one kind, by key.
pub(crate) fn all<T: Entity>(connection: &dyn Session) -> Result<Vec<T>> {
    let rows = connection.query("SELECT body, id FROM entity WHERE kind = ?1 ORDER BY id", values![T::KIND])?;
    rows.iter().map(|row| parse(&row.get::<String>(0)?, &row.get::<String>(1)?)).collect()
}

/// The customer of a machine's site.
pub(crate) fn customer_of(connection: &dyn Session, machine: &MachineId) -> Result<Option<Customer>> {
    match find::<Site>(connection, machine.site())? {
        Some(site) => find(connection, &site.customer),
        None => Ok(None),
    }
}

fn parse<T: Entity>(body: &str, id: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|e| OutreachError::corrupt(format!("{} `{id}`", T::KIND), e))
}

/// A machine as a file has it, with the hours at which its work was done since: a counter only goes up, so the later of two
/// readings is the true one.
pub(crate) fn with_work_done(connection: &dyn Session, machine: &Machine) -> Result<Machine> {
    let mut merged = machine.clone();
    if let Some(known) = find::<Machine>(connection, &machine.id)? {
        for task in &mut merged.service {
            let kept = known.service.iter().find(|kept| kept.work == task.work);
            task.last_done_h = kept.map_or(task.last_done_h, |kept| kept.last_done_h.max(task.last_done_h));
        }
    }
    Ok(merged)
}
