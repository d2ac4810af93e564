//! A technician's day: the visits to make, being on the way, being there.
//!
//! Of a technician's place only the last is kept, only while somebody is on the way, and never in the record.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use foretell_model::{
    DAY_MS, Finding, FindingId, HOUR_MS, MINUTE_MS, MINUTES_MAX, MachineId, Obstacle, Timestamp, VisitState,
};

use crate::Outreach;
use crate::case_way::forget_place;
use crate::desk::Appointment;
use crate::error::{OutreachError, Result};
use crate::joint::part_of_visit;
use crate::planning::distance_km;
use crate::registry::{Machine, Site};
use crate::store::{Case, Entry, Session, Stay, advisories, bookings, journeys, record, registry, service_cases};
use crate::views::{Arrival, Errand, ErrandSheet, Journey, Task, VisitDone};
use crate::visits::booking;

/// Roads are longer than the line between two places by about this much.
const DETOUR: f64 = 1.3;
/// Parking and the gate take that long however near one is, ms.
const LAST_STEPS_MS: i64 = 2 * MINUTE_MS;
/// Nobody is on the way for longer, ms.
const WAY_MAX_MS: i64 = 12 * HOUR_MS;
/// Nobody sets out earlier before a visit, ms.
const EARLY_MAX_MS: i64 = DAY_MS;
/// Nobody is there earlier before a visit, or later after it, ms: whoever came another day came to another visit.
const THERE_MAX_MS: i64 = 12 * HOUR_MS;
/// Visits listed at once.
const ERRANDS_MAX: u32 = 200;
/// Most visits of two weeks, for calendars and days.
const VISITS_MAX: u32 = 5_000;
/// Earlier visits shown to whoever comes.
const EARLIER_MAX: u32 = 10;

