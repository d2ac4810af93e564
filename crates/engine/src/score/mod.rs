//! Anomaly scores in \[0, 1\] for any signal, with or without physics behind it: causal, and with one alarm per episode.
//!
//! Each signal is looked at in some eighteen ways at several scales of time: where it stands, whether its mean leaves that of
//! the time before, how rough it is, how far a value is from what the last ones, the hour, or the other signals of the same row
//! let expect, and how long it has not moved. Each of these is judged by the extremes of its own past (`extremes`), which
//! gives a surprise in nats, whatever the signal's unit, noise, resolution, or cycles. The largest one, less an allowance for
//! so many chances, raises the alarm (`alarm`).
//!
//! What is strange is not learned while it may be an anomaly. An alarm that ends is remembered a little, one that keeps coming
//! wholly; one that lasts for a good part of the history so far is taken for the new normal. So nothing alarms for ever, and a
//! rare fault is not learned from its first sight.
//!
//! There is one configuration, and it knows no data set. Nothing here is part of a machine's state in the engine.

mod alarm;
mod autoregression;
mod extremes;
mod feature;
mod relation;
mod scale;
mod season;
mod signal;
#[cfg(test)]
mod tests;
mod tracks;
mod windows;

use foretell_model::Timestamp;

pub use feature::Sign;
use relation::{RELATED_MAX, Relation};
use signal::SignalScorer;

/// The score at which an alarm begins: at this threshold or a higher one, an episode is one alarm.
pub const ALARM_SCORE: f64 = 0.5;

/// Scores the signals of one machine, row by row. About 13 KiB per signal.
#[derive(Clone, Debug)]
pub struct Scorer {
    signals: Vec<SignalScorer>,
    relations: Vec<Relation>,
    residuals: Vec<f64>,
    last: Option<Timestamp>,
}

impl Scorer {
    /// For rows of so many signals.
    #[must_use]
    pub fn new(signals: usize) -> Self {
        let residuals = vec![f64::NAN; signals];
        let relations = residuals.chunks(RELATED_MAX).map(|group| Relation::new(group.len())).collect();
        Self { signals: (0..signals).map(|_| SignalScorer::new()).collect(), relations, residuals, last: None }
    }

    /// Takes a row and gives each signal's score at its time. `values` and `scores` have one place per signal; NaN is
    /// missing. A row that is older than one before changes nothing and is given the scores that stand.
    ///
    /// Below [`ALARM_SCORE`] a signal is normal. At it an alarm begins; from then on the score does not fall until the
    /// signal has been normal for a while.
    ///
    /// # Panics
    /// When `values` or `scores` are not as many as there are signals.
    pub fn observe(&mut self, ts: Timestamp, values: &[f64], scores: &mut [f64]) {
        assert!(values.len() == self.signals.len() && scores.len() == values.len(), "one value and score per signal");
        if self.last.is_none_or(|last| last <= ts) {
            self.last = Some(ts);
            self.relate(values);
            self.judge(ts, values);
        }
        for (score, signal) in scores.iter_mut().zip(&self.signals) {
            *score = signal.score();
        }
    }

    /// In what a signal's present or else last alarm was strangest when it began.
    #[must_use]
    pub fn sign(&self, signal: usize) -> Option<Sign> {
        self.signals.get(signal).map(SignalScorer::sign)
    }

    fn relate(&mut self, values: &[f64]) {
        let groups = values.chunks(RELATED_MAX).zip(self.residuals.chunks_mut(RELATED_MAX));
        for (relation, (values, residuals)) in self.relations.iter_mut().zip(groups) {
            relation.residuals(values, residuals);
        }
    }

    fn judge(&mut self, ts: Timestamp, values: &[f64]) {
        let groups = values.chunks(RELATED_MAX).zip(self.residuals.chunks(RELATED_MAX));
        let signals = self.signals.chunks_mut(RELATED_MAX);
        for (relation, (signals, (values, residuals))) in self.relations.iter_mut().zip(signals.zip(groups)) {
            let mut accepted = false;
            for ((signal, value), residual) in signals.iter_mut().zip(values).zip(residuals) {
                if value.is_finite() {
                    // A signal alone has no companions.
                    let residual = if values.len() > 1 { *residual } else { f64::NAN };
                    accepted |= signal.observe(ts, *value, residual);
                } else {
                    signal.miss();
                }
            }
            if accepted {
                relation.renew();
            }
            if !signals.iter().any(SignalScorer::is_withheld) {
                relation.learn(values);
            }
        }
    }
}
