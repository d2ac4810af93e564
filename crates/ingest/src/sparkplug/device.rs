//! One device behind an edge node, or the node's own metrics: which metric feeds what, and what holds by now.
//!
//! A birth names every metric, gives its data type and, if the node likes, a number (alias) that stands for the name from
//! then on. Aliases are believed only from a birth after which nothing was missed. Names speak for themselves.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foretell_model::{Event, MachineId, Timestamp};
use srad_types::payload::DataType;

use super::image::Image;
use super::output::Output;
use super::owners::{Owner, Owners};
use super::room::Room;
use super::rules::{Rule, Rules, Target};
use super::sample::{self, Sample};
use super::topic::Speaker;
use super::value;
use super::wire::{METRICS_MAX, Message, Metric, Value};
use crate::decode::{Admission, Fault, RefusalReason};

/// Most metrics of one device that feed something; there are fewer signals.
const SOURCES_MAX: usize = 64;

/// Longest name of a metric that may mean something, bytes: names are remembered, and one could fill a whole message.
const NAME_BYTES_MAX: usize = 512;

/// What a message is read with.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) admission: Admission,
    pub(super) rules: &'a Arc<Rules>,
    pub(super) owners: &'a Owners,
    pub(super) room: &'a Room,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Device {
    /// Who it is; or why it cannot be told.
    machine: Result<MachineId, String>,
    owner: Owner,
    rule: usize,
    /// Whether its birth was heard and nothing missed since.
    pub(super) is_born: bool,
    /// Whether it was born and did not die.
    pub(super) is_alive: bool,
    /// Whether the log was told that the machine is on line.
    said_online: bool,
    sources: Vec<Source>,
    aliases: HashMap<u64, Slot>,
    /// Names that mean nothing here, so that patterns are not tried again and again.
    strangers: HashSet<Box<str>>,
    /// Places in the common room that this device holds.
    held: usize,
    /// There was no room for every alias: one that is not known means nothing here.
    forgets: bool,
    live: Image,
    /// What held before the latest birth: where history that is delivered late goes on from.
    past: Image,
}

/// A metric that feeds something.
#[derive(Debug)]
struct Source {
    name: Box<str>,
    target: Target,
    datatype: Option<DataType>,
    /// Another metric feeds the same, so neither is believed.
    has_rival: bool,
    /// Another metric has the same alias, so only the name tells it.
    shares_alias: bool,
}

/// What a name or alias stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// A metric that means nothing here.
    Ignored,
    /// The place of a source.
    Source(u8),
    /// Given twice in one birth.
    Twice,
}

impl Device {
    pub(super) fn new(rules: &Rules, owner: Owner, speaker: Speaker<'_>) -> Self {
        Self {
            machine: rules.machine(speaker),
            owner,
            rule: rules.of(speaker),
            is_born: false,
            is_alive: false,
            said_online: false,
            sources: Vec::new(),
            aliases: HashMap::new(),
            strangers: HashSet::new(),
            held: 0,
            forgets: false,
            live: Image::default(),
            past: Image::default(),
        }
    }

    /// Goes on by the rules of the moment, by which it may be another machine; it is waited for like one that was missed.
    pub(super) fn renew(&mut self, moment: Moment<'_>, speaker: Speaker<'_>, out: &mut Output<'_>) {
        let machine = moment.rules.machine(speaker);
        if machine != self.machine {
            // Nobody speaks for the old one any more.
            self.death(moment, moment.admission.arrived, out);
        }
        (self.machine, self.rule) = (machine, moment.rules.of(speaker));
        self.lose(moment.room);
    }

    /// Something was missed: what aliases stand for and what holds is not known any more.
    pub(super) fn lose(&mut self, room: &Room) {
        self.forget_names(room);
        (self.live, self.past) = Default::default();
    }

    /// The node was born again: the device will be too.
    pub(super) fn await_birth(&mut self, room: &Room) {
        self.forget_names(room);
        // Told by the node's birth and again by its own.
        if !self.live.is_empty() {
            self.past = std::mem::take(&mut self.live);
        }
    }

    fn forget_names(&mut self, room: &Room) {
        (self.is_born, self.forgets) = (false, false);
        self.sources.clear();
        self.aliases.clear();
        self.strangers.clear();
        room.give_strangers(std::mem::take(&mut self.held));
    }

