//! From the rooms' errors to what a page can say.

use std::error::Error;
use std::fmt::Display;

use foretell_console::BackendError;
use foretell_console::view::TextFault;
use foretell_model::Obstacle;
use foretell_outreach::compose::lint::Remark;
use foretell_outreach::{LINK_TAKEN_BACK, LINK_WITHDRAWN, Lack, OutreachError};

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
        OutreachError::Lint(remarks) => BackendError::Text(remarks.into_iter().map(text_fault).collect()),
        OutreachError::Incomplete { lack: Lack::Link, .. } => BackendError::Text(vec![TextFault::LinkMissing]),
        OutreachError::Incomplete { lack: Lack::Time(words), .. } => {
            BackendError::Text(vec![TextFault::TimeMissing(words)])
        }
        OutreachError::Link(LINK_TAKEN_BACK | LINK_WITHDRAWN) => BackendError::TakenBack,
        OutreachError::Link(why) if why.contains("expired") => BackendError::Expired,
        OutreachError::Link(_) => BackendError::NotFound("page of this link".to_owned()),
        OutreachError::TemplateFaults { .. } => Obstacle::TemplateFaulty.into(),
        other => failed("do this with the service state", other),
    }
}

pub(super) fn text_fault(remark: Remark) -> TextFault {
    match remark {
        Remark::Word { word, sort } => TextFault::Word { word, sort: sort.to_owned() },
        Remark::Missing(Lack::Link) => TextFault::LinkMissing,
        Remark::Missing(Lack::Time(words)) => TextFault::TimeMissing(words),
        Remark::TooPrecise(figure) => TextFault::TooPrecise(figure),
        Remark::Exclamation => TextFault::Exclamation,
        Remark::Unfilled => TextFault::Unfilled,
        Remark::Links(count) => TextFault::Links(count),
        Remark::InternalId(id) => TextFault::InternalId(id),
        Remark::Subject(chars) => TextFault::Subject(chars),
        Remark::Long(chars) => TextFault::Long(chars),
        Remark::Short(parts) => TextFault::Short(parts),
        Remark::SecondRequest(sentence) => TextFault::SecondRequest(sentence),
        Remark::Note(note) => TextFault::Note(note),
        Remark::OtherCustomer(name) => TextFault::OtherCustomer(name),
    }
}
