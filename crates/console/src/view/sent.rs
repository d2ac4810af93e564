//! What went out in a case, and what has not yet although it was tried.

use foretell_model::Timestamp;

/// A word that went out, as its reader has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// When.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// A delivery that failed for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Why, in the channel's words.
    pub reason: String,
    /// When it is tried again.
    pub next: Timestamp,
}
