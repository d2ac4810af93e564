//! `foretell customers`: customers, sites and machines from a spreadsheet; what is kept about one of them, to hand out or to
//! erase.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use foretell_history::AtomicFile;
use foretell_model::{Clock, Timestamp};
use foretell_outreach::spreadsheet::{self, Known, Refused};
use foretell_outreach::{Outreach, OutreachError, OutreachOptions, Registry};

use super::history::there;
use crate::cli::{CustomersArgs, CustomersCommand};
use crate::clock::WallClock;
use crate::config::{self, Config};
use crate::failure::{Failure, Kind};
use crate::output::{Output, count};
use crate::service;
use crate::text_file;

/// Who registers, in the record.
const WHO: &str = "import";
/// Who erases at the command line, in the record.
const WHO_ERASES: &str = "command";

/// Does what the command line says about customers.
pub(super) fn customers(config: &Config, args: &CustomersArgs, output: &mut Output) -> Result<(), Failure> {
    match &args.command {
        CustomersCommand::Import { file } => import(config, file, output),
        CustomersCommand::Export { id, out } => export(config, id, out, output),
        CustomersCommand::Erase { id, confirm } => erase(config, (id, confirm), output),
    }
}

/// Service state of a data directory that must be there, beside whoever else has it open.
pub(super) fn opened(config: &Config) -> Result<Outreach, Failure> {
    let path = there(&config.data.dir, "service.sqlite", "service state")?;
    let catalogue = std::sync::Arc::new(service::catalogue(config.engine.faults_file.as_deref())?);
    // With the channels of the configuration: they may keep letters of their own.
    let options = service::outreach_options(config, &catalogue, "")?;
    Outreach::open(&path, OutreachOptions { delivers: false, ..options }).map_err(failed)
}

/// What the record says of when: in a rehearsal the time of its readings, as of all else there.
pub(super) fn now(outreach: &Outreach) -> Result<Timestamp, Failure> {
    outreach.time_beside(WallClock.now()).map_err(failed)
}

fn export(config: &Config, id: &str, out: &Path, output: &mut Output) -> Result<(), Failure> {
    let outreach = opened(config)?;
    let data = outreach.customer_data(id, now(&outreach)?).map_err(refused)?;
    write_private(out, &data)?;
    output.line(&format!("everything kept about customer `{id}` is in {}", out.display()))
}

/// Writes a file that nobody else may read.
pub(super) fn write_private(out: &Path, text: &str) -> Result<(), Failure> {
    let mut file = AtomicFile::create_private(out).map_err(|error| Failure::writing(out, error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.finish()).map_err(|error| Failure::writing(out, error))
}

fn erase(config: &Config, (id, confirm): (&str, &str), output: &mut Output) -> Result<(), Failure> {
    if id != confirm {
        let why = format!("nothing was erased: `--confirm {confirm}` does not repeat the key `{id}`");
        return Err(Failure::new(Kind::Usage, why));
    }
    let outreach = opened(config)?;
    let photos = outreach.erase_customer(id, WHO_ERASES, now(&outreach)?).map_err(refused)?;
    let folder = service::Photos::new(&config.data.dir);
    folder.delete(&photos).map_err(|error| Failure::writing(&config.data.dir.join("photos"), error))?;
    output.line(&format!(
        "what was personal about customer `{id}` is erased, {} with it; notes that the machines sent stay in the log, messages that \
         could not be read in quarantine, and backups as they were made",
        count(photos.len() as u64, "photo")
    ))
}

/// What was asked for does not exist, or cannot be done now; else the store failed.
pub(super) fn refused(error: OutreachError) -> Failure {
    let kind = match &error {
        OutreachError::Missing { .. } => Kind::NoInput,
        OutreachError::Refused { .. } | OutreachError::Unfit { .. } => Kind::Unavailable,
        _ => Kind::Io,
    };
    Failure::because(kind, "could not do this with personal data", error)
}

/// Columns nobody knows that are named.
const IGNORED_NAMED: usize = 10;

fn import(config: &Config, file: &Path, output: &mut Output) -> Result<(), Failure> {
    let catalogue = std::sync::Arc::new(service::catalogue(config.engine.faults_file.as_deref())?);
    let text = text_file::read(file, Kind::BadData)?;
    let dir = &config.data.dir;
    service::make_dir(dir)?;
    // Another process may be delivering right now: this one must not touch what it has in hand.
    let options = OutreachOptions { delivers: false, ..OutreachOptions::new(std::sync::Arc::clone(&catalogue)) };
    let outreach = Outreach::open(&dir.join("service.sqlite"), options).map_err(failed)?;
    let now = now(&outreach)?;
    if file.extension().is_some_and(|extension| extension == "toml") {
        let registry = config::registry(file, &catalogue)?;
        return take(&outreach, &registry, &[], now, output);
    }
    let sheet = spreadsheet::read(&text, &known(&outreach).map_err(failed)?, &catalogue);
    if !sheet.ignored.is_empty() {
        let (named, all) = (sheet.ignored.len().min(IGNORED_NAMED), sheet.ignored.len());
        let more = if all > named { format!(" and {} more", all - named) } else { String::new() };
        tracing::warn!(
            columns = sheet.ignored[..named].join(", ") + &more,
            "Columns that nobody knows were not looked at."
        );
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
    let of = |n: usize, one: &str| count(n as u64, one);
    let (machines, sites, customers) = (of(machines, "machine"), of(sites, "site"), of(customers, "customer"));
    let changes = if changed == 1 { "1 entry is".to_owned() } else { format!("{changed} entries are") };
    output.line(&format!("{machines} on {sites} of {customers}; {changes} new or changed"))?;
    for customer in &registry.customers {
        if outreach.customer(&customer.id).map_err(failed)?.is_some_and(|known| known.erased) {
            output.line(&format!(
                "customer `{0}` was erased, and nothing personal in this file brings it back; one that is a customer again needs another key",
                customer.id
            ))?;
        }
    }
    for refused in refused {
        output.line(&format!("refused: {refused}"))?;
    }
    let lines: BTreeSet<usize> = refused.iter().map(|refused| refused.line).collect();
    match lines.len() {
        0 => Ok(()),
        n => {
            let lines = of(n, "line");
            let mend = if n == 1 { "it" } else { "them" };
            Err(Failure::new(Kind::BadData, format!("could not take {lines}; mend {mend} and import the file again")))
        }
    }
}

fn failed(error: foretell_outreach::OutreachError) -> Failure {
    Failure::because(Kind::Io, "could not register the customers", error)
}
