//! Lives the days of a site's machines side by side, for each heats the others' room.

use foretell_model::{MachineId, Reading, Timestamp};

use crate::fleet::{DAYS, LIMIT_C, Truth};
use crate::rng::Rng;

use super::ailment::Ailment;
use super::calendar::{Demand, Receiver, Shift};
use super::dirt::{Clogging, Dirt};
use super::sensors::{Instant, Sensors};
use super::unit::{Duty, Unit, Upset};
use super::{Room, STEP_MIN, STEPS_PER_DAY};

/// Lag of the room behind its machines, minutes.
const ROOM_LAG_MIN: f64 = 40.0;
/// The controller stops the machine here, degC, for so many steps.
const TRIP_C: f64 = 112.0;
const TRIP_STEPS: usize = 9;

/// A machine before its life.
pub(crate) struct Plant {
    pub(crate) id: MachineId,
    pub(crate) vsd: bool,
    pub(crate) unit: Unit,
    pub(crate) dirt: Dirt,
    pub(crate) clogging: Option<Clogging>,
    pub(crate) ailment: Option<Ailment>,
    /// Day, work, whether it was reported.
    pub(crate) jobs: Vec<(f64, &'static str, bool)>,
    /// Day, change of friction.
    pub(crate) oil_change: Option<(f64, f64)>,
    /// How much warmer its corner of the room is, K.
    pub(crate) place_k: f64,
    pub(crate) from_day: f64,
    pub(crate) shift: Shift,
    pub(crate) demand: Demand,
    pub(crate) receiver: Receiver,
    pub(crate) nominal_bar: f64,
    pub(crate) band_bar: f64,
    pub(crate) sensors: Sensors,
    pub(crate) rng: Rng,
}

/// A machine's life.
pub(crate) struct Life {
    pub(crate) id: MachineId,
    pub(crate) readings: Vec<Reading>,
    pub(crate) jobs: Vec<(Timestamp, &'static str)>,
    pub(crate) truth: Truth,
}

/// Where a machine is.
struct State {
    plant: Plant,
    rng: Rng,
    td_c: f64,
    /// Where it settles loaded and unloaded; first guesses for the next step.
    settled_c: (f64, f64),
    run_hours: f64,
    load_hours: f64,
    tripped_until: usize,
    /// Loaded minutes of which the temperature held is not told yet, and their temperature times minutes.
    held: (f64, f64),
    limit_reached: Option<Timestamp>,
    fouling: f64,
    readings: Vec<Reading>,
}

/// Lives them all.
pub(crate) fn live(room: &Room, plants: Vec<Plant>) -> Vec<Life> {
    let mut machines: Vec<State> = plants.into_iter().map(|p| State::new(p, room.climate.outdoor_c[0])).collect();
    let (count, mut share) = (machines.len() as f64, 0.5);
    for step in 0..DAYS * STEPS_PER_DAY {
        let air_c = room.climate.room_c(step, share);
        let heat: f64 = machines.iter_mut().map(|m| m.advance(room, step, air_c)).sum();
        share += (heat / count - share) * (1.0 - (-(STEP_MIN as f64) / ROOM_LAG_MIN).exp());
    }
    machines.into_iter().map(|m| m.finish(room)).collect()
}

impl State {
    fn new(plant: Plant, room_c: f64) -> Self {
        let mut rng = plant.rng.fork(7);
        let run_hours = rng.between(300.0, 30_000.0);
        Self {
            rng,
            td_c: room_c,
            settled_c: (85.0, 75.0),
            run_hours,
            load_hours: run_hours * 0.7,
            tripped_until: 0,
            held: (0.0, 0.0),
            limit_reached: None,
            fouling: 0.0,
            readings: Vec::new(),
            plant,
        }
    }

    /// One step; gives the share of its full heat that the machine put into the room.
    fn advance(&mut self, room: &Room, step: usize, air_c: f64) -> f64 {
        let day = step as f64 / STEPS_PER_DAY as f64;
        let hour = day.fract() * 24.0;
        let room_c = air_c + self.plant.place_k;
        if step.is_multiple_of(12) {
            self.fouling = self.plant.dirt.fouling(day);
        }
        self.look_at_limit(room, step);
        let friction = self.plant.oil_change.filter(|(at, _)| day >= *at).map_or(1.0, |(_, by)| 1.0 + by);
        let mut upset = Upset { fouling: self.fouling, friction, ..Upset::WELL };
        if let Some(ailment) = &self.plant.ailment {
            ailment.afflict(day, &mut upset);
        }
        let asked = self.plant.demand.next(&mut self.rng, day, hour) + upset.leak;
        let demand = (asked / upset.intake).min(1.0);
        let here = day >= self.plant.from_day;
        let running = here && step >= self.tripped_until && self.plant.shift.works(day as usize, hour);
        let over_bar = room.over_bar(day);
        let (heat, duty) = match (running, self.plant.vsd) {
            (false, _) => {
                self.td_c += (room_c - self.td_c) * (1.0 - (-(STEP_MIN as f64) / self.plant.unit.soak_min).exp());
                (0.0, Duty { flow: 0.0, over_bar })
            }
            (true, true) => self.run_at_speed(room_c, Duty { flow: demand.max(0.25), over_bar }, &upset),
            (true, false) => self.run_cycles(room_c, demand, over_bar, &upset),
        };
        if running {
            self.run_hours += STEP_MIN as f64 / 60.0;
            if self.td_c >= TRIP_C {
                // It stopped within the step, before the heat that a whole step would have brought.
                self.td_c = TRIP_C + 1.0;
                self.tripped_until = step + TRIP_STEPS;
            }
        }
        if here {
            self.publish(room, step, room_c, running, duty, &upset);
        }
        heat
    }

