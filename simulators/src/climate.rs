//! Weather and rooms: the cooling-air temperature that all machines of a site share.
//!
//! Season, day, day-to-day weather as an AR(1) process, heat waves; indoors a rise with the heat that the site's machines
//! give off. The whole span is computed once per site on an hourly grid and interpolated.

use serde::Deserialize;

use crate::rng::Rng;
use crate::time::{DAY_MS, HOUR_MS, day_of_year};

/// A climate by name; the figures are those of a typical city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Climate {
    /// Shanghai, 31 degrees north.
    HumidSubtropical,
    /// Beijing, 40 degrees north.
    Continental,
    /// Guangzhou, 23 degrees north.
    Tropical,
    /// Hamburg, 54 degrees north.
    Maritime,
    /// Ürümqi's dry basin, 43 degrees north.
    Desert,
    /// Melbourne, 38 degrees south.
    Southern,
}

/// The figures of a climate.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    latitude_deg: f64,
    mean_c: f64,
    season_k: f64,
    day_k: f64,
    weather_sd_k: f64,
    warmest_day: f64,
}

impl Climate {
    /// All climates.
    pub const ALL: [Self; 6] =
        [Self::HumidSubtropical, Self::Continental, Self::Tropical, Self::Maritime, Self::Desert, Self::Southern];

    const fn figures(self) -> Figures {
        let (latitude_deg, mean_c, season_k, day_k, weather_sd_k, warmest_day) = match self {
            Self::HumidSubtropical => (31.2, 17.5, 11.5, 4.0, 2.5, 206.0),
            Self::Continental => (39.9, 13.5, 14.5, 5.0, 2.7, 202.0),
            Self::Tropical => (23.1, 22.8, 7.0, 4.0, 2.0, 206.0),
            Self::Maritime => (53.6, 10.0, 8.5, 4.0, 2.7, 204.0),
            Self::Desert => (43.8, 14.0, 14.0, 6.0, 2.5, 198.0),
            Self::Southern => (-37.8, 15.0, 6.5, 4.5, 3.0, 24.0),
        };
        Figures { latitude_deg, mean_c, season_k, day_k, weather_sd_k, warmest_day }
    }

    /// Degrees north.
    #[must_use]
    pub const fn latitude_deg(self) -> f64 {
        self.figures().latitude_deg
    }
}

/// A stretch of time in which it is warmer than usual: outdoors a heat wave, indoors a blocked duct.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warm {
    /// Begin, ms since 1970 UTC.
    pub from_ms: i64,
    /// End, ms since 1970 UTC.
    pub to_ms: i64,
    /// Full rise, K; approached and left over a day.
    pub rise_k: f64,
}

impl Warm {
    fn at(&self, ts_ms: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few days in milliseconds")]
        let share = |ms: i64| (ms as f64 / DAY_MS as f64).clamp(0.0, 1.0);
        self.rise_k * share(ts_ms - self.from_ms).min(share(self.to_ms - ts_ms))
    }
}

/// The air that the coolers of a site draw in.
#[derive(Clone, Debug)]
pub struct RoomAir {
    from_ms: i64,
    hourly_c: Vec<f64>,
}

/// What makes a room's air.
#[derive(Clone, Debug)]
pub struct RoomSpec<'a> {
    /// The weather outside.
    pub climate: Climate,
    /// Local time minus UTC, ms.
    pub utc_offset_ms: i64,
    /// Rise over outdoors with all machines at work, K.
    pub rise_k: f64,
    /// Heat waves and blocked ducts.
    pub warm: &'a [Warm],
}

impl RoomAir {
    /// Computes the air of a span; `activity` says which share of the site's machines works at an instant, 0-1.
    #[must_use]
    pub fn new(spec: &RoomSpec<'_>, from_ms: i64, to_ms: i64, rng: &mut Rng, activity: impl Fn(i64) -> f64) -> Self {
        let figures = spec.climate.figures();
        let weather = daily_weather(from_ms, to_ms, figures.weather_sd_k, rng);
        let mut warmed = activity(from_ms);
        let mut hourly_c = Vec::new();
        let mut ts_ms = from_ms.div_euclid(HOUR_MS) * HOUR_MS;
        let start_ms = ts_ms;
        while ts_ms <= to_ms + HOUR_MS {
            // The room follows its machines with a time constant of about 1.4 h.
            warmed += 0.5 * (activity(ts_ms) - warmed);
            let warm: f64 = spec.warm.iter().map(|warm| warm.at(ts_ms)).sum();
            let outdoor = outdoor_c(&figures, ts_ms, spec.utc_offset_ms) + interpolated(&weather, start_ms, ts_ms);
            hourly_c.push(outdoor + spec.rise_k * warmed + warm);
            ts_ms += HOUR_MS;
        }
        Self { from_ms: start_ms, hourly_c }
    }

    /// Cooling-air temperature at an instant, degC; the nearest known value outside the span.
    #[must_use]
    pub fn at_c(&self, ts_ms: i64) -> f64 {
        let hours = ((ts_ms - self.from_ms).max(0)).div_euclid(HOUR_MS);
        let last = self.hourly_c.len().saturating_sub(1);
        let at = usize::try_from(hours).unwrap_or(last).min(last);
        let (left, right) = (self.hourly_c[at], self.hourly_c[(at + 1).min(last)]);
        #[expect(clippy::cast_precision_loss, reason = "less than an hour in milliseconds")]
        let share = (ts_ms - self.from_ms).rem_euclid(HOUR_MS) as f64 / HOUR_MS as f64;
        left + (right - left) * share
    }
}

/// Season and time of day, without weather, degC.
fn outdoor_c(figures: &Figures, ts_ms: i64, utc_offset_ms: i64) -> f64 {
    use std::f64::consts::TAU;
    let local_ms = ts_ms + utc_offset_ms;
    #[expect(clippy::cast_precision_loss, reason = "less than a day in milliseconds")]
    let hour = local_ms.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
    figures.mean_c
        + figures.season_k * (TAU * (day_of_year(local_ms) - figures.warmest_day) / 365.25).cos()
        + figures.day_k * (TAU * (hour - 9.0) / 24.0).sin()
}

/// Day-to-day weather: AR(1) with correlation 0.75.
fn daily_weather(from_ms: i64, to_ms: i64, sd_k: f64, rng: &mut Rng) -> Vec<f64> {
    const RHO: f64 = 0.75;
    let days = usize::try_from((to_ms - from_ms) / DAY_MS).unwrap_or(0) + 3;
    let mut level = sd_k * rng.normal();
    (0..days)
        .map(|_| {
            level = RHO * level + sd_k * (1.0 - RHO * RHO).sqrt() * rng.normal();
            level
        })
        .collect()
}

fn interpolated(daily: &[f64], start_ms: i64, ts_ms: i64) -> f64 {
    let (day, in_day) = ((ts_ms - start_ms).div_euclid(DAY_MS), (ts_ms - start_ms).rem_euclid(DAY_MS));
    let last = daily.len() - 1;
    let at = usize::try_from(day).unwrap_or(0).min(last);
    #[expect(clippy::cast_precision_loss, reason = "less than a day in milliseconds")]
    let share = in_day as f64 / DAY_MS as f64;
    daily[at] + (daily[(at + 1).min(last)] - daily[at]) * share
}
