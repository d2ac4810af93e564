//! What days that have left the window still tell of a machine's normal.
//!
//! Three months hold one season, and the hinge of a machine that has known only one is a guess in the next. So a healthy day
//! that leaves the window leaves its rows behind: they are added to the normal equations of the hinge, the information form of
//! a Kalman filter (Maybeck 1979, section 5.7), and the window's fit begins from what they say. Each day counts once, with its
//! correlations, and not once for every day on which it was remembered: a belief that is renewed from the fit that it has
//! itself shaped wanders off, and holds a bad hinge fast.
//!
//! What a machine's shape was it still is: how it follows the air and its load. Its level is another matter: dirt that stays,
//! a sensor that is exchanged. So the level is taken from memory only within a kelvin, and after work only within several.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Belief, TERMS};
use super::health::Fresh;
use super::linear::{Cholesky, Vector, dot};
use super::points::Sample;
use super::rows::{self, Noise, Row};
use crate::sd::day::{Day, DayRecord};

/// Entries of a symmetric matrix below its diagonal.
const BELOW: usize = TERMS * (TERMS - 1) / 2;
/// A remembered day counts for a third after so many more days.
const FORGET_DAYS: f64 = 180.0;
/// How far the level may have moved since, K: the saturated branch alone (dirt), both together (the sensor).
const DIRT_SD_K: f64 = 1.0;
const SENSOR_SD_K: f64 = 0.5;
/// How far work on the machine may have moved each coefficient; most of all what the cooler can do.
const WORK_SD: Vector = [1.8, 0.8, 5.0, 0.4, 1.0, 0.5, 0.5, 0.5];
/// The same of another set point: what the valve keeps, and hardly what the cooler can do.
const SET_POINT_SD: Vector = [8.0, 1.0, 1.0, 0.2, 0.3, 0.2, 0.8, 0.5];
/// A day that was judged hotter than its normal by so much, K, is no healthy one, and neither are so many days before it.
const UNHEALTHY_K: f64 = 0.5;
const UNHEALTHY_BEFORE_DAYS: Day = 14;

/// The normal equations of days gone by. Single precision is far finer than any belief.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    diagonal: [f32; TERMS],
    below: [f32; BELOW],
    right: [f32; TERMS],
    /// Days in it.
    days: u16,
    /// The first day that has not been looked at.
    until: Day,
}

/// Information of days: `matrix · theta = right`.
#[derive(Clone, Copy, Debug, Default)]
struct Information {
    matrix: [Vector; TERMS],
    right: Vector,
}

/// A Gaussian belief about the coefficients with their correlations, as rows of unit error: `root · (theta - mean) = error`.
#[derive(Clone, Debug)]
pub(crate) struct Prior {
    pub(crate) mean: Vector,
    pub(crate) root: [Vector; TERMS],
    /// What each coefficient is believed within before any day is known.
    pub(crate) sd: Vector,
}

impl Prior {
    /// What is believed of any machine, and what this one's own past adds.
    pub(crate) fn of(belief: &Belief, memory: Option<&Memory>) -> Self {
        let mut information = memory.map_or_else(Information::default, Memory::now);
        for i in 0..TERMS {
            let precision = belief.sd[i].powi(-2);
            information.matrix[i][i] += precision;
            information.right[i] += precision * belief.mean[i];
        }
        let factor = Cholesky::new(&information.matrix);
        Self { mean: factor.solve(&information.right), root: factor.upper(), sd: belief.sd }
    }

    /// How the rows of the belief miss a hinge.
    pub(crate) fn misses(&self, baseline: &Baseline) -> Vector {
        let off: Vector = std::array::from_fn(|i| self.mean[i] - baseline.theta[i]);
        self.root.map(|row| dot(&row, &off))
    }
}

impl Information {
    fn add(&mut self, row: &Vector, target: f64) {
        for i in 0..TERMS {
            self.right[i] += row[i] * target;
            for (sum, x) in self.matrix[i].iter_mut().zip(row) {
                *sum += row[i] * x;
            }
        }
    }

    fn scale(&mut self, by: f64) {
        self.matrix.iter_mut().flatten().chain(&mut self.right).for_each(|value| *value *= by);
    }

    /// Lets the coefficients have moved along `way` since by a normal step of this sd: the step is integrated out.
    fn loosen(&mut self, way: &Vector, sd: f64) {
        let along = self.matrix.map(|row| dot(&row, way));
        let scale = (dot(&along, way) + sd.powi(-2)).recip();
        let right = dot(&self.right, way) * scale;
        for i in 0..TERMS {
            self.right[i] -= along[i] * right;
            for j in 0..TERMS {
                self.matrix[i][j] -= along[i] * along[j] * scale;
            }
        }
    }
}

