//! What a technician notes on finished work, for a customer who reads another language: it is held back until somebody of ours has
//! written it for that reader, and whoever looks after the customer is asked to.

use foretell_model::{MachineId, Note, Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::{Customer, Language};
use crate::store::{Entry, Session, bookings, record, registry, service_cases};
use crate::views::WorkOf;

/// Service cases looked through for notes, the newest closed ones.
const CASES_MAX: u32 = 50;

impl Outreach {
    /// Writes a technician's note on finished work as its customer reads it.
    ///
    /// # Errors
    /// `Refused` when there is no report, or the text is in a language that the customer does not read; `Lint` with what customers
    /// never read.
    pub fn write_note(&self, of: WorkOf, text: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = "write a note for a customer";
        let note = Note::new(text.trim());
        let text = note.as_str().trim();
        if text.is_empty() {
            return Err(OutreachError::refused(attempted, Obstacle::ExplanationMissing));
        }
        self.store.write(attempted, |tx| {
            let (machine, case, customer) = match of {
                WorkOf::Visit(id) => {
                    let stay = bookings::get(tx, id)?;
                    (stay.machine, stay.case.to_string(), Some(stay.customer))
                }
                WorkOf::ServiceCase(id) => {
                    let case = service_cases::get(tx, id)?;
                    let machine =
                        MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a case's machine", e))?;
                    (machine, service_cases::name(id), case.customer)
                }
            };
            if !reader(tx, customer.as_deref())?.reads(text) {
                return Err(OutreachError::refused(attempted, Obstacle::OtherLanguage));
            }
            self.fit_for_customer(tx, &machine, text)?;
            match of {
                WorkOf::Visit(id) => {
                    let report = bookings::report_of(tx, id)?;
                    let mut report = report.ok_or_else(|| OutreachError::refused(attempted, Obstacle::NoReport))?;
                    text.clone_into(&mut report.note_for_customer);
                    bookings::report(tx, id, (&report, false), who, now)?;
                }
                WorkOf::ServiceCase(id) => {
                    let mut case = service_cases::get(tx, id)?;
                    let report = case.report.as_mut();
                    let report = report.ok_or_else(|| OutreachError::refused(attempted, Obstacle::NoReport))?;
                    text.clone_into(&mut report.note_for_customer);
                    service_cases::save(tx, &mut case)?;
                }
            }
            let (machine, advisory, customer) = (Some(machine.as_str()), Some(case.as_str()), customer.as_deref());
            Entry { at: now, who, what: record::NOTE_WRITTEN, why: text, customer, machine, advisory, contact: true }
                .write(tx)
        })
    }

    /// Finished work whose note its customer cannot read and nobody has written anew, oldest first, with the machine.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn notes_to_write(&self) -> Result<Vec<(WorkOf, MachineId)>> {
        self.store.read("list notes that customers cannot read", |c| {
            let visits = bookings::with_held_note(c)?;
            let mut held: Vec<_> = visits.into_iter().map(|(id, machine)| (WorkOf::Visit(id), machine)).collect();
            for case in service_cases::closed(c, CASES_MAX)? {
                let Some(report) = &case.report else { continue };
                let Ok(machine) = MachineId::parse(&case.machine) else { continue };
                if case.customer.is_some() && report.lacks_note_in(reader(c, case.customer.as_deref())?) {
                    held.push((WorkOf::ServiceCase(case.id), machine));
                }
            }
            Ok(held)
        })
    }
}

/// The language in which a customer reads; that of a customer who is not registered is not known, and English is as good as any.
pub(crate) fn reader(connection: &dyn Session, customer: Option<&str>) -> Result<Language> {
    let known = customer.map(|id| registry::find::<Customer>(connection, id)).transpose()?.flatten();
    Ok(known.map_or(Language::En, |customer| customer.language))
}
