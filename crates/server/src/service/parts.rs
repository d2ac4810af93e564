//! The parts that a start is made of: customers registered, threads for the roll-ups and the engine, InfluxDB, ingest.

use std::sync::Arc;
use std::thread::JoinHandle;

use foretell_history::Snapshots;
use foretell_ingest::listener::ListenerError;
use foretell_ingest::{Ingest, StartError};
use foretell_model::{Catalogue, LogError, Timestamp};
use foretell_outreach::Outreach;

use super::budget::Budget;
use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::follower::Follower;
use super::heart::Beat;
use super::influx::Influx;
use super::profiles::Registered;
use super::progress::ProgressFile;
use super::projection::Projection;
use super::runner::Runner;
use super::stores::Stores;
use super::{Stops, options, stores};
use crate::config::{self, Config};
use crate::failure::{Failure, Kind};
use crate::roles::Roles;

/// Runs what may block on the blocking pool.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(Failure::because(Kind::Internal, "a part of the start ended badly", error)))
}

/// Registers the customers of the configuration; again and again the same, so every start may do it.
pub(super) async fn register(config: &Arc<Config>, stores: &Stores, clocks: &Clocks) -> Result<(), Failure> {
    let (config, now) = (Arc::clone(config), clocks.wall().now());
    let (outreach, catalogue) = (Arc::clone(&stores.outreach), Arc::clone(&stores.catalogue));
    blocking(move || register_in(&config, &outreach, &catalogue, now).map(|_| ())).await
}

/// An engine that has seen nothing, told of machines what the configuration says and what is registered.
pub(super) fn engine_room(config: &Config, stores: &Stores) -> Result<EngineRoom, Failure> {
    let room = EngineRoom::new(options::engine(&config.engine, &stores.catalogue));
    room.register(registered(&stores.outreach)?);
    Ok(room)
}

/// What is registered of machines that the engine reckons with.
pub(super) fn registered(outreach: &Outreach) -> Result<Registered, Failure> {
    let desk = outreach.desk();
    let desk = desk.map_err(|error| Failure::because(Kind::Io, "could not read what is registered", error))?;
    Ok(Registered::of(&desk))
}

/// Takes note, once, that the data directory was put back from a backup.
pub(super) async fn note_restored(config: &Arc<Config>, stores: &Stores, clocks: &Clocks) -> Result<(), Failure> {
    let (dir, outreach, now) = (config.data.dir.clone(), Arc::clone(&stores.outreach), clocks.wall().now());
    blocking(move || {
        let Some(made) = foretell_history::restored(&dir) else { return Ok(()) };
        let failed = |error| Failure::because(Kind::Io, "could not take note that the data was put back", error);
        let letters = outreach.restored(made, now).map_err(failed)?;
        foretell_history::settle_restored(&dir).map_err(|error| Failure::writing(&dir, error))?;
        let made = made.map_or_else(|| "?".to_owned(), |made| made.to_string());
        tracing::warn!(
            made,
            letters,
            "The data was put back from a backup. Letters that were approved and had not left then wait until an advisor says on their \
             cards whether they arrived."
        );
        Ok(())
    })
    .await
}

