//! Contract topics that a publisher has used before, so that each message need not check and allocate its identity again.

use std::collections::HashMap;

use foretell_model::MachineId;

use super::contract::Kind;

/// Most topics remembered per publisher: a broker session sees a whole fleet's.
const TOPICS_MAX: usize = 20_000;

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct KnownTopics {
    /// A controller has one topic, so most questions end here.
    last: Option<(Box<str>, Kind, MachineId)>,
    others: HashMap<Box<str>, (Kind, MachineId)>,
}

impl KnownTopics {
    /// Whose topic it is, if it is known.
    pub(super) fn find(&self, topic: &str) -> Option<(Kind, MachineId)> {
        match &self.last {
            Some((last, kind, machine)) if **last == *topic => Some((*kind, machine.clone())),
            _ => self.others.get(topic).cloned(),
        }
    }

    /// Remembers a topic.
    pub(super) fn remember(&mut self, topic: &str, kind: Kind, machine: &MachineId) {
        if let Some((last, kind, machine)) = self.last.replace((topic.into(), kind, machine.clone())) {
            if self.others.len() >= TOPICS_MAX {
                self.others.clear();
            }
            self.others.insert(last, (kind, machine));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_is_found_until_there_is_too_much() {
        let (mut known, machine) = (KnownTopics::default(), |n: usize| MachineId::new("s", &n.to_string()).unwrap());
        for n in 0..=TOPICS_MAX {
            known.remember(&n.to_string(), Kind::Telemetry, &machine(n));
        }
        for n in [0, 7, TOPICS_MAX] {
            assert_eq!(known.find(&n.to_string()), Some((Kind::Telemetry, machine(n))));
        }
        assert_eq!(known.find("x"), None);
        known.remember("x", Kind::Status, &machine(1));
        known.remember("y", Kind::Status, &machine(1));
        assert_eq!(known.find("7"), None);
        assert!(known.find("x").is_some() && known.find("y").is_some());
    }
}
