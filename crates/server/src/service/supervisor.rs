//! What the service manager (systemd) is told: ready, reloading, stopping, and a watchdog fed by real progress.
//!
//! Without a manager (`NOTIFY_SOCKET` is not set) all of this is silent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use super::heart::{CommitterLook, Heart};

/// Looks within one watchdog interval: one that comes late must not be the end.
const LOOKS_PER_INTERVAL: u32 = 3;

/// Pause between the turns of tasks.
const TURNS_EVERY: Duration = Duration::from_secs(1);

/// How intake stands, for people who ask the service manager. `shortage` is why nothing is acknowledged.
pub(crate) fn standing(takes_in: bool, shortage: Option<&str>) -> String {
    match shortage {
        Some(shortage) => format!("No reading is acknowledged: {shortage}"),
        None if takes_in => "Readings are taken in.".to_owned(),
        None => "Running.".to_owned(),
    }
}

/// Says how it stands.
pub(crate) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Says that the start, or a reload, is done.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that the configuration is being read again; [`ready`] ends it.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => {
            tracing::warn!(%error, "The monotonic clock could not be read; systemd is not told of the reload.")
        }
    }
}

/// Says that the drain has begun and may take that long.
pub(crate) fn stopping(within: Duration) {
    let within_us = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("Draining: what was read is committed and acknowledged."),
        NotifyState::ExtendTimeoutUsec(within_us),
    ]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told how this service is.");
    }
}

/// Feeds the watchdog while everything moves; ends with `stop`, or at once where no watchdog is set. On a thread of its own:
/// a disk that answers no more holds every other one, and somebody has to say so.
///
/// # Errors
/// When no thread can be made.
pub(super) fn watchdog(
    heart: Arc<Heart>,
    committer: impl Fn() -> Option<CommitterLook> + Send + 'static,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let Some(interval) = sd_notify::watchdog_enabled() else { return Ok(()) };
    tracing::info!(
        interval_s = interval.as_secs_f64(),
        "systemd's watchdog is fed while engine, committer and listeners move."
    );
    let look = move || {
        while !stop.is_cancelled() {
            let faults = heart.look(committer(), Instant::now());
            if faults.is_empty() {
                tell(&[NotifyState::Watchdog]);
            } else {
                let why = faults.join("; ");
                tracing::error!(why, "The watchdog is not fed; systemd will restart this service.");
                tell(&[NotifyState::Status(&why)]);
            }
            std::thread::sleep(interval / LOOKS_PER_INTERVAL);
        }
    };
    std::thread::Builder::new().name("foretell-watch".to_owned()).spawn(look).map(drop)
}

/// Turns as long as tasks do; ends with `stop`.
pub(super) async fn turns(heart: Arc<Heart>, stop: CancellationToken) {
    loop {
        heart.tasks().turn();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TURNS_EVERY) => {}
        }
    }
}
