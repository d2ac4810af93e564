//! The daily fit of the hinge: Gauss-Newton steps from yesterday's coefficients, solved by linfa.
//!
//! Rows are robust (Huber) and whitened for the day-to-day persistence of errors. The prior enters as rows of its own,
//! so ordinary least squares gives the posterior mode; a machine without history simply keeps the fleet's hinge.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Belief, TERMS};
use super::linear::Vector;
use super::points::{AmbientSource, Sample, Series};
use super::trend::Trend;
use crate::sd::day::Day;

/// Day-level error of the expected temperature and its persistence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Noise {
    pub(crate) sd_k: f64,
    pub(crate) rho: f64,
}

/// A sample as the linearised model sees it: `residual = row · step + gain * change of excess + error`, whitened and scaled
/// to unit error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) row: Vector,
    /// Of the temperature to the excess.
    pub(crate) gain: f64,
    pub(crate) target: f64,
    /// Middle of the day, as a day number.
    pub(crate) day: f64,
    /// Weight of the previous row of the series in this one, with both scaled; 0 at a series' start.
    pub(crate) carry: f64,
    /// Scale from K to units of error.
    pub(crate) scale: f64,
    pub(crate) series: Series,
}

/// A Huber weight begins to fall here, in standard deviations.
const HUBER: f64 = 2.0;
/// Days of pseudo-data behind the prior noise.
const NOISE_PRIOR_DAYS: f64 = 12.0;
/// An error this many times the expected one is not noise but a fault (or a misfit) that must not hide itself.
const SD_MAX: f64 = 1.6;
/// Hot and cool points of one day share most of their error, so two count as about this many.
const POINTS_PER_DAY: f64 = 1.3;

/// A measurement this far above the regulated branch was not regulated: standard deviations, and bounds in K.
const CLEAR: f64 = 3.0;
const CLEAR_K: (f64, f64) = (3.0, 5.0);

/// Whitened rows of the window, linearised at `baseline` with `trend` in place. The target still holds the trend's own
/// contribution, so that a column for any trend competes on equal terms.
fn rows(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, noise: Noise) -> Vec<Row> {
    let two_series = samples.iter().any(|s| s.series == Series::Cool);
    let inflation = if two_series { (2.0 / POINTS_PER_DAY).sqrt() } else { 1.0 };
    let sd_k = noise.sd_k * inflation;
    let clear_k = (CLEAR * noise.sd_k).clamp(CLEAR_K.0, CLEAR_K.1);
    let mut last: [Option<(f64, Vector, f64)>; 2] = [None, None];
    let mut rows = Vec::with_capacity(samples.len());
    for s in samples {
        let day = mid_of(s.day);
        let excess_k = trend.map_or(0.0, |t| t.excess_k(day));
        let (residual_k, weight, row) = baseline.compare(&s.at, excess_k, s.td_c, clear_k);
        let gain = weight * s.at.excess_gain();
        let huber = (HUBER / (residual_k.abs() / noise.sd_k).max(HUBER)).sqrt();
        let scaled = |value: f64| value * huber / sd_k;
        let raw_target = scaled(residual_k + gain * excess_k);
        let raw_row: Vector = row.map(scaled);
        let slot = &mut last[usize::from(s.series == Series::Cool)];
        let (carry, scale) = slot.map_or((0.0, 1.0), |(before, ..)| {
            let carry = persisting(noise.rho, day - before);
            (carry, (1.0 - carry * carry).max(0.05).sqrt().recip())
        });
        let (prev_row, prev_target) = slot.map_or(([0.0; TERMS], 0.0), |(_, row, target)| (row, target));
        rows.push(Row {
            row: std::array::from_fn(|i| (raw_row[i] - carry * prev_row[i]) * scale),
            gain: scaled(gain),
            target: (raw_target - carry * prev_target) * scale,
            day,
            carry,
            scale,
            series: s.series,
        });
        *slot = Some((day, raw_row, raw_target));
    }
    rows
}

