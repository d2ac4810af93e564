//! The embedded MQTT listener (v3.1.1 and v5), to which controllers connect straight.
//!
//! One task per connection over a sans-I/O codec. It is not a general broker: clients publish telemetry, which is
//! acknowledged after the log has committed it, and subscribe to advisories and status; clients do not talk to each other.
//!
//! ```text
//! Listener (accepts, counts, stops) -> admission (CONNECT: who is it, takeover) -> Session (the loop of one client)
//!                                                      Link (socket and buffers) -> Protocol (codec, both versions)
//! ```

mod admission;
mod allowance;
mod clients;
mod door;
mod events;
mod giants;
mod incoming;
mod lately;
mod left;
mod link;
mod logins;
mod names;
mod options;
mod passwords;
mod plain;
mod protocol;
mod publications;
mod replies;
mod rights;
mod session;
mod subscriptions;
mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::intake::{Intake, Source};
use crate::pem::PemFaults;
use crate::retained::Retained;
use crate::sparkplug;
use crate::validity::Certificates;
use clients::Clients;
use door::Door;
use events::{AcceptFailed, ConnectionPanicked, ConnectionRefused, DeniedOnce};
use giants::Giants;
use lately::Lately;
use logins::{Logins, Peer};
pub(crate) use names::of_der as certificate_names;
pub use options::{Anonymous, ListenerOptions, TlsOptions, User};
pub use passwords::{Argon2Hash, Argon2HashError, HashingError, Password};
pub use rights::{MachineGlob, MachineGlobError, Rights};
pub(crate) use tls::Tls;

