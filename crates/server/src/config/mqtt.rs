//! `[mqtt]`: the embedded listener, the plant's broker, and further brokers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretell_ingest::IntakeOptions;
use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::listener::{Anonymous, Argon2Hash, ListenerOptions, MachineGlob, Password};
use foretell_ingest::{pem, validity};

use super::read::{PASSWORD, address, file, keep, key_file, required, secret, secret_with_file};
use super::reader::Section;
use super::{Secret, source, unit};

/// Where readings come from besides `[[mqtt.source]]`.
#[derive(Clone, Debug, PartialEq)]
pub enum MqttSource {
    /// Controllers connect to us.
    Embedded,
    /// We connect to the plant's broker.
    Broker {
        /// `mqtt://host:port`, `mqtts://…`, `ws://…` or `wss://…`.
        url: String,
    },
    /// From nowhere else.
    Nowhere,
}

/// `[mqtt]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttSection {
    /// Embedded listener, external broker, or neither.
    pub source: MqttSource,
    /// Which MQTT to speak to an external broker.
    pub version: Version,
    /// Our fixed client id at an external broker; its persistent session hangs on it.
    pub client_id: String,
    /// Our user name at an external broker.
    pub username: Option<String>,
    /// Our password at an external broker.
    pub password: Option<Secret>,
    /// Where it came from, to be read again for each connection; none when it came from the environment.
    pub password_file: Option<PathBuf>,
    /// Certificate authority of an external broker (PEM) when it is not a public one.
    pub ca_file: Option<PathBuf>,
    /// `[[mqtt.source]]`: further brokers.
    pub sources: Vec<BrokerOptions>,
    /// Where the embedded listener listens.
    pub listen: SocketAddr,
    /// Certificate chain of the embedded listener (PEM); with the key it speaks TLS.
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of the embedded listener (PEM).
    pub tls_key_file: Option<PathBuf>,
    /// Authority whose client certificates the embedded listener accepts (PEM).
    pub tls_client_ca_file: Option<PathBuf>,
    /// Who may connect to the embedded listener without a name.
    pub anonymous: Anonymous,
    /// Who may connect to the embedded listener.
    pub users: Vec<MqttUser>,
    /// `[mqtt.limits]`: what the embedded listener bears.
    pub limits: MqttLimits,
    /// How old a reading may be when it arrives, from whichever source; `None`: any age.
    pub age_max: Option<Duration>,
    /// How many machines are taken in, from all sources together.
    pub machines_max: usize,
}

/// `[mqtt.limits]`: as many connections, and as fast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Of them, from one address.
    pub connections_per_address: usize,
    /// Of them, of one user.
    pub connections_per_user: usize,
    /// Connections accepted per second.
    pub accepts_per_second: u32,
    /// Packets per second of one connection; none: as many as come.
    pub packets_per_second: Option<u32>,
    /// Payload bytes per second of one connection; none: as many as come.
    pub payload_bytes_per_second: Option<u32>,
    /// Largest packet, bytes.
    pub packet_bytes: u32,
    /// Failed logins of one address and user within the pause before it must wait for that long.
    pub login_failures: u32,
    /// See `login_failures`.
    pub login_pause: Duration,
}

impl Default for MqttLimits {
    fn default() -> Self {
        let listener = ListenerOptions::default();
        Self {
            connections: listener.connections_max,
            connections_per_address: listener.connections_per_address_max,
            connections_per_user: listener.connections_per_user_max,
            accepts_per_second: listener.accepts_per_second_max,
            packets_per_second: listener.messages_per_second_max,
            payload_bytes_per_second: listener.bytes_per_second_max,
            packet_bytes: listener.packet_bytes_max,
            login_failures: listener.login_failures_max,
            login_pause: listener.login_pause,
        }
    }
}

/// `[[mqtt.user]]`: a controller or gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttUser {
    /// Its name.
    pub name: String,
    /// Its password or the hash of it; without one only a client certificate of its name will do.
    pub password: Option<Password>,
    /// Machines that it may speak for and whose advisories it may read.
    pub machines: Vec<MachineGlob>,
}

impl Default for MqttSection {
    fn default() -> Self {
        Self {
            source: MqttSource::Embedded,
            version: Version::Auto,
            client_id: "foretell".to_owned(),
            username: None,
            password: None,
            password_file: None,
            ca_file: None,
            sources: Vec::new(),
            listen: SocketAddr::from(([127, 0, 0, 1], 1883)),
            tls_cert_file: None,
            tls_key_file: None,
            tls_client_ca_file: None,
            anonymous: Anonymous::OnLoopback,
            users: Vec::new(),
            limits: MqttLimits::default(),
            age_max: Some(Duration::from_secs(3_650 * 86_400)),
            machines_max: IntakeOptions::default().machines_max,
        }
    }
}

