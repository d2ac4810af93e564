//! Everything a data directory holds, opened before anything starts, so that a bad directory fails early.

use std::path::Path;
use std::sync::Arc;

use foretell_console::accounts::{AccountsError, Person};
use foretell_console::{Accounts, Lang};
use foretell_history::{
    DirLock, DiskRoom, OpenError, QuarantineBounds, RollUps, SqliteLog, SqliteQuarantine, followed,
};
use foretell_model::{Catalogue, LogError, MachineId};
use foretell_outreach::compose::trial;
use foretell_outreach::registry::Language;
use foretell_outreach::{Manager, Managers, Occasion, Outreach, OutreachError, OutreachOptions};

use super::{closed, options};
use crate::clock::WallClock;
use crate::config::{Config, DataSection, did_you_mean};
use crate::denied;
use crate::failure::{Failure, Kind};
use crate::roles::Roles;
use crate::text_file;

/// The open stores of one process.
pub struct Stores {
    /// The log; opened beside its owner by a process that takes nothing in.
    pub log: Arc<SqliteLog>,
    /// Refused input.
    pub quarantine: Arc<SqliteQuarantine>,
    /// Hourly roll-ups.
    pub rollups: Arc<RollUps>,
    /// Service state.
    pub outreach: Arc<Outreach>,
    /// Who may sign in to the console.
    pub accounts: Arc<Accounts>,
    /// Names of faults and of work.
    pub catalogue: Arc<Catalogue>,
    /// Room on the disk under all of it.
    pub room: DiskRoom,
}

impl Stores {
    /// Opens everything for a process of some roles: ingest owns the log, outreach sends messages.
    ///
    /// # Errors
    /// When another process has one of the roles, a file cannot be opened or belongs to something else, or the registry file has
    /// a fault.
    pub fn open(config: &Config, roles: Roles, console_url: &str) -> Result<Self, Failure> {
        let dir = &config.data.dir;
        make_dir(dir)?;
        let catalogue = Arc::new(catalogue(config.engine.faults_file.as_deref())?);
        if let Some(dir) = &config.outreach.templates_dir {
            templates(dir, &catalogue)?;
            for doubt in strange_templates(dir)? {
                tracing::warn!(%doubt, "The templates are used as they are, but look at this.");
            }
        }
        let room = DiskRoom::new(dir, config.data.free_min_bytes);
        check_room(dir, &room)?;
        // The log first: a process that is refused here must have touched nothing else.
        let log = if roles.ingest { SqliteLog::open(dir) } else { SqliteLog::open_beside(dir) }.map_err(opening)?;
        let log = log.keeping_free(room.clone());
        // Who takes readings in waits for nobody because of these two.
        let (quarantine, rollups) = if roles.ingest {
            (SqliteQuarantine::open_or_renew(dir, bounds(config)), RollUps::open_or_renew(dir))
        } else {
            (SqliteQuarantine::open(dir, bounds(config)), RollUps::open(dir))
        };
        let quarantine = quarantine.map_err(opening)?.keeping_free(room.clone());
        let accounts = Arc::new(accounts(dir)?);
        let how = OutreachOptions {
            delivers: roles.outreach,
            managers: managers(&accounts),
            ..options::outreach(config, &catalogue, console_url)?
        };
        let outreach = outreach(dir, how)?;
        let stores = Self {
            log: Arc::new(log),
            quarantine: Arc::new(quarantine),
            rollups: Arc::new(rollups.map_err(opening)?),
            outreach: Arc::new(outreach),
            accounts,
            catalogue,
            room,
        };
        closed::close(dir);
        Ok(stores)
    }
}

/// Makes a data directory where it is missing, closed to other users.
///
/// # Errors
/// When the file system refuses.
pub fn make_dir(dir: &Path) -> Result<(), Failure> {
    if let Some(why) = no_folder(dir) {
        return Err(Failure::new(Kind::Io, why));
    }
    foretell_history::make_dir(dir).map_err(|error| Failure::writing(dir, error))
}

/// Why a data directory can be neither there nor made, as far as what stands in its place tells; `None` when it can.
pub fn no_folder(dir: &Path) -> Option<String> {
    let file = dir.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir())?;
    Some(format!(
        "the data directory {} cannot be used: {} is no folder; name one with --data-dir or `[data] dir`",
        dir.display(),
        file.display()
    ))
}

