//! How writing to InfluxDB goes, for pages and for those who run it.

use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::Timestamp;

/// How it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InfluxState {
    /// Everything is written, or on its way.
    #[default]
    Writing,
    /// The server is away or busy; it is asked again by itself.
    Waiting {
        /// In the server's words.
        why: String,
    },
    /// Nothing will be written until a person has mended something; it is asked again now and then.
    Stopped {
        /// In the server's words.
        why: String,
        /// What to do.
        remedy: String,
    },
}

/// How writing to InfluxDB goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InfluxStatus {
    /// How it goes.
    pub state: InfluxState,
    /// Entries of the log that are not written yet.
    pub behind_entries: u64,
    /// Points written since the start; those that were sent again count again.
    pub points_written: u64,
    /// Points that the server refused for good since the start.
    pub points_refused: u64,
    /// When the server last took something (our clock).
    pub last_written: Option<Timestamp>,
}

/// Where the writer says how it goes and pages look.
#[derive(Clone, Debug, Default)]
pub struct InfluxWatch(Arc<Mutex<InfluxStatus>>);

impl InfluxWatch {
    /// How it goes now.
    #[must_use]
    pub fn status(&self) -> InfluxStatus {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut InfluxStatus)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
