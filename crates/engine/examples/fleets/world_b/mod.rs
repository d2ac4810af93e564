//! A second world, written apart from the first and from the engine: a lumped thermal model (cross-flow cooler behind a
//! diverting valve), receivers with load cycles, rooms that their own machines heat, other climates, other sensors.

mod ailment;
mod calendar;
mod climate;
mod dirt;
mod fitted;
mod live;
mod sensors;
mod unit;

use foretell_model::{MachineId, Timestamp};

use crate::fleet::{self, DAYS, Kind, Machine, Site, Traits};
use crate::rng::Rng;

use ailment::Ailment;
use calendar::{Demand, Receiver, Shift};
use climate::Climate;
use dirt::{Clogging, Dirt};
use fitted::Fitted;
use live::Plant;
use sensors::Sensors;
use unit::{Duty, Unit, Upset};

/// Minutes of a step of the truth.
const STEP_MIN: usize = 5;
const STEPS_PER_DAY: usize = 24 * 60 / STEP_MIN;
/// Clean and at its worst hour, no machine without a fault gets hotter than this, degC.
const HEALTHY_MAX_C: f64 = 102.5;

/// What belongs to the site as a whole.
struct Room {
    climate: Climate,
    start: Timestamp,
    /// New set point from a day on, bar.
    set_point: Option<(f64, f64)>,
    /// Day from which the room is hot because its exhaust has failed, in fleets of other faults.
    hot_from: Option<f64>,
}

impl Room {
    fn over_bar(&self, day: f64) -> f64 {
        self.set_point.filter(|(from, _)| day >= *from).map_or(0.0, |(_, by)| by)
    }
}

/// Builds and lives a site of the fleet.
pub(crate) fn site(seed: u64, number: usize, kind: Kind) -> Site {
    let mut rng = Rng::new(seed ^ 0xb0_b0).fork(3 * number as u64 + kind as u64 + 1);
    let confused = if kind == Kind::Healthy { 0.45 } else { 0.25 };
    let mut climate = Climate::draw(&mut rng, confused);
    let hot_from = (kind == Kind::Ailing && rng.chance(0.1)).then(|| climate.lose_exhaust(&mut rng));
    let start = Timestamp::parse("2025-01-01T00:00:00Z").expect("a literal").plus_days(climate.start_day);
    let set_point = rng
        .chance(confused * 0.7)
        .then(|| (rng.between(30.0, 210.0), rng.pick(&[1.0, 1.0, -1.0]) * rng.between(0.3, 0.9)));
    let room = Room { climate, start, set_point, hot_from };
    let count = rng.pick(&[1, 1, 2, 3, 3, 4, 5, 6]).max(if hot_from.is_some() { 2 } else { 1 });
    let sensors = rng.pick(&["all", "all", "one", "none", "none"]);
    let newcomer = (count > 1 && rng.chance(confused * 0.7)).then(|| rng.between(40.0, 180.0));
    let plants: Vec<Plant> = (0..count)
        .map(|m| {
            let has_ambient = sensors == "all" || (sensors == "one" && m == 0);
            let from_day = newcomer.filter(|_| m + 1 == count).unwrap_or(0.0);
            let id = MachineId::new(&format!("b{number:02}"), &format!("m{m}")).expect("plain names");
            plant(rng.fork(100 + m as u64), id, &room, kind, has_ambient, from_day)
        })
        .collect();
    let traits: Vec<Traits> = plants.iter().map(|p| traits(p, &room, sensors, count)).collect();
    let story = format!(
        "{}, set point {:.1?}, newcomer {newcomer:.0?}, no exhaust from {hot_from:.0?}",
        room.climate.story, room.set_point
    );
    let hot_spells = room.climate.spells();
    let machines = live::live(&room, plants)
        .into_iter()
        .zip(traits)
        .map(|(life, traits)| Machine {
            id: life.id,
            readings: life.readings,
            jobs: life.jobs,
            truth: life.truth,
            traits,
        })
        .collect();
    Site { start, days: DAYS as f64, machines, hot_spells, story }
}

