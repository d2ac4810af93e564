//! The way to a broken machine: setting out, and where the technician is until somebody has arrived.

use foretell_model::{MachineId, Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::journey::{announced, km_to, on_earth};
use crate::store::{record, service_cases};
use crate::views::ServiceCase;

impl Outreach {
    /// The technician sets out, or says anew how long it will take.
    ///
    /// # Errors
    /// When the case is closed, nobody was sent, or the technician is there already.
    pub fn set_out_to_case(&self, id: i64, minutes: Option<u32>, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let is_new = self.service_case(id)?.set_out.is_none();
        let set_out = |case: &mut ServiceCase| {
            must_be_under_way(case)?;
            case.set_out.get_or_insert(now);
            if let Some(minutes) = minutes {
                case.expect(announced(minutes, now));
            }
            Ok(())
        };
        if is_new {
            return self.change_trouble(id, (who, record::SET_OUT, ""), now, set_out);
        }
        self.change_quietly(id, set_out)
    }

    /// The technician's telephone says where it is. When it will be there follows from the distance. Not in the record: it moves
    /// all the time.
    ///
    /// # Errors
    /// When the case is closed, nobody has set out, or the technician is there already.
    pub fn locate_on_way_to_case(&self, id: i64, place_deg: (f64, f64), now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("follow the technician of service case {id}");
        let place_deg = on_earth(place_deg, &attempted)?;
        self.store.write(&attempted, |tx| {
            let mut case = service_cases::get(tx, id)?;
            must_be_under_way(&case)?;
            if case.set_out.is_none() {
                return Err(OutreachError::refused(&attempted, Obstacle::NotSetOut));
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

    fn change_quietly(&self, id: i64, change: impl FnOnce(&mut ServiceCase) -> Result<()>) -> Result<ServiceCase> {
        self.store.write(&format!("change service case {id}"), |tx| {
            let mut case = service_cases::get(tx, id)?;
            change(&mut case)?;
            service_cases::save(tx, &mut case)?;
            Ok(case)
        })
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
