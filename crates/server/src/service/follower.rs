//! Shows what another process's engine knows: reads its snapshot whenever that has moved on. Pages of a process without the
//! engine's role are as old as the last snapshot, and say so by their "behind".

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use foretell_history::{Snapshots, SqliteLog};
use foretell_model::{Log, Partition};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::heart::Beat;
use super::runner::SNAPSHOT;
use crate::failure::{Failure, Kind};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often a sleeping look checks whether it should end.
const STOP_EVERY: Duration = Duration::from_millis(100);

/// Starts the thread; it ends soon after `stop`.
pub(super) fn start(
    snapshots: Snapshots,
    room: Arc<EngineRoom>,
    clocks: Arc<Clocks>,
    log: Arc<SqliteLog>,
    beat: Arc<Beat>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Failure> {
    let thread = std::thread::Builder::new().name("foretell-follow".to_owned());
    thread
        .spawn(move || {
            while !stop.is_cancelled() {
                beat.turn();
                look(&snapshots, &room, &clocks, &log);
                let mut waited = Duration::ZERO;
                while waited < LOOK_EVERY && !stop.is_cancelled() {
                    std::thread::sleep(STOP_EVERY);
                    waited += STOP_EVERY;
                }
            }
        })
        .map_err(|error| Failure::because(Kind::Unavailable, "could not start the follower's thread", error))
}

fn look(snapshots: &Snapshots, room: &EngineRoom, clocks: &Clocks, log: &SqliteLog) {
    match snapshots.load(SNAPSHOT) {
        Ok(Some((offset, bytes))) if offset > room.offset() => {
            if !room.thaw(offset, &bytes) {
                tracing::warn!("The engine's snapshot is of another release; pages stay as they are.");
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "The engine's snapshot cannot be read."),
    }
    clocks.readings().advance(room.newest());
    if let Ok(head) = log.head(Partition(0)) {
        room.set_behind(head.0.saturating_sub(room.offset().0));
    }
}
