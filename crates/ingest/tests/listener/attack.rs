//! Attacks on the listener as such: connections that hold places, packets without end, storms. Whoever behaves is served all
//! the while.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use foretell_ingest::listener::ListenerOptions;

use crate::kit::{Plant, reading};
use crate::mosquitto;
use crate::wire::{Hello, V3, V5, Wire, packet, publish};

const TOPIC: &str = "foretell/v1/s01/m1/telemetry";

/// A well-behaved client gets in and its reading is kept.
fn assert_served(plant: &Plant, id: &str) {
    let mut client = Wire::connect(plant.addr, Hello { id, ..V5 });
    client.publish(1, 1, TOPIC, &reading(0));
    assert_eq!(client.read(), "40 00 01");
}

/// Half a CONNECT, then nothing, on more connections than there are places for strangers: the oldest make room.
#[test]
fn strangers_who_stand_at_the_door_keep_nobody_out() {
    let plant = Plant::start(ListenerOptions { strangers_max: 10, ..ListenerOptions::default() });
    let half = &V5.bytes()[..7];
    let mut strangers: Vec<_> = (0..50)
        .map(|n| {
            let mut stranger = Wire::open(plant.addr);
            stranger.try_send(&half[..n % 8]);
            stranger
        })
        .collect();
    for round in 0..5 {
        assert_served(&plant, &format!("good-{round}"));
    }
    for stranger in strangers.iter_mut().take(35) {
        assert_eq!(stranger.read(), "closed");
    }
}

/// One byte at a time is no way to win time: CONNECT has to be whole by its deadline.
#[test]
fn a_connect_byte_by_byte_ends_at_its_deadline() {
    // Long enough for a client that is served, however busy the computer that runs this.
    let connect_within = Duration::from_millis(1_500);
    let plant = Plant::start(ListenerOptions { connect_within, ..ListenerOptions::default() });
    let mut drip = Wire::open(plant.addr);
    let mut stream = TcpStream::connect(plant.addr).unwrap();
    drip.send(&[0x10]);
    // The pace is the attack's own; it goes on until the listener has had enough.
    let long = Hello { id: &"x".repeat(200), ..V3 };
    let ended = long.bytes().iter().any(|byte| {
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(&[*byte]).is_err()
    });
    assert!(ended, "the listener waited for the whole of it");
    assert_eq!(drip.read(), "closed");
    assert_served(&plant, "good");
}

/// Nor is a TLS handshake, begun and drawn out, or not begun at all; who makes his in time is served beside them.
#[test]
fn a_drawn_out_tls_handshake_ends_at_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ca", "server", "gateway.example"] {
        mosquitto::certificate(dir.path(), name);
    }
    let connect_within = Duration::from_millis(1_500);
    let options = mosquitto::with_certificates(dir.path(), &["gateway.example"]);
    let plant = Plant::start(ListenerOptions { connect_within, ..options });
    let (mut silent, mut drip) = (Wire::open(plant.addr), TcpStream::connect(plant.addr).unwrap());
    // The beginning of a ClientHello of 512 bytes.
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    drip.write_all(&hello).unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (ca, pem, key) = (file("ca.pem"), file("gateway.example.pem"), file("gateway.example.key"));
    let (port, payload) = (plant.addr.port().to_string(), reading(0));
    let message = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", TOPIC, "-m", &payload];
    let login = ["--cafile", &ca, "--cert", &pem, "--key", &key];
    let (ok, said) = mosquitto::run("mosquitto_pub", &[&message[..], &login].concat());
    assert!(ok, "{said}");
    assert_eq!(plant.log.events().len(), 1);
    let ended = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        drip.write_all(&[0]).is_err()
    });
    assert!(ended, "the listener waited for the whole of it");
    assert_eq!(silent.read(), "closed");
}

