//! Who owns which machine and who looks after it: the part of service state that people enter rather than telemetry.
//!
//! The same structs are the registry file (`config/examples/customers.toml`) and what is kept; importing a file twice
//! changes nothing.

mod customer;
mod machine;
mod staff;

pub use customer::{Contact, Contacting, Customer, Production, Site};
pub use machine::{Machine, RATED_KW, STOP_COST_MAX, ServiceTask, TARIFF_MAX};
pub use staff::{Advisor, Depot, Technician};

pub(crate) use customer::{key, place};

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

    /// Whether a reader of this language can read what somebody wrote. Names, numbers and the marks on a machine are read by
    /// everybody; of Latin letters a few words are such.
    #[must_use]
    pub fn reads(self, text: &str) -> bool {
        let has_han = text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c));
        let latin = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1).count();
        match self {
            Self::En => !has_han,
            Self::ZhCn => has_han || latin < FOREIGN_WORDS,
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

/// From so many words of Latin letters on a text without any Chinese is English.
const FOREIGN_WORDS: usize = 3;

/// A short text in both languages, e.g. a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl From<String> for Words {
    /// The same in both languages.
    fn from(text: String) -> Self {
        Self { en: text.clone(), zh: text }
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Reads a name that is either the same in both languages or has both.
pub(crate) fn one_name_or_both<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Words, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Words;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a name, or `{ en = \"…\", zh = \"…\" }`")
        }

        fn visit_str<E>(self, text: &str) -> std::result::Result<Words, E> {
            Ok(text.into())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Words, A::Error> {
            Words::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_any(Either)
}

/// Everything that people enter, as one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// Who speaks to customers.
    #[serde(rename = "advisor")]
    pub advisors: Vec<Advisor>,
    /// Where spare parts lie.
    #[serde(rename = "depot")]
    pub depots: Vec<Depot>,
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
    /// Whether it is somebody of ours whose personal data were erased.
    fn is_erased(&self) -> bool {
        false
    }
    /// What is wrong with it by itself.
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_read_what() {
        #[track_caller]
        fn check(text: &str, en: bool, zh: bool) {
            assert_eq!((Language::En.reads(text), Language::ZhCn.reads(text)), (en, zh), "{text}");
        }
        check("冷却器已清洗，散热片有油污", false, true);
        check("Cleaned the cooler; the fins were oily.", true, false);
        check("SKF 6206-2Z, OK", true, true);
        check("换了 SKF 6206 轴承", false, true);
        check("", true, true);
    }

    #[test]
    fn the_example_is_a_registry() {
        let registry = Registry::from_toml(include_str!("../../../../config/examples/customers.toml")).unwrap();
        assert_eq!((registry.customers.len(), registry.machines.len()), (2, 2));
        for customer in &registry.customers {
            assert_eq!(customer.check(), Ok(()));
        }
    }

    #[test]
    fn a_depot_has_one_name_or_one_in_each_language() {
        #[track_caller]
        fn check(name: &str, expected: (&str, &str)) {
            let text = format!("[[depot]]\nid = \"x\"\nname = {name}\n");
            let depot = Registry::from_toml(&text).unwrap().depots.pop().unwrap();
            assert_eq!((depot.name.en.as_str(), depot.name.zh.as_str()), expected);
            // What was kept reads back the same.
            let kept: Depot = serde_json::from_str(&serde_json::to_string(&depot).unwrap()).unwrap();
            assert_eq!(kept, depot);
        }
        check("\"Kunshan\"", ("Kunshan", "Kunshan"));
        check("{ en = \"Kunshan\", zh = \"昆山仓库\" }", ("Kunshan", "昆山仓库"));
        assert!(Registry::from_toml("[[depot]]\nid = \"x\"\nname = { en = \"x\" }\n").is_err());
    }

    #[test]
    fn slips_are_named() {
        let registry = Registry::from_toml(include_str!("../../../../config/examples/customers.toml")).unwrap();
        let customer = |change: fn(&mut Customer)| {
            let mut customer = registry.customers[0].clone();
            change(&mut customer);
            customer.check().unwrap_err()
        };
        assert_eq!(customer(|c| c.id = "a/b?x#y".into()), "`a/b?x#y` holds '/'; only A-Z a-z 0-9 . _ - are allowed");
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
