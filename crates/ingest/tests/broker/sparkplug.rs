//! Edge nodes behind a broker: what is believed of them after the connection was away and the broker kept our session.

use foretell_ingest::IngestOptions;
use foretell_ingest::broker::Version;

use crate::broker::Mosquitto;
use crate::edge_node::payload;
use crate::plant::{Plant, in_version, wait_until};
use crate::proxy::Proxy;

/// A node's message that continues its sequence after an absence, at a quality of service; what becomes of it.
fn check(qos: &str, refused: &[&str], readings: usize) {
    let broker = Mosquitto::start();
    let proxy = Proxy::to(broker.port);
    let plant = Plant::hosting(Vec::new(), vec![in_version(&proxy.url(), Version::V3)], IngestOptions::default());
    plant.wait_connected();
    // Our own state comes back.
    plant.wait_received(1);
    let say = |qos: &str, verb: &str, payload: &[u8]| {
        broker.publish_with(&format!("spBv1.0/hq/{verb}"), &["-s", "-q", qos], payload);
    };
    say("0", "NBIRTH/gw", &payload(0, &[]));
    say("0", "DBIRTH/gw/k1", &payload(1, &[("discharge_temp_c", 1, 83.0)]));
    say("0", "DDATA/gw/k1", &payload(2, &[("", 1, 84.0)]));
    // That the machine is there, and two readings.
    plant.log.wait_for(3);
    proxy.cut();
    wait_until("the loss is noticed", || plant.source().connected == 0);
    plant.wait_connected();
    // It could just as well be a node that was born again meanwhile, and has come so far with other aliases.
    say(qos, "DDATA/gw/k1", &payload(3, &[("", 1, 85.0)]));
    wait_until("it has arrived", || plant.quarantine.reasons().len() + plant.log.events().len() > 3);
    assert_eq!(plant.quarantine.reasons(), refused);
    assert_eq!(plant.log.events().len(), readings);
}

#[test]
fn what_asked_for_no_acknowledgement_is_not_believed_after_an_absence() {
    check("0", &["spBv1.0/hq/DDATA/gw/k1 no_birth"], 3);
}

#[test]
fn what_the_broker_kept_goes_on_after_an_absence() {
    check("1", &[], 4);
}
