//! The search: machines, customers, cases, the subjects of letters, our own people, spare parts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use foretell_console::view::{Hit, Hits, MachineName, MachineSummary};
use foretell_console::{BackendError, Lang, date, part_name};
use foretell_model::catalogue::{Catalogue, Text};
use foretell_model::{Clock, FaultCode, MachineId};
use foretell_outreach as outreach;

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::{Sites, language, zone};

/// Closed cases that are looked through, the newest ones.
const CLOSED_MAX: u32 = 500;
/// Fewer digits than these are no telephone number's.
const DIGITS_MIN: usize = 3;

impl ServiceBackend {
    pub(super) fn hits(&self, needle: &str, max: usize, lang: Lang) -> Result<Hits, BackendError> {
        let desk = Sites::read(&self.outreach)?;
        let fleet = self.lookout.look(&self.room, (&desk, &self.catalogue), self.clocks.now());
        let faults = concerned(&self.catalogue, needle);
        let ails = |machine: &MachineSummary| {
            machine.advisory.as_ref().is_some_and(|advisory| faults.contains(&&advisory.fault))
        };
        let mut machines: Vec<_> =
            fleet.iter().filter(|machine| machine.hay.contains(needle) || ails(machine)).collect();
        // Whoever types a machine's own name wants that one, not all of a site that is called so; and a machine that is called so
        // rather than one that has such a fault.
        machines.sort_by_key(|machine| {
            let is_it = machine.name.to_lowercase() == needle || machine.id.as_str() == needle;
            Reverse((is_it, machine.hay.contains(needle)))
        });
        let machine = |machine: &&std::sync::Arc<MachineSummary>| Hit {
            key: machine.id.to_string(),
            name: machine.name.clone(),
            detail: joined(&[machine.id.as_str(), &machine.site_name, &machine.customer]),
        };
        let mut customers: Vec<Hit> = desk.customers().filter_map(|known| customer(known, needle)).collect();
        let open = self.outreach.service_cases().map_err(of_outreach)?;
        let closed = self.outreach.closed_service_cases(CLOSED_MAX).map_err(of_outreach)?;
        let case = |case: &outreach::ServiceCase| {
            let id = MachineId::parse(&case.machine).ok()?;
            let detail = joined(&[&desk.site_name(&id), &case.what.replace('\n', " · ")]);
            hit(&case.id.to_string(), &desk.number(&id), &detail, needle)
        };
        let mut cases: Vec<Hit> = open.iter().chain(&closed).filter_map(case).collect();
        let mut letters = self.letters_called(&desk, needle, max, lang)?;
        let person = |key: &str, name: &outreach::Words, detail: &str| {
            let found = hit(key, &format!("{} {}", name.zh, name.en), detail, needle)?;
            Some(Hit { name: language(lang).of(name).to_owned(), ..found })
        };
        let technicians = desk.technicians().filter_map(|known| {
            let detail = joined(&[&known.phone, known.badge.as_deref().unwrap_or_default()]);
            person(&known.id, &known.name, &detail)
        });
        let advisors = desk.advisors().filter_map(|known| person(&known.id, &known.name, &known.phone));
        let mut people: Vec<Hit> = advisors.chain(technicians).collect();
        let mut parts = self.parts_called(&desk, needle, lang)?;
        let found = [machines.len(), customers.len(), cases.len(), letters.len(), people.len(), parts.len()];
        let more = found.iter().any(|found| *found > max);
        for hits in [&mut customers, &mut cases, &mut letters, &mut people, &mut parts] {
            hits.truncate(max);
        }
        let machines = machines.iter().take(max).map(machine).collect();
        Ok(Hits { machines, customers, cases, letters, people, parts, more })
    }

