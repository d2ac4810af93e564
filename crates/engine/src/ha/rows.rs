//! Samples as the linearised model sees them: whitened rows, scaled to unit error.
//!
//! A day's hot and cool points share the day's error: the sensor's mood, the dust on the room's filter, the weather that
//! the inlet sensor does not see. So a day gives two rows that are independent of each other: the *level*, the mean of
//! its points, which carries the day's error and its persistence, and the *difference* of hot and cool hours, which is
//! free of it. A cooler that begins to show in the hot hours only is seen in the difference long before the level is sure.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Bounds, Expected, TERMS};
use super::linear::Vector;
use super::points::{AmbientSource, Sample, Series};
use super::trend::Trend;
use crate::sd::day::Day;

/// Error of the expected temperature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Noise {
    /// Of a day's level, K, over all days.
    pub(crate) sd_k: f64,
    /// Share of a day's error in the next.
    pub(crate) rho: f64,
    /// Of one point within its day, K, over all days.
    pub(crate) point_sd_k: f64,
    /// While the valve regulates, and with an open one. A valve hides what air and demand do, so a machine that it has always kept
    /// knows nothing of how far off its first hot days may be.
    regulated: Errors,
    open: Errors,
}

/// Standard deviations under one of the branches, K.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Errors {
    day_k: f32,
    point_k: f32,
}

impl Noise {
    /// The same error on all days.
    pub(crate) const fn even(sd_k: f64, rho: f64, point_sd_k: f64) -> Self {
        let errors = Errors { day_k: sd_k as f32, point_k: point_sd_k as f32 };
        Self { sd_k, rho, point_sd_k, regulated: errors, open: errors }
    }

    /// Before residuals are known.
    pub(crate) const fn prior(source: AmbientSource) -> Self {
        Self::even(source.prior_sd_k(), source.prior_rho(), POINT_SD_K)
    }

    /// Of a day's level and of one point within it, K, with this weight of the saturated branch.
    fn at(&self, weight: f64) -> (f64, f64) {
        let mixed = |regulated: f32, open: f32| {
            let (regulated, open) = (f64::from(regulated), f64::from(open));
            (regulated * regulated + weight * (open * open - regulated * regulated)).sqrt()
        };
        (mixed(self.regulated.day_k, self.open.day_k), mixed(self.regulated.point_k, self.open.point_k))
    }
}

/// Which of a day's two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Track {
    /// Mean of the day's points.
    Level,
    /// Hot minus cool.
    Difference,
}

/// One row: `target = row · step + gain * change of excess + error`, whitened and scaled to unit error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) row: Vector,
    /// Of the temperature to the excess.
    pub(crate) gain: f64,
    pub(crate) target: f64,
    /// Middle of the day, as a day number.
    pub(crate) day: f64,
    /// Weight of the previous row of the track in this one, with both scaled; 0 at a track's start.
    pub(crate) carry: f64,
    /// Scale from K to units of error.
    pub(crate) scale: f64,
    pub(crate) track: Track,
}

/// A Huber weight begins to fall here, in standard deviations.
const HUBER: f64 = 2.0;
/// Days of pseudo-data behind the prior noise.
const NOISE_PRIOR_DAYS: f64 = 12.0;
/// An error this many times the expected one is not noise but a fault (or a misfit) that must not hide itself.
const SD_MAX: f64 = 1.6;
/// Error of a point within its day before residuals are known, and its bounds, K. Finer bounds, with a persistence of the
/// difference's own, promise more than they hold: what the hinge gets wrong between cool hours and hot ones is no noise. The
/// true growth won no more often against none, and false advisories rose.
const POINT_SD_K: f64 = 0.6;
const POINT_SD_BOUNDS_K: (f64, f64) = (0.35, 1.5);
/// No fit is believed to be better than this, K.
const SD_MIN_K: f64 = 0.5;

/// A measurement this far above the regulated branch was not regulated: standard deviations, and bounds in K.
const CLEAR: f64 = 3.0;
const CLEAR_K: (f64, f64) = (3.0, 5.0);

/// Residuals about a fit are smaller than errors, and a day's difference also holds what a soft hinge gets wrong.
const LEVEL_DOUBT: f64 = 1.1;
const DIFFERENCE_DOUBT: f64 = 1.2;
/// The lift of the saturated branch that is in question is the highest of so many days.
const REACH_DAYS: Day = 7;

/// A point before whitening, K.
#[derive(Clone, Copy)]
struct Raw {
    row: Vector,
    gain: f64,
    /// Without the trend.
    residual_k: f64,
    /// The trend's own contribution.
    trend_k: f64,
    /// Weight of the saturated branch.
    open: f64,
}

