//! Why input is refused: a closed list, because the code is a metric label and a filter in the quarantine.

use foretell_model::{FROM_FUTURE, TOO_OLD};

/// Why something was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// Neither a contract topic nor one that a mapping claims.
    UnknownTopic,
    /// The login may not speak for the machine, or for one of several.
    NotAuthorised,
    /// The topic's (or the mapping's) site or machine is not an identity.
    BadIdentity,
    /// The payload has more bytes than allowed.
    TooLarge,
    /// The payload is nested deeper than allowed.
    TooDeep,
    /// An array holds more items than allowed.
    TooMany,
    /// Not JSON (a `NaN` literal, a cut message, bytes that are not UTF-8), or not CSV where CSV is mapped.
    Malformed,
    /// Readable, but of another shape: an item that is no object, a text where a number belongs.
    WrongType,
    /// A required field is absent, or a reading measures nothing at all.
    MissingField,
    /// A time stamp that cannot be read or lies outside the years 0 to 9999.
    BadTime,
    /// A time stamp further ahead of its arrival than clocks may differ.
    FromFuture,
    /// A reading whose time stamp is older than readings may be when they arrive.
    TooOld,
    /// A value outside the physical range of its signal: a wrong unit or a broken message.
    OutOfRange,
    /// A word outside its list: an event kind, a run state, a code of work.
    UnknownWord,
    /// A JSON key that stands twice in one object with different values: which of them holds nobody can say.
    Contradiction,
    /// A retained message on a topic without time stamps: an old value that would look like one of now.
    RetainedUntimed,
    /// A machine beyond the number that is taken in, or beyond the number for which run hours are derived.
    TooManyMachines,
    /// Sparkplug: an alias without a birth that says what it stands for; a rebirth was asked for.
    NoBirth,
    /// Sparkplug: an alias that the birth did not give.
    UnknownAlias,
    /// Sparkplug: several metrics with one alias, or that feed one signal.
    AmbiguousMetric,
    /// Sparkplug: a machine for which another edge node speaks already.
    IdentityTaken,
}

impl RefusalReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 21] = [
        Self::UnknownTopic,
        Self::NotAuthorised,
        Self::BadIdentity,
        Self::TooLarge,
        Self::TooDeep,
        Self::TooMany,
        Self::Malformed,
        Self::WrongType,
        Self::MissingField,
        Self::BadTime,
        Self::FromFuture,
        Self::TooOld,
        Self::OutOfRange,
        Self::UnknownWord,
        Self::Contradiction,
        Self::RetainedUntimed,
        Self::TooManyMachines,
        Self::NoBirth,
        Self::UnknownAlias,
        Self::AmbiguousMetric,
        Self::IdentityTaken,
    ];

    /// Its code in metrics, in the quarantine and in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownTopic => "unknown_topic",
            Self::NotAuthorised => "not_authorised",
            Self::BadIdentity => "bad_identity",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::TooMany => "too_many",
            Self::Malformed => "malformed",
            Self::WrongType => "wrong_type",
            Self::MissingField => "missing_field",
            Self::BadTime => "bad_time",
            Self::FromFuture => FROM_FUTURE,
            Self::TooOld => TOO_OLD,
            Self::OutOfRange => "out_of_range",
            Self::UnknownWord => "unknown_word",
            Self::Contradiction => "contradiction",
            Self::RetainedUntimed => "retained_untimed",
            Self::TooManyMachines => "too_many_machines",
            Self::NoBirth => "no_birth",
            Self::UnknownAlias => "unknown_alias",
            Self::AmbiguousMetric => "ambiguous_metric",
            Self::IdentityTaken => "identity_taken",
        }
    }
}

/// A reason with its words for a person: which field held what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: RefusalReason,
    pub(crate) detail: String,
    /// How far a time stamp lay ahead of its arrival, milliseconds, negative when behind it; 0 for every reason that is not the
    /// clock's.
    pub(crate) ahead_ms: i64,
}

impl Fault {
    pub(crate) fn new(reason: RefusalReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), ahead_ms: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let mut codes: Vec<_> = RefusalReason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RefusalReason::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
