//! The way to a broken machine: who is sent, setting out, and where the technician is until somebody has arrived.

use foretell_model::{DAY_MS, MINUTE_MS, MachineId, Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::journey::{announced, is_too_long, km_to, on_earth};
use crate::store::{record, service_cases};
use crate::views::{Arrival, ServiceCase};

/// A page may have been open for so long when somebody is sent who is as good as there, ms.
const ETA_PAST_MS: i64 = 5 * MINUTE_MS;
/// Nobody is sent for later, ms: a breakdown is on site within hours, a week-end and a holiday included within three days; what
/// is further ahead is a slip of the keyboard.
const ETA_AHEAD_MS: i64 = 3 * DAY_MS;

impl Outreach {
    /// A technician is sent; `eta` is when that person expects to be there.
    ///
    /// # Errors
    /// When the case is closed, somebody is on site, or there is no such technician; `Refused` for a time that has passed or is
    /// days ahead.
    pub fn send_technician(
        &self,
        id: i64,
        technician: &str,
        eta: Option<Timestamp>,
        who: &str,
        now: Timestamp,
    ) -> Result<ServiceCase> {
        expectable(eta, now).map_err(|why| OutreachError::refused(format!("send {technician}"), why))?;
        let known = self.technician(technician)?.filter(|known| !known.erased);
        known.ok_or_else(|| OutreachError::missing("technician", technician))?;
        let attempted = format!("send {technician}");
        self.store.write(&attempted, |tx| {
            let known = service_cases::current(tx, id)?;
            // Tapped twice it is said once; and whoever has set out meanwhile is not sent back.
            let is_sent =
                known.technician.as_deref() == Some(technician) && eta.is_none_or(|eta| known.eta == Some(eta));
            if is_sent && known.closed.is_none() {
                return Ok(known);
            }
            self.change_case(tx, id, (who, record::TROUBLE_ASSIGNED, technician), now, |case| {
                if case.on_site.is_some() {
                    return Err(OutreachError::refused(&attempted, Obstacle::SomebodyThere));
                }
                case.technician = Some(technician.to_owned());
                // Whatever was known was of somebody else's way.
                (case.eta, case.eta_told, case.eta_at, case.set_out) = (None, false, None, None);
                if let Some(at) = eta {
                    case.expect(Arrival { at, as_of: now, told: true });
                }
                forget_place(case);
                Ok(())
            })
        })
    }

    /// Somebody is on site. Said twice, by two people or with two taps, it is once.
    ///
    /// # Errors
    /// When the case is closed.
    pub fn arrived(&self, id: i64, who: &str, now: Timestamp) -> Result<ServiceCase> {
        self.store.write(&format!("arrive at service case {id}"), |tx| {
            let known = service_cases::current(tx, id)?;
            if known.on_site.is_some() && known.closed.is_none() {
                return Ok(known);
            }
            self.change_case(tx, id, (who, record::TROUBLE_ON_SITE, ""), now, |case| {
                case.on_site.get_or_insert(now);
                forget_place(case);
                Ok(())
            })
        })
    }

    /// The technician sets out, or says anew how long it will take.
    ///
    /// # Errors
    /// When the case is closed, nobody was sent, or the technician is there already.
    pub fn set_out_to_case(&self, id: i64, minutes: Option<u32>, who: &str, now: Timestamp) -> Result<ServiceCase> {
        self.store.write(&format!("set out to service case {id}"), |tx| {
            let mut known = service_cases::current(tx, id)?;
            // Whoever forgot to end a way, or turned back, sets out anew.
            let is_new = known.set_out.is_none_or(|begun| is_too_long(begun, now));
            let set_out = |case: &mut ServiceCase| {
                must_be_under_way(case)?;
                if is_new && case.set_out.replace(now).is_some() {
                    (case.eta, case.eta_told, case.eta_at) = (None, false, None);
                }
                if let Some(minutes) = minutes {
                    case.expect(announced(minutes, now));
                }
                Ok(())
            };
            if is_new {
                return self.change_case(tx, id, (who, record::SET_OUT, ""), now, set_out);
            }
            set_out(&mut known)?;
            service_cases::save(tx, &mut known)?;
            Ok(known)
        })
    }

    /// The technician's telephone says where it is. When it will be there follows from the distance. Not in the record: it moves
    /// all the time.
    ///
    /// # Errors
    /// When the case is closed, nobody has set out, the way has taken too long, or the technician is there already.
    pub fn locate_on_way_to_case(&self, id: i64, place_deg: (f64, f64), now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("follow the technician of service case {id}");
        let place_deg = on_earth(place_deg, &attempted)?;
        self.store.write(&attempted, |tx| {
            let mut case = service_cases::current(tx, id)?;
            must_be_under_way(&case)?;
            let begun = case.set_out.ok_or_else(|| OutreachError::refused(&attempted, Obstacle::NotSetOut))?;
            if is_too_long(begun, now) {
                return Err(OutreachError::refused(&attempted, Obstacle::WayTooLong));
            }
            let machine = MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a case's machine", e))?;
            let km = km_to(tx, &machine, place_deg)?;
            (case.position_deg, case.located) = (Some(place_deg), Some(now));
            case.begun_km = case.begun_km.or(km);
            if let Some(km) = km {
                case.expect(self.reckoned(km, now));
            }
            service_cases::save(tx, &mut case)?;
            Ok(case)
        })
    }
}

/// A time at which whoever is sent now can be there: the customer is mailed it, so a slip of the keyboard must not pass.
fn expectable(eta: Option<Timestamp>, now: Timestamp) -> std::result::Result<(), Obstacle> {
    match eta.map_or(0, |at| at - now) {
        ahead if ahead < -ETA_PAST_MS => Err(Obstacle::TimePassed),
        ahead if ahead > ETA_AHEAD_MS => Err(Obstacle::TooFar),
        _ => Ok(()),
    }
}

/// Where somebody was is nobody's business once the way is over.
pub(crate) const fn forget_place(case: &mut ServiceCase) {
    (case.position_deg, case.located, case.begun_km) = (None, None, None);
}

fn must_be_under_way(case: &ServiceCase) -> Result<()> {
    if case.closed.is_some() || case.on_site.is_some() || case.technician.is_none() {
        let attempted = format!("follow the technician of service case {}", case.id);
        return Err(OutreachError::refused(attempted, Obstacle::NobodyOnTheWay));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_expected_in_the_past_or_days_ahead() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let of = |minutes: i64| expectable(Some(now + minutes * MINUTE_MS), now);
        assert_eq!([of(-5), of(0), of(3 * 24 * 60)], [Ok(()); 3]);
        assert_eq!((of(-6), of(3 * 24 * 60 + 1)), (Err(Obstacle::TimePassed), Err(Obstacle::TooFar)));
    }
}