    /// Letters that went out with such a subject, newest first; one more than asked where there are more.
    fn letters_called(&self, desk: &Sites, needle: &str, max: usize, lang: Lang) -> Result<Vec<Hit>, BackendError> {
        let max = u32::try_from(max + 1).unwrap_or(u32::MAX);
        let letters = self.outreach.letters_called(needle, max).map_err(of_outreach)?;
        let letter = |letter: outreach::LetterFound| {
            let customer = desk.customers().find(|known| known.id == letter.customer);
            let zone = customer.map_or(chrono_tz::Tz::UTC, zone);
            let to = customer.map_or(letter.customer.as_str(), |known| known.name.as_str());
            let detail = joined(&[to, &date(letter.at, zone, lang)]);
            Hit { key: letter.case.to_string(), name: letter.subject, detail }
        };
        Ok(letters.into_iter().map(letter).collect())
    }

    /// Machines that a person may mean by what was typed.
    pub(super) fn names_called(&self, typed: &str, max: usize) -> Result<Vec<MachineName>, BackendError> {
        let desk = Sites::read(&self.outreach)?;
        let name = |id: &MachineId| MachineName {
            id: id.clone(),
            name: desk.number(id),
            site_name: desk.site_name(id),
            customer: desk.customer(id).map(|customer| customer.name.clone()).unwrap_or_default(),
        };
        let mut all: Vec<MachineName> = desk.machines().map(|(id, _)| name(id)).collect();
        all.sort_by(|a, b| (&a.customer, &a.site_name, &a.name).cmp(&(&b.customer, &b.site_name, &b.name)));
        let found = MachineName::meant(all, typed, max);
        // One that publishes and that nobody has registered goes by its identity.
        match MachineId::parse(typed.trim()) {
            Ok(id) if found.is_empty() && self.room.machine(&id).is_some() => Ok(vec![name(&id)]),
            _ => Ok(found),
        }
    }

    /// Parts of that name in either language, with where they lie.
    fn parts_called(&self, desk: &Sites, needle: &str, lang: Lang) -> Result<Vec<Hit>, BackendError> {
        let mut shelves: BTreeMap<String, Vec<String>> =
            kinds(&self.catalogue).into_iter().map(|part| (part.to_owned(), Vec::new())).collect();
        for line in self.outreach.stock().map_err(of_outreach)?.into_iter().filter(|line| line.n > 0) {
            let depot = desk.depots().find(|depot| depot.id == line.depot);
            let name = depot.map_or(line.depot.as_str(), |depot| language(lang).of(&depot.name));
            shelves.entry(line.part).or_default().push(format!("{name} {}", line.n));
        }
        let called = shelves.into_iter().filter(|(part, _)| is_part_called(part, needle));
        let part = |(part, shelves): (String, Vec<String>)| Hit {
            name: part_name(&part, lang),
            detail: shelves.join(" · "),
            key: part,
        };
        Ok(called.map(part).collect())
    }
}

/// A thing of which one of these texts holds what is sought.
fn hit(key: &str, name: &str, detail: &str, needle: &str) -> Option<Hit> {
    let found = [key, name, detail].iter().any(|text| holds(text, needle));
    found.then(|| Hit { key: key.to_owned(), name: name.to_owned(), detail: detail.to_owned() })
}

/// A customer by key, name, anybody there, and every way to reach them.
fn customer(known: &outreach::Customer, needle: &str) -> Option<Hit> {
    let contact = known.contact.as_deref().unwrap_or_default();
    let phone = known.addresses.get("phone").map_or("", String::as_str);
    let others = known.contacts.iter().flat_map(|person| {
        [Some(person.name.as_str()), person.phone.as_deref(), person.email.as_deref()].into_iter().flatten()
    });
    let texts = [known.id.as_str(), known.name.as_str(), contact].into_iter();
    let mut texts = texts.chain(known.addresses.values().map(String::as_str)).chain(others);
    texts.any(|text| holds(text, needle)).then(|| Hit {
        key: known.id.clone(),
        name: known.name.clone(),
        detail: joined(&[contact, phone]),
    })
}

/// Whether a text holds what is sought, which is in lower case. A telephone number is found however its digits are set apart.
fn holds(text: &str, needle: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = needle.chars().all(|c| c.is_ascii_digit() || " -+()/".contains(c));
    let sought = if is_number { digits(needle) } else { String::new() };
    text.to_lowercase().contains(needle) || (sought.len() >= DIGITS_MIN && digits(text).contains(&sought))
}

