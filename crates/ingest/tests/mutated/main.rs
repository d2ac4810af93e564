//! Random and mutated messages by the hundred thousand through real sockets: nothing panics, everybody else is served, memory
//! stays where it was. `FORETELL_HOSTILE_MESSAGES=10000000` makes them ten million. A process of its own, because it looks at
//! its memory.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "../listener/kit.rs"]
#[expect(dead_code, reason = "the kit's stores are not used here: they keep everything")]
mod kit;
#[path = "../shared/reads_nothing.rs"]
mod reads_nothing;
#[path = "../listener/wire.rs"]
#[expect(dead_code, reason = "not every part of the client is used here")]
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use foretell_ingest::listener::ListenerOptions;
use foretell_ingest::{Ingest, IngestOptions};
use foretell_model::{Appended, Event, Log, LogError, Logged, Offset, Partition, Quarantine, Quarantined, Refusal};
use tokio_util::sync::CancellationToken;

use kit::{TestClock, reading};
use reads_nothing::reads_nothing;
use wire::{Hello, V3, V5, Wire, packet, publish};

/// Counts and forgets.
#[derive(Default)]
struct Sink {
    kept: AtomicU64,
    refused: AtomicU64,
}

impl Log for Sink {
    fn append(&self, batch: &[Event]) -> Result<Appended, LogError> {
        let head = self.kept.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
        Ok(Appended { kept: batch.len(), duplicates: 0, head: Offset(head) })
    }

    reads_nothing!();
}

impl Quarantine for Sink {
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError> {
        self.refused.fetch_add(refusals.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn newest(&self, _: usize) -> Result<Vec<Quarantined>, LogError> {
        Ok(Vec::new())
    }
}

/// Panics in this process.
static PANICS: AtomicUsize = AtomicUsize::new(0);
/// Messages between two PINGREQs.
const BATCH: u64 = 500;
const CONNECTIONS: u64 = 4;
const TOPICS: [&str; 4] = [
    "foretell/v1/s01/m1/telemetry",
    "foretell/v1/s01/m1/event",
    "foretell/v1/s01/m1/status",
    "foretell/v1/s01/m1/elsewhere",
];

/// xorshift64: the same seed, the same attack.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end.max(1)
    }

    /// A text with a few bytes changed, taken away, doubled or cut off.
    fn mutated(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                2 => bytes.insert(at.min(bytes.len()), self.below(256) as u8),
                3 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                4 => bytes.extend_from_within(at..),
                _ if !bytes.is_empty() => bytes[at] = b"\"{}[],:0-9eE.\\"[self.below(13)],
                _ => {}
            }
        }
        bytes.truncate(60_000);
        bytes
    }

    /// A message that is nearly right, or a packet that is not even that.
    fn packet(&mut self, version: u8) -> Vec<u8> {
        let topic = TOPICS[self.below(TOPICS.len())];
        let base = match self.below(4) {
            0 => reading(self.below(28_800) as u32),
            1 => r#"[{"ts":1782889200000,"discharge_temp_c":-4e2,"motor_current_a":null,"run_hours":1}]"#.into(),
            2 => r#"{"ts":"2026-07-01T00:00:00+14:00","kind":"maintenance_done","work":"cooler_cleaned"}"#.into(),
            _ => r#"{"online":true,"ts":"2026-07-01T00:00:00Z"}"#.into(),
        };
        // Some are right: who behaves stands among the attackers.
        let payload = if self.below(5) == 0 { base.into_bytes() } else { self.mutated(&base) };
        match self.below(20_000) {
            0 => packet(self.below(256) as u8, &payload),
            1..=200 => {
                let topic = String::from_utf8_lossy(&self.mutated(topic)).replace(['+', '#', '\0'], "x");
                raw(version, &topic, &payload)
            }
            _ => raw(version, topic, &payload),
        }
    }
}

/// PUBLISH of any bytes at QoS 0.
fn raw(version: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
    let head = publish(version, 0, 0, topic, "");
    // The head's body, its length left out: one or two bytes after the first.
    let body = &head[head.len() - (topic.len() + 2 + usize::from(version == 5))..];
    packet(0x30, &[body, payload].concat())
}

/// Attacks with so many messages; how often it had to connect.
fn attack(addr: SocketAddr, seed: u64, messages: u64) -> u64 {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let hello = if seed.is_multiple_of(2) { V3 } else { V5 };
    let id = format!("attack-{seed}");
    let (mut wire, mut connects) = (Wire::connect(addr, Hello { id: &id, ..hello }), 1);
    for _ in 0..messages / BATCH {
        let mut bytes: Vec<u8> = (0..BATCH).flat_map(|_| random.packet(hello.version)).collect();
        bytes.extend_from_slice(&[0xc0, 0]);
        wire.try_send(&bytes);
        loop {
            match wire.read().as_str() {
                "d0" => break,
                "closed" => {
                    wire = Wire::connect(addr, Hello { id: &id, ..hello });
                    connects += 1;
                    break;
                }
                _ => {}
            }
        }
    }
    connects
}

/// Resident memory of this process, bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn mutated_messages_break_nothing_and_cost_no_memory() {
    let messages = std::env::var("FORETELL_HOSTILE_MESSAGES").map_or(200_000, |text| text.parse().unwrap());
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        usual(panic);
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = ListenerOptions { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..ListenerOptions::default() };
    let options = IngestOptions { listener: Some(listener), ..IngestOptions::default() };
    let sink = Arc::<Sink>::default();
    let started =
        Ingest::start(options, sink.clone(), sink.clone(), Arc::<TestClock>::default(), CancellationToken::new());
    let ingest = runtime.block_on(started).unwrap();
    let addr = ingest.listen_addr().unwrap();
    let mut neighbour = Wire::connect(addr, Hello { id: "neighbour", keep_alive_s: 0, ..V5 });

    let wave = |from: u64, messages: u64| {
        let attacks: Vec<_> = (from..from + CONNECTIONS)
            .map(|seed| std::thread::spawn(move || attack(addr, seed, messages / CONNECTIONS)))
            .collect();
        attacks.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
    };
    // The first fifth fills what is filled once: buffers, tables, the allocator's own stores.
    wave(1, messages / 5);
    let (before, begun) = (resident(), std::time::Instant::now());
    let connects = wave(100, messages - messages / 5);
    let (after, took) = (resident(), begun.elapsed());
    let status = &ingest.status().sources[0];
    let (kept, refused) = (sink.kept.load(Ordering::Relaxed), sink.refused.load(Ordering::Relaxed));
    // Shown with `--nocapture`, and when the test fails.
    let figures = format!(
        "{messages} messages, {} received, {kept} kept, {refused} refused, {connects} connects, \
         memory {} -> {} KiB, the last four fifths in {took:?}",
        status.messages,
        before >> 10,
        after >> 10
    );
    std::io::Write::write_all(&mut std::io::stderr(), format!("{figures}\n").as_bytes()).unwrap();
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "{figures}");
    assert!(kept > 0 && refused > 0 && status.messages > messages / 2, "{figures}");
    assert!(after < before + (16 << 20), "memory has grown: {figures}");
    neighbour.publish(1, 1, TOPICS[0], &reading(0));
    assert_eq!(neighbour.read(), "40 00 01");
    assert!(runtime.block_on(ingest.drain(kit::PATIENCE)));
}
