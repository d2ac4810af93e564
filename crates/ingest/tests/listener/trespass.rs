//! What a login may not do, tried in every way there is: its machines are its own, and nobody else's are.

use foretell_ingest::IntakeOptions;
use foretell_ingest::decode::{DecoderOptions, MappingSpec};
use foretell_ingest::listener::{Anonymous, Argon2Hash, ListenerOptions, MachineGlob, Password, Rights, User};
use foretell_model::{Event, Signal};

use crate::kit::{Plant, outline, reading};
use crate::wire::{Hello, V3, V5, Wire, packet, publish};

const PLC: Option<(&str, &str)> = Some(("plc", "plc-secret"));
const OTHER: Option<(&str, &str)> = Some(("other", "other-secret"));

/// Two controllers, each with one machine of its own.
fn plant() -> Plant {
    mapped("")
}

/// The same with foreign topics.
fn mapped(mappings: &str) -> Plant {
    #[derive(Default, serde::Deserialize)]
    struct File {
        #[serde(default)]
        mapping: Vec<MappingSpec>,
    }
    let File { mapping: mappings } = toml::from_str(mappings).unwrap();
    let user = |name: &str, machine: &str| {
        let own = vec![MachineGlob::parse(machine).unwrap()];
        let rights = Rights { publish: own.clone(), subscribe: own };
        User { name: name.into(), password: Some(format!("{name}-secret").into()), rights }
    };
    let users = vec![user("plc", "s01/m1"), user("other", "s01/m2")];
    let listener = ListenerOptions { anonymous: Anonymous::Nobody, users, ..ListenerOptions::default() };
    Plant::start_decoding(DecoderOptions { mappings, ..DecoderOptions::default() }, listener, IntakeOptions::default())
}

const GATEWAY: &str = r#"
[[mapping]]
topic = "gw/{site}/{machine}"
ts = { at = "/t", format = "ms" }
signals = { discharge_temp_c = "/temp", motor_current_a = "/amps" }
derive.run_hours = { from = "motor_current_a", above = 5.0 }
[[mapping]]
topic = "hall"
machine = { at = "/k" }
site = "s01"
records = "/all"
ts = { at = "/t", format = "ms" }
signals = { discharge_temp_c = "/temp", motor_current_a = "/amps" }
derive.run_hours = { from = "motor_current_a", above = 5.0 }
"#;

/// A refused message leaves no trace in the run hours of the machine that it was about, nor in those of any machine beside it.
#[test]
fn turns_back_nobodys_hours() {
    let plant = mapped(GATEWAY);
    let (mut plc, mut other) = (
        Wire::connect(plant.addr, Hello { id: "plc", login: PLC, ..V5 }),
        Wire::connect(plant.addr, Hello { id: "other", login: OTHER, ..V5 }),
    );
    let record = |machine: &str, minute: u32, amps: u32| {
        let at = 1_782_892_800_000 - 3_600_000 + u64::from(minute) * 60_000;
        format!(r#"{{"k":"{machine}","t":{at},"temp":80,"amps":{amps}}}"#)
    };
    let hall = |records: &[String]| format!(r#"{{"all":[{}]}}"#, records.join(","));
    let say = |who: &mut Wire, topic: &str, payload: &str, expected: &str| {
        who.send(&publish(5, 1, 7, topic, payload));
        assert_eq!(who.read(), expected, "{topic} {payload}");
    };
    let (taken, refused) = ("40 00 07", "40 00 07 87");
    say(&mut other, "gw/s01/m2", &record("m2", 0, 40), taken);
    say(&mut other, "hall", &hall(&[record("m2", 0, 40)]), taken);
    say(&mut plc, "hall", &hall(&[record("m1", 0, 40)]), taken);
    // Standing still for five minutes, says somebody else.
    say(&mut plc, "gw/s01/m2", &record("m2", 5, 0), refused);
    say(&mut plc, "hall", &hall(&[record("m1", 5, 0), record("m2", 5, 0)]), refused);
    say(&mut other, "gw/s01/m2", &record("m2", 10, 40), taken);
    say(&mut other, "hall", &hall(&[record("m2", 10, 40)]), taken);
    say(&mut plc, "hall", &hall(&[record("m1", 10, 40)]), taken);
    let hours: Vec<String> = plant
        .log
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Reading(reading) => Some(reading),
            _ => None,
        })
        .map(|reading| format!("{} {:.3}", reading.machine, reading.signals.get(Signal::RunHours).unwrap()))
        .collect();
    // The same reading through both topics is one reading.
    assert_eq!(hours, ["s01/m2 0.000", "s01/m1 0.000", "s01/m2 0.167", "s01/m1 0.167"]);
    let denied = ["gw/s01/m2 not_authorised", "hall not_authorised"];
    assert_eq!(plant.quarantine.reasons(), denied);
}

