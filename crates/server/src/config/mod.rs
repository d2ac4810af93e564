//! The configuration: what it says, where it comes from, and what is wrong with it.
//!
//! Layers: the defaults in the code, which `config/default.toml` shows with comments, then a file, then the environment
//! (`FORETELL__SECTION__KEY`). Every fault is reported at once, with its line where it has one.

mod fault;
mod layers;
mod mapping;
mod read;
mod reader;
mod secret;
mod sections;
mod unit;

use std::collections::BTreeMap;
use std::path::Path;

pub use fault::{ConfigFaults, Fault, Place};
pub use secret::Secret;
pub use sections::{
    ChannelKind, ClockSource, Config, ConsoleSection, DataSection, EngineSection, LogLevel, MachineSection,
    MqttSection, MqttSource, MqttUser, OutreachSection,
};

use crate::failure::Failure;
use fault::Collected;
use reader::{Context, Section};

/// The defaults with their comments; a test holds them equal to [`Config::default`].
pub const DEFAULT_TOML: &str = include_str!("../../../../config/default.toml");

/// Reads the configuration of a process: the file, if one is named, and the environment.
///
/// # Errors
/// When the file cannot be read, or with every fault of the configuration at once.
pub fn load(file: Option<&Path>) -> Result<Config, Failure> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(|error| Failure::reading(path, error))?,
        None => String::new(),
    };
    // Relative paths in a file are meant from where the file is, wherever the process was started.
    let base = file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("FORETELL__"))
        .collect();
    parse(&text, &variables, &base).map_err(|faults| ConfigFaults { file: file.map(Path::to_owned), faults }.into())
}

/// Reads a configuration from its text and environment variables; relative paths start at `base`.
///
/// # Errors
/// With every fault at once, in the order of their places.
pub fn parse(text: &str, variables: &BTreeMap<String, String>, base: &Path) -> Result<Config, Vec<Fault>> {
    let faults = Collected::default();
    let (value, lines) = layers::merge(text, variables, &faults);
    let mut root = Section::root(Context { lines: &lines, faults: &faults }, value);
    let config = read::read(&mut root, base);
    root.finish();
    let faults = faults.take();
    if faults.is_empty() { Ok(config) } else { Err(faults) }
}

#[cfg(test)]
mod tests;
