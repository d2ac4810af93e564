//! Reads each section key by key, checking what can be checked before anything starts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretell_model::{Currency, EnergyProfile, Limits, MachineId};
use foretell_outreach::governor::Policy;
use foretell_outreach::registry::{RATED_KW, TARIFF_MAX};

use super::reader::Section;
use super::sections::{
    ChannelKind, ClockSource, Config, ConsoleSection, DataSection, EngineSection, LogLevel, MachineSection,
    OutreachSection,
};
use super::{ChannelSection, MqttSource, Secret, unit};
use super::{channels, influx};
use super::{mapping, mqtt, sparkplug};
use crate::denied;

/// Discharge temperatures that a limit can sensibly have, degC.
const LIMIT_C: std::ops::RangeInclusive<f64> = 40.0..=200.0;
/// The lower limit; 0 is none.
const LOW_C: std::ops::RangeInclusive<f64> = 0.0..=95.0;

/// Sizes of the quarantine that nobody needs to ask about.
const QUARANTINE_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=64 << 30;

/// Keys of a password: in the environment, and the one that names a file.
pub(super) const PASSWORD: [&str; 2] = ["password", "password_file"];

/// Reads the whole; relative paths start at `base`.
pub(super) fn read(root: &mut Section<'_>, base: &Path) -> Config {
    let (channels, webhooks) = channels::read(root, base);
    let config = Config {
        channels,
        webhooks,
        replies: channels::replies(root.section("replies"), base),
        trips: channels::trips(root.section("trips")),
        mqtt: mqtt::read(root.section("mqtt"), base),
        mappings: mapping::read(root),
        sparkplug: sparkplug::read(root.section("sparkplug")),
        data: data(root.section("data"), base),
        engine: engine(root, base),
        influxdb: influx::read(root.section("influxdb"), base),
        outreach: outreach(root.section("outreach"), base),
        console: console(root.section("console"), base),
        clock: clock(root.section("clock")),
        log_level: log(root.section("log")),
    };
    if config.sparkplug.0.is_some() {
        mapping::warn_of_edge_nodes(root, &config.mappings);
    }
    let (console, listen) = (config.console.listen, config.mqtt.listen);
    if config.mqtt.source == MqttSource::Embedded && overlap(console, listen) {
        let why = format!("on one port: {listen} and {console}; two listeners cannot share one, give each its own");
        root.fault_of(&["mqtt.listen", "console.listen"], format!("[mqtt] `listen` and [console] `listen` are {why}"));
    }
    let by_webhook = config.channels.iter().any(|channel| matches!(channel, ChannelSection::Webhook(_)));
    let leaves = match config.outreach.channel {
        ChannelKind::Smtp => Some("channel `smtp`"),
        _ if by_webhook => Some("[[channel]]"),
        _ => None,
    };
    if let (Some(way), None) = (leaves, &config.console.public_url) {
        let here = config.console.listen;
        let why = "customers could not open the links in their messages, which would point to";
        root.fault("console.public_url", format!("[console] needs `public_url` with {way}: {why} {here}"));
    }
    if config.outreach.channel == ChannelKind::Nothing && config.channels.is_empty() {
        root.fault(
            "outreach.channel",
            "[outreach] channel is `none`, and no [[channel]] says how customers are reached",
        );
    }
    config
}

/// Whether two addresses cannot both be listened on: one port of one interface, or of all of them.
pub(crate) fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = |a: SocketAddr, b: SocketAddr| a.ip().is_unspecified() && (a.is_ipv6() || b.is_ipv4());
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || covers(a, b) || covers(b, a))
}

fn data(mut s: Section<'_>, base: &Path) -> DataSection {
    let or = DataSection::default();
    let section = DataSection {
        dir: s.optional("dir").map_or(or.dir, |dir| base.join(dir)),
        quarantine_bytes_max: s.parsed("quarantine_size_max", or.quarantine_bytes_max, unit::size_bytes),
        free_min_bytes: s.parsed("free_min", or.free_min_bytes, unit::size_bytes),
        archive_every: s.duration("archive_every", or.archive_every).max(Duration::from_millis(100)),
        archive_after: s.duration_or_none("archive_after", or.archive_after),
        keep_readings: s.parsed("keep_readings", or.keep_readings, keep),
    };
    if !QUARANTINE_BYTES.contains(&section.quarantine_bytes_max) {
        s.warn(
            "quarantine_size_max",
            "[data] `quarantine_size_max` is unusual: 1MiB to 64GiB hold hours to years of refusals",
        );
    }
    if section.dir.exists() && !section.dir.is_dir() {
        s.fault("dir", format!("`data.dir`: {} is no directory", section.dir.display()));
    }
    s.finish();
    section
}

