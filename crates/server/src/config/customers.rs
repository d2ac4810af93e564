//! The customers file: its form and sense belong to outreach; this gives its faults their lines.

use std::path::Path;

use foretell_model::Catalogue;
use foretell_outreach::Registry;

use super::fault::{Collected, ConfigFaults, Fault};
use super::layers::Lines;
use super::{ChannelKind, ChannelSection, Config};
use crate::failure::{Failure, Kind};
use crate::text_file;

/// Keys that a customers file has and a configuration has not.
const OWN_KEYS: [&str; 5] = ["advisor", "depot", "technician", "customer", "site"];

/// Reads customers, sites and machines from their file.
///
/// # Errors
/// When the file cannot be read, or with every fault of it at once.
pub fn registry(file: &Path, catalogue: &Catalogue) -> Result<Registry, Failure> {
    let text = text_file::read(file, Kind::Config)?;
    let faults = Collected::default();
    let lines = Lines::of(&text, &faults);
    let mut registry = Registry::default();
    // After a syntax error there is no telling what was meant.
    if let Ok(table) = text.parse::<toml::Table>() {
        let (read, problems) = Registry::examine(table, catalogue);
        registry = read;
        for problem in problems {
            faults.add(lines.place(&problem.path, None), problem.why);
        }
    }
    let faults = faults.take();
    if faults.is_empty() { Ok(registry) } else { Err(ConfigFaults { file: Some(file.to_owned()), faults }.into()) }
}

/// Customers of a sound file whom no channel of the configuration reaches, each with its line.
///
/// # Errors
/// When the file cannot be read.
pub fn out_of_reach(file: &Path, registry: &Registry, config: &Config) -> Result<Vec<Fault>, Failure> {
    let lines = Lines::of(&text_file::read(file, Kind::Config)?, &Collected::default());
    let mail = (config.outreach.channel != ChannelKind::Nothing).then_some("email");
    let media: Vec<&str> = mail.into_iter().chain(config.channels.iter().map(ChannelSection::medium)).collect();
    let unreached = registry.customers.iter().enumerate();
    let unreached = unreached.filter(|(_, customer)| !customer.is_reached_by(media.iter().copied()));
    Ok(unreached
        .map(|(n, customer)| {
            let media = media.join("`, `");
            let message = format!(
                "customer `{}` cannot be written to: none of its `addresses` is of a channel in use (`{media}`), so every letter \
                 waits for the advisor to call",
                customer.id
            );
            Fault { place: lines.place(&format!("customer[{n}]"), None), message }
        })
        .collect())
}

/// Whether somebody took the customers file for the configuration.
pub(super) fn looks_like_one(text: &str) -> bool {
    text.parse::<toml::Table>().is_ok_and(|table| OWN_KEYS.iter().any(|key| table.contains_key(*key)))
}
