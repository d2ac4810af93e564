//! A fleet: machines at sites, merged into one stream in order of time.

mod builtin;
mod instruments;
mod machine;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::climate::{RoomAir, RoomSpec, Warm};
use crate::rng::Rng;
use crate::sample::{Message, Sample, Signal};
use crate::spec::{FleetSpec, Instant, LinkSpec, SiteSpec, Span, SpecError};
use crate::truth::Truth;

use machine::MachineSim;

/// What is to be known of a machine from outside.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Site id.
    pub site: Arc<str>,
    /// Machine id.
    pub name: Arc<str>,
    /// What the customer calls it.
    pub number: String,
    /// The customer's name.
    pub customer: String,
    /// Rated motor power.
    pub rated_kw: f64,
    /// Discharge temperature that counts as failure, degC.
    pub limit_c: f64,
    /// Discharge temperature at which the controller stops it, degC.
    pub trip_c: f64,
    /// Latitude of the site, degrees north.
    pub latitude_deg: f64,
    /// Local time minus UTC, ms.
    pub utc_offset_ms: i64,
    /// Sampling interval, ms.
    pub every_ms: i64,
    /// What it publishes.
    pub signals: Vec<Signal>,
    /// Whether it publishes its state.
    pub publishes_state: bool,
    /// How its link behaves.
    pub link: LinkSpec,
}

/// Overrides of a built-in fleet's size; `None` keeps what the fleet has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Number of machines (`demo` has its own and ignores it).
    pub machines: Option<usize>,
    /// Length in days.
    pub days: Option<f64>,
    /// Sampling interval, ms.
    pub every_ms: Option<i64>,
    /// Begin, ms since 1970 UTC.
    pub from_ms: Option<i64>,
}

/// A fleet, ready to be simulated as often as one likes.
#[derive(Clone, Debug)]
pub struct Fleet {
    spec: Arc<FleetSpec>,
    seed: u64,
    machines: Arc<[Machine]>,
    airs: Vec<Arc<RoomAir>>,
}

impl Fleet {
    /// A fleet that comes with the simulator: `demo`, `mixed` or `healthy`, in its own size.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn builtin(name: &str, seed: u64) -> Result<Self, SpecError> {
        Self::builtin_sized(name, seed, Size::default())
    }

    /// The same in another size.
    ///
    /// # Errors
    /// When there is none of this name, or when the size makes no sense.
    pub fn builtin_sized(name: &str, seed: u64, size: Size) -> Result<Self, SpecError> {
        let mut spec = builtin::spec(name, seed, size)?;
        spec.resize(size);
        Self::new(spec, seed)
    }

    /// A fleet of a specification.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn new(spec: FleetSpec, seed: u64) -> Result<Self, SpecError> {
        spec.check()?;
        let machines = spec.sites.iter().flat_map(|site| site_machines(&spec, site)).collect();
        let airs = spec.sites.iter().map(|site| Arc::new(room_air(&spec, site, seed))).collect();
        Ok(Self { spec: Arc::new(spec), seed, machines, airs })
    }

    /// The same fleet with another end.
    ///
    /// # Errors
    /// When the end is not later than the begin.
    pub fn lasting_until(&self, to_ms: i64) -> Result<Self, SpecError> {
        let mut spec = FleetSpec::clone(&self.spec);
        spec.lasts = Span(to_ms - spec.from.0);
        Self::new(spec, self.seed)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Its seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Its machines; [`Sample::index`] is a place in this list.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// When the simulation begins, ms since 1970 UTC.
    #[must_use]
    pub fn from_ms(&self) -> i64 {
        self.spec.from.0
    }

    /// When it ends, ms since 1970 UTC.
    #[must_use]
    pub fn to_ms(&self) -> i64 {
        self.spec.from.0 + self.spec.lasts.0
    }

    /// How many samples it yields, to within one per machine.
    #[must_use]
    pub fn expected_samples(&self) -> u64 {
        self.machines.iter().map(|machine| u64::try_from(self.spec.lasts.0 / machine.every_ms).unwrap_or(0)).sum()
    }

    /// Samples and events of all machines in order of time (ties in order of the machines).
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages::new(self, None)
    }

    /// Samples and events of one machine, by its place in [`Fleet::machines`]; machines do not act on each other, so they
    /// are the same as in [`Fleet::messages`].
    #[must_use]
    pub fn messages_of(&self, index: usize) -> Messages {
        Messages::new(self, Some(index))
    }

    /// The samples alone.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + Send + use<> {
        self.messages().filter_map(|message| match message {
            Message::Sample(sample) => Some(sample),
            Message::Happening(_) => None,
        })
    }

    /// What is true of the fleet; simulates it from begin to end.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let mut messages = self.messages();
        messages.by_ref().for_each(drop);
        messages.truth()
    }
}

