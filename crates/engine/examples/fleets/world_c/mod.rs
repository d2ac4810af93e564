//! A third world, ported from a generator whose author had never read the engine: thermal masses of sump and metal, a thermostatic
//! valve with lag and hysteresis, oil driven by the sump's pressure, fans that are fixed, switched or controlled, loading,
//! modulating and variable-speed control with idle-off, sites with climates, and sensors read every 10 s to 15 min. Each site lives
//! one scenario: coolers that clog in eleven ways, one that stays below the limit, twenty things that confuse a watcher of healthy
//! machines, and fifteen other faults.
//!
//! When a cooler reaches the limit is told in two ways. Its author's truth is what the sensor's own (lagging) temperature shows: at
//! the limit for ten minutes without a break while the machine runs, loaded or not, or a trip of the controller
//! ([`Truth::author_reached`]). In the other worlds, and in the forecasts, it is the mean of ten loaded minutes of the discharge
//! itself ([`Truth::limit_reached`]). Both are judged. The cooler is cleaned some hours after the author's.
//!
//! A step is 10 s where the generator's was 5 s, for it halves the time: of seeds 401 and 402 61 coolers reach the limit with the one
//! and 62 with the other, and a straight line warns of 51 and 50 % a week ahead.
//!
//! Nothing of the engine was tuned on this world's seeds of development (401 and higher) when it came to this place.

mod ail;
mod climate;
mod clog;
mod confuse;
mod hour;
mod meters;
mod publish;
mod scenario;
mod state;
#[cfg(test)]
mod tests;
mod twin;
mod unit;

use foretell_model::{MachineId, Signal, Timestamp};

use crate::fleet::{self, Kind, Machine, Site, Traits, Truth};
use crate::rng::Rng;
use crate::stats::quantile;

use climate::{Climate, SCHEDULES};
use clog::{Course, Shape, clog};
use hour::Hour;
use publish::{Publisher, Sensors};
pub(crate) use scenario::{SCENARIOS, Scenario};
use state::{STEP_S, State};
use twin::Twin;
use unit::{Control, Unit};

/// The site as a whole.
struct Place {
    climate: Climate,
    schedule: &'static str,
    start: Timestamp,
    days: usize,
    /// Weekday of the first day, Monday 0.
    weekday: usize,
    /// Outdoors, hour by hour, degC.
    outdoor_c: Vec<f64>,
    /// How much the machines heat their room at full load, hour by hour, K.
    own_heat_k: Vec<f64>,
    /// The room's warmth from elsewhere, K, its lag, s, and the temperature under which it is heated, degC.
    over_k: f64,
    lag_s: f64,
    least_c: f64,
    /// Mean load, share.
    load: f64,
    /// Between readings, s.
    every_s: usize,
    /// Which machines have an ambient sensor: all, the first, none.
    ambient: &'static str,
    /// Sensors for pressure drops.
    rich: bool,
    story: String,
}

