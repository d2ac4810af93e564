//! Customers as an advisor sees them, and what is noted about them.

use std::collections::{BTreeSet, HashMap};

use foretell_console::view::{
    BookedVisit, Choice, Contact, ContactPerson, CustomerAct, CustomerLine, CustomerPage, Customers, Medium,
    OwnMachine, StageChange,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, FindingId, MachineId, Timestamp};
use foretell_outreach as outreach;
use foretell_outreach::{Appointment, Customer, CustomerStage, Desk, Outreach, Task};

use super::ServiceBackend;
use super::errors::{not_found, of_outreach};
use super::record::{channel, speaker};
use super::registry::{self, Sites, language, zone};
use super::visits::task;

/// Entries shown of what passed between us and of the record.
const ENTRIES_MAX: u32 = 60;

impl ServiceBackend {
    pub(super) fn customers_view(&self, lang: Lang) -> Result<Customers, BackendError> {
        let now = self.clocks.now();
        let desk = Sites::read(&self.outreach)?;
        let stages = self.outreach.customer_stages().map_err(of_outreach)?;
        let mut machines: HashMap<&str, usize> = HashMap::new();
        for owner in desk.machines().filter_map(|(id, _)| desk.customer_of(id)) {
            *machines.entry(&owner.id).or_insert(0) += 1;
        }
        let mut next: HashMap<&str, Timestamp> = HashMap::new();
        // Soonest first, so that the first of a customer is the next one.
        for visit in desk.appointments(now) {
            next.entry(&visit.customer).or_insert(visit.start);
        }
        let mut cases: HashMap<String, usize> = HashMap::new();
        for owner in self.outreach.service_cases().map_err(of_outreach)?.into_iter().filter_map(|case| case.customer) {
            *cases.entry(owner).or_insert(0) += 1;
        }
        let line = |customer: &Customer| CustomerLine {
            machines: machines.get(customer.id.as_str()).copied().unwrap_or(0),
            stage: stages.get(&customer.id).map(|stage| stage.level()),
            open_cases: cases.get(&customer.id).copied().unwrap_or(0),
            next_visit: next.get(customer.id.as_str()).copied(),
            ..plain_line(customer, &desk, lang)
        };
        Ok(Customers { now, lines: desk.customers().map(line).collect() })
    }

    pub(super) fn customer_page(&self, id: &str, lang: Lang) -> Result<CustomerPage, BackendError> {
        let customer = self.outreach.customer(id).map_err(of_outreach)?;
        let customer = customer.ok_or_else(|| not_found("customer", id))?;
        let look = self.look(lang)?;
        let (now, sites) = (look.now, &look.sites);
        let is_theirs = |machine: &MachineId| sites.customer(machine).is_some_and(|owner| owner.id == id);
        let mut cases = self.outreach.service_cases().map_err(of_outreach)?;
        cases.retain(|case| case.customer.as_deref() == Some(id));
        let visits: Vec<_> = sites.appointments(now).filter(|visit| visit.customer == id).collect();
        let machines = self.own_machines(&is_theirs, sites);
        let line = CustomerLine {
            machines: machines.len(),
            stage: self.outreach.stage(id).map_err(of_outreach)?.map(CustomerStage::level),
            open_cases: cases.len(),
            next_visit: visits.first().map(|visit| visit.start),
            ..plain_line(&customer, sites, lang)
        };
        let hints = self.outreach.stage_hints(id).map_err(of_outreach)?;
        let record = self.outreach.lately(id, false, ENTRIES_MAX).map_err(of_outreach)?;
        Ok(CustomerPage {
            now,
            line,
            people: customer.contacts.iter().map(person).collect(),
            media: self.media(&customer)?,
            quiet: (customer.quiet_from.clone(), customer.quiet_to.clone()),
            sends_unasked: customer.auto_approve,
            stages: self.stages(id)?,
            hints: hints.iter().rev().map(|entry| sites.record_line(entry, lang)).collect(),
            machines,
            visits: self.booked_visits(&visits, sites, lang)?,
            contacts: self.contacts_with(id, sites, lang)?,
            record: record.iter().map(|entry| sites.record_line(entry, lang)).collect(),
            cases: cases.into_iter().map(|case| self.case_view(case, &look)).collect::<Result<_, _>>()?,
            advisor: customer.advisor.clone(),
            colleagues: self.colleagues_of(&customer, lang)?,
        })
    }

