//! Customers, sites and machines from a spreadsheet saved as CSV: one line a machine. Pure.
//!
//! Lines that cannot be used are left out and reported with their number, everything that is wrong and what to do; all others come
//! in.
//! Commas, semicolons or tabs between the fields, UTF-8 with or without BOM, quotes as in RFC 4180.

mod contradictions;
mod reader;

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::Catalogue;

use self::reader::Reader;
use crate::csv::{doubt, rows};
use crate::registry::{Customer, Machine, Registry, Site};

/// The columns, in any order, whether each must be there, and what stands in it. Several things in one field stand between `|`;
/// an empty field leaves what is registered.
pub const COLUMNS: &[(&str, bool, &str)] = &[
    ("customer", true, "key of the customer"),
    ("customer_name", false, "the company's name; needed on the customer's first line"),
    ("contact", false, "how letters address the person, e.g. Mr Li"),
    ("language", false, "zh-CN or en (default zh-CN)"),
    ("zone", false, "IANA time zone (default Asia/Shanghai)"),
    ("advisor", false, "key of the advisor; needed on the customer's first line"),
    ("email", false, "where messages go"),
    ("phone", false, "for the advisor who calls"),
    ("addresses", false, "of other channels, medium:address, e.g. sms:+86 138 0000 0001|wecom:li.gong"),
    ("channels", false, "media in the order the customer prefers, e.g. wecom|email"),
    ("quiet_from", false, "time of day at which messages stop (default 20:00)"),
    ("quiet_to", false, "time of day at which they may go out again (default 08:00)"),
    ("holidays", false, "days off beside the public ones, e.g. 2026-12-24|2026-12-28/2026-12-31"),
    ("shifts", false, "weekly production, e.g. mon-fri 07:00-17:00|sat 08:00-12:00"),
    ("shutdowns", false, "planned standstills, days as in holidays"),
    ("busy", false, "the busy season, days as in holidays"),
    ("site", true, "key of the site, as in telemetry"),
    ("site_name", false, "what people call it"),
    ("address", false, "where the technician drives to"),
    ("latitude_deg", false, "degrees north; with the longitude, the nearest depot can be told"),
    ("longitude_deg", false, "degrees east"),
    ("machine", true, "key of the machine on its site, as in telemetry"),
    ("number", true, "what the customer calls the machine, e.g. No. 2"),
    ("model", false, "type designation"),
    ("rated_kw", false, "rated motor power, kW"),
    ("tariff_per_kwh", false, "price of electricity, money per kWh"),
    ("stop_cost", false, "what an unplanned stop costs, money"),
    ("consequence", false, "what an unplanned stop costs relative to other machines (default 1)"),
    ("service", false, "work by running hours, e.g. oil_changed:4000:8000; more behind a | (interval, last done)"),
];

/// What is wrong with a line, which was left out.
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
    /// What is wrong with the lines left out, in the file's order; a line may have several faults.
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
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Some programs end lines with a carriage return alone.
    let old_ends = (!text.contains('\n')).then(|| text.replace('\r', "\n"));
    let mut lines = rows(old_ends.as_deref().unwrap_or(text)).into_iter();
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
    let lines: Vec<_> = lines.filter(|(_, fields)| fields.iter().any(|field| !field.trim().is_empty())).collect();
    if lines.is_empty() {
        let why = "there is nothing below the header";
        sheet.refused.push(refused(1, "", why, "write a line for each machine, or save the sheet that has them"));
    }
    let mut reader = Reader::new(known, catalogue, lines_of(&places, &lines));
    for (line, fields) in lines {
        let get = |column: &str| field(&places, &fields, column);
        let named = COLUMNS.iter().map(|(column, ..)| (*column, get(column)));
        // Of a line that is not what it seems nothing else can be said.
        let faults = match doubt(&fields, header.len(), named) {
            Some(doubt) => reader.refuse(line, &get, vec![doubt]),
            None => reader.line(line, &get),
        };
        sheet.refused.extend(faults.into_iter().map(|(column, why, remedy)| Refused { line, column, why, remedy }));
    }
    sheet.registry = reader.into_registry();
    sheet
}

