//! From an accepted socket to a client: TLS, CONNECT, login, takeover; and what happens after its session.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Shared;
use super::clients::Predecessor;
use super::door::Visit;
use super::events::{ClientConnected, ClientLeft, ClientTurnedAway, ConnectFailed, TlsFailed, TwinsSeen};
use super::incoming::{Connect, Incoming};
use super::left::Left;
use super::link::{Link, Moved};
use super::logins::{Login, Peer};
use super::names;
use super::publications::contract_machine;
use super::replies::{TurnedAway, Welcome};
use super::session::{Client, Session};
use crate::intake::{Source, TroubleKind};

/// So many quick takeovers in a row are no chance.
const TWINS_MIN: u32 = 3;
/// Longest client id, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 256;
/// Most bytes before the end of CONNECT: nobody known may make us hold more.
const CONNECT_BYTES_MAX: usize = 80 << 10;
/// Why a stranger had to go whose place was wanted.
const CROWDED_OUT: &str = "crowded_out";
/// CONNACK "unacceptable protocol version", which clients of every age understand.
const VERSION_REFUSED: [u8; 4] = [0x20, 2, 0, 1];

/// Serves one connection to its end.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream, addr: SocketAddr, visit: Visit) {
    let connect_by = tokio::time::Instant::now() + shared.options().connect_within;
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::debug!(%cause, "Could not switch off Nagle's algorithm; answers may come late.");
    }
    let Some(tls) = shared.tls() else {
        let peer = Peer { addr, certificate: None };
        return serve_stream(shared, stream, peer, connect_by, visit).await;
    };
    // In a box of its own, so that a connection without TLS does not pay for the size of one with it.
    Box::pin(serve_tls(shared, tls, stream, addr, connect_by, visit)).await;
}

async fn serve_tls(
    shared: Arc<Shared>,
    tls: TlsAcceptor,
    stream: TcpStream,
    addr: SocketAddr,
    connect_by: tokio::time::Instant,
    visit: Visit,
) {
    let failed = |reason| ConnectFailed { peer: addr, reason }.emit();
    let accepted = tokio::select! {
        biased;
        () = visit.crowded_out() => return failed(CROWDED_OUT),
        accepted = tokio::time::timeout_at(connect_by, tls.accept(stream)) => accepted,
    };
    match accepted {
        Ok(Ok(stream)) => {
            let certificate = names::names(stream.get_ref().1.peer_certificates());
            serve_stream(shared, stream, Peer { addr, certificate }, connect_by, visit).await;
        }
        Ok(Err(cause)) => {
            TlsFailed { peer: addr, cause: &cause }.emit(&shared.denied);
            failed("tls");
        }
        Err(_) => failed("connect_timeout"),
    }
}

/// Serves one connection whose TLS, if any, is done.
pub(super) async fn serve_stream<S: AsyncRead + AsyncWrite>(
    shared: Arc<Shared>,
    stream: S,
    peer: Peer,
    connect_by: tokio::time::Instant,
    visit: Visit,
) {
    // In a box, because it is handed on from stage to stage and each would have a copy in the task's memory.
    let mut link = Box::new(Link::new(stream, shared.options().packet_bytes_max, Arc::clone(&shared.giants)));
    let connect = tokio::select! {
        biased;
        () = shared.stop.cancelled() => Err("stopping"),
        // No farewell: its place is wanted now.
        () = visit.crowded_out() => return ConnectFailed { peer: peer.addr, reason: CROWDED_OUT }.emit(),
        connect = tokio::time::timeout_at(connect_by, introduced(&mut link)) => connect.unwrap_or(Err("connect_timeout")),
    };
    let connect = match connect {
        Ok(connect) => connect,
        Err(reason) => {
            ConnectFailed { peer: peer.addr, reason }.emit();
            if reason == "unsupported_version" {
                link.out.extend_from_slice(&VERSION_REFUSED);
            }
            return link.close().await;
        }
    };
    if !visit.introduced() {
        return ConnectFailed { peer: peer.addr, reason: CROWDED_OUT }.emit();
    }
    let came = tokio::time::Instant::now();
    match decide(&shared, &connect, &peer).await {
        Ok(login) => serve_client(shared, link, connect, peer.addr, login).await,
        Err(why) => {
            let (client_id, user) = (connect.client_id.as_str(), connect.user.as_deref());
            let certificate = peer.certificate.as_deref();
            ClientTurnedAway { peer: peer.addr, client_id, user, certificate, why }.emit();
            if why == TurnedAway::BadLogin {
                tokio::time::sleep_until(came + shared.options().bad_login_delay).await;
            }
            let Link { protocol, out, .. } = &mut *link;
            protocol.turn_away(why, out);
            link.close().await;
        }
    }
}

/// Waits for CONNECT.
async fn introduced<S: AsyncRead + AsyncWrite>(link: &mut Link<S>) -> Result<Box<Connect>, &'static str> {
    let mut bytes = 0;
    loop {
        match link.next() {
            Ok(Some(Incoming::Connect(connect))) => return Ok(connect),
            Ok(Some(_)) => return Err("protocol_error"),
            Err(broken) => return Err(broken.reason),
            Ok(None) => {}
        }
        match link.turn(true).await {
            Ok(Moved::In(0)) | Err(_) => return Err("gone"),
            Ok(Moved::In(more)) => bytes += more,
            Ok(Moved::Out) => {}
        }
        if bytes > CONNECT_BYTES_MAX {
            return Err("packet_too_large");
        }
    }
}

