//! The engine as the whole process sees it: one thread advances it along the log, pages look at it in between.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretell_engine::{Engine, EngineOptions, MachineView};
use foretell_model::{Event, Finding, FindingId, Logged, MachineId, Offset, Timestamp};
use tokio::sync::{Notify, watch};

use super::findings::{Frozen, Mark, Records};

/// A finding with its place: which entry of the log brought it about, and the how-many-th of that entry it is.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The entry.
    pub offset: Offset,
    /// Counted from 0 within the entry.
    pub ordinal: u32,
    /// What was concluded.
    pub finding: Finding,
    /// What the engine knew of the machine then.
    pub machine: Option<MachineView>,
}

/// Engine, newest findings and the place on the log that both belong to.
pub struct EngineRoom {
    inner: Mutex<Inner>,
    options: Mutex<EngineOptions>,
    /// Entries of the log that the engine has not seen, as of the last look.
    behind: AtomicU64,
    revision: watch::Sender<u64>,
    /// Machines whose day has closed, as they stood then; `None` when nobody asks.
    closed: Mutex<Option<Vec<MachineView>>>,
    /// Machines about which something was concluded, and kept, since anybody last asked.
    concluded: Mutex<BTreeSet<MachineId>>,
    news: Notify,
}

struct Inner {
    engine: Engine,
    records: Records,
    offset: Offset,
    newest: Timestamp,
}

impl EngineRoom {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        let engine = Engine::new(options.clone());
        let inner = Inner { engine, records: Records::default(), offset: Offset(0), newest: Timestamp::default() };
        Self {
            inner: Mutex::new(inner),
            options: Mutex::new(options),
            behind: AtomicU64::new(0),
            revision: watch::Sender::new(0),
            closed: Mutex::default(),
            concluded: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Takes up a snapshot; says whether it could be used. One of another release cannot, and the log rebuilds it.
    pub fn thaw(&self, offset: Offset, bytes: &[u8]) -> bool {
        let Some(frozen) = Frozen::from_bytes(bytes) else { return false };
        let options = self.options.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Ok(engine) = Engine::restore(options, &frozen.engine) else { return false };
        *self.lock() = Inner { engine, records: frozen.records, offset, newest: frozen.newest };
        self.changed();
        true
    }

    /// Everything needed to go on from here, with its place on the log.
    #[must_use]
    pub fn freeze(&self) -> (Offset, Vec<u8>) {
        let inner = self.lock();
        let frozen = Frozen { engine: inner.engine.snapshot(), records: inner.records.clone(), newest: inner.newest };
        (inner.offset, frozen.to_bytes())
    }

    /// Shows the engine a stretch of the log; what it concluded goes to `found` in order.
    pub fn advance(&self, entries: &[Logged], found: &mut Vec<Placed>) {
        let mut inner = self.lock();
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { engine, records, offset, newest } = &mut *inner;
        let mut concluded = Vec::new();
        for entry in entries {
            let days_closed = engine.days_closed();
            engine.observe(&entry.event, &mut concluded);
            if engine.days_closed() != days_closed
                && let Some(closed) = closed.as_mut()
            {
                closed.extend(engine.machine(entry.event.machine()));
            }
            match &entry.event {
                Event::Reading(reading) => *newest = reading.ts.max(*newest),
                other => records.note(other),
            }
            *offset = entry.offset;
            for (ordinal, finding) in (0..).zip(concluded.drain(..)) {
                records.push(finding.clone());
                let machine = engine.machine(&finding.machine);
                found.push(Placed { offset: entry.offset, ordinal, finding, machine });
            }
        }
    }

    /// From now on, machines whose day closes are kept for [`EngineRoom::take_closed`].
    pub fn keep_closed(&self) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// Machines whose day has closed since this was last asked, each as it stood right after. Never more than one stretch of the
    /// log brings about, if it is asked after each.
    #[must_use]
    pub fn take_closed(&self) -> Vec<MachineView> {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Outreach has kept conclusions about these machines.
    pub fn note_conclusions<'a>(&self, machines: impl Iterator<Item = &'a MachineId>) {
        self.concluded.lock().unwrap_or_else(PoisonError::into_inner).extend(machines.cloned());
        self.news.notify_one();
    }

    /// Waits for conclusions and takes their machines. For one task; cancelling it loses nothing.
    pub async fn conclusions(&self) -> BTreeSet<MachineId> {
        self.news.notified().await;
        std::mem::take(&mut *self.concluded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The last entry that the engine has seen.
    #[must_use]
    pub fn offset(&self) -> Offset {
        self.lock().offset
    }

    /// Time stamp of the newest reading seen; 1970 when none was.
    #[must_use]
    pub fn newest(&self) -> Timestamp {
        self.lock().newest
    }

    /// What is known of a machine.
    #[must_use]
    pub fn machine(&self, id: &MachineId) -> Option<MachineView> {
        self.lock().engine.machine(id)
    }

    /// What is known of every machine.
    #[must_use]
    pub fn machines(&self) -> Vec<(MachineId, MachineView)> {
        let inner = self.lock();
        let engine = &inner.engine;
        engine.machines().filter_map(|id| Some((id.clone(), engine.machine(id)?))).collect()
    }

    /// How many machines are known.
    #[must_use]
    pub fn machine_count(&self) -> usize {
        self.lock().engine.machines().count()
    }

    /// Goes on with other limits and profiles: what was learned stays, as after a restart with them. Returns whether that was
    /// possible.
    pub fn reconfigure(&self, options: EngineOptions) -> bool {
        let mut inner = self.lock();
        let snapshot = inner.engine.snapshot();
        let Ok(engine) = Engine::restore(options.clone(), &snapshot) else { return false };
        inner.engine = engine;
        drop(inner);
        *self.options.lock().unwrap_or_else(PoisonError::into_inner) = options;
        self.changed();
        true
    }

    /// The newest findings, newest first, of one machine or of all.
    #[must_use]
    pub fn findings(&self, machine: Option<&MachineId>, since: Option<Timestamp>, max: usize) -> Vec<Finding> {
        let inner = self.lock();
        let recent = inner.records.findings(machine).filter(|finding| since.is_none_or(|since| finding.at >= since));
        recent.take(max).cloned().collect()
    }

    /// The newest finding of an episode, if it is still remembered.
    #[must_use]
    pub fn finding(&self, machine: &MachineId, id: &FindingId) -> Option<Finding> {
        self.lock().records.findings(Some(machine)).find(|finding| finding.id == *id).cloned()
    }

    /// What happened to a machine beside its readings, in order of arrival.
    #[must_use]
    pub fn marks(&self, machine: &MachineId) -> Vec<Mark> {
        self.lock().records.marks(machine).cloned().collect()
    }

    /// Entries of the log that the engine has not seen yet.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.behind.load(Ordering::Relaxed)
    }

    /// Notes how many entries wait.
    pub fn set_behind(&self, entries: u64) {
        self.behind.store(entries, Ordering::Relaxed);
    }

    /// Tells pages that something they show has changed.
    pub fn changed(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// Grows with every change.
    #[must_use]
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