/// What roles do alone in a data directory, to be held as long as they do it; beside ingest, whose lock is the log's own. Two engines
/// would take each other's snapshots for their own, two outreaches each settle what the other has in hand. A console shares all
/// that it writes.
///
/// # Errors
/// When another process has one of the roles, which the error names, there is no room at all, or the file system refuses.
pub(super) fn claim(data: &DataSection, roles: Roles) -> Result<Vec<DirLock>, Failure> {
    let dir = &data.dir;
    make_dir(dir)?;
    let room = DiskRoom::new(dir, data.free_min_bytes);
    check_room(dir, &room)?;
    let alone = [(roles.engine, "engine"), (roles.outreach, "outreach")];
    let taken = alone.into_iter().filter(|(has, _)| *has).map(|(_, name)| DirLock::take(dir, name));
    let locks = taken.collect::<Result<_, _>>().map_err(opening)?;
    if let Some(shortage) = room.shortage().filter(|_| roles.ingest) {
        let dir = dir.display();
        tracing::error!(%dir, shortage, "No reading is acknowledged until there is room on the disk; publishers keep them.");
    }
    Ok(locks)
}

/// A store that cannot be opened; where the operating system forbids it, with what to do.
fn unopened<E: std::error::Error + Send + Sync + 'static>(
    kind: Kind,
    attempted: &str,
    path: &Path,
    error: E,
) -> Failure {
    if denied::is_it(&error) {
        return Failure::new(kind, format!("{attempted}: {}", denied::words(path)));
    }
    Failure::because(kind, attempted, error)
}

/// The service state. One that is empty was emptied where an engine has been at work: it came after the first start had laid this out.
fn outreach(dir: &Path, how: OutreachOptions) -> Result<Outreach, Failure> {
    const ATTEMPTED: &str = "could not open the service state";
    let path = dir.join("service.sqlite");
    if path.metadata().is_ok_and(|found| found.len() == 0) && followed(dir).is_some() {
        return Err(Failure::because(Kind::BadData, ATTEMPTED, OpenError::Emptied { path }));
    }
    Outreach::open(&path, how).map_err(|error| {
        // Of a later release, or beside a secret that is none: another start would not mend it, so it must not be 74.
        let is_bad = matches!(error, OutreachError::Corrupt { .. } | OutreachError::Unfit { .. });
        unopened(if is_bad { Kind::BadData } else { Kind::Io }, ATTEMPTED, &path, error)
    })
}

/// What opening everything may write, bytes: the indices of six write-ahead files, and tables that a release adds.
const OPENING_BYTES: u64 = 16 << 20;

/// Refuses where not even opening has room. With more, but less than is to stay free, the service starts and takes nothing in, as
/// `/readyz` says, and pages and commands work.
fn check_room(dir: &Path, room: &DiskRoom) -> Result<(), Failure> {
    match room.free_bytes() {
        Ok(free_bytes) if free_bytes < OPENING_BYTES => {
            let (dir, free_kib, mib) = (dir.display(), free_bytes >> 10, OPENING_BYTES >> 20);
            let why =
                format!("on the disk that holds {dir} {free_kib} KiB are free, and a start takes up to {mib} MiB");
            Err(Failure::new(Kind::Io, format!("{why}. Make room, then start again; what was acknowledged is kept")))
        }
        _ => Ok(()),
    }
}

/// The quarantine of a data directory; commands may open it beside the service.
///
/// # Errors
/// When it cannot be opened.
pub fn quarantine(config: &Config) -> Result<SqliteQuarantine, Failure> {
    SqliteQuarantine::open(&config.data.dir, bounds(config)).map_err(opening)
}

/// The same to look at it only, also where nothing can be written.
///
/// # Errors
/// When it cannot be opened.
pub fn quarantine_to_look(config: &Config) -> Result<SqliteQuarantine, Failure> {
    SqliteQuarantine::open_to_look(&config.data.dir, bounds(config)).map_err(opening)
}

fn bounds(config: &Config) -> QuarantineBounds {
    QuarantineBounds { bytes_max: config.data.quarantine_bytes_max, ..QuarantineBounds::default() }
}

/// The accounts of a data directory. Emptied ones are refused: with nobody in them the console would stand open as on its first day.
///
/// # Errors
/// When the file cannot be used.
pub fn accounts(dir: &Path) -> Result<Accounts, Failure> {
    const ATTEMPTED: &str = "could not open the accounts";
    let path = dir.join("accounts.sqlite");
    if had_accounts(dir) && Accounts::is_blank(&path) {
        let why = "nobody stands in it, though the data directory has been in use: all accounts are gone. Restore it from a backup; \
                   without one move it away, with its -wal and -shm, and make the accounts anew with `foretell users add`";
        return Err(Failure::because(Kind::BadData, ATTEMPTED, format!("{}: {why}", path.display())));
    }
    Accounts::open(&path, Arc::new(WallClock)).map_err(|error| {
        let kind = if matches!(error, AccountsError::Damaged { .. }) { Kind::BadData } else { Kind::Io };
        unopened(kind, ATTEMPTED, &path, error)
    })
}

