//! The engine as the whole process sees it: one thread advances it along the log, pages look at it in between.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foretell_engine::{Brief, Engine, EngineOptions, Glance, MachineView, OpenFinding};
use foretell_model::{Clock, Event, Finding, FindingKind, Logged, MachineId, Offset, Timestamp};
use foretell_outreach::{Counter, Counters};
use tokio::sync::{Notify, watch};

use super::context;
use super::findings::{Frozen, Mark, Records};
use super::placed::{News, Placed};
use super::profiles::{Profiles, Registered};
use super::status::{Statuses, Told};
use super::troubles::Troubles;
use crate::clock::WallClock;

/// Stands for a number of entries that is not known.
const UNKNOWN: u64 = u64::MAX;

/// Days of the small curve.
const TREND_DAYS: usize = 45;

/// Pages are told of new readings at most so often.
const HEARD_EVERY: Duration = Duration::from_secs(4);

/// Machines whose counters are read while the engine waits: less than a millisecond's worth.
const COUNTERS_AT_ONCE: usize = 500;

/// Kinds that say that something is wrong.
const TROUBLE: [FindingKind; 3] = [FindingKind::Prediction, FindingKind::Anomaly, FindingKind::SensorFault];

/// A machine at a glance, with the newest words about what is most pressing.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The machine.
    pub glance: Glance,
    /// What is open and most pressing.
    pub open: Option<OpenFinding>,
    /// The newest finding of that episode, if it is still remembered.
    pub newest: Option<Finding>,
    /// What its controller or gateway last said about its connection.
    pub told: Option<Told>,
}

/// Engine, newest findings and the place on the log that both belong to.
pub struct EngineRoom {
    inner: Mutex<Inner>,
    profiles: Mutex<Profiles>,
    /// Entries of the log that the engine has not seen, as of the last look, or [`UNKNOWN`].
    behind: AtomicU64,
    troubles: Arc<Troubles>,
    revision: watch::Sender<u64>,
    /// Whether readings came that pages were not told of, and when they were last told of some.
    untold: Mutex<(bool, Option<Instant>)>,
    /// Machines whose day has closed, as they stood then; `None` when nobody asks.
    closed: Mutex<Option<Vec<MachineView>>>,
    /// Current advisories of machines about which something was concluded, and kept, since anybody last asked.
    news: Mutex<BTreeMap<MachineId, News>>,
    news_came: Notify,
}

struct Inner {
    engine: Engine,
    records: Records,
    statuses: Statuses,
    offset: Offset,
    newest: Timestamp,
    /// Machines of which something was heard since anybody last asked.
    heard_of: HashSet<MachineId>,
}

impl Inner {
    fn new(engine: Engine) -> Self {
        let (records, statuses) = (Records::default(), Statuses::default());
        let heard_of = engine.machines().cloned().collect();
        Self { engine, records, statuses, offset: Offset(0), newest: Timestamp::default(), heard_of }
    }

    fn look(&self, id: &MachineId) -> Option<Seen> {
        let glance = self.engine.glance(id, TREND_DAYS)?;
        let speaks_of_trouble = |open: &&OpenFinding| TROUBLE.contains(&open.kind);
        let rank = |open: &&OpenFinding| (open.grade, open.kind == FindingKind::Prediction);
        let open = glance.open.iter().filter(speaks_of_trouble).max_by_key(rank).cloned();
        let of_open =
            |open: &OpenFinding| self.records.findings(Some(id)).find(|finding| finding.id == open.id).cloned();
        let newest = open.as_ref().and_then(of_open);
        Some(Seen { glance, open, newest, told: self.statuses.of(id) })
    }
}

