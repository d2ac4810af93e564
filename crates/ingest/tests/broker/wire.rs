//! A scripted broker, for what Mosquitto never does and for exact packets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use foretell_ingest::IngestOptions;
use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::decode::{DecoderOptions, FieldSpec, MappingSpec};
use foretell_ingest::listener::ListenerOptions;

use crate::kit::{PATIENCE, reading};
use crate::plant::{Plant, TELEMETRY, in_version};

pub(crate) const CONNECT: u8 = 0x10;
pub(crate) const SUBSCRIBE: u8 = 0x82;
const PUBACK: u8 = 0x40;
const DISCONNECT: u8 = 0xe0;

/// One accepted connection.
pub(crate) struct Peer(TcpStream);

impl Peer {
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0.read_exact(&mut byte).expect("the session sends a packet");
        byte[0]
    }

    /// The next packet: its first byte and its body.
    fn packet(&mut self) -> (u8, Vec<u8>) {
        let first = self.byte();
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (first, body)
    }

    pub(crate) fn expect(&mut self, first: u8) -> Vec<u8> {
        let (got, body) = self.packet();
        assert_eq!(got, first, "packet type; body {body:?}");
        body
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Takes CONNECT, which must ask for our kept session, and answers it.
    fn connack(&mut self, session_present: bool) {
        let connect = self.expect(CONNECT);
        assert_eq!(connect[7] & 0b10, 0, "the clean-session flag is set");
        assert_eq!(&connect[10..20], b"\x00\x08foretell", "the client id is not the configured one");
        self.send(&[0x20, 2, u8::from(session_present), 0]);
    }

    /// Takes SUBSCRIBE and answers each of its three filters with a code.
    fn suback(&mut self, codes: [u8; 3]) {
        let subscribe = self.expect(SUBSCRIBE);
        self.send(&[0x90, 5, subscribe[0], subscribe[1], codes[0], codes[1], codes[2]]);
    }

    fn publish(&mut self, pkid: u8, payload: &str) {
        self.send(&publish(u16::from(pkid), &[], payload));
    }
}

/// A QoS 1 publish of at least 128 bytes, with what stands between packet id and payload.
fn publish(pkid: u16, properties: &[u8], payload: &str) -> Vec<u8> {
    let length = 2 + TELEMETRY.len() + 2 + properties.len() + payload.len();
    let mut packet = vec![0x32, (length % 128) as u8 | 0x80, (length / 128) as u8, 0, TELEMETRY.len() as u8];
    packet.extend_from_slice(TELEMETRY.as_bytes());
    packet.extend_from_slice(&pkid.to_be_bytes());
    packet.extend_from_slice(properties);
    packet.extend_from_slice(payload.as_bytes());
    packet
}

fn scripted(version: Version) -> (TcpListener, Plant) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let plant = Plant::start(vec![in_version(&url, version)], IngestOptions::default());
    (listener, plant)
}

/// A message of the first connection is kept only when the second one has given its packet id to another message. Its
/// acknowledgement must not be sent: it would acknowledge that other one.
#[test]
fn an_acknowledgement_of_an_earlier_connection_is_not_sent() {
    let (listener, plant) = scripted(Version::V3);
    let mut first = Peer::accept(&listener);
    first.connack(false);
    first.suback([1, 1, 1]);
    plant.log.hold(true);
    first.publish(7, &reading(0));
    plant.wait_received(1);
    drop(first);

    let mut second = Peer::accept(&listener);
    second.connack(true);
    second.publish(7, &reading(1));
    plant.wait_received(2);
    plant.log.hold(false);
    assert_eq!(second.expect(PUBACK), [0, 7]);
    assert_eq!(plant.log.events().len(), 2, "acknowledged before it was kept");
    // Had there been a second acknowledgement of 7, it would stand before this one.
    second.publish(8, &reading(2));
    assert_eq!(second.expect(PUBACK), [0, 8]);
    let drained = std::thread::spawn(|| plant.drain());
    assert_eq!(second.packet().0, DISCONNECT);
    drained.join().unwrap();
}

