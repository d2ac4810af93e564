//! A machine changes hands while it is broken. Somebody still has to come, so its case goes on, under a number of its own and so
//! with a link of its own, for whoever has the machine now; whoever had it before has none of it any more, and neither hears a
//! word that was meant for the other.

use foretell_model::{MachineId, Timestamp};

use crate::Outreach;
use crate::case_way::forget_place;
use crate::compose::trouble::About;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::registry::Site;
use crate::store::{Session, record, registry, service_cases};
use crate::troubles::note;
use crate::views::ServiceCase;

impl Outreach {
    /// Registers or changes a site; says whether anything changed.
    ///
    /// # Errors
    /// When its customer does not exist or the store refuses.
    pub fn register_site(&self, site: &Site, who: &str, now: Timestamp) -> Result<bool> {
        self.store.write(&format!("register site `{}`", site.id), |tx| {
            let changed = registry::register(tx, site, who, now)?;
            self.pass_cases_on(tx, who, now)?;
            Ok(changed)
        })
    }

    /// What was said of a breakdown, for whoever mends it: to the case itself, and to the one that it followed while the machine was
    /// another customer's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn words_of_case(&self, case: &ServiceCase) -> Result<String> {
        match case.follows {
            None => Ok(case.what.clone()),
            Some(_) => self.store.read("read what was said of a breakdown", |c| service_cases::words(c, case)),
        }
    }

    /// Has every open case go on for its machine's owner. To be called when a site may have got another one.
    pub(crate) fn pass_cases_on(&self, connection: &dyn Session, who: &str, now: Timestamp) -> Result<()> {
        for mut case in service_cases::open(connection)? {
            let machine = MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a case's machine", e))?;
            let owner = registry::customer_of(connection, &machine)?.filter(|owner| !owner.erased);
            match owner.map(|owner| owner.id) {
                Some(owner) if case.customer.is_none() => {
                    case.customer = Some(owner);
                    service_cases::save(connection, &mut case)?;
                }
                Some(owner) if case.customer.as_ref() != Some(&owner) => {
                    self.pass_on(connection, case, owner, who, now)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Both promises count on from when it broke, and whoever was sent is on the way all the same.
    fn pass_on(
        &self,
        connection: &dyn Session,
        before: ServiceCase,
        owner: String,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut next = ServiceCase {
            id: 0,
            customer: Some(owner),
            // It stays with whose word it was; whoever comes reads it there.
            what: String::new(),
            heard: Vec::new(),
            follows: Some(before.id),
            ..before.clone()
        };
        let mut before = ServiceCase { closed: Some(now), ..before };
        forget_place(&mut before);
        // A machine has one open case at a time.
        service_cases::save(connection, &mut before)?;
        service_cases::save(connection, &mut next)?;
        before.goes_on = Some(next.id);
        service_cases::save(connection, &mut before)?;
        service_cases::end_waits(connection, before.id, now)?;
        let goes_on = service_cases::name(next.id);
        for (case, why) in [(&before, goes_on.as_str()), (&next, "")] {
            note(connection, case, (who, record::TROUBLE_PASSED_ON, why), false, now)?;
        }
        if next.technician.is_some() && next.on_site.is_none() {
            self.tell_of_trouble(connection, &next, (Kind::OnTheWay, About::default()), now)?;
        }
        Ok(())
    }
}