impl Outreach {
    /// Visits that touch a span, of one technician or of all, soonest first, at most 200. Those called off are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn errands(&self, technician: Option<&str>, span: (Timestamp, Timestamp)) -> Result<Vec<Errand>> {
        self.store.read("list the visits of a day", |c| {
            let stays = bookings::between(c, technician, span, ERRANDS_MAX)?;
            stays.into_iter().map(|stay| self.errand(c, stay)).collect()
        })
    }

    /// The same in brief, at most 5,000, each with how it went: for lists of which only a part is shown in full.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visits_between(
        &self,
        technician: Option<&str>,
        span: (Timestamp, Timestamp),
    ) -> Result<Vec<(Appointment, VisitState)>> {
        self.store.read("list visits in brief", |c| {
            let stays = bookings::between(c, technician, span, VISITS_MAX)?;
            let brief = |stay: Stay| {
                let state = state_of(&stay);
                (Appointment::from(stay), state)
            };
            Ok(stays.into_iter().map(brief).collect())
        })
    }

    /// Visits by their numbers, in the order asked for.
    ///
    /// # Errors
    /// `Missing` when there is none of a number.
    pub fn errands_of(&self, visits: &[i64]) -> Result<Vec<Errand>> {
        self.store
            .read("read visits", |c| visits.iter().map(|visit| self.errand(c, bookings::get(c, *visit)?)).collect())
    }

    /// What the visits of cases are for, in the order asked for; nothing for a case that is not known.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tasks_of(&self, cases: &[&FindingId]) -> Result<Vec<Vec<Task>>> {
        let desk = self.desk()?;
        self.store.read("read what visits are for", |c| {
            let of_case = |id: &&FindingId| match desk.open_case(id) {
                Some(case) => Ok(self.tasks(case, |machine| desk.number(machine))),
                None => Ok(match advisories::find(c, id)? {
                    Some(case) => self.tasks(&case, |machine| desk.number(machine)),
                    None => Vec::new(),
                }),
            };
            cases.iter().map(of_case).collect()
        })
    }

    /// Everything needed to make one visit.
    ///
    /// # Errors
    /// `Missing` when there is none of that number.
    pub fn errand_sheet(&self, visit: i64) -> Result<ErrandSheet> {
        self.store.read(&format!("read visit {visit}"), |c| {
            let errand = self.errand(c, bookings::get(c, visit)?)?;
            let people = self.people(c, &errand.machine)?.ok();
            let mut earlier = Vec::new();
            for task in &errand.tasks {
                let made = self.visits_made(c, task.machine(), (Timestamp::MIN, Timestamp::MAX), EARLIER_MAX)?;
                earlier.extend(made.into_iter().filter(|done| done.visit.id != visit));
            }
            earlier.sort_by_key(|done| Reverse((done.visit.start, done.visit.id)));
            earlier.truncate(EARLIER_MAX as usize);
            Ok(ErrandSheet {
                site: registry::find(c, errand.machine.site())?,
                report: bookings::report_of(c, visit)?,
                advisor: people.as_ref().map(|people| people.advisor.clone()),
                customer: people.map(|people| people.customer),
                earlier,
                errand,
            })
        })
    }

    /// Finished visits to a machine in a span, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visits_done(&self, machine: &MachineId, span: (Timestamp, Timestamp)) -> Result<Vec<VisitDone>> {
        self.store.read("list a machine's visits", |c| self.visits_made(c, machine, span, ERRANDS_MAX))
    }

    fn visits_made(
        &self,
        connection: &dyn Session,
        machine: &MachineId,
        span: (Timestamp, Timestamp),
        max: u32,
    ) -> Result<Vec<VisitDone>> {
        let done = |stay: Stay| {
            let (works, looked_at) = match advisories::find(connection, &stay.case)? {
                Some(case) => self.works_made(connection, (&case, &stay), machine)?,
                None => Default::default(),
            };
            let report = bookings::report_of(connection, stay.id)?;
            Ok(VisitDone { visit: booking(connection, stay)?, machine: machine.clone(), works, looked_at, report })
        };
        bookings::done_at(connection, machine, span, max)?.into_iter().map(done).collect()
    }

    /// What a case's visit is for, on each machine; `number` says what a customer calls one.
    fn tasks(&self, case: &Case, number: impl Fn(&MachineId) -> String) -> Vec<Task> {
        let task = |finding: &Finding| Task {
            number: number(&finding.machine),
            works: self.works_on(case, &finding.machine),
            looked_at: Vec::new(),
            finding: finding.clone(),
        };
        case.findings().map(task).collect()
    }

    /// The same by what is registered.
    pub(crate) fn registered_tasks(&self, connection: &dyn Session, case: &Case) -> Result<Vec<Task>> {
        let mut numbers = BTreeMap::new();
        for machine in case.machines() {
            if let Some(own) = registry::find::<Machine>(connection, machine.as_str())? {
                numbers.insert(machine, own.number);
            }
        }
        Ok(self.tasks(case, |machine| numbers.get(machine).cloned().unwrap_or_else(|| machine.to_string())))
    }

    /// A visit with the way there.
    pub(crate) fn errand(&self, connection: &dyn Session, stay: Stay) -> Result<Errand> {
        let journey = journeys::of(connection, stay.id)?;
        let distance_km = match journey.as_ref().and_then(|journey| journey.position_deg) {
            Some(place_deg) => km_to(connection, &stay.machine, place_deg)?,
            None => None,
        };
        let state = state_of(&stay);
        let (machine, customer) = (stay.machine.clone(), stay.customer.clone());
        let mut tasks = Vec::new();
        if let Some(case) = advisories::find(connection, &stay.case)? {
            tasks = self.registered_tasks(connection, &part_of_visit(connection, &case, &stay)?)?;
            if state == VisitState::Done {
                tasks.iter_mut().try_for_each(|task| self.note_looks(connection, (&case, &stay), task))?;
            }
        }
        Ok(Errand { visit: booking(connection, stay)?, machine, tasks, customer, state, journey, distance_km })
    }

    fn works_on(&self, case: &Case, machine: &MachineId) -> Vec<String> {
        let own = self.works(case).filter(|(of, ..)| *of == machine);
        own.map(|(_, piece)| piece.code.to_owned()).collect()
    }

    /// The technician sets out, or says anew how long it will take.
    ///
    /// # Errors
    /// `Refused` when the visit is over or not due for a day, or somebody is there already.
    pub fn set_out(&self, visit: i64, minutes: Option<u32>, who: &str, now: Timestamp) -> Result<Journey> {
        let attempted = format!("set out for visit {visit}");
        self.store.write(&attempted, |tx| {
            let stay = to_come(tx, visit, &attempted)?;
            if stay.start > now + EARLY_MAX_MS {
                return Err(OutreachError::refused(&attempted, Obstacle::TooEarly));
            }
            // Whoever forgot to end a way, or turned back, sets out anew.
            let is_this = |journey: &Journey| journey.arrived.is_some() || !is_too_long(journey.set_out, now);
            let before = journeys::of(tx, visit)?.filter(is_this);
            let is_new = before.is_none();
            let mut journey = under_way(before.unwrap_or_else(|| Journey::begun(now)), &attempted)?;
            if let Some(minutes) = minutes {
                journey.expect(announced(minutes, now));
            }
            journeys::save(tx, visit, &journey)?;
            if is_new {
                note(tx, &stay, (who, record::SET_OUT), now)?;
            }
            Ok(journey)
        })
    }

    /// The technician's telephone says where it is. When it will be there follows from the distance. Not in the record: it moves
    /// all the time.
    ///
    /// # Errors
    /// `Refused` when nobody is on the way, or the place is none on Earth.
    pub fn locate(&self, visit: i64, place_deg: (f64, f64), now: Timestamp) -> Result<Journey> {
        let attempted = format!("follow the way to visit {visit}");
        let place_deg = on_earth(place_deg, &attempted)?;
        self.store.write(&attempted, |tx| {
            let stay = to_come(tx, visit, &attempted)?;
            let journey = journeys::of(tx, visit)?;
            let journey = journey.ok_or_else(|| OutreachError::refused(&attempted, Obstacle::NotSetOut))?;
            let mut journey = under_way(journey, &attempted)?;
            if is_too_long(journey.set_out, now) {
                return Err(OutreachError::refused(&attempted, Obstacle::WayTooLong));
            }
            let km = km_to(tx, &stay.machine, place_deg)?;
            (journey.position_deg, journey.located) = (Some(place_deg), Some(now));
            journey.begun_km = journey.begun_km.or(km);
            if let Some(km) = km {
                journey.expect(self.reckoned(km, now));
            }
            journeys::save(tx, visit, &journey)?;
            Ok(journey)
        })
    }

    /// The technician is there: from now on nobody's place is kept. Said twice it is once.
    ///
    /// # Errors
    /// `Refused` when the visit is over, or not of this day.
    pub fn arrive(&self, visit: i64, who: &str, now: Timestamp) -> Result<Journey> {
        let attempted = format!("arrive at visit {visit}");
        self.store.write(&attempted, |tx| {
            let stay = to_come(tx, visit, &attempted)?;
            if stay.start > now && !may_be_there(&stay, now) {
                return Err(OutreachError::refused(&attempted, Obstacle::OtherDay));
            }
            let before = journeys::of(tx, visit)?.unwrap_or_else(|| Journey::begun(now));
            let is_new = before.arrived.is_none();
            let journey =
                Journey { arrived: before.arrived.or(Some(now)), eta: None, ..Journey::begun(before.set_out) };
            journeys::save(tx, visit, &journey)?;
            if is_new {
                note(tx, &stay, (who, record::VISIT_ON_SITE), now)?;
            }
            Ok(journey)
        })
    }

    /// How long the drive takes over a distance as the crow flies, ms: roads are longer, and the speed is assumed.
    pub(crate) fn drive_ms(&self, km: f64) -> i64 {
        let hours = km * DETOUR / self.options.travel_kmh.max(1.0);
        LAST_STEPS_MS + (hours * HOUR_MS as f64) as i64
    }

    /// When somebody is there who is so far away now.
    pub(crate) fn reckoned(&self, km: f64, now: Timestamp) -> Arrival {
        Arrival { at: now + self.drive_ms(km), as_of: now, told: false }
    }

    /// Takes away places of ways that nobody ended.
    pub(crate) fn forget_old_places(&self, connection: &dyn Session, now: Timestamp) -> Result<()> {
        journeys::forget_places(connection, now + -WAY_MAX_MS)?;
        for mut case in service_cases::located(connection)? {
            if case.set_out.is_none_or(|begun| is_too_long(begun, now)) {
                forget_place(&mut case);
                service_cases::save(connection, &mut case)?;
            }
        }
        Ok(())
    }
}

