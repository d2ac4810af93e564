//! Parts on the shelves.

use super::{Row, Session, values};
use crate::error::Result;
use crate::registry::Depot;
use crate::views::StockLine;

/// Puts a new depot's opening stock on the shelves; a part that was ever counted there is left alone.
pub(crate) fn open(connection: &dyn Session, depot: &Depot) -> Result<()> {
    for (part, n) in &depot.opening_stock {
        let sql = "INSERT INTO stock (depot, part, n) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        connection.execute(sql, values![&depot.id, part, *n])?;
    }
    Ok(())
}

/// What lies where, by depot and part.
pub(crate) fn all(connection: &dyn Session) -> Result<Vec<StockLine>> {
    let line = |row: &Row| Ok(StockLine { depot: row.get(0)?, part: row.get(1)?, n: row.get(2)? });
    connection.query("SELECT depot, part, n FROM stock ORDER BY depot, part", &[])?.iter().map(line).collect()
}

/// Notes a count.
pub(crate) fn set(connection: &dyn Session, depot: &str, part: &str, n: u32) -> Result<()> {
    let sql = "INSERT INTO stock (depot, part, n) VALUES (?1, ?2, ?3) ON CONFLICT (depot, part) DO UPDATE SET n = ?3";
    connection.execute(sql, values![depot, part, n]).map(drop)
}

/// Puts parts back that were never used.
pub(crate) fn give(connection: &dyn Session, depot: &str, part: &str, n: u32) -> Result<()> {
    let sql = "UPDATE stock SET n = n + ?3 WHERE depot = ?1 AND part = ?2";
    connection.execute(sql, values![depot, part, n]).map(drop)
}

/// Takes parts from a shelf. Whoever took the last one forgot to count, not to work: below nothing there is nothing.
pub(crate) fn take(connection: &dyn Session, depot: &str, part: &str, n: u32) -> Result<()> {
    let sql = "UPDATE stock SET n = CASE WHEN n > ?3 THEN n - ?3 ELSE 0 END WHERE depot = ?1 AND part = ?2";
    connection.execute(sql, values![depot, part, n]).map(drop)
}
