//! The last values that subscribers are served, advisories, letters and controllers' status, and who wants them.
//!
//! Edge nodes of Sparkplug are served as well: commands to them, and our state as their host.
//!
//! Not a broker: few kinds of topic per machine exist, nothing is kept for an absent subscriber, and a subscriber that
//! reads too slowly loses messages (counted), never memory. The next value of a machine replaces the lost one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{counter, gauge};
use tokio::sync::mpsc;

use crate::decode::Decoder;
use crate::listener::Rights;
use crate::sparkplug::{self, Told};

/// Most values kept: an advisory and a status for each of 100,000 machines.
const VALUES_MAX: usize = 200_000;
/// Largest value kept, in bytes.
const VALUE_BYTES_MAX: usize = 64 << 10;
/// Most bytes of all values together: a kilobyte for each of them, which is four times what a controller says. The largest values
/// of every machine there may be would not fit into any memory.
const BYTES_MAX: usize = 256 << 20;
/// Longest filter that is served, bytes: no identity is nearly as long, and each subscription keeps its own.
const FILTER_BYTES_MAX: usize = 512;
/// Messages that wait for one subscriber.
pub(crate) const QUEUE_DELIVERIES_MAX: usize = 256;

/// What a topic is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours: the current advisory, or empty.
    Advisory,
    /// Ours: the letter that waits for an answer, or empty.
    Message,
    /// The controller's: on line or not.
    Status,
    /// Ours, to an edge node: `spBv1.0/{group}/NCMD/{node}`. Not kept.
    Command,
    /// Ours, to all edge nodes: `spBv1.0/STATE/{host}`.
    Host,
}

/// A topic that is served: `foretell/v1/{site}/{machine}/advisory`, `…/message` or `…/status`, and what edge nodes are told; there the site
/// is the group and the machine the node, or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served<'a> {
    pub(crate) site: &'a str,
    pub(crate) machine: &'a str,
    pub(crate) kind: Kind,
}

impl<'a> Served<'a> {
    /// Reads a topic or a filter of that form, if it is one.
    pub(crate) fn parse(topic: &'a str) -> Option<Self> {
        match sparkplug::told(topic) {
            Some(Told::Command { group, node }) => {
                return Some(Self { site: group, machine: node, kind: Kind::Command });
            }
            Some(Told::State(host)) => return Some(Self { site: "", machine: host, kind: Kind::Host }),
            None => {}
        }
        let mut levels = topic.strip_prefix("foretell/v1/")?.split('/');
        let (site, machine, kind) = (levels.next()?, levels.next()?, levels.next()?);
        let kind = match kind {
            "advisory" => Kind::Advisory,
            "message" => Kind::Message,
            "status" => Kind::Status,
            _ => return None,
        };
        (levels.next().is_none() && !site.is_empty() && !machine.is_empty()).then_some(Self { site, machine, kind })
    }

    /// Whether a login may read it. A command is for the machine that the edge node is called here, by `decoder`'s rules; one to a
    /// node that is no machine, only for who may read everything.
    pub(crate) fn may_be_read(self, rights: &Rights, decoder: &Decoder) -> bool {
        match self.kind {
            Kind::Host => true,
            Kind::Command if rights.may_subscribe_everything() => true,
            Kind::Command => decoder
                .edge_node(self.site, self.machine)
                .is_some_and(|machine| rights.may_subscribe(machine.site(), machine.machine())),
            Kind::Advisory | Kind::Message | Kind::Status => rights.may_subscribe(self.site, self.machine),
        }
    }
}

/// Why a filter is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterError {
    /// Not a filter at all.
    Invalid,
    /// A shared subscription.
    Shared,
    /// A filter of other topics than advisories, letters and status, or one that means more than those.
    NotServed,
}

/// What a subscriber wants: one machine or `+`, on one site or `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    text: Arc<str>,
    /// The one topic it means; `None` when it has a wildcard.
    exact: Option<Arc<str>>,
}

