//! A small world around the real outreach code: machines that wear out, an engine that forecasts it about as well as a good
//! one does, advisors with office hours, customers who answer when they feel like it, technicians, and things that break.
//!
//! Everything random comes from one seed. What is counted is judged from outside, by what was delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use foretell_model::{
    Catalogue, DAY_MS, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, HOUR_MS, MINUTE_MS, MachineId,
    Offset, ProbabilityWithin, RulDays, Status, Timestamp,
};
use foretell_outreach::{Channel, MachineContext, Outreach, OutreachOptions, Source, WEEK_HOURS, Words};

use super::dice::{Delivered, Dice, Post};
use super::fleet::{self, Fleet};
use super::judge::Judge;

pub(crate) type Anything<T> = Result<T, Box<dyn Error>>;

/// Faults with their evidence, the spread of days that they take, and how common they are.
pub(super) const FAULTS: &[(&str, &str, f64, &str, f64)] = &[
    ("cooler_clogging", "discharge_temp_residual_k", 4.2, "K", 0.35),
    ("separator_clogging", "separator_dp_bar", 0.62, "bar", 0.2),
    ("oil_filter_clogging", "oil_filter_dp_bar", 0.93, "bar", 0.2),
    ("intake_filter_clogging", "inlet_vacuum_mbar", 38.0, "mbar", 0.15),
    ("bearing_wear", "vibration_mm_s", 8.2, "mm/s{rms}", 0.1),
];

/// A fault on its way.
pub(super) struct Wear {
    pub(super) machine: usize,
    pub(super) fault: usize,
    pub(super) episode: u32,
    pub(super) onset: Timestamp,
    pub(super) limit: Timestamp,
    pub(super) bias: f64,
    pub(super) said: bool,
    /// Nothing is wrong: the engine will take it back.
    pub(super) phantom: bool,
}

/// How large a world, and which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) machines: usize,
    pub(crate) days: i64,
    pub(crate) seed: u64,
}

pub(crate) struct World {
    pub(super) dir: PathBuf,
    pub(super) outreach: Outreach,
    pub(super) options: OutreachOptions,
    pub(super) delivered: Delivered,
    pub(super) fleet: Fleet,
    pub(super) dice: Dice,
    pub(super) wear: Vec<Wear>,
    pub(super) episodes: BTreeMap<(usize, usize), u32>,
    pub(super) offset: u64,
    pub(super) now: Timestamp,
    pub(super) start: Timestamp,
    /// When, by which link, about which case, on which medium.
    pub(super) answers: Vec<(Timestamp, String, FindingId, String)>,
    /// Whoever stopped a medium and will want it again.
    pub(super) back: Vec<(Timestamp, (String, String))>,
    pub(super) calm: Vec<(Timestamp, String)>,
    pub(super) visited: BTreeSet<i64>,
    pub(crate) judge: Judge,
}

impl World {
    pub(crate) fn new(size: Size, dir: PathBuf) -> Anything<Self> {
        let start = Timestamp::parse("2026-01-01T00:00:00Z")?;
        let mut dice = Dice::new(size.seed);
        let fleet = Fleet::new(size.machines, &mut dice);
        let delivered = Delivered::default();
        let way = |medium| Arc::new(Post { medium, parcels: delivered.clone() }) as Arc<dyn Channel>;
        let options = OutreachOptions {
            company: Words { en: "Foretell Service".into(), zh: "先知服务".into() },
            public_url: "https://service.example".into(),
            channels: ["email", "sms"].map(way).to_vec(),
            ..OutreachOptions::new(Arc::new(Catalogue::parse(include_str!("../../../../config/faults.toml"))?))
        };
        let outreach = Outreach::open(&dir.join("service.sqlite"), options.clone())?;
        outreach.import(&fleet.registry, "year", start)?;
        Ok(Self {
            dir,
            outreach,
            options,
            delivered,
            fleet,
            dice,
            wear: Vec::new(),
            episodes: BTreeMap::new(),
            offset: 0,
            now: start,
            start,
            answers: Vec::new(),
            back: Vec::new(),
            calm: Vec::new(),
            visited: BTreeSet::new(),
            judge: Judge::default(),
        })
    }

