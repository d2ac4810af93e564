//! The company's own people and stores: advisors, technicians, depots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::customer::place;
use super::{Entity, Language, Words};
use crate::calendar;

/// Who speaks to customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisor {
    /// Unique key.
    pub id: String,
    /// Name.
    pub name: Words,
    /// Role, as the customer reads it.
    pub role: Words,
    /// Telephone number.
    pub phone: String,
    /// Where replies go.
    #[serde(default)]
    pub email: Option<String>,
    /// Reference of a photo, e.g. a file's name in the photo folder.
    #[serde(default)]
    pub photo: Option<String>,
    /// Whether everything personal was erased; no register brings it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// Who does the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technician {
    /// Unique key.
    pub id: String,
    /// Name.
    pub name: Words,
    /// Telephone number.
    pub phone: String,
    /// Number on the badge, so that the gate knows who may come in.
    #[serde(default)]
    pub badge: Option<String>,
    /// Reference of a photo, e.g. a file's name in the photo folder.
    #[serde(default)]
    pub photo: Option<String>,
    /// Codes of the work this person does, e.g. `oil_changed`; anything when empty.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Hours on customers' sites in one week at most; as many as the half-days hold when missing.
    #[serde(default)]
    pub hours_per_week: Option<f64>,
    /// Days away, `YYYY-MM-DD` or `from/to`.
    #[serde(default)]
    pub away: Vec<String>,
    /// Key of the depot this person starts from.
    #[serde(default)]
    pub depot: Option<String>,
    /// Name under which this person signs in to the console, where it is not the key.
    #[serde(default)]
    pub login: Option<String>,
    /// Addresses by medium, e.g. `email`, by which this person hears of visits that were moved; the page of the day tells of them
    /// in any case.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// In which language; English when missing.
    #[serde(default)]
    pub language: Option<Language>,
    /// Whether everything personal was erased; no register brings it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// Where spare parts lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depot {
    /// Unique key.
    pub id: String,
    /// What people call it, in each language or the same in both.
    #[serde(deserialize_with = "super::one_name_or_both")]
    pub name: Words,
    /// Where it is.
    #[serde(default)]
    pub address: String,
    /// Latitude, degrees north.
    #[serde(default)]
    pub latitude_deg: Option<f64>,
    /// Longitude, degrees east.
    #[serde(default)]
    pub longitude_deg: Option<f64>,
    /// Parts on the shelf when the depot is first registered, by kind as the catalogue has it; later counts are kept apart, so
    /// that importing the file again does not refill the shelves.
    #[serde(default)]
    pub opening_stock: BTreeMap<String, u32>,
}

impl Technician {
    /// A technician who does anything, at any time.
    #[must_use]
    pub fn new(id: impl Into<String>, name: Words, phone: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name,
            phone: phone.into(),
            badge: None,
            photo: None,
            skills: Vec::new(),
            hours_per_week: None,
            away: Vec::new(),
            depot: None,
            login: None,
            addresses: BTreeMap::new(),
            language: None,
            erased: false,
        }
    }
}

impl Technician {
    /// Whether this person is away on a day, `YYYY-MM-DD`.
    #[must_use]
    pub fn is_away(&self, day: &str) -> bool {
        // Dates of this form sort as they follow.
        self.away.iter().any(|text| {
            let (from, to) = text.split_once('/').unwrap_or((text, text));
            from.trim() <= day && day <= to.trim()
        })
    }
}

impl Advisor {
    /// An advisor who is reached by telephone.
    #[must_use]
    pub fn new(id: impl Into<String>, name: Words, role: Words, phone: impl Into<String>) -> Self {
        Self { id: id.into(), name, role, phone: phone.into(), email: None, photo: None, erased: false }
    }
}

impl Depot {
    /// Where it lies, degrees north and east; `None` unless both are known.
    #[must_use]
    pub fn place(&self) -> Option<(f64, f64)> {
        self.latitude_deg.zip(self.longitude_deg)
    }
}

impl Entity for Advisor {
    const KIND: &'static str = "advisor";
    fn id(&self) -> &str {
        &self.id
    }
    fn is_erased(&self) -> bool {
        self.erased
    }
}

impl Entity for Technician {
    const KIND: &'static str = "technician";
    fn id(&self) -> &str {
        &self.id
    }
    fn is_erased(&self) -> bool {
        self.erased
    }
    fn needs(&self) -> Option<(&'static str, &str)> {
        self.depot.as_deref().map(|depot| (Depot::KIND, depot))
    }
    fn check(&self) -> Result<(), String> {
        if self.hours_per_week.is_some_and(|hours| !(hours.is_finite() && hours > 0.0)) {
            return Err("`hours_per_week` must be a number above 0".into());
        }
        calendar::spans("away", &self.away).map(drop)
    }
}

impl Entity for Depot {
    const KIND: &'static str = "depot";
    fn id(&self) -> &str {
        &self.id
    }
    fn check(&self) -> Result<(), String> {
        place(self.latitude_deg, self.longitude_deg)
    }
}
