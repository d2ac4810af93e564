//! What is wrong with a registry before anything is kept of it: every problem at once, each with its path in the file.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{Catalogue, MachineId, SiteId};

use crate::calendar;
use crate::form::Form;
use crate::registry::{Customer, Depot, Entity, Machine, Registry, Technician, key, place};

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path in the file, e.g. `customer[0].quiet_from`; `customer[0]` when no single key is at fault.
    pub path: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// Whether a text is an e-mail address; says why not.
///
/// # Errors
/// What is wrong with it.
pub fn mail_address(text: &str) -> Result<(), String> {
    text.parse::<lettre::Address>().map(drop).map_err(|error| format!("`{text}` is not an e-mail address ({error})"))
}

impl Registry {
    /// Reads a registry entry by entry, so that one misshapen entry does not hide the next: what could be read, with something in
    /// the place of what could not, and every problem of form and of sense.
    #[must_use]
    pub fn examine(mut file: toml::Table, catalogue: &Catalogue) -> (Self, Vec<Problem>) {
        let mut form = Form::default();
        let registry = Self {
            advisors: form.entries(&mut file, "advisor"),
            depots: form.entries(&mut file, "depot"),
            technicians: form.entries(&mut file, "technician"),
            customers: form.entries(&mut file, "customer"),
            sites: form.entries(&mut file, "site"),
            machines: form.entries(&mut file, "machine"),
        };
        for key in file.keys() {
            let why = format!("unknown key `{key}`; known here: advisor, depot, technician, customer, site, machine");
            form.problems.push(Problem { path: key.clone(), why });
        }
        // A misshapen entry is still there for those that name it, and moves nobody's place.
        let (places, misshapen) = (std::mem::take(&mut form.places), std::mem::take(&mut form.misshapen));
        let sense = Sense { places, ..Sense::of(&registry, catalogue, misshapen) };
        let mut problems = std::mem::take(&mut form.problems);
        // What stands in for something that was noted makes no sense, and need not.
        problems.extend(sense.problems(&registry).into_iter().filter(|problem| !form.has_noted(&problem.path)));
        (registry, problems)
    }

    /// What contradicts itself or names something unknown, in the order of the file.
    #[must_use]
    pub fn problems(&self, catalogue: &Catalogue) -> Vec<Problem> {
        Sense::of(self, catalogue, BTreeSet::new()).problems(self)
    }
}

/// Looks for what makes no sense.
struct Sense<'a> {
    catalogue: &'a Catalogue,
    known: BTreeSet<(&'static str, String)>,
    places: BTreeMap<&'static str, Vec<usize>>,
}