    /// Visits to come, each with all its machines.
    fn booked_visits(
        &self,
        visits: &[&Appointment],
        sites: &Sites,
        lang: Lang,
    ) -> Result<Vec<BookedVisit>, BackendError> {
        let cases: Vec<&FindingId> = visits.iter().map(|visit| &visit.case).collect();
        let tasks = self.outreach.tasks_of(&cases).map_err(of_outreach)?;
        let view = |(visit, tasks): (&&Appointment, Vec<Task>)| {
            let technician = visit.technician.as_ref().and_then(|key| sites.technician(key));
            BookedVisit {
                case: visit.case.to_string(),
                tasks: tasks.iter().map(task).collect(),
                from: visit.start,
                to: visit.end,
                technician: technician.map(|known| language(lang).of(&known.name).to_owned()).unwrap_or_default(),
            }
        };
        Ok(visits.iter().zip(tasks).map(view).collect())
    }

    /// Advisors who could take a customer over.
    fn colleagues_of(&self, customer: &Customer, lang: Lang) -> Result<Vec<Choice>, BackendError> {
        let advisors = self.outreach.advisors().map_err(of_outreach)?;
        let others = advisors.into_iter().filter(|advisor| advisor.id != customer.advisor && !advisor.erased);
        Ok(others.map(|other| Choice { name: language(lang).of(&other.name).to_owned(), key: other.id }).collect())
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

    fn own_machines(&self, is_theirs: &dyn Fn(&MachineId) -> bool, sites: &Sites) -> Vec<OwnMachine> {
        let own = sites.machines().filter(|(id, _)| is_theirs(id)).map(|(id, machine)| OwnMachine {
            id: machine.id.clone(),
            name: machine.number.clone(),
            site_name: sites.site_name(id),
            model: machine.model.clone().unwrap_or_default(),
            rated_kw: machine.rated_kw,
            last_reading: self.room.look(id).and_then(|seen| seen.glance.last_ts),
        });
        own.collect()
    }

    fn contacts_with(&self, id: &str, sites: &Sites, lang: Lang) -> Result<Vec<Contact>, BackendError> {
        let entries = self.outreach.lately(id, true, ENTRIES_MAX).map_err(of_outreach)?;
        let contact = |entry: &outreach::Happening| Contact {
            at: entry.at,
            channel: channel(entry).to_owned(),
            from: speaker(entry),
            machine: sites.machine_named(entry),
            what: entry.what.clone(),
            data: sites.said(entry, lang),
        };
        Ok(entries.iter().map(contact).collect())
    }

    pub(super) fn acts_on_customer(&self, id: &str, act: CustomerAct, by: &str) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let acted = match act {
            CustomerAct::Stage { stage: Some(6), to, why, seen } => {
                self.where_stage(id, seen).escalate(id, &to, &why, by, now)
            }
            CustomerAct::Stage { stage, why, seen, .. } => {
                let stage = stage.and_then(|n| CustomerStage::ALL.get(usize::from(n).wrapping_sub(1)).copied());
                self.where_stage(id, seen).set_stage(id, stage, &why, by, now)
            }
            CustomerAct::HandOver { to, why } => self.outreach.hand_over(id, &to, &why, by, now),
            CustomerAct::Stop { medium, why } => self.outreach.opt_out(id, &medium, &why, by, now),
            CustomerAct::Resume { medium, why } => self.outreach.opt_in(id, &medium, &why, by, now),
        };
        acted.map_err(of_outreach)
    }

    /// The house for an act about a customer who is at the stage that was seen.
    fn where_stage(&self, id: &str, seen: Option<u8>) -> Outreach {
        self.outreach
            .where_stage(id, move |stage| seen.is_none_or(|seen| stage.map_or(0, CustomerStage::level) == seen))
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

/// A customer's line without what is counted.
fn plain_line(customer: &Customer, desk: &Desk, lang: Lang) -> CustomerLine {
    let advisor = desk.advisor(&customer.advisor).map(|advisor| language(lang).of(&advisor.name));
    CustomerLine {
        id: customer.id.clone(),
        name: customer.name.clone(),
        contact: customer.contact.clone().unwrap_or_default(),
        lang: registry::lang(customer.language),
        zone: zone(customer),
        advisor: advisor.unwrap_or(&customer.advisor).to_owned(),
        machines: 0,
        stage: None,
        open_cases: 0,
        next_visit: None,
    }
}
