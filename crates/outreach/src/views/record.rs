//! The record as others read it: who did what, when and why; and what is left open in it.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::{MessageState, Stage};
use crate::governor::Kind;
use crate::store::Mail;

/// Which entries of the record are wanted; everything where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFilter {
    /// Only entries after this number, so that a reader can go on where it stopped.
    pub after: i64,
    /// About which customer.
    pub customer: Option<String>,
    /// About which machine.
    pub machine: Option<String>,
    /// Of which case.
    pub case: Option<String>,
    /// By whom.
    pub who: Option<String>,
    /// Only what people did, customers among them, and no part of the product.
    pub people: bool,
    /// At most so many.
    pub max: u32,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self { after: 0, customer: None, machine: None, case: None, who: None, people: false, max: 200 }
    }
}

/// A letter that went out, as a search finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterFound {
    /// About which case; `case/` and its number for a service case.
    pub case: FindingId,
    /// Key of the customer.
    pub customer: String,
    /// Its subject.
    pub subject: String,
    /// When it went out.
    pub at: Timestamp,
}

/// One page of the record, read backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPage {
    /// Newest first.
    pub entries: Vec<Happening>,
    /// Number before which the page after this one begins; none where the record begins here.
    pub next: Option<i64>,
}

/// One entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its number; later entries have higher ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it: `engine`, `governor`, `outbox`, `customer` or a person.
    pub who: String,
    /// What was done: a code where it passed between us and the customer, else a phrase.
    pub what: String,
    /// Why; for a code what it concerns, e.g. the customer's words or the visit's `start/end` (RFC 3339).
    pub why: String,
    /// About which customer.
    pub customer: Option<String>,
    /// About which machine.
    pub machine: Option<String>,
    /// Other machines of the letter or the visit that it tells of.
    pub beside: Vec<String>,
    /// In which case.
    pub case: Option<String>,
}

/// What a customer wrote outside of any case: nothing waits for it, and somebody must read it all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseReply {
    /// Its number; 0 before it was first kept.
    pub id: i64,
    /// Whose.
    pub customer: String,
    /// About which machine, where that is known.
    pub machine: Option<MachineId>,
    /// On which medium; may be empty.
    pub medium: String,
    /// In the customer's words.
    pub text: String,
    /// When it was heard.
    pub at: Timestamp,
}

/// A message of unknown fate, or one that certainly never arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Its number in the outbox.
    pub message: i64,
    /// What it is about.
    pub kind: Kind,
    /// `Unknown` or `Failed`.
    pub state: MessageState,
    /// Its subject; empty where nothing was written yet.
    pub subject: String,
    /// What the channel said.
    pub reason: String,
}

/// A word about a visit that did not go out and never will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// What it is about.
    pub kind: Kind,
    /// Why, in English.
    pub reason: String,
}

/// A word that went out, as its reader has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: Kind,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// A word of which nobody knows whether it arrived, or that did not, where no card of the queue asks about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// About which machine.
    pub machine: MachineId,
    /// In which advisory, or in which service case.
    pub of: UntoldOf,
    /// The word.
    pub word: Unsettled,
}

/// Where a word belongs that may not have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UntoldOf {
    /// A case that the customer was written to about.
    Advisory(FindingId),
    /// Something that broke.
    ServiceCase(i64),
}

impl Unsettled {
    pub(crate) fn of(mail: &Mail) -> Self {
        Self {
            message: mail.id,
            kind: mail.kind,
            state: mail.state,
            subject: mail.text.as_ref().map_or_else(String::new, |text| text.subject.clone()),
            reason: mail.reason.clone().unwrap_or_default(),
        }
    }
}

/// Counts for the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases by stage, all stages named.
    pub cases: Vec<(Stage, u32)>,
    /// Messages by state, all states named.
    pub messages: Vec<(MessageState, u32)>,
    /// Visits booked and not done.
    pub bookings: u32,
}