/// A duration of more than nothing, or `forever`.
pub(super) fn keep(text: &str) -> Result<Option<Duration>, String> {
    if text == "forever" { Ok(None) } else { unit::some_time(text).map(Some) }
}

fn engine(root: &mut Section<'_>, base: &Path) -> EngineSection {
    let mut s = root.section("engine");
    let or = EngineSection::default();
    let mut section = EngineSection {
        faults_file: file(&mut s, "faults_file", base),
        limits: limits(&mut s, or.limits),
        latitude_deg: s.number("latitude_deg", -90.0..=90.0),
        energy: energy(&mut s, or.energy),
        snapshot_every_entries: s.whole("snapshot_every_entries", or.snapshot_every_entries, 1_000..=1_000_000_000),
        snapshot_interval: s.duration("snapshot_interval", or.snapshot_interval),
        behind_entries_max: s.whole("behind_entries_max", or.behind_entries_max, 1..=u64::MAX),
        machines: Vec::new(),
    };
    s.finish();
    let machines: Vec<(String, MachineSection)> = root
        .sections("machine")
        .into_iter()
        .filter_map(|m| Some((format!("{}.id", m.path()), machine(m, &section)?)))
        .collect();
    let ids: Vec<(String, &MachineId)> = machines.iter().map(|(path, machine)| (path.clone(), &machine.id)).collect();
    root.each_once(&ids, |id| format!("[[machine]] `{id}`"));
    section.machines = machines.into_iter().map(|(_, machine)| machine).collect();
    section
}

fn machine(mut s: Section<'_>, common: &EngineSection) -> Option<MachineSection> {
    let id = s.parsed_optional("id", |text| MachineId::parse(text).map_err(|error| error.to_string()));
    if id.is_none() && !s.was_written("id") {
        s.fault("", format!("[{}] needs `id = \"site/machine\"`", s.path()));
    }
    let limits = limits(&mut s, common.limits);
    let rated_kw = s.number("rated_kw", RATED_KW);
    let latitude_deg = s.number("latitude_deg", -90.0..=90.0).or(common.latitude_deg);
    let mut energy = energy(&mut s, common.energy);
    energy.fad_m3_min = s.number("fad_m3_min", 0.05..=1_000.0);
    s.finish();
    Some(MachineSection { id: id?, limits, rated_kw, latitude_deg, energy })
}

fn energy(s: &mut Section<'_>, or: EnergyProfile) -> EnergyProfile {
    EnergyProfile {
        tariff_per_kwh: s.number("tariff_per_kwh", 0.0..=TARIFF_MAX).unwrap_or(or.tariff_per_kwh),
        currency: s.parsed("currency", or.currency, |text| {
            Currency::new(text).ok_or_else(|| format!("`{text}` is not an ISO 4217 code such as CNY or EUR"))
        }),
        voltage_v: s.number("voltage_v", 100.0..=15_000.0).unwrap_or(or.voltage_v),
        cos_phi: s.number("cos_phi", 0.3..=1.0).unwrap_or(or.cos_phi),
        fad_m3_min: or.fad_m3_min,
    }
}

