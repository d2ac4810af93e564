//! What a letter says of its times: whether the work is done before the fault comes and before the customer's busy season, or that
//! they wait for the season's end.

use chrono::NaiveDate;

use super::{Piece, Subject};
use crate::slots::{self, Slot};

/// Whether every time on offer comes before the machine is more likely than not to have reached its limit.
pub(super) fn is_in_time(subject: &Subject<'_>) -> bool {
    let finding = subject.spoken.finding;
    let middle = finding.rul_days.and_then(|rul| rul.p50).map(|days| finding.at.plus_days(days));
    middle.is_none_or(|middle| subject.slots.iter().all(|slot| slot.start < middle))
}

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
