//! How far the engine has come, told to processes beside it. They see what it has learned by its snapshot, which is a minute old at
//! times; the place on the log, and whether it stands still, are worth knowing within seconds, and cost a few bytes.
//!
//! One small file that is written over, without a sync: after a power cut nobody asks what it said. Every word of it counts the
//! words, so that a reader knows by its own clock how long nothing was said.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use foretell_model::{Offset, Timestamp};

use super::engine_room::EngineRoom;
use super::troubles::{Part, Trouble};

/// The engine's process says a word so often.
const SAID_EVERY: Duration = Duration::from_secs(2);

/// What keeps an engine from going on.
pub(super) const HOLDS_UP: [Part; 2] = [Part::Engine, Part::Conclusions];

/// What the engine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// The last entry that it has seen.
    pub(super) offset: Offset,
    /// Why it does not go on.
    pub(super) troubles: Vec<(Part, Trouble)>,
}

impl Progress {
    /// As it stands in this process.
    fn of(room: &EngineRoom) -> Self {
        let trouble = |part| Some((part, room.troubles().of(part)?));
        Self { offset: room.offset(), troubles: HOLDS_UP.into_iter().filter_map(trouble).collect() }
    }
}

/// The file, for the one who writes it and for those who read it.
#[derive(Debug)]
pub(super) struct ProgressFile {
    path: PathBuf,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    words: u64,
    at: Option<Instant>,
}

impl ProgressFile {
    /// Of a data directory.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join("engine.progress"), said: Mutex::default() }
    }

    /// Says how far the engine of this process is, if nothing was said for long enough.
    pub(super) fn tell(&self, room: &EngineRoom) {
        self.say(Instant::now(), || Progress::of(room));
    }

    /// The same of any engine. What a full or dying disk makes of it is told elsewhere.
    pub(super) fn say(&self, now: Instant, progress: impl FnOnce() -> Progress) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.at.is_some_and(|at| now.saturating_duration_since(at) < SAID_EVERY) {
            return;
        }
        *said = Said { words: said.words + 1, at: Some(now) };
        if let Err(error) = self.write(&text(said.words, &progress())) {
            tracing::debug!(%error, "The engine's progress could not be told to other processes.");
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let file = File::options().write(true).create(true).truncate(false).open(&self.path)?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.set_len(text.len() as u64)
    }

    /// The newest word and how many there were before it; `None` when there is none, or it was being written just now.
    pub(super) fn read(&self) -> Option<(u64, Progress)> {
        parsed(&std::fs::read_to_string(&self.path).ok()?)
    }
}

/// A sum of the bytes, which tells a word that was read while it was written.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn text(words: u64, progress: &Progress) -> String {
    let mut text = format!("words {words}\noffset {}\n", progress.offset.0);
    for (part, Trouble { since, why }) in &progress.troubles {
        text.push_str(&format!("trouble {} {} {}\n", part.name(), since.millis(), why.replace(['\n', '\r'], " ")));
    }
    let sum = sum(&text);
    text + &format!("sum {sum:016x}\n")
}

fn parsed(text: &str) -> Option<(u64, Progress)> {
    let (told, last) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let told = format!("{told}\n");
    if last != format!("sum {:016x}", sum(&told)) {
        return None;
    }
    let value = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let number = |name| value(name)?.parse().ok();
    let troubles = told.lines().filter_map(|line| trouble(line.strip_prefix("trouble ")?)).collect();
    Some((number("words")?, Progress { offset: Offset(number("offset")?), troubles }))
}

fn trouble(line: &str) -> Option<(Part, Trouble)> {
    let mut words = line.splitn(3, ' ');
    let part = Part::named(words.next()?)?;
    let since = Timestamp::from_millis(words.next()?.parse().ok()?);
    Some((part, Trouble { since, why: words.next()?.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_and_what_is_half_said_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (engine, console) = (ProgressFile::of(dir.path()), ProgressFile::of(dir.path()));
        assert_eq!(console.read(), None);
        let trouble = |why: &str| (Part::Engine, Trouble { since: Timestamp::from_millis(5_000), why: why.to_owned() });
        let begin = Instant::now();
        let heard = |second: u64, offset: u64, troubles: Vec<(Part, Trouble)>| {
            engine.say(begin + Duration::from_secs(second), || Progress { offset: Offset(offset), troubles });
            console.read().unwrap()
        };
        assert_eq!(heard(0, 7, Vec::new()), (1, Progress { offset: Offset(7), troubles: Vec::new() }));
        // Nobody needs it more often.
        assert_eq!(heard(1, 8, Vec::new()).1.offset, Offset(7));
        let (words, progress) = heard(2, 9, vec![trouble("it is\nlong and damaged")]);
        assert_eq!((words, progress.offset), (2, Offset(9)));
        assert_eq!(progress.troubles, [trouble("it is long and damaged")]);
        let whole = std::fs::read_to_string(dir.path().join("engine.progress")).unwrap();
        for cut in 0..whole.len() {
            assert_eq!(parsed(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(parsed(&whole.replace("offset 9", "offset 8")), None);
        assert_eq!(heard(4, 10, Vec::new()), (3, Progress { offset: Offset(10), troubles: Vec::new() }));
    }
}
