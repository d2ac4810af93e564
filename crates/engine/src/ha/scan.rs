//! Since when, how fast and of what shape: a mixture over onsets and laws of growth, each weighed by its evidence.
//!
//! The baseline's coefficients stay free in every alternative, so an excess that a slightly different hinge explains as
//! well gains no evidence. For every onset and law the coefficient's posterior and marginal likelihood are closed-form:
//! the shared part of the normal equations is factored once, each alternative adds one column (Schur complement). Days are
//! turned by that factor once, so that the shared part is the identity and a column's overlap with it is ready for use. The
//! coefficient's prior is a Gaussian cut off below zero: coolers do not clog backwards.
//!
//! A first look weighs polynomials at all onsets from suffix sums, which costs next to nothing; only where it sees
//! something are all laws weighed at the onsets that remain.

use std::sync::LazyLock;

use super::baseline::{Baseline, TERMS};
use super::linear::{Cholesky, Vector, dot};
use super::memory::Prior;
use super::moments::{GrowthDay, Moments, by_day};
use super::rows::Row;
use super::trend::{FIRST_LOOK, LAWS, SHAPES, Shape, Trend};
use crate::sd::day::{DAYS_KEPT, Day};

/// At most so many alternatives are carried into the forecast.
const KEPT: usize = 24;
/// Onsets closer to now than this cannot be told from a single odd day.
const YOUNGEST_DAYS: f64 = 2.0;
/// Evidence of the first look from which all laws are weighed.
pub(super) const LOOK_CLOSER: f64 = -1.0;
/// Onsets this much less probable than the best (nats) are left out of the closer look.
const REMOTE: f64 = 7.0;
/// The closer look weighs at most so many onsets, and where the first saw hardly anything no more than half of them: one onset
/// is then as good as the next.
const ONSETS_CLOSE: usize = 18;
const HARDLY_ANYTHING: f64 = 1.0;

/// One alternative: an onset and a law, with the posterior of its coefficient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alternative {
    pub(crate) onset_day: f64,
    /// Place of the law in [`SHAPES`].
    pub(crate) shape: usize,
    /// Posterior probability among the kept alternatives.
    pub(crate) weight: f64,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    /// How the coefficient pulls on the baseline's coefficients.
    pub(crate) coupling: Vector,
}

impl Alternative {
    /// Growth at a day, for a coefficient of one.
    pub(crate) fn growth(&self, day: f64) -> f64 {
        SHAPES[self.shape].law.growth(day - self.onset_day)
    }

    /// Squares by which the likeliest coefficient misses what is believed of it.
    pub(crate) const fn miss(&self) -> f64 {
        let shape = &SHAPES[self.shape];
        let sds = (self.mean - shape.mean) / shape.sd;
        sds * sds
    }

    /// The same with its likeliest coefficient.
    pub(crate) const fn trend(&self) -> Trend {
        Trend { onset_day: self.onset_day, shape: self.shape as u8, coefficient: self.mean as f32 }
    }

    /// Growth per day at a day, for a coefficient of one.
    pub(crate) fn growth_rate(&self, day: f64) -> f64 {
        SHAPES[self.shape].law.growth_rate(day - self.onset_day)
    }
}

/// What the scan found.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// Log Bayes factor of "an excess grows" against "none does".
    pub(crate) log_bf: f64,
    /// The same less what the likeliest alternative gains where it fits best: what onset, law and coefficient cost by being free.
    pub(crate) freedom: f64,
    /// Most probable first; none when nothing was seen.
    pub(crate) alternatives: Vec<Alternative>,
    /// Posterior step of the baseline without any excess.
    pub(crate) baseline_step: Vector,
    pub(crate) factor: Cholesky,
}

/// What a column for some growth has in common with the rest of the normal equations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overlap {
    pub(crate) with_row: Vector,
    pub(crate) with_self: f64,
    pub(crate) with_target: f64,
}

