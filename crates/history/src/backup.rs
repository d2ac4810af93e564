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

use foretell_model::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::atomic_file::{is_aside, sync_folder};
use crate::files::{Archive, FileError, archived_sum, is_on_log, sum_beside};
use crate::sqlite_log::SqliteLog;

/// The log, which comes after whatever reads it.
const LOG: &str = "log.db";

/// What comes after the log.
const ARCHIVE: &str = "archive";

/// Endings of what is made anew, or belongs to a running process: a database's own copy holds what stands in its write-ahead file.
const PASSED_OVER: [&str; 5] = ["-wal", "-shm", ".lock", ".progress", ".made"];

/// Says in a copy when it was made. Whoever starts on it knows that this is a copy, and what it may have forgotten.
const MADE: &str = "backup.made";

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

/// Copies the data directory `data` to `to`, which must not exist yet, at the instant `now`. Files of the archive that `earlier`, a backup before, holds
/// too are not copied but linked. `progress` hears of the bytes of each file and may end the work, which leaves nothing.
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
    let mut name = std::ffi::OsString::from(".part-");
    name.push(to.file_name().unwrap_or_default());
    let aside = to.with_file_name(name);
    remove_aside(&aside)?;
    let mut copy = Copy { aside: &aside, done: BackedUp::default(), progress };
    let mark = aside.join(MADE);
    let whole = copy.everything(data, earlier).and_then(|()| {
        std::fs::write(&mark, format!("{now}\n"))
            .and_then(|()| sync_tree(&aside))
            .and_then(|()| std::fs::rename(&aside, to))
            .and_then(|()| sync_folder(to))
            .map_err(FileError::io("finish", to))
    });
    let done = copy.done;
    match whole {
        Ok(()) => Ok(done),
        Err(error) => {
            // Best effort: the next backup of this name takes it away.
            drop(remove_aside(&aside));
            Err(error)
        }
    }
}

struct Copy<'a> {
    aside: &'a Path,
    done: BackedUp,
    progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
}

