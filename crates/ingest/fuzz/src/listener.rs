//! Everything behind the socket: bytes, codec, admission, session, intake, answers. The first byte chooses what comes before
//! the input: nothing, or the CONNECT of a client of 3.1.1 or 5, so that the input is what a client says.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use foretell_ingest::listener::{Anonymous, ListenerOptions, MachineGlob, Rights, User};
use foretell_ingest::{Ingest, IngestOptions};
use foretell_model::{
    Appended, Clock, Event, Log, LogError, Logged, Offset, Partition, Quarantine, Quarantined, Refusal, Timestamp,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::reads_nothing::reads_nothing;
use super::{arrived, options};

/// Keeps nothing and says that it did.
struct Nowhere;

impl Log for Nowhere {
    reads_nothing!();

    fn append(&self, batch: &[Event]) -> Result<Appended, LogError> {
        for event in batch {
            assert!(event.machine().as_str().starts_with("s01/"), "outside its rights: {}", event.machine());
        }
        Ok(Appended { kept: batch.len(), duplicates: 0, head: Offset(0) })
    }
}

impl Quarantine for Nowhere {
    fn refuse(&self, _: &[Refusal]) -> Result<(), LogError> {
        Ok(())
    }

    fn newest(&self, _: usize) -> Result<Vec<Quarantined>, LogError> {
        Ok(Vec::new())
    }
}

impl Clock for Nowhere {
    fn now(&self) -> Timestamp {
        arrived()
    }
}

fn plant() -> &'static (Runtime, Ingest) {
    static PLANT: OnceLock<(Runtime, Ingest)> = OnceLock::new();
    PLANT.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap_or_else(|e| panic!("{e}"));
        let own = vec![MachineGlob::parse("s01/*").unwrap_or_else(|e| panic!("{e}"))];
        let user = User {
            name: "u".into(),
            password: Some("p".into()),
            rights: Rights { publish: own.clone(), subscribe: own },
        };
        let listener = ListenerOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            anonymous: Anonymous::Nobody,
            users: vec![user],
            bad_login_delay: Duration::ZERO,
            login_failures_max: u32::MAX,
            ..ListenerOptions::default()
        };
        let decoder = options(MAPPING);
        let options = IngestOptions { decoder, listener: Some(listener), ..IngestOptions::default() };
        let nowhere = Arc::new(Nowhere);
        let started = Ingest::start(options, nowhere.clone(), nowhere.clone(), nowhere, CancellationToken::new());
        let ingest = runtime.block_on(started).unwrap_or_else(|e| panic!("{e}"));
        (runtime, ingest)
    })
}

/// Foreign topics, of which the decoder alone knows whose machines they speak of.
const MAPPING: &str = r#"
[[mapping]]
topic = "gw/{site}/{machine}"
ts = { at = "/t", format = "ms" }
required = []
signals.discharge_temp_c = "/temp"

[[mapping]]
topic = "hall"
site = "s01"
machine = { at = "/k" }
records = "/all"
ts = { at = "/t", format = "ms" }
required = []
signals.discharge_temp_c = "/temp"
derive.run_hours = { from = "motor_current_a", above = 5.0 }
signals.motor_current_a = "/amps"
"#;

/// CONNECT of user `u` with password `p`.
const HELLO_V3: &[u8] = b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01x\x00\x01u\x00\x01p";
const HELLO_V5: &[u8] = b"\x10\x14\x00\x04MQTT\x05\xc2\x00\x3c\x00\x00\x01x\x00\x01u\x00\x01p";

/// What one client says, from the first byte to the last. A log of nothing fails on an event outside the login's rights.
pub fn listener(data: &[u8]) {
    let Some((first, input)) = data.split_first() else { return };
    let hello: &[u8] = match first % 3 {
        0 => &[],
        1 => HELLO_V3,
        _ => HELLO_V5,
    };
    let (runtime, ingest) = plant();
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(64 << 10);
        let (mut from, mut to) = tokio::io::split(near);
        let talk = async {
            let said = async {
                // It may hang up before it has heard everything.
                let _heard = to.write_all(hello).await.is_ok() && to.write_all(input).await.is_ok();
                let _ended = to.shutdown().await.is_ok();
            };
            let mut answers = Vec::new();
            let heard = from.read_to_end(&mut answers);
            let (_, heard) = tokio::join!(said, heard);
            let _bytes = heard.unwrap_or_default();
        };
        tokio::join!(ingest.serve(far, SocketAddr::from(([127, 0, 0, 1], 1))), talk);
    });
}
