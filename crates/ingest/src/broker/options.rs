//! How a broker is reached, checked once at start.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::address::Address;
use crate::pem::PemFaults;

/// How to reach a broker.
#[derive(Clone, PartialEq)]
pub struct BrokerOptions {
    /// Its name for people, metrics and the quarantine.
    pub name: String,
    /// `mqtt://host:1883`, `mqtts://host:8883`, `ws://host:80/mqtt` or `wss://host:443/mqtt`; port and path may be left out.
    pub url: String,
    /// Which MQTT to speak. Default: 5, and 3.1.1 where the broker does not know that.
    pub version: Version,
    /// Our fixed name there. The broker keeps our session, and what arrives while we are away, under it; two processes with
    /// the same name throw each other out. With several workers the second is named `NAME-2`, and so on.
    pub client_id: String,
    /// User name, if the broker asks for one.
    pub username: Option<String>,
    /// Password; needs a user name. Never printed.
    pub password: Option<String>,
    /// The file whose first line is the password; it is read again for each connection, and `password` is what it held first.
    pub password_file: Option<PathBuf>,
    /// PEM file with the authorities to trust; without it, those of the operating system. Only with TLS.
    pub ca_file: Option<PathBuf>,
    /// PEM file with our own certificate chain; needs `key_file`.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the key to that certificate.
    pub key_file: Option<PathBuf>,
    /// Protocol names to offer in the TLS handshake (ALPN), such as `mqtt`; most brokers ask for none.
    pub alpn: Vec<String>,
    /// Group name of a shared subscription: the broker spreads messages over all sessions of the group.
    pub share: Option<String>,
    /// Sessions to hold at this broker; more than one needs `share`. Default 1.
    pub workers: usize,
    /// How long the broker is asked to keep our session while we are away (MQTT 5 only; 3.1.1 leaves that to the broker).
    /// Default 30 days.
    pub session_expiry: Duration,
    /// Longest silence before a ping, 1 s to 18 h. Default 30 s.
    pub keep_alive: Duration,
    /// Longest wait for a connection, its CONNACK and SUBACK. Default 10 s.
    pub connect_within: Duration,
    /// Longest pause between two attempts. The first is about half a second, each further one twice as long. Default 10 s: who
    /// brings a broker back expects to see us there, and one attempt in that time is no load.
    pub retry_max: Duration,
    /// Pause after a refusal that only a person can end: many brokers lock out who knocks often with a wrong key. Default 60 s.
    pub refused_pause: Duration,
    /// Messages that may wait for the intake, 1 to 65,535. An MQTT 5 broker is told as receive maximum; with 3.1.1 it should
    /// be at least the broker's window of unacknowledged messages. Default 2,000.
    pub inbox_messages_max: usize,
    /// Largest payload that is usual, in bytes. A larger one is still fetched, once, so that it can be refused and
    /// acknowledged instead of standing at the head of the session for ever. Default 1 MiB.
    pub payload_bytes_max: usize,
}

/// Which MQTT to speak to a broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// 5 first; 3.1.1 after a broker has refused it or hung up on it.
    #[default]
    Auto,
    /// 3.1.1 only.
    V3,
    /// 5 only.
    V5,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            name: "broker".into(),
            url: "mqtt://127.0.0.1:1883".into(),
            version: Version::Auto,
            client_id: "foretell".into(),
            username: None,
            password: None,
            password_file: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            alpn: Vec::new(),
            share: None,
            workers: 1,
            session_expiry: Duration::from_secs(30 * 86_400),
            keep_alive: Duration::from_secs(30),
            connect_within: Duration::from_secs(10),
            retry_max: Duration::from_secs(10),
            refused_pause: Duration::from_secs(60),
            inbox_messages_max: 2000,
            payload_bytes_max: 1 << 20,
        }
    }
}

impl fmt::Debug for BrokerOptions {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerOptions")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Why a broker session cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Without a fixed name the broker could not keep our session.
    #[error("`client_id` is empty; give this installation a fixed name of its own at the broker")]
    NoClientId,
    /// The address has another form.
    #[error(
        "`{url}` is not a broker's address such as mqtt://host:1883, mqtts://host:8883, ws://host/mqtt or wss://host/mqtt{hint}"
    )]
    Url {
        /// As configured.
        url: String,
        /// What to do about a common mistake; may be empty.
        hint: &'static str,
    },
    /// A password without a user name.
    #[error("a password is given without `username`")]
    NoUsername,
    /// TLS keys with an address that does not use TLS.
    #[error("certificate files or ALPN are given, but `{url}` does not use TLS; write mqtts:// or wss://")]
    TlsUnused {
        /// As configured.
        url: String,
    },
    /// Our own certificate without its key, or the other way round.
    #[error("a client certificate needs its certificate file and its key file together")]
    IncompleteIdentity,
    /// Several sessions would each receive everything.
    #[error("several workers need `share`, the name of a group, or each of them would receive every message")]
    WorkersWithoutShare,
    /// The group's name cannot stand in a topic filter.
    #[error("`{share}` cannot be the name of a shared subscription; it may not be empty or contain / + #")]
    Share {
        /// As configured.
        share: String,
    },
    /// Certificate files cannot be used.
    #[error(transparent)]
    Pem(#[from] PemFaults),
    /// The operating system's authorities could not be loaded.
    #[error("could not load the operating system's certificate authorities; set `ca_file`")]
    SystemAuthorities(#[source] rumqttc::TlsError),
    /// A WebSocket address that the client library does not take.
    #[error("`{url}` is no WebSocket address that can be connected to")]
    WebSocket {
        /// With port and path.
        url: String,
    },
    /// A value outside its range.
    #[error("`{key}` must be {range}")]
    Range {
        /// Which key.
        key: &'static str,
        /// What is allowed.
        range: &'static str,
    },
}

/// What a broker keeps for us: it knows each client id once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSession {
    /// The broker's host, in lower case.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Our name there.
    pub client_id: String,
}