/// What is believed of a law before looking, as the weighing of many onsets needs it.
#[derive(Clone, Copy, Debug)]
struct Believed {
    shape: Shape,
    log_share: f64,
    precision: f64,
    /// Its mean in standard deviations, and the log of the share of the belief that lies above zero.
    z: f64,
    log_above: f64,
}

impl Believed {
    fn of(shape: Shape) -> Self {
        let z = shape.mean / shape.sd;
        Self { shape, log_share: shape.share.ln(), precision: shape.sd.powi(-2), z, log_above: log_normal_cdf(z) }
    }
}

/// Posterior of one coefficient, before it is cut off below zero.
#[derive(Clone, Copy, Debug)]
struct Posterior {
    /// Of the law's share as well.
    log_evidence: f64,
    /// Log likelihood, with what is believed of the coefficient, at its best over that without any growth.
    gain: f64,
    mean: f64,
    sd: f64,
}

impl Scan {
    /// Lets all evidence count `trust` times: for a growth at all, for one law against another, and for its coefficient.
    pub(crate) fn trust(&mut self, trust: f64) {
        self.log_bf *= trust;
        self.freedom *= trust;
        let total: f64 = self.alternatives.iter().map(|a| a.weight.powf(trust)).sum();
        for a in &mut self.alternatives {
            a.weight = a.weight.powf(trust) / total.max(f64::MIN_POSITIVE);
            a.sd /= trust.sqrt();
        }
    }
}

/// Weighs all onsets between `first` and `today`.
pub(crate) fn scan(rows: &[Row], baseline: &Baseline, prior: &Prior, first: Day, today: Day) -> Scan {
    let (matrix, right) = normal_equations(rows, baseline, prior);
    let factor = Cholesky::new(&matrix);
    let half_right = factor.half_solve(&right);
    let days = by_day(rows, &factor);
    let onsets = onsets(f64::from(first), f64::from(today));
    let by_onset = first_look(&days, &half_right, &onsets, f64::from(today));
    let log_bf = log_sum(by_onset.iter().copied());
    let mut scan = Scan { log_bf, freedom: 0.0, alternatives: Vec::new(), baseline_step: factor.solve(&right), factor };
    if log_bf > LOOK_CLOSER {
        let at_most = if log_bf > HARDLY_ANYTHING { ONSETS_CLOSE } else { ONSETS_CLOSE / 2 };
        closer_look(&mut scan, &days, &half_right, &remaining(&onsets, &by_onset, at_most));
    }
    scan
}

/// Log evidence, prior included, of every onset over the laws of the first look.
fn first_look(days: &[GrowthDay], half_right: &Vector, onsets: &[(f64, f64)], today: f64) -> Vec<f64> {
    let (mut moments, believed) = (Moments::new(days, today), FIRST_LOOK.map(Believed::of));
    onsets
        .iter()
        .map(|&(onset_day, share)| {
            let overlaps = moments.overlaps(onset_day);
            let log = |(believed, overlap)| posterior(believed, overlap, half_right).log_evidence;
            share.ln() + log_sum(believed.iter().zip(&overlaps).map(log))
        })
        .collect()
}

/// The onsets worth a closer look, thinned to `at_most`, with their prior shares.
fn remaining(onsets: &[(f64, f64)], by_onset: &[f64], at_most: usize) -> Vec<(f64, f64)> {
    let best = by_onset.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let near: Vec<(f64, f64)> =
        onsets.iter().zip(by_onset).filter(|(_, log)| best - **log < REMOTE).map(|(onset, _)| *onset).collect();
    let stride = near.len().div_ceil(at_most).max(1);
    near.chunks(stride).map(|few| (few[few.len() / 2].0, few.iter().map(|(_, share)| share).sum())).collect()
}

