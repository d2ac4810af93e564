//! The rules of one decoder: which topics mean something, and how a message on each of them is read. Rules never change; a
//! decoder that is told others takes new ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use foretell_model::{Event, MachineId, Refusal, Timestamp};

use super::admission::Admission;
use super::known::KnownTopics;
use super::mapping::compile::compile;
use super::mapping::{Mapping, MappingSpec, Names};
use super::reason::{Fault, RefusalReason};
use super::voice::Voice;
use super::{Decoded, DecoderError, DecoderOptions, contract, items};
use crate::sparkplug::{self, Host};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) ahead_max_ms: i64,
    pub(super) behind_max_ms: Option<i64>,
    pub(super) payload_bytes_max: usize,
    pub(super) items_max: usize,
    pub(super) works: Option<BTreeSet<String>>,
    /// As configured, in the order of `mappings`.
    pub(super) specs: Vec<MappingSpec>,
    pub(super) mappings: Vec<Mapping>,
    /// Shared with the successor of these rules: its sessions must outlive them.
    pub(super) sparkplug: Option<Arc<Host>>,
}

/// How to read a message.
pub(super) enum Route<'a> {
    Contract(contract::Kind, MachineId),
    Mapped(&'a Mapping, Names<'a>),
}

impl Route<'_> {
    /// Whether a publisher may speak for the machine of the topic, as far as the topic says whose it is.
    pub(super) fn may(&self, voice: Voice<'_>) -> Result<(), Fault> {
        match self {
            Self::Contract(_, machine) => voice.ask(machine),
            Self::Mapped(mapping, names) if voice.is_limited() => {
                mapping.machine_by_topic(*names).map_or(Ok(()), |machine| voice.ask(&machine))
            }
            Self::Mapped(..) => Ok(()),
        }
    }
}

/// A text without the byte order mark that some programs on Windows put before it: it says nothing of the payload.
pub(super) fn without_mark(payload: &[u8]) -> &[u8] {
    payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload)
}

impl Shared {
    pub(super) fn new(options: DecoderOptions) -> Result<Self, DecoderError> {
        let DecoderOptions {
            ahead_max_ms,
            behind_max_ms,
            payload_bytes_max,
            items_max,
            works,
            mappings: specs,
            sparkplug,
        } = options;
        let host = sparkplug.as_ref().map(Host::new).transpose();
        let (mappings, sparkplug) = match (compile(&specs), host) {
            (Ok(mappings), Ok(host)) => (mappings, host.map(Arc::new)),
            (mappings, host) => {
                let faults = [mappings.err(), host.err()].into_iter().flatten().flatten().collect();
                return Err(DecoderError { faults });
            }
        };
        let ahead_max_ms = ahead_max_ms.max(0);
        Ok(Self { ahead_max_ms, behind_max_ms, payload_bytes_max, items_max, works, specs, mappings, sparkplug })
    }

    pub(super) fn admission(&self, arrived: Timestamp) -> Admission {
        Admission { arrived, ahead_max_ms: self.ahead_max_ms, behind_max_ms: self.behind_max_ms }
    }

    pub(super) fn filters(&self) -> Vec<String> {
        let mapped = self.mappings.iter().map(Mapping::filter);
        let edge_nodes = self.sparkplug.iter().flat_map(|_| sparkplug::FILTERS);
        let own_state = self.sparkplug.as_ref().map(|host| sparkplug::state_topic(host.host_id()));
        let ours = contract::FILTERS.into_iter().chain(edge_nodes).map(String::from).chain(own_state);
        let mut filters: Vec<String> = ours.chain(mapped).collect();
        // Overlapping filters may bring a message twice, equal ones certainly would.
        filters.sort_unstable();
        filters.dedup();
        filters
    }

    /// One item of a message of the contract.
    pub(super) fn item(
        &self,
        kind: contract::Kind,
        machine: &MachineId,
        admission: Admission,
        raw: &[u8],
        ignored_keys: &mut u64,
    ) -> Result<Event, Fault> {
        let event = contract::item(kind, machine, admission, raw, ignored_keys)?;
        match (&event, &self.works) {
            (Event::Maintenance { work, .. }, Some(known)) if !known.contains(work.as_str()) => {
                // Nothing follows from work that no fault is cured by, so whoever wrote it meant another one.
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let detail =
                    format!("`work` {:?} is not in the fault catalogue; known are {}", work.as_str(), known.join(", "));
                Err(Fault::new(RefusalReason::UnknownWord, detail))
            }
            _ => Ok(event),
        }
    }

