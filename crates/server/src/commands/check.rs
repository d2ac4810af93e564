//! `foretell check`: the same reading of the configuration as at start, and of the files that it names.

use std::path::Path;

use crate::config::{self, ConfigFaults};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

/// Says that all is well, or every fault of the configuration and of the files it names, all at once.
pub(super) fn check(file: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
    let (config, faults) = config::examine(file)?;
    let mut failures = Vec::new();
    if !faults.is_empty() {
        failures.push(Failure::from(ConfigFaults { file: file.map(Path::to_owned), faults }));
    }
    // The built-in catalogue stands in for a faulty one, so that the rest is checked too.
    let catalogue = match service::catalogue(config.engine.faults_file.as_deref()) {
        Ok(catalogue) => catalogue,
        Err(failure) => {
            failures.push(failure);
            service::catalogue(None)?
        }
    };
    if let Some(customers) = &config.outreach.customers_file {
        failures.extend(config::registry(customers, &catalogue).err());
    }
    if let Some(dir) = config.outreach.templates_dir.as_ref().filter(|dir| dir.is_dir()) {
        failures.extend(service::templates(dir, &catalogue).err());
    }
    if failures.is_empty() {
        return output.line("The configuration is sound.");
    }
    let faults: Vec<String> = failures.iter().map(Failure::chain).collect();
    Err(Failure::new(Kind::Config, faults.join("\n")))
}