/// A crowd that comes at once is let in at the listener's own pace: nobody is refused, and the last one waits for its turn.
#[test]
fn a_crowd_is_let_in_at_a_measured_pace() {
    let plant = Plant::start(ListenerOptions { accepts_per_second_max: 20, ..ListenerOptions::default() });
    let began = std::time::Instant::now();
    let mut crowd: Vec<_> = (0..20)
        .map(|n| {
            let mut wire = Wire::open(plant.addr);
            wire.send(&Hello { id: &format!("c{n}"), ..V3 }.bytes());
            wire
        })
        .collect();
    for client in &mut crowd {
        assert_eq!(client.read(), "20 00 00");
    }
    // Twenty, each 50 ms after the one before, of which a tenth of a second's worth may come early.
    assert!(began.elapsed() >= Duration::from_millis(19 * 50 - 100), "{:?}", began.elapsed());
}

/// Who asks and does not read the answers holds their memory for so long and no longer, whatever else it sends.
#[test]
fn who_does_not_read_is_closed() {
    const ADVISORY: &str = "foretell/v1/s01/m1/advisory";
    for hello in [V3, V5] {
        let write_within = Duration::from_millis(500);
        let plant = Plant::start(ListenerOptions { write_within, ..ListenerOptions::default() });
        let mut deaf = Wire::connect(plant.addr, Hello { id: "deaf", keep_alive_s: 4, ..hello });
        assert!(deaf.subscribe(1, ADVISORY, 0).starts_with("90 00 01"));
        // More than the operating system's buffers hold between the two.
        let long = vec![b'x'; 60 << 10];
        crate::kit::wait_until("it is closed", || {
            plant.ingest.publish_retained(ADVISORY, &long);
            deaf.try_send(&[0xc0, 0]);
            plant.ingest.status().sources[0].connected == 0
        });
        let mut other = Wire::connect(plant.addr, Hello { id: "other", ..hello });
        assert!(other.subscribe(1, ADVISORY, 0).starts_with("90 00 01"));
        assert!(other.read_message().starts_with(ADVISORY));
    }
}

/// More connections than there are places, silent or talking nonsense, from an address that has clients too.
#[test]
fn a_flood_to_the_cap_leaves_clients_alone() {
    let plant = Plant::start(ListenerOptions { connections_max: 60, ..ListenerOptions::default() });
    let mut clients: Vec<_> =
        (0..30).map(|n| Wire::connect(plant.addr, Hello { id: &format!("good-{n}"), ..V3 })).collect();
    let flood: Vec<_> = (0..300)
        .map(|n| {
            let mut stranger = Wire::open(plant.addr);
            if n % 3 == 0 {
                stranger.try_send(&[0x10, 0xff]);
            }
            stranger
        })
        .collect();
    for (id, client) in (1..).zip(&mut clients) {
        client.publish(1, id, TOPIC, &reading(u32::from(id)));
        assert_eq!(client.read(), format!("40 00 {id:02x}"));
    }
    assert_served(&plant, "late");
    drop(flood);
    assert_eq!(plant.log.events().len(), 31);
}

/// An address or a user that has its share is refused more; others are not.
#[test]
fn nobody_takes_more_than_a_share() {
    let plant = Plant::start(ListenerOptions { connections_per_address_max: 2, ..ListenerOptions::default() });
    let first = Wire::connect(plant.addr, Hello { id: "1", ..V3 });
    let _second = Wire::connect(plant.addr, Hello { id: "2", ..V3 });
    let mut third = Wire::open(plant.addr);
    third.try_send(&Hello { id: "3", ..V3 }.bytes());
    assert_eq!(third.read(), "closed");
    drop(first);
    crate::kit::wait_until("its place is free", || {
        let mut third = Wire::open(plant.addr);
        third.try_send(&Hello { id: "3", ..V3 }.bytes());
        third.read() == "20 00 00"
    });

    let login = Some(("plc", "plc-secret"));
    let plant = Plant::start(ListenerOptions { connections_per_user_max: 2, ..crate::admission::with_users() });
    let mut clients: Vec<_> =
        ["1", "2"].into_iter().map(|id| Wire::connect(plant.addr, Hello { id, login, ..V5 })).collect();
    for (hello, expected) in [(V5, "20 00 97"), (V3, "20 00 03")] {
        let mut more = Wire::open(plant.addr);
        more.send(&Hello { id: "3", login, ..hello }.bytes());
        assert!(more.read().starts_with(expected));
    }
    drop(Wire::connect(plant.addr, Hello { login: Some(("advisor", "advisor-secret")), ..V5 }));
    for client in &mut clients {
        assert_eq!(client.until_pong(), Vec::<String>::new());
    }
}