fn limits(s: &mut Section<'_>, or: Limits) -> Limits {
    let (low, warn, trip) = (s.number("low_c", LOW_C), s.number("warn_c", LIMIT_C), s.number("trip_c", LIMIT_C));
    let limits =
        Limits { low_c: low.unwrap_or(or.low_c), warn_c: warn.unwrap_or(or.warn_c), trip_c: trip.unwrap_or(or.trip_c) };
    let Limits { low_c, warn_c, trip_c } = limits;
    // A value that could not be read is told already; comparing what stands in for it would accuse the other one.
    let readable = |key: &str, own: Option<f64>| own.is_some() || !s.was_written(key);
    let readable_warn = readable("warn_c", warn);
    // What neither key was written for is told where it was written.
    let at = |keys: [&'static str; 2]| keys.into_iter().find(|key| s.was_written(key));
    if warn_c > trip_c
        && readable_warn
        && readable("trip_c", trip)
        && let Some(key) = at(["warn_c", "trip_c"])
    {
        s.fault(key, format!("`warn_c` is {warn_c}; it must not lie above `trip_c` ({trip_c})"));
    }
    if low_c >= warn_c
        && readable_warn
        && readable("low_c", low)
        && let Some(key) = at(["low_c", "warn_c"])
    {
        s.fault(key, format!("`low_c` is {low_c}; it must lie below `warn_c` ({warn_c}), or be 0 for none"));
    }
    limits
}

fn contacting(s: &mut Section<'_>, or: Policy) -> Policy {
    let mut days = |key, or: u32, most: u64| u32::try_from(s.whole(key, u64::from(or), 1..=most)).unwrap_or(u32::MAX);
    Policy {
        machine_gap_days: days("machine_gap_days", or.machine_gap_days, 3_650),
        customer_messages_max: days("customer_messages_max", or.customer_messages_max, 100),
        customer_span_days: days("customer_span_days", or.customer_span_days, 3_650),
        reminder_after_working_days: days("reminder_after_working_days", or.reminder_after_working_days, 60),
    }
}

fn outreach(mut s: Section<'_>, base: &Path) -> OutreachSection {
    let or = OutreachSection::default();
    let section = OutreachSection {
        channel: s.parsed("channel", or.channel, channel),
        folder: s.optional("folder").map(|folder| base.join(folder)),
        smtp_url: s.parsed_optional("smtp_url", smtp_url),
        smtp_username: s.optional("smtp_username"),
        smtp_password: secret(&mut s, ["smtp_password", "smtp_password_file"], base),
        from: s.parsed("from", or.from, sender),
        company: s.text("company", &or.company),
        zone: s.parsed("zone", or.zone, zone),
        templates_dir: s.optional("templates_dir").map(|dir| base.join(dir)),
        customers_file: file(&mut s, "customers_file", base),
        call_back_within: s.duration("call_back_within", or.call_back_within),
        on_site_within: s.duration("on_site_within", or.on_site_within),
        contacting: contacting(&mut s, or.contacting),
        sent_without_approval: s.list("sent_without_approval").unwrap_or_default(),
        follow_up_after: s.duration("follow_up_after", or.follow_up_after),
        energy_tip_from: s.whole("energy_tip_from", or.energy_tip_from, 0..=1_000_000_000),
        holidays_file: file(&mut s, "holidays_file", base),
        grumbles_file: file(&mut s, "grumbles_file", base),
        tick: s.duration("tick", or.tick),
        travel_kmh: s.number("travel_kmh", 5.0..=150.0).unwrap_or(or.travel_kmh),
        forget_after: s.parsed("forget_after", or.forget_after, keep),
    };
    if section.channel == ChannelKind::Smtp && section.smtp_url.is_none() && !s.was_written("smtp_url") {
        s.fault("channel", "[outreach] channel `smtp` needs `smtp_url = \"smtp://host:587\"`");
    }
    if let Some(dir) = section.templates_dir.as_ref().filter(|dir| !dir.is_dir()) {
        s.fault("templates_dir", format!("there is no directory {}", dir.display()));
    }
    s.finish();
    section
}

fn console(mut s: Section<'_>, base: &Path) -> ConsoleSection {
    let or = ConsoleSection::default();
    let section = ConsoleSection {
        listen: s.parsed("listen", or.listen, address),
        public_url: s.parsed_optional("public_url", public_url),
        password: secret(&mut s, PASSWORD, base),
        fonts_dir: s.optional("fonts_dir").map(|dir| base.join(dir)),
    };
    if let Some(dir) = section.fonts_dir.as_ref().filter(|dir| !dir.is_dir()) {
        s.fault("fonts_dir", format!("there is no directory {}", dir.display()));
    }
    s.finish();
    section
}

fn clock(mut s: Section<'_>) -> ClockSource {
    let source = s.parsed("source", ClockSource::default(), |text| match text {
        "wall" => Ok(ClockSource::Wall),
        "readings" => Ok(ClockSource::Readings),
        _ => Err(format!("`{text}` is none of `wall`, `readings`")),
    });
    s.finish();
    source
}

fn log(mut s: Section<'_>) -> LogLevel {
    let level = s.parsed("level", LogLevel::default(), |text| {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        // A bare word that is no level would be taken for the name of a module, and everything else fall silent.
        let stranger =
            |part: &&str| !part.contains(['=', '[']) && !LEVELS.contains(&part.to_ascii_lowercase().as_str());
        if let Some(word) = text.split(',').map(str::trim).find(stranger) {
            return Err(format!(
                "`{word}` is none of {}, nor a filter such as `foretell_ingest=debug`",
                LEVELS.join(", ")
            ));
        }
        let filter = tracing_subscriber::EnvFilter::try_new(text);
        filter.map(|_| LogLevel(text.to_owned())).map_err(|error| format!("`{text}` is not a log filter: {error}"))
    });
    s.finish();
    level
}

pub(super) fn required(s: &mut Section<'_>, key: &'static str) -> Option<String> {
    let text = s.optional(key);
    if text.is_none() {
        s.fault(key, format!("[{}] needs `{key}`", s.path()));
    }
    text
}

/// A secret from the environment or from the file that the second key names.
pub(super) fn secret(s: &mut Section<'_>, keys: [&'static str; 2], base: &Path) -> Option<Secret> {
    secret_with_file(s, keys, base).map(|(secret, _)| secret)
}

