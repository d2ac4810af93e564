//! A machine from the drawing board to its life: what it is for, how large its cooler is, and how it is soiled.

use foretell_model::{MachineId, Timestamp};

use crate::fleet::{self, DAYS, Kind, LIMIT_C, Machine, Traits, Truth};
use crate::rng::Rng;
use crate::stats::quantile;

use super::ail::Ailment;
use super::climate::between;
use super::confuse::OfMachine;
use super::dirt::{self, Clogging};
use super::life::Life;
use super::sensors::Sensors;
use super::state::{POWER_PER_BAR, Reaction, Slot, State};
use super::unit::Unit;
use super::works::Asked;
use super::{Place, SLOTS, SLOTS_PER_DAY, day};

/// Where a clean machine settles in its hottest air at much load, degC; a sound one so much higher, K, for else nothing simple would be
/// mistaken about it.
const SETTLES_C: (f64, f64) = (81.0, 88.0);
const SOUND_K: f64 = 5.0;
/// How much over the air that is at least and at most, K.
const RISE_K: (f64, f64) = (42.0, 62.0);
/// A cooler that clogs is to meet the limit between these days, and so many days after onset, as far as can be reckoned.
const MEETS_DAYS: std::ops::Range<usize> = 46..237;
const ONSET_DAYS: f64 = 6.0;
/// Courses of dirt that are drawn for one that does; after the first half of them faster ones.
const COURSES: usize = 14;
/// One that stays below it covers at least so much of its face, share.
const BELOW_LEAST: f64 = 0.25;
/// Dirt that a cleaning leaves where no cooler clogs, share.
const CLEANED: f64 = 0.15;

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Sound,
    /// Its cooler clogs and brings it to the limit, or clogs and does not.
    Clogs,
    ClogsBelow,
    Ill,
}

/// A machine before its life.
pub(crate) struct Plant {
    id: MachineId,
    rng: Rng,
    fate: Fate,
    pub(crate) unit: Unit,
    /// Air asked of it, slot by slot, share of its full flow; below 0 it stands still.
    pub(crate) demand: Vec<f64>,
    changes: OfMachine,
    ailment: Option<Ailment>,
    /// Whether an ambient sensor is fitted to it.
    ambient: bool,
}

impl Plant {
    pub(crate) fn draw(mut rng: Rng, place: &Place, id: MachineId, ambient: bool, count: usize) -> Self {
        let fleet = place.fleet;
        let fate = match fleet.kind {
            Kind::Failing => rng.weighted(&[(Fate::Clogs, 0.62), (Fate::ClogsBelow, 0.09), (Fate::Sound, 0.29)]),
            Kind::Ailing if rng.chance(40.0 / 56.0) => Fate::Ill,
            _ => Fate::Sound,
        };
        let by_speed = rng.chance(fleet.by_speed);
        let mut unit = Unit::draw(&mut rng, by_speed, fleet.fans);
        let level = match by_speed {
            true => rng.between(0.55, 0.92),
            false if rng.chance(0.45) => rng.between(0.98, 1.3),
            false => rng.between(0.45, 0.95),
        };
        let changes = OfMachine::draw(&mut rng, fleet.confused, fate != Fate::Sound);
        let stands_by = (count > 2 && rng.chance(0.1)).then(|| rng.pick(&[0, 1]));
        let mut asked = Asked { level, weeks: stands_by, change: changes.demand };
        let ailment = (fate == Fate::Ill).then(|| Ailment::draw(&mut rng));
        if let Some(ailment) = &ailment {
            Ailment::prepare(ailment.code, &mut rng, &mut unit, &mut asked);
        }
        let demand = place.works.demand(&mut rng, &asked);
        Self { id, rng, fate, unit, demand, changes, ailment, ambient }
    }