/// Whether something of the catalogue is called so in either language.
fn is_called(name: &Text, needle: &str) -> bool {
    [Lang::En, Lang::Zh].iter().any(|lang| name.in_language(lang.tag()).to_lowercase().contains(needle))
}

fn is_part_called(part: &str, needle: &str) -> bool {
    let names = [Lang::En, Lang::Zh].map(|lang| part_name(part, lang).to_lowercase());
    part.contains(needle) || names.iter().any(|name| name.contains(needle))
}

/// Every part that some work takes.
fn kinds(catalogue: &Catalogue) -> BTreeSet<&str> {
    catalogue.actions.values().flat_map(|action| &action.parts).map(String::as_str).collect()
}

/// Faults that are called so, of a subsystem that is, or whose cure is or takes a part that is.
fn concerned<'a>(catalogue: &'a Catalogue, needle: &str) -> Vec<&'a FaultCode> {
    let of_part = |code: &str| {
        let part = catalogue.subsystems.iter().find(|part| part.code == code);
        part.is_some_and(|part| is_called(&part.name, needle))
    };
    let cured_by = |code: &str| {
        let action = catalogue.actions.get(code);
        action.is_some_and(|action| {
            is_called(&action.name, needle) || action.parts.iter().any(|part| is_part_called(part, needle))
        })
    };
    let concerns = |fault: &&foretell_model::Fault| {
        is_called(&fault.name, needle) || of_part(&fault.subsystem) || fault.action.as_deref().is_some_and(cured_by)
    };
    catalogue.faults.iter().filter(concerns).map(|fault| &fault.code).collect()
}

/// Words about a thing in one line; what is called as the one before is named once.
fn joined(words: &[&str]) -> String {
    let mut words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    words.dedup();
    words.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_found_however_it_is_written() {
        for (text, needle, found) in [
            ("+86 512 5555 0120", "0120", true),
            ("+86 512 5555 0120", "55550120", true),
            ("+86 512 5555 0120", "5555-0120", true),
            ("T-0422", "t-0422", true),
            ("T-0422", "0422", true),
            ("12 pumps, 3 fans", "23", false),
            ("No. 1 of 2 0", "no. 12", false),
        ] {
            assert_eq!(holds(text, needle), found, "{needle} in {text}");
        }
    }

    #[test]
    fn a_part_and_a_component_lead_to_what_ails_for_want_of_them() {
        let catalogue = Catalogue::parse(include_str!("../../../../../config/faults.toml")).unwrap();
        for (needle, fault) in [
            ("阀芯", "thermostatic_valve"),
            ("thermostatic valve kit", "thermostatic_valve"),
            ("冷却", "cooler_clogging"),
            ("cooling", "cooler_clogging"),
        ] {
            let found = concerned(&catalogue, needle);
            assert!(found.iter().any(|code| code.as_str().starts_with(fault)), "{needle}: {found:?}");
        }
        assert!(concerned(&catalogue, "no such thing").is_empty());
        let called: Vec<&str> = kinds(&catalogue).into_iter().filter(|part| is_part_called(part, "阀芯")).collect();
        assert_eq!(called, ["thermostatic_valve_kit"]);
    }

    #[test]
    fn a_customer_is_found_by_anybodys_number_there() {
        let known: outreach::Customer = toml::from_str(
            "id = \"hy\"\nname = \"Hongyun\"\nlanguage = \"en\"\nadvisor = \"lin\"\naddresses = { phone = \"+86 512 5555 0120\" }\n\
             [[contacts]]\nname = \"Ma\"\nphone = \"138 0013 8111\"",
        )
        .unwrap();
        for needle in ["hongyun", "0120", "13800138111", "ma"] {
            assert_eq!(customer(&known, needle).map(|hit| hit.key).as_deref(), Some("hy"), "{needle}");
        }
        assert!(customer(&known, "4711").is_none());
    }
}
