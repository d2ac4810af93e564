//! A copy of a data directory, taken beside a running service, that is a data directory itself.
//!
//! What reads the log is copied before the log, so that nobody in the copy has read further than its log goes; the log before the
//! archive, so that a day which leaves the log meanwhile is in the copy twice rather than not at all. Each database is copied in
//! one state. The copy takes its name when it is whole and on the disk.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretell_model::{LogError, Timestamp};
use rusqlite::{Connection, OpenFlags};

use crate::atomic_file::{is_aside, sync_folder};
use crate::error::{is_damage, is_full, store_error};
use crate::files::{Archive, FileError, archived_sum, is_on_log, sum_beside};
use crate::lock::DirLock;
use crate::sqlite_log::{self, SqliteLog};

/// The log, which comes after whatever reads it.
const LOG: &str = "log.db";

/// Damaged ones of these are left out: the service makes curves anew from the rest, and takes readings in without what was refused
/// before.
const MADE_ANEW: [&str; 2] = ["rollups.db", "quarantine.db"];

/// What comes after the log.
const ARCHIVE: &str = "archive";

/// Endings of what is made anew, or belongs to a running process: a database's own copy holds what stands in its write-ahead file.
const PASSED_OVER: [&str; 6] = ["-wal", "-shm", ".lock", ".progress", ".made", ".failed"];

/// Says in a data directory why its last backup could not be made.
const FAILED: &str = "backup.failed";

/// Says in a copy when it was made. Whoever starts on it knows that this is a copy, and what it may have forgotten.
const MADE: &str = "backup.made";

/// Locked in a copy that is being made by whoever makes it.
const MAKING: &str = "making";

/// Times that a file of the archive is copied which is replaced meanwhile.
const TRIES: usize = 5;

/// What a backup holds.
#[derive(Debug, Default)]
pub struct BackedUp {
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of the archive that the earlier backup had already: they share its room on the disk.
    pub shared: u64,
    /// Files of the archive that are not what their checksums say, and are copied as they are, or that are not there.
    pub damaged: Vec<FileError>,
    /// Damaged files of the archive of days that the log has, in the copy as well: the service that goes on from it writes them anew.
    pub again: Vec<FileError>,
    /// Files of the archive that are not there any more, and that the backup has from the earlier one.
    pub recovered: Vec<PathBuf>,
    /// Databases that are damaged and left out, because the service can begin them anew.
    pub left_out: Vec<PathBuf>,
}

/// When the backup was made from which a data directory was put back, until [`settle_restored`]: `None` for a data directory that
/// was not; an instant of `None` where the mark does not tell.
#[must_use]
pub fn restored(data: &Path) -> Option<Option<Timestamp>> {
    let told = std::fs::read_to_string(data.join(MADE)).ok()?;
    Some(Timestamp::parse(told.trim()).ok())
}

/// A data directory that was put back is one like any other from now on.
///
/// # Errors
/// When the mark cannot be removed.
pub fn settle_restored(data: &Path) -> io::Result<()> {
    let mark = data.join(MADE);
    std::fs::remove_file(&mark)?;
    sync_folder(&mark)
}

/// Why the last backup of a data directory could not be made, if it could not.
#[must_use]
pub fn failed_backup(data: &Path) -> Option<String> {
    std::fs::read_to_string(data.join(FAILED)).ok()
}

/// Leaves word for [`failed_backup`]: `None` when one was made.
///
/// # Errors
/// When the file system refuses.
pub fn note_backup(data: &Path, why: Option<&str>) -> io::Result<()> {
    let note = data.join(FAILED);
    match why.map_or_else(|| std::fs::remove_file(&note), |why| std::fs::write(&note, why)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        noted => noted,
    }
}

/// Copies the data directory `data` to `to`, which must not exist yet, at the instant `now`. Files of the archive that `earlier`, a
/// backup before, holds too are not copied but linked. `progress` hears of the bytes of each file and may end the work, which leaves nothing.
///
/// # Errors
/// When a file cannot be copied, `to` exists, or `progress` breaks.
pub fn back_up(
    data: &Path,
    to: &Path,
    earlier: Option<&Path>,
    now: Timestamp,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<BackedUp, FileError> {
    if to.exists() {
        let why =
            "there is something of this name, and a backup is never written over; name a folder that is not there yet";
        return Err(FileError::io("create", to)(io::Error::new(io::ErrorKind::AlreadyExists, why)));
    }
    let inside = |folder: &Path| Some(folder.canonicalize().ok()?.starts_with(data.canonicalize().ok()?));
    if to.parent().and_then(inside) == Some(true) {
        return Err(FileError::Within { path: to.to_owned() });
    }
    let (aside, lock) = begin(to)?;
    let mut copy = Copy { aside: &aside, done: BackedUp::default(), progress };
    let mark = aside.join(MADE);
    let whole = copy.everything(data, earlier).and_then(|()| {
        std::fs::write(&mark, format!("{now}\n"))
            .and_then(|()| std::fs::remove_file(lock_of(&aside)))
            .and_then(|()| sync_tree(&aside))
            .and_then(|()| std::fs::rename(&aside, to))
            .and_then(|()| sync_folder(to))
            .map_err(FileError::io("finish", to))
    });
    let done = copy.done;
    drop(lock);
    // Best effort: the next backup there takes it away.
    whole.map(|()| done).inspect_err(|_| drop(remove_aside(&aside)))
}

struct Copy<'a> {
    aside: &'a Path,
    done: BackedUp,
    progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
}

