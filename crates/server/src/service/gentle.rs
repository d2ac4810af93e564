//! Work that can wait gives way: after a piece of it for which its thread had to queue for a core, it rests for longer than it
//! worked, so that intake and engine have the cores. Alone on the machine it never rests.
//!
//! Linux tells each thread for how long it has queued. A lower priority would say the same in fewer words, but cannot be had
//! without a dependency that recompiles half of the others.

use std::time::{Duration, Instant};

/// Queued for more than this share of a piece of work, the cores are wanted by others.
const QUEUED_SHARE: f64 = 0.1;

/// Rest after work on wanted cores, in times of the work.
const REST_TIMES: f64 = 2.0;

/// Shortest piece of work that is judged: below it the kernel's ticks blur the figure.
const PIECE_MIN: Duration = Duration::from_millis(50);

/// One thread's work, piece by piece.
pub(super) struct Gentle {
    since: Instant,
    queued: Duration,
}

impl Gentle {
    /// Begins now, on the thread that works.
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), queued: queued().unwrap_or_default() }
    }

    /// How long to rest now; tell when that is over by [`Gentle::go_on`]. Nothing while the piece is too short to judge.
    pub(super) fn rest(&self) -> Option<Duration> {
        let worked = self.since.elapsed();
        let queued = queued()?.saturating_sub(self.queued);
        rest(worked, queued)
    }

    /// The next piece begins.
    pub(super) fn go_on(&mut self) {
        *self = Self::begin();
    }

    /// Whether the piece is long enough to be judged.
    pub(super) fn is_due(&self) -> bool {
        self.since.elapsed() >= PIECE_MIN
    }
}

fn rest(worked: Duration, queued: Duration) -> Option<Duration> {
    let is_wanted = queued.as_secs_f64() > worked.as_secs_f64() * QUEUED_SHARE;
    is_wanted.then(|| worked.saturating_sub(queued).mul_f64(REST_TIMES))
}

/// How long this thread has queued for a core since it began; `None` where the kernel does not say.
fn queued() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_only_where_others_want_the_cores() {
        let check = |worked_ms: u64, queued_ms: u64, expected_ms: Option<u64>| {
            let ms = Duration::from_millis;
            assert_eq!(rest(ms(worked_ms), ms(queued_ms)), expected_ms.map(ms), "{worked_ms} {queued_ms}");
        };
        check(100, 0, None);
        check(100, 10, None);
        check(100, 50, Some(100));
        check(100, 11, Some(178));
        check(100, 100, Some(0));
        check(0, 0, None);
    }
}