/// Acknowledgements go in the order of the messages.
#[test]
fn acknowledges_in_order_and_after_the_commit() {
    let (listener, plant) = scripted(Version::V3);
    let mut peer = Peer::accept(&listener);
    peer.connack(false);
    peer.suback([1, 1, 1]);
    plant.log.hold(true);
    // The second and fourth are refused; they too wait for their turn, because the quarantine must have them.
    for (pkid, payload) in
        [(3, reading(0)), (9, "{}".into()), (1, reading(1)), (5, "no JSON, and long enough for it".into())]
    {
        peer.publish(pkid, &format!("{payload:<140}"));
    }
    plant.wait_received(4);
    plant.log.hold(false);
    let order: Vec<_> = (0..4).map(|_| peer.expect(PUBACK)[1]).collect();
    assert_eq!(order, [3, 9, 1, 5]);
    assert_eq!(plant.quarantine.reasons().len(), 2);
    drop(peer);
}

/// Mosquitto before 2.0.13 sends on as much as it has, whatever we take at once, and uses a packet id again that still waits for
/// our answer. Each of its bearers is kept and answered, on the same connection.
#[test]
fn a_broker_that_sends_more_than_there_are_packet_ids_is_answered_for_each() {
    const MESSAGES: u32 = 70_000;
    // A message may come twice.
    const READINGS: u32 = 20_000;
    let pkids = || (0..MESSAGES).map(|n| (n % 65_535 + 1) as u16);
    for version in [Version::V3, Version::V5] {
        let (listener, plant) = scripted(version);
        let mut peer = Peer::accept(&listener);
        peer.expect(CONNECT);
        // In 5 an empty list of properties stands in each of these packets.
        let properties: &'static [u8] = if version == Version::V3 { &[] } else { &[0] };
        let more = properties.len() as u8;
        peer.send(&[&[0x20, 2 + more, 0, 0], properties].concat());
        let subscribe = peer.expect(SUBSCRIBE);
        peer.send(&[&[0x90, 5 + more], &subscribe[..2], properties, &[1, 1, 1]].concat());
        plant.log.hold(true);
        let mut sends = peer.0.try_clone().unwrap();
        let sender = std::thread::spawn(move || {
            for (n, pkid) in pkids().enumerate() {
                let payload = format!("{:<140}", reading(n as u32 % READINGS));
                sends.write_all(&publish(pkid, properties, &payload)).unwrap();
            }
        });
        // Until no more are taken in, or all are.
        plant.wait_received(10_000);
        loop {
            let before = plant.source().messages;
            std::thread::sleep(Duration::from_millis(300));
            if plant.source().messages == before {
                break;
            }
        }
        plant.log.hold(false);
        for pkid in pkids() {
            assert_eq!(peer.expect(PUBACK), pkid.to_be_bytes());
        }
        sender.join().unwrap();
        assert_eq!(plant.log.events().len(), READINGS as usize);
        drop((peer, plant));
    }
}

/// A session that the broker denies every filter is deaf: it says so and tries again instead of waiting for ever.
#[test]
fn a_denied_subscription_is_tried_again() {
    let (listener, plant) = scripted(Version::V3);
    for _ in 0..2 {
        let mut peer = Peer::accept(&listener);
        peer.connack(false);
        peer.suback([0x80, 0x80, 0x80]);
        let mut rest = Vec::new();
        peer.0.read_to_end(&mut rest).expect("the session closes the connection");
        assert!(rest.is_empty(), "{rest:?}");
    }
    // One filter is enough to stay.
    let mut peer = Peer::accept(&listener);
    peer.connack(false);
    peer.suback([0x80, 0, 1]);
    peer.publish(1, &reading(0));
    assert_eq!(peer.expect(PUBACK), [0, 1]);
    drop(peer);
    drop(plant);
}

/// So does one that brings what an earlier process asked for, and less and less often.
#[test]
fn who_is_denied_comes_back_less_often_although_a_kept_session_brings_something() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let options = BrokerOptions { retry_max: Duration::from_secs(8), ..in_version(&url, Version::V3) };
    let plant = Plant::start(vec![options], IngestOptions::default());
    let mut pause = Duration::ZERO;
    for n in 1..=5 {
        let gone = std::time::Instant::now();
        let mut peer = Peer::accept(&listener);
        pause = gone.elapsed();
        peer.connack(true);
        let subscribe = peer.expect(SUBSCRIBE);
        peer.publish(n, &reading(n.into()));
        assert_eq!(peer.expect(PUBACK), [0, n]);
        peer.send(&[0x90, 5, subscribe[0], subscribe[1], 0x80, 0x80, 0x80]);
        peer.0.read_to_end(&mut Vec::new()).expect("the session closes the connection");
    }
    assert!(pause > Duration::from_millis(1_900), "it came back after {pause:?}");
    drop(plant);
}

