//! Load: publishers as fast as acknowledgements return, or at a rate; how many messages, how long until PUBACK. Packets are
//! written once and patched, sockets are driven directly, so that what is measured is the receiver.

mod publisher;
mod rubbish;
mod template;

use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::times::Times;
use super::{PublishError, Target};
use publisher::{Publisher, Span};

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
    /// End after so many messages over all publishers, if that comes first.
    pub messages: Option<u64>,
    /// Send rubbish instead of readings; needs QoS 1.
    pub rubbish: bool,
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
    /// Messages that were never acknowledged, although they were sent again on each new connection.
    pub failed: u64,
    /// Connections that were lost and made again.
    pub reconnects: u64,
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

/// Makes load until its time is over or until `stop`.
///
/// # Errors
/// When the address makes no sense or a publisher cannot connect within ten seconds.
pub async fn flood(load: &Flood, target: &Target, stop: CancellationToken) -> Result<FloodReport, PublishError> {
    let mut clients = Vec::with_capacity(load.publishers);
    for number in 0..load.publishers {
        clients.push(Publisher::connect(number, load, target).await?);
    }
    let began = Instant::now();
    let span = Span { began, ends: began + load.lasts, stop };
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(client.run(span.clone()));
    }
    let mut report = FloodReport { publishers: load.publishers, ..FloodReport::default() };
    let mut times = Times::new();
    while let Some(ended) = tasks.join_next().await {
        let Ok(part) = ended else { continue };
        report.published += part.published;
        report.acknowledged += part.acknowledged;
        report.failed += part.failed;
        report.reconnects += part.reconnects;
        times.merge(&part.times);
    }
    report.seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    let acknowledged = report.acknowledged as f64;
    report.acknowledged_per_s = acknowledged / report.seconds;
    (report.p50_ms, report.p99_ms) = (times.quantile_ms(0.5), times.quantile_ms(0.99));
    report.max_ms = times.longest_ms();
    Ok(report)
}
