//! How long a relation learns and what is worth saying.

use foretell_model::DAY_MS;

/// Why options are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelationOptionsError {
    /// The learning window is not longer than nothing.
    #[error("learn must be longer than 0")]
    Learn,
    /// A span is negative.
    #[error("skip and delay_max must not be negative")]
    Negative,
    /// Nothing is left to learn from once the longest delay is known.
    #[error("delay_max must be shorter than learn")]
    Delay,
    /// The least effect is no number above 0.
    #[error("effect_min must be above 0")]
    Effect,
}

/// How long a relation learns and what is worth saying. The default learns four weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelationOptions {
    pub(super) skip_ms: i64,
    pub(super) learn_ms: i64,
    pub(super) delay_max_ms: i64,
    pub(super) effect_min: Option<f64>,
}

impl Default for RelationOptions {
    fn default() -> Self {
        Self { skip_ms: 0, learn_ms: 28 * DAY_MS, delay_max_ms: 14 * DAY_MS, effect_min: None }
    }
}

impl RelationOptions {
    /// Skips a start-up, then learns for a while, ms each. The longest dead time looked for is half the learning window unless
    /// `delay_max_ms` says otherwise. `effect_min`, in the target's unit, replaces the share of its spread that a shift must
    /// exceed.
    ///
    /// # Errors
    /// When a span is negative or leaves nothing to learn from, or the effect is not above 0.
    pub fn new(
        skip_ms: i64,
        learn_ms: i64,
        delay_max_ms: Option<i64>,
        effect_min: Option<f64>,
    ) -> Result<Self, RelationOptionsError> {
        let delay_max_ms = delay_max_ms.unwrap_or(learn_ms / 2);
        if learn_ms <= 0 {
            return Err(RelationOptionsError::Learn);
        }
        if skip_ms < 0 || delay_max_ms < 0 {
            return Err(RelationOptionsError::Negative);
        }
        if delay_max_ms >= learn_ms {
            return Err(RelationOptionsError::Delay);
        }
        if effect_min.is_some_and(|effect| !(effect > 0.0 && effect.is_finite())) {
            return Err(RelationOptionsError::Effect);
        }
        Ok(Self { skip_ms, learn_ms, delay_max_ms, effect_min })
    }
}