/// A machine before its life.
struct Plant {
    id: MachineId,
    unit: Unit,
    hours: Vec<Hour>,
    sensors: Sensors,
    /// Reported jobs: day and work.
    jobs: Vec<(f64, &'static str)>,
    onset: Option<f64>,
    shape: &'static str,
    story: String,
}

/// The places in [`SCENARIOS`] that a seed lives: all that clog, and every fourth of the others, so that four seeds in a row live all.
pub(crate) fn numbers(seed: u64) -> Vec<usize> {
    let due = |n: &usize| SCENARIOS[*n].kind == Kind::Failing || (*n as u64 + seed).is_multiple_of(4);
    (0..SCENARIOS.len()).filter(due).collect()
}

/// Builds and lives the site of a scenario.
pub(crate) fn site(seed: u64, number: usize) -> Site {
    let scenario = &SCENARIOS[number];
    let mut rng = Rng::new(seed ^ 0xc0_c0c0).fork(number as u64 + 1);
    let mut place = Place::draw(&mut rng, scenario);
    let fewest = if scenario.is(&["clog_siblings", "h_hot_room", "h_duct_removed"]) { 2 } else { 1 };
    // A machine of 10 s readings makes as many as thirty others.
    let count = if scenario.is(&["clog_10s"]) {
        1
    } else {
        rng.weighted(&[(1, 0.25), (2, 0.25), (3, 0.2), (4, 0.2), (6, 0.1)]).max(fewest)
    };
    let level = rng.between(0.5, 0.92);
    let base = climate::demand(&mut rng, place.schedule, place.weekday, place.outdoor_c.len(), level);
    place.load = base.iter().map(|d| d.clamp(0.0, 1.0)).sum::<f64>() / base.len() as f64 * 0.8 + 0.15;
    let hot_c =
        quantile(place.outdoor_c.clone(), 0.997).unwrap_or(30.0) + 0.3 * place.over_k + place.own_heat_k[0] * 0.8;
    let mut plants: Vec<Plant> = (0..count)
        .map(|m| plant(&mut rng.fork(100 + m as u64), scenario, &place, &base, hot_c, (number, m, count)))
        .collect();
    place.story = confuse::room(&mut rng, scenario, &mut place);
    befall(&mut rng, scenario, &place, &mut plants);
    live(&rng, scenario, place, plants)
}

impl Place {
    fn draw(rng: &mut Rng, scenario: &Scenario) -> Self {
        let climate = if scenario.is(&["f_valve_open"]) { Climate::cool(rng) } else { Climate::draw(rng) };
        let every_s = match scenario.name {
            "clog_10s" => 10,
            "clog_1min" => 60,
            "clog_poor" => rng.pick(&[600, 900]),
            _ => rng.weighted(&[(60, 0.08), (300, 0.52), (600, 0.2), (900, 0.2)]),
        };
        let days = if every_s == 10 { 140 } else { rng.between(200.0, 401.0) as usize };
        let first_day = rng.between(0.0, 500.0).floor();
        let hour = rng.pick(&[-8, -7, -2, -1, 0, 0, 4, 8]);
        let start = Timestamp::parse("2024-01-01T00:00:00Z").expect("a literal").plus_days(first_day);
        let start = start + hour * 3_600_000;
        let hours = days * 24 + 3;
        let ambients = if scenario.is(&["clog_poor"]) {
            [("all", 0.2), ("one", 0.2), ("none", 0.6)]
        } else {
            [("all", 0.6), ("one", 0.15), ("none", 0.25)]
        };
        let schedule = if scenario.is(&["h_hot_restart"]) {
            rng.pick(&["two shifts", "two shifts and Saturday", "24/5"])
        } else {
            rng.weighted(&SCHEDULES)
        };
        Self {
            outdoor_c: climate.outdoor_c(rng, first_day + 1.0, hours),
            own_heat_k: vec![rng.between(1.0, 8.0); hours],
            over_k: rng.between(0.0, 6.0),
            lag_s: rng.between(1200.0, 6000.0),
            least_c: if matches!(climate.name, "continental" | "maritime") { rng.between(4.0, 16.0) } else { -50.0 },
            load: 0.6,
            ambient: rng.weighted(&ambients),
            rich: rng.chance(0.3),
            // The first day of 1970 was a Thursday.
            weekday: (start.day() + 3).rem_euclid(7) as usize,
            story: String::new(),
            climate,
            schedule,
            start,
            days,
            every_s,
        }
    }

