//! `foretell run`: the service until it is told to stop.

use std::time::Duration;

use foretell_ingest::broker::BrokersChanged;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::shutdown::Shutdown;
use super::state_directory;
use crate::cli::{Common, RunArgs};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::roles::Roles;
use crate::service::{Reloaded, Reloader, Service, supervisor};

/// How long a drain may take before what is left is given up; nothing acknowledged is lost by that.
pub(crate) const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// How long queries that nobody waits for any more may go on after the drain.
const LEFTOVERS_WITHIN: Duration = Duration::from_secs(1);

/// When the process ends at the latest after it began to drain: with the drain, the log's checkpoint and such queries done it has
/// ended long before.
const END_WITHIN: Duration = Duration::from_secs(DRAIN_WITHIN.as_secs() + 6);

/// Runs until ctrl-c or SIGTERM, then drains. SIGHUP reads the configuration again.
pub(super) fn run(config: Config, common: &Common, args: &RunArgs) -> Result<(), Failure> {
    let runtime = super::runtime()?;
    let served = runtime.block_on(serve(config, common, Roles::of(&args.role)));
    // A page's query that is still running must not keep the process from ending.
    runtime.shutdown_timeout(LEFTOVERS_WITHIN);
    served
}

async fn serve(config: Config, common: &Common, roles: Roles) -> Result<(), Failure> {
    let mut shutdown = Shutdown::listen()?;
    // From now on the signal no longer ends the process, as it would by default.
    let mut hang_up = signal(SignalKind::hangup())
        .map_err(|error| Failure::because(Kind::Internal, "could not listen for SIGHUP", error))?;
    state_directory::check(&config.data.dir, std::env::var_os("STATE_DIRECTORY").as_deref())?;
    let data = config.data.dir.display().to_string();
    let service = tokio::select! {
        started = Service::start(config, roles) => started?,
        // A start may take minutes: derived hours are counted through the log. What it has done so far it does again.
        () = shutdown.told() => {
            tracing::info!("Foretell was told to stop while it started, and ends.");
            return Ok(());
        }
    };
    let mqtt = service.mqtt().map(|address| address.to_string());
    tracing::info!(console = %service.console(), mqtt, data, "Foretell is running.");
    supervisor::ready(&service.standing());
    let stopped = tokio::select! {
        () = shutdown.told() => Ok(()),
        failure = service.failed() => Err(failure),
        () = reload_when_told(&mut hang_up, &service, common) => Ok(()),
    };
    shutdown.end_when_told_again(END_WITHIN, stopped.as_ref().map_or_else(Failure::exit_code, |()| 0));
    supervisor::stopping(DRAIN_WITHIN);
    tracing::info!("Foretell is draining; a second ctrl-c quits at once.");
    if !service.drain(DRAIN_WITHIN).await {
        tracing::warn!("The drain took too long; what was left will be done at the next start.");
    }
    stopped
}

/// Reads the configuration again at each SIGHUP; it never returns.
async fn reload_when_told(hang_up: &mut Signal, service: &Service, common: &Common) {
    let reloader = service.reloader();
    loop {
        if hang_up.recv().await.is_none() {
            // The runtime delivers no signals any more; there is nothing left to wait for.
            return std::future::pending().await;
        }
        supervisor::reloading();
        let reloaded = reload(&reloader, common).await;
        let outcome = if reloaded.is_ok() { "applied" } else { "refused" };
        metrics::counter!("foretell_config_reloads_total", "outcome" => outcome).increment(1);
        match reloaded {
            Ok(Reloaded { changed, brokers, waits }) => {
                tell_brokers(&brokers);
                tell_changes(&changed);
                if !waits.is_empty() {
                    let waits = waits.join(", ");
                    tracing::warn!(
                        waits,
                        "These sections have changed too, but need a restart; until then the old ones hold."
                    );
                }
                supervisor::ready(&service.standing());
            }
            Err(failure) => {
                let why = failure.chain();
                tracing::error!(why, "The new configuration cannot be used; the one before stays in force.");
                supervisor::ready("The new configuration cannot be used; the one before stays in force.");
            }
        }
    }
}

fn tell_brokers(BrokersChanged { started, left }: &BrokersChanged) {
    for source in started {
        tracing::info!(source, "A session with a broker begins, as the configuration wants it.");
    }
    for source in left {
        tracing::info!(source, "Left a broker; it keeps our session, and what comes for it, until that expires.");
    }
}

/// What is read at the start alone is named, because a change within a file of it shows nowhere else.
fn tell_changes(changed: &[&str]) {
    if changed.is_empty() {
        tracing::info!(
            "The configuration was read again; nothing that can be taken up while running is different. What stands in the files of \
             the fault catalogue, of templates and of words is read at the start only."
        );
    } else {
        tracing::info!(changed = changed.join(", "), "The configuration was read again.");
    }
}

async fn reload(reloader: &Reloader, common: &Common) -> Result<Reloaded, Failure> {
    let common = common.clone();
    let read = tokio::task::spawn_blocking(move || super::configuration(&common)).await;
    let (config, warnings) =
        read.map_err(|error| Failure::because(Kind::Internal, "could not read the configuration", error))??;
    super::warn(&warnings);
    reloader.reload(config).await
}