/// One for these coefficients, nil for the others.
fn along(places: &[usize]) -> Vector {
    std::array::from_fn(|i| if places.contains(&i) { 1.0 } else { 0.0 })
}

impl Memory {
    /// Whether it holds enough days to speak of a normal.
    pub(crate) const fn is_rich(&self, days: usize) -> bool {
        self.days as usize >= days
    }

    fn information(&self) -> Information {
        let mut information = Information { right: self.right.map(f64::from), ..Information::default() };
        let mut below = self.below.iter();
        for i in 0..TERMS {
            information.matrix[i][i] = f64::from(self.diagonal[i]);
            for j in 0..i {
                let value = below.next().copied().map_or(0.0, f64::from);
                (information.matrix[i][j], information.matrix[j][i]) = (value, value);
            }
        }
        information
    }

    /// What it tells of today: the level may have moved.
    fn now(&self) -> Information {
        let mut information = self.information();
        information.loosen(&along(&[2]), DIRT_SD_K);
        information.loosen(&along(&[0, 2]), SENSOR_SD_K);
        information
    }

    fn keep(&mut self, information: &Information) {
        self.right = information.right.map(|v| v as f32);
        let mut below = self.below.iter_mut();
        for i in 0..TERMS {
            self.diagonal[i] = information.matrix[i][i] as f32;
            below.by_ref().zip(&information.matrix[i][..i]).for_each(|(kept, value)| *kept = *value as f32);
        }
    }
}

/// What is taken into the memory.
#[derive(Clone, Copy)]
pub(crate) struct Leaving<'a> {
    /// Days and their samples, from the oldest known to the newest.
    pub(crate) days: &'a [DayRecord],
    pub(crate) samples: &'a [Sample],
    /// The hinge as it was while these days were in the window.
    pub(crate) baseline: &'a Baseline,
    pub(crate) noise: Noise,
    /// Days before this one leave.
    pub(crate) before: Day,
    /// Since when something has been growing.
    pub(crate) onset_day: Option<f64>,
    /// Whether they leave because a new life has begun.
    pub(super) ends: Fresh,
}

