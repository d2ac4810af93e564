//! One publisher: fills its window, reads acknowledgements, and after a lost connection sends again what was not acknowledged.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Flood;
use super::rubbish::Rubbish;
use super::template::Template;
use crate::mqtt::times::Times;
use crate::mqtt::wire::{self, Frames, GOODBYE, PING, PING_EVERY, kind};
use crate::mqtt::{PublishError, Target};

/// Bytes that may wait for the socket.
const OUT_BYTES_MAX: usize = 64 << 10;
/// How long what is unacknowledged at the end is waited for, lost connections included.
const SETTLE_WITHIN: Duration = Duration::from_secs(30);
/// Pause before a lost connection is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// What one publisher did.
pub(super) struct Part {
    pub(super) published: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    pub(super) reconnects: u64,
    pub(super) times: Times,
}

/// A message that is not acknowledged yet.
struct InFlight {
    id: u16,
    number: u64,
    sent: Instant,
}

/// What is published.
enum Content {
    Readings(Template),
    Rubbish(Rubbish),
}

/// When the load begins and ends.
#[derive(Clone)]
pub(super) struct Span {
    pub(super) began: Instant,
    pub(super) ends: Instant,
    pub(super) stop: CancellationToken,
}

/// See the module's text.
pub(super) struct Publisher {
    client_id: String,
    target: Target,
    stream: TcpStream,
    frames: Frames,
    out: Vec<u8>,
    written: usize,
    content: Content,
    /// The last packet was broken: the connection ends behind it.
    broken_off: bool,
    window: usize,
    in_flight: VecDeque<InFlight>,
    asks_for_answers: bool,
    /// Its own messages per second, and how many are due before the first second.
    rate: Option<(f64, f64)>,
    messages_max: u64,
    spoke: Instant,
    part: Part,
}

impl Publisher {
    /// Connects publisher `number` of the load.
    pub(super) async fn connect(number: usize, load: &Flood, target: &Target) -> Result<Self, PublishError> {
        let client_id = format!("foretell-flood-{number}");
        let stream = wire::connect(target, &client_id).await?;
        #[expect(clippy::cast_precision_loss, reason = "a number of publishers")]
        let (publishers, place) = (load.publishers as f64, number as f64);
        let share = |total: u64| {
            let (publishers, number) = (load.publishers as u64, number as u64);
            total / publishers + u64::from(number < total % publishers)
        };
        Ok(Self {
            client_id,
            target: target.clone(),
            stream,
            frames: Frames::new(16 << 10),
            out: Vec::with_capacity(4 << 10),
            written: 0,
            content: if load.rubbish {
                Content::Rubbish(Rubbish::new(number as u64))
            } else {
                Content::Readings(Template::new(&format!("p{number:04}"), load.payload_bytes, load.qos, load.from_ms))
            },
            broken_off: false,
            window: usize::from(load.window),
            in_flight: VecDeque::new(),
            asks_for_answers: load.qos > 0,
            // Spread, so that a low rate is even over all publishers rather than in step.
            rate: load.rate.map(|rate| (rate / publishers, 1.0 - place / publishers)),
            messages_max: load.messages.map_or(u64::MAX, share),
            spoke: Instant::now(),
            part: Part { published: 0, acknowledged: 0, failed: 0, reconnects: 0, times: Times::new() },
        })
    }

    /// Publishes until the end, then waits for what is unacknowledged.
    pub(super) async fn run(mut self, span: Span) -> Part {
        let give_up = span.ends + SETTLE_WITHIN;
        while let Err(cause) = self.serve(&span, give_up).await {
            tracing::debug!(%cause, client_id = self.client_id, "Lost the broker.");
            if self.reconnect(give_up).await.is_none() {
                break;
            }
        }
        self.part.failed = self.in_flight.len() as u64;
        if self.part.failed == 0 && self.stream.try_write(&GOODBYE).is_err() {
            tracing::debug!(client_id = self.client_id, "Was gone before it could say goodbye.");
        }
        self.part
    }

    /// One connection, until everything is settled or the time is over.
    async fn serve(&mut self, span: &Span, give_up: Instant) -> io::Result<()> {
        loop {
            let now = Instant::now();
            let over = now >= span.ends || span.stop.is_cancelled() || self.part.published >= self.messages_max;
            if !over {
                self.fill(now, span);
            }
            self.write()?;
            if self.broken_off && self.out.is_empty() {
                return Err(io::Error::other("broke off on purpose"));
            }
            let settled = over && self.in_flight.is_empty() && self.out.is_empty();
            if settled || now >= give_up {
                return Ok(());
            }
            let interest =
                if self.out.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
            let wake = if over { give_up } else { self.next_due(now, span) };
            tokio::select! {
                biased;
                ready = self.stream.ready(interest) => if ready?.is_readable() { self.read()? },
                () = tokio::time::sleep_until(wake.min(self.spoke + PING_EVERY)) => self.ping(),
                () = span.stop.cancelled(), if !over => {}
            }
        }
    }