#[test]
fn publishes_for_no_other_machine() {
    let plant = plant();
    let mut watcher = Wire::connect(plant.addr, Hello { id: "watcher", login: OTHER, ..V5 });
    assert_eq!(watcher.subscribe(1, "foretell/v1/s01/m2/status", 1), "90 00 01 00 01");
    let status = r#"{"online":true,"ts":"2026-07-01T00:00:01Z"}"#;
    for (topic, payload, expected) in [
        ("foretell/v1/s01/m2/telemetry", reading(0), "87"),
        ("foretell/v1/s01/m2/status", status.to_owned(), "87"),
        ("foretell/v1/s01/m2/event", r#"{"ts":1,"kind":"note"}"#.to_owned(), "87"),
        ("foretell/v1/s01/m2/advisory", "{}".to_owned(), "87"),
        // Its own advisory is ours to say.
        ("foretell/v1/s01/m1/advisory", "{}".to_owned(), "90"),
        ("foretell/v1/s01/m1/../m2/telemetry", reading(0), "90"),
        ("foretell/v1/s01/m1\u{1}/telemetry", reading(0), "87"),
        ("/foretell/v1/s01/m2/telemetry", reading(0), "90"),
        ("foretell/v1/s01/m2/telemetry/", reading(0), "87"),
        ("$SYS/broker/version", "1".to_owned(), "90"),
        ("$share/g/foretell/v1/s01/m2/telemetry", reading(0), "90"),
    ] {
        for qos in 0..3 {
            for retain in [false, true] {
                let mut plc = Wire::connect(plant.addr, Hello { login: PLC, ..V5 });
                let mut bytes = publish(5, qos, 7, topic, &payload);
                bytes[0] |= u8::from(retain);
                plc.try_send(&bytes);
                let said = if qos == 0 { String::new() } else { plc.read() };
                assert!(qos == 0 || said.ends_with(expected), "{topic:?} at {qos}: {said}");
            }
        }
    }
    assert!(plant.log.events().is_empty(), "{}", outline(&plant.log.events()));
    assert_eq!(watcher.until_pong(), Vec::<String>::new());
    let mut late = Wire::connect(plant.addr, Hello { id: "late", login: OTHER, ..V5 });
    assert_eq!(late.subscribe(1, "foretell/v1/s01/m2/status", 1), "90 00 01 00 01");
    assert_eq!(late.subscribe(2, "foretell/v1/s01/m2/advisory", 1), "90 00 02 00 01");
    assert_eq!(late.until_pong(), Vec::<String>::new());
}

/// A topic alias is judged by what it means now, not by what it meant when it was last allowed.
#[test]
fn a_topic_alias_smuggles_nothing() {
    let plant = plant();
    let mut plc = Wire::connect(plant.addr, Hello { login: PLC, ..V5 });
    let aliased = |id: u8, topic: &str, second: u32| {
        let mut body = vec![0, topic.len() as u8];
        body.extend_from_slice(topic.as_bytes());
        body.extend_from_slice(&[0, id, 3, 0x23, 0, 1]);
        body.extend_from_slice(reading(second).as_bytes());
        packet(0x32, &body)
    };
    for (id, topic, expected) in [
        (1, "foretell/v1/s01/m1/telemetry", "40 00 01"),
        (2, "", "40 00 02"),
        (3, "foretell/v1/s01/m2/telemetry", "40 00 03 87"),
        (4, "", "40 00 04 87"),
        (5, "foretell/v1/s01/m1/telemetry", "40 00 05"),
    ] {
        plc.send(&aliased(id, topic, u32::from(id)));
        assert_eq!(plc.read(), expected);
    }
    let machines: Vec<_> = plant.log.events().iter().map(|event| event.machine().to_string()).collect();
    assert_eq!(machines, ["s01/m1"; 3]);
}

#[test]
fn reads_nothing_of_another_machine() {
    let plant = plant();
    for machine in ["m1", "m2"] {
        plant.ingest.publish_retained(&format!("foretell/v1/s01/{machine}/advisory"), machine.as_bytes());
    }
    let mut plc = Wire::connect(plant.addr, Hello { login: PLC, ..V5 });
    for (id, filter, expected) in [
        (1, "foretell/v1/s01/m2/advisory", "87"),
        (2, "foretell/v1/s01/m2/status", "87"),
        (3, "foretell/v1/s01/m1/telemetry", "87"),
        (4, "#", "87"),
        (5, "+/+/+/+/+", "87"),
        (6, "foretell/#", "87"),
        (7, "foretell/v1/s01/m2/#", "87"),
        (8, "$SYS/#", "87"),
        (9, "$share/g/foretell/v1/s01/m1/advisory", "9e"),
        (10, "$share/g/#", "9e"),
        (11, "spBv1.0/#", "87"),
        (12, "foretell/v1/s01/m2/adv+", "8f"),
        (13, "", "8f"),
    ] {
        let said = plc.subscribe(id, filter, 1);
        assert_eq!(said, format!("90 00 {id:02x} 00 {expected}"), "{filter:?}");
    }
    // A wildcard means what it may see, now and later.
    assert_eq!(plc.subscribe(20, "foretell/v1/+/+/advisory", 1), "90 00 14 00 01");
    assert_eq!(plc.read_message(), "foretell/v1/s01/m1/advisory m1 retain=1");
    plant.ingest.publish_retained("foretell/v1/s01/m2/advisory", b"again");
    plant.ingest.publish_retained("foretell/v1/s01/m1/advisory", b"again");
    assert_eq!(plc.read_message(), "foretell/v1/s01/m1/advisory again retain=0");
    assert_eq!(plc.until_pong(), Vec::<String>::new());
}

/// Another login's client id is not its own: naming it takes nobody over and inherits nothing.
#[test]
fn a_client_id_opens_no_door() {
    let plant = plant();
    let mut other = Wire::connect(plant.addr, Hello { id: "same", login: OTHER, ..V5 });
    assert_eq!(other.subscribe(1, "foretell/v1/s01/m2/advisory", 0), "90 00 01 00 00");
    let mut plc = Wire::connect(plant.addr, Hello { id: "same", login: PLC, clean: false, ..V5 });
    plant.ingest.publish_retained("foretell/v1/s01/m2/advisory", b"x");
    assert_eq!(other.read_message(), "foretell/v1/s01/m2/advisory x retain=0");
    assert_eq!(plc.until_pong(), Vec::<String>::new());
}

/// Hashed passwords: right is let in, wrong is not, also when many try at once; and who is in is served meanwhile.
#[test]
fn a_hashed_password_lets_in_its_owner_alone() {
    let rights = Rights { publish: vec![MachineGlob::everything()], subscribe: vec![] };
    let hash = Argon2Hash::of(b"plc-secret").unwrap();
    let hashed =
        |name: &str| User { name: name.into(), password: Some(Password::Hash(hash.clone())), rights: rights.clone() };
    let users = vec![hashed("plc"), hashed("second")];
    let options = ListenerOptions { anonymous: Anonymous::Nobody, users, ..ListenerOptions::default() };
    let plant = Plant::start(options);
    for (hello, told) in [(V3, "20 00 04"), (V5, "20 00 86")] {
        let mut wire = Wire::open(plant.addr);
        wire.send(&Hello { login: Some(("plc", "wrong")), ..hello }.bytes());
        assert!(wire.read().starts_with(told));
    }
    let mut client = Wire::connect(plant.addr, Hello { login: PLC, ..V5 });
    let mut guesses: Vec<_> = (0..30)
        .map(|n| {
            let mut wire = Wire::open(plant.addr);
            wire.send(&Hello { login: Some(("second", &format!("guess-{n}"))), ..V5 }.bytes());
            wire
        })
        .collect();
    client.publish(1, 1, "foretell/v1/s01/m1/telemetry", &reading(0));
    assert_eq!(client.read(), "40 00 01");
    let mut tried = 0;
    for guess in &mut guesses {
        let said = guess.read();
        tried += usize::from(said.starts_with("20 00 86"));
        assert!(["20 00 86", "20 00 89", "20 00 9f"].iter().any(|told| said.starts_with(told)), "{said}");
    }
    // As many guesses as one by one would have had, not thirty.
    assert_eq!(tried, ListenerOptions::default().login_failures_max as usize);
}

/// A login that is taken away, or given another password or other rights, is so for who is connected, too. Nobody else is troubled.
#[test]
fn a_changed_login_counts_for_who_is_connected() {
    let user = |name: &str, password: &str, machine: &str| {
        let rights = Rights { publish: vec![MachineGlob::parse(machine).unwrap()], subscribe: vec![] };
        User { name: name.into(), password: Some(password.into()), rights }
    };
    let before = ["stays", "gone", "exchanged", "narrowed"].map(|name| user(name, "secret", "s01/*"));
    let options = ListenerOptions { anonymous: Anonymous::OnLoopback, users: before.to_vec(), ..Default::default() };
    let plant = Plant::start(options.clone());
    let hello = Hello { keep_alive_s: 6, ..V5 };
    let mut named = before
        .map(|user| Wire::connect(plant.addr, Hello { id: &user.name, login: Some((&user.name, "secret")), ..hello }));
    let mut stranger = Wire::connect(plant.addr, Hello { version: 4, ..hello });

    let [stays, exchanged, narrowed] =
        [("stays", "secret", "s01/*"), ("exchanged", "new", "s01/*"), ("narrowed", "secret", "s01/m1")]
            .map(|(name, password, machine)| user(name, password, machine));
    let options = ListenerOptions { anonymous: Anonymous::Nobody, users: vec![stays, exchanged, narrowed], ..options };
    plant.ingest.replace(DecoderOptions::default(), &options, &*plant.log).unwrap();
    for wire in &mut named[1..] {
        assert_eq!((wire.read().as_str(), wire.read().as_str()), ("e0 98", "closed"));
    }
    assert_eq!(stranger.read(), "closed");
    named[0].publish(1, 1, "foretell/v1/s01/m1/telemetry", &reading(1));
    assert_eq!(named[0].read(), "40 00 01");
    let (narrowed, topic) = (Some(("narrowed", "secret")), "foretell/v1/s01/m2/telemetry");
    let mut narrowed = Wire::connect(plant.addr, Hello { login: narrowed, ..hello });
    narrowed.publish(1, 1, topic, &reading(2));
    assert_eq!(narrowed.read(), "40 00 01 87");
}
