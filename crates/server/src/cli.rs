//! The command line, as the contract has it.

mod archive;
mod backup;
mod users;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use foretell_console::Lang;
use foretell_model::{MachineId, Timestamp};

use crate::logging::LogFormat;
use crate::roles::Role;

pub use archive::ArchiveCommand;
pub use backup::BackupArgs;
pub use users::{UsersArgs, UsersCommand};

/// Foretell watches air compressors and arrives before they break.
#[derive(Debug, Parser)]
#[command(name = "foretell", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What goes with every command.
    #[command(flatten)]
    pub common: Common,
    /// Which command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    /// Configuration file (TOML). Without one, the defaults and the environment decide.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything is kept; overrides `[data] dir`.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Form of the log lines on standard error.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service; all roles unless told otherwise.
    Run(RunArgs),
    /// A simulated fleet with everything embedded: months in a minute.
    Demo(DemoArgs),
    /// Run the engine over recorded history and say what it would have warned of.
    Backtest(BacktestArgs),
    /// Write a machine's health report as a PDF.
    Report(ReportArgs),
    /// Check the configuration and name every fault at once; explain what becomes of a sample payload.
    Check(CheckArgs),
    /// Write readings from the log to a file.
    Export(ExportArgs),
    /// Bring recorded history into the log, through the same admission as live readings.
    Import(ImportArgs),
    /// Read a password from standard input and print its argon2id hash, for `password_hash` in [[mqtt.user]].
    HashPassword,
    /// Customers, sites and machines.
    Customers(CustomersArgs),
    /// Who may sign in to the console.
    Users(UsersArgs),
    /// Look whether every archived day is there and whole, or go on without one that is lost.
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Copy everything that is kept, beside the running service.
    Backup(BackupArgs),
    /// Look at refused input, write it to a file, or try it again.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
}

/// What to do with refused input.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// How much stands there for which reason, and the newest of it.
    List(QuarantineListArgs),
    /// Write it to a file, one JSON object per line, oldest first.
    Export(QuarantineExportArgs),
    /// Try it again with this configuration, through the same admission as live readings and with the rights that its login has now:
    /// what is admitted leaves the quarantine for the log, once. Works beside a running service, which then takes it to the log.
    Replay(QuarantineReplayArgs),
}

/// Which refused input.
#[derive(Clone, Debug, Default, Args)]
pub struct QuarantineWhich {
    /// Only what was refused for this reason, e.g. from_future.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Only topics that name this machine.
    #[arg(long, value_name = "SITE/MACHINE", value_parser = machine)]
    pub machine: Option<MachineId>,
    /// Only what arrived at this instant or later.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Only what arrived before this instant.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub to: Option<Timestamp>,
}

/// Options of `quarantine list`.
#[derive(Debug, Args)]
pub struct QuarantineListArgs {
    /// Which.
    #[command(flatten)]
    pub which: QuarantineWhich,
    /// How many are shown at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub max: usize,
}

/// Options of `quarantine export`.
#[derive(Debug, Args)]
pub struct QuarantineExportArgs {
    /// Which.
    #[command(flatten)]
    pub which: QuarantineWhich,
    /// File to write, by custom ending in .jsonl.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `quarantine replay`.
#[derive(Debug, Args)]
pub struct QuarantineReplayArgs {
    /// Which.
    #[command(flatten)]
    pub which: QuarantineWhich,
    /// Only say what would become of it.
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Roles of this process, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE")]
    pub role: Vec<Role>,
}

/// What stands below `foretell check --help`.
const CHECK_EXAMPLES: &str = "\
Examples:
  foretell check --config plant.toml --ports
  foretell check --config config/examples/gateways/telegraf.toml --sample telegraf.json --topic telegraf/edge1
  mosquitto_sub -h broker -t 'plant/#' -C 1 | foretell check --config plant.toml --sample - --topic plant/hq/k2/data

Exit codes: 0 sound, 65 the sample becomes no reading, 66 the configuration or the sample is missing, 69 a port is taken, 78 the
configuration is wrong, or a file that it names is missing.";

/// Options of `check`.
#[derive(Debug, Default, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// Explain what becomes of this payload, field by field; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub sample: Option<PathBuf>,
    /// Topic of the sample; may be left out where there is one mapping only.
    #[arg(long, value_name = "TOPIC", requires = "sample")]
    pub topic: Option<String>,
    /// Explain as JSON.
    #[arg(long, requires = "sample")]
    pub json: bool,
    /// Also try to listen on the ports of the configuration: is another program using them?
    #[arg(long)]
    pub ports: bool,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Seed of the simulated fleet: the same seed, the same months.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Where the console listens. Without it: 127.0.0.1:8080, or a free port when that is taken.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    /// Seconds of the demo in one second while something waits for you: a draft to approve, a letter whose customer you can be.
    /// 60 leaves time to look around; 3600 is for those who know their way. After ten minutes without you an hour passes each second.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=21_600))]
    pub pace: u32,
    /// Ends as soon as an advisory waits for approval; for tests and measurements.
    #[arg(long, hide = true)]
    pub exit_after_advise: bool,
}