/// Packets of 64 KiB are carried and judged by what they say; larger ones than announced are refused unread.
#[test]
fn giants_are_refused_and_cost_their_own_connection() {
    let plant = Plant::start(ListenerOptions::default());
    let mut client = Wire::connect(plant.addr, V5);
    let padded = format!("{}{}", reading(0), " ".repeat(64 << 10));
    client.publish(1, 1, TOPIC, &padded);
    assert_eq!(client.read(), "40 00 01");
    client.publish(1, 2, TOPIC, &"[".repeat(64 << 10));
    assert_eq!(client.read(), "40 00 02");
    assert_eq!(plant.quarantine.reasons(), [format!("{TOPIC} malformed")]);
    for megabytes in [1, 10] {
        for (hello, told) in [(V5, "e0 95"), (V3, "closed")] {
            let mut rude = Wire::connect(plant.addr, Hello { id: "rude", ..hello });
            rude.try_send(&publish(hello.version, 1, 1, TOPIC, &" ".repeat(megabytes << 20)));
            assert!(rude.read().starts_with(told), "{megabytes} MiB");
        }
    }
    client.publish(1, 3, TOPIC, &reading(1));
    assert_eq!(client.read(), "40 00 03");
    assert_eq!(plant.log.events().len(), 2);
}

/// Large packets that are begun and never ended hold no memory for ever: the oldest make room, and whoever ends his is served.
#[test]
fn giants_that_never_end_make_room_for_others() {
    let padded = format!("{}{}", reading(0), " ".repeat(700 << 10));
    for (hello, told) in [(V5, "e0 97"), (V3, "closed")] {
        let plant = Plant::start(ListenerOptions { large_packets_bytes_max: 1 << 20, ..ListenerOptions::default() });
        let begin = |id: &str| {
            let mut client = Wire::connect(plant.addr, Hello { id, ..hello });
            client.send(&publish(hello.version, 1, 1, TOPIC, &padded)[..100 << 10]);
            client
        };
        let (mut first, mut others) = (begin("first"), Vec::new());
        // Two do not fit; nobody can see from outside when the listener has begun with one, so more are begun until it has.
        crate::kit::wait_until("the first makes room", || {
            others.push(begin(&others.len().to_string()));
            first.is_told()
        });
        assert!(first.read().starts_with(told));
        drop((first, others));
        crate::kit::wait_until("all are gone", || plant.ingest.status().sources[0].connected == 0);
        let mut whole = Wire::connect(plant.addr, Hello { id: "whole", ..hello });
        whole.publish(1, 1, TOPIC, &padded);
        assert_eq!(whole.read(), "40 00 01");
    }
}

/// Ten thousand topics that mean nothing: each is answered so, none is kept, none is remembered.
#[test]
fn topics_of_nonsense_are_refused_one_by_one() {
    let plant = Plant::start(ListenerOptions::default());
    let mut client = Wire::connect(plant.addr, V5);
    let topic = |n: u16| match n % 4 {
        0 => format!("nonsense/{n}"),
        1 => format!("foretell/v1/s01/m{n}/nonsense"),
        2 => format!("foretell/v2/s01/m{n}/telemetry"),
        _ => format!("/{n}//$SYS/\u{1F980}/{n}"),
    };
    for hundred in 0..100_u16 {
        let ids = hundred * 100 + 1..=hundred * 100 + 100;
        let bytes: Vec<u8> = ids.clone().flat_map(|id| publish(5, 1, id, &topic(id), &reading(0))).collect();
        client.send(&bytes);
        for id in ids {
            assert_eq!(client.read(), format!("40 {:02x} {:02x} 90", id >> 8, id & 255));
        }
    }
    assert!(plant.log.events().is_empty());
    assert_eq!(plant.ingest.status().sources[0].refused, [("unknown_topic", 10_000)]);
    assert_served(&plant, "good");
}

