//! Keeps the hourly roll-ups level with the log, on a thread of their own: they serve pages and must delay nobody.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use foretell_history::{RollUps, SqliteLog};
use foretell_model::Partition;
use tokio_util::sync::CancellationToken;

use super::troubles::{Part, Troubles, of_log};
use crate::failure::{Failure, Kind};

/// Entries merged at once.
const ENTRIES_MAX: usize = 5_000;

/// Longest wait for news.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Pause between two merges, so that live traffic is merged in batches and not reading by reading.
const BREATH: Duration = Duration::from_millis(200);

/// Pause after a store failed.
const RETRY: Duration = Duration::from_secs(1);

/// Starts the thread; it ends soon after `stop`. The roll-ups remember how far they came.
pub(super) fn start(
    log: Arc<SqliteLog>,
    rollups: Arc<RollUps>,
    troubles: Arc<Troubles>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, Failure> {
    let thread = std::thread::Builder::new().name("foretell-rollups".to_owned());
    thread
        .spawn(move || run(&log, &rollups, &troubles, &stop))
        .map_err(|error| Failure::because(Kind::Unavailable, "could not start the roll-ups' thread", error))
}

fn run(log: &SqliteLog, rollups: &RollUps, troubles: &Troubles, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let caught_up = rollups.catch_up(log, ENTRIES_MAX);
        if caught_up.is_ok() {
            troubles.over(Part::Curves);
        }
        match caught_up {
            Ok(ENTRIES_MAX..) => {}
            Ok(_) => {
                std::thread::sleep(BREATH);
                let seen = rollups.cursor(Partition(0)).unwrap_or_default();
                let _head = log.wait_beyond(seen, WAIT_MAX);
            }
            Err(error) => {
                troubles.note(Part::Curves, of_log(&error));
                std::thread::sleep(RETRY);
            }
        }
    }
}
