//! How a broker is reached, checked once at start.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rumqttc::{AckMode, Broker, MqttOptions, NetworkOptions, SessionMode, TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Longest topic that MQTT can carry, plus the packet's other fields: what a packet may have beyond its payload.
const PACKET_OVERHEAD_BYTES: usize = 65_535 + 16;
/// Requests that may wait for the connection: one acknowledgement for each packet id there is, and then some, so that an
/// acknowledgement never finds it full. It allocates as it fills.
const REQUESTS_MAX: usize = 70_000;

/// How to reach a broker.
#[derive(Clone, PartialEq)]
pub struct BrokerOptions {
    /// Its name for people, metrics and the quarantine.
    pub name: String,
    /// `mqtt://host:1883` or `mqtts://host:8883`; the port may be left out.
    pub url: String,
    /// Our fixed name there. The broker keeps our session, and what arrives while we are away, under it; two processes with
    /// the same name throw each other out.
    pub client_id: String,
    /// User name, if the broker asks for one.
    pub username: Option<String>,
    /// Password; needs a user name. Never printed.
    pub password: Option<String>,
    /// PEM file with the authorities to trust; without it, those of the operating system. Only for `mqtts`.
    pub ca_file: Option<PathBuf>,
    /// PEM file with our own certificate chain; needs `key_file` and `ca_file`.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the key to that certificate.
    pub key_file: Option<PathBuf>,
    /// Longest silence before a ping, 1 s to 18 h. Default 30 s.
    pub keep_alive: Duration,
    /// Longest wait for a connection, its CONNACK and SUBACK. Default 10 s.
    pub connect_within: Duration,
    /// Longest pause between two attempts. The first is about half a second, each further one twice as long. Default 60 s.
    pub retry_max: Duration,
    /// Messages that may wait for the intake; at least the broker's window of unacknowledged messages. Default 2,000.
    pub inbox_messages_max: usize,
    /// Largest payload that is usual, in bytes. A larger one is still fetched, once, so that it can be refused and
    /// acknowledged instead of standing at the head of the session for ever. Default 1 MiB.
    pub payload_bytes_max: usize,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            name: "broker".into(),
            url: "mqtt://127.0.0.1:1883".into(),
            client_id: "foretell".into(),
            username: None,
            password: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            keep_alive: Duration::from_secs(30),
            connect_within: Duration::from_secs(10),
            retry_max: Duration::from_secs(60),
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
    #[error("`{url}` is not a broker's address such as mqtt://host:1883 or mqtts://host:8883{hint}")]
    Url {
        /// As configured.
        url: String,
        /// What to do about a common mistake; may be empty.
        hint: &'static str,
    },
    /// A password without a user name.
    #[error("a password is given without `username`")]
    NoUsername,
    /// TLS files with an address that does not use TLS.
    #[error("certificate files are given, but `{url}` does not use TLS; write mqtts://")]
    TlsUnused {
        /// As configured.
        url: String,
    },
    /// Our own certificate without its companions.
    #[error("a client certificate needs `certificate_file`, `key_file` and `ca_file` together")]
    IncompleteIdentity,
    /// A file could not be read.
    #[error("could not read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} holds no certificate in PEM form")]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// The operating system's authorities could not be loaded.
    #[error("could not load the operating system's certificate authorities; set `ca_file`")]
    SystemAuthorities(#[source] rumqttc::TlsError),
    /// A value outside its range.
    #[error("`{key}` must be {range}")]
    Range {
        /// Which key.
        key: &'static str,
        /// What is allowed.
        range: &'static str,
    },
}

/// Checked options, ready to connect with as often as needed.
pub(super) struct Checked {
    pub(super) options: BrokerOptions,
    mqtt: MqttOptions,
}

impl Checked {
    pub(super) fn new(options: BrokerOptions) -> Result<Self, BrokerError> {
        let (tls, host, port) = parse_url(&options.url)?;
        if options.client_id.is_empty() {
            return Err(BrokerError::NoClientId);
        }
        let keep_alive_s = u16::try_from(options.keep_alive.as_secs()).ok().filter(|seconds| *seconds > 0);
        let keep_alive_s = keep_alive_s.ok_or(BrokerError::Range { key: "keep_alive", range: "1 s to 18 h" })?;
        if options.inbox_messages_max == 0 {
            return Err(BrokerError::Range { key: "inbox_messages_max", range: "at least 1" });
        }
        let mut mqtt = MqttOptions::new(options.client_id.as_str(), Broker::tcp(host, port));
        mqtt.set_keep_alive(keep_alive_s)
            .set_session_mode(SessionMode::Persistent)
            .set_ack_mode(AckMode::Manual)
            .set_request_channel_capacity(REQUESTS_MAX)
            .set_max_request_batch(1000)
            .set_read_batch_size(128);
        match (&options.username, &options.password) {
            (Some(user), Some(password)) => _ = mqtt.set_credentials(user.as_str(), password.clone().into_bytes()),
            (Some(user), None) => _ = mqtt.set_username(user.as_str()),
            (None, Some(_)) => return Err(BrokerError::NoUsername),
            (None, None) => {}
        }
        match (tls, tls_configuration(&options)?) {
            (true, Some(configuration)) => _ = mqtt.set_transport(Transport::tls_with_config(configuration)),
            (true, None) => {
                let system = Transport::try_tls_with_default_config().map_err(BrokerError::SystemAuthorities)?;
                mqtt.set_transport(system);
            }
            (false, Some(_)) => return Err(BrokerError::TlsUnused { url: options.url }),
            (false, None) => {}
        }
        Ok(Self { options, mqtt })
    }

