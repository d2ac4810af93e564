//! Ctrl-c and SIGTERM for commands that work through something: the first ends the work at the next good place, the second
//! ends the process.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use super::shutdown::Shutdown;
use crate::failure::{Failure, Kind};

/// Whether the command was told to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Result<Self, Failure> {
        let (interrupt, (ready, listening)) = (Self::default(), sync_channel(1));
        let told = interrupt.clone();
        let no_thread = |error| Failure::because(Kind::Internal, "could not listen for signals", error);
        let thread = std::thread::Builder::new().name("foretell-signals".to_owned());
        let listen = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(no_thread(error)))),
            };
            runtime.block_on(async {
                let mut shutdown = match Shutdown::listen() {
                    Ok(shutdown) => shutdown,
                    Err(failure) => return drop(ready.send(Err(failure))),
                };
                drop(ready.send(Ok(())));
                shutdown.told().await;
                told.0.store(true, Ordering::Relaxed);
                shutdown.quit_when_told_again();
                std::future::pending::<()>().await;
            });
        };
        thread.spawn(listen).map_err(no_thread)?;
        listening.recv().map_err(|error| Failure::because(Kind::Internal, "could not listen for signals", error))??;
        Ok(interrupt)
    }

    /// Whether it was told.
    pub(super) fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What a progress callback answers.
    pub(super) fn flow(&self) -> ControlFlow<()> {
        if self.is_told() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
