//! Publishing against a broker of our own that acknowledges, or hangs up, as told.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is the point")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foretell_sim::mqtt::{Flood, flood};
use foretell_sim::{Fleet, Live, Pace, PublishError, Size, Stats, Target, publish};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What a broker saw.
#[derive(Default)]
struct Seen {
    published: Mutex<Vec<(String, Vec<u8>)>>,
    connects: AtomicU64,
}

/// A broker that knows CONNECT, PUBLISH at QoS 1, PINGREQ and DISCONNECT; it hangs up once, without acknowledging, at
/// the message of this number.
async fn broker(listener: TcpListener, seen: Arc<Seen>, hang_up_at: Option<u64>) {
    let count = Arc::new(AtomicU64::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&count), hang_up_at));
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Seen>, count: Arc<AtomicU64>, hang_up_at: Option<u64>) -> Option<()> {
    loop {
        let first = stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        match first >> 4 {
            1 => {
                seen.connects.fetch_add(1, Ordering::Relaxed);
                stream.write_all(&[0x20, 2, 0, 0]).await.ok()?;
            }
            3 => {
                let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                if hang_up_at == Some(number) {
                    return None;
                }
                let topic_length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let topic = String::from_utf8(body[2..2 + topic_length].to_vec()).unwrap();
                let asks = first & 0x06 != 0;
                if asks {
                    let id = &body[2 + topic_length..4 + topic_length];
                    stream.write_all(&[0x40, 2, id[0], id[1]]).await.ok()?;
                }
                let payload = &body[2 + topic_length + 2 * usize::from(asks)..];
                seen.published.lock().unwrap().push((topic, payload.to_vec()));
            }
            12 => stream.write_all(&[0xD0, 0]).await.ok()?,
            _ => return None,
        }
    }
}

async fn run(hang_up_at: Option<u64>) -> (Fleet, Stats, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Seen::default());
    let broker = tokio::spawn(broker(listener, Arc::clone(&seen), hang_up_at));
    let size = Size { machines: Some(3), days: Some(0.5), every_ms: Some(120_000), from_ms: None };
    let fleet = Fleet::builtin_sized("healthy", 1, size).unwrap();
    let live = Arc::new(Live::default());
    let stats =
        publish(&fleet, &Target::anonymous(&url), Pace::fastest(), live, CancellationToken::new()).await.unwrap();
    broker.abort();
    (fleet, stats, seen)
}

#[tokio::test]
async fn every_sample_arrives_between_birth_and_farewell() {
    let (fleet, stats, seen) = run(None).await;
    let published = seen.published.lock().unwrap();
    let samples = fleet.samples().count();
    assert_eq!(stats.samples as usize, samples);
    assert_eq!((stats.published, stats.acknowledged), (published.len() as u64, published.len() as u64));
    assert_eq!(published.len(), samples + 2 * fleet.machines().len(), "a birth and a farewell per machine");
    for machine in fleet.machines() {
        let prefix = format!("foretell/v1/{}/{}/", machine.site, machine.name);
        let own: Vec<_> = published.iter().filter(|(topic, _)| topic.starts_with(&prefix)).collect();
        assert!(own[0].0.ends_with("/status") && own[0].1.starts_with(b"{\"online\":true"));
        assert!(own[own.len() - 1].0.ends_with("/status") && own[own.len() - 1].1.starts_with(b"{\"online\":false"));
    }
}

#[tokio::test]
async fn what_a_lost_session_swallowed_is_sent_again() {
    let (fleet, stats, seen) = run(Some(300)).await;
    let published = seen.published.lock().unwrap();
    for sample in fleet.samples() {
        let topic = format!("foretell/v1/{}/{}/telemetry", sample.site, sample.machine);
        let ts = format!("{{\"ts\":\"{}\"", foretell_sim::time::utc(sample.ts_ms));
        let times = published.iter().filter(|(to, payload)| *to == topic && payload.starts_with(ts.as_bytes())).count();
        assert!(times >= 1, "{topic} {ts} never arrived");
    }
    assert!(stats.resent >= 1 && stats.reconnects >= 1, "{stats:?}");
    assert_eq!(stats.acknowledged, stats.published, "{stats:?}");
    assert_eq!(seen.connects.load(Ordering::Relaxed), fleet.machines().len() as u64 + 1);
}

/// More than fits into a publisher's and the network's buffers at once, so that it has to go on by itself.
#[tokio::test]
async fn a_flood_does_not_stand_still_at_either_quality_of_service() {
    const MESSAGES: u64 = 40_000;
    for qos in [0, 1] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("mqtt://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let broker = tokio::spawn(broker(listener, Arc::clone(&seen), None));
        let load = Flood {
            publishers: 2,
            rate: None,
            payload_bytes: 150,
            qos,
            window: 100,
            lasts: Duration::from_secs(60),
            messages: Some(MESSAGES),
            rubbish: false,
            from_ms: 0,
        };
        let report = flood(&load, &Target::anonymous(&url), CancellationToken::new()).await.unwrap();
        assert_eq!((report.published, report.acknowledged, report.failed), (MESSAGES, MESSAGES, 0), "QoS {qos}");
        broker.abort();
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let fleet = Fleet::builtin("demo", 1).unwrap();
    let (live, stop) = (Arc::new(Live::default()), CancellationToken::new());
    let refused = publish(&fleet, &Target::anonymous("http://x"), Pace::fastest(), live, stop).await;
    assert!(matches!(refused, Err(PublishError::Url { .. })), "{refused:?}");
}
