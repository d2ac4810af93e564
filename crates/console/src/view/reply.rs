//! What a customer answered by SMS, chat or mail, as a gateway brings it.

use foretell_model::Timestamp;

/// A request with its signature, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `Foretell-Timestamp`.
    pub timestamp: String,
    /// `Foretell-Signature`.
    pub signature: String,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The sender's own identity of it.
    pub id: String,
    /// The key of our message that it answers.
    pub message: Option<String>,
    /// Key of the customer.
    pub customer: Option<String>,
    /// On which medium it came.
    pub medium: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// What was written.
    pub text: String,
    /// When.
    pub at: Option<Timestamp>,
}

/// What became of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTaken {
    /// `kept`, `stopped` or `known`.
    pub outcome: &'static str,
    /// Whose it is; empty when it was known.
    pub customer: String,
    /// In which case.
    pub case: Option<String>,
}
