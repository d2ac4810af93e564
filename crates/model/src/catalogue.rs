//! The fault catalogue: what a fault is called, how it shows, what is done about it and how that is explained.
//!
//! Faults are data. The text is `config/faults.toml`; a mode whose signature uses existing features needs no code.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{FaultCode, Subsystem, Symptom};

/// A text in the languages customers read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese as written in mainland China.
    pub zh: String,
}

impl Text {
    /// The text for a language tag; anything that does not begin with `zh` reads English.
    #[must_use]
    pub fn in_language(&self, tag: &str) -> &str {
        if tag.starts_with("zh") { &self.zh } else { &self.en }
    }
}

/// How strongly a feature speaks for a fault. The score of a fault is the sum over its terms of
/// `weight * clamp((feature - center) / scale, -1, 1)`; a feature that cannot be computed adds nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Name of a feature that the engine computes, e.g. `cooler_ua_loss_rate`.
    pub feature: String,
    /// Value at which it speaks neither for nor against, in the feature's own unit.
    pub center: f64,
    /// Distance from the centre at which it speaks fully; negative when small values speak for the fault.
    pub scale: f64,
    /// Log-likelihood ratio it adds when it speaks fully.
    pub weight: f64,
}

/// One fault mode.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its code.
    #[serde(deserialize_with = "fault_code")]
    pub code: FaultCode,
    /// Which part of the machine it concerns: a code of [`Catalogue::subsystems`], or `surroundings`. Empty when it is none's.
    #[serde(default)]
    pub subsystem: String,
    /// ISO 14224 failure mode, e.g. `IHT`.
    pub failure_mode: String,
    /// ISO 14224 failure mechanism where the mode alone does not say it, e.g. `PLU`.
    #[serde(default)]
    pub mechanism: Option<String>,
    /// What it is called, as the end of "… is likely".
    pub name: Text,
    /// One everyday comparison that a non-technician sees at once. Empty for modes no customer hears of.
    pub comparison: Text,
    /// Code of the action that cures it, a key of [`Catalogue::actions`]; none when nothing is done on the machine.
    #[serde(default)]
    pub action: Option<String>,
    /// Whether it can be seen weeks ahead at all. Where not, findings of it are anomalies without a date, and say so.
    pub forecast: bool,
    /// Whether a customer may ever receive an advisory of this name.
    pub customer: bool,
    /// What it can cause: codes of [`Catalogue::symptoms`], or [`Catalogue::DISCHARGE_HOT`]. It is weighed only against
    /// faults that share the symptom. Empty when the engine names it by a rule of its own (sensor faults).
    #[serde(default)]
    pub symptoms: Vec<String>,
    /// Log-odds against "something else" before any feature is looked at: how common it is among the causes of its symptoms.
    #[serde(default)]
    pub prior: f64,
    /// How it shows.
    #[serde(default)]
    pub signature: Vec<Term>,
}

impl Fault {
    /// Whether it can cause a symptom.
    #[must_use]
    pub fn explains(&self, symptom: &str) -> bool {
        self.symptoms.iter().any(|code| code == symptom)
    }
}

/// One kind of work.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What is done, as the object of "we would like to …".
    pub name: Text,
    /// How long it takes, minutes.
    pub minutes: u32,
    /// Whether the machine stops for it.
    pub stops_machine: bool,
    /// Whether it is done beside the machine: on the air network or in the room.
    #[serde(default)]
    pub beside_machine: bool,
    /// What is done where only a look is called for, because another cause is as likely; as `name`. The work itself where
    /// it is a look.
    #[serde(default)]
    pub look: Option<Text>,
    /// What it spares the customer.
    pub benefit: Text,
    /// Part kinds it needs.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Running hours after which it is due again; none when it is not done by hours.
    #[serde(default)]
    pub interval_h: Option<f64>,
}