impl Leaving<'_> {
    /// Adds the healthy ones of the days that leave.
    pub(crate) fn enter(&self, memory: &mut Option<Box<Memory>>) {
        let from = memory.as_ref().map_or(0, |m| m.until);
        let leaves = |day: Day| (from..self.before).contains(&day) && self.is_healthy(day);
        let days: Vec<&[Sample]> = self.samples.chunk_by(|a, b| a.day == b.day).collect();
        let place = days.partition_point(|day| day[0].day < self.before);
        if memory.is_none() && !days[..place].iter().any(|day| leaves(day[0].day)) {
            return;
        }
        let kept = memory.get_or_insert_with(|| {
            let until = days.first().map_or(0, |day| day[0].day);
            Box::new(Memory { diagonal: [0.0; TERMS], below: [0.0; BELOW], right: [0.0; TERMS], days: 0, until })
        });
        let mut information = kept.information();
        information.scale((-f64::from(self.before.saturating_sub(kept.until)) / FORGET_DAYS).exp());
        for (i, day) in days[..place].iter().enumerate().filter(|(_, day)| leaves(day[0].day)) {
            for r in self.rows(day, days.get(i + 1).copied().unwrap_or_default()) {
                information.add(&r.row, r.target + dot(&r.row, &self.baseline.theta));
            }
            kept.days = kept.days.saturating_add(1);
        }
        let moved = match self.ends {
            Fresh::No => None,
            Fresh::ByWork => Some(WORK_SD),
            Fresh::BySetPoint => Some(SET_POINT_SD),
        };
        moved.into_iter().for_each(|sd| (0..TERMS).for_each(|i| information.loosen(&along(&[i]), sd[i])));
        kept.until = kept.until.max(self.before);
        kept.keep(&information);
    }

    /// What a day tells beyond the day after it, which stays: errors persist from day to day, backwards as well as forwards.
    fn rows(&self, day: &[Sample], next: &[Sample]) -> Vec<Row> {
        let mut rows = rows::rows(&[next, day].concat(), self.baseline, None, self.noise);
        let own = rows.iter().rev().take_while(|r| r.day < f64::from(day[0].day) + 1.0).count();
        rows.split_off(rows.len() - own)
    }

    fn is_healthy(&self, day: Day) -> bool {
        let place = self.days.partition_point(|d| d.day < day);
        let mut soon = self.days[place..].iter().take_while(|d| d.day <= day + UNHEALTHY_BEFORE_DAYS);
        let grows = self.onset_day.is_some_and(|onset_day| f64::from(day) + 1.0 > onset_day);
        !grows && soon.all(|d| !d.is_unwell() && d.excess_k().is_none_or(|k| k < UNHEALTHY_K))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Conditions;
    use crate::ha::points::{AmbientSource, Series};
    use crate::sd::day::Point;

    const TRUE: Baseline = Baseline { theta: [76.0, 1.5, 82.0, 10.6, 6.5, 0.3, 1.5, 1.2] };

    fn samples(days: std::ops::Range<Day>, lifted_k: f64) -> Vec<Sample> {
        let of_day = |day: Day| {
            let hot_c = 26.0 + 9.0 * f64::sin(f64::from(day) * 0.37);
            [(Series::Hot, hot_c), (Series::Cool, hot_c - 8.0)].map(|(series, ta_c)| {
                let at = Conditions { ta_c, load_tenths: f64::from(day % 5) - 2.0, ..Conditions::default() };
                Sample { day, series, td_c: TRUE.expect(&at, lifted_k).td_c, at, peak_over_k: 0.0 }
            })
        };
        days.flat_map(of_day).collect()
    }

    fn remembered(samples: &[Sample], excess_k: f64, ends: Fresh) -> Option<Box<Memory>> {
        let days: Vec<DayRecord> = samples
            .chunk_by(|a, b| a.day == b.day)
            .map(|day| {
                let mut record = DayRecord::new(day[0].day, Point::default(), Point::default(), None, None);
                record.set_excess_k(excess_k);
                record
            })
            .collect();
        let mut memory = None;
        let leaving = Leaving {
            days: &days,
            samples,
            baseline: &TRUE,
            noise: Noise::prior(AmbientSource::Own),
            before: samples.last().map_or(0, |s| s.day),
            onset_day: None,
            ends,
        };
        leaving.enter(&mut memory);
        memory
    }

    /// Sd that is believed of a combination of coefficients.
    fn sd(prior: &Prior, of: &Vector) -> f64 {
        let mut matrix = [[0.0; TERMS]; TERMS];
        for row in &prior.root {
            for i in 0..TERMS {
                for j in 0..TERMS {
                    matrix[i][j] += row[i] * row[j];
                }
            }
        }
        Cholesky::new(&matrix).variance(of).sqrt()
    }

    #[test]
    fn without_a_past_a_machine_is_like_any_other() {
        let prior = Prior::of(&Belief::FLEET, None);
        for i in 0..TERMS {
            assert!((prior.mean[i] - Belief::FLEET.mean[i]).abs() < 1e-9);
            assert!((sd(&prior, &along(&[i])) - Belief::FLEET.sd[i]).abs() < 1e-9);
        }
    }

    #[test]
    fn the_shape_is_remembered_and_the_level_within_a_kelvin() {
        let memory = remembered(&samples(100..160, 0.0), 0.0, Fresh::No).unwrap();
        assert!(memory.is_rich(59) && !memory.is_rich(60), "{memory:?}");
        let prior = Prior::of(&Belief::FLEET, Some(&memory));
        assert!((prior.mean[4] - 6.5).abs() < 0.2 && sd(&prior, &along(&[4])) < 0.35, "{prior:?}");
        assert!((prior.mean[2] - 82.0).abs() < 0.3, "{prior:?}");
        let level_sd_k = sd(&prior, &along(&[2]));
        assert!((DIRT_SD_K..1.3).contains(&level_sd_k), "{level_sd_k}");
    }

    #[test]
    fn after_work_the_level_is_anew() {
        let memory = remembered(&samples(100..160, 0.0), 0.0, Fresh::ByWork).unwrap();
        let prior = Prior::of(&Belief::FLEET, Some(&memory));
        let (level_sd_k, load_sd) = (sd(&prior, &along(&[2])), sd(&prior, &along(&[4])));
        assert!((3.5..7.0).contains(&level_sd_k) && (0.7..1.1).contains(&load_sd), "{level_sd_k} {load_sd}");
        // At another set point the cooler is as it was.
        let memory = remembered(&samples(100..160, 0.0), 0.0, Fresh::BySetPoint).unwrap();
        let prior = Prior::of(&Belief::FLEET, Some(&memory));
        let (kept_sd_k, level_sd_k) = (sd(&prior, &along(&[0])), sd(&prior, &along(&[2])));
        assert!(kept_sd_k > 3.0 && level_sd_k < 2.0, "{kept_sd_k} {level_sd_k}");
    }

    #[test]
    fn unhealthy_days_are_not_remembered() {
        assert!(remembered(&samples(100..160, 4.0), 4.0, Fresh::No).is_none());
    }
}
