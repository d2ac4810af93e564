//! The lines of a spreadsheet, one after the other: what each says of a customer, a site and a machine, or everything that is wrong
//! with it. Whoever mends a line must not be told of its next fault a file later.

use std::collections::BTreeMap;

use foretell_model::{Catalogue, MachineId, SiteId};

use super::contradictions::{self, Told};
use super::{COLUMNS, Known, own_key};
use crate::calendar;
use crate::cells::{Fault, degrees, misread, needed, number, positive, several};
use crate::problems::mail_address;
use crate::registry::{Customer, Entity, Language, Machine, Registry, ServiceTask, Site};

/// Advisors stand in no spreadsheet.
const HOW_TO_REGISTER: &str =
    "`foretell customers import FILE.toml` takes an [[advisor]] as in config/examples/customers.toml";

/// Gives a line's field by its column.
type Get<'g, 'f> = &'g dyn Fn(&str) -> &'f str;

/// The faults of a line.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    /// A value, or nothing where there is a fault in its place.
    fn sound<T>(&mut self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }

    fn add(&mut self, column: &'static str, why: String, remedy: &str) {
        self.0.push((column, why, remedy.to_owned()));
    }
}

/// What was read so far.
pub(super) struct Reader<'a> {
    known: &'a Known,
    catalogue: &'a Catalogue,
    /// The lines of each machine. Of two nobody knows which is right, so neither is taken.
    lines_of: BTreeMap<String, Vec<usize>>,
    /// The first line in which a customer was refused, by the customer's key.
    refused: BTreeMap<String, usize>,
    /// What the lines taken so far tell of customers and sites.
    told: Told,
    registry: Registry,
}

impl<'a> Reader<'a> {
    /// Before the first line.
    pub(super) fn new(known: &'a Known, catalogue: &'a Catalogue, lines_of: BTreeMap<String, Vec<usize>>) -> Self {
        let (refused, told, registry) = (BTreeMap::new(), Told::default(), Registry::default());
        Self { known, catalogue, lines_of, refused, told, registry }
    }

    /// Everything that was taken.
    pub(super) fn into_registry(self) -> Registry {
        self.registry
    }

    /// Takes one line, or gives everything that is wrong with it.
    pub(super) fn line(&mut self, line: usize, get: Get<'_, '_>) -> Vec<Fault> {
        let mut faults = Faults::default();
        let customer = self.customer(get, &mut faults);
        let site = self.site(get, &mut faults);
        let machine = self.machine(get, &mut faults);
        let says = contradictions::says(get);
        faults.0.extend(self.told.contradicted(&says));
        faults.sound(contradictions::stands_once(&machine.id, self.lines_of.get(&machine.id)));
        // Without a site there is a fault.
        let Some(site) = site.filter(|_| faults.0.is_empty()) else { return self.refuse(line, get, faults.0) };
        replace(&mut self.registry.customers, customer);
        replace(&mut self.registry.sites, site);
        self.registry.machines.push(machine);
        self.told.note(line, says);
        Vec::new()
    }

    /// Leaves a line out with its faults.
    pub(super) fn refuse(&mut self, line: usize, get: Get<'_, '_>, faults: Vec<Fault>) -> Vec<Fault> {
        self.refused.entry(get("customer").to_owned()).or_insert(line);
        faults
    }

    fn customer(&self, get: Get<'_, '_>, faults: &mut Faults) -> Customer {
        let id = faults.sound(needed(get, "customer")).unwrap_or_default();
        if let Err(error) = SiteId::new(id)
            && !id.is_empty()
        {
            let remedy = "use a key of letters, digits, `.`, `_` and `-`, at most 64; the company's name has a column of its own";
            faults.add("customer", error.to_string(), remedy);
        }
        let mut customer = self.begun(id, get, faults);
        let text = |column: &str| Some(get(column)).filter(|text| !text.is_empty()).map(str::to_owned);
        customer.name = text("customer_name").unwrap_or(customer.name);
        customer.contact = text("contact").or(customer.contact);
        customer.zone = text("zone").unwrap_or(customer.zone);
        customer.advisor = text("advisor").unwrap_or(customer.advisor);
        match (get("language"), contradictions::language(get("language"))) {
            ("", _) => {}
            (_, Some(language)) => customer.language = language,
            (other, None) => {
                faults.add("language", format!("`{}` is no language here", other.to_lowercase()), "write zh-CN or en");
            }
        }
        if !customer.advisor.is_empty() && !self.known.advisors.contains(&customer.advisor) {
            let known = self.known.advisors.iter().cloned().collect::<Vec<_>>().join(", ");
            let remedy = match known.as_str() {
                "" => format!("register the advisor first: {HOW_TO_REGISTER}"),
                known => format!("write one of {known}, or register the advisor first: {HOW_TO_REGISTER}"),
            };
            faults.add("advisor", format!("there is no advisor `{}`", customer.advisor), &remedy);
        }
        if let Some(email) = text("email") {
            if let Err(why) = mail_address(&email) {
                faults.add("email", why, "correct it or leave the field empty");
            }
            customer.addresses.insert("email".into(), email);
        }
        if let Some(phone) = text("phone") {
            customer.addresses.insert("phone".into(), phone);
        }
        ways(get, &mut customer, faults);
        times(get, &mut customer, faults);
        customer
    }

