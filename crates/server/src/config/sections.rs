//! What a configuration says, section by section, with its defaults. How it is read stands in [`super::read`].

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use foretell_ingest::decode::MappingSpec;
use foretell_ingest::sparkplug::SparkplugOptions;
use foretell_model::{Currency, EnergyProfile, Limits, MachineId};
use foretell_outreach::governor::Policy;
use foretell_outreach::{HookOptions, TripRules};

use super::mqtt::MqttSection;
use super::{ChannelSection, InfluxSection, RepliesSection, Secret};

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `[mqtt]`: where readings come from.
    pub mqtt: MqttSection,
    /// `[[mapping]]`: foreign topics and payloads.
    pub mappings: Vec<MappingSpec>,
    /// `[sparkplug]`: edge nodes of Sparkplug B.
    pub sparkplug: SparkplugSection,
    /// `[data]`: where everything is kept.
    pub data: DataSection,
    /// `[engine]` and `[[machine]]`: limits and profiles.
    pub engine: EngineSection,
    /// `[influxdb]`: the plant's history store, if there is one.
    pub influxdb: Option<InfluxSection>,
    /// `[outreach]`: messages to customers.
    pub outreach: OutreachSection,
    /// `[[channel]]`: further ways to customers.
    pub channels: Vec<ChannelSection>,
    /// `[[webhook]]`: who is told of what happens.
    pub webhooks: Vec<HookOptions>,
    /// `[replies]`: what customers answer.
    pub replies: RepliesSection,
    /// `[trips]`: which alarms open a service case.
    pub trips: TripRules,
    /// `[console]`: pages and API.
    pub console: ConsoleSection,
    /// `[clock] source`.
    pub clock: ClockSource,
    /// `[log] level`: a level or a filter of `tracing`.
    pub log_level: LogLevel,
}

/// Which log lines are written: a level (`info`) or a filter such as `info,foretell_ingest=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(pub String);

impl Default for LogLevel {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

/// `[sparkplug]`; `None` when it is switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct SparkplugSection(pub Option<SparkplugOptions>);

impl Default for SparkplugSection {
    fn default() -> Self {
        Self(Some(SparkplugOptions::default()))
    }
}

/// `[data]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSection {
    /// Directory of log, quarantine, service state and engine snapshots.
    pub dir: PathBuf,
    /// Refused input is kept up to this size, bytes; then the oldest goes.
    pub quarantine_bytes_max: u64,
    /// With less room than this on its disk no reading is acknowledged, bytes.
    pub free_min_bytes: u64,
    /// How often closed days are looked for.
    pub archive_every: Duration,
    /// How long after its end (UTC) a day counts as closed and is archived.
    pub archive_after: Duration,
    /// How long after its end an archived day's readings stay on the log; `None` keeps them for ever.
    pub keep_readings: Option<Duration>,
}

impl Default for DataSection {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data"),
            quarantine_bytes_max: 64 << 20,
            free_min_bytes: 512 << 20,
            archive_every: Duration::from_secs(600),
            archive_after: Duration::from_secs(6 * 3_600),
            keep_readings: Some(Duration::from_secs(400 * 86_400)),
        }
    }
}

/// `[engine]` and `[[machine]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineSection {
    /// Fault catalogue; none means the built-in one.
    pub faults_file: Option<PathBuf>,
    /// Limits of machines that have none of their own.
    pub limits: Limits,
    /// Latitude of machines that have none of their own, degrees north.
    pub latitude_deg: Option<f64>,
    /// Supply and tariff of machines that have none of their own.
    pub energy: EnergyProfile,
    /// Entries of the log between two snapshots of the engine.
    pub snapshot_every_entries: u64,
    /// Longest time between two snapshots while readings come in.
    pub snapshot_interval: Duration,
    /// `/readyz` fails when more entries than this wait for the engine.
    pub behind_entries_max: u64,
    /// What is known about single machines.
    pub machines: Vec<MachineSection>,
}

impl EngineSection {
    /// In which money a machine's electricity is paid.
    #[must_use]
    pub fn currency_of(&self, machine: &MachineId) -> Currency {
        let own = self.machines.iter().find(|known| known.id == *machine);
        own.map_or(self.energy, |known| known.energy).currency
    }
}

/// `[[machine]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineSection {
    /// Which.
    pub id: MachineId,
    /// Where its controller warns and trips.
    pub limits: Limits,
    /// Rated motor power, kW.
    pub rated_kw: Option<f64>,
    /// Latitude of its site, degrees north.
    pub latitude_deg: Option<f64>,
    /// Its supply and what energy costs there.
    pub energy: EnergyProfile,
}

