//! How the archive's folder and its files are named.

use std::path::Path;

use foretell_model::Timestamp;

/// The archive's folder in a data directory.
pub(crate) const FOLDER: &str = "archive";

/// The day whose file this is.
pub(crate) fn day_of(path: &Path) -> Option<Timestamp> {
    let day = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
    Timestamp::parse(&format!("{day}T00:00:00Z")).ok()
}
