//! A booked visit, and what an advisor says about one that is booked, moved or cancelled for a customer who rang.

use foretell_model::{FindingId, Timestamp};

use crate::registry::Technician;

/// A booked visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Booking {
    /// Its number.
    pub id: i64,
    /// The case it belongs to.
    pub case: FindingId,
    /// When.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Who comes, if technicians are registered.
    pub technician: Option<Technician>,
    /// How often it was changed, for calendars.
    pub sequence: u32,
}

/// How it was spoken of with the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Why, in the advisor's words; a cancellation needs some.
    pub why: String,
    /// The customer heard it on the telephone: no letter repeats it, the calendar file alone goes out.
    pub told: bool,
    /// The customer agreed to a time outside the hours of visits.
    pub odd_hour: bool,
    /// Beginning of the visit as the advisor saw it, so that nobody changes what was changed meanwhile; `None` where nobody
    /// looked.
    pub seen: Option<Timestamp>,
}

/// What comes after a visit was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCancelling {
    /// The advisor speaks with the customer about another time; the customer's page offers times again.
    Call,
    /// Nothing more to do.
    Close,
}
