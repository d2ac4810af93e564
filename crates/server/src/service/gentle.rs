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

/// Longest rest in one go: a piece that took long by itself is no reason to be away for longer.
const REST_MAX: Duration = Duration::from_secs(5);

/// How long a job rests in all, however much its cores are wanted. Then it goes on without: what is put off for ever fills the disk.
const RESTS_MAX: Duration = Duration::from_secs(3_600);

/// Shortest piece of work that is judged: below it the kernel's ticks blur the figure.
const PIECE_MIN: Duration = Duration::from_millis(50);

/// One thread's work, piece by piece.
pub(super) struct Gentle {
    since: Instant,
    queued: Duration,
    rested: Rested,
}

impl Gentle {
    /// Begins now, on the thread that works.
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), queued: queued().unwrap_or_default(), rested: Rested::default() }
    }

    /// How long to rest now; tell when that is over by [`Gentle::go_on`]. Nothing while the cores are free, or enough was rested.
    pub(super) fn rest(&mut self) -> Option<Duration> {
        let worked = self.since.elapsed();
        let queued = queued()?.saturating_sub(self.queued);
        self.rested.rest(worked, queued)
    }

    /// The next piece begins.
    pub(super) fn go_on(&mut self) {
        (self.since, self.queued) = (Instant::now(), queued().unwrap_or_default());
    }

    /// Whether the piece is long enough to be judged.
    pub(super) fn is_due(&self) -> bool {
        self.since.elapsed() >= PIECE_MIN
    }
}

/// How long a job has rested.
#[derive(Debug, Default)]
struct Rested(Duration);

impl Rested {
    /// How long to rest after a piece of work that took so long, of which its thread was queued for so long.
    fn rest(&mut self, worked: Duration, queued: Duration) -> Option<Duration> {
        let is_wanted = queued.as_secs_f64() > worked.as_secs_f64() * QUEUED_SHARE;
        let wanted = worked.saturating_sub(queued).mul_f64(REST_TIMES).min(REST_MAX);
        let rest = wanted.min(RESTS_MAX.saturating_sub(self.0));
        self.0 += if is_wanted { rest } else { Duration::ZERO };
        (is_wanted && !rest.is_zero()).then_some(rest)
    }
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
            let rest = Rested::default().rest(ms(worked_ms), ms(queued_ms));
            assert_eq!(rest, expected_ms.map(ms), "{worked_ms} {queued_ms}");
        };
        check(100, 0, None);
        check(100, 10, None);
        check(100, 50, Some(100));
        check(100, 11, Some(178));
        check(100, 100, None);
        check(0, 0, None);
        // The kernel's figure may be ahead of ours.
        check(100, 200, None);
        check(60_000, 10_000, Some(5_000));
    }

    /// A job of so many seconds of work, in pieces, on cores that are wanted all the time; how long it takes in all, seconds.
    fn takes(work_s: f64, piece_s: f64, queued_share: f64) -> f64 {
        let (mut rested, mut done_s, mut took_s) = (Rested::default(), 0.0, 0.0);
        while done_s < work_s {
            let piece = Duration::from_secs_f64(piece_s);
            let rest = rested.rest(piece, piece.mul_f64(queued_share)).unwrap_or_default();
            done_s += piece_s * (1.0 - queued_share);
            took_s += piece_s + rest.as_secs_f64();
        }
        took_s
    }

    #[test]
    fn work_on_wanted_cores_is_put_off_but_never_for_ever() {
        for (work_s, piece_s, queued_share) in
            [(10.0, 0.05, 0.5), (600.0, 0.05, 0.2), (600.0, 30.0, 0.5), (7_200.0, 0.1, 0.9), (40_000.0, 1.0, 0.11)]
        {
            let (took_s, alone_s) = (takes(work_s, piece_s, queued_share), work_s / (1.0 - queued_share));
            // Three times as long as the scheduler would have let it take, and an hour longer at most.
            let most_s = (3.0 * alone_s).min(alone_s + RESTS_MAX.as_secs_f64()) + 3.0 * piece_s;
            assert!(took_s > alone_s && took_s <= most_s, "{work_s} {piece_s} {queued_share}: {took_s} of {most_s}");
        }
    }
}
