//! The daily fit of the hinge: one Gauss-Newton step per day from yesterday's coefficients, solved by linfa.
//!
//! Rows are robust (Huber) and whitened for the day-to-day persistence of errors. The prior enters as rows of its own,
//! so ordinary least squares gives the posterior mode; a machine without history simply keeps the fleet's hinge.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Belief, TERMS};
use super::linear::{Vector, dot};
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
/// Hot and cool points of one day share most of their error, so two count as about this many.
const POINTS_PER_DAY: f64 = 1.3;

/// Residuals of all samples under a baseline and trend, K, with the derivative row and gain of each.
fn linearise(
    samples: &[Sample],
    baseline: &Baseline,
    trend: Option<&Trend>,
) -> impl Iterator<Item = (f64, Vector, f64)> {
    samples.iter().map(move |s| {
        let excess_k = trend.map_or(0.0, |t| t.excess_k(mid_of(s.day)));
        let expected = baseline.expect(&s.at, excess_k);
        (s.td_c - expected.td_c, expected.row, expected.weight * s.at.excess_gain())
    })
}

/// Whitened rows of the window, linearised at `baseline` with `trend` in place. The target still holds the trend's own
/// contribution, so that a column for any trend competes on equal terms.
pub(crate) fn rows(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, noise: Noise) -> Vec<Row> {
    let two_series = samples.iter().any(|s| s.series == Series::Cool);
    let inflation = if two_series { (2.0 / POINTS_PER_DAY).sqrt() } else { 1.0 };
    let sd_k = noise.sd_k * inflation;
    let mut last: [Option<(f64, Vector, f64)>; 2] = [None, None];
    let mut rows = Vec::with_capacity(samples.len());
    for (s, (residual_k, row, gain)) in samples.iter().zip(linearise(samples, baseline, trend)) {
        let day = mid_of(s.day);
        let excess_k = trend.map_or(0.0, |t| t.excess_k(day));
        let huber = (HUBER / (residual_k.abs() / noise.sd_k).max(HUBER)).sqrt();
        let scaled = |value: f64| value * huber / sd_k;
        let raw_target = scaled(residual_k + gain * excess_k);
        let raw_row: Vector = row.map(scaled);
        let slot = &mut last[usize::from(s.series == Series::Cool)];
        let (carry, scale) = slot.map_or((0.0, 1.0), |(before, ..)| {
            let carry = noise.rho.powf(day - before);
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

/// One damped Gauss-Newton step, with the trend's coefficient free as well when there is a trend.
pub(crate) fn step(
    samples: &[Sample],
    baseline: Baseline,
    trend: Option<&Trend>,
    noise: Noise,
    prior: &Belief,
) -> Baseline {
    let rows = rows(samples, &baseline, trend, noise);
    let free = TERMS + usize::from(trend.is_some());
    let mut x = Array2::<f64>::zeros((rows.len() + TERMS, free));
    let mut y = Array1::<f64>::zeros(rows.len() + TERMS);
    for (i, r) in rows.iter().enumerate() {
        r.row.iter().enumerate().for_each(|(j, &v)| x[[i, j]] = v);
        y[i] = r.target;
    }
    if let Some(t) = trend {
        for (i, value) in column(&rows, |day| t.excess_k(day)).enumerate() {
            x[[i, TERMS]] = value;
        }
        // A window in which the trend cannot be seen at all would leave its column empty and the system singular.
        y[rows.len()] = 0.0;
    }
    for j in 0..TERMS {
        x[[rows.len() + j, j]] = prior.sd[j].recip();
        y[rows.len() + j] = (prior.mean[j] - baseline.theta[j]) / prior.sd[j];
    }
    if trend.is_some() && x.column(TERMS).iter().map(|v| v * v).sum::<f64>() < 1e-6 {
        return step(samples, baseline, None, noise, prior);
    }
    match LinearRegression::new().with_intercept(false).fit(&Dataset::new(x, y)) {
        Ok(fitted) => {
            let change: Vector =
                std::array::from_fn(|j| fitted.params()[j].clamp(-2.0 * prior.sd[j], 2.0 * prior.sd[j]));
            Baseline { theta: std::array::from_fn(|j| baseline.theta[j] + change[j]) }.bounded()
        }
        // linfa gives up only on a matrix that rounding made singular; yesterday's hinge is then the best there is.
        Err(_) => baseline,
    }
}

/// Error of the fit and its persistence from one day to the next, shrunk towards what the ambient source suggests.
pub(crate) fn noise_of(samples: &[Sample], baseline: &Baseline, trend: Option<&Trend>, source: AmbientSource) -> Noise {
    let prior = Noise { sd_k: source.prior_sd_k(), rho: source.prior_rho() };
    let clip_k = 3.0 * prior.sd_k.max(1.0);
    let hot: Vec<(f64, f64)> = samples
        .iter()
        .zip(linearise(samples, baseline, trend))
        .filter(|(s, _)| s.series == Series::Hot)
        .map(|(s, (residual_k, ..))| (f64::from(s.day), residual_k.clamp(-clip_k, clip_k)))
        .collect();
    let square: f64 = hot.iter().map(|(_, r)| r * r).sum();
    let sd_k = ((NOISE_PRIOR_DAYS * prior.sd_k * prior.sd_k + square) / (NOISE_PRIOR_DAYS + hot.len() as f64)).sqrt();
    let (cross, pairs) =
        hot.windows(2).filter(|w| w[1].0 - w[0].0 < 1.5).fold((0.0, 0.0), |(c, n), w| (c + w[0].1 * w[1].1, n + 1.0));
    let rho = (NOISE_PRIOR_DAYS * prior.rho + cross / (sd_k * sd_k)) / (NOISE_PRIOR_DAYS + pairs);
    Noise { sd_k: sd_k.max(0.6), rho: rho.clamp(0.3, 0.93) }
}

/// Mean residual of the hot points from `from` on that the saturated branch explains, K, with their number.
pub(crate) fn recent_residual_k(
    samples: &[Sample],
    baseline: &Baseline,
    trend: Option<&Trend>,
    from: Day,
) -> Vec<(Day, f64, f64)> {
    samples
        .iter()
        .zip(linearise(samples, baseline, trend))
        .filter(|(s, _)| s.series == Series::Hot && s.day >= from)
        .map(|(s, (residual_k, row, _))| (s.day, residual_k, dot(&row, &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])))
        .collect()
}

/// A day's points speak of about its middle.
fn mid_of(day: Day) -> f64 {
    f64::from(day) + 0.5
}
