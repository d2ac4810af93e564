//! Identity of sites and machines: `site/machine`, each part 1-64 characters of `A-Z a-z 0-9 . _ -`, but neither `.` nor `..`:
//! these mean a folder in every path, and browsers take them out of the addresses of pages.

use std::fmt;
use std::sync::Arc;

/// Longest allowed part of an identity, in characters.
const PART_CHARS_MAX: usize = 64;

/// Why a text is not an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A part is empty or longer than 64 characters.
    #[error("`{0}` has a part of {1} characters; 1 to 64 are allowed")]
    Length(String, usize),
    /// A part holds a character outside `A-Z a-z 0-9 . _ -`.
    #[error("`{0}` holds {1:?}; only A-Z a-z 0-9 . _ - are allowed")]
    Character(String, char),
    /// A part is `.` or `..`.
    #[error("`{0}` means a folder in paths and addresses; give it a name of its own")]
    Folder(String),
    /// `site/machine` has no slash.
    #[error("`{0}` is not of the form site/machine")]
    Shape(String),
}

/// A place whose machines share one ambient. It is also the partition key of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(Arc<str>);

impl SiteId {
    /// Checks and keeps a site's identity.
    ///
    /// # Errors
    /// When the text is not 1-64 allowed characters, or means a folder.
    pub fn new(text: &str) -> Result<Self, IdError> {
        check_part(text)?;
        Ok(Self(text.into()))
    }

    /// The identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number that spreads sites evenly: the same in every process and release (FNV-1a, 64 bit).
    #[must_use]
    pub fn spread(&self) -> u64 {
        self.0.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One compressor, `site/machine`. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId {
    /// `site/machine`, so that display, hashing and comparing need no joining.
    text: Arc<str>,
}

impl MachineId {
    /// Joins two checked parts.
    ///
    /// # Errors
    /// When either part is not 1-64 allowed characters, or means a folder.
    pub fn new(site: &str, machine: &str) -> Result<Self, IdError> {
        check_part(site)?;
        check_part(machine)?;
        Ok(Self { text: format!("{site}/{machine}").into() })
    }

    /// Reads `site/machine`.
    ///
    /// # Errors
    /// When the slash is missing, or a part is not 1-64 allowed characters or means a folder.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (site, machine) = text.split_once('/').ok_or_else(|| IdError::Shape(text.chars().take(140).collect()))?;
        Self::new(site, machine)
    }

    /// `site/machine`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The site's part.
    #[must_use]
    pub fn site(&self) -> &str {
        self.text.split_once('/').map_or("", |(site, _)| site)
    }

    /// The machine's part.
    #[must_use]
    pub fn machine(&self) -> &str {
        self.text.split_once('/').map_or("", |(_, machine)| machine)
    }

    /// The site as an identity of its own.
    #[must_use]
    pub fn site_id(&self) -> SiteId {
        SiteId(self.site().into())
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_part(text: &str) -> Result<(), IdError> {
    let chars = text.chars().count();
    if !(1..=PART_CHARS_MAX).contains(&chars) {
        return Err(IdError::Length(text.chars().take(PART_CHARS_MAX + 1).collect(), chars));
    }
    if matches!(text, "." | "..") {
        return Err(IdError::Folder(text.to_owned()));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))) {
        Some(c) => Err(IdError::Character(text.to_owned(), c)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_its_parts() {
        let id = MachineId::parse("plant-1/K.02").unwrap();
        assert_eq!((id.site(), id.machine(), id.to_string().as_str()), ("plant-1", "K.02", "plant-1/K.02"));
    }

    #[test]
    fn only_a_name_that_is_nothing_but_dots_means_a_folder() {
        for name in ["...", ".k2", "k2.", "k..2", "-", "_"] {
            assert_eq!(MachineId::new(name, name).unwrap().machine(), name);
        }
    }

    #[test]
    fn refuses_by_name() {
        let long = "x".repeat(65);
        for (text, expected) in [
            ("plant", "`plant` is not of the form site/machine".to_owned()),
            ("a/b/c", "`b/c` holds '/'; only A-Z a-z 0-9 . _ - are allowed".to_owned()),
            ("/m", "`` has a part of 0 characters; 1 to 64 are allowed".to_owned()),
            ("../m", "`..` means a folder in paths and addresses; give it a name of its own".to_owned()),
            ("s/.", "`.` means a folder in paths and addresses; give it a name of its own".to_owned()),
            ("厂/m", "`厂` holds '厂'; only A-Z a-z 0-9 . _ - are allowed".to_owned()),
            (&format!("s/{long}"), format!("`{long}` has a part of 65 characters; 1 to 64 are allowed")),
        ] {
            assert_eq!(MachineId::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
