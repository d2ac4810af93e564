//! Why a command that reads the log does not come to its end: a log that is damaged stops no command that can do without.

use foretell_history::{FileError, OpenError};
use foretell_model::LogError;

use super::history::unreadable;
use crate::failure::Failure;
use crate::service::{opening, refusing};

/// See the module's text.
pub(super) enum Stop {
    /// The log cannot be read, or not as a whole.
    Damage(Failure),
    /// Somebody pressed ctrl-c.
    Asked,
    /// Whatever else.
    Other(Failure),
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Damaged { .. } | OpenError::Emptied { .. } => Self::Damage(opening(error)),
            other => Self::Other(opening(other)),
        }
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Damaged { .. } => Self::Damage(refusing("could not use the log", error)),
            other => Self::Other(refusing("could not use the log", other)),
        }
    }
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Log(error) => error.into(),
            FileError::Stopped => Self::Asked,
            other => Self::Other(unreadable(other)),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}
