//! From the rooms' errors to what a page can say.

use std::error::Error;
use std::fmt::Display;

use foretell_console::BackendError;
use foretell_model::{Obstacle, Remark};
use foretell_outreach::{LINK_OF_DRAFT, LINK_TAKEN_BACK, LINK_WITHDRAWN, OutreachError};

/// A store or a part failed.
pub(super) fn failed(attempted: &str, source: impl Error + Send + Sync + 'static) -> BackendError {
    BackendError::Failed { attempted: attempted.to_owned(), source: Box::new(source) }
}

/// There is no such thing.
pub(super) fn not_found(what: &str, id: impl Display) -> BackendError {
    BackendError::NotFound(format!("{what} `{id}`"))
}

/// Outreach's answer to a person.
pub(super) fn of_outreach(error: OutreachError) -> BackendError {
    match error {
        OutreachError::Missing { what, id } => not_found(what, id),
        OutreachError::Refused { why, .. } => BackendError::Refused(why),
        OutreachError::Unfit { why, .. } => BackendError::Conflict(why),
        OutreachError::SlotTaken => Obstacle::SlotTaken.into(),
        OutreachError::Lint(remarks) => BackendError::Text(remarks),
        OutreachError::Incomplete { lack, .. } => BackendError::Text(vec![Remark::Missing(lack)]),
        OutreachError::Link(LINK_TAKEN_BACK | LINK_WITHDRAWN) => BackendError::TakenBack,
        OutreachError::Link(LINK_OF_DRAFT) => BackendError::NotYet,
        OutreachError::Link(why) if why.contains("expired") => BackendError::Expired,
        OutreachError::Link(_) => BackendError::NotFound("page of this link".to_owned()),
        OutreachError::TemplateFaults { .. } => Obstacle::TemplateFaulty.into(),
        other => failed("do this with the service state", other),
    }
}
