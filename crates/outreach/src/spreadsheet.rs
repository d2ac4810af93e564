//! Customers, sites and machines from a spreadsheet saved as CSV: one line a machine. Pure.
//!
//! Lines that cannot be used are left out and reported with their number, what is wrong and what to do; all others come in.
//! Commas, semicolons or tabs between the fields, UTF-8 with or without BOM, quotes as in RFC 4180.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{Catalogue, MachineId};

use crate::problems::mail_address;
use crate::registry::{Customer, Entity, Language, Machine, Registry, ServiceTask, Site};

/// The columns, in any order; those marked * must be there.
pub const COLUMNS: &[(&str, bool, &str)] = &[
    ("customer", true, "key of the customer"),
    ("customer_name", false, "the company's name; needed on the customer's first line"),
    ("contact", false, "how letters address the person, e.g. Mr Li"),
    ("language", false, "zh-CN or en (default zh-CN)"),
    ("zone", false, "IANA time zone (default Asia/Shanghai)"),
    ("advisor", false, "key of the advisor; needed on the customer's first line"),
    ("email", false, "where messages go"),
    ("phone", false, "for the advisor who calls"),
    ("site", true, "key of the site, as in telemetry"),
    ("site_name", false, "what people call it"),
    ("address", false, "where the technician drives to"),
    ("machine", true, "key of the machine on its site, as in telemetry"),
    ("number", true, "what the customer calls the machine, e.g. No. 2"),
    ("model", false, "type designation"),
    ("rated_kw", false, "rated motor power, kW"),
    ("tariff_per_kwh", false, "price of electricity, money per kWh"),
    ("service", false, "work by running hours, e.g. oil_changed:4000:8000; more behind a | (interval, last done)"),
];

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number in the file, 1 = the header.
    pub line: usize,
    /// The column at fault; empty when the line as a whole is.
    pub column: &'static str,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.column.is_empty() {
            write!(f, "`{}`: ", self.column)?;
        }
        write!(f, "{}; {}", self.why, self.remedy)
    }
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Everything that can be registered.
    pub registry: Registry,
    /// Lines left out, in the file's order.
    pub refused: Vec<Refused>,
    /// Columns nobody knows; they were not looked at.
    pub ignored: Vec<String>,
}

/// What is registered already, so that a file may add machines to known customers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Keys of the advisors.
    pub advisors: BTreeSet<String>,
    /// Customers by key.
    pub customers: BTreeMap<String, Customer>,
    /// Sites by key.
    pub sites: BTreeMap<String, Site>,
    /// Machines by identity.
    pub machines: BTreeMap<String, Machine>,
}

/// Reads a spreadsheet.
#[must_use]
pub fn read(text: &str, known: &Known, catalogue: &Catalogue) -> Sheet {
    let mut lines = rows(text.strip_prefix('\u{feff}').unwrap_or(text)).into_iter();
    let mut sheet = Sheet::default();
    let Some((_, header)) = lines.next() else {
        sheet.refused.push(refused(1, "", "the file is empty", "save the spreadsheet as CSV with its header line"));
        return sheet;
    };
    let places: BTreeMap<String, usize> =
        header.iter().enumerate().map(|(n, name)| (name.trim().to_lowercase(), n)).collect();
    let is_known = |name: &str| COLUMNS.iter().any(|(column, ..)| *column == name);
    sheet.ignored = places.keys().filter(|name| !name.is_empty() && !is_known(name)).cloned().collect();
    let missing: Vec<&str> = COLUMNS.iter().filter(|c| c.1 && !places.contains_key(c.0)).map(|c| c.0).collect();
    if !missing.is_empty() {
        let why = format!("the header lacks {}", missing.join(", "));
        sheet.refused.push(refused(1, "", &why, "name the columns in the first line"));
        return sheet;
    }
    let doubled = |name: &str| header.iter().filter(|column| column.trim().eq_ignore_ascii_case(name)).count() > 1;
    let doubled: Vec<&str> = COLUMNS.iter().map(|(column, ..)| *column).filter(|name| doubled(name)).collect();
    if !doubled.is_empty() {
        let why = format!("the header has {} twice", doubled.join(", "));
        sheet.refused.push(refused(1, "", &why, "take one of the two columns away"));
        return sheet;
    }
    let mut reader = Reader { known, catalogue, seen: BTreeSet::new(), registry: Registry::default() };
    for (line, fields) in lines {
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let get = |column: &str| places.get(column).and_then(|n| fields.get(*n)).map_or("", |field| field.trim());
        if let Err((column, why, remedy)) = reader.line(&get) {
            sheet.refused.push(Refused { line, column, why, remedy });
        }
    }
    sheet.registry = reader.registry;
    sheet
}