/// Checks the form of a broker's address alone.
///
/// # Errors
/// With a hint for common mistakes.
pub fn check_url(url: &str) -> Result<(), BrokerError> {
    Address::parse(url).map(drop)
}

impl BrokerOptions {
    /// Checks everything that can be checked without connecting, also the certificate files.
    ///
    /// # Errors
    /// The first fault, or all those of the certificate files.
    pub fn check(&self) -> Result<(), BrokerError> {
        super::session::Checked::new(self.clone()).map(drop)
    }

    /// Whether a session with these options serves the others as well: a password that stands in a file is read for each
    /// connection anyway.
    #[must_use]
    pub fn is_served_like(&self, other: &Self) -> bool {
        let settled = |options: &Self| Self {
            password: options.password.clone().filter(|_| options.password_file.is_none()),
            ..options.clone()
        };
        settled(self) == settled(other)
    }

    /// The sessions that it holds, one for each worker; none when the address cannot be read.
    #[must_use]
    pub fn sessions(&self) -> Vec<BrokerSession> {
        let Ok(Address { host, port, .. }) = Address::parse(&self.url) else { return Vec::new() };
        let host = host.to_ascii_lowercase();
        let session = |worker| BrokerSession { host: host.clone(), port, client_id: self.client_id_of(worker) };
        (0..self.workers).map(session).collect()
    }

    /// Checks what needs no file.
    pub(super) fn check_values(&self, address: &Address) -> Result<(), BrokerError> {
        if self.client_id.is_empty() {
            return Err(BrokerError::NoClientId);
        }
        if self.password.is_some() && self.username.is_none() {
            return Err(BrokerError::NoUsername);
        }
        if !(1..=65_535).contains(&self.keep_alive.as_secs()) {
            return Err(BrokerError::Range { key: "keep_alive", range: "1 s to 18 h" });
        }
        if !(1..=65_535).contains(&self.inbox_messages_max) {
            return Err(BrokerError::Range { key: "receive_maximum", range: "1 to 65535" });
        }
        if !(1..=64).contains(&self.workers) {
            return Err(BrokerError::Range { key: "workers", range: "1 to 64" });
        }
        match &self.share {
            None if self.workers > 1 => return Err(BrokerError::WorkersWithoutShare),
            Some(share) if share.is_empty() || share.contains(['/', '+', '#']) => {
                return Err(BrokerError::Share { share: share.clone() });
            }
            _ => {}
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return Err(BrokerError::IncompleteIdentity);
        }
        let uses_tls_keys = self.ca_file.is_some() || self.certificate_file.is_some() || !self.alpn.is_empty();
        if uses_tls_keys && !address.tls {
            return Err(BrokerError::TlsUnused { url: self.url.clone() });
        }
        Ok(())
    }

    /// The name of a worker's session; the first bears the plain name, so that one worker is what it always was.
    pub(super) fn client_id_of(&self, worker: usize) -> String {
        if worker == 0 { self.client_id.clone() } else { format!("{}-{}", self.client_id, worker + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut BrokerOptions), expected: &str) {
        let mut options = BrokerOptions::default();
        change(&mut options);
        let got = options.check().map_or_else(|error| error.to_string(), |()| "sound".to_owned());
        assert_eq!(got, expected);
    }

    #[test]
    fn says_what_is_wrong() {
        check(|_| {}, "sound");
        check(|o| o.url = "wss://h".into(), "sound");
        check(
            |o| o.client_id = String::new(),
            "`client_id` is empty; give this installation a fixed name of its own at the broker",
        );
        check(|o| o.password = Some("x".into()), "a password is given without `username`");
        check(|o| o.keep_alive = Duration::ZERO, "`keep_alive` must be 1 s to 18 h");
        check(|o| o.inbox_messages_max = 70_000, "`receive_maximum` must be 1 to 65535");
        check(
            |o| o.workers = 2,
            "several workers need `share`, the name of a group, or each of them would receive every message",
        );
        check(
            |o| o.share = Some("a/b".into()),
            "`a/b` cannot be the name of a shared subscription; it may not be empty or contain / + #",
        );
        check(
            |o| o.ca_file = Some("/nowhere/ca.pem".into()),
            "certificate files or ALPN are given, but `mqtt://127.0.0.1:1883` does not use TLS; write mqtts:// or wss://",
        );
        let tls = |o: &mut BrokerOptions, ca: &str| (o.url, o.ca_file) = ("mqtts://h".into(), Some(ca.into()));
        check(|o| tls(o, "/nowhere/ca.pem"), "could not read /nowhere/ca.pem: No such file or directory (os error 2)");
        check(
            |o| {
                tls(o, "/nowhere/ca.pem");
                o.key_file = Some("/nowhere/key.pem".into());
            },
            "a client certificate needs its certificate file and its key file together",
        );
        let this = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        check(|o| tls(o, this), &format!("{this} holds no certificate in PEM form"));
    }

    #[test]
    fn the_password_is_never_printed() {
        let options = BrokerOptions { password: Some("secret".into()), ..BrokerOptions::default() };
        assert!(!format!("{options:?}").contains("secret"));
    }
}