/// What stands below `foretell backtest --help`.
const BACKTEST_EXAMPLES: &str = "\
Examples:
  foretell backtest history.csv --report report.html
  foretell backtest fleet/ --maintenance work.csv --out findings.jsonl
  foretell backtest export.parquet --from 2026-01-01 --to 2026-07-01
  foretell backtest metropt3.csv --map config/maps/metropt3.toml
  foretell-sim generate --fleet mixed --machines 12 --days 365 --every 5m --out fleet
  foretell backtest fleet --truth fleet/truth.json --truth-out scores.json --report report.html --lang zh-CN

Columns ts, site, machine and signals by the names of the contract (discharge_temp_c, motor_current_a, run_hours, …);
files of other names, units or clocks come in through a column map, see config/maps/.
Limits, latitudes and rated power of machines come from --config.
Exit codes: 0 done, 64 command line, 65 nothing in the files can be used, 66 a file is missing, 74 the disk refused.";

/// Options of `backtest`.
#[derive(Debug, Args)]
#[command(after_help = BACKTEST_EXAMPLES)]
pub struct BacktestArgs {
    /// CSV (also .gz) or Parquet files, or directories of them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Maintenance records (CSV: ts,site,machine,work).
    #[arg(long, value_name = "FILE")]
    pub maintenance: Option<PathBuf>,
    /// Column map for files with other names or units.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Only what happened from this instant on: RFC 3339, or a date for its first instant in UTC.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Only what happened before this instant.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub to: Option<Timestamp>,
    /// Write every finding here, one JSON object per line, in order of `at`.
    #[arg(long, value_name = "FINDINGS.jsonl")]
    pub out: Option<PathBuf>,
    /// Write an anomaly score in [0, 1] for every row and signal here (CSV: ts,site,machine,signal,score); 0.5 is an alarm.
    /// Columns that are no signal are scored too when the map's `[watch]` names them.
    #[arg(long, value_name = "SCORES.csv")]
    pub scores: Option<PathBuf>,
    /// Write a report here: one HTML file with curves, forecasts and messages, to be opened, mailed or printed.
    #[arg(long, value_name = "REPORT.html")]
    pub report: Option<PathBuf>,
    /// Language of the report and of the messages in it: `en` or `zh-CN`.
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    pub lang: Lang,
    /// Score against truth labels as `foretell-sim generate` writes them.
    #[arg(long, value_name = "TRUTH.json")]
    pub truth: Option<PathBuf>,
    /// Write those scores here as JSON.
    #[arg(long, value_name = "SCORES.json", requires = "truth")]
    pub truth_out: Option<PathBuf>,
}

/// What stands below `foretell report --help`.
const REPORT_EXAMPLES: &str = "\
Examples:
  foretell report s01/m002 --out m002.pdf
  foretell report s01/m002 --lang zh-CN --from 2026-04-01 --to 2026-07-01 --out 2026-q2.pdf

Works beside a running service. --from and --to choose what the report looks back on (the last 90 days without them);
forecasts and scores are those of its end, or of the last reading before it, and N/A where no data of that time are kept.
Exit codes: 0 done, 64 command line, 66 no data directory or no such machine, 69 no font can set the text, 74 the disk refused.";

/// Options of `report`.
#[derive(Debug, Args)]
#[command(after_help = REPORT_EXAMPLES)]
pub struct ReportArgs {
    /// Which machine.
    #[arg(value_name = "SITE/MACHINE", value_parser = machine)]
    pub machine: MachineId,
    /// Language: `en` or `zh-CN`. Without it, that of the machine's customer.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub lang: Option<Lang>,
    /// Beginning of what the report looks back on: RFC 3339, or a date for its first instant in UTC.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// End of the same.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub to: Option<Timestamp>,
    /// File to write.
    #[arg(long, value_name = "FILE.pdf")]
    pub out: PathBuf,
}

/// What stands below `foretell export --help`.
const EXPORT_NOTE: &str = "\
What can be read of a damaged log is saved page by page, beside the archive's days; what is lacking is told.
Exit codes: 0 done, also when a known machine has no reading in the span; 64 command line, 65 the log or days of the archive are
damaged (what could be read is in the file), 66 no data directory or a machine that never reported, 74 the disk refused.";

