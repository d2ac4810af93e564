//! Brokers: `[mqtt] url` and `[[mqtt.source]]`. What can be found out without connecting is found out here, the certificate files
//! included, by the very code that a session begins with.

use std::error::Error;
use std::path::Path;

use foretell_ingest::broker::{BrokerError, BrokerOptions, BrokerSession, Version, check_url};
use foretell_ingest::pem::{self, PemError};
use foretell_ingest::validity::{self, Certificates};
use foretell_model::Clock as _;

use super::mqtt::{MqttSection, MqttSource};
use super::read::{PASSWORD, file, key_file, required, secret_with_file};
use super::reader::Section;
use crate::clock::WallClock;

impl MqttSection {
    /// How the broker of `url` is reached.
    #[must_use]
    pub fn broker(&self, url: &str) -> BrokerOptions {
        BrokerOptions {
            url: url.to_owned(),
            version: self.version,
            client_id: self.client_id.clone(),
            username: self.username.clone(),
            password: self.password.as_ref().map(|password| password.expose().to_owned()),
            password_file: self.password_file.clone(),
            ca_file: self.ca_file.clone(),
            ..BrokerOptions::default()
        }
    }
}

/// Checks the brokers of a section that has been read.
pub(super) fn check(s: &Section<'_>, section: &MqttSection) {
    if let MqttSource::Broker { url } = &section.source {
        let files = [("ca_file", section.ca_file.as_deref())];
        let incomplete = s.failed("ca_file") || s.failed("password_file");
        check_whole(s, &section.broker(url), &files, incomplete);
    }
    if section.source == MqttSource::Nowhere && section.sources.is_empty() && !s.was_written("source") {
        s.fault("url", "[mqtt] `url` is `none`, and no [[mqtt.source]] says where readings come from");
    }
    for (place, source) in section.sources.iter().enumerate() {
        // Refused input is kept under the source's name, and a login's behind the listener's.
        let taken = source.name == "broker"
            || source.name.split('/').next() == Some("listener")
            || section.sources.iter().take(place).any(|earlier| earlier.name == source.name);
        if taken {
            s.fault(
                &format!("source[{place}].name"),
                format!("the name `{}` is taken; give each source its own", source.name),
            );
        }
    }
    check_sessions(s, section);
}

/// A broker lets each client id in once: of two sessions with one name, each would throw the other out for ever.
fn check_sessions(s: &Section<'_>, section: &MqttSection) {
    let mut known: Vec<(String, BrokerSession)> = Vec::new();
    let first = match &section.source {
        MqttSource::Broker { url } => section.broker(url).sessions(),
        MqttSource::Embedded | MqttSource::Nowhere => Vec::new(),
    };
    known.extend(first.into_iter().map(|session| ("`[mqtt] url`".to_owned(), session)));
    for (place, source) in section.sources.iter().enumerate() {
        let sessions = source.sessions();
        let of_others = |session: &BrokerSession| {
            let found = known
                .iter()
                .filter(|(_, other)| (&other.host, &other.client_id) == (&session.host, &session.client_id));
            found.max_by_key(|(_, other)| other.port == session.port)
        };
        let twice = sessions.iter().filter_map(|session| Some((session, of_others(session)?)));
        if let Some((session, (owner, other))) = twice.max_by_key(|(session, (_, other))| other.port == session.port) {
            let key = format!("source[{place}].name");
            let BrokerSession { host, port, client_id } = session;
            let told = format!("`{}`: the client id `{client_id}` at {host}:{port} is that of {owner}", source.name);
            let why = "a broker lets each in once, so they would throw each other out; give it another `client_id`";
            match other.port {
                same if same == *port => s.fault(&key, format!("[[mqtt.source]] {told}: {why}")),
                other => {
                    s.warn(&key, format!("[[mqtt.source]] {told} at port {other}; if that is the same broker, {why}"))
                }
            }
        }
        known.extend(sessions.into_iter().map(|session| (format!("`{}`", source.name), session)));
    }
}

