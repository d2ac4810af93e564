//! InfluxDB beside the engine: what the engine concludes goes to the outbox as it is concluded, and a thread of its own carries
//! outbox and log to the server. Without `[influxdb]` there is none of it.

use std::sync::Arc;
use std::thread::JoinHandle;

use foretell_engine::{DayView, MachineView};
use foretell_history::{
    InfluxControl, InfluxSettings, InfluxStore, InfluxWatch, InfluxWriter, MachineDay, Outlook, SqliteLog,
    forecast_line, no_longer_written,
};
use foretell_model::{DAY_MS, LogError, Timestamp};
use metrics::counter;
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::placed::Placed;
use super::stores::{opening, refusing};
use crate::config::{Config, InfluxSection};
use crate::failure::{Failure, Kind};

/// Spans ahead that are written of the engine's thirty, days: each is a series of every machine.
const AHEAD_DAYS: [u16; 10] = [3, 6, 9, 12, 15, 21, 30, 45, 60, 90];

/// Bytes of lines that go to the outbox as one row.
const ROW_BYTES: usize = 64 << 10;

/// Outbox and settings.
#[derive(Clone)]
pub(super) struct Influx {
    store: Arc<InfluxStore>,
    watch: InfluxWatch,
    control: InfluxControl,
    section: InfluxSection,
}

impl Influx {
    /// Opens the outbox, if the configuration names a server.
    pub(super) fn open(config: &Config, log: &SqliteLog) -> Result<Option<Self>, Failure> {
        let Some(section) = config.influxdb.clone() else {
            let failed = |error| refusing("could not forget how far InfluxDB had come", error);
            return no_longer_written(log).map(|()| None).map_err(failed);
        };
        let store = Arc::new(InfluxStore::open(&config.data.dir).map_err(opening)?);
        store.bound(section.outbox_bytes_max);
        Ok(Some(Self { store, watch: InfluxWatch::default(), control: InfluxControl::default(), section }))
    }

    /// Goes back to the beginning of a log that is another one than before.
    pub(super) fn start_over(&self) -> Result<(), LogError> {
        self.store.start_over()
    }

    /// How it goes.
    pub(super) const fn watch(&self) -> &InfluxWatch {
        &self.watch
    }

    /// Goes on with other settings.
    pub(super) fn replace(&self, section: &InfluxSection) {
        self.store.bound(section.outbox_bytes_max);
        self.control.replace(settings(section));
    }

    /// Starts the thread; it ends soon after `stop`.
    pub(super) fn start(
        &self,
        log: Arc<SqliteLog>,
        clocks: &Clocks,
        stop: CancellationToken,
    ) -> Result<JoinHandle<()>, Failure> {
        let (store, watch) = (Arc::clone(&self.store), self.watch.clone());
        let how = (settings(&self.section), self.control.clone());
        let writer = InfluxWriter::new(log, store, clocks.wall(), watch, how, stop)
            .map_err(|error| refusing("could not read how far InfluxDB has come", error))?;
        let thread = std::thread::Builder::new().name("foretell-influx".to_owned());
        thread
            .spawn(move || {
                if let Err(error) = writer.run() {
                    tracing::error!(%error, "The thread that writes to InfluxDB could not start.");
                }
            })
            .map_err(|error| Failure::because(Kind::Unavailable, "could not start the thread for InfluxDB", error))
    }

    /// What the engine remembers of days that closed before there was an outbox. Once in the life of a data directory.
    pub(super) fn tell_history(&self, room: &EngineRoom) {
        if !self.store.is_new() {
            return;
        }
        if let Err(error) = self.keep_history(room) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "What was concluded before there was an outbox is not written to InfluxDB.");
        }
    }

    fn keep_history(&self, room: &EngineRoom) -> Result<(), LogError> {
        let mut outgoing = Outgoing::new(&self.store);
        for (_, view) in room.machines() {
            let Some((newest, older)) = view.days.split_last() else { continue };
            older.iter().try_for_each(|day| outgoing.day(&past_day(&view, day)))?;
            outgoing.day(&machine_day(&view, newest))?;
        }
        // The oldest first, so that of two at one instant the newer one stands.
        for finding in room.findings(None, None, usize::MAX).iter().rev() {
            outgoing.add(|lines| usize::from(forecast_line(finding, 0, lines)))?;
        }
        outgoing.flush()
    }

    /// Puts days that have closed into the outbox. Must come before the engine's snapshot is kept.
    ///
    /// # Errors
    /// When the disk is full; to be tried again with the same, because a point that is there twice is one point.
    pub(super) fn keep_days(&self, days: &[MachineDay]) -> Result<(), LogError> {
        let mut outgoing = Outgoing::new(&self.store);
        days.iter().try_for_each(|day| outgoing.day(day))?;
        outgoing.flush()
    }

    /// Puts findings into the outbox. Must come before the engine's snapshot is kept.
    ///
    /// # Errors
    /// As of [`Influx::keep_days`].
    pub(super) fn keep_findings(&self, found: &[Placed]) -> Result<(), LogError> {
        let mut outgoing = Outgoing::new(&self.store);
        for placed in found {
            outgoing.add(|lines| usize::from(forecast_line(&placed.finding, placed.ordinal, lines)))?;
        }
        outgoing.flush()
    }
}

