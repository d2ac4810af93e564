//! Customers and their sites: who is written to, where, when, and when their machines work.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::SiteId;
use serde::{Deserialize, Serialize};

use super::{Advisor, Entity, Language};
use crate::calendar::Calendar;
use crate::governor::Policy;
use crate::holidays::Holidays;

/// A company that owns machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Unique key, 1 to 64 of `A-Z a-z 0-9 . _ -`: it stands in addresses of pages.
    pub id: String,
    /// The company's name.
    pub name: String,
    /// How letters address the person there, e.g. `Mr Li` or `李工`; the company's name when missing.
    #[serde(default)]
    pub contact: Option<String>,
    /// Further people there, for whoever calls or comes.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// What the addressed person reads.
    pub language: Language,
    /// IANA time zone.
    #[serde(default = "shanghai")]
    pub zone: String,
    /// Who looks after this customer, a key of the advisors.
    pub advisor: String,
    /// Address by medium, e.g. `email`.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// Media in the order the customer prefers; those not named come after, in the house's order.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Local time of day, `HH:MM`, at which messages stop.
    #[serde(default = "evening")]
    pub quiet_from: String,
    /// Local time of day, `HH:MM`, at which messages may go out again; earlier than `quiet_from`.
    #[serde(default = "morning")]
    pub quiet_to: String,
    /// Local holidays beside the public ones of the zone, `YYYY-MM-DD` or `YYYY-MM-DD/YYYY-MM-DD` with both ends: no message, no visit.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// How often this customer may be written to, where that differs from the house rules.
    #[serde(default, skip_serializing_if = "Contacting::is_usual")]
    pub contacting: Contacting,
    /// When the machines work.
    #[serde(default)]
    pub production: Production,
    /// Whether messages to this customer go out without an advisor's click.
    #[serde(default)]
    pub auto_approve: bool,
    /// Whether everything personal was erased; no register brings it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// One more person at a customer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name as spoken.
    pub name: String,
    /// What for, e.g. `night shift` or `采购`.
    #[serde(default)]
    pub role: String,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// What this person reads; the customer's language when missing.
    #[serde(default)]
    pub language: Option<Language>,
}

/// How often one customer may be written to; what is not said is as for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contacting {
    /// Days between two invitations about one machine, 1 to 3,650.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_gap_days: Option<u32>,
    /// Messages that nobody asked for within `customer_span_days`, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_messages_max: Option<u32>,
    /// The span of that cap, days, 1 to 3,650.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_span_days: Option<u32>,
    /// Working days before the one reminder, and after it before the call, 1 to 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminder_after_working_days: Option<u32>,
}

impl Contacting {
    /// Whether nothing differs from the house rules.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The house rules with what differs for this customer.
    #[must_use]
    pub fn over(&self, house: &Policy) -> Policy {
        Policy {
            machine_gap_days: self.machine_gap_days.unwrap_or(house.machine_gap_days),
            customer_messages_max: self.customer_messages_max.unwrap_or(house.customer_messages_max),
            customer_span_days: self.customer_span_days.unwrap_or(house.customer_span_days),
            reminder_after_working_days: self.reminder_after_working_days.unwrap_or(house.reminder_after_working_days),
        }
    }

    /// Whether every figure can be kept.
    ///
    /// # Errors
    /// Names the first that cannot.
    pub fn check(&self) -> Result<(), String> {
        let figures = [
            ("machine_gap_days", self.machine_gap_days, 3_650),
            ("customer_messages_max", self.customer_messages_max, 100),
            ("customer_span_days", self.customer_span_days, 3_650),
            ("reminder_after_working_days", self.reminder_after_working_days, 60),
        ];
        match figures.iter().find(|(_, figure, most)| figure.is_some_and(|n| !(1..=*most).contains(&n))) {
            Some((name, _, most)) => Err(format!("`contacting.{name}` is a number from 1 to {most}")),
            None => Ok(()),
        }
    }
}

