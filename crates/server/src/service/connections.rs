//! HTTP connections within bounds, so that browsers, scanners and slow clients can never take the descriptors that the
//! controllers need: a connection cap of its own, a share of it for each address, a time for the request's head (which is
//! the idle time between two requests, too), a time for a client to take its answer, and one for a peer that is gone.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use foretell_console::Peer;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::{counter, gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

/// Pause after the operating system refused a connection: out of descriptors the error comes back at once, for ever.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What HTTP may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Connections at a time; further ones are closed as they arrive.
    pub(super) connections_max: usize,
    /// Connections of one address that is not this computer (where a proxy may stand for everybody).
    pub(super) connections_per_address_max: usize,
    /// Longest time until a request's head is complete, counted from the connection or the last answer.
    pub(super) head_within: Duration,
    /// Longest time in which a client takes nothing of its answer.
    pub(super) stalled_within: Duration,
    /// Largest head, bytes.
    pub(super) head_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_max: 256,
            connections_per_address_max: 64,
            head_within: Duration::from_secs(15),
            stalled_within: Duration::from_secs(30),
            head_bytes_max: 32 << 10,
        }
    }
}

/// Accepts until `stop`, then lets open requests end and closes idle connections.
pub(super) async fn serve_connections(listener: TcpListener, router: Router, bounds: Bounds, stop: CancellationToken) {
    let (mut connections, places) = (JoinSet::new(), Arc::new(Places::default()));
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match Places::take(&places, peer.ip(), bounds) {
                    Some(place) => {
                        connections.spawn(serve_one(stream, router.clone(), bounds, stop.clone(), place));
                    }
                    None => refuse(peer),
                },
                Err(error) => {
                    counter!("foretell_http_accepts_failed_total").increment(1);
                    tracing::warn!(%error, "Could not accept an HTTP connection; the next attempt follows at once.");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn refuse(peer: SocketAddr) {
    counter!("foretell_http_connections_refused_total").increment(1);
    tracing::warn!(%peer, "An HTTP connection was closed: all places are taken, or this address has its share.");
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "An HTTP connection ended in a panic; the others go on. Please report this.");
    }
}

async fn serve_one(stream: TcpStream, router: Router, bounds: Bounds, stop: CancellationToken, place: Place) {
    prepare(&stream, bounds);
    // Limits on guessing count by address.
    let (peer, router) = (Peer(place.address), TowerToHyperService::new(router));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let io = Impatient { io: TokioIo::new(stream), within: bounds.stalled_within, stalled: None };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_within)
        .max_header_size(bounds.head_bytes_max)
        .serve_connection(io, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "An HTTP connection ended early.");
    }
    drop(place);
}

/// Lets the operating system end a connection whose peer has vanished without a word, such as a phone out of reach.
fn prepare(stream: &TcpStream, bounds: Bounds) {
    let socket = socket2::SockRef::from(stream);
    let alive = socket2::TcpKeepalive::new().with_time(bounds.stalled_within).with_interval(bounds.stalled_within / 3);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&alive))
        .and_then(|()| socket.set_tcp_user_timeout(Some(bounds.stalled_within * 2)));
    if let Err(error) = set {
        tracing::debug!(%error, "Could not set a connection's timers; a vanished peer is noticed later.");
    }
}

/// Who is connected from where.
#[derive(Debug, Default)]
struct Places(Mutex<HashMap<IpAddr, usize>>);

/// One connection's place; given back when dropped.
struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// A place, unless all are taken or the address has its share.
    fn take(places: &Arc<Self>, address: IpAddr, bounds: Bounds) -> Option<Place> {
        let address = address.to_canonical();
        let mut taken = places.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.get(&address).copied().unwrap_or(0);
        let share = if address.is_loopback() { bounds.connections_max } else { bounds.connections_per_address_max };
        if all >= bounds.connections_max || own >= share {
            return None;
        }
        taken.insert(address, own + 1);
        gauge!("foretell_http_connections").set((all + 1) as f64);
        Some(Place { places: Arc::clone(places), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.address);
            }
        }
        gauge!("foretell_http_connections").set(taken.values().sum::<usize>() as f64);
    }
}

/// A socket that fails when its peer takes nothing for too long. Hyper itself would wait for ever.
struct Impatient<T> {
    io: T,
    within: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<T> Impatient<T> {
    /// Passes progress on, and turns waiting for too long into an error.
    fn watch<R>(&mut self, cx: &mut Context<'_>, polled: Poll<std::io::Result<R>>) -> Poll<std::io::Result<R>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let due = Instant::now() + self.within;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => {
                counter!("foretell_http_connections_stalled_total").increment(1);
                Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: Read + Unpin> Read for Impatient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: Write + Unpin> Write for Impatient<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(cx);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, pieces);
        self.watch(cx, polled)
    }
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
