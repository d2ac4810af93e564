//! The access list that `deploy/` ships, in a real Mosquitto: everything that Foretell says and reads is allowed, and nobody speaks
//! or listens for another.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use foretell_ingest::IngestOptions;
use foretell_ingest::broker::BrokerOptions;
use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::sparkplug::SparkplugOptions;

use crate::broker::Mosquitto;
use crate::kit::reading;
use crate::plant::{Plant, at, wait_until};

const ACL: &str = include_str!("../../../../deploy/mosquitto.acl");
const USERS: [&str; 5] = ["foretell", "s01/m1", "s01/m2", "gw", "node"];
const SECRET: &str = "secret";

/// The list with its commented gateway put in force, as whoever has one does: `gw` speaks in the group `hq`.
fn with_gateway() -> String {
    let mut list = ACL.to_owned();
    for line in ["#user gw1\n", "#topic write spBv1.0/GROUP/+/gw1/#\n"] {
        assert!(list.contains(line), "{line}");
        list = list.replace(line, &line[1..].replace("gw1", "gw").replace("GROUP", "hq"));
    }
    list
}

fn broker() -> Mosquitto {
    let rules = "allow_anonymous false\npassword_file {dir}/passwd\nacl_file {dir}/acl\n";
    Mosquitto::with(rules, |dir| {
        std::fs::write(dir.join("acl"), with_gateway()).unwrap();
        let file = dir.join("passwd");
        std::fs::write(&file, "").unwrap();
        for user in USERS {
            let made = Command::new("mosquitto_passwd").arg("-b").arg(&file).args([user, SECRET]).status();
            assert!(made.expect("install the Debian package mosquitto").success());
        }
    })
}