    /// Lives through the days, hour by hour; in ten-minute steps while something is broken.
    pub(crate) fn live(&mut self, days: i64) -> Anything<()> {
        let end = self.start + days * DAY_MS;
        while self.now < end {
            if self.now.millis() % DAY_MS == 0 {
                self.day()?;
            }
            if self.now.millis() % HOUR_MS == 0 {
                self.hour()?;
            }
            self.troubles()?;
            let done = self.outreach.tick(self.now)?;
            self.delivered(&done)?;
            let busy = !self.outreach.service_cases()?.is_empty();
            self.now =
                if busy { self.now + 10 * MINUTE_MS } else { self.now + (HOUR_MS - self.now.millis() % HOUR_MS) };
        }
        self.judge.close(&self.outreach, self.now)?;
        Ok(())
    }

    fn day(&mut self) -> Anything<()> {
        // The service is restarted now and then, as services are.
        if self.dice.chance(1.0 / 30.0) {
            self.outreach = Outreach::open(&self.dir.join("service.sqlite"), self.options.clone())?;
        }
        for machine in 0..self.fleet.machines.len() {
            if self.dice.chance(1.3 / 365.0) {
                self.begin(machine);
            }
            let context = self.context(machine);
            self.outreach.check_service(&self.fleet.machines[machine].id, &context, self.now)?;
        }
        self.forecast()?;
        let calm = std::mem::take(&mut self.calm);
        let (due, later) = calm.into_iter().partition(|(t, _)| *t <= self.now);
        self.calm = later;
        for (_, customer) in due {
            self.outreach.set_stage(&customer, None, "has calmed down", "wang", self.now)?;
            self.judge.stages.remove(&customer);
        }
        let back = std::mem::take(&mut self.back);
        let (due, later) = back.into_iter().partition(|(t, _)| *t <= self.now);
        self.back = later;
        for (_, (customer, medium)) in due {
            if self.outreach.opt_in(&customer, &medium, "asked for it again", "wang", self.now).is_ok() {
                self.judge.stopped.remove(&(customer, medium));
            }
        }
        self.judge.look_at_visits(&self.outreach, self.now)?;
        Ok(())
    }

    /// A fault begins on a machine that has none; now and then one that is none.
    fn begin(&mut self, machine: usize) {
        if self.wear.iter().any(|wear| wear.machine == machine) {
            return;
        }
        let mut pick = self.dice.uniform();
        let fault = FAULTS.iter().position(|(.., share)| {
            pick -= share;
            pick < 0.0
        });
        let fault = fault.unwrap_or(0);
        let episode = self.episodes.entry((machine, fault)).or_insert(0);
        *episode += 1;
        let (episode, days) = (*episode, self.dice.between(35.0, 120.0));
        let wear = Wear {
            machine,
            fault,
            episode,
            onset: self.now,
            limit: self.now.plus_days(days),
            bias: self.dice.normal() * 0.25,
            said: false,
            phantom: self.dice.chance(0.08),
        };
        self.wear.push(wear);
    }

    /// What the engine says of every fault today.
    fn forecast(&mut self) -> Anything<()> {
        let mut broken = Vec::new();
        for n in 0..self.wear.len() {
            let (left, span, age, said, phantom) = {
                let wear = &self.wear[n];
                let left = wear.limit.days_since(self.now);
                (left, wear.limit.days_since(wear.onset), self.now.days_since(wear.onset), wear.said, wear.phantom)
            };
            if age < 0.35 * span {
                continue;
            }
            if phantom && age > 0.55 * span {
                self.apply(n, Status::Cleared, 30.0)?;
                broken.push((n, false));
                continue;
            }
            if left <= 0.0 {
                broken.push((n, true));
                continue;
            }
            let noise = self.dice.normal() * 0.08;
            let believed = left.max(0.5) * (self.wear[n].bias + noise).exp();
            self.apply(n, if said { Status::Updated } else { Status::Opened }, believed)?;
            self.wear[n].said = true;
        }
        for (n, breaks) in broken.into_iter().rev() {
            if breaks {
                let machine = self.fleet.machines[self.wear[n].machine].id.clone();
                self.outreach.controller_tripped(&machine, "discharge temperature too high", self.now)?;
                self.judge.failed += 1;
            } else {
                self.wear.remove(n);
            }
        }
        // A machine that stands still does not fail again: it is mended by whoever comes.
        let now = self.now;
        let mended: Vec<usize> = (0..self.wear.len()).filter(|n| self.wear[*n].limit <= now).rev().collect();
        for n in mended {
            self.apply(n, Status::Cleared, 0.5)?;
            self.wear.remove(n);
        }
        Ok(())
    }