async fn decide(shared: &Shared, connect: &Connect, peer: &Peer) -> Result<Login, TurnedAway> {
    if connect.is_malformed() {
        return Err(TurnedAway::Malformed);
    }
    if connect.wants_auth {
        return Err(TurnedAway::AuthMethod);
    }
    let needs_id = connect.client_id.is_empty() && !connect.clean && !connect.is_v5;
    let is_odd_id = connect.client_id.len() > CLIENT_ID_BYTES_MAX || connect.client_id.chars().any(char::is_control);
    if needs_id || is_odd_id {
        return Err(TurnedAway::ClientId);
    }
    let login = shared.logins.decide(connect, peer, Instant::now()).await?;
    if !shared.clients.has_room(login.user.as_deref(), shared.options().connections_per_user_max) {
        return Err(TurnedAway::Quota);
    }
    // A will is a message like any other: refused now, because there is nobody to tell later.
    let will_machine = connect.will.as_ref().and_then(|will| contract_machine(&will.topic));
    if let Some((site, machine)) = will_machine
        && !login.rights.may_publish(site, machine)
    {
        return Err(TurnedAway::Will);
    }
    Ok(login)
}

/// Counts a connected client for as long as it lives.
struct Counted(Arc<Source>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

async fn serve_client<S: AsyncRead + AsyncWrite>(
    shared: Arc<Shared>,
    mut link: Box<Link<S>>,
    connect: Box<Connect>,
    peer: SocketAddr,
    login: Login,
) {
    let number = shared.clients.next_number();
    let assigned = connect.client_id.is_empty().then(|| format!("auto-{number}"));
    let client_id = assigned.clone().unwrap_or_else(|| connect.client_id.clone());
    let leave = shared.stop.child_token();
    let (registration, predecessor) =
        shared.clients.enter(login.user.clone(), client_id.clone(), (number, peer), leave.clone()).await;
    let options = shared.options();
    let silence_max_s = u16::try_from(options.silence_max.as_secs()).unwrap_or(u16::MAX).max(1);
    let too_long = connect.keep_alive_s == 0 || connect.keep_alive_s > silence_max_s;
    let welcome = Welcome {
        assigned_client_id: assigned.as_deref(),
        server_keep_alive_s: too_long.then_some(silence_max_s),
        receive_max: options.pending_max.max(1),
    };
    let Link { protocol, out, .. } = &mut *link;
    if let Err(broken) = protocol.welcome(&welcome, out) {
        ConnectFailed { peer, reason: broken.reason }.emit();
        return link.close().await;
    }
    shared.source.connected();
    let counted = Counted(Arc::clone(&shared.source));
    let version = if link.protocol.is_v5() { "5" } else { "3.1.1" };
    let (user, took_over) = (login.user.as_deref(), predecessor.is_some());
    ClientConnected { peer, client_id: &client_id, user, version, took_over }.emit();
    if let Some(Predecessor { peer: before, quick }) = predecessor.filter(|before| before.quick >= TWINS_MIN) {
        let times = shared.source.note_trouble(TroubleKind::Twins, &client_id);
        TwinsSeen { peer, before, client_id: &client_id, user, times: quick }.emit(times);
    }

    let keep_alive_s = if too_long { silence_max_s } else { connect.keep_alive_s };
    let client = Client {
        number,
        peer,
        login,
        // One and a half times the keep-alive, as the standard asks.
        silence_max: Duration::from_millis(u64::from(keep_alive_s) * 1500),
        receive_max: connect.receive_max,
    };
    let mut session = Session::new(Arc::clone(&shared), link, client);
    let left = session.run(leave).await;
    session.tell_too_large(&client_id);
    if left.wants_will()
        && let Some(will) = &connect.will
    {
        session.last_words(will).await;
    }
    drop(registration);
    drop(counted);
    ClientLeft { peer, client_id: &client_id, left }.emit(&shared.closed);
    let mut link = session.into_link();
    if let Some(reason) = farewell(left) {
        let Link { protocol, out, .. } = &mut *link;
        protocol.disconnect(reason, out);
    }
    if left != Left::Gone {
        link.close().await;
    }
}

/// What a v5 client is told at the end.
fn farewell(left: Left) -> Option<DisconnectReasonCode> {
    match left {
        Left::Asked { .. } | Left::Gone => None,
        // Most faults have been answered by the state machine already; it sends no second DISCONNECT.
        Left::Broken("topic_invalid") => Some(DisconnectReasonCode::TopicNameInvalid),
        Left::Broken("malformed_packet") => Some(DisconnectReasonCode::MalformedPacket),
        Left::Broken(_) => Some(DisconnectReasonCode::ProtocolError),
        Left::Silent => Some(DisconnectReasonCode::KeepAliveTimeout),
        Left::NotReading | Left::CrowdedOut => Some(DisconnectReasonCode::QuotaExceeded),
        Left::TakenOver => Some(DisconnectReasonCode::SessionTakenOver),
        Left::LoginChanged => Some(DisconnectReasonCode::AdministrativeAction),
        Left::Stopping => Some(DisconnectReasonCode::ServerShuttingDown),
        Left::CommitFailed => Some(DisconnectReasonCode::UnspecifiedError),
    }
}
