//! Bringing the desk up to date.

use std::sync::{Arc, MutexGuard, PoisonError};

use foretell_model::{FindingId, MachineId, Timestamp};

use super::waiting::{OpenCase, RECKONED_MAX};
use super::{Appointment, Desk};
use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::Registry;
use crate::store::{Case, Session, Stay, advisories, bookings, changes};
use crate::views::Stage;

impl Outreach {
    /// Service state as it stands.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn desk(&self) -> Result<Arc<Desk>> {
        let mut held = self.held_desk();
        self.store.read("follow the service state", |c| follow(c, &mut held))?;
        Ok(Arc::clone(&held))
    }

    /// The same with next free times as of `now`. A look reckons only so many that it stays short, what was never reckoned
    /// first; [`Outreach::keep_queue`] and the next looks go on with the rest.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn reckoned_desk(&self, now: Timestamp) -> Result<Arc<Desk>> {
        Ok(self.reckon_due(now, |desk| desk.due(now))?.0)
    }

    /// Reckons every next free time that is unknown or has grown old, in pieces between which others may look, so that whoever
    /// opens the queue finds it reckoned even after hundreds of cases opened at once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn keep_queue(&self, now: Timestamp) -> Result<()> {
        // A case that opens meanwhile may cost a piece more; what is left after twice as many is the next call's.
        let pieces_max = 2 * (self.desk()?.open_cases().count() / RECKONED_MAX + 1);
        for _ in 0..pieces_max {
            if self.reckon_due(now, |desk| desk.due(now))?.1 == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Brings the desk up to date and reckons the cases chosen; says how many they were.
    pub(super) fn reckon_due(
        &self,
        now: Timestamp,
        choose: impl FnOnce(&Desk) -> Vec<FindingId>,
    ) -> Result<(Arc<Desk>, usize)> {
        let mut held = self.held_desk();
        self.store.read("reckon what waits for an advisor", |c| {
            follow(c, &mut held)?;
            let due = choose(&held);
            if !due.is_empty() {
                let roster = self.roster(c, now)?;
                let desk = Arc::make_mut(&mut held);
                for id in &due {
                    if let Some(case) = desk.cases.get(id) {
                        let reckoned = self.reckon(case, desk, &roster, now);
                        desk.cases.insert(id.clone(), Arc::new(reckoned));
                    }
                }
            }
            Ok((Arc::clone(&held), due.len()))
        })
    }

    fn held_desk(&self) -> MutexGuard<'_, Arc<Desk>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what changed since.
fn follow(connection: &dyn Session, held: &mut Arc<Desk>) -> Result<()> {
    let (heads, seen) = (changes::heads(connection)?, held.seen);
    if heads == seen {
        return Ok(());
    }
    let desk = Arc::make_mut(held);
    if heads.registry != seen.registry {
        desk.register(changes::registered_after(connection, seen.registry)?)?;
        desk.seen.registry = heads.registry;
    }
    if heads.visits != seen.visits {
        for stay in bookings::changed_after(connection, seen.visits)? {
            desk.note_visit(stay);
        }
        desk.seen.visits = heads.visits;
    }
    if heads.cases != seen.cases {
        for case in advisories::changed_after(connection, seen.cases)? {
            desk.note_case(case);
        }
        desk.worked.extend(bookings::worked_after(connection, seen.cases)?);
        desk.seen.cases = heads.cases;
    }
    Ok(())
}

impl From<Stay> for Appointment {
    fn from(stay: Stay) -> Self {
        let Stay { id, case, machine, customer, start, end, technician, .. } = stay;
        Self { id, case, machine, customer, start, end, technician }
    }
}

impl Desk {
    fn register(&mut self, registry: Registry) -> Result<()> {
        let Registry { advisors, depots, technicians, customers, sites, machines } = registry;
        self.advisors.extend(advisors.into_iter().map(|thing| (thing.id.clone(), Arc::new(thing))));
        self.depots.extend(depots.into_iter().map(|thing| (thing.id.clone(), Arc::new(thing))));
        self.technicians.extend(technicians.into_iter().map(|thing| (thing.id.clone(), Arc::new(thing))));
        self.customers.extend(customers.into_iter().map(|thing| (thing.id.clone(), Arc::new(thing))));
        self.sites.extend(sites.into_iter().map(|thing| (thing.id.clone(), Arc::new(thing))));
        for machine in machines {
            let id = MachineId::parse(&machine.id);
            let id = id.map_err(|e| OutreachError::corrupt(format!("machine `{}`", machine.id), e))?;
            self.machines.insert(id, Arc::new(machine));
        }
        Ok(())
    }

    fn note_visit(&mut self, stay: Stay) {
        self.drop_visit(&stay.case, stay.id);
        if stay.state != "booked" {
            return;
        }
        let visit = Appointment::from(stay);
        let place = (visit.start, visit.id);
        self.appointment_of.insert(visit.case.clone(), place);
        let case = visit.case.clone();
        let before = self.appointments.insert(place, Arc::new(visit));
        // A fault has come to lead it.
        if let Some(before) = before.filter(|before| before.case != case) {
            self.appointment_of.remove(&before.case);
        }
    }

    /// A case may have had another visit that is over; that one is not touched.
    fn drop_visit(&mut self, case: &FindingId, id: i64) {
        if let Some(place) = self.appointment_of.get(case).copied().filter(|(_, known)| *known == id) {
            self.appointments.remove(&place);
            self.appointment_of.remove(case);
        }
    }

    fn note_case(&mut self, case: Case) {
        let id = case.finding.id.clone();
        // Whether its work was done is read anew: a report may have been taken back.
        self.worked.remove(&id);
        let known = self.cases.remove(&id).or_else(|| self.watched.remove(&id));
        let (is_known, is_over) = (known.is_some(), matches!(case.stage, Stage::Done | Stage::Cleared));
        if is_known == is_over {
            let ids = self.of_machine.entry(case.finding.machine.clone()).or_insert_with(|| Arc::new([]));
            let others = ids.iter().filter(|other| **other != id).cloned();
            *ids = others.chain((!is_over).then(|| id.clone())).collect();
        }
        if !is_over {
            let open = match known {
                Some(known) => known.with(case),
                None => OpenCase::new(case),
            };
            let kept = if open.is_merely_watched() { &mut self.watched } else { &mut self.cases };
            kept.insert(id, Arc::new(open));
        }
    }
}
