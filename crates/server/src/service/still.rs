//! A still picture of a data directory, for commands that show what a service would show: the engine's snapshot brought up to
//! the log's end in memory. Writes nothing of its own and works beside a running service.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_console::{Backend, Lang};
use foretell_history::{Archive, Snapshots};
use foretell_model::{Catalogue, Log, MachineId, Partition};

use super::backend::{Lookout, ServiceBackend, lang};
use super::clocks::Clocks;
use super::heart::Heart;
use super::parts;
use super::photos::Photos;
use super::rate::Rates;
use super::rebuild;
use super::runner::SNAPSHOT;
use super::sessions::Sessions;
use super::stores::{Stores, refusing};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::roles::Roles;
use crate::telemetry::Telemetry;

/// Entries of the log taken at a time.
const ENTRIES_MAX: usize = 10_000;

/// The picture.
pub struct Still(ServiceBackend);

/// Opens a data directory and brings the engine to the log's end. `progress` hears how many entries were taken and how many
/// there are.
///
/// # Errors
/// When a store cannot be opened or read.
pub fn still(config: Config, progress: &mut dyn FnMut(u64, u64)) -> Result<Still, Failure> {
    let stores = Stores::open(&config, Roles::NONE, "http://localhost")?;
    let room = parts::engine_room(&config, &stores)?;
    let unreadable = |error| refusing("could not read the log", error);
    let head = stores.log.head(Partition(0)).map_err(unreadable)?;
    // A snapshot that cannot be used, or that is ahead of the log, costs time only.
    if let Ok(Some((offset, bytes))) = Snapshots::new(&config.data.dir).load(SNAPSHOT)
        && offset <= head
    {
        let _taken = room.thaw(offset, &bytes);
    }
    let begin = room.offset().0;
    let rebuilt = if begin == 0 {
        let told = rebuild::rebuild(&stores.log, &config.data.dir, &room, &mut |_, _| ControlFlow::Continue(()));
        told.map_err(|error| Failure::because(Kind::Io, "could not read the archive", error))?
    } else {
        None
    };
    loop {
        let entries = stores.log.read(Partition(0), room.offset(), ENTRIES_MAX).map_err(unreadable)?;
        if entries.is_empty() {
            break;
        }
        rebuild::past(&entries, rebuilt.as_ref(), &room, |stretch| room.advance(stretch, &mut Vec::new()));
        progress(room.offset().0.saturating_sub(begin), head.0.saturating_sub(begin));
    }
    let clocks = Clocks::new(config.clock);
    clocks.readings().advance(room.newest());
    Ok(Still(ServiceBackend {
        archive: Archive::new(&config.data.dir),
        photos: Photos::new(&config.data.dir),
        disk: stores.room,
        clocks_told: std::sync::Mutex::default(),
        log: stores.log,
        quarantine: stores.quarantine,
        rollups: stores.rollups,
        room: Arc::new(room),
        outreach: stores.outreach,
        ingest: None,
        influx: None,
        clocks: Arc::new(clocks),
        catalogue: stores.catalogue,
        config: Arc::new(config),
        telemetry: Telemetry::install()?,
        rates: Rates::default(),
        lookout: Lookout::default(),
        // Nothing runs here, so nothing can stand still.
        heart: Arc::new(Heart::new(Arc::default(), Duration::MAX, Instant::now())),
        sessions: Sessions::default(),
    }))
}

impl Still {
    /// What a console shows of it.
    #[must_use]
    pub fn backend(&self) -> &impl Backend {
        &self.0
    }

    /// Names of faults and of work.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The language of a machine's customer; English where nobody is registered.
    #[must_use]
    pub fn language_of(&self, machine: &MachineId) -> Lang {
        let customer = self.0.outreach.customer_of(machine).ok().flatten();
        customer.map_or(Lang::En, |customer| lang(customer.language))
    }
}
