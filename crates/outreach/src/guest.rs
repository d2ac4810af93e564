//! What a link leads to, and what its holder may see: one letter's visit, or one service case. Nothing else of the customer's,
//! and nothing of anybody else's.

use foretell_model::{MachineId, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::joint::goes_to;
use crate::journey::km_to;
use crate::registry::{Customer, Technician};
use crate::store::{Session, bookings, evidence, record, registry, service_cases};
use crate::troubles::CONTROLLER;
use crate::views::{Booking, CaseView, Guest, Photo, PhotoOf, ServiceCase};

/// Why a link of a customer who was erased opens nothing.
pub(crate) const fn erased() -> OutreachError {
    OutreachError::Link("it has expired")
}

impl Outreach {
    /// The link to a service case's page, made with the case.
    #[must_use]
    pub fn case_link(&self, case: &ServiceCase) -> String {
        let expires = case.opened.plus_days(f64::from(self.options.link_valid_days));
        // Letters count upwards from 1; what lies below nought is a service case's.
        format!("{}/b/{}", self.options.public_url.trim_end_matches('/'), self.signer.token(-case.id, expires))
    }

    /// What a link leads to.
    ///
    /// # Errors
    /// `Link` when the token is forged, expired, its message was never sent, or the customer was erased.
    pub fn guest(&self, token: &str, now: Timestamp) -> Result<Guest> {
        self.store.read("open a customer's link", |c| match self.case_of(c, token, now)? {
            Some(case) => self.case_view(c, case).map(Guest::Case),
            None => {
                let visitor = self.visitor(c, token, now)?;
                let stay = bookings::newest_of(c, &visitor.case.finding.id)?;
                let done = bookings::newest_done_of(c, &visitor.case.finding.id)?.map(|stay| {
                    let mut machines = visitor.case.machines();
                    let is_of_it = machines.try_fold(false, |any, of| Ok(any || goes_to(c, &visitor.case, &stay, of)?));
                    is_of_it.map(|is_of_it| is_of_it.then_some(stay))
                });
                let done = done.transpose()?.flatten();
                let mut troubles = Vec::new();
                for machine in visitor.case.machines() {
                    if let Some(case) = service_cases::open_of(c, machine)? {
                        troubles.push(self.case_view(c, case)?);
                    }
                }
                Ok(Guest::Letter {
                    errand: stay.map(|stay| self.errand(c, stay)).transpose()?,
                    done: done.map(|stay| self.errand(c, stay)).transpose()?,
                    troubles,
                    stands: (visitor.case.stage, visitor.case.matter),
                    machine: visitor.mail.machine,
                    customer: visitor.people.customer,
                })
            }
        })
    }

    /// The pictures that a link's holder may see: of the visit or the case, and of who comes; newest last.
    ///
    /// # Errors
    /// As [`Outreach::guest`].
    pub fn photos_of_link(&self, token: &str, now: Timestamp) -> Result<Vec<Photo>> {
        let of: Vec<(PhotoOf, String, Option<Technician>)> = match self.guest(token, now)? {
            Guest::Case(view) => vec![(PhotoOf::ServiceCase, view.case.id.to_string(), view.technician)],
            Guest::Letter { errand, done, .. } => {
                let mut visits: Vec<_> = [done, errand].into_iter().flatten().map(|errand| errand.visit).collect();
                visits.dedup_by_key(|visit| visit.id);
                let of_visit = |visit: Booking| (PhotoOf::Visit, visit.id.to_string(), visit.technician);
                visits.into_iter().map(of_visit).collect()
            }
        };
        self.store.read("list a customer's photos", |c| {
            let mut photos = Vec::new();
            for (of, subject, technician) in &of {
                photos.extend(evidence::photos(c, *of, subject)?);
                if let Some(technician) = technician {
                    photos.extend(evidence::photos(c, PhotoOf::Person, &technician.id)?.pop());
                }
            }
            Ok(photos)
        })
    }

    /// The customer reports through a link that the machine has broken down; gives the link to the case's page.
    ///
    /// # Errors
    /// As [`Outreach::report_trouble`].
    pub fn report_through_link(&self, token: &str, which: Option<&str>, what: &str, now: Timestamp) -> Result<String> {
        self.report_trouble(token, which, what, now).map(|case| self.case_link(&case))
    }

    /// Whether we signed a link, be it over or taken back. Asks no store.
    pub fn is_link(&self, token: &str) -> bool {
        self.signer.open_token(token).is_ok()
    }

    /// The customer behind a link.
    pub(crate) fn customer_of_link(&self, connection: &dyn Session, token: &str, now: Timestamp) -> Result<Customer> {
        match self.case_of(connection, token, now)? {
            Some(case) => customer_of(connection, &case),
            None => Ok(self.visitor(connection, token, now)?.people.customer),
        }
    }

    /// The service case of a token, if it is one of a service case. It stays open as long after the end as any link does.
    pub(crate) fn case_of(&self, connection: &dyn Session, token: &str, now: Timestamp) -> Result<Option<ServiceCase>> {
        let (number, expires) = self.signer.open_token(token)?;
        if number >= 0 {
            return Ok(None);
        }
        let case = service_cases::get(connection, -number)?;
        // Whoever had the machine before sees nothing of whoever has it now.
        if case.goes_on.is_some() {
            return Err(erased());
        }
        let kept = match case.closed {
            None => true,
            Some(closed) => closed.plus_days(f64::from(self.options.link_valid_days)) >= now,
        };
        if expires < now && !kept {
            return Err(OutreachError::Link("it has expired"));
        }
        Ok(Some(case))
    }

    fn case_view(&self, connection: &dyn Session, mut case: ServiceCase) -> Result<CaseView> {
        let machine = MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a case's machine", e))?;
        let customer = customer_of(connection, &case)?;
        let own = registry::find::<crate::Machine>(connection, machine.as_str())?;
        let technician: Option<Technician> = match &case.technician {
            Some(id) => registry::find(connection, id)?,
            None => None,
        };
        let distance_km = match case.position_deg {
            Some(place_deg) => km_to(connection, &machine, place_deg)?,
            None => None,
        };
        Ok(CaseView {
            told_by_controller: take_out_controller(connection, &mut case)?,
            number: own.map_or_else(|| machine.to_string(), |own| own.number),
            company: customer.language.of(&self.options.company).to_owned(),
            advisor: registry::find(connection, &customer.advisor)?.filter(|advisor: &crate::Advisor| !advisor.erased),
            customer,
            machine,
            technician,
            distance_km,
            case,
        })
    }
}

/// Leaves out of what a case says what a controller said: its codes mean nothing to whoever owns the machine. Says whether
/// there was anything. Which words were a controller's, the record knows.
fn take_out_controller(connection: &dyn Session, case: &mut ServiceCase) -> Result<bool> {
    let record = record::of_case(connection, &service_cases::name(case.id))?;
    let codes: Vec<&str> = record
        .iter()
        .filter(|entry| entry.who == CONTROLLER && entry.what == record::TROUBLE_REPORTED)
        .flat_map(|entry| entry.why.lines())
        .collect();
    let own: Vec<&str> = case.what.lines().filter(|line| !codes.contains(line)).collect();
    let found = own.len() < case.what.lines().count();
    case.what = own.join("\n");
    Ok(found)
}

fn customer_of(connection: &dyn Session, case: &ServiceCase) -> Result<Customer> {
    let customer: Option<Customer> = match &case.customer {
        Some(id) => registry::find(connection, id)?,
        None => None,
    };
    customer.filter(|customer| !customer.erased).ok_or_else(erased)
}
