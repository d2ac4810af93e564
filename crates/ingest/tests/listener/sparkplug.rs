//! Edge nodes of Sparkplug that connect straight to us: what they are told, and that nobody speaks for another's node.

use foretell_ingest::IntakeOptions;
use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::listener::{Anonymous, ListenerOptions, MachineGlob, Rights, User};
use foretell_ingest::sparkplug::{SparkplugMapping, SparkplugOptions};
use foretell_model::{Event, Signal};

use crate::edge_node::payload;
use crate::kit::{Plant, outline};
use crate::wire::{Hello, V5, Wire, packet};

const NBIRTH: &str = "spBv1.0/hq/NBIRTH/gw";
const DBIRTH: &str = "spBv1.0/hq/DBIRTH/gw/k1";
const DDATA: &str = "spBv1.0/hq/DDATA/gw/k1";

fn plant() -> Plant {
    // A node's own name counts as a machine: its births and deaths decide what its devices' messages mean.
    named(&[("gateway", &["hq/gw", "hq/k1"]), ("thief", &["hq/k1"])], Vec::new())
}

/// Logins with their machines, and what nodes and devices are called.
fn named(logins: &[(&str, &[&str])], mappings: Vec<SparkplugMapping>) -> Plant {
    let user = |name: &str, machines: &[&str]| {
        let globs: Vec<_> = machines.iter().map(|machine| MachineGlob::parse(machine).unwrap()).collect();
        let rights = Rights { publish: globs.clone(), subscribe: globs };
        User { name: name.into(), password: Some(format!("{name}-secret").into()), rights }
    };
    let users = logins.iter().map(|(name, machines)| user(name, machines)).collect();
    let listener = ListenerOptions { anonymous: Anonymous::Nobody, users, ..ListenerOptions::default() };
    let sparkplug = Some(SparkplugOptions { mappings, ..SparkplugOptions::default() });
    let decoder = DecoderOptions { sparkplug, ..DecoderOptions::default() };
    Plant::start_decoding(decoder, listener, IntakeOptions::default())
}

/// A group whose name no site can have; with a pattern of devices nothing is said of the nodes themselves.
fn plant_1(device: Option<&str>) -> SparkplugMapping {
    let text = |text: &str| Some(text.to_owned());
    let device = device.and_then(text);
    SparkplugMapping { group: text("Plant 1"), site: text("plant1"), device, ..SparkplugMapping::default() }
}

fn client(plant: &Plant, name: &str) -> Wire {
    Wire::connect(plant.addr, Hello { id: name, login: Some((name, &format!("{name}-secret"))), ..V5 })
}

/// PUBLISH at QoS 0 in MQTT 5; payloads of Sparkplug are no text.
fn publish_unanswered(client: &mut Wire, topic: &str, payload: &[u8]) {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(topic.as_bytes());
    body.push(0);
    body.extend_from_slice(payload);
    client.send(&packet(0x30, &body));
}

/// The same at QoS 1.
fn publish(client: &mut Wire, id: u16, topic: &str, payload: &[u8]) {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend_from_slice(topic.as_bytes());
    body.extend_from_slice(&id.to_be_bytes());
    body.push(0);
    body.extend_from_slice(payload);
    client.send(&packet(0x32, &body));
}

