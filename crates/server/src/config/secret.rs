//! Secrets: kept out of configuration files, logs and error texts.

use std::fmt;
use std::path::Path;

use crate::text_file;

/// Bytes of a secret's file that are looked at.
const BYTES_MAX: u64 = 64 << 10;

/// A password or token. Its `Debug` form never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads the first line of a file.
    ///
    /// # Errors
    /// A sentence that names the file, never its content.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let bytes = text_file::begin(path, BYTES_MAX);
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("there is no file {}; its first line must hold the secret", path.display())
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("could not read {}: {}", path.display(), crate::denied::words(path))
            }
            _ => format!("could not read {}: {error}", path.display()),
        })?;
        let first = text.lines().next().unwrap_or_default().trim();
        if first.is_empty() {
            return Err(format!("{} is empty; its first line must hold the secret", path.display()));
        }
        Ok(Self(first.to_owned()))
    }

    /// The secret itself, for the one who must present it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
