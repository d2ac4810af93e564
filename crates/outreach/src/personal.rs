//! Everything about one customer: handed out as one file, or erased; and words of what is long over, struck out by themselves.
//!
//! Erasing keeps the figures and the skeleton of the record: that a visit took place stays, whose and what was said goes.

use foretell_model::{MachineId, Obstacle, Timestamp};
use serde_json::{Map, Value};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Machine, Production, Site};
use crate::store::personal::ERASED;
use crate::store::{Entry, Session, dossier, managers, personal, registry, service_cases};
use crate::views::PhotoOf;

/// Why a case ends whose customer is no longer known: nobody is there to be written to, called or visited.
const OWNER_ERASED: &str = "the customer was erased";

/// Cases whose words are struck out in one step.
const BATCH_MAX: u32 = 200;

impl Outreach {
    /// Everything kept about a customer, as JSON.
    ///
    /// # Errors
    /// When there is no such customer or the store cannot be read.
    pub fn customer_data(&self, customer: &str, now: Timestamp) -> Result<String> {
        let data = self.store.read("gather a customer's data", |c| {
            let known: Option<Customer> = registry::find(c, customer)?;
            let known = known.ok_or_else(|| OutreachError::missing("customer", customer))?;
            let (sites, machines) = theirs(c, customer)?;
            let mut data = Map::new();
            data.insert("format".into(), "foretell-customer/1".into());
            data.insert("made".into(), now.to_string().into());
            data.insert("customer".into(), value(&known)?);
            data.insert("sites".into(), value(&sites)?);
            data.insert("machines".into(), value(&machines)?);
            dossier::of_customer(c, customer, &mut data)?;
            machines.iter().try_for_each(|machine| dossier::of_machine(c, &machine.id, &mut data))?;
            Ok(Value::Object(data))
        })?;
        Ok(format!("{data:#}\n"))
    }

    /// Erases what is personal about a customer: names, numbers, addresses, letters, words said and written, pictures. What
    /// waits in the outbox never goes out, booked visits are called off, open cases end, links open nothing; machines are
    /// watched on, and no new case is opened on them. Gives the references of the pictures, whose bytes the caller deletes.
    /// Erasing twice is fine.
    ///
    /// # Errors
    /// When there is no such customer, or a message to them is on its way at this moment.
    pub fn erase_customer(&self, customer: &str, who: &str, now: Timestamp) -> Result<Vec<String>> {
        let attempted = format!("erase customer `{customer}`");
        // First what lies outside the store, and again for what went out in between: were it left for the end, a crash could
        // leave it for good.
        self.forget_letters(customer)?;
        let photos = self.store.write(&attempted, |tx| {
            let known: Option<Customer> = registry::find(tx, customer)?;
            let known = known.ok_or_else(|| OutreachError::missing("customer", customer))?;
            if personal::is_sending(tx, customer)? {
                return Err(OutreachError::refused(&attempted, Obstacle::Sending));
            }
            let photos = erase(tx, &known, who, now)?;
            personal::compaction(tx, Some(now))?;
            let what = "erased what was personal";
            Entry { at: now, who, what, customer: Some(customer), ..Entry::default() }.write(tx)?;
            Ok(photos)
        })?;
        self.forget_letters(customer)?;
        self.compact_if_due()?;
        Ok(photos)
    }

    /// Deletes what channels keep of a customer's letters by themselves, e.g. as files in a folder.
    fn forget_letters(&self, customer: &str) -> Result<()> {
        self.forget_each(
            &self.store.read("list a customer's messages", |c| personal::messages(c, "customer", customer))?,
        )
    }

    fn forget_each(&self, letters: &[i64]) -> Result<()> {
        for key in letters.iter().map(|id| format!("foretell-{id}")) {
            for channel in &self.options.channels {
                channel.forget(&key).map_err(|source| OutreachError::File {
                    attempted: format!("delete what channel `{}` keeps of message {key}", channel.name()),
                    source,
                })?;
            }
        }
        Ok(())
    }