/// Why the listener cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// The address cannot be bound.
    #[error("could not listen on {addr} (`[mqtt] listen`){hint}", hint = bind_hint(.source))]
    Bind {
        /// Which.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// TLS cannot be offered.
    #[error("could not offer TLS")]
    Tls(#[from] PemFaults),
}

/// What may help when an address cannot be had.
fn bind_hint(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    match error.kind() {
        AddrInUse => "; another program or another Foretell has it, and `ss -ltnp` says which",
        AddrNotAvailable => "; no interface of this computer has that address",
        PermissionDenied => "; a port below 1024 needs root's rights or CAP_NET_BIND_SERVICE",
        _ => "",
    }
}

/// What all connections share.
struct Shared {
    /// Replaced as a whole when the configuration is read again.
    options: RwLock<Arc<ListenerOptions>>,
    intake: Intake,
    source: Arc<Source>,
    logins: Logins,
    door: Arc<Door>,
    giants: Arc<Giants>,
    clients: Arc<Clients>,
    retained: Arc<Retained>,
    denied: DeniedOnce,
    /// Clients whose connections were closed for what they did.
    closed: Lately,
    /// Replaced as a whole; who is connected keeps the session that was agreed on.
    tls: RwLock<Option<Tls>>,
    stop: CancellationToken,
}

impl Shared {
    /// What takes a new connection; none where it is not encrypted.
    fn tls(&self) -> Option<TlsAcceptor> {
        self.tls.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Tls::acceptor)
    }

    /// As they are in force now.
    fn options(&self) -> Arc<ListenerOptions> {
        Arc::clone(&self.options.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The running listener.
pub(crate) struct Listener {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stopped: CancellationToken,
}

impl Listener {
    /// Binds and begins to accept; ends after `stop`.
    pub(crate) async fn start(
        options: ListenerOptions,
        intake: Intake,
        source: Arc<Source>,
        stop: CancellationToken,
    ) -> Result<Self, ListenerError> {
        let tls = Self::load(&options)?;
        let bind_error = |source| ListenerError::Bind { addr: options.listen, source };
        let socket = TcpListener::bind(options.listen).await.map_err(bind_error)?;
        let addr = socket.local_addr().map_err(bind_error)?;
        let stopped = CancellationToken::new();
        let retained = Arc::new(Retained::new(intake.decoder().clone()));
        let shared = Arc::new(Shared {
            logins: Logins::new(&options),
            door: Arc::new(Door::new(&options)),
            giants: Arc::new(Giants::new(options.large_packets_bytes_max)),
            options: RwLock::new(Arc::new(options)),
            intake,
            source,
            clients: Arc::default(),
            retained,
            denied: DeniedOnce::default(),
            closed: Lately::default(),
            tls: RwLock::new(tls),
            stop,
        });
        if let Some(host_id) = shared.intake.decoder().host_id() {
            shared.retained.set(&sparkplug::state_topic(&host_id), &sparkplug::state(true, shared.intake.now()));
        }
        // Cancelled also when the accepting task should die of a panic, so that nobody waits for it for ever.
        let done = stopped.clone().drop_guard();
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            accept(socket, accepting).await;
            drop(done);
        });
        tracing::info!(%addr, "Listening for MQTT.");
        Ok(Self { addr, shared, stopped })
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Loads the certificates that options name, as they are now.
    ///
    /// # Errors
    /// With every fault of the files.
    pub(crate) fn load(options: &ListenerOptions) -> Result<Option<Tls>, PemFaults> {
        options.tls.as_ref().map(Tls::load).transpose()
    }

    /// Goes on with other logins, limits and certificates; the address stays. Whoever is connected stays, with its TLS and the
    /// largest packet that it was told of; its rates follow within some seconds. But who is connected as a user that is gone, or
    /// that has another password or other rights, must log in again, within some seconds too. Returns whether the certificates are
    /// others than before.
    pub(crate) fn replace(&self, options: &ListenerOptions, tls: Option<Tls>) -> bool {
        self.shared.logins.replace(options);
        self.shared.door.replace(options);
        *self.shared.options.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(options.clone());
        let mut offered = self.shared.tls.write().unwrap_or_else(PoisonError::into_inner);
        let is_same = Tls::is_same(offered.as_ref(), tls.as_ref());
        if !is_same {
            *offered = tls;
        }
        !is_same
    }

    /// The certificates of new connections.
    pub(crate) fn certificates(&self) -> Vec<Certificates> {
        let tls = self.shared.tls.read().unwrap_or_else(PoisonError::into_inner);
        tls.as_ref().map(|tls| tls.certificates().to_vec()).unwrap_or_default()
    }

    pub(crate) fn retained(&self) -> &Retained {
        &self.shared.retained
    }

    /// Serves a stream that came another way.
    pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Send>(&self, stream: S, addr: SocketAddr) {
        match self.shared.door.enter(addr.ip()) {
            Ok(visit) => {
                let peer = Peer { addr, certificate: None };
                let connect_by = Instant::now() + self.shared.options().connect_within;
                admission::serve_stream(Arc::clone(&self.shared), stream, peer, connect_by, visit).await;
            }
            Err(why) => ConnectionRefused { peer: addr, why }.emit(&self.shared.denied),
        }
    }

    /// Waits until all connections, told to stop, have been answered and closed.
    pub(crate) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }
}

/// Accepts until told to stop, then waits for all connections.
async fn accept(socket: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut pace = Pace::default();
    let stop = shared.stop.clone();
    let stopping = stop.cancelled();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            biased;
            () = &mut stopping => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = socket.accept() => {
                match accepted {
                    Ok((stream, addr)) => enter(&mut connections, &shared, stream, addr),
                    Err(cause) => {
                        AcceptFailed { cause: &cause }.emit();
                        // Out of descriptors the error comes back at once, for ever.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
                pace.wait(shared.options().accepts_per_second_max).await;
            }
        }
    }
    drop(socket);
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn enter(connections: &mut JoinSet<()>, shared: &Arc<Shared>, stream: TcpStream, addr: SocketAddr) {
    match shared.door.enter(addr.ip()) {
        Ok(visit) => {
            connections.spawn(admission::serve(Arc::clone(shared), stream, addr, visit));
        }
        Err(why) => ConnectionRefused { peer: addr, why }.emit(&shared.denied),
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(cause) = ended
        && cause.is_panic()
    {
        ConnectionPanicked { cause: cause.to_string() }.emit();
    }
}

/// Spreads accepts: at most a tenth of a second's worth at once, then one by one.
#[derive(Default)]
struct Pace {
    /// When the next accept is due if none were ever early.
    due: Option<Instant>,
}

impl Pace {
    async fn wait(&mut self, per_second_max: u32) {
        const BURST: Duration = Duration::from_millis(100);
        let (now, every) = (Instant::now(), Duration::from_secs(1) / per_second_max.max(1));
        let due = self.due.map_or(now, |due| due.max(now)) + every;
        self.due = Some(due);
        if due > now + BURST {
            tokio::time::sleep_until(due - BURST).await;
        }
    }
}
