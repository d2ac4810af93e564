//! What is laid over the register: what customers chose on their own page about our messages, and to whom they were handed over.

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

/// The advisor whom the register named when a customer was handed over, and the one who took over last.
pub(crate) fn in_hands(connection: &dyn Session, customer: &str) -> Result<Option<(String, String)>> {
    let row = connection.first("SELECT was, advisor FROM in_hands WHERE customer = ?1", values![customer])?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Notes that a customer was handed over from one advisor to another.
pub(crate) fn hand_over(
    connection: &dyn Session,
    customer: &str,
    (from, to): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    // Handed on, the register still names whom it named before.
    let before = in_hands(connection, customer)?.filter(|(_, advisor)| advisor == from);
    let was = before.map_or_else(|| from.to_owned(), |(was, _)| was);
    let sql = "INSERT INTO in_hands (customer, was, advisor, at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (customer) DO UPDATE SET was = ?2, advisor = ?3, at = ?4";
    connection.execute(sql, values![customer, was, to, now]).map(drop)
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
