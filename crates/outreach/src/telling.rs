//! What the log is told of work that was done at visits: only once its report cannot be taken back whole any more.
//!
//! The log forgets nothing: whatever engine, curves and reports have drawn from a job stays drawn. So it hears of one some hours
//! after the report, dated when the work was done; the engine reckons by days, and loses nothing by it.

use foretell_model::{HOUR_MS, Timestamp};

use crate::Outreach;
use crate::error::Result;
use crate::store::{Session, Stay, advisories, bookings, untold_work};
use crate::views::WorkDone;

/// So long after it was entered a report can be taken back whole, ms.
pub(crate) const UNDO_MS: i64 = 2 * HOUR_MS;

impl Outreach {
    /// Visits with the work that the log is to be told of now. The same at every call until [`Outreach::note_told`]: written
    /// twice, the log keeps it once.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn works_to_tell(&self, now: Timestamp) -> Result<Vec<(i64, Vec<WorkDone>)>> {
        if self.store.read("look for work to tell", |c| untold_work::due(c, now))?.is_empty() {
            return Ok(Vec::new());
        }
        self.store.write("read the work to tell", |tx| {
            let work = |visit: i64| {
                let stay = bookings::get(tx, visit)?;
                let case = advisories::get(tx, &stay.case)?;
                let works = self.work_done(tx, (&stay, &case), ended(tx, &stay)?)?;
                // Whose it is must be known before the log tells of it.
                works.iter().try_for_each(|done| untold_work::tell(tx, visit, (&done.machine, done.ts)))?;
                Ok((visit, works))
            };
            untold_work::due(tx, now)?.into_iter().map(work).collect()
        })
    }

    /// The log knows of the work of a visit.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note_told(&self, visit: i64) -> Result<()> {
        self.store.write(&format!("note that the work of visit {visit} is told"), |tx| {
            untold_work::forget(tx, visit).map(drop)
        })
    }
}

/// When the work of a finished visit ended, as somebody said.
fn ended(connection: &dyn Session, stay: &Stay) -> Result<Timestamp> {
    let report = bookings::report_of(connection, stay.id)?;
    Ok(report.and_then(|report| report.ended).unwrap_or(stay.changed))
}
