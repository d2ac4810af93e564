//! Ways out of the house. A channel delivers one finished message; what may be sent, and when, was decided before.

mod folder;
mod form;
pub(crate) mod http;
mod mail;
mod mqtt;
pub mod sign;
mod smtp;
pub(crate) mod webhook;

pub use folder::Folder;
pub use form::Format;
pub use http::HttpOptions;
pub use mqtt::Mqtt;
pub use sign::Sign;
pub use smtp::{Security, Smtp, SmtpOptions};
pub use webhook::{Webhook, WebhookOptions};

use std::time::Duration;

use foretell_model::Timestamp;

/// A finished message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Unique and stable: the same message has the same key at every attempt.
    pub key: String,
    /// Address on the channel's medium.
    pub to: String,
    /// The customer's name.
    pub to_name: String,
    /// Who speaks: the advisor's name and company.
    pub from_name: String,
    /// Where replies go, if the advisor has an address.
    pub reply_to: Option<String>,
    /// Language tag of the text.
    pub language: &'static str,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// One or two sentences and the link, in place of subject and body where a letter does not fit (SMS, chat).
    pub short: String,
    /// Address of the customer's page, where such messages can also be stopped; empty where there is none.
    pub link: String,
    /// The calendar file of the visit that it is about (RFC 5545), for channels that can attach one.
    pub calendar: Option<String>,
    /// The portrait of who comes, for channels that can attach one.
    pub portrait: Option<Portrait>,
    /// When it goes out.
    pub at: Timestamp,
}

/// A face, to be recognised at the gate.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// Whose, in the reader's language.
    pub name: String,
    /// A JPEG file of some kilobytes.
    pub jpeg: Vec<u8>,
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portrait of {} ({} bytes)", self.name, self.jpeg.len())
    }
}

/// How a delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Certainly not delivered; worth another attempt later.
    #[error("not delivered for now: {0}")]
    Temporary(String),
    /// As `Temporary`, and the other side asks for a pause.
    #[error("not delivered for now: {why}")]
    Busy {
        /// What it said.
        why: String,
        /// How long the pause is to be at least.
        after: Duration,
    },
    /// Certainly not delivered, and trying again will not help.
    #[error("refused: {0}")]
    Permanent(String),
    /// Nobody knows: the connection broke after the text was handed over. Never tried again by itself.
    #[error("it is not known whether it arrived: {0}")]
    Unknown(String),
}

/// One way out.
pub trait Channel: Send + Sync {
    /// Its name in records and metrics, e.g. `smtp`.
    fn name(&self) -> &str;

    /// Which of a customer's addresses it delivers to, e.g. `email`. Opt-outs count per medium.
    fn medium(&self) -> &str;

    /// Whether delivering the same key twice leaves one message. Only then is a delivery that a crash interrupted taken up
    /// again by itself.
    fn is_idempotent(&self) -> bool;

    /// Makes sure that the other side can be reached, where that takes a while and can be told apart from the delivery: nothing of any
    /// message is handed over. What stops meanwhile is taken up again without anybody being asked.
    ///
    /// # Errors
    /// As [`Channel::deliver`].
    fn reach(&self) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Delivers; returns once the other side has taken responsibility.
    ///
    /// # Errors
    /// Says whether another attempt can do harm.
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError>;

    /// Deletes what the channel itself keeps of a message; one that keeps nothing need do nothing.
    ///
    /// # Errors
    /// When something kept cannot be deleted.
    fn forget(&self, _key: &str) -> std::io::Result<()> {
        Ok(())
    }
}
