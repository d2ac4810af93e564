//! After which dead time the target answers each companion.
//!
//! Found on differences from slot to slot: a start-up ramp or a season would otherwise correlate at every delay. First the
//! one delay that suits all companions best (they often share a path), then each companion in turn may move to its own where
//! that is clearly better.

use super::matrix::{Factor, dot};

/// Rounds in which companions may move.
const ROUNDS: usize = 2;

/// A companion's delay, and the neighbouring one that fits better: a dead time between two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    pub(super) slots: usize,
    pub(super) neighbour: usize,
}

/// Differences of target and companions from slot to slot; a missing companion did not move.
pub(super) struct Steps {
    /// By companion.
    pub(super) companions: Vec<Vec<f64>>,
    pub(super) target: Vec<f64>,
    /// Steps of the target that are measured, each at least `delay_max` from the beginning.
    pub(super) rows: Vec<usize>,
}

impl Steps {
    /// The delay of every companion, at most `delay_max` slots.
    pub(super) fn delays(&self, delay_max: usize) -> Vec<Delay> {
        let count = self.companions.len();
        let shared = best(0..=delay_max, |delay| self.unexplained(&vec![delay; count])).unwrap_or(0);
        let mut delays = vec![shared; count];
        let mut left = self.unexplained(&delays);
        // Twice the log-likelihood gain that the best of so many delays reaches by chance is about 2 ln(delays); steps of a
        // smooth signal are worth a quarter of their number.
        let needed = 8.0 * (delay_max as f64 + 2.0).ln();
        for _ in 0..ROUNDS {
            let before = delays.clone();
            for companion in 0..count {
                let mut tried = delays.clone();
                let mut with = |delay| {
                    tried[companion] = delay;
                    self.unexplained(&tried)
                };
                let Some(delay) = best(0..=delay_max, &mut with) else { continue };
                let less = with(delay);
                if self.rows.len() as f64 * (left / less).ln() > needed {
                    (delays[companion], left) = (delay, less);
                }
            }
            if delays == before {
                break;
            }
        }
        (0..count).map(|companion| self.with_neighbour(&delays, companion, delay_max)).collect()
    }

    fn with_neighbour(&self, delays: &[usize], companion: usize, delay_max: usize) -> Delay {
        let slots = delays[companion];
        let mut tried = delays.to_vec();
        let sides = [slots + 1, slots.saturating_sub(1)];
        let candidates = sides.into_iter().filter(|side| *side != slots && *side <= delay_max.max(1));
        let neighbour = best(candidates, |delay| {
            tried[companion] = delay;
            self.unexplained(&tried)
        });
        Delay { slots, neighbour: neighbour.unwrap_or(slots) }
    }

    /// Sum of squares of the target's steps that the companions' steps at these delays leave.
    fn unexplained(&self, delays: &[usize]) -> f64 {
        let size = delays.len();
        let (mut gram, mut cross, mut total) = (vec![0.0; size * size], vec![0.0; size], 0.0);
        for row in &self.rows {
            let target = self.target[*row];
            total += target * target;
            for i in 0..size {
                let step = self.companions[i][row - delays[i]];
                cross[i] += step * target;
                for j in 0..=i {
                    gram[i * size + j] += step * self.companions[j][row - delays[j]];
                }
            }
        }
        let trace: f64 = (0..size).map(|i| gram[i * size + i]).sum();
        (0..size).for_each(|i| gram[i * size + i] += 1e-9 * trace + 1e-12);
        let weights = Factor::new(&gram, size).solve(&cross);
        (total - dot(&weights, &cross)).max(1e-12 * total + f64::MIN_POSITIVE)
    }
}

/// The candidate of least cost, the first among equals.
fn best(candidates: impl Iterator<Item = usize>, mut cost: impl FnMut(usize) -> f64) -> Option<usize> {
    let costs = candidates.map(|candidate| (candidate, cost(candidate)));
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(candidate, _)| candidate)
}
