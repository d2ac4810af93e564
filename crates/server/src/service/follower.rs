//! Shows what another process's engine knows: reads its snapshot whenever that has moved on, and how far it is every few seconds.
//! Pages of a process without the engine's role are as old as the last snapshot; how many entries wait is not.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{Snapshots, SqliteLog};
use foretell_model::{Log, Offset, Partition};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::heart::Beat;
use super::progress::{HOLDS_UP, ProgressFile};
use super::runner::SNAPSHOT;
use super::troubles::Part;
use crate::failure::{Failure, Kind};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often a sleeping look checks whether it should end.
const STOP_EVERY: Duration = Duration::from_millis(100);

/// An engine that has said nothing for so long is away.
const SILENT_MAX: Duration = Duration::from_secs(20);

/// Everything that is looked at, and where what was seen goes.
pub(super) struct Follower {
    pub(super) snapshots: Snapshots,
    pub(super) progress: ProgressFile,
    pub(super) room: Arc<EngineRoom>,
    pub(super) clocks: Arc<Clocks>,
    pub(super) log: Arc<SqliteLog>,
    pub(super) beat: Arc<Beat>,
    pub(super) stop: CancellationToken,
}

/// The newest word of the engine, and when it was heard by our own clock.
struct Heard {
    word: Option<u64>,
    at: Instant,
}

impl Follower {
    /// Starts the thread; it ends soon after `stop`.
    pub(super) fn start(self) -> Result<JoinHandle<()>, Failure> {
        let thread = std::thread::Builder::new().name("foretell-follow".to_owned());
        thread
            .spawn(move || self.run())
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the follower's thread", error))
    }

    fn run(self) {
        let mut heard = Heard { word: self.progress.read().map(|(word, _)| word), at: Instant::now() };
        while !self.stop.is_cancelled() {
            self.beat.turn();
            self.look_at_snapshot();
            self.look_at_progress(&mut heard, Instant::now());
            let mut waited = Duration::ZERO;
            while waited < LOOK_EVERY && !self.stop.is_cancelled() {
                std::thread::sleep(STOP_EVERY);
                waited += STOP_EVERY;
            }
        }
    }

    fn look_at_snapshot(&self) {
        // By its head alone: a large fleet's has tens of megabytes. One of an earlier place is of a log that was put back.
        if self.snapshots.offset(SNAPSHOT).is_some_and(|offset| offset != self.room.offset()) {
            match self.snapshots.load(SNAPSHOT) {
                Ok(Some((offset, bytes))) => {
                    if !self.room.thaw(offset, &bytes) {
                        tracing::warn!("The engine's snapshot is of another release; pages stay as they are.");
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "The engine's snapshot cannot be read.");
                }
            }
        }
        self.clocks.readings().advance(self.room.newest());
    }

    fn look_at_progress(&self, heard: &mut Heard, now: Instant) {
        let said = self.progress.read();
        let word = said.as_ref().map(|(word, _)| *word);
        if word.is_some() && word != heard.word {
            *heard = Heard { word, at: now };
        }
        let (troubles, silent) = (self.room.troubles(), now.saturating_duration_since(heard.at));
        let is_silent = silent > SILENT_MAX;
        if is_silent {
            let why = "is a process with `--role engine` running? Pages show what its last snapshot knows";
            troubles.note(Part::EngineProcess, why.to_owned());
        } else {
            troubles.over(Part::EngineProcess);
        }
        // What a silent one said is not true any more.
        let said = said.map(|(_, progress)| progress).filter(|_| !is_silent && heard.word.is_some());
        for part in HOLDS_UP {
            let found = said.iter().flat_map(|progress| &progress.troubles).find(|(of, _)| *of == part);
            match found {
                Some((_, trouble)) => troubles.repeat(part, trouble.clone()),
                None => troubles.over(part),
            }
        }
        let seen = said.map_or(self.room.offset(), |progress| progress.offset);
        self.room.set_behind(self.log.head(Partition(0)).ok().map(|head| behind(head, seen)));
    }
}

const fn behind(head: Offset, seen: Offset) -> u64 {
    head.0.saturating_sub(seen.0)
}

#[cfg(test)]
mod tests {
    use foretell_engine::EngineOptions;
    use foretell_model::{Event, MachineId, Quality, Reading, Signal, Signals, Timestamp};

    use super::*;
    use crate::config::ClockSource;
    use crate::service::progress::Progress;
    use crate::service::troubles::Trouble;

    fn append(log: &SqliteLog, second: i64) {
        let (machine, ts) = (MachineId::new("s", "m").unwrap(), Timestamp::from_millis(second * 1_000));
        let signals = Signals::empty().with(Signal::DischargeTemp, 80.0);
        let reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
        assert_eq!(log.append(&[Event::Reading(reading)]).unwrap().kept, 1);
    }

    #[test]
    fn the_lag_of_another_process_is_seconds_old_and_its_silence_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(SqliteLog::open(dir.path()).unwrap());
        (0..10).for_each(|second| append(&log, second));
        let follower = Follower {
            snapshots: Snapshots::new(dir.path()),
            progress: ProgressFile::of(dir.path()),
            room: Arc::new(EngineRoom::new(EngineOptions::default())),
            clocks: Arc::new(Clocks::new(ClockSource::Wall)),
            log: Arc::clone(&log),
            beat: Arc::default(),
            stop: CancellationToken::new(),
        };
        let (engine, begin) = (ProgressFile::of(dir.path()), Instant::now());
        let mut heard = Heard { word: None, at: begin };
        let mut look = |second: u64| {
            follower.look_at_progress(&mut heard, begin + Duration::from_secs(second));
            (follower.room.behind(), follower.room.troubles().sentences(false).join("; "))
        };
        let say = |second: u64, offset: u64, why: Option<&str>| {
            let trouble = |why: &str| Trouble { since: Timestamp::from_millis(0), why: why.to_owned() };
            let troubles = why.map(|why| (Part::Engine, trouble(why))).into_iter().collect();
            let progress = || Progress { offset: Offset(offset), troubles };
            engine.say(begin + Duration::from_secs(second), progress);
        };
        // Nothing was said yet, and no snapshot kept.
        assert_eq!(look(1), (Some(10), String::new()));
        say(2, 8, None);
        assert_eq!(look(3), (Some(2), String::new()));
        append(&log, 10);
        say(4, 8, Some("at entry 8 of the log: damaged"));
        let stands = "since 1970-01-01T00:00:00Z the engine has stood still at entry 8 of the log: damaged".to_owned();
        assert_eq!(look(5), (Some(3), stands));
        say(6, 11, None);
        assert_eq!(look(7), (Some(0), String::new()));
        assert_eq!(look(26), (Some(0), String::new()));
        // Killed: what it said does not hold any more, and its snapshot is all that is known.
        let (behind, said) = look(28);
        assert_eq!(behind, Some(11));
        assert!(
            said.contains("nothing has been heard of the engine; is a process with `--role engine` running?"),
            "{said}"
        );
        say(30, 11, None);
        assert_eq!(look(31), (Some(0), String::new()));
    }
}