    fn run_at_speed(&mut self, room_c: f64, duty: Duty, upset: &Upset) -> (f64, Duty) {
        let to = self.plant.unit.settled_c(self.settled_c.0, room_c, duty, true, upset);
        self.settled_c.0 = to;
        self.approach(to, STEP_MIN as f64, true);
        (0.12 + 0.88 * duty.flow, duty)
    }

    fn run_cycles(&mut self, room_c: f64, demand: f64, over_bar: f64, upset: &Upset) -> (f64, Duty) {
        let (on, off) = (Duty { flow: 1.0, over_bar }, Duty { flow: 0.0, over_bar });
        self.settled_c.0 = self.plant.unit.settled_c(self.settled_c.0, room_c, on, false, upset);
        self.settled_c.1 = self.plant.unit.settled_c(self.settled_c.1, room_c, off, false, upset);
        let (mut left, mut loaded_min) = (STEP_MIN as f64, 0.0);
        while left > 0.0 {
            let (until, speed) = self.plant.receiver.until_switch(demand);
            let span = until.clamp(0.05, left.max(0.05)).min(left);
            let loaded = self.plant.receiver.loaded;
            self.approach(if loaded { self.settled_c.0 } else { self.settled_c.1 }, span, loaded);
            self.plant.receiver.place = (self.plant.receiver.place + speed * span).clamp(0.0, 1.0);
            loaded_min += if loaded { span } else { 0.0 };
            left -= span;
            if until <= span {
                self.plant.receiver.loaded = !loaded;
            }
        }
        let share = loaded_min / STEP_MIN as f64;
        (share + (1.0 - share) * self.plant.unit.unloaded, if self.plant.receiver.loaded { on } else { off })
    }

    /// Lets the temperature go towards where it settles, and counts loaded time.
    fn approach(&mut self, to_c: f64, minutes: f64, loaded: bool) {
        let before = self.td_c;
        self.td_c += (to_c - before) * (1.0 - (-minutes / self.plant.unit.lag_min).exp());
        if loaded {
            self.load_hours += minutes / 60.0;
            self.held.0 += minutes;
            self.held.1 += minutes * 0.5 * (before + self.td_c);
        }
    }

    /// The truth of the loaded minutes that end, once they are ten; a machine that reached the limit is cleaned some days later.
    fn look_at_limit(&mut self, room: &Room, step: usize) {
        let (minutes, sum) = self.held;
        if minutes < 10.0 {
            return;
        }
        self.held = (0.0, 0.0);
        if sum / minutes < LIMIT_C || self.limit_reached.is_some() {
            return;
        }
        let day = step as f64 / STEPS_PER_DAY as f64;
        self.limit_reached = Some(room.start.plus_days(day));
        let cleaned = day + self.rng.between(1.0, 5.0);
        let leaves = self.rng.between(0.02, 0.15);
        self.plant.dirt.clean(cleaned, leaves);
        let reported = self.rng.chance(0.7);
        self.plant.jobs.push((cleaned, "cooler_cleaned", reported));
    }

    fn publish(&mut self, room: &Room, step: usize, room_c: f64, running: bool, duty: Duty, upset: &Upset) {
        let loaded = running && duty.flow > 0.0;
        let plant = &mut self.plant;
        let current_a = if running { plant.unit.current_a(duty, plant.vsd, upset) } else { 0.0 };
        let in_band = if plant.vsd { 0.5 } else { plant.receiver.place };
        let now = Instant {
            step,
            td_c: self.td_c + if running { upset.ripple_k * self.rng.normal() } else { 0.0 },
            room_c,
            running,
            loaded,
            current_a,
            pressure_bar: plant.nominal_bar + duty.over_bar + plant.band_bar * (in_band - 0.5),
            run_hours: self.run_hours,
            load_hours: self.load_hours,
        };
        self.readings.extend(plant.sensors.read(&mut self.rng, &plant.id, room.start, &now, plant.ailment.as_mut()));
    }

    fn finish(self, room: &Room) -> Life {
        let plant = self.plant;
        let clogged = plant.clogging.map(|c| ("cooler_clogging", c.onset_day));
        let ill = plant.ailment.as_ref().map(|a| (a.code, a.onset_day));
        let hot = room.hot_from.map(|day| ("high_ambient", day));
        let (fault, onset) = clogged.or(ill).or(hot).unzip();
        let onset = onset.map(|day| room.start.plus_days(day));
        let clogging = plant
            .clogging
            .map_or_else(String::new, |c| format!("{:?} {} /d from day {:.0}, ", c.shape, c.rate_per_day, c.onset_day));
        let jobs: Vec<String> =
            plant.jobs.iter().map(|(d, w, r)| format!("{w} {d:.0}{}", if *r { "" } else { "?" })).collect();
        let story = format!(
            "{clogging}{}{}{} [{}]",
            plant.ailment.as_ref().map_or_else(String::new, Ailment::story),
            plant.sensors.story(),
            plant.demand.story(),
            jobs.join(", ")
        );
        Life {
            id: plant.id,
            readings: self.readings,
            jobs: plant.jobs.iter().filter(|j| j.2).map(|(d, w, _)| (room.start.plus_days(*d), *w)).collect(),
            truth: Truth {
                excess_k: Vec::new(),
                fault,
                onset,
                own_sensor: fault.and_then(|fault| plant.sensors.fitted.shows(fault)),
                limit_reached: self.limit_reached,
                author_reached: None,
                story,
            },
        }
    }
}