/// Every fault mode and every kind of work.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Parts of a machine in the order of a health report.
    #[serde(rename = "subsystem", default)]
    pub subsystems: Vec<Subsystem>,
    /// Fault modes in the file's order.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
    /// Symptoms other than a hot discharge, in the file's order.
    #[serde(rename = "symptom", default)]
    pub symptoms: Vec<Symptom>,
    /// Work by its code, e.g. `cooler_cleaned`.
    #[serde(rename = "action")]
    pub actions: BTreeMap<String, Action>,
}

/// Why a text is not a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or a field is missing, unknown or of the wrong type; says where.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Two faults share a code.
    #[error("fault `{0}` stands twice")]
    Twice(FaultCode),
    /// A fault names an action that does not exist.
    #[error("fault `{fault}` names action `{action}`, which the catalogue does not have")]
    UnknownAction {
        /// Which fault.
        fault: FaultCode,
        /// What it named.
        action: String,
    },
    /// Two symptoms share a code, or a feature and its side.
    #[error("symptom `{0}` stands twice, or follows the same feature to the same side as another")]
    SymptomTwice(String),
    /// A symptom's figures make no sense.
    #[error("symptom `{0}`: `watch`, `noise` and the limit must be above 0, `advise` not below `watch`")]
    Symptom(String),
    /// A fault names a symptom that does not exist.
    #[error("fault `{fault}` names symptom `{symptom}`, which the catalogue does not have")]
    UnknownSymptom {
        /// Which fault.
        fault: FaultCode,
        /// What it named.
        symptom: String,
    },
    /// A fault names a subsystem that does not exist, or a subsystem a signal or a work that does not.
    #[error("`{of}` names `{named}`, which does not exist")]
    Unknown {
        /// The fault or the subsystem.
        of: String,
        /// What it named.
        named: String,
    },
    /// A subsystem's figures make no sense.
    #[error(
        "subsystem `{0}`: `share` must be above 0 and at most 1, `work_per_year` 0 or more, and each signal stand once"
    )]
    Subsystem(String),
    /// A term's scale or weight would make every score meaningless.
    #[error("fault `{fault}`: the scale of `{feature}` must be a number other than 0, and centre and weight finite")]
    Term {
        /// Which fault.
        fault: FaultCode,
        /// Which term.
        feature: String,
    },
}

impl Catalogue {
    /// The symptom that the thermal assessment follows: discharge temperature above the machine's own normal.
    pub const DISCHARGE_HOT: &str = "discharge_hot";