/// The same with the file that it came from, for whoever reads it again; none when it came from the environment.
pub(super) fn secret_with_file(
    s: &mut Section<'_>,
    [key, file_key]: [&'static str; 2],
    base: &Path,
) -> Option<(Secret, Option<PathBuf>)> {
    let from_file =
        s.parsed_optional(file_key, |path| Secret::from_file(&base.join(path)).map(|secret| (secret, base.join(path))));
    warn_if_open(s, file_key, from_file.as_ref().map(|(_, path)| path.as_path()));
    let in_environment = s.secret_in_environment(key).map(|text| (Secret::new(text), None));
    in_environment.or(from_file.map(|(secret, path)| (secret, Some(path))))
}

/// Tells that a file with something secret in it can be read by everybody.
fn warn_if_open(s: &Section<'_>, key: &str, path: Option<&Path>) {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = |path: &&Path| path.metadata().is_ok_and(|file| is_exposed(path, file.permissions().mode()));
    if let Some(path) = path.filter(is_open) {
        let path = path.display();
        s.warn(key, format!("every user of this computer may read {path}; chmod 600 keeps the secret"));
    }
}

/// Whether every user may read a file of this mode. What is mounted under /run/secrets is one container's alone, and the container's
/// user could not read it with a mode of 600.
pub(super) fn is_exposed(path: &Path, mode: u32) -> bool {
    mode & 0o007 != 0 && !path.starts_with("/run/secrets")
}

/// A path to a file with a private key, that must be there.
pub(super) fn key_file(s: &mut Section<'_>, key: &'static str, base: &Path) -> Option<PathBuf> {
    let path = file(s, key, base);
    warn_if_open(s, key, path.as_deref());
    path
}

/// A path to a file that must be there.
pub(super) fn file(s: &mut Section<'_>, key: &'static str, base: &Path) -> Option<PathBuf> {
    s.parsed_optional(key, |path| {
        let path = base.join(path);
        // A directory that may not be looked into says no more than that the file cannot be seen.
        let is_hidden = path.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
        if path.is_dir() {
            return Err(format!("{} is a folder; name a file", path.display()));
        }
        if !path.is_file() && !is_hidden {
            return Err(format!("there is no file {}", path.display()));
        }
        match std::fs::File::open(&path) {
            Ok(_) => Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Err(format!("could not read {}: {}", path.display(), denied::words(&path)))
            }
            Err(error) => Err(format!("could not read {}: {error}", path.display())),
        }
    })
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let bare_port = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let why = |_| format!("`{text}` is not an address with a port, such as 127.0.0.1:1883");
    bare_port.as_deref().unwrap_or(text).parse().map_err(why)
}

fn sender(text: &str) -> Result<String, String> {
    foretell_outreach::mail_address(text).map(|()| text.to_owned())
}

fn channel(text: &str) -> Result<ChannelKind, String> {
    match text {
        "folder" => Ok(ChannelKind::Folder),
        "smtp" => Ok(ChannelKind::Smtp),
        "none" => Ok(ChannelKind::Nothing),
        _ => Err(format!("`{text}` is none of `folder`, `smtp`, `none`")),
    }
}

fn smtp_url(text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err(
            "a password does not belong in the address; use `smtp_username` and `smtp_password_file`".to_owned()
        );
    }
    let known = text.starts_with("smtp://") || text.starts_with("smtps://");
    known.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is none of `smtp://host:587`, `smtps://host:465`"))
}

fn zone(text: &str) -> Result<chrono_tz::Tz, String> {
    text.parse().map_err(|_| format!("`{text}` is no time zone such as Europe/London or Asia/Shanghai"))
}

fn public_url(text: &str) -> Result<String, String> {
    let known = text.starts_with("https://") || text.starts_with("http://");
    let why = || format!("`{text}` is not an address such as https://service.example.com");
    known.then(|| text.trim_end_matches('/').to_owned()).ok_or_else(why)
}
