//! A machine's health report: for the customer's eyes, so it holds nothing that stays inside the company.

use foretell_model::{Finding, Signal, Timestamp};

use super::{MachineDetail, Person};
use crate::Span;

/// A picture of a job.
#[derive(Clone, PartialEq, Eq)]
pub struct JobPhoto {
    /// Its number.
    pub id: i64,
    /// What is to be seen; may be empty.
    pub caption: String,
    /// The small one, a JPEG file, for print.
    pub jpeg: Vec<u8>,
}

impl std::fmt::Debug for JobPhoto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobPhoto({}, {} bytes)", self.id, self.jpeg.len())
    }
}

/// A job that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct JobDone {
    /// When it was reported done.
    pub at: Timestamp,
    /// A code of the fault catalogue's actions, e.g. `cooler_cleaned`; empty for a repair.
    pub work: String,
    /// It came to a look, because nothing was found of what had been forecast.
    pub found_nothing: bool,
    /// Who did it; empty when not known.
    pub by: String,
    /// How long it took, minutes, as far as somebody said.
    pub minutes: Option<u32>,
    /// Parts that were used, with their number; `None` where nobody said, and then the catalogue tells what the work takes.
    pub parts: Option<Vec<(String, u32)>>,
    /// Pictures.
    pub photos: Vec<JobPhoto>,
}

/// Of which instant the machine's standing in a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingOf {
    /// Of the end of the span, which is the present.
    Now,
    /// Of the end of the span, which is past.
    Then,
    /// Of the last reading, long before the end of the span.
    LastReading,
    /// The data do not tell how it stood: none lie in the span, or they are not kept any more.
    Untold,
}

/// Everything a health report is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthReport {
    /// Who reports.
    pub company: String,
    /// Whom to ask.
    pub advisor: Person,
    /// For whom; empty when nobody is registered.
    pub customer: String,
    /// The machine's model; empty when not known.
    pub model: String,
    /// The machine as it stood at `detail.curve.now`.
    pub detail: MachineDetail,
    /// Which instant that is.
    pub standing: StandingOf,
    /// Which signals have ever been measured.
    pub measured: Vec<Signal>,
    /// What the report looks back on.
    pub span: Span,
    /// Whether nobody said where the span ends and it ends with the machine's last data, long before the present.
    pub ends_with_data: bool,
    /// Days of the span that have a closed record, and days of the span.
    pub days_heard: (u32, u32),
    /// Jobs done in the span, newest first.
    pub jobs: Vec<JobDone>,
    /// What jobs of the span achieved (kind `maintenance_effect`), newest first.
    pub effects: Vec<Finding>,
}