/// Options of `export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_NOTE)]
pub struct ExportArgs {
    /// Only this machine.
    #[arg(long, value_name = "SITE/MACHINE", value_parser = machine)]
    pub machine: Option<MachineId>,
    /// Only readings from this instant on.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Only readings before this instant.
    #[arg(long, value_name = "TS", value_parser = instant)]
    pub to: Option<Timestamp>,
    /// File to write; its ending (.csv, .parquet, .lp) decides the format.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What stands below `foretell import --help`.
const IMPORT_NOTE: &str = "\
Columns ts, site, machine and signals by the names of the contract; files of maintenance have ts, site, machine, work.
What the log has already is counted, not kept again, so the same command may be repeated.
Rows that are refused do not go to the quarantine: they stand in their files still. Each reason is told with its first row, and
--refused lists every one; mend the files, or the column map, and import again.
Exit codes: 0 something was imported or was there already, 64 command line, 65 nothing in the files can be used, 66 a file is
missing, 69 a service is running on this data directory, 74 the disk refused, 78 the column map is wrong.";

/// Options of `import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_NOTE)]
pub struct ImportArgs {
    /// CSV (.csv, .tsv, .txt, .csv.gz, .csv.xz), Parquet (.parquet) or line protocol (.lp) files, or directories of them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Column map for files with other names or units.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// List every refused row here, with its file, line and reason.
    #[arg(long, value_name = "FILE.csv")]
    pub refused: Option<PathBuf>,
}

/// What stands below `foretell customers import --help`.
const CUSTOMERS_EXAMPLE: &str = "\
The first line names the columns, in any order; commas, semicolons or tabs between them. Needed are
  customer   key of the customer
  site       key of the site, as in telemetry
  machine    key of the machine on its site, as in telemetry
  number     what the customer calls the machine, e.g. No. 2
and for a new customer customer_name and advisor (key of an advisor registered before). Welcome are
  contact, language (zh-CN or en), zone (e.g. Asia/Shanghai), email, phone,
  addresses (of other channels, e.g. sms:+86 138 0000 0001|wecom:li.gong), channels (the best first, e.g. wecom|email),
  quiet_from, quiet_to (e.g. 20:00, 08:00), shifts (e.g. mon-fri 07:00-17:00|sat 08:00-12:00),
  holidays (beside the public ones), shutdowns, busy (days, e.g. 2026-12-24|2026-12-28/2026-12-31),
  site_name, address, latitude_deg, longitude_deg, model, rated_kw, tariff_per_kwh, stop_cost (money),
  consequence (of a stop; 1 is ordinary), service (work:interval:last done in running hours, e.g.
  oil_changed:4000:8000|separator_replaced:8000).
Several things in one field stand between |. config/examples/machines.csv shows all of it.
An empty field leaves what is registered as it is. A .toml file is taken as the customers file of the configuration.
Exit codes: 0 everything was taken, 65 some lines were refused (the others were taken), 66 the file is missing.";

/// Options of `customers`.
#[derive(Debug, Args)]
pub struct CustomersArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CustomersCommand,
}

/// What can be done about customers.
#[derive(Debug, Subcommand)]
pub enum CustomersCommand {
    /// Register customers, sites and machines from a spreadsheet saved as CSV, one line a machine.
    #[command(after_help = CUSTOMERS_EXAMPLE)]
    Import {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write everything kept about a customer to a file, to hand out.
    Export {
        /// The customer's key.
        #[arg(value_name = "ID")]
        id: String,
        /// The JSON file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Erase what is personal about a customer, for good: names, numbers, letters, remarks, photos. Messages that wait are
    /// withdrawn, booked visits called off. Works beside a running service.
    Erase {
        /// The customer's key.
        #[arg(value_name = "ID")]
        id: String,
        /// The customer's key once more, so that no slip of the keyboard erases anybody.
        #[arg(long, value_name = "ID")]
        confirm: String,
    },
}

fn instant(text: &str) -> Result<Timestamp, String> {
    // A bare date means its first instant in UTC, as people write it.
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&whole).map_err(|error| error.to_string())
}

fn language(text: &str) -> Result<Lang, String> {
    Lang::from_tag(text).ok_or_else(|| "known are `en` and `zh-CN`".to_owned())
}

fn machine(text: &str) -> Result<MachineId, String> {
    MachineId::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bare_date_is_its_first_instant() {
        assert_eq!(instant("2026-07-01").map(|t| t.to_string()), Ok("2026-07-01T00:00:00Z".to_owned()));
        assert!(instant("yesterday").is_err());
    }
}