    /// Lives its days in a room; `site`: whether any sensor there measures the ambient, and how many machines there are.
    pub(crate) fn live(mut self, place: &Place, room_c: &[f64], site: (bool, usize)) -> Machine {
        let inlet_c = self.inlet_c(room_c);
        self.fit_cooler(&inlet_c);
        let (clogging, dirt) = self.soil(&inlet_c, place.fleet.faster);
        let mut slots = self.slots(&inlet_c, &dirt);
        if let Some(ailment) = &self.ailment {
            ailment.afflict(&mut self.rng, &mut slots);
        }
        let reaction = (clogging.is_some() && self.rng.chance(0.7)).then(|| Reaction::draw(&mut self.rng));
        let stood_s = 3600.0 * place.shift.stood_h();
        let warm_k = if self.demand[0] < 0.0 { 60.0 * (-stood_s / self.unit.soak_s).exp() } else { 20.0 };
        let state = State::new(self.unit, reaction, inlet_c[0] + warm_k);
        let sensors = Sensors::draw(self.rng.fork(7), place, self.ambient, self.ailment);
        let traits = self.traits(place, clogging.as_ref(), site);
        let story = self.story(place, &sensors, clogging.as_ref());
        let mut life = Life::new(self.id.clone(), place.start, state, sensors);
        life.live(&slots, &place.weather.outdoor_c, clogging.is_some());
        let on = |day: f64| place.start.plus_days(day);
        let of_second = |second: usize| second as f64 / 86_400.0;
        let cleaned = life.state.cleaned.map(|(second, _)| of_second(second));
        let truth = Truth {
            fault: self.ailment.map(|a| a.code).or(clogging.map(|_| "cooler_clogging")),
            onset: self.ailment.map(|a| a.onset_day).or(clogging.map(|c| c.onset_day)).map(on),
            own_sensor: self.ailment.filter(|a| a.code == "phase_imbalance").map(|_| true),
            limit_reached: life.state.limit_s.map(of_second).map(on),
            author_reached: None,
            excess_k: life.shown.excess_k(),
            story,
        };
        let jobs = self.jobs(place.start, clogging.as_ref(), cleaned);
        Machine { id: self.id, readings: life.readings, jobs, truth, traits }
    }

    /// Air at its inlet, slot by slot, degC.
    fn inlet_c(&mut self, room_c: &[f64]) -> Vec<f64> {
        let corner_k = self.rng.between(-0.4, 0.8);
        let stray: Vec<f64> = (0..=4 * DAYS).map(|_| 0.25 * self.rng.normal()).collect();
        let own_k = |slot: usize| self.changes.recirculation.filter(|(from, _)| day(slot) > *from).map_or(0.0, |r| r.1);
        room_c
            .iter()
            .enumerate()
            .map(|(slot, c)| c + corner_k + own_k(slot) + between(&stray, 4.0 * day(slot)))
            .collect()
    }

    /// Fits the cooler to the hottest air in which the machine works.
    fn fit_cooler(&mut self, inlet_c: &[f64]) {
        let works = |slot: &usize| self.demand[*slot] >= 0.0;
        let hot_c = quantile((0..SLOTS).filter(works).map(|s| inlet_c[s]).collect(), 0.99).unwrap_or(30.0);
        let asked = quantile((0..SLOTS).filter(works).map(|s| self.demand[s].min(1.0)).collect(), 0.9).unwrap_or(0.7);
        let hotter_k = if self.fate == Fate::Sound { SOUND_K } else { 0.0 };
        let goal_c = self.rng.between(SETTLES_C.0, SETTLES_C.1) + hotter_k;
        // No cooler is so large that the valve is never quite open.
        let open_c = self.unit.valve_c + self.unit.valve_span_k + self.rng.between(-6.0, 2.0);
        let goal_c = goal_c.clamp(hot_c + RISE_K.0, hot_c + RISE_K.1).max(open_c);
        self.unit.size_cooler(goal_c, hot_c, self.unit.mean_power(asked));
    }

    /// How its cooler is covered at the end of each day; of one that clogs, the course too. `faster`: than the usual cooler.
    fn soil(&mut self, inlet_c: &[f64], faster: f64) -> (Option<Clogging>, Vec<f64>) {
        let days: Vec<Hottest> = (0..DAYS).map(|day| self.hottest(day, inlet_c)).collect();
        let running: Vec<f64> = days.iter().map(|day| day.running).collect();
        let below = self.fate == Fate::ClogsBelow;
        if !below && self.fate != Fate::Clogs {
            return (None, self.dust(&running));
        }
        let mut drawn = (None, Vec::new());
        for course in 1..=COURSES {
            let faster = faster * if below { 0.4 } else { 1.0 } * if 2 * course > COURSES { 1.8 } else { 1.0 };
            let clogging = Clogging::draw(&mut self.rng, faster);
            let dirt = dirt::gather(&mut self.rng, &running, Some(&clogging));
            let met = days.iter().zip(&dirt).position(|(day, covered)| {
                day.running > 0.0 && self.unit.settled_c(day.inlet_c, day.power, *covered) >= LIMIT_C
            });
            let is_due = match met {
                Some(day) => !below && MEETS_DAYS.contains(&day) && day as f64 > clogging.onset_day + ONSET_DAYS,
                None => below && dirt[DAYS - 1] > BELOW_LEAST,
            };
            drawn = (Some(clogging), dirt);
            if is_due {
                break;
            }
        }
        drawn
    }

    /// What gathers without a fault.
    fn dust(&mut self, running: &[f64]) -> Vec<f64> {
        let mut dirt = dirt::gather(&mut self.rng, running, None);
        for (day, covered) in dirt.iter_mut().enumerate() {
            *covered += self.changes.dust.map_or(0.0, |by| by * day as f64 / DAYS as f64);
            if let Some((on, had)) = self.changes.cleaning {
                *covered = (*covered + had) * if day as f64 >= on { CLEANED } else { 1.0 };
            }
        }
        dirt
    }