fn plant(mut rng: Rng, id: MachineId, room: &Room, kind: Kind, has_ambient: bool, from_day: f64) -> Plant {
    let often = if kind == Kind::Healthy { 0.5 } else { 0.3 };
    let clogging = (kind == Kind::Failing && rng.chance(0.92)).then(|| Clogging::draw(&mut rng)).map(|mut c| {
        c.onset_day += from_day * 0.5;
        c
    });
    let ailing = kind == Kind::Ailing && room.hot_from.is_none() && rng.chance(0.6);
    let ailment = ailing.then(|| Ailment::draw(&mut rng, from_day));
    let mut dirt = Dirt::draw(&mut rng, clogging, often);
    let mut jobs = Vec::new();
    if clogging.is_some_and(|c| c.shape == dirt::Shape::SawTooth) {
        let mut day = clogging.map_or(0.0, |c| c.onset_day);
        while day < DAYS as f64 {
            day += rng.between(20.0, 60.0);
            dirt.clean(day, rng.between(0.2, 0.6));
            jobs.push((day, "cooler_cleaned", rng.chance(0.6)));
        }
    } else if rng.chance(often * 0.6) {
        let day = rng.between(30.0, 210.0);
        dirt.clean(day, rng.between(0.02, 0.15));
        jobs.push((day, "cooler_cleaned", rng.chance(0.5)));
    }
    let oil_change = rng.chance(often).then(|| (rng.between(30.0, 210.0), rng.between(-0.025, 0.02)));
    if let Some((day, _)) = oil_change {
        jobs.push((day, "oil_changed", rng.chance(0.5)));
    }
    if let Some((day, work)) = ailment.as_ref().and_then(|a| a.mended) {
        jobs.push((day, work, rng.chance(0.6)));
    }
    // An inlet valve shows itself in unloaded running, a leak when nothing is produced.
    let (code, mut shift, mut demand) =
        (ailment.as_ref().map(|a| a.code), Shift::draw(&mut rng), Demand::draw(&mut rng, often));
    if matches!(code, Some("air_leak" | "inlet_valve")) {
        shift = Shift::ALWAYS;
        demand.ease();
    }
    let (vsd, mut unit) = (code != Some("inlet_valve") && rng.chance(0.35), Unit::draw(&mut rng));
    let mut sensors = Sensors::draw(&mut rng, has_ambient);
    if kind == Kind::Ailing {
        sensors.fitted = Fitted::draw(&mut rng, code);
    }
    let place_k = rng.between(-0.7, 0.7);
    let hottest_c = (0..DAYS * STEPS_PER_DAY).map(|s| room.climate.room_c(s, 0.9) + place_k).fold(-40.0, f64::max);
    let worst = Upset { friction: 1.02, fouling: dirt.without_fault(), ..Upset::WELL };
    let duty = Duty { flow: 1.0, over_bar: room.set_point.map_or(0.0, |(_, by)| by.max(0.0)) };
    let worst_c = (unit.valve_c.1 + rng.between(9.0, 19.0)).min(HEALTHY_MAX_C);
    for _ in 0..60 {
        if unit.settled_c(90.0, hottest_c, duty, vsd, &worst) > worst_c {
            unit.enlarge_cooler(1.03);
        }
    }
    Plant {
        id,
        vsd,
        unit,
        dirt,
        clogging,
        ailment,
        jobs,
        oil_change,
        place_k,
        from_day,
        shift,
        demand,
        receiver: Receiver::draw(&mut rng),
        nominal_bar: rng.pick(&[6.5, 7.0, 7.5, 9.0]),
        band_bar: rng.between(0.4, 1.0),
        sensors,
        rng,
    }
}

fn traits(plant: &Plant, room: &Room, sensors: &str, count: usize) -> Traits {
    Traits {
        ambient: fleet::ambient(plant.sensors.ambient, sensors == "one", count),
        drive: if plant.vsd { "variable speed" } else { "fixed speed" },
        schedule: plant.shift.name,
        climate: room.climate.name,
        season: room.climate.season,
        shape: plant.clogging.map_or("none", |c| c.shape.name()),
        pace: plant.clogging.map_or("", |c| fleet::pace(c.rate_per_day)),
        fan: "",
        sampling: "",
        scenario: "",
    }
}
