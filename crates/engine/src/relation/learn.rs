//! Learns a relation and, from stretches left out in turn, how far it can be trusted.

use super::delays::{Delay, Steps};
use super::matrix::{Factor, add_outer, dot};
use super::slots::Window;
use super::terms::{Companion, Terms};

/// Stretches of the learning window that are left out in turn.
const FOLDS: usize = 7;

/// Slots that a stretch needs.
const FOLD_SLOTS_MIN: usize = 4;

/// Slots per term at least; fewer would fit the noise.
const SLOTS_PER_TERM: usize = 3;

/// Ridge on the standardised terms, in slots: a weight of one spread per spread is worth one observation.
const RIDGE: f64 = 1.0;

/// More terms must predict better by this factor.
const WORTH_IT: f64 = 0.99;

/// Share of the variance of left-out stretches below which there is no relation to speak of.
const EXPLAINED_MIN: f64 = 0.25;

/// Share of a companion's values at either end that does not count as learned.
const TAIL: f64 = 0.01;

/// A learned relation and its yardsticks.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) terms: Terms,
    weights: Vec<f64>,
    target_mean: f64,
    factor: Factor,
    /// Largest leverage of a learned slot.
    pub(super) leverage_max: f64,
    /// Leverage of a left-out stretch's mean, on average.
    pub(super) block_leverage: f64,
    /// Slots in a block, as many as in a stretch.
    pub(super) block_slots: usize,
    /// Scatter of a slot about the relation when predicted unseen.
    pub(super) scatter: f64,
    /// The same of the mean of a block.
    pub(super) block_sd: f64,
    /// Spread of the target in the learning window.
    pub(super) spread: f64,
    /// Share of the target's variance that is predicted unseen.
    pub(super) explained: f64,
}

/// The rows of one choice of terms, and what it left of each left-out stretch.
struct Trial {
    terms: Terms,
    rows: Vec<Vec<f64>>,
    errors: Vec<f64>,
    scatter: f64,
}

impl Model {
    /// Learns from a window; `None` when too little was measured in it.
    pub(super) fn learn(window: &Window<'_>) -> Option<Self> {
        let companions = companions(window);
        let widest = Terms::new(companions.clone(), 3, false);
        let mut buffer = Vec::new();
        let measured = |slot: usize, buffer: &mut Vec<f64>| {
            widest.fill(|lag, column| window.value(slot - lag, column), buffer);
            window.value(slot, 0).is_finite() && buffer.iter().all(|term| term.is_finite())
        };
        let slots: Vec<usize> =
            (window.skip.max(widest.reach())..window.len()).filter(|slot| measured(*slot, &mut buffer)).collect();
        if companions.is_empty() || slots.len() < FOLDS * FOLD_SLOTS_MIN {
            return None;
        }
        let (target_mean, spread) = mean_and_spread(slots.iter().map(|slot| window.value(*slot, 0)));
        let targets: Vec<f64> = slots.iter().map(|slot| window.value(*slot, 0) - target_mean).collect();
        let mut chosen: Option<Trial> = None;
        for (products, taps) in [(false, 1), (false, 2), (false, 3), (true, 1), (true, 2), (true, 3)] {
            let terms = Terms::new(companions.clone(), taps, products);
            if slots.len() < SLOTS_PER_TERM * terms.count() {
                continue;
            }
            let trial = Trial::of(terms, window, &slots, &targets);
            if chosen.as_ref().is_none_or(|chosen| trial.scatter < WORTH_IT * chosen.scatter) {
                chosen = Some(trial);
            }
        }
        Some(chosen?.model(&targets, target_mean, spread))
    }

    /// Whether the target follows from its companions at all.
    pub(super) fn follows(&self) -> bool {
        self.explained >= EXPLAINED_MIN && self.spread > 0.0
    }

    /// What the terms of a moment let expect.
    pub(super) fn expected(&self, terms: &[f64]) -> f64 {
        self.target_mean + dot(&self.weights, terms)
    }

    /// How far terms lie from what was learned; they are used up.
    pub(super) fn leverage(&self, terms: &mut [f64]) -> f64 {
        self.factor.variance(terms)
    }
}

impl Trial {
    fn of(terms: Terms, window: &Window<'_>, slots: &[usize], targets: &[f64]) -> Self {
        let row = |slot: &usize| {
            let mut row = Vec::with_capacity(terms.count());
            terms.fill(|lag, column| window.value(slot - lag, column), &mut row);
            row
        };
        let rows: Vec<Vec<f64>> = slots.iter().map(row).collect();
        let (gram, cross) = normal_equations(&rows, targets);
        let mut errors = Vec::with_capacity(rows.len());
        for fold in 0..FOLDS {
            let range = stretch(fold, rows.len());
            let (mut gram, mut cross) = (gram.clone(), cross.clone());
            for (row, target) in rows[range.clone()].iter().zip(&targets[range.clone()]) {
                add_outer(&mut gram, row, -1.0);
                cross.iter_mut().zip(row).for_each(|(sum, term)| *sum -= term * target);
            }
            let weights = Factor::new(&gram, terms.count()).solve(&cross);
            errors.extend(range.map(|place| targets[place] - dot(&weights, &rows[place])));
        }
        let scatter = (dot(&errors, &errors) / errors.len() as f64).sqrt();
        Self { terms, rows, errors, scatter }
    }

