//! What can stand on the log. If it is not here, it cannot change a forecast: replaying the log rebuilds everything.

use crate::{FindingId, MachineId, Reading, Timestamp};

/// A code of the fault catalogue's actions, e.g. `cooler_cleaned`: 1-64 characters of `a-z 0-9 _`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(String);

impl Work {
    /// Keeps a code, if it is one.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ((1..=64).contains(&code.len()) && code.chars().all(allowed)).then(|| Self(code.to_owned()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Free text from outside, cut at 1,000 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// Keeps at most the first 1,000 characters; a line break or another control character becomes a space, so that words stay apart.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1000).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a technician or advisor found out about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// The fault was there.
    Confirmed,
    /// Nothing was wrong.
    NotFound,
    /// Something else was wrong.
    SomethingElse,
}

impl Verdict {
    /// Every verdict, in the order of its discriminant.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::NotFound, Self::SomethingElse];

    /// Its name in files and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotFound => "not_found",
            Self::SomethingElse => "something_else",
        }
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A sample.
    Reading(Reading),
    /// Work was done on a machine; its baseline begins anew.
    Maintenance {
        /// Whose.
        machine: MachineId,
        /// When it was done.
        ts: Timestamp,
        /// What was done.
        work: Work,
    },
    /// The controller raised an alarm or tripped.
    ControllerAlarm {
        /// Whose.
        machine: MachineId,
        /// When.
        ts: Timestamp,
        /// The controller's own code or text.
        code: Note,
    },
    /// A remark by a person; kept for the record, changes no forecast.
    Note {
        /// About which machine.
        machine: MachineId,
        /// When.
        ts: Timestamp,
        /// The remark.
        text: Note,
    },
    /// The controller went on line or off line.
    Status {
        /// Whose.
        machine: MachineId,
        /// When.
        ts: Timestamp,
        /// Whether it is on line.
        online: bool,
    },
    /// A person judged a finding; a label for later.
    Verdict {
        /// Whose.
        machine: MachineId,
        /// When.
        ts: Timestamp,
        /// Which finding.
        finding: FindingId,
        /// What was found out.
        verdict: Verdict,
    },
}

impl Event {
    /// Whose event it is.
    #[must_use]
    pub const fn machine(&self) -> &MachineId {
        match self {
            Self::Reading(reading) => &reading.machine,
            Self::Maintenance { machine, .. }
            | Self::ControllerAlarm { machine, .. }
            | Self::Note { machine, .. }
            | Self::Status { machine, .. }
            | Self::Verdict { machine, .. } => machine,
        }
    }

    /// When it happened (event time, not arrival).
    #[must_use]
    pub const fn ts(&self) -> Timestamp {
        match self {
            Self::Reading(reading) => reading.ts,
            Self::Maintenance { ts, .. }
            | Self::ControllerAlarm { ts, .. }
            | Self::Note { ts, .. }
            | Self::Status { ts, .. }
            | Self::Verdict { ts, .. } => *ts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_of_words_that_stay_apart() {
        let kept = |text: &str| Note::new(text).as_str().to_owned();
        assert_eq!(kept("It has stopped\nSent from my phone"), "It has stopped Sent from my phone");
        assert_eq!(kept("停了\t快来\u{7f}"), "停了 快来 ");
        assert_eq!(kept(&"气".repeat(1_001)).chars().count(), 1_000);
    }
}
