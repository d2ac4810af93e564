//! The running service: ingest -> log -> engine -> outreach -> pages, each in the role this process was given.
//!
//! ```text
//! listener, broker -> [ingest] -> log -> [runner: engine] -> findings -> [outreach] -> channels, MQTT
//!                                  \-> [projection: roll-ups] -> pages <- [backend]
//! ```
//! Threads of their own: the committer (in ingest), the engine's runner, what it concludes, the roll-ups. Everything else is tasks that hand
//! whatever may block to the blocking pool.

mod advisories;
mod backend;
mod budget;
mod by_hours;
mod clocks;
mod closed;
mod conclusions;
mod connections;
mod context;
mod dispatch;
mod engine_room;
mod findings;
mod follower;
mod gentle;
mod heart;
mod http;
mod influx;
mod keeper;
mod letters;
mod options;
mod parts;
mod photos;
mod placed;
mod profiles;
mod progress;
mod projection;
mod rate;
mod rebuild;
mod rehearsal;
mod reload;
mod replaced;
mod returning;
mod runner;
mod sessions;
mod status;
mod still;
mod stores;
pub(crate) mod supervisor;
mod troubles;
mod unready;
mod welcome;
mod whereabouts;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretell_history::{Archive, DirLock, DiskRoom, SqliteLog};
use foretell_ingest::Ingest;
use foretell_model::Catalogue;
use foretell_outreach::Outreach;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use backend::{DAYS_NEEDED, curve};
pub use clocks::Clocks;
pub use context::of as machine_context;
pub use engine_room::EngineRoom;
pub use findings::{Mark, MarkKind};
pub(crate) use http::unavailable;
pub use options::{
    decoder as decoder_options, engine as engine_options, holidays, outreach as outreach_options, works,
};
pub(crate) use parts::out_of_reach;
pub use photos::Photos;
pub use placed::Placed;
pub use reload::{Reloaded, Reloader};
pub(crate) use returning::EVENTS_MAX as REPLAYED_EVENTS_MAX;
pub use still::{Still, still};
pub use stores::{
    Stores, accounts, catalogue, make_dir, no_folder, opening, quarantine, quarantine_to_look, refusing,
    strange_templates, templates,
};
pub use troubles::{Part, Trouble, Troubles};
pub use welcome::address as welcome_address;
pub use whereabouts::console_of;

use crate::config::{Config, MqttLimits};
use crate::failure::{Failure, Kind};
use crate::roles::Roles;
use crate::telemetry::Telemetry;
use budget::Budget;
use connections::Bounds;
use heart::{Beat, Heart};
use influx::Influx;
use parts::{blocking, engine_thread, note_restored, open_influx, projection_thread, register, start_ingest};
use rate::Rates;
use sessions::Sessions;
use unready::{Told, Unready};
use whereabouts::Whereabouts;

/// How often advisories are compared with what was published last.
const ADVISORIES_EVERY: Duration = Duration::from_secs(1);

/// How long engine, committer or tasks may stand still before the watchdog is left hungry and `/healthz` fails.
const STILL_MAX: Duration = Duration::from_secs(45);

/// How long the log's checkpoint may take at the end, even when the drain has used its time up.
const CHECKPOINT_WITHIN: Duration = Duration::from_secs(3);

/// How often counters that nobody pushes are looked at.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A running service.
pub struct Service {
    /// Where the console listens.
    console: SocketAddr,
    ingest: Option<Arc<Ingest>>,
    influx: Option<Influx>,
    room: Arc<EngineRoom>,
    outreach: Arc<Outreach>,
    log: Arc<SqliteLog>,
    clocks: Arc<Clocks>,
    catalogue: Arc<Catalogue>,
    /// As it was at the start.
    config: Arc<Config>,
    heart: Arc<Heart>,
    stop: Stops,
    threads: Vec<JoinHandle<()>>,
    tasks: JoinSet<()>,
    disk: DiskRoom,
    _whereabouts: Option<Whereabouts>,
    /// Last, so that they are given back when everything else has ended.
    _locks: Vec<DirLock>,
}

/// The parts stop one after the other, in the direction in which data flows.
#[derive(Debug, Default)]
struct Stops {
    intake: CancellationToken,
    engine: CancellationToken,
    rest: CancellationToken,
}