impl Raw {
    fn combine(self, other: Self, a: f64, b: f64) -> Self {
        Self {
            row: std::array::from_fn(|i| a * self.row[i] + b * other.row[i]),
            gain: a * self.gain + b * other.gain,
            residual_k: a * self.residual_k + b * other.residual_k,
            trend_k: a * self.trend_k + b * other.trend_k,
            open: self.open.max(other.open),
        }
    }
}

/// Whitened rows of the window, linearised at `baseline` with `trend` in place. The target still holds the trend's own
/// contribution, so that a column for any trend competes on equal terms.
pub(crate) fn rows(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, noise: Noise) -> Vec<Row> {
    let clear_k = (CLEAR * noise.sd_k).clamp(CLEAR_K.0, CLEAR_K.1);
    let compare = |s: &Sample, reach_k: f64| {
        let excess_k = trend.map_or(0.0, |t| t.excess_k(mid_of(s.day)));
        (excess_k, baseline.compare(&s.at, excess_k, s.td_c, Bounds { clear_k, reach_k }))
    };
    let newest = samples.last().map_or(0, |s| s.day);
    let recent = samples.iter().rev().take_while(|s| s.day + REACH_DAYS > newest);
    let reach_k = recent.map(|s| compare(s, 0.0).1.lifted_k).fold(0.0, f64::max);
    let raw = |s: &Sample| {
        let (excess_k, compared) = compare(s, reach_k);
        let gain = compared.gain * s.at.excess_gain();
        Raw { row: compared.row, gain, residual_k: compared.residual_k, trend_k: gain * excess_k, open: compared.open }
    };
    // The day's error is measured on whole days, so a day with one of its two points is a little less sure.
    let two_points = samples.iter().any(|s| s.series == Series::Cool);
    let mut whitening = Whitening { rho: noise.rho, last: [None, None], rows: Vec::with_capacity(samples.len()) };
    for day in samples.chunk_by(|a, b| a.day == b.day) {
        let mid = mid_of(day[0].day);
        match day {
            [hot, cool, ..] => {
                let (hot, cool) = (raw(hot), raw(cool));
                let (day_k, point_k) = noise.at(hot.open);
                whitening.push(mid, Track::Level, hot.combine(cool, 0.5, 0.5), LEVEL_DOUBT * day_k);
                let difference_sd_k = DIFFERENCE_DOUBT * SQRT_2 * point_k;
                whitening.push(mid, Track::Difference, hot.combine(cool, 1.0, -1.0), difference_sd_k);
            }
            [only, ..] => {
                let raw = raw(only);
                let (day_k, point_k) = noise.at(raw.open);
                let single_k = if two_points { day_k.hypot(point_k * FRAC_1_SQRT_2) } else { day_k };
                whitening.push(mid, Track::Level, raw, single_k.hypot(raw.gain * only.at.ta_sd_k));
            }
            [] => {}
        }
    }
    whitening.rows
}

/// Takes away from each row what the one before it in its track already told.
struct Whitening {
    rho: f64,
    /// Day, scaled row and scaled target of the last row of each track.
    last: [Option<(f64, Vector, f64)>; 2],
    rows: Vec<Row>,
}

impl Whitening {
    fn push(&mut self, day: f64, track: Track, raw: Raw, sd_k: f64) {
        let huber = (HUBER / (raw.residual_k.abs() / sd_k).max(HUBER)).sqrt();
        let per_k = huber / sd_k;
        let scaled = |value: f64| value * per_k;
        let (row, target) = (raw.row.map(scaled), scaled(raw.residual_k + raw.trend_k));
        let slot = &mut self.last[track as usize];
        let (before, last_row, last_target) = slot.unwrap_or((f64::NEG_INFINITY, [0.0; TERMS], 0.0));
        let carry = if slot.is_some() { persisting(self.rho, (day - before).abs()) } else { 0.0 };
        let scale = (1.0 - carry * carry).max(0.05).sqrt().recip();
        *slot = Some((day, row, target));
        self.rows.push(Row {
            row: std::array::from_fn(|i| (row[i] - carry * last_row[i]) * scale),
            gain: scaled(raw.gain),
            target: (target - carry * last_target) * scale,
            day,
            carry,
            scale,
            track,
        });
    }
}

/// The whitened column of an excess that grows as `shape(day)`.
pub(crate) fn column<'a>(rows: &'a [Row], shape: impl Fn(f64) -> f64 + 'a) -> impl Iterator<Item = f64> + 'a {
    let mut last = [0.0; 2];
    rows.iter().map(move |r| {
        let raw = r.gain * shape(r.day);
        let slot = &mut last[r.track as usize];
        let white = (raw - r.carry * *slot) * r.scale;
        *slot = raw;
        white
    })
}