impl FleetSpec {
    /// Changes begin, length and sampling interval.
    pub fn resize(&mut self, size: Size) {
        if let Some(from_ms) = size.from_ms {
            self.from = Instant(from_ms);
        }
        if let Some(days) = size.days {
            #[expect(clippy::cast_possible_truncation, reason = "checked afterwards; saturates at absurd lengths")]
            let lasts_ms = (days * 86_400_000.0) as i64;
            self.lasts = Span(lasts_ms);
        }
        if let Some(every_ms) = size.every_ms {
            self.every = Span(every_ms);
            self.sites.iter_mut().flat_map(|site| &mut site.machines).for_each(|machine| machine.every = None);
        }
    }
}

/// The messages of a fleet in order of time.
#[derive(Clone, Debug)]
pub struct Messages {
    machines: Vec<MachineSim>,
    /// The next message of each machine that has one.
    waiting: Vec<Option<Message>>,
    order: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Messages {
    fn new(fleet: &Fleet, only: Option<usize>) -> Self {
        let of_sites = fleet.spec.sites.iter().zip(&fleet.airs);
        let machines: Vec<MachineSim> = of_sites
            .flat_map(|(site, air)| site.machines.iter().map(move |spec| (site, spec, air)))
            .enumerate()
            .filter(|(index, _)| only.is_none_or(|only| only == *index))
            .map(|(index, (site, spec, air))| MachineSim::new(fleet, site, spec, index, Arc::clone(air)))
            .collect();
        let mut messages = Self { waiting: vec![None; machines.len()], order: BinaryHeap::new(), machines };
        (0..messages.machines.len()).for_each(|place| messages.refill(place));
        messages
    }

    fn refill(&mut self, place: usize) {
        self.waiting[place] = self.machines[place].next_message();
        if let Some(message) = &self.waiting[place] {
            self.order.push(Reverse((message.ts_ms(), place)));
        }
    }

    /// Lets a technician do a work on a machine now; the machine reports it as its next message but one.
    pub fn repair(&mut self, index: usize, work: &str) {
        if let Some(machine) = self.machines.get_mut(index) {
            machine.repair(work);
        }
    }

    /// The same of work that somebody has reported: the machine says nothing of it.
    pub fn mend(&mut self, index: usize, work: &str) {
        if let Some(machine) = self.machines.get_mut(index) {
            machine.mend(work);
        }
    }

    /// What was true of the part of the fleet's life that was yielded so far.
    #[must_use]
    pub fn truth(&self) -> Truth {
        Truth { machines: self.machines.iter().map(MachineSim::truth).collect() }
    }
}

impl Iterator for Messages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let Reverse((_, place)) = self.order.pop()?;
        let message = self.waiting[place].take();
        self.refill(place);
        message
    }
}

fn site_machines<'a>(spec: &'a FleetSpec, site: &'a SiteSpec) -> impl Iterator<Item = Machine> + 'a {
    let site_name: Arc<str> = site.name.as_str().into();
    site.machines.iter().map(move |machine| Machine {
        site: Arc::clone(&site_name),
        name: machine.name.as_str().into(),
        number: if machine.number.is_empty() { machine.name.clone() } else { machine.number.clone() },
        customer: if site.customer.is_empty() { site.name.clone() } else { site.customer.clone() },
        rated_kw: machine.kw,
        limit_c: machine.limit_c,
        trip_c: machine.trip_c,
        latitude_deg: site.climate.latitude_deg(),
        utc_offset_ms: site.utc_offset.0,
        every_ms: machine.every.unwrap_or(spec.every).0,
        signals: instruments::published(machine.signals, machine.ambient_sensor),
        publishes_state: machine.signals != crate::spec::SignalSet::Minimal,
        link: machine.link,
    })
}

fn room_air(spec: &FleetSpec, site: &SiteSpec, seed: u64) -> RoomAir {
    let (from_ms, to_ms) = (spec.from.0, spec.from.0 + spec.lasts.0);
    let warm: Vec<Warm> = site
        .warm
        .iter()
        .map(|warm| {
            let begin_ms = from_ms + warm.after.0;
            Warm { from_ms: begin_ms, to_ms: begin_ms + warm.lasts.0, rise_k: warm.rise_k }
        })
        .collect();
    let offset_ms = site.utc_offset.0;
    let room = RoomSpec { climate: site.climate, utc_offset_ms: offset_ms, rise_k: site.room_rise_k, warm: &warm };
    let mut rng = Rng::stream(seed, &[&site.name, "weather"]);
    RoomAir::new(&room, from_ms, to_ms, &mut rng, |ts_ms| site.schedule.activity(ts_ms, offset_ms))
}
