//! Ctrl-c and SIGTERM: the first drains, the second quits.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Failure, Kind};

/// Exit code of a process that was told twice, as shells give it for ctrl-c.
const TOLD_TWICE: i32 = 130;

/// Listens for both signals.
pub(super) struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
}

impl Shutdown {
    /// Begins to listen; from now on ctrl-c no longer kills the process by itself.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::because(Kind::Internal, "could not listen for signals", error))
        };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the first signal.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// From now on a further signal ends the process at once; what was acknowledged is on the log all the same.
    pub(super) fn quit_when_told_again(mut self) {
        tokio::spawn(async move {
            self.told().await;
            std::process::exit(TOLD_TWICE);
        });
    }
}
