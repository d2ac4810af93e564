//! How a cooler's face is covered, day by day.

use crate::fleet::DAYS;
use crate::rng::Rng;

use super::climate::chain;

/// Median share of the face that a day of dirt covers, and how unlike coolers are (sd of its logarithm). Set by the generator's author
/// so that the simple methods warn of as many as in the field; the engine had no part in it.
const RATE_PER_DAY: f64 = 0.0105;
const RATE_SPREAD: f64 = 0.95;
/// No more of the face is ever covered, share.
const MOST: f64 = 0.84;

/// How the dirt comes after onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Linear,
    Accelerating,
    Saturating,
    /// Much on single days, a few days apart.
    Steps,
    /// Twelve days of every thirty-four.
    Bursts,
}

impl Shape {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear loss",
            Self::Accelerating => "accelerating",
            Self::Saturating => "saturating",
            Self::Steps => "steps",
            Self::Bursts => "bursts",
        }
    }

    /// How fast it comes so many days after onset, share of the rate.
    fn pace(self, days: f64) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Accelerating => 0.35 + days / 45.0,
            Self::Saturating => 1.5 / (1.0 + days / 60.0),
            Self::Steps => 0.12,
            Self::Bursts => {
                if days % 34.0 < 12.0 {
                    2.6
                } else {
                    0.25
                }
            }
        }
    }
}

/// A cooler that is to clog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clogging {
    pub(crate) shape: Shape,
    pub(crate) onset_day: f64,
    /// Share of the face that a day of running covers.
    pub(crate) rate_per_day: f64,
    /// A cleaning before it comes to the worst: day, and share of the dirt that it takes.
    pub(crate) cleaning: Option<(f64, f64)>,
}

impl Clogging {
    /// `faster`: than the usual cooler.
    pub(crate) fn draw(rng: &mut Rng, faster: f64) -> Self {
        let onset_day = if rng.chance(0.1) { 0.0 } else { rng.between(8.0, 150.0) };
        let cleaning = rng.chance(0.18).then(|| (onset_day + rng.between(15.0, 60.0), rng.between(0.55, 0.97)));
        Self {
            rate_per_day: RATE_PER_DAY * faster * (RATE_SPREAD * rng.normal()).exp(),
            onset_day,
            shape: rng.pick(&[
                Shape::Linear,
                Shape::Linear,
                Shape::Accelerating,
                Shape::Saturating,
                Shape::Steps,
                Shape::Bursts,
            ]),
            cleaning: cleaning.filter(|(day, _)| *day < DAYS as f64),
        }
    }
}

/// Share of the face covered at the end of each day. It grows as the machine runs, `running` the share of each day that it does, with
/// a little dust in any case, and faster on some days than on others.
pub(crate) fn gather(rng: &mut Rng, running: &[f64], clogging: Option<&Clogging>) -> Vec<f64> {
    let mut covered = rng.between(0.0, 0.05);
    let dust = rng.between(0.0, 0.00025);
    let lumps = clogging.filter(|c| c.shape == Shape::Steps).map(|c| lumps(rng, c)).unwrap_or_default();
    let uneven: Vec<f64> = chain(rng, DAYS, 0.8, 0.35).into_iter().map(|x| (x - 0.06).exp()).collect();
    let of_day = |(day, runs): (usize, &f64)| {
        let after = clogging.map_or(-1.0, |c| day as f64 - c.onset_day);
        if let Some((_, takes)) = clogging.and_then(|c| c.cleaning).filter(|(on, _)| *on as usize == day) {
            covered *= 1.0 - takes;
        }
        let rate =
            clogging.filter(|_| after >= 0.0).map_or(dust, |c| c.rate_per_day * uneven[day] * c.shape.pace(after));
        let lump: f64 = lumps.iter().filter(|(on, _)| *on == day).map(|(_, by)| by).sum();
        covered = (covered + rate * (0.2 + 0.8 * runs) + lump).min(MOST);
        covered
    };
    running.iter().enumerate().map(of_day).collect()
}

/// Days of steps, and what each covers.
fn lumps(rng: &mut Rng, clogging: &Clogging) -> Vec<(usize, f64)> {
    let (mut day, mut lumps) = (clogging.onset_day, Vec::new());
    while day < DAYS as f64 {
        lumps.push((day as usize, clogging.rate_per_day * rng.between(2.5, 6.0)));
        day += -5.0 * rng.between(1e-9, 1.0).ln();
    }
    lumps
}

/// Share covered at an instant of the ends of days.
pub(crate) fn at(ends: &[f64], day: f64) -> f64 {
    let place = day - 1.0;
    if place <= 0.0 {
        return ends[0];
    }
    let low = (place as usize).min(ends.len() - 2);
    let part = (place - low as f64).min(1.0);
    // What a cleaning takes is gone at once.
    let (from, to) = (ends[low], ends[low + 1]);
    if to < 0.9 * from { to } else { from + (to - from) * part }
}