/// How old a backlog may well be.
const BACKLOG: Duration = Duration::from_secs(7 * 86_400);

/// Reads the section; relative paths start at `base`.
pub(super) fn read(mut s: Section<'_>, base: &Path) -> MqttSection {
    let or = MqttSection::default();
    let listen = s.parsed("listen", or.listen, address);
    let (password, password_file) = secret_with_file(&mut s, PASSWORD, base).unzip();
    let section = MqttSection {
        source: s.parsed("url", or.source, source::source),
        version: s.parsed("version", or.version, source::version),
        client_id: s.parsed("client_id", or.client_id, source::client_id),
        username: s.optional("username"),
        password,
        password_file: password_file.flatten(),
        ca_file: file(&mut s, "ca_file", base),
        sources: s.sections("source").into_iter().filter_map(|section| source::broker(section, base)).collect(),
        listen,
        tls_cert_file: file(&mut s, "tls_cert_file", base),
        tls_key_file: key_file(&mut s, "tls_key_file", base),
        tls_client_ca_file: file(&mut s, "tls_client_ca_file", base),
        anonymous: s.parsed("anonymous", or.anonymous, anonymous),
        users: users(&mut s, base),
        limits: limits(s.section("limits")),
        age_max: s.parsed("age_max", or.age_max, keep),
        machines_max: usize::try_from(s.whole("machines_max", or.machines_max as u64, 1..=10_000_000)).unwrap_or(1),
    };
    if section.age_max.is_some_and(|age_max| age_max < BACKLOG) {
        s.warn("age_max", "[mqtt] `age_max` is short: what a controller delivers after a week off line is refused");
    }
    check_listener(&s, &section);
    source::check(&s, &section);
    s.finish();
    section
}

fn check_listener(s: &Section<'_>, section: &MqttSection) {
    let (certificate, key) = (section.tls_cert_file.as_deref(), section.tls_key_file.as_deref());
    let authorities = section.tls_client_ca_file.as_deref();
    // One that was named and cannot be read has been told.
    let lacks_certificate = certificate.is_none() && !s.failed("tls_cert_file");
    let lacks_key = key.is_none() && !s.failed("tls_key_file");
    if lacks_certificate != lacks_key {
        let given = if lacks_key { "tls_cert_file" } else { "tls_key_file" };
        s.fault(given, "[mqtt] TLS needs both `tls_cert_file` and `tls_key_file`");
    }
    if authorities.is_some() && lacks_certificate && lacks_key {
        let why = "without TLS nobody can show a certificate; it needs `tls_cert_file` and `tls_key_file`";
        s.fault("tls_client_ca_file", format!("[mqtt] `tls_client_ca_file`: {why}"));
    }
    let files = [("tls_cert_file", certificate), ("tls_key_file", key), ("tls_client_ca_file", authorities)];
    source::tell_files(s, &files, &pem::faults(certificate, key, authorities));
    source::tell_validity(s, &files, "listener", &validity::certificates(certificate, authorities));
    let listen = section.listen;
    let embedded = section.source == MqttSource::Embedded;
    let from_here = section.anonymous == Anonymous::OnLoopback && listen.ip().is_loopback();
    if embedded && section.users.is_empty() && !from_here && section.anonymous != Anonymous::Everybody {
        let how = "name controllers in [[mqtt.user]], or set `anonymous = \"everybody\"` in a closed network";
        s.fault("listen", format!("[mqtt] listens on {listen}, but no controller there could log in: {how}"));
    }
    if embedded && section.anonymous == Anonymous::Everybody && !listen.ip().is_loopback() {
        s.warn(
            "anonymous",
            format!(
                "[mqtt] `anonymous = \"everybody\"` on {listen}: whoever reaches this port can speak for every machine and read what \
                 is said of it; that is for closed networks, elsewhere name controllers in [[mqtt.user]]"
            ),
        );
    }
    for user in section.users.iter().filter(|user| user.password.is_none() && authorities.is_none()) {
        let why = "has no password, and without `tls_client_ca_file` no certificate can speak for it: nobody can log in as it";
        s.warn("user", format!("[[mqtt.user]] `{}` {why}", user.name));
    }
}

