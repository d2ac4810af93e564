//! How the listener listens, whom it lets in, and its bounds.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::passwords::Password;
use super::rights::Rights;

/// How the listener listens. The defaults suit a laptop: loopback, no password, no TLS.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerOptions {
    /// Where. Port 0 takes a free one. Default `127.0.0.1:1883`.
    pub listen: SocketAddr,
    /// TLS for every connection; none by default.
    pub tls: Option<TlsOptions>,
    /// Who needs no login. Default: clients on this computer.
    pub anonymous: Anonymous,
    /// Logins.
    pub users: Vec<User>,
    /// Most connections at a time; further ones are closed as they arrive. Default 20,000.
    pub connections_max: usize,
    /// Most connections from one IPv4 address or IPv6 /64 network at a time. Default 5,000.
    pub connections_per_address_max: usize,
    /// Most connections of one user at a time. Default 5,000.
    pub connections_per_user_max: usize,
    /// Most connections at a time that have not introduced themselves; the oldest of them makes room for a new one.
    /// Default 1,000.
    pub strangers_max: usize,
    /// Most connections accepted per second; further ones wait in the operating system's queue. Default 1,000.
    pub accepts_per_second_max: u32,
    /// How long a client may take for TLS and CONNECT. Default 10 s.
    pub connect_within: Duration,
    /// Largest packet, in bytes; announced to v5 clients. Default 1 MiB.
    pub packet_bytes_max: u32,
    /// Most bytes of all packets together that are beyond 64 KiB and on their way; the oldest of them makes room for a new one.
    /// Default 256 MiB.
    pub large_packets_bytes_max: usize,
    /// Most packets per second of one connection; what it sends faster is read later. Default: no limit.
    pub messages_per_second_max: Option<u32>,
    /// Most payload bytes per second of one connection; what it sends faster is read later. Default: no limit.
    pub bytes_per_second_max: Option<u32>,
    /// Most messages of one connection that wait for the log, 1 to 65,535; announced to v5 clients as receive maximum.
    /// Default 1,000.
    pub pending_max: u16,
    /// Longest silence of a client whose own keep-alive is longer or off. v5 clients are told; v3.1.1 clients with
    /// keep-alive 0 are closed after it, because a half-open connection would stand for ever. Default 1 h.
    pub silence_max: Duration,
    /// How long a client may leave our answers unread. Default 30 s.
    pub write_within: Duration,
    /// A wrong login is answered this long after it came, to slow down guessing and to tell nothing by the time taken.
    /// Default 300 ms.
    pub bad_login_delay: Duration,
    /// Failed logins of one address and user within `login_pause` before it must wait for that long; of one address with any
    /// users, twenty times as many. Default 5.
    pub login_failures_max: u32,
    /// See `login_failures_max`. Default 1 min.
    pub login_pause: Duration,
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 1883)),
            tls: None,
            anonymous: Anonymous::OnLoopback,
            users: Vec::new(),
            connections_max: 20_000,
            connections_per_address_max: 5_000,
            connections_per_user_max: 5_000,
            strangers_max: 1_000,
            accepts_per_second_max: 1_000,
            connect_within: Duration::from_secs(10),
            packet_bytes_max: 1 << 20,
            large_packets_bytes_max: 256 << 20,
            messages_per_second_max: None,
            bytes_per_second_max: None,
            pending_max: 1_000,
            silence_max: Duration::from_secs(3600),
            write_within: Duration::from_secs(30),
            bad_login_delay: Duration::from_millis(300),
            login_failures_max: 5,
            login_pause: Duration::from_secs(60),
        }
    }
}

/// Who may come in without a login; an anonymous client may do everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Nobody.
    Nobody,
    /// Clients whose address is a loopback address. A proxy on this computer makes everybody look like that: use `Nobody`.
    #[default]
    OnLoopback,
    /// Everybody; for closed networks.
    Everybody,
}

/// One login.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its name. A client certificate with this name among its DNS names, or as its common name (CN) where it has no DNS name,
    /// logs in as this user without a password.
    pub name: String,
    /// Its password; without one, only a certificate will do.
    pub password: Option<Password>,
    /// What it may do.
    pub rights: Rights,
}

impl fmt::Debug for User {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("rights", &self.rights).finish_non_exhaustive()
    }
}

/// TLS of the listener; all files are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// The server's certificate, followed by its intermediates.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The authority whose client certificates are accepted; none: clients log in by password.
    pub client_ca_file: Option<PathBuf>,
}