    fn apply(&mut self, n: usize, status: Status, days: f64) -> Anything<()> {
        let wear = &self.wear[n];
        let (fault, feature, value, unit, _) = FAULTS[wear.fault];
        let machine = self.fleet.machines[wear.machine].id.clone();
        let fault = FaultCode::new(fault).ok_or("a fault's code")?;
        let (p10, p90) = (days * 0.6, days * 1.6);
        let grade = match p10 {
            p10 if p10 <= 5.0 => Grade::Urgent,
            p10 if p10 <= 30.0 => Grade::Advise,
            _ => Grade::Watch,
        };
        let within = |t: f64| ((t - p10) / (p90 - p10) * 0.8 + 0.1).clamp(0.0, 1.0) * 0.9;
        let finding = Finding {
            at: self.now,
            kind: FindingKind::Prediction,
            id: FindingId::new(&machine, &fault, wear.episode),
            status,
            grade,
            fault,
            likelihood: 0.9,
            alternatives: Vec::new(),
            rul_days: Some(RulDays { p10: Some(p10), p50: Some(days), p90: Some(p90).filter(|days| *days <= 90.0) }),
            probability_within: Some(ProbabilityWithin {
                d7: within(7.0),
                d14: within(14.0),
                d21: within(21.0),
                d30: within(30.0),
            }),
            limit: None,
            evidence: vec![Evidence {
                feature: feature.into(),
                value,
                unit: unit.into(),
                change_per_day: Some(0.1),
                since: Some(wear.onset),
            }],
            text: "A fault is likely.".into(),
            machine,
        };
        if grade >= Grade::Advise && status != Status::Cleared {
            self.judge.advised(&finding, wear.phantom, wear.limit);
        }
        let context = self.context(wear.machine);
        self.offset += 1;
        self.outreach.apply(Offset(self.offset), 0, &finding, &context, self.now)?;
        Ok(())
    }

    pub(super) fn context(&self, machine: usize) -> MachineContext {
        let own = &self.fleet.machines[machine];
        let days = self.now.days_since(self.start);
        let known = days > 21.0;
        let context = MachineContext {
            run_hours: Some(own.hours_at_start + days * own.hours_per_day),
            hours_per_day: Some(own.hours_per_day),
            discharge_temp_c: Some(93.0),
            in_normal_range: Some(true),
            ..MachineContext::default()
        };
        if known { context.with_duty(&own.duty) } else { context }
    }

    fn hour(&mut self) -> Anything<()> {
        self.customers_answer()?;
        if fleet::office(self.now) {
            self.advisors_work()?;
        }
        self.visits_end()?;
        // Something breaks out of the blue.
        if self.dice.chance(0.3 * self.fleet.machines.len() as f64 / (365.0 * 24.0)) {
            let machine = (self.dice.uniform() * self.fleet.machines.len() as f64) as usize;
            let id = &self.fleet.machines[machine].id;
            self.outreach.open_service_case(id, Source::Customer, "it has stopped", "customer", self.now)?;
            self.judge.broke += 1;
        }
        Ok(())
    }
}

/// A machine of the world.
pub(crate) struct Own {
    pub(crate) id: MachineId,
    pub(crate) hours_at_start: f64,
    pub(crate) hours_per_day: f64,
    pub(crate) duty: [f32; WEEK_HOURS],
}