    /// Appends as many messages as are due and may be in flight.
    fn fill(&mut self, now: Instant, span: &Span) {
        let due = self.due(now, span).min(self.messages_max);
        while self.part.published < due
            && self.in_flight.len() < self.window
            && self.out.len() < OUT_BYTES_MAX
            && !self.broken_off
        {
            let number = self.part.published;
            self.append(number, now, false);
            self.part.published += 1;
        }
    }

    fn append(&mut self, number: u64, now: Instant, again: bool) {
        let id = u16::try_from(number % u64::from(u16::MAX)).unwrap_or(0) + 1;
        match &mut self.content {
            Content::Readings(template) => template.append(&mut self.out, id, number, again),
            Content::Rubbish(rubbish) => self.broken_off |= rubbish.append(&mut self.out, id, number, again),
        }
        if self.asks_for_answers {
            self.in_flight.push_back(InFlight { id, number, sent: now });
        }
    }

    /// How many messages are due in all by now.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, below 2^53")]
    fn due(&self, now: Instant, span: &Span) -> u64 {
        let Some((per_s, ahead)) = self.rate else { return u64::MAX };
        ((now - span.began).as_secs_f64() * per_s + ahead) as u64
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    fn next_due(&self, now: Instant, span: &Span) -> Instant {
        match self.rate {
            // Behind its rate it waits for acknowledgements, not for time.
            Some((per_s, ahead)) if self.in_flight.len() < self.window => {
                let in_s = (self.part.published as f64 + 1.0 - ahead).max(0.0) / per_s.max(1e-9);
                (span.began + Duration::from_secs_f64(in_s.min(1e7))).clamp(now, span.ends)
            }
            // Without answers nothing else would wake it once the network has taken everything.
            None if !self.asks_for_answers => now,
            _ => span.ends,
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.try_write(&self.out[self.written..]) {
                Ok(bytes) => {
                    self.written += bytes;
                    self.spoke = Instant::now();
                }
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(cause) => return Err(cause),
            }
        }
        self.out.clear();
        self.written = 0;
        if !self.asks_for_answers {
            self.part.acknowledged = self.part.published;
        }
        Ok(())
    }

    fn ping(&mut self) {
        if self.spoke.elapsed() >= PING_EVERY {
            self.spoke = Instant::now();
            self.out.extend(PING);
        }
    }

    fn read(&mut self) -> io::Result<()> {
        match self.stream.try_read(self.frames.room()) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => self.frames.came(bytes),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(cause) => return Err(cause),
        }
        let (now, mut run) = (Instant::now(), (None, 0));
        while let Some((first, body)) = self.frames.next() {
            let (kind::PUBACK, [high, low]) = (first, body) else { continue };
            let id = u16::from_be_bytes([*high, *low]);
            // In order nearly always; a broker that answers otherwise costs a search.
            let Some(place) = self.in_flight.iter().position(|message| message.id == id) else { continue };
            let Some(message) = self.in_flight.remove(place) else { continue };
            self.part.acknowledged += 1;
            if run.0 != Some(message.sent) {
                settle(&mut self.part.times, run, now);
                run = (Some(message.sent), 0);
            }
            run.1 += 1;
        }
        settle(&mut self.part.times, run, now);
        Ok(())
    }

    /// A new connection with everything unacknowledged sent again, in order; `None` when there was none in time.
    async fn reconnect(&mut self, give_up: Instant) -> Option<()> {
        loop {
            if Instant::now() >= give_up {
                return None;
            }
            tokio::time::sleep(RETRY).await;
            match wire::connect(&self.target, &self.client_id).await {
                Ok(stream) => {
                    self.stream = stream;
                    break;
                }
                Err(cause) => tracing::debug!(%cause, client_id = self.client_id, "Not back yet."),
            }
        }
        self.part.reconnects += 1;
        self.frames = Frames::new(16 << 10);
        self.out.clear();
        self.written = 0;
        self.broken_off = false;
        for message in std::mem::take(&mut self.in_flight) {
            // The time counts from the first attempt: that is how long the publisher waited.
            self.append(message.number, message.sent, true);
        }
        self.spoke = Instant::now();
        Some(())
    }
}

/// Messages that left together took equally long.
fn settle(times: &mut Times, run: (Option<Instant>, u64), now: Instant) {
    if let (Some(sent), count) = run {
        times.add(now - sent, count);
    }
}
