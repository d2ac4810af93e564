//! Why something about service state could not be done.

use foretell_model::{Lack, Objection, Remark};

/// What went wrong, on what, and why; the cause stays in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum OutreachError {
    /// The store refused; nothing of the step was kept.
    #[error("could not {attempted}")]
    Store {
        /// What was attempted, on what.
        attempted: String,
        /// The database's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file beside the store could not be read or written.
    #[error("could not {attempted}")]
    File {
        /// What was attempted, on what.
        attempted: String,
        /// The system's own words.
        #[source]
        source: std::io::Error,
    },
    /// What was asked for does not exist.
    #[error("there is no {what} `{id}`")]
    Missing {
        /// What kind of thing.
        what: &'static str,
        /// Which one was asked for.
        id: String,
    },
    /// The present state does not allow it.
    #[error("could not {attempted}: {why}")]
    Refused {
        /// What was attempted, on what.
        attempted: String,
        /// What stands in the way.
        why: Objection,
    },
    /// What was handed over, or what lies on the disk, cannot be used; nobody who looks at a page can do anything about it.
    #[error("could not {attempted}: {why}")]
    Unfit {
        /// What was attempted, on what.
        attempted: String,
        /// Why not, and what to do instead.
        why: String,
    },
    /// A registration contradicts itself or names something unknown.
    #[error("{what} `{id}`: {why}")]
    Registration {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// The registry file is not TOML of the right shape.
    #[error("could not read the registry")]
    Registry(#[source] Box<toml::de::Error>),
    /// A template is broken or uses a name that no message has.
    #[error("template `{name}` could not be rendered")]
    Template {
        /// Which template.
        name: String,
        /// minijinja's own words, with the line.
        #[source]
        source: Box<minijinja::Error>,
    },
    /// A template goes beyond what one may do.
    #[error("template `{name}`, line {line}: {why}")]
    Excess {
        /// Which template.
        name: String,
        /// Where, from 1.
        line: usize,
        /// What is too much.
        why: String,
    },
    /// A template may not stand as it was edited.
    #[error("template `{name}` has {} faults", faults.len())]
    TemplateFaults {
        /// Which template.
        name: String,
        /// What is wrong, each with its line where there is one.
        faults: crate::TemplateFaults,
    },
    /// A text breaks the house rules for what a customer reads.
    #[error("the text may not go to a customer: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lint(Vec<Remark>),
    /// An edited text lacks what a customer cannot do without.
    #[error("could not {attempted}: {lack} must stay in the text")]
    Incomplete {
        /// What was attempted, on what.
        attempted: String,
        /// What is missing.
        lack: Lack,
    },
    /// The link is forged, expired or of a message that was withdrawn.
    #[error("this link is not valid: {0}")]
    Link(&'static str),
    /// Somebody else took the time in the meantime, or it has passed.
    #[error("this time is no longer free")]
    SlotTaken,
    /// A stored record cannot be read back.
    #[error("could not read back {what}")]
    Corrupt {
        /// Which record.
        what: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OutreachError {
    /// Whether the store says that it is not what was written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Store { source, .. } | Self::Corrupt { source, .. } if crate::store::sqlite::is_damage(&**source))
    }

    /// A database's refusal; what was attempted is filled in when the step ends.
    pub fn store(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Store { attempted: String::new(), source: source.into() }
    }

    pub(crate) fn while_doing(self, what: &str) -> Self {
        match self {
            Self::Store { attempted, source } if attempted.is_empty() => Self::Store { attempted: what.into(), source },
            other => other,
        }
    }

    pub(crate) fn missing(what: &'static str, id: impl ToString) -> Self {
        Self::Missing { what, id: id.to_string() }
    }

    pub(crate) fn refused(attempted: impl Into<String>, why: impl Into<Objection>) -> Self {
        Self::Refused { attempted: attempted.into(), why: why.into() }
    }

    pub(crate) fn unfit(attempted: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unfit { attempted: attempted.into(), why: why.into() }
    }

    pub(crate) fn corrupt(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt { what: what.into(), source: source.into() }
    }
}

/// Short form used throughout the crate.
pub type Result<T> = std::result::Result<T, OutreachError>;