impl Filter {
    /// Reads `foretell/v1/{site or +}/{machine or +}/{advisory, message or status}`, or what edge nodes subscribe to.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        if text.starts_with("$share/") {
            return Err(FilterError::Shared);
        }
        let levels_ok = text.split('/').all(|level| level == "+" || level == "#" || !level.contains(['+', '#']));
        let hash_ok = !text.contains('#') || (text.ends_with('#') && text.matches('#').count() == 1);
        if text.is_empty() || !levels_ok || !hash_ok {
            return Err(FilterError::Invalid);
        }
        if text.len() > FILTER_BYTES_MAX {
            return Err(FilterError::NotServed);
        }
        match sparkplug::told(text) {
            Some(Told::State("+" | "#")) => return Ok(Self { text: text.into(), exact: None }),
            Some(_) => {
                let exact = text.strip_suffix("/#").unwrap_or(text);
                return Ok(Self { text: text.into(), exact: Some(exact.into()) });
            }
            None => {}
        }
        match Served::parse(text) {
            Some(served) if !text.contains('#') && served.machine != "#" => {
                let text: Arc<str> = text.into();
                Ok(Self { exact: (!text.contains('+')).then(|| Arc::clone(&text)), text })
            }
            _ => Err(FilterError::NotServed),
        }
    }

    /// The one machine it means; `None` when it has a wildcard.
    pub(crate) fn machine(&self) -> Option<Served<'_>> {
        let plain = |level: &str| !matches!(level, "+" | "#");
        Served::parse(&self.text).filter(|served| plain(served.site) && plain(served.machine))
    }

    fn matches(&self, topic: Served<'_>) -> bool {
        let level = |wanted: &str, has: &str| matches!(wanted, "+" | "#") || wanted == has;
        Served::parse(&self.text).is_some_and(|wanted| {
            wanted.kind == topic.kind && level(wanted.site, topic.site) && level(wanted.machine, topic.machine)
        })
    }
}

/// A message on its way to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Arc<[u8]>,
    /// Whether it was kept from before the subscription.
    pub(crate) retain: bool,
    pub(crate) at_least_once: bool,
}

/// A connection as a subscriber.
pub(crate) struct Subscriber {
    /// The connection's number.
    pub(crate) number: u64,
    /// What it may read; a wildcard means no more than this.
    pub(crate) rights: Arc<Rights>,
    /// Where its messages go.
    pub(crate) queue: mpsc::Sender<Delivery>,
}

/// See the module's text.
pub(crate) struct Retained {
    state: Mutex<State>,
    /// Knows which machine an edge node is.
    decoder: Decoder,
}

#[derive(Default)]
struct State {
    values: BTreeMap<Arc<str>, Arc<[u8]>>,
    /// Of all values together.
    bytes: usize,
    subscribers: HashMap<u64, Subscribed>,
    /// Who wants exactly this topic: a controller that reads its own advisory costs nobody else anything.
    exact: HashMap<Arc<str>, BTreeSet<u64>>,
    /// Who has a filter with a wildcard.
    wild: BTreeSet<u64>,
}

struct Subscribed {
    subscriber: Subscriber,
    /// Each with whether QoS 1 was granted.
    filters: Vec<(Filter, bool)>,
}

impl Retained {
    /// Nothing is kept yet.
    pub(crate) fn new(decoder: Decoder) -> Self {
        Self { state: Mutex::default(), decoder }
    }

    /// Whether a login may read what it asks for by name.
    pub(crate) fn may_be_read(&self, served: Served<'_>, rights: &Rights) -> bool {
        served.may_be_read(rights, &self.decoder)
    }