/// The same where it may block; says whether anything changed.
pub(super) fn register_in(
    config: &Config,
    outreach: &Outreach,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<bool, Failure> {
    let Some(file) = &config.outreach.customers_file else {
        warn_of_holidays(outreach, now)?;
        return Ok(false);
    };
    let registry = config::registry(file, catalogue)?;
    let changed = outreach.import(&registry, "configuration", now).map_err(|error| {
        Failure::because(Kind::Config, format!("could not register what {} names", file.display()), error)
    })?;
    tracing::info!(changed, file = %file.display(), "Customers are registered.");
    if let Some(names) = out_of_reach(outreach)? {
        tracing::warn!(
            customers = names,
            "No channel in use reaches these customers, so what is to be written to them waits for the advisor to call. Give them an \
             address of a channel's medium (`addresses` in the customers file)."
        );
    }
    warn_of_holidays(outreach, now)?;
    Ok(changed > 0)
}

/// Says where letters would go out on public holidays because nobody has listed them.
fn warn_of_holidays(outreach: &Outreach, now: Timestamp) -> Result<(), Failure> {
    let failed = |error| Failure::because(Kind::Io, "could not look for public holidays", error);
    for gap in outreach.holiday_gaps(now).map_err(failed)? {
        tracing::warn!(zone = gap.zone, year = gap.year, "Public holidays are missing: {gap}.");
    }
    Ok(())
}

/// Customers that are named whom no channel reaches; of more their number is told.
const NAMED_MAX: usize = 10;

/// Whom no channel in use reaches, in words; `None` when there is nobody.
pub(crate) fn out_of_reach(outreach: &Outreach) -> Result<Option<String>, Failure> {
    let failed = |error| Failure::because(Kind::Io, "could not look for customers whom no channel reaches", error);
    let unreached = outreach.out_of_reach().map_err(failed)?;
    let names: Vec<&str> = unreached.iter().take(NAMED_MAX).map(|customer| customer.name.as_str()).collect();
    let more = unreached.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok((!names.is_empty()).then(|| names.join(", ") + &more))
}

/// Beside the engine, because what it concludes goes there too.
pub(super) async fn open_influx(
    config: &Arc<Config>,
    stores: &Stores,
    roles: Roles,
) -> Result<Option<Influx>, Failure> {
    if !roles.engine {
        return Ok(None);
    }
    let (config, log) = (Arc::clone(config), Arc::clone(&stores.log));
    blocking(move || Influx::open(&config, &log)).await
}

pub(super) fn projection_thread(
    config: &Config,
    stores: &Stores,
    room: &EngineRoom,
    stop: &Stops,
) -> Result<JoinHandle<()>, Failure> {
    let (log, rollups, troubles) = (Arc::clone(&stores.log), Arc::clone(&stores.rollups), Arc::clone(room.troubles()));
    Projection { log, rollups, troubles, data_dir: config.data.dir.clone(), stop: stop.engine.clone() }.start()
}

/// The engine itself, or, in a process without that role, a look at what another process keeps of it.
pub(super) fn engine_thread(
    config: &Arc<Config>,
    stores: &Stores,
    (room, beat): (&Arc<EngineRoom>, &Arc<Beat>),
    clocks: &Arc<Clocks>,
    stop: &Stops,
    roles: Roles,
    influx: Option<Influx>,
) -> Result<JoinHandle<()>, Failure> {
    let beat = Arc::clone(beat);
    let (snapshots, room, clocks) = (Snapshots::new(&config.data.dir), Arc::clone(room), Arc::clone(clocks));
    let (log, stop, progress) = (Arc::clone(&stores.log), stop.engine.clone(), ProgressFile::of(&config.data.dir));
    if !roles.engine {
        return Follower { snapshots, progress, room, clocks, log, beat, stop }.start();
    }
    let (outreach, settings) = (Arc::clone(&stores.outreach), config.engine.clone());
    let (data_dir, delivers) = (config.data.dir.clone(), roles.outreach);
    let progress = Arc::new(progress);
    Runner { log, room, outreach, delivers, snapshots, data_dir, clocks, settings, progress, beat, stop, influx }
        .start()
}

pub(super) async fn start_ingest(
    config: &Arc<Config>,
    stores: &Stores,
    clocks: &Clocks,
    budget: Budget,
    stop: &Stops,
    roles: Roles,
) -> Result<Option<Arc<Ingest>>, Failure> {
    if !roles.ingest {
        return Ok(None);
    }
    let (log, quarantine) = (Arc::clone(&stores.log), Arc::clone(&stores.quarantine));
    let known = Arc::clone(&log);
    let options = options::ingest(config, &stores.catalogue, budget, blocking(move || stores::machines(&known)).await?);
    let started = Ingest::start(options, log, quarantine, clocks.wall(), stop.intake.clone()).await;
    let ingest =
        started.map_err(|error| Failure::because(kind_of(&error), "could not start taking readings in", error))?;
    Ok(Some(Arc::new(ingest)))
}

/// What the configuration names was checked when it was read, by the same code; a file may have changed since.
fn kind_of(error: &StartError) -> Kind {
    match error {
        StartError::Decoder(_) | StartError::Broker { .. } | StartError::Listener(ListenerError::Tls(_)) => {
            Kind::Config
        }
        StartError::Listener(ListenerError::Bind { .. }) | StartError::Thread(_) => Kind::Unavailable,
        StartError::Log(LogError::Damaged { .. }) => Kind::BadData,
        StartError::Log(_) => Kind::Io,
    }
}
