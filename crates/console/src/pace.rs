//! How often the same thing may be said: what comes by itself from a telephone comes once in a while or not at all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Shortest time between two, ms.
const PAUSE_MS: i64 = 5_000;
/// Things remembered; beyond that those that have been quiet are forgotten.
const KEYS_MAX: usize = 10_000;

/// Remembers when each thing was last said.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last_ms: Mutex<HashMap<String, i64>>,
}

impl Pace {
    /// Whether a thing may be said now; then it counts as said.
    pub(crate) fn may(&self, key: &str, now_ms: i64) -> bool {
        let mut last_ms = self.last_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if last_ms.len() >= KEYS_MAX {
            last_ms.retain(|_, last| now_ms - *last < PAUSE_MS);
        }
        if last_ms.len() >= KEYS_MAX || last_ms.get(key).is_some_and(|last| now_ms - last < PAUSE_MS) {
            return false;
        }
        last_ms.insert(key.to_owned(), now_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_its_own_pace_and_strangers_fill_nothing() {
        let pace = Pace::default();
        let said: Vec<bool> = [0, 4_999, 5_000, 9_000, 10_000].into_iter().map(|now| pace.may("a", now)).collect();
        assert_eq!(said, [true, false, true, false, true]);
        assert!(pace.may("b", 10_001));
        for n in 0..KEYS_MAX as i64 {
            pace.may(&n.to_string(), 20_000);
        }
        assert!(!pace.may("one more", 20_001) && pace.may("one more", 30_000));
    }
}
