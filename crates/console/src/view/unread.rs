//! What waits in the queue beside its cards.

use chrono_tz::Tz;
use foretell_model::Timestamp;

/// What a customer wrote outside of any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseReply {
    /// Its number.
    pub id: i64,
    /// Key of the customer.
    pub customer_id: String,
    /// The customer's name.
    pub customer: String,
    /// What the customer calls the machine; empty where it is not known which is meant.
    pub machine_name: String,
    /// In the customer's words.
    pub text: String,
    /// When, on the customer's clock.
    pub at: Timestamp,
    /// The customer's time zone.
    pub zone: Tz,
}

/// A word to a customer that did not arrive, or perhaps not, or that the customer cannot read; and where somebody can settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldLine {
    /// What the customer calls the machine.
    pub machine_name: String,
    /// Where it stands.
    pub site_name: String,
    /// The word's subject.
    pub subject: String,
    /// Whether it certainly did not arrive.
    pub is_lost: bool,
    /// What it belongs to.
    pub of: UntoldOf,
}

/// What a word belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UntoldOf {
    /// An advisory.
    Advisory(String),
    /// A service case, by its number.
    Case(i64),
    /// The note on finished work, which its customer cannot read.
    Note(super::Errand),
}
