//! What a customer answered by SMS, chat or mail, as a gateway brings it.

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
