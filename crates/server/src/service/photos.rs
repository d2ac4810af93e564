//! Where pictures lie: one folder in the data directory, two JPEG files for each, under names that nobody can guess.
//!
//! A picture is written before service state names it, and service state forgets it before its files are deleted; what a crash
//! leaves behind in between is swept away at the next start.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use foretell_console::photo::Prepared;

/// Ending of the small one's name.
const SMALL: &str = ".small.jpg";
/// Ending of the large one's name.
const FULL: &str = ".jpg";

/// The folder of pictures.
#[derive(Clone, Debug)]
pub struct Photos {
    dir: PathBuf,
}

impl Photos {
    /// The folder in a data directory; made at the first picture.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("photos") }
    }

    /// Keeps a picture; gives the reference that service state names it by.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(&self, photo: &Prepared) -> io::Result<String> {
        // Pictures show customers' rooms.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let mut name = [0_u8; 16];
        getrandom::fill(&mut name).map_err(|error| io::Error::other(error.to_string()))?;
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        self.write(&format!("{name}{SMALL}"), &photo.small)?;
        self.write(&format!("{name}{FULL}"), &photo.full)?;
        // The new names themselves must survive a power cut too.
        File::open(&self.dir)?.sync_all()?;
        Ok(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = self.dir.join(format!(".{name}.part"));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, self.dir.join(name))
    }

    /// A picture's bytes.
    ///
    /// # Errors
    /// When there are none, or the reference is none of ours.
    pub fn read(&self, reference: &str, small: bool) -> io::Result<Vec<u8>> {
        if !is_ours(reference) {
            return Err(io::ErrorKind::NotFound.into());
        }
        fs::read(self.dir.join(format!("{reference}{}", if small { SMALL } else { FULL })))
    }

    /// Deletes pictures; those that are gone already are fine.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn delete(&self, references: &[String]) -> io::Result<()> {
        for reference in references.iter().filter(|reference| is_ours(reference)) {
            for end in [SMALL, FULL] {
                match fs::remove_file(self.dir.join(format!("{reference}{end}"))) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Deletes files that nothing names; says how many.
    ///
    /// # Errors
    /// When the folder cannot be read or a file not deleted.
    pub fn sweep(&self, known: &HashSet<String>) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut swept = 0;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let reference = name.strip_suffix(SMALL).or_else(|| name.strip_suffix(FULL)).unwrap_or(&name);
            let is_half = name.starts_with('.') && name.ends_with(".part");
            if is_half || (is_ours(reference) && !known.contains(reference)) {
                fs::remove_file(entry.path())?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// A name that this folder gives.
fn is_ours(reference: &str) -> bool {
    reference.len() == 32 && reference.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_kept_and_deleted_and_what_nothing_names_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let photos = Photos::new(dir.path());
        assert_eq!(photos.sweep(&HashSet::new()).unwrap(), 0);
        let photo = Prepared { full: b"full".to_vec(), small: b"small".to_vec() };
        let (kept, left, deleted) =
            (photos.keep(&photo).unwrap(), photos.keep(&photo).unwrap(), photos.keep(&photo).unwrap());
        assert_eq!(photos.read(&kept, false).unwrap(), b"full");
        assert_eq!(photos.read(&kept, true).unwrap(), b"small");
        photos.delete(&[deleted.clone(), deleted.clone()]).unwrap();
        assert!(photos.read(&deleted, false).is_err());
        // A half-written one, as a crash leaves it, and a stranger's file.
        fs::write(dir.path().join("photos/.abc.jpg.part"), b"x").unwrap();
        fs::write(dir.path().join("photos/notes.txt"), b"x").unwrap();
        assert_eq!(photos.sweep(&HashSet::from([kept.clone()])).unwrap(), 3);
        assert!(photos.read(&kept, true).is_ok() && photos.read(&left, true).is_err());
        assert!(dir.path().join("photos/notes.txt").exists());
    }

    #[test]
    fn a_reference_leads_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("secret.jpg"), b"x").unwrap();
        let photos = Photos::new(dir.path());
        for reference in ["../secret", "", "/etc/passwd", "zz", &"g".repeat(32), "one.jpg"] {
            assert!(photos.read(reference, false).is_err(), "{reference}");
            photos.delete(&[reference.to_owned()]).unwrap();
        }
        assert!(dir.path().join("secret.jpg").exists());
    }
}