/// A line's field, without the blanks around it; nothing where the line is shorter.
fn field<'f>(places: &BTreeMap<String, usize>, fields: &'f [String], column: &str) -> &'f str {
    places.get(column).and_then(|n| fields.get(*n)).map_or("", |field| field.trim())
}

/// The lines in which each machine stands, by its identity.
fn lines_of(places: &BTreeMap<String, usize>, lines: &[(usize, Vec<String>)]) -> BTreeMap<String, Vec<usize>> {
    let mut lines_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (line, fields) in lines {
        let (site, machine) = (field(places, fields, "site"), field(places, fields, "machine"));
        lines_of.entry(format!("{site}/{}", own_key(site, machine))).or_default().push(*line);
    }
    lines_of
}

/// A machine's key on its site. The identity itself is taken as well, as telemetry topics show it.
fn own_key<'f>(site: &str, machine: &'f str) -> &'f str {
    machine.strip_prefix(site).and_then(|rest| rest.strip_prefix('/')).unwrap_or(machine)
}

fn refused(line: usize, column: &'static str, why: &str, remedy: &str) -> Refused {
    Refused { line, column, why: why.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::registry::Language;

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
    fn of_two_lines_that_contradict_each_other_the_second_is_refused_and_both_are_named() {
        check(
            "customer,customer_name,contact,language,advisor,phone,addresses,quiet_to,site,site_name,latitude_deg,longitude_deg,machine,number\n\
             hx,华新纺织,李工,zh,wang,+86 1,sms:+86 2,07:30,s01,一车间,31.3,120.7,m001,1\n\
             hx,华新纺织,李工,zh-CN,,+86 1,wecom:li.gong|phone:+86 1,7:30,s01,,31.30,,m002,2\n\
             hx,,王工,,,,,,s01,,,,m003,3\n\
             hx,华新,,,,,,,s01,,,,m004,4\n\
             hx,,,en,,,,,s01,,,,m005,5\n\
             hx,,,,,+86 9,,,s01,,,,m006,6\n\
             hx,,,,,,sms:+86 9,,s01,,,,m007,7\n\
             hx,,,,,,,,s01,二车间,,,m008,8\n\
             hx,,,,,,,,s02,二车间,,,m001,9\n",
            expect![[r#"
                hx 华新纺织 Some("李工") {"phone": "+86 1", "sms": "+86 2", "wecom": "li.gong"}
                s01 of hx: 
                s02 of hx: 
                s01/m001 1 None 
                s01/m002 2 None 
                s02/m001 9 None 
                refused line 4: `contact`: customer `hx` has `李工` in line 2 and `王工` here; write the same in both lines, or leave one of the two fields empty
                refused line 5: `customer_name`: customer `hx` has `华新纺织` in line 2 and `华新` here; write the same in both lines, or leave one of the two fields empty
                refused line 6: `language`: customer `hx` has `zh` in line 2 and `en` here; write the same in both lines, or leave one of the two fields empty
                refused line 7: `phone`: customer `hx` has `+86 1` in line 2 and `+86 9` here; write the same in both lines, or leave one of the two fields empty
                refused line 8: `addresses`: customer `hx` has `+86 2` in line 2 and `+86 9` here; write the same in both lines, or leave one of the two fields empty
                refused line 9: `site_name`: site `s01` has `一车间` in line 2 and `二车间` here; write the same in both lines, or leave one of the two fields empty
            "#]],
        );
    }

    #[test]
    fn ways_times_and_places_come_in_as_well() {
        let text = "customer,customer_name,advisor,email,addresses,channels,quiet_from,quiet_to,holidays,shifts,shutdowns,busy,\
             site,latitude_deg,longitude_deg,machine,number,stop_cost,consequence\n\
             a,A,wang,a@a.example,sms:+86 138 0000 0001|wecom: li.gong,wecom|email,19:00,07:30,2026-12-24|2026-12-28/2026-12-31,\
             mon-fri 07:00-17:00 | sat 08:00-12:00,2026-08-15/2026-08-16,2026-11-01/2026-12-20,s1,31.32,120.73,m1,1,48000,2.5\n\
             a,,,,,,,,,,,,s1,,,m2,2,,\n";
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        let sheet = read(text, &known(), &catalogue);
        assert_eq!((&sheet.refused[..], &sheet.ignored[..]), (&[][..], &[][..]));
        let (customer, site) = (&sheet.registry.customers[0], &sheet.registry.sites[0]);
        expect![[r#"
            Customer {
                id: "a",
                name: "A",
                contact: None,
                contacts: [],
                language: ZhCn,
                zone: "Asia/Shanghai",
                advisor: "wang",
                addresses: {
                    "email": "a@a.example",
                    "sms": "+86 138 0000 0001",
                    "wecom": "li.gong",
                },
                channels: [
                    "wecom",
                    "email",
                ],
                quiet_from: "19:00",
                quiet_to: "07:30",
                holidays: [
                    "2026-12-24",
                    "2026-12-28/2026-12-31",
                ],
                contacting: Contacting {
                    machine_gap_days: None,
                    customer_messages_max: None,
                    customer_span_days: None,
                    reminder_after_working_days: None,
                },
                production: Production {
                    shifts: [
                        "mon-fri 07:00-17:00",
                        "sat 08:00-12:00",
                    ],
                    shutdowns: [
                        "2026-08-15/2026-08-16",
                    ],
                    busy: [
                        "2026-11-01/2026-12-20",
                    ],
                },
                auto_approve: false,
                erased: false,
            }
            Some((31.32, 120.73))"#]]
        .assert_eq(&format!("{:#?}\n{:?}", customer, site.place()));
        let machines: Vec<_> = sheet.registry.machines.iter().map(|m| (m.stop_cost, m.consequence)).collect();
        assert_eq!(machines, [(Some(48_000.0), 2.5), (None, 1.0)]);
    }

    #[test]
    fn the_shipped_example_shows_every_column_and_comes_in_whole() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        let text = include_str!("../../../config/examples/machines.csv");
        let sheet = read(text, &known(), &catalogue);
        assert_eq!((&sheet.refused[..], &sheet.ignored[..]), (&[][..], &[][..]));
        assert_eq!((sheet.registry.customers.len(), sheet.registry.machines.len()), (2, 3));
        let columns: Vec<&str> = COLUMNS.iter().map(|(column, ..)| *column).collect();
        assert_eq!(text.lines().next(), Some(columns.join(",").as_str()));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_with_its_line() {
        // 210 characters.
        const LONG: &str = "a name of thirty characters...a name of thirty characters...a name of thirty characters...a name of \
                            thirty characters...a name of thirty characters...a name of thirty characters...a name of thirty \
                            characters...";
        let wrong = [
            ("addresses", "+86 138 0000 0001"),
            ("addresses", "email:li-at-a"),
            ("channels", "wecom|email"),
            ("quiet_from", "8pm"),
            ("quiet_to", "21:00"),
            ("holidays", "2026-10-01|1 October"),
            ("shifts", "mon-fri 07:00-17:00|daily"),
            ("shutdowns", "2026-08-16/2026-08-15"),
            ("busy", "November"),
            ("latitude_deg", "131.3"),
            ("longitude_deg", "120.73"),
            ("stop_cost", "much"),
            ("consequence", "0"),
            ("holidays", "0001-01-01/9999-12-31"),
            ("busy", "2000-01-01/2199-12-31"),
            ("rated_kw", "1e308"),
            ("tariff_per_kwh", "1e308"),
            ("stop_cost", "1e308"),
            ("consequence", "1e308"),
            ("service", "oil_changed:1e308"),
            ("model", LONG),
        ];
        let columns: Vec<&str> = COLUMNS.iter().map(|(column, ..)| *column).collect();
        let mut text = columns.join(",") + "\n";
        for (n, (column, field)) in wrong.iter().enumerate() {
            let sound = |name: &str| match name {
                "customer" | "customer_name" => format!("c{n}"),
                "advisor" => "wang".to_owned(),
                "site" => format!("s{n}"),
                "machine" | "number" => "m1".to_owned(),
                _ => String::new(),
            };
            let fields = columns.iter().map(|name| if name == column { (*field).to_owned() } else { sound(name) });
            text += &(fields.collect::<Vec<_>>().join(",") + "\n");
        }
        check(
            &text,
            expect![[r#"
                refused line 2: `addresses`: `+86 138 0000 0001` is no address with its medium; write medium:address, e.g. sms:+86 138 0000 0001
                refused line 3: `addresses`: `li-at-a` is not an e-mail address (Missing domain or user); correct it or leave it out
                refused line 4: `channels`: there is no address for `wecom`; give the address in `addresses`, or take the medium away
                refused line 4: `channels`: there is no address for `email`; give the address in `addresses`, or take the medium away
                refused line 5: `quiet_from`: `8pm` is not a time such as 20:00; write it as 20:00
                refused line 6: `quiet_to`: `quiet_to` (21:00:00) must be earlier in the day than `quiet_from` (20:00:00); let the day begin before it ends
                refused line 7: `holidays`: `1 October` is not a date such as 2026-10-01; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 8: `shifts`: `daily` is not of the form `mon-fri 07:00-17:00`; write several with | between them
                refused line 9: `shutdowns`: `2026-08-16/2026-08-15` ends before it begins; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 10: `busy`: `November` is not a date such as 2026-10-01; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 11: `latitude_deg`: `131.3` is no such place on Earth; write degrees from -90 to 90, e.g. 31.32
                refused line 12: `latitude_deg`: it is empty; fill it in
                refused line 13: `stop_cost`: `much` is not a number above 0; write it like 75 or 0.82
                refused line 14: `consequence`: `0` is not a number above 0; write it like 75 or 0.82
                refused line 15: `holidays`: `0001-01-01` is not of the years 2000 to 2199; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 16: `busy`: `2000-01-01/2199-12-31` is longer than three years; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 17: `rated_kw`: it must be a number from 0.5 to 5000; correct it or leave the field empty
                refused line 18: `tariff_per_kwh`: it must be a number above 0 and up to 1000000; correct it or leave the field empty
                refused line 19: `stop_cost`: it must be a number above 0 and up to 1000000000000; correct it or leave the field empty
                refused line 20: `consequence`: it must be a number above 0 and up to 1000000; correct it or leave the field empty
                refused line 21: `service`: service `oil_changed` needs an `interval_h` above 0 and a `last_done_h` from 0, both up to 1000000; correct it or leave the field empty
                refused line 22: `model`: it holds control characters or more than 200 characters; close its quotation mark, or take out what is no text
            "#]],
        );
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_swallows_nothing_unseen() {
        let header = "customer,customer_name,advisor,email,language,zone,site,machine,number\n";
        let row = |n: usize, number: &str| format!("c{n},N,wang,a@b.example,en,Europe/London,s{n},k1,{number}\n");
        let rest: String = (3..6).map(|n| row(n, "No. 3")).collect();
        let open = format!("{header}{}{}{rest}", row(1, "No. 1"), row(2, "\"No. 2"));
        let sheet = read(&open, &known(), &Catalogue::default());
        assert_eq!((sheet.registry.machines.len(), sheet.refused.len()), (1, 1));
        assert_eq!(
            sheet.refused[0].to_string(),
            "line 3: `number`: it goes on over 3 more lines of the file, none of which was read; close its quotation mark, \
             or take out what is no text"
        );
        let spare = format!("{header}{}", row(1, "No. 1, the old one"));
        let said = read(&spare, &known(), &Catalogue::default()).refused[0].to_string();
        assert!(said.starts_with("line 2: the line has 10 fields, the header 9; put a field"), "{said}");
        let old_ends = format!("{header}{}{}", row(1, "No. 1"), row(2, "No. 2")).replace('\n', "\r");
        assert_eq!(read(&old_ends, &known(), &Catalogue::default()).registry.machines.len(), 2);
        for number in ["No.\0 1", "No. \u{202e}1"] {
            let odd = format!("{header}{}", row(1, number));
            let refused = &read(&odd, &known(), &Catalogue::default()).refused[0];
            assert!(refused.why.starts_with("it holds control characters"), "{refused}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_line_is_named_at_once() {
        check(
            "customer,customer_name,advisor,email,language,zone,holidays,shifts,site,latitude_deg,machine,number,rated_kw,stop_cost,service\n\
             a,,wong,a-at-a,klingon,Mars/Olympus,1 May|2 May,daily,s1,131,m 1,,-3,much,oil|oil_chagned:4000\n\
             ,,,,,,,,,,,,,,\n\
             ,,,,,,,,,,,x,,,\n",
            expect![[r#"
                refused line 2: `customer_name`: it is empty; fill it in
                refused line 2: `language`: `klingon` is no language here; write zh-CN or en
                refused line 2: `advisor`: there is no advisor `wong`; write one of wang, or register the advisor first: `foretell customers import FILE.toml` takes an [[advisor]] as in config/examples/customers.toml
                refused line 2: `email`: `a-at-a` is not an e-mail address (Missing domain or user); correct it or leave the field empty
                refused line 2: `zone`: `Mars/Olympus` is not an IANA time zone; write it as the tz database does, e.g. Asia/Shanghai
                refused line 2: `holidays`: `1 May` is not a date such as 2026-10-01; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 2: `holidays`: `2 May` is not a date such as 2026-10-01; write days as 2026-10-01 or 2026-10-01/2026-10-07, several with | between them
                refused line 2: `shifts`: `daily` is not of the form `mon-fri 07:00-17:00`; write several with | between them
                refused line 2: `latitude_deg`: `131` is no such place on Earth; write degrees from -90 to 90, e.g. 31.32
                refused line 2: `number`: it is empty; fill it in
                refused line 2: `machine`: `m 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; use the keys that telemetry carries: letters, digits, `.`, `_` and `-`, at most 64
                refused line 2: `rated_kw`: `-3` is not a number above 0; write it like 75 or 0.82
                refused line 2: `stop_cost`: `much` is not a number above 0; write it like 75 or 0.82
                refused line 2: `service`: `oil` is no work with its hours; write work:interval or work:interval:last_done in running hours, e.g. oil_changed:4000:8000
                refused line 2: `service`: there is no work `oil_chagned`; the catalogue has bearing_inspected, cooler_cleaned, fan_repaired, inlet_valve_serviced, intake_filter_replaced, leak_surveyed, motor_bearing_serviced, oil_changed, oil_filter_replaced, oil_topped_up, sensor_replaced, separator_replaced, serviced, supply_checked, thermostatic_valve_replaced, ventilation_checked, vibration_tested
                refused line 4: `customer`: it is empty; fill it in
                refused line 4: `site`: it is empty; fill it in
                refused line 4: `machine`: it is empty; fill it in
            "#]],
        );
    }

    #[test]
    fn what_is_refused_says_where_why_and_what_to_do() {
        check(
            "customer,customer_name,advisor,email,language,zone,site,machine,number,rated_kw,service\n\
             a,,wang,,,,s1,k0,1,,\n\
             b,B,wong,,,,s1,k1,1,,\n\
             c,C,wang,c-at-c,,,s1,k2,1,,\n\
             d,D,wang,,klingon,,s1,k3,1,,\n\
             e,E,wang,,,Asia/Suzhou,s1,k4,1,,\n\
             f,F,wang,,,,s09,k5,1,,\n\
             g,G,wang,,,,s1,m 1,1,,\n\
             h,H,wang,,,,s1,k20,,,\n\
             i,I,wang,,,,s1,k7,1,-3,\n\
             j,J,wang,,,,s1,k8,1,,oil_chagned:4000\n\
             k,K,wang,,,,s1,k9,1,,oil_changed\n\
             l,L,wang,,,,s1,m1,1,,\n\
             l,L,wang,,,,s1,m1,1,,\n\
             l,L,wang,,,,s1,m1,1,,\n\
             l,L,wang,,,,s1,m1,1,,\n\
             l,L,wang,,,,s1,m1,1,,\n\
             b,,,,,,s1,m2,2,,\n\
             ../../etc,M,wang,,,,s1,m3,3,,\n\
             a/b?x#y,N,wang,,,,s1,m4,4,,\n\
             ..,O,wang,,,,s1,m5,5,,\n\
             p,P,wang,,,,s1,m6,6,,\n",
            expect![[r#"
                p P None {}
                s1 of p: 
                s1/m6 6 None 
                refused line 2: `customer_name`: it is empty; fill it in
                refused line 3: `advisor`: there is no advisor `wong`; write one of wang, or register the advisor first: `foretell customers import FILE.toml` takes an [[advisor]] as in config/examples/customers.toml
                refused line 4: `email`: `c-at-c` is not an e-mail address (Missing domain or user); correct it or leave the field empty
                refused line 5: `language`: `klingon` is no language here; write zh-CN or en
                refused line 6: `zone`: `Asia/Suzhou` is not an IANA time zone; write it as the tz database does, e.g. Asia/Shanghai
                refused line 7: `site`: site `s09` belongs to customer `other`; give each site one customer, or another key
                refused line 8: `machine`: `m 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; use the keys that telemetry carries: letters, digits, `.`, `_` and `-`, at most 64
                refused line 9: `number`: it is empty; fill it in
                refused line 10: `rated_kw`: `-3` is not a number above 0; write it like 75 or 0.82
                refused line 11: `service`: there is no work `oil_chagned`; the catalogue has bearing_inspected, cooler_cleaned, fan_repaired, inlet_valve_serviced, intake_filter_replaced, leak_surveyed, motor_bearing_serviced, oil_changed, oil_filter_replaced, oil_topped_up, sensor_replaced, separator_replaced, serviced, supply_checked, thermostatic_valve_replaced, ventilation_checked, vibration_tested
                refused line 12: `service`: `oil_changed` is no work with its hours; write work:interval or work:interval:last_done in running hours, e.g. oil_changed:4000:8000
                refused line 13: `machine`: machine `s1/m1` stands in the file 5 times, in lines 13, 14, 15, 16 and more; keep the line that is right; until then none of them is taken
                refused line 14: `machine`: machine `s1/m1` stands in the file 5 times, in lines 13, 14, 15, 16 and more; keep the line that is right; until then none of them is taken
                refused line 15: `machine`: machine `s1/m1` stands in the file 5 times, in lines 13, 14, 15, 16 and more; keep the line that is right; until then none of them is taken
                refused line 16: `machine`: machine `s1/m1` stands in the file 5 times, in lines 13, 14, 15, 16 and more; keep the line that is right; until then none of them is taken
                refused line 17: `machine`: machine `s1/m1` stands in the file 5 times, in lines 13, 14, 15, 16 and more; keep the line that is right; until then none of them is taken
                refused line 18: `customer`: customer `b` was refused in line 3; mend that one, and this one is taken with it
                refused line 19: `customer`: `../../etc` holds '/'; only A-Z a-z 0-9 . _ - are allowed; use a key of letters, digits, `.`, `_` and `-`, at most 64; the company's name has a column of its own
                refused line 20: `customer`: `a/b?x#y` holds '/'; only A-Z a-z 0-9 . _ - are allowed; use a key of letters, digits, `.`, `_` and `-`, at most 64; the company's name has a column of its own
                refused line 21: `customer`: `..` means a folder in paths and addresses; give it a name of its own; use a key of letters, digits, `.`, `_` and `-`, at most 64; the company's name has a column of its own
            "#]],
        );
        check(
            "customer,site,machine,number\n,,,\n\n",
            expect![[r#"
            refused line 1: there is nothing below the header; write a line for each machine, or save the sheet that has them
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
