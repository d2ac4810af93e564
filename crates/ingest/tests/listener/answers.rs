//! Acknowledge only what is kept, in both versions, with every quality of service.

use std::sync::atomic::Ordering;

use expect_test::expect;
use foretell_ingest::listener::ListenerOptions;

use crate::kit::{Plant, outline, reading};
use crate::wire::{Hello, V3, V5, Wire, packet, publish};

const TOPIC: &str = "foretell/v1/s01/m1/telemetry";

#[test]
fn no_answer_before_the_commit() {
    for (hello, qos, expected) in [(V3, 1, "40 00 07"), (V5, 1, "40 00 07"), (V3, 2, "50 00 07"), (V5, 2, "50 00 07")] {
        let plant = Plant::start(ListenerOptions::default());
        plant.log.hold(true);
        let mut client = Wire::connect(plant.addr, hello);
        client.publish(qos, 7, TOPIC, &reading(0));
        // Keep-alive is served while the log is slow, and nothing else was said.
        assert_eq!(client.until_pong(), Vec::<String>::new());
        assert!(plant.log.events().is_empty());
        plant.log.hold(false);
        assert_eq!(client.read(), expected);
        assert_eq!(outline(&plant.log.events()), "s01/m1 2026-07-01T00:00:00Z");
    }
}

#[test]
fn qos_0_is_kept_and_not_answered() {
    let plant = Plant::start(ListenerOptions::default());
    let mut client = Wire::connect(plant.addr, V3);
    client.publish(0, 0, TOPIC, &reading(0));
    plant.log.wait_for(1);
    assert_eq!(client.until_pong(), Vec::<String>::new());
}

#[test]
fn qos_2_repeated_before_the_commit_is_answered_after_it_and_kept_once() {
    for hello in [V3, V5] {
        let plant = Plant::start(ListenerOptions::default());
        plant.log.hold(true);
        let mut client = Wire::connect(plant.addr, hello);
        let first = publish(hello.version, 2, 9, TOPIC, &reading(0));
        let mut again = first.clone();
        again[0] |= 0b1000;
        client.send(&first);
        client.send(&again);
        assert_eq!(client.until_pong(), Vec::<String>::new());
        plant.log.hold(false);
        assert_eq!(client.read(), "50 00 09");
        // Now that it is kept, a repetition is answered at once.
        client.send(&again);
        assert_eq!(client.read(), "50 00 09");
        client.send(&packet(0x62, &[0, 9]));
        assert_eq!(client.read(), "70 00 09");
        assert_eq!(plant.log.events().len(), 1);
    }
}

#[test]
fn a_failed_commit_is_never_acknowledged() {
    let plant = Plant::start(ListenerOptions::default());
    plant.log.fail(true);
    // To a v5 client no is the end of the message, so it is sent away as well, and sends again.
    for (qos, hello, farewell) in [(1, V5, "e0 80"), (2, V5, "e0 80"), (1, V3, "closed"), (2, V3, "closed")] {
        let mut client = Wire::connect(plant.addr, hello);
        client.publish(qos, 1, TOPIC, &reading(2));
        assert_eq!(client.read(), farewell, "QoS {qos}");
    }
    assert!(plant.ingest.status().commit.failing);
    // The disk is back; so are we.
    plant.log.fail(false);
    let mut v5 = Wire::connect(plant.addr, V5);
    v5.publish(1, 3, TOPIC, &reading(3));
    assert_eq!(v5.read(), "40 00 03");
    assert!(!plant.ingest.status().commit.failing);
    assert_eq!(outline(&plant.log.events()), "s01/m1 2026-07-01T00:00:03Z");
}

#[test]
fn what_is_wholly_refused_is_acknowledged_because_the_quarantine_has_it() {
    let plant = Plant::start(ListenerOptions::default());
    let mut v3 = Wire::connect(plant.addr, V3);
    v3.publish(1, 1, TOPIC, "no json");
    assert_eq!(v3.read(), "40 00 01");
    v3.publish(1, 2, "some/where/else", "{}");
    assert_eq!(v3.read(), "40 00 02");
    let mut v5 = Wire::connect(plant.addr, Hello { id: "five", ..V5 });
    v5.publish(1, 3, "some/where/else", "{}");
    assert_eq!(v5.read(), "40 00 03 90");
    expect![[r#"
        [
            "foretell/v1/s01/m1/telemetry malformed",
            "some/where/else unknown_topic",
            "some/where/else unknown_topic",
        ]
    "#]]
    .assert_debug_eq(&plant.quarantine.reasons());
    // Without the quarantine there is nothing to acknowledge it by.
    plant.quarantine.fail(true);
    v5.publish(1, 4, TOPIC, "no json");
    assert_eq!(v5.read(), "e0 80");
    v3.publish(1, 5, TOPIC, "no json");
    assert_eq!(v3.read(), "closed");
}

#[test]
fn answers_come_in_the_order_of_the_messages() {
    let plant = Plant::start(ListenerOptions::default());
    let mut client = Wire::connect(plant.addr, V5);
    let mut bytes = vec![];
    let mut expected = vec![];
    for id in 1..=900_u16 {
        let (topic, code) = if id % 3 == 0 { ("else/where", " 90") } else { (TOPIC, "") };
        bytes.extend(publish(5, 1, id, topic, &reading(u32::from(id))));
        expected.push(format!("40 {:02x} {:02x}{code}", id >> 8, id & 255));
    }
    client.send(&bytes);
    let got: Vec<_> = expected.iter().map(|_| client.read()).collect();
    assert_eq!(got, expected);
    assert_eq!(plant.log.events().len(), 600);
}

#[test]
fn stopping_answers_what_was_read_and_says_why() {
    for (hello, farewell) in [(V5, "e0 8b"), (V3, "closed")] {
        let plant = Plant::start(ListenerOptions::default());
        plant.log.hold(true);
        let mut client = Wire::connect(plant.addr, hello);
        client.publish(1, 1, TOPIC, &reading(0));
        assert_eq!(client.until_pong(), Vec::<String>::new());
        let drained = plant.drain();
        plant.log.hold(false);
        assert_eq!(client.read(), "40 00 01");
        assert!(client.read().starts_with(farewell));
        drop(client);
        assert!(drained.join().unwrap());
    }
}

#[test]
fn a_panic_in_one_connection_leaves_the_others_alone() {
    let plant = Plant::start(ListenerOptions::default());
    let mut other = Wire::connect(plant.addr, Hello { id: "other", ..V3 });
    let mut unlucky = Wire::connect(plant.addr, V3);
    plant.clock.panics.store(true, Ordering::SeqCst);
    unlucky.publish(1, 1, TOPIC, &reading(0));
    assert_eq!(unlucky.read(), "closed");
    plant.clock.panics.store(false, Ordering::SeqCst);
    other.publish(1, 1, TOPIC, &reading(0));
    assert_eq!(other.read(), "40 00 01");
    // Its place is free again, and it is no longer counted.
    let mut back = Wire::connect(plant.addr, V3);
    assert_eq!(back.until_pong(), Vec::<String>::new());
    assert_eq!(plant.ingest.status().sources[0].connected, 2);
}
