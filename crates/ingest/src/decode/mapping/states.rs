//! What a source's words or status bits say of the controller's state.

use foretell_model::RunState;
use serde_json::Value;

use super::pointer::Pointer;
use crate::decode::reason::{Fault, RefusalReason};

/// What the source's words for its state mean; the words are in lower case.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::decode) struct States {
    pub(super) at: Pointer,
    /// The word in the topic that announces it, in a mapping whose topic names the signal.
    pub(super) word: Option<String>,
    /// Of a status word, the bits that count.
    pub(super) mask: Option<u32>,
    pub(super) values: Vec<(String, RunState)>,
    /// What any other word means; without it another word is a fault.
    pub(super) otherwise: Option<RunState>,
}

impl States {
    /// Whether it has anything to say about a message of this topic.
    pub(super) fn is_meant(&self, signal_level: Option<&str>) -> bool {
        match (&self.word, signal_level) {
            (Some(word), Some(level)) => word == level,
            _ => true,
        }
    }

    /// The state in a record; `None` when it says nothing of it.
    pub(super) fn read(&self, record: &Value) -> Result<Option<RunState>, Fault> {
        let Some(value) = self.at.find(record).filter(|value| !value.is_null()) else { return Ok(None) };
        let word = self.word_of(value);
        let found = self.values.iter().find(|(known, _)| *known == word).map(|(_, state)| *state);
        found.or(self.otherwise).map(Some).ok_or_else(|| {
            let shown: String = word.chars().take(40).collect();
            Fault::new(RefusalReason::UnknownWord, format!("the state {shown:?} is not in the mapping's table"))
        })
    }

    /// The word to look up; numbers without their decimals and with the mask applied.
    fn word_of(&self, value: &Value) -> String {
        let text = match value {
            Value::String(text) => text.trim().to_lowercase(),
            other => other.to_string(),
        };
        let whole = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
        match (whole, self.mask) {
            (Some(number), Some(mask)) => (number as i64 & i64::from(mask)).to_string(),
            (Some(number), None) => (number as i64).to_string(),
            (None, _) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_numbers_and_bits() {
        let states = |mask, otherwise| States {
            at: Pointer::parse("").unwrap(),
            word: None,
            mask,
            values: vec![
                ("run".into(), RunState::Loaded),
                ("0".into(), RunState::Stopped),
                ("3".into(), RunState::Loaded),
            ],
            otherwise,
        };
        for (states, value, expected) in [
            (states(None, None), json!(" Run "), Ok(Some(RunState::Loaded))),
            (states(None, None), json!(0.0), Ok(Some(RunState::Stopped))),
            (states(None, None), json!("3"), Ok(Some(RunState::Loaded))),
            (states(Some(3), None), json!(0x5003), Ok(Some(RunState::Loaded))),
            (states(Some(3), None), json!(4), Ok(Some(RunState::Stopped))),
            (states(None, None), json!(null), Ok(None)),
            (states(None, None), json!("off"), Err("the state \"off\" is not in the mapping's table".to_owned())),
            (states(None, Some(RunState::Unloaded)), json!("off"), Ok(Some(RunState::Unloaded))),
        ] {
            assert_eq!(states.read(&value).map_err(|fault| fault.detail), expected, "{value}");
        }
    }
}
