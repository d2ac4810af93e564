//! Since when, how fast and of what shape: a mixture over onsets and powers, each weighed by its evidence.
//!
//! The baseline's coefficients stay free in every alternative, so an excess that a slightly different hinge explains as
//! well gains no evidence. For every onset and power the coefficient's posterior and marginal likelihood are closed-form:
//! the shared part of the normal equations is factored once, each alternative adds one column (Schur complement). The
//! coefficient's prior is half-normal: coolers do not clog backwards.

use super::baseline::{Baseline, Belief, TERMS};
use super::fit::{Row, column};
use super::linear::{Cholesky, Vector, dot};
use super::trend::{POWER_PRIOR, coefficient_scale, growth};
use crate::sd::day::Day;

/// At most so many alternatives are carried into the forecast.
const KEPT: usize = 16;
/// Onsets closer to now than this cannot be told from a single odd day.
const YOUNGEST_DAYS: f64 = 2.0;

/// One alternative: an onset and a power, with the posterior of its coefficient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alternative {
    pub(crate) onset_day: f64,
    pub(crate) power: usize,
    /// Posterior probability among the kept alternatives.
    pub(crate) weight: f64,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    /// How the coefficient pulls on the baseline's coefficients.
    pub(crate) coupling: Vector,
}

/// What the scan found.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// Log Bayes factor of "an excess grows" against "none does".
    pub(crate) log_bf: f64,
    pub(crate) alternatives: Vec<Alternative>,
    /// Posterior step of the baseline without any excess.
    pub(crate) baseline_step: Vector,
    pub(crate) factor: Cholesky,
}