    /// What a fresh connection starts from, taking payloads up to so many bytes.
    pub(super) fn mqtt(&self, payload_bytes_max: usize) -> MqttOptions {
        let mut mqtt = self.mqtt.clone();
        let outgoing = self.options.payload_bytes_max.saturating_add(PACKET_OVERHEAD_BYTES);
        mqtt.set_max_packet_size(payload_bytes_max.saturating_add(PACKET_OVERHEAD_BYTES), outgoing);
        mqtt
    }

    pub(super) fn network(&self) -> NetworkOptions {
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(self.options.connect_within.as_secs().max(1));
        // Acknowledgements are small and wanted at once.
        network.set_tcp_nodelay(true);
        network
    }
}

/// Whether TLS is asked for, the host and the port.
fn parse_url(url: &str) -> Result<(bool, &str, u16), BrokerError> {
    let fail = |hint| BrokerError::Url { url: url.to_owned(), hint };
    let (tls, rest) = match url.split_once("://") {
        Some(("mqtt" | "tcp", rest)) => (false, rest),
        Some(("mqtts" | "ssl", rest)) => (true, rest),
        _ => return Err(fail("")),
    };
    if rest.contains('@') {
        // Never repeated in an error: it may hold a password.
        let url = "…@…".to_owned();
        return Err(BrokerError::Url { url, hint: "; user and password have keys of their own" });
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let bracketed = rest.starts_with('[');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => {
            (host, port.parse().map_err(|_| fail("; the port is not a number from 1 to 65535"))?)
        }
        _ => (rest, if tls { 8883 } else { 1883 }),
    };
    if host.is_empty() || port == 0 || host.contains(['/', '?', '#', ' ']) {
        return Err(fail(""));
    }
    if host.contains(':') && !bracketed {
        return Err(fail("; an IPv6 address stands in brackets"));
    }
    Ok((tls, host, port))
}

fn tls_configuration(options: &BrokerOptions) -> Result<Option<TlsConfiguration>, BrokerError> {
    let BrokerOptions { ca_file, certificate_file, key_file, .. } = options;
    let (ca, identity) = match (ca_file, certificate_file, key_file) {
        (None, None, None) => return Ok(None),
        (Some(ca), None, None) => (ca, None),
        (Some(ca), Some(certificate), Some(key)) => (ca, Some((certificates(certificate)?, read(key)?))),
        _ => return Err(BrokerError::IncompleteIdentity),
    };
    Ok(Some(TlsConfiguration::Simple { ca: certificates(ca)?, alpn: None, client_auth: identity }))
}

/// A PEM file with at least one certificate, found out now rather than at the first connection.
fn certificates(path: &Path) -> Result<Vec<u8>, BrokerError> {
    let pem = read(path)?;
    let sound = CertificateDer::pem_slice_iter(&pem).next().is_some_and(|certificate| certificate.is_ok());
    if sound { Ok(pem) } else { Err(BrokerError::NoCertificate { path: path.to_owned() }) }
}

fn read(path: &Path) -> Result<Vec<u8>, BrokerError> {
    std::fs::read(path).map_err(|source| BrokerError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut BrokerOptions), expected: &str) {
        let mut options = BrokerOptions::default();
        change(&mut options);
        let got = Checked::new(options)
            .map_or_else(|error| error.to_string(), |checked| format!("{:?}", checked.mqtt.broker().tcp_address()));
        assert_eq!(got, expected);
    }

    #[test]
    fn reads_addresses() {
        check(|o| o.url = "mqtt://plant.example".into(), r#"Some(("plant.example", 1883))"#);
        check(|o| o.url = "mqtt://10.0.0.7:2883/".into(), r#"Some(("10.0.0.7", 2883))"#);
        check(|o| o.url = "mqtt://[::1]:1884".into(), r#"Some(("[::1]", 1884))"#);
        check(|o| o.url = "mqtt://[::1]".into(), r#"Some(("[::1]", 1883))"#);
    }

    #[test]
    fn says_what_is_wrong() {
        const FORM: &str = "is not a broker's address such as mqtt://host:1883 or mqtts://host:8883";
        check(|o| o.url = "plant:1883".into(), &format!("`plant:1883` {FORM}"));
        check(|o| o.url = "mqtt://::1".into(), &format!("`mqtt://::1` {FORM}; an IPv6 address stands in brackets"));
        check(
            |o| o.url = "mqtt://h:70000".into(),
            &format!("`mqtt://h:70000` {FORM}; the port is not a number from 1 to 65535"),
        );
        check(
            |o| o.url = "mqtt://me:secret@h".into(),
            &format!("`…@…` {FORM}; user and password have keys of their own"),
        );
        check(
            |o| o.client_id = String::new(),
            "`client_id` is empty; give this installation a fixed name of its own at the broker",
        );
        check(|o| o.password = Some("x".into()), "a password is given without `username`");
        check(|o| o.keep_alive = Duration::ZERO, "`keep_alive` must be 1 s to 18 h");
        check(|o| o.ca_file = Some("/nowhere/ca.pem".into()), "could not read /nowhere/ca.pem");
        check(
            |o| o.key_file = Some("/nowhere/key.pem".into()),
            "a client certificate needs `certificate_file`, `key_file` and `ca_file` together",
        );
        let this = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        check(|o| o.ca_file = Some(this.into()), &format!("{this} holds no certificate in PEM form"));
    }

    #[test]
    fn the_password_is_never_printed() {
        let options = BrokerOptions { password: Some("secret".into()), ..BrokerOptions::default() };
        assert!(!format!("{options:?}").contains("secret"));
    }
}
