//! Who works in a data directory: one lock file for each kind of work that only one process may do there.
//!
//! The operating system holds the lock, so it ends with its process, however that ends: what `kill -9` leaves behind is a file,
//! never a lock. The file names the process for people; nothing is decided by what stands in it.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::error::OpenError;

/// Longest command line that is repeated, characters.
const COMMAND_CHARS_MAX: usize = 400;

/// The right to do one kind of work in a data directory; it goes with the value, or with the process that holds it.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    /// Takes the right to the work of a name, in `NAME.lock` of a data directory, which is made where it is missing.
    ///
    /// # Errors
    /// When another process has it, which the error names, or the file system refuses.
    pub fn take(dir: &Path, name: &str) -> Result<Self, OpenError> {
        make_dir(dir).map_err(OpenError::at(dir))?;
        let path = dir.join(format!("{name}.lock"));
        let mut options = File::options();
        let mut file =
            options.create(true).truncate(false).read(true).write(true).open(&path).map_err(OpenError::at(&path))?;
        match file.try_lock() {
            Ok(()) => {
                // For people alone, so a full disk may keep it from being written.
                let _named = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).is_ok();
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path, holder: holder(&mut file) }),
            Err(TryLockError::Error(error)) => Err(OpenError::at(&path)(error)),
        }
    }
}

/// Makes a data directory, where it is missing, closed to other users: passwords' hashes and customers' names lie in it. Whoever
/// opens it to others afterwards has decided so.
///
/// # Errors
/// When the file system refuses.
pub fn make_dir(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The process that holds a lock, in words.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let number = match file.read_to_string(&mut text) {
        Ok(_) => text.trim().parse::<u32>().ok(),
        Err(_) => None,
    };
    let Some(number) = number else { return "another process".to_owned() };
    match command(number) {
        Some(command) => format!("process {number} (`{command}`)"),
        // Of another user, or of another container.
        None => format!("process {number}"),
    }
}

/// What a process was started as, where the operating system tells.
fn command(process: u32) -> Option<String> {
    let words = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let words: Vec<_> =
        words.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
    let command: String = words.join(" ").chars().filter(|c| !c.is_control()).take(COMMAND_CHARS_MAX).collect();
    (!command.is_empty()).then_some(command)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_process_has_it_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new/data");
        let engine = DirLock::take(&data, "engine").unwrap();
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let said = DirLock::take(&data, "engine").unwrap_err().to_string();
        let (number, path) = (std::process::id(), data.join("engine.lock"));
        let expected = format!("{} is in use by process {number} (`", path.display());
        assert!(said.starts_with(&expected) && said.contains("; stop that one"), "{said}");
        // Another kind of work is another's.
        drop(DirLock::take(&data, "outreach").unwrap());
        drop(engine);
        drop(DirLock::take(&data, "engine").unwrap());
        // What a killed process left is a file, and what stands in it locks nobody out.
        for left in ["", "4294967295\n", "rubbish"] {
            std::fs::write(&path, left).unwrap();
            drop(DirLock::take(&data, "engine").unwrap());
        }
        // While somebody holds it, whatever the file says.
        let _held = DirLock::take(&data, "engine").unwrap();
        for (left, expected) in
            [("", "another process"), ("x", "another process"), ("4294967295\n", "process 4294967295;")]
        {
            std::fs::write(&path, left).unwrap();
            let said = DirLock::take(&data, "engine").unwrap_err().to_string();
            assert!(said.contains(expected), "{left:?}: {said}");
        }
    }
}