impl Service {
    /// Opens the stores, binds the ports, starts the threads; whatever cannot be had fails here.
    ///
    /// # Errors
    /// When a store, a port or a thread cannot be had, or a customers file has a fault.
    pub async fn start(config: Config, roles: Roles) -> Result<Self, Failure> {
        // Before anything is there to be counted.
        Telemetry::install()?;
        // Before the port: of two starts by one configuration, the second is told which process is in its way.
        let data = config.data.clone();
        let locks = blocking(move || stores::claim(&data, roles)).await?;
        let (listener, console) = http::bind(config.console.listen, roles).await?;
        let url = format!("http://{console}");
        let config = Arc::new(config);
        let stores = {
            let config = Arc::clone(&config);
            blocking(move || Stores::open(&config, roles, &url)).await?
        };
        if roles.console {
            welcome::first_admin(&config.console, &stores.accounts, console)?;
        }
        let clocks = Arc::new(Clocks::new(config.clock));
        note_restored(&config, &stores, &clocks).await?;
        register(&config, &stores, &clocks).await?;
        let room = Arc::new(parts::engine_room(&config, &stores)?);
        let (stop, beat) = (Stops::default(), Arc::new(Beat::default()));
        let wanted = Budget { mqtt: config.mqtt.limits.connections, http: Bounds::default().connections_max };
        let budget = budget::divided(wanted);
        budget::tell(budget, wanted, MqttLimits::default().connections);
        let influx = open_influx(&config, &stores, roles).await?;
        let mut threads = vec![projection_thread(&config, &stores, &room, &stop)?];
        threads.push(engine_thread(&config, &stores, (&room, &beat), &clocks, &stop, roles, influx.clone())?);
        if let Some(influx) = &influx {
            threads.push(influx.start(Arc::clone(&stores.log), &clocks, stop.engine.clone())?);
        }
        if roles.ingest {
            threads.push(keeper::start(&config.data, &stores, Arc::clone(room.troubles()), stop.engine.clone())?);
        }
        let ingest = start_ingest(&config, &stores, &clocks, budget, &stop, roles).await?;
        let mut service = Self {
            console,
            ingest,
            influx,
            room,
            outreach: Arc::clone(&stores.outreach),
            log: Arc::clone(&stores.log),
            clocks,
            catalogue: Arc::clone(&stores.catalogue),
            config: Arc::clone(&config),
            heart: Arc::new(Heart::new(beat, STILL_MAX, Instant::now())),
            stop,
            threads,
            tasks: JoinSet::new(),
            disk: stores.room.clone(),
            _whereabouts: roles.console.then(|| Whereabouts::note(&config.data.dir, console)),
            _locks: locks,
        };
        let bounds = Bounds { connections_max: budget.http, ..Bounds::default() };
        service.start_tasks(&config, stores, (listener, bounds), roles)?;
        Ok(service)
    }

    fn start_tasks(
        &mut self,
        config: &Arc<Config>,
        stores: Stores,
        (listener, bounds): (TcpListener, Bounds),
        roles: Roles,
    ) -> Result<(), Failure> {
        let telemetry = Telemetry::install()?;
        let stop = self.stop.rest.clone();
        if roles.outreach {
            let (outreach, room, clocks) =
                (Arc::clone(&self.outreach), Arc::clone(&self.room), Arc::clone(&self.clocks));
            let photos = Photos::new(&config.data.dir);
            self.tasks.spawn(dispatch::hooks(Arc::clone(&outreach), Arc::clone(&clocks), stop.clone()));
            let with = (clocks, photos, Arc::clone(&stores.log));
            self.tasks.spawn(dispatch::outreach(outreach, room, with, config.outreach.tick, stop.clone()));
        }
        if let Some(ingest) = &self.ingest {
            let (outreach, room, clocks) =
                (Arc::clone(&self.outreach), Arc::clone(&self.room), Arc::clone(&self.clocks));
            let ingest = Arc::clone(ingest);
            let letters = (Arc::clone(&outreach), options::mqtt_channels(config));
            let by = (Arc::clone(&ingest), Arc::clone(&room));
            self.tasks.spawn(letters::letters(letters, by, Arc::clone(&clocks), stop.clone()));
            self.tasks.spawn(advisories::advisories(outreach, ingest, room, clocks, ADVISORIES_EVERY, stop.clone()));
            let (quarantine, log) = (Arc::clone(&stores.quarantine), Arc::clone(&stores.log));
            self.tasks.spawn(returning::hand_over(quarantine, log, stop.clone()));
        }
        let console = roles.console.then(|| {
            let (catalogue, accounts) = (Arc::clone(&stores.catalogue), Some(Arc::clone(&stores.accounts)));
            http::console_options(&config.console, catalogue, accounts, stop.clone())
        });
        let backend = Arc::new(backend::ServiceBackend {
            log: stores.log,
            quarantine: stores.quarantine,
            rollups: stores.rollups,
            room: Arc::clone(&self.room),
            outreach: stores.outreach,
            ingest: self.ingest.clone(),
            influx: self.influx.as_ref().map(|influx| influx.watch().clone()),
            clocks: Arc::clone(&self.clocks),
            catalogue: stores.catalogue,
            config: Arc::clone(config),
            telemetry: telemetry.clone(),
            rates: Rates::default(),
            lookout: backend::Lookout::default(),
            heart: Arc::clone(&self.heart),
            sessions: Sessions::default(),
            archive: Archive::new(&config.data.dir),
            photos: Photos::new(&config.data.dir),
            disk: stores.room,
            clocks_told: std::sync::Mutex::default(),
        });
        let watched = Arc::downgrade(&backend);
        let committer = move || watched.upgrade()?.committer();
        supervisor::watchdog(Arc::clone(&self.heart), committer, stop.clone())
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the watchdog's thread", error))?;
        self.tasks.spawn(supervisor::turns(Arc::clone(&self.heart), stop.clone()));
        self.tasks.spawn(upkeep(Arc::clone(&backend), telemetry, stop.clone()));
        self.tasks.spawn(http::serve(listener, backend, console, bounds, stop));
        Ok(())
    }

