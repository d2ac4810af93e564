//! The durable log, as its users see it. `history` keeps it; `ingest` appends; the engine's runner reads.

use crate::{Event, SiteId};

/// Place of an entry in its partition, strictly increasing in order of arrival. Entry offsets begin at 1, so 0 stands
/// for "before everything".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// A slice of the fleet; all machines of one site are in one, because siblings share an ambient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

/// What one append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Entries now on the log that were not before.
    pub kept: usize,
    /// Entries that were there already (same machine, time stamp and content): redelivered, kept once.
    pub duplicates: usize,
    /// Offset of the newest entry after the append.
    pub head: Offset,
}

/// An entry with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Its place.
    pub offset: Offset,
    /// The entry.
    pub event: Event,
}

/// Why the log could not do it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store refused; nothing of the batch was kept.
    #[error("could not {attempted}")]
    Store {
        /// What was attempted, on what.
        attempted: String,
        /// The store's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store's file is not what was written; nothing of the batch was kept.
    #[error("could not {attempted}, which is damaged. {remedy}")]
    Damaged {
        /// What was attempted, on what.
        attempted: String,
        /// What to do, and what is lost.
        remedy: String,
        /// The store's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The disk is (nearly) full; nothing of the batch was kept. It passes when there is room again.
    #[error("the disk that holds {path} is full: {why}")]
    Full {
        /// Where.
        path: String,
        /// How much is free and how much should be, or the store's own words.
        why: String,
    },
}

/// A durable, ordered, deduplicating log of events.
///
/// `append` returns only after the batch would survive a power cut; a batch is kept whole or not at all.
pub trait Log: Send + Sync {
    /// How many partitions there are; at least 1.
    fn partitions(&self) -> u16;

    /// The partition of a site: the same in every process and release.
    fn partition_of(&self, site: &SiteId) -> Partition {
        Partition((site.spread() % u64::from(self.partitions().max(1))) as u16)
    }

    /// Keeps a batch. Entries with the machine, time stamp and content of one already kept are counted, not kept again.
    ///
    /// # Errors
    /// When nothing of the batch was kept; the caller must not acknowledge any of it.
    fn append(&self, batch: &[Event]) -> Result<Appended, LogError>;

    /// Reads at most `max` entries after `after`, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read(&self, partition: Partition, after: Offset, max: usize) -> Result<Vec<Logged>, LogError>;

    /// Offset of the newest entry.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn head(&self, partition: Partition) -> Result<Offset, LogError>;

    /// How far a consumer has come; `Offset(0)` when it never committed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn cursor(&self, consumer: &str, partition: Partition) -> Result<Offset, LogError>;

    /// Records how far a consumer has come.
    ///
    /// # Errors
    /// When it could not be recorded.
    fn commit(&self, consumer: &str, partition: Partition, offset: Offset) -> Result<(), LogError>;
}