#[test]
fn a_node_is_asked_for_its_births_and_sees_its_host() {
    let plant = plant();
    let mut node = client(&plant, "gateway");
    assert_eq!(node.subscribe(1, "spBv1.0/STATE/foretell", 0), "90 00 01 00 00");
    assert_eq!(node.read_message(), r#"spBv1.0/STATE/foretell {"online":true,"timestamp":1782892800000} retain=1"#);
    assert_eq!(node.subscribe(2, "spBv1.0/hq/NCMD/gw/#", 0), "90 00 02 00 00");
    assert_eq!(node.subscribe(3, "spBv1.0/hq/DCMD/gw/#", 0), "90 00 03 00 00");
    publish_unanswered(&mut node, DDATA, &payload(9, &[("", 1, 83.0)]));
    assert!(node.read_message().starts_with("spBv1.0/hq/NCMD/gw "));
    // Refused for good and safe in the quarantine: success, lest it come again.
    publish(&mut node, 4, DDATA, &payload(10, &[("", 1, 84.0)]));
    assert_eq!(node.read(), "40 00 04");
    assert_eq!(plant.quarantine.reasons(), ["spBv1.0/hq/DDATA/gw/k1 no_birth"; 2]);
    publish(&mut node, 5, NBIRTH, &payload(0, &[]));
    assert_eq!(node.read(), "40 00 05");
    publish(&mut node, 6, DBIRTH, &payload(1, &[("discharge_temp_c", 1, 83.0)]));
    assert_eq!(node.read(), "40 00 06");
    assert_eq!(
        outline(&plant.log.events()),
        "hq/k1 2026-07-01T07:58:20.001Z online=true\nhq/k1 2026-07-01T07:58:20.001Z"
    );
}

#[test]
fn nobody_speaks_for_or_listens_to_anothers_node() {
    let plant = plant();
    let (mut node, mut thief) = (client(&plant, "gateway"), client(&plant, "thief"));
    assert_eq!(thief.subscribe(1, "spBv1.0/hq/NCMD/gw", 0), "90 00 01 00 87");
    assert_eq!(thief.subscribe(2, "spBv1.0/#", 0), "90 00 02 00 87");
    let births = [(NBIRTH, payload(0, &[])), (DBIRTH, payload(1, &[("discharge_temp_c", 1, 83.0)]))];
    for (id, (topic, payload)) in (1..).zip(&births) {
        publish(&mut node, id, topic, payload);
        assert_eq!(node.read(), format!("40 00 0{id}"));
    }
    // A birth in another's name would make alias 1 mean something else; a device's right alone is not enough.
    publish(&mut thief, 3, DBIRTH, &payload(2, &[("motor_current_a", 1, 41.0)]));
    assert_eq!(thief.read(), "40 00 03 87");
    publish(&mut thief, 4, "spBv1.0/hq/NDEATH/gw", &payload(3, &[]));
    assert_eq!(thief.read(), "40 00 04 87");
    publish(&mut node, 3, DDATA, &payload(2, &[("", 1, 84.0)]));
    assert_eq!(node.read(), "40 00 03");
    let events = plant.log.events();
    let Some(Event::Reading(last)) = events.last() else { panic!("{events:?}") };
    assert_eq!(last.signals.get(Signal::DischargeTemp), Some(84.0));
    assert_eq!(events.len(), 3);
}

/// Where nobody has said what a node is called here, no pattern of machines can mean it.
#[test]
fn nobody_speaks_for_a_node_that_is_no_machine() {
    let plant = named(&[("gateway", &["*/*"]), ("thief", &["plant1/*"])], vec![plant_1(Some("*"))]);
    let (mut node, mut thief) = (client(&plant, "gateway"), client(&plant, "thief"));
    let topic = |verb: &str| format!("spBv1.0/Plant 1/{verb}");
    let say = |who: &mut Wire, id: u16, verb: &str, payload: &[u8], expected: &str| {
        publish(who, id, &topic(verb), payload);
        assert_eq!(who.read(), format!("40 00 0{id}{expected}"), "{verb}");
    };
    say(&mut node, 1, "NBIRTH/gw", &payload(0, &[]), "");
    say(&mut node, 2, "DBIRTH/gw/k1", &payload(1, &[("discharge_temp_c", 1, 83.0)]), "");
    for (id, verb) in (1..).zip(["NBIRTH/gw", "NDATA/gw", "NDEATH/gw", "DBIRTH/gw/k9", "DDATA/gw/k9", "DDEATH/gw/k9"]) {
        say(&mut thief, id, verb, &payload(u64::from(id), &[("discharge_temp_c", 7, 83.0)]), " 87");
        // Cut short, it would be believed to have been missed.
        say(&mut thief, id, verb, b"\xff", " 87");
    }
    say(&mut node, 3, "DDATA/gw/k1", &payload(2, &[("", 1, 84.0)]), "");
    let readings = "plant1/k1 2026-07-01T07:58:20.001Z\nplant1/k1 2026-07-01T07:58:20.002Z";
    assert_eq!(outline(&plant.log.events()), format!("plant1/k1 2026-07-01T07:58:20.001Z online=true\n{readings}"));
    assert_eq!(thief.subscribe(8, "spBv1.0/Plant 1/NCMD/gw", 0), "90 00 08 00 87");
}

/// A node is asked for its births under its own name, and allowed to be by that which it has here.
#[test]
fn a_node_of_a_mapped_group_is_asked_for_its_births() {
    let logins: [(&str, &[&str]); 2] =
        [("gateway", &["plant1/gw", "plant1/k1"]), ("thief", &["plant1/k1", "plant1/gw2"])];
    let plant = named(&logins, vec![plant_1(None)]);
    let (mut node, mut thief) = (client(&plant, "gateway"), client(&plant, "thief"));
    for (id, filter) in (1..).zip(["spBv1.0/Plant 1/NCMD/gw", "spBv1.0/Plant 1/NCMD/gw/#", "spBv1.0/Plant 1/DCMD/gw/#"])
    {
        assert_eq!(thief.subscribe(id, filter, 0), format!("90 00 0{id} 00 87"), "{filter}");
        assert_eq!(node.subscribe(id, filter, 0), format!("90 00 0{id} 00 00"), "{filter}");
    }
    publish_unanswered(&mut node, "spBv1.0/Plant 1/DDATA/gw/k1", &payload(9, &[("", 1, 83.0)]));
    assert!(node.read_message().starts_with("spBv1.0/Plant 1/NCMD/gw "));
    assert_eq!(thief.until_pong(), Vec::<String>::new());
}