/// Whether a way began so long ago that whoever is on it has forgotten to end it.
pub(crate) fn is_too_long(set_out: Timestamp, now: Timestamp) -> bool {
    now > set_out + WAY_MAX_MS
}

impl Journey {
    fn begun(set_out: Timestamp) -> Self {
        Self {
            set_out,
            eta: None,
            eta_told: false,
            eta_at: None,
            position_deg: None,
            located: None,
            begun_km: None,
            arrived: None,
        }
    }
}

/// When somebody is there who says how long it will take.
pub(crate) fn announced(minutes: u32, now: Timestamp) -> Arrival {
    let at = now + i64::from(minutes.clamp(1, MINUTES_MAX)) * MINUTE_MS;
    Arrival { at, as_of: now, told: true }
}

/// A place that can be one.
pub(crate) fn on_earth(place_deg: (f64, f64), attempted: &str) -> Result<(f64, f64)> {
    let valid = (-90.0..=90.0).contains(&place_deg.0) && (-180.0..=180.0).contains(&place_deg.1);
    if valid { Ok(place_deg) } else { Err(OutreachError::refused(attempted, Obstacle::NoPlace)) }
}

/// How far a place is from a machine's site, km as the crow flies, where that is known.
pub(crate) fn km_to(connection: &dyn Session, machine: &MachineId, place_deg: (f64, f64)) -> Result<Option<f64>> {
    let site: Option<Site> = registry::find(connection, machine.site())?;
    Ok(site.as_ref().and_then(Site::place).map(|site_deg| distance_km(place_deg, site_deg)))
}

