//! Ctrl-c and SIGTERM: the first drains, the second quits. A drain has an end in any case.

use std::process::exit;
use std::time::Duration;

use tokio::runtime::Builder;
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
            exit(TOLD_TWICE);
        });
    }

    /// The same, and after `within` the process ends with `code`, whatever one of its threads still waits for. It listens and counts
    /// on a thread with a runtime of its own: the service's hears nothing any more once it waits for its own threads.
    pub(super) fn end_when_told_again(mut self, within: Duration, code: u8) {
        let listen = move || match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let told = runtime.block_on(async { tokio::time::timeout(within, self.told()).await });
                exit(if told.is_ok() { TOLD_TWICE } else { code.into() });
            }
            Err(error) => tracing::warn!(%error, "A second signal will not be heard."),
        };
        if let Err(error) = std::thread::Builder::new().name("foretell-end".to_owned()).spawn(listen) {
            tracing::warn!(%error, "A second signal will not be heard.");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    /// Set for a process that is to be ended by what it tests: after so many milliseconds at the latest.
    const WITHIN: &str = "FORETELL_TEST_END_WITHIN_MS";

    /// The other process: its runtime is gone, and its thread waits for something that never comes.
    #[test]
    #[ignore = "is started by the test below"]
    fn a_process_that_never_ends_by_itself() {
        let Ok(within) = std::env::var(WITHIN) else { return };
        let within = Duration::from_millis(within.parse().unwrap());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async { Shutdown::listen().unwrap().end_when_told_again(within, 7) });
        runtime.shutdown_background();
        std::thread::sleep(Duration::from_secs(30));
        exit(1);
    }

    /// How such a process ends, which is told again and again if `is_told`.
    fn check(within_ms: u64, is_told: bool, expected: i32) {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "commands::shutdown::tests::a_process_that_never_ends_by_itself"])
            .env(WITHIN, within_ms.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while process.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(200));
            // Once it listens, that is: before, a signal ends any process.
            if is_told && begun.elapsed() > Duration::from_secs(2) {
                Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
            }
        }
        assert_eq!(process.wait().unwrap().code(), Some(expected), "{within_ms} {is_told}");
    }

    #[test]
    fn a_drain_ends_whatever_a_thread_waits_for() {
        check(100, false, 7);
        check(60_000, true, TOLD_TWICE);
    }
}
