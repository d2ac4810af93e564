//! What a mapping makes of a record, place by place, for a person who writes one.

use serde_json::Value;

use super::field::Measured;
use super::{Mapping, Message};

/// One use that a mapping makes of a record.
#[derive(Clone, Debug)]
pub(in crate::decode) struct Use<'a> {
    /// The values that it reads; empty when the record does not hold them.
    pub(in crate::decode) found: Vec<&'a Value>,
    /// Where it looks, as configured; empty for a constant.
    pub(in crate::decode) at: String,
    /// What it is for: a signal's name, `time`, `state`, `site`, `machine`.
    pub(in crate::decode) what: &'static str,
    /// What came of it, e.g. `83 °C`, or why nothing did.
    pub(in crate::decode) result: Result<String, String>,
    /// How, e.g. `from degF`.
    pub(in crate::decode) how: String,
}

impl Mapping {
    /// Every use, in the order in which people read them: identity, time, signals, state.
    pub(in crate::decode) fn uses<'a>(&'a self, message: Message<'a>, record: &'a Value) -> Vec<Use<'a>> {
        let mut uses = self.identity_uses(message, record);
        if let Some(only) = &self.only {
            let (found, how) = (only.at.find(record).into_iter().collect(), "only these are meant".to_owned());
            uses.push(Use { found, at: only.at.to_string(), what: "kind", result: Ok(only.is.clone()), how });
        }
        if let Some(time) = &self.time {
            uses.push(Use {
                found: time.value(record, message.document).into_iter().collect(),
                at: time.at.to_string(),
                what: "time",
                result: time
                    .read(record, message)
                    .map(|ts| ts.to_string())
                    .map_err(|fault| format!("{}: {}", fault.reason.code(), fault.detail)),
                how: time.format.to_string(),
            });
        }
        for field in self.fields.iter().filter(|field| field.is_meant(message.names.signal)) {
            let unit = field.signal.unit();
            let result = match field.read(record, self.decimal_comma) {
                Ok(Measured::Value(value)) => Ok(format!("{} {unit}", shown(value))),
                Ok(Measured::Missing) => Ok("not measured".to_owned()),
                Ok(Measured::Absent) => Err("the sample does not hold it".to_owned()),
                Err(fault) => Err(format!("{}: {}", fault.reason.code(), fault.detail)),
            };
            let places = field.places();
            let found: Option<Vec<&Value>> = places.iter().map(|place| place.find(record)).collect();
            let at = places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
            let (found, how) = (found.unwrap_or_default(), field.how.clone());
            uses.push(Use { found, at, what: field.signal.name(), result, how });
        }
        if let Some(states) = self.states.as_ref().filter(|states| states.is_meant(message.names.signal)) {
            let result = match states.read(record) {
                Ok(Some(state)) => Ok(state.name().to_owned()),
                Ok(None) => Err("the sample does not hold it".to_owned()),
                Err(fault) => Err(format!("{}: {}", fault.reason.code(), fault.detail)),
            };
            let how = states.mask.map_or_else(String::new, |mask| format!("bits of mask {mask}"));
            let found = states.at.find(record).into_iter().collect();
            uses.push(Use { found, at: states.at.to_string(), what: "state", result, how });
        }
        uses
    }

    fn identity_uses<'a>(&'a self, message: Message<'a>, record: &'a Value) -> Vec<Use<'a>> {
        let places = self.identity.places();
        let of = |(what, at): (&'static str, &super::Pointer)| {
            let found = at.find(record).or_else(|| at.find(message.document));
            let result = self.machine(message, record);
            let result = result.map(|id| if what == "site" { id.site().to_owned() } else { id.machine().to_owned() });
            let result = result.map_err(|fault| format!("{}: {}", fault.reason.code(), fault.detail));
            Use { found: found.into_iter().collect(), at: at.to_string(), what, result, how: String::new() }
        };
        places.into_iter().map(of).collect()
    }
}

/// A number for a person: without the last digits that binary arithmetic adds.
fn shown(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded.to_string() } else { value.to_string() }
}
