//! One edge node: the order of its messages, its births and deaths, and when to ask for a rebirth.
//!
//! ```text
//!            NBIRTH                 gap in the sequence
//!  adrift ----------> born ------------------------------> adrift: aliases and held values are forgotten,
//!     ^                |  ^                                        a rebirth is asked for
//!     |            NDEATH |  NBIRTH
//!     |                v  |
//!     '--- a gap ---- dead: what still continues the sequence is a message that was under way
//! ```
//!
//! The sequence is all there is to notice a loss by, and it begins anew with each birth. A node that was born again unheard
//! and whose new sequence continues the old one by chance, one in 256, looks as if nothing had happened; so where an input
//! knows that it has missed something, it says so ([`Node::miss`]).
//!
//! A host may wait a while for a message that is out of order before it takes it for lost (Sparkplug's reorder timeout). This one
//! does not: a broker keeps one publisher's messages in order for one subscriber, and one session alone reads the edge nodes, so
//! what is out of order was lost, or sent by two. Waiting would only delay what follows; asking for a rebirth mends both.

use std::collections::HashMap;
use std::sync::Arc;

use foretell_model::Timestamp;

use super::device::{Device, Moment};
use super::output::Output;
use super::owners::Owner;
use super::recent::{self, Recent};
use super::rules::Rules;
use super::said;
use super::sample;
use super::topic::{Speaker, Verb};
use super::wire::{self, Message, Value};
use crate::decode::{Fault, RefusalReason};

/// Most devices behind one node.
const DEVICES_MAX: usize = 1_000;
/// The pause between two requests doubles so often.
const DOUBLINGS_MAX: u32 = 6;

/// What is known of a node's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Not born since we know it, or something was missed.
    Adrift,
    /// Born, and nothing missed.
    Born,
    /// Born, nothing missed, and gone.
    Dead,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Node {
    owner: Owner,
    /// Those of its latest birth.
    rules: Arc<Rules>,
    standing: Standing,
    /// The sequence number that comes next.
    expected: Option<u8>,
    /// The session's number, by which a death is matched with its birth.
    bd_seq: Option<u64>,
    own: Device,
    devices: HashMap<Box<str>, Device>,
    recent: Recent,
    asked_at: Option<Timestamp>,
    /// Requests since the latest birth.
    asked: u32,
}

/// What the host decides for all nodes.
#[derive(Clone, Copy)]
pub(super) struct Policy {
    pub(super) rebirth_every_ms: i64,
    /// How many nodes there are.
    pub(super) nodes: usize,
}

impl Node {
    /// `owner` names it with its input, for people.
    pub(super) fn new(rules: &Arc<Rules>, owner: Owner, speaker: Speaker<'_>) -> Self {
        let itself = Speaker { device: None, ..speaker };
        Self {
            own: Device::new(rules, owner.clone(), itself),
            owner,
            rules: Arc::clone(rules),
            standing: Standing::Adrift,
            expected: None,
            bd_seq: None,
            devices: HashMap::new(),
            recent: Recent::default(),
            asked_at: None,
            asked: 0,
        }
    }

