//! A small world around the real outreach code: machines that wear out, an engine that forecasts it about as well as a good
//! one does, advisors with office hours, customers who answer when they feel like it, technicians, and things that break.
//!
//! Everything random comes from one seed. What is counted is judged from outside, by what was delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use foretell_model::{
    Catalogue, DAY_MS, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, HOUR_MS, MINUTE_MS, MachineId,
    Offset, ProbabilityWithin, RulDays, Status, Timestamp,
};
use foretell_outreach::{
    AfterCall, Calendar, Channel, Checklist, Customer, CustomerStage, DeliveryError, MachineContext, Outcome, Outreach,
    OutreachOptions, Parcel, Promise, Source, Stage, Ticked, VisitReport, WEEK_HOURS, Words,
};

use super::fleet::{self, Fleet};
use super::judge::{Judge, Sent};

pub(crate) type Anything<T> = Result<T, Box<dyn Error>>;

/// Faults with their evidence, the spread of days that they take, and how common they are.
const FAULTS: &[(&str, &str, f64, &str, f64)] = &[
    ("cooler_clogging", "discharge_temp_residual_k", 4.2, "K", 0.35),
    ("separator_clogging", "separator_dp_bar", 0.62, "bar", 0.2),
    ("oil_filter_clogging", "oil_filter_dp_bar", 0.93, "bar", 0.2),
    ("intake_filter_clogging", "inlet_vacuum_mbar", 38.0, "mbar", 0.15),
    ("bearing_wear", "vibration_mm_s", 8.2, "mm/s{rms}", 0.1),
];

/// Random numbers (SplitMix64): the same seed, the same year.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.uniform()
    }

    /// Roughly normal, mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Keeps what is delivered.
#[derive(Default)]
pub(crate) struct Post {
    parcels: Mutex<Vec<Parcel>>,
}

impl Channel for Post {
    fn name(&self) -> &'static str {
        "post"
    }
    fn medium(&self) -> &'static str {
        "email"
    }
    fn is_idempotent(&self) -> bool {
        true
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        let mut parcels = self.parcels.lock().map_err(|e| DeliveryError::Temporary(e.to_string()))?;
        parcels.push(parcel.clone());
        Ok(())
    }
}

/// A fault on its way.
struct Wear {
    machine: usize,
    fault: usize,
    episode: u32,
    onset: Timestamp,
    limit: Timestamp,
    bias: f64,
    said: bool,
    /// Nothing is wrong: the engine will take it back.
    phantom: bool,
}

/// How large a world, and which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) machines: usize,
    pub(crate) days: i64,
    pub(crate) seed: u64,
}

pub(crate) struct World {
    dir: PathBuf,
    outreach: Outreach,
    options: OutreachOptions,
    post: Arc<Post>,
    fleet: Fleet,
    dice: Dice,
    wear: Vec<Wear>,
    episodes: BTreeMap<(usize, usize), u32>,
    offset: u64,
    now: Timestamp,
    start: Timestamp,
    answers: Vec<(Timestamp, String, FindingId)>,
    back: Vec<(Timestamp, String)>,
    calm: Vec<(Timestamp, String)>,
    visited: BTreeSet<i64>,
    pub(crate) judge: Judge,
}