/// The whitened column of an excess that grows as `shape(day)`.
pub(crate) fn column<'a>(rows: &'a [Row], shape: impl Fn(f64) -> f64 + 'a) -> impl Iterator<Item = f64> + 'a {
    let mut last = [0.0; 2];
    rows.iter().map(move |r| {
        let raw = r.gain * shape(r.day);
        let slot = &mut last[usize::from(r.series == Series::Cool)];
        let white = (raw - r.carry * *slot) * r.scale;
        *slot = raw;
        white
    })
}

/// Share of an error that is left after some whole days. Beyond a fortnight nothing is.
fn persisting(rho: f64, days: f64) -> f64 {
    if days == 1.0 { rho } else { rho.powi(days.clamp(0.0, 99.0) as i32) }
}

/// A hinge, the rows that it gives, and how badly it fits them.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) baseline: Baseline,
    pub(crate) rows: Vec<Row>,
    /// Whitened squares of what baseline and trend leave unexplained, and of the distance to the prior.
    cost: f64,
}

/// What a fit works with, beside the hinge that it moves.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) samples: &'a [Sample],
    pub(crate) trend: Option<&'a Trend>,
    pub(crate) noise: Noise,
    pub(crate) prior: &'a Belief,
}

/// Robust weights move with the step, so a good step may look a little worse.
const WORSE_AT_MOST: f64 = 1.02;

/// Takes up to `steps` Gauss-Newton steps from `start`, each halved until it does not make things worse.
pub(crate) fn refine(given: Given<'_>, start: Baseline, steps: usize) -> Fitted {
    let mut best = given.at(start);
    for _ in 0..steps {
        let full = given.full_step(&best);
        let tried = |share: f64| {
            let theta = std::array::from_fn(|j| best.baseline.theta[j] + share * (full.theta[j] - best.baseline.theta[j]));
            given.at(Baseline { theta })
        };
        let better = [1.0, 0.4, 0.15].into_iter().map(tried).find(|tried| tried.cost < WORSE_AT_MOST * best.cost);
        let Some(better) = better else { break };
        best = better;
    }
    best
}

impl Given<'_> {
    /// The fit of a given hinge.
    pub(crate) fn at(&self, baseline: Baseline) -> Fitted {
        let rows = rows(self.samples, &baseline, self.trend, self.noise);
        let explained = column(&rows, |day| self.trend.map_or(0.0, |t| t.excess_k(day)));
        let left: f64 = rows.iter().zip(explained).map(|(r, explained)| (r.target - explained).powi(2)).sum();
        let prior = self.prior;
        let away: f64 = (0..TERMS).map(|j| ((baseline.theta[j] - prior.mean[j]) / prior.sd[j]).powi(2)).sum();
        Fitted { baseline, rows, cost: left + away }
    }

    /// A whole Gauss-Newton step, with the trend's coefficient free as well when there is a trend.
    fn full_step(&self, from: &Fitted) -> Baseline {
        let (rows, prior, baseline) = (&from.rows, self.prior, &from.baseline);
        let growth: Option<Vec<f64>> = self.trend.map(|t| column(rows, |day| t.excess_k(day)).collect());
        // A window in which the trend cannot be seen at all would leave its column empty and the system singular.
        let growth = growth.filter(|column| column.iter().map(|v| v * v).sum::<f64>() > 1e-6);
        let mut x = Array2::<f64>::zeros((rows.len() + TERMS, TERMS + usize::from(growth.is_some())));
        let mut y = Array1::<f64>::zeros(rows.len() + TERMS);
        for (i, r) in rows.iter().enumerate() {
            r.row.iter().enumerate().for_each(|(j, &v)| x[[i, j]] = v);
            y[i] = r.target;
        }
        growth.iter().flatten().enumerate().for_each(|(i, &value)| x[[i, TERMS]] = value);
        for j in 0..TERMS {
            x[[rows.len() + j, j]] = prior.sd[j].recip();
            y[rows.len() + j] = (prior.mean[j] - baseline.theta[j]) / prior.sd[j];
        }
        match LinearRegression::new().with_intercept(false).fit(&Dataset::new(x, y)) {
            Ok(fitted) => {
                let change: Vector =
                    std::array::from_fn(|j| fitted.params()[j].clamp(-2.0 * prior.sd[j], 2.0 * prior.sd[j]));
                Baseline { theta: std::array::from_fn(|j| baseline.theta[j] + change[j]) }.bounded()
            }
            // linfa gives up only on a matrix that rounding made singular; yesterday's hinge is then the best there is.
            Err(_) => *baseline,
        }
    }
}

