//! The configuration: what it says, where it comes from, and what is wrong with it.
//!
//! Layers: the defaults in the code, which `config/default.toml` shows with comments, then a file, then the environment
//! (`FORETELL__SECTION__KEY`). Every fault is reported at once, with its line where it has one.

mod channels;
mod customers;
mod fault;
mod influx;
mod layers;
mod mapping;
mod mqtt;
mod read;
mod reader;
mod secret;
mod sections;
mod source;
mod sparkplug;
mod strict;
mod unit;
mod variables;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use channels::{ChannelSection, RepliesSection};
pub use customers::{out_of_reach, registry};
pub(crate) use fault::did_you_mean;
pub use fault::{ConfigFaults, Fault, Place};
pub use influx::InfluxSection;
pub use mqtt::{MqttLimits, MqttSection, MqttSource, MqttUser};
pub(crate) use read::overlap;
pub use secret::Secret;
pub use sections::{
    ChannelKind, ClockSource, Config, ConsoleSection, DataSection, EngineSection, LogLevel, MachineSection,
    OutreachSection, SparkplugSection,
};

use crate::failure::{Failure, Kind};
use crate::text_file;
use fault::Collected;
use reader::{Context, Section};

/// The defaults with their comments; a test holds them equal to [`Config::default`].
pub const DEFAULT_TOML: &str = include_str!("../../../../config/default.toml");

/// Reads the configuration of a process: the file, if one is named, and the environment. With it comes what is allowed and yet
/// looks like a slip.
///
/// # Errors
/// When the file cannot be read, or with every fault of the configuration at once.
pub fn load(file: Option<&Path>) -> Result<(Config, Vec<Fault>), Failure> {
    let Examined { config, faults, warnings } = examine(file)?;
    if faults.is_empty() {
        Ok((config, warnings))
    } else {
        Err(ConfigFaults { file: file.map(Path::to_owned), faults }.into())
    }
}

/// A configuration as far as it can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// With defaults where it cannot be read.
    pub config: Config,
    /// Every fault of it.
    pub faults: Vec<Fault>,
    /// What is allowed and yet looks like a slip.
    pub warnings: Vec<Fault>,
}

/// Reads the configuration as far as it can be read, with defaults where it cannot, and every fault of it.
///
/// # Errors
/// When the file cannot be read.
pub fn examine(file: Option<&Path>) -> Result<Examined, Failure> {
    let text = match file {
        Some(path) => text_file::read(path, Kind::Config)?,
        None => String::new(),
    };
    // Relative paths in a file are meant from where the file is, wherever the process was started.
    let base = file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(variables::OURS))
        .collect();
    Ok(read_text(&text, &variables, &base))
}

/// Reads a configuration from its text and environment variables; relative paths start at `base`.
///
/// # Errors
/// With every fault at once, in the order of their places.
pub fn parse(text: &str, variables: &BTreeMap<String, String>, base: &Path) -> Result<Config, Vec<Fault>> {
    let Examined { config, faults, .. } = read_text(text, variables, base);
    if faults.is_empty() { Ok(config) } else { Err(faults) }
}

fn read_text(text: &str, variables: &BTreeMap<String, String>, base: &Path) -> Examined {
    let (faults, warnings) = (Collected::default(), Collected::default());
    if customers::looks_like_one(text) {
        faults.add(Place::File, "this looks like a customers file; name it in [outreach] customers_file");
        return Examined { config: Config::default(), faults: faults.take(), warnings: Vec::new() };
    }
    let (value, lines) = layers::merge(text, variables, &faults);
    let known = RefCell::<BTreeSet<String>>::default();
    let context = Context { lines: &lines, faults: &faults, warnings: &warnings, known: &known };
    let mut root = Section::root(context, value);
    let config = read::read(&mut root, base);
    root.finish();
    variables::strays(variables.keys().map(String::as_str), &known.borrow(), &faults, &warnings);
    Examined { config, faults: faults.take(), warnings: warnings.take() }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod type_tests;
