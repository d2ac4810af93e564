//! What a letter says of the customer's busy season: that the work is done before it, or that its times wait for the end.

use chrono::NaiveDate;

use super::{Piece, Subject};
use crate::slots::{self, Slot};

/// The first day of the next busy season, if both times on offer lie before it.
pub(super) fn season(subject: &Subject<'_>) -> Option<NaiveDate> {
    let first = subject.calendar.next_busy(subject.calendar.local(subject.now).date())?;
    let in_time = |slot: &Slot| subject.calendar.local(slot.end).date() < first;
    (!subject.slots.is_empty() && subject.slots.iter().all(in_time)).then_some(first)
}

/// The last day of the busy season for whose end the times on offer wait.
pub(super) fn season_until(subject: &Subject<'_>, pieces: &[Piece<'_>]) -> Option<NaiveDate> {
    let stops = pieces.iter().any(|piece| piece.action.stops_machine);
    slots::after_season(subject.slots, stops, subject.calendar, subject.now)
}