/// A customer's production calendar, as far as people know it better than the machines show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Production {
    /// Weekly shifts, e.g. `mon-fri 07:00-17:00`; used until a machine's own week was learned.
    pub shifts: Vec<String>,
    /// Planned shutdowns, days or `from/to`: the best time for work that stops a machine.
    pub shutdowns: Vec<String>,
    /// The busy season, days or `from/to`: no time for work that stops a machine.
    pub busy: Vec<String>,
}

/// A place with machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// First part of its machines' identities.
    pub id: String,
    /// Whose, a key of the customers.
    pub customer: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Where the technician drives to.
    #[serde(default)]
    pub address: String,
    /// Latitude, degrees north; with the longitude, the nearest depot can be told.
    #[serde(default)]
    pub latitude_deg: Option<f64>,
    /// Longitude, degrees east.
    #[serde(default)]
    pub longitude_deg: Option<f64>,
}

impl Customer {
    /// A customer with everything else at its default.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, language: Language, advisor: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            contact: None,
            contacts: Vec::new(),
            language,
            zone: shanghai(),
            advisor: advisor.into(),
            addresses: BTreeMap::new(),
            channels: Vec::new(),
            quiet_from: evening(),
            quiet_to: morning(),
            holidays: Vec::new(),
            contacting: Contacting::default(),
            production: Production::default(),
            auto_approve: false,
            erased: false,
        }
    }
}

impl Customer {
    /// Media by which the customer may be reached, the preferred first, those without an address included.
    pub fn media(&self) -> impl Iterator<Item = &String> {
        let mut seen = BTreeSet::new();
        self.channels.iter().chain(self.addresses.keys()).filter(move |medium| seen.insert(*medium))
    }

    /// Whether there is an address for one of these media, so that something can be written.
    pub fn is_reached_by<'a>(&self, media: impl IntoIterator<Item = &'a str>) -> bool {
        media.into_iter().any(|medium| self.addresses.get(medium).is_some_and(|address| !address.trim().is_empty()))
    }
}

impl Site {
    /// A site of which nothing more is known.
    #[must_use]
    pub fn new(id: impl Into<String>, customer: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            customer: customer.into(),
            name: String::new(),
            address: String::new(),
            latitude_deg: None,
            longitude_deg: None,
        }
    }

    /// Where it lies, degrees north and east; `None` unless both are known.
    #[must_use]
    pub fn place(&self) -> Option<(f64, f64)> {
        self.latitude_deg.zip(self.longitude_deg)
    }
}

impl Entity for Customer {
    const KIND: &'static str = "customer";
    fn id(&self) -> &str {
        &self.id
    }
    fn needs(&self) -> Option<(&'static str, &str)> {
        Some((Advisor::KIND, &self.advisor))
    }
    fn check(&self) -> Result<(), String> {
        key(&self.id)?;
        Calendar::of(self, &Holidays::none())?;
        self.contacting.check()
    }
}

impl Entity for Site {
    const KIND: &'static str = "site";
    fn id(&self) -> &str {
        &self.id
    }
    fn needs(&self) -> Option<(&'static str, &str)> {
        Some((Customer::KIND, &self.customer))
    }
    fn check(&self) -> Result<(), String> {
        place(self.latitude_deg, self.longitude_deg)
    }
}

/// Whether a key may stand in paths and addresses: the rule that sites and machines keep.
pub(crate) fn key(id: &str) -> Result<(), String> {
    SiteId::new(id).map(drop).map_err(|error| error.to_string())
}

/// Whether a place is one on Earth, or none at all.
pub(crate) fn place(latitude_deg: Option<f64>, longitude_deg: Option<f64>) -> Result<(), String> {
    match (latitude_deg, longitude_deg) {
        (None, None) => Ok(()),
        (Some(lat), Some(lon)) if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) => Ok(()),
        (Some(_), Some(_)) => Err("`latitude_deg` is -90 to 90 and `longitude_deg` -180 to 180".into()),
        _ => Err("`latitude_deg` and `longitude_deg` go together".into()),
    }
}

fn shanghai() -> String {
    "Asia/Shanghai".into()
}

fn evening() -> String {
    "20:00".into()
}

fn morning() -> String {
    "08:00".into()
}
