//! Booked visits by day and technician.

use chrono_tz::Tz;
use foretell_model::Timestamp;

use super::Task;

/// A visit in the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarVisit {
    /// Identity of the case.
    pub case: String,
    /// What it is for, on each of its machines; that of its own case first.
    pub tasks: Vec<Task>,
    /// What the site is called.
    pub site_name: String,
    /// Key of the customer; empty when nobody is registered.
    pub customer_id: String,
    /// The customer's name.
    pub customer: String,
    /// Key of who comes; empty for a nameless crew.
    pub technician: String,
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Whether the work was done.
    pub done: bool,
}

/// A time that a customer was offered and has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarOffer {
    /// Identity of the case.
    pub case: String,
    /// What it is for, on each of its machines; that of its own case first.
    pub tasks: Vec<Task>,
    /// What the site is called.
    pub site_name: String,
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
}

/// Somebody who makes visits.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarRow {
    /// Key; empty for whatever nobody is named for.
    pub key: String,
    /// Name in the asker's language.
    pub name: String,
    /// Hours on sites that this person can spend in each week shown.
    pub capacity_h: Vec<f64>,
    /// Hours on sites that this person can spend on each day shown.
    pub day_h: Vec<f64>,
    /// Days away, as days of the zone counted since 1970.
    pub away: Vec<i64>,
}

/// Two weeks.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitCalendar {
    /// The present instant.
    pub now: Timestamp,
    /// The zone whose days are shown.
    pub zone: Tz,
    /// First day shown, a Monday, as a day of the zone counted since 1970.
    pub first_day: i64,
    /// How many weeks.
    pub weeks: usize,
    /// Who makes visits.
    pub rows: Vec<CalendarRow>,
    /// Their visits, in order of time.
    pub visits: Vec<CalendarVisit>,
    /// Times that customers were offered and have not answered, in order of time.
    pub offers: Vec<CalendarOffer>,
}
