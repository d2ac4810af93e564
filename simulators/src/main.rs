//! `foretell-sim`: simulated controllers, live over MQTT, to files with truth labels, or as load.

mod cli;
mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