fn closer_look(scan: &mut Scan, days: &[GrowthDay], half_right: &Vector, onsets: &[(f64, f64)]) {
    let mut found: Vec<(Posterior, f64, usize, Vector)> = Vec::with_capacity(onsets.len() * LAWS);
    let believed = SHAPES.map(Believed::of);
    for &(onset_day, share) in onsets {
        let log_share = share.ln();
        for (shape, (believed, overlap)) in believed.iter().zip(overlaps(days, onset_day)).enumerate() {
            let mut posterior = posterior(believed, &overlap, half_right);
            posterior.log_evidence += log_share;
            found.push((posterior, onset_day, shape, overlap.with_row));
        }
    }
    let log_sum_of = |found: &[(Posterior, f64, usize, Vector)]| log_sum(found.iter().map(|(p, ..)| p.log_evidence));
    scan.log_bf = log_sum_of(&found);
    let likelier = |(a, ..): &(Posterior, f64, usize, Vector), (b, ..): &(Posterior, f64, usize, Vector)| {
        b.log_evidence.total_cmp(&a.log_evidence)
    };
    if found.len() > KEPT {
        found.select_nth_unstable_by(KEPT, likelier);
        found.truncate(KEPT);
    }
    found.sort_unstable_by(likelier);
    scan.freedom = found.first().map_or(0.0, |(best, ..)| scan.log_bf - best.gain);
    let kept = log_sum_of(&found);
    let alternative = |(posterior, onset_day, shape, half): (Posterior, f64, usize, Vector)| {
        let (mean, sd) = truncated(posterior.mean, posterior.sd);
        let coupling = scan.factor.half_solve_transposed(&half);
        Alternative { onset_day, shape, weight: (posterior.log_evidence - kept).exp(), mean, sd, coupling }
    };
    scan.alternatives = found.into_iter().map(alternative).collect();
}

/// What is this much less probable than the best (nats) adds nothing that a double holds.
const NOTHING: f64 = 40.0;

fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let best = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    let shares = || logs.map(|log| log - best).filter(|log| *log > -NOTHING).map(f64::exp);
    if best.is_finite() { best + shares().sum::<f64>().ln() } else { 0.0 }
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

