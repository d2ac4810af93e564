//! Customers as an advisor sees them, and what is noted about them.

use std::collections::{BTreeSet, HashMap};

use foretell_console::view::{
    BookedVisit, Contact, ContactPerson, CustomerAct, CustomerLine, CustomerPage, Customers, Medium, OwnMachine,
    StageChange,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, MachineId, Timestamp};
use foretell_outreach as outreach;
use foretell_outreach::{Booking, Customer, CustomerStage};

use super::ServiceBackend;
use super::advisory::channel;
use super::errors::{not_found, of_outreach};
use super::registry::{self, Sites, language, zone};

/// Visits looked through for a customer's.
const VISITS_MAX: u32 = 10_000;
/// Entries shown of what passed between us and of the record.
const ENTRIES_MAX: u32 = 60;

impl ServiceBackend {
    pub(super) fn customers_view(&self, lang: Lang) -> Result<Customers, BackendError> {
        let now = self.clocks.now();
        let customers = self.outreach.customers().map_err(of_outreach)?;
        let lines = self.lines(&customers, now, lang)?;
        Ok(Customers { now, lines })
    }

    fn lines(&self, customers: &[Customer], now: Timestamp, lang: Lang) -> Result<Vec<CustomerLine>, BackendError> {
        let advisors = self.outreach.advisors().map_err(of_outreach)?;
        let name = |key: &str| {
            let known = advisors.iter().find(|advisor| advisor.id == key);
            known.map_or_else(|| key.to_owned(), |advisor| language(lang).of(&advisor.name).to_owned())
        };
        let sites = Sites::read(&self.outreach)?;
        let owner = |machine: &MachineId| sites.customer(machine).map(|customer| customer.id.clone());
        let mut machines: HashMap<String, usize> = HashMap::new();
        for machine in self.outreach.machines().map_err(of_outreach)? {
            if let Some(owner) = MachineId::parse(&machine.id).ok().and_then(|id| owner(&id)) {
                *machines.entry(owner).or_insert(0) += 1;
            }
        }
        let mut next: HashMap<String, Timestamp> = HashMap::new();
        // Soonest first, so that the first of a customer is the next one.
        for visit in self.outreach.visits(now, VISITS_MAX).map_err(of_outreach)? {
            if let Some(owner) = machine_of(&visit).and_then(|id| owner(&id)) {
                next.entry(owner).or_insert(visit.start);
            }
        }
        let cases = self.outreach.service_cases().map_err(of_outreach)?;
        let line = |customer: &Customer| {
            Ok(CustomerLine {
                id: customer.id.clone(),
                name: customer.name.clone(),
                contact: customer.contact.clone().unwrap_or_default(),
                lang: registry::lang(customer.language),
                zone: zone(customer),
                advisor: name(&customer.advisor),
                machines: machines.get(&customer.id).copied().unwrap_or(0),
                stage: self.outreach.stage(&customer.id).map_err(of_outreach)?.map(CustomerStage::level),
                open_cases: cases.iter().filter(|case| case.customer.as_ref() == Some(&customer.id)).count(),
                next_visit: next.get(&customer.id).copied(),
            })
        };
        customers.iter().map(line).collect()
    }

    pub(super) fn customer_page(&self, id: &str, lang: Lang) -> Result<CustomerPage, BackendError> {
        let now = self.clocks.now();
        let customer = self.outreach.customer(id).map_err(of_outreach)?;
        let customer = customer.ok_or_else(|| not_found("customer", id))?;
        let line = self.lines(std::slice::from_ref(&customer), now, lang)?.pop();
        let sites = Sites::read(&self.outreach)?;
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let is_theirs = |machine: &MachineId| sites.customer(machine).is_some_and(|owner| owner.id == id);
        let mut cases = self.outreach.service_cases().map_err(of_outreach)?;
        cases.retain(|case| case.customer.as_deref() == Some(id));
        let visits = self.outreach.visits(now, VISITS_MAX).map_err(of_outreach)?;
        let visits = visits.iter().filter_map(|visit| Some((machine_of(visit).filter(|m| is_theirs(m))?, visit)));
        let hints = self.outreach.stage_hints(id).map_err(of_outreach)?;
        let record = self.outreach.lately(id, false, ENTRIES_MAX).map_err(of_outreach)?;
        Ok(CustomerPage {
            now,
            line: line.ok_or_else(|| not_found("customer", id))?,
            people: customer.contacts.iter().map(person).collect(),
            media: self.media(&customer)?,
            quiet: (customer.quiet_from.clone(), customer.quiet_to.clone()),
            stages: self.stages(id)?,
            hints: hints.iter().rev().map(|entry| self.record_line(entry)).collect(),
            machines: self.own_machines(&is_theirs, &sites)?,
            cases: cases
                .into_iter()
                .map(|case| self.case_view(case, &sites, &technicians, now, lang))
                .collect::<Result<_, _>>()?,
            visits: visits
                .map(|(machine, visit)| self.booked_visit(&machine, visit, lang))
                .collect::<Result<_, _>>()?,
            contacts: self.contacts_with(id)?,
            record: record.iter().map(|entry| self.record_line(entry)).collect(),
        })
    }

