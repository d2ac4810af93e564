//! What the log is told of work that was done at visits: only once its report cannot be taken back whole any more.
//!
//! The log forgets nothing: whatever engine, curves and reports have drawn from a job stays drawn. So it hears of one some hours
//! after the report, dated when the work was done; the engine reckons by days, and loses nothing by it.

use foretell_model::{HOUR_MS, MachineId, Timestamp};

use crate::Outreach;
use crate::error::Result;
use crate::store::{Session, Stay, advisories, bookings, untold_work};
use crate::views::WorkDone;

/// So long after it was entered a report can be taken back whole, ms.
pub(crate) const UNDO_MS: i64 = 2 * HOUR_MS;
/// Work that the log tells of is of a visit that began so long before at most, and so long after, days.
const VISIT_DAYS: (f64, f64) = (30.0, 1.0);
/// Visits looked through for it.
const VISITS_MAX: u32 = 20;

impl Outreach {
    /// Visits with the work that the log is to be told of now. The same at every call until [`Outreach::note_told`]: written
    /// twice, the log keeps it once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn works_to_tell(&self, now: Timestamp) -> Result<Vec<(i64, Vec<WorkDone>)>> {
        self.store.read("read the work to tell", |c| {
            let work = |visit: i64| {
                let stay = bookings::get(c, visit)?;
                let case = advisories::get(c, &stay.case)?;
                Ok((visit, self.work_done(c, (&stay, &case), ended(c, &stay)?)?))
            };
            untold_work::due(c, now)?.into_iter().map(work).collect()
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

    /// Whether work that the log tells of is that of a visit which ended here: it ends no other one.
    pub(crate) fn was_told(connection: &dyn Session, machine: &MachineId, ts: Timestamp) -> Result<bool> {
        let span = (ts.plus_days(-VISIT_DAYS.0), ts.plus_days(VISIT_DAYS.1));
        for stay in bookings::done_at(connection, machine, span, VISITS_MAX)? {
            if stay.end.min(ended(connection, &stay)?) == ts {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// When the work of a finished visit ended, as somebody said.
fn ended(connection: &dyn Session, stay: &Stay) -> Result<Timestamp> {
    let report = bookings::report_of(connection, stay.id)?;
    Ok(report.and_then(|report| report.ended).unwrap_or(stay.changed))
}
