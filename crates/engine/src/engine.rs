//! The engine: machines by identity, sites with their members, events in, findings out.

use std::collections::{BTreeMap, HashMap};

use foretell_model::{
    Catalogue, Event, Fault, FaultCode, Finding, MachineId, MachineProfile, Quality, Reading, SiteId, Timestamp,
    Verdict,
};
use rustc_hash::FxBuildHasher;

use crate::conclude::{SiteView, Speaker};
use crate::dm::clock::Stamp;
use crate::dm::report;
use crate::findings::episode::Episode;
use crate::findings::grade::Policy;
use crate::ha::assess::{self, Judgement};
use crate::ha::course::Course;
use crate::ha::health::Health;
use crate::ha::sign::DatedHold;
use crate::machine::{Machine, Taken};
use crate::sd::day::{Day, day_of};
use crate::service::effect;
use crate::service::is_thermal;
use crate::site::Site;

/// Work that renews everything that is renewed by hours.
const REGULAR_SERVICE: &str = "serviced";
/// Work after which every sensor of the machine is learned anew.
const SENSOR_REPLACED: &str = "sensor_replaced";

/// The lists of machines and sites grow by one in so many.
const GROW_SHARE: usize = 32;

/// What the engine is told once, at its start.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Faults, their signatures, and the intervals of work.
    pub catalogue: Catalogue,
    /// What is configured about single machines; the others take [`EngineOptions::default_profile`].
    pub profiles: BTreeMap<MachineId, MachineProfile>,
    /// For machines without a profile of their own.
    pub default_profile: MachineProfile,
    /// Thresholds of the grades.
    pub policy: Policy,
}

/// Events that changed nothing, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Not newer than the machine's newest reading.
    pub late: u64,
    /// Marked bad or stale by their source.
    pub quality: u64,
    /// Outside the years 2000 to 2179: a broken clock.
    pub clock: u64,
    /// Far ahead of the machine's time, held until the readings after it confirmed the step.
    pub held: u64,
}