    /// Temperature that the room tends to, degC, at a mean heat of its machines.
    fn room_c(&self, hours: f64, heat: f64) -> f64 {
        let hour = (hours as usize).min(self.outdoor_c.len() - 2);
        let part = hours - hour as f64;
        let outdoor_c = self.outdoor_c[hour] * (1.0 - part) + self.outdoor_c[hour + 1] * part;
        let own_k = self.own_heat_k[hour] * heat;
        let to_c = outdoor_c + self.over_k * 0.3 + own_k;
        if to_c < self.least_c { self.least_c + 0.25 * own_k } else { to_c }
    }
}

/// A machine and what is asked of it; `at`: number of the site, of the machine, and how many there are.
fn plant(
    rng: &mut Rng,
    scenario: &Scenario,
    place: &Place,
    base: &[f64],
    hot_c: f64,
    at: (usize, usize, usize),
) -> Plant {
    let (number, machine, count) = at;
    let control = if scenario.is(&["clog_vsd", "h_vsd_range"]) {
        Control::Speed
    } else {
        rng.weighted(&[(Control::LoadUnload, 0.58), (Control::Modulating, 0.10), (Control::Speed, 0.32)])
    };
    let unit = Unit::draw(rng, control, hot_c, confuse::fan(scenario));
    let speed = if control == Control::Speed { (rng.between(0.25, 0.45), 1.0) } else { (0.0, 1.0) };
    // The last of several takes what the others leave.
    let trims = count > 1 && machine + 1 == count && rng.chance(0.35);
    let share = rng.between(0.85, 1.12);
    let asked = |base: f64| match base {
        b if b <= 0.0 => b,
        b if trims => (b - 0.3).clamp(0.2, 1.0),
        b => (b * share).clamp(0.03, 1.08),
    };
    let mut hours: Vec<Hour> = base.iter().map(|b| Hour::sound(asked(*b), speed)).collect();
    let mut stop = |from: usize, long: usize| hours.iter_mut().skip(from).take(long).for_each(|h| h.demand = -1.0);
    if rng.chance(0.25) && !scenario.is(&["h_holidays"]) {
        for _ in 0..rng.pick(&[1, 2, 3]) {
            stop(rng.between(0.0, base.len() as f64 - 100.0) as usize, rng.between(12.0, 120.0) as usize);
        }
    }
    if rng.chance(0.15) {
        stop(rng.between(20.0, place.days as f64 - 20.0) as usize * 24, 24 * 7);
    }
    let ambient = place.ambient == "all" || (place.ambient == "one" && machine == 0);
    Plant {
        id: MachineId::new(&format!("c{number:02}"), &format!("m{machine}")).expect("plain names"),
        sensors: Sensors::draw(rng, scenario.name, place.every_s, ambient, place.rich),
        unit,
        hours,
        jobs: Vec::new(),
        onset: None,
        shape: "none",
        story: String::new(),
    }
}

/// What happens to the machines.
fn befall(rng: &mut Rng, scenario: &Scenario, place: &Place, plants: &mut [Plant]) {
    let days = place.days as f64;
    let together = rng.between(75.0, (days - 50.0).max(76.0));
    let (shut, shut_days) = (rng.between(90.0, (days - 60.0).max(91.0)) as usize, rng.between(14.0, 29.0) as usize);
    let several = plants.len() > 1;
    for (m, plant) in plants.iter_mut().enumerate() {
        let spared = several && m > 0;
        match scenario.kind {
            Kind::Failing => {
                let shape = Shape::draw(rng, scenario.name);
                if spared && rng.chance(0.18) {
                    continue;
                }
                let course = Course {
                    days: match scenario.name {
                        "clog_fast" => (20.0, 30.0),
                        "clog_siblings" => (40.0, 110.0),
                        _ => (22.0, 145.0),
                    },
                    onset_day: scenario
                        .is(&["clog_siblings"])
                        .then(|| (if together < days - 120.0 { together } else { 65.0 }) + rng.between(-4.0, 4.0)),
                    reaches: !scenario.is(&["clog_below"]),
                };
                plant.onset = clog(rng, place, plant, &shape, &course);
                if plant.onset.is_some() {
                    plant.shape = shape.name();
                }
            }
            Kind::Ailing => {
                if !(spared && rng.chance(0.35)) {
                    plant.onset = Some(ail::ail(rng, scenario, place, plant));
                }
            }
            Kind::Healthy if scenario.is(&["h_holidays"]) => {
                plant.hours[shut * 24..(shut + shut_days) * 24].iter_mut().for_each(|h| h.demand = -1.0);
                plant.story = format!("shut for {shut_days} d from day {shut}");
            }
            Kind::Healthy => plant.story = confuse::machine(rng, scenario, place, plant),
        }
    }
}

/// A machine and what comes of it.
struct Life {
    plant: Plant,
    state: State,
    publisher: Publisher,
    /// Of a cooler that clogs.
    twin: Option<Twin>,
}

/// Lives all machines side by side, for they heat the same room.
fn live(rng: &Rng, scenario: &Scenario, place: Place, plants: Vec<Plant>) -> Site {
    let (count, sensed) = (plants.len(), plants.iter().any(|p| p.sensors.has(Signal::AmbientTemp)));
    let mut room_c = (place.outdoor_c[0] + place.over_k).max(place.least_c);
    let mut lives: Vec<Life> = plants
        .into_iter()
        .enumerate()
        .map(|(m, plant)| {
            let new = || (plant.unit.clone(), rng.fork(200 + m as u64));
            let state = State::new(new().0, new().1, room_c);
            let twin =
                plant.onset.filter(|_| scenario.kind == Kind::Failing).map(|_| Twin::new(new().0, new().1, room_c));
            let of = (plant.id.clone(), plant.sensors.clone());
            let publisher = Publisher::new(of.0, of.1, rng.fork(300 + m as u64), place.start, place.days);
            Life { plant, state, publisher, twin }
        })
        .collect();
    let step_s = STEP_S as usize;
    for second in (0..place.days * 86_400).step_by(step_s) {
        let hours = second as f64 / 3600.0;
        let heat = lives.iter().map(|life| life.state.heat).sum::<f64>() / count as f64;
        room_c += (place.room_c(hours, heat) - room_c) * STEP_S / place.lag_s;
        for Life { plant, state, publisher, twin } in &mut lives {
            let now = &plant.hours[second / 3600];
            state.step(now, hours, room_c);
            if let Some(twin) = twin {
                twin.step(now, second, room_c, state);
            }
            if second.is_multiple_of(place.every_s) {
                publisher.publish(state, now, second);
            }
        }
    }
    let machines = lives
        .into_iter()
        .enumerate()
        .map(|(m, life)| machine(&mut rng.fork(400 + m as u64), scenario, &place, life, (sensed, count)))
        .collect();
    let story = format!("{} {} from {}{}", scenario.name, place.climate.name, place.start, told(&place.story));
    Site { start: place.start, days: place.days as f64, machines, hot_spells: Vec::new(), story }
}

/// The rest of a sentence, if there is any.
fn told(story: &str) -> String {
    if story.is_empty() { String::new() } else { format!(", {story}") }
}

/// The machine after its life; `site`: whether any sensor there measures the ambient, and how many machines there are.
fn machine(
    rng: &mut Rng,
    scenario: &Scenario,
    place: &Place,
    Life { plant, state, publisher, twin }: Life,
    site: (bool, usize),
) -> Machine {
    let sensors = &plant.sensors;
    let mut jobs = plant.jobs.clone();
    // Nine in ten cleanings are reported.
    jobs.extend(state.cleaned_day.filter(|_| rng.chance(0.9)).map(|day| (day + 0.05, "cooler_cleaned")));
    let at = |day: f64| place.start.plus_days(day);
    let truth = Truth {
        fault: plant.onset.map(|_| scenario.fault),
        onset: plant.onset.map(at),
        own_sensor: matches!(scenario.name, "f_oil_filter" | "f_separator" | "f_intake" | "f_bearing" | "f_imbalance")
            .then_some(true),
        limit_reached: state.limit_day.map(at),
        author_reached: state.author_day.map(at),
        excess_k: twin.map_or_else(Vec::new, |twin| twin.shown.excess_k()),
        story: format!(
            "{} s, {} K, valve senses {}{}{}",
            sensors.every_s,
            sensors.resolution_k,
            if plant.unit.senses_mix { "mixed oil" } else { "sump" },
            told(&plant.story),
            plant.onset.map_or_else(String::new, |day| format!(", onset day {day:.0}")),
        ),
    };
    let year_day = (place.start.days_since(Timestamp::parse("2024-01-01T00:00:00Z").expect("a literal"))) % 365.0;
    let traits = Traits {
        ambient: fleet::ambient(sensors.has(Signal::AmbientTemp), site.0, site.1),
        drive: plant.unit.control.name(),
        schedule: place.schedule,
        climate: place.climate.name,
        season: fleet::season(year_day, place.climate.warmest_day),
        shape: plant.shape,
        pace: "",
        fan: plant.unit.fan.name(),
        sampling: match place.every_s {
            0..=60 => "every 10 or 60 s",
            300 => "every 5 min",
            _ => "every 10 or 15 min",
        },
        scenario: scenario.name,
    };
    Machine {
        id: plant.id,
        readings: publisher.readings,
        jobs: jobs.into_iter().map(|(day, work)| (at(day), work)).collect(),
        truth,
        traits,
    }
}
