//! What changed since somebody last looked.

use super::{Row, Session, values};
use crate::error::{OutreachError, Result};
use crate::registry::{Advisor, Customer, Depot, Entity, Machine, Registry, Site, Technician};

/// Numbers of the newest changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Of what people registered.
    pub(crate) registry: i64,
    /// Of cases.
    pub(crate) cases: i64,
    /// Of visits.
    pub(crate) visits: i64,
}

impl Heads {
    /// Before the first change, and before what was written when changes had no numbers.
    pub(crate) const NONE: Self = Self { registry: -1, cases: -1, visits: -1 };
}

/// The newest changes of all.
pub(crate) fn heads(connection: &dyn Session) -> Result<Heads> {
    let sql = "SELECT (SELECT coalesce(max(seq), 0) FROM entity), (SELECT coalesce(max(seq), 0) FROM advisory),
                      (SELECT coalesce(max(seq), 0) FROM booking)";
    let row = connection.first(sql, &[])?;
    let of = |column: usize| row.as_ref().map_or(Ok(0), |row| row.get(column));
    Ok(Heads { registry: of(0)?, cases: of(1)?, visits: of(2)? })
}

/// What was registered or changed after a number. Kinds that nobody keeps a view of are passed over.
pub(crate) fn registered_after(connection: &dyn Session, seq: i64) -> Result<Registry> {
    let rows = connection.query("SELECT kind, body, id FROM entity WHERE seq > ?1", values![seq])?;
    let mut found = Registry::default();
    for row in &rows {
        match row.get::<String>(0)?.as_str() {
            Advisor::KIND => found.advisors.push(thing(row)?),
            Depot::KIND => found.depots.push(thing(row)?),
            Technician::KIND => found.technicians.push(thing(row)?),
            Customer::KIND => found.customers.push(thing(row)?),
            Site::KIND => found.sites.push(thing(row)?),
            Machine::KIND => found.machines.push(thing(row)?),
            _ => {}
        }
    }
    Ok(found)
}

fn thing<T: Entity>(row: &Row) -> Result<T> {
    let corrupt = |e, id: String| OutreachError::corrupt(format!("{} `{id}`", T::KIND), e);
    serde_json::from_str(&row.get::<String>(1)?).map_err(|e| corrupt(e, row.get(2).unwrap_or_default()))
}
