//! What became of one message of an edge node.

use foretell_model::Event;

use crate::decode::Fault;

/// A message of ours to edge nodes, not retained, QoS 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// What is counted besides events and refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Births heard.
    pub births: u32,
    /// Deaths heard.
    pub deaths: u32,
    /// Deaths of an earlier session, passed over.
    pub stale_deaths: u32,
    /// Gaps in a node's sequence.
    pub gaps: u32,
    /// Messages that came again and became what they had become before.
    pub repeated: u32,
    /// Metrics that are data sets; they mean nothing here.
    pub data_sets: u32,
    /// Metrics that are templates; they mean nothing here.
    pub templates: u32,
}

/// Where it is collected.
pub(super) struct Output<'a> {
    pub(super) events: &'a mut Vec<Event>,
    pub(super) publications: &'a mut Vec<Publication>,
    pub(super) notes: &'a mut Notes,
    /// Metrics that mean nothing here.
    pub(super) ignored: u64,
    /// At most one of each reason: each refusal keeps a copy of the payload.
    pub(super) faults: Vec<Fault>,
}

impl Output<'_> {
    /// Notes what could not be taken.
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.iter().all(|known| known.reason != fault.reason) {
            self.faults.push(fault);
        }
    }
}
