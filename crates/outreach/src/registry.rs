//! Who owns which machine and who looks after it: the part of service state that people enter rather than telemetry.
//!
//! The same structs are the registry file (`config/examples/customers.toml`) and what is kept; importing a file twice
//! changes nothing.

use std::collections::BTreeMap;

use foretell_model::MachineId;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::error::{OutreachError, Result};

/// A language that customers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese as written in mainland China.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// Its tag, as in template names and HTML.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Picks the text of this language.
    #[must_use]
    pub fn of(self, text: &Words) -> &str {
        match self {
            Self::ZhCn => &text.zh,
            Self::En => &text.en,
        }
    }
}

/// A short text in both languages, e.g. a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

/// A company that owns machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Unique key.
    pub id: String,
    /// The company's name.
    pub name: String,
    /// How letters address the person there, e.g. `Mr Li` or `李工`; the company's name when missing.
    #[serde(default)]
    pub contact: Option<String>,
    /// What that person reads.
    pub language: Language,
    /// IANA time zone.
    #[serde(default = "shanghai")]
    pub zone: String,
    /// Who looks after this customer, a key of the advisors.
    pub advisor: String,
    /// Address by medium, e.g. `email`.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// Local time of day, `HH:MM`, at which messages stop.
    #[serde(default = "evening")]
    pub quiet_from: String,
    /// Local time of day, `HH:MM`, at which messages may go out again; earlier than `quiet_from`.
    #[serde(default = "morning")]
    pub quiet_to: String,
    /// Local holidays, `YYYY-MM-DD`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Whether messages to this customer go out without an advisor's click.
    #[serde(default)]
    pub auto_approve: bool,
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
}

/// Work that is due by running hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTask {
    /// Code of the catalogue's action, e.g. `oil_changed`.
    pub work: String,
    /// Running hours between two of them.
    pub interval_h: f64,
    /// Reading of the running-hour counter when it was last done.
    #[serde(default)]
    pub last_done_h: f64,
}

/// One compressor as its owner knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// `site/machine`.
    pub id: String,
    /// What the customer calls it, e.g. `No. 2` or `2号机`.
    pub number: String,
    /// Type designation.
    #[serde(default)]
    pub model: Option<String>,
    /// Rated motor power, kW.
    #[serde(default)]
    pub rated_kw: Option<f64>,
    /// What an unplanned stop costs relative to other machines; 1 is ordinary.
    #[serde(default = "ordinary")]
    pub consequence: f64,
    /// Work due by running hours; nothing is assumed when empty.
    #[serde(default)]
    pub service: Vec<ServiceTask>,
}

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
}

/// Everything that people enter, as one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// Who speaks to customers.
    #[serde(rename = "advisor")]
    pub advisors: Vec<Advisor>,
    /// Who does the work.
    #[serde(rename = "technician")]
    pub technicians: Vec<Technician>,
    /// Whose machines they are.
    #[serde(rename = "customer")]
    pub customers: Vec<Customer>,
    /// Where they stand.
    #[serde(rename = "site")]
    pub sites: Vec<Site>,
    /// The machines.
    #[serde(rename = "machine")]
    pub machines: Vec<Machine>,
}

impl Registry {
    /// Reads a registry file.
    ///
    /// # Errors
    /// When the text is not TOML, or a field is missing, unknown or of the wrong type; says where.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| OutreachError::Registry(Box::new(e)))
    }
}

/// A kind of registered thing: how it is keyed and checked.
pub(crate) trait Entity: Serialize + for<'de> Deserialize<'de> + PartialEq {
    /// What it is called in the store and in errors.
    const KIND: &'static str;
    /// Its key.
    fn id(&self) -> &str;
    /// Key of another thing that must exist before: its kind and id.
    fn needs(&self) -> Option<(&'static str, &str)> {
        None
    }
    /// What is wrong with it by itself.
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
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
    fn check(&self) -> std::result::Result<(), String> {
        Calendar::of(self).map(|_| ())
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
}

impl Entity for Machine {
    const KIND: &'static str = "machine";
    fn id(&self) -> &str {
        &self.id
    }
    fn check(&self) -> std::result::Result<(), String> {
        MachineId::parse(&self.id).map_err(|e| e.to_string())?;
        if !(self.consequence.is_finite() && self.consequence > 0.0) {
            return Err("`consequence` must be a number above 0".into());
        }
        match self.service.iter().find(|task| !(task.interval_h > 0.0 && task.last_done_h >= 0.0)) {
            Some(task) => {
                Err(format!("service `{}` needs an `interval_h` above 0 and a `last_done_h` from 0", task.work))
            }
            None => Ok(()),
        }
    }
}

impl Entity for Advisor {
    const KIND: &'static str = "advisor";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Entity for Technician {
    const KIND: &'static str = "technician";
    fn id(&self) -> &str {
        &self.id
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

const fn ordinary() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_registry() {
        let registry = Registry::from_toml(include_str!("../../../config/examples/customers.toml")).unwrap();
        assert_eq!((registry.customers.len(), registry.machines.len()), (2, 2));
        for customer in &registry.customers {
            assert_eq!(customer.check(), Ok(()));
        }
    }

    #[test]
    fn slips_are_named() {
        let registry = Registry::from_toml(include_str!("../../../config/examples/customers.toml")).unwrap();
        let customer = |change: fn(&mut Customer)| {
            let mut customer = registry.customers[0].clone();
            change(&mut customer);
            customer.check().unwrap_err()
        };
        assert_eq!(customer(|c| c.zone = "Asia/Suzhou".into()), "`zone`: `Asia/Suzhou` is not an IANA time zone");
        assert_eq!(
            customer(|c| c.quiet_to = "21:00".into()),
            "`quiet_to` (21:00:00) must be earlier in the day than `quiet_from` (20:00:00)"
        );
        assert_eq!(
            customer(|c| c.holidays.push("1 Oct".into())),
            "`holidays`: `1 Oct` is not a date such as 2026-10-01"
        );
        assert!(Registry::from_toml("[[customer]]\nid = \"x\"\nnmae = \"y\"").is_err());
    }
}
