//! What a signal's own last values let expect of the next one: recursive least squares with forgetting
//! (Haykin, *Adaptive Filter Theory*, ch. 10).

/// How many last values are looked at.
const LAGS: usize = 6;
const TERMS: usize = LAGS + 1;

/// Weight of a value after one more; some 700 values count.
const FORGETTING: f64 = 0.9985;

/// Variance of a weight of which nothing is known.
const UNKNOWN: f64 = 100.0;

/// Without excitation the variances would grow without bound; beyond this all is taken for unknown again.
const VARIANCE_MAX: f64 = 1e4;

/// A linear forecast of the next value from the last ones.
#[derive(Clone, Debug)]
pub(super) struct Autoregression {
    /// The last values, newest first, and a one for the constant.
    terms: [f64; TERMS],
    filled: usize,
    weights: [f64; TERMS],
    covariance: [[f64; TERMS]; TERMS],
}

fn unknown() -> [[f64; TERMS]; TERMS] {
    std::array::from_fn(|row| std::array::from_fn(|column| if row == column { UNKNOWN } else { 0.0 }))
}

impl Autoregression {
    pub(super) fn new() -> Self {
        let mut terms = [0.0; TERMS];
        terms[LAGS] = 1.0;
        // Until better is known, the next value is the last one.
        let mut weights = [0.0; TERMS];
        weights[0] = 1.0;
        Self { terms, filled: 0, weights, covariance: unknown() }
    }

    /// Forgets the last values, not what was learned from them.
    pub(super) const fn interrupt(&mut self) {
        self.filled = 0;
    }

    /// Error of the forecast of this value; `None` while last values are missing.
    pub(super) fn error(&self, value: f64) -> Option<f64> {
        let forecast = dot(&self.terms, &self.weights);
        (self.filled == LAGS).then_some(value - forecast)
    }

    /// Learns from the error of a forecast.
    pub(super) fn learn(&mut self, error: f64) {
        let gain = self.covariance.map(|row| dot(&row, &self.terms));
        let scale = FORGETTING + dot(&gain, &self.terms);
        for (row, gain_of_row) in gain.iter().enumerate() {
            self.weights[row] += gain_of_row / scale * error;
            for (column, gain_of_column) in gain.iter().enumerate() {
                let variance = &mut self.covariance[row][column];
                *variance = (*variance - gain_of_row * gain_of_column / scale) / FORGETTING;
            }
        }
        let is_bounded = |place: usize| (0.0..VARIANCE_MAX).contains(&self.covariance[place][place]);
        if !(0..TERMS).all(is_bounded) {
            self.covariance = unknown();
        }
    }

    /// Takes a value in.
    pub(super) const fn push(&mut self, value: f64) {
        let mut lag = LAGS - 1;
        while lag > 0 {
            self.terms[lag] = self.terms[lag - 1];
            lag -= 1;
        }
        self.terms[0] = value;
        if self.filled < LAGS {
            self.filled += 1;
        }
    }
}

fn dot(a: &[f64; TERMS], b: &[f64; TERMS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foresees_a_wave_once_it_has_seen_it() {
        let mut model = Autoregression::new();
        let wave = |n: u32| 3.0 + (f64::from(n) * 0.3).sin();
        let mut errors = Vec::new();
        for n in 0..400 {
            if let Some(error) = model.error(wave(n)) {
                errors.push(error.abs());
                model.learn(error);
            }
            model.push(wave(n));
        }
        assert!(errors[0] > 0.01 && errors[380] < 0.001, "{} {}", errors[0], errors[380]);
        model.interrupt();
        assert_eq!(model.error(3.0), None);
    }

    #[test]
    fn a_constant_signal_does_it_no_harm() {
        let mut model = Autoregression::new();
        for n in 0..100_000 {
            let value = if n == 99_999 { 2.0 } else { 1.0 };
            if let Some(error) = model.error(value) {
                model.learn(error);
            }
            model.push(value);
        }
        assert!(model.error(1.0).is_some_and(f64::is_finite));
    }
}
