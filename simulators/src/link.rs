//! The link between a controller and the broker: what gets lost, doubled, late or garbled on the way.

use crate::encode::{BATCH_MAX, backlog, happening, write_telemetry};
use crate::fleet::{Fleet, Machine};
use crate::rng::Rng;
use crate::sample::{Message, Sample};
use crate::time::DAY_MS;

/// What a delivery is, and so to which topic it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Samples, or what poses as such.
    Telemetry,
    /// An event.
    Event,
}

impl Kind {
    /// The last level of its topic.
    #[must_use]
    pub const fn topic_level(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Event => "event",
        }
    }
}

/// One MQTT message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Place of the machine in [`Fleet::machines`].
    pub index: usize,
    /// When it leaves the controller, simulated ms since 1970 UTC.
    pub at_ms: i64,
    /// What it is.
    pub kind: Kind,
    /// Its payload.
    pub payload: Vec<u8>,
    /// How many samples are in it.
    pub samples: u64,
}

/// What links did, summed over machines. Samples that never left are `dropped`; everything else was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LinkStats {
    /// Samples taken in.
    pub samples: u64,
    /// Samples never sent.
    pub dropped: u64,
    /// Messages sent twice.
    pub duplicated: u64,
    /// Messages sent behind later ones.
    pub reordered: u64,
    /// Payloads that are not telemetry.
    pub garbage: u64,
    /// Outages that ended.
    pub outages: u64,
    /// Samples sent in arrays after an outage.
    pub backlogged: u64,
}

/// The links of a whole fleet.
#[derive(Clone, Debug)]
pub struct Links {
    machines: Vec<Link>,
    stats: LinkStats,
}

#[derive(Clone, Debug)]
struct Link {
    machine: Machine,
    rng: Rng,
    /// Messages held back, each with the number of later ones that go first.
    held: Vec<(u32, Delivery)>,
    out_until_ms: Option<i64>,
    stored: Vec<Sample>,
}

impl Links {
    /// The links that the fleet's specification describes.
    #[must_use]
    pub fn new(fleet: &Fleet, seed: u64) -> Self {
        let link = |machine: &Machine| Link {
            machine: machine.clone(),
            rng: Rng::stream(seed, &[&machine.site, &machine.name, "link"]),
            held: Vec::new(),
            out_until_ms: None,
            stored: Vec::new(),
        };
        Self { machines: fleet.machines().iter().map(link).collect(), stats: LinkStats::default() }
    }

    /// Takes a message and appends what the link lets out now.
    pub fn carry(&mut self, message: &Message, out: &mut Vec<Delivery>) {
        let link = &mut self.machines[message.index()];
        let skew_ms = link.machine.link.clock_skew.0;
        match message {
            Message::Happening(what) => {
                let payload = happening(what, skew_ms).into_bytes();
                out.push(Delivery { index: what.index, at_ms: what.ts_ms, kind: Kind::Event, payload, samples: 0 });
            }
            Message::Sample(sample) => {
                self.stats.samples += 1;
                link.sample(sample, &mut self.stats, out);
            }
        }
    }

    /// Lets out what is still held back or stored, at the end.
    pub fn flush(&mut self, at_ms: i64, out: &mut Vec<Delivery>) {
        for link in &mut self.machines {
            link.release_backlog(at_ms, &mut self.stats, out);
            out.extend(link.held.drain(..).map(|(_, delivery)| delivery));
        }
    }

    /// What happened so far.
    #[must_use]
    pub const fn stats(&self) -> LinkStats {
        self.stats
    }
}

impl Link {
    fn sample(&mut self, sample: &Sample, stats: &mut LinkStats, out: &mut Vec<Delivery>) {
        if self.is_out(sample, stats, out) {
            self.stored.push(sample.clone());
            return;
        }
        let link = self.machine.link;
        self.release_held(out);
        if self.rng.chance(link.drop) {
            stats.dropped += 1;
            return;
        }
        let mut payload = String::with_capacity(240);
        write_telemetry(&mut payload, sample, &self.machine.signals, link.clock_skew.0);
        let delivery = Delivery {
            index: sample.index,
            at_ms: sample.ts_ms,
            kind: Kind::Telemetry,
            payload: payload.into_bytes(),
            samples: 1,
        };
        if self.rng.chance(link.out_of_order) {
            stats.reordered += 1;
            let behind = u32::try_from(self.rng.index(5)).unwrap_or(0) + 1;
            self.held.push((behind, delivery));
            return;
        }
        if self.rng.chance(link.duplicate) {
            stats.duplicated += 1;
            out.push(delivery.clone());
        }
        if self.rng.chance(link.garbage) {
            stats.garbage += 1;
            let payload = self.garbage();
            out.push(Delivery { payload, samples: 0, ..delivery.clone() });
        }
        out.push(delivery);
    }

    /// Whether the link is down at a sample; when it has just come back, the backlog goes out first.
    fn is_out(&mut self, sample: &Sample, stats: &mut LinkStats, out: &mut Vec<Delivery>) -> bool {
        let link = self.machine.link;
        match self.out_until_ms {
            Some(until_ms) if sample.ts_ms < until_ms => true,
            Some(_) => {
                self.release_backlog(sample.ts_ms, stats, out);
                false
            }
            None => {
                #[expect(clippy::cast_precision_loss, reason = "a sampling interval in milliseconds")]
                let chance = link.outages_per_day * self.machine.every_ms as f64 / DAY_MS as f64;
                let begins = self.rng.chance(chance);
                self.out_until_ms = begins.then_some(sample.ts_ms + link.outage_lasts.0);
                begins
            }
        }
    }

    fn release_backlog(&mut self, at_ms: i64, stats: &mut LinkStats, out: &mut Vec<Delivery>) {
        if self.out_until_ms.take().is_some() {
            stats.outages += 1;
        }
        let stored = std::mem::take(&mut self.stored);
        for part in stored.chunks(BATCH_MAX) {
            let samples = part.len() as u64;
            stats.backlogged += samples;
            let payload = backlog(part, &self.machine.signals, self.machine.link.clock_skew.0).into_bytes();
            out.push(Delivery { index: part[0].index, at_ms, kind: Kind::Telemetry, payload, samples });
        }
    }

    fn release_held(&mut self, out: &mut Vec<Delivery>) {
        let mut place = 0;
        while place < self.held.len() {
            if self.held[place].0 == 0 {
                out.push(self.held.remove(place).1);
            } else {
                self.held[place].0 -= 1;
                place += 1;
            }
        }
    }

    /// What broken firmware sends: nothing, half of something, another type, another encoding, something deep or long.
    fn garbage(&mut self) -> Vec<u8> {
        match self.rng.index(7) {
            0 => Vec::new(),
            1 => b"{\"ts\":\"2026-07-01T08:0".to_vec(),
            2 => b"{\"ts\":true,\"discharge_temp_c\":\"hot\"}".to_vec(),
            3 => vec![0xFF, 0xFE, 0x00, 0x7B],
            4 => "[".repeat(5000).into_bytes(),
            5 => b"{\"discharge_temp_c\":83.2,\"motor_current_a\":41.7,\"run_hours\":1}".to_vec(),
            _ => format!("{{\"ts\":0,\"note\":\"{}\"}}", "x".repeat(20_000)).into_bytes(),
        }
    }
}
