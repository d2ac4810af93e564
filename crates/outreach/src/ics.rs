//! The calendar file of a visit (RFC 5545): one stable UID, a sequence that grows with every change, times in UTC.

use chrono::{DateTime, Utc};
use foretell_model::Timestamp;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};

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
    /// E-mail address of whoever answers for it, if there is one.
    pub(crate) organizer: Option<&'a str>,
    /// That person's name.
    pub(crate) organizer_name: &'a str,
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
    // RFC 5546 wants an organizer in whatever is published or cancelled; `invalid` is the name that never resolves.
    let address =
        visit.organizer.map_or_else(|| "mailto:nobody@service.invalid".to_owned(), |at| format!("mailto:{at}"));
    let mut organizer = Property::new("ORGANIZER", address);
    organizer.add_parameter("CN", &quotable(visit.organizer_name));
    event.append_property(organizer.done());
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

/// A name as a quoted parameter: quotes and control characters have no place there.
fn quotable(name: &str) -> String {
    format!("\"{}\"", name.chars().filter(|c| *c != '"' && !c.is_control()).collect::<String>())
}

fn utc(t: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(t.millis()).unwrap_or_default()
}
