//! Stages of customers, and the channels they stopped.

use foretell_model::Timestamp;

use super::{Row, Session, values};
use crate::care::CustomerStage;
use crate::error::Result;
use crate::views::StageChange;

/// The stage a customer is at.
pub(crate) fn stage(connection: &dyn Session, customer: &str) -> Result<Option<CustomerStage>> {
    Ok(changes(connection, customer, 1)?.into_iter().next().and_then(|change| change.stage))
}

/// The stage of every customer that is at one.
pub(crate) fn stages(connection: &dyn Session) -> Result<Vec<(String, CustomerStage)>> {
    let sql = "SELECT customer, stage FROM stage_change
               WHERE id IN (SELECT max(id) FROM stage_change GROUP BY customer) AND stage <> ''";
    let rows = connection.query(sql, &[])?;
    let known = |row: &Row| Ok((row.get(0)?, CustomerStage::from_name(&row.get::<String>(1)?)));
    let stages = rows.iter().map(known).collect::<Result<Vec<(String, Option<CustomerStage>)>>>()?;
    Ok(stages.into_iter().filter_map(|(customer, stage)| Some((customer, stage?))).collect())
}

/// A customer's stages, newest first.
pub(crate) fn changes(connection: &dyn Session, customer: &str, max: u32) -> Result<Vec<StageChange>> {
    let sql = "SELECT at, stage, who, why FROM stage_change WHERE customer = ?1 ORDER BY id DESC LIMIT ?2";
    let change = |row: &Row| {
        Ok(StageChange {
            at: row.get(0)?,
            stage: CustomerStage::from_name(&row.get::<String>(1)?),
            who: row.get(2)?,
            why: row.get(3)?,
        })
    };
    connection.query(sql, values![customer, max])?.iter().map(change).collect()
}

/// Records a stage.
pub(crate) fn set_stage(connection: &dyn Session, customer: &str, change: &StageChange) -> Result<()> {
    let stage = change.stage.map_or("", CustomerStage::name);
    let sql = "INSERT INTO stage_change (customer, at, stage, who, why) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(sql, values![customer, change.at, stage, &change.who, &change.why]).map(drop)
}

/// Whether a customer wants no messages on a medium.
pub(crate) fn opted_out(connection: &dyn Session, customer: &str, medium: &str) -> Result<bool> {
    connection.exists("SELECT 1 FROM opt_out WHERE customer = ?1 AND medium = ?2", values![customer, medium])
}

/// The media a customer stopped, and when.
pub(crate) fn opt_outs(connection: &dyn Session, customer: &str) -> Result<Vec<(String, Timestamp)>> {
    let rows =
        connection.query("SELECT medium, at FROM opt_out WHERE customer = ?1 ORDER BY medium", values![customer])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Records that a customer wants no messages on a medium, until the customer says otherwise.
pub(crate) fn opt_out(connection: &dyn Session, customer: &str, medium: &str, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO opt_out (customer, medium, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    connection.execute(sql, values![customer, medium, now]).map(drop)
}

/// Records that a customer wants messages on a medium again; says whether they had been stopped.
pub(crate) fn opt_in(connection: &dyn Session, customer: &str, medium: &str) -> Result<bool> {
    let sql = "DELETE FROM opt_out WHERE customer = ?1 AND medium = ?2";
    Ok(connection.execute(sql, values![customer, medium])? > 0)
}
