//! What is worth a log line and a metric; one struct each, so that the two never disagree.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use metrics::counter;
use tracing::{debug, error, info, warn};

use super::door::NoPlace;
use super::lately::Lately;
use super::left::Left;
use super::replies::TurnedAway;
use crate::pem::remedy_of_version;

/// A client was let in.
pub(super) struct ClientConnected<'a> {
    pub(super) peer: SocketAddr,
    pub(super) client_id: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) version: &'static str,
    pub(super) took_over: bool,
}

impl ClientConnected<'_> {
    pub(super) fn emit(self) {
        debug!(peer = %self.peer, client_id = self.client_id, user = self.user, version = self.version, took_over = self.took_over, "A client connected.");
        counter!("foretell_mqtt_connects_total", "version" => self.version).increment(1);
        if self.took_over {
            counter!("foretell_mqtt_takeovers_total").increment(1);
        }
    }
}

/// Clients take one id from each other within seconds, again and again.
pub(super) struct TwinsSeen<'a> {
    pub(super) peer: SocketAddr,
    pub(super) before: SocketAddr,
    pub(super) client_id: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) times: u32,
}

/// It is said again after so many more.
const TWINS_SAY_EVERY: u32 = 300;

impl TwinsSeen<'_> {
    /// `seen` is how often it was seen, as long as it has gone on.
    pub(super) fn emit(self, seen: u32) {
        if !(seen - 1).is_multiple_of(TWINS_SAY_EVERY) {
            return;
        }
        let Self { peer, before, client_id, user, times } = self;
        if peer.ip() == before.ip() {
            warn!(%peer, client_id, user, times, "A client connects again and again within seconds while its connection before still stands: two programs there use one client id and throw each other out, or its link breaks.");
        } else {
            warn!(%peer, %before, client_id, user, times, "Two clients use one client id and throw each other out, again and again; give each its own.");
        }
    }
}

/// As much of a name as a log line bears: who is not let in may give one of 65,535 bytes.
fn shown(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_SHOWN_BYTES)]
}

/// More than any name that is let in has.
const NAME_SHOWN_BYTES: usize = 256;

/// A client is gone.
pub(super) struct ClientLeft<'a> {
    pub(super) peer: SocketAddr,
    pub(super) client_id: &'a str,
    pub(super) left: Left,
}

impl ClientLeft<'_> {
    /// One that was closed for what it did is told of now and then: it comes again and again.
    pub(super) fn emit(self, lately: &Lately) {
        let Self { peer, client_id, left } = self;
        let reason = left.reason();
        counter!("foretell_mqtt_disconnects_total", "reason" => reason).increment(1);
        match left.remedy().filter(|_| lately.is_due(client_id, reason, Instant::now())) {
            Some(remedy) => {
                warn!(%peer, client_id, reason, remedy, "Closed a client's connection; said again after ten minutes.")
            }
            None => debug!(%peer, client_id, reason, "A client left."),
        }
    }
}

/// A client sent a packet that is larger than allowed, and was disconnected.
pub(super) struct PacketTooLarge<'a> {
    pub(super) peer: SocketAddr,
    pub(super) client_id: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) topic: Option<&'a str>,
    pub(super) bytes: usize,
    pub(super) bytes_max: usize,
}

impl PacketTooLarge<'_> {
    /// Whether it was told; one of this client and topic was perhaps told lately.
    pub(super) fn emit(self, lately: &Lately) -> bool {
        let Self { peer, client_id, user, topic, bytes, bytes_max } = self;
        let is_due = lately.is_due(client_id, topic.unwrap_or("packet_too_large"), Instant::now());
        if is_due {
            warn!(%peer, client_id, user, topic, bytes, bytes_max, "A client sent a packet that is too large and was disconnected; said again after ten minutes. With MQTT 3.1.1 it will come back and send it again: let it send less at a time, or raise `[mqtt.limits] packet_size`.");
        }
        is_due
    }
}

/// A client was turned away at CONNECT.
pub(super) struct ClientTurnedAway<'a> {
    pub(super) peer: SocketAddr,
    pub(super) client_id: &'a str,
    pub(super) user: Option<&'a str>,
    /// The names of its certificate, if it showed one.
    pub(super) certificate: Option<&'a [String]>,
    pub(super) why: TurnedAway,
}

impl ClientTurnedAway<'_> {
    pub(super) fn emit(self) {
        let certificate = self.certificate.map(|names| names.join(", "));
        info!(peer = %self.peer, client_id = shown(self.client_id), user = self.user.map(shown), certificate, reason = self.why.code(), remedy = self.why.remedy(), "Turned a client away.");
        counter!("foretell_mqtt_connects_refused_total", "reason" => self.why.code()).increment(1);
    }
}

