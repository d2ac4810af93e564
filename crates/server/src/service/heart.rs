//! Whether the parts that must move do move: the engine's loop, the committer and the tasks of listeners and pages. Their own
//! steps are the beat, so that a watchdog fed from here is fed by progress and not by a timer that would outlive a stuck engine.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The beat of a loop: each of its turns counts, whether there was anything to do or not.
#[derive(Debug, Default)]
pub(super) struct Beat(AtomicU64);

impl Beat {
    /// Counts a turn.
    pub(super) fn turn(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is known of the committer at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CommitterLook {
    /// Batches tried since the start, the failed ones included: a full disk is told elsewhere and cured by no restart.
    pub(super) tried: u64,
    /// Whether anything waits for it.
    pub(super) waiting: bool,
    /// Whether its thread has ended.
    pub(super) ended: bool,
}

/// Watches them.
#[derive(Debug)]
pub(super) struct Heart {
    engine: Arc<Beat>,
    tasks: Beat,
    within: Duration,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    engine: Turned,
    tasks: Turned,
    tried: u64,
    committer_at: Instant,
}

/// How often a loop had turned, and since when it has not turned again.
#[derive(Clone, Copy, Debug)]
struct Turned {
    count: u64,
    at: Instant,
}

impl Turned {
    fn still_for(&mut self, beat: &Beat, now: Instant) -> Duration {
        if beat.count() != self.count {
            *self = Self { count: beat.count(), at: now };
        }
        now.duration_since(self.at)
    }
}

impl Heart {
    /// Nothing may stand still for longer than `within`.
    pub(super) fn new(engine: Arc<Beat>, within: Duration, now: Instant) -> Self {
        let turned = |beat: &Beat| Turned { count: beat.count(), at: now };
        let tasks = Beat::default();
        let seen = Seen { engine: turned(&engine), tasks: turned(&tasks), tried: 0, committer_at: now };
        Self { engine, tasks, within, seen: Mutex::new(seen) }
    }

    /// The beat of a task among those of listeners and pages: it turns as long as any of them can.
    pub(super) const fn tasks(&self) -> &Beat {
        &self.tasks
    }

    /// What stands still, in words; nothing while all is well.
    pub(super) fn look(&self, committer: Option<CommitterLook>, now: Instant) -> Vec<String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        let engine = ("the engine has", seen.engine.still_for(&self.engine, now));
        let tasks = ("listeners and pages have", seen.tasks.still_for(&self.tasks, now));
        for (who, still) in [engine, tasks].into_iter().filter(|(_, still)| *still > self.within) {
            faults.push(format!("{who} not moved for {} s", still.as_secs()));
        }
        let Some(CommitterLook { tried, waiting, ended }) = committer else { return faults };
        if tried != seen.tried || !waiting {
            (seen.tried, seen.committer_at) = (tried, now);
        }
        if ended {
            faults.push("the committer's thread has ended; nothing can be kept".to_owned());
        } else if now.duration_since(seen.committer_at) > self.within {
            let seconds = now.duration_since(seen.committer_at).as_secs();
            faults.push(format!("the committer has not moved for {seconds} s although readings wait"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_still_is_named_and_idleness_is_not() {
        let (beat, begin) = (Arc::new(Beat::default()), Instant::now());
        let heart = Heart::new(Arc::clone(&beat), Duration::from_secs(60), begin);
        let look = |tried, waiting, ended| Some(CommitterLook { tried, waiting, ended });
        for (second, turns, committer, expected) in [
            (10, true, look(0, false, false), ""),
            // Idle for long: the committer has nothing to do, the engine turns all the same.
            (100, true, look(0, false, false), ""),
            (130, false, look(1, true, false), ""),
            (150, true, look(1, true, false), ""),
            (191, true, look(1, true, false), "the committer has not moved for 61 s although readings wait"),
            (192, true, look(2, true, false), ""),
            (253, false, look(3, true, false), "the engine has not moved for 61 s"),
            (254, true, None, ""),
            (255, true, look(3, false, true), "the committer's thread has ended; nothing can be kept"),
        ] {
            if turns {
                beat.turn();
            }
            heart.tasks().turn();
            let faults = heart.look(committer, begin + Duration::from_secs(second));
            assert_eq!(faults.join("; "), expected, "{second} s");
        }
        beat.turn();
        let faults = heart.look(None, begin + Duration::from_secs(316));
        assert_eq!(faults, ["listeners and pages have not moved for 61 s"]);
    }
}