/// What is wrong with a line: the column, why, the remedy.
type Fault = (&'static str, String, String);

struct Reader<'a> {
    known: &'a Known,
    catalogue: &'a Catalogue,
    seen: BTreeSet<String>,
    registry: Registry,
}

impl Reader<'_> {
    /// Takes one line, wholly or not at all.
    fn line<'f>(&mut self, get: &dyn Fn(&str) -> &'f str) -> Result<(), Fault> {
        let customer = self.customer(get)?;
        let site = self.site(get, &customer.id)?;
        let machine = self.machine(get)?;
        if !self.seen.insert(machine.id.clone()) {
            let why = format!("machine `{}` stands in the file twice", machine.id);
            return Err(("machine", why, "keep one of the two lines".into()));
        }
        replace(&mut self.registry.customers, customer);
        replace(&mut self.registry.sites, site);
        self.registry.machines.push(machine);
        Ok(())
    }

    fn customer<'f>(&self, get: &dyn Fn(&str) -> &'f str) -> Result<Customer, Fault> {
        let id = needed(get, "customer")?;
        let before = self.registry.customers.iter().find(|customer| customer.id == id).or(self.known.customers.get(id));
        let mut customer = match before {
            Some(known) => known.clone(),
            None => {
                let (name, advisor) = (needed(get, "customer_name")?, needed(get, "advisor")?);
                Customer::new(id, name, Language::ZhCn, advisor)
            }
        };
        let text = |column: &str| Some(get(column)).filter(|text| !text.is_empty()).map(str::to_owned);
        customer.name = text("customer_name").unwrap_or(customer.name);
        customer.contact = text("contact").or(customer.contact);
        customer.zone = text("zone").unwrap_or(customer.zone);
        customer.advisor = text("advisor").unwrap_or(customer.advisor);
        customer.language = match get("language").to_lowercase().as_str() {
            "" => customer.language,
            "zh-cn" | "zh" | "中文" => Language::ZhCn,
            "en" | "english" => Language::En,
            other => return Err(("language", format!("`{other}` is no language here"), "write zh-CN or en".into())),
        };
        if !self.known.advisors.contains(&customer.advisor) {
            let known = self.known.advisors.iter().cloned().collect::<Vec<_>>().join(", ");
            let remedy = match known.as_str() {
                "" => "register an advisor first, in the customers file".to_owned(),
                known => format!("write one of {known}, or register the advisor first"),
            };
            return Err(("advisor", format!("there is no advisor `{}`", customer.advisor), remedy));
        }
        if let Some(email) = text("email") {
            mail_address(&email).map_err(|why| ("email", why, "correct it or leave the field empty".to_owned()))?;
            customer.addresses.insert("email".into(), email);
        }
        if let Some(phone) = text("phone") {
            customer.addresses.insert("phone".into(), phone);
        }
        let sound = customer.check().map(|()| customer);
        sound.map_err(|why| {
            ("zone", why.replace("`zone`: ", ""), "write it as the tz database does, e.g. Asia/Shanghai".into())
        })
    }

    fn site<'f>(&self, get: &dyn Fn(&str) -> &'f str, customer: &str) -> Result<Site, Fault> {
        let id = needed(get, "site")?;
        let before = self.registry.sites.iter().find(|site| site.id == id).or(self.known.sites.get(id));
        let mut site = before.cloned().unwrap_or_else(|| Site::new(id, customer));
        if site.customer != customer {
            let why = format!("site `{id}` belongs to customer `{}`", site.customer);
            return Err(("site", why, "give each site one customer, or another key".into()));
        }
        let text = |column: &str, old: String| Some(get(column)).filter(|s| !s.is_empty()).map_or(old, str::to_owned);
        site.name = text("site_name", site.name);
        site.address = text("address", site.address);
        Ok(site)
    }

    fn machine<'f>(&self, get: &dyn Fn(&str) -> &'f str) -> Result<Machine, Fault> {
        let (site, machine) = (needed(get, "site")?, needed(get, "machine")?);
        // The identity itself is taken as well, as telemetry topics show it.
        let own = machine.strip_prefix(site).and_then(|rest| rest.strip_prefix('/')).unwrap_or(machine);
        let id = MachineId::new(site, own).map_err(|error| {
            let remedy = "use the keys that telemetry carries: letters, digits, `.`, `_` and `-`, at most 64";
            ("machine", error.to_string(), remedy.to_owned())
        })?;
        let number = needed(get, "number")?;
        let mut machine =
            self.known.machines.get(id.as_str()).cloned().unwrap_or_else(|| Machine::new(id.as_str(), number));
        machine.number = number.to_owned();
        machine.model = Some(get("model")).filter(|s| !s.is_empty()).map(str::to_owned).or(machine.model);
        machine.rated_kw = positive(get, "rated_kw")?.or(machine.rated_kw);
        machine.tariff_per_kwh = positive(get, "tariff_per_kwh")?.or(machine.tariff_per_kwh);
        if !get("service").is_empty() {
            machine.service = get("service").split('|').map(|task| self.task(task)).collect::<Result<_, _>>()?;
        }
        Ok(machine)
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

fn refused(line: usize, column: &'static str, why: &str, remedy: &str) -> Refused {
    Refused { line, column, why: why.to_owned(), remedy: remedy.to_owned() }
}

fn needed<'f>(get: &dyn Fn(&str) -> &'f str, column: &'static str) -> Result<&'f str, Fault> {
    match get(column) {
        "" => Err((column, "it is empty".into(), "fill it in".into())),
        text => Ok(text),
    }
}

fn positive<'f>(get: &dyn Fn(&str) -> &'f str, column: &'static str) -> Result<Option<f64>, Fault> {
    match get(column) {
        "" => Ok(None),
        text => match number(text).filter(|x| *x > 0.0) {
            Some(x) => Ok(Some(x)),
            None => Err((column, format!("`{text}` is not a number above 0"), "write it like 75 or 0.82".into())),
        },
    }
}

