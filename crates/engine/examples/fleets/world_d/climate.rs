//! Weather by climate, and the air of a room that its own machines warm.

use std::f64::consts::TAU;

use crate::fleet::DAYS;
use crate::rng::Rng;

use super::{SLOTS, SLOTS_PER_DAY, day, hour};

/// A climate: mean, half the swing of the year and of the day, sd of the weather from day to day, K; warmest day of the year; hours that
/// its clocks are ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Climate {
    pub(crate) name: &'static str,
    mean_c: f64,
    year_k: f64,
    day_k: f64,
    weather_k: f64,
    pub(crate) warmest_day: f64,
    pub(crate) ahead_h: i64,
}

/// In the order of the fields.
const fn climate(name: &'static str, of: [f64; 4], warmest_day: f64, ahead_h: i64) -> Climate {
    let [mean_c, year_k, day_k, weather_k] = of;
    Climate { name, mean_c, year_k, day_k, weather_k, warmest_day, ahead_h }
}

pub(crate) const MONSOON: Climate = climate("monsoon", [17.5, 11.5, 3.4, 1.5], 205.0, 8);
pub(crate) const CONTINENTAL: Climate = climate("continental", [13.0, 14.5, 4.7, 1.8], 198.0, 8);
pub(crate) const TROPICAL: Climate = climate("tropical", [28.5, 2.2, 3.9, 0.8], 115.0, 7);
pub(crate) const ARID: Climate = climate("arid", [20.0, 14.0, 6.3, 1.4], 200.0, 5);
pub(crate) const TEMPERATE: Climate = climate("temperate", [11.0, 9.0, 4.1, 2.0], 203.0, 1);
pub(crate) const MEDITERRANEAN: Climate = climate("mediterranean", [18.0, 8.5, 4.5, 1.4], 212.0, 2);
pub(crate) const SOUTHERN: Climate = climate("southern", [20.0, 7.0, 4.3, 1.6], 20.0, -3);
pub(crate) const SUBTROPICAL: Climate = climate("subtropical", [23.0, 7.5, 3.4, 1.2], 200.0, 8);

/// Values of successive days, each of which keeps `memory` of the one before; their sd is `sd` from the first on.
pub(crate) fn chain(rng: &mut Rng, days: usize, memory: f64, sd: f64) -> Vec<f64> {
    let mut value = sd * rng.normal();
    let mut next = || {
        let here = value;
        value = memory * value + sd * (1.0 - memory * memory).sqrt() * rng.normal();
        here
    };
    (0..days).map(|_| next()).collect()
}

/// Straight between values that stand at the places 0, 1, 2 and so on.
pub(crate) fn between(values: &[f64], place: f64) -> f64 {
    let place = place.clamp(0.0, values.len() as f64 - 1.0);
    let low = (place as usize).min(values.len() - 2);
    values[low] + (values[low + 1] - values[low]) * (place - low as f64)
}

/// Outdoors, slot by slot.
pub(crate) struct Weather {
    pub(crate) outdoor_c: Vec<f64>,
    /// A heat wave: its middle, how long it lasts, days, and its height, K.
    pub(crate) wave: Option<(f64, f64, f64)>,
}

impl Climate {
    /// From a day of the year on.
    pub(crate) fn weather(&self, rng: &mut Rng, first_day: f64) -> Weather {
        let mean_c = self.mean_c + rng.normal();
        let weather = chain(rng, DAYS + 1, 0.74, self.weather_k);
        let clear: Vec<f64> =
            chain(rng, DAYS + 1, 0.5, 1.0).into_iter().map(|x| (1.0 + 0.35 * x).clamp(0.25, 1.7)).collect();
        let wave = rng.chance(0.5).then(|| (rng.between(20.0, 225.0), rng.between(4.0, 10.0), rng.between(3.5, 7.5)));
        let outdoor_c = |slot: usize| {
            let (day, hour) = (day(slot), hour(slot));
            let season = (TAU * (first_day + day - self.warmest_day) / 365.25).cos();
            // Warmest at three, and it cools more slowly than it warms.
            let sun = (TAU * (hour - 15.0 + 0.8 * (TAU * (hour - 9.0) / 24.0).sin()) / 24.0).cos();
            let wave_k =
                wave.map_or(0.0, |(middle, days, k)| k * (-((day - middle) / (0.5 * days)).abs().powi(4)).exp());
            mean_c
                + self.year_k * season
                + self.day_k * between(&clear, day - 0.5) * sun
                + between(&weather, day - 0.5)
                + wave_k
        };
        Weather { outdoor_c: (0..SLOTS).map(outdoor_c).collect(), wave }
    }
}

/// A time for which a room is hotter than weather and machines make it: a shut door, a blocked exhaust.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    pub(crate) from_day: f64,
    pub(crate) days: f64,
    pub(crate) by_k: f64,
    /// Days in which it comes.
    pub(crate) over_days: f64,
}

impl Spell {
    fn at(&self, day: f64) -> f64 {
        let (since, left) = (day - self.from_day, self.from_day + self.days - day);
        self.by_k * (since / self.over_days).clamp(0.0, 1.0) * left.clamp(0.0, 1.0)
    }
}

/// A compressor room.
pub(crate) struct Room {
    /// Rise with all machines at full load, K, and the temperature under which it is heated, degC.
    rise_k: f64,
    least_c: f64,
    /// How much of the outdoors comes late, through walls, share.
    walls: f64,
    pub(crate) spell: Option<Spell>,
}

impl Room {
    pub(crate) fn draw(rng: &mut Rng, spell: Option<Spell>) -> Self {
        Self { rise_k: rng.between(2.5, 7.5), least_c: rng.between(6.0, 16.0), walls: rng.between(0.05, 0.35), spell }
    }

    /// Its air, slot by slot, degC; `heat`: what the machines give, share of all at full load.
    pub(crate) fn air_c(&self, outdoor_c: &[f64], heat: &[f64]) -> Vec<f64> {
        // Walls of seven hours, machines and air of eighty minutes.
        let (late_c, late_heat) = (lagged(outdoor_c, 40.0), lagged(heat, 8.0));
        let air_c = |slot: usize| {
            let to_c = (1.0 - self.walls) * outdoor_c[slot] + self.walls * late_c[slot] + self.rise_k * late_heat[slot];
            // Heating comes in softly, over some 2 K.
            let over_k = 2.0 * (1.0 + ((to_c - self.least_c) / 2.0).clamp(-30.0, 40.0).exp()).ln();
            self.least_c + over_k + self.spell.map_or(0.0, |spell| spell.at(day(slot)))
        };
        (0..outdoor_c.len()).map(air_c).collect()
    }
}

/// Follows a series with a lag, in slots; it begins at the first day's mean.
fn lagged(of: &[f64], lag: f64) -> Vec<f64> {
    let mut value = of[..SLOTS_PER_DAY].iter().sum::<f64>() / SLOTS_PER_DAY as f64;
    let share = 1.0 - (-1.0 / lag).exp();
    let mut follow = |to: &f64| {
        value += share * (to - value);
        value
    };
    of.iter().map(&mut follow).collect()
}
