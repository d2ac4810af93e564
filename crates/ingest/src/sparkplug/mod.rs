//! A Sparkplug B 3.0 host application, without I/O: from the messages of edge nodes to readings and status events, and to
//! the rebirth requests that nodes must be sent.
//!
//! The group is the site, the device the machine; a node's own metrics are the machine of the node's name. Unlike a
//! contract message, one of Sparkplug means something only after those before it: a birth names the metrics, later
//! messages may say numbers instead of names, and only what changed. So a host follows each node. Where it missed
//! something it says so and asks for a rebirth; nothing is attributed on a guess.
//!
//! ```text
//! topic -> Speaker --\
//! bytes -> Message ---> Node (sequence, births, deaths) -> Device (names, aliases) -> Sample -> Image -> reading
//!                           \-> rebirth requests
//! ```

mod device;
pub(crate) mod events;
mod explain;
mod image;
mod node;
mod output;
mod owners;
mod recent;
mod room;
mod rules;
mod said;
mod sample;
#[cfg(test)]
mod tests;
mod topic;
mod value;
mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foretell_model::{Event, MachineId};

use crate::decode::{Admission, Fault, MappingFault, RefusalReason, Voice};
use device::Moment;
pub(crate) use explain::Explained;
use node::{Node, Policy};
use output::Output;
pub use output::{Notes as SparkplugNotes, Publication};
use owners::{Owner, Owners};
use room::Room;
use rules::Rules;
pub use rules::{SparkplugMapping, SparkplugOptions};
pub(crate) use said::{is_offline, state};
pub(crate) use topic::{
    FILTERS, Told, is_said_by_edge_node, is_sparkplug, node_in_sequence, state as state_topic, told,
};
use topic::{Speaker, Topic, Verb};

/// Most nodes that are followed; with their devices and names they take a few hundred megabytes at worst.
const NODES_MAX: usize = 10_000;

impl SparkplugOptions {
    /// Every fault of the mappings; none when they are sound.
    #[must_use]
    pub fn faults(&self) -> Vec<MappingFault> {
        Rules::new(self).err().unwrap_or_default()
    }
}

/// See the module's text. Messages of one node are taken one by one, those of different nodes at the same time.
#[derive(Debug)]
pub(crate) struct Host {
    host_id: String,
    rebirth_every_ms: AtomicI64,
    /// Of a new configuration; each node goes by those of its latest birth.
    rules: RwLock<Arc<Rules>>,
    owners: Owners,
    room: Room,
    nodes: RwLock<HashMap<String, Arc<Mutex<Node>>>>,
}

impl Host {
    /// Checks the options.
    pub(crate) fn new(options: &SparkplugOptions) -> Result<Self, Vec<MappingFault>> {
        let rules = Arc::new(Rules::new(options)?);
        Ok(Self::empty(&options.host_id, options.rebirth_every_ms.max(1), rules))
    }