    /// The customer as known before this line; of a new one what its first line must say.
    fn begun(&self, id: &str, get: Get<'_, '_>, faults: &mut Faults) -> Customer {
        let before = self.registry.customers.iter().find(|customer| customer.id == id).or(self.known.customers.get(id));
        if let Some(known) = before {
            return known.clone();
        }
        let anybody = |name, advisor| Customer::new(id, name, Language::ZhCn, advisor);
        // That the key is missing was said, and nobody knows whether it is a new one's.
        if id.is_empty() {
            return anybody("", "");
        }
        // A further line of the customer says no more than its key, which is right.
        if let Some(line) = self.refused.get(id).filter(|_| get("customer_name").is_empty()) {
            let why = format!("customer `{id}` was refused in line {line}");
            faults.add("customer", why, "mend that one, and this one is taken with it");
            return anybody("", "");
        }
        let (name, advisor) = (faults.sound(needed(get, "customer_name")), faults.sound(needed(get, "advisor")));
        anybody(name.unwrap_or_default(), advisor.unwrap_or_default())
    }

    fn site(&self, get: Get<'_, '_>, faults: &mut Faults) -> Option<Site> {
        let (customer, id) = (get("customer"), faults.sound(needed(get, "site"))?);
        let before = self.registry.sites.iter().find(|site| site.id == id).or(self.known.sites.get(id));
        let mut site = before.cloned().unwrap_or_else(|| Site::new(id, customer));
        if !customer.is_empty() && site.customer != customer {
            let why = format!("site `{id}` belongs to customer `{}`", site.customer);
            faults.add("site", why, "give each site one customer, or another key");
        }
        let text = |column: &str, old: String| Some(get(column)).filter(|s| !s.is_empty()).map_or(old, str::to_owned);
        site.name = text("site_name", site.name);
        site.address = text("address", site.address);
        site.latitude_deg = faults.sound(degrees(get, "latitude_deg", 90.0)).flatten().or(site.latitude_deg);
        site.longitude_deg = faults.sound(degrees(get, "longitude_deg", 180.0)).flatten().or(site.longitude_deg);
        // One of the two alone is no place; of one that cannot be read enough was said.
        let lacking = match (site.latitude_deg, site.longitude_deg) {
            (Some(_), None) => Some("longitude_deg"),
            (None, Some(_)) => Some("latitude_deg"),
            _ => None,
        };
        if let Some(column) = lacking.filter(|column| get(column).is_empty()) {
            faults.sound(needed(get, column));
        }
        Some(site)
    }

    fn machine(&self, get: Get<'_, '_>, faults: &mut Faults) -> Machine {
        let (site, machine) = (get("site"), faults.sound(needed(get, "machine")));
        let number = faults.sound(needed(get, "number")).unwrap_or_default();
        // That a site is missing is said of the site; whatever the key, its figures are looked at.
        let id = machine.filter(|_| !site.is_empty()).and_then(|machine| {
            faults.sound(MachineId::new(site, own_key(site, machine)).map_err(|error| {
                let remedy = "use the keys that telemetry carries: letters, digits, `.`, `_` and `-`, at most 64";
                ("machine", error.to_string(), remedy.to_owned())
            }))
        });
        let id = id.as_ref().map_or("", |id| id.as_str());
        let mut machine = self.known.machines.get(id).cloned().unwrap_or_else(|| Machine::new(id, number));
        machine.number = number.to_owned();
        machine.model = Some(get("model")).filter(|s| !s.is_empty()).map(str::to_owned).or(machine.model);
        let mut figure = |column| faults.sound(positive(get, column)).flatten();
        machine.rated_kw = figure("rated_kw").or(machine.rated_kw);
        machine.tariff_per_kwh = figure("tariff_per_kwh").or(machine.tariff_per_kwh);
        machine.stop_cost = figure("stop_cost").or(machine.stop_cost);
        machine.consequence = figure("consequence").unwrap_or(machine.consequence);
        if !get("service").is_empty() {
            let tasks = get("service").split('|').map(|task| self.task(task));
            machine.service = tasks.filter_map(|task| faults.sound(task)).collect();
        }
        let column = |key: &str| COLUMNS.iter().map(|(column, ..)| *column).find(|column| key.starts_with(*column));
        let wrong = machine.figures().into_iter().filter_map(|(key, why)| Some((column(&key)?, why)));
        for (column, why) in wrong {
            let why = why.replacen(&format!("`{column}` must"), "it must", 1);
            faults.add(column, why, "correct it or leave the field empty");
        }
        machine
    }