/// Pure and deterministic: the same events in the same order give the same findings and the same snapshot.
#[derive(Debug)]
pub struct Engine {
    pub(crate) options: EngineOptions,
    /// In order of appearance.
    pub(crate) sites: Vec<Site>,
    pub(crate) site_index: HashMap<SiteId, u32, FxBuildHasher>,
    pub(crate) ids: Vec<MachineId>,
    pub(crate) index: HashMap<MachineId, u32, FxBuildHasher>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) ignored: Ignored,
    days_closed: u64,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self {
            options,
            sites: Vec::new(),
            site_index: HashMap::default(),
            ids: Vec::new(),
            index: HashMap::default(),
            machines: Vec::new(),
            ignored: Ignored::default(),
            days_closed: 0,
        }
    }

    /// Takes one event of the log and appends what follows from it to `out`.
    ///
    /// Uses event time only. A reading that is not newer than the machine's newest is counted and changes nothing.
    pub fn observe(&mut self, event: &Event, out: &mut Vec<Finding>) {
        match event {
            Event::Reading(reading) => self.observe_reading(reading, out),
            Event::Maintenance { machine, ts, work } => self.observe_work(machine, *ts, work.as_str(), out),
            Event::Verdict { machine, ts, finding, verdict: Verdict::NotFound } => {
                let place = self.place_of(machine);
                let named = |e: &crate::findings::episode::Episode| {
                    e.fault().is_some_and(|f| foretell_model::FindingId::new(machine, &f, e.number()) == *finding)
                };
                let judged = self.machines[place].episodes.iter().find(|e| named(e)).and_then(|e| e.fault());
                if let Some(fault) = judged {
                    self.begin_courses_anew(place, *ts, |f| f.code == fault, out);
                    self.begin_anew(place, *ts, "a technician found nothing", out);
                    if fault == FaultCode::THERMOSTATIC_VALVE_OPEN {
                        let day = self.site(place).day_of(*ts);
                        self.machines[place].cold.accept(day);
                    }
                }
            }
            Event::Verdict { .. } | Event::ControllerAlarm { .. } | Event::Note { .. } | Event::Status { .. } => {}
        }
    }

    /// Every machine seen so far, in order of appearance.
    pub fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.ids.iter()
    }

    /// When a machine's newest reading was measured, also one that waits to be believed because the machine was silent for long;
    /// `None` for one that is not known. Costs a look-up, unlike a view.
    #[must_use]
    pub fn last_reading(&self, machine: &MachineId) -> Option<Timestamp> {
        self.index.get(machine).and_then(|&place| self.machines[place as usize].heard())
    }

    /// Events that changed nothing, by reason.
    #[must_use]
    pub const fn ignored(&self) -> Ignored {
        self.ignored
    }

    /// Where this machine warns and trips, and what else is configured about it.
    #[must_use]
    pub fn profile(&self, machine: &MachineId) -> &MachineProfile {
        self.options.profiles.get(machine).unwrap_or(&self.options.default_profile)
    }

    /// How many days of machines have closed since this engine was made or restored: whoever compares it before and after an event
    /// knows whether that event closed its machine's day.
    #[must_use]
    pub const fn days_closed(&self) -> u64 {
        self.days_closed
    }

    fn observe_reading(&mut self, reading: &Reading, out: &mut Vec<Finding>) {
        // A reading stamped on arrival was measured all the same; bad and stale ones were not.
        if matches!(reading.quality, Quality::Bad | Quality::Stale) {
            self.ignored.quality += 1;
            return;
        }
        if day_of(reading.ts).is_none() {
            self.ignored.clock += 1;
            return;
        }
        let place = self.place_of(&reading.machine);
        let day = self.site(place).day_of(reading.ts);
        let machine = &mut self.machines[place];
        let dt_ms = match machine.clock.observe(reading.ts) {
            Stamp::Next { dt_ms } => dt_ms,
            Stamp::Late => {
                machine.late = machine.late.saturating_add(1);
                self.ignored.late += 1;
                return;
            }
            Stamp::Held => {
                self.ignored.held += 1;
                machine.show(reading);
                return;
            }
            Stamp::Back => {
                machine.go_back(reading.ts, day);
                0
            }
        };
        let wanted = machine.wants_air(reading.ts, day);
        let (closes, site) = (machine.closes_day(day), machine.site as usize);
        let air_c = wanted.and_then(|begin| self.sites[site].air_c(begin));
        if closes {
            self.close_day(place, day, air_c, out);
        }
        let (machine, id) = (&mut self.machines[place], &self.ids[place]);
        let Taken { restarted_from_h, room_c } = machine.take(reading, dt_ms, day, air_c);
        self.sites[site].breathe(reading.ts, room_c);
        let Machine { sensors, episodes, .. } = machine;
        report::say(sensors, episodes, reading.ts, id, out);
        if let Some(from_h) = restarted_from_h.filter(|_| sensors.tells_restart(day)) {
            report::restarted(sensors, from_h, episodes, reading.ts, id, out);
        }
    }

    /// `air_c` is the ambient of the day's last hour by a sibling's sensor, degC.
    fn close_day(&mut self, place: usize, today: Day, air_c: Option<f64>, out: &mut Vec<Finding>) {
        self.days_closed += 1;
        self.machines[place].close_day(today, air_c);
        self.compare_sensors(place, today, out);
        let (judged, site) = self.judge(place, today);
        let speaker = speaker(&self.options, &self.ids[place], self.site(place).closing(today));
        speaker.conclude_day(&mut self.machines[place], today, judged, &site, out);
        self.measure_effect(place, today, out);
    }

    pub(crate) fn judge(&self, place: usize, today: Day) -> (Option<(Health, Judgement)>, SiteView) {
        let machine = &self.machines[place];
        let limits = self.profile(&self.ids[place]).limits;
        let judged = assess::judge(&machine.health, &machine.days, today, &self.surroundings(place), limits);
        let site = SiteView {
            common_share: judged.as_ref().and_then(|(_, j)| self.common_share(place, today, j)),
            hot_room: self.hot_room(place, today),
            soak_log_ratio: judged.as_ref().and_then(|(health, j)| self.soak_log_ratio(place, today, health, j)),
        };
        (judged, site)
    }

    /// The features that tell the causes of a machine's state apart, as of its newest closed day, by the names that signatures
    /// know them by and in their units. What cannot be computed is absent. Computed anew, which costs as much as closing a day.
    #[must_use]
    pub fn features(&self, machine: &MachineId) -> Vec<(&'static str, f64)> {
        let Some(&place) = self.index.get(machine) else { return Vec::new() };
        let machine = &self.machines[place as usize];
        let Some(today) = machine.days.last().map(|day| day.day.saturating_add(1)) else { return Vec::new() };
        let (judged, site) = self.judge(place as usize, today);
        let speaker = speaker(&self.options, &self.ids[place as usize], self.site(place as usize).closing(today));
        speaker.known(machine, today, judged.as_ref().map(|(_, j)| j), &site).into_values()
    }

    fn observe_work(&mut self, id: &MachineId, ts: Timestamp, work: &str, out: &mut Vec<Finding>) {
        if day_of(ts).is_none() {
            self.ignored.clock += 1;
            return;
        }
        let place = self.place_of(id);
        let day = self.site(place).day_of(ts);
        let machine = &mut self.machines[place];
        machine.service.report(work, machine.sensors.run_hours.counted_h());
        let pending = effect::prepare(work, (ts, day), &self.machines[place], &self.surroundings(place));
        self.machines[place].service.pending = pending.map(Box::new);
        let cures_heat = is_thermal(work) || self.is_told_cure(place, ts, work);
        self.begin_courses_anew(place, ts, |fault| cures(work, fault), out);
        if work == SENSOR_REPLACED {
            self.machines[place].sensors.exchanged();
        }
        if cures_heat {
            self.begin_anew(place, ts, "work was done on the machine", out);
        }
    }

    /// Whether the machine's heat was put down to a fault that this work cures.
    fn is_told_cure(&self, place: usize, ts: Timestamp, work: &str) -> bool {
        let speaker = speaker(&self.options, &self.ids[place], ts);
        let open = self.machines[place].episodes.iter().filter_map(Episode::fault);
        let cured = |fault: &FaultCode| self.options.catalogue.fault(fault).is_some_and(|f| cures(work, f));
        open.filter(|fault| speaker.is_thermal(fault)).any(|fault| cured(&fault))
    }

    /// What shows the faults that work has cured is learned anew, and their findings end.
    fn begin_courses_anew(
        &mut self,
        place: usize,
        ts: Timestamp,
        cured: impl Fn(&Fault) -> bool,
        out: &mut Vec<Finding>,
    ) {
        let speaker = speaker(&self.options, &self.ids[place], ts);
        let machine = &mut self.machines[place];
        let faults: Vec<&Fault> = self.options.catalogue.faults.iter().filter(|f| cured(f)).collect();
        for symptom in &self.options.catalogue.symptoms {
            if faults.iter().any(|fault| fault.explains(&symptom.code)) {
                machine.courses.iter_mut().filter(|c| c.feature.name() == symptom.feature).for_each(Course::restart);
            }
        }
        if faults.iter().any(|fault| fault.code == FaultCode::THERMOSTATIC_VALVE_OPEN) {
            machine.cold.end();
            machine.unregulated = DatedHold::default();
        }
        let is_cured = |_, fault: &FaultCode| faults.iter().any(|f| f.code == *fault);
        speaker.clear_where(machine, is_cured, "work was done on the machine", out);
    }

    /// The machine's normal is learned anew from the day after `ts`.
    fn begin_anew(&mut self, place: usize, ts: Timestamp, why: &str, out: &mut Vec<Finding>) {
        if day_of(ts).is_none() {
            return;
        }
        let day = self.site(place).day_of(ts);
        let machine = &mut self.machines[place];
        machine.health.restart(day.saturating_add(1));
        machine.grade.reset();
        machine.forget_heats();
        let speaker = speaker(&self.options, &self.ids[place], ts);
        speaker.clear_where(machine, |_, fault| speaker.is_thermal(fault), why, out);
    }

    /// The machine's place, made on first sight.
    fn place_of(&mut self, id: &MachineId) -> usize {
        if let Some(&place) = self.index.get(id) {
            return place as usize;
        }
        self.add(id.clone(), Machine::default())
    }

    /// Room for so many machines and no more.
    pub(crate) fn expect_machines(&mut self, count: usize) {
        self.machines.reserve_exact(count);
        self.ids.reserve_exact(count);
        self.index.reserve(count);
    }

    /// Enters a machine into the lists; its site is looked up or made.
    pub(crate) fn add(&mut self, id: MachineId, mut machine: Machine) -> usize {
        let place = self.machines.len();
        make_room(&mut self.machines);
        make_room(&mut self.ids);
        let sites = &mut self.sites;
        let site = *self.site_index.entry(id.site_id()).or_insert_with(|| {
            make_room(sites);
            sites.push(Site::new(&id.site_id()));
            (sites.len() - 1) as u32
        });
        self.sites[site as usize].members.push(place as u32);
        self.index.insert(id.clone(), place as u32);
        self.ids.push(id);
        machine.site = site;
        self.machines.push(machine);
        place
    }
}

/// Whether a work ends a fault. A regular service sees to all but what shows by itself whether it was seen to: the heat.
fn cures(work: &str, fault: &Fault) -> bool {
    let own = fault.action.as_deref();
    own == Some(work) || (work == REGULAR_SERVICE && !own.is_some_and(is_thermal))
}

/// Room for one more: growing by doubling would leave up to half of a large fleet's memory unused.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / GROW_SHARE + 1);
    }
}

pub(crate) fn speaker<'a>(options: &'a EngineOptions, id: &'a MachineId, at: Timestamp) -> Speaker<'a> {
    let &MachineProfile { limits, energy, .. } = options.profiles.get(id).unwrap_or(&options.default_profile);
    Speaker { id, at, catalogue: &options.catalogue, policy: &options.policy, limits, energy }
}
