//! Advisories and status to subscribers; and rumqttc as a client that we did not write.

use std::time::Duration;

use foretell_ingest::listener::ListenerOptions;
use rumqttc::{Client, Event, MqttOptions, Packet, PublishOptions, QoS};

use crate::kit::{Plant, outline, reading};
use crate::wire::{Hello, V3, V5, Wire, packet};

const STATUS: &str = "foretell/v1/s01/m1/status";

#[test]
fn status_is_kept_on_the_log_and_served() {
    let plant = Plant::start(ListenerOptions::default());
    let online = r#"{"online":true,"ts":"2026-07-01T00:00:02Z"}"#;
    let mut controller = Wire::connect(plant.addr, Hello { id: "controller", ..V3 });
    let mut retained = crate::wire::publish(4, 1, 1, STATUS, online);
    retained[0] |= 1;
    controller.send(&retained);
    assert_eq!(controller.read(), "40 00 01");
    assert_eq!(outline(&plant.log.events()), "s01/m1 2026-07-01T00:00:02Z online=true");
    let mut early = Wire::connect(plant.addr, Hello { id: "early", ..V5 });
    assert_eq!(early.subscribe(1, STATUS, 1), "90 00 01 00 01");
    assert_eq!(early.read_message(), format!("{STATUS} {online} retain=1"));
    // An empty retained message clears it; subscribers hear that, and later ones find nothing.
    let mut clear = crate::wire::publish(4, 1, 2, STATUS, "");
    clear[0] |= 1;
    controller.send(&clear);
    assert_eq!(controller.read(), "40 00 02");
    assert_eq!(early.read_message(), format!("{STATUS}  retain=0"));
    let mut late = Wire::connect(plant.addr, Hello { id: "late", ..V3 });
    assert_eq!(late.subscribe(1, STATUS, 1), "90 00 01 01");
    assert_eq!(late.until_pong(), Vec::<String>::new());
}

#[test]
fn unsubscribing_ends_it() {
    let plant = Plant::start(ListenerOptions::default());
    let mut client = Wire::connect(plant.addr, V5);
    assert_eq!(client.subscribe(1, STATUS, 0), "90 00 01 00 00");
    let mut body = vec![0, 2, 0, 0, STATUS.len() as u8];
    body.extend_from_slice(STATUS.as_bytes());
    for expected in ["b0 00 02 00 00", "b0 00 02 00 11"] {
        client.send(&packet(0xa2, &body));
        assert_eq!(client.read(), expected);
    }
    plant.ingest.publish_retained(STATUS, b"x");
    assert_eq!(client.until_pong(), Vec::<String>::new());
}

#[test]
fn many_kept_values_reach_a_subscriber_that_answers() {
    let plant = Plant::start(ListenerOptions::default());
    for machine in 0..1_000 {
        plant.ingest.publish_retained(&format!("foretell/v1/s01/m{machine:04}/advisory"), b"{}");
    }
    let mut client = Wire::connect(plant.addr, V5);
    assert_eq!(client.subscribe(1, "foretell/v1/+/+/advisory", 1), "90 00 01 00 01");
    for machine in 0..1_000 {
        assert_eq!(client.read_message(), format!("foretell/v1/s01/m{machine:04}/advisory {{}} retain=1"));
    }
}

/// Publishes with rumqttc and waits for every answer.
fn publish_with_rumqttc(plant: &Plant, qos: QoS, count: u32) {
    let mut options = MqttOptions::new("rumqttc", (plant.addr.ip().to_string(), plant.addr.port()));
    options.set_keep_alive(60);
    let (client, mut connection) = Client::builder(options).capacity(10).build();
    let publisher = std::thread::spawn(move || {
        for second in 0..count {
            client.publish("foretell/v1/s01/m1/telemetry", reading(second), PublishOptions::new(qos)).unwrap();
        }
        client
    });
    let mut answered = 0;
    while answered < count {
        let event = connection.recv_timeout(Duration::from_secs(20)).expect("in time").expect("no error");
        if matches!(event, Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_))) {
            answered += 1;
        }
    }
    publisher.join().unwrap().disconnect().unwrap();
}

#[test]
fn rumqttc_is_answered_for_every_message() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let plant = Plant::start(ListenerOptions::default());
        publish_with_rumqttc(&plant, qos, 500);
        assert_eq!(plant.log.events().len(), 500);
        let status = plant.ingest.status();
        assert_eq!((status.commit.kept, status.commit.duplicates), (500, 0));
        assert_eq!((status.sources[0].messages, status.sources[0].kept_messages), (500, 500));
    }
}