/// A broker answers a subscription behind everything that it has kept for us; while that comes, it is waited for, and else not.
#[test]
fn an_answer_that_comes_behind_a_backlog_is_waited_for() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let options = BrokerOptions { connect_within: Duration::from_secs(1), ..in_version(&url, Version::V3) };
    let plant = Plant::start(vec![options], IngestOptions::default());
    let mut silent = Peer::accept(&listener);
    silent.connack(true);
    silent.expect(SUBSCRIBE);
    let mut rest = Vec::new();
    silent.0.read_to_end(&mut rest).expect("the session closes the connection");

    let mut peer = Peer::accept(&listener);
    peer.connack(true);
    let subscribe = peer.expect(SUBSCRIBE);
    for n in 1..=8 {
        std::thread::sleep(Duration::from_millis(400));
        peer.publish(n, &reading(n.into()));
        assert_eq!(peer.expect(PUBACK), [0, n]);
    }
    assert_eq!(plant.source().connected, 1, "the session stands: readings come");
    peer.send(&[0x90, 5, subscribe[0], subscribe[1], 1, 1, 1]);
    std::thread::sleep(Duration::from_millis(1_500));
    peer.publish(9, &reading(9));
    assert_eq!(peer.expect(PUBACK), [0, 9]);
    drop((peer, plant));
}

/// The session of an earlier process may lack filters of today's configuration, so the first connection always subscribes; a
/// later one only when the session is gone.
#[test]
fn subscribes_first_and_when_forgotten() {
    let (listener, plant) = scripted(Version::V3);
    for (session_present, subscribes) in [(true, true), (true, false), (false, true), (true, false)] {
        let mut peer = Peer::accept(&listener);
        peer.connack(session_present);
        if subscribes {
            peer.suback([1, 1, 1]);
        }
        peer.publish(1, &reading(0));
        assert_eq!(peer.expect(PUBACK), [0, 1]);
    }
    drop(plant);
}

/// What a reload asks for is asked again when the connection ends before its answer; else its topics would never come. Should it
/// be denied, the rest comes as before.
#[test]
fn what_a_reload_asks_for_is_not_lost_with_its_connection() {
    let (listener, plant) = scripted(Version::V3);
    let mut first = Peer::accept(&listener);
    first.connack(false);
    first.suback([1, 1, 1]);
    first.publish(1, &reading(0));
    assert_eq!(first.expect(PUBACK), [0, 1]);
    let replace = |topics: &[&str]| {
        let mappings = topics.iter().map(|topic| mapping(topic)).collect();
        let decoder = DecoderOptions { mappings, sparkplug: None, ..DecoderOptions::default() };
        plant.ingest.replace(decoder, &ListenerOptions::default(), &*plant.log).unwrap();
    };
    replace(&["metro/apu/{machine}"]);
    assert!(String::from_utf8_lossy(&first.expect(SUBSCRIBE)).contains("metro/apu/+"));
    drop(first);

    let mut second = Peer::accept(&listener);
    second.connack(true);
    let subscribe = second.expect(SUBSCRIBE);
    assert!(String::from_utf8_lossy(&subscribe).contains("metro/apu/+"), "{subscribe:?}");
    second.send(&[0x90, 6, subscribe[0], subscribe[1], 1, 1, 1, 1]);
    replace(&["metro/apu/{machine}", "tram/apu/{machine}"]);
    let subscribe = second.expect(SUBSCRIBE);
    second.send(&[0x90, 3, subscribe[0], subscribe[1], 0x80]);
    second.publish(2, &reading(1));
    assert_eq!(second.expect(PUBACK), [0, 2]);
    drop(second);

    let mut third = Peer::accept(&listener);
    third.connack(true);
    third.publish(3, &reading(2));
    assert_eq!(third.expect(PUBACK), [0, 3], "answered is answered");
    drop((third, plant));
}

