//! The search over everything: machines, customers, cases, our own people.

use std::cmp::Reverse;

use foretell_console::view::{Hit, Hits};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, MachineId};
use foretell_outreach as outreach;

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::{Sites, language};

impl ServiceBackend {
    pub(super) fn hits(&self, needle: &str, max: usize, lang: Lang) -> Result<Hits, BackendError> {
        let desk = Sites::read(&self.outreach)?;
        let fleet = self.lookout.look(&self.room, &desk, self.clocks.now());
        let mut machines: Vec<_> = fleet.iter().filter(|machine| machine.hay.contains(needle)).collect();
        // Whoever types a machine's own name wants that one, not all of a site that is called so.
        machines.sort_by_key(|machine| Reverse(machine.name.to_lowercase() == needle || machine.id.as_str() == needle));
        let machine = |machine: &&std::sync::Arc<foretell_console::view::MachineSummary>| Hit {
            key: machine.id.to_string(),
            name: machine.name.clone(),
            detail: joined(&[machine.id.as_str(), &machine.site_name, &machine.customer]),
        };
        let hit = |key: &str, name: &str, detail: &str| {
            let holds = [key, name, detail].iter().any(|text| text.to_lowercase().contains(needle));
            holds.then(|| Hit { key: key.to_owned(), name: name.to_owned(), detail: detail.to_owned() })
        };
        let contact = |c: &outreach::Customer| hit(&c.id, &c.name, c.contact.as_deref().unwrap_or_default());
        let mut customers: Vec<Hit> = desk.customers().filter_map(contact).collect();
        let cases = self.outreach.service_cases().map_err(of_outreach)?;
        let case = |case: &outreach::ServiceCase| {
            let id = MachineId::parse(&case.machine).ok()?;
            let detail = joined(&[&desk.site_name(&id), &case.what.replace('\n', " · ")]);
            hit(&case.id.to_string(), &desk.number(&id), &detail)
        };
        let mut cases: Vec<Hit> = cases.iter().filter_map(case).collect();
        let person = |key: &str, name: &outreach::Words, detail: &str| {
            let found = hit(key, &format!("{} {}", name.zh, name.en), detail)?;
            Some(Hit { name: language(lang).of(name).to_owned(), ..found })
        };
        let technicians = desk.technicians().filter_map(|known| person(&known.id, &known.name, &known.phone));
        let advisors = desk.advisors().filter_map(|known| person(&known.id, &known.name, &known.phone));
        let mut people: Vec<Hit> = advisors.chain(technicians).collect();
        let more = [machines.len(), customers.len(), cases.len(), people.len()].iter().any(|found| *found > max);
        customers.truncate(max);
        cases.truncate(max);
        people.truncate(max);
        Ok(Hits { machines: machines.iter().take(max).map(machine).collect(), customers, cases, people, more })
    }
}

/// Words about a thing in one line; what is called as the one before is named once.
fn joined(words: &[&str]) -> String {
    let mut words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    words.dedup();
    words.join(" · ")
}
