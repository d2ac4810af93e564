//! Versioned snapshots of the engine's state, so that a start replays hours of the log and not months.

use foretell_model::MachineId;
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, EngineOptions, Ignored};
use crate::machine::Machine;
use crate::site::{Air, Site};

const MAGIC: [u8; 4] = *b"FTEN";
/// Raised with every change of the state's shape or meaning.
const VERSION: u16 = 23;

/// Why a snapshot cannot be restored. The remedy is the same each time: start empty and replay the log.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The bytes do not begin as a snapshot does.
    #[error("could not restore the engine: these bytes are not an engine snapshot; replay the log from its start")]
    NotASnapshot,
    /// Written by another version of the engine.
    #[error(
        "could not restore the engine: the snapshot has version {found}, this program reads version {supported}; replay the log from its start"
    )]
    Version {
        /// Version of the snapshot.
        found: u16,
        /// Version this program reads.
        supported: u16,
    },
    /// Cut short or damaged.
    #[error("could not restore the engine: the snapshot is damaged; replay the log from its start")]
    Damaged(#[from] postcard::Error),
    /// A machine's identity in it is none.
    #[error("could not restore the engine: the snapshot holds an identity that is none; replay the log from its start")]
    Identity(#[from] foretell_model::IdError),
}

#[derive(Serialize, Deserialize)]
struct Ledger {
    late: u64,
    quality: u64,
    clock: u64,
    held: u64,
}

impl Engine {
    /// The whole state as bytes; the same state gives the same bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        let Ignored { late, quality, clock, held } = self.ignored;
        let machines: Vec<(&str, &Machine)> = self.ids.iter().map(MachineId::as_str).zip(&self.machines).collect();
        // Numbers, strings and sequences of known length only, written to memory: postcard has no way to fail here.
        let airs: Vec<&Air> = self.sites.iter().map(|site| &site.air).collect();
        let body = postcard::to_stdvec(&(Ledger { late, quality, clock, held }, airs, machines)).unwrap_or_default();
        bytes.extend(body);
        bytes
    }

    /// An engine as it was when the snapshot was taken.
    ///
    /// # Errors
    /// When the bytes are no snapshot, of another version, or damaged.
    pub fn restore(options: EngineOptions, bytes: &[u8]) -> Result<Self, RestoreError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(RestoreError::NotASnapshot)?;
        let (version, body) = rest.split_first_chunk::<2>().ok_or(RestoreError::NotASnapshot)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(RestoreError::Version { found, supported: VERSION });
        }
        let (ledger, airs, machines): (Ledger, Vec<Air>, Vec<(String, Machine)>) = postcard::from_bytes(body)?;
        let mut engine = Self::new(options);
        engine.ignored = Ignored { late: ledger.late, quality: ledger.quality, clock: ledger.clock, held: ledger.held };
        engine.expect_machines(machines.len());
        for (id, machine) in machines {
            engine.add(MachineId::parse(&id)?, machine);
        }
        // Sites appear in the order of their machines, as they did before.
        engine.sites.iter_mut().zip(airs).for_each(|(site, air)| site.air = air);
        Ok(engine)
    }

    /// Bytes of state held for all machines and sites, by size and capacity of what is kept; identities and index not counted.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.machines.iter().map(Machine::bytes).sum::<usize>() + self.sites.iter().map(Site::heap_bytes).sum::<usize>()
    }
}
