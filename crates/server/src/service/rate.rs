//! Readings per second and source, smoothed over about a minute, for the ingest page.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foretell_ingest::SourceStatus;

/// Time over which the rate is smoothed.
const SMOOTHED_OVER: Duration = Duration::from_secs(60);

/// Rates by source.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, Rate>>);

#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    admitted: u64,
    per_second: f64,
}

impl Rates {
    /// Takes the counters as they stand `elapsed` after the last time.
    pub(super) fn observe(&self, sources: &[SourceStatus], elapsed: Duration) {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let weight = 1.0 - (-elapsed.as_secs_f64() / SMOOTHED_OVER.as_secs_f64()).exp();
        for source in sources {
            let rate = rates.entry(source.name.clone()).or_default();
            let new = source.admitted.saturating_sub(rate.admitted) as f64 / elapsed.as_secs_f64().max(1e-3);
            rate.per_second += weight * (new - rate.per_second);
            rate.admitted = source.admitted;
        }
    }

    /// A source's rate; 0 for one that was never observed.
    #[must_use]
    pub(super) fn per_second(&self, source: &str) -> f64 {
        let rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rates.get(source).map_or(0.0, |rate| rate.per_second)
    }
}