    /// Where the console listens.
    #[must_use]
    pub const fn console(&self) -> SocketAddr {
        self.console
    }

    /// Where the embedded MQTT listener listens, if this process has one.
    #[must_use]
    pub fn mqtt(&self) -> Option<SocketAddr> {
        self.ingest.as_ref().and_then(|ingest| ingest.listen_addr())
    }

    /// The engine, to look at.
    #[must_use]
    pub const fn room(&self) -> &Arc<EngineRoom> {
        &self.room
    }

    /// Service state.
    #[must_use]
    pub const fn outreach(&self) -> &Arc<Outreach> {
        &self.outreach
    }

    /// How intake stands, in a sentence for the service manager.
    #[must_use]
    pub fn standing(&self) -> String {
        let shortage = self.ingest.as_ref().and_then(|_| self.disk.shortage());
        supervisor::standing(self.ingest.is_some(), shortage.as_deref())
    }

    /// Names of faults and of work.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The clocks.
    #[must_use]
    pub const fn clocks(&self) -> &Arc<Clocks> {
        &self.clocks
    }

    /// Waits for a part to end that should not have; it never returns while all is well.
    pub async fn failed(&self) -> Failure {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            if let Some(thread) = self.threads.iter().find(|thread| thread.is_finished()) {
                let name = thread.thread().name().unwrap_or("?");
                return Failure::new(
                    Kind::Internal,
                    format!("the thread `{name}` has ended unexpectedly; see the log"),
                );
            }
        }
    }

    /// Stops taking readings in, acknowledges what was kept, lets the engine finish what it began and keep its state, then
    /// ends outreach and pages. Returns whether all of it was done `within` the time; nothing acknowledged is lost either way.
    pub async fn drain(mut self, within: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + within;
        self.stop.intake.cancel();
        let mut whole = match &self.ingest {
            Some(ingest) => ingest.drain(within).await,
            None => true,
        };
        self.stop.engine.cancel();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        whole &= matches!(tokio::time::timeout_at(deadline, joined).await, Ok(Ok(true)));
        self.stop.rest.cancel();
        let ended = tokio::time::timeout_at(deadline, async { while self.tasks.join_next().await.is_some() {} });
        let ended = ended.await.is_ok();
        let log = Arc::clone(&self.log);
        // A copy of the data directory's files is then whole, whatever it leaves out. It may be late, never endless.
        let checkpoint = tokio::task::spawn_blocking(move || log.checkpoint());
        match tokio::time::timeout_at(deadline.max(tokio::time::Instant::now() + CHECKPOINT_WITHIN), checkpoint).await {
            Ok(Ok(Err(error))) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "The log could not be checkpointed.");
            }
            Ok(_) => {}
            Err(_) => tracing::warn!("The log was not checkpointed in time; the next start does it."),
        }
        whole && ended
    }
}

/// Views that pages share, and counters that nobody pushes.
async fn upkeep(backend: Arc<backend::ServiceBackend>, telemetry: Telemetry, stop: CancellationToken) {
    let (mut told, [mut unready, mut renewing, mut looking]) = (None::<String>, [(); 3].map(|()| Unready::default()));
    loop {
        let views = Arc::clone(&backend);
        let kept = tokio::task::spawn_blocking(move || {
            views.keep_views();
            // Also while nobody asks, so that the first who asks is told since when a source is away.
            let faults = views.faults_of_intake();
            (views.standing_of_intake(), faults, views.certificates_to_renew(), views.worth_a_look())
        });
        if let Ok((standing, faults, to_renew, to_look_at)) = kept.await {
            unready.look(faults).into_iter().for_each(Told::emit);
            renewing.look(to_renew).into_iter().for_each(Told::emit_of_certificate);
            looking.look(to_look_at).into_iter().for_each(Told::emit_of_a_look);
            if told.replace(standing.clone()).is_some_and(|before| before != standing) {
                supervisor::status(&standing);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(UPKEEP_EVERY) => {}
        }
        telemetry.upkeep();
        backend.observe_rates(UPKEEP_EVERY);
        backend.publish_figures();
        backend.publish_intake();
    }
}
