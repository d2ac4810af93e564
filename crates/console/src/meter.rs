//! So many requests a minute of one sender, and no more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One minute.
const SPAN_MS: i64 = 60_000;

/// Senders remembered; when there are more, those of minutes gone by are forgotten.
const SENDERS_MAX: usize = 10_000;

/// Counts requests by sender and minute.
pub(crate) struct Meter {
    per_minute: u32,
    seen: Mutex<HashMap<String, (i64, u32)>>,
}

impl Meter {
    /// So many requests a minute are allowed.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, seen: Mutex::default() }
    }

    /// Counts a request; says whether it is within bounds.
    pub(crate) fn may(&self, sender: &str, now_ms: i64) -> bool {
        let minute = now_ms.div_euclid(SPAN_MS);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SENDERS_MAX && !seen.contains_key(sender) {
            seen.retain(|_, (then, _)| *then == minute);
            if seen.len() >= SENDERS_MAX {
                return false;
            }
        }
        let (then, count) = seen.entry(sender.to_owned()).or_insert((minute, 0));
        if *then != minute {
            (*then, *count) = (minute, 0);
        }
        *count = count.saturating_add(1);
        *count <= self.per_minute
    }

    /// Takes back the last request of a sender, as if it had not been made.
    pub(crate) fn give_back(&self, sender: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = seen.get_mut(sender) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sender_has_its_own_minute() {
        let meter = Meter::new(2);
        let answers: Vec<bool> = (0..3).map(|_| meter.may("a", 59_999)).collect();
        assert_eq!(answers, [true, true, false]);
        assert!(meter.may("b", 59_999) && meter.may("a", 60_000));
        meter.give_back("a");
        meter.give_back("nobody");
        assert_eq!([meter.may("a", 60_000), meter.may("a", 60_000), meter.may("a", 60_000)], [true, true, false]);
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let meter = Meter::new(2);
        let taken = (0..SENDERS_MAX + 50).filter(|n| meter.may(&n.to_string(), 0)).count();
        assert_eq!((taken, meter.seen.lock().unwrap().len()), (SENDERS_MAX, SENDERS_MAX));
        assert!(meter.may("late", 60_000));
    }
}