impl Copy<'_> {
    fn everything(&mut self, data: &Path, earlier: Option<&Path>) -> Result<(), FileError> {
        make_folder(self.aside)?;
        let (log, archive, inside) = (data.join(LOG), data.join(ARCHIVE), listed(data)?);
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
        copy().map_err(|error| FileError::io("copy", from)(io::Error::other(error)))?;
        // As closed to others as what it is a copy of.
        let rights = |path| std::fs::metadata(path).map(|meta| meta.permissions());
        rights(from).and_then(|rights| std::fs::set_permissions(&to, rights)).map_err(FileError::io("close", &to))?;
        self.copied(&to)
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
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use foretell_model::{Event, HOUR_MS, Log as _, MachineId, Quality, Reading, Signal, Signals};

    use super::*;
    use crate::{Keeping, ReadOptions, Selection, export};

    const NOW: Timestamp = Timestamp::from_millis(100 * HOUR_MS);

    const fn go_on(_bytes: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A data directory of three days, two of which have left the log, and a lost lot of other files.
    fn plant() -> (tempfile::TempDir, PathBuf, SqliteLog) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let log = SqliteLog::open(&data).unwrap();
        let reading = |hour: i64| {
            let ts = Timestamp::from_millis(hour * HOUR_MS);
            let (machine, signals) =
                (MachineId::new("s", "m").unwrap(), Signals::empty().with(Signal::DischargeTemp, 80.0));
            Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good })
        };
        log.append(&(0..72).map(reading).collect::<Vec<_>>()).unwrap();
        let work = Keeping {
            now: Timestamp::from_millis(73 * HOUR_MS),
            closed_after_ms: 0,
            keep_ms: Some(24 * HOUR_MS),
            consumed: foretell_model::Offset(72),
            rewrites_max: 1,
            options: ReadOptions::default(),
        };
        let kept = Archive::new(&data).keep(&log, &work, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((kept.written.len(), kept.dropped, kept.failures.len()), (3, 48, 0));
        std::fs::create_dir(data.join("photos")).unwrap();
        std::fs::write(data.join("photos/one.jpg"), "a picture").unwrap();
        std::fs::write(data.join("link.secret"), "a secret").unwrap();
        (dir, data, log)
    }

    fn readings(data: &Path) -> u64 {
        let (log, out) = (SqliteLog::open_beside(data).unwrap(), data.join("all.csv"));
        let go_on = &mut |_| ControlFlow::Continue(());
        let exported = export(&log, &Archive::new(data), &Selection::default(), &out, &ReadOptions::default(), go_on);
        std::fs::remove_file(&out).unwrap();
        exported.unwrap().readings
    }

    fn names(folder: &Path) -> String {
        let mut names: Vec<String> = listed(folder)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.join(" ")
    }

    #[test]
    fn a_copy_is_a_data_directory_and_shares_what_has_not_changed() {
        let (dir, data, _owned) = plant();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        let made = back_up(&data, &first, None, NOW, &mut go_on).unwrap();
        assert_eq!((made.files, made.shared, made.damaged.len()), (6, 0, 0));
        assert_eq!(names(&first), "archive link.secret log.db photos");
        assert_eq!((readings(&data), readings(&first)), (72, 72));
        assert_eq!(std::fs::read_to_string(first.join("photos/one.jpg")).unwrap(), "a picture");
        // The second day was damaged in the earlier backup, the first one changed since.
        let of_day = |folder: &Path, day: u32| folder.join(format!("archive/1970-01-0{day}.parquet"));
        std::fs::write(of_day(&first, 2), "nonsense").unwrap();
        std::fs::write(of_day(&first, 1).with_added_extension("sha256"), "another sum").unwrap();
        let made = back_up(&data, &second, Some(&first), NOW, &mut go_on).unwrap();
        assert_eq!((made.files, made.shared, made.damaged.len(), readings(&second)), (6, 1, 0, 72));
    }

    #[test]
    fn what_is_damaged_is_copied_and_said() {
        let (dir, data, _owned) = plant();
        let path = data.join("archive/1970-01-01.parquet");
        let half = std::fs::read(&path).unwrap().split_off(500);
        std::fs::write(&path, &half).unwrap();
        let made = back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap();
        assert_eq!((made.files, made.damaged.len()), (6, 1));
        assert!(
            made.damaged[0].to_string().contains("data/archive/1970-01-01.parquet is damaged"),
            "{:?}",
            made.damaged
        );
        assert_eq!(std::fs::read(dir.path().join("copy/archive/1970-01-01.parquet")).unwrap(), half);
    }

    #[test]
    fn a_day_that_is_gone_is_taken_from_the_earlier_backup_or_said() {
        let (dir, data, _owned) = plant();
        let backup = |name: &str| dir.path().join(name);
        back_up(&data, &backup("first"), None, NOW, &mut go_on).unwrap();
        let day = data.join("archive/1970-01-01.parquet");
        std::fs::remove_file(&day).unwrap();
        let made = back_up(&data, &backup("second"), Some(&backup("first")), NOW, &mut go_on).unwrap();
        assert_eq!((made.files, made.damaged.len(), &made.recovered[..]), (6, 0, &[day.clone()][..]));
        assert_eq!(readings(&backup("second")), 72);
        let made = back_up(&data, &backup("third"), None, NOW, &mut go_on).unwrap();
        assert_eq!((made.files, made.damaged.len(), made.recovered.len()), (5, 1, 0));
        assert!(made.damaged[0].to_string().contains("1970-01-01.parquet"), "{}", made.damaged[0]);
        // Damaged there, it is no better than none.
        std::fs::write(backup("first/archive/1970-01-01.parquet"), "nonsense").unwrap();
        let made = back_up(&data, &backup("fourth"), Some(&backup("first")), NOW, &mut go_on).unwrap();
        assert_eq!((made.damaged.len(), made.recovered.len()), (1, 0));
    }

    #[test]
    fn a_copy_is_as_closed_as_what_it_is_of() {
        let (dir, data, _owned) = plant();
        std::fs::set_permissions(data.join("log.db"), std::fs::Permissions::from_mode(0o600)).unwrap();
        back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap();
        let mode = std::fs::metadata(dir.path().join("copy/log.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_stop_leaves_nothing_and_nothing_is_overwritten() {
        let (dir, data, _owned) = plant();
        let copy = dir.path().join("copy");
        for files in 0..6 {
            let mut seen = 0;
            let stopped = back_up(&data, &copy, None, NOW, &mut |_| {
                seen += 1;
                if seen > files { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert!(matches!(stopped, Err(FileError::Stopped)), "after {files}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "after {files}");
        }
        // What a killed one left is in nobody's way.
        std::fs::create_dir_all(dir.path().join(".part-copy/archive")).unwrap();
        back_up(&data, &copy, None, NOW, &mut go_on).unwrap();
        let refused = |to: &Path| back_up(&data, to, None, NOW, &mut go_on).unwrap_err().to_string();
        assert!(refused(&copy).starts_with("could not create"));
        assert!(refused(&data.join("copy")).contains("lies in the data directory"));
    }
}