/// The day of a machine that has just closed, with what is open and what is forecast now.
pub(super) fn closed_day(view: &MachineView) -> Option<MachineDay> {
    view.days.last().map(|day| machine_day(view, day))
}

/// Lines on their way into the outbox.
struct Outgoing<'a> {
    store: &'a InfluxStore,
    lines: String,
    points: usize,
}

impl<'a> Outgoing<'a> {
    const fn new(store: &'a InfluxStore) -> Self {
        Self { store, lines: String::new(), points: 0 }
    }

    fn day(&mut self, day: &MachineDay) -> Result<(), LogError> {
        self.add(|lines| day.lines(lines))
    }

    fn add(&mut self, write: impl FnOnce(&mut String) -> usize) -> Result<(), LogError> {
        self.points += write(&mut self.lines);
        if self.lines.len() >= ROW_BYTES { self.flush() } else { Ok(()) }
    }

    /// A full disk holds up whatever is concluded, and is an error. Any other failure is counted and said, and holds up nobody:
    /// forecasts matter more than their copies.
    fn flush(&mut self) -> Result<(), LogError> {
        if self.points == 0 {
            return Ok(());
        }
        let (lines, points) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.points));
        match self.store.keep(&lines) {
            Err(full @ LogError::Full { .. }) => return Err(full),
            Err(error) => {
                counter!("foretell_influx_outbox_dropped_total").increment(points as u64);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    points,
                    "Conclusions could not be kept for InfluxDB. Check the disk under the data directory."
                );
            }
            Ok(()) => {}
        }
        Ok(())
    }
}

fn settings(section: &InfluxSection) -> InfluxSettings {
    InfluxSettings {
        url: section.url.clone(),
        org: section.org.clone(),
        bucket: section.bucket.clone(),
        token: section.token.expose().to_owned(),
        token_file: section.token_file.clone(),
        ca_file: section.ca_file.clone(),
        lines_max: section.batch_lines_max,
        bytes_max: section.batch_bytes_max,
        flush_interval: section.flush_interval,
        timeout: section.timeout,
        backoff_max: section.backoff_max,
    }
}

/// The day that has just closed, with what is open and what is forecast now.
fn machine_day(view: &MachineView, day: &DayView) -> MachineDay {
    let today = view.last_ts.map_or(day.day, |ts| Timestamp::from_millis(ts.day() * DAY_MS));
    let outlook = view.cone.iter().filter_map(|point| {
        let ahead_days = AHEAD_DAYS.into_iter().find(|ahead| point.day == today.plus_days(f64::from(*ahead)))?;
        Some(Outlook { ahead_days, day: point.day, q10_c: point.q10_c, q50_c: point.q50_c, q90_c: point.q90_c })
    });
    MachineDay {
        open_findings: Some(view.open.len()),
        grade: view.open.iter().map(|open| open.grade).max(),
        outlook: outlook.collect(),
        ..past_day(view, day)
    }
}

/// A day of which only the record is left.
fn past_day(view: &MachineView, day: &DayView) -> MachineDay {
    MachineDay {
        machine: view.id.clone(),
        day: day.day,
        discharge_temp_c: day.observed_c,
        discharge_temp_peak_c: day.peak_c,
        ambient_temp_c: day.ambient_c,
        expected_c: day.expected_c,
        expected_sd_k: day.expected_sd_k,
        run_h: day.run_h,
        load_h: day.load_h,
        unloaded_current_share: day.unloaded_current_share,
        warn_c: view.limits.warn_c,
        trip_c: view.limits.trip_c,
        learned: view.baseline.learned,
        observable: day.observable,
        excess_k: day.excess_k,
        cooler_ua_loss: day.cooler_ua_loss,
        open_findings: None,
        grade: None,
        outlook: Vec::new(),
    }
}