impl Copy<'_> {
    fn everything(&mut self, data: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        let (log, archive, inside) = (data.join(LOG), data.join(ARCHIVE), listed(data)?);
        // Before anything opens an emptied log, which would take away its write-ahead file.
        if log.exists() {
            sqlite_log::check_there(data, &log).map_err(|error| {
                let (attempted, remedy) = (format!("copy {}", log.display()), sqlite_log::REMEDY.to_owned());
                FileError::Log(LogError::Damaged { attempted, remedy, source: Box::new(error) })
            })?;
        }
        let others = || inside.iter().filter(|path| **path != log && **path != archive);
        for path in others().filter(|path| is_database(path)) {
            self.database(path)?;
        }
        // What a database names, a portrait for instance, is there before it is named.
        for path in others().filter(|path| !is_database(path)) {
            self.anything(path, self.aside)?;
        }
        if log.exists() {
            self.database(&log)?;
        }
        let earlier = earlier.map(|earlier| earlier.join(ARCHIVE));
        if archive.is_dir() {
            self.archive(&archive, earlier.as_deref())?;
        }
        if log.exists() { self.weigh(data, earlier.as_deref()) } else { Ok(()) }
    }

    /// Which of the archive's damage loses something.
    fn weigh(&mut self, data: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        let unopened = |error| FileError::io("open", &data.join(LOG))(io::Error::other(error));
        let log = SqliteLog::open_beside(data).map_err(unopened)?;
        for damage in std::mem::take(&mut self.done.damaged) {
            // What the log has whole now, it had whole when it was copied.
            let is_on_log = damage.is_damage() && damage.path().map_or(Ok(false), |path| is_on_log(&log, path))?;
            if is_on_log {
                self.done.again.push(damage.of_a_day_on_the_log());
            } else {
                self.done.damaged.push(damage);
            }
        }
        self.absent(&log, data, earlier)
    }

    /// Days that have left the log and whose files are gone: taken from the earlier backup, or said.
    fn absent(&mut self, log: &SqliteLog, data: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        let into = self.aside.join(ARCHIVE);
        for error in Archive::new(data).missing(log, Timestamp::MIN, Timestamp::MAX)? {
            let FileError::Missing { path } = &error else { return Err(error) };
            let name = path.file_name().unwrap_or_default();
            let kept = earlier.map(|earlier| earlier.join(name)).filter(|kept| archived_sum(kept).is_ok());
            let Some(kept) = kept else {
                self.done.damaged.push(error);
                continue;
            };
            if !into.exists() {
                make_folder(&into)?;
            }
            let to = into.join(name);
            std::fs::hard_link(&kept, &to)
                .or_else(|_| std::fs::copy(&kept, &to).map(drop))
                .map_err(FileError::io("copy", &kept))?;
            copy_sum(&kept, &to)?;
            self.done.recovered.push(path.clone());
            self.copied(&to)?;
        }
        Ok(())
    }

    /// One state of a database, without what was deleted from it.
    fn database(&mut self, from: &Path) -> Result<(), FileError> {
        let to = self.aside.join(from.file_name().unwrap_or_default());
        let copy = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(from, flags)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])
        };
        match copy() {
            Ok(_) => {}
            Err(error) if is_damage(&error) => return self.damaged(from, &to, error),
            Err(error) if is_full(&to, &error) => {
                return Err(FileError::io("write", &to)(io::ErrorKind::StorageFull.into()));
            }
            Err(error) => return Err(FileError::io("copy", from)(io::Error::other(error))),
        }
        // As closed to others as what it is a copy of.
        let rights = |path| std::fs::metadata(path).map(|meta| meta.permissions());
        rights(from).and_then(|rights| std::fs::set_permissions(&to, rights)).map_err(FileError::io("close", &to))?;
        self.copied(&to)
    }

    /// A damaged database: left out, or the end of the backup.
    fn damaged(&mut self, from: &Path, to: &Path, error: rusqlite::Error) -> Result<(), FileError> {
        if MADE_ANEW.iter().any(|name| from.file_name().is_some_and(|file| file == *name)) {
            if to.exists() {
                std::fs::remove_file(to).map_err(FileError::io("remove", to))?;
            }
            self.done.left_out.push(from.to_owned());
            return Ok(());
        }
        let is_log = from.file_name().is_some_and(|name| name == LOG);
        let remedy = if is_log { sqlite_log::REMEDY } else { "Restore it from an earlier backup." };
        Err(FileError::Log(store_error(from, remedy, "copy", error)))
    }

    /// A file, or a folder with all that is in it.
    fn anything(&mut self, from: &Path, into: &Path) -> Result<(), FileError> {
        let to = into.join(from.file_name().unwrap_or_default());
        if from.is_dir() {
            make_folder(&to)?;
            return listed(from)?.iter().try_for_each(|path| self.anything(path, &to));
        }
        match std::fs::copy(from, &to) {
            // Gone since it was listed: a message was sent, a picture deleted.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(()),
            copied => copied.map_err(FileError::io("copy", from)).and_then(|_| self.copied(&to)),
        }
    }

    /// The archive's files, each with its checksum.
    fn archive(&mut self, from: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        let into = self.aside.join(ARCHIVE);
        make_folder(&into)?;
        for path in listed(from)?.iter().filter(|path| path.extension().is_some_and(|ending| ending == "parquet")) {
            self.archived(path, &into, earlier)?;
        }
        Ok(())
    }

    fn archived(&mut self, path: &Path, into: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        let name = path.file_name().unwrap_or_default();
        let (to, sum) = (into.join(name), sum_beside(path));
        let mut found = Ok(());
        for again in 0..TRIES {
            // What is damaged in the earlier backup is not linked twice.
            let same = earlier.filter(|_| again == 0).map(|earlier| earlier.join(name));
            let same = same.filter(|same| is_same(&sum, &sum_beside(same)));
            let linked = same.is_some_and(|same| std::fs::hard_link(same, &to).is_ok());
            if !linked {
                std::fs::copy(path, &to).map_err(FileError::io("copy", path))?;
            }
            copy_sum(path, &to)?;
            self.done.shared += u64::from(linked);
            found = archived_sum(&to).map(|_| ());
            if found.is_ok() {
                break;
            }
            // It was replaced between the two copies, or it is damaged where it lies.
            self.done.shared -= u64::from(linked);
            std::fs::remove_file(&to).map_err(FileError::io("remove", &to))?;
        }
        if found.is_err() {
            std::fs::copy(path, &to).map_err(FileError::io("copy", path))?;
            self.done.damaged.extend(archived_sum(path).err().or(found.err()));
        }
        self.copied(&to)
    }

    fn copied(&mut self, to: &Path) -> Result<(), FileError> {
        let bytes = std::fs::metadata(to).map_err(FileError::io("look at", to))?.len();
        self.done.files += 1;
        self.done.bytes += bytes;
        if (self.progress)(bytes).is_break() { Err(FileError::Stopped) } else { Ok(()) }
    }
}

