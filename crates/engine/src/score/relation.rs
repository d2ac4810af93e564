//! What the signals of one row let expect of each other.
//!
//! The inverse of the correlation matrix is kept up to date row by row (Sherman and Morrison, 1950). In a Gaussian row the
//! distance of one signal from what all others let expect of it is `(P z)_i / P_ii`, with variance `1 / P_ii` (Lauritzen,
//! *Graphical Models*, 1996, ch. 5): one product serves all signals.

/// More signals than this are related to each other in groups of so many.
pub(super) const RELATED_MAX: usize = 32;

/// Rows that count, at most.
const MEMORY_ROWS: f64 = 100_000.0;

/// Rows that count after a new normal has been accepted.
const RENEWED_ROWS: f64 = 200.0;

/// Rows from which mean and spread are taken before anything is related.
const ROWS_SCALED: f64 = 20.0;

/// Rows before the relation is asked.
const ROWS_MIN: f64 = 60.0;

/// A signal whose steps add up to this part of their sizes is a counter: it goes with whatever else grows with time.
const COUNTER_PART: f64 = 0.5;

/// Distances are cut here, in standard deviations.
const FAR: f64 = 30.0;

/// A row whose mean square distance is larger counts the less.
const TRUSTED: f64 = 4.0;

/// Keeps a direction without any variance from growing for ever.
const PRECISION_MAX: f64 = 1e4;

/// Running means, spreads and inverse correlation of some signals.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    rows: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
    last: Vec<f64>,
    /// Mean step and mean size of a step: a counter only ever goes one way.
    trend: Vec<(f64, f64)>,
    /// Row by row.
    precision: Vec<f64>,
    z: Vec<f64>,
    product: Vec<f64>,
}

impl Relation {
    pub(super) fn new(signals: usize) -> Self {
        let mut precision = vec![0.0; signals * signals];
        precision.iter_mut().step_by(signals + 1).for_each(|own| *own = 1.0);
        Self {
            rows: 0.0,
            mean: vec![0.0; signals],
            variance: vec![0.0; signals],
            last: vec![f64::NAN; signals],
            trend: vec![(0.0, 0.0); signals],
            precision,
            z: vec![0.0; signals],
            product: vec![0.0; signals],
        }
    }

    /// Distance of each signal from what the others let expect, in its standard deviations given them; NaN where unknown.
    pub(super) fn residuals(&mut self, values: &[f64], residuals: &mut [f64]) {
        for (n, value) in values.iter().enumerate() {
            let z = (value - self.mean[n]) / self.variance[n].sqrt();
            // A missing value tells nothing: it stands at the mean.
            self.z[n] = if z.is_finite() && !self.is_counter(n) { z.clamp(-FAR, FAR) } else { 0.0 };
        }
        let signals = values.len();
        for (n, residual) in residuals.iter_mut().enumerate() {
            let row = &self.precision[n * signals..][..signals];
            self.product[n] = row.iter().zip(&self.z).map(|(p, z)| p * z).sum();
            let is_known =
                self.rows >= ROWS_MIN && self.variance[n] > 0.0 && !values[n].is_nan() && !self.is_counter(n);
            *residual = if is_known { self.product[n] / row[n].sqrt() } else { f64::NAN };
        }
    }

    fn is_counter(&self, signal: usize) -> bool {
        let (step, size) = self.trend[signal];
        step.abs() > COUNTER_PART * size
    }

    /// Learns the row that [`Self::residuals`] has just been asked of; less of it the stranger it is.
    pub(super) fn learn(&mut self, values: &[f64]) {
        self.rows = (self.rows + 1.0).min(MEMORY_ROWS);
        let square: f64 = self.z.iter().zip(&self.product).map(|(z, p)| z * p).sum();
        let distance = square / values.len() as f64;
        let trust = if self.rows > ROWS_MIN { TRUSTED / distance.max(TRUSTED) } else { 1.0 };
        let step = trust / self.rows;
        if self.rows > ROWS_SCALED {
            self.update(step, square);
        }
        for (n, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let moved = value - self.last[n];
            self.last[n] = *value;
            if moved.is_finite() {
                let (mean, size) = &mut self.trend[n];
                *mean += step * (moved - *mean);
                *size += step * (moved.abs() - *size);
            }
            let apart = value - self.mean[n];
            self.mean[n] += step * apart;
            self.variance[n] += step * ((1.0 - step) * apart * apart - self.variance[n]);
        }
    }

    /// The inverse of `(1 - s) C + s z z'` from that of `C`.
    fn update(&mut self, step: f64, square: f64) {
        let signals = self.z.len();
        let odds = step / (1.0 - step);
        let factor = odds / (1.0 + odds * square);
        for n in 0..signals {
            let (row, own) = (&mut self.precision[n * signals..][..signals], self.product[n]);
            for (precision, product) in row.iter_mut().zip(&self.product) {
                *precision = (*precision - factor * own * product) / (1.0 - step);
            }
            row[n] = row[n].clamp(1e-4, PRECISION_MAX);
        }
    }

    /// Lets newer rows count more, after a new normal has been accepted.
    pub(super) const fn renew(&mut self) {
        self.rows = self.rows.min(RENEWED_ROWS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_leaves_its_companions_is_far_though_each_is_usual() {
        let mut relation = Relation::new(3);
        let mut residuals = [0.0; 3];
        let noise = |n: u32| f64::from(n.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX) - 0.5;
        let row = |n: u32| {
            let cause = 10.0 * noise(7 * n + 3);
            [cause + 0.1 * noise(n), 2.0 * cause + 0.1 * noise(n + 99), 5.0 + noise(3 * n)]
        };
        for n in 0..2_000 {
            relation.residuals(&row(n), &mut residuals);
            relation.learn(&row(n));
        }
        assert!(residuals.iter().all(|residual| residual.abs() < 4.0), "{residuals:?}");
        relation.residuals(&[2.0, -4.0, 5.0], &mut residuals);
        assert!(residuals[0] > 8.0 && residuals[1] < -8.0 && residuals[2].abs() < 4.0, "{residuals:?}");
        relation.residuals(&[2.0, f64::NAN, 5.0], &mut residuals);
        assert!(residuals[1].is_nan() && residuals[2].abs() < 4.0, "{residuals:?}");
    }

    #[test]
    fn a_counter_goes_with_nothing() {
        let mut relation = Relation::new(2);
        let mut residuals = [0.0; 2];
        for n in 0..1_000 {
            let row = [f64::from(n), (f64::from(n) * 0.01).sin()];
            relation.residuals(&row, &mut residuals);
            relation.learn(&row);
        }
        assert!(residuals[0].is_nan() && residuals[1].abs() < 4.0, "{residuals:?}");
    }
}
