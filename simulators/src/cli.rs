//! The command line: what is asked for, and sysexits for what went wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use foretell_sim::files::FilesError;
use foretell_sim::time::{parse_duration_ms, parse_utc};
use foretell_sim::{Fleet, FleetSpec, PublishError, Size, SpecError, Target};

use crate::commands;

/// Simulated compressors with physics, faults and truth labels.
#[derive(Debug, Parser)]
#[command(name = "foretell-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more on stderr (repeat for even more).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Publish a fleet live over MQTT, each machine a client of its own with will and birth, QoS 1.
    Run(Run),
    /// Write a fleet's life to files: one CSV per machine, truth.json and maintenance.csv.
    Generate(Generate),
    /// Make load: publishers as fast as acknowledgements return, or at a rate.
    Flood(Flood),
    /// Subscribe and only count: how fast the broker can deliver.
    Count(Count),
    /// Publish a fleet's life at a rate and measure how long its readings take to become advisories on MQTT.
    Latency(Latency),
}

/// Which fleet.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A built-in fleet: demo (12 machines, 4 sites), mixed (half with faults) or healthy (confusers only).
    #[arg(long, default_value = "mixed", conflicts_with = "spec")]
    fleet: String,
    /// A fleet of your own; see simulators/examples.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Number of machines (mixed and healthy).
    #[arg(long, value_name = "N")]
    machines: Option<usize>,
    /// Length in days.
    #[arg(long, value_name = "N")]
    days: Option<f64>,
    /// Sampling interval with its unit, e.g. 60s.
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    every: Option<i64>,
}

/// Where to publish.
#[derive(Debug, Args)]
pub(crate) struct Broker {
    /// Address of the broker or of `foretell`'s own listener.
    #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
    url: String,
    /// User name.
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// Password; better given by the environment than on the command line.
    #[arg(long, env = "FORETELL_SIM_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) broker: Broker,
    /// Simulated seconds per second; 0 for as fast as acknowledgements return.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub(crate) speed: f64,
    /// When the fleet's life begins: an instant in UTC or `now`. By default now at speed 1, else the fleet's own begin.
    #[arg(long, value_name = "TS")]
    start: Option<String>,
    /// When it ends, an instant in UTC.
    #[arg(long, value_name = "TS", value_parser = instant_ms, conflicts_with = "days")]
    until: Option<i64>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Folder to write into; made if need be.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Form of the readings.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(crate) format: Format,
    /// Machines simulated side by side; the bytes do not depend on it. All cores by default.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Forms of files.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a header.
    Csv,
}

/// Arguments of `flood`.
#[derive(Debug, Args)]
pub(crate) struct Flood {
    #[command(flatten)]
    pub(crate) broker: Broker,
    /// Number of publishers, each with a connection of its own.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) publishers: usize,
    /// Messages per second over all publishers; unlimited if not given.
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,
    /// Size of a payload in bytes.
    #[arg(long, default_value_t = 150, value_name = "N")]
    pub(crate) size: usize,
    /// Quality of service, 0 or 1.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub(crate) qos: u8,
    /// Unacknowledged messages per publisher.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) window: u16,
    /// How long, with its unit.
    #[arg(long = "for", default_value = "10s", value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) lasts: i64,
    /// End after so many messages over all publishers, if that comes first.
    #[arg(long, value_name = "N")]
    pub(crate) messages: Option<u64>,
    /// Time stamp of each publisher's first message; each further one is a millisecond later. A day ago by default.
    #[arg(long, value_name = "TS", value_parser = instant_ms)]
    pub(crate) from: Option<i64>,
    /// Send mutated readings, random bytes, odd topics and broken packets instead of readings.
    #[arg(long)]
    pub(crate) rubbish: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `count`.
#[derive(Debug, Args)]
pub(crate) struct Count {
    #[command(flatten)]
    pub(crate) broker: Broker,
    /// Topic filter.
    #[arg(long, default_value = "foretell/v1/+/+/telemetry", value_name = "FILTER")]
    pub(crate) topic: String,
    /// How long, with its unit.
    #[arg(long = "for", default_value = "10s", value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) lasts: i64,
    /// End after so many messages, if that comes first.
    #[arg(long, value_name = "N")]
    pub(crate) messages: Option<u64>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `latency`.
#[derive(Debug, Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) broker: Broker,
    /// Readings per second over the whole fleet.
    #[arg(long, default_value_t = 10_000.0, value_name = "N")]
    pub(crate) rate: f64,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why a command failed; each kind has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("could not read `{}`", path.display())]
    NoInput { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a fleet that can be simulated", path.display())]
    BadSpec { path: PathBuf, source: SpecError },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("could not write the result")]
    Output(#[source] std::io::Error),
    #[error("could not start the runtime's threads")]
    Runtime(#[source] std::io::Error),
    #[error("a simulation thread died")]
    Died(#[source] tokio::task::JoinError),
}

impl CliError {
    /// As in sysexits(3).
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Publish(PublishError::Url { .. }) => 64,
            Self::BadSpec { .. } => 65,
            Self::NoInput { .. } => 66,
            Self::Publish(PublishError::Unreachable { .. }) => 69,
            Self::Runtime(_) | Self::Died(_) => 70,
            Self::Files(_) | Self::Output(_) => 74,
        }
    }
}

/// Parses the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let code = if usage.use_stderr() { 64 } else { 0 };
            let _no_terminal_left_to_tell = usage.print();
            return ExitCode::from(code);
        }
    };
    let level = ["warn", "info", "debug"][usize::from(cli.verbose.min(2))];
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
    match act(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn act(command: Command) -> Result<(), CliError> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if matches!(command, Command::Flood(_) | Command::Count(_)) {
        // One thread makes more load than a broker takes, and leaves it the other cores.
        runtime.worker_threads(1);
    }
    let runtime = runtime.enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(async {
        match command {
            Command::Run(run) => commands::run(&run).await,
            Command::Generate(generate) => commands::generate(generate).await,
            Command::Flood(flood) => commands::flood(&flood).await,
            Command::Count(count) => commands::count(&count).await,
            Command::Latency(latency) => commands::latency(&latency).await,
        }
    })
}

