//! What a node's latest messages became, so that a message that comes again becomes the same.
//!
//! MQTT delivers at least once: after a lost connection a broker sends again what we had not acknowledged, and a node what
//! we had not. Such a message is out of sequence and would look like a loss; its events, made anew over what holds by now,
//! would be others than the log has already.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use foretell_model::Event;

/// Messages remembered of one node, and of all nodes together.
const OF_NODE: std::ops::RangeInclusive<usize> = 16..=2_048;
const OF_ALL: usize = 65_536;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(u64, Box<[Event]>)>);

/// What a message is recognised by. Keys of one node alone are compared, so a collision could hurt only who makes it.
pub(super) fn key(topic: &str, payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    payload.hash(&mut hasher);
    hasher.finish()
}

impl Recent {
    /// Remembers; `nodes` says how many share the memory.
    pub(super) fn remember(&mut self, key: u64, events: &[Event], nodes: usize) {
        let most = (OF_ALL / nodes.max(1)).clamp(*OF_NODE.start(), *OF_NODE.end());
        while self.0.len() >= most {
            self.0.pop_front();
        }
        self.0.push_back((key, events.into()));
    }

    /// What the message became, if it is remembered.
    pub(super) fn find(&self, key: u64) -> Option<&[Event]> {
        self.0.iter().rev().find(|(known, _)| *known == key).map(|(_, events)| &**events)
    }
}