/// Weighs all onsets between `first` and `today`.
pub(crate) fn scan(rows: &[Row], baseline: &Baseline, prior: &Belief, first: Day, today: Day) -> Scan {
    let (matrix, right) = normal_equations(rows, baseline, prior);
    let factor = Cholesky::new(&matrix);
    let half_right = factor.half_solve(&right);
    let onsets = onsets(f64::from(first), f64::from(today));
    let mut found: Vec<(f64, Alternative)> = Vec::with_capacity(onsets.len() * POWER_PRIOR.len());
    for &(onset_day, share) in &onsets {
        for (power, prior) in POWER_PRIOR.into_iter().enumerate() {
            let (log_evidence, alternative) = weigh(rows, &factor, &half_right, onset_day, power);
            found.push((log_evidence + (share * prior).ln(), alternative));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = found.first().map_or(0.0, |(log, _)| *log);
    let total: f64 = found.iter().map(|(log, _)| (log - best).exp()).sum();
    let log_bf = if found.is_empty() { 0.0 } else { best + total.ln() };
    found.truncate(KEPT);
    let kept: f64 = found.iter().map(|(log, _)| (log - best).exp()).sum();
    let alternatives =
        found.into_iter().map(|(log, a)| Alternative { weight: (log - best).exp() / kept, ..a }).collect();
    Scan { log_bf, alternatives, baseline_step: factor.solve(&right), factor }
}

/// The onset before which half of the posterior lies.
pub(crate) fn median_onset(scan: &Scan) -> Option<f64> {
    let mut onsets: Vec<(f64, f64)> = scan.alternatives.iter().map(|a| (a.onset_day, a.weight)).collect();
    onsets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut so_far = 0.0;
    onsets
        .into_iter()
        .find(|(_, weight)| {
            so_far += weight;
            so_far >= 0.5
        })
        .map(|(onset, _)| onset)
}

fn normal_equations(rows: &[Row], baseline: &Baseline, prior: &Belief) -> ([Vector; TERMS], Vector) {
    let mut matrix = [[0.0; TERMS]; TERMS];
    let mut right = [0.0; TERMS];
    for i in 0..TERMS {
        let precision = prior.sd[i].powi(-2);
        matrix[i][i] = precision;
        right[i] = precision * (prior.mean[i] - baseline.theta[i]);
    }
    for r in rows {
        for i in 0..TERMS {
            right[i] += r.row[i] * r.target;
            for (sum, x) in matrix[i].iter_mut().zip(&r.row).take(i + 1) {
                *sum += r.row[i] * x;
            }
        }
    }
    (matrix, right)
}

/// Onsets with their prior shares: dense near now, sparse long ago, uniform in time.
fn onsets(first: f64, today: f64) -> Vec<(f64, f64)> {
    let mut onsets = Vec::new();
    let mut onset = today - YOUNGEST_DAYS;
    while onset >= first - 1.0 {
        let age = today - onset;
        let step = if age < 14.0 {
            1.0
        } else if age < 40.0 {
            2.0
        } else {
            5.0
        };
        onsets.push((onset, step));
        onset -= step;
    }
    let total: f64 = onsets.iter().map(|(_, step)| step).sum();
    onsets.iter_mut().for_each(|(_, share)| *share /= total.max(1.0));
    onsets
}

fn weigh(rows: &[Row], factor: &Cholesky, half_right: &Vector, onset_day: f64, power: usize) -> (f64, Alternative) {
    let (mut with_row, mut with_self, mut with_target) = ([0.0; TERMS], 0.0, 0.0);
    // Rows are in order of days: before the onset the column is zero.
    let from = rows.partition_point(|r| r.day <= onset_day);
    for (r, value) in rows[from..].iter().zip(column(&rows[from..], |day| growth(power, day - onset_day))) {
        for (sum, &x) in with_row.iter_mut().zip(&r.row) {
            *sum += value * x;
        }
        with_self += value * value;
        with_target += value * r.target;
    }
    let half = factor.half_solve(&with_row);
    let information = (with_self - dot(&half, &half)).max(0.0);
    let score = with_target - dot(&half, half_right);
    let prior_precision = coefficient_scale(power).powi(-2);
    let variance = (information + prior_precision).recip();
    let (mean, sd) = (variance * score, variance.sqrt());
    let z = mean / sd;
    // Half-normal prior: 2 * (prior sd)^-1 * sd * exp(z^2 / 2) * Phi(z).
    let log_evidence = (2.0 * prior_precision.sqrt() * sd).ln() + 0.5 * z * z + log_normal_cdf(z);
    let (mean, sd) = truncated(mean, sd);
    (log_evidence, Alternative { onset_day, power, weight: 0.0, mean, sd, coupling: factor.solve(&with_row) })
}

/// Mean and sd of a normal cut off below zero.
fn truncated(mean: f64, sd: f64) -> (f64, f64) {
    let z = mean / sd;
    if z > 4.0 {
        return (mean, sd);
    }
    let ratio = if z < -8.0 { -z } else { (-0.5 * z * z).exp() / (std::f64::consts::TAU.sqrt() * normal_cdf(z)) };
    ((mean + sd * ratio).max(0.0), sd * (1.0 - ratio * (ratio + z)).max(0.01).sqrt())
}

/// Standard normal distribution function (Abramowitz and Stegun 7.1.26 through erfc, error below 2e-7).
pub(crate) fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * series * (-x * x).exp();
    if z > 0.0 { 1.0 - upper } else { upper }
}

fn log_normal_cdf(z: f64) -> f64 {
    if z < -6.0 {
        // Leading term of the asymptotic series; normal_cdf has no digits left here.
        return -0.5 * z * z - (-z * std::f64::consts::TAU.sqrt()).ln();
    }
    normal_cdf(z).max(1e-300).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_function_at_known_places() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.96, 0.024_997_9), (-8.0, 6e-16)] {
            assert!((normal_cdf(z) - p).abs() < 3e-7, "{z}");
        }
        assert!((log_normal_cdf(-6.1) - log_normal_cdf(-5.9)).abs() < 1.5, "the two branches meet");
    }

    #[test]
    fn onsets_share_the_whole_prior() {
        let total: f64 = onsets(100.0, 200.0).iter().map(|(_, share)| share).sum();
        assert!((total - 1.0).abs() < 1e-9);
    }
}
