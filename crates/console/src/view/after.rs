//! What comes after a call, and after a visit that was cancelled.

use foretell_model::WishedTime;

/// What comes after a visit was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCancelling {
    /// Another time is to be found.
    Call,
    /// Nothing more to do.
    Close,
}

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCall {
    /// Nothing more to do.
    Close,
    /// The customer would like it in writing, with times that suit; any where nothing was said of that.
    NewLetter(WishedTime),
    /// Nobody was reached.
    Again,
}