/// `[[mqtt.source]]`.
pub(super) fn broker(mut s: Section<'_>, base: &Path) -> Option<BrokerOptions> {
    let or = BrokerOptions::default();
    let name = required(&mut s, "name");
    let url = required(&mut s, "url");
    let (password, password_file) = secret_with_file(&mut s, PASSWORD, base).unzip();
    let options = BrokerOptions {
        version: s.parsed("version", or.version, version),
        client_id: s.parsed("client_id", or.client_id.clone(), client_id),
        username: s.optional("username"),
        password: password.map(|password| password.expose().to_owned()),
        password_file: password_file.flatten(),
        ca_file: file(&mut s, "ca_file", base),
        certificate_file: file(&mut s, "cert_file", base),
        key_file: key_file(&mut s, "key_file", base),
        alpn: s.list("alpn").unwrap_or_default(),
        share: s.optional("share"),
        workers: usize::try_from(s.whole("workers", 1, 1..=64)).unwrap_or(1),
        session_expiry: s.duration("session_expiry", or.session_expiry),
        keep_alive: s.duration("keep_alive", or.keep_alive),
        inbox_messages_max: usize::try_from(s.whole("receive_maximum", 2_000, 1..=65_535)).unwrap_or(2_000),
        ..or
    };
    let files = [
        ("cert_file", options.certificate_file.as_deref()),
        ("key_file", options.key_file.as_deref()),
        ("ca_file", options.ca_file.as_deref()),
    ];
    let incomplete =
        name.is_none() || url.is_none() || files.iter().any(|(key, _)| s.failed(key)) || s.failed("password_file");
    let named = BrokerOptions {
        name: name.clone().unwrap_or_default(),
        url: url.clone().unwrap_or_default(),
        ..options.clone()
    };
    check_whole(&s, &named, &files, incomplete);
    s.finish();
    (name.is_some() && url.is_some()).then_some(named)
}

/// Checks everything, or, where something is missing, which has been told, the files alone: checking the rest without it would
/// accuse something else.
fn check_whole(s: &Section<'_>, options: &BrokerOptions, files: &[(&str, Option<&Path>)], incomplete: bool) {
    if incomplete {
        let (certificate, key) = (options.certificate_file.as_deref(), options.key_file.as_deref());
        return tell_files(s, files, &pem::faults(certificate, key, options.ca_file.as_deref()));
    }
    match options.check() {
        Ok(()) => tell_validity(
            s,
            files,
            &options.name,
            &validity::certificates(options.certificate_file.as_deref(), options.ca_file.as_deref()),
        ),
        Err(BrokerError::Pem(faults)) => tell_files(s, files, &faults.0),
        Err(error) => s.fault("", format!("[{}] {}", s.path(), in_words(&error))),
    }
}

/// Tells each fault of certificate files at the key that names the file.
pub(super) fn tell_files(s: &Section<'_>, files: &[(&str, Option<&Path>)], faults: &[PemError]) {
    for fault in faults {
        let key = files.iter().find(|(_, file)| *file == Some(fault.file())).map_or("", |(key, _)| *key);
        s.fault(key, format!("`{}.{key}`: {}", s.path(), in_words(fault)));
    }
}

/// Tells of certificates that do not hold, or not for long, at the key that names their file. Nobody may be kept from starting by
/// that: the other sources go on.
pub(super) fn tell_validity(
    s: &Section<'_>,
    files: &[(&str, Option<&Path>)],
    source: &str,
    certificates: &[Certificates],
) {
    for held in certificates {
        let key = files.iter().find(|(_, file)| *file == Some(&*held.file)).map_or("", |(key, _)| *key);
        if let Some(complaint) = held.complaint(source, WallClock.now()) {
            s.warn(key, format!("`{}.{key}`: {complaint}", s.path()));
        }
    }
}

/// `[mqtt] url`.
pub(super) fn source(text: &str) -> Result<MqttSource, String> {
    match text {
        "embedded" => return Ok(MqttSource::Embedded),
        "none" => return Ok(MqttSource::Nowhere),
        _ => {}
    }
    if text.contains('@') {
        return Err("a password does not belong in the address; use `username` and `password_file`".to_owned());
    }
    match check_url(text) {
        Ok(()) => Ok(MqttSource::Broker { url: text.to_owned() }),
        Err(BrokerError::Url { hint, .. }) => Err(format!(
            "`{text}` is none of `embedded`, `none`, `mqtt://host:1883`, `mqtts://host:8883`, `ws://host/mqtt`, \
             `wss://host/mqtt`{hint}"
        )),
        Err(error) => Err(in_words(&error)),
    }
}

fn in_words(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

pub(super) fn version(text: &str) -> Result<Version, String> {
    match text {
        "auto" => Ok(Version::Auto),
        "3.1.1" => Ok(Version::V3),
        "5" => Ok(Version::V5),
        _ => Err(format!("`{text}` is none of `auto`, `3.1.1`, `5`")),
    }
}

pub(super) fn client_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    let sound = (1..=64).contains(&text.len()) && text.chars().all(allowed);
    sound.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` must be 1 to 64 of A-Z a-z 0-9 - _ . : /"))
}
