//! Whose a record is: site and machine from the topic, the payload or the configuration.

use std::borrow::Cow;
use std::collections::HashMap;

use foretell_model::MachineId;
use serde_json::Value;

use super::pattern::Names;
use super::pointer::Pointer;
use crate::decode::reason::{Fault, RefusalReason};

/// Where a half of the identity comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Constant(String),
    Level,
    At(Pointer),
}

/// Both halves, and other names for the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) site: Part,
    pub(super) machine: Part,
    /// The source's names in lower case to ours.
    pub(super) renamed: HashMap<String, String>,
}

impl Part {
    fn text<'a>(
        &'a self,
        level: Option<&'a str>,
        name: &str,
        record: &'a Value,
        document: &'a Value,
    ) -> Result<Cow<'a, str>, Fault> {
        match self {
            Self::Constant(text) => Ok(text.into()),
            Self::Level => Ok(level.unwrap_or_default().into()),
            Self::At(place) => match place.find(record).or_else(|| place.find(document)) {
                Some(Value::String(text)) => Ok(text.trim().into()),
                Some(number @ Value::Number(_)) => Ok(number.to_string().into()),
                None | Some(Value::Null) => {
                    Err(Fault::new(RefusalReason::BadIdentity, format!("the {name} is missing at {place}")))
                }
                Some(_) => Err(Fault::new(RefusalReason::BadIdentity, format!("the {name} at {place} is no text"))),
            },
        }
    }

    fn may_be(&self, text: &str) -> bool {
        match self {
            Self::Constant(constant) => constant == text,
            Self::Level | Self::At(_) => true,
        }
    }
}

impl Identity {
    /// Whether the topic alone decides, so that it need be asked once a message.
    pub(super) const fn is_by_topic(&self) -> bool {
        !matches!((&self.site, &self.machine), (Part::At(_), _) | (_, Part::At(_)))
    }

    /// The machine of a record; `record` and `document` matter only where the payload names a part.
    pub(super) fn of(&self, names: Names<'_>, record: &Value, document: &Value) -> Result<MachineId, Fault> {
        let site = self.site.text(names.site, "site", record, document)?;
        let machine = self.machine.text(names.machine, "machine", record, document)?;
        let renamed = if self.renamed.is_empty() { None } else { self.renamed.get(&machine.to_lowercase()) };
        let machine = renamed.map_or(&*machine, String::as_str);
        MachineId::new(&site, machine).map_err(|error| {
            let hint = match self.machine {
                Part::At(_) => "; `machines` of the mapping gives such names another form",
                Part::Constant(_) | Part::Level => "",
            };
            Fault::new(RefusalReason::BadIdentity, format!("{error}{hint}"))
        })
    }

    /// The places of the payload that name a part.
    pub(super) fn places(&self) -> Vec<(&'static str, &Pointer)> {
        let parts = [("site", &self.site), ("machine", &self.machine)];
        let places = parts.into_iter().filter_map(|(name, part)| match part {
            Part::At(place) => Some((name, place)),
            Part::Constant(_) | Part::Level => None,
        });
        places.collect()
    }

    /// Whether readings of this machine may come through here.
    pub(super) fn may_be(&self, machine: &MachineId) -> bool {
        let renamed = self.renamed.values().any(|name| name == machine.machine());
        self.site.may_be(machine.site()) && (renamed || self.machine.may_be(machine.machine()))
    }
}