    /// Goes on with the rules of another host of our name. A node that lives under the old ones keeps them until its next birth,
    /// for which it is asked when it next speaks, so nothing that it says meanwhile is lost.
    pub(crate) fn adopt(&self, other: &Self) {
        let (rules, mut ours) = (other.rules(), self.rules.write().unwrap_or_else(PoisonError::into_inner));
        // The same rules are no reason to ask anybody.
        if *rules != **ours {
            *ours = rules;
        }
        drop(ours);
        self.rebirth_every_ms.store(other.rebirth_every_ms.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn empty(host_id: &str, rebirth_every_ms: i64, rules: Arc<Rules>) -> Self {
        Self {
            host_id: host_id.to_owned(),
            rebirth_every_ms: AtomicI64::new(rebirth_every_ms),
            rules: RwLock::new(rules),
            owners: Owners::default(),
            room: Room::default(),
            nodes: RwLock::default(),
        }
    }

    /// Our name as a host.
    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }

    /// Whether a publisher may speak on a topic: for the edge node, because whatever is said there changes what is believed of it,
    /// and for the device if the topic names one. Of a device that is no machine nothing is admitted, whoever says it. What hosts
    /// say means nothing to us, so anybody may.
    pub(crate) fn may(&self, voice: Voice<'_>, topic: &str) -> Result<(), Fault> {
        let Some(Topic::Edge(_, speaker)) = topic::parse(topic).filter(|_| voice.is_limited()) else { return Ok(()) };
        let rules = self.rules();
        match rules.machine(Speaker { device: None, ..speaker }) {
            Ok(node) => voice.ask(&node)?,
            Err(why) => voice.ask_for_nobody(&format!("the edge node `{}/{}`, {why}", speaker.group, speaker.node))?,
        }
        speaker.device.and_then(|_| rules.machine(speaker).ok()).map_or(Ok(()), |device| voice.ask(&device))
    }

    /// The machine that a topic is about, the device's or else the edge node's; none for topics of hosts and for names that no
    /// machine can have.
    pub(crate) fn machine(&self, topic: &str) -> Option<MachineId> {
        let Some(Topic::Edge(_, speaker)) = topic::parse(topic) else { return None };
        self.rules().machine(speaker).ok()
    }

    /// The machine that an edge node itself is.
    pub(crate) fn machine_of_node(&self, group: &str, node: &str) -> Option<MachineId> {
        self.rules().machine(Speaker { group, node, device: None }).ok()
    }

    /// Takes one message; returns what of it was refused and how many metrics mean nothing here.
    pub(crate) fn hear(
        &self,
        admission: Admission,
        source: &str,
        (topic, payload): (&str, &[u8]),
        events: &mut Vec<Event>,
        publications: &mut Vec<Publication>,
        notes: &mut SparkplugNotes,
    ) -> (Vec<Fault>, u64) {
        let mut out = Output { events, publications, notes, ignored: 0, faults: Vec::new() };
        match topic::parse(topic) {
            Some(Topic::Edge(verb, speaker)) => {
                if let Err(fault) = self.edge(admission, source, (verb, speaker), (topic, payload), &mut out) {
                    out.fault(fault);
                }
            }
            Some(Topic::OfHosts) => {}
            Some(Topic::Unknown) | None => {
                out.fault(Fault::new(RefusalReason::UnknownTopic, "no message of Sparkplug has such a topic"));
            }
        }
        (out.faults, out.ignored)
    }

    /// An input was away, and what was said meanwhile is lost: nothing is known of its nodes until they are born again.
    pub(crate) fn miss(&self, source: &str) {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        for (_, node) in nodes.iter().filter(|(key, _)| key.split(": ").next() == Some(source)) {
            node.lock().unwrap_or_else(PoisonError::into_inner).miss();
        }
    }

    /// Something of one node may have been missed, whatever its sequence says.
    pub(crate) fn miss_node(&self, source: &str, group: &str, node: &str) {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = nodes.get(&key(source, group, node)) {
            node.lock().unwrap_or_else(PoisonError::into_inner).miss();
        }
    }

    fn edge(
        &self,
        admission: Admission,
        source: &str,
        (verb, speaker): (Verb, Speaker<'_>),
        message: (&str, &[u8]),
        out: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let rules = self.rules();
        let (node, nodes) = self.node(source, speaker, &rules)?;
        let mut node = node.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Moment { admission, rules: &rules, owners: &self.owners, room: &self.room };
        let policy = Policy { rebirth_every_ms: self.rebirth_every_ms.load(Ordering::Relaxed), nodes };
        node.hear(moment, policy, (verb, speaker), message, out)
    }

    /// The node and how many there are. The same names through another input are another node.
    fn node(&self, source: &str, speaker: Speaker<'_>, rules: &Arc<Rules>) -> Result<(Arc<Mutex<Node>>, usize), Fault> {
        let Speaker { group, node, .. } = speaker;
        let key = key(source, group, node);
        {
            let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = nodes.get(&key) {
                return Ok((Arc::clone(known), nodes.len()));
            }
        }
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        if nodes.len() >= NODES_MAX && !nodes.contains_key(&key) {
            return Err(Fault::new(RefusalReason::TooMany, format!("more than {NODES_MAX} edge nodes")));
        }
        let owner: Owner = key.as_str().into();
        let node = nodes.entry(key).or_insert_with(|| Arc::new(Mutex::new(Node::new(rules, owner, speaker))));
        let node = Arc::clone(node);
        Ok((node, nodes.len()))
    }
}

/// What a node is known by: the same names through another input are another node.
fn key(source: &str, group: &str, node: &str) -> String {
    format!("{source}: {group}/{node}")
}
