//! What a case asks of an advisor, a code beside the remark, which people read; and what comes of the call.

use foretell_model::{WishedTime, named};

named! {
    /// What a case asks of the advisor beside what its stage says.
    Matter {
        /// The customer replied.
        Reply = "reply",
        /// The customer replied after the work was done.
        ReplyAfter = "reply_after",
        /// The same in words that hint at displeasure: somebody must call.
        UnhappyAfter = "unhappy_after",
        /// The customer wishes another time; the remark has the customer's words, if there are any.
        OtherTime = "other_time",
        /// A message could not be delivered, or perhaps not.
        Undelivered = "undelivered",
        /// The customer was not told in writing that the visit was moved.
        MoveUntold = "move_untold",
        /// The last work on the machine showed no effect: somebody calls before anything is written.
        AfterNoEffect = "after_no_effect",
        /// The advisor chose to call in place of a letter, and has not yet.
        CallChosen = "call_chosen",
        /// What the customer was written to about looks like another fault now.
        Succeeds = "succeeds",
    }
}

/// What comes of a call to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCall {
    /// Nothing more to do.
    Close,
    /// The customer would like it in writing: the case is drafted anew.
    NewLetter,
    /// The same, and a visit would suit best at such times: the letter offers them where it can, and says so.
    LetterFor(WishedTime),
    /// Nobody was reached; the call stays due.
    Again,
}
