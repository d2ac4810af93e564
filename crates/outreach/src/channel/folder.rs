//! A folder of `.eml` files, the default on a laptop: nothing leaves the machine, every mail program opens them.
//!
//! The file's name is the message's key, so writing it again after a crash leaves one message.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use super::{Channel, DeliveryError, Parcel, mail};

/// Writes each message as a file of its own.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: PathBuf,
    from: String,
}

impl Folder {
    /// Messages go to `dir` (created at the first one) and come from the address `from`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, from: impl Into<String>) -> Self {
        Self { dir: dir.into(), from: from.into() }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        // Letters are for one customer's eyes, and for the mail program of whoever owns this process.
        let mut folder = fs::DirBuilder::new();
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        folder.recursive(true).create(&self.dir)?;
        let path = self.dir.join(format!("{name}.eml"));
        if path.exists() {
            return Ok(());
        }
        let aside = self.dir.join(format!(".{name}.part"));
        let mut file = options.open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        // The new name itself must survive a power cut too.
        File::open(&self.dir)?.sync_all()
    }
}

impl Channel for Folder {
    fn name(&self) -> &str {
        "folder"
    }

    fn medium(&self) -> &str {
        "email"
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        let message = mail::build(parcel, &self.from)?;
        self.write(&parcel.key, &message.formatted())
            .map_err(|e| DeliveryError::Temporary(format!("could not write to {}: {e}", self.dir.display())))
    }

    fn forget(&self, key: &str) -> std::io::Result<()> {
        match fs::remove_file(self.dir.join(format!("{key}.eml"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