/// Copies the checksum of a file of the archive beside the file's copy; older files have none.
fn copy_sum(of: &Path, to: &Path) -> Result<(), FileError> {
    let sum = sum_beside(of);
    if sum.exists() {
        std::fs::copy(&sum, sum_beside(to)).map_err(FileError::io("copy", &sum))?;
    }
    Ok(())
}

/// Whether two checksum files say the same.
fn is_same(one: &Path, other: &Path) -> bool {
    let read = |path: &Path| std::fs::read_to_string(path).ok().filter(|text| !text.is_empty());
    read(one).is_some_and(|text| Some(text) == read(other))
}

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "db" || ending == "sqlite")
}

/// What of a folder is copied, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut paths: Vec<_> =
        entries.map_err(FileError::io("list", folder))?.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !is_aside(path) && !PASSED_OVER.iter().any(|ending| name.ends_with(ending))
    });
    paths.sort();
    Ok(paths)
}

/// Customers' names and secrets are in it, so it is the owner's alone.
fn make_folder(folder: &Path) -> Result<(), FileError> {
    std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(FileError::io("create", folder))
}

fn lock_of(aside: &Path) -> PathBuf {
    aside.join(format!("{MAKING}.lock"))
}

/// Begins a copy, in a folder that is locked while it is made.
fn begin(to: &Path) -> Result<(PathBuf, DirLock), FileError> {
    let mut name = std::ffi::OsString::from(".part-");
    name.push(to.file_name().unwrap_or_default());
    let aside = to.with_file_name(name);
    sweep(&aside);
    let lock = || DirLock::take(&aside, MAKING).map_err(|error| FileError::io("lock", &aside)(io::Error::other(error)));
    if aside.exists() {
        lock()?;
        remove_aside(&aside)?;
    }
    make_folder(&aside)?;
    let lock = lock()?;
    Ok((aside, lock))
}

/// Takes away what backups left beside this one that were killed: names and secrets are in them, under names that nobody looks for.
/// Best effort; those that are still being made are locked.
fn sweep(aside: &Path) {
    let folder = aside.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if is_aside(&path) && lock_of(&path).exists() && DirLock::take(&path, MAKING).is_ok() {
            tracing::info!(path = %path.display(), "Removed what a backup left that did not end.");
            drop(remove_aside(&path));
        }
    }
}

fn remove_aside(aside: &Path) -> Result<(), FileError> {
    match std::fs::remove_dir_all(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::io("remove", aside)(error)),
        _ => Ok(()),
    }
}

/// Brings a folder and everything in it to the disk.
fn sync_tree(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        std::fs::read_dir(path)?.try_for_each(|entry| sync_tree(&entry?.path()))?;
    }
    File::open(path)?.sync_all()
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
