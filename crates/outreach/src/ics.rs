//! The calendar file of a visit (RFC 5545): one stable UID, a sequence that grows with every change, times in UTC.

use chrono::{DateTime, Utc};
use foretell_model::Timestamp;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};

/// What the file says.
pub(crate) struct Visit<'a> {
    /// Stable name of the visit.
    pub(crate) uid: String,
    /// Changes so far.
    pub(crate) sequence: u32,
    /// When the visit was last changed.
    pub(crate) changed: Timestamp,
    /// When.
    pub(crate) start: Timestamp,
    /// Until when.
    pub(crate) end: Timestamp,
    /// One line.
    pub(crate) summary: &'a str,
    /// Who comes, for what.
    pub(crate) description: &'a str,
    /// Where.
    pub(crate) location: &'a str,
    /// Whether it takes place.
    pub(crate) cancelled: bool,
}

/// Writes the file.
pub(crate) fn write(visit: &Visit<'_>) -> String {
    let mut event = Event::with_uid(&visit.uid);
    event
        .sequence(visit.sequence)
        .timestamp(utc(visit.changed))
        .last_modified(utc(visit.changed))
        .starts(utc(visit.start))
        .ends(utc(visit.end))
        .summary(visit.summary)
        .description(visit.description)
        .status(if visit.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if !visit.location.is_empty() {
        event.location(visit.location);
    }
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Foretell//Service//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", if visit.cancelled { "CANCEL" } else { "PUBLISH" }))
        .push(event.done());
    calendar.to_string()
}

fn utc(t: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(t.millis()).unwrap_or_default()
}
