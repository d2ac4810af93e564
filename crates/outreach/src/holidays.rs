//! Public holidays by country, laid under each customer's own list.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::Datelike;
use chrono_tz::Tz;
use foretell_model::Timestamp;
use serde::Deserialize;

use crate::Outreach;
use crate::calendar::{self, Calendar, Span};
use crate::registry::Customer;
use crate::store::{registry, sqlite};

/// The shipped list.
const HOLIDAYS: &str = include_str!("../../../config/holidays.toml");

/// From this month on the next year's holidays are missed: governments have announced them by then, or are about to.
const NEXT_YEAR_FROM_MONTH: u32 = 10;

/// Public holidays by time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays(BTreeMap<String, Country>);

/// One country, or the part of one that shares its holidays.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Country {
    zones: Vec<Tz>,
    whole: Vec<i32>,
    days: Vec<Span>,
}

/// A country as its file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zones: Vec<String>,
    #[serde(default)]
    whole: Vec<i32>,
    days: Vec<String>,
}

/// A zone in use that has no whole list of holidays for a year.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The IANA zone.
    pub zone: String,
    /// The year.
    pub year: i32,
    /// Whether some country of the list has the zone, so that only the year is missing.
    pub is_listed: bool,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { zone, year, is_listed } = self;
        if *is_listed {
            write!(
                f,
                "the public holidays of {year} in `{zone}` are not whole: add them as soon as they are announced, "
            )?;
        } else {
            write!(f, "no public holidays are known for `{zone}` in {year}: add its country, ")?;
        }
        f.write_str("or customers there get letters on them ([outreach] holidays_file)")
    }
}

impl Holidays {
    /// No holidays anywhere but those of customers' own lists.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads a list in the form of `config/holidays.toml`.
    ///
    /// # Errors
    /// Names the country and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: BTreeMap<String, Written> = toml::from_str(text).map_err(|error| error.to_string())?;
        let read = |(name, written): (String, Written)| {
            let country = Country::of(&written).map_err(|why| format!("[{name}] {why}"))?;
            Ok((name, country))
        };
        let countries = written.into_iter().map(read).collect::<Result<BTreeMap<_, _>, String>>()?;
        let mut owners: BTreeMap<&'static str, &str> = BTreeMap::new();
        for (name, country) in &countries {
            for zone in &country.zones {
                if let Some(other) = owners.insert(zone.name(), name) {
                    return Err(format!("[{name}] zone `{zone}` stands under [{other}] too; keep it in one of them"));
                }
            }
        }
        Ok(Self(countries))
    }

    /// The holidays of a zone, in the list's order.
    pub(crate) fn of(&self, zone: Tz) -> &[Span] {
        self.country(zone).map_or(&[], |country| &country.days)
    }

    /// Zones of these customers without a whole list for this year, or late in it for the next one. Whoever has a day of that
    /// year in the own list is taken to have them all there.
    #[must_use]
    pub fn gaps(&self, customers: &[Customer], now: Timestamp) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = Vec::new();
        for customer in customers.iter().filter(|customer| !customer.erased) {
            // A customer without a sound calendar is refused elsewhere.
            let Ok(zone) = customer.zone.parse::<Tz>() else { continue };
            let Ok(own) = Calendar::of(customer, &Self::none()) else { continue };
            let country = self.country(zone);
            let today = own.local(now).date();
            let next = (today.month() >= NEXT_YEAR_FROM_MONTH).then_some(today.year() + 1);
            let is_known =
                |year: i32| country.is_some_and(|country| country.whole.contains(&year)) || own.has_holiday_in(year);
            for year in std::iter::once(today.year()).chain(next).filter(|year| !is_known(*year)) {
                gaps.push(Gap { zone: customer.zone.clone(), year, is_listed: country.is_some() });
            }
        }
        gaps.sort();
        gaps.dedup();
        gaps
    }

    /// The same for what a start of this data directory would find: the customers of its service state, at `path`, and those of
    /// a file of customers, which it would register there first.
    ///
    /// # Errors
    /// When the service state is there and cannot be read.
    pub fn gaps_at(&self, path: &Path, listed: &[Customer], now: Timestamp) -> crate::error::Result<Vec<Gap>> {
        let mut customers: Vec<Customer> =
            if path.exists() { sqlite::look(path, registry::all::<Customer>)? } else { Vec::new() };
        customers.retain(|kept| listed.iter().all(|other| other.id != kept.id));
        customers.extend_from_slice(listed);
        Ok(self.gaps(&customers, now))
    }

    fn country(&self, zone: Tz) -> Option<&Country> {
        self.0.values().find(|country| country.zones.contains(&zone))
    }
}

impl Country {
    fn of(written: &Written) -> Result<Self, String> {
        let zone = |text: &String| text.parse().map_err(|_| format!("`zones`: `{text}` is not an IANA time zone"));
        let days = calendar::spans("days", &written.days)?;
        let has_day_in = |year: i32| days.iter().any(|(from, to)| (from.year()..=to.year()).contains(&year));
        if let Some(year) = written.whole.iter().find(|year| !has_day_in(**year)) {
            return Err(format!("`whole` names {year}, of which there is no day in `days`"));
        }
        let zones = written.zones.iter().map(zone).collect::<Result<_, _>>()?;
        Ok(Self { zones, whole: written.whole.clone(), days })
    }
}

impl Outreach {
    /// A customer's civil time; the company's own where there is no customer.
    #[must_use]
    pub fn calendar_of(&self, customer: Option<&Customer>) -> Calendar {
        let own = customer.and_then(|customer| Calendar::of(customer, &self.options.holidays).ok());
        own.unwrap_or_else(|| Calendar::plain(self.options.zone))
    }

