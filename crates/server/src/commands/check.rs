//! `foretell check`: the same reading of the configuration as at start, and of the files that it names; and what would become
//! of a sample payload.

use std::net::TcpListener;
use std::path::Path;

use foretell_history::DiskRoom;
use foretell_ingest::listener::ListenerError;
use foretell_model::Clock;

use crate::cli::{CheckArgs, Common};
use crate::clock::WallClock;
use crate::config::{self, Config, ConfigFaults, Examined, Fault, MqttSource, Place};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::roles::Roles;
use crate::service;

use super::{put_above, sample};

/// Says that all is well, or every fault of the configuration and of the files it names, all at once.
pub(super) fn check(common: &Common, args: &CheckArgs, output: &mut Output) -> Result<(), Failure> {
    let file = common.config.as_deref();
    let Examined { mut config, faults, mut warnings } = config::examine(file)?;
    put_above(&mut config, common);
    let mut failures = Vec::new();
    if !faults.is_empty() {
        failures.push(Failure::from(ConfigFaults { file: file.map(Path::to_owned), faults }));
    }
    let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    let (faulty, doubtful) = named_files(&config)?;
    failures.extend(faulty);
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
        warnings.extend(shortage(&config));
        let warnings = warnings.iter().map(|warning| format!("  {name}: {warning}")).chain(doubtful);
        let warnings: Vec<String> = warnings.collect();
        if warnings.is_empty() {
            return output.line("The configuration is sound.");
        }
        output.line("The configuration is sound, but look at this:")?;
        return warnings.iter().try_for_each(|warning| output.line(warning));
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

/// Faults of the files that a configuration names, and lines about what is allowed there and yet looks like a slip.
fn named_files(config: &Config) -> Result<(Vec<Failure>, Vec<String>), Failure> {
    let (mut failures, mut doubtful) = (Vec::new(), Vec::new());
    // The built-in catalogue stands in for a faulty one, so that the rest is checked too.
    let catalogue = match service::catalogue(config.engine.faults_file.as_deref()) {
        Ok(catalogue) => catalogue,
        Err(failure) => {
            failures.push(failure);
            service::catalogue(None)?
        }
    };
    failures.extend(service::no_folder(&config.data.dir).map(|why| Failure::new(Kind::Config, why)));
    let holidays = service::holidays(config.outreach.holidays_file.as_deref());
    let (mut listed, mut told) = (Vec::new(), Vec::new());
    if let Some(customers) = &config.outreach.customers_file {
        match config::registry(customers, &catalogue) {
            Ok(registry) => {
                told = holidays.iter().flat_map(|of| of.gaps(&registry.customers, WallClock.now())).collect();
                doubtful.extend(told.iter().map(|gap| format!("  {}: {gap}", customers.display())));
                let unreached = config::out_of_reach(customers, &registry, config)?;
                doubtful.extend(unreached.iter().map(|warning| format!("  {}: {warning}", customers.display())));
                listed = registry.customers;
            }
            Err(failure) => failures.push(failure),
        }
    }
    // Those who were imported are in the data directory alone.
    let state = config.data.dir.join("service.sqlite");
    match holidays.map(|holidays| holidays.gaps_at(&state, &listed, WallClock.now())) {
        Ok(Ok(gaps)) => {
            let more = gaps.iter().filter(|gap| !told.contains(gap));
            doubtful.extend(more.map(|gap| format!("  {}: {gap}", config.data.dir.display())));
        }
        Ok(Err(error)) => doubtful
            .push(format!("  {}", Failure::because(Kind::Io, "its customers were not looked at", error).chain())),
        Err(failure) => failures.push(failure),
    }
    if let Some(dir) = config.outreach.templates_dir.as_ref().filter(|dir| dir.is_dir()) {
        failures.extend(service::templates(dir, &catalogue).err());
        doubtful.extend(service::strange_templates(dir)?.iter().map(|doubt| format!("  {doubt}")));
    }
    Ok((failures, doubtful))
}

/// Too little room on the disk, as far as the data directory, or the one that it would be made in, is there.
fn shortage(config: &Config) -> Option<Fault> {
    let dir = std::path::absolute(&config.data.dir).ok()?;
    let there = dir.ancestors().find(|dir| dir.is_dir())?;
    let shortage = DiskRoom::new(there, config.data.free_min_bytes).shortage()?;
    let message = format!("no reading would be acknowledged now: on the disk that holds {} {shortage}", dir.display());
    Some(Fault { place: Place::Elsewhere, message })
}

/// Ports of the configuration that cannot be had now.
fn ports(config: &Config) -> Vec<Failure> {
    let (console, mqtt) = (config.console.listen, config.mqtt.listen);
    let mut failures = Vec::new();
    failures.extend(TcpListener::bind(console).err().map(|error| service::unavailable(console, Roles::ALL, error)));
    // That the two are one has been told, and it is no other program that has it.
    if config.mqtt.source == MqttSource::Embedded && !config::overlap(console, mqtt) {
        let refused = |source| {
            Failure::because(
                Kind::Unavailable,
                "could not start the MQTT listener",
                ListenerError::Bind { addr: mqtt, source },
            )
        };
        failures.extend(TcpListener::bind(mqtt).err().map(refused));
    }
    failures
}
