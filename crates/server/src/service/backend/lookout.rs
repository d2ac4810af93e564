//! The one view of the fleet: every machine at a glance, brought up to date by what was heard and registered since the last
//! look. However many machines there are, a look costs what has changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use foretell_console::view::{Health, HiddenBy, MachineSummary, OpenAdvisory};
use foretell_engine::{Glance, Regime};
use foretell_model::{Catalogue, HOUR_MS, Limits, MachineId, RunState, Timestamp};
use foretell_outreach::Desk;

use super::registry::zone_of;
use crate::service::engine_room::{EngineRoom, Seen};
use crate::service::status;

/// A machine that was silent for longer cannot be judged.
pub(super) const UNHEARD_MS: i64 = 48 * HOUR_MS;

/// Loaded hours a day, over the last week, below which the cooler's condition does not show.
pub(super) const LOAD_H_MIN: f64 = 1.0;

/// Usable days before a forecast begins, as the engine says in its findings.
pub const DAYS_NEEDED: u32 = 10;

/// Machines looked at in one go while the engine waits.
const AT_ONCE: usize = 100;

/// What is kept between two looks.
#[derive(Default)]
pub(in crate::service) struct Lookout(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    registry_version: i64,
    machines: BTreeMap<MachineId, (Option<Seen>, Arc<MachineSummary>)>,
}

impl Lookout {
    /// Every machine that was heard of or is registered, by identity.
    pub(super) fn look(
        &self,
        room: &EngineRoom,
        (desk, catalogue): (&Desk, &Catalogue),
        now: Timestamp,
    ) -> Vec<Arc<MachineSummary>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let heard = room.heard_of(AT_ONCE);
            let last = heard.len() < AT_ONCE;
            for (id, seen) in heard {
                let summary = Arc::new(summary(&id, Some(&seen), (desk, catalogue), now));
                kept.machines.insert(id, (Some(seen), summary));
            }
            if last {
                break;
            }
        }
        let registered_anew = kept.registry_version != desk.registry_version();
        if registered_anew {
            // Whoever registered a machine wants to see that it does not speak.
            for (id, _) in desk.machines() {
                let silent = || (None, Arc::new(summary(id, None, (desk, catalogue), now)));
                kept.machines.entry(id.clone()).or_insert_with(silent);
            }
            kept.registry_version = desk.registry_version();
        }
        for (id, (seen, known)) in &mut kept.machines {
            if registered_anew || is_out_of_date(known, seen.as_ref(), desk, now) {
                *known = Arc::new(summary(id, seen.as_ref(), (desk, catalogue), now));
            }
        }
        kept.machines.values().map(|(_, summary)| Arc::clone(summary)).collect()
    }
}

/// Whether time or a booking has changed what was said of a machine.
fn is_out_of_date(known: &MachineSummary, seen: Option<&Seen>, desk: &Desk, now: Timestamp) -> bool {
    let Some((seen, last)) = seen.and_then(|seen| Some((seen, seen.glance.last_ts?))) else { return false };
    let unheard = now - last > UNHEARD_MS;
    let booked = known.advisory.as_ref().is_some_and(|advisory| advisory.booked != is_booked(desk, &advisory.id, now));
    booked
        || known.offline != status::offline(seen.told, Some(last), now)
        || unheard != (known.health == Health::Hidden(HiddenBy::NoReadings))
}

/// One machine at a glance; `seen` is nothing for a machine that was never heard of.
pub(super) fn summary(
    id: &MachineId,
    seen: Option<&Seen>,
    (desk, catalogue): (&Desk, &Catalogue),
    now: Timestamp,
) -> MachineSummary {
    let (glance, customer) = (seen.map(|seen| &seen.glance), desk.customer_of(id));
    let last = glance.and_then(|glance| glance.last_ts);
    let offline = status::offline(seen.and_then(|seen| seen.told), last, now);
    let name = desk.machine(id).map_or_else(|| id.machine().to_owned(), |machine| machine.number.clone());
    let (site_name, customer_name) = (desk.site_name(id).to_owned(), customer.map_or("", |c| c.name.as_str()));
    MachineSummary {
        id: id.clone(),
        hay: format!("{id} {name} {site_name} {customer_name}").to_lowercase(),
        name,
        site_name,
        customer: customer_name.to_owned(),
        zone: zone_of(customer),
        offline,
        state: glance.and_then(|glance| run_state(glance.regime)).filter(|_| offline.is_none()),
        last_reading: last,
        discharge_temp_c: glance.and_then(|glance| glance.discharge_temp_c),
        limit_c: glance.map_or(Limits::default(), |glance| glance.limits).warn_c,
        health: glance.map_or(Health::Hidden(HiddenBy::NoReadings), |glance| health(glance, now)),
        broken_since: None,
        advisory: seen.and_then(|seen| open_advisory(seen, (desk, catalogue), now)),
        trend_c: glance.map(|glance| glance.trend_c.clone()).unwrap_or_default(),
    }
}

/// The most pressing open statement that says something is wrong.
fn open_advisory(seen: &Seen, (desk, catalogue): (&Desk, &Catalogue), now: Timestamp) -> Option<OpenAdvisory> {
    let open = seen.open.as_ref()?;
    // As its letter names it.
    let cause = seen.newest.as_ref().map(|finding| finding.cause(None, &[], catalogue));
    Some(OpenAdvisory {
        id: open.id.clone(),
        fault: cause.map_or(&open.fault, |cause| cause.fault).clone(),
        likelihood: cause.map_or(open.likelihood, |cause| cause.likelihood),
        grade: open.grade,
        at: seen.newest.as_ref().map_or(open.opened, |finding| finding.at),
        rul_days: seen.newest.as_ref().and_then(|finding| finding.rul_days),
        booked: is_booked(desk, &open.id, now),
    })
}

/// Whether a visit is to come.
fn is_booked(desk: &Desk, case: &foretell_model::FindingId, now: Timestamp) -> bool {
    desk.appointment_of(case).is_some_and(|visit| visit.end >= now)
}

/// What the machine does, in the controller's words.
const fn run_state(regime: Regime) -> Option<RunState> {
    match regime {
        Regime::Unknown => None,
        Regime::Stopped => Some(RunState::Stopped),
        Regime::Starting => Some(RunState::Starting),
        Regime::Unloaded => Some(RunState::Unloaded),
        Regime::LoadedSteady => Some(RunState::Loaded),
    }
}

/// What can be told of the cooling circuit; what cannot be seen is never called healthy.
fn health(glance: &Glance, now: Timestamp) -> Health {
    if glance.last_ts.is_none_or(|last| now - last > UNHEARD_MS) {
        Health::Hidden(HiddenBy::NoReadings)
    } else if !glance.learned {
        let [days, days_needed] =
            [glance.usable_days, glance.days_needed].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Health::Learning { days: days.min(days_needed), days_needed }
    } else if glance.sensor_trouble {
        Health::Hidden(HiddenBy::SensorFault)
    } else if glance.health.observable {
        Health::Known { cooler_loss: glance.health.cooler_ua_loss.clamp(0.0, 1.0) }
    } else if glance.load_h_per_day < LOAD_H_MIN {
        Health::Hidden(HiddenBy::TooLittleLoad)
    } else {
        Health::Hidden(HiddenBy::CoolWeather)
    }
}
