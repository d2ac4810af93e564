//! What the engine knew at a place of the log, kept whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use foretell_model::Offset;

use crate::atomic_file::AtomicFile;

const MAGIC: &[u8; 8] = b"FTSNAP\x00\x01";
const HEADER_BYTES: usize = 24;

/// Why a snapshot could not be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file system refused.
    #[error("could not {attempted} the snapshot {path}")]
    Io {
        /// `write`, `read` or `remove`.
        attempted: &'static str,
        /// Which file.
        path: PathBuf,
        /// Its own words.
        #[source]
        source: io::Error,
    },
    /// The bytes are not what was written.
    #[error("the snapshot {path} is damaged; remove it, and the state is rebuilt from the log")]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
}

/// Snapshots by name, one file each in a data directory. A file and not a table, because a large fleet's snapshot
/// outgrows what a database row may hold.
pub struct Snapshots {
    dir: PathBuf,
}

impl Snapshots {
    /// Snapshots of a data directory.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Keeps a snapshot in place of the one before. `name` is made of characters that a file name may have.
    ///
    /// # Errors
    /// When the file system refuses; the one before stays.
    pub fn store(&self, name: &str, offset: Offset, bytes: &[u8]) -> Result<(), SnapshotError> {
        let path = self.path(name);
        let write = || {
            let mut file = AtomicFile::create(&path)?;
            file.write_all(MAGIC)?;
            file.write_all(&offset.0.to_le_bytes())?;
            file.write_all(&checksum(offset, bytes).to_le_bytes())?;
            file.write_all(bytes)?;
            file.finish()
        };
        write().map_err(|source| SnapshotError::Io { attempted: "write", path: path.clone(), source })
    }

    /// The snapshot of a name with its place on the log; `None` when there never was one.
    ///
    /// # Errors
    /// When it is damaged or the file system refuses.
    pub fn load(&self, name: &str) -> Result<Option<(Offset, Vec<u8>)>, SnapshotError> {
        let path = self.path(name);
        let mut bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SnapshotError::Io { attempted: "read", path, source }),
        };
        let number = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        let (Some(offset), Some(sum), true) = (number(8), number(16), bytes.starts_with(MAGIC)) else {
            return Err(SnapshotError::Damaged { path });
        };
        bytes.drain(..HEADER_BYTES);
        if checksum(Offset(offset), &bytes) == sum {
            Ok(Some((Offset(offset), bytes)))
        } else {
            Err(SnapshotError::Damaged { path })
        }
    }

    /// Takes a snapshot away, if there is one.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remove(&self, name: &str) -> Result<(), SnapshotError> {
        let path = self.path(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SnapshotError::Io { attempted: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// The place on the log of the snapshot of a name, from its head alone; `None` when there is none or it is damaged.
    #[must_use]
    pub fn offset(&self, name: &str) -> Option<Offset> {
        let mut head = [0; HEADER_BYTES];
        std::fs::File::open(self.path(name)).and_then(|mut file| io::Read::read_exact(&mut file, &mut head)).ok()?;
        let (magic, rest) = head.split_first_chunk::<8>()?;
        let (offset, _) = rest.split_first_chunk::<8>()?;
        (magic == MAGIC).then_some(Offset(u64::from_le_bytes(*offset)))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.snapshot"))
    }
}

/// FNV-1a over eight bytes at a time: it guards against torn and rotten files, not against forgers.
fn checksum(offset: Offset, bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let start = mix(mix(0xcbf2_9ce4_8422_2325, offset.0), bytes.len() as u64);
    bytes.chunks(8).map(word).fold(start, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_or_says_that_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(&dir.path().join("new"));
        assert_eq!(snapshots.load("engine").unwrap(), None);
        // A data directory that was moved away does not begin to exist again.
        assert!(snapshots.store("engine", Offset(1), b"").is_err() && !dir.path().join("new").exists());
        std::fs::create_dir(dir.path().join("new")).unwrap();
        for bytes in [&b""[..], b"seven b", b"a state of more than eight bytes"] {
            snapshots.store("engine", Offset(42), bytes).unwrap();
            assert_eq!(snapshots.load("engine").unwrap(), Some((Offset(42), bytes.to_vec())));
            assert_eq!((snapshots.offset("engine"), snapshots.offset("other")), (Some(Offset(42)), None));
        }
        let path = dir.path().join("new/engine.snapshot");
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut rotten = whole.clone();
            rotten[at] ^= 0x10;
            std::fs::write(&path, &rotten).unwrap();
            assert!(matches!(snapshots.load("engine"), Err(SnapshotError::Damaged { .. })), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(snapshots.load("engine"), Err(SnapshotError::Damaged { .. })), "cut at {at}");
        }
    }
}
