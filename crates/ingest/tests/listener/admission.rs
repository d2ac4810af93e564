//! Who is let in, for whom a login may speak, who takes over, and who is closed.

use std::time::Duration;

use foretell_ingest::listener::{Anonymous, ListenerOptions, MachineGlob, Rights, User};

use crate::kit::{Plant, outline, reading};
use crate::wire::{Hello, V3, V5, Wire};

fn glob(pattern: &str) -> MachineGlob {
    MachineGlob::parse(pattern).unwrap()
}

/// `plc` speaks for site s01 and reads nothing; `advisor` reads s01 and speaks for nobody.
pub(crate) fn with_users() -> ListenerOptions {
    let user = |name: &str, rights| User { name: name.into(), password: Some(format!("{name}-secret").into()), rights };
    let users = vec![
        user("plc", Rights { publish: vec![glob("s01/*")], subscribe: vec![] }),
        user("advisor", Rights { publish: vec![], subscribe: vec![glob("s01/*")] }),
    ];
    ListenerOptions { anonymous: Anonymous::Nobody, users, ..ListenerOptions::default() }
}

const PLC: Option<(&str, &str)> = Some(("plc", "plc-secret"));
const ADVISOR: Option<(&str, &str)> = Some(("advisor", "advisor-secret"));

#[test]
fn says_who_may_not_come_in_and_why() {
    let plant = Plant::start(with_users());
    let long = "x".repeat(300);
    for (hello, expected) in [
        (V3, "20 00 05"),
        (V5, "20 00 87"),
        (Hello { login: Some(("plc", "wrong")), ..V3 }, "20 00 04"),
        (Hello { login: Some(("plc", "wrong")), ..V5 }, "20 00 86"),
        (Hello { login: PLC, id: "", clean: false, ..V3 }, "20 00 02"),
        (Hello { login: PLC, id: &long, ..V5 }, "20 00 85"),
        (Hello { login: PLC, will: Some(("foretell/v1/s02/m1/status", "x")), ..V3 }, "20 00 05"),
        (Hello { login: PLC, will: Some(("foretell/v1/s02/m1/status", "x")), ..V5 }, "20 00 87"),
        (Hello { login: PLC, id: "", ..V3 }, "20 00 00"),
        (Hello { login: PLC, ..V5 }, "20 00 00"),
    ] {
        let mut wire = Wire::open(plant.addr);
        wire.send(&hello.bytes());
        let answer = wire.read();
        assert!(answer.starts_with(expected), "{answer} {expected}");
        if !expected.ends_with("00 00") {
            assert_eq!(wire.read(), "closed");
        }
        if expected == "20 00 87" {
            // "its will" or "no name", in the reason that the technician sees.
            let words = if hello.will.is_some() { "69 74 73 20 77 69 6c 6c" } else { "6e 6f 20 6e 61 6d 65" };
            assert!(answer.contains(words), "{answer}");
        }
    }
}

#[test]
fn a_v5_client_learns_our_bounds_and_its_id() {
    let plant = Plant::start(ListenerOptions { pending_max: 20, packet_bytes_max: 65_536, ..Default::default() });
    let mut wire = Wire::open(plant.addr);
    wire.send(&Hello { id: "", keep_alive_s: 0, ..V5 }.bytes());
    let connack = wire.read();
    // Receive maximum 20, topic alias maximum, session expiry 0, assigned id, server keep-alive 3600, maximum packet size.
    for property in ["21 00 14", "22 00 10", "11 00 00 00 00", "12 00 06 61 75 74 6f 2d", "13 0e 10", "27 00 01 00 00"]
    {
        assert!(connack.contains(property), "{connack} lacks {property}");
    }
}

#[test]
fn a_login_speaks_for_its_machines_alone() {
    let plant = Plant::start(with_users());
    let mut v5 = Wire::connect(plant.addr, Hello { login: PLC, ..V5 });
    for (id, topic, expected) in [
        (1, "foretell/v1/s01/m1/telemetry", "40 00 01"),
        (2, "foretell/v1/s02/m1/telemetry", "40 00 02 87"),
        (3, "foretell/v1/s02/m1/telemetry", "40 00 03 87"),
        (4, "foretell/v1/s01/m2/telemetry", "40 00 04"),
    ] {
        v5.publish(1, id, topic, &reading(u32::from(id)));
        assert_eq!(v5.read(), expected);
    }
    let mut v3 = Wire::connect(plant.addr, Hello { login: PLC, id: "three", ..V3 });
    v3.publish(1, 1, "foretell/v1/s01/m1/telemetry", &reading(5));
    v3.publish(1, 2, "foretell/v1/s02/m1/telemetry", &reading(6));
    v3.publish(1, 3, "foretell/v1/s01/m1/telemetry", &reading(7));
    // It cannot be told no, and must not send it again for ever.
    assert_eq!([v3.read(), v3.read(), v3.read()], ["40 00 01", "40 00 02", "40 00 03"]);
    assert_eq!(
        outline(&plant.log.events()),
        "s01/m1 2026-07-01T00:00:01Z\ns01/m2 2026-07-01T00:00:04Z\ns01/m1 2026-07-01T00:00:05Z\ns01/m1 2026-07-01T00:00:07Z"
    );
    assert_eq!(plant.quarantine.reasons(), vec!["foretell/v1/s02/m1/telemetry not_authorised"; 3]);
    assert_eq!(plant.ingest.status().sources[0].refused, vec![("not_authorised", 3)]);
}

