//! What the archive holds and the log no longer does, in order of event time: for an engine whose snapshot was lost.
//!
//! Up to the last day of which readings have left the log, everything is told by event time: the readings of the archive's files
//! and of the log together, each once, with the log's other events in between. The order of arrival, which the log keeps and the
//! archive does not, makes no difference to what is learned of a machine whose readings arrived in their own order.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use foretell_model::{DAY_MS, Event, HOUR_MS, Log, MachineId, Offset, Partition, Timestamp};

use super::archive::{Archive, read_day};
use super::error::FileError;
use super::naming::day_of;
use super::packed::{Distinct, pack, unpack};
use super::readings::ReadOptions;
use super::sorter::Sorter;
use super::sound::told;
use crate::SqliteLog;

/// Days whose readings, or some of them, only the archive holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Every day that is to be told by event time, oldest first: those, and the days between.
    pub days: Vec<Timestamp>,
    /// The instant up to which everything is told by event time.
    pub until: Timestamp,
    /// Place on the log up to which its entries before that instant are told with the days.
    pub through: Offset,
}

impl Archive {
    /// What only the archive holds; `None` when the log holds all that was ever archived. A log that does not know of an archived
    /// day was put in the place of another.
    ///
    /// # Errors
    /// When the folder or the log cannot be read.
    pub fn gone(&self, log: &SqliteLog) -> Result<Option<Gone>, FileError> {
        let noted = log.noted_days()?;
        let files = self.files(Timestamp::MIN, Timestamp::MAX)?;
        let archived: Vec<Timestamp> = files.iter().filter_map(|path| day_of(path)).collect();
        let unknown = archived.iter().filter(|day| noted.iter().all(|known| known.day != **day)).copied();
        let dropped = noted.iter().filter(|known| known.dropping > Offset(0)).map(|known| known.day);
        let Some(last) = unknown.chain(dropped).max() else { return Ok(None) };
        let mut days: Vec<Timestamp> = archived.into_iter().chain(noted.iter().map(|known| known.day)).collect();
        days.retain(|day| *day <= last);
        days.sort_unstable();
        days.dedup();
        Ok(Some(Gone { days, until: last + DAY_MS, through: log.head(Partition(0))? }))
    }

    /// Tells what archive and log hold of one of the days, and what else the log holds since the day before it, in order of event
    /// time until `take` breaks. A damaged file costs its own day only, and nothing where the log has that; it is counted and said
    /// in the log. False when readings are lacking.
    ///
    /// # Errors
    /// When the log or the file system refuses.
    pub fn replay_day(
        &self,
        log: &SqliteLog,
        gone: &Gone,
        day: Timestamp,
        options: &ReadOptions,
        take: &mut dyn FnMut(Event) -> ControlFlow<()>,
    ) -> Result<bool, FileError> {
        let before = gone.days.iter().rev().find(|known| **known < day);
        let from = before.map_or(Timestamp::MIN, |before| *before + DAY_MS);
        let mut sorted = ByTime::new(options);
        let path = self.path(day);
        let archived = path.exists().then(|| read_day(&path, day, options));
        let archived = archived.map(|archived| archived.or_else(|error| Err(told(log, &path, error)?)));
        let is_whole = !matches!(&archived, Some(Err(error)) if !matches!(error, FileError::Again { .. }));
        for event in archived.into_iter().flatten().flatten() {
            sorted.take(&event?)?;
        }
        // Hour by hour, because the log's write-ahead file grows for as long as one query looks at it.
        let hours = (0..DAY_MS / HOUR_MS).map(|hour| (day + hour * HOUR_MS, day + (hour + 1) * HOUR_MS));
        for (from, to) in std::iter::once((from, day)).chain(hours) {
            let mut failed = None;
            log.events(from, to, gone.through, |event| match sorted.take(&event) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
        }
        sorted.tell(take).map(|()| is_whole)
    }
}

/// Sorts events by time; at one instant by machine as it first appeared, what is no reading first.
struct ByTime {
    sorter: Sorter,
    machines: Vec<MachineId>,
    numbers: HashMap<MachineId, i64>,
}

impl ByTime {
    fn new(options: &ReadOptions) -> Self {
        let sorter = Sorter::new(options.memory_bytes, options.temp_dir.clone());
        Self { sorter, machines: Vec::new(), numbers: HashMap::new() }
    }

    fn take(&mut self, event: &Event) -> Result<(), FileError> {
        let number = match self.numbers.get(event.machine()) {
            Some(number) => *number,
            None => {
                let number = self.machines.len() as i64;
                self.machines.push(event.machine().clone());
                self.numbers.insert(event.machine().clone(), number);
                number
            }
        };
        let is_reading = i64::from(matches!(event, Event::Reading(_)));
        let key = (event.ts().millis(), number * 2 + is_reading);
        self.sorter.push(key, |out| pack(event, out)).map_err(failed("sort in"))
    }

    /// Tells each of equal events once.
    fn tell(self, take: &mut dyn FnMut(Event) -> ControlFlow<()>) -> Result<(), FileError> {
        let (mut merge, mut record, mut distinct) =
            (self.sorter.finish().map_err(failed("merge in"))?, Vec::new(), Distinct::default());
        while let Some(key) = merge.next(&mut record).map_err(failed("merge in"))? {
            if !distinct.is_new(key, &record) {
                continue;
            }
            let machine = self.machines[(key.1 / 2) as usize].clone();
            let event = unpack(machine, Timestamp::from_millis(key.0), &record).map_err(failed("merge in"))?;
            if take(event).is_break() {
                return Err(FileError::Stopped);
            }
        }
        Ok(())
    }
}

fn failed(attempted: &'static str) -> impl Fn(std::io::Error) -> FileError {
    move |error| FileError::io(attempted, Path::new("the temporary file"))(error)
}