/// Whether a data directory has what the first start makes after the accounts were whole, so that a start that was killed in
/// their midst can be begun again.
fn had_accounts(dir: &Path) -> bool {
    let has = |name: &str| dir.join(name).metadata().is_ok_and(|found| found.len() > 0);
    has("service.sqlite") || has("accounts.sqlite-wal") || followed(dir).is_some()
}

/// Who is told that a customer complains: whose account has an address and may be used.
fn managers(accounts: &Arc<Accounts>) -> Managers {
    let accounts = Arc::clone(accounts);
    Managers(Arc::new(move || {
        let people = accounts.people().unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "Nobody can be told that a customer complains.");
            Vec::new()
        });
        let manager = |person: Person| {
            let language = if person.letters == Lang::Zh { Language::ZhCn } else { Language::En };
            let address = person.email.filter(|_| !person.disabled)?;
            Some(Manager { login: person.login, name: person.name, address, language })
        };
        people.into_iter().filter_map(manager).collect()
    }))
}

/// A store's refusal as a failure of the command.
pub fn opening(error: OpenError) -> Failure {
    let kind = match &error {
        OpenError::Locked { .. } => Kind::Unavailable,
        OpenError::Foreign { .. } | OpenError::Newer { .. } | OpenError::Damaged { .. } | OpenError::Emptied { .. } => {
            Kind::BadData
        }
        OpenError::NeedsWriting { .. } => Kind::NoInput,
        OpenError::Full { .. } | OpenError::Store { .. } => Kind::Io,
    };
    match &error {
        OpenError::Store { path, source } if denied::is_it(&**source) => {
            Failure::new(kind, format!("could not open the data directory: {}", denied::words(path)))
        }
        _ => Failure::because(kind, "could not open the data directory", error),
    }
}

/// A log or quarantine that refused, as a failure of a command: a damaged file is bad data.
pub fn refusing(attempted: &str, error: LogError) -> Failure {
    let kind = if matches!(error, LogError::Damaged { .. }) { Kind::BadData } else { Kind::Io };
    Failure::because(kind, attempted, error)
}

/// Every machine that the log knows.
pub(super) fn machines(log: &SqliteLog) -> Result<Vec<MachineId>, Failure> {
    log.machines().map_err(|error| refusing("could not read which machines there are", error))
}

/// The fault catalogue: the built-in one or a file.
///
/// # Errors
/// When the file cannot be read or is no catalogue.
pub fn catalogue(file: Option<&Path>) -> Result<Catalogue, Failure> {
    const BUILT_IN: &str = include_str!("../../../../config/faults.toml");
    let text = match file {
        Some(path) => text_file::read(path, Kind::Config)?,
        None => BUILT_IN.to_owned(),
    };
    Catalogue::parse(&text).map_err(|error| {
        let which = file.map_or("the built-in one".to_owned(), |path| path.display().to_string());
        Failure::because(Kind::Config, format!("could not use the fault catalogue ({which})"), error)
    })
}

/// Tries edited templates out.
///
/// # Errors
/// With everything that does not render.
pub fn templates(dir: &Path, catalogue: &Catalogue) -> Result<(), Failure> {
    let whole = |error| Failure::because(Kind::Config, format!("templates in {}", dir.display()), error).chain();
    let faults: Vec<String> = trial::templates(dir, catalogue).into_iter().map(whole).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::new(Kind::Config, faults.join("\n"))) }
}

/// What looks like a slip in a folder of templates: nothing that is read, and files that are meant to be and are not.
///
/// # Errors
/// When the folder cannot be read.
pub fn strange_templates(dir: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::reading(dir, error);
    let names = std::fs::read_dir(dir).and_then(|entries| {
        let name = |entry: std::io::Result<std::fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        entries.map(name).collect::<std::io::Result<Vec<String>>>()
    });
    let (read, mut others): (Vec<_>, Vec<_>) =
        names.map_err(failed)?.into_iter().partition(|name| Occasion::of_template(name).is_some());
    others.sort();
    let shown = dir.display();
    let nothing = read.is_empty().then(|| format!("{shown} holds no template, so the shipped ones are used"));
    let all = Occasion::ALL.iter().flat_map(|occasion| Language::ALL.map(|language| occasion.template(language)));
    let all: Vec<String> = all.collect();
    let stray = |name: &String| {
        let meant = did_you_mean(name, all.iter().map(String::as_str));
        // Notes beside the templates are nobody's mistake.
        let is_meant = !name.starts_with('.') && (meant.is_some() || name.ends_with(".j2"));
        let hint = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        is_meant.then(|| format!("{shown} holds `{name}`, which no template is called, so nothing reads it{hint}"))
    };
    Ok(nothing.into_iter().chain(others.iter().filter_map(stray)).collect())
}