    /// A day's hottest air and much of its work.
    fn hottest(&self, of_day: usize, inlet_c: &[f64]) -> Hottest {
        let slots = of_day * SLOTS_PER_DAY..(of_day + 1) * SLOTS_PER_DAY;
        let works: Vec<usize> = slots.filter(|slot| self.demand[*slot] >= 0.0).collect();
        let asked = quantile(works.iter().map(|slot| self.demand[*slot].min(1.0)).collect(), 0.9).unwrap_or(0.0);
        let over_bar = self.set_point_bar(of_day as f64 + 0.5);
        let by_bar = 1.0 + POWER_PER_BAR * over_bar;
        Hottest {
            inlet_c: works.iter().map(|slot| inlet_c[*slot]).fold(-50.0, f64::max),
            power: self.unit.mean_power(asked) * by_bar * self.friction(of_day as f64),
            running: works.len() as f64 / SLOTS_PER_DAY as f64,
        }
    }

    fn set_point_bar(&self, day: f64) -> f64 {
        self.changes.set_point.filter(|(from, _)| day > *from).map_or(0.0, |(_, by)| by)
    }

    fn friction(&self, day: f64) -> f64 {
        1.0 + self.changes.ageing.map_or(0.0, |by| by * day / DAYS as f64)
    }

    fn slots(&self, inlet_c: &[f64], dirt: &[f64]) -> Vec<Slot> {
        let slot = |slot: usize| Slot {
            inlet_c: inlet_c[slot],
            demand: self.demand[slot],
            fouling: dirt::at(dirt, day(slot)),
            set_point_bar: self.set_point_bar(day(slot)),
            friction: self.friction(day(slot)),
            valve_stuck: None,
            fan: 1.0,
            oil: 1.0,
            unloaded: 0.0,
            capacity: 1.0,
        };
        (0..SLOTS).map(slot).collect()
    }

    /// What was reported: six in ten cleanings, and more of those that the heat had called for; of four in ten machines other work too.
    fn jobs(
        &mut self,
        start: Timestamp,
        clogging: Option<&Clogging>,
        cleaned: Option<f64>,
    ) -> Vec<(Timestamp, &'static str)> {
        let before = clogging.and_then(|c| c.cleaning).or(self.changes.cleaning).map(|(day, _)| (day.floor(), 0.6));
        let cleanings = before.into_iter().chain(cleaned.map(|day| (day, 0.85)));
        let mut jobs = Vec::new();
        for (day, told) in cleanings {
            if self.rng.chance(told) {
                jobs.push((start.plus_days(day + self.rng.between(0.0, 0.02)), "cooler_cleaned"));
            }
        }
        if self.rng.chance(0.4) {
            let work = self.rng.pick(&["oil_changed", "oil_filter_replaced", "intake_filter_replaced", "serviced"]);
            jobs.push((start.plus_days(self.rng.between(5.0, 235.0)), work));
        }
        jobs
    }

    fn traits(&self, place: &Place, clogging: Option<&Clogging>, (sensed, count): (bool, usize)) -> Traits {
        Traits {
            ambient: fleet::ambient(self.ambient, sensed, count),
            drive: if self.unit.by_speed { "variable speed" } else { "fixed speed" },
            schedule: place.shift.name(),
            climate: place.climate.name,
            season: fleet::season(place.fleet.first_day, place.climate.warmest_day),
            shape: clogging.map_or("none", |c| c.shape.name()),
            pace: clogging.map_or("", |c| fleet::pace(c.rate_per_day)),
            fan: self.unit.fan.name(),
            sampling: match place.habits.every_s {
                120 => "every 2 min",
                300 => "every 5 min",
                _ => "every 10 min",
            },
            scenario: self.ailment.map_or_else(|| self.changes.name(&place.changes), |a| a.code),
        }
    }

    fn story(&self, place: &Place, sensors: &Sensors, clogging: Option<&Clogging>) -> String {
        let dirt = clogging.map_or_else(String::new, |c| {
            let cleaned =
                c.cleaning.map_or_else(String::new, |(day, takes)| format!(", cleaned of {takes:.2} on day {day:.0}"));
            format!(", {:.3} /d from day {:.0}{cleaned}", c.rate_per_day, c.onset_day)
        });
        let ill = self.ailment.map_or_else(String::new, |a| format!(", {}", a.story()));
        format!("{} s, {} K{dirt}{ill}, {}", place.habits.every_s, sensors.resolution_k, self.changes.story())
    }
}

/// The hottest air of a day in which a machine works, degC, its power at much of the day's demand, and how much of it it runs, shares.
struct Hottest {
    inlet_c: f64,
    power: f64,
    running: f64,
}