/// A client that is not ours, of MQTT 5, in which a refusal is told.
fn client(broker: &Mosquitto, program: &str, user: &str, more: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args([
        "-V",
        "mqttv5",
        "-h",
        "127.0.0.1",
        "-p",
        &broker.port.to_string(),
        "-q",
        "1",
        "-u",
        user,
        "-P",
        SECRET,
    ]);
    command.args(more).stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Publishes; says whether the broker refused.
fn is_refused(broker: &Mosquitto, user: &str, topic: &str, payload: &str) -> bool {
    let output = client(broker, "mosquitto_pub", user, &["-t", topic, "-m", payload]).output().unwrap();
    text(&output).contains("Not authorized")
}

/// Topics that a user is sent of what stands at the broker.
fn reads(broker: &Mosquitto, user: &str, filter: &str, count: usize) -> Vec<String> {
    let more = ["-t", filter, "-C", &count.to_string(), "-W", "2", "-F", "%t"];
    let output = client(broker, "mosquitto_sub", user, &more).output().unwrap();
    let mut topics: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect();
    topics.sort();
    topics
}

fn plant(broker: &Mosquitto) -> Plant {
    let (username, password) = (Some("foretell".to_owned()), Some(SECRET.to_owned()));
    let options = BrokerOptions { username, password, ..at(&broker.url()) };
    let sparkplug = Some(SparkplugOptions { rebirth_every_ms: 1, ..SparkplugOptions::default() });
    let decoder = DecoderOptions { sparkplug, ..DecoderOptions::default() };
    let plant = Plant::hosting(Vec::new(), vec![options], IngestOptions { decoder, ..IngestOptions::default() });
    plant.wait_connected();
    plant
}

const ADVISORY: &str = "foretell/v1/s01/m1/advisory";
const MESSAGE: &str = "foretell/v1/s01/m1/message";
const STATE: &str = "spBv1.0/STATE/foretell";

#[test]
fn everything_of_ours_is_allowed_by_the_shipped_list() {
    let broker = broker();
    let plant = plant(&broker);
    plant.ingest.publish_retained(ADVISORY, b"{}");
    plant.ingest.publish_retained(MESSAGE, b"{}");
    wait_until("both stand there", || reads(&broker, "s01/m1", "foretell/v1/s01/m1/+", 2) == [ADVISORY, MESSAGE]);
    wait_until("nodes see their host", || reads(&broker, "gw", STATE, 1) == [STATE]);
    assert_eq!(plant.ingest.refused_publishes(), []);

    // A node that is not known is asked for its births.
    let more = ["-t", STATE, "-t", "spBv1.0/hq/NCMD/gw", "-C", "2", "-W", "60", "-F", "%t"];
    let mut node = client(&broker, "mosquitto_sub", "gw", &more).stdout(Stdio::piped()).spawn().unwrap();
    // What it is sent first says that it listens: asked before, it would not hear it, and it is not asked for ever.
    let mut heard = BufReader::new(node.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(heard.next().as_deref(), Some(STATE));
    wait_until("the node is asked", || {
        assert!(!is_refused(&broker, "gw", "spBv1.0/hq/NDATA/gw", "no payload of Sparkplug"));
        node.try_wait().unwrap().is_some()
    });
    assert_eq!(heard.next().as_deref(), Some("spBv1.0/hq/NCMD/gw"));

    for (topic, payload) in [
        ("foretell/v1/s01/m1/telemetry", reading(0)),
        ("foretell/v1/s01/m1/status", r#"{"online":true,"ts":1782892800000}"#.to_owned()),
        ("foretell/v1/s01/m1/event", r#"{"ts":1782892800000,"kind":"note","text":"x"}"#.to_owned()),
    ] {
        let before = plant.log.events().len();
        assert!(!is_refused(&broker, "s01/m1", topic, &payload), "{topic}");
        plant.log.wait_for(before + 1);
    }
}

#[test]
fn nobody_speaks_or_listens_for_another_by_the_shipped_list() {
    let broker = broker();
    let plant = plant(&broker);
    plant.ingest.publish_retained(ADVISORY, b"{}");
    plant.ingest.publish_retained(MESSAGE, b"{}");
    wait_until("both stand there", || reads(&broker, "s01/m1", "foretell/v1/s01/m1/+", 2) == [ADVISORY, MESSAGE]);
    for (user, topic) in [
        ("s01/m2", "foretell/v1/s01/m1/telemetry"),
        ("s01/m2", ADVISORY),
        // Its own is ours to say.
        ("s01/m1", ADVISORY),
        ("s01/m1", MESSAGE),
        ("s01/m2", STATE),
        ("s01/m2", "spBv1.0/hq/NCMD/gw"),
        ("s01/m2", "spBv1.0/hq/NDATA/gw"),
        ("gw", "foretell/v1/s01/m1/telemetry"),
        ("gw", "spBv1.0/hq/NDATA/gw2"),
        ("gw", "spBv1.0/s01/DBIRTH/gw/m1"),
        ("gw", STATE),
        // A user name is no node that may speak, nor a node with its device, in any group.
        ("node", "spBv1.0/hq/NBIRTH/node"),
        ("node", "spBv1.0/s01/DBIRTH/node/m1"),
        ("s01/m2", "spBv1.0/s01/DBIRTH/s01/m2"),
        ("s01/m2", "spBv1.0/hq/DDATA/s01/m2"),
    ] {
        assert!(is_refused(&broker, user, topic, "{}"), "{user} on {topic}");
    }
    for user in ["s01/m2", "gw", "node"] {
        assert_eq!(reads(&broker, user, "foretell/#", 1), Vec::<String>::new(), "{user}");
    }
    assert_eq!(plant.source().messages, 1, "our own state came back, and nothing else");
}

/// What the list leaves out is refused at the broker, and said here: a letter that nobody gets must not pass for sent unseen.
#[test]
fn what_the_broker_refuses_is_told() {
    let broker = broker();
    let plant = plant(&broker);
    plant.ingest.publish_retained("display/s01/m1", b"{}");
    plant.ingest.publish_retained(MESSAGE, b"{}");
    let told = || {
        let refused = plant.ingest.refused_publishes().into_iter();
        refused.map(|refused| format!("{} {}: {}", refused.source, refused.topic, refused.why)).collect::<Vec<_>>()
    };
    let expected = "broker display/s01/m1: not authorised; check the broker's access rules for our user";
    wait_until("the refusal is told", || told() == [expected]);
}
