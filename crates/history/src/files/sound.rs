//! Whether the archive's files can be used, and what becomes of one that cannot. It is said and counted wherever it is met; where
//! the log still has its whole day it is put aside under another name, never deleted, and the day is written anew.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretell_model::Timestamp;

use super::archive::Archive;
use super::day_file::each_reading;
use super::error::FileError;
use super::naming::day_of;
use super::sums;
use crate::SqliteLog;
use crate::atomic_file::sync_folder;

/// What stands behind the name of a damaged file that was put aside; a number follows from the second on.
const ASIDE: &str = ".damaged";

/// What a look at every file of the archive found.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Files that can be used.
    pub whole: usize,
    /// Those of them without a checksum: they were read through, which does not show every damage.
    pub unsummed: Vec<PathBuf>,
    /// Files that cannot be used or are not there, of days that the log still has: the service writes them anew.
    pub again: Vec<FileError>,
    /// Files that cannot be used or are not there, of days that have left the log: a person has to act.
    pub lost: Vec<FileError>,
    /// Damaged files that were put aside when their days were written anew.
    pub aside: Vec<PathBuf>,
}

impl Archive {
    /// Looks at every file, reading it through. Without a log it is not known which of them are missing, nor of which the day could
    /// be written anew.
    ///
    /// # Errors
    /// When the folder or the log cannot be read.
    pub fn inspect(&self, log: Option<&SqliteLog>) -> Result<Inspection, FileError> {
        let files = self.files(Timestamp::MIN, Timestamp::MAX)?;
        let unsummed = |path: &PathBuf| sums::known(path).is_ok_and(|known| known.is_empty());
        let (whole, damaged) = divided(files);
        let mut found = Inspection {
            whole: whole.len(),
            unsummed: whole.into_iter().filter(unsummed).collect(),
            again: log.map_or(Ok(Vec::new()), |log| self.absent(log))?,
            lost: log.map_or(Ok(Vec::new()), |log| self.missing(log, Timestamp::MIN, Timestamp::MAX))?,
            aside: self.put_aside_before()?,
        };
        for (path, error) in damaged {
            // Whoever asked is told in full; the log hears of what is lost.
            if error.is_damage() && log.map_or(Ok(false), |log| is_on_log(log, &path))? {
                found.again.push(counted(error.of_a_day_on_the_log()));
            } else {
                found.lost.push(complained(error));
            }
        }
        Ok(found)
    }

    /// Looks at the file of the day after `looked_at`, or at the first one again, so that damage is found while there still is a
    /// backup or the log. One of a day that the log has is put aside, and the next pass writes it anew. Gives the file and what is
    /// wrong with it, in which case it was said and counted.
    ///
    /// # Errors
    /// When the folder or the log cannot be read, or a file cannot be put aside.
    pub fn look_at_next(
        &self,
        log: &SqliteLog,
        looked_at: Option<&Path>,
    ) -> Result<Option<(PathBuf, Option<FileError>)>, FileError> {
        let files = self.files(Timestamp::MIN, Timestamp::MAX)?;
        let next = files.iter().find(|path| looked_at.is_none_or(|last| path.as_path() > last)).or(files.first());
        let Some(path) = next.cloned() else { return Ok(None) };
        let Err(error) = usable(&path) else { return Ok(Some((path, None))) };
        let error = if error.is_damage() && is_on_log(log, &path)? {
            told_aside(error, &put_aside(&path)?)
        } else {
            complained(error)
        };
        Ok(Some((path, Some(error))))
    }

    fn put_aside_before(&self) -> Result<Vec<PathBuf>, FileError> {
        let mut aside = self.listed()?;
        aside.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.contains(&format!(".parquet{ASIDE}")) && !name.ends_with(".sha256")
        });
        aside.sort();
        Ok(aside)
    }
}

/// Whether the log holds all of a file's day, so that the file can be written anew.
pub(crate) fn is_on_log(log: &SqliteLog, path: &Path) -> Result<bool, FileError> {
    let day = day_of(path);
    Ok(log.noted_days()?.iter().any(|noted| Some(noted.day) == day && noted.is_whole_on_log()))
}

/// Gives a damaged file, and its checksum, a name that nobody reads; whoever wants to save something from it finds it there.
pub(crate) fn put_aside(path: &Path) -> Result<PathBuf, FileError> {
    let endings = std::iter::once(ASIDE.to_owned()).chain((2..).map(|number| format!("{ASIDE}-{number}")));
    let name = |ending: String| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        path.with_file_name(name)
    };
    let to = endings.map(name).find(|to| !to.exists() && !sums::beside(to).exists());
    let to = to.unwrap_or_else(|| path.with_added_extension(ASIDE));
    let moved = || {
        std::fs::rename(path, &to)?;
        match std::fs::rename(sums::beside(path), sums::beside(&to)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        sync_folder(path)
    };
    moved().map_err(FileError::io("put aside", path))?;
    Ok(to)
}

/// Says in the log, and counts, what is wrong with a file: an error where readings are lacking, a word of it where the log has its
/// day.
pub(crate) fn told(log: &SqliteLog, path: &Path, error: FileError) -> Result<FileError, FileError> {
    if !error.is_damage() || !is_on_log(log, path)? {
        return Ok(complained(error));
    }
    let again = error.of_a_day_on_the_log();
    tracing::warn!("{again}.");
    Ok(counted(again))
}

/// Files that can be used, and why the others cannot, which is said: nothing else has their days.
pub(crate) fn sound(files: Vec<PathBuf>) -> (Vec<PathBuf>, Vec<(PathBuf, FileError)>) {
    let (sound, damaged) = divided(files);
    (sound, damaged.into_iter().map(|(path, error)| (path, complained(error))).collect())
}