    pub(super) fn message(
        &self,
        arrived: Timestamp,
        (route, voice): (Route<'_>, Voice<'_>),
        payload: &[u8],
        ignored_keys: &mut u64,
        take: &mut impl FnMut(Result<Event, Fault>, &[u8]),
    ) -> Result<(), Fault> {
        let admission = self.admission(arrived);
        match route {
            Route::Contract(kind, machine) => {
                for raw in items::items(payload, self.items_max)? {
                    take(self.item(kind, &machine, admission, raw, ignored_keys), raw);
                }
                Ok(())
            }
            // Of a source that publishes each value on its own topic, most topics mean nothing here.
            Route::Mapped(mapping, names) if !mapping.means(names) => {
                *ignored_keys += 1;
                Ok(())
            }
            Route::Mapped(mapping, names) => {
                mapping.decode((names, voice), admission, self.items_max, payload, ignored_keys, take)
            }
        }
    }

    pub(super) fn sparkplug_of(&self, topic: &str) -> Option<&Host> {
        self.sparkplug.as_deref().filter(|_| sparkplug::is_sparkplug(topic))
    }

    pub(super) fn edge_node(
        &self,
        host: &Host,
        voice: Voice<'_>,
        arrived: Timestamp,
        source: &str,
        (topic, payload): (&str, &[u8]),
        out: &mut Decoded,
    ) {
        let Decoded { events, refused, ignored_keys, publications, sparkplug, ahead } = out;
        // Even a message that cannot be read changes what is believed of its node.
        let faults = match host.may(voice, topic).and_then(|()| self.bounded(payload)) {
            Err(fault) => vec![fault],
            Ok(()) => {
                let (faults, ignored) =
                    host.hear(self.admission(arrived), source, (topic, payload), events, publications, sparkplug);
                *ignored_keys = ignored;
                faults
            }
        };
        *ahead = faults.iter().find(|fault| fault.ahead_ms != 0).map(|fault| (1, fault.ahead_ms));
        refused.extend(faults.into_iter().map(|Fault { reason, detail, .. }| {
            let (source, topic, raw) = (source.to_owned(), topic.to_owned(), payload.to_vec());
            Refusal { arrived, source, topic, reason: reason.code(), detail, raw }
        }));
    }

    pub(super) fn bounded(&self, payload: &[u8]) -> Result<(), Fault> {
        if payload.len() <= self.payload_bytes_max {
            return Ok(());
        }
        let detail = format!("the payload has {} bytes; {} are allowed", payload.len(), self.payload_bytes_max);
        Err(Fault::new(RefusalReason::TooLarge, detail))
    }

    pub(super) fn known_route<'a>(&'a self, known: &mut KnownTopics, topic: &'a str) -> Result<Route<'a>, Fault> {
        if let Some((kind, machine)) = known.find(topic) {
            return Ok(Route::Contract(kind, machine));
        }
        let route = self.route(topic)?;
        if let Route::Contract(kind, machine) = &route {
            known.remember(topic, *kind, machine);
        }
        Ok(route)
    }

    pub(super) fn route<'a>(&'a self, topic: &'a str) -> Result<Route<'a>, Fault> {
        if let Some((site, machine, kind)) = contract::parse_topic(topic) {
            let machine = MachineId::new(site, machine);
            let machine = machine.map_err(|error| Fault::new(RefusalReason::BadIdentity, error.to_string()))?;
            return Ok(Route::Contract(kind, machine));
        }
        let unknown =
            || Fault::new(RefusalReason::UnknownTopic, "neither a contract topic nor one that a mapping claims");
        let (mapping, names) = self.mapping(topic).ok_or_else(unknown)?;
        Ok(Route::Mapped(mapping, names))
    }

    pub(super) fn mapping<'a>(&'a self, topic: &'a str) -> Option<(&'a Mapping, Names<'a>)> {
        self.mappings.iter().find_map(|mapping| mapping.claim(topic).map(|names| (mapping, names)))
    }
}
