//! From a reading to its consequence: a fleet's life is published at a rate over one connection, in order of time, while a
//! second connection waits for advisories. An advisory says of which instant it is; the machine's first reading of that
//! instant or later is what made it possible, and the time since that reading left is the latency.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::times::Times;
use super::wire::{self, Frames, GOODBYE, kind};
use super::{PublishError, Target};
use crate::encode::{topic, write_telemetry};
use crate::fleet::Fleet;
use crate::time::parse_utc;

/// Readings that may wait for their acknowledgement.
const WINDOW: usize = 1000;
/// Readings that are simulated ahead.
const AHEAD: usize = 4_096;
/// Instants of leaving that are remembered per machine.
const REMEMBERED: usize = 2_000;
/// How long the last advisories are waited for.
const AFTER: Duration = Duration::from_secs(2);
/// Largest packet from the broker.
const READ_BYTES: usize = 1 << 20;

/// What load to make.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Readings per second over the whole fleet.
    pub readings_per_s: f64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct LatencyReport {
    /// Readings acknowledged.
    pub readings: u64,
    /// Readings acknowledged per second.
    pub readings_per_s: f64,
    /// Median time until PUBACK, ms.
    pub puback_p50_ms: f64,
    /// 99th percentile of the time until PUBACK, ms.
    pub puback_p99_ms: f64,
    /// Advisories that came, first ones and updates.
    pub advisories: u64,
    /// Median time from the deciding reading to its advisory, ms.
    pub advisory_p50_ms: f64,
    /// 99th percentile of that time, ms.
    pub advisory_p99_ms: f64,
    /// The longest, ms.
    pub advisory_max_ms: f64,
}

/// A reading, ready to leave.
struct Ready {
    machine: String,
    ts_ms: i64,
    topic: String,
    payload: String,
}

/// Publishes the fleet's life and waits for advisories, until the life's end or until `stop`.
///
/// # Errors
/// When the broker cannot be reached or hangs up.
pub async fn latency(
    fleet: &Fleet,
    load: Latency,
    target: &Target,
    stop: CancellationToken,
) -> Result<LatencyReport, PublishError> {
    let lost = |cause: io::Error| PublishError::Unreachable { url: target.url.clone(), reason: cause.to_string() };
    let stream = wire::connect(target, "foretell-latency").await?;
    let mut advisories = wire::connect(target, "foretell-latency-advisories").await?;
    let filter = wire::subscribe_packet("foretell/v1/+/+/advisory");
    advisories.write_all(&filter).await.map_err(lost)?;
    let (simulated, readings) = mpsc::channel(AHEAD);
    let simulation = simulate(fleet.clone(), simulated);
    let mut run = Run::new(stream, advisories, readings, load.readings_per_s);
    run.run(&stop).await.map_err(lost)?;
    drop(run.readings);
    if simulation.await.is_err() {
        tracing::error!("The simulation died.");
    }
    Ok(run.report)
}

/// Runs the physics on a thread of its own; ends when nobody listens any more.
fn simulate(fleet: Fleet, out: mpsc::Sender<Ready>) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        for sample in fleet.samples() {
            let mut payload = String::with_capacity(256);
            write_telemetry(&mut payload, &sample, &fleet.machines()[sample.index].signals, 0);
            let topic = topic(&sample.site, &sample.machine, "telemetry");
            let machine = format!("{}/{}", sample.site, sample.machine);
            if out.blocking_send(Ready { machine, ts_ms: sample.ts_ms, topic, payload }).is_err() {
                return;
            }
        }
    })
}

struct Run {
    stream: TcpStream,
    advisories: TcpStream,
    readings: mpsc::Receiver<Ready>,
    per_s: f64,
    began: Instant,
    out: Vec<u8>,
    in_flight: VecDeque<Instant>,
    sent: u64,
    left: HashMap<String, VecDeque<(i64, Instant)>>,
    acknowledgements: Frames,
    news: Frames,
    pubacks: Times,
    delays: Times,
    report: LatencyReport,
}

impl Run {
    fn new(stream: TcpStream, advisories: TcpStream, readings: mpsc::Receiver<Ready>, per_s: f64) -> Self {
        Self {
            stream,
            advisories,
            readings,
            per_s,
            began: Instant::now(),
            out: Vec::new(),
            in_flight: VecDeque::new(),
            sent: 0,
            left: HashMap::new(),
            acknowledgements: Frames::new(16 << 10),
            news: Frames::new(READ_BYTES),
            pubacks: Times::new(),
            delays: Times::new(),
            report: LatencyReport::default(),
        }
    }