impl EngineRoom {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        let engine = Engine::new(options.clone());
        Self {
            inner: Mutex::new(Inner::new(engine)),
            profiles: Mutex::new(Profiles::new(options)),
            behind: AtomicU64::new(UNKNOWN),
            troubles: Arc::default(),
            revision: watch::Sender::new(0),
            untold: Mutex::default(),
            closed: Mutex::default(),
            news: Mutex::default(),
            news_came: Notify::new(),
        }
    }

    /// Takes up a snapshot; says whether it could be used. One of another release cannot, and the log rebuilds it.
    pub fn thaw(&self, offset: Offset, bytes: &[u8]) -> bool {
        let Some(frozen) = Frozen::from_bytes(bytes) else { return false };
        let options = self.profiles.lock().unwrap_or_else(PoisonError::into_inner).options();
        let Ok(engine) = Engine::restore(options, &frozen.engine) else { return false };
        let Frozen { records, statuses, newest, .. } = frozen;
        *self.lock() = Inner { records, statuses, offset, newest, ..Inner::new(engine) };
        self.changed();
        true
    }

    /// Everything needed to go on from here, with its place on the log.
    #[must_use]
    pub fn freeze(&self) -> (Offset, Vec<u8>) {
        let inner = self.lock();
        let (engine, records, statuses) = (inner.engine.snapshot(), inner.records.clone(), inner.statuses.clone());
        let (offset, frozen) = (inner.offset, Frozen { engine, records, statuses, newest: inner.newest });
        // Pages and the engine go on while findings are written out.
        drop(inner);
        (offset, frozen.to_bytes())
    }

    /// Shows the engine a stretch of the log; what it concluded goes to `found` in order.
    pub fn advance(&self, entries: &[Logged], found: &mut Vec<Placed>) {
        self.advance_for(Duration::MAX, entries, found);
    }

    /// The same, but once something was concluded only for so long in all, so that the first conclusion of a stretch need not
    /// wait for the last. Returns how many entries were taken; all of them when nothing is concluded.
    pub fn advance_for(&self, within: Duration, entries: &[Logged], found: &mut Vec<Placed>) -> usize {
        let (begun, before) = (Instant::now(), found.len());
        let mut inner = self.lock();
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { engine, records, statuses, offset, newest, heard_of } = &mut *inner;
        let mut concluded = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let days_closed = engine.days_closed();
            engine.observe(&entry.event, &mut concluded);
            if engine.days_closed() != days_closed
                && let Some(closed) = closed.as_mut()
            {
                closed.extend(engine.machine(entry.event.machine()));
            }
            let machine = entry.event.machine();
            if !heard_of.contains(machine) {
                heard_of.insert(machine.clone());
            }
            match &entry.event {
                Event::Reading(reading) => *newest = reading.ts.max(*newest),
                Event::Status { machine, ts, online } => {
                    statuses.note(machine, Told { at: *ts, online: *online }, engine.last_reading(machine));
                }
                other => records.note(other),
            }
            *offset = entry.offset;
            if concluded.is_empty() {
                continue;
            }
            let arrived = if let Event::Reading(reading) = &entry.event { Some(reading.arrived) } else { None };
            let at = arrived.map(|_| WallClock.now());
            for (ordinal, finding) in (0..).zip(concluded.drain(..)) {
                records.push(finding.clone());
                let context = engine.brief(&finding.machine).as_ref().map(context::of).unwrap_or_default();
                found.push(Placed { offset: entry.offset, ordinal, finding, context, arrived, concluded: at });
            }
            if found.len() > before && begun.elapsed() >= within {
                return place + 1;
            }
        }
        entries.len()
    }

    /// Goes past entries without showing them to the engine, because it knows them already.
    pub fn pass_over(&self, through: Offset) {
        self.lock().offset = through;
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

    /// Outreach has kept a conclusion: this is the machine's current advisory.
    pub fn note_news(&self, machine: MachineId, news: News) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).insert(machine, news);
        self.news_came.notify_one();
    }

    /// Waits for current advisories and takes them. For one task; cancelling it loses nothing.
    pub async fn news(&self) -> BTreeMap<MachineId, News> {
        self.news_came.notified().await;
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a machine's controller or gateway last said about its connection.
    #[must_use]
    pub fn told(&self, machine: &MachineId) -> Option<Told> {
        self.lock().statuses.of(machine)
    }

    /// How many machines are off line by their own word and were not heard of since.
    #[must_use]
    pub fn said_offline(&self) -> usize {
        let inner = self.lock();
        let last = |machine: &MachineId| inner.engine.last_reading(machine);
        inner.statuses.offline().filter(|(machine, at)| last(machine).is_none_or(|last| last <= *at)).count()
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

    /// What is known of every machine, one after the other: a whole fleet's views take seconds, and the engine goes on in
    /// between.
    pub fn machines(&self) -> impl Iterator<Item = (MachineId, MachineView)> + '_ {
        let ids: Vec<MachineId> = self.lock().engine.machines().cloned().collect();
        ids.into_iter().filter_map(|id| self.machine(&id).map(|view| (id, view)))
    }

    /// A machine at a glance.
    #[must_use]
    pub fn look(&self, id: &MachineId) -> Option<Seen> {
        self.lock().look(id)
    }

    /// The machines of which something was heard since this was last asked, at a glance; at most so many, so that the engine
    /// never waits long. For one who keeps a view of all.
    #[must_use]
    pub fn heard_of(&self, max: usize) -> Vec<(MachineId, Seen)> {
        let mut inner = self.lock();
        let ids: Vec<MachineId> = inner.heard_of.iter().take(max).cloned().collect();
        for id in &ids {
            inner.heard_of.remove(id);
        }
        ids.into_iter().filter_map(|id| inner.look(&id).map(|seen| (id, seen))).collect()
    }

    /// A machine in brief.
    #[must_use]
    pub fn brief(&self, id: &MachineId) -> Option<Brief> {
        self.lock().engine.brief(id)
    }

    /// The running-hour counters of machines, of those that show one.
    #[must_use]
    pub fn counters<'a>(&self, machines: impl Iterator<Item = &'a MachineId>) -> Counters {
        let (mut machines, mut counters) = (machines.peekable(), Vec::new());
        // One lock for many machines, but not for a whole fleet: engine and pages go on in between.
        while machines.peek().is_some() {
            let inner = self.lock();
            counters.extend(machines.by_ref().take(COUNTERS_AT_ONCE).filter_map(|id| {
                let (run_hours, hours_per_day) = inner.engine.run_hours(id)?;
                Some((id.clone(), Counter { run_hours, hours_per_day }))
            }));
        }
        counters.into_iter().collect()
    }

    /// How many machines are known.
    #[must_use]
    pub fn machine_count(&self) -> usize {
        self.lock().engine.machines().count()
    }

    /// Goes on with limits and profiles of another configuration: what was learned stays, as after a restart. Returns whether
    /// anything is different; `None` when that was not possible.
    pub fn reconfigure(&self, configured: EngineOptions) -> Option<bool> {
        self.go_on(|profiles| profiles.configured = configured)
    }

    /// The same with what is registered of machines now.
    pub fn register(&self, registered: Registered) -> Option<bool> {
        self.go_on(|profiles| profiles.registered = registered)
    }

    fn go_on(&self, change: impl FnOnce(&mut Profiles)) -> Option<bool> {
        let mut profiles = self.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = profiles.clone();
        change(&mut new);
        if new.are_those_of(&profiles) {
            *profiles = new;
            return Some(false);
        }
        let mut inner = self.lock();
        let snapshot = inner.engine.snapshot();
        inner.engine = Engine::restore(new.options(), &snapshot).ok()?;
        inner.heard_of = inner.engine.machines().cloned().collect();
        drop(inner);
        *profiles = new;
        self.changed();
        Some(true)
    }

    /// The newest findings, newest first, of one machine or of all.
    #[must_use]
    pub fn findings(&self, machine: Option<&MachineId>, since: Option<Timestamp>, max: usize) -> Vec<Finding> {
        let inner = self.lock();
        let recent = inner.records.findings(machine).filter(|finding| since.is_none_or(|since| finding.at >= since));
        recent.take(max).cloned().collect()
    }

    /// From when on every finding is kept; `None` while none had to make room for a newer one.
    #[must_use]
    pub fn findings_since(&self) -> Option<Timestamp> {
        self.lock().records.since()
    }

    /// What happened to a machine beside its readings, in order of arrival.
    #[must_use]
    pub fn marks(&self, machine: &MachineId) -> Vec<Mark> {
        self.lock().records.marks(machine).cloned().collect()
    }

    /// Entries of the log that the engine has not seen yet; `None` before the first look, and while the log's end cannot be read.
    #[must_use]
    pub fn behind(&self) -> Option<u64> {
        Some(self.behind.load(Ordering::Relaxed)).filter(|behind| *behind != UNKNOWN)
    }

    /// Notes how many entries wait, as far as that is known.
    pub fn set_behind(&self, entries: Option<u64>) {
        self.behind.store(entries.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// What does not work just now, of the engine and of what depends on it.
    #[must_use]
    pub const fn troubles(&self) -> &Arc<Troubles> {
        &self.troubles
    }

    /// Tells pages that something they show has changed.
    pub fn changed(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// The same of readings, which come all the time: told after a while together, because every browser that listens asks for
    /// its whole page again. To be called again and again, also when nothing comes.
    pub fn heard(&self, more: bool) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.0 |= more;
        if untold.0 && untold.1.is_none_or(|told| told.elapsed() >= HEARD_EVERY) {
            *untold = (false, Some(Instant::now()));
            drop(untold);
            self.changed();
        }
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