    /// Takes a birth: learns the names, says that the machine is on line, and reads the values.
    pub(super) fn birth(&mut self, moment: Moment<'_>, message: &Message<'_>, out: &mut Output<'_>) {
        self.await_birth(moment.room);
        (self.is_born, self.is_alive) = (true, true);
        let rule = moment.rules.at(self.rule);
        for metric in &message.metrics {
            self.learn(moment.room, rule, metric, out);
        }
        if self.sources.is_empty() {
            return;
        }
        let Some(machine) = self.claim(moment, out) else { return };
        let arrived = moment.admission.arrived;
        let at = sample::instant(message.timestamp).unwrap_or(arrived);
        // A birth with a nonsensical time is a birth all the same.
        let ts = moment.admission.time(at).unwrap_or(arrived);
        out.events.push(Event::Status { machine: machine.clone(), ts, online: true });
        self.said_online = true;
        let mut samples = Vec::new();
        for metric in message.metrics.iter().filter(|metric| !metric.is_historical) {
            self.read(moment, message, metric, out, &mut samples);
        }
        sample::birth(&samples, message.timestamp.is_some().then_some(at), moment, &machine, rule, &mut self.live, out);
        self.history(moment, message, &machine, out);
    }

    /// A birth may carry history too, though it seldom does.
    fn history(&mut self, moment: Moment<'_>, message: &Message<'_>, machine: &MachineId, out: &mut Output<'_>) {
        let mut samples = Vec::new();
        for metric in message.metrics.iter().filter(|metric| metric.is_historical) {
            self.read(moment, message, metric, out, &mut samples);
        }
        sample::data(samples, moment, machine, moment.rules.at(self.rule), &mut self.past, out);
    }

    fn learn(&mut self, room: &Room, rule: &Rule, metric: &Metric<'_>, out: &mut Output<'_>) {
        let Some(name) = metric.name.filter(|name| !name.is_empty()) else {
            return out.fault(Fault::new(RefusalReason::MissingField, "a metric of a birth has no name"));
        };
        let slot = self.slot(room, rule, name, value::datatype(metric.datatype));
        if let Err(fault) = self.checked(slot, metric) {
            out.fault(fault);
        }
        let Some(alias) = metric.alias else { return };
        let known = self.aliases.len();
        match self.aliases.entry(alias) {
            Entry::Vacant(vacant) => {
                // What feeds something always has room; what does not is remembered to tell it from what was missed.
                if slot != Slot::Ignored || known < METRICS_MAX && room.take_stranger() {
                    vacant.insert(slot);
                    self.held += usize::from(slot == Slot::Ignored);
                } else {
                    self.forgets = true;
                }
            }
            // Some nodes list a metric twice, and two that mean nothing here do no harm together.
            Entry::Occupied(known) if *known.get() == slot => {}
            Entry::Occupied(mut known) => {
                let first = known.insert(Slot::Twice);
                for slot in [first, slot] {
                    if let Slot::Source(place) = slot {
                        self.sources[usize::from(place)].shares_alias = true;
                    }
                }
                let detail = format!("the birth gives alias {alias} to several metrics");
                out.fault(Fault::new(RefusalReason::AmbiguousMetric, detail));
            }
        }
    }

    /// Finds out what a name stands for, and remembers it.
    fn slot(&mut self, room: &Room, rule: &Rule, name: &str, datatype: Option<DataType>) -> Slot {
        if let Some(place) = self.sources.iter().position(|source| *source.name == *name) {
            return Slot::Source(place as u8);
        }
        if name.len() > NAME_BYTES_MAX || self.strangers.contains(name) {
            return Slot::Ignored;
        }
        let Some(target) = rule.target(name) else {
            if self.strangers.len() < METRICS_MAX && room.take_stranger() {
                self.strangers.insert(name.into());
                self.held += 1;
            }
            return Slot::Ignored;
        };
        let mut has_rival = false;
        for rival in self.sources.iter_mut().filter(|source| source.target.collides(target)) {
            (rival.has_rival, has_rival) = (true, true);
        }
        if self.sources.len() >= SOURCES_MAX {
            // Some of so many feed the same signal, so this one has a rival too.
            return Slot::Twice;
        }
        self.sources.push(Source { name: name.into(), target, datatype, has_rival, shares_alias: false });
        Slot::Source((self.sources.len() - 1) as u8)
    }

    /// Takes what changed.
    pub(super) fn data(&mut self, moment: Moment<'_>, message: &Message<'_>, out: &mut Output<'_>) {
        let (mut live, mut history) = (Vec::new(), Vec::new());
        for metric in &message.metrics {
            let samples = if metric.is_historical { &mut history } else { &mut live };
            self.read(moment, message, metric, out, samples);
        }
        if live.is_empty() && history.is_empty() {
            return;
        }
        let Some(machine) = self.claim(moment, out) else { return };
        let rule = moment.rules.at(self.rule);
        sample::data(history, moment, &machine, rule, &mut self.past, out);
        sample::data(live, moment, &machine, rule, &mut self.live, out);
    }

