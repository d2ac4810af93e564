//! What a tap on a page does that may have been open for days: nobody moves or cancels a visit that was changed meanwhile
//! without having seen it.

use foretell_model::{Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::store::{Session, Stay, bookings};
use crate::views::{BookingView, Stage};

impl Outreach {
    /// Takes one of the times on the page: books it, or moves the visit there that the page showed, `seen` being when that
    /// visit begins. The same tap twice is once.
    ///
    /// # Errors
    /// As [`Outreach::book`] and [`Outreach::reschedule`]; `Refused` when a visit was booked (`CaseBooked`) or moved (`Moved`)
    /// since the page was shown.
    pub fn choose_time(
        &self,
        token: &str,
        start: Timestamp,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<BookingView> {
        self.store.write("take a time", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let booked = match visitor.case.stage {
                Stage::Booked => live(tx, &visitor.case.finding.id)?,
                _ => None,
            };
            match (booked, seen) {
                (Some(stay), _) if stay.start == start => {}
                (Some(stay), Some(seen)) if stay.start == seen => self.move_in(tx, &mut visitor, start, now)?,
                (Some(_), Some(_)) => return Err(OutreachError::refused("move a visit", Obstacle::Moved)),
                (Some(_), None) => return Err(OutreachError::refused("book a visit", Obstacle::CaseBooked)),
                (None, _) => self.book_in(tx, &mut visitor, start, now)?,
            }
            self.page(tx, &visitor, now)
        })
    }

    /// Cancels the visit that the page showed, `seen` being when it begins; nothing where that is not known.
    ///
    /// # Errors
    /// As [`Outreach::cancel`]; `Refused` when the visit was moved (`Moved`) since the page was shown.
    pub fn cancel_seen(&self, token: &str, seen: Option<Timestamp>, now: Timestamp) -> Result<BookingView> {
        self.store.write("cancel a visit", |tx| {
            let mut visitor = self.visitor(tx, token, now)?;
            let booked = live(tx, &visitor.case.finding.id)?;
            if booked.is_some_and(|stay| seen.is_some_and(|seen| seen != stay.start)) {
                return Err(OutreachError::refused("cancel a visit", Obstacle::Moved));
            }
            self.cancel_in(tx, &mut visitor, now)?;
            self.page(tx, &visitor, now)
        })
    }
}

/// The visit of a case that is booked and not settled.
fn live(connection: &dyn Session, case: &foretell_model::FindingId) -> Result<Option<Stay>> {
    Ok(bookings::newest_of(connection, case)?.filter(|stay| stay.state == "booked"))
}