    /// Keeps a value and tells subscribers; an empty one clears it.
    pub(crate) fn set(&self, topic: &str, payload: &[u8]) {
        let Some(served) = Served::parse(topic) else { return dropped("topic_not_served") };
        if payload.len() > VALUE_BYTES_MAX {
            return dropped("too_large");
        }
        let payload: Arc<[u8]> = payload.into();
        let topic: Arc<str> = topic.into();
        let mut state = self.lock();
        if payload.is_empty() {
            state.forget(&topic);
        } else if let Err(bound) = state.keep(&topic, &payload) {
            dropped(bound);
        }
        gauge!("foretell_mqtt_retained_values").set(state.values.len() as f64);
        state.tell(served, &topic, &payload, &self.decoder);
    }

    /// Tells subscribers without keeping the value.
    pub(crate) fn forward(&self, topic: &str, payload: &[u8]) {
        if let Some(served) = Served::parse(topic) {
            self.lock().tell(served, &topic.into(), &payload.into(), &self.decoder);
        }
    }

    /// Adds a filter, or replaces the same one. Returns the values kept for it: no later value is lost or told twice.
    pub(crate) fn subscribe(&self, subscriber: Subscriber, filter: &Filter, at_least_once: bool) -> Vec<Delivery> {
        let number = subscriber.number;
        let rights = Arc::clone(&subscriber.rights);
        let mut state = self.lock();
        let subscribed =
            state.subscribers.entry(number).or_insert_with(|| Subscribed { subscriber, filters: Vec::new() });
        subscribed.filters.retain(|(existing, _)| existing != filter);
        subscribed.filters.push((filter.clone(), at_least_once));
        if let Some(topic) = &filter.exact {
            state.exact.entry(Arc::clone(topic)).or_default().insert(number);
        } else {
            state.wild.insert(number);
        }
        state.kept_for(filter, &rights, &self.decoder, at_least_once)
    }

    /// Takes a filter away; says whether it was there.
    pub(crate) fn unsubscribe(&self, number: u64, filter: &str) -> bool {
        let mut state = self.lock();
        let Some(subscribed) = state.subscribers.get_mut(&number) else { return false };
        let before = subscribed.filters.len();
        subscribed.filters.retain(|(existing, _)| &*existing.text != filter);
        let existed = subscribed.filters.len() < before;
        let still_wild = subscribed.filters.iter().any(|(filter, _)| filter.exact.is_none());
        let topic = Filter::parse(filter).ok().and_then(|filter| filter.exact);
        // Another filter of the same connection may mean the same topic.
        let still_wanted =
            |topic: &Arc<str>| subscribed.filters.iter().any(|(filter, _)| filter.exact.as_ref() == Some(topic));
        if let Some(topic) = topic.filter(|topic| !still_wanted(topic)) {
            state.forget_exact(number, &topic);
        }
        if !still_wild {
            state.wild.remove(&number);
        }
        existed
    }

    /// How many filters a connection has.
    pub(crate) fn filters_of(&self, number: u64) -> usize {
        self.lock().subscribers.get(&number).map_or(0, |subscribed| subscribed.filters.len())
    }