impl Default for EngineSection {
    fn default() -> Self {
        Self {
            faults_file: None,
            limits: Limits::default(),
            latitude_deg: None,
            energy: EnergyProfile::default(),
            snapshot_every_entries: 500_000,
            snapshot_interval: Duration::from_secs(60),
            behind_entries_max: 1_000_000,
            machines: Vec::new(),
        }
    }
}

/// How messages leave the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// As `.eml` files in a folder.
    Folder,
    /// Over SMTP.
    Smtp,
    /// By `[[channel]]` alone.
    Nothing,
}

/// `[outreach]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OutreachSection {
    /// How messages leave the house.
    pub channel: ChannelKind,
    /// Folder of `.eml` files; none means `outbox` in the data directory.
    pub folder: Option<PathBuf>,
    /// `smtp://host:port` (STARTTLS where offered) or `smtps://host:port`.
    pub smtp_url: Option<String>,
    /// User name at the mail server.
    pub smtp_username: Option<String>,
    /// Password at the mail server.
    pub smtp_password: Option<Secret>,
    /// Sender address.
    pub from: String,
    /// The company that speaks.
    pub company: String,
    /// Where the company works: its days, its weeks and its technicians' hours are of this time zone.
    pub zone: chrono_tz::Tz,
    /// Message templates; none means the built-in ones.
    pub templates_dir: Option<PathBuf>,
    /// Customers, sites, machines, advisors and technicians.
    pub customers_file: Option<PathBuf>,
    /// Within what time a customer with a broken machine is called back.
    pub call_back_within: Duration,
    /// Within what time somebody is on site there.
    pub on_site_within: Duration,
    /// How often a customer may be written to unasked.
    pub contacting: Policy,
    /// Codes of the faults about which letters go out without an advisor's click.
    pub sent_without_approval: Vec<String>,
    /// How long after a job the one word that follows it goes out, unless its effect is known sooner.
    pub follow_up_after: Duration,
    /// Money a year, in the tariff's currency, from which leaking air is worth a letter.
    pub energy_tip_from: u64,
    /// Public holidays by country; none means the built-in list.
    pub holidays_file: Option<PathBuf>,
    /// Words in replies that hint at displeasure; none means the built-in list.
    pub grumbles_file: Option<PathBuf>,
    /// How often holds, reminders and the outbox are looked at.
    pub tick: Duration,
    /// Speed at which technicians are assumed to drive, km/h.
    pub travel_kmh: f64,
    /// After what time personal words of what is over are struck out; `None` keeps them.
    pub forget_after: Option<Duration>,
}

impl Default for OutreachSection {
    fn default() -> Self {
        Self {
            channel: ChannelKind::Folder,
            folder: None,
            smtp_url: None,
            smtp_username: None,
            smtp_password: None,
            from: "service@localhost".to_owned(),
            company: "Foretell Service".to_owned(),
            zone: chrono_tz::Asia::Shanghai,
            templates_dir: None,
            customers_file: None,
            call_back_within: Duration::from_secs(20 * 60),
            on_site_within: Duration::from_secs(4 * 3_600),
            contacting: Policy::default(),
            sent_without_approval: Vec::new(),
            follow_up_after: Duration::from_secs(10 * 86_400),
            energy_tip_from: 5_000,
            holidays_file: None,
            grumbles_file: None,
            tick: Duration::from_secs(10),
            travel_kmh: 40.0,
            forget_after: Some(Duration::from_secs(730 * 86_400)),
        }
    }
}

/// `[console]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSection {
    /// Where pages, API, metrics and probes are served.
    pub listen: SocketAddr,
    /// Address under which customers reach us, for the links in messages; none means `listen`.
    pub public_url: Option<String>,
    /// For scripts (HTTP Basic), with an administrator's rights; people sign in with accounts of their own.
    pub password: Option<Secret>,
    /// A folder of fonts of one's own for reports.
    pub fonts_dir: Option<PathBuf>,
}

impl ConsoleSection {
    /// Whether everybody who reaches the console is on this computer, as far as the configuration tells. With a `public_url`
    /// that leads elsewhere a proxy on this computer hands in what comes from anywhere, and by the address it cannot be told.
    #[must_use]
    pub fn is_for_this_computer_alone(&self) -> bool {
        let leads_here = |url: &String| {
            let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let host = host.split('/').next().unwrap_or_default();
            host.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| host.parse()).map_or_else(
                |_| host.rsplit_once(':').map_or(host, |(name, _)| name).eq_ignore_ascii_case("localhost"),
                |ip: IpAddr| ip.is_loopback(),
            )
        };
        self.listen.ip().is_loopback() && self.public_url.as_ref().is_none_or(leads_here)
    }
}

impl Default for ConsoleSection {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), public_url: None, password: None, fonts_dir: None }
    }
}

/// Who tells the time to outreach and pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockSource {
    /// The system's clock.
    #[default]
    Wall,
    /// The newest reading: for rehearsals.
    Readings,
}
