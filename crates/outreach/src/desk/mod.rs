//! Service state in memory, for pages about all of it: who owns what, which visits are booked, what waits for an advisor.
//!
//! `follow` brings it up to date by what changed since the last look, so that a look costs little however many machines there
//! are. It is for looking only: what is decided, is decided on the database.

mod follow;
mod waiting;

pub(crate) use waiting::OpenCase;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use foretell_model::{FindingId, MachineId, Timestamp};

use crate::joint;
use crate::registry::{Advisor, Customer, Depot, Machine, Site, Technician};
use crate::store::Case;
use crate::store::changes::Heads;

/// A visit in brief; on the desk one that is booked and that nobody has settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Appointment {
    /// Number of its booking.
    pub id: i64,
    /// The case it belongs to.
    pub case: FindingId,
    /// Where.
    pub machine: MachineId,
    /// Key of whose.
    pub customer: String,
    /// When.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Key of the technician; none for a nameless crew.
    pub technician: Option<String>,
}

/// Service state as it was when somebody last looked. Copies share what they hold.
#[derive(Clone)]
pub struct Desk {
    seen: Heads,
    machines: BTreeMap<MachineId, Arc<Machine>>,
    sites: HashMap<String, Arc<Site>>,
    customers: BTreeMap<String, Arc<Customer>>,
    advisors: HashMap<String, Arc<Advisor>>,
    technicians: BTreeMap<String, Arc<Technician>>,
    depots: BTreeMap<String, Arc<Depot>>,
    appointments: BTreeMap<(Timestamp, i64), Arc<Appointment>>,
    appointment_of: HashMap<FindingId, (Timestamp, i64)>,
    /// Open cases that are somebody's business.
    cases: HashMap<FindingId, Arc<OpenCase>>,
    /// Open cases that are merely watched: of a large fleet most, so that no page looks through all of them.
    watched: HashMap<FindingId, Arc<OpenCase>>,
    /// Open cases of each machine, of either kind.
    of_machine: HashMap<MachineId, Arc<[FindingId]>>,
    /// When the work of an open case was done, if it was.
    worked: HashMap<FindingId, Timestamp>,
}

/// The desk as it is kept between looks.
pub(crate) type Held = Mutex<Arc<Desk>>;

impl Default for Desk {
    /// Before the first look.
    fn default() -> Self {
        Self {
            seen: Heads::NONE,
            machines: BTreeMap::new(),
            sites: HashMap::new(),
            customers: BTreeMap::new(),
            advisors: HashMap::new(),
            technicians: BTreeMap::new(),
            depots: BTreeMap::new(),
            appointments: BTreeMap::new(),
            appointment_of: HashMap::new(),
            cases: HashMap::new(),
            watched: HashMap::new(),
            of_machine: HashMap::new(),
            worked: HashMap::new(),
        }
    }
}

impl Desk {
    /// Grows when somebody registers something.
    #[must_use]
    pub const fn registry_version(&self) -> i64 {
        self.seen.registry
    }

    /// Grows when a case changes, and so whenever [`Desk::advisories`] do.
    #[must_use]
    pub const fn cases_version(&self) -> i64 {
        self.seen.cases
    }

    /// One machine as its owner knows it.
    #[must_use]
    pub fn machine(&self, id: &MachineId) -> Option<&Machine> {
        self.machines.get(id).map(AsRef::as_ref)
    }

    /// Every machine, by identity.
    pub fn machines(&self) -> impl Iterator<Item = (&MachineId, &Machine)> {
        self.machines.iter().map(|(id, machine)| (id, machine.as_ref()))
    }

    /// What the customer calls a machine; its identity where nothing is registered.
    #[must_use]
    pub fn number(&self, id: &MachineId) -> String {
        self.machine(id).map_or_else(|| id.to_string(), |machine| machine.number.clone())
    }

    /// One site.
    #[must_use]
    pub fn site(&self, id: &str) -> Option<&Site> {
        self.sites.get(id).map(AsRef::as_ref)
    }

    /// What people call a machine's site; its identity where nothing is registered.
    #[must_use]
    pub fn site_name<'a>(&'a self, machine: &'a MachineId) -> &'a str {
        let name = self.site(machine.site()).map(|site| site.name.as_str()).filter(|name| !name.is_empty());
        name.unwrap_or_else(|| machine.site())
    }

    /// Machines with service by running hours.
    pub fn with_service(&self) -> impl Iterator<Item = &MachineId> {
        self.machines().filter(|(_, machine)| !machine.service.is_empty()).map(|(id, _)| id)
    }

    /// One customer.
    #[must_use]
    pub fn customer(&self, id: &str) -> Option<&Customer> {
        self.customers.get(id).map(AsRef::as_ref)
    }

    /// Every customer, by key.
    pub fn customers(&self) -> impl ExactSizeIterator<Item = &Customer> {
        self.customers.values().map(AsRef::as_ref)
    }

    /// The customer of a machine's site.
    #[must_use]
    pub fn customer_of(&self, machine: &MachineId) -> Option<&Customer> {
        self.customer(&self.site(machine.site())?.customer)
    }

    /// One advisor.
    #[must_use]
    pub fn advisor(&self, id: &str) -> Option<&Advisor> {
        self.advisors.get(id).map(AsRef::as_ref).filter(|advisor| !advisor.erased)
    }

    /// Every advisor, by key, but for those who were erased.
    pub fn advisors(&self) -> impl Iterator<Item = &Advisor> {
        let mut advisors: Vec<&Advisor> =
            self.advisors.values().map(AsRef::as_ref).filter(|advisor| !advisor.erased).collect();
        advisors.sort_by(|a, b| a.id.cmp(&b.id));
        advisors.into_iter()
    }

    /// One technician.
    #[must_use]
    pub fn technician(&self, id: &str) -> Option<&Technician> {
        self.technicians.get(id).map(AsRef::as_ref)
    }

    /// Every technician, by key, but for those who were erased.
    pub fn technicians(&self) -> impl Iterator<Item = &Technician> {
        self.technicians.values().map(AsRef::as_ref).filter(|technician| !technician.erased)
    }

    /// Every depot, by key.
    pub fn depots(&self) -> impl ExactSizeIterator<Item = &Depot> {
        self.depots.values().map(AsRef::as_ref)
    }

    /// Visits that end from an instant on, soonest first.
    pub fn appointments(&self, from: Timestamp) -> impl Iterator<Item = &Appointment> {
        self.appointments.values().map(AsRef::as_ref).filter(move |visit| visit.end >= from)
    }

    /// Whether the work of an open case was done and nothing was said of its fault since.
    pub(crate) fn is_spent(&self, case: &Case) -> bool {
        case.is_spent(self.worked.get(&case.finding.id).copied())
    }

    /// The visit booked for a case, or for the one on another machine that speaks for it.
    #[must_use]
    pub fn appointment_of(&self, case: &FindingId) -> Option<&Appointment> {
        let place = self.appointment_of.get(case).or_else(|| self.appointment_of.get(&self.speaker_of(case)?))?;
        self.appointments.get(place).map(AsRef::as_ref)
    }

    /// The case that speaks for this one, on its machine or on another, if one does.
    #[must_use]
    pub fn leader_of(&self, case: &FindingId) -> Option<&FindingId> {
        self.open_case(case)?.leader()
    }

    /// The case on another machine that speaks for this one, if one does.
    #[must_use]
    pub fn speaker_of(&self, case: &FindingId) -> Option<FindingId> {
        let case = self.open_case(case)?;
        case.leader().filter(|_| joint::is_companion(case)).cloned()
    }
}