    /// Forgets a connection.
    pub(crate) fn leave(&self, number: u64) {
        let mut state = self.lock();
        let Some(gone) = state.subscribers.remove(&number) else { return };
        state.wild.remove(&number);
        for topic in gone.filters.iter().filter_map(|(filter, _)| filter.exact.as_deref()) {
            state.forget_exact(number, topic);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a value in place of the one before it; when there is no room, neither is kept, because the old one is not true any more.
    fn keep(&mut self, topic: &Arc<str>, payload: &Arc<[u8]>) -> Result<(), &'static str> {
        self.forget(topic);
        if self.values.len() >= VALUES_MAX {
            return Err("values_max");
        }
        if self.bytes + payload.len() > BYTES_MAX {
            return Err("bytes_max");
        }
        self.bytes += payload.len();
        self.values.insert(Arc::clone(topic), Arc::clone(payload));
        Ok(())
    }

    fn forget(&mut self, topic: &str) {
        self.bytes -= self.values.remove(topic).map_or(0, |gone| gone.len());
    }

    fn tell(&self, served: Served<'_>, topic: &Arc<str>, payload: &Arc<[u8]>, decoder: &Decoder) {
        let exact = self.exact.get(topic).into_iter().flatten();
        let exact_too = |number: &u64| self.exact.get(topic).is_some_and(|numbers| numbers.contains(number));
        for number in exact.chain(self.wild.iter().filter(|number| !exact_too(number))) {
            let Some(Subscribed { subscriber, filters }) = self.subscribers.get(number) else { continue };
            let matching = filters.iter().filter(|(filter, _)| filter.matches(served)).map(|(_, qos1)| *qos1);
            // Overlapping filters deliver once, with the best of their qualities.
            let Some(at_least_once) = matching.max() else { continue };
            if !served.may_be_read(&subscriber.rights, decoder) {
                continue;
            }
            let delivery =
                Delivery { topic: Arc::clone(topic), payload: Arc::clone(payload), retain: false, at_least_once };
            if subscriber.queue.try_send(delivery).is_err() {
                dropped("subscriber_behind");
            }
        }
    }

    fn kept_for(&self, filter: &Filter, rights: &Rights, decoder: &Decoder, at_least_once: bool) -> Vec<Delivery> {
        let delivery = |(topic, payload): (&Arc<str>, &Arc<[u8]>)| {
            let served = Served::parse(topic)?;
            let wanted = filter.matches(served) && served.may_be_read(rights, decoder);
            wanted.then(|| Delivery {
                topic: Arc::clone(topic),
                payload: Arc::clone(payload),
                retain: true,
                at_least_once,
            })
        };
        if let Some(topic) = &filter.exact {
            return self.values.get_key_value(topic).and_then(delivery).into_iter().collect();
        }
        self.values.iter().filter_map(delivery).collect()
    }

    fn forget_exact(&mut self, number: u64, topic: &str) {
        if let Some(numbers) = self.exact.get_mut(topic) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.exact.remove(topic);
            }
        }
    }
}

