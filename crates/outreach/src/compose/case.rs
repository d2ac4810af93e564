//! The facts of a case, from everything that is registered about it: of its own machine, of those that go with it, and of a
//! visit in which its work was done already.

use foretell_model::Timestamp;

use super::{Before, Facts, Subject, format, works_of};
use crate::Outreach;
use crate::drafting::People;
use crate::error::Result;
use crate::registry::{Machine, Technician};
use crate::slots::Slot;
use crate::store::{Case, Companion, Session, Stay, bookings, registry};

impl Outreach {
    /// The facts of a case: of its own machine, and of those that go with it.
    pub(crate) fn facts(
        &self,
        connection: &dyn Session,
        case: &Case,
        people: &People,
        slots: &[Slot],
        link: &str,
        now: Timestamp,
    ) -> Result<Facts> {
        let subject = Subject {
            finding: &case.finding,
            context: &case.context,
            machine: &people.machine,
            customer: &people.customer,
            stage: people.stage,
            advisor: &people.advisor,
            company: &self.options.company,
            catalogue: &self.options.catalogue,
            calendar: &people.calendar,
            slots,
            link,
            now,
        };
        let mut others = Vec::new();
        for Companion { finding, context } in &case.companions {
            let id = &finding.machine;
            let own: Option<Machine> = registry::find(connection, id.as_str())?;
            let machine = &own.unwrap_or_else(|| Machine::new(id.as_str(), id.machine()));
            others.push(Facts::of(&Subject { finding, context, machine, ..subject }));
        }
        let facts = Facts::of(&subject).with(others);
        let Some(stay) = bookings::newest_done_of(connection, &case.finding.id)? else { return Ok(facts) };
        Ok(facts.after(self.before(connection, case, &stay, people)?))
    }

    /// What there is to say of the visit in which a case's work was done.
    pub(crate) fn before(&self, connection: &dyn Session, case: &Case, stay: &Stay, people: &People) -> Result<Before> {
        let language = people.customer.language;
        let works = works_of(&case.finding, &self.options.catalogue);
        let technician: Option<Technician> = match &stay.technician {
            Some(id) => registry::find(connection, id)?,
            None => None,
        };
        Ok(Before {
            day: format::day(language, people.calendar.local(stay.start).date()),
            works: works.iter().map(|(_, action)| action.name.in_language(language.tag()).to_owned()).collect(),
            technician: technician.map(|technician| language.of(&technician.name).to_owned()),
            effect: self.effects_of(connection, case, stay, people)?.into_iter().next().flatten(),
            spent: case.is_spent(stay.worked()),
        })
    }
}
