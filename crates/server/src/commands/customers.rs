//! `foretell customers import`: customers, sites and machines from a spreadsheet.

use std::path::Path;

use foretell_model::{Clock, Timestamp};
use foretell_outreach::spreadsheet::{self, Known, Refused};
use foretell_outreach::{Outreach, OutreachOptions, Registry};

use crate::cli::{CustomersArgs, CustomersCommand};
use crate::clock::WallClock;
use crate::config::{self, Config};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

/// Who registers, in the record.
const WHO: &str = "import";

/// Does what the command line says about customers.
pub(super) fn customers(config: &Config, args: &CustomersArgs, output: &mut Output) -> Result<(), Failure> {
    let CustomersCommand::Import { file } = &args.command;
    import(config, file, output)
}

fn import(config: &Config, file: &Path, output: &mut Output) -> Result<(), Failure> {
    let catalogue = std::sync::Arc::new(service::catalogue(config.engine.faults_file.as_deref())?);
    let text = std::fs::read_to_string(file).map_err(|error| Failure::reading(file, error))?;
    let dir = &config.data.dir;
    std::fs::create_dir_all(dir).map_err(|error| Failure::writing(dir, error))?;
    // Another process may be delivering right now: this one must not touch what it has in hand.
    let options = OutreachOptions { delivers: false, ..OutreachOptions::new(std::sync::Arc::clone(&catalogue)) };
    let outreach = Outreach::open(&dir.join("service.sqlite"), options).map_err(failed)?;
    let now = WallClock.now();
    if file.extension().is_some_and(|extension| extension == "toml") {
        let registry = config::registry(file, &catalogue)?;
        return take(&outreach, &registry, &[], now, output);
    }
    let sheet = spreadsheet::read(&text, &known(&outreach).map_err(failed)?, &catalogue);
    if !sheet.ignored.is_empty() {
        tracing::warn!(columns = sheet.ignored.join(", "), "Columns that nobody knows were not looked at.");
    }
    take(&outreach, &sheet.registry, &sheet.refused, now, output)
}

/// What is registered already.
fn known(outreach: &Outreach) -> foretell_outreach::Result<Known> {
    Ok(Known {
        advisors: outreach.advisors()?.into_iter().map(|advisor| advisor.id).collect(),
        customers: outreach.customers()?.into_iter().map(|customer| (customer.id.clone(), customer)).collect(),
        sites: outreach.sites()?.into_iter().map(|site| (site.id.clone(), site)).collect(),
        machines: outreach.machines()?.into_iter().map(|machine| (machine.id.clone(), machine)).collect(),
    })
}

/// Registers what can be, and says what cannot.
fn take(
    outreach: &Outreach,
    registry: &Registry,
    refused: &[Refused],
    now: Timestamp,
    output: &mut Output,
) -> Result<(), Failure> {
    let changed = outreach.import(registry, WHO, now).map_err(failed)?;
    let (customers, sites, machines) = (registry.customers.len(), registry.sites.len(), registry.machines.len());
    output.line(&format!(
        "{machines} machines on {sites} sites of {customers} customers; {changed} entries are new or changed"
    ))?;
    for refused in refused {
        output.line(&format!("refused: {refused}"))?;
    }
    match refused.len() {
        0 => Ok(()),
        n => Err(Failure::new(Kind::BadData, format!("could not take {n} lines; mend them and import the file again"))),
    }
}

fn failed(error: foretell_outreach::OutreachError) -> Failure {
    Failure::because(Kind::Io, "could not register the customers", error)
}
