//! No customer is told of another: every text is looked through for the names of the others before it goes out, and every
//! template before it is saved.

use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::{MachineId, Remark};

use crate::Outreach;
use crate::compose::Draft;
use crate::compose::lint::{self, Names};
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Site};
use crate::store::{Case, Session, care, changes, record, registry};

/// Entries of the record whose words an advisor wrote for colleagues.
const NOTED: [&str; 6] = [
    "postponed the case",
    "will call instead",
    "closed the case",
    record::CALLED_CLOSED,
    record::CALLED_LETTER,
    record::CALLED_UNREACHED,
];
/// A shorter note may well be said by chance, characters.
const NOTE_CHARS_MIN: usize = 6;
/// Changes of a customer's stage whose reasons are looked for.
const STAGES_MAX: u32 = 50;

/// The names of all customers, with the changes of the registry that they were read at.
pub(crate) type KeptNames = Mutex<Option<((i64, u64), Arc<Names>)>>;

impl Outreach {
    /// Refuses a text that names another customer than its reader.
    ///
    /// # Errors
    /// `Lint` with the name, or when the store cannot be read.
    pub(crate) fn spare_others(&self, connection: &dyn Session, text: &Draft, people: &People) -> Result<()> {
        let names = self.customer_names(connection)?;
        let (customer, company) = (&people.customer, &self.options.company);
        let site: Option<Site> = registry::find(connection, people.machine.id.split('/').next().unwrap_or_default())?;
        let site = site.as_ref().map_or(("", ""), |site| (site.name.as_str(), site.address.as_str()));
        let advisor = &people.advisor.name;
        let mut own = vec![customer.name.as_str(), site.0, site.1, &people.machine.number, &company.en, &company.zh];
        own.extend([advisor.en.as_str(), advisor.zh.as_str()]);
        own.extend(customer.contact.as_deref());
        let whole = format!("{}\n{}\n{}", text.subject, text.body, text.short);
        match names.first_in(&whole, &own) {
            Some(name) => Err(OutreachError::Lint(vec![Remark::OtherCustomer(name.to_owned())])),
            None => Ok(()),
        }
    }

    /// Refuses what a technician wrote that the customer reads word for word, a note on finished work or the caption of a
    /// picture, if it holds what customers never read. Measured values and a cheerful mark are the technician's own affair.
    ///
    /// # Errors
    /// `Lint` with what is wrong, or when the store cannot be read.
    pub(crate) fn fit_for_customer(&self, connection: &dyn Session, machine: &MachineId, note: &str) -> Result<()> {
        let mut remarks = lint::words(note);
        remarks.retain(|remark| *remark != Remark::Exclamation);
        if note.contains(machine.as_str()) {
            remarks.push(Remark::InternalId(machine.to_string()));
        }
        if !remarks.is_empty() {
            return Err(OutreachError::Lint(remarks));
        }
        let Ok(people) = self.people(connection, machine)? else { return Ok(()) };
        let text = Draft { subject: String::new(), body: note.to_owned(), short: String::new() };
        self.spare_others(connection, &text, &people)
    }

    /// Refuses a text that a person wrote if it repeats what was noted for colleagues: why a case was put off, what came of a
    /// call, how content the customer is thought to be.
    ///
    /// # Errors
    /// `Lint` with the note, or when the store cannot be read.
    pub(crate) fn keep_notes(connection: &dyn Session, case: &Case, customer: &str, text: &Draft) -> Result<()> {
        let record = record::of_case(connection, case.finding.id.as_str())?;
        let noted = record.into_iter().filter(|entry| NOTED.contains(&entry.what.as_str())).map(|entry| entry.why);
        let stages = care::changes(connection, customer, STAGES_MAX)?.into_iter().map(|change| change.why);
        let own = format!("{}\n{}", text.subject, text.body).to_lowercase();
        let repeats = |note: &String| {
            let note = note.trim().to_lowercase();
            note.chars().count() >= NOTE_CHARS_MIN && own.contains(&note)
        };
        match noted.chain(stages).find(repeats) {
            Some(note) => Err(OutreachError::Lint(vec![Remark::Note(note.trim().to_owned())])),
            None => Ok(()),
        }
    }

    /// The customer whom the prose of a template names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn named_in_template(&self, connection: &dyn Session, prose: &str) -> Result<Option<String>> {
        let names = self.customer_names(connection)?;
        let company = &self.options.company;
        Ok(names.first_in(prose, &[&company.en, &company.zh]).map(str::to_owned))
    }

    fn customer_names(&self, connection: &dyn Session) -> Result<Arc<Names>> {
        // A step that was undone may have used numbers that another step uses again.
        let key = (changes::heads(connection)?.registry, self.store.undone());
        let mut kept = self.kept_names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, names)) = &*kept
            && *of == key
        {
            return Ok(Arc::clone(names));
        }
        let customers: Vec<Customer> = registry::all(connection)?;
        let names = Names::of(customers.into_iter().filter(|customer| !customer.erased).map(|customer| customer.name));
        let names = Arc::new(names);
        *kept = Some((key, Arc::clone(&names)));
        Ok(names)
    }
}
