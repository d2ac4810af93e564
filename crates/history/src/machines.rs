//! Numbers for machines, because a row that repeats `site/machine` would be mostly name.
//!
//! An earlier release let names in that are none today (`..`): they keep their numbers, and what stands under them is passed over.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use foretell_model::MachineId;
use rusqlite::{Connection, OptionalExtension};

/// The table both the log and the roll-ups keep their numbers in.
pub(crate) const SCHEMA: &str = "CREATE TABLE machines (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);";

/// Machine to number, for the connection that writes.
#[derive(Default)]
pub(crate) struct Numbers(HashMap<MachineId, i64>);

impl Numbers {
    /// The machine's number, a new one inside the open transaction when it has none.
    pub(crate) fn number(&mut self, connection: &Connection, machine: &MachineId) -> rusqlite::Result<i64> {
        if let Some(number) = self.0.get(machine) {
            return Ok(*number);
        }
        connection.prepare_cached("INSERT OR IGNORE INTO machines (name) VALUES (?1)")?.execute([machine.as_str()])?;
        // The insert does nothing for a machine known since before the start.
        let number = find(connection, machine)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.0.insert(machine.clone(), number);
        Ok(number)
    }

    /// Forgets everything: numbers given in a transaction that was rolled back do not exist.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// The machine's number, if it has one.
pub(crate) fn find(connection: &Connection, machine: &MachineId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM machines WHERE name = ?1")?
        .query_row([machine.as_str()], |row| row.get(0))
        .optional()
}

/// Every machine, by name.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<MachineId>> {
    connection
        .prepare_cached("SELECT name FROM machines ORDER BY name")?
        .query_map([], |row| Ok(MachineId::parse(row.get_ref(0)?.as_str()?).ok()))?
        .filter_map(Result::transpose)
        .collect()
}

/// Number to machine, shared by the readers.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<i64, Option<MachineId>>>);

impl Names {
    /// The machine of a number; `None` when its name is no identity. A miss reads the table again: another connection may have
    /// added it.
    pub(crate) fn name(&self, connection: &Connection, number: i64) -> rusqlite::Result<Option<MachineId>> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = names.get(&number) {
            return Ok(machine.clone());
        }
        let mut statement = connection.prepare_cached("SELECT id, name FROM machines")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Entry::Vacant(unknown) = names.entry(row.get(0)?) {
                unknown.insert(MachineId::parse(row.get_ref(1)?.as_str()?).ok());
            }
        }
        names.get(&number).cloned().ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
}
