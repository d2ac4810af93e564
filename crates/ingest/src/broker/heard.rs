//! Which edge nodes were heard since a connection was lost over which the broker kept our session.
//!
//! It keeps what asks for an acknowledgement. What edge nodes say does not: Sparkplug has births and data at QoS 0, and of those said
//! while we were away nobody knows. Their sequence tells, but for one chance in 256: a node that was born again unheard, and
//! whose new sequence has just come to where the old one broke off. So the first that such a node says afterwards counts as said
//! after a gap, and it is asked for its births. A node that publishes its data at QoS 1 lost nothing, and goes on.

use std::collections::HashSet;

use crate::sparkplug;

/// Most nodes that are remembered; no more are followed.
const NODES_MAX: usize = 10_000;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The nodes that were heard since; `None` while no connection was lost.
    since: Option<HashSet<(String, String)>>,
}

impl Heard {
    /// A connection stands again, with the session of before.
    pub(super) fn again(&mut self) {
        self.since = Some(HashSet::new());
    }

    /// Whether something before this message may have been missed that its sequence need not show.
    pub(super) fn may_have_missed(&mut self, topic: &str, is_acknowledged: bool) -> bool {
        let Some(heard) = &mut self.since else { return false };
        // A node's death has no place in the sequence.
        let Some((group, node)) = sparkplug::node_in_sequence(topic) else { return false };
        heard.len() < NODES_MAX && heard.insert((group.to_owned(), node.to_owned())) && !is_acknowledged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unacknowledged_word_after_an_absence_is_doubted() {
        let mut heard = Heard::default();
        let check = |heard: &mut Heard, messages: &[(&str, bool, bool)]| {
            for (topic, acknowledged, doubted) in messages {
                assert_eq!(heard.may_have_missed(topic, *acknowledged), *doubted, "{topic}");
            }
        };
        check(&mut heard, &[("spBv1.0/g/DDATA/n/d", false, false)]);
        for _ in 0..2 {
            heard.again();
            check(
                &mut heard,
                &[
                    ("foretell/v1/s/m/telemetry", false, false),
                    ("spBv1.0/g/NDEATH/n", true, false),
                    ("spBv1.0/g/DDATA/n/d", false, true),
                    ("spBv1.0/g/DDATA/n/e", false, false),
                    ("spBv1.0/h/NDATA/n", true, false),
                    ("spBv1.0/h/NDATA/n", false, false),
                    ("spBv1.0/h/NBIRTH/m", false, true),
                ],
            );
        }
    }
}