/// Clients of other ages and of none are told in the form that all of them understand, or closed.
#[test]
fn wrong_protocol_levels_are_refused() {
    let plant = Plant::start(ListenerOptions::default());
    let connect = |name: &[u8], level: u8| {
        let mut body = vec![0, name.len() as u8];
        body.extend_from_slice(name);
        body.extend_from_slice(&[level, 2, 0, 60, 0, 1, b'x']);
        packet(0x10, &body)
    };
    for (name, level) in [(&b"MQTT"[..], 0), (b"MQTT", 3), (b"MQTT", 6), (b"MQTT", 255), (b"MQIsdp", 3), (b"HTTP", 4)] {
        let mut client = Wire::open(plant.addr);
        client.send(&connect(name, level));
        let said = client.read();
        if name == b"MQTT" {
            assert_eq!(said, "20 00 01", "level {level}");
            assert_eq!(client.read(), "closed");
        } else {
            assert_ne!(said, "20 00 00", "{name:?}");
        }
    }
    let mut browser = Wire::open(plant.addr);
    browser.try_send(b"GET / HTTP/1.1\r\nHost: foretell\r\n\r\n");
    assert_eq!(browser.read(), "closed");
    assert_served(&plant, "good");
}

/// Many who all claim one client id: one of them has it in the end, nobody else is harmed, and nothing is left behind.
#[test]
fn a_storm_of_takeovers_leaves_one() {
    let plant = Plant::start(ListenerOptions::default());
    let mut bystander = Wire::connect(plant.addr, Hello { id: "bystander", ..V5 });
    let storm: Vec<_> = (0..8)
        .map(|_| {
            let addr = plant.addr;
            std::thread::spawn(move || {
                for _ in 0..25 {
                    let mut wire = Wire::open(addr);
                    wire.try_send(&Hello { id: "claimed", ..V5 }.bytes());
                    wire.try_send(&publish(5, 1, 1, TOPIC, &reading(0)));
                    let said = wire.read();
                    assert!(said.starts_with("20 00 00") || said.starts_with("e0 8e") || said == "closed", "{said}");
                }
            })
        })
        .collect();
    for thread in storm {
        thread.join().unwrap();
    }
    let mut last = Wire::connect(plant.addr, Hello { id: "claimed", ..V5 });
    last.publish(1, 1, TOPIC, &reading(1));
    assert_eq!(last.read(), "40 00 01");
    bystander.publish(1, 1, TOPIC, &reading(2));
    assert_eq!(bystander.read(), "40 00 01");
    crate::kit::wait_until("the storm is over", || plant.ingest.status().sources[0].connected == 2);
}

/// Who sends faster than it may is read more slowly: everything is kept and answered, in order.
#[test]
fn a_fast_sender_is_slowed_and_loses_nothing() {
    let limits = [(Some(100), None), (None, Some(20_000))];
    for (messages_per_second_max, bytes_per_second_max) in limits {
        let options = ListenerOptions { messages_per_second_max, bytes_per_second_max, ..ListenerOptions::default() };
        let plant = Plant::start(options);
        let mut client = Wire::connect(plant.addr, V3);
        let bytes: Vec<u8> = (1..=200).flat_map(|id| publish(4, 1, id, TOPIC, &reading(u32::from(id)))).collect();
        client.send(&bytes);
        for id in 1..=200 {
            assert_eq!(client.read(), format!("40 00 {id:02x}"));
        }
        assert_eq!(plant.log.events().len(), 200);
    }
}
