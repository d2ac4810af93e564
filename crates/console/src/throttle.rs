//! Attempts within bounds: some are free, then each must wait twice as long as the one before.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest wait; longer would let a stranger lock somebody out for the day.
const WAIT_MAX_MS: i64 = 15 * 60_000;
/// Attempts are forgotten after this time without one.
const FORGET_MS: i64 = 6 * 3_600_000;
/// Names or addresses remembered; beyond that the one that was quiet the longest is forgotten.
const KEYS_MAX: usize = 10_000;

/// Counts attempts by a name or an address.
pub(crate) struct Throttle {
    free: u32,
    first_wait_ms: i64,
    tries: Mutex<HashMap<String, Tries>>,
}

#[derive(Clone, Copy, Default)]
struct Tries {
    count: u32,
    last_ms: i64,
    until_ms: i64,
}

impl Throttle {
    /// `free` attempts cost nothing; the next one must wait `first_wait`.
    pub(crate) fn new(free: u32, first_wait: Duration) -> Self {
        let first_wait_ms = i64::try_from(first_wait.as_millis()).unwrap_or(WAIT_MAX_MS);
        Self { free, first_wait_ms, tries: Mutex::default() }
    }

    /// Counts an attempt, or says how many seconds it must wait. It is counted before it is looked at, so that many at once
    /// gain nothing; [`Throttle::forgive`] takes it back when it was a good one.
    pub(crate) fn attempt(&self, key: &str, now_ms: i64) -> Result<(), u64> {
        self.may(key, now_ms)?;
        let mut tries = self.lock();
        if tries.len() >= KEYS_MAX && !tries.contains_key(key) {
            make_room(&mut tries, now_ms);
        }
        let own = tries.entry(key.to_owned()).or_default();
        if now_ms - own.last_ms > FORGET_MS {
            *own = Tries::default();
        }
        own.count += 1;
        own.last_ms = now_ms;
        if own.count >= self.free {
            let doublings = (own.count - self.free).min(16);
            own.until_ms = now_ms + (self.first_wait_ms << doublings).min(WAIT_MAX_MS);
        }
        Ok(())
    }

    /// Whether an attempt would be looked at now; else how many seconds it must wait.
    pub(crate) fn may(&self, key: &str, now_ms: i64) -> Result<(), u64> {
        let wait_ms = self.lock().get(key).map_or(0, |tries| tries.until_ms - now_ms);
        // A clock that was set back must not lock anybody out for longer than the longest wait.
        let seconds = u64::try_from(wait_ms.min(WAIT_MAX_MS)).unwrap_or(0).div_ceil(1_000);
        if seconds == 0 { Ok(()) } else { Err(seconds) }
    }

    /// Forgets the attempts of a key.
    pub(crate) fn forgive(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Tries>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(tries: &mut HashMap<String, Tries>, now_ms: i64) {
    tries.retain(|_, tries| now_ms - tries.last_ms <= FORGET_MS);
    if tries.len() >= KEYS_MAX {
        let quietest = tries.iter().min_by_key(|(_, tries)| tries.last_ms).map(|(key, _)| key.clone());
        quietest.map(|key| tries.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_waits_twice_as_long_and_a_good_one_is_forgiven() {
        let throttle = Throttle::new(3, Duration::from_secs(30));
        let mut now = 1_000_000;
        let mut waits = Vec::new();
        for _ in 0..10 {
            assert_eq!(throttle.attempt("anna", now), Ok(()));
            let wait = throttle.may("anna", now).map_or_else(|seconds| seconds, |()| 0);
            waits.push(wait);
            now += i64::try_from(wait).unwrap() * 1_000;
        }
        assert_eq!(waits, [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(throttle.attempt("anna", now - 1), Err(1));
        assert_eq!(throttle.attempt("bo", now), Ok(()));
        throttle.forgive("anna");
        assert_eq!(throttle.may("anna", now), Ok(()));
        // Set back by a year, the clock locks nobody out for longer than the longest wait.
        throttle.attempt("cy", now).and_then(|()| throttle.attempt("cy", now)).unwrap();
        throttle.attempt("cy", now).unwrap();
        assert_eq!(throttle.may("cy", now - 400 * FORGET_MS), Err(900));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let throttle = Throttle::new(3, Duration::from_secs(30));
        for n in 0..i64::try_from(KEYS_MAX).unwrap() + 50 {
            throttle.attempt(&format!("name {n}"), n).unwrap();
        }
        assert_eq!(throttle.lock().len(), KEYS_MAX);
    }
}
