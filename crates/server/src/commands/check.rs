//! `foretell check`: the same reading of the configuration as at start, and of the files that it names; and what would become
//! of a sample payload.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::cli::CheckArgs;
use crate::config::{self, Config, ConfigFaults, Examined, MqttSource};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

use super::sample;

/// Says that all is well, or every fault of the configuration and of the files it names, all at once.
pub(super) fn check(file: Option<&Path>, args: &CheckArgs, output: &mut Output) -> Result<(), Failure> {
    let Examined { config, faults, warnings } = config::examine(file)?;
    let mut failures = Vec::new();
    if !faults.is_empty() {
        failures.push(Failure::from(ConfigFaults { file: file.map(Path::to_owned), faults }));
    }
    failures.extend(named_files(&config)?);
    if args.ports {
        failures.extend(ports(&config));
    }
    // What the mappings make of a sample can be said although something else is missing.
    let explained = args.sample.as_deref().map(|path| sample::explain(&config, path, args, output)).transpose();
    if failures.is_empty() {
        explained?;
        if args.sample.is_some() {
            return Ok(());
        }
        if warnings.is_empty() {
            return output.line("The configuration is sound.");
        }
        output.line("The configuration is sound, but look at this:")?;
        let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
        return warnings.iter().try_for_each(|warning| output.line(&format!("  {name}: {warning}")));
    }
    failures.extend(explained.err());
    let kind = if failures.iter().all(|failure| failure.kind() == Kind::Unavailable) {
        Kind::Unavailable
    } else {
        Kind::Config
    };
    let faults: Vec<String> = failures.iter().map(Failure::chain).collect();
    Err(Failure::new(kind, faults.join("\n")))
}

/// Faults of the files that a configuration names.
fn named_files(config: &Config) -> Result<Vec<Failure>, Failure> {
    let mut failures = Vec::new();
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
    Ok(failures)
}

/// Ports of the configuration that cannot be had now.
fn ports(config: &Config) -> Vec<Failure> {
    let mut wanted = vec![("[console] listen", config.console.listen)];
    if config.mqtt.source == MqttSource::Embedded {
        wanted.push(("[mqtt] listen", config.mqtt.listen));
    }
    wanted.into_iter().filter_map(|(key, address)| port(key, address).err()).collect()
}

fn port(key: &str, address: SocketAddr) -> Result<(), Failure> {
    let taken = |error| Failure::because(Kind::Unavailable, format!("`{key}`: could not listen on {address}"), error);
    TcpListener::bind(address).map(drop).map_err(taken)
}