    fn model(self, targets: &[f64], target_mean: f64, spread: f64) -> Model {
        let count = self.terms.count();
        let (gram, cross) = normal_equations(&self.rows, targets);
        let factor = Factor::new(&gram, count);
        let leverage_max = self.rows.iter().map(|row| factor.variance(&mut row.clone())).fold(0.0, f64::max);
        let block_slots = self.rows.len() / FOLDS;
        let (mut squares, mut block_leverage) = (0.0, 0.0);
        for fold in 0..FOLDS {
            let range = stretch(fold, self.rows.len());
            let mean = self.errors[range.clone()].iter().sum::<f64>() / range.len() as f64;
            squares += mean * mean / FOLDS as f64;
            let centre = |term: usize| self.rows[range.clone()].iter().map(|row| row[term]).sum::<f64>();
            let mut centre: Vec<f64> = (0..count).map(|term| centre(term) / range.len() as f64).collect();
            block_leverage += factor.variance(&mut centre) / FOLDS as f64;
        }
        let by_autocorrelation = self.scatter * (inflation(&self.errors, block_slots) / block_slots as f64).sqrt();
        Model {
            weights: factor.solve(&cross),
            target_mean,
            factor,
            leverage_max,
            block_leverage,
            block_slots,
            scatter: self.scatter,
            block_sd: squares.sqrt().max(by_autocorrelation).max(f64::MIN_POSITIVE),
            spread,
            explained: 1.0 - (self.scatter / spread.max(f64::MIN_POSITIVE)).powi(2),
            terms: self.terms,
        }
    }
}

/// The companions that vary and are mostly measured, each with its delay.
fn companions(window: &Window<'_>) -> Vec<Companion> {
    let mut found = Vec::new();
    for column in 1..=window.companions() {
        let values = (0..window.len()).map(|slot| window.value(slot, column));
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let (mean, spread) = mean_and_spread(values.iter().copied());
        if spread > 1e-9 * mean.abs().max(1e-9) && 2 * values.len() > window.len() {
            values.sort_by(f64::total_cmp);
            let quantile = |share: f64| (values[(share * (values.len() - 1) as f64).round() as usize] - mean) / spread;
            let (low, high) = (quantile(TAIL), quantile(1.0 - TAIL));
            let delay = Delay { slots: 0, neighbour: 0 };
            found.push(Companion { column, delay, mean, spread, low, high });
        }
    }
    let step = |slot: usize, column: usize, scale: f64| {
        if slot == 0 { 0.0 } else { (window.value(slot, column) - window.value(slot - 1, column)) / scale }
    };
    let of_companion = |companion: &Companion| {
        let steps = (0..window.len()).map(|slot| step(slot, companion.column, companion.spread));
        steps.map(|step| if step.is_finite() { step } else { 0.0 }).collect()
    };
    let target: Vec<f64> = (0..window.len()).map(|slot| step(slot, 0, 1.0)).collect();
    let first = (window.skip + 1).max(window.delay_max + 1);
    let rows = (first..window.len()).filter(|slot| target[*slot].is_finite()).collect();
    let steps = Steps { companions: found.iter().map(of_companion).collect(), target, rows };
    let delays = steps.delays(window.delay_max);
    found.iter_mut().zip(delays).for_each(|(companion, delay)| companion.delay = delay);
    found
}

fn normal_equations(rows: &[Vec<f64>], targets: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let count = rows.first().map_or(0, Vec::len);
    let (mut gram, mut cross) = (vec![0.0; count * count], vec![0.0; count]);
    for (row, target) in rows.iter().zip(targets) {
        add_outer(&mut gram, row, 1.0);
        cross.iter_mut().zip(row).for_each(|(sum, term)| *sum += term * target);
    }
    (1..count).for_each(|term| gram[term * count + term] += RIDGE);
    (gram, cross)
}

/// The places of one stretch among `len`.
const fn stretch(fold: usize, len: usize) -> std::ops::Range<usize> {
    fold * len / FOLDS..(fold + 1) * len / FOLDS
}

/// By how much autocorrelation inflates the variance of a mean of `len` errors: the first run of positive correlations.
fn inflation(errors: &[f64], len: usize) -> f64 {
    let total = dot(errors, errors).max(f64::MIN_POSITIVE);
    let mut inflation = 1.0;
    for lag in 1..len {
        let correlation = dot(&errors[lag..], errors) / total;
        if correlation <= 0.0 {
            break;
        }
        inflation += 2.0 * (1.0 - lag as f64 / len as f64) * correlation;
    }
    inflation
}

fn mean_and_spread(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}
