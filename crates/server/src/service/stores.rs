//! Everything a data directory holds, opened before anything starts, so that a bad directory fails early.

use std::path::Path;
use std::sync::Arc;

use foretell_history::{OpenError, QuarantineBounds, RollUps, SqliteLog, SqliteQuarantine};
use foretell_model::Catalogue;
use foretell_outreach::{Outreach, Registry};

use super::options;
use crate::config::Config;
use crate::failure::{Failure, Kind};

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
    /// Names of faults and of work.
    pub catalogue: Arc<Catalogue>,
}

impl Stores {
    /// Opens everything. `appends` says whether this process owns the log.
    ///
    /// # Errors
    /// When a file cannot be opened, belongs to something else, or the registry file has a fault.
    pub fn open(config: &Config, appends: bool, console_url: &str) -> Result<Self, Failure> {
        let dir = &config.data.dir;
        std::fs::create_dir_all(dir).map_err(|error| Failure::writing(dir, error))?;
        let catalogue = Arc::new(catalogue(config.engine.faults_file.as_deref())?);
        let log = if appends { SqliteLog::open(dir) } else { SqliteLog::open_beside(dir) };
        let bounds = QuarantineBounds { bytes_max: config.data.quarantine_bytes_max, ..QuarantineBounds::default() };
        let outreach = Outreach::open(&dir.join("service.sqlite"), options::outreach(config, &catalogue, console_url)?)
            .map_err(|error| Failure::because(Kind::Io, "could not open the service state", error))?;
        Ok(Self {
            log: Arc::new(log.map_err(opening)?),
            quarantine: Arc::new(SqliteQuarantine::open(dir, bounds).map_err(opening)?),
            rollups: Arc::new(RollUps::open(dir).map_err(opening)?),
            outreach: Arc::new(outreach),
            catalogue,
        })
    }
}

/// A store's refusal as a failure of the command.
pub fn opening(error: OpenError) -> Failure {
    let kind = match &error {
        OpenError::Locked { .. } => Kind::Unavailable,
        OpenError::Foreign { .. } | OpenError::Newer { .. } => Kind::BadData,
        OpenError::Store { .. } => Kind::Io,
    };
    Failure::because(kind, "could not open the data directory", error)
}

/// The fault catalogue: the built-in one or a file.
///
/// # Errors
/// When the file cannot be read or is no catalogue.
pub fn catalogue(file: Option<&Path>) -> Result<Catalogue, Failure> {
    const BUILT_IN: &str = include_str!("../../../../config/faults.toml");
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(|error| Failure::reading(path, error))?,
        None => BUILT_IN.to_owned(),
    };
    Catalogue::parse(&text).map_err(|error| {
        let which = file.map_or("the built-in one".to_owned(), |path| path.display().to_string());
        Failure::because(Kind::Config, format!("could not use the fault catalogue ({which})"), error)
    })
}

/// Customers, sites and machines from their file.
///
/// # Errors
/// When the file cannot be read or has a fault.
pub fn registry(file: &Path) -> Result<Registry, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::reading(file, error))?;
    Registry::from_toml(&text)
        .map_err(|error| Failure::because(Kind::Config, format!("could not use {}", file.display()), error))
}