/// Every user once: of two with one name, only one could ever log in.
fn users(s: &mut Section<'_>, base: &Path) -> Vec<MqttUser> {
    let users: Vec<(String, MqttUser)> = s
        .sections("user")
        .into_iter()
        .filter_map(|user| Some((format!("{}.name", user.path()), mqtt_user(user, base)?)))
        .collect();
    let names: Vec<(String, &str)> = users.iter().map(|(path, user)| (path.clone(), user.name.as_str())).collect();
    s.each_once(&names, |name| format!("[[mqtt.user]] `{name}`"));
    users.into_iter().map(|(_, user)| user).collect()
}

fn mqtt_user(mut s: Section<'_>, base: &Path) -> Option<MqttUser> {
    let name = required(&mut s, "name");
    let password = user_password(&mut s, base);
    let mut machines = Vec::new();
    let patterns = s.list("machines");
    if patterns.is_none() && !s.was_written("machines") {
        // Without it a forgotten line would be the right to speak for everybody.
        let such = "the machines that it may speak for and read of, such as [\"s01/*\"]; [\"*/*\"] is every machine";
        s.fault("machines", format!("[{}] needs `machines`, {such}", s.path()));
    }
    for pattern in patterns.unwrap_or_default() {
        match MachineGlob::parse(&pattern) {
            Ok(glob) => machines.push(glob),
            Err(error) => s.fault("machines", error.to_string()),
        }
    }
    s.finish();
    Some(MqttUser { name: name?, password, machines })
}

/// A password in one of three forms; at most one may be given.
fn user_password(s: &mut Section<'_>, base: &Path) -> Option<Password> {
    let given: Vec<_> = ["password_file", "password_hash", "password_hash_file"]
        .into_iter()
        .filter(|key| s.was_written(key) && s.has(key))
        .collect();
    if let [_, second, ..] = given[..] {
        s.fault(second, format!("[{}] one password is enough: {}", s.path(), given.join(", ")));
    }
    let parse = |text: &str| Argon2Hash::parse(text).map(Password::Hash).map_err(|error| error.to_string());
    let from_file = |path: &str| Secret::from_file(&base.join(path)).and_then(|hash| parse(hash.expose()));
    let hash = s.parsed_optional("password_hash", parse);
    let hash = hash.or_else(|| s.parsed_optional("password_hash_file", from_file));
    let plain = secret(s, PASSWORD, base).map(|plain| Password::Plain(plain.expose().to_owned()));
    hash.or(plain)
}

fn limits(mut s: Section<'_>) -> MqttLimits {
    let or = MqttLimits::default();
    let many =
        |s: &mut Section<'_>, key, or: usize| usize::try_from(s.whole(key, or as u64, 1..=1_000_000)).unwrap_or(or);
    let few = |s: &mut Section<'_>, key, or: u32, from| {
        u32::try_from(s.whole(key, u64::from(or), from..=1_000_000)).unwrap_or(or)
    };
    let bytes = |s: &mut Section<'_>, key, or: u32| {
        s.parsed(key, or, |text| {
            let bytes = unit::size_bytes(text)?;
            u32::try_from(bytes).map_err(|_| format!("`{text}` is too much; at most 4095MiB"))
        })
    };
    let packet_size = |text: &str| match unit::size_bytes(text)? {
        bytes @ 1024..=268_435_455 => Ok(u32::try_from(bytes).unwrap_or(u32::MAX)),
        _ => Err(format!("`{text}` is outside what MQTT can carry and a reading needs: 1KiB to 255MiB")),
    };
    let limits = MqttLimits {
        connections: many(&mut s, "connections", or.connections),
        connections_per_address: many(&mut s, "connections_per_address", or.connections_per_address),
        connections_per_user: many(&mut s, "connections_per_user", or.connections_per_user),
        accepts_per_second: few(&mut s, "accepts_per_second", or.accepts_per_second, 1),
        packets_per_second: Some(few(&mut s, "packets_per_second", 0, 0)).filter(|limit| *limit > 0),
        payload_bytes_per_second: Some(bytes(&mut s, "payload_per_second", 0)).filter(|limit| *limit > 0),
        packet_bytes: s.parsed("packet_size", or.packet_bytes, packet_size),
        login_failures: few(&mut s, "login_failures", or.login_failures, 1),
        login_pause: s.duration("login_pause", or.login_pause),
    };
    s.finish();
    limits
}

fn anonymous(text: &str) -> Result<Anonymous, String> {
    match text {
        "nobody" => Ok(Anonymous::Nobody),
        "loopback" => Ok(Anonymous::OnLoopback),
        "everybody" => Ok(Anonymous::Everybody),
        _ => Err(format!("`{text}` is none of `nobody`, `loopback`, `everybody`")),
    }
}