/// A finite number; a comma counts as the decimal point where there is no point.
fn number(text: &str) -> Option<f64> {
    let plain = if text.contains('.') { text.to_owned() } else { text.replace(',', ".") };
    plain.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// Puts a thing in the place of the one with its key, or at the end.
fn replace<T: Entity>(things: &mut Vec<T>, thing: T) {
    match things.iter_mut().find(|other| other.id() == thing.id()) {
        Some(other) => *other = thing,
        None => things.push(thing),
    }
}

/// The rows with the number of the line on which each begins. The separator is whichever of comma, semicolon and tab the first
/// line has most of.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().rev().max_by_key(|c| first.matches(*c).count()).unwrap_or(',');
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut began, mut quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.trim().is_empty() => {
                quoted = !quoted;
                field = field.trim_start().to_owned();
            }
            c if c == separator && !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push((began, std::mem::take(&mut row)));
                began = line;
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push((began, row));
    }
    rows
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn known() -> Known {
        let site = Site::new("s09", "other");
        Known {
            advisors: ["wang".to_owned()].into(),
            customers: [("other".to_owned(), Customer::new("other", "Other", Language::En, "wang"))].into(),
            sites: [("s09".to_owned(), site)].into(),
            machines: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        let sheet = read(text, &known(), &catalogue);
        let mut out = String::new();
        for customer in &sheet.registry.customers {
            out += &format!("{} {} {:?} {:?}\n", customer.id, customer.name, customer.contact, customer.addresses);
        }
        for site in &sheet.registry.sites {
            out += &format!("{} of {}: {}\n", site.id, site.customer, site.address);
        }
        for machine in &sheet.registry.machines {
            let service: Vec<String> = machine
                .service
                .iter()
                .map(|task| format!("{} every {} h from {}", task.work, task.interval_h, task.last_done_h))
                .collect();
            out += &format!("{} {} {:?} {}\n", machine.id, machine.number, machine.rated_kw, service.join(", "));
        }
        for refused in &sheet.refused {
            out += &format!("refused {refused}\n");
        }
        if !sheet.ignored.is_empty() {
            out += &format!("ignored {}\n", sheet.ignored.join(", "));
        }
        expected.assert_eq(&out);
    }

    #[test]
    fn a_spreadsheet_comes_in_line_by_line() {
        check(
            "\u{feff}customer;customer_name;contact;advisor;email;site;address;machine;number;rated_kw;service;colour\r\n\
             hx;华新纺织;李工;wang;li@huaxin.example;s01;\"工业园区\n1号\";m001;1号机;75;oil_changed:4000:8000|separator_replaced:8000;red\r\n\
             hx;;;;;s01;;s01/m002;2号机;55,5;;\r\n\
             ;;;;;;;;;;;\r\n\
             other;;;;;s09;;m1;No. 1;;;\r\n",
            expect![[r#"
                hx 华新纺织 Some("李工") {"email": "li@huaxin.example"}
                other Other None {}
                s01 of hx: 工业园区
                1号
                s09 of other: 
                s01/m001 1号机 Some(75.0) oil_changed every 4000 h from 8000, separator_replaced every 8000 h from 0
                s01/m002 2号机 Some(55.5) 
                s09/m1 No. 1 None 
                ignored colour
            "#]],
        );
    }

    #[test]
    fn what_is_refused_says_where_why_and_what_to_do() {
        check(
            "customer,customer_name,advisor,email,language,zone,site,machine,number,rated_kw,service\n\
             a,,wang,,,,s1,m1,1,,\n\
             b,B,wong,,,,s1,m1,1,,\n\
             c,C,wang,c-at-c,,,s1,m1,1,,\n\
             d,D,wang,,klingon,,s1,m1,1,,\n\
             e,E,wang,,,Asia/Suzhou,s1,m1,1,,\n\
             f,F,wang,,,,s09,m1,1,,\n\
             g,G,wang,,,,s1,m 1,1,,\n\
             h,H,wang,,,,s1,m1,,,\n\
             i,I,wang,,,,s1,m1,1,-3,\n\
             j,J,wang,,,,s1,m1,1,,oil_chagned:4000\n\
             k,K,wang,,,,s1,m1,1,,oil_changed\n\
             l,L,wang,,,,s1,m1,1,,\n\
             l,L,wang,,,,s1,m1,1,,\n",
            expect![[r#"
                l L None {}
                s1 of l: 
                s1/m1 1 None 
                refused line 2: `customer_name`: it is empty; fill it in
                refused line 3: `advisor`: there is no advisor `wong`; write one of wang, or register the advisor first
                refused line 4: `email`: `c-at-c` is not an e-mail address (Missing domain or user); correct it or leave the field empty
                refused line 5: `language`: `klingon` is no language here; write zh-CN or en
                refused line 6: `zone`: `Asia/Suzhou` is not an IANA time zone; write it as the tz database does, e.g. Asia/Shanghai
                refused line 7: `site`: site `s09` belongs to customer `other`; give each site one customer, or another key
                refused line 8: `machine`: `m 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; use the keys that telemetry carries: letters, digits, `.`, `_` and `-`, at most 64
                refused line 9: `number`: it is empty; fill it in
                refused line 10: `rated_kw`: `-3` is not a number above 0; write it like 75 or 0.82
                refused line 11: `service`: there is no work `oil_chagned`; the catalogue has bearing_inspected, cooler_cleaned, fan_repaired, inlet_valve_serviced, intake_filter_replaced, leak_surveyed, motor_bearing_serviced, oil_changed, oil_filter_replaced, oil_topped_up, sensor_replaced, separator_replaced, serviced, supply_checked, thermostatic_valve_replaced, ventilation_checked, vibration_tested
                refused line 12: `service`: `oil_changed` is no work with its hours; write work:interval or work:interval:last_done in running hours, e.g. oil_changed:4000:8000
                refused line 14: `machine`: machine `s1/m1` stands in the file twice; keep one of the two lines
            "#]],
        );
        check(
            "",
            expect![[r#"
            refused line 1: the file is empty; save the spreadsheet as CSV with its header line
        "#]],
        );
        check(
            "customer,site\na,s1\n",
            expect![[r#"
            refused line 1: the header lacks machine, number; name the columns in the first line
        "#]],
        );
    }
}
