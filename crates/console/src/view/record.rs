//! The record of everything that was done: who, when, what and why.

use foretell_model::MachineId;

use super::RecordLine;

/// Which entries of the record are wanted; everything where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    /// By whom, as it is noted.
    pub who: Option<String>,
    /// Only what people did, customers among them, and no part of the product.
    pub people: bool,
    /// About which customer, by key.
    pub customer: Option<String>,
    /// About which machine.
    pub machine: Option<MachineId>,
    /// Before the entry of this number; the newest otherwise.
    pub before: Option<i64>,
    /// At most so many.
    pub max: u32,
}

/// One entry, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordEntry {
    /// Its number; later entries have higher ones.
    pub id: i64,
    /// What was done; `who` is a name here.
    pub line: RecordLine,
    /// By whom, as it is noted and asked for.
    pub by: String,
    /// The customer it is about: key and name.
    pub customer: Option<(String, String)>,
    /// The machine it is about.
    pub machine: Option<MachineId>,
    /// The case it belongs to: an advisory's identity, or `case/` and a service case's number.
    pub case: Option<String>,
}

/// A page of the record, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its entries.
    pub entries: Vec<RecordEntry>,
    /// [`RecordQuery::before`] of the page after this one; none on the last.
    pub next: Option<i64>,
}