/// Error of the fit and its persistence from one day to the next, shrunk towards what the ambient source suggests.
pub(crate) fn noise_of(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, source: AmbientSource) -> Noise {
    let prior = Noise { sd_k: source.prior_sd_k(), rho: source.prior_rho() };
    let clip_k = 3.0 * prior.sd_k.max(1.0);
    let hot: Vec<(f64, f64)> = hot_residuals(samples, baseline, trend)
        .map(|(day, residual_k, _)| (f64::from(day), residual_k.clamp(-clip_k, clip_k)))
        .collect();
    let square: f64 = hot.iter().map(|(_, r)| r * r).sum();
    let sd_k = ((NOISE_PRIOR_DAYS * prior.sd_k * prior.sd_k + square) / (NOISE_PRIOR_DAYS + hot.len() as f64)).sqrt();
    let (cross, pairs) =
        hot.windows(2).filter(|w| w[1].0 - w[0].0 < 1.5).fold((0.0, 0.0), |(c, n), w| (c + w[0].1 * w[1].1, n + 1.0));
    let rho = (NOISE_PRIOR_DAYS * prior.rho + cross / (sd_k * sd_k)) / (NOISE_PRIOR_DAYS + pairs);
    Noise { sd_k: sd_k.clamp(0.6, SD_MAX * prior.sd_k), rho: rho.clamp(0.3, source.rho_max()) }
}

/// Day, residual in K and saturated weight of every hot point.
pub(crate) fn hot_residuals<'a>(
    samples: &'a [Sample],
    baseline: &'a Baseline,
    trend: Option<&'a Trend>,
) -> impl Iterator<Item = (Day, f64, f64)> + 'a {
    samples.iter().filter(|s| s.series == Series::Hot).map(move |s| {
        let expected = baseline.expect(&s.at, trend.map_or(0.0, |t| t.excess_k(mid_of(s.day))));
        (s.day, s.td_c - expected.td_c, expected.weight)
    })
}

/// A day's points speak of about its middle.
fn mid_of(day: Day) -> f64 {
    f64::from(day) + 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Conditions;

    /// A machine that follows the lumped model's clean curve, hot and cool points of sixty days.
    fn clean_machine() -> Vec<Sample> {
        let table = [
            (0.0, 75.3),
            (5.0, 75.9),
            (10.0, 76.8),
            (15.0, 77.9),
            (20.0, 79.4),
            (25.0, 81.5),
            (30.0, 84.5),
            (35.0, 90.0),
        ];
        let td_at = |ta_c: f64| {
            let place = (ta_c / 5.0).floor().clamp(0.0, 6.0) as usize;
            let ((x0, y0), (x1, y1)) = (table[place], table[place + 1]);
            y0 + (y1 - y0) * (ta_c - x0) / (x1 - x0)
        };
        let wave = |day: u16| 20.0 + 10.0 * f64::sin(f64::from(day) * 0.35);
        (0..60)
            .flat_map(|day| [(day, Series::Hot, wave(day) + 4.0), (day, Series::Cool, wave(day) - 4.0)])
            .map(|(day, series, ta_c)| {
                let at = Conditions { ta_c, ..Conditions::default() };
                Sample { day, series, td_c: td_at(ta_c), at, peak_over_k: 0.0 }
            })
            .collect()
    }

    #[test]
    fn the_fit_finds_the_lumped_model_within_half_a_kelvin() {
        let samples = clean_machine();
        let noise = Noise { sd_k: 0.9, rho: 0.5 };
        let given = Given { samples: &samples, trend: None, noise, prior: &Belief::FLEET };
        let baseline = refine(given, Baseline::from_mean(&Belief::FLEET), 8).baseline;
        let worst = samples.iter().map(|s| (baseline.expect(&s.at, 0.0).td_c - s.td_c).abs()).fold(0.0, f64::max);
        assert!(worst < 0.8, "off by {worst:.2} K with {:.2?}", baseline.theta);
    }
}
