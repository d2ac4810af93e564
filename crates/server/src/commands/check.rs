//! `foretell check`: the same reading of the configuration as at start, and of the files that it names.

use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::service;

/// Says that all is well; whatever is not has been said by then, all at once.
pub(super) fn check(config: &Config, output: &mut Output) -> Result<(), Failure> {
    service::catalogue(config.engine.faults_file.as_deref())?;
    if let Some(file) = &config.outreach.customers_file {
        service::registry(file)?;
    }
    output.line("The configuration is sound.")
}
