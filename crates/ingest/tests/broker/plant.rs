//! Ingest with stores in memory, at one or more brokers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::{Ingest, IngestOptions, SourceStatus};
use foretell_model::{Event, Log};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::broker::Mosquitto;
use crate::kit::{MemoryLog, MemoryQuarantine, PATIENCE, TestClock, reading};

/// The topic that most tests publish on.
pub(crate) const TELEMETRY: &str = "foretell/v1/s01/m1/telemetry";

/// See the module's text.
pub(crate) struct Plant {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) quarantine: Arc<MemoryQuarantine>,
    pub(crate) ingest: Arc<Ingest>,
    runtime: Option<Runtime>,
}

/// Options for the broker at an address.
pub(crate) fn at(url: &str) -> BrokerOptions {
    let (retry_max, refused_pause) = (Duration::from_secs(1), Duration::from_secs(1));
    BrokerOptions { url: url.to_owned(), retry_max, refused_pause, ..BrokerOptions::default() }
}

/// Options for the broker at an address, in one version of MQTT.
pub(crate) fn in_version(url: &str, version: Version) -> BrokerOptions {
    BrokerOptions { version, ..at(url) }
}

impl Plant {
    /// Starts in the version that is found out, and waits until the session stands.
    pub(crate) fn at(broker: &Mosquitto) -> Self {
        Self::at_in(broker, Version::Auto)
    }

    /// Starts and waits until the session stands.
    pub(crate) fn at_in(broker: &Mosquitto, version: Version) -> Self {
        let plant = Self::start(vec![in_version(&broker.url(), version)], IngestOptions::default());
        plant.wait_connected();
        plant
    }

    pub(crate) fn with_mappings(broker: &Mosquitto, decoder: DecoderOptions) -> Self {
        let plant = Self::start(vec![at(&broker.url())], IngestOptions { decoder, ..IngestOptions::default() });
        plant.wait_connected();
        plant
    }

    pub(crate) fn start(brokers: Vec<BrokerOptions>, options: IngestOptions) -> Self {
        Self::over(Vec::new(), brokers, options)
    }

    /// With a log that holds something already.
    pub(crate) fn over(kept: Vec<Event>, brokers: Vec<BrokerOptions>, options: IngestOptions) -> Self {
        // What these tests count is what they publish themselves: a Sparkplug host would speak up too.
        let decoder = DecoderOptions { sparkplug: None, ..options.decoder };
        Self::hosting(kept, brokers, IngestOptions { decoder, ..options })
    }

    /// The same as a Sparkplug host, if the options say so.
    pub(crate) fn hosting(kept: Vec<Event>, brokers: Vec<BrokerOptions>, options: IngestOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (log, quarantine) = (Arc::<MemoryLog>::default(), Arc::<MemoryQuarantine>::default());
        log.append(&kept).unwrap();
        let options = IngestOptions { brokers, ..options };
        let clock = Arc::<TestClock>::default();
        let started = Ingest::start(options, log.clone(), quarantine.clone(), clock, CancellationToken::new());
        let ingest = Arc::new(runtime.block_on(started).unwrap());
        Self { log, quarantine, ingest, runtime: Some(runtime) }
    }

    pub(crate) fn source(&self) -> SourceStatus {
        self.ingest.status().sources.remove(0)
    }

    pub(crate) fn wait_connected(&self) {
        wait_until("the session stands", || self.ingest.status().sources.iter().all(|source| source.connected >= 1));
    }

    /// Waits until the session has submitted so many messages since its start.
    pub(crate) fn wait_received(&self, messages: u64) {
        wait_until(&format!("{messages} messages arrived"), || self.source().messages >= messages);
    }

    /// Stops as told; panics when something was left undone.
    pub(crate) fn drain(mut self) -> Arc<MemoryLog> {
        self.finish(true);
        Arc::clone(&self.log)
    }

    /// Ends as a killed process does: sockets close, nothing is acknowledged any more. Returns what the log held.
    pub(crate) fn kill(mut self) -> Vec<Event> {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        let kept = self.log.events();
        // Its committer may finish now; nobody is left whom it could tell.
        self.log.hold(false);
        kept
    }

    fn finish(&mut self, check: bool) {
        self.log.hold(false);
        if let Some(runtime) = self.runtime.take() {
            let drained = runtime.block_on(self.ingest.drain(PATIENCE));
            runtime.shutdown_background();
            assert!(drained || !check, "ingest did not drain");
        }
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        self.finish(!std::thread::panicking());
    }
}

/// So many readings, one per second from `first`.
pub(crate) fn readings(first: u32, count: u32) -> Vec<String> {
    (first..first + count).map(reading).collect()
}

/// Asserts that the broker has nothing left for us: whatever it still had to send would come before a new message.
pub(crate) fn assert_all_acknowledged(broker: &Mosquitto) {
    // It reads one acknowledgement at a time, and a new connection makes it drop what it has not read of the old one.
    broker.wait_alone();
    let plant = Plant::at(broker);
    broker.publish(TELEMETRY, &readings(20_000, 1));
    plant.log.wait_for(1);
    assert_eq!(plant.source().messages, 1, "the broker had kept messages that were never acknowledged");
    plant.drain();
}

pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
