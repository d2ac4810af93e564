//! Bytes that no real client sends: they cost their own connection at most.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use foretell_ingest::listener::ListenerOptions;
use proptest::prelude::*;

use crate::kit::{Plant, reading};
use crate::wire::{Hello, V3, V5, Wire, packet, publish};

/// Panics in this process that no test asked for.
static PANICS: AtomicUsize = AtomicUsize::new(0);

static PLANT: LazyLock<Plant> = LazyLock::new(|| {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.to_string().contains("told to panic") {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        usual(panic);
    }));
    Plant::start(ListenerOptions::default())
});

/// Sends bytes, closes our side, and waits for the listener to close its own: it has digested all of them by then.
fn digest(prefix: &[u8], bytes: &[u8]) {
    let before = PANICS.load(Ordering::SeqCst);
    let mut wire = Wire::open(PLANT.addr);
    wire.try_send(prefix);
    wire.try_send(bytes);
    wire.finish();
    while wire.read() != "closed" {}
    assert_eq!(PANICS.load(Ordering::SeqCst), before, "a connection panicked");
}

/// Whole packets with nonsense inside, which go deeper than plain noise.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        // Plausible beginnings: a topic, a packet id.
        (0_u8..6, prop::collection::vec(any::<u8>(), 0..30)).prop_map(|(length, rest)| {
            let mut body = vec![0, length];
            body.extend(rest);
            body
        }),
    ];
    prop::collection::vec((any::<u8>(), body).prop_map(|(first, body)| packet(first, &body)), 1..8)
        .prop_map(|packets| packets.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn noise_before_connect(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        digest(&[], &bytes);
    }

    #[test]
    fn packets_after_connect(v5 in any::<bool>(), bytes in packets()) {
        let hello = if v5 { V5 } else { V3 };
        digest(&Hello { id: "", ..hello }.bytes(), &bytes);
    }

    #[test]
    fn damaged_messages(v5 in any::<bool>(), qos in 0_u8..3, at in 0_usize..100, to in any::<u8>()) {
        let hello = if v5 { V5 } else { V3 };
        let mut bytes = publish(hello.version, qos, 1, "foretell/v1/s01/m1/telemetry", &reading(0));
        let at = at % bytes.len();
        bytes[at] = to;
        digest(&Hello { id: "", ..hello }.bytes(), &bytes);
    }
}

#[test]
fn a_neighbour_is_not_disturbed() {
    let mut neighbour = Wire::connect(PLANT.addr, Hello { id: "neighbour", ..V5 });
    for seed in 0..50_u8 {
        digest(&[], &[seed, 0xff, 0xff, 0xff, 0x7f, seed]);
        digest(&V3.bytes(), &[0x30 | seed, seed, 0, seed]);
    }
    neighbour.publish(1, 1, "foretell/v1/s01/neighbour/telemetry", &reading(0));
    assert_eq!(neighbour.read(), "40 00 01");
}

#[test]
fn a_message_to_a_wildcard_is_refused() {
    let bytes = |version| publish(version, 1, 1, "foretell/v1/+/m1/telemetry", &reading(0));
    let mut v5 = Wire::connect(PLANT.addr, Hello { id: "wild5", ..V5 });
    v5.send(&bytes(5));
    assert!(v5.read().starts_with("e0 90"));
    let mut v3 = Wire::connect(PLANT.addr, Hello { id: "wild3", ..V3 });
    v3.send(&bytes(4));
    assert_eq!(v3.read(), "closed");
}

/// What the codec would let pass and the standard does not: a v5 client is told, one of 3.1.1 is closed without a word.
#[test]
fn a_connect_with_odd_flags_is_closed() {
    let will = Some(("foretell/v1/s01/m1/status", "x"));
    for (hello, told) in [(V5, "20 00 81"), (V3, "closed")] {
        let said = |hello: Hello<'_>, more_flags: u8| {
            let mut bytes = hello.bytes();
            bytes[9] |= more_flags;
            let mut wire = Wire::open(PLANT.addr);
            wire.send(&bytes);
            wire.read()
        };
        for flags in [0b0000_0001, 0b0000_1000, 0b0001_0000, 0b0010_0000] {
            assert!(said(Hello { id: "odd", ..hello }, flags).starts_with(told), "{flags:#010b}");
        }
        assert!(said(Hello { id: "odd", will, ..hello }, 0b0001_1000).starts_with(told));
        assert!(said(Hello { id: "odd", will, ..hello }, 0b0001_0000).starts_with("20 00 00"));
    }
}

/// U+0000 closes, wherever it stands; other control characters are no client id.
#[test]
fn a_text_with_control_characters_is_refused() {
    let nul = "a\u{0}b";
    for (hello, malformed, no_id) in [(V5, "20 00 81", "20 00 85"), (V3, "closed", "20 00 02")] {
        let said = |hello: Hello<'_>| {
            let mut wire = Wire::open(PLANT.addr);
            wire.send(&hello.bytes());
            wire.read()
        };
        for hello in [
            Hello { id: nul, ..hello },
            Hello { login: Some((nul, "x")), ..hello },
            Hello { will: Some((nul, "x")), ..hello },
        ] {
            assert!(said(hello).starts_with(malformed));
        }
        for id in ["a\u{1}", "\n", "\u{7f}", "\u{9f}"] {
            assert!(said(Hello { id, ..hello }).starts_with(no_id), "{id:?}");
        }
        let after = |bytes: &[u8]| {
            let mut wire = Wire::connect(PLANT.addr, Hello { id: "", ..hello });
            wire.send(bytes);
            wire.read()
        };
        let told = if hello.version == 5 { "e0 81" } else { "closed" };
        for qos in 0..3 {
            let topic = "foretell/v1/s01/m1\u{0}/telemetry";
            assert!(after(&publish(hello.version, qos, 1, topic, &reading(0))).starts_with(told), "QoS {qos}");
        }
        let properties: &[u8] = if hello.version == 5 { &[0] } else { &[] };
        let filter = [&[0, 1][..], properties, &[0, 2, b'a', 0]].concat();
        assert!(after(&packet(0x82, &[&filter[..], &[0]].concat())).starts_with(told));
        assert!(after(&packet(0xa2, &filter)).starts_with(told));
    }
}

#[test]
fn a_promised_giant_is_refused_before_it_is_sent() {
    let mut v5 = Wire::connect(PLANT.addr, Hello { id: "giant", ..V5 });
    v5.send(&[0x30, 0xff, 0xff, 0xff, 0x7f]);
    assert!(v5.read().starts_with("e0 95"));
    // Before CONNECT even less is taken.
    let mut stranger = Wire::open(PLANT.addr);
    let mut bytes = vec![0x10, 0x80, 0x80, 0x20];
    bytes.resize(200_000, 0);
    stranger.try_send(&bytes);
    assert_eq!(stranger.read(), "closed");
}
