//! What was concluded, with its place in the log and the times that tell how fast it came.

use foretell_model::{Finding, Offset, Timestamp};
use foretell_outreach::MachineContext;

/// A finding with its place: which entry of the log brought it about, and the how-many-th of that entry it is.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The entry.
    pub offset: Offset,
    /// Counted from 0 within the entry.
    pub ordinal: u32,
    /// What was concluded.
    pub finding: Finding,
    /// What a message needs to know of the machine, as the engine knew it then.
    pub context: MachineContext,
    /// When the deciding reading arrived; `None` when another event decided.
    pub arrived: Option<Timestamp>,
    /// When it was concluded by the wall clock; `None` when no reading decided.
    pub concluded: Option<Timestamp>,
}

/// A machine's current advisory after something was concluded about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Its JSON form; `None` when there is none any more.
    pub payload: Option<String>,
    /// When the deciding reading arrived.
    pub arrived: Option<Timestamp>,
}
