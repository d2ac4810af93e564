//! Running sums of a day's samples.

use serde::{Deserialize, Serialize};

/// Sum and number, for a mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    total: f32,
    n: u16,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f32) {
        // A full count would go on adding to the total alone.
        if self.n < u16::MAX {
            self.total += value;
            self.n += 1;
        }
    }

    /// Adds what another has added up.
    pub(crate) fn join(&mut self, other: Self) {
        self.total += other.total;
        self.n = self.n.saturating_add(other.n);
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| f64::from(self.total) / f64::from(self.n))
    }

    pub(crate) const fn n(&self) -> u16 {
        self.n
    }
}

/// Mean and spread (Welford's recurrence, which does not cancel as sums of squares do).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    mean: f32,
    square: f32,
    n: u16,
}

impl Moments {
    pub(crate) fn add(&mut self, value: f32) {
        if self.n < u16::MAX {
            self.n += 1;
            let before = value - self.mean;
            self.mean += before / f32::from(self.n);
            self.square += before * (value - self.mean);
        }
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| f64::from(self.mean))
    }

    pub(crate) fn sd(&self) -> Option<f64> {
        (self.n > 1).then(|| (f64::from(self.square.max(0.0)) / f64::from(self.n - 1)).sqrt())
    }

    pub(crate) const fn n(&self) -> u16 {
        self.n
    }
}
