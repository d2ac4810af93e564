//! What customers chose on their own page about our messages.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Session, values};
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Language};

/// The choice as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wishes {
    /// In which language.
    pub(crate) language: Language,
    /// The preferred channel; empty for none.
    pub(crate) first: String,
    /// When messages stop, `HH:MM`.
    pub(crate) quiet_from: String,
    /// From when they may come, `HH:MM`.
    pub(crate) quiet_to: String,
}

impl Wishes {
    /// A registration as the customer wishes it.
    pub(crate) fn apply(&self, customer: &mut Customer) {
        customer.language = self.language;
        customer.quiet_from.clone_from(&self.quiet_from);
        customer.quiet_to.clone_from(&self.quiet_to);
        if !self.first.is_empty() {
            customer.channels.retain(|medium| *medium != self.first);
            customer.channels.insert(0, self.first.clone());
        }
    }
}

/// What a customer chose, if anything.
pub(crate) fn of(connection: &dyn Session, customer: &str) -> Result<Option<Wishes>> {
    let row = connection.first("SELECT body FROM wishes WHERE customer = ?1", values![customer])?;
    let read = |row: super::Row| {
        serde_json::from_str(&row.get::<String>(0)?)
            .map_err(|e| OutreachError::corrupt(format!("the wishes of customer `{customer}`"), e))
    };
    row.map(read).transpose()
}

/// Keeps what a customer chose.
pub(crate) fn set(connection: &dyn Session, customer: &str, wishes: &Wishes, now: Timestamp) -> Result<()> {
    let body = serde_json::to_string(wishes).map_err(|e| OutreachError::corrupt("a customer's wishes", e))?;
    let sql = "INSERT INTO wishes (customer, at, body) VALUES (?1, ?2, ?3)
               ON CONFLICT (customer) DO UPDATE SET at = ?2, body = ?3";
    connection.execute(sql, values![customer, now, body]).map(drop)
}