fn normal_equations(rows: &[Row], baseline: &Baseline, prior: &Prior) -> ([Vector; TERMS], Vector) {
    let mut matrix = [[0.0; TERMS]; TERMS];
    let mut right = [0.0; TERMS];
    let believed = prior.root.iter().zip(prior.misses(baseline));
    for (row, target) in believed.chain(rows.iter().map(|r| (&r.row, r.target))) {
        for i in 0..TERMS {
            right[i] += row[i] * target;
            for (sum, x) in matrix[i].iter_mut().zip(row) {
                *sum += row[i] * x;
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

/// Growth of every law by whole days of age, each in its middle: rows lie in the middle of a day, onsets at the start of one, the
/// earliest a day before what is kept.
static GROWTHS: LazyLock<[[f64; LAWS]; DAYS_KEPT + 2]> =
    LazyLock::new(|| std::array::from_fn(|age| SHAPES.map(|shape| shape.law.growth(age as f64 + 0.5))));

/// Every law's overlaps, all laws side by side in one pass over the days.
fn overlaps(days: &[GrowthDay], onset_day: f64) -> [Overlap; LAWS] {
    let (mut with_row, mut with_self, mut with_target) = ([[0.0; LAWS]; TERMS], [0.0; LAWS], [0.0; LAWS]);
    let growths = |day: &GrowthDay| &GROWTHS[(day.day - onset_day) as usize];
    // Before the onset there is no growth.
    for day in &days[days.partition_point(|d| d.day <= onset_day)..] {
        let own = growths(day);
        let pairs = day.pairs(own, |next| growths(&days[next]));
        for law in 0..LAWS {
            with_self[law] += own[law] * pairs[law];
            with_target[law] += own[law] * day.with_target;
        }
        for (sums, x) in with_row.iter_mut().zip(day.with_row) {
            sums.iter_mut().zip(own).for_each(|(sum, growth)| *sum += growth * x);
        }
    }
    std::array::from_fn(|law| Overlap {
        with_row: with_row.map(|sums| sums[law]),
        with_self: with_self[law],
        with_target: with_target[law],
    })
}

#[cfg(test)]
impl Overlap {
    /// The same for one growth by the day, in a pass of its own: the slow way that the fast ones must agree with.
    pub(crate) fn of(rows: &[Row], onset_day: f64, growth: impl Fn(f64) -> f64) -> Self {
        let rows = &rows[rows.partition_point(|r| r.day <= onset_day)..];
        let mut overlap = Self::default();
        for (r, value) in rows.iter().zip(super::rows::column(rows, |day| growth(day - onset_day))) {
            overlap.with_row.iter_mut().zip(&r.row).for_each(|(sum, &x)| *sum += value * x);
            overlap.with_self += value * value;
            overlap.with_target += value * r.target;
        }
        overlap
    }

    /// Whether both are the same but for rounding.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (1.0 + b.abs());
        close(self.with_self, other.with_self)
            && close(self.with_target, other.with_target)
            && self.with_row.iter().zip(&other.with_row).all(|(a, b)| close(*a, *b))
    }
}

/// `overlap` is that with turned days.
fn posterior(believed: &Believed, overlap: &Overlap, half_right: &Vector) -> Posterior {
    let Believed { shape, log_share, precision, z: prior_z, log_above } = *believed;
    let half = &overlap.with_row;
    let information = (overlap.with_self - dot(half, half)).max(0.0);
    let score = overlap.with_target - dot(half, half_right);
    let variance = (information + precision).recip();
    let (mean, sd) = (variance * (score + precision * shape.mean), variance.sqrt());
    let z = mean / sd;
    let log_evidence =
        log_share + (sd / shape.sd).ln() + 0.5 * (z * z - prior_z * prior_z) + log_normal_cdf(z) - log_above;
    let gain = 0.5 * (z.max(0.0).powi(2) - prior_z * prior_z);
    Posterior { log_evidence, gain, mean, sd }
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
    if z > 6.0 {
        return 0.0;
    }
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
    fn distrust_blurs_what_is_told_apart() {
        let alternative =
            |weight: f64| Alternative { onset_day: 10.0, shape: 1, weight, mean: 1.0, sd: 0.2, coupling: [0.0; TERMS] };
        let factor = crate::ha::moments::tests::unturned();
        let found = Scan {
            log_bf: 8.0,
            freedom: -3.0,
            alternatives: vec![alternative(0.8), alternative(0.2)],
            baseline_step: [0.0; TERMS],
            factor,
        };
        for (trust, most_likely, sd) in [(1.0, 0.8, 0.2), (0.5, 2.0 / 3.0, 0.283), (2.0, 0.941, 0.141)] {
            let mut scan = found.clone();
            scan.trust(trust);
            let [first, second] = [0, 1].map(|i| scan.alternatives[i]);
            assert!((first.weight - most_likely).abs() < 1e-3 && (first.sd - sd).abs() < 1e-3, "{trust}: {first:?}");
            assert!((first.weight + second.weight - 1.0).abs() < 1e-12 && (scan.log_bf - 8.0 * trust).abs() < 1e-12);
        }
    }

    #[test]
    fn laws_side_by_side_agree_with_a_pass_for_each() {
        let rows = crate::ha::moments::tests::rows();
        let days = by_day(&rows, &crate::ha::moments::tests::unturned());
        for onset_day in [99.0, 104.0, 122.0] {
            for (shape, fast) in SHAPES.iter().zip(overlaps(&days, onset_day)) {
                let slow = Overlap::of(&rows, onset_day, |age_days| shape.law.growth(age_days));
                assert!(slow.with_self > 0.0 && fast.agrees(&slow), "{onset_day} {:?}: {fast:?} {slow:?}", shape.law);
            }
        }
    }

    #[test]
    fn onsets_share_the_whole_prior() {
        let total: f64 = onsets(100.0, 200.0).iter().map(|(_, share)| share).sum();
        assert!((total - 1.0).abs() < 1e-9);
    }
}
