//! The templates as they stand: read once, and anew when somebody changed one, in whichever process.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use super::{Composer, library};
use crate::error::Result;
use crate::store::{Session, templates};

/// Holds the composer of the newest edits.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: Option<PathBuf>,
    /// The composer, and the number of the last edit that it knows.
    newest: Mutex<Option<(i64, Arc<Composer>)>>,
}

impl Shelf {
    /// Over the shipped templates and a folder of files.
    ///
    /// # Errors
    /// When a file of the folder cannot be used: that is found at the start and not when the first letter is due.
    pub(crate) fn new(folder: Option<PathBuf>) -> Result<Self> {
        Composer::new(folder.as_deref())?;
        Ok(Self { folder, newest: Mutex::new(None) })
    }

    /// The folder of files, where there is one.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// The composer with everything that was edited up to now.
    ///
    /// # Errors
    /// When the store or a file cannot be read.
    pub(crate) fn composer(&self, connection: &dyn Session) -> Result<Arc<Composer>> {
        let last = templates::last_edit(connection)?;
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, composer)) = newest.as_ref().filter(|(known, _)| *known == last) {
            return Ok(Arc::clone(composer));
        }
        let composer = Arc::new(self.compose(connection)?);
        *newest = Some((last, Arc::clone(&composer)));
        Ok(composer)
    }

    /// Reads everything anew.
    ///
    /// # Errors
    /// When the store or a file cannot be read.
    pub(super) fn compose(&self, connection: &dyn Session) -> Result<Composer> {
        let mut composer = Composer::of(library::lower(self.folder())?)?;
        for edit in templates::current(connection)? {
            let Some(source) = edit.source else { continue };
            // Checked when it was saved; if a newer program does not take it any more, letters go out as shipped.
            if let Err(error) = composer.replace(edit.name.clone(), source) {
                warn!(
                    error = &error as &dyn std::error::Error,
                    template = edit.name,
                    "An edited template is left aside."
                );
            }
        }
        Ok(composer)
    }
}