/// How a visit stands.
fn state_of(stay: &Stay) -> VisitState {
    VisitState::from_name(&stay.state).unwrap_or(VisitState::Booked)
}

/// Whether somebody can be at a visit at an instant.
pub(crate) fn may_be_there(stay: &Stay, now: Timestamp) -> bool {
    stay.start + -THERE_MAX_MS <= now && now <= stay.end + THERE_MAX_MS
}

pub(crate) fn to_come(connection: &dyn Session, visit: i64, attempted: &str) -> Result<Stay> {
    let stay = bookings::get(connection, visit)?;
    stay.over().map_or(Ok(stay), |why| Err(OutreachError::refused(attempted, why)))
}

fn under_way(journey: Journey, attempted: &str) -> Result<Journey> {
    if journey.arrived.is_some() {
        Err(OutreachError::refused(attempted, Obstacle::SomebodyThere))
    } else {
        Ok(journey)
    }
}

fn note(connection: &dyn Session, stay: &Stay, (who, what): (&str, &str), now: Timestamp) -> Result<()> {
    let (machine, advisory) = (Some(stay.machine.as_str()), Some(stay.case.as_str()));
    let customer = Some(stay.customer.as_str());
    Entry { at: now, who, what, why: "", customer, machine, advisory, contact: false }.write(connection)
}