    /// Reads a catalogue from its TOML text.
    ///
    /// # Errors
    /// When the text is not TOML of the right shape or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(text)?;
        catalogue.check_symptoms()?;
        catalogue.check_subsystems()?;
        for (place, fault) in catalogue.faults.iter().enumerate() {
            if catalogue.faults[..place].iter().any(|earlier| earlier.code == fault.code) {
                return Err(CatalogueError::Twice(fault.code.clone()));
            }
            if let Some(action) = fault.action.as_ref().filter(|action| !catalogue.actions.contains_key(*action)) {
                return Err(CatalogueError::UnknownAction { fault: fault.code.clone(), action: action.clone() });
            }
            let sound =
                |t: &&Term| !(t.scale.is_finite() && t.scale != 0.0 && t.weight.is_finite() && t.center.is_finite());
            if let Some(term) = fault.signature.iter().find(sound) {
                return Err(CatalogueError::Term { fault: fault.code.clone(), feature: term.feature.clone() });
            }
        }
        Ok(catalogue)
    }

    fn check_subsystems(&self) -> Result<(), CatalogueError> {
        let unknown =
            |of: &str, named: &str| Err(CatalogueError::Unknown { of: of.to_owned(), named: named.to_owned() });
        for subsystem in &self.subsystems {
            if let Some(work) = subsystem.services.iter().find(|work| !self.actions.contains_key(*work)) {
                return unknown(&subsystem.code, work);
            }
            if !subsystem.is_sound() {
                return Err(CatalogueError::Subsystem(subsystem.code.clone()));
            }
        }
        let known = |code: &str| {
            code.is_empty() || code == "surroundings" || self.subsystems.iter().any(|subsystem| subsystem.code == code)
        };
        match self.faults.iter().find(|fault| !known(&fault.subsystem)) {
            Some(fault) => unknown(fault.code.as_str(), &fault.subsystem),
            None => Ok(()),
        }
    }

    fn check_symptoms(&self) -> Result<(), CatalogueError> {
        for (place, symptom) in self.symptoms.iter().enumerate() {
            let same = |other: &Symptom| {
                other.code == symptom.code || (other.feature == symptom.feature && other.direction == symptom.direction)
            };
            if self.symptoms[..place].iter().any(same) || symptom.code == Self::DISCHARGE_HOT {
                return Err(CatalogueError::SymptomTwice(symptom.code.clone()));
            }
            if !symptom.is_sound() {
                return Err(CatalogueError::Symptom(symptom.code.clone()));
            }
        }
        let known = |code: &String| code == Self::DISCHARGE_HOT || self.symptoms.iter().any(|s| s.code == *code);
        for fault in &self.faults {
            if let Some(symptom) = fault.symptoms.iter().find(|code| !known(code)) {
                return Err(CatalogueError::UnknownSymptom { fault: fault.code.clone(), symptom: symptom.clone() });
            }
        }
        Ok(())
    }

    /// The fault of a code.
    #[must_use]
    pub fn fault(&self, code: &FaultCode) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.code == *code)
    }

    /// Whether a finding of this code speaks of a subsystem: a fault of it, or work by hours on it.
    #[must_use]
    pub fn speaks_of(&self, code: &FaultCode, subsystem: &Subsystem) -> bool {
        self.fault(code).is_some_and(|fault| fault.subsystem == subsystem.code)
            || subsystem.services.iter().any(|work| work == code.as_str())
    }

    /// The action that cures a fault, with its code.
    #[must_use]
    pub fn action_for(&self, code: &FaultCode) -> Option<(&str, &Action)> {
        let name = self.fault(code)?.action.as_deref()?;
        self.actions.get_key_value(name).map(|(code, action)| (code.as_str(), action))
    }
}

fn fault_code<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<FaultCode, D::Error> {
    let text = String::deserialize(deserializer)?;
    FaultCode::new(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a fault code (a-z 0-9 _, 1-64 characters)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_sound_and_whole() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        for code in [
            "cooler_clogging",
            "thermostatic_valve",
            "thermostatic_valve_open",
            "oil_filter_clogging",
            "low_oil",
            "oil_aged",
            "separator_clogging",
            "intake_filter_clogging",
            "air_leak",
            "inlet_valve",
            "bearing_wear",
            "motor_bearing",
            "phase_imbalance",
            "cooling_fan",
            "high_ambient",
            "sensor_stuck",
            "sensor_drift",
            "sensor_dropout",
        ] {
            let fault = catalogue.fault(&FaultCode::new(code).unwrap()).unwrap_or_else(|| panic!("{code} is missing"));
            let explained = !fault.comparison.en.is_empty() && !fault.comparison.zh.is_empty();
            assert!(!fault.customer || explained, "{code}: a customer may hear of it, so it needs a comparison");
            assert!(
                !fault.customer || fault.action.is_some(),
                "{code}: a customer may hear of it, so it needs an action"
            );
        }
    }

    #[test]
    fn a_misspelt_action_is_refused_by_name() {
        let text = r#"
            [[fault]]
            code = "x"
            failure_mode = "IHT"
            name = { en = "x", zh = "x" }
            comparison = { en = "", zh = "" }
            action = "cooler_claened"
            forecast = true
            customer = false
            [action]
        "#;
        assert_eq!(
            Catalogue::parse(text).unwrap_err().to_string(),
            "fault `x` names action `cooler_claened`, which the catalogue does not have"
        );
    }
}
