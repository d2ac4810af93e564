//! `foretell check`: the same reading of the configuration as at start, and of the files that it names.

use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

/// Says that all is well; faults of the configuration itself have been said by then, all at once.
pub(super) fn check(config: &Config, output: &mut Output) -> Result<(), Failure> {
    let catalogue = service::catalogue(config.engine.faults_file.as_deref()).err();
    let customers = config.outreach.customers_file.as_deref().and_then(|file| service::registry(file).err());
    let faults: Vec<String> = catalogue.iter().chain(&customers).map(Failure::chain).collect();
    if faults.is_empty() {
        return output.line("The configuration is sound.");
    }
    Err(Failure::new(Kind::Config, faults.join("\n")))
}
