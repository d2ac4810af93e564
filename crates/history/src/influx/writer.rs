//! Carries log and outbox to the server, on a thread of its own with a runtime of its own: however slow or dead the server is, it
//! holds up nobody. Everything it has in memory can be had again from the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_model::{Clock, Event, Log, LogError, Offset};
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;

use super::batch::Batch;
use super::client::{Answer, Client};
use super::control::InfluxControl;
use super::deliver::{Delivery, Progress};
use super::pace::{Pace, chance};
use super::places::{PARTITION, Places};
use super::refused::Refused;
use super::settings::InfluxSettings;
use super::status::{InfluxState, InfluxWatch};
use super::store::InfluxStore;
use crate::SqliteLog;

/// Longest wait for news of the log; another process may append without waking us.
const NEWS_WAIT: Duration = Duration::from_millis(500);

/// Pause after a store of ours failed.
const STORE_RETRY: Duration = Duration::from_secs(2);

/// How often what waits is counted while nothing can be written.
const LAG_NOTED_EVERY: Duration = Duration::from_secs(1);

/// Time between two log lines about refused points.
const REFUSED_SAID_EVERY: Duration = Duration::from_secs(10);

/// However small a server wants its batches, never smaller than this, bytes.
const BYTES_MIN: usize = 4 << 10;

/// Carries log and outbox to the server.
pub struct InfluxWriter {
    log: Arc<SqliteLog>,
    store: Arc<InfluxStore>,
    clock: Arc<dyn Clock>,
    watch: InfluxWatch,
    settings: InfluxSettings,
    control: InfluxControl,
    stop: CancellationToken,
    client: Option<Client>,
    refused: Refused,
    pace: Pace,
    places: Places,
    /// Bytes of a batch; falls where the server says that it is too large.
    bytes_max: usize,
    /// Whether the server ever took anything.
    trusted: bool,
    refused_said: Option<Instant>,
}

impl InfluxWriter {
    /// A writer that goes on where the last one was. It takes up other settings from `control` while it runs.
    ///
    /// # Errors
    /// When the cursor cannot be read.
    pub fn new(
        log: Arc<SqliteLog>,
        store: Arc<InfluxStore>,
        clock: Arc<dyn Clock>,
        watch: InfluxWatch,
        (settings, control): (InfluxSettings, InfluxControl),
        stop: CancellationToken,
    ) -> Result<Self, LogError> {
        let places = Places::new(&log, &store)?;
        let (refused, bytes_max) = (Refused::in_dir(store.dir()), settings.bytes_max);
        Ok(Self {
            log,
            store,
            clock,
            watch,
            settings,
            control,
            stop,
            client: None,
            refused,
            pace: Pace::default(),
            places,
            bytes_max,
            trusted: false,
            refused_said: None,
        })
    }