    /// Takes its death at an instant: the machine is off line, and may be spoken for by another.
    pub(super) fn death(&mut self, moment: Moment<'_>, ts: Timestamp, out: &mut Output<'_>) {
        self.is_alive = false;
        if let Ok(machine) = &self.machine {
            moment.owners.release(machine, &self.owner);
            if self.said_online {
                out.events.push(Event::Status { machine: machine.clone(), ts, online: false });
            }
        }
        self.said_online = false;
    }

    /// The machine, if it is one and nobody else speaks for it.
    fn claim(&self, moment: Moment<'_>, out: &mut Output<'_>) -> Option<MachineId> {
        match &self.machine {
            Err(problem) => {
                out.fault(Fault::new(RefusalReason::BadIdentity, problem.clone()));
                None
            }
            Ok(machine) => match moment.owners.claim(machine, &self.owner, moment.admission.arrived) {
                Ok(()) => Some(machine.clone()),
                Err(other) => {
                    let detail = format!(
                        "{machine} is spoken for by {other}; give one of them another `machine` in [[sparkplug.mapping]]"
                    );
                    out.fault(Fault::new(RefusalReason::IdentityTaken, detail));
                    None
                }
            },
        }
    }

    /// Reads one metric, if it feeds anything.
    fn read(
        &mut self,
        moment: Moment<'_>,
        message: &Message<'_>,
        metric: &Metric<'_>,
        out: &mut Output<'_>,
        samples: &mut Vec<Sample>,
    ) {
        match metric.value {
            Value::DataSet => out.notes.data_sets += 1,
            Value::Template => out.notes.templates += 1,
            _ => {}
        }
        let rule = moment.rules.at(self.rule);
        match self.place(moment.room, rule, metric) {
            Ok(Some(place)) if !metric.is_transient => {
                let Source { target, datatype, .. } = self.sources[place];
                let datatype = value::datatype(metric.datatype).or(datatype);
                match Sample::read(moment.admission, message, metric, target, datatype, rule) {
                    Ok((sample, fault)) => {
                        samples.push(sample);
                        fault.into_iter().for_each(|fault| out.fault(fault));
                    }
                    Err(fault) => {
                        target.forget_in(if metric.is_historical { &mut self.past } else { &mut self.live });
                        out.fault(fault);
                    }
                }
            }
            // A transient metric is not meant to be kept, and what we take in is.
            Ok(_) => out.ignored += 1,
            Err(fault) => {
                if fault.reason == RefusalReason::AmbiguousMetric {
                    // One of them has changed, so what was before holds of none.
                    for source in self.sources.iter().filter(|source| source.shares_alias) {
                        source.target.forget_in(&mut self.live);
                    }
                }
                out.fault(fault);
            }
        }
    }

    /// The source that a metric is, or `None` when it means nothing here.
    fn place(&mut self, room: &Room, rule: &Rule, metric: &Metric<'_>) -> Result<Option<usize>, Fault> {
        let slot = match (metric.name.filter(|name| !name.is_empty()), metric.alias) {
            (Some(name), _) => self.slot(room, rule, name, value::datatype(metric.datatype)),
            (None, Some(alias)) => match self.aliases.get(&alias) {
                Some(slot) => *slot,
                None if self.forgets => Slot::Ignored,
                None if self.is_born => {
                    let detail = format!("the birth names no metric with alias {alias}");
                    return Err(Fault::new(RefusalReason::UnknownAlias, detail));
                }
                None => {
                    let detail =
                        format!("what alias {alias} stands for is not known without a birth; one was asked for");
                    return Err(Fault::new(RefusalReason::NoBirth, detail));
                }
            },
            (None, None) => {
                return Err(Fault::new(RefusalReason::MissingField, "a metric has neither name nor alias"));
            }
        };
        self.checked(slot, metric)
    }

    /// The place of a slot's source; two metrics that feed the same, or have the same alias, are not believed.
    fn checked(&self, slot: Slot, metric: &Metric<'_>) -> Result<Option<usize>, Fault> {
        let ambiguous = |detail| Err(Fault::new(RefusalReason::AmbiguousMetric, detail));
        let place = match slot {
            Slot::Ignored => return Ok(None),
            Slot::Twice => return ambiguous(format!("{} may be one of several metrics", named(metric))),
            Slot::Source(place) => usize::from(place),
        };
        let Source { target, has_rival, .. } = &self.sources[place];
        if *has_rival {
            let (name, target) = (named(metric), target.name());
            return ambiguous(format!(
                "{name} is one of several metrics that feed `{target}`; name one of them in [[sparkplug.mapping]]"
            ));
        }
        Ok(Some(place))
    }
}

/// A metric as people find it.
fn named(metric: &Metric<'_>) -> String {
    match (metric.name, metric.alias) {
        (Some(name), _) => format!("{:?}", name.chars().take(100).collect::<String>()),
        (None, Some(alias)) => format!("alias {alias}"),
        (None, None) => "a metric without a name".to_owned(),
    }
}
