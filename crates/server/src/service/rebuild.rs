//! An engine without a snapshot, rebuilt from everything there is: what only the archive holds first, then the log.
//!
//! Days whose readings have left the log are told by event time, with whatever else happened until their end; the rest of the log
//! in its order of arrival, as ever. What a machine's readings teach depends on their order in its own time, so the engine
//! comes out as it was, except for a machine whose clock had gone back: the archive does not know which of its readings came
//! first. Nothing of the archived days is told to outreach: it knew all of that before they left the log.

use std::ops::ControlFlow;
use std::path::Path;

use foretell_history::{Archive, FileError, Gone, ReadOptions, SqliteLog};
use foretell_model::{Event, Logged, Offset, Timestamp};

use super::engine_room::EngineRoom;

/// Memory for sorting a day, bytes; the rest goes to a temporary file in the data directory.
const MEMORY_BYTES: usize = 64 << 20;

/// Events shown to the engine at once.
const EVENTS_MAX: usize = 2_000;

/// What the engine knows from the archived days, though it stands on the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rebuilt {
    gone: Gone,
    /// Days of which it was not told, because their files are damaged or missing.
    pub(super) days_lost: usize,
}

impl Rebuilt {
    /// Whether the engine was told of an entry of the log already.
    pub(super) fn knows(&self, entry: &Logged) -> bool {
        entry.offset <= self.gone.through && entry.event.ts() < self.gone.until
    }

    /// The place on the log before which the engine is not whole: it must not be kept there, because what is to be passed over
    /// would be forgotten.
    pub(super) const fn whole_from(&self) -> Offset {
        self.gone.through
    }
}

/// Shows an engine that has seen nothing the days that have left the log; `None` when there are none. `progress` hears how many
/// of how many days are done, at least every few thousand events, and may end the work.
///
/// # Errors
/// When log or archive cannot be read, or the work was ended.
pub(super) fn rebuild(
    log: &SqliteLog,
    data_dir: &Path,
    room: &EngineRoom,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Rebuilt>, FileError> {
    let archive = Archive::new(data_dir);
    let Some(gone) = archive.gone(log)? else { return Ok(None) };
    let options =
        ReadOptions { memory_bytes: MEMORY_BYTES, temp_dir: data_dir.to_owned(), threads: 1, ..ReadOptions::default() };
    let mut batch = Vec::with_capacity(EVENTS_MAX);
    let mut days_lost = archive.missing(log, Timestamp::MIN, Timestamp::MAX)?.len();
    for (done, day) in gone.days.iter().enumerate() {
        let mut told = || progress(done, gone.days.len());
        let is_whole = archive.replay_day(log, &gone, *day, &options, &mut |event: Event| {
            batch.push(Logged { offset: Offset(0), event });
            if batch.len() < EVENTS_MAX {
                return ControlFlow::Continue(());
            }
            show(room, &mut batch);
            told()
        })?;
        days_lost += usize::from(!is_whole);
        show(room, &mut batch);
        if progress(done + 1, gone.days.len()).is_break() {
            return Err(FileError::Stopped);
        }
    }
    Ok(Some(Rebuilt { gone, days_lost }))
}

/// Shows the engine a stretch of the log by `show`, and goes past what it knows already.
pub(super) fn past(entries: &[Logged], rebuilt: Option<&Rebuilt>, room: &EngineRoom, mut show: impl FnMut(&[Logged])) {
    let is_known = |entry: &Logged| rebuilt.is_some_and(|rebuilt| rebuilt.knows(entry));
    for stretch in entries.chunk_by(|a, b| is_known(a) == is_known(b)) {
        match stretch {
            [.., last] if is_known(last) => room.pass_over(last.offset),
            stretch => show(stretch),
        }
    }
}

fn show(room: &EngineRoom, batch: &mut Vec<Logged>) {
    room.advance(batch, &mut Vec::new());
    // Whoever keeps closed days has had these before.
    let _known = room.take_closed();
    batch.clear();
}

#[cfg(test)]
mod tests;
