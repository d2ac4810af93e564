//! Technicians on the way to booked visits.

use foretell_model::Timestamp;

use super::{Row, Session, values};
use crate::error::Result;
use crate::views::Journey;

const COLUMNS: &str = "set_out, eta, eta_told, north_deg, east_deg, located, begun_km, arrived, eta_at";

/// The way to a visit, once somebody has set out.
pub(crate) fn of(connection: &dyn Session, booking: i64) -> Result<Option<Journey>> {
    let sql = format!("SELECT {COLUMNS} FROM journey WHERE booking = ?1");
    connection.first(&sql, values![booking])?.as_ref().map(journey).transpose()
}

/// Writes a way as it is now.
pub(crate) fn save(connection: &dyn Session, booking: i64, journey: &Journey) -> Result<()> {
    let Journey { set_out, eta, eta_told, eta_at, position_deg, located, begun_km, arrived } = journey.clone();
    let (north, east) = (position_deg.map(|place| place.0), position_deg.map(|place| place.1));
    let sql = "INSERT INTO journey (booking, set_out, eta, eta_told, north_deg, east_deg, located, begun_km, arrived,
                                    eta_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
               ON CONFLICT (booking) DO UPDATE SET set_out = ?2, eta = ?3, eta_told = ?4, north_deg = ?5, east_deg = ?6,
                                                   located = ?7, begun_km = ?8, arrived = ?9, eta_at = ?10";
    let values = values![booking, set_out, eta, eta_told, north, east, located, begun_km, arrived, eta_at];
    connection.execute(sql, values).map(drop)
}

/// Ends the way to a visit that is off or at another time now: nobody is on it any more.
pub(crate) fn end(connection: &dyn Session, booking: i64) -> Result<()> {
    connection.execute("DELETE FROM journey WHERE booking = ?1", values![booking]).map(drop)
}

/// Takes away where somebody is who set out before an instant and never said that the way is over.
pub(crate) fn forget_places(connection: &dyn Session, before: Timestamp) -> Result<usize> {
    let sql = "UPDATE journey SET north_deg = NULL, east_deg = NULL, located = NULL, begun_km = NULL
               WHERE arrived IS NULL AND set_out < ?1 AND north_deg IS NOT NULL";
    connection.execute(sql, values![before])
}

fn journey(row: &Row) -> Result<Journey> {
    let north: Option<f64> = row.get(3)?;
    Ok(Journey {
        set_out: row.get(0)?,
        eta: row.get(1)?,
        eta_told: row.get(2)?,
        position_deg: north.zip(row.get::<Option<f64>>(4)?),
        located: row.get(5)?,
        begun_km: row.get(6)?,
        arrived: row.get(7)?,
        eta_at: row.get(8)?,
    })
}