fn mapping(topic: &str) -> MappingSpec {
    let field = FieldSpec { at: "/oil".into(), ..FieldSpec::default() };
    MappingSpec {
        topic: topic.into(),
        site: Some("metro".into()),
        signals: [("discharge_temp_c".to_owned(), field)].into(),
        required: Some(vec!["discharge_temp_c".to_owned()]),
        ..MappingSpec::default()
    }
}

/// A broker of another age answers MQTT 5 in its own way, or not at all; then the other version is tried, and stays.
#[test]
fn finds_the_version_that_the_broker_speaks() {
    // Refused in the form of 3.1.1; refused in the form of 5; hung up.
    for answer in [&[0x20, 2, 0, 1][..], &[0x20, 3, 0, 0x84, 0], &[]] {
        let (listener, plant) = scripted(Version::Auto);
        let mut first = Peer::accept(&listener);
        assert_eq!(first.expect(CONNECT)[6], 5, "protocol level");
        first.send(answer);
        drop(first);
        for _ in 0..2 {
            let mut second = Peer::accept(&listener);
            second.connack(false);
            second.suback([1, 1, 1]);
            second.publish(1, &reading(0));
            assert_eq!(second.expect(PUBACK), [0, 1]);
        }
        drop(plant);
    }
}

/// What an MQTT 5 broker is told at CONNECT: keep our session for 30 days, send no more than the inbox holds.
#[test]
fn says_its_bounds_in_5() {
    let (listener, plant) = scripted(Version::V5);
    let mut peer = Peer::accept(&listener);
    let connect = peer.expect(CONNECT);
    let contains = |bytes: &[u8]| connect.windows(bytes.len()).any(|window| window == bytes);
    assert!(contains(&[0x11, 0x00, 0x27, 0x8d, 0x00]), "session expiry: {connect:02x?}");
    assert!(contains(&[0x21, 0x07, 0xd0]), "receive maximum: {connect:02x?}");
    assert_eq!(connect[7] & 0b10, 0, "the clean-start flag is set");
    // Told to go away for good reason, it comes back, but takes its time; the test does not wait for that.
    peer.send(&[0x20, 3, 0, 0x86, 0]);
    drop(peer);
    drop(plant);
}

/// A broker without retained messages is sent none: one would end every connection.
#[test]
fn keeps_its_own_messages_from_a_broker_that_takes_none() {
    let (listener, plant) = scripted(Version::V5);
    plant.ingest.publish_retained("foretell/v1/s01/m1/advisory", b"{}");
    let mut peer = Peer::accept(&listener);
    peer.expect(CONNECT);
    // CONNACK with "retain available" 0.
    peer.send(&[0x20, 5, 0, 0, 2, 0x25, 0]);
    let subscribe = peer.expect(SUBSCRIBE);
    peer.send(&[0x90, 6, subscribe[0], subscribe[1], 0, 1, 1, 1]);
    let drained = std::thread::spawn(|| plant.drain());
    assert_eq!(peer.packet().0, DISCONNECT, "the first that is said after SUBSCRIBE");
    drained.join().unwrap();
}

/// Edge nodes that wait for their host must not wait for thousands of advisories.
#[test]
fn says_that_the_host_is_there_before_all_else() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let plant = Plant::hosting(Vec::new(), vec![in_version(&url, Version::V3)], IngestOptions::default());
    plant.ingest.publish_retained("foretell/v1/s01/m1/advisory", b"{}");
    for session_present in [false, true] {
        let mut peer = Peer::accept(&listener);
        peer.connack(session_present);
        let said = std::iter::from_fn(|| Some(peer.packet())).find(|(first, _)| first & 0xf0 == 0x30).unwrap();
        let (topic, body) = ("spBv1.0/STATE/foretell", String::from_utf8_lossy(&said.1));
        assert!(body[2..].starts_with(topic) && body.contains("\"online\":true"), "{body}");
        let (_, next) = peer.packet();
        assert!(String::from_utf8_lossy(&next)[2..].starts_with("foretell/v1/s01/m1/advisory"), "{next:?}");
    }
    drop(plant);
}