impl<'a> Sense<'a> {
    fn of(registry: &Registry, catalogue: &'a Catalogue, also: BTreeSet<(&'static str, String)>) -> Self {
        fn ids<T: Entity>(entries: &[T]) -> impl Iterator<Item = (&'static str, String)> {
            entries.iter().map(|entry| (T::KIND, entry.id().to_owned()))
        }
        let mut known = also;
        known.extend(ids(&registry.advisors).chain(ids(&registry.customers)).chain(ids(&registry.sites)));
        known.extend(ids(&registry.depots));
        Self { catalogue, known, places: BTreeMap::new() }
    }

    fn problems(&self, registry: &Registry) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.each(&registry.advisors, &mut problems, |advisor, say| {
            say("email", advisor.email.as_deref().map_or(Ok(()), mail_address));
        });
        self.each(&registry.depots, &mut problems, |depot, say| self.depot(depot, say));
        self.each(&registry.technicians, &mut problems, |technician, say| self.technician(technician, say));
        self.each(&registry.customers, &mut problems, |customer, say| self.customer(customer, say));
        self.each(&registry.sites, &mut problems, |site, say| {
            say("id", SiteId::new(&site.id).map(drop).map_err(|error| error.to_string()));
            say("customer", self.names("customer", &site.customer));
            say("latitude_deg", place(site.latitude_deg, site.longitude_deg));
        });
        self.each(&registry.machines, &mut problems, |machine, say| self.machine(machine, say));
        problems
    }

    /// Visits every entry; `look` reports what it found under a key, and sound findings are dropped.
    fn each<T: Entity>(
        &self,
        entries: &[T],
        problems: &mut Vec<Problem>,
        look: impl Fn(&T, &mut dyn FnMut(&str, Result<(), String>)),
    ) {
        let mut seen = BTreeSet::new();
        for (n, entry) in entries.iter().enumerate() {
            let place = self.places.get(T::KIND).and_then(|places| places.get(n)).copied().unwrap_or(n);
            let mut say = |key: &str, found: Result<(), String>| {
                if let Err(why) = found {
                    let path = format!("{}[{place}].{key}", T::KIND);
                    problems.push(Problem { path, why: format!("{} `{}`: {why}", T::KIND, entry.id()) });
                }
            };
            if entry.id().is_empty() {
                say("id", Err("`id` is empty".to_owned()));
            } else if !seen.insert(entry.id()) {
                say("id", Err(format!("this is the second {} of that `id`", T::KIND)));
            }
            look(entry, &mut say);
        }
    }

    fn customer(&self, customer: &Customer, say: &mut dyn FnMut(&str, Result<(), String>)) {
        if !customer.id.is_empty() {
            say("id", key(&customer.id));
        }
        say("advisor", self.names("advisor", &customer.advisor));
        let zone = customer.zone.parse::<chrono_tz::Tz>().map(drop);
        say("zone", zone.map_err(|_| format!("`zone`: `{}` is not an IANA time zone", customer.zone)));
        let close = calendar::time("quiet_from", &customer.quiet_from);
        let open = calendar::time("quiet_to", &customer.quiet_to);
        if let (Ok(open), Ok(close)) = (&open, &close)
            && open >= close
        {
            let why = format!("`quiet_to` ({open}) must be earlier in the day than `quiet_from` ({close})");
            say("quiet_to", Err(why));
        }
        say("quiet_from", close.map(drop));
        say("quiet_to", open.map(drop));
        say("contacting", customer.contacting.check());
        let production = &customer.production;
        for (key, days) in
            [("holidays", &customer.holidays), ("shutdowns", &production.shutdowns), ("busy", &production.busy)]
        {
            let path = if key == "holidays" { key.to_owned() } else { format!("production.{key}") };
            for day in days {
                say(&path, calendar::span(key, day).map(drop));
            }
        }
        for shift in &production.shifts {
            say("production.shifts", calendar::shift(shift).map(drop));
        }
        say("addresses", customer.addresses.get("email").map_or(Ok(()), |text| mail_address(text)));
        for (n, contact) in customer.contacts.iter().enumerate() {
            let address = contact.email.as_deref().map_or(Ok(()), mail_address);
            say(&format!("contacts[{n}].email"), address);
        }
        for medium in &customer.channels {
            let known = customer.addresses.contains_key(medium);
            let why = || format!("there is no address for `{medium}` in `addresses`");
            say("channels", if known { Ok(()) } else { Err(why()) });
        }
    }

    fn technician(&self, technician: &Technician, say: &mut dyn FnMut(&str, Result<(), String>)) {
        say("depot", technician.depot.as_deref().map_or(Ok(()), |depot| self.names("depot", depot)));
        for day in &technician.away {
            say("away", calendar::span("away", day).map(drop));
        }
        for (n, skill) in technician.skills.iter().enumerate() {
            say(&format!("skills[{n}]"), self.work(skill));
        }
        let sound = technician.hours_per_week.is_none_or(|hours| hours.is_finite() && hours > 0.0);
        say("hours_per_week", if sound { Ok(()) } else { Err("`hours_per_week` must be a number above 0".into()) });
    }

    fn depot(&self, depot: &Depot, say: &mut dyn FnMut(&str, Result<(), String>)) {
        say("latitude_deg", place(depot.latitude_deg, depot.longitude_deg));
        let parts: BTreeSet<&str> =
            self.catalogue.actions.values().flat_map(|action| action.parts.iter().map(String::as_str)).collect();
        for part in depot.opening_stock.keys().filter(|part| !parts.contains(part.as_str())) {
            let known = parts.iter().copied().collect::<Vec<_>>().join(", ");
            let why = format!("there is no part `{part}`; the catalogue has {known}");
            say(&format!("opening_stock.{part}"), Err(why));
        }
    }

    fn work(&self, code: &str) -> Result<(), String> {
        if self.catalogue.actions.contains_key(code) {
            return Ok(());
        }
        let works = self.catalogue.actions.keys().cloned().collect::<Vec<_>>().join(", ");
        Err(format!("there is no work `{code}`; the catalogue has {works}"))
    }

    fn machine(&self, machine: &Machine, say: &mut dyn FnMut(&str, Result<(), String>)) {
        match MachineId::parse(&machine.id) {
            Ok(id) => say("id", self.names("site", id.site())),
            Err(error) => say("id", Err(error.to_string())),
        }
        for (n, task) in machine.service.iter().enumerate() {
            say(&format!("service[{n}].work"), self.work(&task.work));
        }
        for (key, why) in machine.figures() {
            say(&key, Err(why));
        }
    }

    fn names(&self, kind: &'static str, id: &str) -> Result<(), String> {
        let known = self.known.contains(&(kind, id.to_owned()));
        if known { Ok(()) } else { Err(format!("there is no [[{kind}]] `{id}` in this file")) }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const EXAMPLE: &str = include_str!("../../../config/examples/customers.toml");

    #[track_caller]
    fn check(changes: &[(&str, &str)], expected: Expect) {
        let mut text = EXAMPLE.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        let (_, problems) = Registry::examine(text.parse().unwrap(), &catalogue);
        let lines: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}\n", problem.path, problem.why)).collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn the_example_is_sound() {
        check(&[], expect![[""]]);
    }

    #[test]
    fn every_slip_is_named_at_once() {
        check(
            &[
                ("advisor = \"wang\"", "advisor = \"wong\""),
                ("quiet_from = \"20:00\"", "quiet_from = \"8pm\""),
                ("\"2026-12-31\"", "\"2026-12-32\""),
                ("li@huaxin.example", "li-at-huaxin"),
                ("zone = \"Europe/London\"", "zone = \"Europe/Leeds\""),
                ("customer = \"acme\"", "customer = \"acne\""),
                ("id = \"s01/m002\"", "id = \"m002\""),
                ("work = \"oil_changed\"", "work = \"oil_chagned\""),
                ("id = \"s02/m002\"", "id = \"s09/m002\"\nnmae = \"x\"\ncolour = \"red\""),
            ],
            expect![[r#"
                machine[1].colour: machine `s09/m002`: unknown key `colour`; known here: id, number, model, rated_kw, tariff_per_kwh, stop_cost, consequence, service
                machine[1].nmae: machine `s09/m002`: unknown key `nmae`; known here: id, number, model, rated_kw, tariff_per_kwh, stop_cost, consequence, service
                customer[0].advisor: customer `huaxin`: there is no [[advisor]] `wong` in this file
                customer[0].quiet_from: customer `huaxin`: `quiet_from`: `8pm` is not a time such as 20:00
                customer[0].holidays: customer `huaxin`: `holidays`: `2026-12-32` is not a date such as 2026-10-01
                customer[0].addresses: customer `huaxin`: `li-at-huaxin` is not an e-mail address (Missing domain or user)
                customer[1].zone: customer `acme`: `zone`: `Europe/Leeds` is not an IANA time zone
                site[1].customer: site `s02`: there is no [[customer]] `acne` in this file
                machine[0].id: machine `m002`: `m002` is not of the form site/machine
                machine[0].service[0].work: machine `m002`: there is no work `oil_chagned`; the catalogue has bearing_inspected, cooler_cleaned, fan_repaired, inlet_valve_serviced, intake_filter_replaced, leak_surveyed, motor_bearing_serviced, oil_changed, oil_filter_replaced, oil_topped_up, sensor_replaced, separator_replaced, serviced, supply_checked, thermostatic_valve_replaced, ventilation_checked, vibration_tested
                machine[1].id: machine `s09/m002`: there is no [[site]] `s09` in this file
            "#]],
        );
    }

    #[test]
    fn what_no_name_and_no_figure_can_be_is_named() {
        let long = format!("number = \"{}\"", "x".repeat(201));
        check(
            &[
                ("id = \"huaxin\"", "id = \"hua\\u0000xin\""),
                ("customer = \"huaxin\"", "customer = \"hua\\u202exin\""),
                ("number = \"2号机\"", &long),
                ("tariff_per_kwh = 0.72", "tariff_per_kwh = 1e308"),
                ("stop_cost = 20000.0", "stop_cost = 1e308"),
                ("\"2026-12-31\"", "\"0001-01-01/9999-12-31\""),
            ],
            expect![[r#"
                customer[0].id: customer `huaxin`: it holds control characters or more than 200 characters
                site[0].customer: site `s01`: it holds control characters or more than 200 characters
                machine[0].number: machine `s01/m002`: it holds control characters or more than 200 characters
                machine[0].tariff_per_kwh: machine `s01/m002`: `tariff_per_kwh` must be a number above 0 and up to 1000000
                machine[0].stop_cost: machine `s01/m002`: `stop_cost` must be a number above 0 and up to 1000000000000
            "#]],
        );
    }

    #[test]
    fn a_misshapen_entry_is_still_there_for_those_that_name_it() {
        check(
            &[("language = \"zh-CN\"", "language = \"cn\""), ("phone = \"+86 21", "phone = 1 # \"+86 21")],
            expect![[r#"
                advisor[0].phone: advisor `wang`: `phone` is the number 1, where a text in quotes belongs
                technician[0].language: technician `chen`: `language`: `cn` is none of `zh-CN`, `en`
            "#]],
        );
    }
}
