//! Reactive service: something did break. Who opens a case, the two promises, who comes, and what was done.

use foretell_model::{HOUR_MS, MINUTE_MS, MachineId, Note, Objection, Obstacle, TimerState, Timestamp};

use crate::case_way::forget_place;
use crate::compose::trouble::About;
use crate::customer::Visitor;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::guest::erased;
use crate::registry::Technician;
use crate::store::{Entry, Session, crews, record, registry, service_cases, stock};
use crate::views::{Arrival, Promise, ServiceCase, Source, Ticked, VisitReport};
use crate::{Outreach, care};

/// Who speaks where a machine's controller does, in the record.
pub(crate) const CONTROLLER: &str = "controller";
/// Lines of what was said of one breakdown that are kept with it.
const WHAT_LINES_MAX: usize = 20;

impl Outreach {
    /// Something broke: opens the machine's service case, or adds to the one that is open (nobody tells it twice). `opened`
    /// is when it broke as far as known; both promises count from there.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn open_service_case(
        &self,
        machine: &MachineId,
        source: Source,
        what: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<ServiceCase> {
        self.store.write(&format!("open a service case on {machine}"), |tx| {
            self.open_trouble(tx, machine, (source, what, who), now)
        })
    }

    /// A controller tripped. The same trip told twice, e.g. when the log is read again, is one; `None` then, and when the
    /// machine is nobody's.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn controller_tripped(&self, machine: &MachineId, what: &str, at: Timestamp) -> Result<Option<ServiceCase>> {
        self.store.write(&format!("open a service case on {machine}"), |tx| {
            if registry::customer_of(tx, machine)?.is_none() || service_cases::had(tx, machine, at)? {
                return Ok(None);
            }
            self.open_trouble(tx, machine, (Source::Controller, what, CONTROLLER), at).map(Some)
        })
    }

    /// The customer reports through a link that the machine has broken down: through a letter's, where `which` is what the customer
    /// calls it if the letter is about several, or through that of an earlier breakdown.
    ///
    /// # Errors
    /// As [`Outreach::guest`]; `Refused` for a machine that the letter is not about: a technician would be sent to one
    /// that nobody has complained of.
    pub fn report_trouble(&self, token: &str, which: Option<&str>, what: &str, now: Timestamp) -> Result<ServiceCase> {
        self.store.write("take a customer's report", |tx| {
            let (customer, machine) = match self.case_of(tx, token, now)? {
                Some(case) => {
                    let machine = MachineId::parse(&case.machine);
                    let machine = machine.map_err(|e| OutreachError::corrupt("a case's machine", e))?;
                    let customer = self.customer_of_link(tx, token, now)?.id;
                    // Whoever had the machine before reports nothing of it any more.
                    if registry::customer_of(tx, &machine)?.is_none_or(|owner| owner.id != customer) {
                        return Err(erased());
                    }
                    (customer, machine)
                }
                None => {
                    let visitor = self.visitor(tx, token, now)?;
                    let machine = meant(tx, &visitor, which.filter(|which| !which.is_empty()))?;
                    (visitor.mail.customer, machine)
                }
            };
            let what = Note::new(what);
            self.hear(tx, &customer, Some(machine.as_str()), what.as_str(), now)?;
            self.open_trouble(tx, &machine, (Source::Customer, what.as_str(), "customer"), now)
        })
    }

    pub(crate) fn open_trouble(
        &self,
        connection: &dyn Session,
        machine: &MachineId,
        (source, what, who): (Source, &str, &str),
        now: Timestamp,
    ) -> Result<ServiceCase> {
        let customer = registry::customer_of(connection, machine)?.map(|customer| customer.id);
        let case = match service_cases::open_of(connection, machine)? {
            Some(mut open) => {
                // Whatever is said beyond so many lines stands in the record alone.
                let is_new = open.what.lines().all(|line| line != what);
                if is_new && open.what.lines().count() < WHAT_LINES_MAX {
                    let said = std::mem::take(&mut open.what);
                    open.what = if said.is_empty() { what.to_owned() } else { format!("{said}\n{what}") };
                }
                service_cases::save(connection, &mut open)?;
                open
            }
            None => {
                let promises = &self.options.promises;
                let after = |minutes: u32| now + i64::from(minutes) * MINUTE_MS;
                let mut case = ServiceCase {
                    id: 0,
                    machine: machine.to_string(),
                    customer,
                    source,
                    what: what.to_owned(),
                    opened: now,
                    call_back_due: after(promises.call_back_min),
                    call_back_by: None,
                    on_site_due: after(promises.on_site_min),
                    called_back: None,
                    technician: None,
                    eta: None,
                    eta_told: false,
                    eta_at: None,
                    set_out: None,
                    position_deg: None,
                    located: None,
                    begun_km: None,
                    on_site: None,
                    progress: None,
                    told: Vec::new(),
                    broken: Vec::new(),
                    closed: None,
                    report: None,
                    withdrawn: None,
                    goes_on: None,
                    follows: None,
                    heard: Vec::new(),
                };
                service_cases::save(connection, &mut case)?;
                let before = service_cases::last_closed(connection, machine)?;
                if let Some(customer) = &case.customer
                    && before.is_some_and(|closed| now.days_since(closed) <= care::AGAIN_DAYS)
                {
                    care::hint(connection, customer, Some(&case.machine), care::BROKE_AGAIN, now)?;
                }
                // A letter that has not gone out speaks of it no more.
                self.gather_site(connection, machine.site(), now)?;
                case
            }
        };
        note(connection, &case, (who, record::TROUBLE_REPORTED, what), source == Source::Customer, now)?;
        Ok(case)
    }

    /// The open service cases, oldest first: each is top priority.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn service_cases(&self) -> Result<Vec<ServiceCase>> {
        self.store.read("list the service cases", service_cases::open)
    }

    /// The service cases closed last, at most `max`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn closed_service_cases(&self, max: u32) -> Result<Vec<ServiceCase>> {
        self.store.read("list the closed service cases", |c| service_cases::closed(c, max))
    }

    /// Every service case of a machine, the open one included, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn service_cases_of(&self, machine: &MachineId) -> Result<Vec<ServiceCase>> {
        self.store.read("list a machine's service cases", |c| service_cases::of_machine(c, machine))
    }

    /// One service case.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn service_case(&self, id: i64) -> Result<ServiceCase> {
        self.store.read("read a service case", |c| service_cases::get(c, id))
    }

    /// The customer was called back; that also answers what the customer has replied.
    ///
    /// # Errors
    /// When the case is closed and the customer has not spoken since.
    pub fn called_back(&self, id: i64, remark: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let known = self.service_case(id)?;
        if known.closed.is_some() && (known.goes_on.is_none() || !known.heard.is_empty()) {
            return self.answer_after_case(id, remark, who, now);
        }
        self.change_trouble(id, (who, record::TROUBLE_CALLED, remark), now, |case| {
            case.called_back.get_or_insert(now);
            case.heard.clear();
            Ok(())
        })
    }

    /// It is mended: keeps what was done, takes the parts from their depot and closes the case.
    ///
    /// # Errors
    /// When the case is closed, or a point of the checklist is neither done nor explained; `Lint` when the note, which the
    /// customer reads, holds what customers never read.
    pub fn close_service_case(
        &self,
        id: i64,
        report: &VisitReport,
        remark: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<ServiceCase> {
        complete(&format!("close service case {id}"), report)?;
        self.store.read("check a note for the customer", |c| {
            let case = service_cases::current(c, id)?;
            let machine = MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a case's machine", e))?;
            self.fit_for_customer(c, &machine, &report.note)
        })?;
        self.change_trouble(id, (who, record::TROUBLE_CLOSED, remark), now, |case| {
            (case.closed, case.report) = (Some(now), Some(report.clone()));
            forget_place(case);
            Ok(())
        })
    }

    pub(crate) fn change_trouble(
        &self,
        id: i64,
        (who, what, why): (&str, &str, &str),
        now: Timestamp,
        change: impl FnOnce(&mut ServiceCase) -> Result<()>,
    ) -> Result<ServiceCase> {
        self.store
            .write(&format!("change service case {id}"), |tx| self.change_case(tx, id, (who, what, why), now, change))
    }

    /// The same inside a step that has looked at the case before.
    pub(crate) fn change_case(
        &self,
        connection: &dyn Session,
        id: i64,
        (who, what, why): (&str, &str, &str),
        now: Timestamp,
        change: impl FnOnce(&mut ServiceCase) -> Result<()>,
    ) -> Result<ServiceCase> {
        let before = service_cases::current(connection, id)?;
        if before.closed.is_some() {
            return Err(OutreachError::refused(format!("change service case {id}"), Obstacle::CaseClosed));
        }
        let mut case = before.clone();
        change(&mut case)?;
        service_cases::save(connection, &mut case)?;
        crews::note_trouble(connection, (&before, &case), who, now)?;
        if case.closed.is_some() {
            service_cases::end_waits(connection, case.id, now)?;
        }
        if let Some(report) = case.report.as_ref().filter(|_| case.closed.is_some()) {
            use_parts(connection, report)?;
        }
        note(connection, &case, (who, what, why), true, now)?;
        let word = match what {
            record::TROUBLE_ASSIGNED => Some(Kind::OnTheWay),
            record::TROUBLE_CLOSED => Some(Kind::Closing),
            _ => None,
        };
        if let Some(kind) = word {
            self.tell_of_trouble(connection, &case, (kind, About::default()), now)?;
        }
        Ok(case)
    }

    /// One technician.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn technician(&self, id: &str) -> Result<Option<Technician>> {
        self.store.read("read a technician", |c| registry::find(c, id))
    }

    /// Every technician, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn technicians(&self) -> Result<Vec<Technician>> {
        self.store.read("list the technicians", registry::all)
    }

    /// What the customer wrote hints at displeasure?
    pub(crate) fn hear(
        &self,
        connection: &dyn Session,
        customer: &str,
        machine: Option<&str>,
        words: &str,
        now: Timestamp,
    ) -> Result<()> {
        match self.options.grumbles.find(words) {
            Some(word) => care::hint(connection, customer, machine, &format!("the customer wrote `{word}`"), now),
            None => Ok(()),
        }
    }

    /// By when a customer is called back whose first promise slips: as much later as was promised at first, to five minutes.
    fn called_back_by(&self, case: &ServiceCase, now: Timestamp) -> Timestamp {
        let by = case.call_back_due.max(now) + i64::from(self.options.promises.call_back_min) * MINUTE_MS;
        Arrival { at: by, as_of: now, told: true }.about()
    }

    /// Promises that are about to slip: the customer hears of it before, once for each. Those that slipped are noted.
    pub(crate) fn mind_promises(&self, connection: &dyn Session, now: Timestamp) -> Result<Vec<Ticked>> {
        // Where that was missed when it happened.
        self.pass_cases_on(connection, "outbox", now)?;
        let mut done = Vec::new();
        for mut case in service_cases::open(connection)? {
            let before = (case.told.len(), case.broken.len());
            for promise in Promise::ALL.iter().copied() {
                let timer = case.timer(promise, &self.options.promises, now);
                let slips = matches!(timer.state, TimerState::Slipping | TimerState::Late);
                // After a night on which the service stood still, say, no letter makes good for it.
                let is_past = now - timer.due > APOLOGY_MS;
                if slips && !is_past && !case.told.contains(&promise) {
                    case.told.push(promise);
                    if promise == Promise::CallBack {
                        case.call_back_by = Some(self.called_back_by(&case, now));
                    }
                    done.extend(self.tell_of_slip(connection, &case, promise, now)?);
                }
                if timer.state == TimerState::Late && !case.broken.contains(&promise) {
                    case.broken.push(promise);
                    if is_past && !case.told.contains(&promise) {
                        note(connection, &case, ("outbox", UNSENT, LONG_PAST), false, now)?;
                    }
                    let why = format!("service case {}: the promise `{}` was broken", case.id, promise.name());
                    if let Some(customer) = &case.customer {
                        care::hint(connection, customer, Some(&case.machine), &why, now)?;
                    }
                }
            }
            if before != (case.told.len(), case.broken.len()) {
                service_cases::save(connection, &mut case)?;
            }
        }
        Ok(done)
    }
}

