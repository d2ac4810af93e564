//! A fourth world, ported from a generator whose author had read nothing of the engine: oil that goes round through a cross-flow cooler
//! behind a wax valve, rooms that their machines warm, eight climates, four kinds of shifts, six fleets in which coolers clog in five
//! ways beside sound machines, two sound fleets and one of other faults.
//!
//! It is as hard as the field because its author made it so: how fast coolers clog, how much the weather and the demand wander and
//! where clean machines settle were set until three simple methods got the field's figures: a threshold of 100 degC warns of 21 to 39 %
//! a week ahead, a straight line of 64 to 68 % and of 40 to 46 % two weeks, Theil-Sen of 54 %. The engine had no part in that. On seeds
//! 501 to 516 of this port (`--line`) they warn of 32 %, of 63 and 41 % and of 54 % of 455 coolers. Sound machines here confuse a
//! line more than in the field.
//!
//! The engine was developed on other draws of the generator before this world came to this place, and may be tuned on seeds 501 and
//! higher.
//!
//! The limit is met when the discharge itself has been there for ten minutes without a break while the machine ran. Whether the dirt of
//! a cooler meets it is reckoned beforehand from where the machine settles in each day's hottest air; when it does, only its life tells.

mod ail;
mod climate;
mod confuse;
mod dirt;
mod fleets;
mod life;
mod plant;
mod sensors;
mod state;
#[cfg(test)]
mod tests;
mod unit;
mod works;

use foretell_model::{MachineId, Timestamp};

use crate::fleet::{DAYS, Kind, Site};
use crate::rng::Rng;

use climate::{Climate, Room, Weather};
use confuse::OfSite;
use fleets::Fleet;
use plant::Plant;
use sensors::Habits;
use works::{Shift, Works};

/// What is asked of machines and what befalls them is told for so many seconds at a time.
const SLOT_S: usize = 600;
const SLOTS_PER_DAY: usize = 86_400 / SLOT_S;
const SLOTS: usize = DAYS * SLOTS_PER_DAY;

/// Day of a slot, and its hour of the day.
fn day(slot: usize) -> f64 {
    slot as f64 / SLOTS_PER_DAY as f64
}

fn hour(slot: usize) -> f64 {
    (slot % SLOTS_PER_DAY) as f64 * 24.0 / SLOTS_PER_DAY as f64
}

/// Numbers and kinds of the sites that each seed lives.
pub(crate) fn kinds() -> Vec<(usize, Kind)> {
    fleets::sites().map(|fleet| fleet.kind).enumerate().collect()
}

/// The site as a whole.
struct Place {
    fleet: &'static Fleet,
    climate: Climate,
    start: Timestamp,
    weather: Weather,
    shift: Shift,
    works: Works,
    room: Room,
    changes: OfSite,
    habits: Habits,
}

/// Builds and lives a site.
pub(crate) fn site(seed: u64, number: usize) -> Site {
    let fleet = fleets::sites().nth(number).expect("a seed lives as many sites as fleets have");
    let mut rng = Rng::new(seed ^ 0xd0_d0d0).fork(number as u64 + 1);
    let place = Place::draw(&mut rng, fleet);
    let count = rng.pick(&[2, 3, 4, 5, 6]);
    let [own, one, none] = fleet.ambient;
    let sensors = rng.weighted(&[("all", own), ("one", one), ("none", none)]);
    let sensed = (rng.between(0.0, count as f64) as usize).min(count - 1);
    let plants: Vec<Plant> = (0..count)
        .map(|m| {
            let id = MachineId::new(&format!("d{number:02}"), &format!("m{m}")).expect("plain names");
            let ambient = sensors == "all" || (sensors == "one" && m == sensed);
            Plant::draw(rng.fork(100 + m as u64), &place, id, ambient, count)
        })
        .collect();
    let all_kw: f64 = plants.iter().map(|p| p.unit.shaft_kw).sum();
    let heat_of = |p: &Plant, slot: usize| match p.demand[slot] {
        d if d < 0.0 => 0.0,
        d => p.unit.shaft_kw * d.clamp(0.3, 1.0) / all_kw,
    };
    let heat: Vec<f64> = (0..SLOTS).map(|slot| plants.iter().map(|p| heat_of(p, slot)).sum()).collect();
    let room_c = place.room.air_c(&place.weather.outdoor_c, &heat);
    let machines = plants.into_iter().map(|p| p.live(&place, &room_c, (sensors != "none", count))).collect();
    Site { start: place.start, days: DAYS as f64, machines, hot_spells: place.hot_spells(), story: place.story() }
}

impl Place {
    fn draw(rng: &mut Rng, fleet: &'static Fleet) -> Self {
        let climate = rng.pick(fleet.climates);
        let midnight = Timestamp::parse("2025-01-01T00:00:00Z").expect("a literal").plus_days(fleet.first_day - 1.0);
        let changes = OfSite::draw(rng, fleet.confused);
        let shift = rng.pick(fleet.shifts);
        Self {
            fleet,
            climate,
            start: midnight + -climate.ahead_h * 3_600_000,
            weather: climate.weather(rng, fleet.first_day),
            shift,
            // The first day of 1970 was a Thursday.
            works: Works::draw(rng, shift, (midnight.day() + 3).rem_euclid(7) as usize, changes.demand),
            room: Room::draw(rng, changes.hot_room),
            changes,
            habits: Habits { every_s: rng.pick(fleet.every_s), silent: rng.chance(0.25) },
        }
    }

    /// First and last days on which the air was hotter than season and weather make it.
    fn hot_spells(&self) -> Vec<(f64, f64)> {
        let wave = self.weather.wave.map(|(middle, days, _)| (middle - 0.5 * days, middle + 0.5 * days));
        wave.into_iter().chain(self.room.spell.map(|s| (s.from_day, s.from_day + s.days))).collect()
    }

    fn story(&self) -> String {
        format!(
            "{} in {} from {}, wave {:.1?}, {:.1?}",
            self.fleet.name, self.climate.name, self.start, self.weather.wave, self.changes
        )
    }
}