/// The same without a word.
fn divided(files: Vec<PathBuf>) -> (Vec<PathBuf>, Vec<(PathBuf, FileError)>) {
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for path in files {
        match usable(&path) {
            Ok(()) => sound.push(path),
            Err(error) => damaged.push((path, error)),
        }
    }
    (sound, damaged)
}

/// Says in the log, and counts, that a file cannot be used.
pub(crate) fn complained(error: FileError) -> FileError {
    tracing::error!(error = &error as &dyn std::error::Error, "A file of the archive cannot be used.");
    counted(error)
}

/// Says in the log, and counts, that a damaged file was put aside whose day is written anew.
pub(crate) fn told_aside(damage: FileError, to: &Path) -> FileError {
    let damage = damage.of_a_day_on_the_log();
    let cause = if let FileError::Again { cause, .. } = &damage { cause.clone() } else { damage.to_string() };
    tracing::warn!(
        cause,
        to = %to.display(),
        "A damaged file of the archive was put aside; nothing is lost: the log has its day, which is written anew."
    );
    counted(damage)
}

/// Counts that a file cannot be used; somebody else says it.
pub(crate) fn counted(error: FileError) -> FileError {
    metrics::counter!("foretell_archive_damaged_files_total").increment(u64::from(error.is_of_a_file()));
    error
}

/// A file is what its checksum says; one without is read through.
pub(crate) fn usable(path: &Path) -> Result<(), FileError> {
    if sums::check(path)? == sums::Checked::Whole {
        return Ok(());
    }
    let day = day_of(path).ok_or_else(|| FileError::form(path, "is named after no day"))?;
    each_reading(path, day, |_| ControlFlow::Continue(()))?;
    sums::trust(path);
    Ok(())
}

impl crate::sqlite_log::LoggedDay {
    /// Whether the log alone could write the day's file: it was archived from here, and nothing of it has left.
    pub(crate) const fn is_whole_on_log(&self) -> bool {
        self.archived.0 > 0 && self.dropping.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_takes_no_name_twice_and_its_sum_along() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2026-07-01.parquet");
        let put = |bytes: &str, has_sum: bool| {
            std::fs::write(&path, bytes).unwrap();
            if has_sum {
                std::fs::write(sums::beside(&path), format!("sum of {bytes}")).unwrap();
            }
            let to = put_aside(&path).unwrap();
            assert!(!path.exists() && !sums::beside(&path).exists());
            let sum = std::fs::read_to_string(sums::beside(&to)).unwrap_or_default();
            (to.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(to).unwrap(), sum)
        };
        let is = |name: &str, bytes: &str, sum: &str| (name.to_owned(), bytes.to_owned(), sum.to_owned());
        assert_eq!(put("a", true), is("2026-07-01.parquet.damaged", "a", "sum of a"));
        assert_eq!(put("b", false), is("2026-07-01.parquet.damaged-2", "b", ""));
        assert_eq!(put("c", true), is("2026-07-01.parquet.damaged-3", "c", "sum of c"));
        assert!(put_aside(&path).is_err_and(|error| error.to_string().contains("could not put aside")));
    }

    /// A file that was put in the place of another day's with its checksum beside it is not that day's.
    #[test]
    fn another_days_file_with_its_checksum_is_not_this_days() {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        let (archive, options) = (Archive::new(dir.path()), crate::ReadOptions::default());
        let [one, two] = [0, 1].map(|day| {
            let ts = Timestamp::from_millis(day * foretell_model::DAY_MS);
            let (machine, signals) = (
                foretell_model::MachineId::new("s", "m").unwrap(),
                foretell_model::Signals::empty().with(foretell_model::Signal::DischargeTemp, 80.0),
            );
            let (state, quality) = (None, foretell_model::Quality::Good);
            let reading = foretell_model::Reading { machine, ts, arrived: ts, signals, state, quality };
            foretell_model::Log::append(&log, &[foretell_model::Event::Reading(reading)]).unwrap();
            archive.write_day(&log, ts, &options, &mut |_| ControlFlow::Continue(())).unwrap().path
        });
        assert!(usable(&one).is_ok() && usable(&two).is_ok());
        for beside in [|path: &Path| path.to_owned(), |path: &Path| sums::beside(path)] {
            std::fs::copy(beside(&one), beside(&two)).unwrap();
        }
        let said = usable(&two).unwrap_err().to_string();
        assert!(said.contains("1 are of other days"), "{said}");
        assert!(usable(&one).is_ok());
        // Whoever made a checksum with -b, or without a name, has made one all the same.
        let sum = sums::sum_of(&one).unwrap();
        for text in [format!("{sum} *1970-01-01.parquet"), sum.to_uppercase()] {
            std::fs::write(sums::beside(&one), text).unwrap();
            assert_eq!(sums::known(&one).unwrap(), std::slice::from_ref(&sum));
        }
    }

    /// A data directory that was moved away under the service must not begin to exist again: whoever moves it back would move it
    /// into the new one.
    #[test]
    fn a_day_makes_no_new_data_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (data, away) = (dir.path().join("data"), dir.path().join("away"));
        let log = SqliteLog::open(&data).unwrap();
        std::fs::rename(&data, &away).unwrap();
        let (archive, options) = (Archive::new(&data), crate::ReadOptions::default());
        let written = archive.write_day(&log, Timestamp::default(), &options, &mut |_| ControlFlow::Continue(()));
        assert!(written.is_err() && !data.exists());
    }
}
