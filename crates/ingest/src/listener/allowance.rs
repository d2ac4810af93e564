//! How fast one client may send. Who sends faster is read no faster: nothing is lost, its own socket fills up.

use std::time::Duration;

use tokio::time::Instant;

use super::options::ListenerOptions;

/// A client's rates. One second's worth may come at once.
#[derive(Debug)]
pub(super) struct Allowance {
    messages: Bucket,
    bytes: Bucket,
}

#[derive(Debug)]
struct Bucket {
    /// Infinite without a limit.
    per_second: f64,
    level: f64,
    filled: Instant,
}

impl Allowance {
    /// None without limits, so that nothing is reckoned message by message.
    pub(super) fn of(options: &ListenerOptions, now: Instant) -> Option<Box<Self>> {
        let limits = [options.messages_per_second_max, options.bytes_per_second_max];
        if limits == [None; 2] {
            return None;
        }
        let [messages, bytes] = limits.map(|limit| Bucket::new(limit, now));
        Some(Box::new(Self { messages, bytes }))
    }

    /// Takes a message of so many bytes into account.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.messages.level -= 1.0;
        self.bytes.level -= bytes as f64;
    }

    /// Reckons what the time since the last time was worth.
    pub(super) fn refill(&mut self, now: Instant) {
        self.messages.refill(now);
        self.bytes.refill(now);
    }

    /// Whether more may be read.
    pub(super) fn is_open(&self) -> bool {
        self.messages.level > 0.0 && self.bytes.level > 0.0
    }

    /// When more may be read.
    pub(super) fn opens(&self) -> Instant {
        self.messages.opens().max(self.bytes.opens())
    }
}

impl Bucket {
    fn new(limit: Option<u32>, now: Instant) -> Self {
        let per_second = limit.map_or(f64::INFINITY, |limit| f64::from(limit.max(1)));
        Self { per_second, level: per_second, filled: now }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        // Infinity times nothing would be no number.
        if passed > 0.0 {
            self.level = (self.level + passed * self.per_second).min(self.per_second);
            self.filled = now;
        }
    }

    fn opens(&self) -> Instant {
        if self.level > 0.0 {
            return self.filled;
        }
        // A little more than nothing, or it would open a moment too early and find itself closed.
        let seconds = ((1e-3 - self.level) / self.per_second).max(0.001);
        self.filled + Duration::from_secs_f64(seconds.min(3600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(messages: Option<u32>, bytes: Option<u32>, now: Instant) -> Allowance {
        let options = ListenerOptions {
            messages_per_second_max: messages,
            bytes_per_second_max: bytes,
            ..ListenerOptions::default()
        };
        *Allowance::of(&options, now).unwrap()
    }

    /// How many messages pass in so many seconds when as many are offered as are taken.
    fn passed(mut allowance: Allowance, begin: Instant, bytes: usize, seconds: u64) -> usize {
        let (mut now, mut count) = (begin, 0);
        while now < begin + Duration::from_secs(seconds) {
            allowance.refill(now);
            while allowance.is_open() {
                allowance.spend(bytes);
                count += 1;
            }
            let opens = allowance.opens();
            assert!(opens > now, "it would be asked again and again");
            now = opens;
        }
        count
    }

    #[test]
    fn keeps_to_its_rates_after_one_seconds_worth() {
        let now = Instant::now();
        for (messages, bytes, size, expected) in [
            (Some(100), None, 10, 1100),
            (None, Some(1000), 10, 1100),
            (Some(100), Some(500), 10, 550),
            // Larger than a second's worth: it passes, and is paid for afterwards.
            (None, Some(1000), 5000, 3),
        ] {
            let got = passed(allowance(messages, bytes, now), now, size, 10);
            assert!(got.abs_diff(expected) <= 2, "{messages:?} {bytes:?} {size}: {got}");
        }
        assert!(Allowance::of(&ListenerOptions::default(), now).is_none());
    }
}
