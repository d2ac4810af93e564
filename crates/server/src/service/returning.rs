//! Hands what left the quarantine over to the log: `foretell quarantine replay` admits it in a process of its own, and the
//! log has one owner.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use foretell_history::{SqliteLog, SqliteQuarantine};
use tokio_util::sync::CancellationToken;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Events handed over at once.
pub(crate) const EVENTS_MAX: usize = 5_000;

/// Looks again and again, until `stop`.
pub(super) async fn hand_over(quarantine: Arc<SqliteQuarantine>, log: Arc<SqliteLog>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let (quarantine, log) = (Arc::clone(&quarantine), Arc::clone(&log));
        let handed = tokio::task::spawn_blocking(move || {
            let mut events = 0;
            while let handed @ 1.. = quarantine.hand_over(&*log, EVENTS_MAX)? {
                events += handed;
            }
            Ok::<_, foretell_model::LogError>(events)
        });
        match handed.await {
            Ok(Ok(0)) => {}
            Ok(Ok(events)) => {
                metrics::counter!("foretell_quarantine_replayed_events_total").increment(events as u64);
                tracing::info!(events, "Input from the quarantine is on the log.");
            }
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn Error, "Input from the quarantine waits for the log.");
            }
            Err(error) => tracing::error!(%error, "Handing input from the quarantine over ended badly."),
        }
    }
}
