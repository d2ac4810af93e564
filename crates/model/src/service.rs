//! What service speaks of in all its parts: how a visit stands, where a promise stands, what was found of a forecast, what a
//! customer answered. Plain data that outreach keeps and the console shows.

use crate::{Timestamp, named};

named! {
    /// How a visit stands.
    VisitState {
        /// It is to come, or nobody has said yet how it went.
        Booked = "booked",
        /// The work was done.
        Done = "done",
        /// It did not take place.
        Missed = "missed",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

named! {
    /// What somebody has entered last of a visit, or of a broken machine's case.
    Entered {
        /// That they are there.
        Arrival = "arrival",
        /// How it ended.
        Report = "report",
    }
}

/// Longest time that anybody announces or works, minutes: a day.
pub const MINUTES_MAX: u32 = 24 * 60;

named! {
    /// Where a promise to a customer stands, the most pressing first.
    TimerState {
        /// It slipped and is not kept yet.
        Late = "late",
        /// It is about to slip.
        Slipping = "slipping",
        /// There is time.
        Running = "running",
        /// It was kept, but late.
        KeptLate = "kept_late",
        /// What was promised came to pass in another way, e.g. somebody came before anybody rang; it was not kept.
        Overtaken = "overtaken",
        /// It was kept in time.
        Kept = "kept",
    }
}

/// A promise with its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// When it was promised for.
    pub due: Timestamp,
    /// When it was kept, or overtaken.
    pub met: Option<Timestamp>,
    /// Where it stands.
    pub state: TimerState,
}

named! {
    /// What a technician found of what was forecast.
    Found {
        /// What was forecast.
        Confirmed = "confirmed",
        /// Nothing.
        NotFound = "not_found",
        /// Another fault.
        SomethingElse = "something_else",
    }
}

/// How often a fault's forecasts were right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPrecision {
    /// Fault code.
    pub fault: String,
    /// It was there.
    pub confirmed: u32,
    /// Nothing was there.
    pub not_found: u32,
    /// Something else was there.
    pub something_else: u32,
}

/// What a customer answered by SMS, chat or mail, as a gateway brings it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The sender's own identity of it, by which a repetition is told.
    pub id: String,
    /// The key of our message that it answers, e.g. `foretell-17`, if the sender knows it.
    pub message: Option<String>,
    /// Key of the customer, if the sender knows it.
    pub customer: Option<String>,
    /// On which medium it came, e.g. `sms`.
    pub medium: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// What was written.
    pub text: String,
    /// When.
    pub at: Option<Timestamp>,
}