/// Share of an error that is left after some whole days.
fn persisting(rho: f64, days: f64) -> f64 {
    if days == 1.0 { rho } else { rho.powi(days.clamp(0.0, 99.0) as i32) }
}

/// Error of the fit and its persistence from one day to the next, shrunk towards what the ambient source suggests.
pub(crate) fn noise_of(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, source: AmbientSource) -> Noise {
    let prior = Noise::prior(source);
    let clip_k = 3.0 * prior.sd_k.max(1.0);
    // What an unsure air adds to a day is no error of the model.
    let residual = |s: &Sample| {
        let expected = expected(s, baseline, trend);
        let own = prior.sd_k / prior.sd_k.hypot(expected.weight * s.at.ta_sd_k);
        (own * (s.td_c - expected.td_c).clamp(-clip_k, clip_k), expected.weight)
    };
    let (mut levels, mut differences) = ([Squares::default(); 2], [Squares::default(); 2]);
    let (mut cross, mut pairs) = (0.0, 0.0);
    let mut last: Option<(Day, f64)> = None;
    for day in samples.chunk_by(|a, b| a.day == b.day) {
        // A day has no more than two points.
        let points = [day.first(), day.get(1)].map(|s| s.map(residual));
        let level_k = points.iter().flatten().map(|(k, _)| k).sum::<f64>() / day.len() as f64;
        let open = points.iter().flatten().map(|(_, weight)| *weight).fold(0.0, f64::max);
        Squares::share(&mut levels, level_k * level_k, open);
        if let Some((_, before_k)) = last.filter(|(before, _)| before + 1 == day[0].day) {
            cross += level_k * before_k;
            pairs += 1.0;
        }
        last = Some((day[0].day, level_k));
        if let [Some((hot_k, _)), Some((cool_k, _))] = points {
            Squares::share(&mut differences, 0.5 * (hot_k - cool_k).powi(2), open);
        }
    }
    let day_k = |var: f64| var.sqrt().clamp(SD_MIN_K, SD_MAX * prior.sd_k);
    let point_k = |var: f64| var.sqrt().clamp(POINT_SD_BOUNDS_K.0, POINT_SD_BOUNDS_K.1);
    let day_var = |squares: Squares| squares.shrunk(prior.sd_k.powi(2));
    let point_var = |squares: Squares| squares.shrunk(POINT_SD_K.powi(2));
    let errors = |branch: usize| Errors {
        day_k: day_k(day_var(levels[branch])) as f32,
        point_k: point_k(point_var(differences[branch])) as f32,
    };
    let level_var = day_var(levels[0].and(levels[1]));
    let rho = (NOISE_PRIOR_DAYS * prior.rho + cross / level_var) / (NOISE_PRIOR_DAYS + pairs);
    Noise {
        sd_k: day_k(level_var),
        rho: rho.clamp(RHO_MIN, source.rho_max()),
        point_sd_k: point_k(point_var(differences[0].and(differences[1]))),
        regulated: errors(0),
        open: errors(1),
    }
}

/// Squared errors, K^2, and of how many days they are.
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    sum: f64,
    days: f64,
}

impl Squares {
    /// Gives a day's to the regulated and the open branch, by the weight of the latter.
    fn share(branches: &mut [Self; 2], square: f64, open: f64) {
        for (branch, weight) in branches.iter_mut().zip([1.0 - open, open]) {
            branch.sum += weight * square;
            branch.days += weight;
        }
    }

    fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, days: self.days + other.days }
    }

    /// Their mean, shrunk towards what is expected before any are known.
    fn shrunk(self, prior: f64) -> f64 {
        (NOISE_PRIOR_DAYS * prior + self.sum) / (NOISE_PRIOR_DAYS + self.days)
    }
}

/// Errors persist at least so much: two weeks of residuals about a fit look whiter than they are.
const RHO_MIN: f64 = 0.3;

/// Day, residual in K and saturated weight of every hot point.
pub(crate) fn hot_residuals<'a>(
    samples: &'a [Sample],
    baseline: &'a Baseline,
    trend: Option<&'a Trend>,
) -> impl Iterator<Item = (Day, f64, f64)> + 'a {
    samples.iter().filter(|s| s.series == Series::Hot).map(move |s| {
        let expected = expected(s, baseline, trend);
        (s.day, s.td_c - expected.td_c, expected.weight)
    })
}

/// What baseline and trend expect of a point.
pub(crate) fn expected(s: &Sample, baseline: &Baseline, trend: Option<&Trend>) -> Expected {
    baseline.expect(&s.at, trend.map_or(0.0, |t| t.excess_k(mid_of(s.day))))
}

/// A day's points speak of about its middle.
fn mid_of(day: Day) -> f64 {
    f64::from(day) + 0.5
}
