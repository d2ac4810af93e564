//! Checksums beside files: `X.parquet.sha256` in the form of coreutils, so that `sha256sum -c` checks an archive too.
//!
//! While a file is being replaced its checksum file names both contents, the one that stands there and the one to come, so
//! that whatever a crash leaves standing is recognised.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use super::error::FileError;
use super::naming::day_of;
use crate::atomic_file::AtomicFile;

/// A file that was found whole and has not changed since is not read through again for so long.
const TRUSTED_FOR: Duration = Duration::from_secs(600);

/// The checksum of a file's bytes, as hexadecimal digits.
pub(crate) fn sum_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Where a file's checksum stands.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".sha256");
    path.with_file_name(name)
}

/// Says which contents of a file are good: one, or two while it is being replaced.
pub(crate) fn write(path: &Path, sums: &[String]) -> Result<(), FileError> {
    let beside = beside(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let write = || {
        let mut file = AtomicFile::create(&beside)?;
        sums.iter().try_for_each(|sum| writeln!(file, "{sum}  {name}"))?;
        file.finish()
    };
    write().map_err(FileError::io("write", &beside))
}

/// The checksums that stand beside a file; none when it has no such file. Of a day's file those do not count that were written for
/// another day's: they came here together with that file.
pub(crate) fn known(path: &Path) -> Result<Vec<String>, FileError> {
    let beside = beside(path);
    let day = day_of(path);
    let is_of_it = |name: &str| day.is_none() || day_of(Path::new(name)).is_none_or(|named| Some(named) == day);
    let sum = |line: &str| {
        let (sum, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        is_of_it(name.trim().trim_start_matches('*')).then(|| sum.to_ascii_lowercase()).filter(|sum| !sum.is_empty())
    };
    match std::fs::read_to_string(&beside) {
        Ok(text) => Ok(text.lines().map(str::trim).filter_map(sum).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(FileError::io("read", &beside)(error)),
    }
}

/// The checksums by which the file that stands there now is good; none when none stands there.
fn of_what_stands(path: &Path) -> Result<Vec<String>, FileError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let known = known(path)?;
    if known.is_empty() { Ok(vec![sum_of(path).map_err(FileError::io("read", path))?]) } else { Ok(known) }
}

/// Says that what stands aside is about to replace a file: both contents are good until [`write`] is given the new sum, which this
/// returns, alone.
pub(crate) fn announce(path: &Path, aside: &Path) -> Result<String, FileError> {
    let sum = sum_of(aside).map_err(FileError::io("read", aside))?;
    let mut good = of_what_stands(path)?;
    good.push(sum.clone());
    write(path, &good)?;
    Ok(sum)
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// The file is as it was written.
    Whole,
    /// Nothing says how it was written.
    Unknown,
}

/// Whether a file is what its checksum says; one without a checksum passes.
///
/// # Errors
/// When it differs, with the remedy, or cannot be read.
pub(crate) fn check(path: &Path) -> Result<Checked, FileError> {
    let mut good = known(path)?;
    loop {
        if trusted(path) {
            return Ok(Checked::Whole);
        }
        if good.is_empty() {
            return Ok(Checked::Unknown);
        }
        let found = sum_of(path).map_err(FileError::io("read", path))?;
        if good.contains(&found) {
            trust(path);
            return Ok(Checked::Whole);
        }
        // Somebody may have replaced the file after its sums were read; then others stand there.
        let before = std::mem::replace(&mut good, known(path)?);
        if good == before {
            return Err(FileError::Damaged { path: path.to_owned() });
        }
    }
}

type Stamp = (u64, Option<SystemTime>);

/// Files that were found whole, as they were then.
fn whole() -> &'static Mutex<HashMap<PathBuf, (Stamp, Instant)>> {
    static WHOLE: OnceLock<Mutex<HashMap<PathBuf, (Stamp, Instant)>>> = OnceLock::new();
    WHOLE.get_or_init(Mutex::default)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

fn trusted(path: &Path) -> bool {
    let whole = whole().lock().unwrap_or_else(PoisonError::into_inner);
    let Some((then, at)) = whole.get(path) else { return false };
    at.elapsed() < TRUSTED_FOR && Some(*then) == stamp(path)
}

/// Takes a file for whole until it changes, for a while.
pub(crate) fn trust(path: &Path) {
    if let Some(stamp) = stamp(path) {
        let mut whole = whole().lock().unwrap_or_else(PoisonError::into_inner);
        whole.retain(|_, (_, at)| at.elapsed() < TRUSTED_FOR);
        whole.insert(path.to_owned(), (stamp, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_passes_by_any_of_its_sums_and_not_by_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2026-07-01.parquet");
        let is_whole = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            check(&path).is_ok()
        };
        assert!(is_whole(b"no sum, nothing to compare with"));
        let mut sums = Vec::new();
        for bytes in [&b"old"[..], b"new content"] {
            std::fs::write(&path, bytes).unwrap();
            sums.push(sum_of(&path).unwrap());
        }
        write(&path, &sums).unwrap();
        assert_eq!(known(&path).unwrap(), sums);
        assert!(is_whole(b"old") && is_whole(b"new content") && !is_whole(b"new contend"));
        let text = std::fs::read_to_string(dir.path().join("2026-07-01.parquet.sha256")).unwrap();
        assert_eq!(text.lines().next().unwrap().split("  ").nth(1), Some("2026-07-01.parquet"));
    }
}