    /// Ways to reach a customer in the order preferred, those stopped without an address included.
    fn media(&self, customer: &Customer) -> Result<Vec<Medium>, BackendError> {
        let stopped = self.outreach.opt_outs(&customer.id).map_err(of_outreach)?;
        let preferred = customer.channels.iter().chain(customer.addresses.keys());
        let mut seen = BTreeSet::new();
        let media = preferred.chain(stopped.iter().map(|(medium, _)| medium)).filter(|medium| seen.insert(*medium));
        let medium = |medium: &String| Medium {
            medium: medium.clone(),
            address: customer.addresses.get(medium).cloned().unwrap_or_default(),
            stopped: stopped.iter().find(|(known, _)| known == medium).map(|(_, since)| *since),
        };
        Ok(media.map(medium).collect())
    }

    fn stages(&self, id: &str) -> Result<Vec<StageChange>, BackendError> {
        let change = |change: outreach::StageChange| StageChange {
            at: change.at,
            stage: change.stage.map(CustomerStage::level),
            who: change.who,
            why: change.why,
        };
        Ok(self.outreach.stages(id).map_err(of_outreach)?.into_iter().map(change).collect())
    }

    fn own_machines(
        &self,
        is_theirs: &dyn Fn(&MachineId) -> bool,
        sites: &Sites,
    ) -> Result<Vec<OwnMachine>, BackendError> {
        let machines = self.outreach.machines().map_err(of_outreach)?;
        let own = machines.into_iter().filter_map(|machine| {
            let id = MachineId::parse(&machine.id).ok().filter(is_theirs)?;
            Some(OwnMachine {
                name: machine.number,
                site_name: sites.site_name(&id),
                model: machine.model.unwrap_or_default(),
                rated_kw: machine.rated_kw,
                last_reading: self.room.machine(&id).and_then(|view| view.last_ts),
                id: machine.id,
            })
        });
        Ok(own.collect())
    }

    fn booked_visit(&self, machine: &MachineId, visit: &Booking, lang: Lang) -> Result<BookedVisit, BackendError> {
        let technician = visit.technician.as_ref().map(|known| language(lang).of(&known.name).to_owned());
        Ok(BookedVisit {
            case: visit.case.to_string(),
            machine_name: self.number(machine)?,
            from: visit.start,
            to: visit.end,
            technician: technician.unwrap_or_default(),
        })
    }

    fn contacts_with(&self, id: &str) -> Result<Vec<Contact>, BackendError> {
        let entries = self.outreach.lately(id, true, ENTRIES_MAX).map_err(of_outreach)?;
        let contact = |entry: &outreach::Happening| Contact {
            at: entry.at,
            channel: channel(entry).to_owned(),
            inbound: entry.who == "customer",
            machine: Some(self.record_line(entry).machine).filter(|machine| !machine.is_empty()),
            what: entry.what.clone(),
            data: entry.why.clone(),
        };
        Ok(entries.iter().map(contact).collect())
    }

    pub(super) fn acts_on_customer(&self, id: &str, act: CustomerAct, by: &str) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let acted = match act {
            CustomerAct::Stage { stage, why } => {
                let stage = stage.and_then(|n| CustomerStage::ALL.get(usize::from(n).wrapping_sub(1)).copied());
                self.outreach.set_stage(id, stage, &why, by, now)
            }
            CustomerAct::Stop { medium, why } => self.outreach.opt_out(id, &medium, &why, by, now),
            CustomerAct::Resume { medium, why } => self.outreach.opt_in(id, &medium, &why, by, now),
        };
        acted.map_err(of_outreach)
    }
}

fn person(contact: &outreach::Contact) -> ContactPerson {
    ContactPerson {
        name: contact.name.clone(),
        role: contact.role.clone(),
        phone: contact.phone.clone().unwrap_or_default(),
        email: contact.email.clone().unwrap_or_default(),
    }
}

/// The machine of a visit: the first two parts of its case's identity.
pub(super) fn machine_of(visit: &Booking) -> Option<MachineId> {
    let mut parts = visit.case.as_str().splitn(3, '/');
    MachineId::new(parts.next()?, parts.next()?).ok()
}
