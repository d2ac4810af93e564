//! The command line: what is asked for, progress on a terminal, sysexits.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser, Subcommand, ValueEnum};
use foretell_sim::files::{FilesError, write_fleet};
use foretell_sim::time::parse_duration_ms;
use foretell_sim::{Fleet, FleetSpec, Size, SpecError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Simulated compressors with physics, faults and truth labels.
#[derive(Debug, Parser)]
#[command(name = "foretell-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a fleet's life to files: one CSV per machine, truth.json and maintenance.csv.
    Generate(Generate),
}

/// Which fleet.
#[derive(Debug, Args)]
struct Which {
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A built-in fleet: demo, mixed or healthy.
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

#[derive(Debug, Args)]
struct Generate {
    #[command(flatten)]
    which: Which,
    /// Folder to write into; made if need be.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Form of the readings.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Machines simulated side by side; the bytes do not depend on it. All cores by default.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
}

/// Why a command failed; each kind has its exit code.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("could not read `{}`", path.display())]
    NoInput { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a fleet that can be simulated", path.display())]
    BadSpec { path: PathBuf, source: SpecError },
    #[error(transparent)]
    Usage(SpecError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("could not write the result")]
    Output(#[source] std::io::Error),
}

impl CliError {
    /// As in sysexits(3).
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 64,
            Self::BadSpec { .. } => 65,
            Self::NoInput { .. } => 66,
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
    let done = match cli.command {
        Command::Generate(generate) => run_generate(&generate),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a failed command says why")]
fn complain(error: &CliError) {
    eprintln!("foretell-sim: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}

fn duration_ms(text: &str) -> Result<i64, String> {
    parse_duration_ms(text)
        .filter(|ms| *ms > 0)
        .ok_or_else(|| "a duration needs a unit, e.g. 60s, 15m or 40d".to_owned())
}

impl Which {
    fn fleet(&self) -> Result<Fleet, CliError> {
        let size = Size { machines: self.machines, days: self.days, every_ms: self.every };
        let Some(path) = &self.spec else {
            return Fleet::builtin_sized(&self.fleet, self.seed, size).map_err(CliError::Usage);
        };
        let text = std::fs::read_to_string(path).map_err(|source| CliError::NoInput { path: path.clone(), source })?;
        let bad = |source| CliError::BadSpec { path: path.clone(), source };
        let mut spec = FleetSpec::parse(&text).map_err(bad)?;
        spec.resize(size);
        Fleet::new(spec, self.seed).map_err(bad)
    }
}

/// A bar on a terminal, nothing elsewhere.
fn bar(length: u64, unit: &str) -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    let template = format!("{{wide_bar}} {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  {{eta}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

fn run_generate(generate: &Generate) -> Result<(), CliError> {
    let fleet = generate.which.fleet()?;
    let Format::Csv = generate.format;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let bar = bar(fleet.expected_samples(), "rows");
    let stop = AtomicBool::new(false);
    let written = write_fleet(&fleet, &generate.out, generate.threads.unwrap_or(cores), &|rows| bar.inc(rows), &stop)?;
    bar.finish_and_clear();
    say(&format!("{} machines, {} rows in {}\n", written.machines, written.rows, generate.out.display()))
}

/// Results go to stdout.
fn say(text: &str) -> Result<(), CliError> {
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).map_err(CliError::Output)
}
