//! The retained messages that the broker should hold: our advisories. Kept here as a table of wanted values rather than a
//! queue, so that a slow or absent broker costs no memory and gets the newest values when it is back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use metrics::counter;
use tokio::sync::Notify;

/// Most topics that are held.
const TOPICS_MAX: usize = 200_000;

/// See the module's text.
pub(super) struct Outgoing {
    source: String,
    payload_bytes_max: usize,
    /// The topic that is said before all others.
    first: Option<String>,
    wanted: Mutex<Wanted>,
    changed: Notify,
}

#[derive(Default)]
struct Wanted {
    /// Empty values clear; they stay, because the clearing may have to be said again after a lost connection.
    values: BTreeMap<String, Bytes>,
    /// What this connection has not been told yet.
    unsaid: BTreeSet<String>,
}

impl Outgoing {
    pub(super) fn new(source: &str, payload_bytes_max: usize, first: Option<String>) -> Self {
        Self { source: source.to_owned(), payload_bytes_max, first, wanted: Mutex::default(), changed: Notify::new() }
    }

    /// Wants a value; an empty one clears. Too large a value, or one topic too many, is dropped and counted: an outgoing packet
    /// over the limit would break every connection on which it is tried.
    pub(super) fn set(&self, topic: &str, payload: &[u8]) {
        let mut wanted = self.wanted();
        let room = wanted.values.len() < TOPICS_MAX || wanted.values.contains_key(topic);
        let legal = (1..=65_535).contains(&topic.len()) && !topic.contains(['+', '#', '\0']);
        if !(room && legal && payload.len() <= self.payload_bytes_max) {
            drop(wanted);
            tracing::warn!(source = %self.source, topic, bytes = payload.len(), "Dropped a retained message: too large, or one too many.");
            counter!("foretell_broker_retained_dropped_total", "source" => self.source.clone()).increment(1);
            return;
        }
        wanted.values.insert(topic.to_owned(), Bytes::copy_from_slice(payload));
        wanted.unsaid.insert(topic.to_owned());
        drop(wanted);
        self.changed.notify_one();
    }

    /// A new connection has been told nothing.
    pub(super) fn say_all_again(&self) {
        let mut wanted = self.wanted();
        wanted.unsaid = wanted.values.keys().cloned().collect();
    }

    /// Hands every value that is still to be said to `say`, until that returns false; what it did not take remains.
    pub(super) fn say(&self, mut say: impl FnMut(&str, Bytes) -> bool) {
        let mut wanted = self.wanted();
        let next = |wanted: &mut Wanted| {
            let first = self.first.as_ref().and_then(|first| wanted.unsaid.take(first));
            first.or_else(|| wanted.unsaid.pop_first())
        };
        while let Some(topic) = next(&mut wanted) {
            let value = wanted.values.get(&topic).cloned().unwrap_or_default();
            if !say(&topic, value) {
                wanted.unsaid.insert(topic);
                return;
            }
        }
    }

    /// Waits for a change.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        // Every change is whole, so a poisoned lock holds nothing half done.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(outgoing: &Outgoing, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        outgoing.say(|topic, value| {
            if lines.len() == most {
                return false;
            }
            lines.push(format!("{topic}={}", String::from_utf8_lossy(&value)));
            true
        });
        lines
    }

    #[test]
    fn only_the_newest_value_is_said() {
        let outgoing = Outgoing::new("b", 10, None);
        outgoing.set("a", b"1");
        outgoing.set("b", b"1");
        outgoing.set("a", b"2");
        assert_eq!(said(&outgoing, 1), ["a=2"]);
        assert_eq!(said(&outgoing, 9), ["b=1"]);
        outgoing.set("b", b"");
        assert_eq!(said(&outgoing, 9), ["b="]);
        outgoing.say_all_again();
        assert_eq!(said(&outgoing, 9), ["a=2", "b="]);
    }

    #[test]
    fn one_topic_goes_first() {
        let outgoing = Outgoing::new("b", 10, Some("s".into()));
        for topic in ["a", "s", "t"] {
            outgoing.set(topic, b"1");
        }
        assert_eq!(said(&outgoing, 1), ["s=1"]);
        outgoing.say_all_again();
        assert_eq!(said(&outgoing, 9), ["s=1", "a=1", "t=1"]);
    }

    #[test]
    fn what_would_break_the_connection_is_dropped() {
        let outgoing = Outgoing::new("b", 10, None);
        outgoing.set("a", b"12345678901");
        outgoing.set("a/+", b"1");
        outgoing.set("", b"1");
        assert!(said(&outgoing, 9).is_empty());
    }
}