    /// Strikes out the words of cases that have been over for as long as the options say, some hundred at a time. Gives the
    /// references of pictures, whose bytes the caller deletes.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn forget_what_is_long_over(&self, now: Timestamp) -> Result<Vec<String>> {
        let Some(days) = self.options.forget_after_days else { return Ok(Vec::new()) };
        let before = now.plus_days(-f64::from(days));
        let (photos, letters) = self.store.write("strike out what is long over", |tx| {
            let (mut photos, mut letters) = (Vec::new(), Vec::new());
            for case in personal::long_over(tx, before, BATCH_MAX)? {
                let case = case.as_str();
                personal::strike_case(tx, case)?;
                for visit in personal::visits(tx, "advisory", case)? {
                    photos.extend(strike_visit(tx, visit)?);
                }
                photos.extend(personal::delete_photos(tx, (PhotoOf::Case, case))?);
                letters.extend(personal::messages(tx, "advisory", case)?);
                forget(tx, case, now)?;
            }
            for id in personal::troubles_long_over(tx, before, BATCH_MAX)? {
                personal::strike_trouble(tx, service_cases::get(tx, id)?, now)?;
                photos.extend(personal::delete_photos(tx, (PhotoOf::ServiceCase, &id.to_string()))?);
                let name = service_cases::name(id);
                letters.extend(personal::messages(tx, "advisory", &name)?);
                forget(tx, &name, now)?;
            }
            Ok((photos, letters))
        })?;
        self.forget_each(&letters)?;
        Ok(photos)
    }

    /// Every picture's reference: bytes that none of them names belong to nobody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn photo_references(&self) -> Result<Vec<String>> {
        self.store.read("list the photos", |c| {
            c.query("SELECT reference FROM photo", &[])?.iter().map(|row| row.get(0)).collect()
        })
    }

    /// Writes the store anew when something was erased since it last was, also by a process that ended in between.
    pub(crate) fn compact_if_due(&self) -> Result<()> {
        if !self.store.read("look for something erased", |c| personal::compaction_is_due(c))? {
            return Ok(());
        }
        let attempted = "write the store anew after something was erased";
        self.store.compact(attempted)?;
        self.store.write(attempted, |tx| personal::compaction(tx, None))
    }
}

/// Sites of a register without those whose customer was erased: their addresses stay away.
pub(crate) fn living(connection: &dyn Session, sites: &[Site]) -> Result<Vec<Site>> {
    let mut living = Vec::new();
    for site in sites {
        let owner: Option<Customer> = registry::find(connection, &site.customer)?;
        if !owner.is_some_and(|owner| owner.erased) {
            living.push(site.clone());
        }
    }
    Ok(living)
}

fn erase(connection: &dyn Session, known: &Customer, who: &str, now: Timestamp) -> Result<Vec<String>> {
    let customer = known.id.as_str();
    let (sites, machines) = theirs(connection, customer)?;
    let (mut photos, mut ended) = (Vec::new(), Vec::new());
    for visit in personal::visits(connection, "customer", customer)? {
        photos.extend(strike_visit(connection, visit)?);
    }
    for case in service_cases::of_customer(connection, customer)? {
        photos.extend(personal::delete_photos(connection, (PhotoOf::ServiceCase, &case.id.to_string()))?);
        personal::strike_record(connection, "advisory", &service_cases::name(case.id))?;
        personal::strike_trouble(connection, case, now)?;
    }
    for machine in &machines {
        for case in personal::cases_of(connection, &machine.id)? {
            photos.extend(personal::delete_photos(connection, (PhotoOf::Case, case.as_str()))?);
            if personal::end_case(connection, &case, OWNER_ERASED, now)? {
                ended.push((&machine.id, case));
            }
        }
        photos.extend(personal::delete_photos(connection, (PhotoOf::Machine, &machine.id))?);
        personal::strike_machine(connection, &machine.id)?;
        personal::strike_record(connection, "machine", &machine.id)?;
    }
    personal::strike_messages(connection, customer)?;
    personal::call_off(connection, customer, now)?;
    personal::strike_customer(connection, customer)?;
    managers::withdraw(connection, customer)?;
    personal::strike_record(connection, "customer", customer)?;
    // After what others said was struck out.
    for (machine, case) in &ended {
        let (machine, advisory) = (Some(machine.as_str()), Some(case.as_str()));
        let (what, why) = ("closed the case", OWNER_ERASED);
        Entry { at: now, who, what, why, machine, advisory, ..Entry::default() }.write(connection)?;
    }
    for site in sites {
        registry::keep(connection, &Site::new(site.id, site.customer))?;
    }
    let bare = Customer {
        zone: known.zone.clone(),
        production: Production::default(),
        erased: true,
        ..Customer::new(customer, ERASED, known.language, known.advisor.as_str())
    };
    registry::keep(connection, &bare)?;
    Ok(photos)
}

/// Strikes out what people said of a visit; gives its pictures.
fn strike_visit(connection: &dyn Session, visit: i64) -> Result<Vec<String>> {
    personal::strike_report(connection, visit)?;
    personal::delete_photos(connection, (PhotoOf::Visit, &visit.to_string()))
}

fn forget(connection: &dyn Session, case: &str, now: Timestamp) -> Result<()> {
    personal::strike_messages_of(connection, case)?;
    personal::strike_record(connection, "advisory", case)?;
    personal::forgotten(connection, case, now)
}

/// A customer's sites and machines.
fn theirs(connection: &dyn Session, customer: &str) -> Result<(Vec<Site>, Vec<Machine>)> {
    let mut sites: Vec<Site> = registry::all(connection)?;
    sites.retain(|site| site.customer == customer);
    let mut machines: Vec<Machine> = registry::all(connection)?;
    let is_there =
        |machine: &Machine| MachineId::parse(&machine.id).is_ok_and(|id| sites.iter().any(|site| site.id == id.site()));
    machines.retain(is_there);
    Ok((sites, machines))
}

fn value(thing: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(thing).map_err(|e| OutreachError::corrupt("a registration", e))
}
