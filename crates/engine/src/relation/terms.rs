//! The terms of a relation: companions at their delays, and their products.

use super::delays::Delay;

/// One companion that tells something.
#[derive(Clone, Debug)]
pub(super) struct Companion {
    /// Its column: 1 and up.
    pub(super) column: usize,
    pub(super) delay: Delay,
    /// Mean and spread in the learning window, for terms of one size.
    pub(super) mean: f64,
    pub(super) spread: f64,
    /// Between which values it was learned, standardised: all but the last hundredth at either end.
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Which terms there are.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) companions: Vec<Companion>,
    /// Slots per companion about its delay: 1, 2 or 3.
    taps: usize,
    products: bool,
}

impl Terms {
    pub(super) const fn new(companions: Vec<Companion>, taps: usize, products: bool) -> Self {
        Self { companions, taps, products }
    }

    /// Number of terms, the constant included.
    pub(super) fn count(&self) -> usize {
        let n = self.companions.len();
        1 + n * self.taps + if self.products { n * (n + 1) / 2 } else { 0 }
    }

    /// Slots that must be known before the newest.
    pub(super) fn reach(&self) -> usize {
        self.companions.iter().map(|c| (c.delay.slots + 1).max(c.delay.neighbour)).max().unwrap_or(0)
    }

    /// Whether every companion lies where it was learned.
    pub(super) fn inside(&self, terms: &[f64]) -> bool {
        let mut acting = terms[1..].iter().step_by(self.taps).zip(&self.companions);
        acting.all(|(term, companion)| (companion.low..=companion.high).contains(term))
    }

    /// Fills in the terms of one moment; `back` gives a column so many slots ago. Any that is missing makes a term NaN.
    pub(super) fn fill(&self, back: impl Fn(usize, usize) -> f64, out: &mut Vec<f64>) {
        out.clear();
        out.push(1.0);
        for companion in &self.companions {
            let at = |lag| (back(lag, companion.column) - companion.mean) / companion.spread;
            let Delay { slots, neighbour } = companion.delay;
            match self.taps {
                1 => out.push(at(slots)),
                2 => out.extend([at(slots), at(neighbour)]),
                _ => out.extend([at(slots), at(slots + 1), at(slots.saturating_sub(1))]),
            }
        }
        if !self.products {
            return;
        }
        // The companion as it acts now: between the two slots that its dead time falls into.
        let acting = |place: usize, out: &[f64]| match self.taps {
            1 => out[1 + place],
            2 => f64::midpoint(out[1 + 2 * place], out[2 + 2 * place]),
            _ => {
                let Delay { slots, neighbour } = self.companions[place].delay;
                let other = if neighbour > slots { 1 } else { 2 };
                f64::midpoint(out[1 + 3 * place], out[1 + 3 * place + other])
            }
        };
        for i in 0..self.companions.len() {
            for j in i..self.companions.len() {
                out.push(acting(i, out) * acting(j, out));
            }
        }
    }
}