    fn task(&self, text: &str) -> Result<ServiceTask, Fault> {
        let remedy = "write work:interval or work:interval:last_done in running hours, e.g. oil_changed:4000:8000";
        let fault = |why: String, remedy: &str| ("service", why, remedy.to_owned());
        let mut parts = text.split(':').map(str::trim);
        let (work, interval, last) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let hours = |text: Option<&str>| text.and_then(number).filter(|hours| *hours >= 0.0);
        let interval_h = hours(interval).filter(|hours| *hours > 0.0);
        let last_done_h = if last.is_some() { hours(last) } else { Some(0.0) };
        let (Some(interval_h), Some(last_done_h), None) = (interval_h, last_done_h, parts.next()) else {
            return Err(fault(format!("`{}` is no work with its hours", text.trim()), remedy));
        };
        if !self.catalogue.actions.contains_key(work) {
            let known = self.catalogue.actions.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(fault(format!("there is no work `{work}`"), &format!("the catalogue has {known}")));
        }
        Ok(ServiceTask { work: work.to_owned(), interval_h, last_done_h })
    }
}

/// Addresses beside mail and telephone, and the customer's order of ways.
fn ways(get: Get<'_, '_>, customer: &mut Customer, faults: &mut Faults) {
    for pair in several(get("addresses")) {
        let (medium, address) =
            pair.split_once(':').map_or(("", ""), |(medium, address)| (medium.trim(), address.trim()));
        if medium.is_empty() || address.is_empty() {
            let why = format!("`{pair}` is no address with its medium");
            faults.add("addresses", why, "write medium:address, e.g. sms:+86 138 0000 0001");
            continue;
        }
        if medium == "email"
            && let Err(why) = mail_address(address)
        {
            faults.add("addresses", why, "correct it or leave it out");
        }
        customer.addresses.insert(medium.to_owned(), address.to_owned());
    }
    if !get("channels").is_empty() {
        customer.channels = several(get("channels")).map(str::to_owned).collect();
    }
    for medium in customer.channels.iter().filter(|medium| !customer.addresses.contains_key(*medium)) {
        let why = format!("there is no address for `{medium}`");
        faults.add("channels", why, "give the address in `addresses`, or take the medium away");
    }
}

/// Zone, quiet hours, holidays and production calendar.
fn times(get: Get<'_, '_>, customer: &mut Customer, faults: &mut Faults) {
    let before = faults.0.len();
    if customer.zone.parse::<chrono_tz::Tz>().is_err() {
        let why = format!("`{}` is not an IANA time zone", customer.zone);
        faults.add("zone", why, "write it as the tz database does, e.g. Asia/Shanghai");
    }
    for (column, time) in [("quiet_from", &mut customer.quiet_from), ("quiet_to", &mut customer.quiet_to)] {
        if !get(column).is_empty() {
            get(column).clone_into(time);
            let read = calendar::time(column, time).map_err(|why| misread(column, &why, "write it as 20:00"));
            faults.sound(read);
        }
    }
    let production = &mut customer.production;
    for (column, days) in
        [("holidays", &mut customer.holidays), ("shutdowns", &mut production.shutdowns), ("busy", &mut production.busy)]
    {
        if !get(column).is_empty() {
            *days = several(get(column)).map(str::to_owned).collect();
            let remedy = "write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them";
            for day in days.iter() {
                faults.sound(calendar::span(column, day).map_err(|why| misread(column, &why, remedy)));
            }
        }
    }
    if !get("shifts").is_empty() {
        production.shifts = several(get("shifts")).map(str::to_owned).collect();
        for text in &production.shifts {
            let read =
                calendar::shift(text).map_err(|why| misread("shifts", &why, "write several with | between them"));
            faults.sound(read);
        }
    }
    // Each is sound by itself; together the quiet hours may still turn the day around. What stands alone was said.
    if faults.0.len() == before
        && SiteId::new(&customer.id).is_ok()
        && let Err(why) = customer.check()
    {
        faults.add("quiet_to", why, "let the day begin before it ends");
    }
}

/// Puts a thing in the place of the one with its key, or at the end.
fn replace<T: Entity>(things: &mut Vec<T>, thing: T) {
    match things.iter_mut().find(|other| other.id() == thing.id()) {
        Some(other) => *other = thing,
        None => things.push(thing),
    }
}
