//! Load: publishers as fast as acknowledgements return, or at a rate; how many messages, how long until PUBACK.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, Packet, PublishNotice, PublishOptions, QoS};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{PublishError, Target};
use crate::encode::topic;
use crate::time::write_utc;

/// What load to make.
#[derive(Clone, Debug)]
pub struct Flood {
    /// Number of publishers, each with a connection and a machine of its own.
    pub publishers: usize,
    /// Messages per second over all of them; `None` for unlimited.
    pub rate: Option<f64>,
    /// Size of a payload, bytes; never smaller than a valid one.
    pub payload_bytes: usize,
    /// 0 or 1.
    pub qos: u8,
    /// Unacknowledged messages per publisher.
    pub window: u16,
    /// How long.
    pub lasts: Duration,
    /// Time stamp of the first message, ms since 1970 UTC; each further one is a millisecond later.
    pub from_ms: i64,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FloodReport {
    /// Publishers that were connected.
    pub publishers: usize,
    /// Messages sent.
    pub published: u64,
    /// Messages acknowledged (QoS 0: flushed to the network).
    pub acknowledged: u64,
    /// Messages lost with a session.
    pub failed: u64,
    /// From the first message to the last acknowledgement, s.
    pub seconds: f64,
    /// Acknowledged messages per second.
    pub acknowledged_per_s: f64,
    /// Median time until PUBACK, ms.
    pub p50_ms: f64,
    /// 99th percentile of the time until PUBACK, ms.
    pub p99_ms: f64,
    /// Longest time until PUBACK, ms.
    pub max_ms: f64,
}

/// Times in buckets whose bounds grow by 5 %, from 1 us to an hour.
#[derive(Clone, Debug)]
struct Times {
    buckets: Vec<u64>,
    longest: Duration,
}

const BUCKETS: usize = 460;
const GROWTH: f64 = 1.05;

impl Times {
    fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], longest: Duration::ZERO }
    }

    fn add(&mut self, time: Duration) {
        let steps = (time.as_secs_f64() * 1e6).max(1.0).ln() / GROWTH.ln();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and bounded")]
        let place = (steps as usize).min(BUCKETS - 1);
        self.buckets[place] += 1;
        self.longest = self.longest.max(time);
    }

    fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(mine, theirs)| *mine += theirs);
        self.longest = self.longest.max(other.longest);
    }

    /// The time below which this share lies, ms; the middle of its bucket.
    #[expect(clippy::cast_precision_loss, reason = "counts of messages, and places below 460")]
    fn quantile_ms(&self, share: f64) -> f64 {
        let total: u64 = self.buckets.iter().sum();
        let mut below = 0;
        let at = self.buckets.iter().position(|count| {
            below += count;
            below as f64 >= share * total as f64
        });
        at.map_or(0.0, |place| GROWTH.powf(place as f64 + 0.5) / 1000.0)
    }
}

/// Makes load until its time is over or until `stop`.
///
/// # Errors
/// When the address makes no sense or a publisher cannot connect within ten seconds.
pub async fn flood(load: &Flood, target: &Target, stop: CancellationToken) -> Result<FloodReport, PublishError> {
    let mut clients = Vec::with_capacity(load.publishers);
    for number in 0..load.publishers {
        clients.push(connect(number, load, target).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        tasks.spawn(run_publisher(number, client, load.clone(), began, stop.clone()));
    }
    let mut report = FloodReport { publishers: load.publishers, ..FloodReport::default() };
    let mut times = Times::new();
    while let Some(ended) = tasks.join_next().await {
        let Ok(part) = ended else { continue };
        report.published += part.published;
        report.acknowledged += part.acknowledged;
        report.failed += part.failed;
        times.merge(&part.times);
    }
    report.seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    let acknowledged = report.acknowledged as f64;
    report.acknowledged_per_s = acknowledged / report.seconds;
    (report.p50_ms, report.p99_ms) = (times.quantile_ms(0.5), times.quantile_ms(0.99));
    report.max_ms = times.longest.as_secs_f64() * 1000.0;
    Ok(report)
}

async fn connect(number: usize, load: &Flood, target: &Target) -> Result<AsyncClient, PublishError> {
    const WITHIN: Duration = Duration::from_secs(10);
    let options = target
        .options(&format!("foretell-flood-{number}"), load.window)
        .map_err(|source| PublishError::Url { url: target.url.clone(), source })?;
    let (client, mut events) = AsyncClient::builder(options).capacity(usize::from(load.window)).build();
    events.set_network_options(super::target::network());
    let unreachable = |reason: String| PublishError::Unreachable { url: target.url.clone(), reason };
    let up = tokio::time::timeout(WITHIN, async {
        loop {
            if matches!(events.poll().await?, Event::Incoming(Packet::ConnAck(_))) {
                return Ok::<(), rumqttc::ConnectionError>(());
            }
        }
    });
    up.await.map_err(|_| unreachable("no answer".to_owned()))?.map_err(|cause| unreachable(cause.to_string()))?;
    tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(_) => {}
                Err(rumqttc::ConnectionError::RequestsDone | rumqttc::ConnectionError::DisconnectTimeout) => return,
                Err(cause) => {
                    tracing::warn!(%cause, publisher = number, "Lost the broker.");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    });
    Ok(client)
}

