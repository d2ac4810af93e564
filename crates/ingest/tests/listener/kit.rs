//! A plant in memory around a real listener: a log that can be held, slowed and broken, and a quarantine to look into.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::listener::ListenerOptions;
use foretell_ingest::{Ingest, IngestOptions, IntakeOptions};
use foretell_model::{
    Appended, Clock, Event, Log, LogError, Logged, Offset, Partition, Quarantine, Quarantined, Refusal, Timestamp,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes; reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A log that keeps events in memory and obeys the test.
#[derive(Default)]
pub(crate) struct MemoryLog {
    kept: Mutex<Vec<Event>>,
    failing: AtomicBool,
    held: Mutex<bool>,
    changed: Condvar,
}

impl MemoryLog {
    /// Makes appends wait, or lets them go on.
    pub(crate) fn hold(&self, hold: bool) {
        *self.held.lock().unwrap() = hold;
        self.changed.notify_all();
    }

    pub(crate) fn fail(&self, fail: bool) {
        self.failing.store(fail, Ordering::SeqCst);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.kept.lock().unwrap().clone()
    }

    /// Waits until there are at least `count` events.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Event> {
        let kept = self.kept.lock().unwrap();
        let (kept, late) = self.changed.wait_timeout_while(kept, PATIENCE, |kept| kept.len() < count).unwrap();
        assert!(!late.timed_out(), "only {} of {count} events were kept", kept.len());
        kept.clone()
    }
}

fn broken() -> LogError {
    LogError::Store { attempted: "append to the test's log".into(), source: "told to fail".into() }
}

impl Log for MemoryLog {
    fn partitions(&self) -> u16 {
        1
    }

    fn append(&self, batch: &[Event]) -> Result<Appended, LogError> {
        let held = self.held.lock().unwrap();
        drop(self.changed.wait_while(held, |held| *held).unwrap());
        if self.failing.load(Ordering::SeqCst) {
            return Err(broken());
        }
        let mut kept = self.kept.lock().unwrap();
        let before = kept.len();
        for event in batch {
            if !kept.contains(event) {
                kept.push(event.clone());
            }
        }
        self.changed.notify_all();
        let added = kept.len() - before;
        Ok(Appended { kept: added, duplicates: batch.len() - added, head: Offset(kept.len() as u64) })
    }

    fn read(&self, _: Partition, after: Offset, max: usize) -> Result<Vec<Logged>, LogError> {
        let entries = (1..).map(Offset).zip(self.events()).map(|(offset, event)| Logged { offset, event });
        Ok(entries.skip_while(|entry| entry.offset <= after).take(max).collect())
    }

    fn head(&self, _: Partition) -> Result<Offset, LogError> {
        Err(broken())
    }

    fn cursor(&self, _: &str, _: Partition) -> Result<Offset, LogError> {
        Err(broken())
    }

    fn commit(&self, _: &str, _: Partition, _: Offset) -> Result<(), LogError> {
        Err(broken())
    }
}

/// A quarantine in memory.
#[derive(Default)]
pub(crate) struct MemoryQuarantine {
    kept: Mutex<Vec<Refusal>>,
    failing: AtomicBool,
}

impl MemoryQuarantine {
    pub(crate) fn fail(&self, fail: bool) {
        self.failing.store(fail, Ordering::SeqCst);
    }

    /// `topic reason` of each, in order.
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.kept.lock().unwrap().iter().map(|refusal| format!("{} {}", refusal.topic, refusal.reason)).collect()
    }
}

impl Quarantine for MemoryQuarantine {
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(broken());
        }
        self.kept.lock().unwrap().extend_from_slice(refusals);
        Ok(())
    }

    fn newest(&self, _: usize) -> Result<Vec<Quarantined>, LogError> {
        Err(broken())
    }
}

/// Always the same instant; or, to see what a defect of ours does, a panic.
#[derive(Default)]
pub(crate) struct TestClock {
    pub(crate) panics: AtomicBool,
}

/// What [`TestClock`] says.
pub(crate) const NOW: &str = "2026-07-01T08:00:00Z";

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(!self.panics.load(Ordering::SeqCst), "the test's clock was told to panic");
        Timestamp::parse(NOW).unwrap()
    }
}

/// Ingest with its stores.
pub(crate) struct Plant {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) quarantine: Arc<MemoryQuarantine>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) addr: SocketAddr,
    runtime: Option<Runtime>,
}

impl Plant {
    pub(crate) fn start(listener: ListenerOptions) -> Self {
        Self::start_with(listener, IntakeOptions::default())
    }

    pub(crate) fn start_with(listener: ListenerOptions, intake: IntakeOptions) -> Self {
        Self::start_decoding(DecoderOptions::default(), listener, intake)
    }

    pub(crate) fn start_decoding(decoder: DecoderOptions, listener: ListenerOptions, intake: IntakeOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (log, quarantine, clock) =
            (Arc::<MemoryLog>::default(), Arc::<MemoryQuarantine>::default(), Arc::default());
        let listener = Some(ListenerOptions { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..listener });
        let options = IngestOptions { decoder, listener, intake, ..IngestOptions::default() };
        let clock_used = Arc::<TestClock>::clone(&clock);
        let started = Ingest::start(options, log.clone(), quarantine.clone(), clock_used, CancellationToken::new());
        let ingest = Arc::new(runtime.block_on(started).unwrap());
        let addr = ingest.listen_addr().unwrap();
        Self { log, quarantine, clock, ingest, addr, runtime: Some(runtime) }
    }

    /// Drains in the background; the handle tells whether everything was done in time.
    pub(crate) fn drain(&self) -> std::thread::JoinHandle<bool> {
        let ingest = Arc::clone(&self.ingest);
        let runtime = self.runtime.as_ref().unwrap().handle().clone();
        std::thread::spawn(move || runtime.block_on(ingest.drain(PATIENCE)))
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        self.log.hold(false);
        if let Some(runtime) = self.runtime.take() {
            let drained = runtime.block_on(self.ingest.drain(PATIENCE));
            runtime.shutdown_background();
            if !std::thread::panicking() {
                assert!(drained, "ingest did not drain");
            }
        }
    }
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A reading of `machine` in `seconds` after 2026-07-01, as JSON.
pub(crate) fn reading(seconds: u32) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        r#"{{"ts":"2026-07-01T{h:02}:{m:02}:{s:02}Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5}}"#
    )
}

/// `site/machine ts` of each event.
pub(crate) fn outline(events: &[Event]) -> String {
    let line = |event: &Event| {
        let kind = match event {
            Event::Status { online, .. } => format!(" online={online}"),
            _ => String::new(),
        };
        format!("{} {}{kind}", event.machine(), event.ts())
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