    /// Writes until told to stop; to be called on a thread of its own.
    ///
    /// # Errors
    /// When the thread cannot have a runtime.
    pub fn run(mut self) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        gauge!("foretell_influx_stopped").set(0.0);
        while !self.stop.is_cancelled() {
            self.heed();
            if let Err(error) = self.step(&runtime) {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "Writing to InfluxDB cannot read or move its place."
                );
                self.rest(&runtime, STORE_RETRY);
            }
        }
        // What is not settled is sent again after the next start, which changes nothing.
        self.places
            .settle(&self.log, &self.store, true)
            .unwrap_or_else(|error| tracing::warn!(%error, "The cursor of InfluxDB was not recorded."));
        Ok(())
    }

    /// Takes up other settings, if there are any.
    fn heed(&mut self) {
        let Some(settings) = self.control.take() else { return };
        tracing::info!(?settings, "Writing to InfluxDB goes on with other settings.");
        (self.bytes_max, self.settings) = (settings.bytes_max, settings);
        // Nothing of what the old server said holds of the new one.
        (self.client, self.trusted) = (None, false);
        self.pace.reset();
    }

    fn step(&mut self, runtime: &tokio::runtime::Runtime) -> Result<(), LogError> {
        self.places.settle(&self.log, &self.store, false)?;
        let head = self.places.follow_back(&self.log)?;
        let batch = self.next_batch()?;
        let full = batch.len() >= self.settings.lines_max || batch.bytes() >= self.bytes_max;
        self.note_lag(head, &batch);
        if batch.len() == 0 {
            let level = batch.through == self.places.sent();
            self.places.pass(batch.through);
            if level {
                self.note_level();
                let _head = self.log.wait_beyond(batch.through.log, NEWS_WAIT);
            }
            return Ok(());
        }
        let batch = if full {
            batch
        } else {
            // More may come while it waits; it is read again from the same place.
            self.rest(runtime, self.settings.flush_interval);
            self.next_batch()?
        };
        self.deliver(runtime, batch);
        Ok(())
    }

    /// What comes next: conclusions first, because they are few, then entries of the log.
    fn next_batch(&self) -> Result<Batch, LogError> {
        let mut batch = Batch::at(self.places.sent());
        for (id, lines) in self.store.outbox(self.places.sent().outbox, self.settings.lines_max, self.bytes_max)? {
            batch.add_lines(id, &lines);
        }
        while batch.len() < self.settings.lines_max && batch.bytes() < self.bytes_max {
            let room = self.settings.lines_max - batch.len();
            let entries = self.log.read(PARTITION, batch.through.log, room)?;
            let Some(last) = entries.last().map(|entry| entry.offset) else { break };
            for entry in entries {
                if batch.bytes() >= self.bytes_max {
                    return Ok(batch);
                }
                match &entry.event {
                    Event::Reading(reading) => batch.add(entry.offset, reading),
                    _ => batch.through.log = entry.offset,
                }
            }
            batch.through.log = last;
        }
        Ok(batch)
    }

    /// Sends a batch until the server has it; gives up when told to stop, or when the connection was lost: then all that is not
    /// settled is sent again.
    fn deliver(&mut self, runtime: &tokio::runtime::Runtime, batch: Batch) {
        let mut delivery = Delivery::new(batch, self.trusted);
        while !self.stop.is_cancelled() {
            self.heed();
            let answer = match self.attempt(runtime, &mut delivery) {
                Progress::Done => return self.delivered(&delivery),
                Progress::Later(answer) => answer,
            };
            let (pause, lost) = self.failed(answer);
            self.sit_out(runtime, pause, &delivery.batch);
            if lost {
                return self.places.go_back();
            }
        }
    }

    fn attempt(&mut self, runtime: &tokio::runtime::Runtime, delivery: &mut Delivery) -> Progress {
        let client = match self.client.take().map_or_else(|| Client::new(&self.settings), Ok) {
            Ok(client) => client,
            Err(why) => return Progress::Later(Answer::Closed { why, remedy: "mend [influxdb] in the configuration" }),
        };
        let started = Instant::now();
        let stop = self.stop.clone();
        let progress = runtime.block_on(async {
            tokio::select! {
                progress = delivery.go_on(&client) => Some(progress),
                () = stop.cancelled() => None,
            }
        });
        self.client = Some(client);
        histogram!("foretell_influx_write_seconds").record(started.elapsed().as_secs_f64());
        // Cut short: whether the server has it is not known, so it is not counted.
        progress.unwrap_or_else(|| {
            Progress::Later(Answer::Later { why: "stopping".to_owned(), pause: Some(Duration::ZERO), lost: false })
        })
    }

    fn delivered(&mut self, delivery: &Delivery) {
        if let Some(bytes) = delivery.too_large_bytes {
            self.bytes_max = (bytes / 2).max(BYTES_MIN);
            tracing::warn!(bytes = self.bytes_max, "InfluxDB takes smaller batches only.");
        }
        self.places.reached(delivery.batch.through);
        self.trusted |= delivery.taken > 0;
        self.pace.reset();
        gauge!("foretell_influx_stopped").set(0.0);
        gauge!("foretell_influx_retry_pause_seconds").set(0.0);
        counter!("foretell_influx_points_written_total").increment(delivery.taken as u64);
        counter!("foretell_influx_points_refused_total", "reason" => "too_old").increment(delivery.too_old as u64);
        let bad = self.put_aside(delivery);
        let (now, refused) = (self.clock.now(), (delivery.too_old + bad) as u64);
        let mut was = InfluxState::Writing;
        self.watch.change(|status| {
            was = std::mem::take(&mut status.state);
            status.points_written += delivery.taken as u64;
            status.points_refused += refused;
            status.last_written = Some(now);
        });
        if was != InfluxState::Writing {
            tracing::info!("InfluxDB takes points again; what it missed is filled in.");
        }
    }

    /// Keeps lines that the server does not take; returns how many.
    fn put_aside(&mut self, delivery: &Delivery) -> usize {
        let count = delivery.bad.iter().map(|bad| bad.lines.len()).sum();
        let Some(first) = delivery.bad.first() else { return count };
        counter!("foretell_influx_points_refused_total", "reason" => "bad_line").increment(count as u64);
        let pieces = delivery.bad.iter().map(|bad| (delivery.batch.lines(&bad.lines), bad.why.as_str()));
        if let Err(error) = self.refused.keep(pieces) {
            tracing::error!(%error, file = %self.refused.path().display(), "Refused points could not be put aside.");
        }
        if self.refused_said.is_none_or(|said| said.elapsed() >= REFUSED_SAID_EVERY) {
            self.refused_said = Some(Instant::now());
            tracing::warn!(
                points = count,
                first = delivery.batch.lines(&first.lines).lines().next().unwrap_or_default(),
                why = first.why,
                file = %self.refused.path().display(),
                "InfluxDB refuses points; they are put aside. Mend the reason, then send the file again with `influx write`."
            );
        }
        count
    }

    /// Notes a failure; returns the pause before the next attempt, and whether to begin again from the settled place.
    fn failed(&mut self, answer: Answer) -> (Duration, bool) {
        let longest = self.settings.backoff_max;
        let paced = self.pace.failed(longest);
        let (reason, pause, lost, state) = match answer {
            Answer::Later { why, pause, lost } => {
                // Asked for by the server, and spread a little, or all who were sent away come back at once.
                let asked = pause.map_or(Duration::ZERO, |pause| pause.mul_f64(1.0 + 0.1 * chance()));
                if lost {
                    // The authority may have been exchanged meanwhile, whose certificates stand in a file.
                    self.client = None;
                }
                (if lost { "connection" } else { "busy" }, paced.max(asked), lost, InfluxState::Waiting { why })
            }
            Answer::Closed { why, remedy } => {
                // The token may have been exchanged meanwhile.
                self.client = None;
                (
                    "closed",
                    longest.mul_f64(0.9 + 0.1 * chance()),
                    false,
                    InfluxState::Stopped { why, remedy: remedy.to_owned() },
                )
            }
            Answer::Written | Answer::Refused(_) | Answer::TooLarge(_) => {
                ("unclear", paced, false, InfluxState::Waiting { why: "an unclear answer".to_owned() })
            }
        };
        if !self.stop.is_cancelled() {
            counter!("foretell_influx_batches_failed_total", "reason" => reason).increment(1);
            gauge!("foretell_influx_retry_pause_seconds").set(pause.as_secs_f64());
            self.say(&state, pause);
            self.watch.change(|status| status.state = state);
        }
        (pause, lost)
    }

    fn say(&self, state: &InfluxState, pause: Duration) {
        let (attempt, pause_s) = (self.pace.failures(), pause.as_secs_f64());
        match state {
            InfluxState::Stopped { why, remedy } => {
                gauge!("foretell_influx_stopped").set(1.0);
                tracing::error!(why, remedy, pause_s, "Writing to InfluxDB has stopped; readings wait on the log.");
            }
            InfluxState::Waiting { why } => {
                tracing::warn!(why, attempt, pause_s, "InfluxDB does not take points now; they are sent again.");
            }
            InfluxState::Writing => {}
        }
    }

    fn note_lag(&self, head: Offset, next: &Batch) {
        // Of the outbox only what goes out next: it is short, and anything at all means that something waits.
        let conclusions = (next.through.outbox - self.places.sent().outbox).max(0).cast_unsigned();
        let behind = head.0.saturating_sub(self.places.sent().log.0) + conclusions;
        let lag_ms = next.oldest.map_or(0, |arrived| (self.clock.now() - arrived).max(0));
        gauge!("foretell_influx_lag_entries").set(behind as f64);
        gauge!("foretell_influx_lag_seconds").set(lag_ms as f64 / 1000.0);
        self.watch.change(|status| status.behind_entries = behind);
    }

    fn note_level(&self) {
        gauge!("foretell_influx_lag_entries").set(0.0);
        gauge!("foretell_influx_lag_seconds").set(0.0);
        self.watch.change(|status| status.behind_entries = 0);
    }

    /// Sleeps until the next attempt; what comes meanwhile is counted, so that whoever watches sees the backlog grow.
    fn sit_out(&self, runtime: &tokio::runtime::Runtime, pause: Duration, next: &Batch) {
        let until = Instant::now() + pause;
        loop {
            let slice = until.saturating_duration_since(Instant::now()).min(LAG_NOTED_EVERY);
            let woken = self.rest(runtime, slice);
            let head = self.log.head(PARTITION).unwrap_or(self.places.sent().log);
            self.note_lag(head, next);
            if woken || Instant::now() >= until {
                return;
            }
        }
    }

    /// Sleeps; returns true when told to stop or given other settings before its end.
    fn rest(&self, runtime: &tokio::runtime::Runtime, pause: Duration) -> bool {
        runtime.block_on(async {
            tokio::select! {
                () = self.stop.cancelled() => true,
                () = self.control.came() => true,
                () = tokio::time::sleep(pause) => false,
            }
        })
    }
}
