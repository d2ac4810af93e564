//! The commands. Each reads its input, calls the rooms, and says what came of it; nothing is computed here.

mod archive;
mod backtest;
mod backup;
mod check;
mod customers;
mod demo;
mod export;
mod hash_password;
mod history;
mod import;
mod interrupt;
mod outputs;
mod quarantine;
mod replay;
mod report;
mod run;
mod sample;
mod shutdown;
mod state_directory;
mod stop;
mod users;

pub(crate) use run::DRAIN_WITHIN;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Common};
use crate::config::{self, Config, Fault, LogLevel};
use crate::failure::{Failure, Kind};
use crate::logging::{self, LogFormat};
use crate::output::{self, Output};

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let code = if usage.use_stderr() { Kind::Usage as u8 } else { 0 };
            // With no terminal left there is nobody to tell.
            let _printed = usage.print().is_ok();
            return ExitCode::from(code);
        }
    };
    let format = cli.common.log_format;
    let performed = perform(cli);
    logging::finish();
    match performed {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure, format);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn perform(cli: Cli) -> Result<(), Failure> {
    let Cli { common, command } = cli;
    let mut output = Output::stdout();
    match &command {
        Command::Check(args) => return check::check(&common, args, &mut output),
        Command::HashPassword => return hash_password::hash_password(std::io::stdin().lock(), &mut output),
        _ => {}
    }
    let (mut config, warnings) = configuration(&common)?;
    // A demo without a configuration of its own stays quiet: what happens is told on its own line.
    if matches!(command, Command::Demo(_)) && config.log_level == LogLevel::default() {
        config.log_level = LogLevel("error".to_owned());
    }
    logging::start(&config.log_level.0, common.log_format)?;
    if matches!(command, Command::Run(_)) {
        warn(&warnings);
    }
    outputs::keep_off(&config.data.dir, &command)?;
    match command {
        Command::Run(args) => run::run(config, &common, &args),
        Command::Demo(args) => demo::demo(config, common.data_dir.clone(), &args, &mut output),
        Command::Backtest(args) => backtest::backtest(&config, &args, &mut output),
        // Done above: they must go on where a faulty configuration ends every other command.
        Command::Check(_) | Command::HashPassword => Ok(()),
        Command::Export(args) => export::export(&config, &args, &mut output),
        Command::Report(args) => report::report(config, &args, &mut output),
        Command::Import(args) => import::import(&config, &args, &mut output),
        Command::Archive(command) => archive::archive(&config, command, &mut output),
        Command::Backup(args) => backup::backup(&config, &args, &mut output),
        Command::Quarantine(command) => quarantine::quarantine(&config, &command, &mut output),
        Command::Customers(args) => customers::customers(&config, &args, &mut output),
        Command::Users(args) => users::users(&config, &args, std::io::stdin().lock(), &mut output),
    }
}

/// The configuration, with what is allowed and yet looks like a slip.
fn configuration(common: &Common) -> Result<(Config, Vec<Fault>), Failure> {
    let (mut config, warnings) = config::load(common.config.as_deref())?;
    put_above(&mut config, common);
    Ok((config, warnings))
}

/// Puts what the command line says above what the configuration says.
fn put_above(config: &mut Config, common: &Common) {
    if let Some(dir) = &common.data_dir {
        config.data.dir.clone_from(dir);
    }
}

/// Tells what looks like a slip, once the log is there.
fn warn(warnings: &[Fault]) {
    for what in warnings {
        tracing::warn!(%what, "The configuration is used as it is, but look at this.");
    }
}

/// A runtime for the commands that serve.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // One TLS provider for the whole process, before anything could choose another.
    let _already = rustls::crypto::ring::default_provider().install_default().is_err();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because(Kind::Unavailable, "could not start the runtime's threads", error))
}

/// The one place where a failed command says why.
fn complain(failure: &Failure, format: LogFormat) {
    match format {
        LogFormat::Text => output::remark(&format!("foretell: {}", output::harmless(&failure.chain()))),
        LogFormat::Json => {
            let line = serde_json::json!({
                "level": "ERROR", "message": failure.chain(), "exit_code": failure.exit_code()
            });
            output::remark(&line.to_string());
        }
    }
}