    /// Takes one message.
    ///
    /// # Errors
    /// When nothing of it could be read.
    pub(super) fn hear(
        &mut self,
        moment: Moment<'_>,
        policy: Policy,
        (verb, speaker): (Verb, Speaker<'_>),
        (topic, payload): (&str, &[u8]),
        out: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let message = match wire::read(payload) {
            Ok(message) => message,
            Err(fault) => {
                // Whatever it said, it was missed; if it was a birth, the sequence might never tell.
                self.lose(moment, out);
                self.ask(moment.admission.arrived, policy, speaker, out);
                return Err(fault);
            }
        };
        let is_node_birth = verb == Verb::Birth && speaker.device.is_none();
        let is_outdated = !Arc::ptr_eq(&self.rules, moment.rules);
        if is_outdated && is_node_birth {
            self.renew(moment, speaker, out);
        }
        let rules = Arc::clone(&self.rules);
        let (moment, is_outdated) = (Moment { rules: &rules, ..moment }, is_outdated && !is_node_birth);
        if verb == Verb::Death && speaker.device.is_none() {
            self.death(moment, &message, out);
            return Ok(());
        }
        let key = recent::key(topic, payload);
        let seq = message.seq.and_then(|seq| u8::try_from(seq).ok());
        let in_order = seq.is_some() && seq == self.expected && !is_node_birth;
        // A node without a clock may be born again in the very same words; while that is waited for, it is no repetition.
        let is_awaited = is_node_birth && self.standing != Standing::Born;
        if !in_order
            && !is_awaited
            && let Some(events) = self.recent.find(key)
        {
            out.events.extend_from_slice(events);
            out.notes.repeated += 1;
            return Ok(());
        }
        if !in_order && !is_node_birth {
            self.lose(moment, out);
        }
        self.expected = seq.map(|seq| seq.wrapping_add(1));
        let before = out.events.len();
        let taken = if is_node_birth {
            self.birth(moment, &message, out);
            Ok(())
        } else {
            self.take(moment, (verb, speaker), &message, out)
        };
        if self.standing != Standing::Born || is_outdated {
            self.ask(moment.admission.arrived, policy, speaker, out);
        }
        self.recent.remember(key, &out.events[before..], policy.nodes);
        taken
    }

    /// Goes on by the rules of the moment, with a birth at hand.
    fn renew(&mut self, moment: Moment<'_>, speaker: Speaker<'_>, out: &mut Output<'_>) {
        self.rules = Arc::clone(moment.rules);
        // What a repeated message had become by the old rules does not count any more.
        (self.standing, self.recent) = (Standing::Adrift, Recent::default());
        self.own.renew(moment, Speaker { device: None, ..speaker }, out);
        for (name, device) in &mut self.devices {
            device.renew(moment, Speaker { device: Some(name), ..speaker }, out);
        }
    }

    /// The input was away for a while: whatever comes next, something was missed.
    pub(super) fn miss(&mut self) {
        self.expected = None;
    }

    /// Something was missed, perhaps a birth: what aliases stand for is not known any more.
    fn lose(&mut self, moment: Moment<'_>, out: &mut Output<'_>) {
        if self.standing != Standing::Adrift {
            out.notes.gaps += 1;
        }
        self.standing = Standing::Adrift;
        self.own.lose(moment.room);
        self.devices.values_mut().for_each(|device| device.lose(moment.room));
    }

    fn birth(&mut self, moment: Moment<'_>, message: &Message<'_>, out: &mut Output<'_>) {
        out.notes.births += 1;
        self.standing = Standing::Born;
        self.asked = 0;
        self.bd_seq = bd_seq(message);
        self.devices.values_mut().for_each(|device| device.await_birth(moment.room));
        self.own.birth(moment, message, out);
    }

    /// A death that belongs to another session than the latest birth is late: the node has been back since.
    fn death(&mut self, moment: Moment<'_>, message: &Message<'_>, out: &mut Output<'_>) {
        if let (Some(birth), Some(death)) = (self.bd_seq, bd_seq(message))
            && birth != death
        {
            out.notes.stale_deaths += 1;
            return;
        }
        out.notes.deaths += 1;
        if self.standing == Standing::Born {
            self.standing = Standing::Dead;
        }
        // Its own time is that of the connection, long before: a will is written beforehand.
        let ts = moment.admission.arrived;
        self.own.death(moment, ts, out);
        self.devices.values_mut().for_each(|device| device.death(moment, ts, out));
    }

    /// Takes what is said of the node itself or of a device behind it.
    fn take(
        &mut self,
        moment: Moment<'_>,
        (verb, speaker): (Verb, Speaker<'_>),
        message: &Message<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let Some(name) = speaker.device else {
            self.own.data(moment, message, out);
            return Ok(());
        };
        if !self.devices.contains_key(name) {
            if self.devices.len() >= DEVICES_MAX || !moment.room.take_device() {
                let detail = format!("more than {DEVICES_MAX} devices behind one edge node, or too many altogether");
                return Err(Fault::new(RefusalReason::TooMany, detail));
            }
            let owner = format!("{}/{name}", self.owner).into();
            self.devices.insert(name.into(), Device::new(moment.rules, owner, speaker));
        }
        let Some(device) = self.devices.get_mut(name) else { return Ok(()) };
        match verb {
            Verb::Birth => {
                out.notes.births += 1;
                device.birth(moment, message, out);
            }
            Verb::Data => {
                device.data(moment, message, out);
                if !(device.is_born && device.is_alive) && self.standing == Standing::Born {
                    // It speaks without having been born, so its birth was missed.
                    self.standing = Standing::Adrift;
                }
            }
            Verb::Death => {
                out.notes.deaths += 1;
                let arrived = moment.admission.arrived;
                let at = sample::instant(message.timestamp).unwrap_or(arrived);
                device.death(moment, moment.admission.time(at).unwrap_or(arrived), out);
            }
        }
        Ok(())
    }

    /// Asks for a rebirth, unless that was done a moment ago. A node that keeps being asked is asked ever less often.
    fn ask(&mut self, now: Timestamp, policy: Policy, speaker: Speaker<'_>, out: &mut Output<'_>) {
        let pause_ms = policy.rebirth_every_ms.saturating_mul(1 << self.asked.saturating_sub(1).min(DOUBLINGS_MAX));
        // Our own clock may have been set back.
        if self.asked_at.is_some_and(|asked_at| (0..pause_ms).contains(&(now - asked_at))) {
            return;
        }
        self.asked_at = Some(now);
        self.asked = self.asked.saturating_add(1);
        out.publications.push(said::rebirth(speaker.group, speaker.node, now));
    }
}

/// The session's number that a birth or death bears.
fn bd_seq(message: &Message<'_>) -> Option<u64> {
    message.metrics.iter().find(|metric| metric.name == Some("bdSeq")).and_then(|metric| match metric.value {
        Value::Int(number) => Some(u64::from(number)),
        Value::Long(number) => Some(number),
        _ => None,
    })
}