    async fn run(&mut self, stop: &CancellationToken) -> io::Result<()> {
        let mut ended_at: Option<Instant> = None;
        while !stop.is_cancelled() {
            let now = Instant::now();
            if ended_at.is_none() && !self.fill(now) {
                ended_at = Some(now);
            }
            self.write()?;
            if ended_at.is_some_and(|at| now >= at + AFTER) && self.in_flight.is_empty() {
                break;
            }
            let interest =
                if self.out.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
            tokio::select! {
                biased;
                ready = self.advisories.readable() => {
                    ready?;
                    self.read_news()?;
                }
                ready = self.stream.ready(interest) => if ready?.is_readable() { self.read_acknowledgements()? },
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        // Whatever the pauses at the end, the rate is that of the publishing.
        let seconds = (ended_at.unwrap_or_else(Instant::now) - self.began).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
        let per_s = self.report.readings as f64 / seconds.max(1e-3);
        self.report.readings_per_s = per_s;
        (self.report.puback_p50_ms, self.report.puback_p99_ms) =
            (self.pubacks.quantile_ms(0.5), self.pubacks.quantile_ms(0.99));
        (self.report.advisory_p50_ms, self.report.advisory_p99_ms) =
            (self.delays.quantile_ms(0.5), self.delays.quantile_ms(0.99));
        self.report.advisory_max_ms = self.delays.longest_ms();
        for stream in [&self.stream, &self.advisories] {
            if stream.try_write(&GOODBYE).is_err() {
                tracing::debug!("Was gone before it could say goodbye.");
            }
        }
        Ok(())
    }

    /// Appends what is due; false when the fleet's life is over.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, below 2^53")]
    fn fill(&mut self, now: Instant) -> bool {
        let due = ((now - self.began).as_secs_f64() * self.per_s) as u64;
        while self.sent < due && self.in_flight.len() < WINDOW {
            let ready = match self.readings.try_recv() {
                Ok(ready) => ready,
                Err(mpsc::error::TryRecvError::Empty) => return true,
                Err(mpsc::error::TryRecvError::Disconnected) => return false,
            };
            self.out.push(kind::PUBLISH | 2);
            wire::length(&mut self.out, 4 + ready.topic.len() + ready.payload.len());
            wire::text(&mut self.out, &ready.topic);
            let id = u16::try_from(self.sent % u64::from(u16::MAX)).unwrap_or(0) + 1;
            self.out.extend(id.to_be_bytes());
            self.out.extend(ready.payload.bytes());
            self.in_flight.push_back(now);
            self.sent += 1;
            let left = self.left.entry(ready.machine).or_default();
            left.push_back((ready.ts_ms, now));
            if left.len() > REMEMBERED {
                left.pop_front();
            }
        }
        true
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.try_write(&self.out) {
                Ok(bytes) => _ = self.out.drain(..bytes),
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => break,
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    /// Acknowledgements come in order.
    fn read_acknowledgements(&mut self) -> io::Result<()> {
        if !read(&self.stream, &mut self.acknowledgements)? {
            return Ok(());
        }
        let now = Instant::now();
        while let Some((first, _)) = self.acknowledgements.next() {
            if first & 0xF0 == kind::PUBACK
                && let Some(sent) = self.in_flight.pop_front()
            {
                self.pubacks.add(now - sent, 1);
                self.report.readings += 1;
            }
        }
        Ok(())
    }

    fn read_news(&mut self) -> io::Result<()> {
        if !read(&self.advisories, &mut self.news)? {
            return Ok(());
        }
        let (now, mut answers) = (Instant::now(), Vec::new());
        while let Some((first, body)) = self.news.next() {
            let (kind::PUBLISH, [high, low, rest @ ..]) = (first & 0xF0, body) else { continue };
            let (topic, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
            let payload = match rest {
                [high, low, payload @ ..] if first & 6 != 0 => {
                    answers.extend([kind::PUBACK, 2, *high, *low]);
                    payload
                }
                payload => payload,
            };
            let Some(at_ms) = instant_of(payload) else { continue };
            let machine = std::str::from_utf8(topic)
                .ok()
                .and_then(|topic| topic.strip_prefix("foretell/v1/")?.strip_suffix("/advisory"));
            let left = machine.and_then(|machine| self.left.get(machine));
            let deciding = left.and_then(|left| left.iter().find(|(ts_ms, _)| *ts_ms >= at_ms));
            if let Some((_, at)) = deciding {
                self.report.advisories += 1;
                self.delays.add(now - *at, 1);
            }
        }
        // A few bytes into an idle socket; should they not fit, the broker holds further advisories back.
        self.advisories.try_write(&answers).map(|_| ())
    }
}

/// The instant that an advisory speaks of; an empty one, which withdraws, has none.
fn instant_of(payload: &[u8]) -> Option<i64> {
    let advisory: serde_json::Value = serde_json::from_slice(payload).ok()?;
    parse_utc(advisory["at"].as_str()?)
}

/// Reads once; false when nothing was there.
fn read(stream: &TcpStream, frames: &mut Frames) -> io::Result<bool> {
    match stream.try_read(frames.room()) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(bytes) => {
            frames.came(bytes);
            Ok(true)
        }
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(cause) => Err(cause),
    }
}
