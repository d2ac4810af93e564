//! Work that the log tells of, because a controller or another program reported it: which booked visit it ends.
//!
//! It ends the visit that it can be the work of, and no other one. That is a visit to the machine that asks for this very work, from
//! a day before it begins until a month after it went by unsettled; and, whatever the work is, one that goes on at that hour or
//! within half a day of it, because whoever is there does what is needed. Of several it is the one that asks for the work, then the
//! nearest. What is booked weeks ahead stays booked: somebody else's work is no reason not to come, and where it was the cure, the
//! forecast is withdrawn and the advisor is asked whether the visit is still needed.

use foretell_model::{DAY_MS, HOUR_MS, MachineId, Timestamp, Work};

use crate::Outreach;
use crate::error::Result;
use crate::store::{Session, advisories, bookings, untold_work};

/// Work that a visit asks for is its own from so long before it begins, ms.
const EARLY_MS: i64 = DAY_MS;
/// And until so long after it ended, ms: then nobody has settled it for a month.
const LATE_MS: i64 = 30 * DAY_MS;
/// Any work so near to a visit was done at it, ms.
const AROUND_MS: i64 = 12 * HOUR_MS;
/// Who ended a visit of which nobody but the log has told, in the record.
const TECHNICIAN: &str = "technician";

impl Outreach {
    /// The log tells of work that ended at `ts`: the visit whose work it can be is done, if there is one; gives its number. Work
    /// that the log was told of from here ends none, and neither does the same told twice. Nothing is left to tell the log.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn hear_work(&self, machine: &MachineId, work: &Work, ts: Timestamp) -> Result<Option<i64>> {
        let attempted = format!("end the visit of work on {machine}");
        self.store.write(&attempted, |tx| {
            if untold_work::was_told(tx, machine, ts)? {
                return Ok(None);
            }
            let Some(visit) = self.visit_of(tx, machine, work, ts)? else { return Ok(None) };
            self.end_visit(tx, visit, None, (TECHNICIAN, &attempted), ts)?;
            Ok(Some(visit))
        })
    }

    /// The booked visit that work can be of.
    fn visit_of(
        &self,
        connection: &dyn Session,
        machine: &MachineId,
        work: &Work,
        ts: Timestamp,
    ) -> Result<Option<i64>> {
        let mut fitting = Vec::new();
        for stay in bookings::booked_at(connection, machine)? {
            let case = advisories::get(connection, &stay.case)?;
            let asks = self.works(&case).any(|(on, piece)| on == machine && piece.code == work.as_str());
            let (early_ms, late_ms) = (stay.start - ts, ts - stay.end);
            let (early_max_ms, late_max_ms) = if asks { (EARLY_MS, LATE_MS) } else { (AROUND_MS, AROUND_MS) };
            if early_ms <= early_max_ms && late_ms <= late_max_ms {
                fitting.push((!asks, early_ms.max(late_ms), stay.id));
            }
        }
        Ok(fitting.into_iter().min().map(|(.., visit)| visit))
    }
}