/// The machine that the holder of a letter's link means, by the name that the customer calls it or, without one, the letter's own.
fn meant(connection: &dyn Session, visitor: &Visitor, which: Option<&str>) -> Result<MachineId> {
    let Some(which) = which else { return Ok(visitor.mail.machine.clone()) };
    let companions = visitor.case.companions.iter().map(|companion| &companion.finding.machine);
    for machine in std::iter::once(&visitor.mail.machine).chain(companions) {
        let known: Option<crate::Machine> = registry::find(connection, machine.as_str())?;
        if known.is_some_and(|known| known.number == which) {
            return Ok(machine.clone());
        }
    }
    Err(OutreachError::refused("take a customer's report", Obstacle::NoMachine))
}

/// So long after a promise the customer hears by letter that it slips; after that a person has to speak.
const APOLOGY_MS: i64 = 4 * HOUR_MS;

/// Why not, then.
const LONG_PAST: &str = "the promise is long past; somebody should ring";

/// What the record says where word about a breakdown was not written.
pub(crate) const UNSENT: &str = "could not send word about a breakdown";

/// Refuses a report whose checklist has a gap that nobody explains.
pub(crate) fn complete(attempted: &str, report: &VisitReport) -> Result<()> {
    let lacks = report.checklist.lacks();
    if lacks.is_empty() || !report.left_out.trim().is_empty() {
        return Ok(());
    }
    Err(OutreachError::refused(attempted, Objection::about(Obstacle::ChecklistGap, lacks.join(", "))))
}

/// Takes what was used from its depot's shelves.
pub(crate) fn use_parts(connection: &dyn Session, report: &VisitReport) -> Result<()> {
    let Some(depot) = &report.depot else { return Ok(()) };
    report.parts.iter().try_for_each(|(part, n)| stock::take(connection, depot, part, *n))
}

pub(crate) fn note(
    connection: &dyn Session,
    case: &ServiceCase,
    (who, what, why): (&str, &str, &str),
    contact: bool,
    now: Timestamp,
) -> Result<()> {
    let name = service_cases::name(case.id);
    let (machine, advisory) = (Some(case.machine.as_str()), Some(name.as_str()));
    let customer = case.customer.as_deref();
    let contact = contact && customer.is_some();
    Entry { at: now, who, what, why, customer, machine, advisory, contact }.write(connection)
}