/// A retained message went nowhere, wholly or for one subscriber.
fn dropped(reason: &'static str) {
    counter!("foretell_mqtt_retained_dropped_total", "reason" => reason).increment(1);
    tracing::debug!(reason, "Dropped a retained message.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::DecoderOptions;
    use crate::listener::MachineGlob;

    fn nothing_kept() -> Retained {
        Retained::new(Decoder::new(DecoderOptions::default()).unwrap())
    }

    fn join(number: u64, machines: &str) -> (Subscriber, mpsc::Receiver<Delivery>) {
        let (queue, received) = mpsc::channel(3);
        let rights = Rights { publish: vec![], subscribe: vec![MachineGlob::parse(machines).unwrap()] };
        (Subscriber { number, rights: Arc::new(rights), queue }, received)
    }

    fn text(deliveries: impl IntoIterator<Item = Delivery>) -> String {
        let line = |d: Delivery| format!("{} {} {}", d.topic, String::from_utf8_lossy(&d.payload), d.retain);
        deliveries.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn check_filter(filter: &str, expected: &str) {
        let got = Filter::parse(filter).map_or_else(|e| format!("{e:?}"), |_| "served".into());
        assert_eq!(got, expected, "{filter}");
    }

    #[test]
    fn serves_advisories_letters_and_status_alone() {
        check_filter("foretell/v1/+/+/advisory", "served");
        check_filter("foretell/v1/s01/+/status", "served");
        check_filter("foretell/v1/s01/m1/message", "served");
        check_filter("foretell/v1/s01/m1/status", "served");
        for filter in
            ["#", "+/+", "foretell/#", "foretell/v1/+/+/+", "foretell/v1/s/m/telemetry", "$SYS/#", "foretell/v1/s/#"]
        {
            check_filter(filter, "NotServed");
        }
        let long = "x".repeat(500);
        check_filter(&format!("foretell/v1/s/{long}/status"), "NotServed");
        check_filter(&format!("spBv1.0/{long}/NCMD/n"), "NotServed");
        for filter in ["", "foretell/v1/s+/m/status", "foretell/#/status", "a#"] {
            check_filter(filter, "Invalid");
        }
        check_filter("$share/g/foretell/v1/+/+/advisory", "Shared");
    }

    #[test]
    fn keeps_the_last_value_and_tells_within_rights() {
        let retained = nothing_kept();
        retained.set("foretell/v1/a/m1/advisory", b"old");
        retained.set("foretell/v1/a/m1/advisory", b"new");
        retained.set("foretell/v1/b/m1/advisory", b"other site");
        retained.set("foretell/v1/a/m2/status", b"other kind");
        retained.set("foretell/v1/a/m3/advisory", b"gone");
        retained.set("foretell/v1/a/m3/advisory", b"");
        let (subscriber, mut received) = join(1, "a/*");
        let filter = Filter::parse("foretell/v1/+/+/advisory").unwrap();
        let kept = retained.subscribe(subscriber, &filter, true);
        assert_eq!(text(kept), "foretell/v1/a/m1/advisory new true");
        retained.set("foretell/v1/a/m1/advisory", b"live");
        retained.set("foretell/v1/b/m1/advisory", b"not mine");
        retained.set("foretell/v1/a/m1/status", b"not wanted");
        retained.set("foretell/v1/a/m1/advisory", b"");
        let live: Vec<_> = std::iter::from_fn(|| received.try_recv().ok()).collect();
        assert_eq!(text(live), "foretell/v1/a/m1/advisory live false\nforetell/v1/a/m1/advisory  false");
    }

    #[test]
    fn values_are_bounded_by_their_bytes() {
        let mut state = State::default();
        let largest: Arc<[u8]> = vec![b'x'; VALUE_BYTES_MAX].into();
        let topic = |n: usize| Arc::from(format!("foretell/v1/s/m{n}/status"));
        let places = BYTES_MAX / VALUE_BYTES_MAX;
        // One after the other, and each once more: a value counts once.
        for n in (0..places).chain(0..places) {
            assert_eq!(state.keep(&topic(n), &largest), Ok(()));
        }
        assert_eq!(state.keep(&topic(places), &largest), Err("bytes_max"));
        state.forget(&topic(0));
        assert_eq!(state.keep(&topic(places), &largest), Ok(()));
        assert_eq!((state.bytes, state.values.len()), (BYTES_MAX, places));
    }

    #[test]
    fn overlapping_filters_deliver_once_and_leaving_forgets() {
        let retained = nothing_kept();
        let (subscriber, mut received) = join(1, "*/*");
        let queue = subscriber.queue.clone();
        let rights = Arc::clone(&subscriber.rights);
        let exact = "foretell/v1/a/m1/status";
        retained.subscribe(subscriber, &Filter::parse("foretell/v1/a/+/status").unwrap(), false);
        retained.subscribe(Subscriber { number: 1, rights, queue }, &Filter::parse(exact).unwrap(), true);
        retained.forward(exact, b"x");
        let got = received.try_recv().unwrap();
        assert!(got.at_least_once && received.try_recv().is_err());
        assert!(
            retained.unsubscribe(1, "foretell/v1/a/+/status") && !retained.unsubscribe(1, "foretell/v1/a/+/status")
        );
        retained.forward("foretell/v1/a/m2/status", b"x");
        assert!(received.try_recv().is_err());
        retained.leave(1);
        retained.forward(exact, b"x");
        assert!(received.try_recv().is_err());
        let state = retained.lock();
        assert!(state.exact.is_empty() && state.wild.is_empty() && state.subscribers.is_empty());
    }

    #[test]
    fn a_slow_subscriber_loses_messages_not_memory() {
        let retained = nothing_kept();
        let (subscriber, mut received) = join(1, "*/*");
        retained.subscribe(subscriber, &Filter::parse("foretell/v1/+/+/status").unwrap(), false);
        for _ in 0..10 {
            retained.forward("foretell/v1/a/m/status", b"x");
        }
        assert_eq!(std::iter::from_fn(|| received.try_recv().ok()).count(), 3);
    }
}