impl World {
    pub(crate) fn new(size: Size, dir: PathBuf) -> Anything<Self> {
        let start = Timestamp::parse("2026-01-01T00:00:00Z")?;
        let mut dice = Dice::new(size.seed);
        let fleet = Fleet::new(size.machines, &mut dice);
        let post = Arc::new(Post::default());
        let options = OutreachOptions {
            company: Words { en: "Foretell Service".into(), zh: "先知服务".into() },
            public_url: "https://service.example".into(),
            channels: vec![post.clone()],
            ..OutreachOptions::new(Arc::new(Catalogue::parse(include_str!("../../../../config/faults.toml"))?))
        };
        let outreach = Outreach::open(&dir.join("service.sqlite"), options.clone())?;
        outreach.import(&fleet.registry, "year", start)?;
        Ok(Self {
            dir,
            outreach,
            options,
            post,
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
        for (_, customer) in due {
            if self.outreach.opt_in(&customer, "email", "asked for it again", "wang", self.now).is_ok() {
                self.judge.stopped.remove(&customer);
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

    fn context(&self, machine: usize) -> MachineContext {
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

    /// Each advisor takes what waits, the most pressing first; now and then one is busy.
    fn advisors_work(&mut self) -> Anything<()> {
        for entry in self.outreach.queue(self.now)? {
            match entry.stage {
                Stage::Draft | Stage::Postponed if self.dice.chance(0.5) => {
                    if self.outreach.approve(&entry.id, "wang", self.now).is_err() {
                        self.outreach.call_instead(&entry.id, "no two times are free", "wang", self.now)?;
                    }
                }
                Stage::Call if self.dice.chance(0.3) => self.call(&entry.id)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn call(&mut self, id: &FindingId) -> Anything<()> {
        let card = self.outreach.card(id, self.now)?;
        match self.dice.uniform() {
            p if p < 0.25 => self.outreach.called(id, AfterCall::Again, "nobody there", "wang", self.now)?,
            p if p < 0.85 => {
                if let Some(slot) = card.choices.first()
                    && self.outreach.book_for(id, slot.start, "wang", self.now).is_ok()
                {
                    self.judge.booked(&self.outreach, id, self.now)?;
                }
            }
            _ => self.outreach.called(id, AfterCall::Close, "will see to it themselves", "wang", self.now)?,
        }
        Ok(())
    }

    /// What was delivered just now: judged, and answered some time later by most.
    fn delivered(&mut self, done: &[Ticked]) -> Anything<()> {
        let parcels = {
            let mut post = self.post.parcels.lock().map_err(|e| e.to_string())?;
            std::mem::take(&mut *post)
        };
        for parcel in parcels {
            let key = |ticked: &&Ticked| {
                ticked.outcome == Outcome::Sent && format!("foretell-{}", ticked.message) == parcel.key
            };
            let ticked = done.iter().find(key).ok_or("a parcel that no tick tells of")?;
            let customer = self.fleet.customer_of(&parcel.to).ok_or("a parcel to nobody")?;
            let sent = self.describe(&parcel, ticked, &customer)?;
            if !sent.notice {
                let token = parcel.link.rsplit('/').next().unwrap_or_default().to_owned();
                let wait_h = -self.dice.uniform().max(1e-9).ln() * 20.0;
                self.answers.push((self.now + (wait_h * HOUR_MS as f64) as i64, token, ticked.case.clone()));
            }
            self.judge.sent(sent);
        }
        Ok(())
    }

    fn describe(&self, parcel: &Parcel, ticked: &Ticked, customer: &Customer) -> Anything<Sent> {
        let notice = ticked.case.as_str().starts_with("case/");
        let (machine, urgent) = if notice {
            let id: i64 = ticked.case.as_str().trim_start_matches("case/").parse()?;
            (self.outreach.service_case(id)?.machine, true)
        } else {
            let card = self.outreach.card(&ticked.case, self.now)?;
            (card.finding.machine.to_string(), card.finding.grade == Grade::Urgent)
        };
        let broken = self.outreach.service_cases()?.iter().any(|case| case.machine == machine);
        Ok(Sent {
            at: self.now,
            customer: customer.id.clone(),
            is_open: Calendar::of(customer)?.is_open(self.now),
            parcel: parcel.clone(),
            machine,
            urgent,
            notice,
            broken,
        })
    }

    fn customers_answer(&mut self) -> Anything<()> {
        let answers = std::mem::take(&mut self.answers);
        let (due, later): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(t, ..)| *t <= self.now);
        self.answers = later;
        for (_, token, case) in due {
            let Ok(page) = self.outreach.booking_page(&token, self.now) else { continue };
            match self.dice.uniform() {
                p if p < 0.6 => {
                    let pick = usize::from(self.dice.chance(0.4));
                    if let Some(slot) = page.slots.get(pick).or(page.slots.first())
                        && self.outreach.book(&token, slot.slot.start, self.now).is_ok()
                    {
                        self.judge.booked(&self.outreach, &case, self.now)?;
                        self.change_of_mind(&token, &case)?;
                    }
                }
                p if p < 0.68 => drop(self.outreach.other_time(&token, "下周三以后可以吗", self.now)),
                p if p < 0.75 => drop(self.outreach.not_now(&token, 14, self.now)),
                p if p < 0.78 => {
                    if self.outreach.stop(&token, self.now).is_ok()
                        && let Some(customer) = self.outreach.card(&case, self.now)?.customer
                    {
                        self.judge.stopped.insert(customer.id.clone());
                        if self.dice.chance(0.5) {
                            self.back.push((self.now.plus_days(60.0), customer.id));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Some move the visit, a few cancel it.
    fn change_of_mind(&mut self, token: &str, case: &FindingId) -> Anything<()> {
        let page = self.outreach.booking_page(token, self.now)?;
        if self.dice.chance(0.08)
            && let Some(slot) = page.slots.first()
        {
            if self.outreach.reschedule(token, slot.slot.start, self.now).is_ok() {
                self.judge.booked(&self.outreach, case, self.now)?;
            }
        } else if self.dice.chance(0.04) {
            drop(self.outreach.cancel(token, self.now));
        }
        Ok(())
    }

    fn visits_end(&mut self) -> Anything<()> {
        for visit in self.outreach.visits(self.now + -HOUR_MS, 1_000)? {
            if visit.end > self.now || self.visited.contains(&visit.id) {
                continue;
            }
            if self.dice.chance(0.04) {
                self.outreach.not_done(visit.id, "the gate was closed", "chen", self.now)?;
                continue;
            }
            self.visited.insert(visit.id);
            let machine = self.outreach.card(&visit.case, self.now)?.finding.machine;
            let place = self.fleet.machines.iter().position(|own| own.id == machine);
            let place = place.ok_or("a visit to no machine")?;
            self.outreach.report_visit(visit.id, &report(), "chen", self.now)?;
            let hours = self.context(place).run_hours;
            self.outreach.complete(visit.id, hours, "chen", self.now)?;
            self.judge.worked(&visit);
            // Whatever was worn there is new; the engine sees it the day after.
            self.wear.retain(|wear| wear.machine != place || !visit.case.as_str().contains(FAULTS[wear.fault].0));
        }
        Ok(())
    }

    /// People look after what is broken: most in time, some late.
    fn troubles(&mut self) -> Anything<()> {
        let technicians = self.outreach.technicians()?;
        for case in self.outreach.service_cases()? {
            let age_min = (self.now - case.opened) / MINUTE_MS;
            if case.called_back.is_none() {
                if age_min >= 10 && self.dice.chance(0.75) {
                    self.outreach.called_back(case.id, "on our way", "wang", self.now)?;
                }
            } else if case.technician.is_none() {
                let who = (self.dice.uniform() * technicians.len() as f64) as usize;
                let eta = self.now + (self.dice.between(40.0, 260.0) * MINUTE_MS as f64) as i64;
                let technician = technicians.get(who).ok_or("no technicians")?;
                self.outreach.send_technician(case.id, &technician.id, Some(eta), "wang", self.now)?;
            } else if case.on_site.is_none() {
                if case.eta.is_none_or(|eta| eta <= self.now) {
                    self.outreach.arrived(case.id, "chen", self.now)?;
                }
            } else if case.on_site.is_some_and(|there| self.now - there >= 90 * MINUTE_MS) {
                let closed = self.outreach.close_service_case(case.id, &report(), "mended", "chen", self.now)?;
                self.mind(&closed)?;
            }
        }
        Ok(())
    }

    /// Whoever was let down may grumble, and is at peace again after a while.
    fn mind(&mut self, case: &foretell_outreach::ServiceCase) -> Anything<()> {
        self.judge.mended(case);
        let Some(customer) = &case.customer else { return Ok(()) };
        if case.broken.contains(&Promise::OnSite) && self.dice.chance(0.5) {
            let stage = if self.dice.chance(0.3) { CustomerStage::Escalation } else { CustomerStage::OpenGrumbling };
            self.outreach.set_stage(customer, Some(stage), "we came late", "wang", self.now)?;
            self.judge.stages.insert(customer.clone(), stage);
            self.calm.push((self.now.plus_days(30.0), customer.clone()));
        }
        Ok(())
    }
}

fn report() -> VisitReport {
    VisitReport {
        parts: [("oil_filter".to_owned(), 1)].into(),
        depot: Some("east".to_owned()),
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}

/// A machine of the world.
pub(crate) struct Own {
    pub(crate) id: MachineId,
    pub(crate) hours_at_start: f64,
    pub(crate) hours_per_day: f64,
    pub(crate) duty: [f32; WEEK_HOURS],
}
