//! A log that cannot keep up, and clients that do not read.

use foretell_ingest::IntakeOptions;
use foretell_ingest::listener::ListenerOptions;

use crate::kit::{Plant, reading, wait_until};
use crate::wire::{Hello, V3, V5, Wire, publish};

const TELEMETRY: &str = "foretell/v1/s01/m1/telemetry";
const ADVISORY: &str = "foretell/v1/s01/m1/advisory";

#[test]
fn a_full_queue_stops_the_reading_and_nothing_else() {
    let intake = IntakeOptions { queue_bytes_max: 64 << 10, ..IntakeOptions::default() };
    let plant = Plant::start_with(ListenerOptions { pending_max: 60_000, ..ListenerOptions::default() }, intake);
    let mut client = Wire::connect(plant.addr, V3);
    assert_eq!(client.subscribe(1, "foretell/v1/+/+/advisory", 0), "90 00 01 00");
    plant.log.hold(true);
    // About 400 bytes each in the queue: ten times what it holds.
    let count = 1_600_u16;
    let mut bytes = vec![];
    for id in 1..=count {
        bytes.extend(publish(4, 1, id, TELEMETRY, &reading(u32::from(id))));
    }
    client.send(&bytes);
    // The connection that is not read still is served …
    plant.ingest.publish_retained(ADVISORY, b"clean the cooler");
    assert_eq!(client.read_message(), format!("{ADVISORY} clean the cooler retain=0"));
    // … and so are others.
    let mut other = Wire::connect(plant.addr, Hello { id: "other", ..V5 });
    assert_eq!(other.until_pong(), Vec::<String>::new());
    assert!(plant.ingest.status().sources[0].messages < u64::from(count) / 2);
    plant.log.hold(false);
    for id in 1..=count {
        assert_eq!(client.read(), format!("40 {:02x} {:02x}", id >> 8, id & 255));
    }
    assert_eq!(plant.log.events().len(), usize::from(count));
}

#[test]
fn more_than_pending_max_waits_in_the_socket() {
    let plant = Plant::start(ListenerOptions { pending_max: 10, ..ListenerOptions::default() });
    plant.log.hold(true);
    let mut client = Wire::connect(plant.addr, V3);
    let mut bytes = vec![];
    for id in 1..=100_u16 {
        bytes.extend(publish(4, 1, id, TELEMETRY, &reading(u32::from(id))));
    }
    client.send(&bytes);
    plant.log.hold(false);
    for id in 1..=100_u16 {
        assert_eq!(client.read(), format!("40 00 {id:02x}"));
    }
    // A v5 client has been told, so for it more is an error.
    plant.log.hold(true);
    let mut rude = Wire::connect(plant.addr, V5);
    for id in 1..=11_u16 {
        rude.publish(1, id, TELEMETRY, &reading(u32::from(id)));
    }
    plant.log.hold(false);
    let mut said = vec![];
    loop {
        said.push(rude.read());
        if said.last().is_some_and(|said| said == "closed" || said.len() > 8 || said == "40 00 0b") {
            break;
        }
    }
    // Either it was told 0x93, or answers had made room before its eleventh message was read.
    let last = said.last().unwrap();
    assert!(last.starts_with("e0 93") || last == "40 00 0b", "{said:?}");
}

/// A packet that is too large ends the connection, and a client of 3.1.1 sends it again with each new one: word of it stands in
/// the quarantine once, with its topic and both sizes.
#[test]
fn packets_beyond_the_bound_are_refused_and_leave_word() {
    let plant = Plant::start(ListenerOptions { packet_bytes_max: 1_000, ..ListenerOptions::default() });
    for hello in [V3, Hello { id: "five", ..V5 }] {
        // One that a buffer holds, and one that none does.
        for payload_bytes in [1_500, 200_000] {
            let mut client = Wire::connect(plant.addr, hello);
            client.try_send(&publish(hello.version, 1, 1, TELEMETRY, &"x".repeat(payload_bytes)));
            let answer = client.read();
            assert!(if hello.version == 5 { answer.starts_with("e0 95") } else { answer == "closed" }, "{answer}");
        }
    }
    assert!(plant.log.events().is_empty());
    wait_until("both clients are told of", || plant.quarantine.reasons().len() == 2);
    assert_eq!(plant.quarantine.reasons(), [format!("{TELEMETRY} too_large"), format!("{TELEMETRY} too_large")]);
}