#[test]
fn a_login_reads_its_machines_alone() {
    let plant = Plant::start(with_users());
    plant.ingest.publish_retained("foretell/v1/s01/m1/advisory", b"mine");
    plant.ingest.publish_retained("foretell/v1/s02/m1/advisory", b"not mine");
    let mut advisor = Wire::connect(plant.addr, Hello { login: ADVISOR, ..V5 });
    assert_eq!(advisor.subscribe(1, "foretell/v1/s02/+/advisory", 1), "90 00 01 00 01");
    assert_eq!(advisor.subscribe(2, "foretell/v1/s02/m1/advisory", 1), "90 00 02 00 87");
    assert_eq!(advisor.subscribe(3, "#", 1), "90 00 03 00 87");
    assert_eq!(advisor.subscribe(4, "$share/x/foretell/v1/+/+/advisory", 1), "90 00 04 00 9e");
    assert_eq!(advisor.subscribe(5, "foretell/v1/s+/x/advisory", 1), "90 00 05 00 8f");
    assert_eq!(advisor.subscribe(6, "foretell/v1/+/+/advisory", 1), "90 00 06 00 01");
    assert_eq!(advisor.read_message(), "foretell/v1/s01/m1/advisory mine retain=1");
    let mut plc = Wire::connect(plant.addr, Hello { login: PLC, ..V3 });
    assert_eq!(plc.subscribe(1, "foretell/v1/+/+/advisory", 0), "90 00 01 80");
}

#[test]
fn guessing_is_slowed_and_then_refused() {
    let plant = Plant::start(ListenerOptions { login_failures_max: 2, ..with_users() });
    for (password, expected) in [("a", "20 00 04"), ("b", "20 00 04"), ("plc-secret", "20 00 03")] {
        let mut wire = Wire::open(plant.addr);
        wire.send(&Hello { login: Some(("plc", password)), ..V3 }.bytes());
        assert_eq!(wire.read(), expected);
    }
}

#[test]
fn a_second_connection_with_the_same_id_takes_over() {
    let status = "foretell/v1/s01/m1/status";
    let will = Some((status, r#"{"online":false,"ts":"2026-07-01T00:00:01Z"}"#));
    for (hello, told) in [(V5, "e0 8e"), (V3, "closed")] {
        let plant = Plant::start(ListenerOptions::default());
        let mut first = Wire::connect(plant.addr, Hello { will, ..hello });
        let mut second = Wire::connect(plant.addr, Hello { will, ..hello });
        assert!(first.read().starts_with(told));
        second.publish(1, 1, status, r#"{"online":true,"ts":"2026-07-01T00:00:02Z"}"#);
        assert_eq!(second.read(), "40 00 01");
        // The predecessor's will came first: the machine is on line in the end.
        assert_eq!(
            outline(&plant.log.events()),
            "s01/m1 2026-07-01T00:00:01Z online=false\ns01/m1 2026-07-01T00:00:02Z online=true"
        );
    }
}

#[test]
fn a_will_is_said_unless_the_client_takes_leave() {
    let status = "foretell/v1/s01/m1/status";
    let hello = Hello { will: Some((status, r#"{"online":false,"ts":"2026-07-01T00:00:01Z"}"#)), ..V3 };
    let plant = Plant::start(ListenerOptions::default());
    let mut watcher = Wire::connect(plant.addr, Hello { id: "watcher", ..V3 });
    assert_eq!(watcher.subscribe(1, "foretell/v1/+/+/status", 0), "90 00 01 00");
    let mut polite = Wire::connect(plant.addr, hello);
    polite.send(&[0xe0, 0]);
    assert_eq!(polite.read(), "closed");
    drop(polite);
    assert!(plant.log.events().is_empty());
    drop(Wire::connect(plant.addr, hello));
    assert_eq!(watcher.read_message(), format!(r#"{status} {{"online":false,"ts":"2026-07-01T00:00:01Z"}} retain=0"#));
    assert_eq!(outline(&plant.log.wait_for(1)), "s01/m1 2026-07-01T00:00:01Z online=false");
    // A retained will is a status that whoever comes later finds.
    let mut late = Wire::connect(plant.addr, Hello { id: "late", ..V5 });
    assert_eq!(late.subscribe(1, status, 1), "90 00 01 00 01");
    assert_eq!(late.read_message(), format!(r#"{status} {{"online":false,"ts":"2026-07-01T00:00:01Z"}} retain=1"#));
}

#[test]
fn who_is_silent_is_closed() {
    let connect_within = Duration::from_millis(200);
    let impatient = Plant::start(ListenerOptions { connect_within, ..ListenerOptions::default() });
    let mut mute = Wire::open(impatient.addr);
    assert_eq!(mute.read(), "closed");
    // Another plant, because who introduces itself may need longer on a busy computer.
    let plant = Plant::start(ListenerOptions::default());
    for (version, told) in [(V5, "e0 8d"), (V3, "closed")] {
        let mut client = Wire::connect(plant.addr, Hello { keep_alive_s: 1, ..version });
        assert!(client.read().starts_with(told));
    }
}

#[test]
fn more_connections_than_allowed_are_closed() {
    let plant = Plant::start(ListenerOptions { connections_max: 2, ..ListenerOptions::default() });
    let mut first = Wire::connect(plant.addr, Hello { id: "1", ..V3 });
    let _second = Wire::connect(plant.addr, Hello { id: "2", ..V3 });
    let mut third = Wire::open(plant.addr);
    third.try_send(&Hello { id: "3", ..V3 }.bytes());
    assert_eq!(third.read(), "closed");
    assert_eq!(first.until_pong(), Vec::<String>::new());
}
