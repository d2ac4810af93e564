//! Which files a folder of history holds.

use std::io;
use std::path::PathBuf;

use super::error::FileError;

/// How the names of history files end.
const ENDINGS: [&str; 7] = [".csv", ".csv.gz", ".csv.xz", ".tsv", ".txt", ".parquet", ".lp"];

/// Folders become the history files in them, by name.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut inside: Vec<_> =
            entries.map_err(FileError::io("list", path))?.iter().map(std::fs::DirEntry::path).collect();
        inside.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.') && !path.is_dir()
        });
        if inside.is_empty() {
            return Err(FileError::form(path, "holds no .csv, .csv.gz, .csv.xz, .tsv, .txt, .parquet or .lp file"));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}
