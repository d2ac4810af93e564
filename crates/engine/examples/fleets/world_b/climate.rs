//! Weather outdoors and heat in the compressor room.

use std::f64::consts::TAU;

use crate::fleet::{DAYS, season};
use crate::rng::Rng;

use super::STEPS_PER_DAY;

/// A place: mean, season and day amplitude, K; day of the year of the warmest day; weather's standard deviation, K.
struct Place {
    name: &'static str,
    mean_c: f64,
    season_k: f64,
    daily_k: f64,
    warmest_day: f64,
    weather_k: f64,
}

const PLACES: [Place; 6] = [
    Place { name: "temperate", mean_c: 12.0, season_k: 8.5, daily_k: 4.5, warmest_day: 205.0, weather_k: 2.7 },
    Place { name: "continental", mean_c: 11.5, season_k: 13.0, daily_k: 5.0, warmest_day: 203.0, weather_k: 2.8 },
    Place { name: "subtropical", mean_c: 18.0, season_k: 10.0, daily_k: 4.3, warmest_day: 208.0, weather_k: 2.4 },
    Place { name: "warm coast", mean_c: 22.5, season_k: 7.0, daily_k: 3.6, warmest_day: 208.0, weather_k: 2.0 },
    Place { name: "tropical", mean_c: 27.0, season_k: 1.8, daily_k: 4.2, warmest_day: 110.0, weather_k: 1.3 },
    Place { name: "southern", mean_c: 17.5, season_k: 6.5, daily_k: 5.0, warmest_day: 20.0, weather_k: 2.4 },
];

/// A spell during which the room is hotter than the weather alone makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    from_day: f64,
    days: f64,
    height_k: f64,
    ramp_days: f64,
}

impl Spell {
    fn perhaps(rng: &mut Rng, chance: f64, days: (f64, f64), height_k: (f64, f64), ramp_days: f64) -> Option<Self> {
        if !rng.chance(chance) {
            return None;
        }
        let from_day = rng.between(30.0, 225.0);
        Some(Self {
            from_day,
            days: rng.between(days.0, days.1),
            height_k: rng.between(height_k.0, height_k.1),
            ramp_days,
        })
    }

    fn days(&self) -> (f64, f64) {
        (self.from_day, self.from_day + self.days)
    }

    fn at(&self, day: f64) -> f64 {
        let inside = (day - self.from_day).min(self.from_day + self.days - day);
        self.height_k * (inside / self.ramp_days).clamp(0.0, 1.0)
    }
}

/// The air that reaches the room and what the room makes of it.
pub(crate) struct Climate {
    pub(crate) name: &'static str,
    pub(crate) season: &'static str,
    /// Day of the year on which the first day falls.
    pub(crate) start_day: f64,
    /// Outdoors, degC, per step.
    pub(crate) outdoor_c: Vec<f64>,
    /// Rise of the room with all its compressors at full load, K.
    pub(crate) rise_k: f64,
    /// Ventilation that fails for a while: rooms hot for weeks.
    pub(crate) hot_room: Vec<Spell>,
    /// Heat waves: first and last day.
    waves: Vec<(f64, f64)>,
    pub(crate) story: String,
}

impl Climate {
    /// `confused` is how likely each confuser of the room is, 0 to 1.
    pub(crate) fn draw(rng: &mut Rng, confused: f64) -> Self {
        let place = &PLACES[rng.pick(&[0, 1, 2, 2, 3, 3, 4, 4, 5])];
        let start_day = rng.between(0.0, 365.0).floor();
        let waves: Vec<Spell> =
            (0..3).filter_map(|_| Spell::perhaps(rng, confused, (3.0, 11.0), (3.0, 7.0), 1.0)).collect();
        let hot_room: Vec<Spell> = Spell::perhaps(rng, confused, (10.0, 45.0), (2.5, 6.0), 2.0).into_iter().collect();
        let story =
            format!("{} from day {start_day} of the year, waves {waves:.1?}, hot room {hot_room:.1?}", place.name);
        let outdoor_c = place.weather(rng, start_day, &waves);
        let season = if place.season_k < 3.0 { "no season" } else { season(start_day, place.warmest_day) };
        let waves = waves.iter().map(Spell::days).collect();
        Self { name: place.name, season, start_day, outdoor_c, rise_k: rng.between(3.0, 8.0), hot_room, waves, story }
    }

    /// First and last days of all spells of hot air.
    pub(crate) fn spells(&self) -> Vec<(f64, f64)> {
        self.waves.iter().copied().chain(self.hot_room.iter().map(Spell::days)).collect()
    }

    /// The exhaust fails for weeks; gives the day of it.
    pub(crate) fn lose_exhaust(&mut self, rng: &mut Rng) -> f64 {
        let from_day = rng.between(60.0, 150.0);
        let (days, height_k) = (rng.between(20.0, 45.0), rng.between(7.0, 12.0));
        self.hot_room = vec![Spell { from_day, days, height_k, ramp_days: 1.0 }];
        from_day
    }

    /// Inlet air at a step with this share (0 to 1) of the installed heat in the room.
    pub(crate) fn room_c(&self, step: usize, heat_share: f64) -> f64 {
        let day = step as f64 / STEPS_PER_DAY as f64;
        let spell: f64 = self.hot_room.iter().map(|s| s.at(day)).sum();
        // A room without its exhaust is hot because of the machines, so the spell needs them too.
        self.outdoor_c[step] + self.rise_k * heat_share + spell * (0.3 + 0.7 * heat_share)
    }
}

impl Place {
    /// Season, day and AR(1) weather; cloudy days have a smaller day amplitude.
    fn weather(&self, rng: &mut Rng, start_day: f64, waves: &[Spell]) -> Vec<f64> {
        let (mean, season) = (self.mean_c + rng.between(-1.5, 1.5), self.season_k * rng.between(0.85, 1.15));
        let (daily, rho) = (self.daily_k * rng.between(0.8, 1.2), rng.between(0.65, 0.85));
        let mut weather = self.weather_k * rng.normal();
        let mut out = Vec::with_capacity(DAYS * STEPS_PER_DAY);
        for day in 0..DAYS {
            let before = weather;
            weather = rho * before + self.weather_k * (1.0 - rho * rho).sqrt() * rng.normal();
            let sun = rng.between(0.4, 1.4);
            for step in 0..STEPS_PER_DAY {
                let within = step as f64 / STEPS_PER_DAY as f64;
                let t = day as f64 + within;
                let of_year = season * (TAU * (start_day + t - self.warmest_day) / 365.25).cos();
                let of_day = daily * sun * (TAU * (within - 0.375)).sin();
                let wave: f64 = waves.iter().map(|w| w.at(t)).sum();
                out.push(mean + of_year + of_day + before + (weather - before) * within + wave);
            }
        }
        out
    }
}
