//! Weather by climate, and when a works wants air.

use std::f64::consts::TAU;

use crate::rng::Rng;

/// Name, chance, mean degC, swing of the year K, swing of the day K, weather's sd K, warmest day of the year.
const CLIMATES: [(&str, f64, [f64; 4], f64); 6] = [
    ("tropical", 0.2, [27.0, 1.3, 3.8, 1.2], 120.0),
    ("continental", 0.2, [11.0, 13.0, 5.0, 3.2], 200.0),
    ("southern", 0.15, [17.5, 6.5, 5.5, 2.6], 20.0),
    ("maritime", 0.15, [12.0, 5.8, 3.0, 2.4], 210.0),
    ("desert", 0.1, [24.0, 9.5, 7.0, 2.0], 200.0),
    ("subtropical", 0.2, [20.0, 9.0, 4.0, 2.5], 205.0),
];

/// When a works runs, and how often it is met with.
pub(crate) const SCHEDULES: [(&str, f64); 6] = [
    ("24/7", 0.28),
    ("24/5", 0.16),
    ("two shifts", 0.18),
    ("two shifts and Saturday", 0.14),
    ("one shift", 0.10),
    ("low at night", 0.14),
];

/// One of the climates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Climate {
    pub(crate) name: &'static str,
    /// Mean degC, swing of the year K, swing of the day K, weather's sd K.
    of: [f64; 4],
    pub(crate) warmest_day: f64,
}

impl Climate {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let chances: Vec<_> = CLIMATES.iter().map(|c| (c, c.1)).collect();
        let &(name, _, of, warmest_day) = rng.weighted(&chances);
        Self { name, of, warmest_day }
    }

    /// One of the cool ones, where an open valve shows.
    pub(crate) fn cool(rng: &mut Rng) -> Self {
        let &(name, _, of, warmest_day) = rng.pick(&[&CLIMATES[1], &CLIMATES[3]]);
        Self { name, of, warmest_day }
    }

    /// Outdoor temperature hour by hour, degC.
    pub(crate) fn outdoor_c(&self, rng: &mut Rng, first_day: f64, hours: usize) -> Vec<f64> {
        let [mean, year, day, sd] = self.of;
        let days = hours / 24 + 3;
        let mut weather = vec![0.0; days];
        for d in 1..days {
            weather[d] = 0.78 * weather[d - 1] + sd * 0.626 * rng.normal();
        }
        let damped: Vec<f64> = (0..days).map(|_| (1.0 + 0.35 * rng.normal()).clamp(0.2, 1.7)).collect();
        (0..hours)
            .map(|h| {
                let (d, part) = (h / 24, h as f64 / 24.0 % 1.0);
                let between = |of: &[f64]| of[d] * (1.0 - part) + of[d + 1] * part;
                let season = (TAU * (first_day + h as f64 / 24.0 - self.warmest_day) / 365.0).cos();
                let sun = (TAU * ((h % 24) as f64 - 9.0) / 24.0).sin();
                mean + year * season + day * between(&damped) * sun + between(&weather)
            })
            .collect()
    }
}

/// Air asked for hour by hour, share of full flow; below 0 the works stands still. `weekday` is that of the first day, Monday 0.
pub(crate) fn demand(rng: &mut Rng, schedule: &str, weekday: usize, hours: usize, level: f64) -> Vec<f64> {
    let of_day: Vec<f64> = (0..hours / 24 + 2).map(|_| (1.0 + 0.07 * rng.normal()).clamp(0.7, 1.25)).collect();
    let of_hour: Vec<f64> = (0..24).map(|_| 1.0 + 0.10 * rng.normal()).collect();
    (0..hours)
        .map(|h| {
            let (hour, dow) = (h % 24, (weekday + h / 24) % 7);
            let long = (6..22).contains(&hour);
            let worked = match schedule {
                "24/5" => dow < 5 || (dow == 5 && hour < 14),
                "two shifts" => dow < 5 && long,
                "two shifts and Saturday" => dow < 6 && long,
                "one shift" => dow < 5 && (7..16).contains(&hour),
                _ => true,
            };
            if !worked {
                return -1.0;
            }
            let share = match schedule {
                "24/7" if !long => 0.82,
                "low at night" if !(6..20).contains(&hour) => 0.25,
                _ => 1.0,
            };
            (level * share * of_day[h / 24] * of_hour[hour]).clamp(0.03, 1.1)
        })
        .collect()
}