    /// Zones in use of whose public holidays the list lacks this year's, or soon the next one's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn holiday_gaps(&self, now: Timestamp) -> crate::error::Result<Vec<Gap>> {
        Ok(self.options.holidays.gaps(&self.customers()?, now))
    }
}

impl Default for Holidays {
    /// The shipped list.
    fn default() -> Self {
        Self::parse(HOLIDAYS).expect("the shipped list is sound, a test reads it")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::registry::Language;

    fn customer(zone: &str, holidays: &[&str]) -> Customer {
        let holidays = holidays.iter().map(|day| (*day).to_owned()).collect();
        Customer { zone: zone.to_owned(), holidays, ..Customer::new("c", "c", Language::En, "a") }
    }

    #[test]
    fn nothing_arrives_on_a_public_holiday_nor_on_one_of_the_customers_own() {
        #[track_caller]
        fn check(zone: &str, own: &[&str], at: &str, next_open: &str) {
            let calendar = Calendar::of(&customer(zone, own), &Holidays::default()).unwrap();
            let at = Timestamp::parse(at).unwrap();
            assert_eq!(calendar.next_open(at), Timestamp::parse(next_open).unwrap(), "{zone} {at}");
        }
        // National Day and Spring Festival; both are Thursday or Monday to the week after.
        check("Asia/Shanghai", &[], "2026-09-30T21:00:00+08:00", "2026-10-08T08:00:00+08:00");
        check("Asia/Shanghai", &[], "2026-02-16T10:00:00+08:00", "2026-02-24T08:00:00+08:00");
        check("Asia/Urumqi", &[], "2026-10-01T10:00:00+06:00", "2026-10-08T08:00:00+06:00");
        // Christmas Day and the Monday in place of Boxing Day; an own day comes on top.
        check("Europe/London", &[], "2026-12-25T10:00:00Z", "2026-12-29T08:00:00Z");
        check("Europe/London", &["2026-12-29/2026-12-31"], "2026-12-25T10:00:00Z", "2027-01-04T08:00:00Z");
        // A zone that nobody listed has its weekends alone.
        check("Europe/Berlin", &[], "2026-12-25T10:00:00+01:00", "2026-12-25T10:00:00+01:00");
    }

    #[test]
    fn a_zone_in_use_without_holidays_is_named_with_the_year() {
        #[track_caller]
        fn check(today: &str, expected: Expect) {
            let customers = [
                customer("Asia/Shanghai", &[]),
                customer("Asia/Shanghai", &["2026-12-24"]),
                customer("Europe/London", &[]),
                customer("Europe/Berlin", &[]),
                customer("Asia/Tokyo", &["2026-01-01", "2026-12-31/2027-01-03"]),
            ];
            let gaps = Holidays::default().gaps(&customers, Timestamp::parse(today).unwrap());
            expected.assert_eq(&gaps.iter().map(|gap| format!("{gap}\n")).collect::<String>());
        }
        check(
            "2026-09-30T02:00:00Z",
            expect![[r#"
            no public holidays are known for `Europe/Berlin` in 2026: add its country, or customers there get letters on them ([outreach] holidays_file)
        "#]],
        );
        check(
            "2026-10-01T02:00:00Z",
            expect![[r#"
            the public holidays of 2027 in `Asia/Shanghai` are not whole: add them as soon as they are announced, or customers there get letters on them ([outreach] holidays_file)
            no public holidays are known for `Europe/Berlin` in 2026: add its country, or customers there get letters on them ([outreach] holidays_file)
            no public holidays are known for `Europe/Berlin` in 2027: add its country, or customers there get letters on them ([outreach] holidays_file)
        "#]],
        );
        check(
            "2027-01-04T02:00:00Z",
            expect![[r#"
            the public holidays of 2027 in `Asia/Shanghai` are not whole: add them as soon as they are announced, or customers there get letters on them ([outreach] holidays_file)
            no public holidays are known for `Europe/Berlin` in 2027: add its country, or customers there get letters on them ([outreach] holidays_file)
        "#]],
        );
    }

    #[test]
    fn a_list_that_cannot_be_kept_says_where_and_why() {
        #[track_caller]
        fn check(text: &str, expected: Expect) {
            expected.assert_eq(&Holidays::parse(text).unwrap_err());
        }
        let with = |key: &str, value: &str| {
            let (mut zones, mut whole, mut days) = ("[\"Asia/Tokyo\"]", "[]", "[]");
            *match key {
                "zones" => &mut zones,
                "whole" => &mut whole,
                _ => &mut days,
            } = value;
            format!("[japan]\nzones = {zones}\nwhole = {whole}\ndays = {days}\n")
        };
        check(&with("zones", "[\"Asia/Edo\"]"), expect!["[japan] `zones`: `Asia/Edo` is not an IANA time zone"]);
        check(&with("days", "[\"1 May\"]"), expect!["[japan] `days`: `1 May` is not a date such as 2026-10-01"]);
        check(&with("whole", "[2026]"), expect!["[japan] `whole` names 2026, of which there is no day in `days`"]);
        check(
            &(with("zones", "[\"PRC\"]") + "[a]\nzones = [\"PRC\"]\ndays = []\n"),
            expect!["[japan] zone `PRC` stands under [a] too; keep it in one of them"],
        );
        check(
            "[japan]\nzones = []\n",
            expect![[r#"
            TOML parse error at line 1, column 1
              |
            1 | [japan]
              | ^^^^^^^
            missing field `days`
        "#]],
        );
    }
}
