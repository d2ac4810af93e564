//! Readings out of a data directory whose log SQLite does not read any more: what its pages still hold, and every archived day.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use super::archive::Archive;
use super::column_map::ColumnMap;
use super::error::FileError;
use super::export::{Exported, Gathering, Selection};
use super::readings::{Progress, ReadOptions, ReadingFiles};
use super::sound::sound;
use super::writers::Writer;
use crate::{Stretch, Wreck};

/// Writes what can be read of the selected readings to `path`, as [`export`](super::export) does, and tells what is lacking. Without a
/// log, what the archive has.
///
/// # Errors
/// When not even the file of the log or the folder of the archive can be read, the file refuses, or `progress` breaks.
pub fn rescue(
    wreck: Option<&Wreck>,
    archive: &Archive,
    selection: &Selection,
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Exported, FileError> {
    let writer = Writer::create(path)?;
    let (from, to) = selection.span();
    let (archived, unusable) = sound(archive.files(from, to)?);
    let archived = ReadingFiles::read(&archived, &ColumnMap::default(), &selection.of(options), progress)?;
    let on_log = wreck.into_iter().flat_map(Wreck::machines).cloned();
    let mut gathered = Gathering::new(on_log.chain(archived.machines().to_vec()), selection, options, progress);
    gathered.take_all(archived)?;
    let (mut lost, mut untraced) = (Vec::new(), 0);
    if let Some(wreck) = wreck {
        let unread = || FileError::io("read", wreck.path());
        let found = wreck.readings(&mut |reading| {
            if (from..to).contains(&reading.ts) { gathered.take(reading) } else { ControlFlow::Continue(()) }
        });
        let found = found.map_err(unread())?;
        gathered.check()?;
        lost = wreck.lost(&found).map_err(unread())?;
        let last = lost.last().map_or(0, |lost| lost.offset.0).max(found.last());
        untraced = last - found.count() - lost.len() as u64;
    }
    lost.retain(|lost| {
        let is_selected = selection.machine.is_none() || lost.machine.is_none() || lost.machine == selection.machine;
        (from..to).contains(&lost.ts) && is_selected
    });
    // What the archive has is not lost.
    let mut wanted: BTreeSet<_> = lost.iter().map(|lost| (lost.machine.clone(), lost.ts)).collect();
    let (readings, left_out) = gathered.write(writer, path, &mut |reading| {
        if !wanted.is_empty() {
            wanted.remove(&(Some(reading.machine.clone()), reading.ts));
        }
    })?;
    lost.retain(|lost| wanted.contains(&(lost.machine.clone(), lost.ts)));
    let damaged = unusable.into_iter().map(|(_, error)| error).collect();
    Ok(Exported { readings, left_out, damaged, lost: Stretch::of(&lost), untraced })
}

#[cfg(test)]
#[path = "rescue_tests.rs"]
mod tests;