struct Part {
    published: u64,
    acknowledged: u64,
    failed: u64,
    times: Times,
}

impl Part {
    async fn settle(&mut self, sent: Instant, notice: PublishNotice) {
        if notice.wait_async().await.is_ok() {
            self.acknowledged += 1;
            self.times.add(sent.elapsed());
        } else {
            self.failed += 1;
        }
    }
}

async fn run_publisher(
    number: usize,
    client: AsyncClient,
    load: Flood,
    began: Instant,
    stop: CancellationToken,
) -> Part {
    const SETTLE_WITHIN: Duration = Duration::from_secs(10);
    let topic: Arc<str> = topic("flood", &format!("p{number:04}"), "telemetry").into();
    let options = PublishOptions::new(if load.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce });
    let mut part = Part { published: 0, acknowledged: 0, failed: 0, times: Times::new() };
    #[expect(clippy::cast_precision_loss, reason = "a number of publishers")]
    let gap = load.rate.map(|rate| Duration::from_secs_f64(load.publishers as f64 / rate.max(1e-3)));
    // Acknowledgements come in order, so a task of its own waits for them one by one.
    let (waiting, mut notices) = tokio::sync::mpsc::channel::<(Instant, PublishNotice)>(usize::from(load.window));
    let settling = tokio::spawn(async move {
        while let Some((sent, notice)) = notices.recv().await {
            if tokio::time::timeout(SETTLE_WITHIN, part.settle(sent, notice)).await.is_err() {
                part.failed += 1;
            }
        }
        part
    });
    let mut published = 0_u64;
    let ends = began + load.lasts;
    while Instant::now() < ends && !stop.is_cancelled() {
        if let Some(gap) = gap {
            let due = began + gap.mul_f64(to_f64(published));
            tokio::time::sleep_until(due.min(ends)).await;
        }
        let payload = payload(&load, published);
        let sent = Instant::now();
        let Ok(notice) = client.publish_tracked(&*topic, payload, options).await else { break };
        published += 1;
        if waiting.send((sent, notice)).await.is_err() {
            break;
        }
    }
    drop(waiting);
    let mut part = settling.await.unwrap_or(Part { published, acknowledged: 0, failed: 0, times: Times::new() });
    part.published = published;
    if client.disconnect_with_timeout(Duration::from_secs(1)).await.is_err() {
        tracing::debug!(publisher = number, "Was gone before it could say goodbye.");
    }
    part
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages")]
const fn to_f64(count: u64) -> f64 {
    count as f64
}

/// A valid reading, filled up with an unknown key (which receivers ignore) to the wanted size.
fn payload(load: &Flood, number: u64) -> Vec<u8> {
    let mut out = String::with_capacity(load.payload_bytes.max(160));
    out.push_str("{\"ts\":\"");
    write_utc(&mut out, load.from_ms + i64::try_from(number).unwrap_or(i64::MAX / 4));
    out.push_str("\",\"discharge_temp_c\":83.2,\"motor_current_a\":141.7,\"run_hours\":4021.5,\"ambient_temp_c\":27.1");
    const FILL: &str = ",\"fill\":\"\"}";
    if load.payload_bytes > out.len() + FILL.len() {
        out.push_str(",\"fill\":\"");
        while out.len() + 2 < load.payload_bytes {
            out.push('x');
        }
        out.push('"');
    }
    out.push('}');
    out.into_bytes()
}
