//! A subscriber that only counts: how fast a broker can deliver, the limit that any consumer behind it is measured against.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, Packet, QoS};
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{PublishError, Target};

/// Messages that a broker may have in flight to us.
const WINDOW: u16 = 1000;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct CountReport {
    /// Messages that arrived.
    pub messages: u64,
    /// From the first to the last of them, s.
    pub seconds: f64,
    /// Messages per second between the first and the last.
    pub per_s: f64,
}

/// Counts what arrives on `topic` at QoS 1 until `lasts` is over or until `stop`.
///
/// # Errors
/// When the address makes no sense or the broker cannot be reached.
pub async fn count(
    topic: &str,
    lasts: Duration,
    target: &Target,
    stop: CancellationToken,
) -> Result<CountReport, PublishError> {
    let options = target
        .options("foretell-count", WINDOW)
        .map_err(|source| PublishError::Url { url: target.url.clone(), source })?;
    let (client, mut events) = AsyncClient::builder(options).capacity(usize::from(WINDOW)).build();
    events.set_network_options(super::target::network());
    let deadline = Instant::now() + lasts;
    let (mut messages, mut first, mut last) = (0_u64, None, None);
    loop {
        let event = tokio::select! {
            event = events.poll() => event,
            () = tokio::time::sleep_until(deadline) => break,
            () = stop.cancelled() => break,
        };
        match event {
            // Asked for here, not before: a subscription of an earlier connection would be gone.
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if let Err(cause) = client.try_subscribe(topic, QoS::AtLeastOnce) {
                    return Err(PublishError::Unreachable { url: target.url.clone(), reason: cause.to_string() });
                }
            }
            Ok(Event::Incoming(Packet::Publish(_))) => {
                messages += 1;
                let now = Instant::now();
                first.get_or_insert(now);
                last = Some(now);
            }
            Ok(_) => {}
            Err(cause) => {
                return Err(PublishError::Unreachable { url: target.url.clone(), reason: cause.to_string() });
            }
        }
    }
    let seconds = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    let per_s = if seconds > 0.0 { messages as f64 / seconds } else { 0.0 };
    Ok(CountReport { messages, seconds, per_s })
}