/// The one place where a failed command says why.
fn complain(error: &CliError) {
    let mut told = format!("foretell-sim: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    // With no terminal left there is nobody to tell; `eprintln!` would panic.
    let _told = std::io::Write::write_all(&mut std::io::stderr(), format!("{told}\n").as_bytes()).is_ok();
}

fn duration_ms(text: &str) -> Result<i64, String> {
    let known = parse_duration_ms(text).filter(|ms| *ms > 0);
    known.ok_or_else(|| "a duration needs a unit, e.g. 60s, 15m or 40d".to_owned())
}

fn instant_ms(text: &str) -> Result<i64, String> {
    parse_utc(text).ok_or_else(|| "an instant in UTC looks like 2026-07-01T08:00:00Z or 2026-07-01".to_owned())
}

impl Which {
    /// The fleet that was asked for, beginning at an instant other than its own if one is given.
    pub(crate) fn fleet(&self, from_ms: Option<i64>) -> Result<Fleet, CliError> {
        let size = Size { machines: self.machines, days: self.days, every_ms: self.every, from_ms };
        let Some(path) = &self.spec else {
            return Fleet::builtin_sized(&self.fleet, self.seed, size)
                .map_err(|wrong| CliError::Usage(wrong.to_string()));
        };
        let text = std::fs::read_to_string(path).map_err(|source| CliError::NoInput { path: path.clone(), source })?;
        let bad = |source| CliError::BadSpec { path: path.clone(), source };
        let mut spec = FleetSpec::parse(&text).map_err(bad)?;
        spec.resize(size);
        Fleet::new(spec, self.seed).map_err(bad)
    }
}

impl Run {
    /// The fleet to run, its life moved to where it was asked to be.
    pub(crate) fn fleet(&self, now_ms: i64) -> Result<Fleet, CliError> {
        if !(0.0..=1e9).contains(&self.speed) {
            return Err(CliError::Usage("--speed must be between 0 and 1e9".to_owned()));
        }
        #[expect(clippy::float_cmp, reason = "the default, exactly")]
        let real_time = self.speed == 1.0;
        let from_ms = match self.start.as_deref() {
            Some("now") => Some(now_ms),
            Some(text) => Some(instant_ms(text).map_err(|why| CliError::Usage(format!("--start {text}: {why}")))?),
            None => real_time.then_some(now_ms),
        };
        let fleet = self.which.fleet(from_ms)?;
        let Some(until_ms) = self.until else { return Ok(fleet) };
        if until_ms <= fleet.from_ms() {
            return Err(CliError::Usage("--until must be later than the begin".to_owned()));
        }
        fleet.lasting_until(until_ms).map_err(|wrong| CliError::Usage(wrong.to_string()))
    }
}

impl Broker {
    /// Where to publish, and as whom.
    pub(crate) fn target(&self) -> Target {
        Target { url: self.url.clone(), login: self.user.clone().zip(self.password.clone()) }
    }
}
