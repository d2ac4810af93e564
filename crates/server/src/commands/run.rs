//! `foretell run`: the service until it is told to stop.

use std::time::Duration;

use super::shutdown::Shutdown;
use crate::cli::RunArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::roles::Roles;
use crate::service::Service;

/// How long a drain may take before what is left is given up; nothing acknowledged is lost by that.
pub(crate) const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// How long queries that nobody waits for any more may go on after the drain.
const LEFTOVERS_WITHIN: Duration = Duration::from_secs(1);

/// Runs until ctrl-c or SIGTERM, then drains.
pub(super) fn run(config: Config, args: &RunArgs) -> Result<(), Failure> {
    let runtime = super::runtime()?;
    let served = runtime.block_on(serve(config, Roles::of(&args.role)));
    // A page's query that is still running must not keep the process from ending.
    runtime.shutdown_timeout(LEFTOVERS_WITHIN);
    served
}

async fn serve(config: Config, roles: Roles) -> Result<(), Failure> {
    let mut shutdown = Shutdown::listen()?;
    let data = config.data.dir.display().to_string();
    let service = Service::start(config, roles).await?;
    let mqtt = service.mqtt().map(|address| address.to_string());
    tracing::info!(console = %service.console(), mqtt, data, "Foretell is running.");
    let stopped = tokio::select! {
        () = shutdown.told() => Ok(()),
        failure = service.failed() => Err(failure),
    };
    shutdown.quit_when_told_again();
    tracing::info!("Foretell is draining; a second ctrl-c quits at once.");
    if !service.drain(DRAIN_WITHIN).await {
        tracing::warn!("The drain took too long; what was left will be done at the next start.");
    }
    stopped
}
