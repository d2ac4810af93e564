//! A subscriber that only counts: how fast a broker can deliver, the limit that any consumer behind it is measured against.

use std::io;
use std::time::Duration;

use serde::Serialize;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::wire::{self, Frames, PING, PING_EVERY, kind};
use super::{PublishError, Target};

/// What is read at once; larger packets cannot be counted.
const READ_BYTES: usize = 2 << 20;

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

/// Counts what arrives on `topic` at QoS 1 until `lasts` is over, `messages_max` have come, or until `stop`.
///
/// # Errors
/// When the address makes no sense or the broker cannot be reached.
pub async fn count(
    topic: &str,
    lasts: Duration,
    messages_max: Option<u64>,
    target: &Target,
    stop: CancellationToken,
) -> Result<CountReport, PublishError> {
    let stream = wire::connect(target, "foretell-count").await?;
    let (mut frames, mut out) = (Frames::new(READ_BYTES), wire::subscribe_packet(topic));
    let deadline = Instant::now() + lasts;
    let (mut messages, mut first, mut last) = (0_u64, None, None);
    loop {
        let interest = if out.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        let ready = tokio::select! {
            ready = stream.ready(interest) => ready,
            () = tokio::time::sleep_until(deadline) => break,
            () = tokio::time::sleep(PING_EVERY) => {
                out.extend(PING);
                continue;
            }
            () = stop.cancelled() => break,
        };
        let moved = ready.and_then(|ready| {
            let taken = if ready.is_readable() { read(&stream, &mut frames, &mut out)? } else { 0 };
            write(&stream, &mut out)?;
            Ok(taken)
        });
        let taken =
            moved.map_err(|cause| PublishError::Unreachable { url: target.url.clone(), reason: cause.to_string() })?;
        if taken > 0 {
            let now = Instant::now();
            first.get_or_insert(now);
            last = Some(now);
            messages += taken;
        }
        if out.is_empty() && messages_max.is_some_and(|max| messages >= max) {
            break;
        }
    }
    let seconds = first.zip(last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    let per_s = if seconds > 0.0 { messages as f64 / seconds } else { 0.0 };
    Ok(CountReport { messages, seconds, per_s })
}

/// Reads once; returns how many messages came and appends their acknowledgements.
fn read(stream: &TcpStream, frames: &mut Frames, out: &mut Vec<u8>) -> io::Result<u64> {
    match stream.try_read(frames.room()) {
        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(bytes) => frames.came(bytes),
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(0),
        Err(cause) => return Err(cause),
    }
    let mut messages = 0;
    while let Some((packet, body)) = frames.next() {
        match (packet & 0xF0, body) {
            (kind::PUBLISH, [high, low, rest @ ..]) => {
                messages += 1;
                let topic_bytes = usize::from(u16::from_be_bytes([*high, *low]));
                if let (true, Some(id)) = (packet & 0x06 != 0, rest.get(topic_bytes..topic_bytes + 2)) {
                    out.extend([kind::PUBACK, 2, id[0], id[1]]);
                }
            }
            (kind::SUBACK, [_, _, 0x80]) => return Err(io::Error::other("the broker refused the subscription")),
            _ => {}
        }
    }
    Ok(messages)
}

fn write(stream: &TcpStream, out: &mut Vec<u8>) -> io::Result<()> {
    match stream.try_write(out) {
        Ok(bytes) => _ = out.drain(..bytes),
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
        Err(cause) => return Err(cause),
    }
    Ok(())
}