/// A TLS handshake failed; said once for each address and cause, because a broken client knocks for ever.
pub(super) struct TlsFailed<'a> {
    pub(super) peer: SocketAddr,
    pub(super) cause: &'a std::io::Error,
}

impl TlsFailed<'_> {
    pub(super) fn emit(self, once: &DeniedOnce) {
        let cause = self.cause.to_string();
        if once.is_new(self.peer.ip().to_string(), &cause) {
            info!(peer = %self.peer, cause, remedy = tls_remedy(&cause), "TLS failed, and this is said once.");
        } else {
            debug!(peer = %self.peer, cause, "TLS failed.");
        }
    }
}

/// What to do about a failed handshake. An authority's certificate is what openssl makes when it is told no more than it must be.
fn tls_remedy(cause: &str) -> &'static str {
    let remedy = remedy_of_version(cause);
    if !remedy.is_empty() {
        remedy
    } else if cause.contains("CaUsedAsEndEntity") {
        "it shows the certificate of an authority, which `openssl req -x509` makes; let it have one that is signed by that of \
         `tls_client_ca_file`, and is no authority's itself"
    } else {
        "a client needs TLS, our certificate's authority, and a certificate of its own, if it shows one, from `tls_client_ca_file`"
    }
}

/// A connection ended before its CONNECT was read.
pub(super) struct ConnectFailed {
    pub(super) peer: SocketAddr,
    pub(super) reason: &'static str,
}

impl ConnectFailed {
    pub(super) fn emit(self) {
        debug!(peer = %self.peer, reason = self.reason, "A connection ended before it was a client.");
        counter!("foretell_mqtt_connects_refused_total", "reason" => self.reason).increment(1);
    }
}

/// A message outside its login's rights; logged once for each login and topic.
pub(super) struct PublishDenied<'a> {
    pub(super) peer: SocketAddr,
    pub(super) user: Option<&'a str>,
    pub(super) topic: &'a str,
}

/// Which denials were logged already. Forgets everything when it is full.
#[derive(Default)]
pub(super) struct DeniedOnce {
    said: Mutex<HashSet<(String, String)>>,
}

/// How many denials [`DeniedOnce`] remembers.
const DENIED_MAX: usize = 1_000;

impl DeniedOnce {
    fn is_new(&self, who: String, what: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= DENIED_MAX {
            said.clear();
        }
        said.insert((who, what.chars().take(200).collect()))
    }
}

impl PublishDenied<'_> {
    pub(super) fn emit(self, once: &DeniedOnce) {
        counter!("foretell_mqtt_publishes_denied_total").increment(1);
        if once.is_new(self.user.unwrap_or_default().to_owned(), self.topic) {
            warn!(
                peer = %self.peer,
                user = self.user,
                topic = self.topic,
                "Refused a whole message, because a machine in it is outside its login's rights; said once. Widen `machines` of the user, or correct the controller's topic. The quarantine keeps it to be looked at and exported; it is not replayed."
            );
        }
    }
}

/// A socket is not being read because the log cannot keep up.
pub(super) struct ReadingPaused;

impl ReadingPaused {
    pub(super) fn emit(self) {
        counter!("foretell_mqtt_read_pauses_total").increment(1);
    }
}

/// A connection was closed as it arrived.
pub(super) struct ConnectionRefused {
    pub(super) peer: SocketAddr,
    pub(super) why: NoPlace,
}

impl ConnectionRefused {
    /// Says it once for each address: a flood must not fill the logs' disk.
    pub(super) fn emit(self, once: &DeniedOnce) {
        let limit = self.why.code();
        counter!("foretell_mqtt_connects_refused_total", "reason" => limit).increment(1);
        if once.is_new(self.peer.ip().to_string(), limit) {
            warn!(peer = %self.peer, limit, "Too many connections; closed a new one, and say so once for this address. If the fleet is that large, raise the limit under [mqtt.limits], and that of open files (LimitNOFILE in the unit, or ulimit -n).");
        }
    }
}

/// The operating system gave no connection.
pub(super) struct AcceptFailed<'a> {
    pub(super) cause: &'a std::io::Error,
}

impl AcceptFailed<'_> {
    pub(super) fn emit(self) {
        warn!(cause = %self.cause, "Could not accept a connection. If it says too many open files, raise the limit of the service.");
        counter!("foretell_mqtt_accepts_failed_total").increment(1);
    }
}

/// A connection's task panicked. It alone is closed.
pub(super) struct ConnectionPanicked {
    pub(super) cause: String,
}

impl ConnectionPanicked {
    pub(super) fn emit(self) {
        error!(cause = self.cause, "A connection's task panicked and was closed; others go on. Please report this.");
        counter!("foretell_mqtt_connection_panics_total").increment(1);
    }
}
