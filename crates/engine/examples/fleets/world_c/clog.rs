//! Coolers that clog so that the machine meets the limit on a day that is drawn.

use crate::fleet::LIMIT_C;
use crate::rng::Rng;
use crate::stats::quantile;

use super::hour::day;
use super::{Place, Plant};

/// How the dirt grows between onset and limit.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Linear,
    /// Steeper towards the end; how much.
    Accelerating(f64),
    /// Flatter towards the end; how much, and whether it is made to come through.
    Saturating(f64, bool),
    /// At some times, shares of the way, by some amounts.
    Steps(Vec<(f64, f64)>),
    /// A season's wave: its middle and its width, shares of the way.
    Pollen(f64, f64),
}

impl Shape {
    pub(crate) fn draw(rng: &mut Rng, scenario: &str) -> Self {
        let kind = match scenario {
            "clog_linear" | "clog_10s" => "linear",
            "clog_accel" => "accel",
            "clog_sat" => "sat",
            "clog_below" => return Self::Saturating(rng.between(2.0, 4.0), false),
            "clog_step" => "step",
            "clog_pollen" => "pollen",
            _ => rng.pick(&["linear", "accel", "step", "sat", "pollen"]),
        };
        match kind {
            "linear" => Self::Linear,
            "accel" => Self::Accelerating(rng.between(1.5, 3.5)),
            "sat" => Self::Saturating(rng.between(1.0, 2.2), true),
            "step" => Self::steps(rng),
            _ => Self::Pollen(rng.between(0.45, 0.8), rng.between(0.05, 0.11)),
        }
    }

    /// Four to nine steps, the last just before the end, of weights that are gamma(3) draws made one.
    fn steps(rng: &mut Rng) -> Self {
        let count = rng.pick(&[4, 5, 6, 7, 8, 9]);
        let mut at: Vec<f64> = (0..count).map(|_| rng.between(0.0, 1.0)).collect();
        at.sort_by(f64::total_cmp);
        at[count - 1] = 0.97;
        let weights: Vec<f64> = at.iter().map(|_| -(0..3).map(|_| rng.between(1e-12, 1.0).ln()).sum::<f64>()).collect();
        let all: f64 = weights.iter().sum();
        Self::Steps(at.into_iter().zip(weights.iter().map(|w| w / all)).collect())
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Linear => "linear loss",
            Self::Accelerating(_) => "accelerating",
            Self::Saturating(_, true) => "saturating",
            Self::Saturating(_, false) => "saturating below the limit",
            Self::Steps(_) => "steps",
            Self::Pollen(..) => "pollen",
        }
    }

    /// Dirt after a share of the way, share of that at its end.
    pub(crate) fn at(&self, way: f64) -> f64 {
        match self {
            Self::Linear => way,
            Self::Accelerating(k) => (k * way).exp_m1() / k.exp_m1(),
            Self::Saturating(k, whole) => -(-k * way).exp_m1() / if *whole { -(-k).exp_m1() } else { 1.0 },
            Self::Steps(steps) => {
                let done: f64 = steps.iter().map(|(at, weight)| weight / (1.0 + (-(way - at) / 0.006).exp())).sum();
                done + 0.9 * (way - 1.0).max(0.0)
            }
            Self::Pollen(middle, width) => {
                let wave = |way: f64| 0.3 * way + 0.7 / (1.0 + (-(way - middle) / width).exp());
                (wave(way) - wave(0.0)) / (wave(1.0) - wave(0.0))
            }
        }
    }
}

/// How long the dirt takes, days, and when it begins where that is not drawn.
pub(crate) struct Course {
    pub(crate) days: (f64, f64),
    pub(crate) onset_day: Option<f64>,
    /// Whether it brings the machine to the limit.
    pub(crate) reaches: bool,
}

/// Lets the cooler of a machine clog; gives the day of the onset, or nothing where no dirt brings it to the limit.
pub(crate) fn clog(rng: &mut Rng, place: &Place, plant: &mut Plant, shape: &Shape, course: &Course) -> Option<f64> {
    let hours = plant.hours.len();
    let asked: Vec<f64> = plant.hours.iter().map(|h| h.demand).filter(|d| *d > 0.0).collect();
    let duty = quantile(asked, 0.9)?.clamp(0.4, 1.0);
    let (onset, days, end) = (0..60).find_map(|_| {
        let days = rng.between(course.days.0, course.days.1);
        let latest = (place.days as f64 - days - 12.0).max(62.0);
        let onset = course.onset_day.unwrap_or_else(|| rng.between(60.0, latest));
        let reached = onset + days;
        if reached > place.days as f64 - 6.0 {
            return None;
        }
        let hot_c = hot_inlet_c(place, plant, ((reached - 4.0) * 24.0) as usize..((reached + 2.0) * 24.0) as usize)?;
        let (mut low, mut high) = (0.0, 0.95);
        for _ in 0..40 {
            let fouling = 0.5 * (low + high);
            let settles_c = plant.unit.settled_c(hot_c, fouling, (duty * 1.05).min(1.0));
            if settles_c > LIMIT_C + 0.5 { high = fouling } else { low = fouling }
        }
        let end = 0.5 * (low + high);
        (0.12 < end && end < 0.74).then_some((onset, days, end))
    })?;
    let end = end * if course.reaches { 1.0 } else { rng.between(0.62, 0.8) };
    // Dirt does not come evenly: a random walk from day to day.
    let mut walk = vec![0.0];
    for d in 0..hours / 24 + 2 {
        walk.push(walk[d] + rng.normal() * 0.004 * 0.5);
    }
    for (h, hour) in plant.hours.iter_mut().enumerate() {
        let way = ((day(h) - onset) / days).clamp(0.0, 3.0);
        if way > 0.0 {
            let part = day(h).fract();
            let stray = walk[h / 24 + 1] * (1.0 - part) + walk[(h / 24 + 2).min(walk.len() - 1)] * part;
            let grown = end * shape.at(way) + stray * (way * 3.0).clamp(0.0, 1.0);
            hour.fouling = (hour.fouling + grown.clamp(0.0, 0.9)).clamp(0.0, 0.88);
        }
    }
    plant.unit.cleaned_after_h = Some(rng.between(4.0, 70.0));
    Some(onset)
}

/// Air at the inlet in the hot hours of the running machine, degC.
fn hot_inlet_c(place: &Place, plant: &Plant, hours: std::ops::Range<usize>) -> Option<f64> {
    let inlet_c: Vec<f64> = hours
        .filter(|&h| plant.hours.get(h).is_some_and(|hour| hour.demand > 0.0))
        .map(|h| {
            let room_c = place.outdoor_c[h] + 0.3 * place.over_k + place.own_heat_k[h] * place.load;
            (room_c + plant.unit.own_air_k * 0.9).max(place.least_c)
        })
        .collect();
    if inlet_c.len() < 6 {
        return None;
    }
    quantile(inlet_c, 0.93)
}
