//! From when to when.

use foretell_model::Timestamp;

/// A stretch of time, its end left out; open where nothing is said.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Span {
    #[inline]
    pub(crate) fn contains(self, ts: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= ts) && self.to.is_none_or(|to| ts < to)
    }
}
